/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/match.h"

#include <string.h>

#include "broker/match/chunk.h"
#include "broker/match/control.h"
#include "broker/match/joint.h"
#include "broker/match/keep.h"
#include "broker/match/lot.h"
#include "broker/match/parallel.h"
#include "proto/status.h"

#define LOT_MEMORY ((size_t)1 << 34)

struct lots {
    const struct match_market *market;
    struct match_control *control;
    const __int128 *balance;
    struct match_lot_plan *plans;
    struct arena *results; /* by lot: its awards until all are done */
};

int match_plan_keep(struct arena *arena, struct match_lot_plan *plan)
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

/* Plans one lot that shares no fund with another. */
static int plan_lot(void *context, uint32_t lot)
{
    struct lots *lots = context;
    if (match_chunk_fits(&lots->market->lots[lot])) {
        int status = match_chunk_plan(lots->market, lot, lots->control, &lots->results[lot], &lots->plans[lot]);
        match_control_lot_done(lots->control, lots->plans[lot].objective, lots->plans[lot].bound);
        return status;
    }
    struct arena work;
    arena_init(&work, LOT_MEMORY);
    struct match_search *search = arena_alloc(&work, sizeof *search);
    uint64_t since = match_control_time(lots->control);
    int status = search ? match_search_init(lots->market, lot, false, &work, search) : STATUS_NO_MEMORY;
    match_control_count(lots->control, MATCH_PASS_BUILD, since, 1, 1);
    if (!status) {
        search->control = lots->control;
        match_search_budget(search, lots->control->options);
        status = match_lot_search(search);
    }
    if (!status) {
        lots->plans[lot] = search->best;
        match_control_lot_done(lots->control, search->best.objective, search->best.bound);
        status = match_plan_keep(&lots->results[lot], &lots->plans[lot]);
    }
    arena_drop(&work);
    return status;
}

void match_plan_balances(const struct match_market *market, __int128 *balance)
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

bool *match_plan_tied(const struct match_market *market, struct arena *arena)
{
    uint32_t *seen = arena_array(arena, market->fund_count, sizeof *seen); /* lot + 1 */
    bool *shared = arena_array(arena, market->fund_count, sizeof *shared);
    bool *tied = arena_array(arena, market->lot_count, sizeof *tied);
    for (int pass = 0; seen && shared && tied && pass < 2; pass++) {
        for (uint32_t l = 0; l < market->lot_count; l++) {
            for (uint32_t d = 0; d < market->lots[l].demand_count; d++) {
                uint32_t fund = market->lots[l].demands[d].fund;
                if (fund == MATCH_NONE || !market->funds[fund].limited) {
                    continue;
                }
                shared[fund] = shared[fund] || (seen[fund] && seen[fund] != l + 1);
                tied[l] = tied[l] || (pass == 1 && shared[fund]);
                seen[fund] = l + 1;
            }
        }
    }
    return seen && shared ? tied : NULL;
}

/* The lots that are tied, or those that are not, as a market of their own; where[n] is the lot's place in the whole. */
static int part_of(const struct match_market *market, const bool *tied, bool wanted, struct arena *arena, struct match_market *part, uint32_t **where)
{
    struct match_lot *lots = arena_array(arena, market->lot_count, sizeof *lots);
    *where = arena_array(arena, market->lot_count, sizeof **where);
    *part = *market;
    if (!lots || !*where) {
        return STATUS_NO_MEMORY;
    }
    part->lot_count = 0;
    for (uint32_t l = 0; l < market->lot_count; l++) {
        if (tied[l] == wanted) {
            lots[part->lot_count] = market->lots[l];
            (*where)[part->lot_count++] = l;
        }
    }
    part->lots = lots;
    return STATUS_OK;
}

/* Lots that share nothing, each on its own. */
static int plan_apart(struct lots *lots, struct arena *arena, int64_t *bound)
{
    uint32_t count = lots->market->lot_count;
    lots->results = arena_array(arena, count, sizeof *lots->results);
    if (!lots->results) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < count; l++) {
        arena_init(&lots->results[l], LOT_MEMORY);
    }
    int status = match_parallel_run(lots->control->options->threads, count, plan_lot, lots);
    *bound = 0;
    for (uint32_t l = 0; l < count; l++) {
        status = status ? status : match_plan_keep(arena, &lots->plans[l]);
        lots->plans[l].priced_bound = lots->plans[l].bound;
        *bound += lots->plans[l].bound;
        arena_drop(&lots->results[l]);
    }
    return status;
}

/* Plans one part and puts its plans in their places; adds its bound. */
static int plan_part(struct lots *lots, const bool *tied, bool wanted, struct arena *arena, struct match_plan *plan)
{
    struct match_market part;
    uint32_t *where;
    int64_t bound = 0;
    int status = part_of(lots->market, tied, wanted, arena, &part, &where);
    if (status || part.lot_count == 0) {
        return status;
    }
    struct lots own = {.market = &part, .control = lots->control, .balance = lots->balance};
    own.plans = arena_array(arena, part.lot_count, sizeof *own.plans);
    if (!own.plans) {
        return STATUS_NO_MEMORY;
    }
    status = wanted ? match_joint_plan(&part, own.control, own.balance, arena, own.plans, plan->money_price, &bound) : plan_apart(&own, arena, &bound);
    for (uint32_t n = 0; !status && n < part.lot_count; n++) {
        plan->lots[where[n]] = own.plans[n];
    }
    plan->bound += bound;
    return status;
}

int match_plan(const struct match_market *market, const struct match_options *options, struct arena *arena, struct match_plan **result)
{
    const struct match_options defaults = {.threads = 1};
    struct match_control control;
    struct match_plan *plan = arena_alloc(arena, sizeof *plan);
    __int128 *balance = arena_array(arena, market->fund_count, sizeof *balance);
    if (!plan || !balance || !(plan->money_price = arena_array(arena, market->fund_count, sizeof *plan->money_price)) ||
        !(plan->lots = arena_array(arena, market->lot_count, sizeof *plan->lots))) {
        return STATUS_NO_MEMORY;
    }
    plan->lot_count = market->lot_count;
    match_control_init(&control, options ? options : &defaults, market->lot_count);
    match_plan_balances(market, balance);
    const bool *tied = match_plan_tied(market, arena);
    struct lots lots = {.market = market, .control = &control, .balance = balance, .plans = plan->lots};
    int status = tied ? plan_part(&lots, tied, true, arena, plan) : STATUS_NO_MEMORY;
    status = status ? status : plan_part(&lots, tied, false, arena, plan);
    for (uint32_t l = 0; !status && l < market->lot_count; l++) {
        plan->objective += plan->lots[l].objective;
    }
    match_control_report(&control);
    *result = plan;
    return status;
}
