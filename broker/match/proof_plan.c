/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/proof_tree.h"

#include <math.h>
#include <string.h>

#include "broker/match/finish.h"
#include "broker/match/screen.h"
#include "proto/status.h"

#define NEARLY 1e-6     /* of a unit, that rounding down forgives */
#define SCREEN_TRIES 12 /* of the screened search after a plan was found */

static void set_target(struct match_proof *proof)
{
    const struct match_model *model = &proof->search->model;
    const struct match_proof_master *master = &proof->master;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        proof->target.choice[o] = MATCH_NONE;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            proof->target.choice[o] = master->used[c] > 0.5 ? c : proof->target.choice[o];
        }
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        proof->target.in[d] = master->lump_used[d] > 0.5F;
        proof->target.supplier[d] = MATCH_NONE;
        for (uint32_t o = 0; o < model->lot->offer_count && model->lumps[d].single && proof->target.in[d]; o++) {
            if (master->pair_used[(size_t)d * model->lot->offer_count + o] > 0.5F) {
                proof->target.supplier[d] = o;
            }
        }
        proof->target.in[d] = proof->target.in[d] && (!model->lumps[d].single || proof->target.supplier[d] != MATCH_NONE);
    }
}

static void set_ties(struct match_proof *proof)
{
    struct match_ties *ties = &proof->search->ties;
    for (uint32_t t = 0; t < ties->count; t++) {
        int64_t multiplier = proof->center.multiplier[t] >> (MATCH_PROOF_TIE_BITS - MATCH_FUND_BITS);
        ties->ties[t].multiplier = multiplier > MATCH_FUND_PRICE_MOST ? MATCH_FUND_PRICE_MOST : multiplier;
    }
    match_ties_apply(ties);
}

/* The awards of the solution in whole units, rounded down, for the choices and lumps that are open in the plan's flow. */
static uint32_t list_parts(struct match_proof *proof)
{
    const struct match_model *model = &proof->search->model;
    uint32_t offers = model->lot->offer_count, count = 0;
    for (uint32_t l = 0; l < model->line_count; l++) {
        for (uint32_t o = 0; o < offers; o++) {
            int64_t quantity = (int64_t)(proof->master.served[(size_t)l * offers + o] + NEARLY);
            if (quantity > 0 && proof->target.choice[o] != MATCH_NONE) {
                proof->parts[count++] = (struct match_part){l, o, quantity};
            }
        }
    }
    return count;
}

double match_proof_total(const struct match_proof *proof, uint32_t offer)
{
    const struct match_model *model = &proof->search->model;
    double units = 0;
    for (uint32_t l = 0; l < model->line_count; l++) {
        units += proof->master.served[(size_t)l * model->lot->offer_count + offer];
    }
    return units;
}

/* The choices of the target, each held to the units that the solution has of it, up or down to whole ones. */
static void hold_totals(struct match_proof *proof)
{
    const struct match_model *model = &proof->search->model;
    memcpy(proof->held, model->choices, model->choice_count * sizeof *proof->held);
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        uint32_t choice = proof->target.choice[o];
        if (choice == MATCH_NONE) {
            continue;
        }
        double units = match_proof_total(proof, o);
        int64_t low = (int64_t)floor(units + NEARLY), high = (int64_t)ceil(units - NEARLY);
        struct match_choice *held = &proof->held[choice];
        int64_t *capacity = proof->held_capacity + (size_t)o * model->month_count;
        held->least = low > held->least ? low : held->least;
        for (uint32_t m = 0; m < model->month_count; m++) {
            capacity[m] = held->capacity[m] < high ? held->capacity[m] : high;
        }
        held->capacity = capacity;
        held->most = held->most < high ? held->most : high;
    }
}

/*
 * Under shares, which hang on totals alone: the flow of the target with the totals held. Where these are whole nothing of the node is worth more.
 * The flow is not the best without what holds it, so none is left.
 */
static int plan_held(struct match_proof *proof)
{
    struct match_search *search = proof->search;
    const struct match_choice *choices = search->model.choices;
    hold_totals(proof);
    search->model.choices = proof->held;
    match_flow_clear(&search->flow);
    int status = STATUS_OK;
    if (match_target_reach(search, &proof->target, true)) {
        match_flow_copy(&search->flow, &search->trial);
        search->worth = match_flow_worth(&search->flow);
        status = match_finish_keep(search, false);
    }
    search->model.choices = choices;
    match_flow_clear(&search->flow);
    search->worth = MATCH_GAIN_NEVER;
    return status;
}

