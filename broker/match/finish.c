/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/finish.h"

#include <string.h>

#include "broker/match/moves.h"
#include "broker/match/nations.h"
#include "broker/match/screen.h"
#include "broker/match/split.h"
#include "broker/match/tied.h"
#include "broker/match/verify.h"
#include "proto/status.h"

#define ROUNDS 12         /* of raising multipliers, or of keeping money back for one-off shares */
#define TRIES 60           /* of the search between two rounds */
#define MIXES 4           /* of solving with money kept back for one-off shares */
#define MIX_STEPS 6
#define WORK ((uint64_t)30000000)

/* Takes a choice out for good whose ceilings can't carry its one-off cost as plans stand; search->trial is then the plan without it. */
static bool avoid_choice(struct match_search *search, uint32_t choice)
{
    search->avoid[choice] = 1;
    match_flow_copy(&search->trial, &search->flow);
    struct match_move move = {search->model.choices[choice].offer, MATCH_NONE, MATCH_NONE, MATCH_NONE, MATCH_NONE, 0};
    if (!match_move_apply(search, &move, MATCH_GAIN_NEVER)) {
        return false;
    }
    match_close_short(search);
    match_flow_copy(&search->flow, &search->trial);
    search->worth = match_flow_worth(&search->flow);
    return true;
}

/* Money that the awards of each fund pay beyond what its row may be; takes it off what the row's sum is now. */
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
            __int128 used = repair->sum[t] < repair->right[t] ? repair->sum[t] : repair->right[t];
            repair->right[t] = used - (paid - rights[t]);
            fits = false;
        }
    }
    return fits;
}

/* Raises the multipliers of the rows that could not be mended. */
static void raise_multipliers(struct match_search *search, const struct match_repair *repair)
{
    for (uint32_t t = 0; t < search->ties.count; t++) {
        struct match_tie *tie = &search->ties.ties[t];
        if (!tie->outside && repair->sum[t] > repair->right[t]) {
            int64_t least = (INT64_C(1) << MATCH_FUND_BITS) / (tie->kind == MATCH_TIE_FUND ? 8 : 400);
            tie->multiplier = tie->multiplier < least ? least : tie->multiplier + tie->multiplier / 2;
        }
    }
    match_ties_apply(&search->ties);
}

/* Makes search->trial keep its rows. thorough: looks for other choices where these can't. */
static bool mend(struct match_search *search, struct match_repair *repair, bool thorough)
{
    for (int round = 0; round < ROUNDS; round++) {
        match_repair_start(repair, &search->trial);
        repair->budget = WORK;
        if (match_repair_mend(repair)) {
            return true;
        }
        uint32_t slot = match_repair_uncovered(repair);
        if (!thorough || (slot != MATCH_NONE && !avoid_choice(search, search->trial.slot_choice[slot]))) {
            return false;
        }
        if (slot == MATCH_NONE) {
            raise_multipliers(search, repair);
            match_moves_rebuild(search);
        }
        match_screen_improve(search, TRIES);
        match_flow_copy(&search->trial, &search->flow);
    }
    return false;
}

