/* SPDX-License-Identifier: EUPL-1.2 */
/* Prices of money: first guesses, heavy lots, moves towards what just spends a fund, and what a plan pays, to the cent at the model's limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/money.h"
#include "proto/status.h"

#define LOTS_MOST 100u
#define FUNDS 2u
#define DEMANDS 3u
#define ONE_PRICE (INT64_C(1) << MATCH_FUND_BITS) /* a cent of value a cent of money */
#define MEMORY ((size_t)1 << 22)

/* A market by hand: lots of up to three demands of one line each, and two funds; the first has a balance. */
static struct {
    struct match_market market;
    struct match_fund funds[FUNDS];
    struct match_lot lots[LOTS_MOST];
    struct match_demand demands[LOTS_MOST][DEMANDS];
    struct match_line lines[LOTS_MOST][DEMANDS];
    struct match_held held[LOTS_MOST];
    double spent[LOTS_MOST][FUNDS];
    __int128 balance[FUNDS];
    int64_t price[FUNDS];
    struct match_joint joint;
    struct arena arena;
} one;

static int begin(void **state)
{
    (void)state;
    memset(&one, 0, sizeof one);
    arena_init(&one.arena, MEMORY);
    one.funds[0].limited = true;
    one.market = (struct match_market){.funds = one.funds, .fund_count = FUNDS, .lots = one.lots};
    one.joint = (struct match_joint){.market = &one.market, .balance = one.balance, .lots = one.held, .price = one.price};
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_drop(&one.arena);
    return 0;
}

static uint32_t add_lot(int64_t reference)
{
    uint32_t l = one.market.lot_count++;
    one.lots[l] = (struct match_lot){.demands = one.demands[l], .reference = reference, .rules.weights = {16, 8, 4, 2, 1}};
    one.held[l].spent = one.spent[l];
    return l;
}

static void add_demand(uint32_t l, uint32_t fund, uint32_t priority, int64_t quantity, int64_t ceiling)
{
    uint32_t d = one.lots[l].demand_count++;
    one.lines[l][d] = (struct match_line){.quantity = quantity};
    one.demands[l][d] = (struct match_demand){.lines = &one.lines[l][d], .line_count = 1, .priority = priority, .ceiling = ceiling, .fund = fund};
}

static void guess(void)
{
    assert_int_equal(match_money_guess(&one.joint, &one.arena), STATUS_OK);
}

static void weigh(void)
{
    assert_int_equal(match_money_weigh(&one.joint, &one.arena), STATUS_OK);
}

static void money_that_suffices_has_no_price(void **state)
{
    (void)state;
    uint32_t l = add_lot(999);
    add_demand(l, 0, 1, 10, 999); /* 10 units at 1,000 with the cent that is added: EUR 100.00 */
    one.balance[0] = 10000;
    one.price[0] = one.price[1] = 7;
    guess();
    assert_int_equal(one.price[0], 0);
    assert_int_equal(one.price[1], 0); /* no balance, so no price either */
    one.balance[0] = 9999;
    guess();
    assert_true(one.price[0] > 0);
}

static void the_price_is_the_worth_of_the_need_that_money_runs_out_at(void **state)
{
    (void)state;
    uint32_t l = add_lot(999);
    add_demand(l, 0, 5, 10, 999); /* worth 999 for 1,000: nothing above what it pays */
    add_demand(l, 0, 1, 10, 999); /* 16 times that */
    add_demand(l, 0, 3, 10, 999); /* 4 times */
    one.balance[0] = 15000;       /* the first by worth is paid, the second in part */
    guess();
    assert_int_equal(one.price[0], (int64_t)((4 * 999.0 / 1000 - 1) * (double)ONE_PRICE));
    one.balance[0] = 0;
    guess();
    assert_int_equal(one.price[0], (int64_t)((16 * 999.0 / 1000 - 1) * (double)ONE_PRICE));
    one.balance[0] = 25000; /* runs out at the need that is worth no more than it pays */
    guess();
    assert_int_equal(one.price[0], 0);
}

