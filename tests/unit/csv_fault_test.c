/* SPDX-License-Identifier: EUPL-1.2 */
/* Every fault of every row at once: in its row and column, once, with what to write; headers, rows, whole files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/csv_support.h"
#include "tests/unit/patience.h"

static void read_text(struct csv_reading *reading, const char *sheet, struct csv_demands *demands)
{
    reading->status = csv_read_demands(sheet, strlen(sheet), &reading->options, &reading->arena, &reading->faults, demands);
}

static void the_faults_of_the_standard_are_named(void **state)
{
    (void)state;
    static const char sheet[] = "demand;country;item;month;quantity;max_unit_price\r\n"
                                "NL-1;NL;GEM-T;2028-12;40;5900,00\r\n"
                                "NL-2;NL;GEM-T;Q4 2028;80;5900,00\r\n"
                                "NL-3;NL;GEM-T;dec-28;40;5900,00\r\n"
                                "NL-4;GM;GEM-T;dec-28;40;5.900\r\n"
                                "NL-5;NL;GEM-T;dec-28;40;5900,00\r\n"
                                "NL-6;NL;GEM-T;dec-28;80,5;5900,00\r\n";
    struct csv_reading reading;
    struct csv_demands demands;
    csv_reading_start(&reading);
    read_text(&reading, sheet, &demands);
    assert_int_equal(reading.status, STATUS_INVALID);
    assert_int_equal(reading.faults.errors, 4);
    csv_reading_expect(&reading, 3, "month", "write 2028-12");
    csv_reading_expect(&reading, 5, "country", "write DE for Germany");
    csv_reading_expect(&reading, 5, "max_unit_price", "write 5900 or 5.90");
    csv_reading_expect(&reading, 7, "quantity", "write 80 or 81");
    assert_int_equal(demands.row_count, 6);
    assert_string_equal(csv_reading_fault(&reading, 5, "max_unit_price")->expected, "one clear reading");
    assert_string_equal(csv_reading_fault(&reading, 3, "month")->found, "Q4 2028");
    assert_int_equal(csv_reading_fault(&reading, 7, "quantity")->change, 5);
    csv_reading_end(&reading);
}

static void headers_match_loosely_and_are_checked(void **state)
{
    (void)state;
    struct csv_reading reading;
    struct csv_demands demands;
    csv_reading_start(&reading);
    read_text(&reading, "\xc2\xa0 MAX UNIT PRICE ;Quantity ;month;Item;\"country\";DEMAND;;\r\n10;5;2027-06;X;NL;A;;\r\n", &demands);
    csv_reading_print(&reading);
    assert_int_equal(reading.status, STATUS_OK);
    assert_int_equal(demands.list[0]->max_unit_price, 1000);
    csv_reading_end(&reading);

    csv_reading_start(&reading);
    read_text(&reading, "demand;item;mnth;quantity;quantity;colour;;\r\nA;X;2027-06;5;5;red;;x\r\n", &demands);
    assert_int_equal(reading.status, STATUS_INVALID);
    csv_reading_expect(&reading, 1, "mnth", "write month");
    csv_reading_expect(&reading, 1, "quantity", "delete one of the two");
    csv_reading_expect(&reading, 1, "colour", "muster demand template");
    csv_reading_expect(&reading, 2, "H", "lists with |");
    csv_reading_expect(&reading, 1, "country", "add a column country");
    csv_reading_expect(&reading, 1, "max_unit_price", "add a column max_unit_price");
    csv_reading_expect(&reading, 1, "month", "add a column month");
    assert_int_equal(reading.faults.errors, 7); /* and none again in each row */
    csv_reading_end(&reading);

    csv_reading_start(&reading);
    read_text(&reading, "demand;;item\r\nA;note;X\r\n", &demands);
    csv_reading_expect(&reading, 1, "B", "name column B");
    csv_reading_end(&reading);

    csv_reading_start(&reading);
    read_text(&reading, "demand,country,item,month,quantity,max_unit_price\n", &demands);
    assert_int_equal(reading.status, STATUS_INVALID);
    assert_string_equal(reading.faults.list[0].found, "only a header");
    csv_reading_end(&reading);
}

static void a_title_above_the_header_and_another_file_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *sheet;
        const char *remedy;
    } cases[] = {
        {"Needs, second quarter\r\n\r\ndemand;item;month\r\nA;X;2027-06\r\n", "the header stands in row 3"},
        {"Needs;;\r\n;;\r\n# note;;\r\ndemand;item;month\r\n", "the header stands in row 4"},
        {"name,street\r\nA,B\r\n", "muster demand template"},
        {"A;X;2027-06;5;10\r\n", "muster demand template"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct csv_reading reading;
        struct csv_demands demands;
        csv_reading_start(&reading);
        read_text(&reading, cases[at].sheet, &demands);
        assert_int_equal(reading.status, STATUS_INVALID);
        assert_int_equal(reading.faults.errors, 1);
        csv_reading_expect(&reading, 1, "", cases[at].remedy);
        csv_reading_end(&reading);
    }
}

