/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/split.h"

#include <stdlib.h>
#include <string.h>

#include "broker/match/shares.h"
#include "proto/status.h"

struct remainder {
    int64_t left;    /* numerator of the fraction over the lines' sum */
    uint32_t member;
};

static int compare_remainders(const void *a, const void *b)
{
    const struct remainder *x = a, *y = b;
    if (x->left != y->left) {
        return x->left > y->left ? -1 : 1;
    }
    return (x->member > y->member) - (x->member < y->member);
}

/* What each member of a line gets of total units. */
static void split_line(const struct match_model *model, uint32_t line, int64_t total, struct remainder *scratch, int64_t *gets)
{
    uint32_t first = model->first_member[line], count = model->first_member[line + 1] - first;
    int64_t given = 0;
    for (uint32_t n = 0; n < count; n++) {
        __int128 product = (__int128)total * model->members[first + n].lacked;
        gets[n] = (int64_t)(product / model->quantity[line]);
        scratch[n] = (struct remainder){(int64_t)(product % model->quantity[line]), n};
        given += gets[n];
    }
    qsort(scratch, count, sizeof *scratch, compare_remainders);
    for (uint32_t n = 0; given < total; n++, given++) {
        gets[scratch[n].member]++;
    }
}

int match_split_compare(const void *a, const void *b)
{
    const struct match_award *x = a, *y = b;
#define BY(field) if (x->field != y->field) { return x->field < y->field ? -1 : 1; }
    BY(demand)
    BY(line)
    BY(offer)
#undef BY
    return 0;
}

/* Gives a line's entries, by offer, to its members in turn. */
static uint32_t award_line(const struct match_flow *flow, uint32_t line, const int64_t *gets, struct match_award *awards)
{
    const struct match_model *model = flow->model;
    const struct match_member *members = model->members + model->first_member[line];
    uint32_t count = 0, member = 0;
    int64_t left = gets[0];
    uint32_t last = MATCH_NONE;
    for (;;) { /* entries stand in no order: the next higher offer each time */
        uint32_t entry = MATCH_NONE, best = MATCH_NONE;
        for (uint32_t e = flow->line_head[line]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            uint32_t offer = model->choices[flow->slot_choice[flow->entries[e].slot]].offer;
            if ((last == MATCH_NONE || offer > last) && offer < best) {
                best = offer;
                entry = e;
            }
        }
        if (entry == MATCH_NONE) {
            return count;
        }
        last = best;
        const struct match_choice *choice = &model->choices[flow->slot_choice[flow->entries[entry].slot]];
        size_t pair = (size_t)model->class_of[line] * flow->slot_most + flow->entries[entry].slot;
        for (int64_t rest = flow->entries[entry].quantity; rest > 0;) {
            while (!left) {
                left = gets[++member];
            }
            int64_t part = rest < left ? rest : left;
            awards[count++] = (struct match_award){members[member].demand, members[member].line, choice->offer, choice->tier, part,
                                                   choice->unit_price, flow->paid[pair] - choice->unit_price, 0};
            rest -= part;
            left -= part;
        }
    }
}

/* Shares the one-off cost of each newly used offer among its awards. */
static int share_costs(const struct match_flow *flow, struct arena *arena, struct match_award *awards, uint32_t count, bool *carried)
{
    const struct match_model *model = flow->model;
    struct match_share *shares = arena_array(arena, count, sizeof *shares);
    uint32_t *scratch = arena_array(arena, count, sizeof *scratch), *from = arena_array(arena, count, sizeof *from);
    if (!shares || !scratch || !from) {
        return STATUS_NO_MEMORY;
    }
    *carried = true;
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        uint32_t index = flow->slot_choice[s], held = 0;
        if (index == MATCH_NONE || !model->choices[index].one_off) {
            continue;
        }
        for (uint32_t n = 0; n < count; n++) {
            if (awards[n].offer == model->choices[index].offer) {
                const struct match_demand *demand = &model->lot->demands[awards[n].demand];
                shares[held] = (struct match_share){awards[n].quantity, demand->ceiling - awards[n].unit_price - awards[n].freight, 0};
                from[held++] = n;
            }
        }
        *carried = match_shares_compute(model->choices[index].one_off, shares, held, scratch) && *carried;
        for (uint32_t n = 0; n < held && *carried; n++) {
            awards[from[n]].one_off = shares[n].share;
        }
    }
    return STATUS_OK;
}

int match_split_awards(const struct match_flow *flow, struct arena *arena, struct match_award **awards, uint32_t *count, bool *carried)
{
    const struct match_model *model = flow->model;
    size_t entries = 0, members = 0, widest = 0;
    for (uint32_t l = 0; l < model->line_count; l++) {
        size_t width = model->first_member[l + 1] - model->first_member[l];
        widest = width > widest ? width : widest;
        members += width;
        for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            entries++;
        }
    }
    struct remainder *scratch = arena_array(arena, widest, sizeof *scratch);
    int64_t *gets = arena_array(arena, widest, sizeof *gets);
    *awards = arena_array(arena, entries + members, sizeof **awards);
    *count = 0;
    if (!scratch || !gets || !*awards) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        int64_t total = 0;
        for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            total += flow->entries[e].quantity;
        }
        if (total) {
            split_line(model, l, total, scratch, gets);
            *count += award_line(flow, l, gets, *awards + *count);
        }
    }
    qsort(*awards, *count, sizeof **awards, match_split_compare);
    return share_costs(flow, arena, *awards, *count, carried);
}

int match_split_nations(const struct match_model *model, const struct match_award *awards, uint32_t count, struct arena *arena,
                        uint32_t *nations, int64_t *needed)
{
    const struct match_lot *lot = model->lot;
    const char **seen = arena_array(arena, (size_t)count + lot->commitment_count, sizeof *seen);
    if (!seen) {
        return STATUS_NO_MEMORY;
    }
    *nations = 0;
    *needed = count ? lot->rules.min_nations : 0;
    for (uint32_t n = 0; count && n < count + lot->commitment_count; n++) {
        const struct match_demand *demand = &lot->demands[n < count ? awards[n].demand : lot->commitments[n - count].demand];
        uint32_t at = 0;
        while (at < *nations && strcmp(seen[at], demand->country) != 0) {
            at++;
        }
        if (at == *nations) {
            seen[(*nations)++] = demand->country;
        }
        if (n < count && demand->fund != MATCH_NONE && model->market->funds[demand->fund].min_nations > *needed) {
            *needed = model->market->funds[demand->fund].min_nations;
        }
    }
    return STATUS_OK;
}
