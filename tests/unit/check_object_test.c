/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"
#include "tests/unit/check_sample.h"

/* The field rules of items, parties, funds, rates and policy entries, one broken at a time. */

static struct check_sample sample;

#define TEXT(text) ((char[]){text})

#define BREAK(noun, type, field, advice, ...)                                                                                  \
    do {                                                                                                                       \
        type *noun = check_sample_##noun();                                                                                    \
        __VA_ARGS__;                                                                                                           \
        check_##noun(noun, &sample.context, &sample.faults);                                                                   \
        check_sample_expect(&sample, field, advice);                                                                           \
    } while (0)
#define DOUBT(noun, type, field, advice, ...)                                                                                  \
    do {                                                                                                                       \
        type *noun = check_sample_##noun();                                                                                    \
        __VA_ARGS__;                                                                                                           \
        check_##noun(noun, &sample.context, &sample.faults);                                                                   \
        check_sample_expect_warning(&sample, field, advice);                                                                   \
    } while (0)
#define KEEP(noun, type, ...)                                                                                                  \
    do {                                                                                                                       \
        type *noun = check_sample_##noun();                                                                                    \
        __VA_ARGS__;                                                                                                           \
        check_##noun(noun, &sample.context, &sample.faults);                                                                   \
        check_sample_expect_none(&sample);                                                                                     \
    } while (0)

#define ITEM item, Muster__Item
#define PARTY party, Muster__Party
#define FUND fund, Muster__Fund
#define APPLY(macro, ...) macro(__VA_ARGS__)

/* What a fault repeats of a title that is refused. */
static void item_with_title(const char *title, const char *found)
{
    Muster__Item *item = check_sample_item();
    char text[64];
    snprintf(text, sizeof text, "%s", title);
    item->title = text;
    check_item(item, &sample.context, &sample.faults);
    assert_int_equal(sample.faults.count, 1);
    assert_string_equal(sample.faults.list[0].found, found);
    check_sample_reset(&sample);
}

static void test_item(void **state)
{
    (void)state;
    char wide[LIMIT_TITLE_MOST + 2];
    memset(wide, 'x', sizeof wide);
    wide[LIMIT_TITLE_MOST] = '\0';
    APPLY(KEEP, ITEM, (void)item);
    APPLY(KEEP, ITEM, item->title = item->nsc = item->cpv = TEXT(""));
    APPLY(KEEP, ITEM, item->nsc = TEXT("1320123456789"));
    APPLY(KEEP, ITEM, item->title = wide);
    wide[LIMIT_TITLE_MOST] = 'x';
    wide[LIMIT_TITLE_MOST + 1] = '\0';
    APPLY(BREAK, ITEM, "title", "at most 256", item->title = wide);
    APPLY(BREAK, ITEM, "title", "normalisation form C", item->title = TEXT("Mu\xCC\x88nden"));
    item_with_title("Mu\xCC\x88nden", "Mu\xCC\x88nden"); /* harmless to show */
    item_with_title("a\x1B[31m", "");
    APPLY(BREAK, ITEM, "title", "one line", item->title = TEXT("two\nlines"));
    APPLY(BREAK, ITEM, "item", "letter or digit", item->id = TEXT("155 HE"));
    APPLY(BREAK, ITEM, "nsc", "group 21", item->nsc = TEXT("2130"));
    APPLY(BREAK, ITEM, "nsc", "write 1320123456789", item->nsc = TEXT("1320-12-345-6789"));
    APPLY(BREAK, ITEM, "cpv", "write 35331200-5 for Shells", item->cpv = TEXT("35331200-4"));
    APPLY(BREAK, ITEM, "cpv", "write 35331200-5", item->cpv = TEXT("35331200"));
    APPLY(DOUBT, ITEM, "cpv", "official list", item->cpv = TEXT("33600000-6"));
    APPLY(BREAK, ITEM, "unit", "write H87", item->unit = TEXT("PCS"));
    APPLY(BREAK, ITEM, "unit", "EA", item->unit = TEXT(""));
}

