/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_REACH_H
#define BROKER_MATCH_REACH_H

#include "broker/match/flow.h"

/*
 * The shortest-path search that pushes and fills of a flow share: nodes, their distances, the heap. Inline, since a plan spends much of
 * its time here.
 *
 * Nodes are numbered: lines, then blocks (slot and last month of the block), then lumps. A node's distance is MATCH_FAR until it is
 * reached; what one search reached is taken back when the next one starts.
 */

#define MATCH_FAR INT64_MAX

enum match_end { MATCH_END_NONE, MATCH_END_OUT, MATCH_END_DROP, MATCH_END_LUMP, MATCH_END_SHORT, MATCH_END_WAITS };

static inline uint32_t match_node_block(const struct match_flow *flow, uint32_t slot, uint32_t month)
{
    return flow->block[(size_t)month * flow->slot_most + slot];
}

static inline uint32_t match_node_lump(const struct match_flow *flow, uint32_t lump)
{
    return flow->first_lump + lump;
}

static inline uint32_t match_node_slot(const struct match_flow *flow, uint32_t node)
{
    return (node - flow->model->line_count) >> flow->month_bits;
}

static inline uint32_t match_node_month(const struct match_flow *flow, uint32_t node)
{
    return (node - flow->model->line_count) & ((1U << flow->month_bits) - 1);
}

static inline bool match_node_is_line(const struct match_flow *flow, uint32_t node)
{
    return node < flow->model->line_count;
}

static inline bool match_node_is_lump(const struct match_flow *flow, uint32_t node)
{
    return node >= flow->first_lump;
}

static inline int64_t match_reach_rent(const struct match_flow *flow, uint32_t slot, uint32_t month)
{
    return flow->rent[(size_t)month * flow->slot_most + slot];
}

static inline const struct match_choice *match_reach_choice(const struct match_flow *flow, uint32_t slot)
{
    return &flow->model->choices[flow->slot_choice[slot]];
}

static inline int64_t match_reach_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline bool match_reach_before(const struct match_heap_item *a, const struct match_heap_item *b)
{
    return a->distance != b->distance ? a->distance < b->distance : a->node < b->node;
}

static inline void match_reach_set(struct match_flow *flow, uint32_t at, struct match_heap_item item)
{
    flow->heap[at] = item;
    flow->labels[item.node].at = at;
}

static inline void match_reach_rise(struct match_flow *flow, uint32_t at, struct match_heap_item item)
{
    while (at && match_reach_before(&item, &flow->heap[(at - 1) / 2])) {
        match_reach_set(flow, at, flow->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    match_reach_set(flow, at, item);
}

static inline struct match_heap_item match_reach_pop(struct match_flow *flow)
{
    struct match_heap_item top = flow->heap[0], item = flow->heap[--flow->heap_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= flow->heap_count) {
            break;
        }
        if (child + 1 < flow->heap_count && match_reach_before(&flow->heap[child + 1], &flow->heap[child])) {
            child++;
        }
        if (!match_reach_before(&flow->heap[child], &item)) {
            break;
        }
        match_reach_set(flow, at, flow->heap[child]);
        at = child;
    }
    if (flow->heap_count) {
        match_reach_set(flow, at, item);
    }
    return top;
}

static inline void match_reach_start(struct match_flow *flow)
{
    for (uint32_t n = 0; n < flow->settled_count; n++) {
        flow->distance[flow->settled[n]] = MATCH_FAR;
    }
    for (uint32_t n = 0; n < flow->heap_count; n++) {
        flow->distance[flow->heap[n].node] = MATCH_FAR;
    }
    flow->heap_count = 0;
    flow->settled_count = 0;
    flow->worked = 0;
    flow->level = 0;
    flow->best = MATCH_FAR;
    flow->best_node = MATCH_NONE;
    flow->best_end = MATCH_END_NONE;
    flow->searches++;
}

/*
 * Offers a node a distance. Nodes as near as the one at hand are settled at once, without the heap: at prices that are nearly right most of
 * the graph is one plateau.
 */
static inline void match_reach_relax(struct match_flow *flow, uint32_t node, int64_t distance, uint32_t from, uint32_t entry)
{
    int64_t known = flow->distance[node];
    if (distance >= known || distance >= flow->best) {
        return;
    }
    struct match_label *label = &flow->labels[node];
    flow->distance[node] = distance;
    label->from = from;
    label->entry = entry;
    if (known == MATCH_FAR && distance == flow->level) {
        flow->settled[flow->settled_count++] = node;
        return;
    }
    match_reach_rise(flow, known == MATCH_FAR ? flow->heap_count++ : label->at, (struct match_heap_item){distance, node});
}

static inline void match_reach_end(struct match_flow *flow, int64_t distance, uint32_t node, enum match_end end)
{
    if (distance < flow->best) {
        flow->best = distance;
        flow->best_node = node;
        flow->best_end = (int)end;
    }
}

/* Next node to work on, or MATCH_NONE once the best end is as near as all others. */
static inline uint32_t match_reach_settle(struct match_flow *flow)
{
    if (flow->worked < flow->settled_count && flow->level < flow->best) {
        return flow->settled[flow->worked++];
    }
    if (flow->worked < flow->settled_count || !flow->heap_count || flow->heap[0].distance >= flow->best) {
        return MATCH_NONE;
    }
    uint32_t node = match_reach_pop(flow).node;
    flow->level = flow->distance[node];
    flow->settled[flow->settled_count++] = node;
    flow->worked = flow->settled_count;
    return node;
}

/* Moves the prices of all settled nodes: down on the side of lines by what they are nearer than the end, up on that of slots; with sign -1 the other way. */
static inline void match_reach_move_prices(struct match_flow *flow, int64_t sign)
{
    uint32_t lines = flow->model->line_count, months = flow->model->month_count;
    for (uint32_t n = 0; n < flow->settled_count; n++) {
        uint32_t node = flow->settled[n];
        if (flow->distance[node] >= flow->best) {
            continue;
        }
        int64_t by = sign * (flow->best - flow->distance[node]);
        if (node < lines) {
            flow->price[node] -= by;
        } else if (node < flow->first_lump) {
            uint32_t slot = match_node_slot(flow, node), last = match_node_month(flow, node);
            for (uint32_t m = flow->first[slot * months + last]; m <= last; m++) {
                flow->rent[(size_t)m * flow->slot_most + slot] += by;
            }
        } else {
            flow->bonus[node - flow->first_lump] -= by;
        }
    }
}

/* Whether the entries that a path may need are there: at most one for each node that was settled. */
static inline bool match_reach_entries_left(const struct match_flow *flow)
{
    return flow->entry_most - *flow->entry_limit > flow->settled_count || (uint64_t)flow->model->line_count * flow->slot_most <= flow->entry_most;
}

#endif
