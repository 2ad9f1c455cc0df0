/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_BENCH_LOOP_H
#define TESTS_BENCH_LOOP_H

#include <stdbool.h>
#include <sys/types.h>

#include "proto/keys.h"
#include "tests/bench/load.h"

/*
 * What the libraries do by themselves, for comparison: one process, one thread, a ROUTER with CURVE; all messages that wait go
 * into one LMDB transaction, one row each; it is committed as musterd commits, with LMDB's own flushes; each message is sent
 * back as it came. No parser, no rule, no log. With signatures it verifies one Ed25519 signature a message.
 *
 * A message with a signature: signature64 || public key32 || the bytes that it covers.
 */

struct loop {
    pid_t pid;
    char address[64];
    struct key_pair key; /* CURVE, of the server */
};

/* Forks one that serves on a loopback port and keeps its rows in folder, which is made. Before the caller uses libzmq. */
int loop_start(struct loop *loop, const char *folder, bool verify);
void loop_stop(struct loop *loop);

/* A message of length bytes that such a loop takes, signed. STATUS_NO_MEMORY. */
int loop_parcel(size_t length, const struct key_pair *signing, struct parcel *parcel);

#endif
