/* SPDX-License-Identifier: EUPL-1.2 */
/* Walks over the keys of a table, and the hash over all of them. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proto/status.h"
#include "store/inside.h"

struct table_cursor {
    struct store_txn *txn;
    MDB_cursor *cursor;
    struct store_key prefix;
    struct store_key last; /* length 0: none yet */
    bool placed;           /* the LMDB cursor stands on last, as of generation */
    uint64_t generation;
};

int tables_seek(struct store_txn *txn, enum table table, const struct store_key *prefix, const struct store_key *after,
                struct table_cursor **cursor)
{
    *cursor = NULL;
    if (prefix->overflow || (after && after->overflow)) {
        return STATUS_TOO_LARGE;
    }
    struct table_cursor *made = calloc(1, sizeof *made);
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    int error = mdb_cursor_open(txn->txn, txn->store->tables[table], &made->cursor);
    if (error) {
        free(made);
        return store_txn_status(txn, error);
    }
    made->txn = txn;
    made->prefix = *prefix;
    if (after) {
        made->last = *after;
    }
    *cursor = made;
    return STATUS_OK;
}

/*
 * Moves the LMDB cursor to the key behind last, or to the first with the prefix. After a write it is placed anew: where another's
 * deletion leaves a cursor is nothing to build on.
 */
static int move(struct table_cursor *cursor, MDB_val *key, MDB_val *value)
{
    if (cursor->placed && cursor->generation == cursor->txn->generation) {
        return mdb_cursor_get(cursor->cursor, key, value, MDB_NEXT);
    }
    const struct store_key *from = cursor->last.length ? &cursor->last : &cursor->prefix;
    /* Where the walk is to begin behind a key below the prefix, it begins with the prefix. */
    if (from == &cursor->last && cursor->prefix.length) {
        size_t shared = from->length < cursor->prefix.length ? from->length : cursor->prefix.length;
        int order = memcmp(from->bytes, cursor->prefix.bytes, shared);
        if (order < 0 || (order == 0 && from->length < cursor->prefix.length)) {
            from = &cursor->prefix;
        }
    }
    if (!from->length) {
        return mdb_cursor_get(cursor->cursor, key, value, MDB_FIRST);
    }
    uint8_t wanted[KEY_MOST];
    memcpy(wanted, from->bytes, from->length);
    *key = (MDB_val){from->length, wanted};
    int error = mdb_cursor_get(cursor->cursor, key, value, MDB_SET_RANGE);
    if (!error && from == &cursor->last && key->mv_size == from->length && memcmp(key->mv_data, from->bytes, from->length) == 0) {
        error = mdb_cursor_get(cursor->cursor, key, value, MDB_NEXT);
    }
    return error;
}

int tables_next(struct table_cursor *cursor, struct store_key *key, struct store_value *value)
{
    MDB_val found_key = {0}, found = {0};
    int error = move(cursor, &found_key, &found);
    if (error) {
        return store_txn_status(cursor->txn, error);
    }
    if (found_key.mv_size < cursor->prefix.length || found_key.mv_size > KEY_MOST ||
        memcmp(found_key.mv_data, cursor->prefix.bytes, cursor->prefix.length) != 0) {
        return STATUS_NOT_FOUND;
    }
    cursor->last.length = found_key.mv_size;
    memcpy(cursor->last.bytes, found_key.mv_data, found_key.mv_size);
    cursor->placed = true;
    cursor->generation = cursor->txn->generation;
    if (key) {
        key->overflow = false;
        key->length = cursor->last.length;
        memcpy(key->bytes, cursor->last.bytes, cursor->last.length);
    }
    if (value) {
        *value = (struct store_value){found.mv_data, found.mv_size};
    }
    return STATUS_OK;
}

void tables_end(struct table_cursor *cursor)
{
    if (cursor) {
        mdb_cursor_close(cursor->cursor);
        free(cursor);
    }
}

/* The least key above all that begin with prefix; length 0: there is none. */
static void key_above(const struct store_key *prefix, struct store_key *above)
{
    *above = *prefix;
    while (above->length && above->bytes[above->length - 1] == 0xff) {
        above->length--;
    }
    if (above->length) {
        above->bytes[above->length - 1]++;
    }
}

int tables_last(struct store_txn *txn, enum table table, const struct store_key *prefix, struct store_key *key, struct store_value *value)
{
    MDB_cursor *cursor;
    MDB_val found_key = {0}, found = {0};
    struct store_key above;
    if (prefix->overflow) {
        return STATUS_TOO_LARGE;
    }
    int error = mdb_cursor_open(txn->txn, txn->store->tables[table], &cursor);
    if (error) {
        return store_txn_status(txn, error);
    }
    key_above(prefix, &above);
    error = MDB_NOTFOUND;
    if (above.length) {
        found_key = (MDB_val){above.length, above.bytes};
        error = mdb_cursor_get(cursor, &found_key, &found, MDB_SET_RANGE);
        if (!error) {
            error = mdb_cursor_get(cursor, &found_key, &found, MDB_PREV);
        } else if (error == MDB_NOTFOUND) {
            error = mdb_cursor_get(cursor, &found_key, &found, MDB_LAST);
        }
    } else {
        error = mdb_cursor_get(cursor, &found_key, &found, MDB_LAST);
    }
    int status = store_txn_status(txn, error);
    if (status == STATUS_OK && (found_key.mv_size < prefix->length || found_key.mv_size > KEY_MOST ||
                                memcmp(found_key.mv_data, prefix->bytes, prefix->length) != 0)) {
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK && key) {
        *key = (struct store_key){.length = found_key.mv_size};
        memcpy(key->bytes, found_key.mv_data, found_key.mv_size);
    }
    if (status == STATUS_OK && value) {
        *value = (struct store_value){found.mv_data, found.mv_size};
    }
    mdb_cursor_close(cursor);
    return status;
}

static void hash_number(crypto_hash_sha256_state *state, uint64_t number)
{
    struct store_key bytes = {0};
    key_u64(&bytes, number);
    crypto_hash_sha256_update(state, bytes.bytes, bytes.length);
}

static int hash_table(struct store_txn *txn, enum table table, uint8_t sha256[32])
{
    MDB_cursor *cursor;
    MDB_val key, value;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)tables_name(table), strlen(tables_name(table)) + 1);
    int error = mdb_cursor_open(txn->txn, txn->store->tables[table], &cursor);
    if (error) {
        return store_txn_status(txn, error);
    }
    while (!(error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        hash_number(&state, key.mv_size);
        crypto_hash_sha256_update(&state, key.mv_data, key.mv_size);
        hash_number(&state, value.mv_size);
        crypto_hash_sha256_update(&state, value.mv_data, value.mv_size);
    }
    mdb_cursor_close(cursor);
    crypto_hash_sha256_final(&state, sha256);
    return error == MDB_NOTFOUND ? STATUS_OK : store_txn_status(txn, error);
}

int tables_hash(struct store_txn *txn, uint8_t sha256[32], uint8_t (*per_table)[32])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (enum table table = 0; table < TABLE_COUNT; table++) {
        uint8_t one[32] = {0};
        if (!tables_kept(table)) {
            int status = hash_table(txn, table, one);
            if (status != STATUS_OK) {
                return status;
            }
            crypto_hash_sha256_update(&state, one, sizeof one);
        }
        if (per_table) {
            memcpy(per_table[table], one, sizeof one);
        }
    }
    crypto_hash_sha256_final(&state, sha256);
    return STATUS_OK;
}