static void test_party(void **state)
{
    (void)state;
    APPLY(KEEP, PARTY, (void)party);
    APPLY(BREAK, PARTY, "party", "nl-agency", party->id = TEXT("Rotorwerk"));
    APPLY(BREAK, PARTY, "party", "exchange itself", party->id = TEXT("exchange"));
    APPLY(BREAK, PARTY, "role", "contract names", party->role = (Muster__Role)0);
    APPLY(BREAK, PARTY, "name", "fill it in", party->name = TEXT(""));
    APPLY(BREAK, PARTY, "country", "write DE", party->country = TEXT("DEU"));
    APPLY(BREAK, PARTY, "country", "such as NL", party->country = TEXT(""); party->ncage = TEXT(""));
    APPLY(KEEP, PARTY, party->role = MUSTER__ROLE__ROLE_COORDINATOR; party->size = MUSTER__SIZE__SIZE_LARGE;
          party->country = party->ncage = TEXT(""));
    APPLY(KEEP, PARTY, party->ncage = TEXT(""));
    APPLY(BREAK, PARTY, "ncage", "CNP90", party->ncage = TEXT("CNP9"));
    APPLY(DOUBT, PARTY, "ncage", "Germany", party->ncage = TEXT("CNP9G"));
    APPLY(BREAK, PARTY, "size", "contract names", party->size = (Muster__Size)5);
    APPLY(BREAK, PARTY, "size", "only a supplier", party->role = MUSTER__ROLE__ROLE_AGENCY);
    APPLY(KEEP, PARTY, party->role = MUSTER__ROLE__ROLE_AGENCY; party->size = MUSTER__SIZE__SIZE_LARGE);
    APPLY(KEEP, PARTY, party->contact = TEXT(""));
    APPLY(BREAK, PARTY, "contact", "invisible", party->contact = TEXT("a\xE2\x80\x8B@b"));
}

static void test_fund(void **state)
{
    (void)state;
    APPLY(KEEP, FUND, (void)fund);
    APPLY(KEEP, FUND, fund->limited = 0; fund->balance = 0);
    APPLY(KEEP, FUND, fund->n_countries = 0);
    APPLY(BREAK, FUND, "fund", "letter or digit", fund->id = TEXT("nl/fund"));
    APPLY(BREAK, FUND, "balance", "set the limit", fund->limited = 0);
    APPLY(BREAK, FUND, "balance", "without a minus", fund->balance = -1);
    APPLY(BREAK, FUND, "balance", "100,000,000,000.00", fund->balance = LIMIT_AMOUNT_MOST + 1);
    APPLY(BREAK, FUND, "currency", "EUR", fund->currency = TEXT("EURO"));
    APPLY(BREAK, FUND, "min_nations", "1000000000", fund->min_nations = LIMIT_QUANTITY_MOST + 1);
    APPLY(BREAK, FUND, "min_european_content", "from 0 to 100", fund->min_european_content = 101);
    APPLY(BREAK, FUND, "countries", "write GR", fund->countries[1] = TEXT("EL"));
    APPLY(BREAK, FUND, "countries", "write it once", fund->countries[1] = fund->countries[0]);
}

static void test_rates(void **state)
{
    (void)state;
    Muster__Rate rate[2] = {MUSTER__RATE__INIT, MUSTER__RATE__INIT};
    Muster__Rate *rates[] = {&rate[0], &rate[1]};
    Muster__RatesChange change = MUSTER__RATES_CHANGE__INIT;
    change.n_rates = 2;
    change.rates = rates;
    rate[0].currency = TEXT("NOK");
    rate[0].millionths = 84512;
    rate[0].date = 20261030;
    rate[1].currency = TEXT("USD");
    rate[1].millionths = 920000;
    check_rates(&change, &sample.context, &sample.faults);
    check_sample_expect_none(&sample);
    rate[1].currency = TEXT("HRK");
    check_rates(&change, &sample.context, &sample.faults);
    assert_int_equal(sample.faults.errors, 2); /* withdrawn, and out of order */
    assert_int_equal(sample.faults.list[0].change, 1);
    check_sample_reset(&sample);
    rate[1].currency = TEXT("NOK");
    check_rates(&change, &sample.context, &sample.faults);
    check_sample_expect(&sample, "currency", "write it once");
    rate[1].currency = TEXT("USD");
    rate[1].millionths = 0;
    check_rates(&change, &sample.context, &sample.faults);
    check_sample_expect(&sample, "rate", "write 1");
    rate[1].millionths = LIMIT_RATE_MOST + 1;
    check_rates(&change, &sample.context, &sample.faults);
    check_sample_expect(&sample, "rate", "write 999999999999999");
    rate[1].millionths = 920000;
    rate[1].date = 20261131;
    check_rates(&change, &sample.context, &sample.faults);
    check_sample_expect(&sample, "date", "2028-12-31");
    rate[1].date = 20261102;
    check_rates(&change, &sample.context, &sample.faults);
    check_sample_expect_warning(&sample, "date", "lies ahead");
    rate[1].date = 0;
    rate[0].currency = TEXT("EUR");
    check_rates(&change, &sample.context, &sample.faults);
    check_sample_expect(&sample, "rate", "base currency");
    rate[0].millionths = 1000000;
    check_rates(&change, &sample.context, &sample.faults);
    check_sample_expect_none(&sample);
    Muster__Rate *many[LIMIT_RATES_MOST + 1];
    for (unsigned at = 0; at <= LIMIT_RATES_MOST; at++) {
        many[at] = &rate[0];
    }
    change.rates = many;
    change.n_rates = LIMIT_RATES_MOST + 1;
    check_rates(&change, &sample.context, &sample.faults);
    check_sample_expect(&sample, "currency", "at most 200");
}

