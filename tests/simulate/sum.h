/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_SUM_H
#define TESTS_SIMULATE_SUM_H

#include <stdint.h>

#include "tests/simulate/run.h"

/* The figures of many seeds, for people and for a file. */

struct sum {
    uint64_t seeds, clients, findings;
    uint64_t lost; /* findings against the history of what was acknowledged */
    double began;
    struct run_figures figures;
};

void sum_begin(struct sum *sum);
void sum_add(struct sum *sum, const struct run *run);
void sum_say(const struct sum *sum);

/* Writes them as JSON, whole or not at all. A status. */
int sum_write(const struct sum *sum, const char *path);

#endif
