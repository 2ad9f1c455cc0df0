/* SPDX-License-Identifier: EUPL-1.2 */
/* Cells as values: what is understood, what is refused, and that both readings of what has two are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/csv_amount.h"
#include "proto/csv_date.h"
#include "proto/csv_fold.h"
#include "proto/csv_list.h"
#include "proto/csv_number.h"
#include "proto/status.h"

static void numbers_of_four_languages_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum csv_kind kind;
        uint64_t value;
    } cases[] = {
        {"40", CSV_KIND_QUANTITY, 40}, {" 1 234 ", CSV_KIND_QUANTITY, 1234}, {"1\u00a0234", CSV_KIND_QUANTITY, 1234},
        {"12\u202f000", CSV_KIND_QUANTITY, 12000}, {"1'234", CSV_KIND_QUANTITY, 1234}, {"1\u2019234\u2019567", CSV_KIND_COUNT, 1234567},
        {"1.234.567", CSV_KIND_QUANTITY, 1234567}, {"1,234,567", CSV_KIND_QUANTITY, 1234567}, {"40,00", CSV_KIND_QUANTITY, 40},
        {"40.0", CSV_KIND_QUANTITY, 40}, {"+5", CSV_KIND_COUNT, 5}, {"0", CSV_KIND_COUNT, 0}, {"007", CSV_KIND_COUNT, 7},
        {"5900", CSV_KIND_AMOUNT, 590000}, {"5900,5", CSV_KIND_AMOUNT, 590050}, {"5900.50", CSV_KIND_AMOUNT, 590050},
        {"5.900,50", CSV_KIND_AMOUNT, 590050}, {"5,900.50", CSV_KIND_AMOUNT, 590050}, {"5 900,50", CSV_KIND_AMOUNT, 590050},
        {"5\u202f900\u202f000,50", CSV_KIND_AMOUNT, 590000050}, {"5'900.50", CSV_KIND_AMOUNT, 590050},
        {"\u20ac 5.900,50", CSV_KIND_AMOUNT, 590050}, {"5.900,50\u00a0\u20ac", CSV_KIND_AMOUNT, 590050},
        {"EUR 5,900.50", CSV_KIND_AMOUNT, 590050}, {"$1,187.25", CSV_KIND_AMOUNT, 118725}, {"5.100,-", CSV_KIND_AMOUNT, 510000},
        {"12,345.6", CSV_KIND_AMOUNT, 1234560}, {"1234.567,80", CSV_KIND_AMOUNT, 0}, {"0,05", CSV_KIND_AMOUNT, 5},
        {".5", CSV_KIND_AMOUNT, 50}, {"0,500", CSV_KIND_AMOUNT, 50}, {"1234,5000", CSV_KIND_AMOUNT, 123450},
        {"0.921489", CSV_KIND_RATE, 921489}, {"0,921489", CSV_KIND_RATE, 921489}, {"1.085", CSV_KIND_RATE, 1085000},
        {"1,085", CSV_KIND_RATE, 1085000}, {"65", CSV_KIND_PERCENT, 65}, {"65 %", CSV_KIND_PERCENT, 65}, {"65,0%", CSV_KIND_PERCENT, 65},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct csv_amount_advice advice;
        char sign[CSV_NUMBER_TEXT];
        uint64_t value;
        bool good = csv_amount_read(cases[at].kind, cases[at].text, &value, sign, &advice);
        bool expected = strcmp(cases[at].text, "1234.567,80") != 0; /* no program groups digits so */
        if (good != expected || (good && value != cases[at].value)) {
            fail_msg("'%s': %s, value %llu", cases[at].text, good ? "read" : advice.remedy, (unsigned long long)value);
        }
    }
}

