/* SPDX-License-Identifier: EUPL-1.2 */
/* `muster plan` as a person and a program meet it: what it prints where, and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "clients/muster/plan.h"
#include "proto/scenario_table.h"
#include "proto/status.h"
#include "tests/unit/patience.h"
#include "tests/unit/scenario_support.h"

#define TEXT_MOST (1 << 18)

static struct scenario_support s;
static char out[TEXT_MOST], err[TEXT_MOST];

static void read_back(FILE *file, char *text)
{
    rewind(file);
    size_t length = fread(text, 1, TEXT_MOST - 1, file);
    text[length] = '\0';
    fclose(file);
}

/*
 * Runs the command in a process of its own; out and err hold what it printed. Words end with NULL. interrupt: microseconds after which
 * it gets Ctrl-C's signal; 0: never.
 */
static int run_interrupted(const char *const *words, useconds_t interrupt)
{
    char *copies[16] = {0};
    static char *kept[16]; /* the same, where a sanitizer finds them in a child that ends within the command, which writes over its words */
    int count = 0;
    memset(kept, 0, sizeof kept);
    for (; words[count]; count++) {
        copies[count] = kept[count] = strdup(words[count]);
        assert_non_null(copies[count]);
    }
    FILE *outfile = tmpfile(), *errfile = tmpfile();
    assert_non_null(outfile);
    assert_non_null(errfile);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm((unsigned)patience(60));
        dup2(fileno(outfile), STDOUT_FILENO);
        dup2(fileno(errfile), STDERR_FILENO);
        setenv("COLUMNS", "80", 1);
        int code = muster_plan(count, copies);
        fflush(NULL);
        _exit(code);
    }
    if (interrupt) {
        usleep((useconds_t)patience((int)interrupt));
        kill(child, SIGINT);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    read_back(outfile, out);
    read_back(errfile, err);
    for (int n = 0; n < count; n++) {
        free(copies[n]);
    }
    return WEXITSTATUS(ended);
}

static int run(const char *const *words)
{
    return run_interrupted(words, 0);
}

#define RUN(...) run((const char *const[]){"plan", __VA_ARGS__, NULL})

static json_t *parsed(void)
{
    json_error_t error;
    json_t *plan = json_loads(out, JSON_REJECT_DUPLICATES, &error);
    if (!plan) {
        fail_msg("not JSON: %s in %s", error.text, out);
    }
    return plan;
}

static void json_is_the_models_plan_and_nothing_else(void **state)
{
    (void)state;
    static const char *const figures[] = {"tier", "quantity", "unit_price", "freight", "one_off"};
    assert_int_equal(RUN(s.folder, "--json"), EXIT_CODE_DONE);
    assert_string_equal(err, "");
    json_t *plan = parsed(), *lots = json_object_get(plan, "lots"), *lot = json_array_get(lots, 0);
    assert_true(json_is_integer(json_object_get(plan, "objective")) && json_is_integer(json_object_get(plan, "bound")));
    assert_int_equal(json_array_size(lots), 1);
    assert_string_equal(json_string_value(json_object_get(lot, "item")), "I1");
    assert_true(json_is_integer(json_object_get(lot, "objective")) && json_is_integer(json_object_get(lot, "bound")));
    json_t *awards = json_object_get(lot, "awards"), *uncovered = json_object_get(lot, "uncovered");
    assert_true(json_array_size(awards) > 0);
    for (size_t n = 0; n < json_array_size(awards); n++) {
        json_t *award = json_array_get(awards, n);
        assert_true(json_is_string(json_object_get(award, "demand")) && json_is_string(json_object_get(award, "offer")));
        assert_int_equal(strlen(json_string_value(json_object_get(award, "month"))), 7);
        for (size_t f = 0; f < sizeof figures / sizeof figures[0]; f++) {
            assert_true(json_is_integer(json_object_get(award, figures[f])));
        }
        assert_true(json_integer_value(json_object_get(award, "tier")) >= 1);
    }
    assert_true(json_is_array(uncovered));
    json_decref(plan);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    static char first[TEXT_MOST];
    scenario_support_randomize(&s, 77, 20, 8);
    assert_int_equal(RUN(s.folder, "--json", "--threads", "1"), EXIT_CODE_DONE);
    memcpy(first, out, sizeof out);
    assert_int_equal(RUN(s.folder, "--json", "--threads=4"), EXIT_CODE_DONE);
    assert_string_equal(first, out);
}

static void a_person_reads_a_table_within_80_columns(void **state)
{
    (void)state;
    assert_int_equal(RUN(s.folder, "--screen"), EXIT_CODE_DONE);
    assert_non_null(strstr(out, "Lot"));
    assert_non_null(strstr(out, "Pays EUR m"));
    assert_non_null(strstr(out, "Gap at most"));
    assert_non_null(strstr(out, "Proved: no valid plan can score more than"));
    for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
        assert_true(strlen(line) <= 80);
    }
}

