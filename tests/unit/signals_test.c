/* SPDX-License-Identifier: EUPL-1.2 */
/* The rules of signals at their edges: who counts, which coalition, what changed, what range is left, which calendar; and the policy's regions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/signals.h"
#include "proto/regions.h"
#include "proto/settings.h"
#include "proto/status.h"

static const struct signals_rules rules = {.nations = 5, .insiders = 2, .percent = 20, .base = 10, .keep = 12};

static enum signals_why safe(const struct signals_rules *by, size_t count, const uint64_t *quantities)
{
    uint64_t copy[16];
    memcpy(copy, quantities, count * sizeof *copy);
    return signals_safe(by, copy, count);
}

#define SAFE(by, ...) safe(by, sizeof((uint64_t[]){__VA_ARGS__}) / 8, (uint64_t[]){__VA_ARGS__})

static void a_cell_needs_nations_and_a_rest(void **state)
{
    (void)state;
    assert_int_equal(SAFE(&rules, 0, 0), SIGNALS_NONE);
    assert_int_equal(SAFE(&rules, 100, 100, 100, 100, 0), SIGNALS_FEW);
    assert_int_equal(SAFE(&rules, 10, 10, 10, 10, 10), SIGNALS_FRESH);
    /* 100 and two insiders: 20 must be left, in whatever order they come. */
    assert_int_equal(SAFE(&rules, 10, 50, 100, 10, 40), SIGNALS_FRESH);
    assert_int_equal(SAFE(&rules, 10, 50, 100, 9, 40), SIGNALS_DOMINATED);
    /* Insiders with next to nothing leave more than those that matter. */
    assert_int_equal(SAFE(&rules, 100, 1, 1, 1, 1), SIGNALS_DOMINATED);
    struct signals_rules one = rules;
    one.insiders = 1;
    assert_int_equal(SAFE(&one, 10, 50, 100, 9, 1), SIGNALS_FRESH);
    assert_int_equal(SAFE(&rules, UINT64_MAX / 8, UINT64_MAX / 8, UINT64_MAX / 8, UINT64_MAX / 8, UINT64_MAX / 8), SIGNALS_FRESH);
}

/* A figure of one quarter: quantities of nations "AA", "BB", ...; 0: not in it. */
static struct signals_figure figure_of(struct signals_part *parts, const uint64_t *quantities, size_t count)
{
    static const char *const names[] = {"AA", "BB", "CC", "DD", "EE", "FF", "GG", "HH"};
    struct signals_figure figure = {.width = SIGNALS_QUARTER, .from = 20281, .region = "", .parts = parts};
    for (size_t at = 0; at < count; at++) {
        if (quantities[at] != 0)
            parts[figure.part_count++] = (struct signals_part){.country = names[at], .region = "", .quarter = 20281, .quantity = quantities[at]};
    }
    return figure;
}

static void a_change_passes_the_same_rule(void **state)
{
    (void)state;
    static const struct {
        uint64_t now[8];
        enum signals_why why;
    } cases[] = {
        {{10, 20, 30, 40, 50, 60}, SIGNALS_SAME},
        {{10, 20, 30, 40, 50, 61}, SIGNALS_CHANGE},       /* one nation: its change is the difference */
        {{11, 21, 31, 41, 50, 60}, SIGNALS_CHANGE},       /* four */
        {{11, 21, 31, 41, 51, 60}, SIGNALS_FRESH},        /* five */
        {{11, 19, 31, 39, 51, 60}, SIGNALS_FRESH},        /* up or down is one */
        {{11, 21, 31, 41, 100, 60}, SIGNALS_CHANGE},      /* five, of which one is nearly all */
        {{0, 0, 0, 0, 0, 60}, SIGNALS_FRESH},             /* 10 to 50 leave: the rest of 20 + 10 is enough for 50 */
        {{10, 20, 30, 40, 50, 60, 70}, SIGNALS_CHANGE},   /* one arrives */
    };
    struct signals_part before[8], after[8];
    struct signals_item item = {0};
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct signals_figure then = figure_of(before, (uint64_t[]){10, 20, 30, 40, 50, 60}, 6);
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        enum signals_why why;
        struct signals_figure now = figure_of(after, cases[at].now, 8);
        assert_int_equal(signals_check_change(&rules, &item, &now, &then, &arena, &why), STATUS_OK);
        if (why != cases[at].why)
            fail_msg("case %zu: %d", at, (int)why);
    }
    /* A nation that is known protects nobody. */
    enum signals_why why;
    const char *const known[] = {"CC"};
    item.known = known;
    item.known_count = 1;
    struct signals_figure now = figure_of(after, cases[3].now, 8);
    assert_int_equal(signals_check_change(&rules, &item, &now, &then, &arena, &why), STATUS_OK);
    assert_int_equal(why, SIGNALS_CHANGE);
    arena_drop(&arena);
}

