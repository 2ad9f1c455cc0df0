/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/clock_file.h"
#include "broker/confine.h"
#include "broker/exchange.h"
#include "broker/metrics.h"
#include "broker/exchange_report.h"
#include "broker/exchange_turn.h"
#include "broker/pipe.h"
#include "proto/suspect.h"
#include "proto/status.h"
#include "store/damage.h"

#define RESTART_PATIENCE 2000u /* milliseconds that answers may take to leave before a restart */
#define LOOK_MILLISECONDS 250u
#define HELPERS_MOST 4u
#define RETRY_START_MILLISECONDS 1000 /* between tries to write the started entry on a full disk */
#define HELD_MILLISECONDS 5000u      /* that another process may hold the store: one that was killed is soon gone */
#define HELD_RETRY_MILLISECONDS 50

struct process {
    const struct config *config;
    struct exchange_turn turn;
    struct verifier *verifier; /* NULL: the log is looked at when it is opened, and no more */
    struct clock_file clock_file;
    struct seam_clock clock;
    int control;
    bool held;                /* another process has the store */
    uint64_t restart_at; /* at the latest, after a redaction; 0: none */
    uint64_t looked;
    uint64_t readers_checked;
    struct exchange_report report;
};

static volatile sig_atomic_t process_stopping;

static void process_stop(int signal)
{
    (void)signal;
    process_stopping = 1;
}

static uint64_t process_now(void)
{
    return seam_clock_system.monotonic(seam_clock_system.data);
}

/* --- the parent's line ----------------------------------------------------------------------------------------- */

/* Receives one byte, and a descriptor beside it (-1: none). 0: nothing there; -1: the parent is gone. */
static int control_receive(int control, char *what, int *fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } room = {{0}};
    struct iovec part = {.iov_base = what, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room.bytes};
    *fd = -1;
    ssize_t got = recvmsg(control, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    if (got == 0)
        return -1;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(fd, CMSG_DATA(head), sizeof(int));
    return 1;
}

static void process_take_front(struct process *process, int fd)
{
    struct pipe pipe;
    if (pipe_open(&pipe, fd, PIPE_FRAME_MOST) != STATUS_OK)
        pipe_close(&pipe);
    exchange_turn_take_front(&process->turn, &pipe);
}

static int process_take_planner(struct process *process, int fd)
{
    struct pipe pipe;
    if (pipe_open(&pipe, fd, PIPE_FRAME_MOST) != STATUS_OK)
        pipe_close(&pipe);
    return exchange_turn_take_planner(&process->turn, &pipe);
}

