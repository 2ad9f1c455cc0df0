/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

#include <stdbool.h>

#include "tests/bench/load.h"
#include "tests/system/party.h"

/*
 * An exchange under measurement: its own folder and port, agencies that have joined, items to ask for; and the submissions that
 * the agencies will send, signed and boxed before the clock runs. Each is a new demand in a lot of many, or so many of them.
 */

#define TRAFFIC_PARTIES 16u
#define TRAFFIC_ITEMS 8192u

struct traffic_queue {
    struct parcel *list;
    size_t count;
    size_t taken;
    uint64_t made; /* demands of this agency so far: their ids and lots follow from it */
};

struct traffic {
    struct harness harness;
    struct party hq;
    struct party agencies[TRAFFIC_PARTIES];
    struct traffic_queue queues[TRAFFIC_PARTIES];
    const struct key_pair *curves[TRAFFIC_PARTIES];
};

/* Starts program (NULL: the build's musterd) with extra settings. STATUS of what failed; then it is closed. */
int traffic_open(struct traffic *traffic, const char *program, const char *extra);
void traffic_close(struct traffic *traffic);

/* Makes as many submissions of so many demands each that each of the first so many agencies has `each` of them waiting. */
int traffic_make(struct traffic *traffic, size_t parties, size_t each, size_t demands);

/* Throws away what waits. */
void traffic_clear(struct traffic *traffic);

/* For load_run(): the next submission of client's agency (client % TRAFFIC_PARTIES); data is a struct traffic. */
const struct parcel *traffic_next(void *data, size_t client);

/* Bytes of a submission that waits, for the loop to be given the same; 0: none waits. */
size_t traffic_length(const struct traffic *traffic);

/* The position that the newest answer of each client acknowledges, the highest of all. STATUS_DENIED where one is no acknowledgement. */
int traffic_highest(struct traffic *traffic, const struct load *load, uint64_t *position);

/* Nanoseconds of processor time of front and exchange. */
uint64_t traffic_processor_time(const struct traffic *traffic);

/* Resident bytes of a role. */
size_t traffic_memory(const struct traffic *traffic, const char *role);

#endif
