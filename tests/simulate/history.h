/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_HISTORY_H
#define TESTS_SIMULATE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What all clients sent and were told, in steps. Held against the log: what was acknowledged stands there once, at its place, with its bytes
 * and its receipt, behind whatever was acknowledged before it was sent; what was not, once or not at all; what never may, nowhere; and nothing
 * that nobody sent.
 */

struct run;
struct store_txn;

struct operation {
    size_t client;
    uint8_t id[16];
    uint8_t sha256[32];      /* of the envelope */
    uint64_t sent;           /* step before the first byte left */
    uint64_t acknowledged;   /* step at which the receipt was read; 0: not yet */
    uint64_t position;
    uint8_t receipt_sha256[32];
    bool object;             /* a demand's or an offer's */
    bool forbidden;          /* no rule lets it in: it must never stand in the log */
    bool seen;               /* the check's */
};

struct history {
    struct operation *operations;
    size_t count, capacity;
};

/* Notes what is about to be sent; its index. */
size_t history_sent(struct run *run, size_t client, const uint8_t id[16], const uint8_t *envelope, size_t size, bool forbidden);

/* Notes a receipt. One that was given before must be the same. */
void history_acknowledged(struct run *run, size_t operation, uint64_t position, const void *receipt, size_t length);

/* Holds the whole log against all operations. */
void history_check(struct run *run, struct store_txn *txn);

void history_end(struct history *history);

#endif