static void numbers_with_two_readings_or_none_say_what_to_write(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum csv_kind kind;
        const char *remedy;
    } cases[] = {
        {"1.234", CSV_KIND_AMOUNT, "write 1234 or 1.23"}, {"1,234", CSV_KIND_AMOUNT, "write 1234 or 1.23"},
        {"5.900", CSV_KIND_AMOUNT, "write 5900 or 5.90"}, {"123,456", CSV_KIND_AMOUNT, "write 123456 or 123.45"},
        {"\u20ac 1.234", CSV_KIND_AMOUNT, "write 1234 or 1.23"}, {"1.234", CSV_KIND_QUANTITY, "write 1234 or 1"},
        {"1,234", CSV_KIND_COUNT, "write 1234 or 1"}, {"80.5", CSV_KIND_QUANTITY, "write 80 or 81"},
        {"80,5", CSV_KIND_QUANTITY, "write 80 or 81"}, {"12.345,678", CSV_KIND_AMOUNT, "write 12345.67 or 12345.68"},
        {"1,5E+06", CSV_KIND_AMOUNT, "format the cells as a number"}, {"1.5e+06", CSV_KIND_QUANTITY, "format the cells as a number"},
        {"1E6", CSV_KIND_QUANTITY, "format the cells as a number"}, {"-5", CSV_KIND_QUANTITY, "without a minus"},
        {"(5)", CSV_KIND_AMOUNT, "without a minus"}, {"\u22125,00", CSV_KIND_AMOUNT, "without a minus"}, {"5-", CSV_KIND_COUNT, "without a minus"},
        {"5 Mio", CSV_KIND_AMOUNT, "in full"}, {"3k", CSV_KIND_QUANTITY, "in full"}, {"1,2 mln.", CSV_KIND_AMOUNT, "in full"},
        {"12 34", CSV_KIND_QUANTITY, "for example"}, {"1.2.3", CSV_KIND_AMOUNT, "for example"}, {"1..2", CSV_KIND_AMOUNT, "for example"},
        {"40 EA", CSV_KIND_QUANTITY, "for example"}, {"about 40", CSV_KIND_QUANTITY, "for example"}, {"NaN", CSV_KIND_AMOUNT, "for example"},
        {"5,", CSV_KIND_AMOUNT, "for example"}, {"1234567890123456", CSV_KIND_AMOUNT, "digits too many"},
        {"1234567890123456789012345678901234567890", CSV_KIND_AMOUNT, "digits too many"}, {"5 %", CSV_KIND_AMOUNT, "amount itself"},
        {"0.1234567", CSV_KIND_RATE, "0.123456"}, {"1234567890", CSV_KIND_RATE, "digits too many"}, {"EUR 5", CSV_KIND_QUANTITY, "write 5"},
        {"65,5 %", CSV_KIND_PERCENT, "write 65 or 66"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct csv_amount_advice advice = {.expected = ""};
        char sign[CSV_NUMBER_TEXT];
        uint64_t value;
        if (csv_amount_read(cases[at].kind, cases[at].text, &value, sign, &advice)) {
            fail_msg("'%s' was read as %llu", cases[at].text, (unsigned long long)value);
        }
        if (!strstr(advice.remedy, cases[at].remedy) || !advice.expected[0]) {
            fail_msg("'%s': '%s', not '%s'", cases[at].text, advice.remedy, cases[at].remedy);
        }
    }
}

static void currency_signs_mean_their_currencies(void **state)
{
    (void)state;
    assert_true(csv_number_means("\u20ac", "EUR"));
    assert_true(csv_number_means("eur", "EUR"));
    assert_true(csv_number_means("$", "USD"));
    assert_true(csv_number_means("$", "CAD"));
    assert_true(csv_number_means("kr", "NOK"));
    assert_false(csv_number_means("$", "EUR"));
    assert_false(csv_number_means("\u20ac", "USD"));
    assert_false(csv_number_means("usd", "EUR"));
}

