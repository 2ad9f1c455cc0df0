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
#include "broker/exchange_queue.h"
#include "broker/metrics.h"
#include "broker/exchange_report.h"
#include "broker/pipe.h"
#include "proto/status.h"
#include "store/damage.h"

#define RESTART_PATIENCE 2000u /* milliseconds that answers may take to leave before a restart */
#define TICK_MILLISECONDS 250u       /* deadlines are days; a test's clock is seen within this */
#define HELPERS_MOST 4u
#define PLANNER_GRACE_SECONDS 5u     /* a planner ends by itself at its limit: this long after it, it is stuck */
#define COMPARE_SECONDS 60u          /* a person waits */
#define QUIETS_MOST 10u               /* times [planner] quiet_milliseconds that a plan waits at most for a pause */
#define RETRY_START_MILLISECONDS 1000 /* between tries to write the started entry on a full disk */
#define HELD_MILLISECONDS 5000u      /* that another process may hold the store: one that was killed is soon gone */
#define HELD_RETRY_MILLISECONDS 50

struct process {
    const struct config *config;
    struct exchange *exchange;
    struct verifier *verifier; /* NULL: the log is looked at when it is opened, and no more */
    struct clock_file clock_file;
    struct seam_clock clock;
    int control;
    struct pipe front;
    struct pipe planner;
    struct queue answers;     /* that the front has no room for yet */
    bool held;                /* another process has the store */
    bool planning;            /* the planner has a question */
    uint64_t plan_until;      /* monotonic: then it is stuck */
    uint64_t plan_after;      /* monotonic: changes are planned from then on; 0: nothing changed */
    uint64_t news_since;      /* monotonic: the oldest change that may wait for a plan */
    uint64_t restart_at; /* at the latest, after a redaction; 0: none */
    uint64_t ticked;
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
    pipe_close(&process->front);
    queue_clear(&process->answers);
    exchange_forget(process->exchange);
    exchange_admission_again(process->exchange);
    if (pipe_open(&process->front, fd, PIPE_FRAME_MOST) != STATUS_OK)
        pipe_close(&process->front);
}

static int process_take_planner(struct process *process, int fd, const struct exchange_sink *sink)
{
    pipe_close(&process->planner);
    if (pipe_open(&process->planner, fd, PIPE_FRAME_MOST) != STATUS_OK)
        pipe_close(&process->planner);
    if (!process->planning)
        return STATUS_OK;
    process->planning = false;
    return exchange_plan_lost(process->exchange, false, sink);
}

static int process_control(struct process *process, const struct exchange_sink *sink)
{
    for (;;) {
        char what = 0;
        int fd = -1;
        int got = control_receive(process->control, &what, &fd);
        if (got <= 0)
            return got < 0 ? STATUS_UNREACHABLE : STATUS_OK;
        /* The parent's children die by themselves as well: readers among them are none, but a backup may be. */
        store_check_readers(exchange_store(process->exchange), NULL);
        int status = STATUS_OK;
        if (what == CONTROL_FRONT && fd >= 0)
            process_take_front(process, fd);
        else if (what == CONTROL_PLANNER && fd >= 0)
            status = process_take_planner(process, fd, sink);
        else if (fd >= 0)
            close(fd);
        if (status != STATUS_OK)
            return status;
    }
}

/* --- the front ------------------------------------------------------------------------------------------------- */

static void process_answer(void *data, uint64_t handle, const uint8_t *bytes, size_t length)
{
    struct process *process = data;
    struct pipe_message message = {.handle = handle};
    uint8_t head[PIPE_HEAD_MOST];
    size_t head_length = pipe_pack_head(&message, head);
    if (process->front.fd < 0)
        return;
    if (queue_is_empty(&process->answers) &&
        pipe_send(&process->front, PIPE_ANSWER, head, head_length, bytes, length) == STATUS_OK)
        return;
    if (queue_add(&process->answers, head, head_length, bytes, length) != STATUS_OK)
        process->report.answers_lost++;
}

