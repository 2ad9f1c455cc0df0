/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/check_sample.h"

/* What a person writes, brought into the stored form; and that it then has no fault. */

static struct check_sample sample;

#define TEXT(text) ((char[]){text})

static void test_demand(void **state)
{
    (void)state;
    Muster__Demand *demand = check_sample_demand();
    char *exclude[] = {TEXT("RUS"), TEXT(" BY ")};
    demand->id = TEXT(" NL-155-2027 ");
    demand->country = TEXT("NLD");
    demand->place = TEXT("NL RTM");
    demand->lines[0]->month = 202712;
    demand->lines[1]->month = 202706;
    demand->requires[0] = TEXT("stanag = 4425");
    demand->requires[1] = TEXT("range_km >= 30");
    demand->certificates[0] = TEXT("ISO-9001");
    demand->certificates[1] = TEXT("AQAP 2110");
    demand->exclude_origins = exclude;
    assert_int_equal(check_normalise_demand(&sample.arena, demand), STATUS_OK);
    assert_string_equal(demand->id, "NL-155-2027");
    assert_string_equal(demand->country, "NL");
    assert_string_equal(demand->place, "NLRTM");
    assert_int_equal(demand->lines[0]->month, 202706);
    assert_string_equal(demand->requires[0], "range_km>=30");
    assert_string_equal(demand->requires[1], "stanag=4425");
    assert_string_equal(demand->certificates[0], "AQAP-2110");
    assert_string_equal(demand->exclude_origins[0], "BY");
    assert_string_equal(demand->exclude_origins[1], "RU");
    check_demand(demand, &sample.context, &sample.faults);
    check_sample_expect_none(&sample);
    /* Faults stay for the check to name. */
    demand->country = TEXT("GM");
    demand->requires[0] = TEXT("nonsense");
    demand->certificates[0] = demand->certificates[1] = TEXT("ISO-9001");
    demand->fund = TEXT("a\xFF");
    assert_int_equal(check_normalise_demand(&sample.arena, demand), STATUS_OK);
    check_demand(demand, &sample.context, &sample.faults);
    assert_int_equal(sample.faults.errors, 4);
    check_sample_reset(&sample);
}

static void test_offer(void **state)
{
    (void)state;
    Muster__Offer *offer = check_sample_offer();
    offer->freight[0]->prefix = TEXT("NLD");
    offer->freight[1]->prefix = TEXT("* ");
    offer->provides[0]->name = TEXT("stanag ");
    offer->provides[1]->name = TEXT("range_km");
    offer->provides[1]->value = TEXT(" 40");
    offer->certificates[0] = TEXT("AQAP2110");
    offer->origin[0]->country = TEXT("NLD");
    offer->origin[1]->country = TEXT("DEU");
    offer->destinations[0] = TEXT("NL");
    offer->destinations[1] = TEXT("DEU");
    offer->currency = TEXT(" EUR");
    assert_int_equal(check_normalise_offer(&sample.arena, offer), STATUS_OK);
    assert_string_equal(offer->freight[0]->prefix, "*");
    assert_string_equal(offer->freight[1]->prefix, "NL");
    assert_string_equal(offer->provides[0]->name, "range_km");
    assert_string_equal(offer->origin[0]->country, "DE");
    assert_int_equal(offer->origin[0]->percent, 40);
    assert_string_equal(offer->destinations[0], "DE");
    check_offer(offer, &sample.context, &sample.faults);
    check_sample_expect_none(&sample);
}