static void a_pipe_gets_tabs_with_one_header_and_exact_cents(void **state)
{
    (void)state;
    assert_int_equal(RUN(s.folder), EXIT_CODE_DONE);
    assert_int_equal(strncmp(out, "lot\tnations\tcovered\twanted\tpays\t", 31), 0);
    assert_null(strstr(out, "Proved"));
    assert_null(strchr(out, ','));
}

static void a_lot_without_a_bundle_says_so_in_its_row(void **state)
{
    (void)state;
    scenario_support_put(&s, "policy.csv", "key,value\nas_of,2027-01-15\ncontract_overhead,0\nmin_nations,9\n");
    assert_int_equal(RUN(s.folder, "--screen"), EXIT_CODE_DONE);
    assert_non_null(strstr(out, "no bundle: min-nations, 2 of 9"));
    assert_int_equal(RUN(s.folder, "--set", "min_nations=2", "--screen"), EXIT_CODE_DONE);
    assert_null(strstr(out, "no bundle"));
}

static void wrong_input_is_told_with_its_place_and_cure(void **state)
{
    (void)state;
    scenario_support_edit(&s, "demands.csv", "2027-06,10", "Q2 2027,0");
    assert_int_equal(RUN(s.folder), EXIT_CODE_INPUT);
    assert_string_equal(out, "");
    assert_non_null(strstr(err, "2 faults in the scenario. Nothing was planned."));
    assert_non_null(strstr(err, "demands.csv"));
    assert_non_null(strstr(err, "Q2 2027"));
    assert_non_null(strstr(err, "2028-12"));
    assert_int_equal(RUN(s.folder, "--json"), EXIT_CODE_INPUT);
    assert_string_equal(out, "");
    memcpy(out, err, sizeof out);
    json_t *faults = parsed();
    json_t *fault = json_array_get(json_object_get(faults, "faults"), 0);
    assert_string_equal(json_string_value(json_object_get(fault, "column")), "month");
    assert_int_equal(json_integer_value(json_object_get(fault, "row")), 2);
    json_decref(faults);
    assert_int_equal(RUN("/"), EXIT_CODE_INPUT);
    assert_non_null(strstr(err, "items.csv"));
}

static void wrong_usage_ends_with_64(void **state)
{
    (void)state;
    assert_int_equal(RUN("--json"), EXIT_CODE_USAGE);
    assert_int_equal(RUN(s.folder, s.folder), EXIT_CODE_USAGE);
    assert_int_equal(RUN(s.folder, "--threads", "0"), EXIT_CODE_USAGE);
    assert_int_equal(RUN(s.folder, "--budget", "soon"), EXIT_CODE_USAGE);
    assert_int_equal(RUN(s.folder, "--set", "min_nations"), EXIT_CODE_USAGE);
    assert_int_equal(RUN(s.folder, "--explian"), EXIT_CODE_USAGE);
    assert_non_null(strstr(err, "Nearest: --explain"));
    assert_int_equal(RUN(s.folder, "--compare"), EXIT_CODE_USAGE);
    assert_int_equal(RUN("--help"), EXIT_CODE_DONE);
    assert_non_null(strstr(out, "--export-lp"));
}

static void an_unknown_rule_or_party_is_wrong_input(void **state)
{
    (void)state;
    assert_int_equal(RUN(s.folder, "--set", "min_nation=3"), EXIT_CODE_INPUT);
    assert_non_null(strstr(err, "min_nation=3"));
    assert_int_equal(RUN(s.folder, "--without", "S9"), EXIT_CODE_INPUT);
    assert_int_equal(RUN(s.folder, "--without", "S2", "--json"), EXIT_CODE_DONE);
    assert_null(strstr(out, "O2"));
}

static void variants_stand_side_by_side(void **state)
{
    (void)state;
    assert_int_equal(RUN(s.folder, "--set", "sme_min_share=30", "--without", "S2", "--compare", "--screen"), EXIT_CODE_DONE);
    assert_non_null(strstr(out, "A as it stands"));
    assert_non_null(strstr(out, "B sme_min_share=30"));
    assert_non_null(strstr(out, "C without S2"));
    assert_non_null(strstr(out, "European %"));
    assert_non_null(strstr(out, "Nothing is stored."));
}

