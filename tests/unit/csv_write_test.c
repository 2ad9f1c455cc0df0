/* SPDX-License-Identifier: EUPL-1.2 */
/* What is written reads back as the same messages; formulas are guarded; templates are files that read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/csv_write.h"
#include "proto/status.h"
#include "tests/unit/csv_support.h"

static void demands_read_back_the_same(void **state)
{
    (void)state;
    static const char separators[] = {',', ';', '\t'};
    for (size_t at = 0; at < sizeof separators; at++) {
        struct csv_reading reading;
        struct csv_demands first, second;
        struct csv_out out;
        size_t length, first_length, second_length;
        csv_reading_start(&reading);
        char *bytes = csv_reading_load(&reading, "canonical.csv", &length);
        assert_int_equal(csv_read_demands(bytes, length, &reading.options, &reading.arena, &reading.faults, &first), STATUS_OK);
        csv_out_init(&out, &reading.arena, separators[at]);
        csv_write_demands(&out, first.list, first.count);
        assert_int_equal(out.status, STATUS_OK);
        int status = csv_read_demands(out.bytes, out.length, &reading.options, &reading.arena, &reading.faults, &second);
        csv_reading_print(&reading);
        assert_int_equal(status, STATUS_OK);
        unsigned char *a = csv_reading_pack(&reading, (void *const *)first.list, first.count, &first_length);
        unsigned char *b = csv_reading_pack(&reading, (void *const *)second.list, second.count, &second_length);
        assert_int_equal(first_length, second_length);
        assert_memory_equal(a, b, first_length);
        csv_reading_end(&reading);
    }
}

static void offers_read_back_the_same(void **state)
{
    (void)state;
    static const char sheet[] =
        "offer;supplier;item;min_quantity;unit_price;one_off;first_month;stock;monthly_rate;max_quantity;freight;provides;certificates;"
        "origin;destinations;valid_until;currency\n"
        "A;alfaco;X;1;6,50;0,05;2028-06;3;10;2000;NL:0|*:400,25;range_km=70|note=a,b;\"ISO 9001, 2015;\";DE:65|US:35;NL,DE;2027-12-31;USD\n"
        "A;;;100;5;;2029-01;0;40;;;;;;;;\n"
        "B;bex;Y;;1;;2027-01;;;;;;;;;;\n";
    struct csv_reading reading;
    struct csv_offers first, second;
    struct csv_out out;
    size_t first_length, second_length;
    csv_reading_start(&reading);
    int status = csv_read_offers(sheet, sizeof sheet - 1, &reading.options, &reading.arena, &reading.faults, &first);
    csv_reading_print(&reading);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(first.list[0]->n_certificates, 1);
    csv_out_init(&out, &reading.arena, ',');
    csv_write_offers(&out, first.list, first.count);
    assert_int_equal(csv_read_offers(out.bytes, out.length, &reading.options, &reading.arena, &reading.faults, &second), STATUS_OK);
    unsigned char *a = csv_reading_pack(&reading, (void *const *)first.list, first.count, &first_length);
    unsigned char *b = csv_reading_pack(&reading, (void *const *)second.list, second.count, &second_length);
    assert_int_equal(first_length, second_length);
    assert_memory_equal(a, b, first_length);
    csv_reading_end(&reading);
}

static void titles_that_look_like_formulas_are_guarded(void **state)
{
    (void)state;
    static const char *const titles[] = {"=1+1", "+49 30", "-5", "@SUM(A1)", "'=x", "''@y", "plain", "a=b", "say \"hi\", and; so", "'quoted'"};
    enum { COUNT = sizeof titles / sizeof titles[0] };
    Muster__Item items[COUNT], *list[COUNT];
    char ids[COUNT][8];
    struct csv_reading reading;
    struct csv_items read;
    struct csv_out out;
    csv_reading_start(&reading);
    for (size_t at = 0; at < COUNT; at++) {
        muster__item__init(&items[at]);
        snprintf(ids[at], sizeof ids[at], "I%zu", at);
        items[at].id = ids[at];
        items[at].title = (char *)(uintptr_t)titles[at];
        items[at].nsc = items[at].cpv = (char *)(uintptr_t)"";
        items[at].unit = (char *)(uintptr_t)"EA";
        list[at] = &items[at];
    }
    csv_out_init(&out, &reading.arena, ';');
    csv_write_items(&out, list, COUNT);
    assert_int_equal(out.status, STATUS_OK);
    for (const char *line = out.bytes; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        for (const char *cell = line; *cell && *cell != '\r';) { /* no cell begins as a formula does */
            const char *start = *cell == '"' ? cell + 1 : cell;
            assert_null(memchr("=+-@", *start, *start ? 4 : 0));
            cell += strcspn(cell, ";\r");
            cell += *cell == ';' ? 1 : 0;
        }
    }
    reading.status = csv_read_items(out.bytes, out.length, &reading.options, &reading.arena, &reading.faults, &read);
    csv_reading_print(&reading);
    assert_int_equal(reading.status, STATUS_OK);
    for (size_t at = 0; at < COUNT; at++) {
        assert_string_equal(read.list[at]->title, titles[at]);
    }
    csv_reading_end(&reading);
}

