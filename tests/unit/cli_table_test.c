/* SPDX-License-Identifier: EUPL-1.2 */
/* Tables and paragraphs: within the width, ids and figures never cut, tabs in a pipe, foreign text made harmless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/muster/table.h"
#include "clients/muster/view.h"
#include "proto/bundle.pb-c.h"
#include "proto/request.pb-c.h"
#include "proto/status.h"
#include "tests/unit/patience.h"

static struct arena arena;
static char *printed;
static size_t printed_size;

static struct output open_output(enum output_form form, int width)
{
    free(printed);
    printed = NULL;
    return (struct output){.out = open_memstream(&printed, &printed_size), .form = form, .width = width};
}

static const char *close_output(struct output *output)
{
    fclose(output->out);
    return printed;
}

static const struct table_column columns[] = {
    {"Row", TABLE_FIGURE, "row"}, {"Column", TABLE_ID, "column"}, {"Do", TABLE_TEXT, "do"},
};

static void fill(struct table *table)
{
    table_init(table, &arena, columns, 3);
    table_add_exact(table, "1,003", "1003");
    table_add(table, "max_unit_price");
    table_add(table, "write 5900 or 5.90, as the amount is meant");
    table_add(table, "7");
    table_add(table, "quantity");
    table_add(table, "write 80 or 81");
}

static void columns_stand_two_blanks_apart(void **state)
{
    (void)state;
    struct table table;
    struct output output = open_output(OUTPUT_SCREEN, 80);
    fill(&table);
    assert_int_equal(table_rows(&table), 2);
    assert_int_equal(table_print(&table, &output), STATUS_OK);
    assert_string_equal(close_output(&output), "  Row  Column          Do\n"
                                               "1,003  max_unit_price  write 5900 or 5.90, as the amount is meant\n"
                                               "    7  quantity        write 80 or 81\n");
}

static void text_wraps_and_ids_stay_whole(void **state)
{
    (void)state;
    struct table table;
    struct output output = open_output(OUTPUT_SCREEN, 42);
    fill(&table);
    table_print(&table, &output);
    assert_string_equal(close_output(&output), "  Row  Column          Do\n"
                                               "1,003  max_unit_price  write 5900 or 5.90,\n"
                                               "                       as the amount is\n"
                                               "                       meant\n"
                                               "    7  quantity        write 80 or 81\n");
}

static void what_is_too_narrow_becomes_blocks(void **state)
{
    (void)state;
    struct table table;
    struct output output = open_output(OUTPUT_SCREEN, 24);
    fill(&table);
    table_print(&table, &output);
    assert_string_equal(close_output(&output), "Row: 1,003\nColumn: max_unit_price\nDo: write 5900 or 5.90,\n  as the amount is meant\n\nRow: 7\nColumn: quantity\nDo: write 80 or 81\n");
}

static void a_pipe_gets_tabs_and_exact_values(void **state)
{
    (void)state;
    struct table table;
    struct output output = open_output(OUTPUT_TABS, 80);
    fill(&table);
    table_print(&table, &output);
    assert_string_equal(close_output(&output), "row\tcolumn\tdo\n1003\tmax_unit_price\twrite 5900 or 5.90, as the amount is meant\n7\tquantity\twrite 80 or 81\n");
}

static void foreign_text_can_not_move_the_cursor(void **state)
{
    (void)state;
    static const struct table_column one[] = {{"Name", TABLE_TEXT, NULL}};
    struct table table;
    struct output output = open_output(OUTPUT_TABS, 80);
    table_init(&table, &arena, one, 1);
    table_add(&table, "a\tb\x1b[2Jc\nd\xe2\x80\xae" "e\xff");
    table_print(&table, &output);
    assert_string_equal(close_output(&output), "Name\na?b?[2Jc?d?e?\n");
}

static void letters_of_two_columns_keep_the_table_straight(void **state)
{
    (void)state;
    static const struct table_column two[] = {{"Name", TABLE_ID, NULL}, {"Units", TABLE_FIGURE, NULL}};
    struct table table;
    struct output output = open_output(OUTPUT_SCREEN, 80);
    table_init(&table, &arena, two, 2);
    table_add(&table, "Flugk\xc3\xb6rper");
    table_add(&table, "1");
    table_add(&table, "\xe6\x97\xa5\xe6\x9c\xac");
    table_add(&table, "2");
    table_print(&table, &output);
    assert_string_equal(close_output(&output), "Name        Units\nFlugk\xc3\xb6rper      1\n\xe6\x97\xa5\xe6\x9c\xac            2\n");
}

static void paragraphs_wrap_at_blanks(void **state)
{
    (void)state;
    struct output output = open_output(OUTPUT_SCREEN, 20);
    output_wrap(&output, "one two three four five");
    output_wrap_indented(&output, 2, "  seven eight nine ten");
    output_field(&output, 8, "Name", "eleven twelve thirteen");
    assert_string_equal(close_output(&output), "one two three four\nfive\n  seven eight nine\n    ten\nName    eleven\n        twelve\n        thirteen\n");
}

static void a_value_in_a_pipe_is_fields(void **state)
{
    (void)state;
    struct output output = open_output(OUTPUT_TABS, 80);
    assert_true(output_value(&output, json_pack("{s:s, s:{s:I}, s:[s, s], s:b, s:n}", "id", "B-0041", "nation", "pays", (json_int_t)62879069767, "with", "DE", "ES", "met", 1, "until")));
    assert_string_equal(close_output(&output), "Field\tValue\nid\tB-0041\nnation.pays\t628790697.67\nwith.1\tDE\nwith.2\tES\nmet\tyes\nuntil\t\n");
    output = open_output(OUTPUT_SCREEN, 80);
    assert_false(output_value(&output, json_pack("{s:s}", "id", "x")));
    assert_string_equal(close_output(&output), "");
}

static void a_message_shows_what_it_holds_and_no_more(void **state)
{
    (void)state;
    Muster__BundleView view = MUSTER__BUNDLE_VIEW__INIT;
    view.item = view.base_currency = view.waiting_for = (char *)(uintptr_t) "";
    view.number = 41;
    view.state = MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED;
    view.proposed = UINT64_C(1801473242000);
    view.has_pays = 1;
    view.pays = 7;
    json_t *value = view_message(&view.base);
    assert_non_null(value);
    assert_string_equal(json_string_value(json_object_get(value, "state")), "proposed");
    assert_string_equal(json_string_value(json_object_get(value, "proposed")), "2027-02-01T09:14:02Z");
    assert_true(json_is_null(json_object_get(value, "deadline")));
    assert_int_equal(json_integer_value(json_object_get(value, "pays")), 7);
    assert_null(json_object_get(value, "saving"));
    assert_null(json_object_get(value, "own_answer"));
    json_decref(value);
    assert_string_equal(view_enum(&muster__bundle_change_kind__descriptor, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK), "take-back");
    assert_string_equal(view_enum(&muster__bundle_state__descriptor, 99), "unknown");
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_drop(&arena);
    free(printed);
    printed = NULL;
    return 0;
}

int main(void)
{
    alarm((unsigned)patience(30));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_two_blanks_apart),
        cmocka_unit_test(text_wraps_and_ids_stay_whole),
        cmocka_unit_test(what_is_too_narrow_becomes_blocks),
        cmocka_unit_test(a_pipe_gets_tabs_and_exact_values),
        cmocka_unit_test(foreign_text_can_not_move_the_cursor),
        cmocka_unit_test(letters_of_two_columns_keep_the_table_straight),
        cmocka_unit_test(paragraphs_wrap_at_blanks),
        cmocka_unit_test(a_value_in_a_pipe_is_fields),
        cmocka_unit_test(a_message_shows_what_it_holds_and_no_more),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
