/* SPDX-License-Identifier: EUPL-1.2 */
/* Scenarios meant to break a planner: each is loaded, planned and its plan verified, with what it must come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/patience.h"
#include "tests/unit/scenario_support.h"

static struct scenario_support s;

static int begin(void **state)
{
    (void)state;
    alarm((unsigned)patience(120));
    scenario_support_begin(&s);
    return 0;
}

static int end(void **state)
{
    (void)state;
    scenario_support_end(&s);
    return 0;
}

static const struct match_lot_plan *planned(void)
{
    scenario_support_load(&s);
    return &scenario_support_plan(&s)->lots[0];
}

static int64_t units(const struct match_lot_plan *plan)
{
    int64_t total = 0;
    for (uint32_t n = 0; n < plan->award_count; n++) {
        total += plan->awards[n].quantity;
    }
    return total;
}

#define DEMANDS "demand,country,item,month,quantity,max_unit_price,min_quantity,single_supplier\n"
#define OFFERS "offer,supplier,item,min_quantity,unit_price,one_off,first_month,stock,monthly_rate,max_quantity\n"

static void an_offer_that_makes_nothing(void **state)
{
    (void)state;
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,80,0,2027-02,0,0,\n");
    const struct match_lot_plan *plan = planned();
    assert_int_equal(plan->award_count, 0);
    assert_int_equal(plan->uncovered[0].reason, MATCH_REASON_TOO_LATE);
}

static void no_offers_no_demands_no_lines_left(void **state)
{
    (void)state;
    scenario_support_put(&s, "offers.csv", OFFERS);
    assert_int_equal(planned()->uncovered[0].reason, MATCH_REASON_NO_OFFER);
    scenario_support_put(&s, "demands.csv", DEMANDS);
    scenario_support_load(&s);
    assert_int_equal(scenario_support_plan(&s)->lot_count, 0);
    scenario_support_put(&s, "demands.csv", DEMANDS "D1,NL,I1,2027-06,5,100,,\n");
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,80,0,2027-02,50,0,\n");
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD1,2027-06,O1,1,5,80\n");
    const struct match_lot_plan *plan = planned();
    assert_int_equal(plan->award_count + plan->uncovered_count, 0);
    assert_int_equal(plan->bound, 0);
}

static void a_thousand_million_units_over_centuries(void **state)
{
    (void)state;
    scenario_support_put(&s, "demands.csv", DEMANDS "D1,NL,I1,2199-12,1000000000,10,,\nD2,DE,I1,2000-01,1000000000,10,1000000000,yes\n");
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1000000000,9,0,2000-01,1000000000,1000000000,1000000000\nO2,S2,I1,1,8,0,2000-01,999999999,0,\n");
    assert_true(units(planned()) >= 1000000000);
}

static void one_demand_larger_than_all_supply(void **state)
{
    (void)state;
    scenario_support_put(&s, "demands.csv", DEMANDS "D1,NL,I1,2027-06,1000000,100,,\nD2,DE,I1,2027-06,1,100,,\n");
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,80,0,2027-02,10,0,\n");
    assert_true(units(planned()) <= 10);
    scenario_support_put(&s, "demands.csv", DEMANDS "D1,NL,I1,2027-06,1000000,100,1000000,\nD2,DE,I1,2027-06,1,100,,\n");
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\ncontract_overhead,0\nmin_nations,1\n");
    const struct match_lot_plan *plan = planned();
    assert_int_equal(units(plan), 1);
    assert_int_equal(plan->uncovered[0].reason, MATCH_REASON_MINIMUM_QUANTITY);
}

static void a_thousand_identical_demands(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    fputs(DEMANDS, out);
    for (int n = 0; n < 1000; n++) {
        fprintf(out, "D%04d,%s,I1,2027-06,3,100,,\n", n, n % 2 ? "NL" : "DE");
    }
    assert_int_equal(fclose(out), 0);
    scenario_support_put(&s, "demands.csv", text);
    free(text);
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,80,0.37,2027-02,1001,0,\nO2,S2,I1,7,79,13,2027-03,0,13,500\n");
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\ncontract_overhead,0\nmin_nations,1\n");
    assert_int_equal(units(planned()), 1001 + 4 * 13);
}

static void contradictory_rules_leave_no_bundle(void **state)
{
    (void)state;
    static const char *const rules[] = {"european_min_share,80\neuropean_max_share,20", "sme_min_share,100\nsupplier_max_share,0", "min_nations,1000000000",
                                        "excluded_origins,DE;FR;US", "sme_min_share,100\neuropean_max_share,0"};
    for (size_t n = 0; n < sizeof rules / sizeof rules[0]; n++) {
        char text[256];
        snprintf(text, sizeof text, "key,value\nas_of,2027-01-15\ncontract_overhead,0\n%s\n", rules[n]);
        scenario_support_put(&s, "policy.csv", text);
        const struct match_lot_plan *plan = planned();
        assert_int_equal(plan->award_count, 0);
        assert_true(plan->bound >= 0);
    }
}

static void commitments_that_use_up_an_offer(void **state)
{
    (void)state;
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,80,50,2027-02,0,2,\n");
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD1,2027-06,O1,1,10,80\n");
    const struct match_lot_plan *plan = planned();
    assert_int_equal(units(plan), 5); /* two a month from July to September: six, of which D2 lacks five */
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD1,2027-06,O1,1,10,80\nD2,2027-06,O1,1,5,80\nD2,2027-09,O1,1,1,80\n");
    assert_int_equal(planned()->award_count, 0); /* more owed by June and September than it makes */
}

