/* SPDX-License-Identifier: EUPL-1.2 */
/* The planner against a brute-force twin: on tiny random lots every choice of tiers and quantities is tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/match.h"
#include "broker/match/pairs.h"
#include "broker/match/shares.h"
#include "broker/match/verify.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

#define LINES_MOST 5
#define OFFERS_MOST 3
#define PLANS_MOST 60000u /* of one lot; larger ones are passed over */
#define ROUNDS 120
#define MEMORY ((size_t)1 << 26)

/* The enumeration of one lot. */
struct oracle {
    const struct match_market *market;
    const struct match_lot *lot;
    struct arena work;
    struct match_pairs pairs;
    uint32_t demand[LINES_MOST], line[LINES_MOST];
    uint32_t line_count;
    uint32_t tier[OFFERS_MOST];
    int64_t quantity[LINES_MOST][OFFERS_MOST];
    int64_t best;
    uint64_t plans;
    uint32_t valid;
};

static uint64_t plans_of(const struct match_lot *lot, uint32_t *line_count)
{
    uint64_t plans = 1;
    *line_count = 0;
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        plans *= lot->offers[o].tier_count;
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        for (uint32_t n = 0; n < lot->demands[d].line_count; n++) {
            uint64_t ways = 1; /* (quantity + offers) over offers */
            for (uint32_t o = 1; o <= lot->offer_count; o++) {
                ways = ways * ((uint64_t)lot->demands[d].lines[n].quantity + o) / o;
            }
            plans = plans > PLANS_MOST ? plans : plans * ways;
            ++*line_count;
        }
    }
    return plans;
}

/* Prices what stands in quantity as a plan and asks the verifier. */
static void judge(struct oracle *oracle)
{
    const struct match_lot *lot = oracle->lot;
    struct match_award awards[LINES_MOST * OFFERS_MOST];
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
        struct match_share shares[LINES_MOST];
        uint32_t scratch[LINES_MOST], at[LINES_MOST], count = 0;
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
    assert_non_null(spent);
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

/* The best objective of any valid plan; 0 where only the empty one is. */
static int64_t best_by_force(const struct match_market *market, struct oracle *oracle)
{
    *oracle = (struct oracle){.market = market, .lot = &market->lots[0]};
    struct arena pairs;
    arena_init(&pairs, MEMORY);
    arena_init(&oracle->work, (size_t)1 << 32);
    assert_int_equal(match_pairs_build(market, oracle->lot, &pairs, &oracle->pairs), STATUS_OK);
    for (uint32_t d = 0; d < oracle->lot->demand_count; d++) {
        for (uint32_t n = 0; n < oracle->lot->demands[d].line_count; n++) {
            oracle->demand[oracle->line_count] = d;
            oracle->line[oracle->line_count++] = n;
        }
    }
    choose_tiers(oracle, 0);
    arena_drop(&pairs);
    arena_drop(&oracle->work);
    return oracle->best;
}

static void finds_the_best_plan_of_tiny_lots(void **state)
{
    (void)state;
    unsigned compared = 0, bundles = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct scenario_support s;
        struct oracle oracle;
        uint32_t lines;
        scenario_support_begin(&s);
        scenario_support_randomize(&s, seed, 3, OFFERS_MOST);
        scenario_support_load(&s);
        if (plans_of(&s.market->lots[0], &lines) <= PLANS_MOST && lines <= LINES_MOST) {
            const struct match_plan *plan = scenario_support_plan(&s);
            int64_t best = best_by_force(s.market, &oracle);
            if (plan->bound < best) {
                fail_msg("seed %u: bound %lld is below the optimum %lld", (unsigned)seed, (long long)plan->bound, (long long)best);
            }
            if (plan->objective != best) {
                fail_msg("seed %u: objective %lld, best %lld", (unsigned)seed, (long long)plan->objective, (long long)best);
            }
            compared++;
            bundles += oracle.valid > 0;
        }
        scenario_support_end(&s);
    }
    assert_true(compared > ROUNDS / 3);
    assert_true(bundles > compared / 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_best_plan_of_tiny_lots)};
    return cmocka_run_group_tests_name("match_oracle", tests, NULL, NULL);
}
