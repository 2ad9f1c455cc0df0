/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/codes/aqap.h"
#include "proto/codes/country.h"
#include "proto/codes/currency.h"
#include "proto/codes/incoterm.h"
#include "proto/codes/lei.h"
#include "proto/codes/locode.h"
#include "proto/codes/ncage.h"
#include "proto/codes/notice.h"
#include "proto/codes/nsn.h"
#include "proto/codes/unit.h"
#include "proto/status.h"

/* The code lists but CPV: what they accept and store, what they refuse, and with which advice. */

typedef int reader(const char *text, struct code_answer *answer);

static void accepts(reader *read, const char *text, const char *value)
{
    struct code_answer answer;
    int status = read(text, &answer);
    if (status != STATUS_OK || answer.doubtful || strcmp(answer.value, value) != 0) {
        fail_msg("%s: gave '%s' %s %s", text, answer.value, answer.expected, answer.remedy);
    }
}

/* advice: what the remedy must say among other things. */
static void refuses(reader *read, const char *text, const char *advice)
{
    struct code_answer answer;
    if (read(text, &answer) != STATUS_INVALID) {
        fail_msg("%s: accepted as '%s'", text, answer.value);
    }
    assert_string_equal(answer.value, "");
    assert_true(strlen(answer.expected) > 0);
    if (!strstr(answer.remedy, advice)) {
        fail_msg("%s: the remedy is '%s', without '%s'", text, answer.remedy, advice);
    }
}

static void test_nsn(void **state)
{
    (void)state;
    accepts(nsn_read, "7240-00-061-1163", "7240000611163");
    accepts(nsn_read, "1367-47-212-7215", "1367472127215");
    accepts(nsn_read, "2320015654055", "2320015654055");
    refuses(nsn_read, "2320-01-565-405", "12 digits");
    refuses(nsn_read, "2130-01-000-0001", "group 21");
    refuses(nsn_read, "2320-O1-565-4055", "12 digits");
    refuses(nsn_read, "2320-69-565-4055", "code 69");
    refuses(nsn_read, "2320-015-65-4055", "");
    refuses(nsn_read, "-2320015654055", "");
    refuses(nsn_read, "2320--015654055", "");
    refuses(nsn_read, "23200156540551", "14 digits");
    refuses(nsn_read, "", "0 digits");
    accepts(nsn_read_class, "1320", "1320");
    accepts(nsn_read_class, "7240-00-061-1163", "7240000611163");
    refuses(nsn_read_class, "2130", "group 21");
    refuses(nsn_read_class, "132", "");
    /* Every group of the list, and no other pair of digits. */
    unsigned groups = 0;
    for (unsigned group = 0; group < 100; group++) {
        char class[8];
        struct code_answer answer;
        snprintf(class, sizeof class, "%02u05", group);
        groups += nsn_read_class(class, &answer) == STATUS_OK;
        assert_int_equal(nsn_group_title(class) != NULL, nsn_read_class(class, &answer) == STATUS_OK);
    }
    assert_int_equal(groups, 78);
    refuses(nsn_read_class, "9905-99-999-999", "12 digits");
    accepts(nsn_read_class, "9905-99-999-9999", "9905999999999");
    assert_null(nsn_group_title("1:05"));
    assert_null(nsn_group_title("1/05"));
    assert_null(nsn_group_title("/105"));
    char printed[NSN_PRINTED_SIZE];
    nsn_print("7240000611163", printed);
    assert_string_equal(printed, "7240-00-061-1163");
    assert_string_equal(nsn_group_title("1320"), "Ammunition and explosives");
    assert_null(nsn_group_title("2130"));
    assert_null(nsn_group_title("x"));
}

static int ncage_in_germany(const char *text, struct code_answer *answer)
{
    return ncage_read(text, "DE", answer);
}

