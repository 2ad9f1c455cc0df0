/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/path.h"

#include "broker/match/entry.h"

#define FAR INT64_MAX

enum end { END_NONE, END_OUT, END_DROP, END_LUMP, END_SHORT };

static uint32_t block_node(const struct match_flow *flow, uint32_t slot, uint32_t month)
{
    uint32_t months = flow->model->month_count, last = flow->tight[slot * months + month];
    return flow->model->line_count + slot * months + (last < months ? last : months - 1);
}

static uint32_t lump_node(const struct match_flow *flow, uint32_t lump)
{
    return flow->model->line_count + flow->slot_most * flow->model->month_count + lump;
}

static int64_t rent_at(const struct match_flow *flow, uint32_t slot, uint32_t month)
{
    return flow->rent[month * flow->slot_most + slot];
}

static const struct match_choice *choice_at(const struct match_flow *flow, uint32_t slot)
{
    return &flow->model->choices[flow->slot_choice[slot]];
}

static bool item_before(const struct match_heap_item *a, const struct match_heap_item *b)
{
    return a->distance != b->distance ? a->distance < b->distance : a->node < b->node;
}

static void heap_set(struct match_flow *flow, uint32_t at, struct match_heap_item item)
{
    flow->heap[at] = item;
    flow->labels[item.node].at = at;
}