static void only_needs_of_the_fund_and_of_what_is_not_committed_count(void **state)
{
    (void)state;
    uint32_t l = add_lot(999);
    add_demand(l, 1, 1, 1000, 999);
    add_demand(l, MATCH_NONE, 1, 1000, 999);
    add_demand(l, 0, 1, 10, 999);
    one.lines[l][2].committed = 10;
    one.balance[0] = 0;
    guess();
    assert_int_equal(one.price[0], 0);
}

static void a_first_price_stays_below_its_most(void **state)
{
    (void)state;
    uint32_t l = add_lot(INT64_C(10000000000000)); /* 10^13 cents, the largest amount */
    add_demand(l, 0, 1, 1000000000, 0);            /* whose ceiling is nothing: infinitely worth its money, nearly */
    guess();
    assert_int_equal(one.price[0], MATCH_FUND_PRICE_MOST);
}

static void few_lots_are_all_heavy(void **state)
{
    (void)state;
    for (uint32_t l = 0; l < 63; l++) {
        add_lot(1);
        one.held[l].plan.bound = l == 0 ? INT64_C(1) << 60 : 1;
        one.spent[l][0] = 1;
    }
    weigh();
    assert_int_equal(one.joint.heavy_count, 63);
    assert_true(one.joint.scale[0] == 1);
    assert_true(one.joint.scale[1] == 1); /* of a fund that nobody spends from */
}

static void of_many_lots_those_with_nearly_all_worth_are_heavy_in_their_order(void **state)
{
    (void)state;
    for (uint32_t l = 0; l < 64; l++) {
        add_lot(1);
        one.held[l].plan.bound = l == 9 ? 500000 : l == 3 ? 480000 : l == 50 ? 10000 : 100;
        one.spent[l][0] = l == 9 || l == 3 ? 30 : 1;
    }
    weigh();
    assert_int_equal(one.joint.heavy_count, 2); /* 980,000 of 996,100: above 97 % */
    assert_int_equal(one.joint.heavy[0], 3);
    assert_int_equal(one.joint.heavy[1], 9);
    assert_true(one.joint.scale[0] == (60 + 62) / 60.0);
    one.balance[0] = 121;
    assert_true(match_money_ratio(&one.joint, 0, true) == 1); /* 122 of 121 + 1 */
    assert_true(match_money_ratio(&one.joint, 0, false) == 1);
}

/* One lot that spends so much of a balance of 999 (counted as 1,000). */
static void spend(double money)
{
    one.spent[0][0] = money;
}

static void open_one_lot(void)
{
    add_lot(1);
    one.balance[0] = 999;
    one.held[0].plan.bound = 1;
    spend(1000);
    weigh();
}

static void prices_move_towards_what_just_spends_the_fund(void **state)
{
    (void)state;
    open_one_lot();
    one.price[0] = one.price[1] = ONE_PRICE;
    spend(1500);
    match_money_move(&one.joint, true, true, 1);
    assert_int_equal(one.price[0], (int64_t)((double)ONE_PRICE * 1.3)); /* 0.6 of what it is off by */
    assert_int_equal(one.price[1], ONE_PRICE);                          /* no balance: it stays */
    /* Known on both sides now: the line between them. Spent 0.5 at 1.3, 1.5 at 1: just spent at 1.15. */
    spend(500);
    match_money_move(&one.joint, true, false, 1);
    assert_in_range(one.price[0], (uint64_t)((double)ONE_PRICE * 1.1499), (uint64_t)((double)ONE_PRICE * 1.1501));
    /* Forgotten: again a part of the way, downwards. */
    one.price[0] = ONE_PRICE;
    match_money_move(&one.joint, true, true, 1);
    assert_int_equal(one.price[0], (int64_t)((double)ONE_PRICE * 0.7));
    /* Aimed at half, it is just right. */
    one.price[0] = ONE_PRICE;
    match_money_move(&one.joint, true, true, 0.5);
    assert_int_equal(one.price[0], ONE_PRICE);
}

