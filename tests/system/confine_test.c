/* SPDX-License-Identifier: EUPL-1.2 */
/* What each process has, and what it gave up: one process, one job. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/system/party.h"

#if defined(__SANITIZE_ADDRESS__)
#define FILTERED 0
#else
#define FILTERED 1
#endif

static struct harness harness;
static const char *const roles[] = {"front", "exchange", "planner"};

static int setup(void **state)
{
    (void)state;
    alarm(60);
    return harness_begin(&harness, NULL) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    harness_close(&harness);
    return 0;
}

/* Whether a file of /proc/PID has a line that begins so and holds a text. */
static bool proc_says(const char *role, const char *file, const char *begins, const char *holds)
{
    char path[64];
    char line[512];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)harness_child(&harness, role), file);
    FILE *stream = fopen(path, "re");
    assert_non_null(stream);
    while (fgets(line, sizeof line, stream) != NULL)
        found = found || (strncmp(line, begins, strlen(begins)) == 0 && strstr(line, holds) != NULL);
    fclose(stream);
    return found;
}

/* Whether this user may look into the children: only root may, since they can't be traced. */
static bool may_look(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)harness_child(&harness, "exchange"));
    DIR *folder = opendir(path);
    assert_int_equal(folder != NULL, geteuid() == 0);
    if (folder != NULL)
        closedir(folder);
    return folder != NULL;
}

/* Number of open descriptors of a role whose target holds a text. */
static unsigned descriptors(const char *role, const char *holds)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)harness_child(&harness, role));
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char link[512];
        char target[512];
        snprintf(link, sizeof link, "%s/%.100s", path, entry->d_name);
        ssize_t length = readlink(link, target, sizeof target - 1);
        if (length > 0) {
            target[length] = '\0';
            count += strstr(target, holds) != NULL;
        }
    }
    closedir(folder);
    return count;
}

static void no_child_can_gain_privileges_or_leave_a_core(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(proc_says(roles[i], "status", "NoNewPrivs:", "1"));
        assert_true(proc_says(roles[i], "limits", "Max core file size", " 0 "));
        if (FILTERED)
            assert_true(proc_says(roles[i], "status", "Seccomp:", "2"));
    }
}

/* Every thread is filtered, those of the library too. */
static void the_filter_holds_for_every_thread(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3 && FILTERED; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/task", (int)harness_child(&harness, roles[i]));
        DIR *folder = opendir(path);
        assert_non_null(folder);
        for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
            char file[64];
            if (entry->d_name[0] == '.')
                continue;
            snprintf(file, sizeof file, "task/%.20s/status", entry->d_name);
            assert_true(proc_says(roles[i], file, "Seccomp:", "2"));
        }
        closedir(folder);
    }
}

static void only_the_exchange_has_the_store(void **state)
{
    (void)state;
    if (!may_look())
        return;
    assert_true(descriptors("exchange", "data.mdb") > 0);
    assert_int_equal(descriptors("front", "data.mdb"), 0);
    assert_int_equal(descriptors("planner", "data.mdb"), 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(descriptors(roles[i], "/keys/"), 0);
    assert_false(proc_says("front", "maps", "", "data.mdb"));
    assert_false(proc_says("planner", "maps", "", "data.mdb"));
}

/* Sockets: the front listens; exchange and planner have their pipes alone. */
static void only_the_front_has_the_network(void **state)
{
    (void)state;
    if (!may_look())
        return;
    assert_int_equal(descriptors("planner", "socket:"), 1);
    assert_int_equal(descriptors("exchange", "socket:"), 3);
    assert_true(descriptors("front", "socket:") >= 2);
}

/* Whoever kills the parent has killed all: none goes on alone. */
static void no_child_outlives_its_parent(void **state)
{
    (void)state;
    pid_t pids[3];
    for (unsigned i = 0; i < 3; i++)
        pids[i] = harness_child(&harness, roles[i]);
    assert_int_equal(harness_kill(&harness, "parent", SIGKILL), STATUS_OK);
    for (unsigned i = 0; i < 3; i++) {
        bool gone = false;
        for (unsigned waited = 0; waited < 100 && !gone; waited++) {
            char path[64];
            char line[128] = "";
            snprintf(path, sizeof path, "/proc/%d/stat", (int)pids[i]);
            FILE *stream = fopen(path, "re");
            /* One that nobody has waited for yet is gone as well: state Z. */
            gone = stream == NULL || fgets(line, sizeof line, stream) == NULL || strstr(line, ") Z ") != NULL;
            if (stream != NULL)
                fclose(stream);
            harness_pause(20);
        }
        assert_true(gone);
    }
}

#define CONFINE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFINE_TEST(no_child_can_gain_privileges_or_leave_a_core),
        CONFINE_TEST(the_filter_holds_for_every_thread),
        CONFINE_TEST(only_the_exchange_has_the_store),
        CONFINE_TEST(only_the_front_has_the_network),
        CONFINE_TEST(no_child_outlives_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
