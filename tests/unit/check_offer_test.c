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

/* The field rules of an offer, one broken at a time. */

static struct check_sample sample;

#define TEXT(text) ((char[]){text})

#define CHECKED(...)                                                                                                           \
    Muster__Offer *offer = check_sample_offer();                                                                               \
    __VA_ARGS__;                                                                                                               \
    check_offer(offer, &sample.context, &sample.faults)
#define BREAK(field, advice, ...)                                                                                              \
    do {                                                                                                                       \
        CHECKED(__VA_ARGS__);                                                                                                  \
        check_sample_expect(&sample, field, advice);                                                                           \
    } while (0)
#define DOUBT(field, advice, ...)                                                                                              \
    do {                                                                                                                       \
        CHECKED(__VA_ARGS__);                                                                                                  \
        check_sample_expect_warning(&sample, field, advice);                                                                   \
    } while (0)
#define KEEP(...)                                                                                                              \
    do {                                                                                                                       \
        CHECKED(__VA_ARGS__);                                                                                                  \
        check_sample_expect_none(&sample);                                                                                     \
    } while (0)

static void test_ids(void **state)
{
    (void)state;
    KEEP();
    BREAK("offer", "NL-155-2027", offer->id = TEXT("R W"));
    BREAK("item", "NL-155-2027", offer->item = TEXT(""));
    BREAK("supplier", "nl-agency", offer->supplier = TEXT("Rotorwerk"));
    sample.context.own_party = "rotorwerk";
    KEEP();
    BREAK("supplier", "write rotorwerk", offer->supplier = TEXT("alfaco"));
    sample.context.own_party = NULL;
}

static void test_tiers(void **state)
{
    (void)state;
    BREAK("unit_price", "a price and a first month", offer->n_tiers = 0);
    BREAK("min_quantity", "write 1", offer->tiers[0]->min_quantity = 0);
    BREAK("min_quantity", "write 1000000000", offer->max_quantity = 0; offer->tiers[0]->min_quantity = LIMIT_QUANTITY_MOST + 1);
    KEEP(offer->tiers[1]->min_quantity = 5000);
    DOUBT("min_quantity", "the most is 5000", offer->tiers[1]->min_quantity = 5001);
    BREAK("unit_price", "without a minus", offer->tiers[0]->unit_price = -1);
    BREAK("unit_price", "100,000,000,000.00", offer->tiers[0]->unit_price = LIMIT_AMOUNT_MOST + 1);
    BREAK("one_off", "100,000,000,000.00", offer->tiers[1]->one_off = LIMIT_AMOUNT_MOST + 1);
    BREAK("one_off", "without a minus", offer->tiers[1]->one_off = -1);
    BREAK("first_month", "2028-12", offer->tiers[1]->first_month = 202713);
    BREAK("stock", "write 1000000000", offer->tiers[1]->stock = LIMIT_QUANTITY_MOST + 1);
    BREAK("monthly_rate", "write 1000000000", offer->tiers[1]->monthly_rate = LIMIT_QUANTITY_MOST + 1);
    DOUBT("monthly_rate", "nothing can be awarded", offer->tiers[0]->monthly_rate = 0);
    KEEP(offer->tiers[0]->monthly_rate = 0; offer->tiers[0]->stock = 1);
    Muster__Tier *many[LIMIT_TIERS_MOST + 1];
    for (unsigned at = 0; at <= LIMIT_TIERS_MOST; at++) {
        many[at] = check_sample_offer()->tiers[0];
    }
    KEEP(offer->tiers = many; offer->n_tiers = LIMIT_TIERS_MOST);
    BREAK("unit_price", "at most 32", offer->tiers = many; offer->n_tiers = LIMIT_TIERS_MOST + 1);
    static const uint32_t rows[] = {4, 5};
    sample.context.rows = rows;
    sample.context.row_count = 2;
    CHECKED(offer->tiers[1]->min_quantity = 0);
    assert_int_equal(sample.faults.list[0].row, 5);
    assert_int_equal(sample.faults.row, 0);
    check_sample_expect(&sample, "min_quantity", "write 1");
    sample.context.rows = NULL;
}

static void test_whole(void **state)
{
    (void)state;
    BREAK("currency", "EUR", offer->currency = TEXT("HRD"));
    KEEP(offer->max_quantity = 0);
    BREAK("max_quantity", "write 1000000000", offer->max_quantity = LIMIT_QUANTITY_MOST + 1);
    KEEP(offer->valid_until = 0);
    BREAK("valid_until", "2028-12-31", offer->valid_until = 20270229);
    DOUBT("valid_until", "a later day", offer->valid_until = 20261031);
    KEEP(offer->valid_until = 20261101);
}

