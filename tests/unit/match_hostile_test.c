/* SPDX-License-Identifier: EUPL-1.2 */
/* Scenarios meant to break a planner: each is loaded, planned and its plan verified, with what it must come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/scenario_support.h"

static struct scenario_support s;

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

/* --- other currencies: every amount becomes base cents once, half to even, and all sums are of those --------------------------------- */

/* amount hundredths at a rate of millionths, by long division: the test's own. */
static int64_t in_base(int64_t hundredths, int64_t millionths)
{
    int64_t whole = 0, rest = 0;
    for (int bit = 62; bit >= 0; bit--) {
        whole *= 2;
        rest = rest * 2 + ((hundredths >> bit & 1) != 0 ? millionths : 0);
        whole += rest / 1000000;
        rest %= 1000000;
    }
    return rest > 500000 || (rest == 500000 && whole % 2 != 0) ? whole + 1 : whole;
}

static void put_foreign(const char *rate, const char *price, const char *ceiling, const char *balance)
{
    char text[512];
    snprintf(text, sizeof text, "currency,rate\nUSD,%s\n", rate);
    scenario_support_put(&s, "rates.csv", text);
    snprintf(text, sizeof text, "demand,country,item,month,quantity,max_unit_price,currency,fund\nD1,NL,I1,2027-06,7,%s,USD,F1\n", ceiling);
    scenario_support_put(&s, "demands.csv", text);
    snprintf(text, sizeof text, "offer,supplier,item,min_quantity,unit_price,one_off,first_month,stock,monthly_rate,currency\nO1,S1,I1,1,%s,0,2027-02,1000,0,USD\n", price);
    scenario_support_put(&s, "offers.csv", text);
    snprintf(text, sizeof text, "fund,balance,currency\nF1,%s,USD\n", balance);
    scenario_support_put(&s, "funds.csv", text);
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\ncontract_overhead,0\nmin_nations,1\n");
}

/* A price and a ceiling of the same foreign amount round the same way, at every rate near a tie: it fits, and one that rounds to a cent more does not. */
static void a_price_at_its_ceiling_fits_at_any_rate(void **state)
{
    static const int64_t rates[] = {1, 499999, 500000, 500001, 999999, 1000001, 1500000, 2500000, 333333333};
    (void)state;
    for (size_t at = 0; at < sizeof rates / sizeof rates[0]; at++) {
        for (int64_t hundredths = 1; hundredths <= 9; hundredths += 2) {
            char rate[32], price[32], below[32];
            snprintf(rate, sizeof rate, "%d.%06d", (int)(rates[at] / 1000000), (int)(rates[at] % 1000000));
            snprintf(price, sizeof price, "0.%02d", (int)hundredths);
            snprintf(below, sizeof below, "0.%02d", (int)hundredths - 1);
            put_foreign(rate, price, price, "1000000");
            const struct match_lot_plan *plan = planned();
            int64_t unit = in_base(hundredths, rates[at]), less = in_base(hundredths - 1, rates[at]);
            /* Where the ceiling itself is nothing there is nothing to gain. */
            assert_int_equal(units(plan), unit > 0 ? 7 : 0);
            assert_true(unit == 0 || plan->awards[0].unit_price == unit);
            put_foreign(rate, price, below, "1000000");
            assert_int_equal(units(planned()), less >= unit && less > 0 ? 7 : 0);
        }
    }
}

/* A fund in another currency pays for what its own rounded balance buys: the rounding of many units is not the rounding of their sum. */
static void a_foreign_balance_pays_in_rounded_cents(void **state)
{
    (void)state;
    /* 0.03 at a half is 1.5 cents: 2 a unit, 14 for seven. 0.27 and 0.28 become 14 (13.5 to even, 14), 0.26 becomes 13. */
    put_foreign("0.5", "0.03", "0.03", "0.27");
    assert_int_equal(units(planned()), 7);
    put_foreign("0.5", "0.03", "0.03", "0.26");
    assert_int_equal(units(planned()), 6);
    /* 0.01 at a half is nothing: units for nothing, out of a balance of nothing. */
    put_foreign("0.5", "0.01", "0.05", "0.01");
    assert_int_equal(units(planned()), 7);
    assert_int_equal(planned()->awards[0].unit_price, 0);
}

/* What a rate lifts above the limits is refused by name, and what it lifts up to them is planned. */
static void a_rate_at_the_edge_of_the_limits(void **state)
{
    (void)state;
    put_foreign("1000", "100000000", "100000000", "100000000"); /* 10^13 cents each */
    assert_int_equal(units(planned()), 1);
    put_foreign("1000", "100000000.01", "100000000.01", "100000000");
    assert_int_not_equal(scenario_support_read(&s), STATUS_OK);
}

int main(void)
{
#define RULE(test) SCENARIO_SUPPORT_TEST(test, s)
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
        RULE(a_price_at_its_ceiling_fits_at_any_rate),
        RULE(a_foreign_balance_pays_in_rounded_cents),
        RULE(a_rate_at_the_edge_of_the_limits),
    };
    return cmocka_run_group_tests_name("match_hostile", tests, NULL, NULL);
}
