/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/seen.h"

#include <string.h>

#include "proto/status.h"
#include "store/inside.h"
#include "store/log_rows.h"

/* Raised by every write and by every transaction that is undone, so the same number twice means the same rows. */
uint64_t tables_changes(const struct store_txn *txn, enum table table)
{
    const struct store *store = txn->store;
    if (!(txn->write || txn->borrowed) || !keep_is_keeper(store)) {
        return 0;
    }
    return 1 + store->seen.changes[table] + atomic_load_explicit(&store->undone, memory_order_relaxed);
}

void seen_note_change(struct store_txn *txn, enum table table)
{
    txn->generation++;
    if (keep_is_keeper(txn->store)) {
        txn->store->seen.changes[table]++;
    }
}

static unsigned slot_of(enum table table, const struct store_key *key)
{
    uint32_t mixed = (uint32_t)(table + key->length);
    for (size_t at = key->length > 8 ? key->length - 8 : 0; at < key->length; at++) {
        mixed = mixed * 31 + key->bytes[at];
    }
    return mixed % SEEN_MISSING;
}

/* Tables in which a submission looks for what mostly is not there. */
static bool is_looked_at(enum table table)
{
    return table == TABLE_DEMANDS || table == TABLE_OFFERS || table == TABLE_SUBMISSIONS || table == TABLE_RATES;
}

bool seen_is_missing(const struct store_txn *txn, enum table table, const struct store_key *key)
{
    uint64_t changes = is_looked_at(table) && key->length <= SEEN_KEY_MOST ? tables_changes(txn, table) : 0;
    if (!changes) {
        return false;
    }
    const struct seen_key *slot = &txn->store->seen.missing[slot_of(table, key)];
    return slot->changes == changes && slot->table == table && slot->length == key->length &&
           memcmp(slot->bytes, key->bytes, key->length) == 0;
}

void seen_note_missing(struct store_txn *txn, enum table table, const struct store_key *key)
{
    uint64_t changes = is_looked_at(table) && key->length <= SEEN_KEY_MOST ? tables_changes(txn, table) : 0;
    if (!changes) {
        return;
    }
    struct seen_key *slot = &txn->store->seen.missing[slot_of(table, key)];
    slot->changes = changes;
    slot->table = table;
    slot->length = key->length;
    memcpy(slot->bytes, key->bytes, key->length);
}

static uint64_t log_changes(const struct store_txn *txn)
{
    uint64_t leaves = tables_changes(txn, TABLE_LOG_LEAVES);
    return leaves ? leaves + tables_changes(txn, TABLE_LOG_NODES) : 0;
}

int seen_log_end(struct store_txn *txn, uint64_t size, struct seen_log **log)
{
    uint64_t changes = log_changes(txn);
    struct seen_log *known = &txn->store->seen.log;
    struct log_leaf_row row = {0};
    int status = STATUS_OK;
    *log = changes ? known : NULL;
    if (!changes || known->changes == changes) {
        return STATUS_OK;
    }
    known->changes = 0;
    known->size = size;
    if (size) {
        status = log_row_leaf(txn, size - 1, &row);
    }
    known->time = row.time;
    for (unsigned level = 0; status == STATUS_OK && level < SEEN_LEVELS; level++) {
        if (size >> level & 1) {
            status = log_row_node(txn, level, (size >> level) - 1, known->peaks[level]);
        }
    }
    known->changes = status == STATUS_OK ? changes : 0;
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

void seen_log_add(struct store_txn *txn, struct seen_log *log, uint64_t time)
{
    if (log) {
        log->size++;
        log->time = time;
        log->changes = log_changes(txn);
    }
}