static void rows_of_one_demand_agree(void **state)
{
    (void)state;
    static const char sheet[] = "demand;country;item;month;quantity;max_unit_price;priority;requires\r\n"
                                "A;NL;X;2027-06;5;1.000,00;1;a=1|b=2\r\n"
                                "B;NL;X;2027-06;5;10;;\r\n"
                                "A;;;2027-09;6;1000;;\"b=2;a=1\"\r\n"
                                "A;NL;Y;2027-09;7;1000,01;2;a=1;\r\n"
                                "A;;;;;;;\r\n"
                                ";;;;;;;\r\n"
                                "B;;;2027-07;0;;;\r\n";
    struct csv_reading reading;
    struct csv_demands demands;
    csv_reading_start(&reading);
    read_text(&reading, sheet, &demands);
    assert_int_equal(reading.status, STATUS_INVALID);
    csv_reading_expect(&reading, 4, "requires", "empty the cell"); /* the order of a list is part of the cell */
    csv_reading_expect(&reading, 5, "item", "another demand");
    csv_reading_expect(&reading, 5, "max_unit_price", "another demand");
    csv_reading_expect(&reading, 5, "priority", "another demand");
    csv_reading_expect(&reading, 5, "month", "");
    csv_reading_expect(&reading, 6, "month", "write for example");
    csv_reading_expect(&reading, 6, "quantity", "write for example");
    csv_reading_expect(&reading, 8, "quantity", "1 or more");
    assert_null(csv_reading_fault(&reading, 4, "max_unit_price")); /* 1000 agrees with 1.000,00 */
    assert_int_equal(demands.count, 2);
    assert_int_equal(demands.list[0]->n_lines, 4);
    csv_reading_end(&reading);
}

static void the_senders_country_and_currency_fill_in(void **state)
{
    (void)state;
    struct csv_reading reading;
    struct csv_demands demands;
    csv_reading_start(&reading);
    reading.options.country = "NL";
    read_text(&reading, "demand;item;month;quantity;max_unit_price\r\nA;X;2027-06;5;10\r\n", &demands);
    assert_int_equal(reading.status, STATUS_OK);
    const Muster__Demand *demand = demands.list[0];
    assert_string_equal(demand->country, "NL");
    assert_string_equal(demand->place, "NL");
    assert_string_equal(demand->currency, "EUR");
    assert_int_equal(demand->priority, 3);
    assert_int_equal(demand->min_quantity, 1);
    assert_int_equal(demand->release, MUSTER__RELEASE__RELEASE_POOLED);
    assert_false(demand->single_supplier);
    csv_reading_end(&reading);
}

static void one_ambiguous_date_is_named_and_several_months_settle_it(void **state)
{
    (void)state;
    static const char head[] = "demand,country,item,month,quantity,max_unit_price\n";
    static const struct {
        const char *rows;
        uint32_t month; /* of the first, 0: named */
    } cases[] = {
        {"A,NL,X,06/01/2027,5,10\n", 0}, {"A,NL,X,01/06/2027,5,10\n", 0},
        {"A,NL,X,06/01/2027,5,10\nB,NL,X,09/01/2027,5,10\n", 202706}, {"A,NL,X,01/06/2027,5,10\nB,NL,X,01/09/2027,5,10\n", 202706},
        {"A,NL,X,06/01/2027,5,10\nB,NL,X,06/01/2027,5,10\n", 0}, {"A,NL,X,06/01/2027,5,10\nB,NL,X,01/09/2027,5,10\n", 0},
        {"A,NL,X,01/01/2027,5,10\n", 202701}, {"A,NL,X,06/01/2027,5,\"10,50\"\n", 0}, {"A,NL,X,01/06/2027,5,\"10,50\"\n", 202706},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct csv_reading reading;
        struct csv_demands demands;
        char sheet[512];
        csv_reading_start(&reading);
        snprintf(sheet, sizeof sheet, "%s%s", head, cases[at].rows);
        read_text(&reading, sheet, &demands);
        const struct fault *fault = csv_reading_fault(&reading, 2, "month");
        if (cases[at].month ? fault != NULL || demands.list[0]->lines[0]->month != cases[at].month : fault == NULL) {
            fail_msg("case %zu: %s", at, fault ? fault->remedy : "read");
        }
        if (fault && (!strstr(fault->remedy, "2027-06") || !strstr(fault->remedy, "2027-01"))) {
            fail_msg("case %zu: '%s' names one reading", at, fault->remedy);
        }
        csv_reading_end(&reading);
    }
}

static void both_decimal_marks_in_a_file_are_a_warning(void **state)
{
    (void)state;
    struct csv_reading reading;
    struct csv_demands demands;
    csv_reading_start(&reading);
    read_text(&reading, "demand;country;item;month;quantity;max_unit_price\r\nA;NL;X;2027-06;5;10,50\r\nB;NL;X;2027-06;5;10.50\r\n", &demands);
    assert_int_equal(reading.status, STATUS_OK);
    assert_int_equal(reading.faults.warnings, 1);
    csv_reading_expect(&reading, 3, "max_unit_price", "above it is a comma");
    csv_reading_end(&reading);
}

