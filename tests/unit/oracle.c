/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/oracle.h"

#include <stdlib.h>
#include <string.h>

#include "broker/match/pairs.h"
#include "broker/match/plan.h"
#include "broker/match/shares.h"
#include "broker/match/verify.h"
#include "proto/status.h"

#define MEMORY ((size_t)1 << 26)

/* The enumeration of one lot. */
struct oracle {
    const struct match_market *market;
    const struct match_lot *lot;
    struct arena work;
    struct match_pairs pairs;
    uint32_t demand[ORACLE_LINES_MOST], line[ORACLE_LINES_MOST];
    uint32_t line_count;
    uint32_t tier[ORACLE_OFFERS_MOST];
    int64_t quantity[ORACLE_LINES_MOST][ORACLE_OFFERS_MOST];
    int64_t best;
    uint64_t plans;
    uint32_t valid;
};

/* Plans of a lot, or some number above most; and its lines. */
static uint64_t plans_of(const struct match_lot *lot, uint64_t most, uint32_t *line_count)
{
    uint64_t plans = 1;
    *line_count = 0;
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        plans *= lot->offers[o].tier_count;
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        for (uint32_t n = 0; n < lot->demands[d].line_count; n++) {
            uint64_t ways = 1; /* (quantity + offers) over offers */
            for (uint32_t o = 1; o <= lot->offer_count && ways <= most; o++) {
                ways = ways * ((uint64_t)lot->demands[d].lines[n].quantity + o) / o;
            }
            plans = plans > most ? plans : plans * ways;
            ++*line_count;
        }
    }
    return plans;
}

/* Prices what stands in quantity as a plan and asks the verifier. */
static void judge(struct oracle *oracle)
{
    const struct match_lot *lot = oracle->lot;
    struct match_award awards[ORACLE_LINES_MOST * ORACLE_OFFERS_MOST];
    struct match_lot_plan plan = {.awards = awards};
    int64_t objective = 0;
    for (uint32_t l = 0; l < oracle->line_count; l++) {
        for (uint32_t o = 0; o < lot->offer_count; o++) {
            int64_t freight = match_pairs_freight(&oracle->pairs, oracle->demand[l], o), quantity = oracle->quantity[l][o];
            const struct match_tier *tier = &lot->offers[o].tiers[oracle->tier[o]];
            const struct match_demand *d = &lot->demands[oracle->demand[l]];
            if (quantity == 0) {
                continue;
            }
            if (freight == MATCH_NO_FREIGHT || tier->unit_price + freight > d->ceiling) {
                return;
            }
            awards[plan.award_count++] = (struct match_award){oracle->demand[l], oracle->line[l], o, oracle->tier[o], quantity,
                                                              tier->unit_price, freight, 0};
            objective += quantity * (lot->rules.weights[d->priority - 1] * lot->reference - tier->evaluated_price - freight);
        }
    }
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        struct match_share shares[ORACLE_LINES_MOST];
        uint32_t scratch[ORACLE_LINES_MOST], at[ORACLE_LINES_MOST], count = 0;
        for (uint32_t n = 0; n < plan.award_count; n++) {
            if (awards[n].offer == o) {
                shares[count] = (struct match_share){awards[n].quantity, lot->demands[awards[n].demand].ceiling - awards[n].unit_price - awards[n].freight, 0};
                at[count++] = n;
            }
        }
        const struct match_tier *tier = &lot->offers[o].tiers[oracle->tier[o]];
        if (count > 0 && !match_shares_compute(tier->one_off, shares, count, scratch)) {
            return;
        }
        for (uint32_t n = 0; n < count; n++) {
            awards[at[n]].one_off = shares[n].share;
        }
        objective -= count > 0 ? tier->one_off + lot->rules.contract_overhead : 0;
    }
    if (objective <= oracle->best) {
        return;
    }
    plan.objective = plan.bound = objective;
    const char *fault;
    int64_t *spent = arena_array(&oracle->work, oracle->market->fund_count, sizeof *spent);
    if (spent == NULL) {
        abort();
    }
    bool valid = match_verify_lot(oracle->market, 0, &plan, &oracle->work, spent, &fault) == STATUS_OK;
    for (uint32_t f = 0; f < oracle->market->fund_count; f++) {
        valid = valid && (!oracle->market->funds[f].limited || spent[f] <= oracle->market->funds[f].balance);
    }
    if (valid) {
        oracle->best = objective;
        oracle->valid++;
    }
}

/* All ways to split what is left of a line over the offers from offer on, then the next line. */
static void split(struct oracle *oracle, uint32_t line, uint32_t offer, int64_t left)
{
    if (line == oracle->line_count) {
        oracle->plans++;
        judge(oracle);
        return;
    }
    if (offer == oracle->lot->offer_count) {
        uint32_t next = line + 1;
        int64_t quantity = next == oracle->line_count ? 0
                         : oracle->lot->demands[oracle->demand[next]].lines[oracle->line[next]].quantity;
        split(oracle, next, 0, quantity);
        return;
    }
    for (int64_t quantity = 0; quantity <= left; quantity++) {
        oracle->quantity[line][offer] = quantity;
        split(oracle, line, offer + 1, left - quantity);
    }
    oracle->quantity[line][offer] = 0;
}

static void choose_tiers(struct oracle *oracle, uint32_t offer)
{
    if (offer == oracle->lot->offer_count) {
        split(oracle, 0, 0, oracle->lot->demands[0].lines[0].quantity);
        return;
    }
    for (oracle->tier[offer] = 0; oracle->tier[offer] < oracle->lot->offers[offer].tier_count; oracle->tier[offer]++) {
        choose_tiers(oracle, offer + 1);
    }
    oracle->tier[offer] = 0;
}

bool oracle_best(const struct match_market *market, uint64_t most, int64_t *best, uint32_t *valid)
{
    struct oracle oracle = {.market = market, .lot = &market->lots[0]};
    struct arena pairs;
    uint32_t lines = 0;
    const struct match_lot *lot = oracle.lot;
    if (market->lot_count != 1 || lot->commitment_count > 0 || lot->offer_count > ORACLE_OFFERS_MOST || plans_of(lot, most, &lines) > most ||
        lines > ORACLE_LINES_MOST) {
        return false;
    }
    arena_init(&pairs, MEMORY);
    arena_init(&oracle.work, (size_t)1 << 32);
    if (match_pairs_build(market, lot, &pairs, &oracle.pairs) != STATUS_OK) {
        abort();
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        for (uint32_t n = 0; n < lot->demands[d].line_count; n++) {
            oracle.demand[oracle.line_count] = d;
            oracle.line[oracle.line_count++] = n;
        }
    }
    choose_tiers(&oracle, 0);
    arena_drop(&pairs);
    arena_drop(&oracle.work);
    *best = oracle.best;
    *valid = oracle.valid;
    return true;
}
