/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

#include "broker/front/door.h"
#include "broker/front/hand.h"
#include "broker/front/meter.h"
#include "broker/front/relay.h"
#include "broker/front/visitor.h"
#include "broker/front/zap.h"
#include "broker/metrics.h"
#include "broker/pipe.h"
#include "proto/admission.h"
#include "proto/keys.h"
#include "proto/seam.h"
#include "proto/status.h"

#define IO_THREADS 2              /* at most: a wrong handshake costs 0.4 ms before the handler is asked */
#define PROCESSORS_AN_IO_THREAD 2 /* on fewer for each they take turns, and change over more often than they work side by side */
#define HANDSHAKES_BURST 4u       /* times the connections of a key: handshakes at once */
#define METER_SLACK (4u << 20)    /* bytes under way beside one message of the longest kind */
#define METER_MESSAGES 4u         /* messages of the longest kind under way on all connections together */
#define GATHER_MILLISECONDS 2     /* that a request waits at most for others while the exchange is busy */
#define FRONT_KEY_FILE "keys/front.key"

static volatile sig_atomic_t front_stopping;

static void front_stop(int signal)
{
    (void)signal;
    front_stopping = 1;
}

/* libzmq takes its first routing id from rand(): unseeded, a peer could guess the coming ones and abort us. */
static void front_seed(void)
{
    unsigned seed = 0;
    seam_random_system.fill(seam_random_system.data, &seed, sizeof seed);
    srand(seed);
}

static uint64_t front_now(void)
{
    return seam_clock_system.monotonic(seam_clock_system.data);
}

static void front_serve_zap(void *data)
{
    struct front *front = data;
    uint64_t wall = front->test_clock ? 0 : seam_clock_system.wall(seam_clock_system.data);
    zap_serve(front->zap, front->admission, wall, front_now());
}

/* The port that it listens on; 0 where the address names none. */
static uint16_t front_port(const struct config *config)
{
    const char *port = strrchr(config->address, ':');
    unsigned long number = port == NULL ? 0 : strtoul(port + 1, NULL, 10);
    return (uint16_t)(number > UINT16_MAX ? 0 : number);
}

static int front_io_threads(void)
{
    long threads = sysconf(_SC_NPROCESSORS_ONLN) / PROCESSORS_AN_IO_THREAD;
    return threads < 1 ? 1 : threads > IO_THREADS ? IO_THREADS : (int)threads;
}

static int front_open(struct front *front, const struct config *config, int (*enclose)(uint16_t port), uint8_t curve_public[32])
{
    char path[CONFIG_TEXT_MOST];
    struct key_pair pair = {0};
    int status = config_path(config, FRONT_KEY_FILE, path);
    if (status == STATUS_OK)
        status = keys_read(path, KEY_CURVE, NULL, &pair);
    if (status != STATUS_OK) {
        metrics_write(METRICS_ERROR, "key-unreadable", "file=%s reason=%s", FRONT_KEY_FILE, status_name(status));
        return status;
    }
    front_seed();
    memcpy(curve_public, pair.public_key, 32);
    int io_threads = front_io_threads();
    /* Its key is read: from here on no file, and no port but its own. Before libzmq starts its threads. */
    status = enclose(front_port(config));
    if (status != STATUS_OK)
        goto done;
    front->context = zmq_ctx_new();
    status = STATUS_NO_MEMORY;
    if (front->context == NULL || zmq_ctx_set(front->context, ZMQ_IO_THREADS, io_threads) != 0)
        goto done;
    uint32_t each = config->connections_per_key;
    uint64_t undelivered = (uint64_t)config->message_kilobytes * 1024 + METER_SLACK;
    struct meter_limits meter = {undelivered, METER_MESSAGES * undelivered, config->connections,
                                 (uint64_t)config->silence_seconds * 1000};
    struct visitor_limits visitors = {config->requests_per_second, config->waiting_messages, each};
    status = zap_open(front->context, HANDSHAKES_BURST * each, each, front->hand, &front->zap);
    if (status == STATUS_OK)
        status = door_descriptor(zap_socket(front->zap), &front->zap_fd);
    if (status == STATUS_OK)
        status = door_make(front->context, config, pair.secret, &front->door);
    if (status == STATUS_OK)
        status = meter_new(&meter, &front->meter);
    if (status == STATUS_OK)
        status = visitors_new(&visitors, &front->visitors);
done:
    keys_drop(&pair);
    return status;
}

