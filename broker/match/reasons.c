/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/reasons.h"

#include <string.h>

#include "broker/match/block.h"
#include "broker/match/facts.h"
#include "broker/match/match.h"
#include "broker/match/replan.h"
#include "broker/match/state.h"
#include "proto/status.h"

/* The reason of each block, in the order of the model's list. */
static const struct {
    unsigned block;
    enum match_reason reason;
} order[] = {
    {MATCH_BLOCK_NATIONS, MATCH_REASON_MIN_NATIONS},   {MATCH_BLOCK_RULES, MATCH_REASON_BUNDLE_RULE},
    {MATCH_BLOCK_FUND, MATCH_REASON_FUND_EXHAUSTED},   {MATCH_BLOCK_MINIMUM, MATCH_REASON_MINIMUM_QUANTITY},
    {MATCH_BLOCK_CAPACITY, MATCH_REASON_CAPACITY},     {MATCH_BLOCK_VALUE, MATCH_REASON_NOT_WORTH_A_CONTRACT},
};

#define ORDER_COUNT (sizeof order / sizeof order[0])

/* What was found in the way of a demand over all pairs. */
struct findings {
    unsigned alone;  /* blocks that alone stand in the way of some pair */
    unsigned all;    /* blocks in the way of every pair */
};

static bool forbidden_by_nations(const struct match_lot_plan *plan)
{
    return plan->forbidden_by && strcmp(plan->forbidden_by, "min_nations") == 0;
}

static struct findings find_blocks(const struct match_state *state, const int64_t *money, uint32_t demand)
{
    const struct match_lot *lot = state->lot;
    /* Where there is no bundle one step is one nation at most: that is in the way only where the planner found it to be. */
    bool counts_nations = state->plan->award_count > 0 || forbidden_by_nations(state->plan);
    struct findings found = {0, ~0u};
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        int64_t freight = match_pairs_freight(&state->pairs, demand, o);
        for (uint32_t k = 0; k < lot->offers[o].tier_count && freight != MATCH_NO_FREIGHT; k++) {
            bool barred = state->used_tier[o] != MATCH_NONE && state->used_tier[o] != k;
            if (barred || lot->offers[o].tiers[k].unit_price + freight > lot->demands[demand].ceiling) {
                continue;
            }
            unsigned with_room, with_output;
            match_block_find(state, money, demand, o, k, freight, &with_room, &with_output);
            with_room &= counts_nations ? ~0u : ~(unsigned)MATCH_BLOCK_NATIONS;
            with_output &= counts_nations ? ~0u : ~(unsigned)MATCH_BLOCK_NATIONS;
            bool single = (with_room & (with_room - 1)) == 0;
            found.alone |= single ? with_room : 0;
            found.alone |= with_output == 0 ? MATCH_BLOCK_CAPACITY : 0u;
            found.all &= with_room;
        }
    }
    return found;
}

static enum match_reason reason_of(const struct findings *found)
{
    for (size_t n = 0; n < ORDER_COUNT; n++) {
        if (found->alone & order[n].block) {
            return order[n].reason;
        }
    }
    for (size_t n = 0; n < ORDER_COUNT; n++) {
        if (found->all & order[n].block) {
            return order[n].reason;
        }
    }
    return MATCH_REASON_NOT_WORTH_A_CONTRACT;
}

/* Of a lot that a rule left without a bundle: its plan without that rule, to see who would get more. */
static int plan_without_rule(const struct match_market *market, uint32_t lot, const struct match_lot_plan *plan,
                             const int64_t *money, struct arena *arena, struct match_lot_plan **freed, enum match_reason *reason)
{
    *freed = NULL;
    if (!plan->forbidden_by || plan->award_count > 0) {
        return STATUS_OK;
    }
    struct match_lot changed = market->lots[lot];
    bool nations = forbidden_by_nations(plan);
    *reason = nations ? MATCH_REASON_MIN_NATIONS : MATCH_REASON_BUNDLE_RULE;
    if (nations) {
        changed.rules.min_nations = 0;
    } else {
        changed.rules.sme_min_share = 0;
        changed.rules.european_min_share = 0;
        changed.rules.european_max_share = 100;
        changed.rules.supplier_max_share = 100;
    }
    return match_replan_lot(market, &changed, money, nations, arena, freed);
}

