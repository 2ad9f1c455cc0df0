/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_WIRE_H
#define TESTS_SIMULATE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/pipe.h"

/*
 * A socketpair of the simulation's own: bytes in memory, in order, as much at once as there is room for. End 0 is the exchange's; what it
 * sends is an effect, that a process which was killed has no more.
 */

struct wire_way {
    uint8_t *bytes;
    size_t start, end, capacity;
    bool closed; /* by who writes, or who reads */
};

struct wire {
    struct pipe_line line;
    struct wire_way ways[2];       /* by the end that reads them */
    size_t most;                   /* bytes under way that a side takes */
    bool (*effect)(void *data);    /* asked before end 0 sends: false: it is dead */
    void *data;
};

#define WIRE_EXCHANGE 0
#define WIRE_OUTER 1

void wire_open(struct wire *wire, size_t most, bool (*effect)(void *data), void *data);

/* Both ends are closed, and what was under way is gone. */
void wire_cut(struct wire *wire);

#endif
