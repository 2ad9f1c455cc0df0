/* SPDX-License-Identifier: EUPL-1.2 */
/* What each process has, and what it gave up: one process, one job. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/confine.h"
#include "proto/status.h"
#include "tests/system/party.h"
#include "tests/unit/patience.h"

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
    alarm((unsigned)patience(60));
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

/* The log says that each process that opens files or ports enclosed itself, and by which version of Landlock. */
static void landlock_encloses_who_opens_something(void **state)
{
    (void)state;
    assert_true(harness_logged(&harness, "process=front event=enclosed landlock=", NULL, 0));
    assert_true(harness_logged(&harness, "process=exchange event=enclosed landlock=", NULL, 0));
    assert_true(harness_logged(&harness, "process=planner event=enclosed landlock=", NULL, 1000));
    assert_false(harness_logged(&harness, "result=io", NULL, 0));
}

/* Keys lie in locked memory, which is never swapped and never part of a core. */
static void keys_lie_in_locked_memory(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* its mlock() locks nothing */
#endif
    assert_false(proc_says("exchange", "status", "VmLck:", "\t       0 kB"));
    assert_true(proc_says("planner", "status", "VmLck:", " 0 kB"));
}

/* --- what a role can't do any more: tried by a child of this test that gives up what the role gives up -------------- */

enum attempt { OPEN_READ = 1, OPEN_WRITE = 2, SOCKET = 4, EXECUTE = 8, FORK = 16, UNLINK = 32 };

static char victim[HARNESS_PATH_MOST];

static int try_all(void)
{
    int done = 0;
    int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
    done |= open(victim, O_RDONLY) >= 0 ? OPEN_READ : 0;
    done |= open(victim, O_WRONLY | O_CREAT, 0600) >= 0 ? OPEN_WRITE : 0;
    done |= socket_fd >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? SOCKET : 0;
    done |= unlink("/tmp/there-is-no-such-file-of-muster") == 0 || errno != EACCES ? UNLINK : 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    if (pid > 0) {
        waitpid(pid, NULL, 0);
        done |= FORK;
    }
    char *const arguments[] = {(char *)"true", NULL};
    execv("/bin/true", arguments);
    return done;
}

/* The exit code of a child that confined itself and tried everything; 0: nothing succeeded (a true that ran exits with 0 as well: see below). */
static int outcome_of(int (*confine)(void))
{
    int wait_status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (confine() != STATUS_OK)
            _exit(126);
        /* A program that was run in its place would end with 0, and this with 64. */
        _exit(64 | try_all());
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    assert_true(WIFEXITED(wait_status));
    return WEXITSTATUS(wait_status);
}

static int confine_not(void)
{
    return STATUS_OK;
}

static void front_exchange_and_planner_open_and_start_nothing(void **state)
{
    (void)state;
    snprintf(victim, sizeof victim, "%s", harness.config);
    /* Unconfined, the same attempts succeed: the program is run. */
    assert_int_equal(outcome_of(confine_not), 0);
    if (!FILTERED)
        return;
    assert_int_equal(outcome_of(confine_front), 64);
    assert_int_equal(outcome_of(confine_exchange), 64);
    assert_int_equal(outcome_of(confine_planner), 64);
}

static void *open_in_a_thread(void *data)
{
    int *fd = data;
    *fd = open(victim, O_RDONLY);
    return NULL;
}

/* Binds a TCP socket to a port. */
static bool may_bind(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int reuse = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    bool bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EADDRINUSE;
    close(fd);
    return bound;
}

/* In a child: what Landlock alone leaves; threads made afterwards are inside as well. */
static int landlocked(const struct confine_allowed *allowed, const char *inside)
{
    pthread_t thread;
    int fd = -1;
    int version = 0;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (confine_landlock(allowed, &version) != STATUS_OK)
        return 1;
    if (version == 0)
        return 0;
    if (pthread_create(&thread, NULL, open_in_a_thread, &fd) != 0 || pthread_join(thread, NULL) != 0 || fd >= 0)
        return 2;
    if (open(victim, O_RDONLY) >= 0 || errno != EACCES || unlink(victim) == 0)
        return 3;
    if (inside != NULL && open(inside, O_WRONLY | O_CREAT, 0600) < 0)
        return 4;
    if (version >= 4 && (may_bind((uint16_t)(allowed->port + 1)) || (allowed->port != 0 && !may_bind(allowed->port))))
        return 5;
    return 0;
}

static int landlock_outcome(const struct confine_allowed *allowed, const char *inside)
{
    int wait_status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(landlocked(allowed, inside));
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    assert_true(WIFEXITED(wait_status));
    return WEXITSTATUS(wait_status);
}

static void landlock_alone_leaves_each_its_own(void **state)
{
    (void)state;
    char folder[HARNESS_PATH_MOST + 16];
    char inside[HARNESS_PATH_MOST + 32];
    int version = 0;
    const struct confine_allowed planner = {.folder = NULL};
    const struct confine_allowed front = {.port = 47447};
    const struct confine_allowed exchange = {.folder = folder};
    snprintf(victim, sizeof victim, "%s", harness.config);
    snprintf(folder, sizeof folder, "%s/own", harness.folder);
    snprintf(inside, sizeof inside, "%s/file", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(landlock_outcome(&planner, NULL), 0);
    assert_int_equal(landlock_outcome(&front, NULL), 0);
    assert_int_equal(landlock_outcome(&exchange, inside), 0);
    /* What was asked for is there: a folder that can't be opened is no reason to go on without. */
    pid_t pid = fork();
    if (pid == 0) {
        const struct confine_allowed missing = {.folder = "/there-is-no-such-folder-of-muster"};
        int status = confine_landlock(&missing, &version);
        _exit(version == 0 || status == STATUS_IO ? 0 : 1);
    }
    int wait_status = 0;
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    assert_true(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0);
    if (!harness_logged(&harness, "landlock=0", NULL, 0))
        return;
    print_message("this kernel has no Landlock: only its absence was tested\n");
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
        CONFINE_TEST(landlock_encloses_who_opens_something),
        CONFINE_TEST(keys_lie_in_locked_memory),
        CONFINE_TEST(front_exchange_and_planner_open_and_start_nothing),
        CONFINE_TEST(landlock_alone_leaves_each_its_own),
        CONFINE_TEST(no_child_outlives_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
