/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/match/entry.h"
#include "broker/match/path.h"
#include "broker/match/reach.h"

/* Offers a line the distance at which a unit of it could come into a slot; base: of the hole there, with its rent. */
static void offer_line(struct match_flow *flow, uint32_t slot, uint32_t line, int64_t base, uint32_t node)
{
    const struct match_model *model = flow->model;
    size_t pair = (size_t)model->class_of[line] * flow->slot_most + slot;
    int64_t reach = base + flow->price[line] - model->value[line] + flow->cost[pair];
    if (reach >= flow->best || flow->paid[pair] > model->ceiling[line]) {
        return;
    }
    uint32_t lump = model->lump_of[line];
    if (lump == MATCH_NONE || !model->lumps[lump].single || flow->lump_supplier[lump] == match_reach_choice(flow, slot)->offer) {
        match_reach_relax(flow, line, reach, node, MATCH_NONE);
        if (lump == MATCH_NONE && flow->unserved[line]) { /* an end is told when it is seen, not when its turn comes */
            match_reach_end(flow, reach - flow->price[line], line, MATCH_END_DROP);
        }
    }
}

/* Where the hole in a block may stay: in free output, or short of the minimum order. */
static void end_in_block(struct match_flow *flow, uint32_t node, int64_t distance)
{
    uint32_t months = flow->model->month_count, slot = match_node_slot(flow, node), last = match_node_month(flow, node);
    if (last == months - 1) {
        bool spare = flow->used[slot * months + last] > match_reach_choice(flow, slot)->least;
        int64_t cost = match_reach_rent(flow, slot, last) + (spare ? 0 : MATCH_SHORTAGE);
        match_reach_end(flow, distance + cost, node, spare ? MATCH_END_OUT : MATCH_END_SHORT);
    }
}

static void arrive_block(struct match_flow *flow, uint32_t node, int64_t distance, uint32_t from, uint32_t entry)
{
    match_reach_relax(flow, node, distance, from, entry);
    end_in_block(flow, node, distance);
}

/* Units that could fill a hole in a block. A line that is as near as the hole can't come nearer by it. */
static void fill_from_block(struct match_flow *flow, uint32_t node, int64_t distance)
{
    const struct match_model *model = flow->model;
    uint32_t months = model->month_count, slot = match_node_slot(flow, node), last = match_node_month(flow, node);
    uint32_t start = flow->first[slot * months + last];
    int64_t rent = match_reach_rent(flow, slot, last);
    if (last < months - 1) {
        arrive_block(flow, match_node_block(flow, slot, last + 1), distance + rent - match_reach_rent(flow, slot, last + 1), node, MATCH_NONE);
    }
    uint32_t from = flow->month_first[start], until = flow->month_first[last + 1];
    for (uint32_t w = from / 64; w * 64 < until; w++) {
        uint64_t bits = flow->unseen[w];
        bits &= w * 64 < from ? UINT64_MAX << from % 64 : UINT64_MAX;
        bits &= until - w * 64 < 64 ? ~(UINT64_MAX << (until - w * 64)) : UINT64_MAX;
        for (; bits; bits &= bits - 1) {
            uint32_t bit = (uint32_t)__builtin_ctzll(bits), line = flow->month_lines[w * 64 + bit];
            if (flow->active[line] && flow->distance[line] > distance) {
                offer_line(flow, slot, line, distance + rent, node);
            }
            if (!flow->active[line] || flow->distance[line] <= distance) {
                flow->unseen[w] &= ~(UINT64_C(1) << bit);
            }
        }
    }
}

/* Where a line's units could come from. */
static void fill_from_line(struct match_flow *flow, uint32_t line, int64_t distance)
{
    const struct match_model *model = flow->model;
    uint32_t lump = model->lump_of[line];
    if (flow->unserved[line]) {
        if (lump == MATCH_NONE) {
            match_reach_end(flow, distance - flow->price[line], line, MATCH_END_DROP);
        } else {
            match_reach_relax(flow, match_node_lump(flow, lump), distance + flow->bonus[lump] - flow->price[line], line, MATCH_NONE);
        }
    }
    for (uint32_t e = flow->line_head[line]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
        arrive_block(flow, match_node_block(flow, flow->entries[e].slot, model->month[line]), distance, line, e);
    }
}

static void fill_from_lump(struct match_flow *flow, uint32_t lump, int64_t distance)
{
    const struct match_lump *of = &flow->model->lumps[lump];
    uint32_t node = match_node_lump(flow, lump);
    match_reach_end(flow, distance - flow->bonus[lump], node, MATCH_END_LUMP);
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        if (flow->line_head[l] != MATCH_NONE) {
            match_reach_relax(flow, l, distance + flow->price[l] - flow->bonus[lump], node, MATCH_NONE);
        }
    }
}

static void fill_search(struct match_flow *flow)
{
    uint32_t lines = flow->model->line_count, node;
    while ((node = match_reach_settle(flow)) != MATCH_NONE) {
        int64_t distance = flow->distance[node];
        if (node < lines) {
            fill_from_line(flow, node, distance);
        } else if (node < flow->first_lump) {
            fill_from_block(flow, node, distance);
        } else {
            fill_from_lump(flow, node - flow->first_lump, distance);
        }
    }
}

