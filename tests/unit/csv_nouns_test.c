/* SPDX-License-Identifier: EUPL-1.2 */
/* The readers of the other nouns: offers with tiers, items, funds, suppliers, rates (also the Central Bank's), policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/csv_support.h"

static void offers_are_menus_of_tiers(void **state)
{
    (void)state;
    static const char sheet[] =
        "Offer;Item;min_quantity;unit_price;one_off;first_month;stock;monthly_rate;max_quantity;freight;provides;certificates;origin;"
        "destinations;valid_until\r\n"
        "ALF-1;GEM-T;100;6.000.000,00;;jun-28;;10;2000;NL:0|PL:150,50|*:400;range_km=70;AQAP-2110;DE:65|US:35;NL,DE;31.12.2027\r\n"
        "ALF-2;FPV-10;;1.187,25;;jan-28;5;;;;;;;;\r\n"
        "ALF-1;;800;5.100.000,00;30.000.000,00;jan-29;2;40;;;;;;;\r\n";
    struct csv_reading reading;
    struct csv_offers offers;
    csv_reading_start(&reading);
    reading.options.supplier = "alfaco";
    reading.status = csv_read_offers(sheet, sizeof sheet - 1, &reading.options, &reading.arena, &reading.faults, &offers);
    csv_reading_print(&reading);
    assert_int_equal(reading.status, STATUS_OK);
    assert_int_equal(offers.count, 2);
    const Muster__Offer *offer = offers.list[0];
    assert_string_equal(offer->supplier, "alfaco");
    assert_int_equal(offer->n_tiers, 2);
    assert_int_equal(offer->tiers[1]->min_quantity, 800);
    assert_int_equal(offer->tiers[1]->unit_price, 510000000);
    assert_int_equal(offer->tiers[1]->one_off, 3000000000);
    assert_int_equal(offer->tiers[1]->first_month, 202901);
    assert_int_equal(offer->tiers[1]->stock, 2);
    assert_int_equal(offer->max_quantity, 2000);
    assert_int_equal(offer->n_freight, 3);
    assert_string_equal(offer->freight[0]->prefix, "*"); /* sorted */
    assert_int_equal(offer->freight[2]->amount, 15050);
    assert_int_equal(offer->origin[0]->percent, 65);
    assert_int_equal(offer->n_destinations, 2);
    assert_string_equal(offer->destinations[0], "DE");
    assert_int_equal(offer->valid_until, 20271231);
    assert_int_equal(offers.rows[0].first, 2);
    assert_int_equal(offers.rows[0].own[1], 4);
    assert_int_equal(csv_offer_row(offer, &offers.rows[0], "monthly_rate", "40"), 4);
    assert_int_equal(csv_offer_row(offer, &offers.rows[0], "unit_price", "6000000.00"), 2);
    assert_int_equal(csv_offer_row(offer, &offers.rows[0], "first_month", "2029-01"), 4);
    assert_int_equal(csv_offer_row(offer, &offers.rows[0], "item", "GEM-T"), 2);
    assert_int_equal(offers.list[1]->tiers[0]->min_quantity, 1); /* defaults are written out */
    assert_string_equal(offers.list[1]->currency, "EUR");
    csv_reading_end(&reading);
}

