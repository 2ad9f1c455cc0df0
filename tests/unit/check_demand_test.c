/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/check_field.h"
#include "proto/limits.h"
#include "proto/status.h"
#include "tests/unit/check_sample.h"

/* The field rules of a demand: one rule broken at a time gives one fault, in its column, with its cure. */

static struct check_sample sample;

#define BREAK(field, advice, ...)                                                                                              \
    do {                                                                                                                       \
        Muster__Demand *demand = check_sample_demand();                                                                        \
        __VA_ARGS__;                                                                                                           \
        check_demand(demand, &sample.context, &sample.faults);                                                                 \
        check_sample_expect(&sample, field, advice);                                                                           \
    } while (0)

#define DOUBT(field, advice, ...)                                                                                              \
    do {                                                                                                                       \
        Muster__Demand *demand = check_sample_demand();                                                                        \
        __VA_ARGS__;                                                                                                           \
        check_demand(demand, &sample.context, &sample.faults);                                                                 \
        check_sample_expect_warning(&sample, field, advice);                                                                   \
    } while (0)

#define KEEP(...)                                                                                                              \
    do {                                                                                                                       \
        Muster__Demand *demand = check_sample_demand();                                                                        \
        __VA_ARGS__;                                                                                                           \
        check_demand(demand, &sample.context, &sample.faults);                                                                 \
        check_sample_expect_none(&sample);                                                                                     \
    } while (0)

#define TEXT(text) ((char[]){text})

static void test_ids(void **state)
{
    (void)state;
    KEEP();
    BREAK("demand", "NL-155-2027", demand->id = TEXT("NL 155"));
    BREAK("demand", "fill it in", demand->id = TEXT(""));
    BREAK("item", "NL-155-2027", demand->item = TEXT("-155"));
    BREAK("fund", "NL-155-2027", demand->fund = TEXT("a/b"));
    KEEP(demand->fund = TEXT(""));
}

static void test_country(void **state)
{
    (void)state;
    BREAK("country", "write DE for Germany", demand->country = TEXT("GM"));
    BREAK("country", "write NL", demand->country = TEXT("NLD")); /* accepted from a person, not stored */
    BREAK("country", "such as NL", demand->country = TEXT(""));
    sample.context.own_country = "NL";
    KEEP();
    BREAK("country", "write NL", demand->country = TEXT("DE"));
    sample.context.own_country = NULL;
    KEEP(demand->country = TEXT("DE"));
    BREAK("place", "write DE", demand->place = TEXT("GM"));
    BREAK("place", "NLRTM", demand->place = TEXT("NL RTM"));
    BREAK("place", "NLRTM", demand->place = TEXT("Rotterdam"));
    KEEP(demand->place = TEXT("DE")); /* delivered to another country */
}

static void test_lines(void **state)
{
    (void)state;
    BREAK("month", "month and a quantity", demand->n_lines = 0);
    BREAK("month", "2028-12", demand->lines[0]->month = 202700);
    BREAK("month", "2028-12", demand->lines[1]->month = 220001);
    BREAK("month", "one line a month", demand->lines[1]->month = demand->lines[0]->month);
    BREAK("month", "order of their months", demand->lines[1]->month = 202705);
    BREAK("quantity", "write 1", demand->lines[0]->quantity = 0);
    BREAK("quantity", "write 1000000000", demand->lines[0]->quantity = LIMIT_QUANTITY_MOST + 1);
    KEEP(demand->lines[0]->quantity = LIMIT_QUANTITY_MOST; demand->max_unit_price = 100);
    DOUBT("month", "not over", demand->lines[0]->month = 202610);
    KEEP(demand->lines[0]->month = 202611);
    sample.context.as_of = 0;
    KEEP(demand->lines[0]->month = 200001);
    sample.context.as_of = 20261101;
    static Muster__Line line[LIMIT_LINES_MOST + 1];
    static Muster__Line *lines[LIMIT_LINES_MOST + 1];
    for (unsigned at = 0; at <= LIMIT_LINES_MOST; at++) {
        line[at] = (Muster__Line)MUSTER__LINE__INIT;
        line[at].month = (2027 + at / 12) * 100 + at % 12 + 1;
        line[at].quantity = 1;
        lines[at] = &line[at];
    }
    KEEP(demand->lines = lines; demand->n_lines = LIMIT_LINES_MOST);
    BREAK("month", "at most 240", demand->lines = lines; demand->n_lines = LIMIT_LINES_MOST + 1);
}

