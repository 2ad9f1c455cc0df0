/* SPDX-License-Identifier: EUPL-1.2 */
/* Branch and cut at the edges of the limits: sums that a product could leave, units that doubles don't tell apart, things that are no longer there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/match/exact_tree.h"
#include "broker/match/match.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

#define MEMORY ((size_t)1 << 28)
#define ASKED_MOST 20000

static struct scenario_support s;

static bool asked_often(void *context, const struct match_progress *progress)
{
    (void)progress;
    return ++*(unsigned *)context > ASKED_MOST;
}

/*
 * One offer, whose second tier has output without end: sums of its units once reached so far that the tableau took fifty of them for none, and
 * each number of them became a node.
 */
static void sums_are_no_larger_than_their_parts(void **state)
{
    (void)state;
    struct arena arena;
    struct match_plan *plan = NULL;
    unsigned asked = 0;
    struct match_options options = {.threads = 1, .prove = true, .stop = asked_often, .context = &asked};
    scenario_support_put(&s, "items.csv", "item\nI\n");
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2026-11-24\ncontract_overhead,100000\nmin_nations,1\nsme_min_share,100\n"
                                           "european_max_share,99\n");
    scenario_support_put(&s, "suppliers.csv", "supplier,country,size\nS,DE,large\n");
    scenario_support_put(&s, "demands.csv", "demand,country,item,month,quantity,max_unit_price,priority\nd1,DE,I,2027-10,1,132000,3\n"
                                            "d1,,,2027-11,2,,\nd2,DE,I,2027-10,1,132000,3\nd2,,,2027-11,2,,\n");
    scenario_support_put(&s, "offers.csv", "offer,supplier,item,unit_price,one_off,first_month,stock,monthly_rate\n"
                                           "o,S,I,0.01,0.01,2027-06,0,1\no,,,0.01,547287.90,2027-06,1000000000,6\n");
    scenario_support_put(&s, "funds.csv", NULL);
    scenario_support_put(&s, "commitments.csv", NULL);
    scenario_support_load(&s);
    arena_init(&arena, MEMORY);
    assert_int_equal(match_plan(s.market, &options, &arena, &plan), STATUS_OK);
    assert_true(asked < ASKED_MOST);
    assert_true(plan->objective == 0 && plan->bound == 0);
    arena_drop(&arena);
}

/* A program of one column, which is fixed for good where fixed says so. */
struct tiny {
    struct match_exact_column column;
    struct match_exact_row rows[4];
    struct match_exact_entry entries[8];
    struct match_exact program;
};

static void begin_tiny(struct tiny *tiny, int64_t low, int64_t high, bool fixed)
{
    *tiny = (struct tiny){.column = {.low = low, .high = high, .kind = MATCH_EXACT_UNITS}};
    tiny->program = (struct match_exact){.columns = &tiny->column, .rows = tiny->rows, .entries = tiny->entries, .column_count = 1,
                                         .active = fixed ? 0 : 1, .row_most = 3, .entry_most = 8, .column_most = 1};
}

static void a_right_side_that_would_wrap_is_no_row(void **state)
{
    (void)state;
    struct tiny tiny;
    begin_tiny(&tiny, INT64_C(1) << 20, INT64_C(1) << 20, true);
    match_exact_add(&tiny.program, 0, (INT64_C(1) << 50) + 1); /* 2^70 and 2^20, of which 64 bits would keep the latter */
    match_exact_close(&tiny.program, 0, false, MATCH_NONE);
    assert_int_equal(tiny.program.row_count, 0);
    assert_int_equal(tiny.program.entry_count, 0);
    match_exact_add(&tiny.program, 0, 3);
    match_exact_close(&tiny.program, INT64_C(1) << 20, false, MATCH_NONE); /* 3 * 2^20 <= 2^20 can't be kept */
    assert_int_equal(tiny.program.row_count, 1);
    assert_true(tiny.rows[0].right == -(INT64_C(2) << 20));
}

static void units_stay_within_their_bounds(void **state)
{
    (void)state;
    struct tiny tiny;
    uint32_t pair_column = 0, item_of = MATCH_NONE;
    int64_t low = 999999999, high = 999999999;
    double level = 1000000000.4;
    begin_tiny(&tiny, 0, 1000000000, false);
    struct match_exact_tree tree = {.program = tiny.program, .low = &low, .high = &high, .levels = &level};
    tree.program.pair_column = &pair_column;
    tree.program.whole.item_of = &item_of;
    tree.program.whole.line = &pair_column;
    assert_true(match_exact_units(&tree, 0) == 999999999);
    low = 1000000001;
    high = 1000000002;
    assert_true(match_exact_units(&tree, 0) == 1000000001);
}

static void a_level_of_a_choice_that_went_brings_no_row(void **state)
{
    (void)state;
    struct tiny tiny;
    uint32_t none = MATCH_NONE, first = 0, count = 0;
    int64_t low = 1, high = 1;
    double level = 1;
    uint8_t linked[8] = {0};
    begin_tiny(&tiny, 0, 1, false);
    tiny.column.kind = MATCH_EXACT_LEVEL;
    tiny.program.level_count = 1;
    tiny.program.choice_column = &none;
    tiny.program.share_first = &first;
    tiny.program.share_count = &count;
    tiny.program.linked = linked;
    struct match_exact_tree tree = {.program = tiny.program, .low = &low, .high = &high, .levels = &level};
    assert_false(match_exact_separate_levels(&tree));
    assert_int_equal(tree.program.row_count, 0);
}

/* A row that the tableau has no room for leaves nothing behind: the next one once began with as many entries of rows before it. */
static void a_row_without_room_leaves_nothing_behind(void **state)
{
    (void)state;
    struct tiny tiny;
    struct arena arena;
    double cost = 1, most = 10;
    begin_tiny(&tiny, 0, 10, false);
    struct match_exact_tree tree = {.program = tiny.program, .arena = &arena};
    arena_init(&arena, MEMORY);
    assert_int_equal(match_tableau_init(&tree.tableau, &cost, &most, 1, 1, 8, &arena), STATUS_OK);
    for (int64_t n = 0; n < 3; n++) {
        match_exact_add(&tree.program, 0, 1 + n);
        match_exact_close(&tree.program, 5, false, MATCH_NONE);
        assert_int_equal(match_exact_enter(&tree), n == 0);
        assert_int_equal(tree.program.row_count, 1);
        assert_int_equal(tree.program.entry_count, 1);
        assert_int_equal(tiny.rows[1].count, 0);
    }
    assert_true(tiny.entries[0].amount == 1 && tiny.rows[0].first == 0 && tiny.rows[0].count == 1);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO_SUPPORT_TEST(sums_are_no_larger_than_their_parts, s),
        cmocka_unit_test(a_right_side_that_would_wrap_is_no_row),
        cmocka_unit_test(units_stay_within_their_bounds),
        cmocka_unit_test(a_level_of_a_choice_that_went_brings_no_row),
        cmocka_unit_test(a_row_without_room_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
