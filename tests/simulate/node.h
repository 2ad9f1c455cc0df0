/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_NODE_H
#define TESTS_SIMULATE_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/exchange.h"
#include "broker/exchange_turn.h"
#include "proto/introduction.h"
#include "tests/simulate/wire.h"

/*
 * The exchange's process and its parent: started, given its turn, killed, started again; and the operator, who comes after an I/O error. A
 * kill is a point in the order of effects (a write, a flush, bytes to a pipe) after which there are none: what the process still computes
 * reaches nobody, and its disk refuses every call.
 */

struct run;

enum node_state { NODE_DOWN, NODE_UP, NODE_STOPPED };

struct node {
    enum node_state state;
    struct exchange_options options;
    struct store_files files;
    char directory[300];
    struct introduction_exchange public_file; /* what parties know of it */
    struct exchange_turn turn;
    struct wire front_wire, planner_wire;
    size_t wire_most;      /* bytes that a pipe takes at once */
    uint64_t start_at;     /* monotonic: when it is started again, or the operator comes */
    uint64_t effects;      /* so far */
    uint64_t kill_at;      /* the effect that is its last; 0: none */
    bool dead;
    bool power;            /* the kill is a power cut */
    uint64_t fired;        /* faults of the disk when it was started */
    uint64_t full_until;   /* monotonic: the disk is full until then */
    int store_error;       /* of the next commit, in place of the storage's; 0: none */
    bool store_done;       /* the commit is done and reported as failed */
};

/* Makes the exchange: keys, store, genesis. The first client is its coordinator. A status. */
int node_found(struct run *run);

/* Starts it where it is time to, or gives it its turn. */
void node_step(struct run *run);

/* It is killed at the so-manieth effect from now; power: what was not flushed may be lost. */
void node_kill_in(struct run *run, unsigned effects, bool power);

/* It is asked to end, and starts again. */
void node_end_gently(struct run *run);

/* A new front: the one before is gone. */
void node_new_front(struct run *run);
void node_new_planner(struct run *run);

/* Closes all. */
void node_end(struct run *run);

/* Whether an effect still happens. data: the run. */
bool node_effect(void *data);

#endif