static void test_rows(void **state)
{
    (void)state;
    static const uint32_t rows[] = {7, 9};
    sample.context.rows = rows;
    sample.context.row_count = 2;
    sample.faults.row = 7;
    Muster__Demand *demand = check_sample_demand();
    demand->lines[1]->quantity = 0;
    demand->priority = 9;
    check_demand(demand, &sample.context, &sample.faults);
    assert_int_equal(sample.faults.count, 2);
    assert_int_equal(sample.faults.list[0].row, 9);
    assert_int_equal(sample.faults.list[1].row, 7);
    check_sample_reset(&sample);
    /* A line whose row is not known has the object's. */
    sample.context.row_count = 1;
    sample.faults.row = 4;
    demand = check_sample_demand();
    demand->lines[1]->quantity = 0;
    check_demand(demand, &sample.context, &sample.faults);
    assert_int_equal(sample.faults.list[0].row, 4);
    check_sample_reset(&sample);
    sample.context.rows = NULL;
}

static void test_minimum(void **state)
{
    (void)state;
    BREAK("min_quantity", "write 1", demand->min_quantity = 0);
    BREAK("min_quantity", "write 1000000000", demand->min_quantity = LIMIT_QUANTITY_MOST + 1);
    KEEP(demand->min_quantity = 2000);
    DOUBT("min_quantity", "the lines have 2000", demand->min_quantity = 2001);
}

static void test_ceiling(void **state)
{
    (void)state;
    KEEP(demand->max_unit_price = 0);
    BREAK("max_unit_price", "without a minus", demand->max_unit_price = -1);
    KEEP(demand->max_unit_price = LIMIT_AMOUNT_MOST);
    BREAK("max_unit_price", "100,000,000,000.00", demand->max_unit_price = LIMIT_AMOUNT_MOST + 1);
    BREAK("max_unit_price", "100,000,000,000.00", demand->max_unit_price = INT64_MAX);
    BREAK("max_unit_price", "2^62", demand->max_unit_price = LIMIT_AMOUNT_MOST; demand->lines[0]->quantity = 500000);
    BREAK("max_unit_price", "2^62", demand->max_unit_price = 5000000000; demand->lines[0]->quantity = LIMIT_QUANTITY_MOST);
    BREAK("max_unit_price", "write 5900 or 5901", demand->currency = TEXT("ISK"); demand->max_unit_price = 590050);
    KEEP(demand->currency = TEXT("ISK"));
    /* Without a rate, only the wider limit of the row's own currency is known. */
    KEEP(demand->currency = TEXT("ISK"); demand->max_unit_price = LIMIT_AMOUNT_MOST * 10);
    KEEP(demand->currency = TEXT("USD"); demand->max_unit_price = LIMIT_AMOUNT_OWN_MOST);
    BREAK("max_unit_price", "100,000,000,000.00", demand->currency = TEXT("USD"); demand->max_unit_price = LIMIT_AMOUNT_OWN_MOST + 1);
    Muster__Rate krona = MUSTER__RATE__INIT;
    krona.currency = TEXT("ISK");
    krona.millionths = 6700;
    Muster__Rate *rates[] = {&krona};
    sample.context.rates = rates;
    sample.context.rate_count = 1;
    KEEP(demand->currency = TEXT("ISK"); demand->max_unit_price = LIMIT_AMOUNT_MOST * 10);
    krona.millionths = 670000;
    BREAK("max_unit_price", "100,000,000,000.00", demand->currency = TEXT("ISK"); demand->max_unit_price = LIMIT_AMOUNT_MOST * 10);
    BREAK("currency", "ask the coordinator", demand->currency = TEXT("USD"));
    KEEP();
    sample.context.rates = NULL;
    BREAK("currency", "2025-12-31", demand->currency = TEXT("BGN"));
    BREAK("currency", "EUR", demand->currency = TEXT("euro"));
}

