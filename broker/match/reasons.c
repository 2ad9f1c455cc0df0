/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/reasons.h"

#include <string.h>

#include "broker/match/block.h"
#include "broker/match/change.h"
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

static bool forbidden_by_nations(const struct match_lot_plan *plan)
{
    return plan->forbidden_by && strcmp(plan->forbidden_by, "min_nations") == 0;
}

/* Blocks that alone stand in the way of some pair of a demand. */
static unsigned find_blocks(const struct match_state *state, const int64_t *money, uint32_t demand)
{
    const struct match_lot *lot = state->lot;
    /* Where there is no bundle one step is one nation at most: that is in the way only where the planner found it to be. */
    bool counts_nations = state->plan->award_count > 0 || forbidden_by_nations(state->plan);
    unsigned alone = 0;
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
            alone |= single ? with_room : 0;
            alone |= with_output == 0 ? MATCH_BLOCK_CAPACITY : 0u;
        }
    }
    return alone;
}

static enum match_reason reason_of(unsigned alone)
{
    for (size_t n = 0; n < ORDER_COUNT; n++) {
        if (alone & order[n].block) {
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
    return match_replan_lot(market, &changed, money, nations, 0, arena, freed);
}

/*
 * A small lot is planned again for each kind of change, so that its reasons are what a full plan says and not only what one step shows.
 * Larger lots would take as long as their plan did, several times over.
 */
#define SMALL_LOT 400u    /* demands times offers */
#define SMALL_MARKET 16u  /* lots */

/* Re-plans of one small lot: units by demand, NULL where not planned yet. */
struct retrial {
    const struct match_market *market;
    uint32_t lot_index;
    const struct match_state *state;
    int64_t *money;               /* by fund: what it may spend in this lot */
    const int64_t *of_kind[MATCH_REASON_CAPACITY + 1]; /* by reason, but for funds */
    const int64_t **of_fund;
    struct arena *arena;
};

/* Plans with one change; units by demand, or NULL where memory is out. */
static const int64_t *retry(const struct retrial *retrial, const struct match_change *change)
{
    struct arena once;
    struct match_outcome outcome;
    int64_t *units = arena_array(retrial->arena, retrial->state->lot->demand_count, sizeof *units);
    arena_init(&once, retrial->arena->cap);
    int status = match_change_plan(retrial->market, retrial->lot_index, change, retrial->money, &once, &outcome);
    for (uint32_t n = 0; units && !status && n < outcome.plan->award_count; n++) {
        units[outcome.plan->awards[n].demand] += outcome.plan->awards[n].quantity;
    }
    arena_drop(&once);
    return status == STATUS_NO_MEMORY ? NULL : units;
}

static int retry_kind(struct retrial *retrial, enum match_reason reason, enum match_change_kind kind, uint32_t demand, bool *more)
{
    const struct match_change change = {.kind = kind, .demand = demand};
    const int64_t *units = retrial->of_kind[reason];
    if (!units || kind == MATCH_CHANGE_ORDERS) {
        units = retrial->of_kind[reason] = retry(retrial, &change);
    }
    *more = units && units[demand] > retrial->state->demand_taken[demand];
    return units ? STATUS_OK : STATUS_NO_MEMORY;
}

static int retry_fund(struct retrial *retrial, uint32_t demand, bool *more)
{
    uint32_t fund = retrial->state->lot->demands[demand].fund;
    const struct match_change change = {.kind = MATCH_CHANGE_MONEY, .index = fund, .value = INT64_MAX};
    if (!retrial->of_fund[fund]) {
        retrial->of_fund[fund] = retry(retrial, &change);
    }
    *more = retrial->of_fund[fund] && retrial->of_fund[fund][demand] > retrial->state->demand_taken[demand];
    return retrial->of_fund[fund] ? STATUS_OK : STATUS_NO_MEMORY;
}

/* The first reason under which planning again gives the demand more. alone: what single steps showed. */
static int retried_reason(struct retrial *retrial, uint32_t demand, unsigned alone, enum match_reason *reason)
{
    const struct match_state *state = retrial->state;
    uint32_t fund = state->lot->demands[demand].fund;
    bool more = false;
    int status = STATUS_OK;
    if (state->needed > 1 && state->nations <= state->needed) {
        *reason = MATCH_REASON_MIN_NATIONS;
        status = retry_kind(retrial, *reason, MATCH_CHANGE_MIN_NATIONS, demand, &more);
    }
    if (!status && !more) {
        *reason = MATCH_REASON_BUNDLE_RULE;
        more = !state->has_share_rules && alone & MATCH_BLOCK_RULES; /* equal treatment can't be switched off in a plan */
        status = state->has_share_rules ? retry_kind(retrial, *reason, MATCH_CHANGE_SHARES, demand, &more) : STATUS_OK;
    }
    if (!status && !more && fund != MATCH_NONE && retrial->money[fund] != INT64_MAX) {
        *reason = MATCH_REASON_FUND_EXHAUSTED;
        status = retry_fund(retrial, demand, &more);
    }
    if (!status && !more) {
        *reason = MATCH_REASON_MINIMUM_QUANTITY;
        status = retry_kind(retrial, *reason, MATCH_CHANGE_ORDERS, demand, &more);
    }
    if (!status && !more) {
        *reason = MATCH_REASON_CAPACITY;
        status = retry_kind(retrial, *reason, MATCH_CHANGE_OUTPUT, demand, &more);
    }
    *reason = more ? *reason : MATCH_REASON_NOT_WORTH_A_CONTRACT;
    return status;
}

/* Gives the lot's own spending back to the funds. */
static int open_retrial(const struct match_market *market, uint32_t lot_index, const struct match_state *state,
                        const int64_t *left, struct arena *work, struct retrial *retrial)
{
    *retrial = (struct retrial){.market = market, .lot_index = lot_index, .state = state, .arena = work};
    retrial->money = arena_array(work, market->fund_count, sizeof *retrial->money);
    retrial->of_fund = arena_array(work, market->fund_count, sizeof *retrial->of_fund);
    if (!retrial->money || !retrial->of_fund) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t f = 0; f < market->fund_count; f++) {
        retrial->money[f] = left[f];
    }
    for (uint32_t n = 0; n < state->plan->award_count; n++) {
        const struct match_award *a = &state->plan->awards[n];
        uint32_t fund = state->lot->demands[a->demand].fund;
        if (fund != MATCH_NONE && retrial->money[fund] != INT64_MAX) {
            retrial->money[fund] += (a->unit_price + a->freight) * a->quantity + a->one_off;
        }
    }
    return STATUS_OK;
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
    struct retrial retrial;
    bool small = market->lot_count <= SMALL_MARKET && (uint64_t)lot->demand_count * lot->offer_count <= SMALL_LOT;
    if (!plan->uncovered || plan_without_rule(market, lot_index, plan, money, work, &freed, &rule) ||
        open_retrial(market, lot_index, &state, money, work, &retrial)) {
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
            unsigned alone = find_blocks(&state, money, d);
            reason = freed && taken_by(freed, d) > 0 ? rule : reason_of(alone);
            if (small && retried_reason(&retrial, d, alone, &reason)) {
                return STATUS_NO_MEMORY;
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
