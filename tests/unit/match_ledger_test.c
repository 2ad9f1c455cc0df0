/* SPDX-License-Identifier: EUPL-1.2 */
/* The ledger: whatever money there is, the lots' plans together are valid, no fund is overdrawn, and what is left is told to the cent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/choose.h"
#include "broker/match/joint.h"
#include "broker/match/ledger.h"
#include "broker/match/keep.h"
#include "broker/match/lot.h"
#include "broker/match/reasons.h"
#include "broker/match/screen.h"
#include "broker/match/money.h"
#include "broker/match/verify.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

#define STEPS 8

static struct scenario_support s;

/* Three lots of one fund, with demands outside it, one that takes all or nothing, and one-off costs. */
static void write_market(const char *balance)
{
    char funds[128];
    snprintf(funds, sizeof funds, "fund,balance\nF1,%s\nF2,\n", balance);
    scenario_support_put(&s, "funds.csv", funds);
    scenario_support_put(&s, "items.csv", "item,title\nI1,One\nI2,Two\nI3,Three\n");
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\ncontract_overhead,1000\nmin_nations,1\n");
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price,priority,min_quantity,fund\n"
                                            "D1,NL,I1,2027-06,10,100.00,1,,F1\nD2,DE,I1,2027-06,10,110.00,3,10,F1\nD3,FR,I1,2027-06,4,110.00,2,,\n"
                                            "D4,NL,I2,2027-06,20,50.00,2,,F1\nD5,DE,I2,2027-06,5,55.00,1,,F2\n"
                                            "D6,ES,I3,2027-06,7,300.00,4,7,F1\nD7,NL,I3,2027-06,6,310.00,1,,F1\n");
    scenario_support_put(&s, "offers.csv", "offer,supplier,item,min_quantity,unit_price,one_off,first_month,stock,monthly_rate\n"
                                           "O1,S1,I1,1,80.00,0,2027-02,0,4\nO1,,,15,70.00,50.00,2027-02,0,6\nO2,S2,I1,1,90.00,0,2027-01,9,3\n"
                                           "O3,S1,I2,1,40.00,25.00,2027-02,0,9\nO4,S2,I2,10,35.00,0,2027-02,0,5\n"
                                           "O5,S2,I3,1,250.00,100.00,2027-02,0,4\n");
    scenario_support_load(&s);
}

static struct match_control control;
static struct match_joint joint;
static __int128 *balance;

/* A lot's first plan without prices of money, finished with what that plan takes. */
static void finish_lot(uint32_t lot)
{
    struct match_search search;
    assert_int_equal(match_hold_open(&joint, lot, false, &search), STATUS_OK);
    match_lot_prices(&search, 4);
    match_search_bound(&search, search.dual.bound);
    match_first_plan(&search);
    match_money_count(&search, joint.lots[lot].spent);
    assert_int_equal(match_hold_close(&joint, lot, &search, STATUS_OK), STATUS_OK);
    assert_int_equal(match_hold_open(&joint, lot, true, &search), STATUS_OK);
    assert_int_equal(match_ledger_finish(&joint, lot, &search), STATUS_OK);
    assert_int_equal(match_hold_close(&joint, lot, &search, STATUS_OK), STATUS_OK);
    assert_int_equal(match_choose_add(&joint, lot), STATUS_OK);
}

static void open_ledger(void)
{
    static const struct match_options options = {.threads = 1};
    match_control_init(&control, &options, s.market->lot_count);
    balance = arena_array(&s.arena, s.market->fund_count, sizeof *balance);
    assert_non_null(balance);
    match_plan_balances(s.market, balance);
    joint = (struct match_joint){.market = s.market, .control = &control, .balance = balance};
    assert_int_equal(match_hold_init(&joint, &s.arena), STATUS_OK);
    for (uint32_t l = 0; l < s.market->lot_count; l++) {
        finish_lot(l);
    }
}

static void close_ledger(void)
{
    match_hold_drop(&joint);
    match_control_report(&control);
}

static __int128 paid_from(uint32_t fund)
{
    __int128 paid = 0;
    for (uint32_t l = 0; l < s.market->lot_count; l++) {
        paid += match_money_paid(&s.market->lots[l], &joint.lots[l].plan, fund);
    }
    return paid;
}

