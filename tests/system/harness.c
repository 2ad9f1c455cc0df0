/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/system/harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "tests/unit/patience.h"

#define START_MILLISECONDS 10000
#define TASK_SECONDS 120
#define STEP 5 /* milliseconds between two looks */

void harness_pause(int milliseconds)
{
    poll(NULL, 0, milliseconds);
}

static int harness_join(char *path, const char *folder, const char *name)
{
    int length = snprintf(path, HARNESS_PATH_MOST, "%s/%s", folder, name);
    return length < 0 || (size_t)length >= HARNESS_PATH_MOST ? STATUS_TOO_LARGE : STATUS_OK;
}

/* bin/musterd of the build whose tests/ the running program lies under. */
static int harness_find_program(struct harness *harness)
{
    char self[HARNESS_PATH_MOST];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return STATUS_IO;
    self[length] = '\0';
    char *tests = NULL;
    for (char *at = strstr(self, "/tests/"); at != NULL; at = strstr(at + 1, "/tests/"))
        tests = at;
    if (tests == NULL)
        return STATUS_NOT_FOUND;
    *tests = '\0';
    return harness_join(harness->program, self, "bin/musterd");
}

static int harness_find_port(struct harness *harness)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int status = STATUS_IO;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        snprintf(harness->address, sizeof harness->address, "tcp://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
        status = STATUS_OK;
    }
    if (fd >= 0)
        close(fd);
    return status;
}