/* Waits for the exchange's first list of keys: before it there is nobody to let in. */
static int front_await_admission(struct front *front)
{
    while (front->admission == NULL && front_stopping == 0) {
        if (pipe_flush(&front->pipe) != STATUS_OK)
            return STATUS_UNREACHABLE;
        zmq_pollitem_t item = {.fd = front->pipe.fd, .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, 1000);
        int status = relay_from_exchange(front);
        if (status != STATUS_OK)
            return status;
    }
    return front_stopping != 0 ? STATUS_CANCELLED : STATUS_OK;
}

/* Opens the door and shows that it keeps strangers out. Returns an exit code, 0 where it serves. */
static int front_bind(struct front *front, const struct config *config, const uint8_t curve_public[32])
{
    if (door_bind(&front->door, config) != STATUS_OK) {
        metrics_write(METRICS_ERROR, "address-unavailable", "address=%s errno=%d", config->address, errno);
        return EXIT_CODE_UNREACHABLE;
    }
    if (door_prove(front->context, &front->door, curve_public, front_serve_zap, front) != STATUS_OK) {
        metrics_write(METRICS_ERROR, "strangers-not-refused", "address=%s", config->address);
        return EXIT_CODE_INTERNAL;
    }
    return EXIT_CODE_DONE;
}

struct front_ready {
    bool pipe, zap, monitor;
};

/* While the exchange is at work on what it was given, what else clients send gathers for a moment: passed on one by one it costs twice as much. */
static bool front_gathers(const struct front *front, uint64_t now)
{
    return front->pipe.under_way > 0 && now < front->passed + GATHER_MILLISECONDS;
}

/*
 * Waits for something to do. A socket's descriptor tells only that something came since the socket was used last: each is read until
 * nothing is left, the router also after answers were sent on it, and all of them now and then.
 */
static int front_wait(struct front *front, uint64_t now, struct front_ready *ready)
{
    bool gathers = front_gathers(front, now);
    bool room = !gathers && relay_has_room(front);
    struct pollfd items[] = {
        {.fd = front->pipe.fd, .events = (short)(POLLIN | (pipe_wants_write(&front->pipe) ? POLLOUT : 0))},
        {.fd = front->zap_fd, .events = POLLIN},
        {.fd = front->door.monitor_fd, .events = POLLIN},
        {.fd = room ? front->door.router_fd : -1, .events = POLLIN},
    };
    int timeout = room && front->unread ? 0 : gathers ? GATHER_MILLISECONDS : METER_PERIOD;
    if (poll(items, sizeof items / sizeof items[0], timeout) < 0) {
        for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
            items[i].revents = 0;
        if (errno != EINTR)
            return STATUS_IO;
    }
    bool all = now >= front->looked + METER_PERIOD;
    front->looked = all ? now : front->looked;
    *ready = (struct front_ready){all || items[0].revents != 0, all || items[1].revents != 0, all || items[2].revents != 0};
    front->unread = front->unread || all || items[3].revents != 0 || (gathers && visitors_count(front->visitors) > 1);
    return STATUS_OK;
}

static int front_pass(struct front *front, uint64_t now)
{
    if (!front->unread || !relay_has_room(front))
        return STATUS_OK;
    uint64_t before = front->counts.requests;
    int status = relay_from_clients(front, now);
    if (front->counts.requests != before)
        front->passed = now;
    return status == STATUS_OK ? pipe_flush(&front->pipe) : status;
}