static void months_of_four_languages_are_understood(void **state)
{
    (void)state;
    static const char *const june[] = {
        "2027-06", "2027-6", "2027/06", "2027.06", "06-2027", "6/2027", "06.2027", "jun-27", "juin-27", "Jun 27", "JUN-27", "jun 2027",
        "juin 2027", "Juni 2027", "juni 2027", "June 2027", "june-27", "2027 juni", "1. Juni 2027", "1 juin 2027", "1er juin 2027",
        "1st June 2027", "June 1, 2027", "1-jun-27", "01.06.2027", "1.6.2027", "01.06.27", "2027-06-01", "2027-06-01 00:00:00",
        "2027-06-01T00:00:00", "01.06.2027 00:00", "Jun.-27", "Jun '27", "2027\u201306", "2027\u201106", "\u00a02027-06 ",
    };
    char remedy[CSV_DATE_REMEDY];
    uint32_t month;
    for (size_t at = 0; at < sizeof june / sizeof june[0]; at++) {
        if (!csv_date_read_month(june[at], CSV_ORDER_UNKNOWN, &month, remedy) || month != 202706) {
            fail_msg("'%s': %s", june[at], remedy);
        }
    }
    static const char *const names[12][8] = {
        {"jan-27", "janv-27", "janv.-27", "Januar 27", "januari 2027", "J\u00e4nner 2027", "janvier 2027", "January 2027"},
        {"feb-27", "f\u00e9vr-27", "f\u00e9vr.-27", "FEVR-27", "Februar 27", "februari 2027", "f\u00e9vrier 2027", "fe\u0301vr-27"},
        {"mrt-27", "Mrz 27", "M\u00e4r 27", "mars-27", "Mar-27", "maart 2027", "M\u00e4rz 2027", "March 2027"},
        {"apr-27", "avr-27", "avr.-27", "April 2027", "april 2027", "avril 2027", "Apr 27", "APR-27"},
        {"mei-27", "Mai 27", "mai-27", "May-27", "mei 2027", "mai 2027", "May 2027", "MAI 27"},
        {"jun-27", "juin-27", "Jun 27", "Juni 27", "juin 2027", "June 27", "juni-27", "JUIN-27"},
        {"jul-27", "juil-27", "juil.-27", "Jul 27", "juli 2027", "juillet 2027", "July 2027", "Juli 27"},
        {"aug-27", "ao\u00fbt-27", "aout-27", "Aug 27", "augustus 2027", "ao\u00fbt 2027", "August 2027", "AO\u00dbT-27"},
        {"sep-27", "sept-27", "sept.-27", "Sep 27", "september 2027", "septembre 2027", "Sept 27", "September 27"},
        {"okt-27", "oct-27", "oct.-27", "Okt 27", "oktober 2027", "octobre 2027", "October 2027", "Oct-27"},
        {"nov-27", "nov.-27", "Nov 27", "NOV-27", "november 2027", "novembre 2027", "November 27", "nov 2027"},
        {"dec-27", "d\u00e9c-27", "d\u00e9c.-27", "Dez 27", "december 2027", "d\u00e9cembre 2027", "Dezember 2027", "Dec-27"},
    };
    for (uint32_t number = 0; number < 12; number++) {
        for (size_t at = 0; at < 8; at++) {
            if (!csv_date_read_month(names[number][at], CSV_ORDER_UNKNOWN, &month, remedy) || month != 202701 + number) {
                fail_msg("'%s' is not month %u: %s", names[number][at], number + 1, remedy);
            }
        }
    }
}

static void months_with_two_readings_or_none_say_what_to_write(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *remedy;
    } cases[] = {
        {"06/01/2027", "write 2027-01 or 2027-06"}, {"01/06/2027", "write 2027-06 or 2027-01"}, {"1-6-2027", "write 2027-06 or 2027-01"},
        {"15.06.2027", "write 2027-06, or 2027-05"}, {"2027-01-15", "write 2027-01, or 2026-12"}, {"15 juin 2027", "write 2027-06"},
        {"Q4 2028", "write 2028-12"}, {"2028-Q4", "write 2028-12"}, {"q1/2028", "write 2028-03"}, {"T2 2028", "write 2028-06"},
        {"4e kwartaal 2028", "write 2028-12"}, {"3. Quartal 2028", "write 2028-09"}, {"H1 2028", "write 2028-06"}, {"2S 2028", "write 2028-12"},
        {"Q5 2028", "for example"}, {"2028", "write 2028-12"}, {"46539", "write 2027-06"}, {"202706", "write 2027-06"},
        {"27-jun", "write 2027-06 if"}, {"2027-13", "for example"}, {"2027-00", "for example"}, {"1999-12", "for example"},
        {"2200-01", "for example"}, {"31.02.2027", "for example"}, {"juny 2027", "for example"}, {"soon", "for example"}, {"-", "for example"},
        {"06/27", "for example"}, {"2027-06-", NULL}, {"jun-7", "for example"}, {"0.6.2027", "for example"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        char remedy[CSV_DATE_REMEDY] = "";
        uint32_t month = 0;
        bool good = csv_date_read_month(cases[at].text, CSV_ORDER_UNKNOWN, &month, remedy);
        if (good != (cases[at].remedy == NULL) || (!good && !strstr(remedy, cases[at].remedy))) {
            fail_msg("'%s': month %u, '%s', not '%s'", cases[at].text, month, remedy, cases[at].remedy);
        }
    }
}

