/* SPDX-License-Identifier: EUPL-1.2 */
/* Small lots on funds: each award takes a large part of the money, and what trying all finds is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/scenario_support.h"

static struct scenario_support s;

/* Money for either lot's best plan, or for a part of both, which is worth a third more. */
static void put_shared(void)
{
    scenario_support_put(&s, "items.csv",
                         "item\n"
                         "I1\n"
                         "I2\n");
    scenario_support_put(&s, "policy.csv",
                         "key,value\n"
                         "as_of,2027-02-01\n"
                         "contract_overhead,0\n"
                         "min_nations,1\n"
                         "weights,3;3;3;3;1\n");
    scenario_support_put(&s, "suppliers.csv",
                         "supplier,country,size\n"
                         "S0,US,micro\n"
                         "S1,NL,large\n"
                         "S2,PL,large\n");
    scenario_support_put(&s, "funds.csv",
                         "fund,balance,min_nations,min_european_content\n"
                         "F0,334.39,1,60\n"
                         "F1,156.39,2,30\n");
    scenario_support_put(&s, "demands.csv",
                         "demand,country,item,month,quantity,min_quantity,max_unit_price,priority,place,requires,fund\n"
                         "x x,US,I1,2027-03,6,1,20.62,3,USRTM,,F1\n"
                         "d2,US,I1,2027-03,3,1,41.46,,USRTM,,F0\n"
                         "d10,US,I1,2027-03,4,1,26.02,1,USRTM,a>=3,F0\n"
                         "é,NL,I2,2027-03,4,1,44.52,3,,,F0\n");
    scenario_support_put(&s, "offers.csv",
                         "offer,supplier,item,min_quantity,unit_price,one_off,first_month,stock,monthly_rate,currency,freight,provides,origin\n"
                         "O0,S1,I1,1,26.68,40.02,2026-01,12,0,,,a=2,DE:60;US:40\n"
                         "O0,S1,I1,1,32.67,96.54,2026-01,1,1,,,a=2,DE:60;US:40\n"
                         "O0,S1,I1,6,24.54,0.00,2027-01,30,6,,,a=2,DE:60;US:40\n"
                         "o1,S0,I1,6,13.36,86.34,2027-03,1,12,,*:0.01,a=3;b=x,US:0;NL:100\n"
                         "o1,S0,I1,6,29.18,0.00,2027-01,1,6,,*:0.01,a=3;b=x,US:0;NL:100\n"
                         "O2,S0,I2,1,26.73,29.26,2027-06,1000000000,1,USD,NL:3.30;NLRTM:0.01;DE:0,,\n"
                         "O2,S0,I2,6,34.52,0.00,2027-01,0,6,USD,NL:3.30;NLRTM:0.01;DE:0,,\n"
                         "O2,S0,I2,6,29.30,0.01,2027-03,1,1,USD,NL:3.30;NLRTM:0.01;DE:0,,\n"
                         "O3,S1,I2,6,32.67,0.00,2027-12,1,12,,NL:0;*:1.65,a=4;b=X,\n"
                         "O3,S1,I2,1,32.67,257.04,2027-06,0,0,,NL:0;*:1.65,a=4;b=X,\n"
                         "O3,S1,I2,1,20.42,91.50,2026-01,1000000000,1,,NL:0;*:1.65,a=4;b=X,\n");
    scenario_support_put(&s, "commitments.csv", NULL);
    scenario_support_put(&s, "rates.csv", "currency,rate\nUSD,0.333333\n");
}

