/* SPDX-License-Identifier: EUPL-1.2 */
/* The systemd unit, as systemd itself rates it and runs it. Where systemd is not installed, or can't be started, a line says so, and nothing else is tested. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/introduction.h"
#include "proto/status.h"
#include "tests/unit/patience.h"

#define UNIT "broker/musterd.service"
#define EXPOSURE_MOST "15" /* tenths: 1.5 */

/* Whether systemd-analyze rates a unit at EXPOSURE_MOST or better. */
static bool is_hardened(const char *unit)
{
    char command[512];
    snprintf(command, sizeof command, "systemd-analyze security --no-pager --offline=true --threshold=" EXPOSURE_MOST " '%s' >/dev/null 2>&1", unit);
    int status = system(command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool is_installed(void)
{
    int status = system("systemd-analyze --version >/dev/null 2>&1");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Copies the unit without the lines that begin with a word. */
static void copy_without(const char *to, const char *word)
{
    char line[512];
    FILE *from = fopen(UNIT, "re");
    FILE *copy = fopen(to, "we");
    assert_non_null(from);
    assert_non_null(copy);
    while (fgets(line, sizeof line, from) != NULL)
        if (strncmp(line, word, strlen(word)) != 0)
            assert_true(fputs(line, copy) >= 0);
    fclose(from);
    assert_int_equal(fclose(copy), 0);
}

static void the_unit_is_rated_at_1_5_or_better(void **state)
{
    (void)state;
    char folder[] = "/tmp/muster-unit-XXXXXX";
    char path[64];
    alarm((unsigned)patience(60));
    if (!is_installed()) {
        print_message("systemd-analyze is not installed: the unit's rating was not tested\n");
        return;
    }
    assert_true(is_hardened(UNIT));
    /* The rating sees what is missing: without its system call filter the unit does not pass. */
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/musterd.service", folder);
    copy_without(path, "SystemCallFilter=");
    assert_false(is_hardened(path));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* The whole of a file of a folder, in place until the next call. */
static const char *text_of(const char *folder, const char *name)
{
    static char text[65536];
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* Active, started so often, with all four processes confined and without a capability. */
static void assert_runs(const char *text, const char *starts)
{
    static const char *const processes[] = {"/musterd -c", "--role=exchange", "--role=front", "--role=planner"};
    assert_non_null(strstr(text, "ActiveState=active"));
    assert_non_null(strstr(text, starts));
    for (size_t n = 0; n < sizeof processes / sizeof processes[0]; n++) {
        const char *line = strstr(text, processes[n]);
        if (line == NULL)
            fail_msg("%s does not run:\n%s", processes[n], text);
        char confined[] = "CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2";
        const char *found = strstr(line, confined);
        assert_true(found != NULL && found < strchr(line, '\n'));
    }
}

static void write_coordinator(const char *folder)
{
    struct introduction_coordinator coordinator = {.party = "hq", .country = "NL", .name = "Joint orders office", .signing_key = {1}, .box_key = {2}, .curve_key = {3}};
    char text[INTRODUCTION_SIZE], path[128];
    assert_int_equal(introduction_write_coordinator(&coordinator, text), STATUS_OK);
    snprintf(path, sizeof path, "%s/coordinator.pub", folder);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Under its unit, by systemd itself, started for this beside the machine's own: it serves, comes back after a kill, and stops. */
static void it_runs_under_its_unit(void **state)
{
    (void)state;
    char folder[] = "/tmp/muster-unit-XXXXXX", command[256];
    alarm((unsigned)patience(140));
    if (access("build/bin/musterd", X_OK) != 0) {
        print_message("there is no plain build: the daemon was not started under its unit\n");
        return;
    }
    assert_non_null(mkdtemp(folder));
    write_coordinator(folder);
    snprintf(command, sizeof command, "tests/system/boot_unit.sh build/bin " UNIT " %s >/dev/null 2>&1", folder);
    int status = system(command);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("systemd can't be started beside this machine's own: the daemon was not started under its unit\n");
    } else {
        if (WEXITSTATUS(status) != 0)
            fail_msg("exit code %d; it said:\n%s", WEXITSTATUS(status), text_of(folder, "journal"));
        assert_runs(text_of(folder, "running"), "NRestarts=0");
        assert_runs(text_of(folder, "again"), "NRestarts=1");
        assert_null(strstr(text_of(folder, "journal"), "event=child-ended"));
        assert_non_null(strstr(text_of(folder, "stopped"), "Result=success"));
    }
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_unit_is_rated_at_1_5_or_better),
        cmocka_unit_test(it_runs_under_its_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
