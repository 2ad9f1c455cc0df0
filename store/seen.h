/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef STORE_SEEN_H
#define STORE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/tlog.h"
#include "store/tables.h"

/*
 * What the thread that keeps (store/store.h) need not look up again: keys that were looked for and are not there, and the end of the log,
 * on which the next entry builds. Each holds for as long as nothing was written to its table since, or undone: tables_changes(). Nothing
 * here points into the map. Other threads, read snapshots and a store that does not keep remember nothing. The keeper's thread.
 */

#define SEEN_MISSING 32u
#define SEEN_KEY_MOST 96u
#define SEEN_LEVELS 64u

struct seen_key {
    uint64_t changes; /* tables_changes() when it was missing; 0: nothing stands here */
    enum table table;
    size_t length;
    uint8_t bytes[SEEN_KEY_MOST];
};

/* The log's last entry, and the hashes of the complete trees that it consists of: one for each bit of its size. */
struct seen_log {
    uint64_t changes; /* of leaves and nodes together; 0: unknown */
    uint64_t size;
    uint64_t time;
    uint8_t peaks[SEEN_LEVELS][TLOG_HASH_SIZE];
};

struct seen {
    uint64_t changes[TABLE_COUNT]; /* writes to a table */
    struct seen_key missing[SEEN_MISSING];
    struct seen_log log;
};

/* A write to a table, done or tried. */
void seen_note_change(struct store_txn *txn, enum table table);

/* Whether a key is known not to be there; notes that it is not. */
bool seen_is_missing(const struct store_txn *txn, enum table table, const struct store_key *key);
void seen_note_missing(struct store_txn *txn, enum table table, const struct store_key *key);

/* The log's end, read where it is not known; *log NULL where nothing may be remembered. STATUS_IO, STATUS_CORRUPT. */
int seen_log_end(struct store_txn *txn, uint64_t size, struct seen_log **log);

/* The log's end after an entry of this time, whose peaks are in place. log may be NULL. */
void seen_log_add(struct store_txn *txn, struct seen_log *log, uint64_t time);

#endif
