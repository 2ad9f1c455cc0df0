/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/market.h"

#include <string.h>

static int64_t demand_total(const struct match_demand *demand)
{
    int64_t total = 0;
    for (uint32_t n = 0; n < demand->line_count; n++) {
        total += demand->lines[n].quantity;
    }
    return total;
}

/* Restores the heap of indices below at, largest ceiling first. */
static void sift_down(const struct match_demand *demands, uint32_t *heap, uint32_t at, uint32_t count)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count) {
            return;
        }
        if (child + 1 < count && demands[heap[child + 1]].ceiling > demands[heap[child]].ceiling) {
            child++;
        }
        if (demands[heap[child]].ceiling <= demands[heap[at]].ceiling) {
            return;
        }
        uint32_t moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
        at = child;
    }
}

int64_t match_lot_reference(const struct match_demand *demands, uint32_t demand_count, uint32_t *scratch)
{
    __int128 total = 0, seen = 0;
    for (uint32_t n = 0; n < demand_count; n++) {
        scratch[n] = n;
        total += demand_total(&demands[n]);
    }
    for (uint32_t at = demand_count / 2; at-- > 0;) {
        sift_down(demands, scratch, at, demand_count);
    }
    for (uint32_t left = demand_count; left > 1; left--) {
        uint32_t top = scratch[0];
        scratch[0] = scratch[left - 1];
        scratch[left - 1] = top;
        sift_down(demands, scratch, 0, left - 1);
    }
    for (uint32_t n = 0; n < demand_count; n++) {
        seen += demand_total(&demands[scratch[n]]);
        if (2 * seen >= total) {
            return demands[scratch[n]].ceiling;
        }
    }
    return 0;
}

int64_t match_price_evaluated(int64_t unit_price, bool sme, int64_t sme_preference)
{
    return sme ? unit_price - unit_price * sme_preference / 100 : unit_price;
}

int64_t match_tier_output(const struct match_tier *tier, int32_t as_of_month, int32_t month)
{
    int32_t start = tier->first_month > as_of_month ? tier->first_month : as_of_month;
    return month < start ? tier->stock : tier->stock + tier->monthly_rate * (int64_t)(month - start + 1);
}

bool match_texts_hold(const struct match_texts *texts, const char *text)
{
    uint32_t low = 0, high = texts->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(texts->texts[middle], text);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}
