/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/lot.h"

#include <string.h>

#include "broker/match/branch.h"
#include "broker/match/finish.h"
#include "broker/match/moves.h"
#include "broker/match/screen.h"
#include "proto/status.h"

#define COLD_STEPS 150
#define WARM_STEPS 60
#define MIXES 8
#define TRIES 400

/* The best prices on the way from the plan's to those of the search before: the bound is convex. Both kinds lie at the edge of what is best. */
static void mix_prices(struct match_search *search)
{
    const struct match_model *model = &search->model;
    struct match_dual *dual = &search->dual, *probe = &search->probe;
    __int128 best = MATCH_NET_NEVER;
    int kept = 0;
    match_screen_prices(search, &search->flow, probe->price);
    memcpy(search->mixed, dual->price, model->line_count * sizeof *search->mixed);
    memcpy(search->plan_price, probe->price, model->line_count * sizeof *search->plan_price);
    for (int part = 0; part <= MIXES; part++) {
        for (uint32_t l = 0; l < model->line_count; l++) {
            probe->price[l] = (int64_t)(((__int128)search->plan_price[l] * (MIXES - part) + (__int128)search->mixed[l] * part) / MIXES);
        }
        match_dual_evaluate(&search->walk, &search->limits, probe);
        if (best == MATCH_NET_NEVER || probe->bound < best) {
            best = probe->bound;
            kept = part;
        } else {
            break;
        }
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        dual->price[l] = (int64_t)(((__int128)search->plan_price[l] * (MIXES - kept) + (__int128)search->mixed[l] * kept) / MIXES);
    }
}

/* Prices of the plan as a start for the bound. */
static void warm_bound(struct match_search *search)
{
    mix_prices(search);
    match_ascent_run(&search->walk, &search->limits, &search->ties, search->worth + match_ties_constant(&search->ties), WARM_STEPS,
                     &search->dual, &search->ascent);
    match_search_bound(search, search->dual.bound);
}

int match_lot_search(struct match_search *search)
{
    match_prices_guess(&search->model, search->guess, search->dual.price);
    match_ascent_run(&search->walk, &search->limits, &search->ties, MATCH_NET_NEVER, COLD_STEPS, &search->dual, &search->ascent);
    match_search_bound(search, search->dual.bound);
    match_first_plan(search);
    match_screen_improve(search, TRIES);
    int status = match_finish_keep(search, true);
    if (status) {
        return status;
    }
    warm_bound(search);
    if (search->ties.count) {
        match_moves_rebuild(search);
        match_screen_improve(search, TRIES);
        status = match_finish_keep(search, true);
    }
    return status ? status : match_branch_run(search);
}