static struct signals_range range_of(size_t count, const uint64_t (*quantities)[8])
{
    struct signals_part parts[6][8];
    struct signals_figure figures[6];
    const struct signals_figure *list[6];
    struct signals_item item = {0};
    struct signals_range range;
    for (size_t at = 0; at < count; at++) {
        figures[at] = figure_of(parts[at], quantities[at], 8);
        list[at] = &figures[at];
    }
    assert_int_equal(signals_range(&rules, &item, list, count, &range), STATUS_OK);
    return range;
}

static void the_range_of_one_figure_is_what_others_can_give(void **state)
{
    (void)state;
    /* 100 can rise by what is left of 50, 40, 11, 11 without the two largest: 10 + 10, one unit each kept. */
    struct signals_range range = range_of(1, (const uint64_t[][8]){{100, 50, 40, 11, 11}});
    assert_int_equal(range.quantity, 20);
    assert_int_equal(range.change, 100);
    assert_int_equal(range.nations, 5);
    assert_int_equal(range.coalitions, 10);
    assert_int_equal(range_of(1, (const uint64_t[][8]){{100, 50, 40, 11, 10}}).quantity, 19);
    assert_int_equal(range_of(1, (const uint64_t[][8]){{10, 10, 10, 10, 10}}).quantity, 100);
    assert_int_equal(range_of(1, (const uint64_t[][8]){{10, 10, 10}}).quantity, 0);
}

static void the_range_sees_what_pairs_of_figures_do_not(void **state)
{
    (void)state;
    /* AA joins among others in one figure and not in three more, in which the others stand in every combination: the sum of two
       less the sum of the other two is AA alone, though the first two by themselves leave enough. */
    const uint64_t quantities[][8] = {{0, 10, 10, 10, 10, 10, 10, 10}, {30, 20, 25, 15, 10, 10, 10, 10}, {0, 10, 10, 10, 20, 25, 15, 30}, {0, 20, 25, 15, 20, 25, 15, 30}};
    assert_true(range_of(1, quantities).quantity >= 20);
    assert_true(range_of(2, quantities).quantity >= 20);
    assert_int_equal(range_of(4, quantities).quantity, 0);
}

static void the_calendar_knows_no_change(void **state)
{
    (void)state;
    assert_int_equal(signals_due(20270215, 20270228, 1), 0);
    assert_int_equal(signals_due(20270215, 20270301, 1), 20270301);
    assert_int_equal(signals_due(20270301, 20270331, 1), 0);
    assert_int_equal(signals_due(20270301, 20280117, 1), 20280101); /* missed ones are not made up for */
    assert_int_equal(signals_due(20270215, 20270301, 3), 0);
    assert_int_equal(signals_due(20270215, 20270509, 3), 20270401);
    assert_int_equal(signals_due(20270215, 20990101, 0), 0);
    assert_int_equal(signals_next(20270401, 1), 20270501);
    assert_int_equal(signals_next(20271215, 3), 20280101);
    assert_int_equal(signals_next(20271215, 0), 0);
    assert_int_equal(signals_months(20270301, 20270301), 0);
    assert_int_equal(signals_months(20270301, 20280401), 13);
    assert_int_equal(signals_quarter(202801), 20281);
    assert_int_equal(signals_quarter(202812), 20284);
    assert_int_equal(signals_first_month(20284), 202810);
    assert_int_equal(signals_last_month(20281), 202803);
    assert_int_equal(signals_round(614, 10), 610);
    assert_int_equal(signals_round(615, 10), 620);
    assert_int_equal(signals_round(4, 10), 0);
    assert_int_equal(signals_round(7, 1), 7);
}

