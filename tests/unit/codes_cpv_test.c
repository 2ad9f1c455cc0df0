/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/codes/cpv.h"
#include "proto/status.h"

/* The procurement vocabulary: by list, never by formula; the built-in codes and a list from a file. */

static char *path;

static void write_file(const char *text, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static int load(const char *text, struct cpv_list **list, size_t *line)
{
    write_file(text, strlen(text));
    *list = NULL;
    return cpv_load(path, list, line);
}

static void gives(const struct cpv_list *list, const char *text, int status, const char *value, const char *advice)
{
    struct code_answer answer;
    assert_int_equal(cpv_read(list, text, &answer), status);
    assert_string_equal(answer.value, value);
    if (!strstr(answer.remedy, advice)) {
        fail_msg("%s: the remedy is '%s'", text, answer.remedy);
    }
}

static void test_built_in(void **state)
{
    (void)state;
    struct code_answer answer;
    gives(NULL, "35331200-5", STATUS_OK, "35331200-5", "");
    gives(NULL, "35613000", STATUS_OK, "35613000-4", "");
    gives(NULL, "35331200-4", STATUS_INVALID, "", "35331200-5");
    gives(NULL, "99999999-0", STATUS_INVALID, "", "not in the list");
    gives(NULL, "3533120-5", STATUS_INVALID, "", "35331200-5");
    gives(NULL, "353312005", STATUS_INVALID, "", "");
    gives(NULL, "35331200-", STATUS_INVALID, "", "");
    gives(NULL, "35331200-x", STATUS_INVALID, "", "");
    gives(NULL, "3533120O-5", STATUS_INVALID, "", "");
    gives(NULL, "", STATUS_INVALID, "", "");
    assert_string_equal(cpv_title(NULL, "35331200-5"), "Shells");
    assert_null(cpv_title(NULL, "35331200-4"));
    assert_null(cpv_title(NULL, "nonsense"));
    /* The built-in list is a part: what it lacks is doubtful, not wrong. */
    assert_int_equal(cpv_read(NULL, "33600000-6", &answer), STATUS_OK);
    assert_true(answer.doubtful);
    assert_string_equal(answer.value, "33600000-6");
}

static void test_ninth_digits_off_the_formula(void **state)
{
    (void)state;
    static const char *const deviating[] = {"35113110-0", "35125300-2", "35331300-3", "35642000-7"};
    static const int weight[8] = {3, 7, 1, 3, 7, 1, 3, 7};
    for (size_t at = 0; at < sizeof deviating / sizeof deviating[0]; at++) {
        int sum = 0;
        char by_formula[16];
        for (size_t digit = 0; digit < 8; digit++) {
            sum += weight[digit] * (deviating[at][digit] - '0');
        }
        snprintf(by_formula, sizeof by_formula, "%.8s-%d", deviating[at], sum % 10);
        assert_string_not_equal(by_formula, deviating[at]);
        gives(NULL, deviating[at], STATUS_OK, deviating[at], "");
        gives(NULL, by_formula, STATUS_INVALID, "", deviating[at]);
    }
    gives(NULL, "35331300-6", STATUS_INVALID, "", "35331300-3");
}

static void test_official_list(void **state)
{
    (void)state;
    struct cpv_list *list;
    size_t line = 99;
    assert_int_equal(load("\xEF\xBB\xBF" "CODE;EN\r\n33600000-6;Pharmaceutical products\r\n\"35331300-3\",\"Grenades\"\r\n"
                          "03000000-1\tAgricultural products\n33600000-6;again\n98000000-3;Other services\n", &list, &line), STATUS_OK);
    gives(list, "33600000", STATUS_OK, "33600000-6", "");
    gives(list, "35331300-3", STATUS_OK, "35331300-3", "");
    gives(list, "35331300-6", STATUS_INVALID, "", "write 35331300-3 for Grenades");
    gives(list, "03000000-1", STATUS_OK, "03000000-1", "");
    gives(list, "98000000", STATUS_OK, "98000000-3", "");
    /* The whole list is there: what it lacks is wrong, the built-in codes included. */
    gives(list, "35331200-5", STATUS_INVALID, "", "not in the list");
    assert_string_equal(cpv_title(list, "33600000-6"), "Pharmaceutical products");
    assert_string_equal(cpv_title(list, "35331300"), "Grenades");
    cpv_free(list);
}

static void test_bad_lists(void **state)
{
    (void)state;
    struct cpv_list *list = NULL;
    size_t line = 0;
    assert_int_equal(load("CODE;EN\n", &list, &line), STATUS_INVALID);
    assert_int_equal(load("", &list, &line), STATUS_INVALID);
    assert_int_equal(load("33600000-6;A\n3360000-6;B\n", &list, &line), STATUS_INVALID);
    assert_int_equal(line, 2);
    assert_int_equal(load("33600000;A\n", &list, &line), STATUS_INVALID); /* the list must have the ninth digit */
    assert_int_equal(load("33600000-6;A\n33600000-7;A\n", &list, &line), STATUS_INVALID);
    write_file("33600000-6;A\0B\n", 15);
    assert_int_equal(cpv_load(path, &list, NULL), STATUS_INVALID);
    assert_int_equal(cpv_load("/nonexistent/cpv.csv", &list, NULL), STATUS_IO);
    char *large = calloc(1, CPV_FILE_MOST + 1);
    assert_non_null(large);
    memset(large, '\n', CPV_FILE_MOST + 1);
    write_file(large, CPV_FILE_MOST + 1);
    free(large);
    assert_int_equal(cpv_load(path, &list, NULL), STATUS_TOO_LARGE);
    assert_null(list);
    cpv_free(NULL);
}

static void test_table(void **state)
{
    (void)state;
    size_t count = 0;
    char before[9] = "";
#define CPV(eight, ninth, title)                                                                                               \
    assert_true(strcmp(before, eight) < 0);                                                                                    \
    memcpy(before, eight, 9);                                                                                                  \
    gives(NULL, eight, STATUS_OK, eight "-" ninth, "");                                                                        \
    count++;
#define CPV_DIVISION(division)
#include "proto/codes/cpv.def"
#undef CPV
#undef CPV_DIVISION
    assert_int_equal(count, 217);
}

static int set_up(void **state)
{
    (void)state;
    static char name[] = "/tmp/muster-cpv-XXXXXX";
    int descriptor = mkstemp(name);
    path = name;
    return descriptor < 0 ? -1 : close(descriptor);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in), cmocka_unit_test(test_ninth_digits_off_the_formula),
        cmocka_unit_test(test_official_list), cmocka_unit_test(test_bad_lists), cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
