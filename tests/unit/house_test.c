/* SPDX-License-Identifier: EUPL-1.2 */
/* The rules of the house, read from the sources themselves: who may include whom, lengths, unfinished words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/house.h"

static void expect_none(const char *rule, int (*check)(const struct house *, char *, size_t))
{
    struct house house;
    char finding[512] = "";
    assert_int_equal(house_read(".", &house), 0);
    assert_true(house.count > 20);
    int found = check(&house, finding, sizeof finding);
    if (found) {
        print_error("%s: %d, first: %s\n", rule, found, finding);
    }
    house_free(&house);
    assert_int_equal(found, 0);
}

static void test_includes_follow_the_layers(void **state)
{
    (void)state;
    expect_none("includes that point up or around", house_bad_includes);
}

static void test_includes_make_no_circle(void **state)
{
    (void)state;
    expect_none("includes in a circle", house_circles);
}

static void test_files_and_functions_are_short(void **state)
{
    (void)state;
    expect_none("files over 600 lines, functions over 80", house_too_long);
}

static void test_nothing_is_left_unfinished(void **state)
{
    (void)state;
    expect_none("unfinished words in comments", house_unfinished);
}

/* The checks themselves must find what they look for. */
static void test_the_checks_find_what_they_look_for(void **state)
{
    (void)state;
    char finding[512];
    struct house_file upward[] = {{"proto/a.c", "#include \"store/b.h\"\n"}, {"store/b.h", "int x;\n"}};
    assert_int_equal(house_bad_includes(&(struct house){upward, 2}, finding, sizeof finding), 1);
    struct house_file foreign[] = {{"broker/desk/a.c", "#include <lmdb.h>\n"}};
    assert_int_equal(house_bad_includes(&(struct house){foreign, 1}, finding, sizeof finding), 1);
    struct house_file circle[] = {{"proto/a.h", "#include \"proto/b.h\"\n"}, {"proto/b.h", "#include \"proto/a.h\"\n"}};
    assert_true(house_circles(&(struct house){circle, 2}, finding, sizeof finding) > 0);
    char *text = calloc(1, 4096);
    assert_non_null(text);
    strcpy(text, "void f(void)\n{\n");
    for (int n = 0; n < 90; n++) {
        strcat(text, "x = '{';\n");
    }
    strcat(text, "}\n");
    struct house_file longer[] = {{"proto/a.c", text}};
    assert_int_equal(house_too_long(&(struct house){longer, 1}, finding, sizeof finding), 1);
    free(text);
    struct house_file open[] = {{"proto/a.c", "/* TO" "DO: later */\n"}};
    assert_int_equal(house_unfinished(&(struct house){open, 1}, finding, sizeof finding), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_includes_follow_the_layers),
        cmocka_unit_test(test_includes_make_no_circle),
        cmocka_unit_test(test_files_and_functions_are_short),
        cmocka_unit_test(test_nothing_is_left_unfinished),
        cmocka_unit_test(test_the_checks_find_what_they_look_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
