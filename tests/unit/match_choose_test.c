/* SPDX-License-Identifier: EUPL-1.2 */
/* Which plan each lot takes within the funds: against trying all combinations, in small random markets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/choose.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

#define LOTS 5u
#define FUNDS 2u
#define OPTIONS 4u

struct market_case {
    struct match_market market;
    struct match_fund funds[FUNDS];
    struct match_lot lots[LOTS];
    struct match_held held[LOTS];
    double paid[LOTS][OPTIONS][FUNDS];
    __int128 balance[FUNDS];
    int64_t price[FUNDS];
    struct match_joint joint;
};

/* The first plan of each lot costs nothing and gains nothing, so something always fits. */
static void make_case(struct market_case *one, uint64_t *seed)
{
    *one = (struct market_case){.market = {.funds = one->funds, .fund_count = FUNDS, .lots = one->lots, .lot_count = LOTS}};
    double all[FUNDS] = {0};
    for (uint32_t l = 0; l < LOTS; l++) {
        one->held[l].option_count = OPTIONS;
        for (uint32_t n = 0; n < OPTIONS; n++) {
            for (uint32_t f = 0; f < FUNDS && n; f++) {
                one->paid[l][n][f] = (double)(scenario_support_random(seed, 1000));
                all[f] += one->paid[l][n][f] / (OPTIONS - 1);
            }
            double rate = 1 + (double)(scenario_support_random(seed, 100)) / 50;
            one->held[l].options[n].plan.objective = (int64_t)(rate * (one->paid[l][n][0] + one->paid[l][n][1]));
            one->held[l].options[n].paid = one->paid[l][n];
        }
    }
    for (uint32_t f = 0; f < FUNDS; f++) {
        one->funds[f].limited = true;
        one->balance[f] = (__int128)(all[f] * (double)(20 + scenario_support_random(seed, 70)) / 100);
        one->price[f] = (int64_t)(scenario_support_random(seed, UINT64_C(2) << MATCH_FUND_BITS));
    }
    one->joint = (struct match_joint){.market = &one->market, .balance = one->balance, .lots = one->held, .price = one->price};
}

static bool fits(const struct market_case *one, const uint32_t *chosen)
{
    for (uint32_t f = 0; f < FUNDS; f++) {
        double spent = 0;
        for (uint32_t l = 0; l < LOTS; l++) {
            spent += one->paid[l][chosen[l]][f];
        }
        if (one->funds[f].limited && spent > (double)one->balance[f]) {
            return false;
        }
    }
    return true;
}

static int64_t worth_of(const struct market_case *one, const uint32_t *chosen)
{
    int64_t sum = 0;
    for (uint32_t l = 0; l < LOTS; l++) {
        sum += one->held[l].options[chosen[l]].plan.objective;
    }
    return sum;
}

static int64_t best_of_all(const struct market_case *one)
{
    int64_t best = 0;
    uint32_t chosen[LOTS];
    for (uint32_t code = 0; code < 1u << (2 * LOTS); code++) {
        for (uint32_t l = 0; l < LOTS; l++) {
            chosen[l] = code >> (2 * l) & 3;
        }
        int64_t worth = worth_of(one, chosen);
        best = worth > best && fits(one, chosen) ? worth : best;
    }
    return best;
}

static int64_t choose(struct market_case *one)
{
    struct arena arena;
    uint32_t chosen[LOTS];
    arena_init(&arena, 1 << 20);
    assert_int_equal(match_choose_plans(&one->joint, &arena), STATUS_OK);
    arena_drop(&arena);
    for (uint32_t l = 0; l < LOTS; l++) {
        chosen[l] = one->held[l].chosen;
        assert_int_equal(one->held[l].plan.objective, one->held[l].options[chosen[l]].plan.objective);
    }
    assert_true(fits(one, chosen));
    return worth_of(one, chosen);
}

static void choices_fit_and_are_near_the_best(void **state)
{
    (void)state;
    uint64_t seed = 7;
    double sum = 0;
    unsigned cases = 400, equal = 0;
    for (unsigned n = 0; n < cases; n++) {
        struct market_case one;
        make_case(&one, &seed);
        int64_t best = best_of_all(&one), got = choose(&one);
        assert_true(got <= best);
        sum += best ? (double)got / (double)best : 1;
        equal += got == best;
    }
    print_message("%u of %u equal to the best, %.2f %% of it on average\n", equal, cases, 100 * sum / cases);
    assert_true(sum / cases > 0.94);
    assert_true(equal > cases / 4);
}

static void without_limits_each_lot_takes_its_best(void **state)
{
    (void)state;
    uint64_t seed = 8;
    for (unsigned n = 0; n < 50; n++) {
        struct market_case one;
        make_case(&one, &seed);
        one.funds[0].limited = false;
        one.funds[1].limited = false;
        int64_t most = 0;
        for (uint32_t l = 0; l < LOTS; l++) {
            int64_t best = 0;
            for (uint32_t k = 0; k < OPTIONS; k++) {
                int64_t objective = one.held[l].options[k].plan.objective;
                best = objective > best ? objective : best;
            }
            most += best;
        }
        assert_int_equal(choose(&one), most);
    }
}

static void no_money_buys_nothing(void **state)
{
    (void)state;
    uint64_t seed = 9;
    struct market_case one;
    make_case(&one, &seed);
    one.balance[0] = 0;
    one.balance[1] = 0;
    assert_int_equal(choose(&one), 0);
}

static void a_lot_without_options_keeps_its_plan(void **state)
{
    (void)state;
    uint64_t seed = 10;
    struct market_case one;
    make_case(&one, &seed);
    one.held[2].option_count = 0;
    one.held[2].plan.objective = 12345;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    assert_int_equal(match_choose_plans(&one.joint, &arena), STATUS_OK);
    arena_drop(&arena);
    assert_int_equal(one.held[2].plan.objective, 12345);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_fit_and_are_near_the_best),
        cmocka_unit_test(without_limits_each_lot_takes_its_best),
        cmocka_unit_test(no_money_buys_nothing),
        cmocka_unit_test(a_lot_without_options_keeps_its_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
