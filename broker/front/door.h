/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_FRONT_DOOR_H
#define BROKER_FRONT_DOOR_H

#include <stddef.h>
#include <stdint.h>

#include "broker/config.h"

/*
 * The socket that the world reaches, with every option that libzmq needs to be safe with strangers: CURVE, a ZAP domain
 * that is enforced, limits on frames and handshakes, answers that fail rather than vanish. The options are set before it
 * binds and never changed on a live socket.
 */

struct door {
    void *router;
    void *monitor; /* tells of connections: PAIR socket of events */
    int router_fd; /* readable when something came to the socket since it was used last */
    int monitor_fd;
};

/* Such a descriptor of a socket, the socket's own. STATUS_IO. */
int door_descriptor(void *socket, int *fd);

/* Makes router and monitor, not bound yet. curve_secret, curve_public: 32 bytes each. STATUS_IO, STATUS_NO_MEMORY. */
int door_make(void *context, const struct config *config, const uint8_t curve_secret[32], struct door *door);

/* Binds the router. STATUS_IO with errno set: the address can't be had. */
int door_bind(struct door *door, const struct config *config);

void door_close(struct door *door);

enum door_event_kind { DOOR_NONE, DOOR_ACCEPTED, DOOR_ENDED, DOOR_OTHER };

/* The next event of the monitor; DOOR_NONE where none waits. */
enum door_event_kind door_next_event(struct door *door, int *fd);

/*
 * Proves that the door keeps strangers out: connects to it with a fresh key that is in no list, and waits for the refusal.
 * serve is called meanwhile, so that the handler answers. STATUS_OK: refused; STATUS_DENIED: it was let in, or nothing
 * came in time: musterd must not serve.
 */
int door_prove(void *context, struct door *door, const uint8_t curve_public[32], void (*serve)(void *data), void *data);

#endif