static void regions_are_a_list_of_names_and_countries(void **state)
{
    (void)state;
    char part[16], name[REGION_NAME_SIZE], names[REGIONS_MOST + 1][REGION_NAME_SIZE];
    static const struct {
        const char *value;
        enum regions_fault fault;
    } cases[] = {
        {"", REGIONS_GOOD}, {"north;DK;NO;SE;south;ES;IT", REGIONS_GOOD}, {"DK;NO", REGIONS_NAME}, {"north;XX", REGIONS_NAME}, {"North;DK", REGIONS_NAME},
        {"north;DK;;NO", REGIONS_NAME}, {"north;DK;south;DK", REGIONS_REPEATED}, {"north;DK;north;NO", REGIONS_REPEATED}, {"other;DK", REGIONS_REPEATED},
        {"north;south;DK", REGIONS_EMPTY}, {"north", REGIONS_EMPTY}, {"averyverylongname;DK", REGIONS_NAME}, {"no rth;DK", REGIONS_NAME},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        if (regions_check(cases[at].value, part, sizeof part) != cases[at].fault)
            fail_msg("'%s'", cases[at].value);
    }
    regions_of(cases[1].value, "SE", name);
    assert_string_equal(name, "north");
    regions_of(cases[1].value, "IT", name);
    assert_string_equal(name, "south");
    regions_of(cases[1].value, "NL", name);
    assert_string_equal(name, "other");
    assert_int_equal(regions_names(cases[1].value, names), 3);
    assert_string_equal(names[1], "south");
    assert_string_equal(names[2], "other");
    assert_int_equal(regions_names("", names), 1);
    assert_true(settings_is_list(SETTING_SIGNAL_REGIONS));
    assert_false(settings_is_list(SETTING_SIGNAL_BASE));
    assert_string_equal(settings_default_text(SETTING_SIGNAL_NATIONS), "5");
}

static void a_row_ages_and_goes(void **state)
{
    (void)state;
    struct signals_part parts[3][8];
    struct signals_leaf leaf = {.quarter = 20281, .region = "other"};
    static const char *const regions[] = {"other"};
    struct signals_figure figures[3];
    const uint64_t quantities[][8] = {{10, 10, 10, 10, 10}, {20, 21, 22, 23, 24}, {0}};
    struct arena arena;
    struct signals_row *rows;
    size_t count;
    for (size_t at = 0; at < 3; at++) {
        figures[at] = figure_of(parts[at], quantities[at], 8);
        figures[at].width = SIGNALS_REGION;
        figures[at].region = "other";
        figures[at].date = 20270101 + 100 * (uint32_t)at;
        figures[at].leaves = &leaf;
        figures[at].leaf_count = 1;
        figures[at].shown = at == 2 ? 0 : 50 + 60 * at;
    }
    struct signals_item item = {.history = figures, .history_count = 2, .regions = regions, .region_count = 1};
    arena_init(&arena, 1 << 20);
    assert_int_equal(signals_rows(&rules, &item, 20270201, &arena, &rows, &count), STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].figure->shown, 110);
    assert_int_equal(rows[0].since, 20270101);
    assert_int_equal(signals_rows(&rules, &item, 20280101, &arena, &rows, &count), STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(signals_rows(&rules, &item, 20280201, &arena, &rows, &count), STATUS_OK);
    assert_int_equal(count, 0); /* not renewed for a year */
    assert_int_equal(signals_rows(&rules, &item, 20280401, &arena, &rows, &count), STATUS_OK);
    assert_int_equal(count, 0); /* past */
    item.history_count = 3;
    assert_int_equal(signals_rows(&rules, &item, 20270301, &arena, &rows, &count), STATUS_OK);
    assert_int_equal(count, 0); /* nothing and withheld look alike */
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_needs_nations_and_a_rest),
        cmocka_unit_test(a_change_passes_the_same_rule),
        cmocka_unit_test(the_range_of_one_figure_is_what_others_can_give),
        cmocka_unit_test(the_range_sees_what_pairs_of_figures_do_not),
        cmocka_unit_test(the_calendar_knows_no_change),
        cmocka_unit_test(regions_are_a_list_of_names_and_countries),
        cmocka_unit_test(a_row_ages_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
