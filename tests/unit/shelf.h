/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_SHELF_H
#define TESTS_UNIT_SHELF_H

#include <stdint.h>

#include "proto/arena.h"
#include "proto/keys.h"
#include "proto/note.h"
#include "store/log.h"
#include "store/store.h"
#include "store/tables.h"
#include "tests/unit/scratch.h"

/*
 * A store with a log for tests: entries of sample submissions, and an apply that keeps their demands and a counter. All functions return a
 * status, so that a child without cmocka can use them too.
 */

struct shelf {
    struct scratch scratch;
    char path[320];
    struct store *store;
    struct store_options options;
    struct key_pair log_key, signing_key;
    struct note_key key;
    struct seeded seeded;
    uint64_t next; /* number of the next submission */
};

/* Makes keys and a folder and opens a fresh store; ends the program where it can't. map_size 0: 256 MiB. */
void shelf_start(struct shelf *shelf, uint64_t map_size);
void shelf_end(struct shelf *shelf);

/* The same keys and options with a store at path, which is opened; no folder is made or removed. shelf_close() ends it. */
int shelf_open(struct shelf *shelf, const char *path);
void shelf_close(struct shelf *shelf);

/* Closes the store and opens it again. */
int shelf_reopen(struct shelf *shelf);

/* Appends and applies one entry of count demands in txn. number: of its submission. */
int shelf_append(struct shelf *shelf, struct store_txn *txn, uint64_t number, size_t count, uint64_t *position);

/* One batch: entries of count demands each, one head, one commit. */
int shelf_batch(struct shelf *shelf, size_t entries, size_t count);

/* The apply that live writing and a rebuild share. */
int shelf_apply(void *data, struct store_txn *txn, const struct log_entry *entry);

#endif
