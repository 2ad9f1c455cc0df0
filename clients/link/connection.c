/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clients/link/late.h"
#include "proto/status.h"

#define HANDSHAKE_MILLISECONDS 3000
#define RECONNECT_MILLISECONDS 100
#define WATCHED (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | \
                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CLOSED)

struct connection {
    void *socket;
    void *monitor;
    enum connection_state state;
};

/* Set by the first context, before any connection. */
static const struct late_zmq *zmq;

void *connection_context(void)
{
    zmq = late_zmq();
    void *context = zmq ? zmq->ctx_new() : NULL;
    if (context) {
        zmq->ctx_set(context, ZMQ_BLOCKY, 0);
        zmq->ctx_set(context, ZMQ_IPV6, 1);
    }
    return context;
}

void connection_context_end(void *context)
{
    if (context) {
        zmq->ctx_term(context);
    }
}

static int set_number(void *socket, int option, int value)
{
    return zmq->setsockopt(socket, option, &value, sizeof value);
}

static int set_options(void *socket, const struct connection_keys *keys)
{
    int64_t most = (int64_t)CONNECTION_FRAME_MOST;
    int failed = set_number(socket, ZMQ_LINGER, 0);
    failed |= set_number(socket, ZMQ_IMMEDIATE, 1);
    failed |= set_number(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MILLISECONDS);
    failed |= set_number(socket, ZMQ_RECONNECT_IVL, RECONNECT_MILLISECONDS);
    failed |= set_number(socket, ZMQ_TCP_KEEPALIVE, 1);
    failed |= set_number(socket, ZMQ_RCVHWM, 64);
    failed |= zmq->setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most);
    failed |= zmq->setsockopt(socket, ZMQ_CURVE_SERVERKEY, keys->front_key, 32);
    failed |= zmq->setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, 32);
    failed |= zmq->setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, 32);
    return failed ? STATUS_NO_MEMORY : STATUS_OK;
}

