/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_CONNECTION_H
#define CLIENTS_LINK_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One connection to a broker's front: a DEALER with CURVE, no heartbeats (a full peer would abort the client), no
 * routing id of its own (a chosen one could collide), one frame a message. It tells a wrong key from a dead server by
 * watching the handshake, which the library itself hides. Nothing is handed to the library before the handshake is done,
 * so the caller knows whether anything can have been sent. One thread at a time.
 */

#define CONNECTION_FRAME_MOST ((size_t)16 << 20)

enum connection_state {
    CONNECTION_TRYING,    /* nobody answers yet */
    CONNECTION_OPEN,      /* the handshake is done */
    CONNECTION_REFUSED,   /* the front knows no such key (or the party is suspended, the invitation over) */
    CONNECTION_FOREIGN    /* somebody answers who is not that front: its key is another, or it speaks something else */
};

struct connection_keys {
    const uint8_t *front_key;   /* 32 bytes each */
    const uint8_t *public_key;
    const uint8_t *secret_key;
};

struct connection;

/* The context that connections share; NULL where memory or descriptors are out, or the machine lacks the library. */
void *connection_context(void);
void connection_context_end(void *context);

/* Begins to connect. STATUS_INVALID: the address is no "tcp://host:port" or "ipc://path"; STATUS_NO_MEMORY. */
int connection_new(void *context, const char *address, const struct connection_keys *keys, struct connection **connection);
void connection_end(struct connection *connection);

/*
 * Waits until the state is not TRYING, or so many milliseconds. The result is the state; TRYING: nobody answered. A refusal may
 * be followed by more tries of the library's own: the caller decides.
 */
enum connection_state connection_wait(struct connection *connection, int milliseconds);

/* Sends one frame on an open connection. STATUS_BUSY where the connection takes none now, STATUS_IO. */
int connection_send(struct connection *connection, const void *bytes, size_t size);

/*
 * Receives one message, waiting so many milliseconds at most. *bytes is freed by the caller. A message of several frames, or an
 * empty one, is dropped. STATUS_UNREACHABLE: none came, or the line was lost; STATUS_NO_MEMORY, STATUS_IO.
 */
int connection_receive(struct connection *connection, int milliseconds, uint8_t **bytes, size_t *size);

#endif
