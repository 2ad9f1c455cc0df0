/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_FRONT_VISITOR_H
#define BROKER_FRONT_VISITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/admission.h"
#include "broker/front/zap.h"

/*
 * Who has spoken: one record a connection, found by libzmq's routing id when it asks and by a handle when it is answered.
 * A handle is a number of ours that is never used twice, so an answer can't reach the next owner of anything; routing
 * ids never leave this process. Also counts what each may ask in a second, what waits for it, and how many connections
 * hold one key. One thread.
 */

#define VISITOR_ROUTE_MOST 255u /* bytes of a routing id; libzmq makes 5 */

struct visitor {
    uint64_t handle;
    char user[ZAP_USER_MOST];
    char party[ADMISSION_PARTY_MOST + 1u];
    uint8_t curve_prefix[8];  /* of the key that it proved */
    int fd;
    uint32_t unanswered;
    uint8_t route_length;
    uint8_t route[VISITOR_ROUTE_MOST];
};

struct visitors;

struct visitor_limits {
    uint32_t requests_per_second;
    uint32_t unanswered;          /* requests of one connection that wait for their answers */
    uint32_t connections_per_key;
};

/* Freed with visitors_free(), which takes NULL. STATUS_NO_MEMORY. */
int visitors_new(const struct visitor_limits *limits, struct visitors **visitors);
void visitors_free(struct visitors *visitors);

/*
 * The record of a connection, made where it is new. user: its User-Id.
 * STATUS_DENIED: the User-Id has no right form, is not the record's, or holds too many connections: cut it.
 */
int visitors_meet(struct visitors *visitors, const uint8_t *route, size_t route_length, const char *user, int fd,
                  struct visitor **visitor);

/* Whether a connection with this routing id, on this descriptor, has a record. */
bool visitors_knows(struct visitors *visitors, const uint8_t *route, size_t route_length, int fd);

/* Counts one request at now (monotonic milliseconds). STATUS_OK, STATUS_BUSY: over a limit, not counted. */
int visitors_ask(struct visitors *visitors, struct visitor *visitor, uint64_t now);

/* The record of a handle, or NULL: it is gone. */
struct visitor *visitors_find(struct visitors *visitors, uint64_t handle);

/* Forgets a connection. */
void visitors_leave(struct visitors *visitors, struct visitor *visitor);

/* Forgets every connection on a descriptor: the monitor told that it ended. */
void visitors_end(struct visitors *visitors, int fd);

/* Calls cut for each connection whose key is no longer in the list, and forgets it. Returns how many. */
unsigned visitors_revoke(struct visitors *visitors, const struct admission *admission, void (*cut)(int fd));

size_t visitors_count(const struct visitors *visitors);

#endif