static void check_entry(const char *key, const char *value, const char *item)
{
    Muster__PolicyEntry entry = MUSTER__POLICY_ENTRY__INIT;
    char texts[3][256];
    snprintf(texts[0], sizeof texts[0], "%s", key);
    snprintf(texts[1], sizeof texts[1], "%s", value);
    snprintf(texts[2], sizeof texts[2], "%s", item);
    entry.key = texts[0];
    entry.value = texts[1];
    entry.item = texts[2];
    check_policy_entry(&entry, &sample.context, &sample.faults);
}

static void keeps_entry(const char *key, const char *value, const char *item)
{
    check_entry(key, value, item);
    check_sample_expect_none(&sample);
}

static void breaks_entry(const char *key, const char *value, const char *item, const char *field, const char *advice)
{
    check_entry(key, value, item);
    check_sample_expect(&sample, field, advice);
}

static void test_policy_entries(void **state)
{
    (void)state;
    static const char *const percents[] = {"sme_preference", "sme_min_share", "european_min_share", "european_max_share",
                                           "supplier_max_share"};
    for (size_t at = 0; at < sizeof percents / sizeof percents[0]; at++) {
        keeps_entry(percents[at], "0", "");
        keeps_entry(percents[at], "100", "155-HE");
        keeps_entry(percents[at], "", "");
        breaks_entry(percents[at], "101", "", "value", "from 0 to 100");
        breaks_entry(percents[at], "5 %", "", "value", "from 0 to 100");
        breaks_entry(percents[at], "2.5", "", "value", "from 0 to 100");
    }
    keeps_entry("min_nations", "4", "155-HE");
    breaks_entry("min_nations", "1000000001", "", "value", "10^9");
    keeps_entry("contract_overhead", "10000000000000", "");
    breaks_entry("contract_overhead", "10000000000001", "", "value", "10^13");
    keeps_entry("weights", "1000;8;8;3;1", "155-HE");
    breaks_entry("weights", "1001;8;4;3;2", "", "value", "16;8;4;3;2");
    breaks_entry("weights", "16;8;9;3;2", "", "value", "none above the one before");
    breaks_entry("weights", "16;8;4;3", "", "value", "five");
    breaks_entry("weights", "16;8;4;3;2;1", "", "value", "five");
    breaks_entry("weights", "16;8;4;3;0", "", "value", "five");
    breaks_entry("weights", "16; 8;4;3;2", "", "value", "five");
    keeps_entry("base_currency", "EUR", "");
    breaks_entry("base_currency", "XAU", "", "value", "EUR");
    breaks_entry("base_currency", "EUR", "155-HE", "item", "all lots");
    keeps_entry("european_countries", "NL;DE", "");
    breaks_entry("european_countries", "NL;DE;NL", "", "value", "write it once");
    breaks_entry("european_countries", "NL;EL", "", "value", "write GR");
    breaks_entry("european_countries", "NL;;DE", "", "value", "such as NL");
    breaks_entry("european_countries", "NL", "155-HE", "item", "all lots");
    keeps_entry("excluded_origins", "BY;RU", "155-HE");
    keeps_entry("excluded_origins", "", "");
    breaks_entry("excluded_origins", "BLR", "", "value", "write BY");
    breaks_entry("excluded_origins", "a part that is much too long", "", "value", "such as NL");
    breaks_entry("as_of", "2027-01-01", "", "key", "leave the row out");
    breaks_entry("sme_share", "5", "", "key", "documented keys");
    breaks_entry("", "5", "", "key", "fill it in");
    breaks_entry("min_nations", "2", "a b", "item", "letter or digit");
    keeps_entry("answer_days", "21", "");
    breaks_entry("answer_days", "0", "", "value", "from 1 to 365");
    breaks_entry("answer_days", "21", "155-HE", "item", "all lots");
}

