/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/replan.h"

#include "broker/match/match.h"
#include "proto/status.h"

#define NODES 8 /* of branch and bound: the plan is wanted, a proof is not */

/* What the lot's own commitments draw on a fund; the core counts them against the balance again. */
static int64_t committed_of(const struct match_lot *lot, uint32_t fund)
{
    int64_t total = 0;
    for (uint32_t n = 0; n < lot->commitment_count; n++) {
        const struct match_commitment *c = &lot->commitments[n];
        if (lot->demands[c->demand].fund == fund) {
            total += (c->unit_price + c->freight) * c->quantity + c->one_off;
        }
    }
    return total;
}

int match_replan_lot(const struct match_market *market, const struct match_lot *lot, const int64_t *money, bool free_funds,
                     uint32_t enough, struct arena *arena, struct match_lot_plan **plan)
{
    struct match_market one = *market;
    struct match_fund *funds = arena_array(arena, market->fund_count, sizeof *funds);
    struct match_lot *copy = arena_alloc(arena, sizeof *copy);
    if (!funds || !copy) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t f = 0; f < market->fund_count; f++) {
        funds[f] = market->funds[f];
        funds[f].limited = money && money[f] != INT64_MAX;
        funds[f].balance = funds[f].limited ? money[f] + committed_of(lot, f) : 0;
        funds[f].min_nations = free_funds ? 0 : funds[f].min_nations;
    }
    *copy = *lot;
    one.funds = funds;
    one.lots = copy;
    one.lot_count = 1;
    const struct match_options options = {.threads = 1, .node_budget = NODES, .enough = enough};
    struct match_plan *result;
    int status = match_plan(&one, &options, arena, &result);
    if (!status) {
        *plan = &result->lots[0];
    }
    return status;
}
