/* SPDX-License-Identifier: EUPL-1.2 */
/* The systemd unit, as systemd itself rates it. Where systemd is not installed a line says so, and nothing else is tested. */
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

/* Started as its unit starts it, where this machine runs systemd and this user may. */
static void it_starts_where_systemd_runs(void **state)
{
    (void)state;
    alarm((unsigned)patience(60));
    if (access("/run/systemd/system", F_OK) != 0 || geteuid() != 0 || access("build/bin/musterd", X_OK) != 0) {
        print_message("systemd does not run here, or this user may not ask it: the daemon was not started under its unit\n");
        return;
    }
    int status = system("systemd-run --quiet --wait --collect -p NoNewPrivileges=yes -p ProtectSystem=strict -p PrivateTmp=yes -p PrivateDevices=yes "
                        "-p MemoryDenyWriteExecute=yes -p RestrictNamespaces=yes -p CapabilityBoundingSet= -p SystemCallArchitectures=native "
                        "-p 'SystemCallFilter=@system-service' -p 'SystemCallFilter=~@privileged' \"$(readlink -f build/bin/musterd)\" --version");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_unit_is_rated_at_1_5_or_better),
        cmocka_unit_test(it_starts_where_systemd_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
