/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/tables.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"
#include "store/inside.h"

static const char *const names[TABLE_COUNT] = {
#define TABLE(name, text, class) [TABLE_##name] = text,
#include "store/tables.def"
#undef TABLE
};

enum class { LOG, DERIVED, KEPT };

static const enum class classes[TABLE_COUNT] = {
#define TABLE(name, text, class) [TABLE_##name] = class,
#include "store/tables.def"
#undef TABLE
};

const char *tables_name(enum table table)
{
    return names[table];
}

bool tables_derived(enum table table)
{
    return classes[table] == DERIVED;
}

bool tables_kept(enum table table)
{
    return classes[table] == KEPT;
}

/* LMDB's pointers are not const, but it writes nothing through a key or a value that is put. */
static MDB_val value_of(const void *bytes, size_t length)
{
    return (MDB_val){length, (void *)(uintptr_t)bytes};
}

static int key_status(const struct store_key *key)
{
    return key->overflow || !key->length ? STATUS_TOO_LARGE : STATUS_OK;
}

int tables_get(struct store_txn *txn, enum table table, const struct store_key *key, struct store_value *value)
{
    int status = key_status(key);
    if (status != STATUS_OK) {
        return status;
    }
    if (seen_is_missing(txn, table, key)) {
        return STATUS_NOT_FOUND;
    }
    MDB_val wanted = value_of(key->bytes, key->length), found;
    int error = mdb_get(txn->txn, txn->store->tables[table], &wanted, &found);
    if (error == MDB_NOTFOUND) {
        seen_note_missing(txn, table, key);
    }
    if (error) {
        return store_txn_status(txn, error);
    }
    *value = (struct store_value){found.mv_data, found.mv_size};
    return STATUS_OK;
}

int tables_get_copy(struct store_txn *txn, enum table table, const struct store_key *key, struct arena *arena, struct store_value *value)
{
    int status = tables_get(txn, table, key, value);
    if (status == STATUS_OK) {
        value->bytes = (const uint8_t *)arena_copy(arena, value->bytes, value->length);
        status = value->bytes ? STATUS_OK : STATUS_NO_MEMORY;
    }
    return status;
}

int tables_get_message(struct store_txn *txn, enum table table, const struct store_key *key,
                       const ProtobufCMessageDescriptor *descriptor, struct arena *arena, ProtobufCMessage **message)
{
    struct store_value value = {0};
    int status = tables_get(txn, table, key, &value);
    return status == STATUS_OK ? tables_unpack(&value, descriptor, arena, message) : status;
}

/* Not walked: these bytes were made here, of a message that was walked when it came in. A list of empty strings may take 24 bytes for 2. */
int tables_unpack(const struct store_value *value, const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
                  ProtobufCMessage **message)
{
    *message = protobuf_c_message_unpack(descriptor, &arena->allocator, value->length, value->length ? value->bytes : (const uint8_t *)"");
    if (*message) {
        return STATUS_OK;
    }
    return arena->cap - arena->used < 32 * value->length + 65536 ? STATUS_NO_MEMORY : STATUS_CORRUPT;
}

static int put(struct store_txn *txn, enum table table, const struct store_key *key, const void *bytes, size_t length, unsigned flags)
{
    int status = key_status(key);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_val where = value_of(key->bytes, key->length), value = value_of(length ? bytes : "", length);
    int error = mdb_put(txn->txn, txn->store->tables[table], &where, &value, flags);
    seen_note_change(txn, table);
    if (!error) {
        keep_note(txn, KEEP_PUT, table, key, bytes, length);
    }
    return error == MDB_KEYEXIST ? STATUS_INVALID : store_txn_status(txn, error);
}

int tables_put(struct store_txn *txn, enum table table, const struct store_key *key, const void *value, size_t length)
{
    return put(txn, table, key, value, length, 0);
}

int tables_append(struct store_txn *txn, enum table table, const struct store_key *key, const void *value, size_t length)
{
    return put(txn, table, key, value, length, MDB_APPEND);
}

int tables_put_message(struct store_txn *txn, enum table table, const struct store_key *key, const ProtobufCMessage *message)
{
    if (!protobuf_c_message_check(message)) {
        return STATUS_INVALID;
    }
    int status = key_status(key);
    if (status != STATUS_OK) {
        return status;
    }
    /* Packed straight into the room that LMDB reserves in its page. */
    MDB_val where = value_of(key->bytes, key->length), value = {protobuf_c_message_get_packed_size(message), NULL};
    int error = mdb_put(txn->txn, txn->store->tables[table], &where, &value, MDB_RESERVE);
    seen_note_change(txn, table);
    if (error) {
        return store_txn_status(txn, error);
    }
    protobuf_c_message_pack(message, value.mv_data);
    keep_note(txn, KEEP_PUT, table, key, value.mv_data, value.mv_size);
    return STATUS_OK;
}

int tables_delete(struct store_txn *txn, enum table table, const struct store_key *key)
{
    int status = key_status(key);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_val wanted = value_of(key->bytes, key->length);
    int error = mdb_del(txn->txn, txn->store->tables[table], &wanted, NULL);
    seen_note_change(txn, table);
    if (!error) {
        keep_note(txn, KEEP_DELETE, table, key, NULL, 0);
    }
    return store_txn_status(txn, error);
}

int tables_clear(struct store_txn *txn, enum table table)
{
    const struct store_key none = {0};
    seen_note_change(txn, table);
    keep_note(txn, KEEP_CLEAR, table, &none, NULL, 0);
    return store_txn_status(txn, mdb_drop(txn->txn, txn->store->tables[table], 0));
}

int tables_get_u64(struct store_txn *txn, enum table table, const struct store_key *key, uint64_t *number)
{
    struct store_value value = {0};
    *number = 0;
    int status = tables_get(txn, table, key, &value);
    if (status == STATUS_OK) {
        struct key_reader reader = {value.bytes, value.length};
        status = value.length == 8 && key_take_u64(&reader, number) ? STATUS_OK : STATUS_CORRUPT;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int tables_put_u64(struct store_txn *txn, enum table table, const struct store_key *key, uint64_t number)
{
    struct store_key bytes = {0};
    key_u64(&bytes, number);
    return tables_put(txn, table, key, bytes.bytes, bytes.length);
}

int tables_count(struct store_txn *txn, enum table table, const struct store_key *key, uint64_t *number)
{
    int status = tables_get_u64(txn, table, key, number);
    if (status != STATUS_OK) {
        return status;
    }
    if (*number == UINT64_MAX) {
        return STATUS_TOO_LARGE;
    }
    return tables_put_u64(txn, table, key, ++*number);
}

int tables_entries(struct store_txn *txn, enum table table, uint64_t *entries)
{
    MDB_stat about = {0};
    int error = mdb_stat(txn->txn, txn->store->tables[table], &about);
    *entries = about.ms_entries;
    return store_txn_status(txn, error);
}

int tables_fact(struct store_txn *txn, const char *name, uint64_t *number)
{
    struct store_key key = {0};
    key_text(&key, name);
    return tables_get_u64(txn, TABLE_META, &key, number);
}

int tables_set_fact(struct store_txn *txn, const char *name, uint64_t number)
{
    struct store_key key = {0};
    key_text(&key, name);
    return tables_put_u64(txn, TABLE_META, &key, number);
}
