/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/tied.h"

#include <math.h>
#include <string.h>

#include "broker/match/entry.h"

#define NEARLY 1e-6 /* of a unit, that rounding down forgives */

static void mix_columns(struct match_tied *tied)
{
    size_t cells = (size_t)tied->search->model.line_count * tied->choice_count;
    memset(tied->mix, 0, cells * sizeof *tied->mix);
    for (uint32_t n = 0; n < tied->master.column_count; n++) {
        for (uint32_t p = 0; p < tied->part_count[n] && tied->master.share[n] > 0; p++) {
            const struct match_part *part = &tied->parts[n][p];
            tied->mix[(size_t)part->line * tied->choice_count + tied->place[part->offer]] += tied->master.share[n] * (double)part->quantity;
        }
    }
}

/* Books the mix, each part rounded down: what held for the mix of outputs, lines and funds holds for it too. */
static void book(struct match_tied *tied, struct match_flow *flow)
{
    const struct match_model *model = flow->model;
    uint32_t months = model->month_count;
    memset(flow->used, 0, (size_t)*flow->slot_limit * months * sizeof *flow->used);
    memset(flow->lump_total, 0, model->lump_count * sizeof *flow->lump_total);
    for (uint32_t l = 0; l < model->line_count; l++) {
        while (flow->line_head[l] != MATCH_NONE) {
            match_entry_add(flow, flow->line_head[l], -flow->entries[flow->line_head[l]].quantity);
        }
        if (!flow->active[l]) {
            continue;
        }
        flow->unserved[l] = model->quantity[l];
        for (uint32_t n = 0; n < tied->choice_count; n++) {
            int64_t quantity = (int64_t)floor(tied->mix[(size_t)l * tied->choice_count + n] + NEARLY);
            if (quantity <= 0) {
                continue;
            }
            uint32_t slot = flow->slot_of[model->choices[tied->choices[n]].offer];
            match_entry_put(flow, l, slot, quantity);
            flow->unserved[l] -= quantity;
            flow->used[slot * months + model->month[l]] += quantity;
            if (model->lump_of[l] != MATCH_NONE) {
                flow->lump_total[model->lump_of[l]] += quantity;
            }
        }
    }
    for (uint32_t n = 0; n < tied->choice_count; n++) {
        uint32_t slot = flow->slot_of[model->choices[tied->choices[n]].offer];
        for (uint32_t m = 1; m < months; m++) {
            flow->used[slot * months + m] += flow->used[slot * months + m - 1];
        }
        match_slot_tighten(flow, slot);
    }
}

/* Units of a line that a slot can still take, where it may serve it. */
static int64_t room_for(const struct match_flow *flow, uint32_t line, uint32_t slot)
{
    const struct match_model *model = flow->model;
    uint32_t lump = model->lump_of[line];
    if (!flow->active[line] || !flow->unserved[line] ||
        flow->paid[(size_t)model->class_of[line] * flow->slot_most + slot] > model->ceiling[line] ||
        (lump != MATCH_NONE && model->lumps[lump].single && flow->slot_of[flow->lump_supplier[lump]] != slot)) {
        return 0;
    }
    int64_t room = match_slot_room(flow, slot, model->month[line], model->month_count);
    return room < flow->unserved[line] ? room : flow->unserved[line];
}

static void add(struct match_flow *flow, uint32_t line, uint32_t slot, int64_t quantity)
{
    const struct match_model *model = flow->model;
    match_entry_put(flow, line, slot, quantity);
    flow->unserved[line] -= quantity;
    if (model->lump_of[line] != MATCH_NONE) {
        flow->lump_total[model->lump_of[line]] += quantity;
    }
    match_slot_shift(flow, slot, model->month[line], model->month_count, quantity);
}

/* Gives an offer, or a lump, the units that rounding took below its minimum: lines that had a part of a unit there first. */
static bool refill(struct match_tied *tied, struct match_flow *flow, uint32_t only_slot, uint32_t only_lump, int64_t missing)
{
    const struct match_model *model = flow->model;
    for (int had_part = 1; had_part >= 0 && missing > 0; had_part--) {
        for (uint32_t n = 0; n < tied->choice_count && missing > 0; n++) {
            uint32_t slot = flow->slot_of[model->choices[tied->choices[n]].offer];
            for (uint32_t l = 0; l < model->line_count && missing > 0 && (only_slot == MATCH_NONE || slot == only_slot); l++) {
                if ((only_lump != MATCH_NONE && model->lump_of[l] != only_lump) ||
                    (had_part && tied->mix[(size_t)l * tied->choice_count + n] <= 0)) {
                    continue;
                }
                int64_t room = room_for(flow, l, slot);
                room = had_part && room > 1 ? 1 : room;
                room = room < missing ? room : missing;
                if (room > 0) {
                    add(flow, l, slot, room);
                    missing -= room;
                }
            }
        }
    }
    return missing <= 0;
}

bool match_tied_round(struct match_tied *tied, struct match_flow *flow)
{
    const struct match_model *model = flow->model;
    mix_columns(tied);
    book(tied, flow);
    for (uint32_t n = 0; n < tied->lump_count; n++) {
        uint32_t lump = tied->lumps[n];
        if (!refill(tied, flow, MATCH_NONE, lump, model->lumps[lump].least - flow->lump_total[lump])) {
            return false;
        }
    }
    for (uint32_t n = 0; n < tied->choice_count; n++) {
        const struct match_choice *choice = &model->choices[tied->choices[n]];
        uint32_t slot = flow->slot_of[choice->offer];
        int64_t total = flow->used[slot * model->month_count + model->month_count - 1];
        if (!refill(tied, flow, slot, MATCH_NONE, choice->least - total)) {
            return false;
        }
    }
    return true;
}