static void test_priority_and_release(void **state)
{
    (void)state;
    BREAK("priority", "write 1 or more", demand->priority = 0);
    BREAK("priority", "write 5 or less", demand->priority = 6);
    KEEP(demand->priority = 5);
    BREAK("release", "contract names", demand->release = (Muster__Release)0);
    BREAK("release", "contract names", demand->release = (Muster__Release)4);
}

static void test_requires(void **state)
{
    (void)state;
    KEEP(demand->n_requires = 0);
    BREAK("requires", "range_km>=30", demand->requires[0] = TEXT("range>30"));
    BREAK("requires", "numbers have digits", demand->requires[0] = TEXT("range_km>=far"));
    BREAK("requires", "without ;", demand->requires[0] = TEXT("a=b;c=d"));
    BREAK("requires", "no blanks around the sign", demand->requires[0] = TEXT("range_km >=30"));
    BREAK("requires", "no blanks around the sign", demand->requires[0] = TEXT("range_km>= 30"));
    BREAK("requires", "without blanks around", demand->requires[0] = TEXT(" range_km>=30"));
    BREAK("requires", "fill it in", demand->requires[0] = TEXT(""));
    BREAK("requires", "write it once", demand->requires[1] = demand->requires[0]);
    BREAK("requires", "sort", demand->requires[0] = TEXT("t=1"));
    BREAK("requires", "type the text again", demand->requires[0] = TEXT("a=\xE2\x80\x8B" "b"));
    char *many[LIMIT_CONDITIONS_MOST + 1];
    char texts[LIMIT_CONDITIONS_MOST + 1][8];
    for (unsigned at = 0; at <= LIMIT_CONDITIONS_MOST; at++) {
        snprintf(texts[at], sizeof texts[at], "a=%03u", at);
        many[at] = texts[at];
    }
    KEEP(demand->requires = many; demand->n_requires = LIMIT_CONDITIONS_MOST);
    BREAK("requires", "at most 64", demand->requires = many; demand->n_requires = LIMIT_CONDITIONS_MOST + 1);
    char wide[LIMIT_ATTRIBUTE_MOST + 2];
    memset(wide, 'x', sizeof wide);
    wide[1] = '=';
    wide[LIMIT_ATTRIBUTE_MOST] = '\0';
    KEEP(demand->n_requires = 1; demand->requires[0] = wide);
    wide[LIMIT_ATTRIBUTE_MOST] = 'x';
    wide[LIMIT_ATTRIBUTE_MOST + 1] = '\0';
    BREAK("requires", "shorten", demand->n_requires = 1; demand->requires[0] = wide);
}

static void test_certificates(void **state)
{
    (void)state;
    KEEP(demand->n_certificates = 0);
    BREAK("certificates", "write AQAP-2110", demand->certificates[0] = TEXT("AQAP 2110"));
    BREAK("certificates", "2310", demand->certificates[0] = TEXT("AQAP-9999"));
    BREAK("certificates", "write it once", demand->certificates[1] = demand->certificates[0]);
    BREAK("certificates", "sort", demand->certificates[1] = TEXT("A"));
    BREAK("certificates", "without ;", demand->certificates[1] = TEXT("ISO;9001"));
    BREAK("certificates", "fill it in", demand->certificates[0] = TEXT(""));
    char *many[LIMIT_CONDITIONS_MOST + 1];
    char texts[LIMIT_CONDITIONS_MOST + 1][8];
    for (unsigned at = 0; at <= LIMIT_CONDITIONS_MOST; at++) {
        snprintf(texts[at], sizeof texts[at], "C%03u", at);
        many[at] = texts[at];
    }
    BREAK("certificates", "at most 64", demand->certificates = many; demand->n_certificates = LIMIT_CONDITIONS_MOST + 1);
    char wide[LIMIT_CERTIFICATE_MOST + 2];
    memset(wide, 'x', sizeof wide);
    wide[LIMIT_CERTIFICATE_MOST + 1] = '\0';
    BREAK("certificates", "shorten", demand->n_certificates = 1; demand->certificates[0] = wide);
}

