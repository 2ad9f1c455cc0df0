/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/value.h"

#include <string.h>

#include "proto/status.h"

#define RUN 12 /* lines of a run that is sorted by insertion */

int match_walk_init(const struct match_model *model, const struct match_terms *terms, struct arena *arena, struct match_walk *walk)
{
    uint32_t groups = 0;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        uint32_t count = model->first_group[o + 1] - model->first_group[o];
        groups = count > groups ? count : groups;
    }
    uint32_t lines = model->line_count, months = model->month_count;
    *walk = (struct match_walk){
        .model = model, .terms = terms, .offer = MATCH_NONE,
        .key = arena_array(arena, lines, sizeof *walk->key), .order = arena_array(arena, lines, sizeof *walk->order),
        .merge = arena_array(arena, lines, sizeof *walk->merge), .next = arena_array(arena, lines, sizeof *walk->next),
        .head = arena_array(arena, groups, sizeof *walk->head), .tail = arena_array(arena, groups, sizeof *walk->tail),
        .cursor = arena_array(arena, groups, sizeof *walk->cursor), .slot = arena_array(arena, months, sizeof *walk->slot),
        .latest = arena_array(arena, (size_t)months + 1, sizeof *walk->latest),
        .whole_slot = arena_array(arena, (size_t)model->choice_count * months, sizeof *walk->whole_slot),
        .whole_latest = arena_array(arena, (size_t)model->choice_count * (months + 1), sizeof *walk->whole_latest),
        .uses = arena_array(arena, lines, sizeof *walk->uses),
        .other_uses = arena_array(arena, lines, sizeof *walk->other_uses)};
    if (!walk->key || !walk->order || !walk->merge || !walk->next || !walk->head || !walk->tail || !walk->cursor || !walk->slot ||
        !walk->latest || !walk->whole_slot || !walk->whole_latest || !walk->uses || !walk->other_uses) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < lines; l++) {
        walk->order[l] = l;
    }
    walk->order_count = lines;
    for (uint32_t c = 0; c < model->choice_count; c++) {
        const int64_t *capacity = model->choices[c].capacity;
        int64_t *slot = walk->whole_slot + (size_t)c * months;
        uint32_t *latest = walk->whole_latest + (size_t)c * (months + 1);
        for (uint32_t m = 0; m < months; m++) {
            slot[m] = capacity[m] - (m ? capacity[m - 1] : 0);
            latest[m + 1] = slot[m] ? m + 1 : latest[m];
        }
    }
    return STATUS_OK;
}

static bool comes_before(const int64_t *key, uint32_t a, uint32_t b)
{
    return key[a] != key[b] ? key[a] > key[b] : a < b;
}

static void insertion_sort(const int64_t *key, uint32_t *order, uint32_t count)
{
    for (uint32_t n = 1; n < count; n++) {
        uint32_t line = order[n], at = n;
        while (at && comes_before(key, line, order[at - 1])) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = line;
    }
}

/* Merge sort from below; pairs of runs that already stand in order are left alone, so an order that changed little costs little. */
static void sort_lines(const int64_t *key, uint32_t *order, uint32_t *merge, uint32_t count)
{
    for (uint32_t at = 0; at < count; at += RUN) {
        insertion_sort(key, order + at, count - at < RUN ? count - at : RUN);
    }
    for (uint32_t width = RUN; width < count; width *= 2) {
        for (uint32_t at = 0; at + width < count; at += 2 * width) {
            uint32_t *left = order + at, *right = left + width;
            uint32_t right_count = count - at - width < width ? count - at - width : width;
            if (comes_before(key, right[-1], right[0])) {
                continue;
            }
            memcpy(merge, left, width * sizeof *merge);
            uint32_t a = 0, b = 0, out = 0;
            while (a < width && b < right_count) {
                left[out++] = comes_before(key, right[b], merge[a]) ? right[b++] : merge[a++];
            }
            memcpy(left + out, merge + a, (width - a) * sizeof *merge);
        }
    }
}

void match_walk_sort(struct match_walk *walk, const int64_t *prices)
{
    const struct match_model *model = walk->model;
    for (uint32_t l = 0; l < model->line_count; l++) {
        walk->key[l] = walk->active && !walk->active[l] ? -MATCH_BARRED : model->value[l] - prices[l];
    }
    sort_lines(walk->key, walk->order, walk->merge, model->line_count);
    walk->order_count = model->line_count;
    while (walk->order_count && walk->key[walk->order[walk->order_count - 1]] == -MATCH_BARRED) {
        walk->order_count--;
    }
    walk->offer = MATCH_NONE;
}

void match_walk_start(struct match_walk *walk, uint32_t offer)
{
    uint32_t groups = walk->model->first_group[offer + 1] - walk->model->first_group[offer];
    walk->offer = offer;
    walk->seen = 0;
    for (uint32_t g = 0; g < groups; g++) {
        walk->head[g] = MATCH_NONE;
        walk->tail[g] = MATCH_NONE;
    }
}

