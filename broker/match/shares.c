/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/shares.h"

/* Restores the heap of indices below at, largest headroom first. */
static void sift_down(const struct match_share *list, uint32_t *heap, uint32_t at, uint32_t count)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count) {
            return;
        }
        if (child + 1 < count && list[heap[child + 1]].headroom > list[heap[child]].headroom) {
            child++;
        }
        if (list[heap[child]].headroom <= list[heap[at]].headroom) {
            return;
        }
        uint32_t moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
        at = child;
    }
}

static void sort_by_headroom(const struct match_share *list, uint32_t *order, uint32_t count)
{
    for (uint32_t n = 0; n < count; n++) {
        order[n] = n;
    }
    for (uint32_t at = count / 2; at-- > 0;) {
        sift_down(list, order, at, count);
    }
    for (uint32_t left = count; left > 1; left--) {
        uint32_t top = order[0];
        order[0] = order[left - 1];
        order[left - 1] = top;
        sift_down(list, order, 0, left - 1);
    }
}

bool match_shares_compute(int64_t one_off, struct match_share *list, uint32_t count, uint32_t *scratch)
{
    __int128 headroom = 0, left = 0, rest = one_off;
    for (uint32_t n = 0; n < count; n++) {
        headroom += (__int128)list[n].quantity * list[n].headroom;
        left += list[n].quantity;
        list[n].share = -1; /* not settled yet */
    }
    if (headroom < one_off) {
        return false;
    }
    if (one_off == 0) {
        for (uint32_t n = 0; n < count; n++) {
            list[n].share = 0;
        }
        return true;
    }
    sort_by_headroom(list, scratch, count);
    for (uint32_t at = 0; at < count; at++) {
        struct match_share *share = &list[scratch[at]];
        if (share->headroom * left > rest) {
            break; /* the level is below this headroom and all that follow */
        }
        share->share = share->quantity * share->headroom;
        rest -= share->share;
        left -= share->quantity;
    }
    __int128 missing = rest;
    for (uint32_t n = 0; n < count; n++) {
        if (list[n].share < 0) {
            missing -= list[n].quantity * rest / left;
        }
    }
    for (uint32_t n = 0; n < count; n++) {
        if (list[n].share < 0) {
            list[n].share = (int64_t)(list[n].quantity * rest / left) + (missing > 0);
            missing -= missing > 0;
        }
    }
    return true;
}