static void funds_suppliers_rates_and_policy_read_back(void **state)
{
    (void)state;
    static const char funds_sheet[] = "fund,balance,countries,min_european_content\nF,10.50,DE;NL,65\nG,,,\n";
    static const char supplier_sheet[] = "supplier,name,country,ncage,size\nalfaco,\"Alfaco, GmbH\",DE,CNP90,medium\nbex,=Bex,US,,\n";
    static const char rates_sheet[] = "currency,rate,date\nUSD,0.921489,2027-02-01\nGBP,1.2,\n";
    static const char policy_sheet[] = "key,value,item\nweights,16;8;4;3;2,\nmin_nations,,X\n";
    struct csv_reading reading;
    struct csv_funds funds, funds_again;
    struct csv_suppliers suppliers, suppliers_again;
    struct csv_rates rates, rates_again;
    struct csv_policy policy, policy_again;
    struct csv_out out;
    size_t first, second;
    csv_reading_start(&reading);
    struct arena *arena = &reading.arena;
#define SAME(one, again)                                                                                                       \
    do {                                                                                                                       \
        unsigned char *a = csv_reading_pack(&reading, (void *const *)(one).list, (one).count, &first);                       \
        unsigned char *b = csv_reading_pack(&reading, (void *const *)(again).list, (again).count, &second);                    \
        assert_int_equal(first, second);                                                                                       \
        assert_memory_equal(a, b, first);                                                                                      \
    } while (0)
    assert_int_equal(csv_read_funds(funds_sheet, sizeof funds_sheet - 1, &reading.options, arena, &reading.faults, &funds), STATUS_OK);
    csv_out_init(&out, arena, ';');
    csv_write_funds(&out, funds.list, funds.count);
    assert_int_equal(csv_read_funds(out.bytes, out.length, &reading.options, arena, &reading.faults, &funds_again), STATUS_OK);
    SAME(funds, funds_again);
    assert_int_equal(csv_read_suppliers(supplier_sheet, sizeof supplier_sheet - 1, &reading.options, arena, &reading.faults, &suppliers), STATUS_OK);
    csv_out_init(&out, arena, ',');
    csv_write_suppliers(&out, suppliers.list, suppliers.count);
    assert_int_equal(csv_read_suppliers(out.bytes, out.length, &reading.options, arena, &reading.faults, &suppliers_again), STATUS_OK);
    SAME(suppliers, suppliers_again);
    assert_int_equal(csv_read_rates(rates_sheet, sizeof rates_sheet - 1, &reading.options, 0, arena, &reading.faults, &rates), STATUS_OK);
    csv_out_init(&out, arena, '\t');
    csv_write_rates(&out, rates.list, rates.count, true);
    assert_int_equal(csv_read_rates(out.bytes, out.length, &reading.options, 0, arena, &reading.faults, &rates_again), STATUS_OK);
    SAME(rates, rates_again);
    assert_int_equal(csv_read_policy(policy_sheet, sizeof policy_sheet - 1, &reading.options, arena, &reading.faults, &policy), STATUS_OK);
    csv_out_init(&out, arena, ',');
    csv_write_policy(&out, policy.list, policy.count);
    assert_int_equal(csv_read_policy(out.bytes, out.length, &reading.options, arena, &reading.faults, &policy_again), STATUS_OK);
    SAME(policy, policy_again);
#undef SAME
    csv_reading_end(&reading);
}