static void harness_write_clock(struct harness *harness, uint64_t wall, uint64_t monotonic)
{
    char text[64];
    int length = snprintf(text, sizeof text, "%020" PRIu64 " %020" PRIu64 "\n", wall, monotonic);
    int fd = open(harness->clock, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    ssize_t written = pwrite(fd, text, (size_t)length, 0);
    (void)written;
    close(fd);
}

void harness_set_clock(struct harness *harness, uint64_t milliseconds)
{
    harness->now = milliseconds;
    harness_write_clock(harness, milliseconds, milliseconds);
}

void harness_jump_clock(struct harness *harness, uint64_t milliseconds)
{
    harness_write_clock(harness, milliseconds, harness->now);
    harness->now = milliseconds;
}

int harness_prepare(struct harness *harness)
{
    *harness = (struct harness){0};
    const char *base = getenv("TMPDIR");
    int length = snprintf(harness->folder, sizeof harness->folder, "%s/muster-test-XXXXXX", base != NULL ? base : "/tmp");
    if (length < 0 || (size_t)length >= sizeof harness->folder || seam_start() != STATUS_OK || mkdtemp(harness->folder) == NULL)
        return STATUS_IO;
    int status = harness_find_program(harness);
    if (status == STATUS_OK)
        status = harness_find_port(harness);
    if (status == STATUS_OK)
        status = harness_join(harness->directory, harness->folder, "exchange");
    if (status == STATUS_OK)
        status = harness_join(harness->config, harness->directory, "musterd.conf");
    if (status == STATUS_OK)
        status = harness_join(harness->log, harness->folder, "log");
    if (status == STATUS_OK)
        status = harness_join(harness->clock, harness->folder, "clock");
    if (status == STATUS_OK)
        status = keys_generate(KEY_SIGNING, &seam_random_system, &harness->signing);
    if (status == STATUS_OK)
        status = keys_generate(KEY_BOX, &seam_random_system, &harness->box);
    if (status == STATUS_OK)
        status = keys_generate(KEY_CURVE, &seam_random_system, &harness->curve);
    if (status == STATUS_OK)
        harness_set_clock(harness, HARNESS_START);
    return status;
}

static int harness_write_file(const char *path, const char *text, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (file == NULL)
        return STATUS_IO;
    int status = fputs(text, file) < 0 ? STATUS_IO : STATUS_OK;
    return fclose(file) == 0 ? status : STATUS_IO;
}

static int harness_read_exchange(struct harness *harness)
{
    char path[HARNESS_PATH_MOST];
    char text[INTRODUCTION_SIZE];
    int status = harness_join(path, harness->directory, "exchange.pub");
    FILE *file = status == STATUS_OK ? fopen(path, "re") : NULL;
    if (file == NULL)
        return STATUS_NOT_FOUND;
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    return introduction_read_exchange(text, length, &harness->exchange);
}

/* In the child: standard output and error to the log, and never outliving the test. */
static void harness_exec(const struct harness *harness, const char *const *arguments)
{
    int log = open(harness->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    struct rlimit limit = {harness->descriptors, harness->descriptors};
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    /* A confined process can't be stopped to have its leaks looked for at its end. */
    setenv("ASAN_OPTIONS", "detect_leaks=0", 0);
    if (harness->descriptors != 0 && setrlimit(RLIMIT_NOFILE, &limit) != 0)
        _exit(127);
    if (log >= 0 && dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)
        execv(harness->program, (char *const *)arguments);
    _exit(127);
}

static int harness_run(const struct harness *harness, const char *const *arguments)
{
    int wait_status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        alarm((unsigned)patience(TASK_SECONDS));
        harness_exec(harness, arguments);
    }
    if (pid < 0 || waitpid(pid, &wait_status, 0) != pid)
        return -1;
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}

int harness_open(struct harness *harness, const char *extra)
{
    char path[HARNESS_PATH_MOST];
    char clock[HARNESS_PATH_MOST + 8];
    char text[INTRODUCTION_SIZE];
    int status = harness_prepare(harness);
    if (status == STATUS_OK)
        status = harness_join(path, harness->folder, "coordinator.pub");
    if (status != STATUS_OK)
        return status;
    struct introduction_coordinator *coordinator = &harness->coordinator;
    *coordinator = (struct introduction_coordinator){.party = "hq", .country = "NL", .name = "Joint orders office"};
    memcpy(coordinator->signing_key, harness->signing.public_key, 32);
    memcpy(coordinator->box_key, harness->box.public_key, 32);
    memcpy(coordinator->curve_key, harness->curve.public_key, 32);
    status = introduction_write_coordinator(coordinator, text);
    if (status == STATUS_OK)
        status = harness_write_file(path, text, "we");
    if (status != STATUS_OK)
        return status;
    snprintf(clock, sizeof clock, "file:%s", harness->clock);
    const char *arguments[] = {"musterd", "--init", harness->directory, "--coordinator", path, "--origin", "test.example/log",
                               "--address", harness->address, "--test-clock", clock, NULL};
    if (getenv(HARNESS_MACHINE_CLOCK) != NULL) {
        arguments[9] = NULL;
        harness->now = seam_clock_system.wall(seam_clock_system.data);
    }
    if (harness_run(harness, arguments) != EXIT_CODE_DONE)
        return STATUS_INVALID;
    if (extra != NULL)
        status = harness_write_file(harness->config, extra, "ae");
    return status == STATUS_OK ? harness_read_exchange(harness) : status;
}

int harness_task(const struct harness *harness, const char *const *more)
{
    const char *arguments[16] = {"musterd", "-c", harness->config};
    size_t count = 3;
    for (size_t i = 0; more[i] != NULL && count < 15; i++)
        arguments[count++] = more[i];
    return harness_run(harness, arguments);
}

int harness_launch(struct harness *harness)
{
    const char *const arguments[] = {"musterd", "-c", harness->config, NULL};
    if (harness->pid > 0)
        return STATUS_EXISTS;
    harness->pid = fork();
    if (harness->pid == 0)
        harness_exec(harness, arguments);
    return harness->pid < 0 ? STATUS_IO : STATUS_OK;
}

int harness_start(struct harness *harness)
{
    size_t offset = harness_log_size(harness);
    int status = harness_launch(harness);
    if (status != STATUS_OK)
        return status;
    for (int waited = 0; waited < patience(START_MILLISECONDS); waited += STEP) {
        siginfo_t ended = {0};
        if (harness_logged(harness, "event=listening", &offset, STEP))
            return STATUS_OK;
        /* One that ended can still be waited for: it is only looked at. */
        if (waitid(P_PID, (id_t)harness->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == harness->pid)
            break;
    }
    return STATUS_UNREACHABLE;
}

int harness_begin(struct harness *harness, const char *extra)
{
    int status = harness_open(harness, extra);
    if (status == STATUS_OK)
        status = harness_start(harness);
    if (status != STATUS_OK) {
        harness_show(harness);
        harness_close(harness);
    }
    return status;
}

int harness_wait(struct harness *harness, int milliseconds, int *code)
{
    int wait_status = 0;
    if (harness->pid <= 0)
        return STATUS_NOT_FOUND;
    for (int waited = 0; waitpid(harness->pid, &wait_status, WNOHANG) == 0; waited += STEP) {
        if (waited >= patience(milliseconds))
            return STATUS_BUSY;
        harness_pause(STEP);
    }
    harness->pid = 0;
    if (code != NULL)
        *code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
    return STATUS_OK;
}

int harness_stop(struct harness *harness, int *code)
{
    if (harness->pid <= 0)
        return STATUS_NOT_FOUND;
    kill(harness->pid, SIGTERM);
    return harness_wait(harness, START_MILLISECONDS, code);
}

size_t harness_log_size(const struct harness *harness)
{
    struct stat entry;
    return stat(harness->log, &entry) == 0 ? (size_t)entry.st_size : 0;
}

/* The whole log, ended by a NUL; freed by the caller. NULL: there is none. */
static char *harness_read_log(const struct harness *harness)
{
    size_t size = harness_log_size(harness);
    FILE *file = fopen(harness->log, "re");
    char *text = malloc(size + 1);
    if (file == NULL || text == NULL) {
        free(text);
        if (file != NULL)
            fclose(file);
        return NULL;
    }
    text[fread(text, 1, size, file)] = '\0';
    fclose(file);
    return text;
}

bool harness_logged(const struct harness *harness, const char *text, size_t *offset, int milliseconds)
{
    for (int waited = 0;; waited += STEP) {
        char *log = harness_read_log(harness);
        size_t from = offset == NULL ? 0 : *offset;
        char *found = log != NULL && strlen(log) >= from ? strstr(log + from, text) : NULL;
        if (found != NULL && offset != NULL)
            *offset = (size_t)(found - log) + strlen(text);
        free(log);
        if (found != NULL || waited >= patience(milliseconds))
            return found != NULL;
        harness_pause(STEP);
    }
}

pid_t harness_child(const struct harness *harness, const char *role)
{
    char wanted[64];
    int pid = 0;
    snprintf(wanted, sizeof wanted, "event=child-started child=%s pid=", role);
    char *log = harness_read_log(harness);
    for (char *at = log == NULL ? NULL : strstr(log, wanted); at != NULL; at = strstr(at + 1, wanted))
        pid = atoi(at + strlen(wanted));
    free(log);
    return pid;
}

int harness_kill(struct harness *harness, const char *role, int signal)
{
    if (strcmp(role, "parent") != 0) {
        pid_t pid = harness_child(harness, role);
        return pid > 0 && kill(pid, signal) == 0 ? STATUS_OK : STATUS_NOT_FOUND;
    }
    if (harness->pid <= 0)
        return STATUS_NOT_FOUND;
    /* The children die with their parent (PDEATHSIG); its pid is gone when it was waited for. */
    kill(harness->pid, signal);
    return harness_wait(harness, START_MILLISECONDS, NULL);
}

void harness_show(const struct harness *harness)
{
    char *log = harness_read_log(harness);
    fprintf(stderr, "--- musterd said:\n%s---\n", log != NULL ? log : "");
    free(log);
}

static int harness_remove(const char *path, const struct stat *entry, int flag, struct FTW *place)
{
    (void)entry;
    (void)flag;
    (void)place;
    return remove(path);
}

void harness_close(struct harness *harness)
{
    if (harness->pid > 0) {
        kill(harness->pid, SIGKILL);
        waitpid(harness->pid, NULL, 0);
        harness->pid = 0;
    }
    keys_drop(&harness->signing);
    keys_drop(&harness->box);
    keys_drop(&harness->curve);
    if (harness->folder[0] != '\0')
        nftw(harness->folder, harness_remove, 16, FTW_DEPTH | FTW_PHYS);
    harness->folder[0] = '\0';
}