/* Asks the parent for the planner's end. */
static void process_end_planner(void *data)
{
    const struct process *process = data;
    send(process->control, &(char){CONTROL_STUCK}, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Keys that the front refuses from now on. */
static void process_take_refused(struct process *process, int fd)
{
    struct suspect_shown shown;
    if (suspect_read(fd, &shown, sizeof shown) == STATUS_OK)
        exchange_note_refused(process->turn.exchange, &shown);
    close(fd);
}

static int process_control(struct process *process)
{
    for (;;) {
        char what = 0;
        int fd = -1;
        int got = control_receive(process->control, &what, &fd);
        if (got <= 0)
            return got < 0 ? STATUS_UNREACHABLE : STATUS_OK;
        /* The parent's children die by themselves as well: readers among them are none, but a backup may be. */
        store_check_readers(exchange_store(process->turn.exchange), NULL);
        int status = STATUS_OK;
        if (what == CONTROL_FRONT && fd >= 0)
            process_take_front(process, fd);
        else if (what == CONTROL_PLANNER && fd >= 0)
            status = process_take_planner(process, fd);
        else if (what == CONTROL_REFUSED && fd >= 0)
            process_take_refused(process, fd);
        else if (fd >= 0)
            close(fd);
        if (status != STATUS_OK)
            return status;
    }
}

/* --- the loop -------------------------------------------------------------------------------------------------- */

/* What the process looks at beside the turn: dead readers, what the verification of the log found, and its own figures. */
static int process_look(struct process *process, uint64_t now)
{
    if (now - process->looked < LOOK_MILLISECONDS)
        return STATUS_OK;
    process->looked = now;
    if (now - process->readers_checked >= 60000) {
        process->readers_checked = now;
        store_check_readers(exchange_store(process->turn.exchange), NULL);
    }
    process->report.answers_lost = process->turn.answers_lost;
    exchange_report_write(&process->report, process->turn.exchange, now);
    return exchange_report_verified(&process->report, process->verifier);
}

static int process_wait(struct process *process, uint64_t now)
{
    const struct exchange_turn *turn = &process->turn;
    struct pollfd items[] = {
        {.fd = process->control, .events = POLLIN},
        {.fd = turn->front.fd, .events = (short)((exchange_turn_listens(turn) ? POLLIN : 0) | (pipe_wants_write(&turn->front) ? POLLOUT : 0))},
        {.fd = turn->planner.fd, .events = (short)(POLLIN | (pipe_wants_write(&turn->planner) ? POLLOUT : 0))},
        {.fd = exchange_collect_fd(turn->exchange), .events = POLLIN},
    };
    uint64_t until = exchange_turn_due(turn);
    int timeout = until <= now ? 0 : (int)(until - now);
    if (poll(items, sizeof items / sizeof items[0], timeout) < 0 && errno != EINTR)
        return STATUS_IO;
    return STATUS_OK;
}

static int process_turn(struct process *process)
{
    int status = process_wait(process, process_now());
    if (status == STATUS_OK)
        status = process_control(process);
    if (status == STATUS_OK)
        status = exchange_turn_run(&process->turn);
    return status == STATUS_OK ? process_look(process, process_now()) : status;
}

/* A redaction ends the process, and the planner with its copy of the market, once what was asked is answered or nobody takes the answers. */
static bool process_must_restart(struct process *process, uint64_t now)
{
    if (!exchange_must_restart(process->turn.exchange))
        return false;
    if (process->restart_at == 0)
        process->restart_at = now + RESTART_PATIENCE;
    return exchange_turn_is_answered(&process->turn) || now >= process->restart_at;
}

static int process_exit_code(int status)
{
    switch (status) {
    case STATUS_OK:
    case STATUS_UNREACHABLE:
        return EXIT_CODE_DONE;
    case STATUS_IO:
    case STATUS_CORRUPT:
    case STATUS_FORGED:
    case STATUS_NEWER:
        return EXIT_CODE_IO;
    case STATUS_DENIED:
    case STATUS_NOT_FOUND:
    case STATUS_INVALID:
        return EXIT_CODE_INPUT;
    default:
        return EXIT_CODE_INTERNAL;
    }
}

/* Opens the exchange; waits a while for a store that another process has, which may be about to end. */
static int process_open_exchange(struct process *process, const struct exchange_options *options)
{
    const char *why = NULL;
    char path[CONFIG_TEXT_MOST];
    uint64_t until = process_now() + HELD_MILLISECONDS;
    int status = exchange_open(options, &process->turn.exchange, &why);
    while (status == STATUS_BUSY && process_now() < until && process_stopping == 0) {
        poll(NULL, 0, HELD_RETRY_MILLISECONDS);
        status = exchange_open(options, &process->turn.exchange, &why);
    }
    process->held = status == STATUS_BUSY;
    if (process->held && config_path(process->config, EXCHANGE_STORE, path) == STATUS_OK)
        metrics_write(METRICS_ERROR, "store-held", "by_pid=%ld remedy=\"end the musterd that it belongs to, or give this one a store of its own\"",
                      store_holder(path));
    if (status != STATUS_OK)
        metrics_write(METRICS_ERROR, "exchange-not-opened", "what=%s reason=%s", why, status_name(status));
    return status;
}

static int process_open(struct process *process)
{
    const struct config *config = process->config;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    process->clock = seam_clock_system;
    int status = STATUS_OK;
    if (config_has_test_clock(config))
        status = clock_file_open(config->clock + strlen("file:"), &process->clock_file, &process->clock);
    if (status != STATUS_OK) {
        metrics_write(METRICS_ERROR, "exchange-not-opened", "what=clock reason=%s", status_name(status));
        return status;
    }
    struct exchange_options options = {
        .directory = config->directory,
        .map_size = (uint64_t)config->map_megabytes << 20,
        .floor = (uint64_t)config->floor_megabytes << 20,
        .reader = processors > 1,
        .helpers = processors < 2 ? 0 : processors > HELPERS_MOST ? HELPERS_MOST : (unsigned)processors - 1,
        .clock = &process->clock,
        .random = &seam_random_nonces,
    };
    const struct confine_allowed allowed = {.folder = config->directory};
    status = confine_enclose(&allowed);
    if (status == STATUS_OK)
        status = process_open_exchange(process, &options);
    if (status != STATUS_OK)
        return status;
    while ((status = exchange_start(process->turn.exchange)) == STATUS_NO_SPACE && process_stopping == 0) {
        metrics_write(METRICS_ERROR, "no-space-to-start", "retry_milliseconds=%d", RETRY_START_MILLISECONDS);
        poll(NULL, 0, RETRY_START_MILLISECONDS);
    }
    if (status == STATUS_OK && config->verify_seconds > 0)
        status = verifier_new(exchange_store(process->turn.exchange), exchange_note_key(process->turn.exchange),
                              exchange_signed_from(process->turn.exchange), config->verify_seconds, &process->verifier);
    if (status == STATUS_OK && confine_exchange() != STATUS_OK)
        status = STATUS_NO_MEMORY;
    return status;
}

static void process_damaged(uint64_t at)
{
    if (at == STORE_DAMAGE_ANYWHERE)
        metrics_write(METRICS_ERROR, "store-damaged", "what=\"a page points nowhere\"");
    else
        metrics_write(METRICS_ERROR, "store-damaged", "what=\"a page points to where none is\" byte=%llu", (unsigned long long)at);
    _exit(EXIT_CODE_IO);
}

int exchange_process_run(const struct config *config, int control_fd)
{
    struct sigaction stop = {.sa_handler = process_stop};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    struct process process = {.config = config, .control = control_fd};
    process.turn = (struct exchange_turn){.clock = &seam_clock_system, .quiet_milliseconds = config->quiet_milliseconds,
                                          .planner_seconds = config->planner_seconds, .end_planner = process_end_planner,
                                          .data = &process, .front = {.fd = -1}, .planner = {.fd = -1}};
    store_watch_damage(process_damaged);
    exchange_report_start(&process.report, (uint64_t)config->metrics_seconds * 1000, process_now());
    int status = process_open(&process);
    if (status == STATUS_OK)
        metrics_write(METRICS_INFO, "started", "clock=%s", config_has_test_clock(config) ? "test" : "system");
    while (status == STATUS_OK && process_stopping == 0 && !process_must_restart(&process, process_now()))
        status = process_turn(&process);
    if (status == STATUS_OK && exchange_must_restart(process.turn.exchange))
        metrics_write(METRICS_INFO, "restarts", "why=redaction");
    if (status != STATUS_OK && status != STATUS_UNREACHABLE)
        metrics_write(METRICS_ERROR, "exchange-ends", "reason=%s", status_name(status));
    exchange_turn_end(&process.turn);
    verifier_free(process.verifier);
    exchange_close(process.turn.exchange);
    return process.held ? EXIT_CODE_TRY_AGAIN : process_exit_code(status);
}
