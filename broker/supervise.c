/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/exchange_process.h"
#include "broker/metrics.h"
#include "proto/suspect.h"
#include "proto/seam.h"
#include "proto/status.h"

#define BACKOFF_LEAST 100u   /* milliseconds */
#define BACKOFF_MOST 5000u
#define BACKOFF_CRASHED 500u /* at most before a front that crashed: who else has messages does not wait for it */
#define HEALTHY 10000u       /* a child that ran so long begins again with the least backoff */
#define CHILD_BUFFER (1 << 20) /* bytes of a pipe that were sent and not read */
#define STOP_PATIENCE 5000u  /* from SIGTERM to SIGKILL */

enum child_role { CHILD_FRONT, CHILD_EXCHANGE, CHILD_PLANNER, CHILD_COUNT };

static const char *const child_names[CHILD_COUNT] = {"front", "exchange", "planner"};

struct child {
    pid_t pid;          /* 0: not running */
    uint64_t started;   /* monotonic milliseconds */
    uint64_t start_at;  /* not before */
    uint32_t backoff;
};

struct supervisor {
    const char *program;
    const char *config_path;
    int signals;        /* signalfd */
    sigset_t old_mask;
    int control;        /* to the exchange; -1: it is not running */
    struct child children[CHILD_COUNT];
    int record;         /* shared with the front; -1: none */
    struct suspects suspects;
    bool stopping;
    int exit_code;
};

static uint64_t supervise_now(void)
{
    return seam_clock_system.monotonic(seam_clock_system.data);
}

/* In the child: nothing but its descriptors, then the program itself in its role. */
static void supervise_exec(struct supervisor *supervisor, enum child_role role, int fd)
{
    sigprocmask(SIG_SETMASK, &supervisor->old_mask, NULL);
    /* Out of the way of the numbers that both get. dup2 clears close-on-exec. */
    int pipe = fcntl(fd, F_DUPFD_CLOEXEC, SUPERVISE_RECORD_FD + 1);
    int record = role == CHILD_FRONT ? fcntl(supervisor->record, F_DUPFD_CLOEXEC, SUPERVISE_RECORD_FD + 1) : -1;
    if (dup2(pipe, SUPERVISE_FD) < 0 || (role == CHILD_FRONT && dup2(record, SUPERVISE_RECORD_FD) < 0))
        _exit(EXIT_CODE_INTERNAL);
    char role_argument[32] = "--role=";
    strcat(role_argument, child_names[role]);
    char *const arguments[] = {(char *)"musterd", role_argument, (char *)"-c", (char *)supervisor->config_path, NULL};
    execv(supervisor->program, arguments);
    _exit(EXIT_CODE_INTERNAL);
}

/* Starts a child; *own gets this side of its pair. */
static int supervise_spawn(struct supervisor *supervisor, enum child_role role, int *own)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return STATUS_IO;
    /* So that a batch's answers leave in one piece; what the system does not give, it does not. */
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++)
        setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &(int){CHILD_BUFFER}, sizeof(int));
    pid_t pid = fork();
    if (pid == 0)
        supervise_exec(supervisor, role, pair[1]);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return STATUS_IO;
    }
    struct child *child = &supervisor->children[role];
    child->pid = pid;
    child->started = supervise_now();
    *own = pair[0];
    metrics_write(METRICS_INFO, "child-started", "child=%s pid=%d", child_names[role], (int)pid);
    return STATUS_OK;
}

/* Hands the exchange one end of a new pair. */
static bool supervise_hand_over(struct supervisor *supervisor, char what, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } room = {{0}};
    struct iovec part = {.iov_base = &what, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    return sendmsg(supervisor->control, &message, MSG_NOSIGNAL) == 1;
}

static void supervise_postpone(struct child *child, uint64_t now, uint32_t most)
{
    bool healthy = child->started != 0 && now - child->started >= HEALTHY;
    child->backoff = child->backoff == 0 || healthy ? BACKOFF_LEAST : child->backoff * 2;
    if (child->backoff > most)
        child->backoff = most;
    child->start_at = now + child->backoff;
}

/* Memory for a front to come, with the keys that it is to refuse. Nobody else holds it once that front is gone. */
static int supervise_make_record(struct supervisor *supervisor, uint64_t now)
{
    struct suspect_record record;
    suspects_fill(&supervisor->suspects, now, &record);
    if (supervisor->record >= 0)
        close(supervisor->record);
    supervisor->record = -1;
    return suspect_share(&record, sizeof record, &supervisor->record);
}

