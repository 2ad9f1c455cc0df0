/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/log_copy.h"

#include <string.h>

#include "proto/lines.h"
#include "proto/status.h"
#include "store/inside.h"
#include "store/log_rows.h"

static int copy_entry(struct store_txn *txn, uint64_t position, struct vault_writer *writer, size_t *added)
{
    struct log_entry entry;
    struct log_leaf_row row;
    struct log_redacted redacted;
    struct backup_record record = {.kind = BACKUP_ENTRY};
    int status = log_read(txn, position, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    if (!entry.body) {
        status = log_row_leaf(txn, position, &row);
        status = status == STATUS_OK ? log_redacted(txn, position, &redacted) : status;
        if (status != STATUS_OK) {
            return status;
        }
        record.kind = BACKUP_REDACTED;
        record.entry = redacted.body;
        record.by = redacted.by;
        memcpy(record.commit, row.commit, sizeof record.commit);
    } else {
        record.entry.time = entry.time;
        memcpy(record.entry.kind, entry.kind_text, sizeof record.entry.kind);
        record.nonce = entry.nonce;
        record.body = entry.body;
        record.body_size = entry.body_size;
        record.envelope = entry.envelope;
        record.envelope_size = entry.envelope_size;
    }
    *added += sizeof record + record.body_size + record.envelope_size;
    return backup_add(writer, &record);
}

int log_copy_out(struct store_txn *txn, uint64_t *position, uint64_t size, size_t budget, struct vault_writer *writer)
{
    size_t added = 0;
    int status = STATUS_OK;
    while (*position < size && added < budget && status == STATUS_OK) {
        struct log_head head;
        status = copy_entry(txn, *position, writer, &added);
        status = status == STATUS_OK ? log_head_of(txn, *position, &head) : status;
        if (status == STATUS_OK) {
            ++*position;
        }
        if (status == STATUS_OK && head.head.size == *position) {
            const struct backup_record record = {.kind = BACKUP_HEAD, .text = head.note, .text_length = head.note_length};
            status = backup_add(writer, &record);
        }
    }
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static int take_entry(struct store_txn *txn, const struct backup_record *record)
{
    struct log_entry entry = {.kind = record->entry.kind, .time = record->entry.time, .nonce = record->nonce, .body = record->body, .body_size = record->body_size,
                              .envelope = record->envelope, .envelope_size = record->envelope_size};
    uint64_t position;
    int status = log_append(txn, &entry, &position);
    return status == STATUS_INVALID || status == STATUS_EXISTS ? STATUS_CORRUPT : status;
}

static int take_redacted(struct store_txn *txn, const struct backup_record *record)
{
    struct log_redacted redacted = {.by = record->by, .body = record->entry};
    struct store_key key = {0}, row = {0};
    uint8_t leaf[TLOG_HASH_SIZE];
    uint64_t position = 0;
    int status = log_size(txn, &position);
    if (status == STATUS_OK && tlog_entry_leaf(record->entry.kind, position, record->commit, leaf) != STATUS_OK) {
        status = STATUS_CORRUPT;
    }
    key_u64(&key, position);
    key_u64(&row, record->entry.time);
    key_bytes(&row, record->commit, TLOG_HASH_SIZE);
    key_bytes(&row, record->entry.kind, strlen(record->entry.kind));
    status = status == STATUS_OK ? tables_append(txn, TABLE_LOG_LEAVES, &key, row.bytes, row.length) : status;
    status = status == STATUS_OK ? log_row_put_redacted(txn, position, &redacted) : status;
    status = status == STATUS_OK ? log_row_append_node(txn, position, leaf) : status;
    return status == STATUS_OK ? log_row_submission(txn, position, &record->entry) : status;
}

static int take_head(struct store_txn *txn, const struct backup_record *record)
{
    struct lines lines = {record->text, record->text_length};
    struct line origin, size_line, root_line;
    struct store_key key = {0};
    uint8_t stated[TLOG_HASH_SIZE], root[TLOG_HASH_SIZE];
    uint64_t stated_size = 0, size = 0;
    if (!lines_next(&lines, &origin) || !lines_next(&lines, &size_line) || !lines_next(&lines, &root_line) || !line_decimal(size_line, &stated_size) ||
        !line_base64_exact(root_line, stated, sizeof stated)) {
        return STATUS_CORRUPT;
    }
    int status = log_size(txn, &size);
    status = status == STATUS_OK ? log_root(txn, size, root) : status;
    if (status == STATUS_OK && (stated_size != size || memcmp(root, stated, sizeof root) != 0)) {
        return STATUS_CORRUPT;
    }
    key_u64(&key, size);
    return status == STATUS_OK ? tables_append(txn, TABLE_LOG_HEADS, &key, record->text, record->text_length) : status;
}

int log_copy_in(struct store_txn *txn, const struct backup_record *record)
{
    switch (record->kind) {
    case BACKUP_ENTRY:
        return take_entry(txn, record);
    case BACKUP_REDACTED:
        return take_redacted(txn, record);
    case BACKUP_HEAD:
        return take_head(txn, record);
    default:
        return STATUS_CORRUPT;
    }
}