static void check_entries(const char *const entries[][3], size_t count)
{
    static Muster__PolicyEntry entry[8];
    static Muster__PolicyEntry *list[8];
    static char texts[8][3][64];
    for (size_t at = 0; at < count; at++) {
        for (size_t cell = 0; cell < 3; cell++) {
            snprintf(texts[at][cell], sizeof texts[at][cell], "%s", entries[at][cell]);
        }
        entry[at] = (Muster__PolicyEntry)MUSTER__POLICY_ENTRY__INIT;
        entry[at].key = texts[at][0];
        entry[at].value = texts[at][1];
        entry[at].item = texts[at][2];
        list[at] = &entry[at];
    }
    Muster__PolicyChange change = MUSTER__POLICY_CHANGE__INIT;
    change.n_entries = count;
    change.entries = list;
    check_policy(&change, &sample.context, &sample.faults);
}

static void test_policy(void **state)
{
    (void)state;
    check_entries((const char *const[][3]){{"answer_days", "7", ""}, {"min_nations", "2", ""}, {"min_nations", "3", "155-HE"}}, 3);
    check_sample_expect_none(&sample);
    check_entries((const char *const[][3]){{"min_nations", "2", ""}, {"min_nations", "3", ""}}, 2);
    assert_int_equal(sample.faults.list[0].change, 1);
    check_sample_expect(&sample, "key", "remove one");
    check_entries((const char *const[][3]){{"min_nations", "2", "A"}, {"min_nations", "3", ""}}, 2);
    check_sample_expect(&sample, "key", "sort");
    /* A band that nothing can lie in, also where the other side is the common one or the default. */
    check_entries((const char *const[][3]){{"european_max_share", "60", ""}, {"european_min_share", "65", "155-HE"},
                                           {"min_nations", "2", "155-HE"}}, 3);
    check_sample_expect(&sample, "value", "lower the one");
    check_entries((const char *const[][3]){{"european_max_share", "60", ""}, {"european_min_share", "60", "155-HE"}}, 2);
    check_sample_expect_none(&sample);
    check_entries((const char *const[][3]){{"european_max_share", "60", "155-HE"}, {"european_min_share", "65", ""}}, 2);
    check_sample_expect(&sample, "value", "lower the one");
    check_entries((const char *const[][3]){{"european_max_share", "60", "155-HE"}, {"european_min_share", "65", "CAVS"}}, 2);
    check_sample_expect_none(&sample);
    check_entries((const char *const[][3]){{"min_nations", "2", ""}, {"weights", "high", ""}}, 2);
    assert_int_equal(sample.faults.list[0].change, 1);
    check_sample_expect(&sample, "value", "five");
    Muster__PolicyEntry entry = MUSTER__POLICY_ENTRY__INIT;
    static Muster__PolicyEntry *many[LIMIT_POLICY_MOST + 1];
    for (unsigned at = 0; at <= LIMIT_POLICY_MOST; at++) {
        many[at] = &entry;
    }
    Muster__PolicyChange change = MUSTER__POLICY_CHANGE__INIT;
    change.n_entries = LIMIT_POLICY_MOST + 1;
    change.entries = many;
    check_policy(&change, &sample.context, &sample.faults);
    check_sample_expect(&sample, "key", "at most 10000");
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
        cmocka_unit_test(test_item),  cmocka_unit_test(test_party),          cmocka_unit_test(test_fund),
        cmocka_unit_test(test_rates), cmocka_unit_test(test_policy_entries), cmocka_unit_test(test_policy),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