/* Tells the exchange who is refused, for coordinators to see. */
static void supervise_show_refused(struct supervisor *supervisor, uint64_t now)
{
    struct suspect_shown shown;
    int fd;
    suspects_show(&supervisor->suspects, now, &shown);
    if (shown.count == 0 || supervisor->control < 0 || suspect_share(&shown, sizeof shown, &fd) != STATUS_OK)
        return;
    supervise_hand_over(supervisor, CONTROL_REFUSED, fd);
    close(fd);
}

/* A front ended by a signal: whose message it was, where that can be told. Public keys and names of parties are no secrets. */
static void supervise_front_crashed(struct supervisor *supervisor, int signal, uint64_t now)
{
    static const char *const places[] = {"unseen", "own", "library", "outside", "aborted"};
    struct suspect_record record;
    char recent[SUSPECT_RECENT * SUSPECT_USER_MOST];
    if (supervisor->record < 0 || suspect_read(supervisor->record, &record, sizeof record) != STATUS_OK)
        return;
    const struct suspect *suspect = suspects_judge(&supervisor->suspects, &record, now);
    suspects_recent(&record, recent, sizeof recent);
    const char *place = places[record.crash <= SUSPECT_ABORTED ? record.crash : SUSPECT_NO_CRASH];
    metrics_write(METRICS_WARNING, "front-crashed", "signal=%d thread=%s suspect=%s times=%u heard=%s", signal, place, suspect != NULL ? suspect->user : "none",
                  suspect != NULL ? suspect->times : 0, recent);
    if (suspect == NULL || suspect->until <= now)
        return;
    metrics_write(METRICS_WARNING, "key-refused", "key=%s minutes=%llu reason=crashed-the-front", suspect->user, (unsigned long long)(suspect->until - now) / 60000);
    supervise_show_refused(supervisor, now);
}

/* Starts the exchange, or a child whose pipe it is handed. */
static void supervise_start(struct supervisor *supervisor, enum child_role role, uint64_t now)
{
    int own = -1;
    if ((role == CHILD_FRONT && supervise_make_record(supervisor, now) != STATUS_OK) || supervise_spawn(supervisor, role, &own) != STATUS_OK) {
        supervise_postpone(&supervisor->children[role], now, BACKOFF_MOST);
        return;
    }
    if (role == CHILD_EXCHANGE) {
        supervisor->control = own;
        supervise_show_refused(supervisor, now);
        return;
    }
    /* An exchange that is just ending takes it with it when its own end is seen. */
    supervise_hand_over(supervisor, role == CHILD_FRONT ? CONTROL_FRONT : CONTROL_PLANNER, own);
    close(own);
}

static void supervise_start_due(struct supervisor *supervisor, uint64_t now)
{
    static const enum child_role order[] = {CHILD_EXCHANGE, CHILD_FRONT, CHILD_PLANNER};
    for (size_t i = 0; i < CHILD_COUNT && !supervisor->stopping; i++) {
        struct child *child = &supervisor->children[order[i]];
        bool possible = order[i] == CHILD_EXCHANGE || supervisor->control >= 0;
        if (child->pid == 0 && possible && now >= child->start_at)
            supervise_start(supervisor, order[i], now);
    }
}

static void supervise_kill(struct supervisor *supervisor, enum child_role role, int signal)
{
    if (supervisor->children[role].pid > 0)
        kill(supervisor->children[role].pid, signal);
}

static void supervise_stop(struct supervisor *supervisor)
{
    supervisor->stopping = true;
    for (unsigned role = 0; role < CHILD_COUNT; role++)
        supervise_kill(supervisor, role, SIGTERM);
}

static void supervise_exchange_ended(struct supervisor *supervisor, int code)
{
    if (supervisor->control >= 0)
        close(supervisor->control);
    supervisor->control = -1;
    if (code == EXIT_CODE_IO || code == EXIT_CODE_INPUT || code == EXIT_CODE_TRY_AGAIN) {
        supervisor->exit_code = code;
        metrics_write(METRICS_ERROR, "stays-stopped", "code=%d", code);
        supervise_stop(supervisor);
    }
    /* Front and planner hold pipes to nobody: they go, and come back without having failed. */
    supervise_kill(supervisor, CHILD_FRONT, SIGKILL);
    supervise_kill(supervisor, CHILD_PLANNER, SIGKILL);
}

