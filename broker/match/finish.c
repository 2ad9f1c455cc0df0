/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/finish.h"

#include <string.h>

#include "broker/match/moves.h"
#include "broker/match/nations.h"
#include "broker/match/split.h"
#include "broker/match/verify.h"
#include "proto/status.h"

#define ROUNDS 12         /* of raising multipliers, or of keeping money back for one-off shares */
#define WORK ((uint64_t)30000000)

/* Bars choices whose ceilings can't carry their one-off cost, and closes them in search->trial. */
static bool cover_costs(struct match_search *search, struct match_repair *repair)
{
    uint32_t slot;
    while (!match_repair_start(repair, &search->trial, &slot)) {
        uint32_t choice = search->trial.slot_choice[slot];
        search->limits.barred[choice] = 1;
        struct match_move move = {search->model.choices[choice].offer, MATCH_NONE, MATCH_NONE, MATCH_NONE, MATCH_NONE, 0};
        if (!match_move_apply(search, &move)) {
            return false;
        }
    }
    return true;
}

/* Money that the awards of each fund pay beyond what its row may be; takes it off the row's right side. */
static bool money_fits(const struct match_search *search, const struct match_award *awards, uint32_t count, const __int128 *rights,
                       struct match_repair *repair)
{
    bool fits = true;
    for (uint32_t t = 0; t < search->ties.count; t++) {
        const struct match_tie *tie = &search->ties.ties[t];
        __int128 paid = 0;
        for (uint32_t n = 0; n < count && tie->kind == MATCH_TIE_FUND; n++) {
            if (search->model.lot->demands[awards[n].demand].fund == tie->index) {
                paid += (__int128)awards[n].quantity * (awards[n].unit_price + awards[n].freight) + awards[n].one_off;
            }
        }
        if (tie->kind == MATCH_TIE_FUND && paid > rights[t]) {
            repair->right[t] -= paid - rights[t];
            fits = false;
        }
    }
    return fits;
}

/* The flow's choices and lumps once more, under the terms as they are now, in search->trial. */
static void rebuild(struct match_search *search)
{
    const struct match_flow *from = &search->flow;
    match_flow_clear(&search->trial);
    for (uint32_t o = 0; o < search->model.lot->offer_count; o++) {
        if (from->slot_of[o] != MATCH_NONE && !search->limits.barred[from->slot_choice[from->slot_of[o]]]) {
            match_flow_copy(&search->spare, &search->trial);
            if (!match_flow_open(&search->trial, from->slot_choice[from->slot_of[o]])) {
                match_flow_copy(&search->trial, &search->spare);
            }
        }
    }
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        if (from->lump_in[d]) {
            match_flow_copy(&search->spare, &search->trial);
            if (!match_flow_lump_in(&search->trial, d, from->lump_supplier[d])) {
                match_flow_copy(&search->trial, &search->spare);
            }
        }
    }
    match_lumps_settle(search, MATCH_NONE);
}

/* Raises the multipliers of the rows that could not be mended. */
static void raise_multipliers(struct match_search *search, const struct match_repair *repair)
{
    for (uint32_t t = 0; t < search->ties.count; t++) {
        struct match_tie *tie = &search->ties.ties[t];
        if (repair->sum[t] > repair->right[t]) {
            int64_t least = (INT64_C(1) << MATCH_FUND_BITS) / (tie->kind == MATCH_TIE_FUND ? 8 : 400);
            tie->multiplier = tie->multiplier < least ? least : tie->multiplier + tie->multiplier / 2;
        }
    }
    match_ties_apply(&search->ties);
}

/* Makes search->trial keep its rows. */
static bool mend(struct match_search *search, struct match_repair *repair)
{
    for (int round = 0; round < ROUNDS; round++) {
        if (!cover_costs(search, repair)) {
            return false;
        }
        repair->budget = WORK;
        if (match_repair_mend(repair)) {
            return true;
        }
        raise_multipliers(search, repair);
        rebuild(search);
    }
    return false;
}

static int finish_awards(struct match_search *search, struct match_repair *repair, const __int128 *rights, struct arena *arena,
                         struct match_lot_plan *out)
{
    const struct match_model *model = &search->model;
    out->award_count = 0;
    out->forbidden_by = NULL;
    for (int round = 0; round < ROUNDS; round++) {
        match_flow_copy(&search->trial, &search->flow);
        if (!mend(search, repair)) {
            out->forbidden_by = "bundle_rule";
            return STATUS_OK;
        }
        match_repair_gain(repair);
        uint32_t nations, count;
        int64_t needed;
        bool carried;
        int status = match_nations_bring_in(search, repair, arena);
        if (status || (status = match_split_awards(&search->trial, arena, &out->awards, &count, &carried)) ||
            (status = match_split_nations(model, out->awards, count, arena, &nations, &needed))) {
            return status;
        }
        if (nations < needed) {
            out->forbidden_by = "min_nations";
            return STATUS_OK;
        }
        if (carried && money_fits(search, out->awards, count, rights, repair)) {
            out->award_count = count;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

int match_finish_lot(struct match_search *search, uint32_t lot, const __int128 *rights, struct arena *arena,
                     struct match_lot_plan *out)
{
    struct match_repair repair;
    const char *fault;
    *out = (struct match_lot_plan){.bound = out->bound};
    int status = match_repair_init(&search->model, &search->ties, search->trial.slot_most, arena, &repair);
    if (status) {
        return status;
    }
    memcpy(repair.right, rights, search->ties.count * sizeof *rights);
    status = finish_awards(search, &repair, rights, arena, out);
    if (status) {
        return status;
    }
    out->objective = out->award_count ? match_flow_objective(&search->trial) : 0;
    if (out->objective <= 0) {
        out->award_count = 0;
        out->objective = 0;
    }
    struct match_lot_plan check = *out;
    check.bound = INT64_MAX;
    status = match_verify_lot(search->model.market, lot, &check, arena, NULL, &fault);
    if (status == STATUS_INVALID) {
        out->award_count = 0;
        out->objective = 0;
        out->forbidden_by = fault;
        status = STATUS_OK;
    }
    return status;
}
