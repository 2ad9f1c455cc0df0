/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_BENCH_FIGURES_H
#define TESTS_BENCH_FIGURES_H

#include <stddef.h>
#include <stdint.h>

/* What make bench-broker measured: printed, and written as broker.json and broker.svg. */

#define FIGURES_ROWS 4u
#define FIGURES_SLICES_MOST 16u
#define FIGURES_BULK_CLIENTS 8u
#define FIGURES_BULK_OBJECTS 500u

/* One side of a comparison, over all its slices. */
struct figures_side {
    double rates[FIGURES_SLICES_MOST]; /* acknowledged a second, slice by slice */
    unsigned slices;
    uint64_t acknowledged;
    double p50, p99;  /* milliseconds, summed over the slices */
    double processor; /* microseconds of the server's processes */
};

struct figures_row {
    unsigned clients;
    struct figures_side loop_unsigned, exchange_unsigned, loop_signed, exchange_signed;
};

/* The acknowledgement's time while nothing else goes on, and beside readers and the planner at work. */
struct figures_beside {
    double idle_p50, idle_p99, busy_p50, busy_p99; /* milliseconds */
    double reads;                                  /* answered a second meanwhile */
    uint64_t plans;                                /* made meanwhile */
};

/* Acknowledged a second, by themselves and beside attackers that have half of one core. */
struct figures_attacked {
    double alone, under;
};

struct figures {
    struct figures_row rows[FIGURES_ROWS];
    struct figures_side bulk; /* submissions of FIGURES_BULK_OBJECTS objects */
    struct figures_beside beside;
    struct figures_attacked attacked;
};

/* Prints a table. */
void figures_print(const struct figures *figures);

/* Prints it and writes both files into folder. STATUS_IO. */
int figures_write(const struct figures *figures, const char *folder);

#endif
