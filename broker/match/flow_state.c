/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/match/flow.h"
#include "broker/match/reach.h"
#include "proto/status.h"

#define VERSION_NONE UINT64_MAX /* of a slot that was not used yet: its costs are not set */
#define VERSION_BARRED 0        /* of one that closed */
#define ENTRIES_ENOUGH 8192 /* up to here there is one for every pair */

/* Where the arrays of the state lie; with memory NULL only measures. */
static size_t lay_out(struct match_flow *flow, unsigned char *memory)
{
    const struct match_model *model = flow->model;
    size_t slots = flow->slot_most, months = model->month_count, lines = model->line_count, lumps = model->lump_count;
    size_t classes = model->pairs.class_count, offers = model->lot->offer_count, at = 0;
#define PLACE(field, count)                                                \
    do {                                                                   \
        flow->field = memory ? (void *)(memory + at) : NULL;               \
        at += ((size_t)(count) * sizeof *flow->field + 15) / 16 * 16;      \
    } while (0)
    PLACE(slot_limit, 1);
    PLACE(entry_limit, 1);
    PLACE(entry_free, 1);
    PLACE(slot_choice, slots);
    PLACE(slot_version, slots);
    PLACE(slot_of, offers);
    PLACE(slot_head, slots);
    PLACE(tail, slots);
    PLACE(line_head, lines);
    PLACE(serves, lines * flow->mask_words);
    PLACE(price, lines);
    PLACE(unserved, lines);
    PLACE(active, lines);
    PLACE(lump_in, lumps);
    PLACE(lump_supplier, lumps);
    PLACE(lump_total, lumps);
    PLACE(bonus, lumps);
    PLACE(used, slots * months);
    PLACE(first, slots * months);
    PLACE(rent, slots * months);
    PLACE(block, slots * months);
    PLACE(cost, classes * slots);
    PLACE(paid, classes * slots);
    PLACE(hops, flow->entry_most);
    PLACE(entries, flow->entry_most);
#undef PLACE
    return at;
}

/* Lines by falling value, by counting: values are few, one a priority. */
static void order_by_value(struct match_flow *flow)
{
    const struct match_model *model = flow->model;
    int64_t below = INT64_MAX;
    for (uint32_t count = 0; count < model->line_count;) {
        int64_t next = INT64_MIN;
        for (uint32_t l = 0; l < model->line_count; l++) {
            next = model->value[l] < below && model->value[l] > next ? model->value[l] : next;
        }
        for (uint32_t l = 0; l < model->line_count; l++) {
            if (model->value[l] == next) {
                flow->by_value[count++] = l;
            }
        }
        below = next;
    }
}

static int index_months(struct match_flow *flow, struct arena *arena)
{
    const struct match_model *model = flow->model;
    flow->month_first = arena_array(arena, (size_t)model->month_count + 1, sizeof *flow->month_first);
    flow->month_lines = arena_array(arena, model->line_count, sizeof *flow->month_lines);
    if (!flow->month_first || !flow->month_lines) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        flow->month_first[model->month[l] + 1]++;
    }
    for (uint32_t m = 0; m < model->month_count; m++) {
        flow->month_first[m + 1] += flow->month_first[m];
    }
    flow->by_value = arena_array(arena, model->line_count, sizeof *flow->by_value);
    flow->place_of = arena_array(arena, model->line_count, sizeof *flow->place_of);
    flow->unseen = arena_array(arena, model->line_count / 64 + 1, sizeof *flow->unseen);
    uint32_t *next = arena_array(arena, model->month_count, sizeof *next);
    if (!next || !flow->by_value || !flow->place_of || !flow->unseen) {
        return STATUS_NO_MEMORY;
    }
    memcpy(next, flow->month_first, model->month_count * sizeof *next);
    for (uint32_t l = 0; l < model->line_count; l++) {
        flow->place_of[l] = next[model->month[l]]++;
        flow->month_lines[flow->place_of[l]] = l;
    }
    order_by_value(flow);
    return STATUS_OK;
}