static void test_others(void **state)
{
    (void)state;
    Muster__Item *item = check_sample_item();
    item->title = TEXT("155\xC2\xA0mm  HE, Mu\xCC\x88nden\xC2\xA0");
    item->nsc = TEXT("1320-12-345-6789");
    item->cpv = TEXT("35331300");
    item->unit = TEXT("EA ");
    assert_int_equal(check_normalise_item(&sample.arena, NULL, item), STATUS_OK);
    assert_string_equal(item->title, "155 mm  HE, M\xC3\xBCnden");
    assert_string_equal(item->nsc, "1320123456789");
    assert_string_equal(item->cpv, "35331300-3");
    check_item(item, &sample.context, &sample.faults);
    check_sample_expect_none(&sample);

    Muster__Party *party = check_sample_party();
    party->country = TEXT("DEU");
    party->name = TEXT(" Rotorwerk (f) ");
    party->ncage = TEXT("CNP90 ");
    assert_int_equal(check_normalise_party(&sample.arena, party), STATUS_OK);
    assert_string_equal(party->name, "Rotorwerk (f)");
    check_party(party, &sample.context, &sample.faults);
    check_sample_expect_none(&sample);

    Muster__Fund *fund = check_sample_fund();
    fund->countries[0] = TEXT("NLD");
    fund->countries[1] = TEXT("DEU");
    fund->id = TEXT("NL-FUND ");
    fund->currency = TEXT("EUR ");
    assert_int_equal(check_normalise_fund(&sample.arena, fund), STATUS_OK);
    assert_string_equal(fund->countries[0], "DE");
    check_fund(fund, &sample.context, &sample.faults);
    check_sample_expect_none(&sample);
}

static void test_sets(void **state)
{
    (void)state;
    Muster__Rate rate[2] = {MUSTER__RATE__INIT, MUSTER__RATE__INIT};
    Muster__Rate *list[] = {&rate[0], &rate[1]};
    Muster__RatesChange rates = MUSTER__RATES_CHANGE__INIT;
    rates.n_rates = 2;
    rates.rates = list;
    rate[0].currency = TEXT(" USD");
    rate[1].currency = TEXT("NOK");
    rate[0].millionths = rate[1].millionths = 1;
    assert_int_equal(check_normalise_rates(&sample.arena, &rates), STATUS_OK);
    check_rates(&rates, &sample.context, &sample.faults);
    check_sample_expect_none(&sample);

    Muster__PolicyEntry entry[4] = {MUSTER__POLICY_ENTRY__INIT, MUSTER__POLICY_ENTRY__INIT, MUSTER__POLICY_ENTRY__INIT,
                                    MUSTER__POLICY_ENTRY__INIT};
    Muster__PolicyEntry *entries[] = {&entry[0], &entry[1], &entry[2], &entry[3]};
    Muster__PolicyChange policy = MUSTER__POLICY_CHANGE__INIT;
    policy.n_entries = 4;
    policy.entries = entries;
    entry[0].key = TEXT("weights");
    entry[0].value = TEXT("16; 8 ;4;3;2;");
    entry[0].item = TEXT("");
    entry[1].key = TEXT("excluded_origins");
    entry[1].value = TEXT("RUS ; BY");
    entry[1].item = TEXT("155-HE ");
    entry[2].key = TEXT(" excluded_origins");
    entry[2].value = TEXT("BLR");
    entry[2].item = TEXT("");
    /* The denar is no country. */
    entry[3].key = TEXT("base_currency");
    entry[3].value = TEXT("MKD");
    entry[3].item = TEXT("");
    assert_int_equal(check_normalise_policy(&sample.arena, &policy), STATUS_OK);
    assert_string_equal(entries[0]->value, "MKD");
    assert_string_equal(entries[1]->value, "BY");
    assert_string_equal(entries[2]->value, "RU;BY");
    assert_string_equal(entries[3]->value, "16;8;4;3;2");
    check_policy(&policy, &sample.context, &sample.faults);
    check_sample_expect_none(&sample);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct arena full;
    arena_init(&full, 0);
    Muster__Demand *demand = check_sample_demand();
    assert_int_equal(check_normalise_demand(&full, demand), STATUS_OK); /* nothing to do takes nothing */
    demand->country = TEXT("NLD");
    assert_int_equal(check_normalise_demand(&full, demand), STATUS_NO_MEMORY);
    Muster__Offer *offer = check_sample_offer();
    offer->origin[0]->country = TEXT("NLD");
    assert_int_equal(check_normalise_offer(&full, offer), STATUS_NO_MEMORY);
    Muster__Item *item = check_sample_item();
    item->title = TEXT(" a");
    assert_int_equal(check_normalise_item(&full, NULL, item), STATUS_NO_MEMORY);
    arena_drop(&full);
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
        cmocka_unit_test(test_demand), cmocka_unit_test(test_offer),     cmocka_unit_test(test_others),
        cmocka_unit_test(test_sets),   cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