static void test_ncage(void **state)
{
    (void)state;
    struct code_answer answer;
    accepts(ncage_in_germany, "CNP90", "CNP90");
    accepts(ncage_in_germany, "D1234", "D1234");
    refuses(ncage_in_germany, "CNP9", "CNP90");
    refuses(ncage_in_germany, "CNP901", "");
    refuses(ncage_in_germany, "cnp90", "");
    refuses(ncage_in_germany, "CNP-0", "");
    /* The nation's pattern is a warning, never an error. */
    assert_int_equal(ncage_read("CNP9G", "DE", &answer), STATUS_OK);
    assert_true(answer.doubtful);
    assert_string_equal(answer.value, "CNP9G");
    assert_non_null(strstr(answer.remedy, "Germany"));
    assert_int_equal(ncage_read("0AB12", "CA", &answer), STATUS_OK);
    assert_false(answer.doubtful);
    assert_int_equal(ncage_read("L0AB1", "CA", &answer), STATUS_OK);
    assert_false(answer.doubtful);
    assert_int_equal(ncage_read("ZZZZZ", "JP", &answer), STATUS_OK);
    assert_false(answer.doubtful);
    assert_int_equal(ncage_read("ZZZZZ", NULL, &answer), STATUS_OK);
    assert_false(answer.doubtful);
    /* For A***x the last character tells Italy, Albania, Croatia and Finland apart. */
    static const char *const last[][2] = {{"IT", "A1231"}, {"AL", "A123H"}, {"HR", "A123B"}, {"FI", "A123G"}};
    for (size_t nation = 0; nation < 4; nation++) {
        for (size_t code = 0; code < 4; code++) {
            assert_int_equal(ncage_read(last[code][1], last[nation][0], &answer), STATUS_OK);
            assert_int_equal(answer.doubtful, nation != code);
        }
    }
}

static void test_country(void **state)
{
    (void)state;
    accepts(country_read, "DEU", "DE");
    accepts(country_read, "MKD", "MK");
    accepts(country_read, "UKR", "UA");
    accepts(country_read, "NL", "NL");
    accepts(country_read, "AU", "AU");
    accepts(country_read, "RS", "RS");
    static const char *const old[][2] = {{"GM", "DE"}, {"SP", "ES"}, {"PO", "PT"}, {"TU", "TR"}, {"SW", "SE"}, {"DA", "DK"},
                                         {"LO", "SK"}, {"UP", "UA"}, {"EN", "EE"}, {"LG", "LV"}, {"UK", "GB"}, {"EL", "GR"},
                                         {"GER", "DE"}, {"FYR", "MK"}, {"ROM", "RO"}};
    for (size_t at = 0; at < sizeof old / sizeof old[0]; at++) {
        char advice[16] = "write ";
        strcat(advice, old[at][1]);
        refuses(country_read, old[at][0], advice);
        assert_false(country_is_stored(old[at][0]));
    }
    refuses(country_read, "GM", "write DE for Germany");
    refuses(country_read, "XXX", "such as NL");
    refuses(country_read, "XX", "such as NL");
    refuses(country_read, "", "such as NL");
    refuses(country_read, "de", "write DE for Germany");
    refuses(country_read, "nzl", "write NZ for New Zealand");
    refuses(country_read, "az", "write AZ for Azerbaijan");
    refuses(country_read, "Germany", "write DE for Germany");
    refuses(country_read, "Gambia", "write GMB for Gambia");
    refuses(country_read, "D\xC3\x89", "such as NL");
    /* Gambia can be named, by three letters; Kosovo by the code that the EU uses. */
    accepts(country_read, "GMB", "GMB");
    assert_true(country_is_stored("GMB"));
    accepts(country_read, "XKX", "XK");
    accepts(country_read, "XK", "XK");
    assert_string_equal(country_name("DE"), "Germany");
    assert_string_equal(country_name("GMB"), "Gambia");
    assert_null(country_name("GM"));
    assert_false(country_is_stored("DEU"));
}

static void test_every_country_is_found(void **state)
{
    (void)state;
    size_t count = 0;
    char before[3] = "";
#define COUNTRY(alpha2, alpha3, name)                                                                                          \
    assert_true(strcmp(before, alpha2) < 0);                                                                                   \
    memcpy(before, alpha2, 3);                                                                                                 \
    accepts(country_read, alpha3, strcmp(alpha2, "GM") ? alpha2 : "GMB");                                                      \
    count++;
#include "proto/codes/country.def"
#undef COUNTRY
    assert_int_equal(count, 250); /* 249 of ISO and Kosovo */
}

static int currency_today(const char *text, struct code_answer *answer)
{
    return currency_read(text, 20261101, answer);
}