static void test_freight(void **state)
{
    (void)state;
    KEEP(offer->n_freight = 0);
    BREAK("freight", "write DE for Germany", offer->freight[0]->prefix = TEXT("GM"));
    BREAK("freight", "NLRTM", offer->freight[1]->prefix = TEXT("Rotterdam"));
    BREAK("freight", "write it once", offer->freight[1]->prefix = offer->freight[0]->prefix);
    BREAK("freight", "sort", offer->freight[0]->prefix = TEXT("PL"));
    BREAK("freight", "without a minus", offer->freight[0]->amount = -1);
    BREAK("freight", "100,000,000,000.00", offer->freight[0]->amount = LIMIT_AMOUNT_MOST + 1);
    static Muster__Freight *many[LIMIT_FREIGHT_MOST + 1];
    for (unsigned at = 0; at <= LIMIT_FREIGHT_MOST; at++) {
        many[at] = check_sample_offer()->freight[0];
    }
    BREAK("freight", "at most 1000", offer->freight = many; offer->n_freight = LIMIT_FREIGHT_MOST + 1);
}

static void test_provides(void **state)
{
    (void)state;
    KEEP(offer->n_provides = 0);
    BREAK("provides", "fill it in", offer->provides[0]->name = TEXT(""));
    BREAK("provides", "fill it in", offer->provides[0]->value = TEXT(""));
    BREAK("provides", "without ;<>=", offer->provides[0]->name = TEXT("a=b"));
    BREAK("provides", "without ;", offer->provides[0]->value = TEXT("a;b"));
    KEEP(offer->provides[0]->value = TEXT("<=a>"));
    BREAK("provides", "blanks", offer->provides[0]->value = TEXT("a "));
    BREAK("provides", "one line", offer->provides[0]->value = TEXT("a\nb"));
    BREAK("provides", "capitals do not matter", offer->provides[0]->name = TEXT("STANAG"));
    BREAK("provides", "sort", offer->provides[0]->name = TEXT("z"));
    Muster__Attribute attribute[LIMIT_CONDITIONS_MOST + 1];
    Muster__Attribute *many[LIMIT_CONDITIONS_MOST + 1];
    char names[LIMIT_CONDITIONS_MOST + 1][8];
    for (unsigned at = 0; at <= LIMIT_CONDITIONS_MOST; at++) {
        snprintf(names[at], sizeof names[at], "a%03u", at);
        attribute[at] = (Muster__Attribute)MUSTER__ATTRIBUTE__INIT;
        attribute[at].name = attribute[at].value = names[at];
        many[at] = &attribute[at];
    }
    KEEP(offer->provides = many; offer->n_provides = LIMIT_CONDITIONS_MOST);
    BREAK("provides", "at most 64", offer->provides = many; offer->n_provides = LIMIT_CONDITIONS_MOST + 1);
}

static void test_origin(void **state)
{
    (void)state;
    KEEP(offer->n_origin = 0);
    BREAK("origin", "100 percent", offer->origin[0]->percent = 59);
    BREAK("origin", "from 0 to 100", offer->origin[0]->percent = 101);
    BREAK("origin", "write SE for Sweden", offer->origin[1]->country = TEXT("SW"));
    BREAK("origin", "write it once", offer->origin[1]->country = offer->origin[0]->country);
    BREAK("origin", "sort", offer->origin[1]->country = TEXT("AT"));
    KEEP(offer->origin[0]->percent = 100; offer->origin[1]->percent = 0);
    BREAK("destinations", "write it once", offer->destinations[1] = offer->destinations[0]);
    BREAK("destinations", "write GB", offer->destinations[1] = TEXT("UK"));
    KEEP(offer->n_destinations = 0);
    BREAK("certificates", "write AQAP-2110", offer->certificates[0] = TEXT("AQAP2110"));
    Muster__Origin *many[LIMIT_COUNTRIES_MOST + 1];
    for (unsigned at = 0; at <= LIMIT_COUNTRIES_MOST; at++) {
        many[at] = check_sample_offer()->origin[0];
    }
    BREAK("origin", "at most 250", offer->origin = many; offer->n_origin = LIMIT_COUNTRIES_MOST + 1);
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
        cmocka_unit_test(test_ids),     cmocka_unit_test(test_tiers),    cmocka_unit_test(test_whole),
        cmocka_unit_test(test_freight), cmocka_unit_test(test_provides), cmocka_unit_test(test_origin),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