static int64_t taken_by(const struct match_lot_plan *plan, uint32_t demand)
{
    int64_t total = 0;
    for (uint32_t n = 0; n < plan->award_count; n++) {
        total += plan->awards[n].demand == demand ? plan->awards[n].quantity : 0;
    }
    return total;
}

static int reasons_of_lot(const struct match_market *market, uint32_t lot_index, const int64_t *money, struct arena *arena,
                          struct arena *work, struct match_lot_plan *plan)
{
    const struct match_lot *lot = &market->lots[lot_index];
    struct match_state state;
    if (match_state_open(market, lot, plan, work, &state)) {
        return STATUS_NO_MEMORY;
    }
    uint32_t count = 0;
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        for (uint32_t n = 0; n < lot->demands[d].line_count; n++) {
            if (match_state_lacks(&state, d, n) > 0) {
                count++;
                break;
            }
        }
    }
    plan->uncovered = arena_array(arena, count, sizeof *plan->uncovered);
    struct match_lot_plan *freed;
    enum match_reason rule = MATCH_REASON_MIN_NATIONS;
    if (!plan->uncovered || plan_without_rule(market, lot_index, plan, money, work, &freed, &rule)) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        int64_t missing = 0;
        int32_t last = 0;
        for (uint32_t n = 0; n < lot->demands[d].line_count; n++) {
            int64_t lacks = match_state_lacks(&state, d, n);
            missing += lacks;
            last = lacks > 0 ? lot->demands[d].lines[n].month : last;
        }
        if (missing == 0) {
            continue;
        }
        enum match_reason reason;
        if (!match_facts_reason(market, lot, &state.pairs, state.committed_tier, d, last, &reason)) {
            if (freed && taken_by(freed, d) > 0) {
                reason = rule;
            } else {
                const struct findings found = find_blocks(&state, money, d);
                reason = reason_of(&found);
            }
        }
        plan->uncovered[plan->uncovered_count++] = (struct match_uncovered){.demand = d, .quantity = missing, .reason = reason};
    }
    return STATUS_OK;
}

void match_reasons_money(const struct match_market *market, const struct match_plan *plan, int64_t *left)
{
    for (uint32_t f = 0; f < market->fund_count; f++) {
        left[f] = market->funds[f].limited ? market->funds[f].balance : INT64_MAX;
    }
    for (uint32_t l = 0; l < market->lot_count; l++) {
        const struct match_lot *lot = &market->lots[l];
        for (uint32_t n = 0; n < lot->commitment_count; n++) {
            const struct match_commitment *c = &lot->commitments[n];
            uint32_t fund = lot->demands[c->demand].fund;
            if (fund != MATCH_NONE && left[fund] != INT64_MAX) {
                left[fund] -= (c->unit_price + c->freight) * c->quantity + c->one_off;
            }
        }
        for (uint32_t n = 0; n < plan->lots[l].award_count; n++) {
            const struct match_award *a = &plan->lots[l].awards[n];
            uint32_t fund = lot->demands[a->demand].fund;
            if (fund != MATCH_NONE && left[fund] != INT64_MAX) {
                left[fund] -= (a->unit_price + a->freight) * a->quantity + a->one_off;
            }
        }
    }
    for (uint32_t f = 0; f < market->fund_count; f++) {
        left[f] = left[f] < 0 ? 0 : left[f];
    }
}

int match_reasons_plan(const struct match_market *market, struct arena *arena, struct match_plan *plan)
{
    int64_t *money = arena_array(arena, market->fund_count, sizeof *money);
    if (!money) {
        return STATUS_NO_MEMORY;
    }
    match_reasons_money(market, plan, money);
    for (uint32_t l = 0; l < market->lot_count; l++) {
        struct arena work;
        arena_init(&work, arena->cap);
        int status = reasons_of_lot(market, l, money, arena, &work, &plan->lots[l]);
        arena_drop(&work);
        if (status) {
            return status;
        }
    }
    return STATUS_OK;
}
