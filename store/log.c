/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/log.h"

#include <string.h>

#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/lines.h"
#include "proto/receipt.h"
#include "proto/status.h"
#include "store/inside.h"
#include "store/log_rows.h"

int log_size(struct store_txn *txn, uint64_t *size)
{
    return tables_entries(txn, TABLE_LOG_LEAVES, size);
}

int log_last_time(struct store_txn *txn, uint64_t *time)
{
    uint64_t size = 0;
    struct log_leaf_row row;
    *time = 0;
    int status = log_size(txn, &size);
    if (status != STATUS_OK || !size) {
        return status;
    }
    status = log_row_leaf(txn, size - 1, &row);
    *time = row.time;
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

/* What an entry says must be what its body says, byte for byte. */
static int entry_check(struct store_txn *txn, const struct log_entry *entry, const struct seen_log *end, struct entry_body *body)
{
    uint8_t sha256[32];
    uint64_t last = end ? end->time : 0;
    int status = STATUS_OK;
    if (entry->stated) {
        *body = *entry->stated;
    } else {
        status = entry_body_parse(entry->body, entry->body_size, body);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (entry->envelope_sha256) {
        memcpy(sha256, entry->envelope_sha256, sizeof sha256);
    } else {
        envelope_sha256(entry->envelope, entry->envelope_size, sha256);
    }
    if (strcmp(body->kind, entry->kind) != 0 || body->time != entry->time || memcmp(sha256, body->envelope_sha256, sizeof sha256) != 0) {
        return STATUS_INVALID;
    }
    status = end ? STATUS_OK : log_last_time(txn, &last);
    return status == STATUS_OK && entry->time < last ? STATUS_INVALID : status;
}

/* peaks (NULL: read) holds the complete trees of the log before this leaf, and gets those behind it. */
static int append_node(struct store_txn *txn, uint64_t position, const uint8_t leaf[TLOG_HASH_SIZE], uint8_t (*peaks)[TLOG_HASH_SIZE])
{
    uint8_t hash[TLOG_HASH_SIZE], left[TLOG_HASH_SIZE];
    uint64_t place = log_node_place(0, position);
    memcpy(hash, leaf, sizeof hash);
    for (unsigned level = 0;; level++) {
        struct store_key key = {0};
        key_u64(&key, place + level);
        int status = tables_append(txn, TABLE_LOG_NODES, &key, hash, sizeof hash);
        bool ends = !(position >> level & 1);
        if (peaks && ends) {
            memcpy(peaks[level], hash, sizeof hash);
        } else if (peaks) {
            memcpy(left, peaks[level], sizeof left);
        }
        if (status != STATUS_OK || ends) {
            return status;
        }
        status = peaks ? STATUS_OK : log_row_node(txn, level, (position >> level) - 1, left);
        if (status != STATUS_OK) {
            return status;
        }
        tlog_node_hash(left, hash, hash);
    }
}

int log_row_append_node(struct store_txn *txn, uint64_t position, const uint8_t leaf[TLOG_HASH_SIZE])
{
    return append_node(txn, position, leaf, NULL);
}

int log_append(struct store_txn *txn, const struct log_entry *entry, uint64_t *position)
{
    struct entry_body body;
    uint64_t size = 0, earlier = 0;
    uint8_t commit[TLOG_HASH_SIZE], leaf[TLOG_HASH_SIZE], sha256[32];
    struct seen_log *end = NULL;
    int status = log_size(txn, &size);
    status = status == STATUS_OK ? seen_log_end(txn, size, &end) : status;
    status = status == STATUS_OK ? entry_check(txn, entry, end, &body) : status;
    if (status != STATUS_OK) {
        return status;
    }
    status = log_find_submission(txn, body.party, body.submission, &earlier, sha256);
    if (status != STATUS_NOT_FOUND) {
        return status == STATUS_OK ? STATUS_EXISTS : status;
    }
    tlog_commit(entry->nonce, entry->body, entry->body_size, commit);
    status = tlog_entry_leaf(entry->kind, size, commit, leaf);
    status = status == STATUS_OK ? log_rows_append(txn, size, entry, commit) : status;
    status = status == STATUS_OK ? append_node(txn, size, leaf, end ? end->peaks : NULL) : status;
    status = status == STATUS_OK ? log_row_submission(txn, size, &body) : status;
    if (status == STATUS_OK) {
        seen_log_add(txn, end, entry->time);
    }
    *position = size;
    return status;
}

int log_read(struct store_txn *txn, uint64_t position, struct log_entry *entry)
{
    struct log_leaf_row row;
    struct store_value body = {0}, envelope = {0};
    struct store_key key = {0};
    key_u64(&key, position);
    int status = log_row_leaf(txn, position, &row);
    if (status != STATUS_OK) {
        return status;
    }
    *entry = (struct log_entry){.position = position, .time = row.time};
    memcpy(entry->kind_text, row.kind, sizeof entry->kind_text);
    entry->kind = entry->kind_text;
    status = tables_get(txn, TABLE_LOG_BODIES, &key, &body);
    if (status == STATUS_OK && body.length <= TLOG_NONCE_SIZE) {
        return STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        entry->nonce = body.bytes;
        entry->body = body.bytes + TLOG_NONCE_SIZE;
        entry->body_size = body.length - TLOG_NONCE_SIZE;
        status = tables_get(txn, TABLE_LOG_ENVELOPES, &key, &envelope);
    }
    if (status == STATUS_OK) {
        entry->envelope = envelope.bytes;
        entry->envelope_size = envelope.length;
    }
    /* Neither body nor envelope: a redacted entry, of which the leaf remains. */
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int log_redacted(struct store_txn *txn, uint64_t position, struct log_redacted *redacted)
{
    struct log_leaf_row row;
    int status = log_row_redacted(txn, position, redacted);
    status = status == STATUS_OK ? log_row_leaf(txn, position, &row) : status;
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(redacted->body.kind, row.kind, sizeof redacted->body.kind);
    redacted->body.time = row.time;
    return STATUS_OK;
}

int log_redact(struct store_txn *txn, uint64_t position, uint64_t by)
{
    struct log_redacted redacted = {.by = by};
    struct log_entry entry;
    struct store_key key = {0};
    key_u64(&key, position);
    int status = log_read(txn, position, &entry);
    if (status != STATUS_OK || !entry.body) {
        return status;
    }
    if (entry_body_parse(entry.body, entry.body_size, &redacted.body) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    status = log_row_put_redacted(txn, position, &redacted);
    status = status == STATUS_OK ? tables_delete(txn, TABLE_LOG_BODIES, &key) : status;
    status = status == STATUS_OK ? tables_delete(txn, TABLE_LOG_ENVELOPES, &key) : status;
    return status == STATUS_OK ? tables_set_fact(txn, FACT_SCRUB, 1) : status;
}

int log_leaf(struct store_txn *txn, uint64_t position, uint8_t leaf[TLOG_HASH_SIZE])
{
    return log_row_node(txn, 0, position, leaf);
}

/* STATUS_NOT_FOUND where the log is smaller than size. */
static int size_check(struct store_txn *txn, uint64_t size)
{
    uint64_t all = 0;
    int status = log_size(txn, &all);
    return status == STATUS_OK && size > all ? STATUS_NOT_FOUND : status;
}

int log_root(struct store_txn *txn, uint64_t size, uint8_t root[TLOG_HASH_SIZE])
{
    struct tlog_nodes nodes = log_nodes(txn);
    int status = size_check(txn, size);
    return status == STATUS_OK ? tlog_root(&nodes, size, root) : status;
}

int log_inclusion(struct store_txn *txn, uint64_t position, uint64_t size, struct tlog_proof *proof)
{
    struct tlog_nodes nodes = log_nodes(txn);
    int status = size_check(txn, size);
    return status == STATUS_OK ? tlog_inclusion_make(&nodes, position, size, proof) : status;
}

int log_consistency(struct store_txn *txn, uint64_t old_size, uint64_t new_size, struct tlog_proof *proof)
{
    struct tlog_nodes nodes = log_nodes(txn);
    int status = size_check(txn, new_size);
    return status == STATUS_OK ? tlog_consistency_make(&nodes, old_size, new_size, proof) : status;
}

struct tlog_nodes log_tree(struct store_txn *txn)
{
    return log_nodes(txn);
}

/* Size and root as a stored note states them; its signature was checked when it was made, and is by log_verify(). */
static int head_parse(const struct store_value *value, struct log_head *head)
{
    struct lines lines = {(const char *)value->bytes, value->length};
    struct line origin, size, root;
    if (!lines_next(&lines, &origin) || !lines_next(&lines, &size) || !lines_next(&lines, &root) ||
        !line_decimal(size, &head->head.size) || !line_base64_exact(root, head->head.root, TLOG_HASH_SIZE)) {
        return STATUS_CORRUPT;
    }
    head->note = (const char *)value->bytes;
    head->note_length = value->length;
    return STATUS_OK;
}

int log_head_newest(struct store_txn *txn, struct log_head *head)
{
    const struct store_key all = {0};
    struct store_value value = {0};
    int status = tables_last(txn, TABLE_LOG_HEADS, &all, NULL, &value);
    return status == STATUS_OK ? head_parse(&value, head) : status;
}

int log_head_of(struct store_txn *txn, uint64_t position, struct log_head *head)
{
    const struct store_key all = {0};
    struct store_key after = {0};
    struct store_value value = {0};
    struct table_cursor *cursor = NULL;
    key_u64(&after, position);
    int status = tables_seek(txn, TABLE_LOG_HEADS, &all, &after, &cursor);
    status = status == STATUS_OK ? tables_next(cursor, NULL, &value) : status;
    status = status == STATUS_OK ? head_parse(&value, head) : status;
    tables_end(cursor);
    return status;
}

int log_sign_head(struct store_txn *txn, const struct note_key *key, const struct key_pair *pair)
{
    struct log_signed made;
    int status = log_sign_head_told(txn, key, pair, &made);
    return status == STATUS_OK ? log_check_signed(key, &made) : status;
}

int log_check_signed(const struct note_key *key, struct log_signed *made)
{
    struct tlog_head head;
    if (!made->head.size) {
        return STATUS_OK;
    }
    int status = tlog_head_open(key, made->note, made->note_length, &head, made->signature);
    if (status != STATUS_OK) {
        return status;
    }
    return head.size == made->head.size && memcmp(head.root, made->head.root, sizeof head.root) == 0 ? STATUS_OK : STATUS_FORGED;
}

int log_sign_head_told(struct store_txn *txn, const struct note_key *key, const struct key_pair *pair, struct log_signed *made)
{
    struct log_head newest = {0};
    struct tlog_head head = {0};
    struct store_key where = {0};
    char text[TLOG_CHECKPOINT_MOST];
    size_t length = 0;
    made->head.size = 0;
    int status = log_size(txn, &head.size);
    if (status != STATUS_OK || !head.size) {
        return status == STATUS_OK ? STATUS_INVALID : status;
    }
    status = log_head_newest(txn, &newest);
    if (status == STATUS_OK && newest.head.size == head.size) {
        return STATUS_OK;
    }
    status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    status = status == STATUS_OK ? log_root(txn, head.size, head.root) : status;
    status = status == STATUS_OK ? tlog_checkpoint_write(key->name, &head, text, &length) : status;
    status = status == STATUS_OK ? note_sign(text, length, key, pair, made->note, &made->note_length) : status;
    if (status != STATUS_OK) {
        return status;
    }
    made->head = head;
    key_u64(&where, head.size);
    return tables_append(txn, TABLE_LOG_HEADS, &where, made->note, made->note_length);
}

int log_receipt(struct store_txn *txn, uint64_t position, struct arena *arena, char **text, size_t *length)
{
    struct log_entry entry;
    struct log_head head;
    struct tlog_proof proof;
    int status = log_read(txn, position, &entry);
    status = status == STATUS_OK && !entry.body ? STATUS_NOT_FOUND : status;
    status = status == STATUS_OK ? log_head_of(txn, position, &head) : status;
    status = status == STATUS_OK ? log_inclusion(txn, position, head.head.size, &proof) : status;
    if (status != STATUS_OK) {
        return status;
    }
    return receipt_make(position, entry.nonce, entry.body, entry.body_size, &proof, head.note, head.note_length, arena, text, length);
}

int log_find_submission(struct store_txn *txn, const char *party, const uint8_t id[16], uint64_t *position, uint8_t envelope_sha256[32])
{
    struct store_key key = {0};
    struct store_value value = {0};
    key_bytes(&key, id, 16);
    key_text(&key, party);
    int status = tables_get(txn, TABLE_SUBMISSIONS, &key, &value);
    if (status != STATUS_OK) {
        return status;
    }
    struct key_reader reader = {value.bytes, value.length};
    const uint8_t *sha256;
    if (!key_take_u64(&reader, position) || !key_take_bytes(&reader, 32, &sha256) || reader.left) {
        return STATUS_CORRUPT;
    }
    memcpy(envelope_sha256, sha256, 32);
    return STATUS_OK;
}