static void templates_are_files_that_read(void **state)
{
    (void)state;
    static const char separators[] = {',', ';', '\t'};
    for (size_t at = 0; at < sizeof separators; at++) {
        struct csv_reading reading;
        struct csv_demands demands;
        struct csv_offers offers;
        struct csv_out out;
        csv_reading_start(&reading);
        csv_out_init(&out, &reading.arena, separators[at]);
        csv_write_template(&out, &csv_format_demand);
        assert_int_equal(out.status, STATUS_OK);
        assert_non_null(strstr(out.bytes, "# max_unit_price (needed): "));
        int status = csv_read_demands(out.bytes, out.length, &reading.options, &reading.arena, &reading.faults, &demands);
        csv_reading_print(&reading);
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(demands.count, 1);
        assert_int_equal(demands.list[0]->n_requires, 2);
        csv_out_init(&out, &reading.arena, separators[at]);
        csv_write_template(&out, &csv_format_offer);
        status = csv_read_offers(out.bytes, out.length, &reading.options, &reading.arena, &reading.faults, &offers);
        csv_reading_print(&reading);
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(offers.count, 1);
        assert_int_equal(offers.list[0]->n_freight, 3);
        assert_int_equal(reading.faults.count, 0);
        csv_reading_end(&reading);
    }
}

static void examples_of_all_formats_read(void **state)
{
    (void)state;
    struct csv_reading reading;
    struct csv_items items;
    struct csv_funds funds;
    struct csv_suppliers suppliers;
    struct csv_rates rates;
    struct csv_policy policy;
    struct csv_out out;
    csv_reading_start(&reading);
    struct arena *arena = &reading.arena;
    csv_out_init(&out, arena, ';');
    csv_write_template(&out, &csv_format_item);
    assert_int_equal(csv_read_items(out.bytes, out.length, &reading.options, arena, &reading.faults, &items), STATUS_OK);
    csv_out_init(&out, arena, ';');
    csv_write_template(&out, &csv_format_fund);
    assert_int_equal(csv_read_funds(out.bytes, out.length, &reading.options, arena, &reading.faults, &funds), STATUS_OK);
    csv_out_init(&out, arena, ';');
    csv_write_template(&out, &csv_format_supplier);
    assert_int_equal(csv_read_suppliers(out.bytes, out.length, &reading.options, arena, &reading.faults, &suppliers), STATUS_OK);
    csv_out_init(&out, arena, ';');
    csv_write_template(&out, &csv_format_rate);
    assert_int_equal(csv_read_rates(out.bytes, out.length, &reading.options, 0, arena, &reading.faults, &rates), STATUS_OK);
    csv_out_init(&out, arena, ';');
    csv_write_template(&out, &csv_format_policy);
    assert_int_equal(csv_read_policy(out.bytes, out.length, &reading.options, arena, &reading.faults, &policy), STATUS_OK);
    assert_int_equal(reading.faults.count, 0);
    csv_reading_end(&reading);
}

/* The manual page of the formats names every column of each. */
static void the_manual_names_every_column(void **state)
{
    (void)state;
    static const struct csv_format *const formats[] = {&csv_format_demand, &csv_format_offer, &csv_format_item,  &csv_format_fund,
                                                       &csv_format_rate,   &csv_format_policy, &csv_format_supplier};
    static char page[1 << 16];
    FILE *file = fopen("clients/muster/muster-csv.5", "rb");
    assert_non_null(file);
    size_t length = fread(page, 1, sizeof page - 1, file);
    fclose(file);
    assert_true(length > 1000 && length < sizeof page - 1);
    page[length] = '\0';
    for (size_t at = 0; at < sizeof formats / sizeof formats[0]; at++) {
        for (uint32_t column = 0; column < formats[at]->count; column++) {
            if (!strstr(page, formats[at]->columns[column].name)) {
                fail_msg("muster-csv(5) does not name %s of %s", formats[at]->columns[column].name, formats[at]->file);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demands_read_back_the_same),
        cmocka_unit_test(offers_read_back_the_same),
        cmocka_unit_test(titles_that_look_like_formulas_are_guarded),
        cmocka_unit_test(funds_suppliers_rates_and_policy_read_back),
        cmocka_unit_test(templates_are_files_that_read),
        cmocka_unit_test(examples_of_all_formats_read),
        cmocka_unit_test(the_manual_names_every_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