static void faults_of_tiers_stand_in_their_rows(void **state)
{
    (void)state;
    static const char sheet[] =
        "offer,supplier,item,min_quantity,unit_price,first_month,stock,monthly_rate,origin,max_quantity,currency\n"
        "A,alfaco,X,1,10.00,2028-06,0,10,DE:60;US:35,0,USD\n"
        "A,bex,,100,9.999,2028-06,-1,20000000000,,,\n"
        "A,,,100,,Q1 2029,,,,,\n"
        "B,alfaco,X,1,\"\xe2\x82\xac 5\",2028-06,0,10,,,USD\n";
    struct csv_reading reading;
    struct csv_offers offers;
    csv_reading_start(&reading);
    reading.status = csv_read_offers(sheet, sizeof sheet - 1, &reading.options, &reading.arena, &reading.faults, &offers);
    assert_int_equal(reading.status, STATUS_INVALID);
    csv_reading_expect(&reading, 2, "origin", "");
    csv_reading_expect(&reading, 2, "max_quantity", "empty the cell");
    csv_reading_expect(&reading, 3, "supplier", "another offer");
    csv_reading_expect(&reading, 3, "unit_price", "write 9999 or 9.99");
    csv_reading_expect(&reading, 3, "stock", "minus");
    csv_reading_expect(&reading, 3, "monthly_rate", "");
    csv_reading_expect(&reading, 4, "unit_price", "write for example");
    csv_reading_expect(&reading, 4, "first_month", "2029-03");
    csv_reading_expect(&reading, 5, "unit_price", "column currency");
    for (size_t at = 1; at < reading.faults.count; at++) { /* in the order of rows, each cell once */
        const struct fault *before = &reading.faults.list[at - 1], *fault = &reading.faults.list[at];
        assert_true(before->row <= fault->row);
        assert_false(before->row == fault->row && strcmp(before->field, fault->field) == 0);
    }
    csv_reading_end(&reading);
}

static void codes_that_lost_their_zeros_are_named(void **state)
{
    (void)state;
    static const char sheet[] = "item;title;nsc;cpv;unit\r\n"
                                "FUEL;\"Fuel,\nJP-8\";9130;9132000;LTR\r\n"
                                "GEM-T;Interceptor;1,41E+12;35622700-7;\r\n"
                                "SHELL;=1+1;1320;35331200;EA\r\n"
                                "OIL;;;9132000-3;\r\n";
    struct csv_reading reading;
    struct csv_items items;
    csv_reading_start(&reading);
    reading.status = csv_read_items(sheet, sizeof sheet - 1, &reading.options, &reading.arena, &reading.faults, &items);
    assert_int_equal(reading.status, STATUS_INVALID);
    assert_int_equal(reading.faults.errors, 3);
    csv_reading_expect(&reading, 2, "cpv", "write 09132000");
    csv_reading_expect(&reading, 3, "nsc", "as text");
    csv_reading_expect(&reading, 5, "cpv", "write 09132000-3");
    assert_string_equal(items.list[0]->title, "Fuel, JP-8"); /* a line break is a blank */
    assert_string_equal(items.list[2]->cpv, "35331200-5");   /* the ninth digit is filled in */
    assert_string_equal(items.list[3]->unit, "EA");
    csv_reading_end(&reading);
    static const char suppliers[] = "supplier;name;country;ncage;size\r\nalfaco;Alfaco;DE;724;Small\r\nbex;Bex;USA;;huge\r\n";
    struct csv_suppliers parties;
    csv_reading_start(&reading);
    reading.status = csv_read_suppliers(suppliers, sizeof suppliers - 1, &reading.options, &reading.arena, &reading.faults, &parties);
    assert_int_equal(reading.status, STATUS_INVALID);
    assert_int_equal(reading.faults.errors, 2);
    csv_reading_expect(&reading, 2, "ncage", "write 00724");
    csv_reading_expect(&reading, 3, "size", "micro, small, medium or large");
    assert_int_equal(parties.list[0]->size, MUSTER__SIZE__SIZE_SMALL);
    assert_string_equal(parties.list[1]->country, "US");
    assert_int_equal(parties.list[1]->role, MUSTER__ROLE__ROLE_SUPPLIER);
    csv_reading_end(&reading);
}

static void funds_have_a_balance_or_no_limit(void **state)
{
    (void)state;
    static const char sheet[] = "fund;balance;min_nations;min_european_content;countries\r\n"
                                "SAFE;500.000.000,00 \xe2\x82\xac;2;65 %;NL|DE|POL\r\n"
                                "OPEN;;;;\r\n"
                                "SAFE;1,00;;;\r\n";
    struct csv_reading reading;
    struct csv_funds funds;
    csv_reading_start(&reading);
    reading.status = csv_read_funds(sheet, sizeof sheet - 1, &reading.options, &reading.arena, &reading.faults, &funds);
    assert_int_equal(reading.status, STATUS_INVALID);
    assert_int_equal(reading.faults.errors, 1);
    csv_reading_expect(&reading, 4, "fund", "delete one");
    assert_true(funds.list[0]->limited && !funds.list[1]->limited);
    assert_int_equal(funds.list[0]->balance, 50000000000);
    assert_int_equal(funds.list[0]->min_european_content, 65);
    assert_string_equal(funds.list[0]->countries[2], "PL");
    assert_int_equal(funds.list[1]->min_nations, 1);
    csv_reading_end(&reading);
}

