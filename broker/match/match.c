/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/match.h"

#include <string.h>

#include "broker/match/lot.h"
#include "proto/status.h"

#define NODES 30         /* of a lot's tree by default */
#define PROOF_NODES 5000
#define NODE_STEPS 25
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

/* Searches one lot and finishes within the balances left. */
static int plan_lot(const struct match_market *market, uint32_t lot, const struct match_options *options, __int128 *balance,
                    struct arena *arena, struct match_lot_plan *out)
{
    struct arena work;
    arena_init(&work, LOT_MEMORY);
    struct match_search *search = arena_alloc(&work, sizeof *search);
    int status = search ? match_search_init(market, lot, false, &work, search) : STATUS_NO_MEMORY;
    for (uint32_t t = 0; !status && t < search->ties.count; t++) {
        if (search->ties.ties[t].kind == MATCH_TIE_FUND) {
            search->rights[t] = balance[search->ties.ties[t].index];
        }
    }
    if (!status) {
        search->nodes = options && options->node_budget ? options->node_budget : options && options->prove ? PROOF_NODES : NODES;
        search->node_steps = NODE_STEPS;
        status = match_lot_search(search);
    }
    if (!status) {
        *out = search->best;
        status = keep_plan(arena, out);
    }
    for (uint32_t n = 0; !status && n < out->award_count; n++) {
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
    struct match_plan *plan = arena_alloc(arena, sizeof *plan);
    __int128 *balance = arena_array(arena, market->fund_count, sizeof *balance);
    if (!plan || !balance || !(plan->lots = arena_array(arena, market->lot_count, sizeof *plan->lots))) {
        return STATUS_NO_MEMORY;
    }
    plan->lot_count = market->lot_count;
    open_balances(market, balance);
    for (uint32_t l = 0; l < market->lot_count; l++) {
        int status = plan_lot(market, l, options, balance, arena, &plan->lots[l]);
        if (status) {
            return status;
        }
        plan->objective += plan->lots[l].objective;
        plan->bound += plan->lots[l].bound;
    }
    *result = plan;
    return STATUS_OK;
}