/* A pipe that ended shows at the next reading. */
static void process_flush(void *data)
{
    struct process *process = data;
    if (process->front.fd >= 0)
        pipe_flush(&process->front);
}

/* What waited for the front's credit. */
static void process_drain(struct process *process)
{
    const uint8_t *bytes = NULL;
    size_t length = 0;
    while (queue_peek(&process->answers, &bytes, &length) &&
           pipe_send(&process->front, PIPE_ANSWER, bytes, length, NULL, 0) == STATUS_OK)
        queue_drop(&process->answers);
}

static int process_admit(struct process *process)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    bool changed = false;
    if (process->front.fd < 0)
        return STATUS_OK;
    int status = exchange_admission(process->exchange, &changed, &bytes, &length);
    if (status != STATUS_OK || !changed)
        return status;
    if (pipe_send(&process->front, PIPE_ADMITTED, bytes, length, NULL, 0) != STATUS_OK)
        exchange_admission_again(process->exchange);
    free(bytes);
    return STATUS_OK;
}

/* Copies what waits into one batch, and has it done. *more: there may be another. */
static int process_batch(struct process *process, const struct exchange_sink *sink, bool *more)
{
    struct exchange_message messages[EXCHANGE_BATCH_MOST];
    struct pipe_message heads[EXCHANGE_BATCH_MOST];
    uint8_t *copies[EXCHANGE_BATCH_MOST];
    size_t count = 0;
    size_t total = 0;
    int status = STATUS_OK;
    struct pipe_frame frame;
    *more = false;
    while (count < EXCHANGE_BATCH_MOST && total < PIPE_WINDOW && (status = pipe_next(&process->front, &frame)) == STATUS_OK) {
        if (frame.kind == PIPE_READY) {
            metrics_write(METRICS_DEBUG, "front-ready", "waiting=%zu", process->answers.bytes);
            continue;
        }
        struct pipe_message *head = &heads[count];
        if (frame.kind != PIPE_REQUEST || pipe_unpack_message(frame.bytes, frame.length, head) != STATUS_OK) {
            status = STATUS_UNREACHABLE;
            break;
        }
        copies[count] = malloc(head->length + 1);
        if (copies[count] == NULL) {
            status = STATUS_NO_MEMORY;
            break;
        }
        memcpy(copies[count], head->bytes, head->length);
        messages[count] = (struct exchange_message){head->handle, head->party, copies[count], head->length};
        total += head->length;
        count++;
    }
    *more = status == STATUS_OK;
    if (status == STATUS_UNREACHABLE)
        pipe_close(&process->front);
    if (status != STATUS_NO_MEMORY)
        status = count == 0 ? STATUS_OK : exchange_batch(process->exchange, messages, count, sink);
    for (size_t i = 0; i < count; i++)
        free(copies[i]);
    return status;
}

static int process_front(struct process *process, const struct exchange_sink *sink)
{
    if (process->front.fd < 0)
        return STATUS_OK;
    if (pipe_fill(&process->front) == STATUS_NO_MEMORY)
        return STATUS_NO_MEMORY;
    bool more = true;
    int status = STATUS_OK;
    while (more && status == STATUS_OK && process->front.fd >= 0 && !queue_is_full(&process->answers))
        status = process_batch(process, sink, &more);
    return status;
}

/* --- the planner ----------------------------------------------------------------------------------------------- */