static const Muster__Rate *rate_of(const struct csv_rates *rates, const char *currency)
{
    for (size_t at = 0; at < rates->count; at++) {
        if (strcmp(rates->list[at]->currency, currency) == 0) {
            return rates->list[at];
        }
    }
    return NULL;
}

static void rates_are_read_with_either_decimal_mark(void **state)
{
    (void)state;
    static const char sheet[] = "Currency;Rate;Date\r\nUSD;0,921489;1-2-2027\r\nGBP;1,203;\r\nUSD;0,93;\r\nXXX;1,0;\r\n";
    struct csv_reading reading;
    struct csv_rates rates;
    csv_reading_start(&reading);
    reading.status = csv_read_rates(sheet, sizeof sheet - 1, &reading.options, 0, &reading.arena, &reading.faults, &rates);
    assert_int_equal(reading.status, STATUS_INVALID);
    csv_reading_expect(&reading, 4, "currency", "delete one");
    assert_non_null(csv_reading_fault(&reading, 5, "currency"));
    assert_int_equal(rate_of(&rates, "GBP")->millionths, 1203000);
    assert_int_equal(rate_of(&rates, "USD")->date, 20270201);
    csv_reading_end(&reading);
}

static void the_banks_rates_are_turned_round(void **state)
{
    (void)state;
    struct csv_reading reading;
    struct csv_rates rates;
    size_t length;
    csv_reading_start(&reading);
    char *bytes = csv_reading_load(&reading, "ecb-daily.csv", &length);
    reading.status = csv_read_rates(bytes, length, &reading.options, 0, &reading.arena, &reading.faults, &rates);
    csv_reading_print(&reading);
    assert_int_equal(reading.status, STATUS_OK);
    assert_int_equal(rates.count, 17);
    assert_int_equal(rate_of(&rates, "USD")->millionths, 921659);  /* 1 / 1.0850 = 0.92165898... */
    assert_int_equal(rate_of(&rates, "GBP")->millionths, 1203008); /* 1 / 0.83125 = 1.20300751... */
    assert_int_equal(rate_of(&rates, "USD")->date, 20261124);
    assert_non_null(strstr(rates.told, "2026-11-24"));
    assert_int_equal(reading.faults.warnings, 2); /* the won and the rupiah keep few figures */
    csv_reading_end(&reading);

    csv_reading_start(&reading);
    bytes = csv_reading_load(&reading, "ecb-history.csv", &length);
    reading.status = csv_read_rates(bytes, length, &reading.options, 20261122, &reading.arena, &reading.faults, &rates);
    assert_int_equal(reading.status, STATUS_OK); /* a Sunday: the Friday before */
    assert_int_equal(rate_of(&rates, "USD")->date, 20261120);
    assert_int_equal(rate_of(&rates, "USD")->millionths, 925926);
    assert_null(rate_of(&rates, "ISK"));
    assert_null(rate_of(&rates, "BGN"));
    reading.status = csv_read_rates(bytes, length, &reading.options, 20250101, &reading.arena, &reading.faults, &rates);
    assert_int_equal(reading.status, STATUS_INVALID);
    csv_reading_end(&reading);

    csv_reading_start(&reading);
    reading.options.currency = "USD";
    reading.check.base_currency = "USD";
    bytes = csv_reading_load(&reading, "ecb-history.csv", &length);
    reading.status = csv_read_rates(bytes, length, &reading.options, 0, &reading.arena, &reading.faults, &rates);
    csv_reading_print(&reading);
    assert_int_equal(reading.status, STATUS_OK);
    assert_int_equal(rate_of(&rates, "EUR")->millionths, 1085000);
    assert_int_equal(rate_of(&rates, "GBP")->millionths, 1305263); /* 1.0850 / 0.83125 */
    assert_null(rate_of(&rates, "USD"));
    csv_reading_end(&reading);
}