static void a_marking_is_not_repeated(void **state)
{
    (void)state;
    struct csv_reading reading;
    struct csv_demands demands;
    csv_reading_start(&reading);
    read_text(&reading, "demand;country;item;month;NATO SECRET;max_unit_price\r\nA;NL;X;NATO SECRET;5;VS-NfD\r\n", &demands);
    assert_int_equal(reading.status, STATUS_INVALID);
    for (size_t at = 0; at < reading.faults.count; at++) {
        const struct fault *fault = &reading.faults.list[at];
        assert_null(strstr(fault->found, "SECRET"));
        assert_null(strstr(fault->found, "NfD"));
        assert_null(strstr(fault->field, "SECRET"));
        assert_null(strstr(fault->remedy, "SECRET"));
    }
    assert_non_null(csv_reading_fault(&reading, 2, "month"));
    csv_reading_end(&reading);
}

/* Ten thousand demands, as a Dutch sheet. */
static char *make_large(struct csv_reading *reading, uint32_t wrong_row, size_t *length)
{
    const size_t room = (size_t)2 << 20;
    char *sheet = arena_alloc(&reading->arena, room);
    assert_non_null(sheet);
    *length = (size_t)sprintf(sheet, "demand;country;item;month;quantity;max_unit_price;priority;place;requires;exclude_origins\r\n");
    for (uint32_t row = 2; row <= 10001; row++) {
        *length += (size_t)snprintf(sheet + *length, room - *length,
                                    "NL-%u;NL;ITEM-%u;%s;%u;%u,50;%u;NLRTM;\"range_km>=30;stanag=4425\";CN|RU\r\n", row, row % 20,
                                    row == wrong_row ? "Q4 2028" : "jun-27", 1 + row % 900, 100 + row % 800, 1 + row % 5);
    }
    return sheet;
}

static void ten_thousand_demands_read_quickly_and_one_fault_is_found(void **state)
{
    (void)state;
    struct csv_reading reading;
    struct csv_demands demands;
    struct timespec before, after;
    size_t length;
    csv_reading_start(&reading);
    char *sheet = make_large(&reading, 0, &length);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    reading.status = csv_read_demands(sheet, length, &reading.options, &reading.arena, &reading.faults, &demands);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    assert_int_equal(reading.status, STATUS_OK);
    assert_int_equal(demands.count, 10000);
    assert_int_equal(demands.rows[9999].first, 10001);
    double seconds = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    print_message("10,000 demands read and checked in %.3f s of processor time\n", seconds);
    assert_true(seconds < patience(1));
    csv_reading_end(&reading);
    csv_reading_start(&reading);
    sheet = make_large(&reading, 7301, &length);
    reading.status = csv_read_demands(sheet, length, &reading.options, &reading.arena, &reading.faults, &demands);
    assert_int_equal(reading.status, STATUS_INVALID);
    assert_int_equal(reading.faults.count, 1);
    csv_reading_expect(&reading, 7301, "month", "write 2028-12");
    csv_reading_end(&reading);
}

static void more_faults_than_a_person_reads_are_counted(void **state)
{
    (void)state;
    struct csv_reading reading;
    struct csv_demands demands;
    const uint32_t rows = 12000;
    csv_reading_start(&reading);
    char *sheet = arena_alloc(&reading.arena, (size_t)1 << 20);
    size_t length = (size_t)sprintf(sheet, "demand;country;item;month;quantity;max_unit_price\n");
    for (uint32_t row = 0; row < rows; row++) {
        length += (size_t)sprintf(sheet + length, "A%u;NL;X;never;5;10\n", row);
    }
    reading.status = csv_read_demands(sheet, length, &reading.options, &reading.arena, &reading.faults, &demands);
    assert_int_equal(reading.status, STATUS_INVALID);
    assert_int_equal(reading.faults.count, FAULT_LIST_MOST);
    assert_true(reading.faults.errors >= rows);
    csv_reading_end(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_faults_of_the_standard_are_named),
        cmocka_unit_test(headers_match_loosely_and_are_checked),
        cmocka_unit_test(a_title_above_the_header_and_another_file_are_told),
        cmocka_unit_test(rows_of_one_demand_agree),
        cmocka_unit_test(the_senders_country_and_currency_fill_in),
        cmocka_unit_test(one_ambiguous_date_is_named_and_several_months_settle_it),
        cmocka_unit_test(both_decimal_marks_in_a_file_are_a_warning),
        cmocka_unit_test(a_marking_is_not_repeated),
        cmocka_unit_test(ten_thousand_demands_read_quickly_and_one_fault_is_found),
        cmocka_unit_test(more_faults_than_a_person_reads_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