static void heap_rise(struct match_flow *flow, uint32_t at, struct match_heap_item item)
{
    while (at && item_before(&item, &flow->heap[(at - 1) / 2])) {
        heap_set(flow, at, flow->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_set(flow, at, item);
}

static struct match_heap_item heap_pop(struct match_flow *flow)
{
    struct match_heap_item top = flow->heap[0], item = flow->heap[--flow->heap_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= flow->heap_count) {
            break;
        }
        if (child + 1 < flow->heap_count && item_before(&flow->heap[child + 1], &flow->heap[child])) {
            child++;
        }
        if (!item_before(&flow->heap[child], &item)) {
            break;
        }
        heap_set(flow, at, flow->heap[child]);
        at = child;
    }
    if (flow->heap_count) {
        heap_set(flow, at, item);
    }
    return top;
}

static void search_start(struct match_flow *flow)
{
    flow->stamp += 2;
    flow->heap_count = 0;
    flow->settled_count = 0;
    flow->worked = 0;
    flow->level = 0;
    flow->best = FAR;
    flow->best_node = MATCH_NONE;
    flow->best_end = END_NONE;
    flow->searches++;
}

/*
 * Offers a node a distance. Nodes as near as the one at hand are settled at once, without the heap: at prices that are nearly right most of
 * the graph is one plateau.
 */
static void relax(struct match_flow *flow, uint32_t node, int64_t distance, uint32_t from, uint32_t entry)
{
    struct match_label *label = &flow->labels[node];
    bool known = (label->stamp | 1) == (flow->stamp | 1);
    if (distance >= flow->best || (known && label->distance <= distance)) {
        return;
    }
    if (!known && distance == flow->level) {
        *label = (struct match_label){.distance = distance, .stamp = flow->stamp | 1, .from = from, .entry = entry};
        flow->settled[flow->settled_count++] = node;
        return;
    }
    uint32_t at = known ? label->at : flow->heap_count++;
    *label = (struct match_label){.distance = distance, .stamp = flow->stamp, .from = from, .at = at, .entry = entry};
    heap_rise(flow, at, (struct match_heap_item){distance, node});
}

static void reach_end(struct match_flow *flow, int64_t distance, uint32_t node, enum end end)
{
    if (distance < flow->best) {
        flow->best = distance;
        flow->best_node = node;
        flow->best_end = (int)end;
    }
}

/* Next node to work on, or MATCH_NONE once the best end is as near as all others. */
static uint32_t settle_next(struct match_flow *flow)
{
    if (flow->worked < flow->settled_count && flow->level < flow->best) {
        return flow->settled[flow->worked++];
    }
    if (flow->worked < flow->settled_count || !flow->heap_count || flow->heap[0].distance >= flow->best) {
        return MATCH_NONE;
    }
    uint32_t node = heap_pop(flow).node;
    flow->level = flow->labels[node].distance;
    flow->labels[node].stamp = flow->stamp | 1;
    flow->settled[flow->settled_count++] = node;
    flow->worked = flow->settled_count;
    return node;
}

/* First month of the block that ends at month last. */
static uint32_t block_start(const struct match_flow *flow, uint32_t slot, uint32_t last)
{
    const uint32_t *tight = flow->tight + slot * flow->model->month_count;
    uint32_t month = last;
    while (month && tight[month - 1] != month - 1) {
        month--;
    }
    return month;
}

/* What it costs to stop at a slot's last block: nothing but its rent, less what a unit short of the minimum order is worth. */
static int64_t out_cost(const struct match_flow *flow, uint32_t slot)
{
    uint32_t months = flow->model->month_count, last = slot * months + months - 1;
    return (flow->used[last] < choice_at(flow, slot)->least ? -MATCH_SHORTAGE : 0) - rent_at(flow, slot, months - 1);
}

/*
 * Places for a unit of a line. Slots with free output from its month on come first: the best of them ends the search sooner, and none of
 * them need be entered in the heap.
 */
static void push_from_line(struct match_flow *flow, uint32_t line, int64_t distance)
{
    const struct match_model *model = flow->model;
    uint32_t lump = model->lump_of[line], month = model->month[line], months = model->month_count;
    if (lump == MATCH_NONE) {
        reach_end(flow, distance + flow->price[line], line, END_DROP);
    } else {
        relax(flow, lump_node(flow, lump), distance + flow->price[line] - flow->bonus[lump], line, MATCH_NONE);
    }
    uint32_t first = 0, limit = *flow->slot_limit, out = MATCH_NONE;
    if (lump != MATCH_NONE && model->lumps[lump].single) {
        first = flow->slot_of[flow->lump_supplier[lump]];
        limit = first + 1;
    }
    const int64_t *cost = flow->cost + (size_t)model->class_of[line] * flow->slot_most;
    const int64_t *paid = flow->paid + (size_t)model->class_of[line] * flow->slot_most;
    const int64_t *rent = flow->rent + (size_t)month * flow->slot_most;
    int64_t base = distance + flow->price[line] - model->value[line], ceiling = model->ceiling[line], best = flow->best;
    for (uint32_t s = first; s < limit; s++) {
        int64_t reach = base + rent[s] + cost[s];
        if (reach < best && paid[s] <= ceiling && flow->tight[s * months + month] == months && reach + out_cost(flow, s) < best) {
            best = reach + out_cost(flow, s);
            out = s;
        }
    }
    if (out != MATCH_NONE) {
        int64_t reach = base + rent[out] + cost[out];
        relax(flow, block_node(flow, out, month), reach, line, MATCH_NONE);
        reach_end(flow, best, block_node(flow, out, month), END_OUT);
    }
    for (uint32_t s = first; s < limit; s++) {
        int64_t reach = base + rent[s] + cost[s];
        if (reach < flow->best && paid[s] <= ceiling) {
            relax(flow, block_node(flow, s, month), reach, line, MATCH_NONE);
        }
    }
}

/* Units that may leave a block, and what lies before it. */
static void push_from_block(struct match_flow *flow, uint32_t node, int64_t distance)
{
    const struct match_model *model = flow->model;
    uint32_t at = node - model->line_count, slot = at / model->month_count, last = at % model->month_count;
    if (flow->tight[at] == model->month_count) {
        reach_end(flow, distance + out_cost(flow, slot), node, END_OUT);
    }
    uint32_t start = block_start(flow, slot, last);
    for (uint32_t e = flow->slot_head[slot]; e != MATCH_NONE; e = flow->entries[e].next_in_slot) {
        uint32_t month = model->month[flow->entries[e].line];
        if (month >= start && month <= last) {
            relax(flow, flow->entries[e].line, distance, node, e);
        }
    }
    if (start && flow->used[slot * model->month_count + start - 1]) {
        relax(flow, node - (last - start) - 1, distance + rent_at(flow, slot, start - 1) - rent_at(flow, slot, start), node,
              MATCH_NONE);
    }
}

static void push_from_lump(struct match_flow *flow, uint32_t lump, int64_t distance)
{
    const struct match_lump *of = &flow->model->lumps[lump];
    uint32_t node = lump_node(flow, lump);
    if (flow->lump_total[lump] > of->least) {
        reach_end(flow, distance + flow->bonus[lump], node, END_LUMP);
    }
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        if (flow->unserved[l]) {
            relax(flow, l, distance + flow->bonus[lump] - flow->price[l], node, MATCH_NONE);
        }
    }
}