static void test_excluded_origins(void **state)
{
    (void)state;
    KEEP(demand->n_exclude_origins = 0);
    BREAK("exclude_origins", "write SK for Slovakia", demand->exclude_origins[1] = TEXT("LO"));
    BREAK("exclude_origins", "write it once", demand->exclude_origins[1] = demand->exclude_origins[0]);
    BREAK("exclude_origins", "sort", demand->exclude_origins[1] = TEXT("AT"));
    char *many[LIMIT_COUNTRIES_MOST + 1];
    for (unsigned at = 0; at <= LIMIT_COUNTRIES_MOST; at++) {
        many[at] = TEXT("NL");
    }
    BREAK("exclude_origins", "at most 250", demand->exclude_origins = many; demand->n_exclude_origins = LIMIT_COUNTRIES_MOST + 1);
}

static void test_all_faults_at_once(void **state)
{
    (void)state;
    Muster__Demand *demand = check_sample_demand();
    demand->country = TEXT("GM");
    demand->lines[0]->quantity = 0;
    demand->lines[1]->month = 1;
    demand->max_unit_price = -5;
    demand->priority = 0;
    demand->certificates[0] = TEXT("AQAP");
    check_demand(demand, &sample.context, &sample.faults);
    static const char *const fields[] = {"country", "quantity", "month", "max_unit_price", "priority", "certificates"};
    assert_int_equal(sample.faults.errors, 6);
    for (size_t at = 0; at < 6; at++) {
        assert_string_equal(sample.faults.list[at].field, fields[at]);
    }
    check_sample_reset(&sample);
}

/* Text that can't be shown as it stands is not repeated. */
static void test_what_is_repeated(void **state)
{
    (void)state;
    Muster__Demand *demand = check_sample_demand();
    demand->id = TEXT("a\x1B[31m");
    demand->country = TEXT("\xFF\xFE");
    check_demand(demand, &sample.context, &sample.faults);
    assert_int_equal(sample.faults.errors, 2);
    assert_string_equal(sample.faults.list[0].found, "");
    assert_string_equal(sample.faults.list[1].found, "");
    check_sample_reset(&sample);
    char wide[LIMIT_CERTIFICATE_MOST + 2];
    memset(wide, '\x1B', sizeof wide);
    wide[LIMIT_CERTIFICATE_MOST + 1] = '\0';
    demand = check_sample_demand();
    demand->certificates[0] = wide;
    check_demand(demand, &sample.context, &sample.faults);
    assert_string_equal(sample.faults.list[0].found, "");
    check_sample_reset(&sample);
    char *set[] = {TEXT("b\x1B"), TEXT("a\x1B"), TEXT("a\x1B")};
    check_set(&sample.faults, "set", set, 3);
    assert_int_equal(sample.faults.errors, 2);
    assert_string_equal(sample.faults.list[0].found, "");
    assert_string_equal(sample.faults.list[1].found, "");
    check_sample_reset(&sample);
}

static int set_up(void **state)
{
    (void)state;
    check_sample_open(&sample);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    check_sample_close(&sample);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),          cmocka_unit_test(test_country),
        cmocka_unit_test(test_lines),        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_minimum),      cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_priority_and_release),
        cmocka_unit_test(test_requires),     cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_excluded_origins),
        cmocka_unit_test(test_all_faults_at_once),
        cmocka_unit_test(test_what_is_repeated),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