static void policy_values_take_the_stored_form(void **state)
{
    (void)state;
    static const char sheet[] = "Key;Value;Item\r\n"
                                "weights;16|8|4|3|2;\r\n"
                                "SME preference;5 %;\r\n"
                                "contract_overhead;5.000.000;\r\n"
                                "excluded origins;RU, CN;GEM-T\r\n"
                                "min_nations;;GEM-T\r\n"
                                "min_nations;3;\r\n";
    static const char wrong[] = "key,value,item\nmin_natons,3,\nsme_preference,105,\nweights,1;2;3;4;5,\nmin_nations,5E+06,\n"
                                "min_nations,2,\ncontract_overhead,1.234,\n";
    struct csv_reading reading;
    struct csv_policy policy;
    csv_reading_start(&reading);
    reading.status = csv_read_policy(sheet, sizeof sheet - 1, &reading.options, &reading.arena, &reading.faults, &policy);
    csv_reading_print(&reading);
    assert_int_equal(reading.status, STATUS_OK);
    assert_int_equal(policy.count, 6);
    static const char *const expected[][3] = {
        {"contract_overhead", "5000000", ""}, {"excluded_origins", "RU;CN", "GEM-T"}, {"min_nations", "3", ""},
        {"min_nations", "", "GEM-T"}, {"sme_preference", "5", ""}, {"weights", "16;8;4;3;2", ""},
    };
    for (size_t at = 0; at < 6; at++) {
        assert_string_equal(policy.list[at]->key, expected[at][0]);
        assert_string_equal(policy.list[at]->value, expected[at][1]);
        assert_string_equal(policy.list[at]->item, expected[at][2]);
    }
    csv_reading_end(&reading);
    csv_reading_start(&reading);
    reading.status = csv_read_policy(wrong, sizeof wrong - 1, &reading.options, &reading.arena, &reading.faults, &policy);
    assert_int_equal(reading.status, STATUS_INVALID);
    csv_reading_expect(&reading, 2, "key", "write min_nations");
    csv_reading_expect(&reading, 3, "value", "");
    csv_reading_expect(&reading, 4, "value", "");
    csv_reading_expect(&reading, 5, "value", "format the cells");
    csv_reading_expect(&reading, 6, "key", "");
    csv_reading_expect(&reading, 7, "value", "write 1234 or 1");
    csv_reading_end(&reading);
}

/* A scenario's policy can be submitted as it is: the date of its plan is left out with a word, the next row is not lost. */
static void the_date_of_a_plan_is_not_sent(void **state)
{
    (void)state;
    static const char sheet[] = "key,value,item\nas_of,2027-02-01,\nmin_nations,3,GEM-T\nanswer_days,7,\n";
    struct csv_reading reading;
    struct csv_policy policy;
    csv_reading_start(&reading);
    reading.status = csv_read_policy(sheet, sizeof sheet - 1, &reading.options, &reading.arena, &reading.faults, &policy);
    assert_int_equal(reading.status, STATUS_OK);
    assert_int_equal(policy.count, 2);
    assert_string_equal(policy.list[1]->key, "min_nations");
    assert_int_equal(policy.rows[1].first, 3);
    assert_int_equal(reading.faults.warnings, 1);
    csv_reading_expect(&reading, 2, "key", "its own date");
    csv_reading_end(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers_are_menus_of_tiers),
        cmocka_unit_test(faults_of_tiers_stand_in_their_rows),
        cmocka_unit_test(codes_that_lost_their_zeros_are_named),
        cmocka_unit_test(funds_have_a_balance_or_no_limit),
        cmocka_unit_test(rates_are_read_with_either_decimal_mark),
        cmocka_unit_test(the_banks_rates_are_turned_round),
        cmocka_unit_test(policy_values_take_the_stored_form),
        cmocka_unit_test(the_date_of_a_plan_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
