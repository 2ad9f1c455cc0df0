/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/path.h"

#include <string.h>

#include "broker/match/entry.h"
#include "broker/match/reach.h"

/* What it costs to stop at a slot's last block: nothing but its rent, less what a unit short of the minimum order is worth. */
static int64_t out_cost(const struct match_flow *flow, uint32_t slot)
{
    uint32_t months = flow->model->month_count, last = slot * months + months - 1;
    return (flow->used[last] < match_reach_choice(flow, slot)->least ? -MATCH_SHORTAGE : 0) - match_reach_rent(flow, slot, months - 1);
}

/* A block is as near as the node at hand: no line need offer it a distance any more. */
static void mark_near(struct match_flow *flow, uint32_t node)
{
    uint32_t slot = match_node_slot(flow, node), last = match_node_month(flow, node);
    uint64_t *far = flow->far + slot / 64, mask = ~(UINT64_C(1) << slot % 64);
    for (uint32_t m = flow->first[slot * flow->model->month_count + last]; m <= last; m++) {
        far[(size_t)m * flow->mask_words] &= mask;
    }
}

/* Lists the slots with free output, where a push can end; no block is near yet. */
static void list_spare(struct match_flow *flow)
{
    memset(flow->far, 0xff, (size_t)flow->model->month_count * flow->mask_words * sizeof *flow->far);
    flow->spare_count = 0;
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        if (flow->slot_choice[s] != MATCH_NONE && flow->tail[s] < flow->model->month_count) {
            flow->spare[flow->spare_count++] = (struct match_spare){s, flow->tail[s], out_cost(flow, s)};
        }
    }
}

/*
 * Places for a unit of a line. Slots with free output from its month on come first: the best of them ends the search sooner, and none of
 * them need be entered in the heap. No arc is shorter than 0, so a block that is as near as the line can't come nearer by it.
 */
static void push_from_line(struct match_flow *flow, uint32_t line, int64_t distance)
{
    const struct match_model *model = flow->model;
    uint32_t lump = model->lump_of[line], month = model->month[line];
    if (lump == MATCH_NONE) {
        match_reach_end(flow, distance + flow->price[line], line, MATCH_END_DROP);
    } else {
        match_reach_relax(flow, match_node_lump(flow, lump), distance + flow->price[line] - flow->bonus[lump], line, MATCH_NONE);
        if (flow->lump_total[lump] > model->lumps[lump].least) {
            match_reach_end(flow, distance + flow->price[line], match_node_lump(flow, lump), MATCH_END_LUMP);
        }
    }
    uint32_t first = 0, limit = *flow->slot_limit, out = MATCH_NONE;
    if (lump != MATCH_NONE && model->lumps[lump].single) {
        first = flow->slot_of[flow->lump_supplier[lump]];
        limit = first + 1;
    }
    const int64_t *cost = flow->cost + (size_t)model->class_of[line] * flow->slot_most;
    const int64_t *rent = flow->rent + (size_t)month * flow->slot_most;
    const uint32_t *block = flow->block + (size_t)month * flow->slot_most;
    const uint64_t *serves = flow->serves + (size_t)line * flow->mask_words, *far = flow->far + (size_t)month * flow->mask_words;
    int64_t base = distance + flow->price[line] - model->value[line], best = flow->best;
    for (uint32_t n = 0; n < flow->spare_count; n++) {
        uint32_t s = flow->spare[n].slot;
        int64_t reach = base + rent[s] + cost[s];
        if (reach < best && reach + flow->spare[n].out < best && flow->spare[n].from <= month && s >= first && s < limit &&
            serves[s / 64] >> s % 64 & 1) {
            best = reach + flow->spare[n].out;
            out = s;
        }
    }
    if (out != MATCH_NONE) {
        match_reach_relax(flow, block[out], base + rent[out] + cost[out], line, MATCH_NONE);
        match_reach_end(flow, best, block[out], MATCH_END_OUT);
    }
    best = flow->best;
    for (uint32_t w = first / 64; w * 64 < limit; w++) {
        uint64_t bits = serves[w] & far[w];
        bits &= limit - first == 1 ? UINT64_C(1) << first % 64 : UINT64_MAX;
        for (; bits; bits &= bits - 1) {
            uint32_t s = w * 64 + (uint32_t)__builtin_ctzll(bits);
            int64_t reach = base + rent[s] + cost[s];
            if (reach < best) {
                match_reach_relax(flow, block[s], reach, line, MATCH_NONE);
            }
            if (flow->distance[block[s]] <= distance) {
                mark_near(flow, block[s]);
            }
        }
    }
}

