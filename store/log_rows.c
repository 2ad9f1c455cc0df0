/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/log_rows.h"

#include <string.h>

#include "proto/status.h"
#include "store/inside.h"

static struct store_key key_of(uint64_t number)
{
    struct store_key key = {0};
    key_u64(&key, number);
    return key;
}

int log_row_leaf(struct store_txn *txn, uint64_t position, struct log_leaf_row *row)
{
    struct store_key key = key_of(position);
    struct store_value value = {0};
    *row = (struct log_leaf_row){0};
    int status = tables_get(txn, TABLE_LOG_LEAVES, &key, &value);
    if (status != STATUS_OK) {
        return status;
    }
    struct key_reader reader = {value.bytes, value.length};
    const uint8_t *commit;
    if (!key_take_u64(&reader, &row->time) || !key_take_bytes(&reader, TLOG_HASH_SIZE, &commit) || !reader.left ||
        reader.left > TLOG_KIND_MOST) {
        return STATUS_CORRUPT;
    }
    memcpy(row->commit, commit, TLOG_HASH_SIZE);
    memcpy(row->kind, reader.bytes, reader.left);
    return STATUS_OK;
}

int log_rows_append(struct store_txn *txn, uint64_t position, const struct log_entry *entry, const uint8_t commit[TLOG_HASH_SIZE])
{
    const struct store_key key = key_of(position);
    struct store_key leaf = {0};
    key_u64(&leaf, entry->time);
    key_bytes(&leaf, commit, TLOG_HASH_SIZE);
    key_bytes(&leaf, entry->kind, strlen(entry->kind));
    int status = tables_append(txn, TABLE_LOG_LEAVES, &key, leaf.bytes, leaf.length);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t joined[TLOG_NONCE_SIZE + ENTRY_BODY_MOST];
    memcpy(joined, entry->nonce, TLOG_NONCE_SIZE);
    memcpy(joined + TLOG_NONCE_SIZE, entry->body, entry->body_size);
    status = tables_append(txn, TABLE_LOG_BODIES, &key, joined, TLOG_NONCE_SIZE + entry->body_size);
    return status == STATUS_OK ? tables_append(txn, TABLE_LOG_ENVELOPES, &key, entry->envelope, entry->envelope_size) : status;
}

int log_row_submission(struct store_txn *txn, uint64_t position, const struct entry_body *body)
{
    struct store_key key = {0}, value = {0};
    key_bytes(&key, body->submission, sizeof body->submission);
    key_text(&key, body->party);
    key_u64(&value, position);
    key_bytes(&value, body->envelope_sha256, sizeof body->envelope_sha256);
    return tables_put(txn, TABLE_SUBMISSIONS, &key, value.bytes, value.length);
}

int log_row_put_redacted(struct store_txn *txn, uint64_t position, const struct log_redacted *redacted)
{
    const struct store_key key = key_of(position);
    struct store_key value = {0};
    key_u64(&value, redacted->by);
    key_bytes(&value, redacted->body.submission, sizeof redacted->body.submission);
    key_bytes(&value, redacted->body.envelope_sha256, sizeof redacted->body.envelope_sha256);
    key_bytes(&value, redacted->body.party, strlen(redacted->body.party));
    return tables_put(txn, TABLE_LOG_REDACTED, &key, value.bytes, value.length);
}

int log_row_redacted(struct store_txn *txn, uint64_t position, struct log_redacted *redacted)
{
    const struct store_key key = key_of(position);
    struct store_value value = {0};
    const uint8_t *id, *sha256;
    *redacted = (struct log_redacted){0};
    int status = tables_get(txn, TABLE_LOG_REDACTED, &key, &value);
    if (status != STATUS_OK) {
        return status;
    }
    struct key_reader reader = {value.bytes, value.length};
    if (!key_take_u64(&reader, &redacted->by) || !key_take_bytes(&reader, sizeof redacted->body.submission, &id) ||
        !key_take_bytes(&reader, sizeof redacted->body.envelope_sha256, &sha256) || !reader.left ||
        reader.left >= sizeof redacted->body.party) {
        return STATUS_CORRUPT;
    }
    memcpy(redacted->body.submission, id, sizeof redacted->body.submission);
    memcpy(redacted->body.envelope_sha256, sha256, sizeof redacted->body.envelope_sha256);
    memcpy(redacted->body.party, reader.bytes, reader.left);
    return STATUS_OK;
}

uint64_t log_node_place(unsigned level, uint64_t index)
{
    uint64_t leaf = ((index + 1) << level) - 1;
    return 2 * leaf - (uint64_t)__builtin_popcountll(leaf) + level;
}

int log_row_node(struct store_txn *txn, unsigned level, uint64_t index, uint8_t hash[TLOG_HASH_SIZE])
{
    struct store_key key = key_of(log_node_place(level, index));
    struct store_value value = {0};
    int status = tables_get(txn, TABLE_LOG_NODES, &key, &value);
    if (status != STATUS_OK) {
        return status;
    }
    if (value.length != TLOG_HASH_SIZE) {
        return STATUS_CORRUPT;
    }
    memcpy(hash, value.bytes, TLOG_HASH_SIZE);
    return STATUS_OK;
}

static int read_node(void *data, unsigned level, uint64_t index, uint8_t hash[TLOG_HASH_SIZE])
{
    int status = log_row_node(data, level, index, hash);
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

struct tlog_nodes log_nodes(struct store_txn *txn)
{
    return (struct tlog_nodes){.read = read_node, .data = txn};
}
