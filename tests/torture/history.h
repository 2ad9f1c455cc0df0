/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_TORTURE_HISTORY_H
#define TESTS_TORTURE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/note.h"
#include "store/store.h"

/*
 * What many clients at once were told, and the checker that holds a recovered log against it: every acknowledged submission stands in
 * the log exactly once, with its bytes, at the position and with the receipt that were given; in the order in which it was acknowledged;
 * what was sent and not acknowledged stands there once, whole, or not at all; and nothing stands there that nobody sent.
 *
 * Each client writes its own operations, from its own thread; a check reads all of them from another, at any time.
 */

#define HISTORY_OPERATIONS 8192u /* of one client at most */

struct history_operation {
    uint8_t id[16];
    uint8_t envelope_sha256[32];
    uint8_t receipt_sha256[32];
    uint64_t position;
    uint64_t sent;         /* monotonic nanoseconds, before the first byte left */
    uint64_t acknowledged; /* after the receipt was read; 0: not yet */
    bool seen;             /* the checker's */
};

struct history_client {
    char party[33];
    struct history_operation *operations;
    unsigned count;        /* those before it are whole; grows by history_sent() */
    unsigned checked;      /* the checker's: those before it were looked at in an earlier check of a part */
};

struct history {
    struct history_client *clients;
    unsigned count;
    uint64_t checked;      /* entries of the log whose hashes an earlier check of a part verified */
};

/* Room for so many clients. STATUS_NO_MEMORY. */
int history_open(struct history *history, unsigned clients);
void history_close(struct history *history);

/* Notes that an envelope is about to be sent. NULL: no room for more. */
struct history_operation *history_sent(struct history_client *client, const uint8_t id[16], const uint8_t *envelope, size_t size);

/* Notes the receipt that came for it. */
void history_acknowledged(struct history_operation *operation, uint64_t position, const void *receipt, size_t length);

/* Acknowledged so far, over all clients. */
uint64_t history_total(const struct history *history);

/*
 * Looks at what is new since the last call: each acknowledged operation is there with its receipt, and the log verifies from where the last
 * call ended. For every cycle. NULL, or what is wrong, in text.
 */
const char *history_check_new(struct history *history, struct store *store, const struct note_key *key, char *text, size_t size);

/*
 * Looks at all, with no client at work: the whole log against the whole history, as above. Entries below setup were not written by the
 * clients. *entries: of the log. NULL, or what is wrong, in text.
 */
const char *history_check_all(struct history *history, struct store *store, const struct note_key *key, uint64_t setup, uint64_t *entries,
                              char *text, size_t size);

#endif
