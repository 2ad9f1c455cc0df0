/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/attribute.h"
#include "proto/codes/amount.h"
#include "proto/codes/month.h"
#include "proto/codes/quantity.h"
#include "proto/limits.h"
#include "proto/status.h"

/* Amounts, rates, quantities, months and days, and the numbers of attributes. */

static void test_amounts(void **state)
{
    (void)state;
    int64_t value = -1;
    struct code_answer answer;
    assert_int_equal(amount_read_in("1483938969.77", "EUR", 20261101, &value, &answer), STATUS_OK);
    assert_int_equal(value, 148393896977);
    assert_int_equal(amount_read_in("100", "ISK", 20261101, &value, &answer), STATUS_OK);
    assert_int_equal(value, 10000);
    assert_int_equal(amount_read_in("100.50", "ISK", 20261101, &value, &answer), STATUS_INVALID);
    assert_non_null(strstr(answer.remedy, "write 100 or 101"));
    assert_int_equal(amount_read_in("100.00", "ISK", 20261101, &value, &answer), STATUS_OK);
    assert_int_equal(amount_read_in("10", "BGN", 20260201, &value, &answer), STATUS_INVALID);
    assert_int_equal(amount_read_in("10", "BGN", 20251201, &value, &answer), STATUS_OK);
    static const char *const refused[] = {"1,5",  "EUR 1,5", "-1",   "NaN",   "inf",  "1e9",  "",    ".5",    "5.",     "1.234",
                                          "+1",   " 1",      "1 ",   "0x10",  "1.5.", "1 000", "1_0", "٣",     "12345678901234"};
    for (size_t at = 0; at < sizeof refused / sizeof refused[0]; at++) {
        if (amount_read(refused[at], &value) != STATUS_INVALID) {
            fail_msg("accepted %s", refused[at]);
        }
        assert_int_equal(amount_read_in(refused[at], "EUR", 20261101, &value, &answer), STATUS_INVALID);
    }
    assert_int_equal(amount_read("9999999999999.99", &value), STATUS_OK);
    assert_int_equal(value, LIMIT_AMOUNT_OWN_MOST);
    assert_int_equal(amount_read("0", &value), STATUS_OK);
    assert_int_equal(value, 0);
    assert_int_equal(amount_read("5.5", &value), STATUS_OK);
    assert_int_equal(value, 550);
}

static void writes(int64_t hundredths, const char *text)
{
    char written[AMOUNT_TEXT_SIZE];
    amount_write(hundredths, written);
    assert_string_equal(written, text);
}

static void test_written_amounts(void **state)
{
    (void)state;
    writes(590000, "5900.00");
    writes(5, "0.05");
    writes(-5, "-0.05");
    writes(0, "0.00");
    writes(INT64_MIN, "-92233720368547758.08");
    char written[AMOUNT_TEXT_SIZE];
    amount_write_rate(84512, written);
    assert_string_equal(written, "0.084512");
    amount_write_rate(1000000, written);
    assert_string_equal(written, "1");
    amount_write_rate(10000000, written);
    assert_string_equal(written, "10");
    amount_write_rate(1500000, written);
    assert_string_equal(written, "1.5");
}

static void test_rates(void **state)
{
    (void)state;
    uint64_t rate = 0;
    assert_int_equal(amount_read_rate("0.084512", &rate), STATUS_OK);
    assert_int_equal(rate, 84512);
    assert_int_equal(amount_read_rate("999999999.999999", &rate), STATUS_OK);
    assert_int_equal(rate, LIMIT_RATE_MOST);
    static const char *const refused[] = {"0", "0.000000", "0.0000001", "1234567890", "-1", "1,5", "", "."};
    for (size_t at = 0; at < sizeof refused / sizeof refused[0]; at++) {
        assert_int_equal(amount_read_rate(refused[at], &rate), STATUS_INVALID);
    }
}