int match_flow_init(const struct match_model *model, const struct match_terms *terms, uint32_t slot_most, struct arena *arena,
                    struct match_flow *flow)
{
    *flow = (struct match_flow){.model = model, .terms = terms, .slot_most = slot_most};
    uint64_t pairs = (uint64_t)model->line_count * slot_most, likely = 8 * ((uint64_t)model->line_count + slot_most) + 64;
    likely = likely < ENTRIES_ENOUGH ? ENTRIES_ENOUGH : likely;
    flow->entry_most = (uint32_t)(pairs < likely ? pairs : likely);
    flow->mask_words = (slot_most + 63) / 64;
    flow->memory_size = lay_out(flow, NULL);
    flow->memory = arena_raw(arena, flow->memory_size, 1);
    while (1U << flow->month_bits < model->month_count) {
        flow->month_bits++;
    }
    flow->first_lump = model->line_count + (slot_most << flow->month_bits);
    size_t nodes = (size_t)flow->first_lump + model->lump_count;
    flow->distance = arena_raw(arena, nodes, sizeof *flow->distance);
    flow->labels = arena_raw(arena, nodes, sizeof *flow->labels);
    flow->heap = arena_raw(arena, nodes, sizeof *flow->heap);
    flow->settled = arena_raw(arena, nodes, sizeof *flow->settled);
    flow->far = arena_raw(arena, (size_t)model->month_count * flow->mask_words, sizeof *flow->far);
    flow->spare = arena_raw(arena, slot_most, sizeof *flow->spare);
    flow->waits = arena_array(arena, (size_t)slot_most * model->month_count, sizeof *flow->waits);
    flow->waits_in = arena_array(arena, slot_most, sizeof *flow->waits_in);
    flow->loose = arena_raw(arena, model->line_count, sizeof *flow->loose);
    flow->loose_lumps = arena_raw(arena, model->lump_count, sizeof *flow->loose_lumps);
    flow->before = arena_raw(arena, model->line_count, sizeof *flow->before);
    flow->pending = arena_raw(arena, flow->entry_most, sizeof *flow->pending);
    if (!flow->memory || !flow->distance || !flow->labels || !flow->heap || !flow->settled || !flow->far || !flow->spare || !flow->pending || !flow->before ||
        !flow->waits || !flow->waits_in || !flow->loose || !flow->loose_lumps || index_months(flow, arena)) {
        return STATUS_NO_MEMORY;
    }
    lay_out(flow, flow->memory);
    memset(flow->memory, 0, (size_t)((unsigned char *)flow->cost - flow->memory));
    for (size_t n = 0; n < nodes; n++) {
        flow->distance[n] = MATCH_FAR;
    }
    match_flow_clear(flow);
    return STATUS_OK;
}

void match_flow_bar(struct match_flow *flow, uint32_t slot)
{
    for (uint32_t c = 0; c < flow->model->pairs.class_count; c++) {
        flow->cost[(size_t)c * flow->slot_most + slot] = MATCH_BARRED;
        flow->paid[(size_t)c * flow->slot_most + slot] = INT64_MAX;
    }
    for (uint32_t l = 0; l < flow->model->line_count; l++) {
        flow->serves[(size_t)l * flow->mask_words + slot / 64] &= ~(UINT64_C(1) << slot % 64);
    }
    flow->slot_choice[slot] = MATCH_NONE;
    flow->slot_version[slot] = VERSION_BARRED;
}

void match_flow_clear(struct match_flow *flow)
{
    const struct match_model *model = flow->model;
    uint32_t months = model->month_count, limit = *flow->slot_limit;
    memset(flow->serves, 0, (size_t)model->line_count * flow->mask_words * sizeof *flow->serves);
    memset(flow->price, 0, model->line_count * sizeof *flow->price);
    memset(flow->lump_in, 0, (size_t)((unsigned char *)flow->used - flow->lump_in));
    memset(flow->used, 0, (size_t)limit * months * sizeof *flow->used);
    *flow->slot_limit = 0;
    *flow->entry_limit = 0;
    *flow->entry_free = MATCH_NONE;
    for (uint32_t s = 0; s < flow->slot_most; s++) {
        flow->slot_head[s] = MATCH_NONE;
        flow->slot_choice[s] = MATCH_NONE;
        flow->slot_version[s] = VERSION_NONE;
    }
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        flow->slot_of[o] = MATCH_NONE;
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        flow->line_head[l] = MATCH_NONE;
        flow->active[l] = model->lump_of[l] == MATCH_NONE;
        flow->unserved[l] = flow->active[l] ? model->quantity[l] : 0;
    }
}

/* Whether a slot's costs are the same in two flows. */
static bool same_costs(const struct match_flow *a, const struct match_flow *b, uint32_t slot)
{
    return a->slot_choice[slot] == b->slot_choice[slot] && a->slot_version[slot] == b->slot_version[slot];
}

/* Only what can differ is copied: slots in use, and the costs of those that hold another choice or stand under other terms. */
void match_flow_copy(struct match_flow *to, const struct match_flow *from)
{
    const struct match_model *model = to->model;
    uint32_t limit = *to->slot_limit > *from->slot_limit ? *to->slot_limit : *from->slot_limit, months = model->month_count;
    size_t row = limit * sizeof(int64_t);
    for (uint32_t s = 0; s < limit; s++) {
        for (uint32_t c = 0; c < model->pairs.class_count && !same_costs(to, from, s); c++) {
            size_t at = (size_t)c * to->slot_most + s;
            to->cost[at] = from->cost[at];
            to->paid[at] = from->paid[at];
        }
    }
    memcpy(to->memory, from->memory, (size_t)((unsigned char *)from->used - from->memory));
    memcpy(to->used, from->used, limit * months * sizeof *to->used);
    memcpy(to->first, from->first, limit * months * sizeof *to->first);
    for (uint32_t m = 0; m < months && limit; m++) {
        size_t at = (size_t)m * to->slot_most;
        memcpy(to->rent + at, from->rent + at, row);
        memcpy(to->block + at, from->block + at, limit * sizeof *to->block);
    }
    memcpy(to->hops, from->hops, *from->entry_limit * sizeof *to->hops);
    memcpy(to->entries, from->entries, *from->entry_limit * sizeof *to->entries);
}