/* Runs the search for a place to its end. */
static void push_search(struct match_flow *flow)
{
    uint32_t lines = flow->model->line_count, blocks = lines + flow->slot_most * flow->model->month_count, node;
    while ((node = settle_next(flow)) != MATCH_NONE) {
        int64_t distance = flow->labels[node].distance;
        if (node < lines) {
            push_from_line(flow, node, distance);
        } else if (node < blocks) {
            push_from_block(flow, node, distance);
        } else {
            push_from_lump(flow, node - blocks, distance);
        }
    }
}

/* Moves the prices of all settled nodes: down on the side of lines by what they are nearer than the end, up on that of slots. */
static void move_prices(struct match_flow *flow, int64_t sign)
{
    uint32_t lines = flow->model->line_count, months = flow->model->month_count;
    uint32_t blocks = lines + flow->slot_most * months;
    for (uint32_t n = 0; n < flow->settled_count; n++) {
        uint32_t node = flow->settled[n];
        if (flow->labels[node].distance >= flow->best) {
            continue;
        }
        int64_t by = sign * (flow->best - flow->labels[node].distance);
        if (node < lines) {
            flow->price[node] -= by;
        } else if (node < blocks) {
            uint32_t slot = (node - lines) / months, last = (node - lines) % months;
            for (uint32_t m = block_start(flow, slot, last); m <= last; m++) {
                flow->rent[m * flow->slot_most + slot] += by;
            }
        } else {
            flow->bonus[node - blocks] -= by;
        }
    }
}

static uint32_t slot_of_node(const struct match_flow *flow, uint32_t node)
{
    return (node - flow->model->line_count) / flow->model->month_count;
}

static bool is_line(const struct match_flow *flow, uint32_t node)
{
    return node < flow->model->line_count;
}

static bool is_lump(const struct match_flow *flow, uint32_t node)
{
    return node >= flow->model->line_count + flow->slot_most * flow->model->month_count;
}