/* Deals the next line of the order to its group. */
static void deal_line(struct match_walk *walk)
{
    const struct match_model *model = walk->model;
    uint32_t line = walk->order[walk->seen++];
    uint16_t group = match_model_group(model, walk->offer, model->class_of[line]);
    if (group == MATCH_NO_GROUP) {
        return;
    }
    uint32_t lump = model->lump_of[line];
    if (lump != MATCH_NONE && walk->only && walk->only[lump] != MATCH_NONE && walk->only[lump] != walk->offer) {
        return;
    }
    if (lump != MATCH_NONE && walk->pair_barred && walk->pair_barred[(size_t)lump * model->lot->offer_count + walk->offer]) {
        return;
    }
    walk->next[line] = MATCH_NONE;
    if (walk->tail[group] == MATCH_NONE) {
        walk->head[group] = line;
    } else {
        walk->next[walk->tail[group]] = line;
    }
    walk->tail[group] = line;
    if (walk->cursor[group] == MATCH_NONE) {
        walk->cursor[group] = line;
    }
}

static uint32_t latest_free(uint32_t *latest, uint32_t month)
{
    uint32_t root = month;
    while (latest[root] != root) {
        root = latest[root];
    }
    while (latest[month] != root) {
        uint32_t up = latest[month];
        latest[month] = root;
        month = up;
    }
    return root;
}

/* Puts up to quantity units due by month (rank) into the latest free months; returns how many found room. */
static int64_t fill_slots(struct match_walk *walk, uint32_t month, int64_t quantity)
{
    int64_t left = quantity;
    uint32_t at = latest_free(walk->latest, month + 1);
    while (at && left) {
        int64_t take = walk->slot[at - 1] < left ? walk->slot[at - 1] : left;
        walk->slot[at - 1] -= take;
        left -= take;
        if (!walk->slot[at - 1]) {
            walk->latest[at] = at - 1;
            at = latest_free(walk->latest, at);
        }
    }
    return quantity - left;
}

static void open_slots(struct match_walk *walk, uint32_t choice)
{
    uint32_t months = walk->model->month_count;
    memcpy(walk->slot, walk->whole_slot + (size_t)choice * months, months * sizeof *walk->slot);
    memcpy(walk->latest, walk->whole_latest + (size_t)choice * (months + 1), (months + 1) * sizeof *walk->latest);
}

/* Whether the choice may serve the line, beyond class: its price is within the ceiling, and it can serve a whole lump. */
static bool line_allowed(const struct match_model *model, const struct match_choice *choice, uint32_t choice_index, uint32_t line,
                         int64_t freight)
{
    uint32_t lump = model->lump_of[line];
    return choice->unit_price + freight <= model->ceiling[line] &&
           (lump == MATCH_NONE || !model->lump_barred[(size_t)lump * model->choice_count + choice_index]);
}

/* Profit of the next line of the order at the cheapest group; INT64_MIN where none is left. */
static int64_t next_profit(const struct match_walk *walk, int64_t cheapest)
{
    return walk->seen < walk->order_count ? walk->key[walk->order[walk->seen]] - cheapest : INT64_MIN;
}

bool match_walk_value(struct match_walk *walk, uint32_t choice_index, __int128 *value)
{
    const struct match_model *model = walk->model;
    const struct match_choice *choice = &model->choices[choice_index];
    uint32_t first = model->first_group[walk->offer], groups = model->first_group[walk->offer + 1] - first;
    const int64_t *cost = walk->terms->cost + model->first_cost[choice_index];
    int64_t cheapest = MATCH_BARRED, total = 0;
    for (uint32_t g = 0; g < groups; g++) {
        walk->cursor[g] = walk->head[g];
        cheapest = cost[g] < cheapest ? cost[g] : cheapest;
    }
    open_slots(walk, choice_index);
    *value = 0;
    walk->use_count = 0;
    int64_t coming = next_profit(walk, cheapest); /* the most that a line which was not dealt out yet can bring */
    while (total < choice->most) {
        uint32_t best = MATCH_NONE;
        int64_t profit = INT64_MIN;
        for (uint32_t g = 0; g < groups; g++) {
            uint32_t line = walk->cursor[g];
            if (line != MATCH_NONE && walk->key[line] - cost[g] > profit) {
                profit = walk->key[line] - cost[g];
                best = g;
            }
        }
        if (coming > profit) {
            if (coming <= 0 && total >= choice->least) {
                break;
            }
            deal_line(walk);
            coming = next_profit(walk, cheapest);
            continue;
        }
        if (best == MATCH_NONE || (profit <= 0 && total >= choice->least)) {
            break;
        }
        uint32_t line = walk->cursor[best];
        walk->cursor[best] = walk->next[line];
        if (!line_allowed(model, choice, choice_index, line, model->group_freight[first + best])) {
            continue;
        }
        int64_t quantity = model->quantity[line];
        if (profit <= 0 && quantity > choice->least - total) {
            quantity = choice->least - total;
        }
        quantity = fill_slots(walk, model->month[line], quantity);
        if (quantity) {
            total += quantity;
            *value += (__int128)profit * quantity;
            walk->uses[walk->use_count++] = (struct match_use){line, quantity};
        }
    }
    return total >= choice->least;
}