/* One turn: waits for something to do, and does it. STATUS_UNREACHABLE ends the front. */
static int front_turn(struct front *front)
{
    struct front_ready ready;
    int status = front_wait(front, front_now(), &ready);
    if (status != STATUS_OK)
        return status;
    uint64_t now = front_now();
    if (ready.zap)
        front_serve_zap(front);
    if (ready.monitor)
        relay_events(front, now);
    /* The exchange is done with what it had: it gets what came meanwhile before its answers go out, so that both work. */
    if (ready.pipe || !front_gathers(front, now))
        status = front_pass(front, now);
    if (status == STATUS_OK && ready.pipe)
        status = relay_from_exchange(front);
    if (status == STATUS_OK && !front_gathers(front, now))
        status = front_pass(front, now);
    if (status == STATUS_OK)
        status = pipe_flush(&front->pipe);
    if (meter_is_due(front->meter, now))
        front->counts.cut += meter_check(front->meter, now);
    return status;
}

static void front_close(struct front *front)
{
    visitors_free(front->visitors);
    meter_free(front->meter);
    door_close(&front->door);
    zap_close(front->zap);
    admission_free(front->admission);
    if (front->context != NULL)
        zmq_ctx_term(front->context);
    pipe_close(&front->pipe);
}

static void front_report(const struct front *front)
{
    struct zap_counts zap = zap_counted(front->zap);
    metrics_write(METRICS_INFO, "front-counts",
                  "admitted=%llu refused=%llu requests=%llu answers=%llu cut=%llu busy=%llu dropped=%llu connections=%zu",
                  (unsigned long long)zap.admitted, (unsigned long long)zap.refused,
                  (unsigned long long)front->counts.requests, (unsigned long long)front->counts.answers,
                  (unsigned long long)front->counts.cut, (unsigned long long)front->counts.busy,
                  (unsigned long long)front->counts.dropped, meter_connections(front->meter));
}

static int front_serve(struct front *front, const struct config *config, const uint8_t curve_public[32], int (*confine)(void))
{
    int status = front_await_admission(front);
    if (status != STATUS_OK)
        return EXIT_CODE_DONE;
    int code = front_bind(front, config, curve_public);
    if (code != EXIT_CODE_DONE)
        return code;
    if (confine() != STATUS_OK) {
        metrics_write(METRICS_ERROR, "not-confined", "errno=%d", errno);
        return EXIT_CODE_INTERNAL;
    }
    metrics_write(METRICS_INFO, "listening", "address=%s keys=%zu", config->address, admission_count(front->admission));
    if (pipe_send(&front->pipe, PIPE_READY, NULL, 0, NULL, 0) != STATUS_OK)
        return EXIT_CODE_INTERNAL;
    uint64_t reported = front_now();
    uint64_t period = (uint64_t)config->metrics_seconds * 1000;
    while (front_stopping == 0 && (status = front_turn(front)) == STATUS_OK)
        if (period != 0 && front_now() - reported >= period) {
            reported = front_now();
            front_report(front);
        }
    front_report(front);
    return status == STATUS_OK || status == STATUS_UNREACHABLE ? EXIT_CODE_DONE : EXIT_CODE_INTERNAL;
}

int front_run(const struct config *config, int pipe_fd, int record_fd, int (*enclose)(uint16_t port), int (*confine)(void))
{
    struct sigaction stop = {.sa_handler = front_stop};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    struct front front = {.pipe = {.fd = -1}, .test_clock = config_has_test_clock(config)};
    uint8_t curve_public[32];
    int code = EXIT_CODE_INTERNAL;
    if (hand_open(record_fd, &front.hand) == STATUS_OK && pipe_open(&front.pipe, pipe_fd, PIPE_FRAME_MOST) == STATUS_OK &&
        front_open(&front, config, enclose, curve_public) == STATUS_OK)
        code = front_serve(&front, config, curve_public, confine);
    front_close(&front);
    return code;
}
