/* SPDX-License-Identifier: EUPL-1.2 */
/* Shares of one-off costs: exact to the cent, against a slow twin in fractions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/shares.h"
#include "tests/unit/scenario_support.h"

#define MOST 8

/*
 * The model's words, literally: the level is the least fraction p/q for which the sum of quantity * min(headroom, level) is the cost.
 * The sum is linear between two headrooms, so each stretch is looked at in turn.
 */
static bool twin(int64_t one_off, struct match_share *list, uint32_t count)
{
    __int128 all = 0;
    for (uint32_t n = 0; n < count; n++) {
        all += (__int128)list[n].quantity * list[n].headroom;
    }
    if (all < one_off) {
        return false;
    }
    __int128 numerator = 0, denominator = 1; /* the level */
    int64_t low = 0;
    for (bool found = one_off == 0; !found;) {
        int64_t high = INT64_MAX;
        __int128 below = 0, open = 0; /* carried by headrooms at most low; quantity of those above */
        for (uint32_t n = 0; n < count; n++) {
            if (list[n].headroom > low) {
                high = list[n].headroom < high ? list[n].headroom : high;
                open += list[n].quantity;
            } else {
                below += (__int128)list[n].quantity * list[n].headroom;
            }
        }
        if (below + open * high >= one_off) {
            numerator = one_off - below;
            denominator = open;
            found = true;
        }
        low = high;
    }
    int64_t sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        bool capped = list[n].headroom * denominator <= numerator;
        list[n].share = capped ? list[n].quantity * list[n].headroom : (int64_t)(list[n].quantity * numerator / denominator);
        sum += list[n].share;
    }
    for (uint32_t n = 0; n < count && sum < one_off; n++) {
        if (list[n].headroom * denominator > numerator) {
            list[n].share++;
            sum++;
        }
    }
    return sum == one_off;
}

static void agrees_with_the_definition(void **state)
{
    (void)state;
    uint64_t seed = 7;
    uint32_t scratch[MOST];
    for (int round = 0; round < 20000; round++) {
        struct match_share list[MOST], same[MOST];
        uint32_t count = 1 + (uint32_t)scenario_support_random(&seed, MOST);
        uint64_t headroom = round % 2 ? 5 : 1000;
        for (uint32_t n = 0; n < count; n++) {
            list[n] = (struct match_share){1 + (int64_t)scenario_support_random(&seed, 7), (int64_t)scenario_support_random(&seed, headroom), -7};
        }
        memcpy(same, list, sizeof list);
        int64_t one_off = (int64_t)scenario_support_random(&seed, headroom * 12);
        bool possible = twin(one_off, same, count);
        assert_int_equal(match_shares_compute(one_off, list, count, scratch), possible);
        for (uint32_t n = 0; n < count && possible; n++) {
            assert_int_equal(list[n].share, same[n].share);
        }
    }
}

static void shares_in_proportion_to_quantity(void **state)
{
    (void)state;
    /* EUR 30 m over 860 units: 80 of them carry 2,790,697.67. */
    struct match_share list[] = {{400, 80000000, 0}, {180, 80000000, 0}, {80, 80000000, 0}, {200, 80000000, 0}};
    uint32_t scratch[4];
    assert_true(match_shares_compute(3000000000, list, 4, scratch));
    assert_int_equal(list[2].share, 279069767);
    assert_int_equal(list[0].share + list[1].share + list[2].share + list[3].share, 3000000000);
}

static void the_missing_cents_go_one_each_in_order(void **state)
{
    (void)state;
    struct match_share list[] = {{1, 100, 0}, {1, 100, 0}, {1, 100, 0}};
    uint32_t scratch[3];
    assert_true(match_shares_compute(5, list, 3, scratch));
    assert_int_equal(list[0].share, 2);
    assert_int_equal(list[1].share, 2);
    assert_int_equal(list[2].share, 1);
}

static void a_low_ceiling_carries_what_it_can(void **state)
{
    (void)state;
    struct match_share list[] = {{10, 1, 0}, {10, 100, 0}};
    uint32_t scratch[2];
    assert_true(match_shares_compute(110, list, 2, scratch));
    assert_int_equal(list[0].share, 10);
    assert_int_equal(list[1].share, 100);
    assert_true(match_shares_compute(1010, list, 2, scratch));
    assert_int_equal(list[1].share, 1000);
    assert_false(match_shares_compute(1011, list, 2, scratch));
}

static void large_figures_do_not_wrap(void **state)
{
    (void)state;
    struct match_share list[] = {{1000000000, 10000000000000 / 1000000, 0}, {1000000000, 1, 0}};
    uint32_t scratch[2];
    assert_true(match_shares_compute(INT64_C(10000000000000), list, 2, scratch));
    assert_int_equal(list[0].share + list[1].share, INT64_C(10000000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(shares_in_proportion_to_quantity),
        cmocka_unit_test(the_missing_cents_go_one_each_in_order),
        cmocka_unit_test(a_low_ceiling_carries_what_it_can),
        cmocka_unit_test(large_figures_do_not_wrap),
    };
    return cmocka_run_group_tests_name("match_shares", tests, NULL, NULL);
}
