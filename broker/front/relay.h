/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_FRONT_RELAY_H
#define BROKER_FRONT_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/admission.h"
#include "broker/front/door.h"
#include "broker/front/hand.h"
#include "broker/front/meter.h"
#include "broker/front/visitor.h"
#include "broker/front/zap.h"
#include "broker/pipe.h"

/*
 * What the front does with each message: from a client through the limits into the pipe, from the exchange to the
 * connection that asked. Nothing here blocks. Whoever breaks a rule that no honest client breaks is cut.
 */

struct front_counts {
    uint64_t requests; /* passed on */
    uint64_t answers;  /* delivered to libzmq */
    uint64_t busy;     /* refused with a hint */
    uint64_t dropped;  /* answers to who is gone */
    uint64_t cut;
};

struct front {
    void *context;
    struct pipe pipe;
    struct zap *zap;
    struct door door;
    struct meter *meter;
    struct visitors *visitors;
    struct hand *hand;           /* NULL: nothing is noted */
    struct admission *admission; /* NULL until the exchange sent it */
    uint64_t looked;             /* monotonic, when every socket was looked at last */
    uint64_t passed;             /* monotonic, when a request was passed on last */
    int zap_fd;                  /* as the door's */
    bool unread;                 /* the router may have something that its descriptor no longer tells of */
    bool test_clock;             /* the exchange's time is not ours: invitations end with its list alone */
    struct front_counts counts;
};

/* Whether the exchange takes another message of the longest kind; until it does, clients wait in libzmq's queues. */
bool relay_has_room(const struct front *front);

/* Takes what the monitor tells. now: monotonic milliseconds. */
void relay_events(struct front *front, uint64_t now);

/* Passes on what clients sent, up to a batch. STATUS_OK or STATUS_IO (the socket failed). */
int relay_from_clients(struct front *front, uint64_t now);

/* Reads the pipe: answers go out, lists of keys are taken over. STATUS_OK, STATUS_UNREACHABLE (the exchange is gone),
 * STATUS_NO_MEMORY, STATUS_INVALID. */
int relay_from_exchange(struct front *front);

#endif