static void the_files_order_settles_day_and_month(void **state)
{
    (void)state;
    char remedy[CSV_DATE_REMEDY];
    uint32_t number;
    assert_true(csv_date_read_month("01/06/2027", CSV_ORDER_DAY_FIRST, &number, remedy));
    assert_int_equal(number, 202706);
    assert_true(csv_date_read_month("6/1/2027", CSV_ORDER_MONTH_FIRST, &number, remedy));
    assert_int_equal(number, 202706);
    assert_false(csv_date_read_month("06/01/2027", CSV_ORDER_DAY_FIRST, &number, remedy)); /* the sixth of January is a day */
    assert_non_null(strstr(remedy, "write 2027-01 or 2027-06"));
    assert_true(csv_date_read_month("1/1/2027", CSV_ORDER_UNKNOWN, &number, remedy)); /* the same either way */
    assert_int_equal(number, 202701);
    assert_true(csv_date_read_day("03/04/2027", CSV_ORDER_DAY_FIRST, &number, remedy));
    assert_int_equal(number, 20270403);
    assert_true(csv_date_read_day("03/04/2027", CSV_ORDER_MONTH_FIRST, &number, remedy));
    assert_int_equal(number, 20270304);
    assert_false(csv_date_read_day("03/04/2027", CSV_ORDER_UNKNOWN, &number, remedy));
    assert_non_null(strstr(remedy, "write 2027-04-03 or 2027-03-04"));
}

static void days_are_understood_or_named(void **state)
{
    (void)state;
    static const char *const good[] = {"2027-12-31", "31.12.2027", "31.12.27", "31-12-2027", "31/12/2027", "12/31/2027", "31 december 2027",
                                       "31. Dezember 2027", "31 d\u00e9c. 2027", "31-dec-27", "December 31, 2027", "2027/12/31"};
    static const struct {
        const char *text;
        const char *remedy;
    } bad[] = {{"2027-12", "2027-12-31"}, {"dec-27", "2027-12-31"}, {"2027-02-29", "for example"}, {"46752", "write 2027-12-31"},
               {"31-12-1999", "for example"}, {"whenever", "for example"}};
    char remedy[CSV_DATE_REMEDY];
    uint32_t day;
    for (size_t at = 0; at < sizeof good / sizeof good[0]; at++) {
        if (!csv_date_read_day(good[at], CSV_ORDER_UNKNOWN, &day, remedy) || day != 20271231) {
            fail_msg("'%s': %s", good[at], remedy);
        }
    }
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        if (csv_date_read_day(bad[at].text, CSV_ORDER_UNKNOWN, &day, remedy) || !strstr(remedy, bad[at].remedy)) {
            fail_msg("'%s': '%s'", bad[at].text, remedy);
        }
    }
}

struct cell_case {
    enum csv_kind kind;
    const char *cell;
    const char *joined; /* the entries with a blank between, NULL: refused */
};

static void join(const struct csv_value *value, enum csv_kind kind, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t at = 0; at < value->count && length < size; at++) {
        const struct csv_pair *pair = &value->pairs[at];
        length += (size_t)snprintf(text + length, size - length, "%s%s", at ? " " : "", pair->name);
        if (kind == CSV_KIND_PROVIDES) {
            length += (size_t)snprintf(text + length, size - length, "=%s", pair->text);
        } else if (kind == CSV_KIND_FREIGHT || kind == CSV_KIND_ORIGIN) {
            length += (size_t)snprintf(text + length, size - length, ":%lld", (long long)pair->number);
        }
    }
}