/* First month of a block with a place that waits for a unit, or MATCH_NONE. */
static uint32_t first_waiting(const struct match_flow *flow, uint32_t slot, uint32_t last)
{
    uint32_t months = flow->model->month_count;
    for (uint32_t m = flow->first[slot * months + last]; m <= last; m++) {
        if (flow->waits[slot * months + m]) {
            return m;
        }
    }
    return MATCH_NONE;
}

/* Units that may leave a block, and what lies before it. */
static void push_from_block(struct match_flow *flow, uint32_t node, int64_t distance)
{
    const uint32_t *month_of = flow->model->month, *lump_of = flow->model->lump_of;
    uint32_t months = flow->model->month_count, slot = match_node_slot(flow, node), last = match_node_month(flow, node);
    if (flow->tail[slot] <= last) {
        match_reach_end(flow, distance + out_cost(flow, slot), node, MATCH_END_OUT);
    }
    if (flow->waits_in[slot] && first_waiting(flow, slot, last) != MATCH_NONE) {
        match_reach_end(flow, distance, node, MATCH_END_WAITS);
    }
    if (flow->far[(size_t)last * flow->mask_words + slot / 64] >> slot % 64 & 1) {
        mark_near(flow, node);
    }
    uint32_t start = flow->first[slot * months + last];
    const struct match_hop *hops = flow->hops;
    for (uint32_t e = flow->slot_head[slot]; e != MATCH_NONE; e = hops[e].next) {
        uint32_t line = hops[e].line;
        if (flow->distance[line] > distance && month_of[line] >= start && month_of[line] <= last) {
            match_reach_relax(flow, line, distance, node, e);
            if (lump_of[line] == MATCH_NONE) { /* an end is told when it is seen, not when its turn comes: the search ends sooner */
                match_reach_end(flow, distance + flow->price[line], line, MATCH_END_DROP);
            }
        }
    }
    if (start && flow->used[slot * months + start - 1]) {
        match_reach_relax(flow, node - (last - start) - 1, distance + match_reach_rent(flow, slot, start - 1) - match_reach_rent(flow, slot, start),
                          node, MATCH_NONE);
    }
}

static void push_from_lump(struct match_flow *flow, uint32_t lump, int64_t distance)
{
    const struct match_lump *of = &flow->model->lumps[lump];
    uint32_t node = match_node_lump(flow, lump);
    if (flow->lump_total[lump] > of->least) {
        match_reach_end(flow, distance + flow->bonus[lump], node, MATCH_END_LUMP);
    }
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        if (flow->unserved[l]) {
            match_reach_relax(flow, l, distance + flow->bonus[lump] - flow->price[l], node, MATCH_NONE);
        }
    }
}

/* Runs the search for a place to its end. */
static void push_search(struct match_flow *flow)
{
    uint32_t lines = flow->model->line_count, node;
    while ((node = match_reach_settle(flow)) != MATCH_NONE) {
        int64_t distance = flow->distance[node];
        if (node < lines) {
            push_from_line(flow, node, distance);
        } else if (node < flow->first_lump) {
            push_from_block(flow, node, distance);
        } else {
            push_from_lump(flow, node - flow->first_lump, distance);
        }
    }
}

/* Step back from a block along its own slot to the line that came in; all nodes between are blocks of that slot. */
static uint32_t line_into_block(const struct match_flow *flow, uint32_t node)
{
    while (!match_node_is_line(flow, node)) {
        node = flow->labels[node].from;
    }
    return node;
}

/*
 * Walks the path of a push from its end to its source. With quantity 0 only measures how much it can carry; else carries
 * that much. limit: what the source still has.
 */