int match_proof_plan(struct match_proof *proof, bool exact)
{
    struct match_search *search = proof->search;
    set_target(proof);
    if (search->ties.count) {
        set_ties(proof);
    }
    search->tries++;
    proof->plans++;
    bool reached = match_target_reach(search, &proof->target, exact);
    if (!reached || (!exact && !search->ties.count && match_flow_worth(&search->trial) <= search->worth)) {
        return STATUS_OK;
    }
    match_flow_copy(&search->flow, &search->trial);
    search->worth = match_flow_worth(&search->flow);
    int status = search->tied ? match_finish_parts(search, proof->parts, list_parts(proof)) : STATUS_OK;
    if (!exact) {
        match_screen_improve(search, SCREEN_TRIES);
    }
    status = status ? status : match_finish_keep(search, false);
    return !status && search->tied && exact ? plan_held(proof) : status;
}

static bool among(const char *const *countries, uint32_t count, const char *country)
{
    for (uint32_t n = 0; n < count; n++) {
        if (strcmp(countries[n], country) == 0) {
            return true;
        }
    }
    return false;
}

/* Nations of the lot's commitments and of what the solution serves. */
static uint32_t list_nations(struct match_proof *proof, const char **countries)
{
    const struct match_model *model = &proof->search->model;
    uint32_t offers = model->lot->offer_count, count = 0;
    for (uint32_t n = 0; n < model->lot->commitment_count; n++) {
        const char *country = model->lot->demands[model->lot->commitments[n].demand].country;
        if (!among(countries, count, country)) {
            countries[count++] = country;
        }
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        double served = 0;
        for (uint32_t o = 0; o < offers; o++) {
            served += proof->master.served[(size_t)l * offers + o];
        }
        for (uint32_t n = model->first_member[l]; n < model->first_member[l + 1] && served > NEARLY; n++) {
            const char *country = model->lot->demands[model->members[n].demand].country;
            if (!among(countries, count, country)) {
                countries[count++] = country;
            }
        }
    }
    return count;
}

/*
 * With S any set of nations, a plan of N nations serves N - |S| others at least, a unit each: so many units of lines in which others have a
 * part. Where the solution's own nations are too few it does not keep this for them.
 */
static bool cut_nations(struct match_proof *proof)
{
    const struct match_model *model = &proof->search->model;
    struct arena *arena = proof->search->arena;
    const char **countries = arena_array(arena, model->lot->demand_count, sizeof *countries);
    uint8_t *counts = arena_array(arena, model->line_count, 1);
    if (!countries || !counts || proof->dual.cut_count == MATCH_PROOF_CUTS) {
        return false;
    }
    uint32_t count = list_nations(proof, countries);
    if ((int64_t)count >= model->lot->rules.min_nations) {
        return false;
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        for (uint32_t n = model->first_member[l]; n < model->first_member[l + 1]; n++) {
            counts[l] = counts[l] || !among(countries, count, model->lot->demands[model->members[n].demand].country);
        }
    }
    proof->dual.cuts[proof->dual.cut_count++] = (struct match_proof_cut){counts, model->lot->rules.min_nations - count, MATCH_NONE};
    match_proof_master_cut(&proof->master);
    return true;
}

/* One-off costs that the headroom of what the solution awards does not carry. */
static bool cut_covers(struct match_proof *proof)
{
    const struct match_model *model = &proof->search->model;
    struct match_proof_dual *dual = &proof->dual;
    bool cut = false;
    for (uint32_t c = 0; c < model->choice_count && dual->cut_count < MATCH_PROOF_CUTS; c++) {
        double carried = 0, cost = (double)model->choices[c].one_off;
        bool known = cost <= 0 || proof->master.used[c] < 0.5;
        for (uint32_t n = 0; n < dual->cut_count; n++) {
            known = known || (!dual->cuts[n].counts && dual->cuts[n].choice == c);
        }
        for (uint32_t p = dual->whole.first_pair[c]; !known && p < dual->whole.first_pair[c + 1]; p++) {
            carried += (double)match_proof_headroom(dual, p) * proof->master.served[(size_t)dual->whole.line[p] * model->lot->offer_count + model->choices[c].offer];
        }
        if (!known && carried < cost * (1 - NEARLY)) {
            dual->cuts[dual->cut_count++] = (struct match_proof_cut){NULL, 0, c};
            match_proof_master_cut(&proof->master);
            cut = true;
        }
    }
    return cut;
}

bool match_proof_cut(struct match_proof *proof)
{
    bool nations = cut_nations(proof);
    return cut_covers(proof) || nations;
}