static void lists_with_any_separator_are_understood(void **state)
{
    (void)state;
    static const struct cell_case cases[] = {
        {CSV_KIND_LIST, "CN;RU", "CN RU"}, {CSV_KIND_LIST, "CN|RU", "CN RU"}, {CSV_KIND_LIST, "CN, RU", "CN RU"},
        {CSV_KIND_LIST, "CN\nRU\n", "CN RU"}, {CSV_KIND_LIST, ";; CN ;\u00a0RU;", "CN RU"}, {CSV_KIND_LIST, "A,B;C|D", "A,B C|D"},
        {CSV_KIND_LIST, "A,B;", "A,B"}, {CSV_KIND_LIST, " ; ", ""},
        {CSV_KIND_REQUIRES, "range_km>=30;stanag=4425", "range_km>=30 stanag=4425"},
        {CSV_KIND_REQUIRES, "range_km>=30|stanag=4425", "range_km>=30 stanag=4425"},
        {CSV_KIND_REQUIRES, "range_km>=30, stanag=4425", "range_km>=30 stanag=4425"},
        {CSV_KIND_REQUIRES, "range_km\u226530;mass_kg\u226412", "range_km>=30 mass_kg<=12"},
        {CSV_KIND_REQUIRES, "range_km>=30,5", NULL}, {CSV_KIND_REQUIRES, "range_km>=30.5", "range_km>=30.5"},
        {CSV_KIND_PROVIDES, "range_km=40;stanag=4425", "range_km=40 stanag=4425"}, {CSV_KIND_PROVIDES, "range_km = 40", "range_km=40"},
        {CSV_KIND_PROVIDES, "range_km=40,5", NULL}, {CSV_KIND_PROVIDES, "range_km>=40", NULL}, {CSV_KIND_PROVIDES, "range_km", NULL},
        {CSV_KIND_PROVIDES, "=40", NULL},
        {CSV_KIND_ORIGIN, "DE:60;NL:25;US:15", "DE:60 NL:25 US:15"}, {CSV_KIND_ORIGIN, "DE:60, NL:25, US:15", "DE:60 NL:25 US:15"},
        {CSV_KIND_ORIGIN, "DE: 60 %|NL :40%", "DE:60 NL:40"}, {CSV_KIND_ORIGIN, "DE 60", NULL}, {CSV_KIND_ORIGIN, "DE:60.5;NL:39.5", NULL},
        {CSV_KIND_FREIGHT, "NL:0;PL:150;*:400", "NL:0 PL:15000 *:40000"}, {CSV_KIND_FREIGHT, "NL:1,50,PL:2", "NL:150 PL:200"},
        {CSV_KIND_FREIGHT, "NL:1.234,50|PL:\u20ac 2", "NL:123450 PL:200"}, {CSV_KIND_FREIGHT, "NL:1.234", NULL},
        {CSV_KIND_FREIGHT, "NL:", NULL}, {CSV_KIND_FREIGHT, ":5", NULL}, {CSV_KIND_FREIGHT, "NL:-5", NULL},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct arena arena;
        struct faults faults;
        struct csv_value value;
        char joined[256];
        arena_init(&arena, (size_t)1 << 20);
        faults_init(&faults, &arena);
        struct csv_value_reader reader = {.arena = &arena, .faults = &faults};
        struct csv_column column = {"list", cases[at].kind, 0, "", "", ""};
        assert_int_equal(csv_value_read(&reader, &column, cases[at].cell, &value), STATUS_OK);
        assert_int_equal(value.faulty, faults.errors > 0);
        join(&value, cases[at].kind, joined, sizeof joined);
        if (value.faulty != (cases[at].joined == NULL) || (!value.faulty && strcmp(joined, cases[at].joined) != 0)) {
            fail_msg("'%s': '%s'", cases[at].cell, value.faulty ? faults.list[0].remedy : joined);
        }
        arena_drop(&arena);
    }
}

