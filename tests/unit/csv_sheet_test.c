/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Sheets as the programs write them: every file of tests/unit/data that Excel or LibreOffice would make of one demand file
 * gives the same objects, byte for byte; rows are those of the sheet; what is no CSV is told what to do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/csv_support.h"

static void read_demands(struct csv_reading *reading, const void *bytes, size_t length, struct csv_demands *demands)
{
    reading->status = csv_read_demands(bytes, length, &reading->options, &reading->arena, &reading->faults, demands);
}

static unsigned char *pack_file(struct csv_reading *reading, const char *name, size_t *packed, struct csv_demands *demands)
{
    size_t length;
    char *bytes = csv_reading_load(reading, name, &length);
    read_demands(reading, bytes, length, demands);
    if (reading->status != STATUS_OK) {
        csv_reading_print(reading);
        fail_msg("%s does not read", name);
    }
    return csv_reading_pack(reading, (void *const *)demands->list, demands->count, packed);
}

static void same_objects_from_every_program_and_language(void **state)
{
    (void)state;
    static const char *const names[] = {
        "excel-nl.csv", "excel-de.csv", "excel-fr.csv", "excel-en.csv", "excel-nl-utf8.csv", "excel-de-unicode.txt", "excel-fr-sep.csv",
        "excel-nl-order.csv", "excel-us-dates.csv", "libreoffice-nl.csv", "libreoffice-de.csv", "libreoffice-fr.csv",
        "libreoffice-en.csv", "libreoffice-fr-long.csv", "libreoffice-de-dates.tsv", "libreoffice-nl-dates.csv",
        "libreoffice-nl-raw.csv", "libreoffice-fr-raw.csv", "libreoffice-gb-raw.csv", "libreoffice-us-raw.csv",
    };
    struct csv_reading plain;
    struct csv_demands expected;
    size_t expected_length;
    csv_reading_start(&plain);
    unsigned char *expected_bytes = pack_file(&plain, "canonical.csv", &expected_length, &expected);
    assert_int_equal(expected.count, 3);
    assert_int_equal(expected.list[1]->lines[1]->month, 202706);
    assert_int_equal(expected.list[1]->max_unit_price, 425050);
    for (size_t at = 0; at < sizeof names / sizeof names[0]; at++) {
        struct csv_reading reading;
        struct csv_demands demands;
        size_t length;
        csv_reading_start(&reading);
        unsigned char *bytes = pack_file(&reading, names[at], &length, &demands);
        if (length != expected_length || memcmp(bytes, expected_bytes, length) != 0) {
            fail_msg("%s gives other objects", names[at]);
        }
        assert_int_equal(reading.faults.count, 0);
        csv_reading_end(&reading);
    }
    csv_reading_end(&plain);
}

static void encoding_and_separator_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *told;
    } cases[] = {
        {"excel-de.csv", "Windows-1252"}, {"excel-de.csv", "semicolon"}, {"excel-de.csv", "decimal comma"},
        {"excel-de-unicode.txt", "UTF-16"}, {"excel-de-unicode.txt", "tab"}, {"canonical.csv", "UTF-8, comma"},
        {"excel-en.csv", "decimal point"}, {"excel-us-dates.csv", "month before day"}, {"excel-nl-order.csv", "day before month"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct csv_reading reading;
        struct csv_demands demands;
        size_t length;
        csv_reading_start(&reading);
        pack_file(&reading, cases[at].name, &length, &demands);
        if (!demands.told || !strstr(demands.told, cases[at].told)) {
            fail_msg("%s: told '%s', not '%s'", cases[at].name, demands.told ? demands.told : "nothing", cases[at].told);
        }
        csv_reading_end(&reading);
    }
}

static void rows_are_those_of_the_sheet(void **state)
{
    (void)state;
    /* Row 2 is empty, row 3 a comment, row 4 has a line break in a cell and is one row; CRLF, LF and CR alike. */
    static const char *const ends[] = {"\r\n", "\n", "\r"};
    static const char *const lines[] = {"demand;item;month;quantity;max_unit_price;requires", ";;;;;", "# a note;;;;;",
                                        "A-1;X;2027-06;5;10;\"a=1\nb=2\"", "", "A-2;X;2027-13;5;10;", "A-1;;2027-01;7;;"};
    for (size_t end = 0; end < 3; end++) {
        struct csv_reading reading;
        struct csv_demands demands;
        char sheet[1024] = "";
        csv_reading_start(&reading);
        reading.options.country = "NL";
        for (size_t at = 0; at < sizeof lines / sizeof lines[0]; at++) {
            strcat(strcat(sheet, lines[at]), ends[end]);
        }
        read_demands(&reading, sheet, strlen(sheet), &demands);
        assert_int_equal(reading.status, STATUS_INVALID);
        assert_int_equal(reading.faults.count, 1);
        csv_reading_expect(&reading, 6, "month", "2028-12");
        assert_string_equal(reading.faults.list[0].file, "sheet.csv");
        assert_int_equal(reading.faults.list[0].change, 1); /* the second object */
        assert_int_equal(demands.count, 2);
        assert_int_equal(demands.rows[0].first, 4);
        assert_int_equal(demands.rows[0].count, 2);
        assert_int_equal(demands.list[0]->lines[0]->month, 202701); /* in the order of months, each with its row */
        assert_int_equal(demands.rows[0].own[0], 7);
        assert_int_equal(demands.rows[0].own[1], 4);
        assert_int_equal(csv_demand_row(demands.list[0], &demands.rows[0], "month", "2027-01"), 7);
        assert_int_equal(csv_demand_row(demands.list[0], &demands.rows[0], "quantity", "5"), 4);
        assert_int_equal(csv_demand_row(demands.list[0], &demands.rows[0], "item", "X"), 4);
        assert_int_equal(demands.list[0]->n_requires, 2);
        csv_reading_end(&reading);
    }
}

