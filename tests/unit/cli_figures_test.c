/* SPDX-License-Identifier: EUPL-1.2 */
/* Figures as people read them: never rounded into a promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/muster/figures.h"
#include "clients/muster/suggest.h"
#include "proto/status.h"
#include "tests/unit/patience.h"

static void counts_have_thousands_marks(void **state)
{
    (void)state;
    assert_string_equal(figures_count(0).text, "0");
    assert_string_equal(figures_count(999).text, "999");
    assert_string_equal(figures_count(1000).text, "1,000");
    assert_string_equal(figures_count(220000).text, "220,000");
    assert_string_equal(figures_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
    assert_string_equal(figures_of(956, 1000).text, "956/1,000");
    assert_string_equal(figures_change(-29).text, "-29");
    assert_string_equal(figures_change(1200).text, "+1,200");
    assert_string_equal(figures_change(0).text, "");
    assert_string_equal(figures_change(INT64_MIN).text, "-9,223,372,036,854,775,808");
}

static void money_is_exact_where_somebody_pays(void **state)
{
    (void)state;
    assert_string_equal(figures_money(510000000).text, "5,100,000.00");
    assert_string_equal(figures_money(-15720).text, "-157.20");
    assert_string_equal(figures_money(5).text, "0.05");
    assert_string_equal(figures_exact(62879069767).text, "628790697.67");
    assert_string_equal(figures_exact(-1).text, "-0.01");
}

static void millions_round_to_two_places_and_say_when_they_do_not_add_up(void **state)
{
    (void)state;
    const int64_t exact[] = {100000000, 200000000};
    const int64_t rounded[] = {400000, 400000, 400000};
    assert_string_equal(figures_millions(493920000000).text, "4,939.20");
    assert_string_equal(figures_millions(-5390000000).text, "-53.90");
    assert_string_equal(figures_millions(499999).text, "0.00");
    assert_string_equal(figures_millions(500000).text, "0.01");
    assert_string_equal(figures_millions_change(-15805000000).text, "-158.05");
    assert_string_equal(figures_millions_change(310000000).text, "+3.10");
    assert_true(figures_millions_add_up(exact, 2));
    assert_false(figures_millions_add_up(rounded, 3));
}

static void a_percentage_never_crosses_its_limit(void **state)
{
    (void)state;
    /* 64.96 % against at least 65 %. */
    assert_string_equal(figures_percent(6496, 10000, 65, 100).text, "64.96");
    assert_string_equal(figures_percent(650, 1000, 65, -1).text, "65.0");
    assert_string_equal(figures_percent(65001, 100000, -1, 65).text, "65.001");
    assert_string_equal(figures_percent(581, 1000, 30, 100).text, "58.1");
    /* Nothing but all is 100, nothing but none is 0. */
    assert_string_equal(figures_percent(99999, 100000, -1, -1).text, "99.999");
    assert_string_equal(figures_percent(4, 10000, -1, -1).text, "0.04");
    assert_string_equal(figures_percent(0, 5, -1, -1).text, "0.0");
    assert_string_equal(figures_percent(5, 5, -1, -1).text, "100.0");
    assert_string_equal(figures_percent(-539, 10000, -1, -1).text, "-5.4");
    assert_string_equal(figures_percent(1, 0, -1, -1).text, "-");
}

static void a_gap_rounds_up(void **state)
{
    (void)state;
    assert_string_equal(figures_gap(0, 100).text, "0.00");
    assert_string_equal(figures_gap(1, 1000000).text, "0.01");
    assert_string_equal(figures_gap(3, 10000).text, "0.03");
    assert_string_equal(figures_gap(30001, 100000000).text, "0.04");
    assert_string_equal(figures_gap(-4, 100).text, "0.00");
}

static void times_are_utc(void **state)
{
    (void)state;
    assert_string_equal(figures_time(UINT64_C(1801473240000)).text, "2027-02-01 09:14 UTC");
    assert_string_equal(figures_instant(UINT64_C(1801473242000)).text, "2027-02-01T09:14:02Z");
    assert_string_equal(figures_clock(UINT64_C(1801473242000)).text, "09:14:02Z");
    assert_string_equal(figures_time(0).text, "-");
    assert_string_equal(figures_month(202812).text, "2028-12");
    assert_string_equal(figures_date(20281231).text, "2028-12-31");
}

static void a_deadline_ends_at_midnight_of_its_day(void **state)
{
    (void)state;
    uint64_t until = 0;
    assert_int_equal(figures_read_deadline("2027-02-15", &until), STATUS_OK);
    assert_string_equal(figures_instant(until).text, "2027-02-16T00:00:00Z");
    assert_string_equal(figures_day(until).text, "2027-02-15");
    static const char *const wrong[] = {"", "2027-2-15", "2027-02-30", "15.02.2027", "2027-02-15x", "1999-01-01", "2200-01-01", "2027-13-01", "tomorrow"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(figures_read_deadline(wrong[i], &until), STATUS_INVALID);
    }
}

static void names_of_bundles_and_versions_are_read_back(void **state)
{
    (void)state;
    uint64_t number = 0;
    assert_string_equal(figures_bundle(41).text, "B-0041");
    assert_string_equal(figures_bundle(123456).text, "B-123456");
    assert_int_equal(figures_read_bundle("B-0041", &number), STATUS_OK);
    assert_int_equal(number, 41);
    assert_int_equal(figures_read_bundle("b-41", &number), STATUS_OK);
    assert_int_equal(figures_read_bundle("41", &number), STATUS_OK);
    assert_int_equal(figures_read_bundle("B-0", &number), STATUS_INVALID);
    assert_int_equal(figures_read_bundle("B-", &number), STATUS_INVALID);
    assert_int_equal(figures_read_bundle("B-4x", &number), STATUS_INVALID);
    assert_int_equal(figures_read_version("v2", &number), STATUS_OK);
    assert_int_equal(number, 2);
    assert_int_equal(figures_read_version("v0", &number), STATUS_INVALID);
    assert_int_equal(figures_read_version("99999999999999999999", &number), STATUS_INVALID);
}

static void the_nearest_word_is_the_one_meant(void **state)
{
    (void)state;
    struct suggest suggest;
    suggest_begin(&suggest, "bundel");
    suggest_offer(&suggest, "demand");
    suggest_offer(&suggest, "bundle");
    assert_string_equal(suggest.nearest, "bundle");
    suggest_begin(&suggest, "xyzzy");
    suggest_offer(&suggest, "bundle");
    assert_null(suggest.nearest);
    suggest_begin(&suggest, "mark");
    suggest_offer(&suggest, "marking");
    assert_string_equal(suggest.nearest, "marking");
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
    assert_int_equal(suggest_distance("ab", "ba"), 1);
    assert_int_equal(suggest_distance("", "abc"), 3);
}

int main(void)
{
    alarm((unsigned)patience(30));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_thousands_marks),
        cmocka_unit_test(money_is_exact_where_somebody_pays),
        cmocka_unit_test(millions_round_to_two_places_and_say_when_they_do_not_add_up),
        cmocka_unit_test(a_percentage_never_crosses_its_limit),
        cmocka_unit_test(a_gap_rounds_up),
        cmocka_unit_test(times_are_utc),
        cmocka_unit_test(a_deadline_ends_at_midnight_of_its_day),
        cmocka_unit_test(names_of_bundles_and_versions_are_read_back),
        cmocka_unit_test(the_nearest_word_is_the_one_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