/* A fund without money, drawn on by both lots: what neither pays for by it is still bought. */
static void put_one(void)
{
    scenario_support_put(&s, "items.csv",
                         "item\n"
                         "I1\n"
                         "I2\n");
    scenario_support_put(&s, "policy.csv",
                         "key,value,item\n"
                         "as_of,2026-11-24,\n"
                         "contract_overhead,100000,\n"
                         "min_nations,2,\n"
                         "weights,16;8;4;3;2,I1\n"
                         "supplier_max_share,0,I1\n");
    scenario_support_put(&s, "suppliers.csv",
                         "supplier,country,size\n"
                         "S0,DE,micro\n");
    scenario_support_put(&s, "funds.csv",
                         "fund,balance,min_nations,min_european_content\n"
                         "F0,0.00,1,0\n");
    scenario_support_put(&s, "demands.csv",
                         "demand,country,item,month,quantity,min_quantity,max_unit_price,priority,place,requires,fund\n"
                         "d-3,NL,I1,2027-10,4,1,1200.00,3,NLRTM,,F0\n"
                         "x x,NL,I1,2027-10,6,1,1200.00,3,NL,b=X;a<=5,F0\n"
                         "B,NL,I2,2027-10,1,1,1200.00,,NL,a>=3,F0\n"
                         "d1,DE,I2,2027-10,3,1,600.00,1,DE,a>=3,\n"
                         "d2,DE,I2,2027-10,6,1,600.00,3,DE,a>=3,F0\n");
    scenario_support_put(&s, "offers.csv",
                         "offer,supplier,item,min_quantity,unit_price,one_off,first_month,stock,monthly_rate,currency,provides,certificates,origin\n"
                         "p0,S0,I1,1,720.00,0.00,2027-01,0,6,USD,a=3;b=x,,NL:50;TR:50\n"
                         "p0,S0,I1,6,575.40,0.00,2027-06,6,18,USD,a=3;b=x,,NL:50;TR:50\n"
                         "O1,S0,I1,1,0.00,0.01,2026-01,1,1,,a=2,C1,US:100\n"
                         "p2,S0,I2,1,0.00,1500.00,2027-01,1,18,,a=3;b=x,C1,NL:50;TR:50\n"
                         "p2,S0,I2,6,450.00,3216.18,2027-12,0,18,,a=3;b=x,C1,NL:50;TR:50\n"
                         "o3,S0,I2,1,0.00,0.00,2027-06,0,1,,a=4;b=X,C1,US:100\n");
    scenario_support_put(&s, "commitments.csv",
                         "demand,month,offer,tier,quantity,unit_price,one_off\n"
                         "d-3,2027-10,O1,1,1,0.00,0.01\n");
    scenario_support_put(&s, "rates.csv", "currency,rate\nUSD,2\n");
}

static void money_is_shared_out_between_two_lots(void **state)
{
    (void)state;
    put_shared();
    scenario_support_load(&s);
    const struct match_plan *plan = scenario_support_plan(&s);
    assert_true(plan->objective == 47518);
    assert_true(plan->bound >= plan->objective);
}

static void what_needs_no_money_is_found(void **state)
{
    (void)state;
    put_one();
    scenario_support_load(&s);
    const struct match_plan *plan = scenario_support_plan(&s);
    assert_true(plan->objective == 3730000);
    assert_true(plan->bound == plan->objective);
}

/*
 * Two alike demands of one unit and two; the fund pays for one unit, which either may have. With the larger, of the other demand's nation, there
 * would be one nation only.
 */
static void a_unit_left_over_brings_in_the_nation_that_is_wanted(void **state)
{
    (void)state;
    scenario_support_put(&s, "items.csv", "item\nI1\n");
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2026-11-24\ncontract_overhead,0\nmin_nations,2\n");
    scenario_support_put(&s, "suppliers.csv", "supplier,country,size\nS1,FR,small\n");
    scenario_support_put(&s, "funds.csv", "fund,balance\nF0,3700.00\n");
    scenario_support_put(&s, "demands.csv",
                         "demand,country,item,month,quantity,max_unit_price,priority,fund\nZ9,TR,I1,2027-05,1,4125,5,F0\n"
                         "d10,FR,I1,2027-05,2,4125,5,F0\nd2,FR,I1,2027-05,1,4125,3,\n");
    scenario_support_put(&s, "offers.csv", "offer,supplier,item,unit_price,one_off,first_month,stock\no0,S1,I1,2043.21,3300.00,2026-01,6\n");
    scenario_support_put(&s, "commitments.csv", NULL);
    scenario_support_load(&s);
    const struct match_plan *plan = scenario_support_plan(&s);
    assert_int_equal(plan->lots[0].award_count, 2);
    assert_true(plan->objective > 0 && plan->bound == plan->objective);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO_SUPPORT_TEST(money_is_shared_out_between_two_lots, s),
        SCENARIO_SUPPORT_TEST(what_needs_no_money_is_found, s),
        SCENARIO_SUPPORT_TEST(a_unit_left_over_brings_in_the_nation_that_is_wanted, s),
    };
    return cmocka_run_group_tests_name("match_refine", tests, NULL, NULL);
}