static void a_change_is_planned_and_both_are_timed(void **state)
{
    (void)state;
    struct scenario_support changed;
    scenario_support_begin(&changed);
    scenario_support_edit(&changed, "demands.csv", "2027-06,10", "2027-06,9");
    assert_int_equal(RUN(s.folder, "--then", changed.folder, "--json"), EXIT_CODE_DONE);
    json_t *plan = parsed();
    json_decref(plan);
    assert_non_null(strstr(err, s.folder));
    assert_non_null(strstr(err, changed.folder));
    assert_non_null(strstr(err, "planned in"));
    /* Lots that keep their plan keep their nations and savings in the table too. */
    assert_int_equal(RUN(s.folder), EXIT_CODE_DONE);
    char *alone = strdup(out);
    assert_int_equal(RUN(s.folder, "--then", s.folder), EXIT_CODE_DONE);
    assert_non_null(strstr(err, "0 of"));
    assert_string_equal(out, alone);
    free(alone);
    scenario_support_end(&changed);
}

static void what_would_be_passed_over_is_refused(void **state)
{
    (void)state;
    assert_int_equal(RUN(s.folder, "--then", s.folder, "--export-lp", "none.lp"), EXIT_CODE_USAGE);
    assert_non_null(strstr(err, "--export-lp"));
    assert_int_equal(RUN(s.folder, "--without", "S2", "--compare", "--export-lp", "none.lp"), EXIT_CODE_USAGE);
    assert_int_equal(RUN(s.folder, "--without", "S2", "--compare", "--explain"), EXIT_CODE_USAGE);
    assert_non_null(strstr(err, "--explain"));
    assert_int_equal(RUN("no-such-folder"), EXIT_CODE_INPUT);
    assert_non_null(strstr(err, "there is no folder no-such-folder. Nothing was planned."));
    assert_int_equal(RUN(s.folder, "--then", "no-such-folder"), EXIT_CODE_INPUT);
    assert_non_null(strstr(err, "there is no folder no-such-folder."));
}

static void explanations_come_with_the_json_and_the_screen(void **state)
{
    (void)state;
    scenario_support_edit(&s, "demands.csv", "2027-06,10", "2027-06,60");
    assert_int_equal(RUN(s.folder, "--explain", "--json"), EXIT_CODE_DONE);
    json_t *plan = parsed(), *lot = json_array_get(json_object_get(plan, "lots"), 0);
    json_t *uncovered = json_array_get(json_object_get(lot, "uncovered"), 0);
    assert_true(json_is_string(json_object_get(uncovered, "text")));
    assert_true(json_array_size(json_object_get(uncovered, "tried")) > 0);
    assert_true(json_is_array(json_object_get(lot, "nations")));
    json_decref(plan);
    assert_int_equal(RUN(s.folder, "--explain", "--screen"), EXIT_CODE_DONE);
    assert_non_null(strstr(out, "Reason: "));
    assert_non_null(strstr(out, "planned again"));
}

static void a_budget_gives_a_plan_in_time(void **state)
{
    (void)state;
    scenario_support_randomize(&s, 5, 30, 10);
    assert_int_equal(RUN(s.folder, "--budget", "1s", "--json"), EXIT_CODE_DONE);
    json_t *plan = parsed();
    assert_true(json_integer_value(json_object_get(plan, "bound")) >= json_integer_value(json_object_get(plan, "objective")));
    json_decref(plan);
}

static void ctrl_c_gives_the_best_plan_so_far(void **state)
{
    (void)state;
    scenario_support_randomize(&s, 9, 900, 120);
    int code = run_interrupted((const char *const[]){"plan", s.folder, "--budget", "50s", "--json", NULL}, 300000);
    json_t *plan = parsed();
    assert_true(json_integer_value(json_object_get(plan, "bound")) >= json_integer_value(json_object_get(plan, "objective")));
    json_decref(plan);
    if (code == EXIT_CODE_DONE) {
        print_message("the plan was proved before the signal came\n");
        return;
    }
    assert_int_equal(code, EXIT_CODE_INTERRUPTED);
    assert_non_null(strstr(err, "Stopped: the best plan so far."));
}

int main(void)
{
#define RULE(test) SCENARIO_SUPPORT_TEST(test, s)
    const struct CMUnitTest tests[] = {
        RULE(json_is_the_models_plan_and_nothing_else),
        RULE(threads_change_nothing),
        RULE(a_person_reads_a_table_within_80_columns),
        RULE(a_pipe_gets_tabs_with_one_header_and_exact_cents),
        RULE(a_lot_without_a_bundle_says_so_in_its_row),
        RULE(wrong_input_is_told_with_its_place_and_cure),
        RULE(wrong_usage_ends_with_64),
        RULE(an_unknown_rule_or_party_is_wrong_input),
        RULE(variants_stand_side_by_side),
        RULE(a_change_is_planned_and_both_are_timed),
        RULE(explanations_come_with_the_json_and_the_screen),
        RULE(what_would_be_passed_over_is_refused),
        RULE(a_budget_gives_a_plan_in_time),
        RULE(ctrl_c_gives_the_best_plan_so_far),
    };
    return cmocka_run_group_tests_name("plan_command", tests, NULL, NULL);
}
