/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/tie_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "broker/match/finish.h"
#include "broker/match/moves.h"
#include "broker/match/rank.h"
#include "broker/match/screen.h"
#include "broker/match/tied.h"
#include "proto/status.h"

#define STEPS_FIRST 20 /* flows for a set that is taken up */
#define STEPS_JUDGE 10 /* flows for a change on trial */
#define LEAST_GAIN 1e-6
#define SEEDS 8        /* offers that a start from many opens */
#define SEED_BUILDS 150
#define SEED_SOLVES 60

static void save_multipliers(struct match_search *search)
{
    for (uint32_t t = 0; t < search->ties.count; t++) {
        search->multipliers[t] = search->ties.ties[t].multiplier;
    }
}

static void restore_multipliers(struct match_search *search)
{
    for (uint32_t t = 0; t < search->ties.count; t++) {
        search->ties.ties[t].multiplier = search->multipliers[t];
    }
    match_ties_apply(&search->ties);
}

/* What a flow is worth in cents at the multipliers in force, with the rows as they now may be: at least what its set is worth under them. */
static double worth_at_most(const struct match_search *search, const struct match_flow *flow)
{
    __int128 worth = match_flow_worth(flow);
    if (worth == MATCH_GAIN_NEVER) {
        return -INFINITY;
    }
    double cents = (double)worth / (double)(INT64_C(1) << search->model.shift);
    for (uint32_t t = 0; t < search->ties.count; t++) {
        cents += (double)search->ties.ties[t].multiplier / (double)(INT64_C(1) << MATCH_FUND_BITS) * (double)search->repair.right[t];
    }
    return cents;
}

int match_tie_take_over(struct match_search *search, double cut, bool *taken)
{
    struct match_tied *tied = search->tied;
    *taken = false;
    if (worth_at_most(search, &search->trial) <= cut) {
        return STATUS_OK;
    }
    save_multipliers(search);
    match_tied_take(tied, &search->trial);
    search->solves++;
    if (!match_tied_solve(tied, &search->trial, cut, STEPS_JUDGE)) {
        restore_multipliers(search);
        return STATUS_OK;
    }
    int64_t before = search->set_objective;
    double worth_before = search->tied_worth;
    match_flow_copy(&search->kept, &search->flow);
    match_flow_copy(&search->flow, &search->trial);
    search->tied_worth = tied->value;
    int status = match_finish_mix(search);
    *taken = search->set_objective > before;
    if (!*taken) {
        match_flow_copy(&search->flow, &search->kept);
        search->set_objective = before;
        search->tied_worth = worth_before;
        restore_multipliers(search);
    }
    search->worth = match_flow_worth(&search->flow);
    search->successes += *taken;
    return status;
}

/* Tries the moves listed until one succeeds. */
static int try_moves(struct match_search *search, uint32_t count, uint64_t until, uint64_t solves, bool *taken)
{
    *taken = false;
    for (uint32_t n = 0; n < count && search->tries < until && search->solves < solves && !*taken; n++) {
        if (search->tied->builds >= search->tied->build_most) {
            break;
        }
        double cut = search->tied_worth + LEAST_GAIN * fabs(search->tied_worth) + 1;
        search->tries++;
        match_flow_copy(&search->trial, &search->flow);
        if (!match_move_apply(search, &search->moves[n], MATCH_GAIN_NEVER)) {
            continue;
        }
        int status = match_tie_take_over(search, cut, taken);
        if (status) {
            return status;
        }
    }
    return STATUS_OK;
}

static int improve_once(struct match_search *search, uint64_t until, uint64_t solves, bool *taken)
{
    match_screen_probe(search);
    int status = try_moves(search, match_screen_list(search, false), until, solves, taken);
    if (!status && !*taken) {
        status = try_moves(search, match_screen_list(search, true), until, solves, taken);
    }
    return status;
}

int match_tie_improve(struct match_search *search, uint32_t tries, uint32_t solves)
{
    uint64_t until = search->tries + tries, most = search->solves + solves;
    bool taken = true;
    memcpy(search->repair.right, search->rights, search->ties.count * sizeof *search->rights);
    match_tied_take(search->tied, &search->flow);
    if (!match_tied_solve(search->tied, &search->flow, -INFINITY, STEPS_FIRST)) {
        match_moves_rebuild(search);
        return match_finish_keep(search, true);
    }
    search->worth = match_flow_worth(&search->flow);
    search->tied_worth = search->tied->value;
    int status = match_finish_mix(search);
    while (!status && taken && search->tries < until && search->solves < most) {
        status = improve_once(search, until, most, &taken);
    }
    return status;
}

static int compare_ranks(const void *a, const void *b)
{
    const struct match_rank *x = a, *y = b;
    if (x->gain != y->gain) {
        return x->gain > y->gain ? -1 : 1;
    }
    return (x->index > y->index) - (x->index < y->index);
}

/* The choice of each offer that is worth most at the prices before what it costs to take it up; the best of these first. */
static uint32_t rank_choices(struct match_search *search)
{
    const struct match_model *model = &search->model;
    uint32_t count = 0;
    match_dual_evaluate(&search->walk, &search->limits, &search->probe);
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        struct match_rank best = {0, MATCH_NONE};
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            __int128 gain = search->probe.net[c] + ((__int128)model->choices[c].fixed << model->shift);
            if (!search->avoid[c] && search->probe.net[c] != MATCH_NET_NEVER && gain > best.gain) {
                best = (struct match_rank){gain, c};
            }
        }
        if (best.index != MATCH_NONE) {
            search->ranks[count++] = best;
        }
    }
    qsort(search->ranks, count, sizeof *search->ranks, compare_ranks);
    return count;
}

int match_tie_seed(struct match_search *search, uint32_t tries)
{
    memset(search->probe.price, 0, search->model.line_count * sizeof *search->probe.price);
    uint32_t count = rank_choices(search);
    match_flow_clear(&search->trial);
    for (uint32_t n = 0; n < count && n < SEEDS; n++) {
        search->list[n] = search->ranks[n].index;
    }
    if (!count || !match_flow_open_all(&search->trial, search->list, count < SEEDS ? count : SEEDS)) {
        return STATUS_OK;
    }
    match_lumps_settle(search, MATCH_NONE);
    match_close_short(search);
    match_flow_copy(&search->flow, &search->trial);
    search->worth = match_flow_worth(&search->flow);
    search->tied->build_most = search->tied->builds + SEED_BUILDS;
    return match_tie_improve(search, tries, SEED_SOLVES);
}