static void test_base_cents(void **state)
{
    (void)state;
    int64_t base = 0;
    /* Half goes to the even cent. */
    assert_int_equal(amount_to_base(1, 500000, &base), STATUS_OK);
    assert_int_equal(base, 0);
    assert_int_equal(amount_to_base(3, 500000, &base), STATUS_OK);
    assert_int_equal(base, 2);
    assert_int_equal(amount_to_base(1, 500001, &base), STATUS_OK);
    assert_int_equal(base, 1);
    assert_int_equal(amount_to_base(5, 500000, &base), STATUS_OK);
    assert_int_equal(base, 2);
    assert_int_equal(amount_to_base(LIMIT_AMOUNT_MOST, 1000000, &base), STATUS_OK);
    assert_int_equal(base, LIMIT_AMOUNT_MOST);
    assert_int_equal(amount_to_base(LIMIT_AMOUNT_MOST + 1, 1000000, &base), STATUS_TOO_LARGE);
    assert_int_equal(amount_to_base(INT64_MAX, UINT64_MAX, &base), STATUS_TOO_LARGE);
    assert_int_equal(amount_to_base(-1, 1000000, &base), STATUS_INVALID);
    assert_int_equal(amount_to_base(1, 0, &base), STATUS_INVALID);
}

static void test_quantities(void **state)
{
    (void)state;
    uint64_t value = 0;
    uint32_t percent = 0;
    assert_int_equal(quantity_read("220000", 1, LIMIT_QUANTITY_MOST, &value), STATUS_OK);
    assert_int_equal(value, 220000);
    assert_int_equal(quantity_read("1000000000", 1, LIMIT_QUANTITY_MOST, &value), STATUS_OK);
    assert_int_equal(quantity_read("1000000001", 1, LIMIT_QUANTITY_MOST, &value), STATUS_TOO_LARGE);
    assert_int_equal(quantity_read("0", 1, LIMIT_QUANTITY_MOST, &value), STATUS_TOO_LARGE);
    assert_int_equal(quantity_read("0", 0, LIMIT_QUANTITY_MOST, &value), STATUS_OK);
    static const char *const refused[] = {"0.5", "-1", "1e9", "", "+1", "1 000", "1.000", " 1", "1234567890123456", "99999999999999999999"};
    for (size_t at = 0; at < sizeof refused / sizeof refused[0]; at++) {
        assert_int_equal(quantity_read(refused[at], 0, UINT64_MAX, &value), STATUS_INVALID);
    }
    assert_int_equal(quantity_read_percent("100", &percent), STATUS_OK);
    assert_int_equal(percent, 100);
    assert_int_equal(quantity_read_percent("101", &percent), STATUS_TOO_LARGE);
    assert_int_equal(quantity_read_percent("12.5", &percent), STATUS_INVALID);
}

static void test_months(void **state)
{
    (void)state;
    uint32_t month = 0;
    uint32_t day = 0;
    assert_int_equal(month_read("2027-06", &month), STATUS_OK);
    assert_int_equal(month, 202706);
    assert_int_equal(month_read("2000-01", &month), STATUS_OK);
    assert_int_equal(month_read("2199-12", &month), STATUS_OK);
    static const char *const refused[] = {"1999-12", "2200-01", "2027-00", "2027-13", "2027-6", "2027/06", "202706", "2027-06-01",
                                          "jun-27", "Q4 2028", "", "2027-0a", "2027-0:", "202/-06", "-027-06"};
    for (size_t at = 0; at < sizeof refused / sizeof refused[0]; at++) {
        assert_int_equal(month_read(refused[at], &month), STATUS_INVALID);
    }
    assert_int_equal(month_read_day("2028-02-29", &day), STATUS_OK);
    assert_int_equal(day, 20280229);
    assert_int_equal(month_read_day("2000-02-29", &day), STATUS_OK);
    static const char *const no_days[] = {"2027-02-29", "2100-02-29", "2027-04-31", "2027-01-00", "2027-01-32", "2027-1-1", "2027-01"};
    for (size_t at = 0; at < sizeof no_days / sizeof no_days[0]; at++) {
        assert_int_equal(month_read_day(no_days[at], &day), STATUS_INVALID);
    }
    char text[DAY_TEXT_SIZE];
    month_write(202706, text);
    assert_string_equal(text, "2027-06");
    month_write_day(20270601, text);
    assert_string_equal(text, "2027-06-01");
    assert_int_equal(month_to_index(202712) + 1, month_to_index(202801));
    assert_int_equal(month_from_index(month_to_index(202712)), 202712);
    assert_int_equal(month_from_index(month_to_index(202801)), 202801);
}