static int process_planner(struct process *process, const struct exchange_sink *sink)
{
    struct pipe_frame frame;
    if (process->planner.fd < 0)
        return STATUS_OK;
    int filled = pipe_fill(&process->planner);
    int status = pipe_next(&process->planner, &frame);
    if (status == STATUS_OK && frame.kind == PIPE_PLAN && process->planning) {
        process->planning = false;
        status = exchange_planned(process->exchange, frame.bytes, frame.length, sink);
        pipe_release(&process->planner);
        return status;
    }
    if (status == STATUS_NOT_FOUND && filled == STATUS_OK)
        return STATUS_OK;
    /* It ended, or speaks nonsense: the parent starts another. */
    pipe_close(&process->planner);
    if (status == STATUS_OK)
        send(process->control, &(char){CONTROL_STUCK}, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (!process->planning)
        return STATUS_OK;
    process->planning = false;
    return exchange_plan_lost(process->exchange, false, sink);
}

/* Planning waits for changes to pause, but not for ever: under constant change it begins after so many pauses. */
static void process_note_news(struct process *process, uint64_t now)
{
    uint64_t quiet = process->config->quiet_milliseconds;
    if (exchange_news(process->exchange) == 0)
        return;
    if (process->plan_after == 0)
        process->news_since = now;
    uint64_t latest = process->news_since + QUIETS_MOST * quiet;
    process->plan_after = now + quiet < latest ? now + quiet : latest;
}

/* Sends the next question, if the planner is free; ends a planner that takes too long. */
static int process_plan(struct process *process, uint64_t now, const struct exchange_sink *sink)
{
    if (process->planning && now >= process->plan_until) {
        metrics_write(METRICS_WARNING, "planner-stuck", "seconds=%u", process->config->planner_seconds);
        send(process->control, &(char){CONTROL_STUCK}, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        pipe_close(&process->planner);
        process->planning = false;
        return exchange_plan_lost(process->exchange, true, sink);
    }
    process_note_news(process, now);
    bool wanted = (process->plan_after != 0 && now >= process->plan_after) || exchange_has_question(process->exchange);
    if (process->planning || process->planner.fd < 0 || !wanted)
        return STATUS_OK;
    const uint8_t *bytes = NULL;
    size_t length = 0;
    bool compare = false;
    int status = exchange_plan(process->exchange, &bytes, &length, &compare);
    if (status != STATUS_OK)
        return status;
    if (length == 0) {
        process->plan_after = 0;
        return STATUS_OK;
    }
    uint32_t seconds = compare ? COMPARE_SECONDS : process->config->planner_seconds;
    process->planning = true;
    process->news_since = now;
    process->plan_until = now + (uint64_t)(seconds + PLANNER_GRACE_SECONDS) * 1000;
    if (pipe_send(&process->planner, PIPE_PLAN, bytes, length, NULL, 0) == STATUS_OK)
        return STATUS_OK;
    /* A market that no frame holds is a plan that failed. */
    process->planning = false;
    return exchange_plan_lost(process->exchange, true, sink);
}

/* --- the loop -------------------------------------------------------------------------------------------------- */

static int process_tick(struct process *process, uint64_t now, const struct exchange_sink *sink)
{
    if (now - process->ticked < TICK_MILLISECONDS)
        return STATUS_OK;
    process->ticked = now;
    if (now - process->readers_checked >= 60000) {
        process->readers_checked = now;
        store_check_readers(exchange_store(process->exchange), NULL);
    }
    int status = exchange_report_verified(&process->report, process->verifier);
    exchange_report_write(&process->report, process->exchange, now);
    return status == STATUS_OK ? exchange_tick(process->exchange, sink) : status;
}

static int process_wait(struct process *process, uint64_t now)
{
    struct pollfd items[] = {
        {.fd = process->control, .events = POLLIN},
        {.fd = process->front.fd,
         .events = (short)((queue_is_full(&process->answers) ? 0 : POLLIN) | (pipe_wants_write(&process->front) ? POLLOUT : 0))},
        {.fd = process->planner.fd, .events = (short)(POLLIN | (pipe_wants_write(&process->planner) ? POLLOUT : 0))},
        {.fd = exchange_collect_fd(process->exchange), .events = POLLIN},
    };
    uint64_t until = process->ticked + TICK_MILLISECONDS;
    if (process->plan_after != 0 && !process->planning && process->planner.fd >= 0 && process->plan_after < until)
        until = process->plan_after;
    int timeout = until <= now ? 0 : (int)(until - now);
    if (poll(items, sizeof items / sizeof items[0], timeout) < 0 && errno != EINTR)
        return STATUS_IO;
    return STATUS_OK;
}

static int process_turn(struct process *process, const struct exchange_sink *sink)
{
    int status = process_wait(process, process_now());
    if (status == STATUS_OK)
        status = process_control(process, sink);
    if (status == STATUS_OK)
        status = process_front(process, sink);
    if (status == STATUS_OK)
        status = exchange_collect(process->exchange, sink);
    if (status == STATUS_OK)
        status = process_planner(process, sink);
    uint64_t now = process_now();
    if (status == STATUS_OK)
        status = process_tick(process, now, sink);
    if (status == STATUS_OK)
        status = process_plan(process, now, sink);
    if (status == STATUS_OK)
        status = process_admit(process);
    if (status != STATUS_OK)
        return status;
    process_drain(process);
    /* A pipe that ended shows at the next reading; the parent hands over another. */
    if (process->front.fd >= 0 && pipe_flush(&process->front) != STATUS_OK)
        pipe_close(&process->front);
    if (process->planner.fd >= 0)
        pipe_flush(&process->planner);
    return STATUS_OK;
}

/* A redaction ends the process, and the planner with its copy of the market, once what was asked is answered or nobody takes the answers. */
static bool process_must_restart(struct process *process, uint64_t now)
{
    if (!exchange_must_restart(process->exchange))
        return false;
    if (process->restart_at == 0)
        process->restart_at = now + RESTART_PATIENCE;
    bool answered = queue_is_empty(&process->answers) && (process->front.fd < 0 || !pipe_wants_write(&process->front));
    return answered || now >= process->restart_at;
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
    int status = exchange_open(options, &process->exchange, &why);
    while (status == STATUS_BUSY && process_now() < until && process_stopping == 0) {
        poll(NULL, 0, HELD_RETRY_MILLISECONDS);
        status = exchange_open(options, &process->exchange, &why);
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
    while ((status = exchange_start(process->exchange)) == STATUS_NO_SPACE && process_stopping == 0) {
        metrics_write(METRICS_ERROR, "no-space-to-start", "retry_milliseconds=%d", RETRY_START_MILLISECONDS);
        poll(NULL, 0, RETRY_START_MILLISECONDS);
    }
    if (status == STATUS_OK && config->verify_seconds > 0)
        status = verifier_new(exchange_store(process->exchange), exchange_note_key(process->exchange),
                              exchange_signed_from(process->exchange), config->verify_seconds, &process->verifier);
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
    struct process process = {.config = config, .control = control_fd, .front = {.fd = -1}, .planner = {.fd = -1}};
    store_watch_damage(process_damaged);
    exchange_report_start(&process.report, (uint64_t)config->metrics_seconds * 1000, process_now());
    const struct exchange_sink sink = {process_answer, process_flush, &process};
    int status = process_open(&process);
    if (status == STATUS_OK)
        metrics_write(METRICS_INFO, "started", "clock=%s", config_has_test_clock(config) ? "test" : "system");
    while (status == STATUS_OK && process_stopping == 0 && !process_must_restart(&process, process_now()))
        status = process_turn(&process, &sink);
    if (status == STATUS_OK && exchange_must_restart(process.exchange))
        metrics_write(METRICS_INFO, "restarts", "why=redaction");
    if (status != STATUS_OK && status != STATUS_UNREACHABLE)
        metrics_write(METRICS_ERROR, "exchange-ends", "reason=%s", status_name(status));
    pipe_close(&process.front);
    pipe_close(&process.planner);
    queue_clear(&process.answers);
    verifier_free(process.verifier);
    exchange_close(process.exchange);
    return process.held ? EXIT_CODE_TRY_AGAIN : process_exit_code(status);
}
