/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/front/meter.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* The kernel's struct tcp_info has the byte counters that the C library's lacks. */
#include <linux/tcp.h>

#include <uthash.h>

#include "proto/status.h"

/* ZMTP and CURVE around one message: frame head 9, command name 8, nonce 8, tag 16, flags 1. */
#define MESSAGE_OVERHEAD 42u

struct meter_connection {
    int fd;
    uint64_t accepted; /* monotonic milliseconds */
    uint64_t delivered;
    bool spoke;
    bool cut;
    UT_hash_handle hh;
};

struct meter {
    struct meter_limits limits;
    struct meter_connection *connections;
    uint64_t looked;  /* monotonic, at the memory */
    uint64_t checked; /* monotonic */
    long most;        /* kilobytes that this process had at most, when it was checked */
};

int meter_new(const struct meter_limits *limits, struct meter **meter)
{
    struct meter *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->limits = *limits;
    *meter = made;
    return STATUS_OK;
}

static void meter_remove(struct meter *meter, struct meter_connection *connection)
{
    HASH_DEL(meter->connections, connection);
    free(connection);
}

void meter_free(struct meter *meter)
{
    if (meter == NULL)
        return;
    struct meter_connection *connection;
    struct meter_connection *next;
    HASH_ITER(hh, meter->connections, connection, next) meter_remove(meter, connection);
    free(meter);
}

void meter_cut(int fd)
{
    shutdown(fd, SHUT_RDWR);
}

void meter_accept(struct meter *meter, int fd, uint64_t now)
{
    meter_end(meter, fd);
    struct meter_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL || meter_connections(meter) >= meter->limits.connections) {
        free(connection);
        meter_cut(fd);
        return;
    }
    connection->fd = fd;
    connection->accepted = now;
    HASH_ADD_INT(meter->connections, fd, connection);
}

static struct meter_connection *meter_find(struct meter *meter, int fd)
{
    struct meter_connection *connection = NULL;
    HASH_FIND_INT(meter->connections, &fd, connection);
    return connection;
}

void meter_end(struct meter *meter, int fd)
{
    struct meter_connection *connection = meter_find(meter, fd);
    if (connection != NULL)
        meter_remove(meter, connection);
}

void meter_deliver(struct meter *meter, int fd, size_t length)
{
    struct meter_connection *connection = meter_find(meter, fd);
    if (connection == NULL)
        return;
    connection->spoke = true;
    connection->delivered += length + MESSAGE_OVERHEAD;
}

/* The bytes that TCP received on a connection and that were not delivered; 0 where it can not be asked. */
static uint64_t meter_undelivered(struct meter_connection *connection)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    /* The overhead is an upper estimate; what it gives too much must not add up to a licence. */
    if (connection->delivered > info.tcpi_bytes_received)
        connection->delivered = info.tcpi_bytes_received;
    return info.tcpi_bytes_received - connection->delivered;
}

static void meter_end_one(struct meter_connection *connection, unsigned *count)
{
    connection->cut = true;
    meter_cut(connection->fd);
    ++*count;
}

static long meter_memory(void)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

bool meter_is_due(struct meter *meter, uint64_t now)
{
    if (now - meter->looked < METER_PERIOD)
        return false;
    meter->looked = now;
    return now - meter->checked >= METER_REST || meter_memory() >= meter->most + METER_GROWTH;
}

unsigned meter_check(struct meter *meter, uint64_t now)
{
    unsigned count = 0;
    uint64_t together = 0;
    meter->checked = now;
    meter->most = meter_memory();
    struct meter_connection *most = NULL;
    uint64_t held = 0;
    for (struct meter_connection *connection = meter->connections; connection != NULL; connection = connection->hh.next) {
        if (connection->cut)
            continue;
        uint64_t undelivered = meter_undelivered(connection);
        bool silent = !connection->spoke && now - connection->accepted > meter->limits.silence;
        if (silent || undelivered > meter->limits.undelivered) {
            meter_end_one(connection, &count);
            continue;
        }
        together += undelivered;
        if (undelivered > held) {
            held = undelivered;
            most = connection;
        }
    }
    if (together > meter->limits.together && most != NULL)
        meter_end_one(most, &count);
    return count;
}

size_t meter_connections(const struct meter *meter)
{
    return HASH_COUNT(meter->connections);
}