static void test_currency(void **state)
{
    (void)state;
    struct code_answer answer;
    accepts(currency_today, "EUR", "EUR");
    accepts(currency_today, "ISK", "ISK");
    refuses(currency_today, "BGN", "2025-12-31");
    refuses(currency_today, "HRK", "2022-12-31");
    refuses(currency_today, "XAU", "EUR");
    refuses(currency_today, "XXX", "EUR");
    refuses(currency_today, "eur", "EUR");
    refuses(currency_today, "", "EUR");
    assert_int_equal(currency_read("BGN", 20251231, &answer), STATUS_OK);
    assert_int_equal(currency_read("BGN", 20260101, &answer), STATUS_INVALID);
    assert_int_equal(currency_read("BGN", 0, &answer), STATUS_INVALID);
    assert_int_equal(currency_read("XCG", 20250330, &answer), STATUS_INVALID);
    assert_int_equal(currency_read("XCG", 20250331, &answer), STATUS_OK);
    assert_int_equal(currency_read("XCG", 0, &answer), STATUS_OK);
    /* Every ally's currency has two places but Iceland's. */
    static const char *const two[] = {"ALL", "BGN", "CAD", "CZK", "DKK", "EUR", "HUF", "MKD", "NOK", "PLN", "RON", "SEK", "TRY", "GBP", "USD", "UAH"};
    for (size_t at = 0; at < sizeof two / sizeof two[0]; at++) {
        assert_int_equal(currency_minor_units(two[at]), 2);
    }
    assert_int_equal(currency_minor_units("ISK"), 0);
    assert_int_equal(currency_minor_units("KWD"), 3);
    assert_int_equal(currency_minor_units("XXX"), -1);
    assert_true(currency_holds("ISK", 10000));
    assert_false(currency_holds("ISK", 10050));
    assert_true(currency_holds("EUR", 10050));
    assert_true(currency_holds("XXX", 10050));
}

static void test_places(void **state)
{
    (void)state;
    accepts(locode_read, "NLRTM", "NLRTM");
    accepts(locode_read, "NL RTM", "NLRTM");
    accepts(locode_read, "US22K", "US22K");
    accepts(locode_read, "NLAZ9", "NLAZ9");
    accepts(locode_read, "GMBJL", "GMBJL");
    refuses(locode_read, "NL", "NLRTM");
    refuses(locode_read, "XXRTM", "NLRTM");
    refuses(locode_read, "NLRT1", "NLRTM");
    refuses(locode_read, "NLrtm", "NLRTM");
    refuses(locode_read, "NL-RTM", "NLRTM");
    refuses(locode_read, "NLRTMX", "NLRTM");
    accepts(locode_read_place, "NL", "NL");
    accepts(locode_read_place, "NLD", "NL");
    accepts(locode_read_place, "NLRTM", "NLRTM");
    refuses(locode_read_place, "GM", "write DE");
    refuses(locode_read_place, "*", "");
    refuses(locode_read_place, "", "");
    accepts(locode_read_prefix, "*", "*");
    accepts(locode_read_prefix, "PL", "PL");
    refuses(locode_read_prefix, "**", "");
}

static void test_units(void **state)
{
    (void)state;
    accepts(unit_read, "EA", "EA");
    accepts(unit_read, "KGM", "KGM");
    accepts(unit_read, "TNE", "TNE");
    accepts(unit_read, "C62", "C62");
    refuses(unit_read, "BX", "deleted");
    refuses(unit_read, "CT", "deleted");
    refuses(unit_read, "ea", "write EA");
    refuses(unit_read, "KG", "write KGM");
    refuses(unit_read, "kg", "write KGM");
    refuses(unit_read, "PCS", "write H87");
    refuses(unit_read, "St\xC3\xBC" "ck", "EA");
    refuses(unit_read, "", "EA");
    assert_string_equal(unit_name("EA"), "each");
    assert_null(unit_name("BX"));
}

static void test_incoterms(void **state)
{
    (void)state;
    accepts(incoterm_read, "DAP Riga, Incoterms 2020", "DAP Riga, Incoterms 2020");
    accepts(incoterm_read, "FOB Hamburg, Incoterms 2020", "FOB Hamburg, Incoterms 2020");
    accepts(incoterm_read, "EXW X, Incoterms 2020", "EXW X, Incoterms 2020");
    refuses(incoterm_read, ", Incoterms 2020", "DAP");
    refuses(incoterm_read, "DAT", "DPU");
    refuses(incoterm_read, "DAT Riga, Incoterms 2020", "DPU");
    refuses(incoterm_read, "FOB, Incoterms 2020", "port");
    refuses(incoterm_read, "DAP, Incoterms 2020", "place");
    refuses(incoterm_read, "DAP , Incoterms 2020", "place");
    refuses(incoterm_read, "DAP Riga", "edition");
    refuses(incoterm_read, "DAP Riga, Incoterms 2010", "edition");
    refuses(incoterm_read, "XYZ Riga, Incoterms 2020", "DAP");
    refuses(incoterm_read, "DAP a place with a name that is much longer than any contract names, Incoterms 2020", "50");
}

