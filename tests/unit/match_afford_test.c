/* SPDX-License-Identifier: EUPL-1.2 */
/* Demands that their fund can't pay for: left out at one cent too little, not before, and then the bound no longer counts on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/match/search.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

#define DEMANDS "demand,country,item,month,quantity,min_quantity,max_unit_price,single_supplier,fund\n"
#define OFFERS "offer,supplier,item,min_quantity,unit_price,one_off,first_month,stock,monthly_rate,max_quantity\n"
#define BIG "D1,NL,I1,2027-09,10,10,100.00,,F1\n"

static struct scenario_support s;

static int setup(void **state)
{
    (void)state;
    scenario_support_begin(&s);
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\ncontract_overhead,0\nmin_nations,1\n");
    scenario_support_put(&s, "offers.csv", OFFERS "O1,S1,I1,1,80.00,0,2027-02,20,0,\nO1,,,4,70.00,0,2027-02,20,0,\nO2,S2,I1,1,90.00,0,2027-02,20,0,\n");
    scenario_support_put(&s, "demands.csv", DEMANDS BIG);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scenario_support_end(&s);
    return 0;
}

static void set_balance(const char *balance)
{
    char text[128];
    snprintf(text, sizeof text, "fund,balance\nF1,%s\n", balance);
    scenario_support_put(&s, "funds.csv", text);
    scenario_support_load(&s);
}

/* Whether the first lump is out before anything was searched. */
static bool is_out(void)
{
    struct match_search search;
    struct arena arena;
    arena_init(&arena, (size_t)1 << 28);
    assert_int_equal(match_search_init(s.market, 0, false, &arena, &search), STATUS_OK);
    assert_int_equal(search.model.lump_count, 1);
    bool out = search.limits.lump_state[0] == MATCH_LUMP_OUT;
    assert_int_equal(search.strict.lump_state[0] == MATCH_LUMP_OUT, out);
    arena_drop(&arena);
    return out;
}

static void a_cent_too_little_leaves_it_out(void **state)
{
    (void)state;
    set_balance("700.00");
    assert_false(is_out());
    assert_int_equal(scenario_support_plan(&s)->lots[0].award_count, 1);
    set_balance("699.99");
    assert_true(is_out());
    assert_int_equal(scenario_support_plan(&s)->lots[0].award_count, 0);
}

static void only_its_minimum_counts(void **state)
{
    (void)state;
    scenario_support_put(&s, "demands.csv", DEMANDS "D1,NL,I1,2027-09,10,6,100.00,,F1\n");
    set_balance("420.00");
    assert_false(is_out());
    set_balance("419.99");
    assert_true(is_out());
}

static void what_the_cheapest_lacks_comes_from_the_next(void **state)
{
    (void)state;
    scenario_support_edit(&s, "offers.csv", "4,70.00,0,2027-02,20,0,", "4,70.00,0,2027-02,4,0,");
    scenario_support_edit(&s, "offers.csv", "1,80.00,0,2027-02,20,0,", "1,80.00,0,2027-02,4,0,");
    set_balance("820.00");
    assert_false(is_out());
    set_balance("819.99");
    assert_true(is_out());
}

/* One supplier alone: the cheap one has too little. */
static void a_single_supplier_must_have_it_all(void **state)
{
    (void)state;
    scenario_support_edit(&s, "offers.csv", "4,70.00,0,2027-02,20,0,", "4,70.00,0,2027-02,4,0,");
    scenario_support_edit(&s, "offers.csv", "1,80.00,0,2027-02,20,0,", "1,80.00,0,2027-02,4,0,");
    scenario_support_put(&s, "demands.csv", DEMANDS "D1,NL,I1,2027-09,10,10,100.00,yes,F1\n");
    set_balance("900.00");
    assert_false(is_out());
    set_balance("899.99");
    assert_true(is_out());
}

/* Others go on with the money, and the bound counts on nothing else. */
static void the_bound_no_longer_counts_on_it(void **state)
{
    (void)state;
    scenario_support_put(&s, "demands.csv", DEMANDS BIG "D2,DE,I1,2027-09,3,,100.00,,F1\n");
    set_balance("300.00");
    const struct match_plan *plan = scenario_support_plan(&s);
    assert_int_equal(plan->lots[0].award_count, 1);
    assert_int_equal(plan->bound, plan->objective);
}

#define AFFORD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AFFORD_TEST(a_cent_too_little_leaves_it_out),
        AFFORD_TEST(only_its_minimum_counts),
        AFFORD_TEST(what_the_cheapest_lacks_comes_from_the_next),
        AFFORD_TEST(a_single_supplier_must_have_it_all),
        AFFORD_TEST(the_bound_no_longer_counts_on_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