static void test_windows(void **state)
{
    (void)state;
    assert_int_equal(month_check_window(20270101, 20271231, 20261101), STATUS_OK);
    assert_int_equal(month_check_window(20270101, 20270101, 20270101), STATUS_OK);
    assert_int_equal(month_check_window(20271231, 20270101, 20261101), STATUS_INVALID);
    assert_int_equal(month_check_window(20250101, 20251231, 20261101), STATUS_INVALID);
    assert_int_equal(month_check_window(20250101, 20251231, 0), STATUS_OK);
    assert_int_equal(month_check_window(20270229, 20271231, 0), STATUS_INVALID);
    assert_int_equal(month_check_window(20270101, 20271331, 0), STATUS_INVALID);
}

static void test_days_of_times(void **state)
{
    (void)state;
    assert_int_equal(month_day_of_time(UINT64_C(946684800000)), 20000101);
    assert_int_equal(month_day_of_time(UINT64_C(946684799999)), 0);
    assert_int_equal(month_day_of_time(UINT64_C(1798761599999)), 20261231);
    assert_int_equal(month_day_of_time(UINT64_C(1798761600000)), 20270101);
    assert_int_equal(month_day_of_time(UINT64_C(1835308800000)), 20280228);
    assert_int_equal(month_day_of_time(UINT64_C(1835395200000)), 20280229);
    assert_int_equal(month_day_of_time(UINT64_C(7258118399999)), 21991231);
    assert_int_equal(month_day_of_time(UINT64_C(7258118400000)), 0);
    /* A deadline's date ends at 24:00 UTC. */
    assert_int_equal(month_time_after_day(20261231), UINT64_C(1798761600000));
    assert_int_equal(month_day_of_time(month_time_after_day(20280229)), 20280301);
}

static bool meets(const char *requirement, const char *name, const char *value)
{
    struct attribute_requirement read;
    assert_int_equal(attribute_read(requirement, &read), STATUS_OK);
    return attribute_meets(&read, name, value);
}

static void test_attributes(void **state)
{
    (void)state;
    struct attribute_requirement read;
    assert_true(meets("range_km>=30", "range_km", "40"));
    assert_true(meets("range_km>=30", "Range_KM", "30.0"));
    assert_false(meets("range_km>=30", "range_km", "29.99"));
    assert_false(meets("range_km>=30", "range", "40"));
    assert_false(meets("range_km>=30", "range_km", "40 km"));
    assert_true(meets(" mass <= -1.5 ", "mass", "-2"));
    assert_false(meets("mass<=-1.5", "mass", "-1.4"));
    assert_true(meets("x>=0", "x", "-0"));
    assert_true(meets("x<=0", "x", "-0.00"));
    assert_true(meets("x>=0.00000000000000000001", "x", "0.00000000000000000001"));
    assert_false(meets("x>=0.00000000000000000002", "x", "0.00000000000000000001"));
    assert_true(meets("stanag=4425", "STANAG", "4425"));
    assert_true(meets("fuze=PD", "fuze", "pd"));
    assert_false(meets("stanag=4425", "stanag", "44250"));
    assert_true(attribute_same("azAZ09", "AZaz09"));
    assert_false(attribute_same("a", "ab"));
    assert_false(attribute_same("@", "`"));
    assert_false(attribute_same("[", "{"));
    assert_true(meets("n>=10", "n", "00000000000000000010"));
    assert_false(meets("n>=9", "n", "000000000000000000010")); /* 21 digits */
    static const char *const refused[] = {"x>=0.000000000000000000001", "", "range", ">=30", "range>=", "range>=far", "range>30", "a=b=c", "a==b", "a>=1>=2", "a<=1e3", "a<=.5", "a<=5."};
    for (size_t at = 0; at < sizeof refused / sizeof refused[0]; at++) {
        if (attribute_read(refused[at], &read) != STATUS_INVALID) {
            fail_msg("accepted %s", refused[at]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amounts),   cmocka_unit_test(test_written_amounts), cmocka_unit_test(test_rates),
        cmocka_unit_test(test_base_cents), cmocka_unit_test(test_quantities),     cmocka_unit_test(test_months),
        cmocka_unit_test(test_windows),   cmocka_unit_test(test_days_of_times),   cmocka_unit_test(test_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
