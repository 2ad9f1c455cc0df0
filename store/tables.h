/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef STORE_TABLES_H
#define STORE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"
#include "store/key.h"
#include "store/store.h"

/*
 * Ordered tables of bytes, named in tables.def. The exchange's state lies in the DERIVED ones and is written through here
 * alone, by apply; so clearing them and applying the log again gives the same keys and values in the same order.
 *
 * A value that is read points into the map: it is not aligned, and holds until the next write in the same transaction or
 * the transaction's end. tables_get_copy() and tables_get_message() copy. Every function works in a read or a write transaction;
 * those that change need a write transaction. Any status but STATUS_OK and STATUS_NOT_FOUND in a write transaction means
 * that it must be aborted. Threads: as the transaction.
 */

/* Raise when apply or a derived table changes its bytes: an older store's tables are then made again from its log at the start. */
#define STORE_TABLES_VERSION 4u

enum table {
#define TABLE(name, text, class) TABLE_##name,
#include "store/tables.def"
#undef TABLE
    TABLE_COUNT
};

struct store_value {
    const uint8_t *bytes;
    size_t length;
};

/* The table's name in the file. */
const char *tables_name(enum table table);

/* True for what a rebuild clears and makes again. */
bool tables_derived(enum table table);

/* The value of a key. STATUS_NOT_FOUND, STATUS_TOO_LARGE (key), STATUS_IO, STATUS_CORRUPT. */
int tables_get(struct store_txn *txn, enum table table, const struct store_key *key, struct store_value *value);

/* The same, copied into arena. STATUS_NO_MEMORY too. */
int tables_get_copy(struct store_txn *txn, enum table table, const struct store_key *key, struct arena *arena, struct store_value *value);

/* The same, unpacked into arena. STATUS_CORRUPT where the bytes are no such message. */
int tables_get_message(struct store_txn *txn, enum table table, const struct store_key *key,
                       const ProtobufCMessageDescriptor *descriptor, struct arena *arena, ProtobufCMessage **message);

/* Unpacks a value that a walk gave into arena. STATUS_CORRUPT where the bytes are no such message, STATUS_NO_MEMORY. */
int tables_unpack(const struct store_value *value, const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
                  ProtobufCMessage **message);

/* Writes or replaces a value (length 0 is allowed). STATUS_NO_SPACE, STATUS_TOO_LARGE, STATUS_IO. */
int tables_put(struct store_txn *txn, enum table table, const struct store_key *key, const void *value, size_t length);

/* Packs a message and writes it. */
int tables_put_message(struct store_txn *txn, enum table table, const struct store_key *key, const ProtobufCMessage *message);

/* Deletes a key. STATUS_NOT_FOUND where there is none (harmless). */
int tables_delete(struct store_txn *txn, enum table table, const struct store_key *key);

/* A uint64 value: 0 where there is none. */
int tables_get_u64(struct store_txn *txn, enum table table, const struct store_key *key, uint64_t *number);
int tables_put_u64(struct store_txn *txn, enum table table, const struct store_key *key, uint64_t number);

/* Adds 1 to a uint64 value and gives the result: 1 the first time. STATUS_TOO_LARGE on overflow. */
int tables_count(struct store_txn *txn, enum table table, const struct store_key *key, uint64_t *number);

/*
 * A number that stays the same for as long as the rows of a table do, as transactions of the thread that keeps see them: what was read at a number holds
 * at the same one. 0: unknown, in a snapshot, in another thread, or in a store that does not keep.
 */
uint64_t tables_changes(const struct store_txn *txn, enum table table);

/* Number of keys in a table. */
int tables_entries(struct store_txn *txn, enum table table, uint64_t *entries);

/*
 * A walk over keys that begin with a prefix, in order. It may live over writes to the same table in its transaction; after deleting
 * the key it stands on, tables_next() gives the one behind it.
 *
 *     struct table_cursor *cursor;
 *     status = tables_seek(txn, TABLE_DEMANDS_BY_ITEM, &prefix, NULL, &cursor);
 *     while (status == STATUS_OK && (status = tables_next(cursor, &key, &value)) == STATUS_OK) ...
 *     tables_end(cursor);       STATUS_NOT_FOUND: there are no more
 */
struct table_cursor;

/*
 * Opens a walk over the keys that begin with prefix (length 0: all). after (may be NULL): begin behind this key, which need not
 * exist. The caller ends it with tables_end(), before the transaction's end. STATUS_NO_MEMORY, STATUS_TOO_LARGE, STATUS_IO.
 */
int tables_seek(struct store_txn *txn, enum table table, const struct store_key *prefix, const struct store_key *after,
                struct table_cursor **cursor);

/* The next key and value (either may be NULL). The key is a copy: it holds until the next call. STATUS_NOT_FOUND: the end. */
int tables_next(struct table_cursor *cursor, struct store_key *key, struct store_value *value);

/* The last key that begins with prefix, and its value (either may be NULL). STATUS_NOT_FOUND: there is none. */
int tables_last(struct store_txn *txn, enum table table, const struct store_key *prefix, struct store_key *key, struct store_value *value);

/* Ends a walk; takes NULL. */
void tables_end(struct table_cursor *cursor);

/*
 * SHA-256 over all keys and values of every LOG and DERIVED table in order, each with its length: two stores of the same log have the same.
 * per_table (may be NULL) gets TABLE_COUNT hashes of 32 bytes, zeros for KEPT tables.
 */
int tables_hash(struct store_txn *txn, uint8_t sha256[32], uint8_t (*per_table)[32]);

#endif
