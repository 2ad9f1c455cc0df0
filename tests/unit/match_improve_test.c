/* SPDX-License-Identifier: EUPL-1.2 */
/* A plan that is given time: never worse than the usual one, valid, its bound honest, and an end at once when the caller says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/improve.h"
#include "broker/match/reasons.h"
#include "broker/match/verify.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

#define LOTS 26 /* so many that none is planned once more by itself */

static struct scenario_support s;

/* A caller who says stop the n-th time he is asked. */
struct patience {
    uint32_t asked;
    uint32_t most;
    bool wrong; /* what he was told can't be */
};

static bool ask(void *context, const struct match_progress *progress)
{
    struct patience *patience = context;
    patience->wrong = patience->wrong || progress->lots_done + progress->lots_bounded > progress->lot_count || progress->objective > progress->bound;
    return ++patience->asked > patience->most;
}

static struct match_plan *improved(struct patience *patience)
{
    const struct match_options options = {.threads = 2, .stop = ask, .context = patience};
    struct match_plan *plan;
    const char *fault = NULL;
    assert_int_equal(match_improve_plan(s.market, &options, &s.arena, &plan), STATUS_OK);
    assert_false(patience->wrong);
    assert_int_equal(match_reasons_plan(s.market, &s.arena, plan), STATUS_OK);
    if (match_verify_plan(s.market, plan, &s.arena, &fault) != STATUS_OK) {
        fail_msg("refused: %s", fault);
    }
    return plan;
}

static void more_time_is_never_worse(void **state)
{
    (void)state;
    uint32_t better = 0;
    for (uint64_t seed = 5; seed <= 7; seed++) {
        scenario_support_end(&s);
        scenario_support_begin(&s);
        scenario_support_randomize(&s, seed, 100, 25);
        scenario_support_load(&s);
        const struct match_plan *usual = scenario_support_plan(&s);
        struct patience patience = {.most = UINT32_MAX};
        const struct match_options counting = {.threads = 2, .stop = ask, .context = &patience};
        struct match_plan *first;
        assert_int_equal(match_plan(s.market, &counting, &s.arena, &first), STATUS_OK);
        patience.most = patience.asked + 300; /* so much longer than the first plan takes */
        patience.asked = 0;
        const struct match_plan *plan = improved(&patience);
        assert_true(plan->objective >= usual->objective);
        assert_true(plan->bound <= usual->bound);
        assert_true(plan->bound >= usual->objective);
        better += plan->objective > usual->objective || plan->bound < usual->bound;
    }
    assert_true(better >= 1);
}

/* A long proof cut short is a worse plan than the usual one: who asks for both within a time gets the usual plan first. */
static void a_proof_in_little_time_is_never_worse(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        scenario_support_end(&s);
        scenario_support_begin(&s);
        scenario_support_randomize(&s, seed, 60, 15);
        scenario_support_load(&s);
        struct patience patience = {.most = UINT32_MAX};
        const struct match_options usual = {.threads = 1, .stop = ask, .context = &patience};
        const struct match_options proving = {.threads = 1, .prove = true, .stop = ask, .context = &patience};
        struct match_plan *first, *plan;
        assert_int_equal(match_plan(s.market, &usual, &s.arena, &first), STATUS_OK);
        patience.most = patience.asked;
        patience.asked = 0;
        assert_int_equal(match_improve_plan(s.market, &proving, &s.arena, &plan), STATUS_OK);
        assert_true(plan->objective >= first->objective);
        assert_true(plan->bound <= first->bound);
    }
}

static void stop_is_heard_in_every_round(void **state)
{
    (void)state;
    scenario_support_randomize(&s, 3, 60, 15);
    scenario_support_load(&s);
    int64_t objective = 0, bound = INT64_MAX;
    for (uint32_t most = 0; most < 700; most = most * 3 + 1) {
        struct patience patience = {.most = most};
        const struct match_plan *plan = improved(&patience);
        assert_true(patience.asked <= most + 20);
        if (most > 300) { /* far beyond the first plan, which is the same each time */
            assert_true(plan->objective >= objective && plan->bound <= bound);
        }
        objective = plan->objective;
        bound = plan->bound;
    }
}

