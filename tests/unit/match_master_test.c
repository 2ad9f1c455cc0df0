/* SPDX-License-Identifier: EUPL-1.2 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/match/master.h"

static void assert_near(double found, double expected)
{
    assert_true(fabs(found - expected) <= 1e-6 * (1 + fabs(expected)));
}

/* Two plans and one row: half of each keeps it, and the price is the slope between them. */
static void test_mixes_two_plans(void **state)
{
    (void)state;
    struct match_master master = {.row_count = 1, .column_count = 2, .profit = {100, 40}, .excess = {{30}, {-30}}, .least = {0}, .most = {16}};
    assert_true(match_master_solve(&master));
    assert_near(master.value, 70);
    assert_near(master.share[0], 0.5);
    assert_near(master.share[1], 0.5);
    assert_near(master.price[0], 1);
}

/* A plan that keeps all rows and is worth most stands alone, at no price. */
static void test_takes_the_best_that_keeps_all(void **state)
{
    (void)state;
    struct match_master master = {.row_count = 2, .column_count = 3, .profit = {10, 25, 20}, .excess = {{-1, -1}, {-2, -3}, {4, -5}},
                                  .least = {0, 0}, .most = {8, 8}};
    assert_true(match_master_solve(&master));
    assert_near(master.value, 25);
    assert_near(master.share[1], 1);
    assert_near(master.price[0], 0);
    assert_near(master.price[1], 0);
}

/* Where every plan breaks a row the breach is charged at the highest price. */
static void test_charges_a_breach(void **state)
{
    (void)state;
    struct match_master master = {.row_count = 1, .column_count = 2, .profit = {100, 90}, .excess = {{5}, {2}}, .least = {0}, .most = {3}};
    assert_true(match_master_solve(&master));
    assert_near(master.value, 85);
    assert_near(master.price[0], 3);
}

/* Prices stay within their box. */
static void test_keeps_the_box(void **state)
{
    (void)state;
    struct match_master master = {.row_count = 1, .column_count = 2, .profit = {100, 40}, .excess = {{30}, {-30}}, .least = {1.5}, .most = {2}};
    assert_true(match_master_solve(&master));
    assert_near(master.price[0], 1.5);
    master.least[0] = 0;
    master.most[0] = 0.25;
    assert_true(match_master_solve(&master));
    assert_near(master.price[0], 0.25);
}

/* Weak duality on many small programs: no share mix is worth more than the prices say, and where both meet it is the best. */
static void test_prices_bound_every_mix(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 200; round++) {
        struct match_master master = {.row_count = 4, .column_count = 9};
        for (uint32_t r = 0; r < 4; r++) {
            master.most[r] = 5;
        }
        for (uint32_t n = 0; n < 9; n++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            master.profit[n] = (double)(seed >> 40) / 1000.0;
            for (uint32_t r = 0; r < 4; r++) {
                seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                master.excess[n][r] = (double)(int64_t)((seed >> 44) % 2001) - 1000;
            }
        }
        assert_true(match_master_solve(&master));
        double best = -INFINITY, total = 0;
        for (uint32_t n = 0; n < 9; n++) {
            double worth = master.profit[n];
            for (uint32_t r = 0; r < 4; r++) {
                worth -= master.price[r] * master.excess[n][r];
            }
            best = fmax(best, worth);
            total += master.share[n];
        }
        assert_near(total, 1);
        assert_near(best, master.value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixes_two_plans),         cmocka_unit_test(test_takes_the_best_that_keeps_all),
        cmocka_unit_test(test_charges_a_breach),        cmocka_unit_test(test_keeps_the_box),
        cmocka_unit_test(test_prices_bound_every_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