static void supervise_ended(struct supervisor *supervisor, pid_t pid, int wait_status)
{
    uint64_t now = supervise_now();
    for (unsigned role = 0; role < CHILD_COUNT; role++) {
        struct child *child = &supervisor->children[role];
        if (child->pid != pid)
            continue;
        int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
        metrics_write(supervisor->stopping ? METRICS_INFO : METRICS_WARNING, "child-ended", "child=%s pid=%d code=%d signal=%d",
                      child_names[role], (int)pid, code, WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0);
        child->pid = 0;
        bool crashed = role == CHILD_FRONT && WIFSIGNALED(wait_status);
        if (role == CHILD_EXCHANGE || supervisor->control >= 0)
            supervise_postpone(child, now, crashed ? BACKOFF_CRASHED : BACKOFF_MOST);
        else
            child->start_at = now;
        if (crashed && WTERMSIG(wait_status) != SIGKILL && !supervisor->stopping)
            supervise_front_crashed(supervisor, WTERMSIG(wait_status), now);
        if (role == CHILD_EXCHANGE)
            supervise_exchange_ended(supervisor, code);
    }
}

static void supervise_reap(struct supervisor *supervisor)
{
    int wait_status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
        supervise_ended(supervisor, pid, wait_status);
}

static void supervise_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signals, &info, sizeof info) == (ssize_t)sizeof info)
        if ((info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) && !supervisor->stopping) {
            metrics_write(METRICS_INFO, "stopping", "signal=%u", info.ssi_signo);
            supervise_stop(supervisor);
        }
    supervise_reap(supervisor);
}

/* What the exchange asks: the planner's end. */
static void supervise_listen(struct supervisor *supervisor)
{
    char asked[16];
    ssize_t got = recv(supervisor->control, asked, sizeof asked, MSG_DONTWAIT);
    for (ssize_t i = 0; i < got; i++)
        if (asked[i] == CONTROL_STUCK)
            supervise_kill(supervisor, CHILD_PLANNER, SIGKILL);
    if (got == 0) {
        /* It is ending; its end as a process comes by SIGCHLD. */
        close(supervisor->control);
        supervisor->control = -1;
    }
}

static bool supervise_any_runs(const struct supervisor *supervisor)
{
    for (unsigned role = 0; role < CHILD_COUNT; role++)
        if (supervisor->children[role].pid > 0)
            return true;
    return false;
}

/* Milliseconds until the next thing that no signal announces. */
static int supervise_timeout(const struct supervisor *supervisor, uint64_t now, uint64_t kill_at)
{
    uint64_t next = now + 60000;
    if (supervisor->stopping)
        next = kill_at;
    for (unsigned role = 0; role < CHILD_COUNT && !supervisor->stopping; role++)
        if (supervisor->children[role].pid == 0 && supervisor->children[role].start_at < next &&
            (role == CHILD_EXCHANGE || supervisor->control >= 0))
            next = supervisor->children[role].start_at;
    return next <= now ? 0 : (int)(next - now);
}

static void supervise_loop(struct supervisor *supervisor)
{
    uint64_t kill_at = 0;
    while (!supervisor->stopping || supervise_any_runs(supervisor)) {
        uint64_t now = supervise_now();
        supervise_start_due(supervisor, now);
        if (supervisor->stopping && kill_at == 0)
            kill_at = now + STOP_PATIENCE;
        if (supervisor->stopping && now >= kill_at) {
            for (unsigned role = 0; role < CHILD_COUNT; role++)
                supervise_kill(supervisor, role, SIGKILL);
            kill_at = now + STOP_PATIENCE;
        }
        struct pollfd items[] = {
            {.fd = supervisor->signals, .events = POLLIN},
            {.fd = supervisor->control, .events = POLLIN},
        };
        if (poll(items, 2, supervise_timeout(supervisor, now, kill_at)) < 0 && errno != EINTR)
            return;
        if (items[1].revents != 0 && supervisor->control >= 0)
            supervise_listen(supervisor);
        supervise_signals(supervisor);
    }
}

int supervise_run(const char *program, const char *config_path)
{
    struct supervisor supervisor = {.program = program, .config_path = config_path, .control = -1, .record = -1};
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigprocmask(SIG_BLOCK, &mask, &supervisor.old_mask);
    supervisor.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (supervisor.signals < 0)
        return EXIT_CODE_INTERNAL;
    supervise_loop(&supervisor);
    for (unsigned role = 0; role < CHILD_COUNT; role++)
        supervise_kill(&supervisor, role, SIGKILL);
    close(supervisor.signals);
    metrics_write(METRICS_INFO, "stopped", "code=%d", supervisor.exit_code);
    return supervisor.exit_code;
}
