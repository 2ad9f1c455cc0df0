/* SPDX-License-Identifier: EUPL-1.2 */
/* The figures of a proof at the edges of the limits: prices far above what a unit is worth, and charges far above what a lump can pay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/match/proof_dual.h"
#include "broker/match/search.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

#define MEMORY ((size_t)1 << 28)

static struct scenario_support s;
static struct arena arena;
static struct match_search *search;

static int begin(void **state)
{
    (void)state;
    alarm(120);
    scenario_support_begin(&s);
    scenario_support_put(&s, "items.csv", "item\nI\n");
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2026-11-24\ncontract_overhead,0\nmin_nations,1\n");
    scenario_support_put(&s, "suppliers.csv", "supplier,country,size\nS,DE,large\n");
    scenario_support_put(&s, "funds.csv", NULL);
    scenario_support_put(&s, "commitments.csv", NULL);
    return 0;
}

static void open_search(void)
{
    scenario_support_load(&s);
    arena_init(&arena, MEMORY);
    search = arena_alloc(&arena, sizeof *search);
    assert_non_null(search);
    assert_int_equal(match_search_init(s.market, 0, false, &arena, search), STATUS_OK);
}

static int end(void **state)
{
    (void)state;
    arena_drop(&arena);
    scenario_support_end(&s);
    return 0;
}

/* Most of the lot has a ceiling of some euros, so a unit is worth little; one demand would pay any price, which an offer asks. */
static void a_dear_unit_fits_its_bits(void **state)
{
    (void)state;
    struct match_proof_dual dual;
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price\nd1,DE,I,2027-10,50,9\nd2,FR,I,2027-10,1,99999999999\n");
    scenario_support_put(&s, "offers.csv", "offer,supplier,item,unit_price,first_month,stock\no,S,I,99999999998,2026-01,60\np,S,I,5,2026-01,60\n");
    open_search();
    assert_int_equal(match_proof_dual_init(&search->model, &search->ties, &arena, &dual), STATUS_OK);
    uint32_t pairs = dual.whole.first_pair[search->model.choice_count];
    assert_int_equal(pairs, 3);
    for (uint32_t p = 0; p < pairs; p++) {
        __int128 profit = (__int128)dual.whole.gain[p] * ((__int128)1 << dual.bits);
        assert_true(profit < INT64_MAX / 4 && profit > INT64_MIN / 4);
        assert_true((__int128)match_proof_headroom(&dual, p) * ((__int128)1 << dual.bits) < INT64_MAX / 4);
    }
}

/* A lump of one unit, charged more than 64 bits hold for coming: it must not come as if for nothing. */
static void a_charge_is_not_cut_to_its_last_bits(void **state)
{
    (void)state;
    struct match_whole whole;
    __int128 value = 0;
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price,single_supplier\nd1,DE,I,2027-10,1,9,yes\n");
    scenario_support_put(&s, "offers.csv", "offer,supplier,item,unit_price,first_month,stock\no,S,I,5,2026-01,60\n");
    open_search();
    assert_int_equal(match_whole_init(&search->model, &arena, &whole), STATUS_OK);
    assert_int_equal(whole.first_item[1], 1);
    whole.profit[0] = 100;
    whole.charge[0] = ((__int128)1 << 64) + 1;
    whole.total_high = INT64_MAX;
    if (match_whole_value(&whole, 0, &value)) {
        assert_true(value >= 100 - whole.charge[0]); /* a bound on what it is */
        assert_true(value < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_dear_unit_fits_its_bits, begin, end),
        cmocka_unit_test_setup_teardown(a_charge_is_not_cut_to_its_last_bits, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
