/* SPDX-License-Identifier: EUPL-1.2 */
/* The exported model under an independent solver (CBC): the engine's plan is its optimum, the engine's bound is not below it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/match/export_lp.h"
#include "broker/match/match.h"
#include "proto/status.h"
#include "tests/unit/patience.h"
#include "tests/unit/scenario_support.h"

#define ROUNDS 30
#define SECONDS "20" /* for one solve, which takes a few hundredths */

extern char **environ;

static char folder[] = "/tmp/muster-export-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    alarm((unsigned)patience(280));
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char path[128];
    static const char *const files[] = {"model.lp", "solution", "log"};
    for (size_t n = 0; n < sizeof files / sizeof files[0]; n++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[n]);
        unlink(path);
    }
    return rmdir(folder);
}

/* Solves model.lp; false where CBC is not installed. */
static bool solve(double *optimum)
{
    char model[128], solution[128], log[128], status[64], line[256];
    snprintf(model, sizeof model, "%s/model.lp", folder);
    snprintf(solution, sizeof solution, "%s/solution", folder);
    snprintf(log, sizeof log, "%s/log", folder);
    unlink(solution);
    /* Cuts and reductions of CBC lose optima where figures differ by many powers of ten; these lots are small enough without. */
    char *const words[] = {(char *)"cbc", model, (char *)"-sec", (char *)SECONDS, (char *)"-preprocess", (char *)"off", (char *)"-cuts",
                           (char *)"off", (char *)"-ratio", (char *)"0", (char *)"-allow", (char *)"0", (char *)"-solve",
                           (char *)"-solu", solution, NULL};
    posix_spawn_file_actions_t actions;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    pid_t child;
    int failed = posix_spawnp(&child, "cbc", &actions, NULL, words, environ), ended;
    posix_spawn_file_actions_destroy(&actions);
    if (failed) {
        return false;
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    FILE *in = fopen(solution, "r");
    if (!in) {
        fail_msg("CBC gave no solution of %s", model);
        return false;
    }
    assert_non_null(fgets(line, sizeof line, in));
    fclose(in);
    if (sscanf(line, "%63s - objective value %lf", status, optimum) != 2 || strcmp(status, "Optimal") != 0) {
        fail_msg("CBC says %s", line);
    }
    return true;
}

static void export_model(struct scenario_support *s)
{
    char path[128];
    snprintf(path, sizeof path, "%s/model.lp", folder);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(match_export_lp(s->market, &s->arena, out), STATUS_OK);
    assert_int_equal(fclose(out), 0);
}

/* Whether the file says that its optimum may lie above the model's. */
static bool is_wider(void)
{
    char path[128], text[512];
    snprintf(path, sizeof path, "%s/model.lp", folder);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    size_t length = fread(text, 1, sizeof text - 1, in);
    text[length] = '\0';
    fclose(in);
    return strstr(text, "are free from 0 to the headroom") != NULL;
}

/* exact: the plan must reach the solver's optimum too; lots that share a fund need not. */
static void compare(struct scenario_support *s, const char *name, bool exact, unsigned *bundles)
{
    double optimum;
    scenario_support_load(s);
    const struct match_plan *plan = scenario_support_plan(s);
    export_model(s);
    if (!solve(&optimum)) {
        print_message("cbc is not installed: skipped\n");
        skip();
    }
    if ((double)plan->bound < optimum - 0.5) {
        fail_msg("%s: bound %lld is below CBC's optimum %.1f", name, (long long)plan->bound, optimum);
    }
    if ((double)plan->objective > optimum + 0.5) {
        fail_msg("%s: objective %lld is above CBC's optimum %.1f: the exported model lacks a plan", name, (long long)plan->objective, optimum);
    }
    if (exact && !is_wider() && (double)plan->objective < optimum - 0.5) {
        fail_msg("%s: objective %lld, CBC's optimum %.1f", name, (long long)plan->objective, optimum);
    }
    *bundles += plan->objective > 0;
}

static void agrees_with_a_solver_on_small_lots(void **state)
{
    (void)state;
    unsigned bundles = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct scenario_support s;
        char name[32];
        snprintf(name, sizeof name, "seed %u", (unsigned)seed);
        scenario_support_begin(&s);
        scenario_support_randomize(&s, seed, 6, 4);
        compare(&s, name, true, &bundles);
        scenario_support_end(&s);
    }
    assert_true(bundles > ROUNDS / 5);
}

static void agrees_on_alike_lines_commitments_and_several_lots(void **state)
{
    (void)state;
    unsigned bundles = 0;
    struct scenario_support s;
    scenario_support_begin(&s);
    scenario_support_put(&s, "items.csv", "item,title\nI1,\"one\n\\ End\"\nI2,two\n");
    scenario_support_put(&s, "demands.csv",
                         "demand,country,item,month,quantity,max_unit_price,fund\n"
                         "D1,NL,I1,2027-06,10,100,F1\nD2,DE,I1,2027-06,5,100,F1\nD3,FR,I1,2027-06,7,100,F1\nD4,NL,I2,2027-06,4,100,F1\n"
                         "D5,DE,I2,2027-09,6,120,\n");
    scenario_support_put(&s, "offers.csv",
                         "offer,supplier,item,min_quantity,unit_price,first_month,monthly_rate\n"
                         "O1,S1,I1,1,80,2027-02,3\nO2,S2,I2,1,75,2027-02,1\nO3,S1,I2,3,70,2027-05,1\n");
    scenario_support_put(&s, "funds.csv", "fund,balance,min_nations\nF1,1400.00,1\n");
    compare(&s, "alike", false, &bundles);
    scenario_support_put(&s, "commitments.csv", "demand,month,offer,tier,quantity,unit_price\nD1,2027-06,O1,1,4,90\nD5,2027-09,O2,1,2,75\n");
    compare(&s, "commitments", false, &bundles);
    scenario_support_put(&s, "funds.csv", "fund,balance,min_nations\nF1,,1\n");
    compare(&s, "alike and commitments", true, &bundles);
    assert_int_equal(bundles, 3);
    scenario_support_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_a_solver_on_small_lots),
        cmocka_unit_test(agrees_on_alike_lines_commitments_and_several_lots),
    };
    return cmocka_run_group_tests_name("plan_export", tests, make_folder, remove_folder);
}
