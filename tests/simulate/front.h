/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_FRONT_H
#define TESTS_SIMULATE_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/pipe.h"
#include "proto/admission.h"

/*
 * The front and the network before it. A connection belongs to one client under one CURVE key that the exchange listed, and keeps its order;
 * between connections there is none. Messages are late, connections are cut with what is under way, the front dies. It may be hostile: send a
 * box again, cut one short or change a bit, deliver an answer to somebody else.
 */

struct run;
struct client;

struct connection {
    uint64_t handle;       /* never used twice */
    size_t client;
    char party[PIPE_PARTY_MOST + 1];
    bool open;
    uint64_t last_due[2];  /* up, down: what is sent later arrives later */
    uint64_t asked, answered; /* by the exchange's side of the pipe */
};

struct message {
    uint64_t due, order;
    uint64_t handle;
    bool up;
    uint8_t *bytes;
    size_t length;
};

struct front {
    struct pipe pipe;              /* to the exchange */
    bool up;                       /* the exchange handed over a list */
    struct admission *admission;
    struct connection *connections;
    size_t connection_count, connection_capacity;
    struct message *messages;
    size_t message_count, message_capacity;
    uint64_t next_handle;
    uint64_t next_order;
    bool hostile;
};

/* Connects a client under a CURVE key; 0: refused, or nobody is there. */
uint64_t front_connect(struct run *run, struct client *client, const uint8_t curve_key[32]);

/* Whether a connection still stands. */
bool front_is_open(const struct run *run, uint64_t handle);
void front_close(struct run *run, uint64_t handle);

/* A client sends a box. The bytes are copied. */
void front_send(struct run *run, uint64_t handle, const uint8_t *bytes, size_t length);

/* Hands what is due to the exchange. */
void front_deliver_up(struct run *run);

/* Takes what the exchange sent, and hands what is due to the clients. */
void front_deliver_down(struct run *run);

/* The exchange is gone; what it had sent, and what was on its way to clients, arrives all the same. */
void front_last_words(struct run *run);

/* All connections are gone, and what was under way. */
void front_lose(struct run *run);

/* A random misfortune of the network. */
void front_misfortune(struct run *run);

void front_end(struct run *run);

#endif