static void words_of_four_languages_are_understood(void **state)
{
    (void)state;
    static const char *const yes[] = {"yes", "Y", "ja", "JA", "oui", "TRUE", "wahr", "WAHR", "vrai", "VRAI", "waar", "WAAR", "1", " True "};
    static const char *const no[] = {"no", "N", "nee", "nein", "NON", "false", "FALSCH", "faux", "ONWAAR", "0", "Non\u00a0"};
    static const char *const neither[] = {"x", "maybe", "2", "jaaa", "n/a", "#N/A", "-"};
    struct arena arena;
    struct faults faults;
    struct csv_value value;
    arena_init(&arena, (size_t)1 << 20);
    faults_init(&faults, &arena);
    struct csv_value_reader reader = {.arena = &arena, .faults = &faults};
    struct csv_column column = {"single_supplier", CSV_KIND_YES, 0, "no", "no", ""};
    for (size_t at = 0; at < sizeof yes / sizeof yes[0]; at++) {
        assert_int_equal(csv_value_read(&reader, &column, yes[at], &value), STATUS_OK);
        assert_true(!value.faulty && value.number == 1);
    }
    for (size_t at = 0; at < sizeof no / sizeof no[0]; at++) {
        assert_int_equal(csv_value_read(&reader, &column, no[at], &value), STATUS_OK);
        assert_true(!value.faulty && value.number == 0);
    }
    assert_int_equal(faults.count, 0);
    for (size_t at = 0; at < sizeof neither / sizeof neither[0]; at++) {
        assert_int_equal(csv_value_read(&reader, &column, neither[at], &value), STATUS_OK);
        assert_true(value.faulty);
        assert_int_equal(faults.errors, at + 1);
    }
    assert_int_equal(csv_value_read(&reader, &column, "", &value), STATUS_OK);
    assert_true(!value.faulty && !value.given && value.number == 0);
    arena_drop(&arena);
}

static void the_nearest_name_is_found(void **state)
{
    (void)state;
    static const char *const names[] = {"demand", "country", "month", "quantity", "min_quantity", "max_unit_price", "exclude_origins"};
    static const struct {
        const char *word;
        size_t nearest;
    } cases[] = {{"demnad", 0}, {"contry", 1}, {"months", 2}, {"quantiy", 3}, {"min_quantty", 4}, {"unit_price", 5}, {"origins", 6},
                 {"colour", 7}, {"", 7}, {"x", 7}, {"zzzzzzzzzzzz", 7}};
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        size_t nearest = csv_fold_nearest(cases[at].word, names, 7);
        if (nearest != cases[at].nearest) {
            fail_msg("'%s': %zu", cases[at].word, nearest);
        }
    }
    assert_int_equal(csv_fold_distance("abcd", "abdc"), 1);
    assert_int_equal(csv_fold_distance("", "abc"), 3);
}

/* A word that is too long is none, in every alphabet, and nothing is left of it. */
static void a_word_that_does_not_fit_folds_to_nothing(void **state)
{
    static const char *const letters[] = {"a", "\xc3\xa9", "a b ", "-"};
    char text[5 * CSV_FOLD_MOST], folded[CSV_FOLD_MOST + 8];
    (void)state;
    for (size_t kind = 0; kind < sizeof letters / sizeof letters[0]; kind++) {
        size_t fitted = 0;
        text[0] = '\0';
        for (size_t length = 0; length + 4 < sizeof text; length = strlen(text)) {
            memset(folded, '#', sizeof folded);
            bool fits = csv_fold(text, folded);
            assert_true(memchr(folded, '\0', CSV_FOLD_MOST) != NULL && folded[CSV_FOLD_MOST] == '#');
            assert_true(fits || folded[0] == '\0');
            fitted += fits;
            strcat(text, letters[kind]);
        }
        assert_true(fitted > 8 && !csv_fold(text, folded));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_that_does_not_fit_folds_to_nothing),
        cmocka_unit_test(numbers_of_four_languages_are_understood),
        cmocka_unit_test(numbers_with_two_readings_or_none_say_what_to_write),
        cmocka_unit_test(currency_signs_mean_their_currencies),
        cmocka_unit_test(months_of_four_languages_are_understood),
        cmocka_unit_test(months_with_two_readings_or_none_say_what_to_write),
        cmocka_unit_test(the_files_order_settles_day_and_month),
        cmocka_unit_test(days_are_understood_or_named),
        cmocka_unit_test(lists_with_any_separator_are_understood),
        cmocka_unit_test(words_of_four_languages_are_understood),
        cmocka_unit_test(the_nearest_name_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
