/* SPDX-License-Identifier: EUPL-1.2 */
/* The tables made again from the log, and the hash that shows that they are the same. */
#include "proto/entry.h"
#include "proto/status.h"
#include "store/inside.h"
#include "store/log.h"
#include "store/log_rows.h"

static int clear_derived(struct store_txn *txn)
{
    int status = STATUS_OK;
    for (enum table table = 0; table < TABLE_COUNT && status == STATUS_OK; table++) {
        status = tables_derived(table) ? tables_clear(txn, table) : STATUS_OK;
    }
    return status;
}

static int apply_entry(struct store_txn *txn, uint64_t position, store_apply *apply, void *data)
{
    struct log_entry entry;
    struct entry_body body;
    int status = log_read(txn, position, &entry);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_CORRUPT;
    }
    if (status == STATUS_OK && !entry.body) {
        struct log_redacted redacted;
        status = log_redacted(txn, position, &redacted);
        status = status == STATUS_OK ? log_row_submission(txn, position, &redacted.body) : status;
        return status == STATUS_OK ? apply(data, txn, &entry) : status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    }
    if (status == STATUS_OK) {
        status = entry_body_parse(entry.body, entry.body_size, &body);
        status = status == STATUS_OK || status == STATUS_NO_MEMORY ? status : STATUS_CORRUPT;
        status = status == STATUS_OK ? log_row_submission(txn, position, &body) : status;
    }
    return status == STATUS_OK ? apply(data, txn, &entry) : status;
}

static int rebuild(struct store_txn *txn, store_apply *apply, void *data, uint8_t *before, uint8_t *after)
{
    uint64_t size = 0;
    int status = before ? tables_hash(txn, before, NULL) : STATUS_OK;
    status = status == STATUS_OK ? clear_derived(txn) : status;
    status = status == STATUS_OK ? log_size(txn, &size) : status;
    for (uint64_t position = 0; position < size && status == STATUS_OK; position++) {
        status = apply_entry(txn, position, apply, data);
    }
    status = status == STATUS_OK ? tables_set_fact(txn, "tables", STORE_TABLES_VERSION) : status;
    return status == STATUS_OK && after ? tables_hash(txn, after, NULL) : status;
}

int store_rebuild(struct store *store, store_apply *apply, void *data, uint8_t *before, uint8_t *after)
{
    struct store_txn *txn;
    int status = store_begin_write(store, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    status = rebuild(txn, apply, data, before, after);
    if (status != STATUS_OK) {
        store_abort(txn);
        return status;
    }
    status = store_commit(txn);
    if (status == STATUS_OK) {
        store->needs_rebuild = false;
    }
    return status;
}

int store_dump_hash(struct store *store, uint8_t sha256[32])
{
    struct store_txn *txn;
    int status = store_begin_read(store, &txn);
    if (status == STATUS_OK) {
        status = tables_hash(txn, sha256, NULL);
        store_abort(txn);
    }
    return status;
}
