/* SPDX-License-Identifier: EUPL-1.2 */
/* Planning again after a change: only what changed is planned, and the result is valid with an honest bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/again.h"
#include "broker/match/reasons.h"
#include "broker/match/verify.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

/* The same three lots on one fund twice: before and after a change. */
static struct scenario_support before, after;

static void fill(struct scenario_support *s)
{
    scenario_support_begin(s);
    scenario_support_put(s, "items.csv", "item\nI1\nI2\nI3\n");
    scenario_support_put(s, "funds.csv", "fund,balance\nF1,2000.00\n");
    scenario_support_put(s, "demands.csv",
                         "demand,country,item,month,quantity,max_unit_price,fund\n"
                         "D1,NL,I1,2027-06,10,100,F1\nD2,DE,I1,2027-06,5,110,\nD3,NL,I2,2027-06,8,100,F1\nD4,FR,I2,2027-06,8,100,\n"
                         "D5,NL,I3,2027-06,8,100,F1\nD6,DE,I3,2027-06,8,100,\n");
    scenario_support_put(s, "offers.csv",
                         "offer,supplier,item,unit_price,first_month,stock\nO1,S1,I1,80,2027-02,20\nO2,S1,I2,85,2027-02,20\nO3,S2,I3,90,2027-02,20\n");
}

static int begin(void **state)
{
    (void)state;
    fill(&before);
    fill(&after);
    return 0;
}

static int end(void **state)
{
    (void)state;
    scenario_support_end(&before);
    scenario_support_end(&after);
    return 0;
}

/* Plans before, then after from it; returns the lots that were planned. The plan is verified and bounds one made from scratch. */
static uint32_t planned_again(const struct match_plan **old, struct match_plan **plan)
{
    uint32_t changed;
    const char *fault = NULL;
    scenario_support_load(&before);
    scenario_support_load(&after);
    *old = scenario_support_plan(&before);
    assert_int_equal(match_plan_again(before.market, *old, after.market, NULL, &after.arena, plan, &changed), STATUS_OK);
    assert_int_equal(match_reasons_plan(after.market, &after.arena, *plan), STATUS_OK);
    if (match_verify_plan(after.market, *plan, &after.arena, &fault) != STATUS_OK) {
        fail_msg("refused: %s", fault);
    }
    assert_true((*plan)->bound >= scenario_support_plan(&after)->objective);
    return changed;
}

static void nothing_changed_nothing_planned(void **state)
{
    (void)state;
    const struct match_plan *old;
    struct match_plan *plan;
    assert_int_equal(planned_again(&old, &plan), 0);
    assert_int_equal(plan->objective, old->objective);
    assert_int_equal(plan->lots[2].award_count, old->lots[2].award_count);
}

static void one_changed_lot_is_planned_and_the_others_keep_their_awards(void **state)
{
    (void)state;
    static const struct {
        const char *file, *from, *to;
    } changes[] = {
        {"demands.csv", "8,100,F1\nD4", "9,100,F1\nD4"}, {"demands.csv", "D4,FR", "D4,IT"},   {"demands.csv", "D4,FR,I2,2027-06,8,100", "D4,FR,I2,2027-06,8,86"},
        {"offers.csv", "O2,S1,I2,85", "O2,S1,I2,84"},    {"offers.csv", "O2,S1", "O2,S2"},    {"offers.csv", "85,2027-02,20", "85,2027-02,3"},
        {"policy.csv", "key,value\n", "key,value,item\nmin_nations,1,I2\n"},
    };
    for (size_t n = 0; n < sizeof changes / sizeof changes[0]; n++) {
        const struct match_plan *old;
        struct match_plan *plan;
        scenario_support_end(&after);
        fill(&after);
        scenario_support_edit(&after, changes[n].file, changes[n].from, changes[n].to);
        if (strcmp(changes[n].file, "policy.csv") == 0) {
            scenario_support_put(&after, "policy.csv", "key,value,item\nas_of,2027-01-15,\ncontract_overhead,0,\nmin_nations,1,I2\n");
        }
        assert_int_equal(planned_again(&old, &plan), 1);
        assert_ptr_equal(plan->lots[0].awards, old->lots[0].awards);
        assert_ptr_equal(plan->lots[2].awards, old->lots[2].awards);
    }
}

static void what_touches_all_lots_is_planned_from_scratch(void **state)
{
    (void)state;
    const struct match_plan *old;
    struct match_plan *plan;
    scenario_support_put(&after, "funds.csv", "fund,balance\nF1,2000.01\n");
    assert_int_equal(planned_again(&old, &plan), 3);
    scenario_support_put(&after, "funds.csv", "fund,balance\nF1,2000.00\n");
    scenario_support_edit(&after, "policy.csv", "2027-01-15", "2027-01-16");
    assert_int_equal(planned_again(&old, &plan), 3);
    scenario_support_edit(&after, "policy.csv", "2027-01-16", "2027-01-15");
    scenario_support_edit(&after, "items.csv", "I3\n", "I3\nI4\n");
    scenario_support_edit(&after, "demands.csv", "D6,DE,I3", "D6,DE,I4");
    assert_int_equal(planned_again(&old, &plan), 4);
    /* A commitment that ends frees money: the old bound says nothing about the others then. */
    scenario_support_put(&before, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD1,2027-06,O1,1,5,80\n");
    scenario_support_end(&after);
    fill(&after);
    assert_int_equal(planned_again(&old, &plan), 3);
}

/* A commitment dearer than what was planned: the lots that are kept would spend money that is no longer there. */
static void money_that_is_gone_is_not_spent(void **state)
{
    (void)state;
    const struct match_plan *old;
    struct match_plan *plan;
    scenario_support_put(&after, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD3,2027-06,O2,1,8,250\n");
    assert_int_equal(planned_again(&old, &plan), 3);
    for (uint32_t l = 0; l < plan->lot_count; l++) {
        for (uint32_t n = 0; n < plan->lots[l].award_count; n++) {
            assert_int_equal(after.market->lots[l].demands[plan->lots[l].awards[n].demand].fund, MATCH_NONE);
        }
    }
    assert_true(old->lots[0].award_count + old->lots[2].award_count > 0);
}

int main(void)
{
#define RULE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        RULE(nothing_changed_nothing_planned),
        RULE(one_changed_lot_is_planned_and_the_others_keep_their_awards),
        RULE(what_touches_all_lots_is_planned_from_scratch),
        RULE(money_that_is_gone_is_not_spent),
    };
    return cmocka_run_group_tests_name("match_again", tests, NULL, NULL);
}
