/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "proto/keys.h"

/*
 * The clients of a measurement: so many DEALER sockets with CURVE, each with one message under way, driven by one thread
 * over one epoll. What they send was made before; what comes back is timed, and the newest answer of each is kept.
 */

#define LOAD_CLIENTS_MOST 512u

struct parcel {
    uint8_t *bytes;
    size_t length;
};

struct load_client;

struct load {
    void *context;
    int epoll;
    size_t count;
    struct load_client *clients;
};

struct load_result {
    uint64_t acknowledged;
    uint64_t hints;  /* answers too short to be one: the front was busy, or refused */
    double seconds;
    double p50, p99; /* milliseconds from sending to the answer */
};

/* Connects so many clients; client i uses key pairs[i % pair_count]. STATUS_IO, STATUS_NO_MEMORY. */
int load_open(struct load *load, const char *address, const uint8_t server_key[32], const struct key_pair *const *pairs,
              size_t pair_count, size_t count);
void load_close(struct load *load);

/*
 * Runs for so many milliseconds, or until next() gives client i nothing more; then waits for what is under way, which is not
 * counted. next's bytes must hold until it is called again. STATUS_UNREACHABLE: no answer came for ten seconds.
 */
int load_run(struct load *load, unsigned milliseconds, const struct parcel *(*next)(void *data, size_t client), void *data,
             struct load_result *result);

/* The newest answer of a client; length 0: none. */
const uint8_t *load_answer(const struct load *load, size_t client, size_t *length);

/* Nanoseconds of processor time that a process has used on all its threads; 0 where it is gone. */
uint64_t load_processor_time(int pid);

#endif
