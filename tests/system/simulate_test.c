/* SPDX-License-Identifier: EUPL-1.2 */
/* The whole-broker simulation in seconds: some seeds, each of them twice. make simulate is the long form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/patience.h"

static int start(void **state)
{
    (void)state;
    alarm((unsigned)patience(280));
    return 0;
}

/* Runs tests/simulate/simulate of the build that this program lies in. Its exit code. */
static int simulate(const char *options)
{
    char path[1024], command[2048];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    assert_true(length > 0);
    path[length] = '\0';
    char *folder = strstr(path, "/system/");
    assert_non_null(folder);
    *folder = '\0';
    snprintf(command, sizeof command, "%s/simulate/simulate %s", path, options);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void seeds_find_nothing_and_replay_exactly(void **state)
{
    (void)state;
    assert_int_equal(simulate("--seeds 12 --twice"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(seeds_find_nothing_and_replay_exactly, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