static void test_lei(void **state)
{
    (void)state;
    static const char *const good[] = {"5493001KJTIIGC8Y1R12", "7LTWFZYICNSX8D621K86", "HWUPKR0MPOU8FGXBT394",
                                       "529900T8BM49AURSDO55", "INR2EJN1ERAN0W5ZP974"};
    for (size_t at = 0; at < sizeof good / sizeof good[0]; at++) {
        accepts(lei_read, good[at], good[at]);
    }
    refuses(lei_read, "7LTWFZYICNSX8D621K87", "check digits");
    refuses(lei_read, "7LTWFZYICNSX8D621K8", "fewer");
    refuses(lei_read, "7LTWFZYICNSX8D621K866", "more");
    refuses(lei_read, "7ltwfzyicnsx8d621k86", "capital");
    refuses(lei_read, "7LTWFZYICNSX8D621KX6", "digits");
    refuses(lei_read, "", "fewer");
}

static void test_aqap(void **state)
{
    (void)state;
    accepts(aqap_read, "AQAP-2110", "AQAP-2110");
    accepts(aqap_read, "AQAP 2110", "AQAP-2110");
    accepts(aqap_read, "AQAP2310", "AQAP-2310");
    refuses(aqap_read, "AQAP-2120", "2110");
    refuses(aqap_read, "AQAP--2110", "2110");
    refuses(aqap_read, "aqap-2110", "2110");
    refuses(aqap_read, "AQAP-21100", "2110");
    assert_true(aqap_is_meant("aqap-2110"));
    assert_true(aqap_is_meant("AQAP"));
    assert_false(aqap_is_meant("ISO-9001"));
}

static void test_notices(void **state)
{
    (void)state;
    accepts(notice_read_lot, "LOT-0001", "LOT-0001");
    refuses(notice_read_lot, "LOT-1", "LOT-0001");
    refuses(notice_read_lot, "LOT-00011", "LOT-0001");
    refuses(notice_read_lot, "lot-0001", "LOT-0001");
    accepts(notice_read, "2f1ae2b4-7c0e-4d6f-9a3b-0c1d2e3f4a5b", "2f1ae2b4-7c0e-4d6f-9a3b-0c1d2e3f4a5b");
    accepts(notice_read, "2F1AE2B4-7C0E-4D6F-9A3B-0C1D2E3F4A5B", "2f1ae2b4-7c0e-4d6f-9a3b-0c1d2e3f4a5b");
    accepts(notice_read, "9f1ae2b4-7c0e-4d6f-8a3b-0c1d2e3f4a5b", "9f1ae2b4-7c0e-4d6f-8a3b-0c1d2e3f4a5b");
    accepts(notice_read, "2f1ae2b4-7c0e-4d6f-aa3b-0c1d2e3f4a5b", "2f1ae2b4-7c0e-4d6f-aa3b-0c1d2e3f4a5b");
    accepts(notice_read, "2f1ae2b4-7c0e-4d6f-ba3b-0c1d2e3f4a5b", "2f1ae2b4-7c0e-4d6f-ba3b-0c1d2e3f4a5b");
    refuses(notice_read, "2f1ae2b4-7c0e-1d6f-9a3b-0c1d2e3f4a5b", "8-4-4-4-12"); /* version 1 */
    refuses(notice_read, "2f1ae2b4-7c0e-4d6f-ca3b-0c1d2e3f4a5b", "8-4-4-4-12"); /* another variant */
    refuses(notice_read, "2f1ae2b4-7c0e-4d6f-9a3b-0c1d2e3f4a5", "8-4-4-4-12");
    refuses(notice_read, "2f1ae2b4-7c0e-4d6f-9a3b-0c1d2e3f4a5bc", "8-4-4-4-12");
    refuses(notice_read, "2f1ae2b417c0e-4d6f-9a3b-0c1d2e3f4a5b", "8-4-4-4-12");
    refuses(notice_read, "2f1ae2b4-7c0e-4d6f-9a3b-0c1d2e3f4a5g", "8-4-4-4-12");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nsn),       cmocka_unit_test(test_ncage),     cmocka_unit_test(test_country),
        cmocka_unit_test(test_every_country_is_found),
        cmocka_unit_test(test_currency),  cmocka_unit_test(test_places),    cmocka_unit_test(test_units),
        cmocka_unit_test(test_incoterms), cmocka_unit_test(test_lei),       cmocka_unit_test(test_aqap),
        cmocka_unit_test(test_notices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
