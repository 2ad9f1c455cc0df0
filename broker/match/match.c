/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/match.h"

#include <string.h>

#include "broker/match/finish.h"
#include "broker/match/screen.h"
#include "proto/status.h"

#define COLD_STEPS 100
#define WARM_STEPS 60
#define TRIES 600
#define LOT_MEMORY ((size_t)1 << 32)

/* Moves what a lot's plan points to out of the memory of its search. */
static int keep_plan(struct arena *arena, struct match_lot_plan *plan)
{
    struct match_award *awards = arena_array(arena, plan->award_count, sizeof *awards);
    const char *forbidden_by = plan->forbidden_by ? arena_string(arena, plan->forbidden_by) : NULL;
    if (!awards || (plan->forbidden_by && !forbidden_by)) {
        return STATUS_NO_MEMORY;
    }
    if (plan->award_count) {
        memcpy(awards, plan->awards, plan->award_count * sizeof *awards);
    }
    plan->awards = awards;
    plan->forbidden_by = forbidden_by;
    return STATUS_OK;
}

/* Searches one lot and finishes it within rights of its ties. */
static int plan_lot(const struct match_market *market, uint32_t lot, __int128 *balance, struct arena *arena, struct match_lot_plan *out)
{
    struct arena work;
    arena_init(&work, LOT_MEMORY);
    struct match_search *search = arena_alloc(&work, sizeof *search);
    int status = search ? match_search_init(market, &market->lots[lot], false, &work, search) : STATUS_NO_MEMORY;
    __int128 *rights = status ? NULL : arena_array(&work, search->ties.count, sizeof *rights);
    if (status || !rights) {
        arena_drop(&work);
        return status ? status : STATUS_NO_MEMORY;
    }
    for (uint32_t t = 0; t < search->ties.count; t++) {
        struct match_tie *tie = &search->ties.ties[t];
        rights[t] = tie->kind == MATCH_TIE_FUND ? balance[tie->index] : tie->right;
    }
    match_prices_guess(&search->model, search->guess, search->dual.price);
    match_ascent_run(&search->walk, &search->limits, &search->ties, MATCH_NET_NEVER, COLD_STEPS, &search->dual, &search->ascent);
    __int128 bound = search->dual.bound;
    match_first_plan(search);
    match_screen_improve(search, TRIES);
    match_screen_prices(search, &search->flow, search->dual.price);
    match_ascent_run(&search->walk, &search->limits, &search->ties, MATCH_NET_NEVER, WARM_STEPS, &search->dual, &search->ascent);
    bound = search->dual.bound < bound ? search->dual.bound : bound;
    status = match_finish_lot(search, lot, rights, &work, out);
    if (!status) {
        status = keep_plan(arena, out);
    }
    out->bound = match_bound_cents(&search->model, bound);
    for (uint32_t n = 0; n < out->award_count; n++) {
        uint32_t fund = market->lots[lot].demands[out->awards[n].demand].fund;
        if (fund != MATCH_NONE) {
            balance[fund] -= (__int128)out->awards[n].quantity * (out->awards[n].unit_price + out->awards[n].freight) + out->awards[n].one_off;
        }
    }
    arena_drop(&work);
    return status;
}

/* What each fund has left after all commitments; never below 0. */
static void open_balances(const struct match_market *market, __int128 *balance)
{
    for (uint32_t f = 0; f < market->fund_count; f++) {
        balance[f] = market->funds[f].balance;
    }
    for (uint32_t l = 0; l < market->lot_count; l++) {
        const struct match_lot *lot = &market->lots[l];
        for (uint32_t n = 0; n < lot->commitment_count; n++) {
            const struct match_commitment *c = &lot->commitments[n];
            uint32_t fund = lot->demands[c->demand].fund;
            if (fund != MATCH_NONE) {
                balance[fund] -= (__int128)(c->unit_price + c->freight) * c->quantity + c->one_off;
            }
        }
    }
    for (uint32_t f = 0; f < market->fund_count; f++) {
        balance[f] = balance[f] < 0 ? 0 : balance[f];
    }
}

int match_plan(const struct match_market *market, const struct match_options *options, struct arena *arena, struct match_plan **result)
{
    (void)options;
    struct match_plan *plan = arena_alloc(arena, sizeof *plan);
    __int128 *balance = arena_array(arena, market->fund_count, sizeof *balance);
    if (!plan || !balance || !(plan->lots = arena_array(arena, market->lot_count, sizeof *plan->lots))) {
        return STATUS_NO_MEMORY;
    }
    plan->lot_count = market->lot_count;
    open_balances(market, balance);
    for (uint32_t l = 0; l < market->lot_count; l++) {
        int status = plan_lot(market, l, balance, arena, &plan->lots[l]);
        if (status) {
            return status;
        }
        plan->objective += plan->lots[l].objective;
        plan->bound += plan->lots[l].bound;
    }
    *result = plan;
    return STATUS_OK;
}
