/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/weigh.h"

#include "proto/status.h"

int match_repair_init(const struct match_model *model, const struct match_ties *ties, uint32_t slot_most, struct arena *arena,
                      struct match_repair *repair)
{
    *repair = (struct match_repair){.model = model, .ties = ties};
    repair->sum = arena_array(arena, ties->count, sizeof *repair->sum);
    repair->right = arena_array(arena, ties->count, sizeof *repair->right);
    repair->cover = arena_array(arena, slot_most, sizeof *repair->cover);
    repair->pressure = arena_array(arena, slot_most, sizeof *repair->pressure);
    repair->tie_of = arena_array(arena, model->line_count, sizeof *repair->tie_of);
    repair->share = arena_array(arena, (size_t)slot_most * ties->count, sizeof *repair->share);
    repair->room = arena_array(arena, ties->count, sizeof *repair->room);
    repair->value = arena_array(arena, model->line_count, sizeof *repair->value);
    repair->margin = arena_array(arena, slot_most, sizeof *repair->margin);
    repair->per_unit = arena_array(arena, ties->count, sizeof *repair->per_unit);
    repair->lacking = arena_array(arena, model->line_count, sizeof *repair->lacking);
    if (!repair->sum || !repair->right || !repair->cover || !repair->pressure || !repair->tie_of || !repair->share || !repair->room ||
        !repair->value || !repair->margin || !repair->per_unit || !repair->lacking) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t t = 0; t < ties->count; t++) {
        repair->right[t] = ties->ties[t].right;
        repair->fund_count += ties->ties[t].kind == MATCH_TIE_FUND;
        repair->per_unit[t] = 1 / ties->ties[t].scale;
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        uint32_t fund = model->lot->demands[model->members[model->first_member[l]].demand].fund;
        repair->tie_of[l] = MATCH_NONE;
        repair->value[l] = model->value[l] >> model->shift;
        for (uint32_t t = 0; t < repair->fund_count; t++) {
            repair->tie_of[l] = fund != MATCH_NONE && ties->ties[t].index == fund ? t : repair->tie_of[l];
        }
    }
    return STATUS_OK;
}

void match_repair_room(struct match_repair *repair)
{
    const __int128 most = INT64_MAX / 2;
    for (uint32_t t = 0; t < repair->ties->count; t++) {
        __int128 room = repair->right[t] - repair->sum[t];
        repair->room[t] = (int64_t)(room > most ? most : room < -most ? -most : room);
    }
}

/* Adds up what the entries of a slot mean for its cover and for the rows. */
static void add_slot(struct match_repair *repair, uint32_t slot)
{
    const struct match_flow *flow = repair->flow;
    const struct match_choice *choice = match_weigh_choice(repair, slot);
    uint32_t ties = repair->ties->count;
    __int128 total = 0;
    repair->cover[slot] = -choice->one_off;
    repair->margin[slot] = choice->unit_price - choice->evaluated_price;
    for (uint32_t e = flow->slot_head[slot]; e != MATCH_NONE; e = flow->entries[e].next_in_slot) {
        const struct match_entry *entry = &flow->entries[e];
        uint32_t tie = repair->tie_of[entry->line];
        repair->cover[slot] += (__int128)entry->quantity * match_weigh_headroom(repair, entry->line, slot);
        total += entry->quantity;
        if (tie != MATCH_NONE) {
            repair->sum[tie] += (__int128)entry->quantity * match_weigh_paid(repair, entry->line, slot);
        }
    }
    for (uint32_t t = repair->fund_count; t < ties; t++) {
        int64_t weight = match_tie_weight(repair->ties, &repair->ties->ties[t], choice, 0, 0);
        repair->share[(size_t)slot * ties + t] = weight;
        repair->sum[t] += total * weight;
    }
}

void match_repair_start(struct match_repair *repair, struct match_flow *flow)
{
    repair->flow = flow;
    repair->work = 0;
    for (uint32_t t = 0; t < repair->ties->count; t++) {
        repair->sum[t] = 0;
    }
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        repair->cover[s] = 0;
        if (flow->slot_choice[s] != MATCH_NONE) {
            add_slot(repair, s);
        }
    }
    match_repair_room(repair);
}
