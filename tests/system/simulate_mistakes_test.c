/* SPDX-License-Identifier: EUPL-1.2 */
/* The simulation on trial: each mistake that can be put between the exchange's parts is found within so many seeds. */
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

#define SEEDS 60       /* most are found in the first, the slowest after ten or so */
#define MISTAKES_LEAST 17

/* tests/simulate/simulate of the build that this program lies in. */
static void find_program(char path[1024])
{
    ssize_t length = readlink("/proc/self/exe", path, 1023);
    assert_true(length > 0);
    path[length] = '\0';
    char *folder = strstr(path, "/system/");
    assert_non_null(folder);
    strcpy(folder, "/simulate/simulate");
}

static void every_mistake_is_found(void **state)
{
    char path[1024], command[2048], line[256];
    unsigned tried = 0;
    (void)state;
    alarm(275);
    find_program(path);
    snprintf(command, sizeof command, "%s --mutations", path);
    FILE *list = popen(command, "r");
    assert_non_null(list);
    while (fgets(line, sizeof line, list) != NULL) {
        line[strcspn(line, "\t\n")] = '\0';
        snprintf(command, sizeof command, "%s --mutation %s --seeds %d", path, line, SEEDS);
        int status = system(command);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
            fail_msg("%s was not found in %d seeds", line, SEEDS);
        tried++;
    }
    pclose(list);
    assert_true(tried >= MISTAKES_LEAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_mistake_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