static int open_monitor(void *context, struct connection *connection)
{
    char name[64];
    snprintf(name, sizeof name, "inproc://muster-monitor-%p", (void *)connection);
    if (zmq->socket_monitor(connection->socket, name, WATCHED) != 0) {
        return STATUS_NO_MEMORY;
    }
    connection->monitor = zmq->socket(context, ZMQ_PAIR);
    if (!connection->monitor || set_number(connection->monitor, ZMQ_LINGER, 0) != 0 || zmq->connect(connection->monitor, name) != 0) {
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

int connection_new(void *context, const char *address, const struct connection_keys *keys, struct connection **connection)
{
    struct connection *made = calloc(1, sizeof *made);
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    int status = STATUS_INVALID;
    if (strncmp(address, "tcp://", 6) != 0 && strncmp(address, "ipc://", 6) != 0) {
        goto failed;
    }
    status = STATUS_NO_MEMORY;
    made->socket = zmq->socket(context, ZMQ_DEALER);
    if (!made->socket) {
        goto failed;
    }
    status = set_options(made->socket, keys);
    status = status ? status : open_monitor(context, made);
    if (status == STATUS_OK && zmq->connect(made->socket, address) != 0) {
        status = STATUS_INVALID;
    }
    if (status == STATUS_OK) {
        *connection = made;
        return STATUS_OK;
    }
failed:
    connection_end(made);
    return status;
}

void connection_end(struct connection *connection)
{
    if (!connection) {
        return;
    }
    if (connection->socket) {
        zmq->socket_monitor(connection->socket, NULL, 0);
        zmq->close(connection->socket);
    }
    if (connection->monitor) {
        zmq->close(connection->monitor);
    }
    free(connection);
}

/* Takes the events that wait, without waiting for more. */
static void take_events(struct connection *connection)
{
    for (;;) {
        uint8_t frame[6 + 256];
        int got = zmq->recv(connection->monitor, frame, sizeof frame, ZMQ_DONTWAIT);
        if (got < 0) {
            return;
        }
        uint16_t event = 0;
        if (got >= (int)sizeof event) {
            memcpy(&event, frame, sizeof event);
        }
        int more = 0;
        size_t size = sizeof more;
        while (zmq->getsockopt(connection->monitor, ZMQ_RCVMORE, &more, &size) == 0 && more) {
            if (zmq->recv(connection->monitor, frame, sizeof frame, 0) < 0) {
                return;
            }
        }
        switch (event) {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
            connection->state = CONNECTION_OPEN;
            break;
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            connection->state = CONNECTION_REFUSED;
            break;
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            /* A front that stops in the middle of a handshake looks the same as one with another key. */
            if (connection->state != CONNECTION_REFUSED) {
                connection->state = CONNECTION_FOREIGN;
            }
            break;
        case ZMQ_EVENT_DISCONNECTED:
            if (connection->state == CONNECTION_OPEN) {
                connection->state = CONNECTION_TRYING;
            }
            break;
        default:
            break;
        }
    }
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

enum connection_state connection_wait(struct connection *connection, int milliseconds)
{
    int64_t until = now() + milliseconds;
    for (;;) {
        take_events(connection);
        int64_t left = until - now();
        if (connection->state != CONNECTION_TRYING || left <= 0) {
            return connection->state;
        }
        zmq_pollitem_t item = {.socket = connection->monitor, .events = ZMQ_POLLIN};
        if (zmq->poll(&item, 1, (long)left) < 0 && errno != EINTR) {
            return connection->state;
        }
    }
}

int connection_send(struct connection *connection, const void *bytes, size_t size)
{
    if (zmq->send(connection->socket, bytes, size, ZMQ_DONTWAIT) < 0) {
        return errno == EAGAIN ? STATUS_BUSY : STATUS_IO;
    }
    return STATUS_OK;
}

/* The message that waits; *bytes stays NULL where it was of several frames or empty. */
static int take_message(struct connection *connection, uint8_t **bytes, size_t *size)
{
    zmq_msg_t message;
    int status = STATUS_OK;
    bool single = true, first = true;
    *bytes = NULL;
    for (bool more = true; more; first = false) {
        zmq->msg_init(&message);
        if (zmq->msg_recv(&message, connection->socket, ZMQ_DONTWAIT) < 0) {
            zmq->msg_close(&message);
            status = errno == EAGAIN ? STATUS_UNREACHABLE : STATUS_IO;
            break;
        }
        more = zmq->msg_more(&message);
        single = first && !more;
        if (single && zmq->msg_size(&message)) {
            *size = zmq->msg_size(&message);
            *bytes = malloc(*size);
            if (*bytes) {
                memcpy(*bytes, zmq->msg_data(&message), *size);
            } else {
                status = STATUS_NO_MEMORY;
            }
        }
        zmq->msg_close(&message);
    }
    return status;
}

int connection_receive(struct connection *connection, int milliseconds, uint8_t **bytes, size_t *size)
{
    int64_t until = now() + milliseconds;
    for (;;) {
        int status = take_message(connection, bytes, size);
        if (status == STATUS_OK && *bytes) {
            return STATUS_OK;
        }
        if (status != STATUS_OK && status != STATUS_UNREACHABLE) {
            return status;
        }
        take_events(connection);
        int64_t left = until - now();
        if (left <= 0 || connection->state != CONNECTION_OPEN) {
            return STATUS_UNREACHABLE;
        }
        zmq_pollitem_t items[2] = {{.socket = connection->socket, .events = ZMQ_POLLIN}, {.socket = connection->monitor, .events = ZMQ_POLLIN}};
        if (zmq->poll(items, 2, (long)left) < 0 && errno != EINTR) {
            return STATUS_IO;
        }
        if (errno == EINTR && left <= 0) {
            return STATUS_UNREACHABLE;
        }
    }
}