static void minimum_orders_above_all_need(void **state)
{
    (void)state;
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1000,80,0,2027-02,1000,0,\nO2,S2,I1,10,80,0,2027-02,1000,0,9\n");
    const struct match_lot_plan *plan = planned();
    assert_int_equal(plan->award_count, 0);
    assert_int_equal(plan->uncovered[0].reason, MATCH_REASON_MINIMUM_QUANTITY);
}

static void one_off_costs_that_no_ceiling_carries(void **state)
{
    (void)state;
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,100,0.01,2027-02,1000,0,\n");
    scenario_support_put(&s, "demands.csv", DEMANDS "D1,NL,I1,2027-06,10,100,,\nD2,DE,I1,2027-06,10,100,,\n");
    assert_int_equal(planned()->award_count, 0);
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,99.99,0.20,2027-02,1000,0,\n");
    assert_int_equal(units(planned()), 20); /* one cent each, exactly */
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,99.99,0.21,2027-02,1000,0,\n");
    assert_int_equal(planned()->award_count, 0);
}

static void everything_for_nothing(void **state)
{
    (void)state;
    scenario_support_put(&s, "demands.csv", DEMANDS "D1,NL,I1,2027-06,10,0,,\nD2,DE,I1,2027-06,10,0,,\n");
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,0,0,2027-02,1000,0,\n");
    const struct match_lot_plan *plan = planned();
    assert_int_equal(plan->objective, 0);
    assert_true(plan->bound >= 0);
}

static void totals_at_the_edge_of_the_limit(void **state)
{
    (void)state;
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\nweights,1000;1;1;1;1\ncontract_overhead,0\nmin_nations,1\n");
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price,priority\nD1,NL,I1,2027-06,1000,46116860184.26,1\n");
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,46116860184.26,0,2027-02,1000,0,\nO2,S2,I1,1,1,0.03,2027-02,1,0,\n");
    const struct match_lot_plan *plan = planned();
    assert_int_equal(units(plan), 1000);
    assert_true(plan->objective > INT64_C(4600000000000000000));
}

static void a_balance_of_nothing_and_of_the_last_cent(void **state)
{
    (void)state;
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price,fund\nD1,NL,I1,2027-06,10,100,F1\nD2,DE,I1,2027-06,10,100,F1\n");
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,80,33.33,2027-02,1000,0,\n");
    scenario_support_put(&s, "funds.csv", "fund,balance\nF1,0\n");
    assert_int_equal(planned()->award_count, 0);
    scenario_support_put(&s, "funds.csv", "fund,balance\nF1,1633.33\n");
    assert_int_equal(units(planned()), 20);
    scenario_support_put(&s, "funds.csv", "fund,balance\nF1,1633.32\n");
    assert_true(units(planned()) <= 19);
}

int main(void)
{
#define RULE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        RULE(an_offer_that_makes_nothing),
        RULE(no_offers_no_demands_no_lines_left),
        RULE(a_thousand_million_units_over_centuries),
        RULE(one_demand_larger_than_all_supply),
        RULE(a_thousand_identical_demands),
        RULE(contradictory_rules_leave_no_bundle),
        RULE(commitments_that_use_up_an_offer),
        RULE(minimum_orders_above_all_need),
        RULE(one_off_costs_that_no_ceiling_carries),
        RULE(everything_for_nothing),
        RULE(totals_at_the_edge_of_the_limit),
        RULE(a_balance_of_nothing_and_of_the_last_cent),
    };
    return cmocka_run_group_tests_name("match_hostile", tests, NULL, NULL);
}