static int64_t least_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Step back from a block along its own slot to the line that came in; all nodes between are blocks of that slot. */
static uint32_t line_into_block(const struct match_flow *flow, uint32_t node)
{
    while (!is_line(flow, node)) {
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
    if (flow->best_end == END_OUT) {
        uint32_t slot = slot_of_node(flow, node);
        int64_t lacks = choice_at(flow, slot)->least - flow->used[slot * model->month_count + model->month_count - 1];
        most = lacks > 0 ? least_of(most, lacks) : most;
    } else if (flow->best_end == END_DROP && quantity) {
        flow->unserved[node] += quantity;
    } else if (flow->best_end == END_LUMP) {
        uint32_t lump = node - lump_node(flow, 0);
        most = least_of(most, flow->lump_total[lump] - model->lumps[lump].least);
        flow->lump_total[lump] -= quantity;
    }
    while (node != MATCH_NONE) {
        if (is_lump(flow, node)) {
            uint32_t line = flow->labels[node].from; /* gives a unit back; MATCH_NONE: the lump is the source */
            if (line != MATCH_NONE && quantity) {
                flow->unserved[line] += quantity;
            }
            node = line;
        } else if (is_line(flow, node)) {
            const struct match_label *label = &flow->labels[node];
            out = label->entry;
            if (out != MATCH_NONE) {
                most = least_of(most, flow->entries[out].quantity);
                until = model->month[node];
                if (quantity) {
                    match_entry_add(flow, out, -quantity);
                }
            } else if (label->from != MATCH_NONE) { /* a unit more of this line, from its lump */
                most = least_of(most, flow->unserved[node]);
                flow->unserved[node] -= quantity;
            }
            node = label->from;
        } else {
            uint32_t slot = slot_of_node(flow, node), line = line_into_block(flow, node);
            most = least_of(most, match_slot_room(flow, slot, model->month[line], until));
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

/* Whether the entries that a path may need are there: at most one for each node that was settled. */
static bool entries_left(const struct match_flow *flow)
{
    return flow->entry_most - *flow->entry_limit > flow->settled_count || (uint64_t)flow->model->line_count * flow->slot_most <= flow->entry_most;
}

bool match_path_push_line(struct match_flow *flow, uint32_t line, int64_t quantity)
{
    while (quantity) {
        search_start(flow);
        relax(flow, line, 0, MATCH_NONE, MATCH_NONE);
        push_search(flow);
        if (flow->best_end == END_NONE) {
            return false;
        }
        move_prices(flow, 1);
        int64_t carried = push_along(flow, quantity, 0);
        if (carried <= 0 || !entries_left(flow)) {
            return false;
        }
        push_along(flow, quantity, carried);
        quantity -= carried;
    }
    return true;
}

bool match_path_push_lump(struct match_flow *flow, uint32_t lump)
{
    const struct match_lump *of = &flow->model->lumps[lump];
    while (flow->lump_total[lump] < of->total) {
        int64_t missing = of->least - flow->lump_total[lump];
        search_start(flow);
        relax(flow, lump_node(flow, lump), 0, MATCH_NONE, MATCH_NONE);
        if (missing <= 0) { /* its minimum is met: more only while it gains */
            flow->best = flow->bonus[lump];
            flow->best_node = MATCH_NONE;
        }
        push_search(flow);
        if (flow->best == FAR) {
            return false;
        }
        move_prices(flow, 1);
        if (flow->best_end == END_NONE) {
            return true;
        }
        int64_t carried = push_along(flow, missing > 0 ? missing : of->total - flow->lump_total[lump], 0);
        if (carried <= 0 || !entries_left(flow)) {
            return false;
        }
        push_along(flow, carried, carried);
        flow->lump_total[lump] += carried;
        flow->gained += (__int128)carried * flow->bonus[lump];
    }
    flow->bonus[lump] = flow->bonus[lump] > 0 ? 0 : flow->bonus[lump]; /* all served: nothing is left to be priced */
    return true;
}

/* Units that could fill a hole in a block. */
static void fill_from_block(struct match_flow *flow, uint32_t node, int64_t distance)
{
    const struct match_model *model = flow->model;
    uint32_t months = model->month_count, at = node - model->line_count, slot = at / months, last = at % months;
    uint32_t start = block_start(flow, slot, last), offer = choice_at(flow, slot)->offer;
    int64_t rent = rent_at(flow, slot, last);
    if (last == months - 1) {
        bool spare = flow->used[at] > choice_at(flow, slot)->least;
        reach_end(flow, spare ? distance + rent : distance + rent + MATCH_SHORTAGE, node, spare ? END_OUT : END_SHORT);
    } else {
        relax(flow, block_node(flow, slot, last + 1), distance + rent - rent_at(flow, slot, last + 1), node, MATCH_NONE);
    }
    for (uint32_t n = flow->month_first[start]; n < flow->month_first[last + 1]; n++) {
        uint32_t line = flow->month_lines[n];
        size_t pair = (size_t)model->class_of[line] * flow->slot_most + slot;
        int64_t reach = distance + flow->price[line] + rent - model->value[line] + flow->cost[pair];
        if (reach >= flow->best || !flow->active[line] || flow->paid[pair] > model->ceiling[line]) {
            continue;
        }
        uint32_t lump = model->lump_of[line];
        if (lump == MATCH_NONE || !model->lumps[lump].single || flow->lump_supplier[lump] == offer) {
            relax(flow, line, reach, node, MATCH_NONE);
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
            reach_end(flow, distance - flow->price[line], line, END_DROP);
        } else {
            relax(flow, lump_node(flow, lump), distance + flow->bonus[lump] - flow->price[line], line, MATCH_NONE);
        }
    }
    for (uint32_t e = flow->line_head[line]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
        relax(flow, block_node(flow, flow->entries[e].slot, model->month[line]), distance, line, e);
    }
}

static void fill_from_lump(struct match_flow *flow, uint32_t lump, int64_t distance)
{
    const struct match_lump *of = &flow->model->lumps[lump];
    uint32_t node = lump_node(flow, lump);
    reach_end(flow, distance - flow->bonus[lump], node, END_LUMP);
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        if (flow->line_head[l] != MATCH_NONE) {
            relax(flow, l, distance + flow->price[l] - flow->bonus[lump], node, MATCH_NONE);
        }
    }
}

static void fill_search(struct match_flow *flow)
{
    uint32_t lines = flow->model->line_count, blocks = lines + flow->slot_most * flow->model->month_count, node;
    while ((node = settle_next(flow)) != MATCH_NONE) {
        int64_t distance = flow->labels[node].distance;
        if (node < lines) {
            fill_from_line(flow, node, distance);
        } else if (node < blocks) {
            fill_from_block(flow, node, distance);
        } else {
            fill_from_lump(flow, node - blocks, distance);
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
        if (label->from == MATCH_NONE || is_line(flow, label->from)) {
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
    if (flow->best_end == END_DROP) {
        most = least_of(most, flow->unserved[node]);
        flow->unserved[node] -= quantity;
    } else if (flow->best_end == END_LUMP) {
        flow->lump_total[node - lump_node(flow, 0)] += quantity;
    } else if (flow->best_end == END_OUT) {
        uint32_t slot = slot_of_node(flow, node);
        most = least_of(most, flow->used[slot * model->month_count + model->month_count - 1] - choice_at(flow, slot)->least);
    }
    while (node != MATCH_NONE) {
        if (is_lump(flow, node)) {
            node = flow->labels[node].from; /* the line that takes a unit from its lump */
            most = least_of(most, flow->unserved[node]);
            flow->unserved[node] -= quantity;
        } else if (is_line(flow, node)) {
            in = node;
            node = flow->labels[node].from;
            if (is_lump(flow, node)) { /* the line gives a unit to its lump: one of its entries shrinks on the way on */
                flow->unserved[in] += quantity;
                in = MATCH_NONE;
            }
        } else {
            struct hole hole = hole_of_block(flow, node);
            uint32_t slot = slot_of_node(flow, node);
            uint32_t from = hole.entry == MATCH_NONE ? month : model->month[flow->entries[hole.entry].line];
            uint32_t at = in == MATCH_NONE ? model->month_count : model->month[in];
            most = least_of(most, match_slot_room(flow, slot, at, from));
            if (hole.entry != MATCH_NONE) {
                most = least_of(most, flow->entries[hole.entry].quantity);
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
    const struct match_choice *choice = choice_at(flow, slot);
    while (quantity) {
        bool fresh = month == months;
        int64_t missing = fresh ? choice->least - flow->used[slot * months + last] : 0;
        if (fresh && flow->tight[slot * months + last] != months) {
            return true; /* full */
        }
        search_start(flow);
        relax(flow, block_node(flow, slot, fresh ? last : month), 0, MATCH_NONE, MATCH_NONE);
        if (fresh && missing <= 0) { /* more only while it gains */
            flow->best = rent_at(flow, slot, last) > 0 ? rent_at(flow, slot, last) : 0;
            flow->best_node = MATCH_NONE;
        }
        fill_search(flow);
        if (flow->best == FAR) {
            return false;
        }
        move_prices(flow, -1);
        bool trivial = flow->best_end == END_OUT || flow->best_end == END_SHORT;
        if (flow->best_end == END_NONE || (fresh && trivial && slot_of_node(flow, flow->best_node) == slot)) {
            return true; /* perhaps short of its minimum order */
        }
        int64_t limit = missing > 0 ? least_of(missing, quantity) : quantity;
        int64_t carried = fill_along(flow, month, limit, 0);
        if (carried <= 0 || !entries_left(flow)) {
            return false;
        }
        fill_along(flow, month, limit, carried);
        quantity -= carried;
    }
    return true;
}