static void other_formats_are_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *found;
    } cases[] = {
        {"PK\x03\x04\x14\0\x06\0", 8, ".xlsx"}, {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", 10, ".xls"}, {"%PDF-1.7", 8, "PDF"},
        {"<html><table>", 13, "web page"}, {"\x1f\x8b\x08\0", 4, "gzip"}, {"demand\0item", 11, "not text"}, {"", 0, "nothing"},
        {"\xef\xbb\xbf", 3, "nothing"}, {"\xff\xfe", 2, "nothing"}, {"d\0e\0m\0", 6, "not text"}, {";;;\r\n\r\n", 7, "nothing"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct csv_reading reading;
        struct csv_demands demands;
        csv_reading_start(&reading);
        read_demands(&reading, cases[at].bytes, cases[at].length, &demands);
        assert_int_equal(reading.status, STATUS_INVALID);
        assert_int_equal(reading.faults.count, 1);
        if (!strstr(reading.faults.list[0].found, cases[at].found)) {
            fail_msg("case %zu: found '%s'", at, reading.faults.list[0].found);
        }
        assert_int_equal(demands.count, 0);
        csv_reading_end(&reading);
    }
}

static void quotes_out_of_place_name_their_row(void **state)
{
    (void)state;
    static const struct {
        const char *sheet;
        uint32_t row;
    } cases[] = {
        {"demand,item\nA,X\n\"B,X\nC,X\n", 3}, {"demand,item\nA,X\n\nB,\"X\"Y\n", 4}, {"demand,item\r\nA 5\" gun,X\r\n", 2},
        {"demand,\"item", 1},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct csv_reading reading;
        struct csv_demands demands;
        csv_reading_start(&reading);
        read_demands(&reading, cases[at].sheet, strlen(cases[at].sheet), &demands);
        assert_int_equal(reading.status, STATUS_INVALID);
        const struct fault *fault = csv_reading_fault(&reading, cases[at].row, "");
        if (!fault || !strstr(fault->found, "quotation mark")) {
            csv_reading_print(&reading);
            fail_msg("case %zu: no quotation mark named in row %u", at, cases[at].row);
        }
        csv_reading_end(&reading);
    }
}

static void broken_encodings_name_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *sheet;
        const char *found;
    } cases[] = {
        {"\xef\xbb\xbf" "demand\nA\xe9\n", "broken"}, {"demand\n\xc3\xa9\xc3\xa9\xe9\n", "broken"}, {"demand\n\x81\n", "neither"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct csv_reading reading;
        struct csv_demands demands;
        csv_reading_start(&reading);
        read_demands(&reading, cases[at].sheet, strlen(cases[at].sheet), &demands);
        assert_int_equal(reading.status, STATUS_INVALID);
        assert_int_equal(reading.faults.list[0].row, 2);
        assert_non_null(strstr(reading.faults.list[0].found, cases[at].found));
        csv_reading_end(&reading);
    }
}

static void limits_are_refused_by_name(void **state)
{
    (void)state;
    struct csv_reading reading;
    struct csv_demands demands;
    const size_t cell = 40000, file = ((size_t)64 << 20) + 1;
    csv_reading_start(&reading);
    char *sheet = arena_alloc(&reading.arena, cell + 64);
    int length = sprintf(sheet, "demand;item\nA;");
    memset(sheet + length, 'x', cell);
    read_demands(&reading, sheet, (size_t)length + cell, &demands);
    assert_int_equal(reading.status, STATUS_TOO_LARGE);
    assert_int_equal(reading.faults.list[0].row, 2);
    assert_string_equal(reading.faults.list[0].field, "B");
    csv_reading_end(&reading);
    csv_reading_start(&reading);
    char *large = arena_alloc(&reading.arena, file);
    assert_non_null(large);
    read_demands(&reading, large, file, &demands);
    assert_int_equal(reading.status, STATUS_TOO_LARGE);
    csv_reading_end(&reading);
    csv_reading_start(&reading); /* too many rows */
    size_t rows = 200100, used = 0;
    char *many = arena_alloc(&reading.arena, rows * 4 + 64);
    used = (size_t)sprintf(many, "demand;item\n");
    for (size_t at = 0; at < rows; at++) {
        memcpy(many + used, "A;B\n", 4);
        used += 4;
    }
    read_demands(&reading, many, used, &demands);
    assert_int_equal(reading.status, STATUS_TOO_LARGE);
    assert_non_null(strstr(reading.faults.list[0].expected, "200,000"));
    csv_reading_end(&reading);
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 200000; cap += 777) {
        struct csv_reading reading;
        struct csv_demands demands;
        struct arena small;
        size_t length;
        csv_reading_start(&reading);
        char *bytes = csv_reading_load(&reading, "canonical.csv", &length);
        arena_init(&small, cap);
        int status = csv_read_demands(bytes, length, &reading.options, &small, &reading.faults, &demands);
        assert_true(status == STATUS_NO_MEMORY || status == STATUS_OK);
        arena_drop(&small);
        csv_reading_end(&reading);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_objects_from_every_program_and_language),
        cmocka_unit_test(encoding_and_separator_are_told),
        cmocka_unit_test(rows_are_those_of_the_sheet),
        cmocka_unit_test(other_formats_are_recognised),
        cmocka_unit_test(quotes_out_of_place_name_their_row),
        cmocka_unit_test(broken_encodings_name_their_line),
        cmocka_unit_test(limits_are_refused_by_name),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