/* Two lots on one fund, a third by itself: money spent twice would be refused by the check of the plan. */
static void tied_lots_keep_their_fund(void **state)
{
    (void)state;
    scenario_support_put(&s, "items.csv", "item\nI1\nI2\nI3\n");
    scenario_support_put(&s, "funds.csv", "fund,balance\nF1,1999.00\n");
    scenario_support_put(&s, "demands.csv",
                         "demand,country,item,month,quantity,max_unit_price,fund\n"
                         "D1,NL,I1,2027-06,13,100,F1\nD2,DE,I1,2027-06,5,110,\nD3,NL,I2,2027-06,17,100,F1\nD4,FR,I2,2027-06,8,100,\n"
                         "D5,NL,I3,2027-06,8,100,\nD6,DE,I3,2027-06,8,100,\n");
    scenario_support_put(&s, "offers.csv",
                         "offer,supplier,item,unit_price,first_month,stock\nO1,S1,I1,80,2027-02,20\nO2,S1,I2,85,2027-02,30\nO3,S2,I3,90,2027-02,20\n");
    scenario_support_load(&s);
    const struct match_plan *usual = scenario_support_plan(&s);
    struct patience patience = {.most = 500};
    const struct match_plan *plan = improved(&patience);
    assert_true(plan->objective >= usual->objective && plan->bound <= usual->bound);
    assert_true(plan->bound >= usual->objective);
    assert_true(plan->lots[2].award_count > 0);
}

/* Nodes of tied lots are given out by their gaps; a lot that took more of its own made a market of 2,000 lots half as slow again. */
static void tied_lots_take_the_nodes_they_are_given(void **state)
{
    (void)state;
    static const char *const heads[] = {"demand,country,item,month,quantity,max_unit_price,min_quantity,fund\n",
                                        "offer,supplier,item,min_quantity,unit_price,one_off,first_month,stock\n"};
    static char items[1024], demands[64 << 10], offers[32 << 10];
    int item_size = snprintf(items, sizeof items, "item\n");
    int demand_size = snprintf(demands, sizeof demands, "%s", heads[0]), offer_size = snprintf(offers, sizeof offers, "%s", heads[1]);
    for (int lot = 1; lot <= LOTS; lot++) {
        item_size += snprintf(items + item_size, sizeof items - (size_t)item_size, "I%d\n", lot);
        for (int n = 0; n < 24; n++) {
            demand_size += snprintf(demands + demand_size, sizeof demands - (size_t)demand_size, "D%d-%d,%s,I%d,2027-%02d,%d,%d,%d,%s\n", lot, n,
                                    n % 3 ? "NL" : "DE", lot, 6 + n % 4, 7 + n * 5 % 17, 100 + n * 7 % 23, n % 4 ? 1 : 6, n % 2 ? "F1" : "");
        }
        for (int n = 0; n < 12; n++) {
            offer_size += snprintf(offers + offer_size, sizeof offers - (size_t)offer_size, "O%d-%d,S1,I%d,%d,%d,%d,2027-0%d,%d\n", lot, n, lot, 5 + n * 3 % 11,
                                   85 + n * 5 % 19, 40 + n * 37 % 200, 2 + n % 4, 15 + n * 11 % 30);
        }
    }
    scenario_support_put(&s, "items.csv", items);
    scenario_support_put(&s, "funds.csv", "fund,balance\nF1,90000.00\n");
    scenario_support_put(&s, "demands.csv", demands);
    scenario_support_put(&s, "offers.csv", offers);
    scenario_support_load(&s);
    struct match_counters counters = {0};
    const struct match_options options = {.threads = 1, .node_budget = 2, .counters = &counters};
    struct match_plan *plan;
    assert_int_equal(match_plan(s.market, &options, &s.arena, &plan), STATUS_OK);
    assert_true(plan->bound > plan->objective); /* else there was nothing to branch on */
    for (uint32_t n = 0; n < counters.pass_count; n++) {
        if (strcmp(counters.passes[n].name, "branch") == 0) {
            assert_true(counters.passes[n].tries <= 2 * counters.passes[n].runs);
            assert_true(counters.passes[n].tries > 0);
        }
    }
}

int main(void)
{
#define RULE(test) SCENARIO_SUPPORT_TEST(test, s)
    const struct CMUnitTest tests[] = {
        RULE(more_time_is_never_worse),
        RULE(a_proof_in_little_time_is_never_worse),
        RULE(stop_is_heard_in_every_round),
        RULE(tied_lots_keep_their_fund),
        RULE(tied_lots_take_the_nodes_they_are_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