/* The node by which a path leaves towards the source is a block: the entry that made the hole there, or MATCH_NONE at the source. */
struct hole {
    uint32_t node;  /* first block of the path in this slot, seen from the source */
    uint32_t entry; /* whose unit goes; MATCH_NONE at the source */
};

static struct hole hole_of_block(const struct match_flow *flow, uint32_t node)
{
    for (;;) {
        const struct match_label *label = &flow->labels[node];
        if (label->from == MATCH_NONE || match_node_is_line(flow, label->from)) {
            return (struct hole){node, label->from == MATCH_NONE ? MATCH_NONE : label->entry};
        }
        node = label->from;
    }
}

/* Walks the path of a fill from its end to the hole at (slot, month), like push_along. */
static int64_t fill_along(struct match_flow *flow, uint32_t month, int64_t limit, int64_t quantity)
{
    const struct match_model *model = flow->model;
    uint32_t node = flow->best_node, in = MATCH_NONE;
    int64_t most = limit;
    if (flow->best_end == MATCH_END_DROP) {
        most = match_reach_least(most, flow->unserved[node]);
        flow->unserved[node] -= quantity;
    } else if (flow->best_end == MATCH_END_LUMP) {
        flow->lump_total[node - match_node_lump(flow, 0)] += quantity;
    } else if (flow->best_end == MATCH_END_OUT) {
        uint32_t slot = match_node_slot(flow, node);
        most = match_reach_least(most, flow->used[slot * model->month_count + model->month_count - 1] - match_reach_choice(flow, slot)->least);
    }
    while (node != MATCH_NONE) {
        if (match_node_is_lump(flow, node)) {
            node = flow->labels[node].from; /* the line that takes a unit from its lump */
            most = match_reach_least(most, flow->unserved[node]);
            flow->unserved[node] -= quantity;
        } else if (match_node_is_line(flow, node)) {
            in = node;
            node = flow->labels[node].from;
            if (match_node_is_lump(flow, node)) { /* the line gives a unit to its lump: one of its entries shrinks on the way on */
                flow->unserved[in] += quantity;
                in = MATCH_NONE;
            }
        } else {
            struct hole hole = hole_of_block(flow, node);
            uint32_t slot = match_node_slot(flow, node);
            uint32_t from = hole.entry == MATCH_NONE ? month : model->month[flow->entries[hole.entry].line];
            uint32_t at = in == MATCH_NONE ? model->month_count : model->month[in];
            most = match_reach_least(most, match_slot_room(flow, slot, at, from));
            if (hole.entry != MATCH_NONE) {
                most = match_reach_least(most, flow->entries[hole.entry].quantity);
            }
            if (quantity) {
                match_slot_shift(flow, slot, at, from, quantity);
                if (hole.entry != MATCH_NONE) {
                    match_entry_add(flow, hole.entry, -quantity);
                }
                if (in != MATCH_NONE) {
                    match_entry_put(flow, in, slot, quantity);
                }
            }
            in = MATCH_NONE;
            node = flow->labels[hole.node].from;
        }
    }
    return most;
}

bool match_path_fill(struct match_flow *flow, uint32_t slot, uint32_t month, int64_t quantity)
{
    uint32_t months = flow->model->month_count, last = months - 1;
    const struct match_choice *choice = match_reach_choice(flow, slot);
    while (quantity) {
        bool fresh = month == months;
        int64_t missing = fresh ? choice->least - flow->used[slot * months + last] : 0;
        if (fresh && flow->tail[slot] == months) {
            return true; /* full */
        }
        match_reach_start(flow);
        memset(flow->unseen, 0xff, (flow->model->line_count / 64 + 1) * sizeof *flow->unseen);
        uint32_t source = match_node_block(flow, slot, fresh ? last : month);
        match_reach_relax(flow, source, 0, MATCH_NONE, MATCH_NONE);
        if (fresh && missing <= 0) { /* more only while it gains */
            flow->best = match_reach_rent(flow, slot, last) > 0 ? match_reach_rent(flow, slot, last) : 0;
            flow->best_node = MATCH_NONE;
        }
        end_in_block(flow, source, 0);
        fill_search(flow);
        if (flow->best == MATCH_FAR) {
            return false;
        }
        match_reach_move_prices(flow, -1);
        bool trivial = flow->best_end == MATCH_END_OUT || flow->best_end == MATCH_END_SHORT;
        if (flow->best_end == MATCH_END_NONE || (fresh && trivial && match_node_slot(flow, flow->best_node) == slot)) {
            return true; /* perhaps short of its minimum order */
        }
        int64_t limit = missing > 0 ? match_reach_least(missing, quantity) : quantity;
        int64_t carried = fill_along(flow, month, limit, 0);
        if (carried <= 0 || !match_reach_entries_left(flow)) {
            return false;
        }
        fill_along(flow, month, limit, carried);
        quantity -= carried;
    }
    return true;
}