static void a_move_is_bounded(void **state)
{
    (void)state;
    open_one_lot();
    one.price[0] = ONE_PRICE;
    spend(1e18);
    match_money_move(&one.joint, true, true, 1);
    assert_int_equal(one.price[0], 2 * ONE_PRICE);
    spend(0);
    one.price[0] = ONE_PRICE;
    match_money_move(&one.joint, true, true, 1);
    assert_true(one.price[0] >= ONE_PRICE / 2 && one.price[0] < ONE_PRICE);
    /* From nothing it starts at a sixteenth; where nothing is overspent it stays at nothing. */
    one.price[0] = 0;
    match_money_move(&one.joint, true, true, 1);
    assert_int_equal(one.price[0], 0);
    spend(2000);
    match_money_move(&one.joint, true, true, 1);
    assert_int_equal(one.price[0], ONE_PRICE / 16);
    /* However long a fund without money is overspent, its price ends at the most. */
    one.balance[0] = 0;
    spend(1e18);
    for (int n = 0; n < 100; n++) {
        match_money_move(&one.joint, true, true, 1);
        assert_in_range(one.price[0], 1, MATCH_FUND_PRICE_MOST);
    }
    assert_int_equal(one.price[0], MATCH_FUND_PRICE_MOST);
}

/* What no int64 holds is counted exactly: such plans are refused by their sums, never taken for small ones. */
static void what_a_plan_pays_is_exact_beyond_64_bits(void **state)
{
    (void)state;
    uint32_t l = add_lot(1);
    add_demand(l, 0, 1, 1, 1);
    add_demand(l, 1, 1, 1, 1);
    const struct match_award awards[] = {
        {.demand = 0, .quantity = 1000000000, .unit_price = INT64_C(10000000000000), .freight = INT64_C(10000000000000), .one_off = 7},
        {.demand = 1, .quantity = 3, .unit_price = 5, .freight = 1, .one_off = 2},
        {.demand = 0, .quantity = 1, .unit_price = 0, .freight = 0, .one_off = 0},
    };
    const struct match_lot_plan plan = {.awards = (struct match_award *)(uintptr_t)awards, .award_count = 3}, nothing = {0};
    assert_true(match_money_paid(&one.lots[l], &plan, 0) == (__int128)1000000000 * 20000000000000 + 7);
    assert_true(match_money_paid(&one.lots[l], &plan, 1) == 20);
    assert_true(match_money_paid(&one.lots[l], &nothing, 0) == 0);
    assert_true(match_money_paid(&one.lots[l], &plan, MATCH_NONE) == 0);
}

static void memory_that_is_out_is_told(void **state)
{
    (void)state;
    struct arena none;
    arena_init(&none, 1);
    add_demand(add_lot(1), 0, 1, 1, 1);
    assert_int_equal(match_money_guess(&one.joint, &none), STATUS_NO_MEMORY);
    assert_int_equal(match_money_weigh(&one.joint, &none), STATUS_NO_MEMORY);
    arena_drop(&none);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(money_that_suffices_has_no_price),
        CASE(the_price_is_the_worth_of_the_need_that_money_runs_out_at),
        CASE(only_needs_of_the_fund_and_of_what_is_not_committed_count),
        CASE(a_first_price_stays_below_its_most),
        CASE(few_lots_are_all_heavy),
        CASE(of_many_lots_those_with_nearly_all_worth_are_heavy_in_their_order),
        CASE(prices_move_towards_what_just_spends_the_fund),
        CASE(a_move_is_bounded),
        CASE(what_a_plan_pays_is_exact_beyond_64_bits),
        CASE(memory_that_is_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