static int64_t push_along(struct match_flow *flow, int64_t limit, int64_t quantity)
{
    const struct match_model *model = flow->model;
    uint32_t node = flow->best_node, until = model->month_count, out = MATCH_NONE;
    int64_t most = limit;
    if (flow->best_end == MATCH_END_OUT) {
        uint32_t slot = match_node_slot(flow, node);
        int64_t lacks = match_reach_choice(flow, slot)->least - flow->used[slot * model->month_count + model->month_count - 1];
        most = lacks > 0 ? match_reach_least(most, lacks) : most;
    } else if (flow->best_end == MATCH_END_WAITS) {
        uint32_t slot = match_node_slot(flow, node);
        until = first_waiting(flow, slot, match_node_month(flow, node));
        int64_t *waits = &flow->waits[slot * model->month_count + until];
        most = match_reach_least(most, *waits);
        *waits -= quantity;
        flow->waits_in[slot] -= quantity;
    } else if (flow->best_end == MATCH_END_DROP && quantity) {
        flow->unserved[node] += quantity;
    } else if (flow->best_end == MATCH_END_LUMP) {
        uint32_t lump = node - match_node_lump(flow, 0);
        most = match_reach_least(most, flow->lump_total[lump] - model->lumps[lump].least);
        flow->lump_total[lump] -= quantity;
    }
    while (node != MATCH_NONE) {
        if (match_node_is_lump(flow, node)) {
            uint32_t line = flow->labels[node].from; /* gives a unit back; MATCH_NONE: the lump is the source */
            if (line != MATCH_NONE && quantity) {
                flow->unserved[line] += quantity;
            }
            node = line;
        } else if (match_node_is_line(flow, node)) {
            const struct match_label *label = &flow->labels[node];
            out = label->entry;
            if (out != MATCH_NONE) {
                most = match_reach_least(most, flow->entries[out].quantity);
                until = model->month[node];
                if (quantity) {
                    match_entry_add(flow, out, -quantity);
                }
            } else if (label->from != MATCH_NONE) { /* a unit more of this line, from its lump */
                most = match_reach_least(most, flow->unserved[node]);
                flow->unserved[node] -= quantity;
            }
            node = label->from;
        } else {
            uint32_t slot = match_node_slot(flow, node), line = line_into_block(flow, node);
            most = match_reach_least(most, match_slot_room(flow, slot, model->month[line], until));
            if (quantity) {
                match_slot_shift(flow, slot, model->month[line], until, quantity);
                match_entry_put(flow, line, slot, quantity);
            }
            until = model->month_count;
            node = line;
        }
    }
    return most;
}

bool match_path_push_line(struct match_flow *flow, uint32_t line, int64_t quantity)
{
    while (quantity) {
        match_reach_start(flow);
        list_spare(flow);
        match_reach_relax(flow, line, 0, MATCH_NONE, MATCH_NONE);
        push_search(flow);
        if (flow->best_end == MATCH_END_NONE) {
            return false;
        }
        match_reach_move_prices(flow, 1);
        flow->hope -= (__int128)flow->best * quantity;
        if (flow->hoping && flow->hope <= 0) {
            return false;
        }
        int64_t carried = push_along(flow, quantity, 0);
        if (carried <= 0 || !match_reach_entries_left(flow)) {
            return false;
        }
        push_along(flow, quantity, carried);
        quantity -= carried;
    }
    return true;
}

/* The most that the units which a lump still lacks can add: a unit no more than its line's price, which only falls. */
static __int128 lump_rest(const struct match_flow *flow, uint32_t lump)
{
    const struct match_lump *of = &flow->model->lumps[lump];
    int64_t missing = of->least - flow->lump_total[lump];
    __int128 rest = 0;
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        if (flow->price[l] > 0) {
            rest += (__int128)flow->price[l] * flow->unserved[l];
            missing -= flow->unserved[l];
        }
    }
    return missing > 0 && flow->bonus[lump] < 0 ? rest + (__int128)flow->bonus[lump] * missing : rest;
}

bool match_path_push_lump(struct match_flow *flow, uint32_t lump, __int128 floor)
{
    const struct match_lump *of = &flow->model->lumps[lump];
    flow->gained = 0;
    while (flow->lump_total[lump] < of->total) {
        int64_t missing = of->least - flow->lump_total[lump];
        match_reach_start(flow);
        list_spare(flow);
        match_reach_relax(flow, match_node_lump(flow, lump), 0, MATCH_NONE, MATCH_NONE);
        if (missing <= 0) { /* its minimum is met: more only while it gains */
            flow->best = flow->bonus[lump];
            flow->best_node = MATCH_NONE;
        }
        push_search(flow);
        if (flow->best == MATCH_FAR) {
            return false;
        }
        match_reach_move_prices(flow, 1);
        if (flow->best_end == MATCH_END_NONE) {
            return true;
        }
        if (flow->gained + lump_rest(flow, lump) <= floor) {
            return false;
        }
        int64_t carried = push_along(flow, missing > 0 ? missing : of->total - flow->lump_total[lump], 0);
        if (carried <= 0 || !match_reach_entries_left(flow)) {
            return false;
        }
        push_along(flow, carried, carried);
        flow->lump_total[lump] += carried;
        flow->gained += (__int128)carried * flow->bonus[lump];
    }
    flow->bonus[lump] = flow->bonus[lump] > 0 ? 0 : flow->bonus[lump]; /* all served: nothing is left to be priced */
    return true;
}

