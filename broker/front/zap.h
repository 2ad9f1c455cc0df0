/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_FRONT_ZAP_H
#define BROKER_FRONT_ZAP_H

#include <stdint.h>

#include "broker/front/hand.h"
#include "proto/suspect.h"
#include "proto/admission.h"

/*
 * The handler that libzmq asks at each CURVE handshake (ZeroMQ RFC 27). It must be bound before the door is, and the
 * door must name a domain and enforce it: otherwise libzmq lets every key pass. What is not surely right is refused.
 *
 * The User-Id it gives is "party/" and 16 hex digits of the key, so that a message tells which key its connection
 * proved. Each key has a budget of handshakes, so that no party can use up the connections of all.
 */

#define ZAP_DOMAIN "muster"
#define ZAP_USER_MOST SUSPECT_USER_MOST

struct zap;

struct zap_counts {
    uint64_t admitted;
    uint64_t refused;
};

/* Binds the handler in a libzmq context. burst and per_second: handshakes of one key; hand (may be NULL): which keys it refuses. Ended with
 * zap_close(), which takes NULL. STATUS_NO_MEMORY, STATUS_IO. */
int zap_open(void *context, uint32_t burst, uint32_t per_second, struct hand *hand, struct zap **zap);
void zap_close(struct zap *zap);

/* The socket to poll for requests. */
void *zap_socket(struct zap *zap);

/* Answers what is asked, by the list (NULL: everybody is refused) and the time: wall for invitations, monotonic for
 * budgets, both in milliseconds. */
void zap_serve(struct zap *zap, const struct admission *admission, uint64_t wall, uint64_t monotonic);

/* The User-Id of a key. */
void zap_user_make(const struct admission_key *key, char user[ZAP_USER_MOST]);

/* How many were let in and refused since the start. */
struct zap_counts zap_counted(const struct zap *zap);

#endif