/* Keeps the plans; asserts what must hold whatever there is, and returns what they are worth. */
static int64_t keep(void)
{
    struct match_plan plan = {.lot_count = s.market->lot_count};
    const char *fault = NULL;
    assert_int_equal(match_ledger_keep(&joint, &s.arena), STATUS_OK);
    plan.lots = arena_array(&s.arena, plan.lot_count, sizeof *plan.lots);
    assert_non_null(plan.lots);
    for (uint32_t l = 0; l < plan.lot_count; l++) {
        plan.lots[l] = joint.lots[l].plan;
        plan.objective += plan.lots[l].objective;
        assert_true(plan.lots[l].objective >= 0);
    }
    plan.bound = INT64_MAX;
    assert_int_equal(match_reasons_plan(s.market, &s.arena, &plan), STATUS_OK);
    if (match_verify_plan(s.market, &plan, &s.arena, &fault) != STATUS_OK) {
        fail_msg("%s", fault);
    }
    for (uint32_t f = 0; f < s.market->fund_count; f++) {
        if (s.market->funds[f].limited) {
            assert_true(joint.left[f] >= 0);
            assert_true(joint.left[f] == balance[f] - paid_from(f));
        }
    }
    return plan.objective;
}

static uint32_t fund_of(const char *id)
{
    uint32_t f = 0;
    while (strcmp(s.market->funds[f].id, id) != 0) {
        assert_true(++f < s.market->fund_count);
    }
    return f;
}

static void without_money_only_what_the_fund_does_not_pay_is_bought(void **state)
{
    (void)state;
    write_market("0.00");
    open_ledger();
    assert_true(keep() > 0);
    assert_true(paid_from(fund_of("F1")) == 0);
    close_ledger();
}

static void with_money_for_all_nothing_is_sold(void **state)
{
    (void)state;
    int64_t own = 0;
    write_market("100000000000.00"); /* 10^13 cents, the most that an amount may be */
    open_ledger();
    for (uint32_t l = 0; l < s.market->lot_count; l++) {
        assert_true(joint.lots[l].plan.award_count > 0);
        own += joint.lots[l].plan.objective;
    }
    assert_true(keep() >= own);
    close_ledger();
}

/* From nothing to enough for all, and a cent about what all costs: never overdrawn, and the most is made where there is most. */
static void any_balance_is_kept(void **state)
{
    (void)state;
    write_market("100000000000.00");
    open_ledger();
    int64_t most = keep(), all = (int64_t)paid_from(fund_of("F1")), last = 0;
    close_ledger();
    assert_true(all > STEPS);
    for (int step = 0; step <= STEPS + 2; step++) {
        char text[32];
        int64_t cents = step <= STEPS ? all * step / STEPS : step == STEPS + 1 ? all - 1 : all + 1;
        snprintf(text, sizeof text, "%lld.%02lld", (long long)(cents / 100), (long long)(cents % 100));
        write_market(text);
        open_ledger();
        int64_t worth = keep();
        assert_true(worth <= most);
        last = step == STEPS ? worth : last;
        close_ledger();
    }
    assert_int_equal(last, most);
}

/* A lot that frees nothing by units gives up whole demands, or its plan. */
static void all_or_nothing_is_given_up_whole(void **state)
{
    (void)state;
    write_market("1750.00"); /* seven units of I3 without their one-off cost */
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price,priority,min_quantity,fund\nD6,ES,I3,2027-06,7,300.00,4,7,F1\nD1,NL,I1,2027-06,2,100.00,1,2,F1\n");
    scenario_support_load(&s);
    open_ledger();
    keep();
    for (uint32_t l = 0; l < s.market->lot_count; l++) {
        int64_t units = 0;
        for (uint32_t n = 0; n < joint.lots[l].plan.award_count; n++) {
            units += joint.lots[l].plan.awards[n].quantity;
        }
        assert_true(units == 0 || (strcmp(s.market->lots[l].item, "I1") == 0 && units == 2));
    }
    close_ledger();
}

static void memory_that_is_out_is_told(void **state)
{
    struct arena none;
    (void)state;
    write_market("1000.00");
    open_ledger();
    arena_init(&none, 1);
    assert_int_equal(match_ledger_keep(&joint, &none), STATUS_NO_MEMORY);
    arena_drop(&none);
    close_ledger();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO_SUPPORT_TEST(without_money_only_what_the_fund_does_not_pay_is_bought, s),
        SCENARIO_SUPPORT_TEST(with_money_for_all_nothing_is_sold, s),
        SCENARIO_SUPPORT_TEST(any_balance_is_kept, s),
        SCENARIO_SUPPORT_TEST(all_or_nothing_is_given_up_whole, s),
        SCENARIO_SUPPORT_TEST(memory_that_is_out_is_told, s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
