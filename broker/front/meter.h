/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_FRONT_METER_H
#define BROKER_FRONT_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What libzmq does not limit: the bytes of a message that is never finished (its high-water mark counts whole messages,
 * its size limit one frame), connections in all, and connections that stay silent. The meter knows each accepted
 * descriptor from the socket's monitor, compares what TCP received on it with what was delivered, and cuts with
 * shutdown(2) what has too much under way. libzmq notices and closes the descriptor itself; the meter never does.
 *
 * A descriptor can have been closed and taken by a newer connection when it is cut: that one connects again.
 */

struct meter;

struct meter_limits {
    uint64_t undelivered;     /* bytes received and not delivered, on one connection */
    uint64_t together;        /* the same on all connections: beyond it the one with most is cut */
    uint32_t connections;     /* at once */
    uint64_t silence;         /* milliseconds from accept to the first message */
};

/* Freed with meter_free(), which takes NULL. STATUS_NO_MEMORY. */
int meter_new(const struct meter_limits *limits, struct meter **meter);
void meter_free(struct meter *meter);

/* The monitor told of a new connection; it is cut at once where there are too many. now: monotonic milliseconds. */
void meter_accept(struct meter *meter, int fd, uint64_t now);

/* The monitor told of its end. */
void meter_end(struct meter *meter, int fd);

/* A message of length bytes came out of fd. */
void meter_deliver(struct meter *meter, int fd, size_t length);

/*
 * Whether it is time for a check: every METER_PERIOD milliseconds while this process uses more memory than it ever did, else every METER_REST,
 * since what is under way then lies in memory that it had before. To ask each connection costs 3 us.
 */
#define METER_PERIOD 20u
#define METER_REST 200u
#define METER_GROWTH 1024 /* kilobytes */
bool meter_is_due(struct meter *meter, uint64_t now);

/*
 * Cuts what breaks a limit. Returns how many were cut. A connection on loopback brings up to a megabyte in a millisecond: what arrives between
 * two checks comes on top of the limits.
 */
unsigned meter_check(struct meter *meter, uint64_t now);

/* Connections now. */
size_t meter_connections(const struct meter *meter);

/* Ends a connection from this side. */
void meter_cut(int fd);

#endif