static int finish_awards(struct match_search *search, bool thorough, struct match_lot_plan *out)
{
    const struct match_model *model = &search->model;
    struct match_repair *repair = &search->repair;
    for (uint32_t t = 0; t < search->ties.count; t++) {
        repair->right[t] = search->aims && search->aims[t] < search->rights[t] ? search->aims[t] : search->rights[t];
    }
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t nations, count;
        int64_t needed;
        bool carried;
        match_flow_copy(&search->trial, &search->flow);
        if (!mend(search, repair, thorough)) {
            out->forbidden_by = "bundle_rule";
            return STATUS_OK;
        }
        match_repair_gain(repair);
        int status = match_nations_bring_in(search, repair, search->arena);
        if (status || (status = match_split_awards(&search->trial, search->arena, &out->awards, &count, &carried)) ||
            (status = match_split_nations(model, out->awards, count, search->arena, &nations, &needed))) {
            return status;
        }
        if (nations < needed) {
            out->forbidden_by = "min_nations";
            return STATUS_OK;
        }
        if (carried && money_fits(search, out->awards, count, search->rights, repair)) {
            out->award_count = count;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* The most that a plan with the choices and lumps of search->flow can be worth, in cents. */
static int64_t most_worth(const struct match_search *search)
{
    __int128 worth = search->worth + match_ties_constant(&search->ties);
    for (uint32_t t = 0; t < search->ties.count; t++) {
        const struct match_tie *tie = &search->ties.ties[t];
        if (tie->outside) {
            worth += ((__int128)tie->multiplier * search->rights[t] >> (MATCH_FUND_BITS - search->model.shift)) + 1;
        }
    }
    return worth <= 0 ? 0 : (int64_t)(worth >> search->model.shift);
}

/* Finishes a thorough attempt's traces: flow and multipliers are as they were. */
static void restore(struct match_search *search, __int128 worth, const int64_t *multipliers)
{
    match_flow_copy(&search->flow, &search->kept);
    search->worth = worth;
    for (uint32_t t = 0; t < search->ties.count; t++) {
        search->ties.ties[t].multiplier = multipliers[t];
    }
    match_ties_apply(&search->ties);
}

/* Keeps a finished plan where it is better and stands up to the verifier. */
static int keep_better(struct match_search *search, struct match_lot_plan *out)
{
    const char *fault;
    if (!out->award_count || out->objective <= search->best.objective) {
        return STATUS_OK;
    }
    int status = match_verify_lot(search->model.market, search->lot, out, search->arena, NULL, &fault);
    if (status == STATUS_INVALID) {
        search->best.forbidden_by = search->best.award_count ? NULL : fault;
        return STATUS_OK;
    }
    if (status) {
        return status;
    }
    out->bound = search->best.bound;
    search->best = *out;
    return STATUS_OK;
}

/* What a fund's row may be when the one-off shares that it pays in these awards are kept free. Says whether any differs from what it was. */
static bool keep_money_free(struct match_search *search, const struct match_award *awards, uint32_t count)
{
    bool moved = false;
    for (uint32_t t = 0; t < search->ties.count; t++) {
        const struct match_tie *tie = &search->ties.ties[t];
        __int128 right = search->rights[t];
        for (uint32_t n = 0; n < count && tie->kind == MATCH_TIE_FUND; n++) {
            right -= search->model.lot->demands[awards[n].demand].fund == tie->index ? awards[n].one_off : 0;
        }
        right = right < 0 ? 0 : right;
        if (tie->kind == MATCH_TIE_FUND && right != search->repair.right[t]) {
            search->repair.right[t] = right;
            moved = true;
        }
    }
    return moved;
}

static bool within_money(const struct match_search *search, const struct match_award *awards, uint32_t count)
{
    for (uint32_t t = 0; t < search->ties.count; t++) {
        const struct match_tie *tie = &search->ties.ties[t];
        __int128 paid = 0;
        for (uint32_t n = 0; n < count && tie->kind == MATCH_TIE_FUND; n++) {
            paid += search->model.lot->demands[awards[n].demand].fund == tie->index
                        ? (__int128)awards[n].quantity * (awards[n].unit_price + awards[n].freight) + awards[n].one_off : 0;
        }
        if (tie->kind == MATCH_TIE_FUND && paid > search->rights[t]) {
            return false;
        }
    }
    return true;
}

/* The mix in whole units, mended, with nations and one-off shares. *made: awards were made of it; *valid: within the money too. */
static int make_awards(struct match_search *search, struct match_lot_plan *out, bool *made, bool *valid)
{
    struct match_repair *repair = &search->repair;
    uint32_t nations;
    int64_t needed;
    bool carried;
    *made = *valid = false;
    match_flow_copy(&search->trial, &search->flow);
    if (!match_tied_round(search->tied, &search->trial)) {
        return STATUS_OK;
    }
    match_repair_start(repair, &search->trial);
    repair->budget = WORK;
    if (!match_repair_mend(repair)) {
        return STATUS_OK;
    }
    match_repair_gain(repair);
    int status = match_nations_bring_in(search, repair, search->arena);
    if (status || (status = match_split_awards(&search->trial, search->arena, &out->awards, &out->award_count, &carried)) ||
        (status = match_split_nations(&search->model, out->awards, out->award_count, search->arena, &nations, &needed))) {
        return status;
    }
    *made = carried && nations >= needed;
    *valid = *made && within_money(search, out->awards, out->award_count);
    return STATUS_OK;
}

int match_finish_mix(struct match_search *search)
{
    search->set_objective = INT64_MIN;
    for (int round = 0; round < MIXES; round++) {
        struct match_lot_plan out = {.bound = INT64_MAX};
        bool made, valid;
        int status = make_awards(search, &out, &made, &valid);
        if (status || !made) {
            return status;
        }
        out.objective = match_flow_objective(&search->trial);
        search->set_objective = valid && out.objective > search->set_objective ? out.objective : search->set_objective;
        if (valid && (status = keep_better(search, &out))) {
            return status;
        }
        if (!keep_money_free(search, out.awards, out.award_count)) {
            return STATUS_OK;
        }
        match_flow_copy(&search->trial, &search->flow);
        if (!match_tied_solve(search->tied, &search->trial, -1e300, MIX_STEPS)) {
            return STATUS_OK;
        }
        match_flow_copy(&search->flow, &search->trial);
        search->worth = match_flow_worth(&search->flow);
        search->tied_worth = search->tied->value;
    }
    return STATUS_OK;
}

int match_finish_parts(struct match_search *search, const struct match_part *parts, uint32_t count)
{
    struct match_tied *tied = search->tied;
    if (count > tied->part_most) {
        return STATUS_OK;
    }
    match_tied_take(tied, &search->flow);
    memcpy(tied->parts[0], parts, count * sizeof *parts);
    tied->part_count[0] = count;
    tied->column_count = tied->master.column_count = 1;
    tied->master.share[0] = 1;
    for (uint32_t t = 0; t < search->ties.count; t++) {
        search->repair.right[t] = search->rights[t];
    }
    int status = STATUS_OK;
    for (int round = 0; round < MIXES && !status; round++) {
        struct match_lot_plan out = {.bound = INT64_MAX};
        bool made, valid;
        status = make_awards(search, &out, &made, &valid);
        if (status || !made) {
            break;
        }
        out.objective = match_flow_objective(&search->trial);
        if (valid) {
            status = keep_better(search, &out);
            break;
        }
        if (!keep_money_free(search, out.awards, out.award_count)) {
            break;
        }
    }
    tied->column_count = 0;
    return status;
}

int match_finish_keep(struct match_search *search, bool thorough)
{
    if (search->worth == MATCH_GAIN_NEVER || most_worth(search) <= search->best.objective) {
        return STATUS_OK;
    }
    struct match_lot_plan out = {.bound = INT64_MAX};
    __int128 worth = search->worth;
    int64_t *multipliers = arena_array(search->arena, search->ties.count, sizeof *multipliers);
    if (!multipliers) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t t = 0; t < search->ties.count; t++) {
        multipliers[t] = search->ties.ties[t].multiplier;
    }
    match_flow_copy(&search->kept, &search->flow);
    int status = finish_awards(search, thorough, &out);
    if (status) {
        return status;
    }
    out.objective = out.award_count ? match_flow_objective(&search->trial) : 0;
    restore(search, worth, multipliers);
    status = keep_better(search, &out);
    if (!search->best.award_count && out.forbidden_by) {
        search->best.forbidden_by = out.forbidden_by;
    }
    return status;
}

/* What awards are worth, fixed costs taken off once a choice. */
static int64_t objective_of(const struct match_model *model, const struct match_split_part *parts, uint32_t count, uint8_t *used)
{
    __int128 sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        const struct match_choice *choice = &model->choices[parts[n].choice];
        uint32_t group = match_model_group(model, choice->offer, model->class_of[parts[n].line]);
        int64_t freight = model->group_freight[model->first_group[choice->offer] + group];
        sum += (__int128)parts[n].quantity * ((model->value[parts[n].line] >> model->shift) - choice->evaluated_price - freight);
        sum -= used[parts[n].choice] ? 0 : choice->fixed;
        used[parts[n].choice] = 1;
    }
    return (int64_t)sum;
}

int match_finish_list(struct match_search *search, const struct match_split_part *parts, uint32_t count, int64_t *lacks)
{
    struct match_lot_plan out = {.bound = INT64_MAX};
    uint32_t nations;
    int64_t needed;
    bool carried;
    uint8_t *used = arena_array(search->arena, search->model.choice_count, 1);
    int status = used ? match_split_list(&search->model, parts, count, search->arena, &out.awards, &out.award_count, &carried) : STATUS_NO_MEMORY;
    *lacks = 0;
    if (status || (status = match_split_nations(&search->model, out.awards, out.award_count, search->arena, &nations, &needed))) {
        return status;
    }
    *lacks = needed - nations;
    out.objective = objective_of(&search->model, parts, count, used);
    return carried && nations >= needed && within_money(search, out.awards, out.award_count) ? keep_better(search, &out) : STATUS_OK;
}
