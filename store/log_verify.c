/* SPDX-License-Identifier: EUPL-1.2 */
/* The whole log hashed again against its signed heads: LMDB has no checksums, so this is what finds a flipped byte. */
#include <string.h>

#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "store/inside.h"
#include "store/log.h"
#include "store/log_rows.h"

#define FACT_VERIFIED "verified"
#define REDACTED_KIND "redacted"
#define REDACTED_ARENA_CAP ((size_t)256 << 20)
#define STOP_EVERY 64u /* entries between two questions whether to go on */

int log_verified(struct store_txn *txn, uint64_t *size)
{
    return tables_fact(txn, FACT_VERIFIED, size);
}

int log_set_verified(struct store_txn *txn, uint64_t size)
{
    return tables_set_fact(txn, FACT_VERIFIED, size);
}

struct check {
    struct store_txn *txn;
    const struct note_key *key;
    uint64_t signed_from; /* heads up to here were signed by an older key: their roots count alone */
    uint64_t size;     /* of the log */
    uint64_t head_at;  /* of the last head that held: all below stands */
    uint64_t bad;
    const char *why;
};

static int corrupt(struct check *check, uint64_t position, const char *why)
{
    check->bad = position;
    check->why = why;
    return STATUS_CORRUPT;
}

/* A row that must be there. */
static int missing(struct check *check, uint64_t position, int status)
{
    return status == STATUS_NOT_FOUND || status == STATUS_CORRUPT ? corrupt(check, position, "a part of the entry is missing or damaged")
                                                                  : status;
}

static int check_time(struct check *check, uint64_t position, uint64_t time, uint64_t *last_time)
{
    if (time < *last_time) {
        return corrupt(check, position, "log time falls");
    }
    *last_time = time;
    return STATUS_OK;
}

/* Whether the entry that is said to say so names this one: kind, and what the exchange signed. */
static int says_redacted(struct check *check, uint64_t position, const struct log_redacted *redacted, bool *says)
{
    struct log_entry entry;
    struct arena arena;
    Muster__Submission *submission = NULL;
    *says = false;
    if (redacted->by <= position || redacted->by >= check->size) {
        return STATUS_OK;
    }
    arena_init(&arena, REDACTED_ARENA_CAP);
    int status = log_read(check->txn, redacted->by, &entry);
    if (status == STATUS_OK && entry.envelope && strcmp(entry.kind, REDACTED_KIND) == 0) {
        status = envelope_unpack(entry.envelope, entry.envelope_size, &arena, &submission, NULL);
        const Muster__Redacted *named = status == STATUS_OK ? submission->redacted : NULL;
        *says = named && named->position == position && strcmp(named->party, redacted->body.party) == 0 &&
                named->submission.len == sizeof redacted->body.submission &&
                memcmp(named->submission.data, redacted->body.submission, sizeof redacted->body.submission) == 0 &&
                named->envelope_sha256.len == sizeof redacted->body.envelope_sha256 &&
                memcmp(named->envelope_sha256.data, redacted->body.envelope_sha256, sizeof redacted->body.envelope_sha256) == 0;
        status = status == STATUS_NO_MEMORY ? status : STATUS_OK;
    }
    arena_drop(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* An entry without a body: another one says that it is gone, and its leaf is still what the tree has. */
static int check_redacted(struct check *check, uint64_t position, const struct log_leaf_row *row, const uint8_t stored[TLOG_HASH_SIZE],
                          uint8_t leaf[TLOG_HASH_SIZE])
{
    struct log_redacted redacted;
    bool says = false;
    int status = log_redacted(check->txn, position, &redacted);
    status = status == STATUS_OK ? says_redacted(check, position, &redacted, &says) : status;
    if (status != STATUS_OK) {
        return missing(check, position, status);
    }
    if (!says) {
        return corrupt(check, position, "its body is gone, and no entry says that it was redacted");
    }
    if (tlog_entry_leaf(row->kind, position, row->commit, leaf) != STATUS_OK || memcmp(leaf, stored, TLOG_HASH_SIZE) != 0) {
        return corrupt(check, position, "the leaf is not the tree's");
    }
    return STATUS_OK;
}

/* Body and envelope against the leaf; the leaf's hash. */
static int check_entry(struct check *check, uint64_t position, uint64_t *last_time, uint8_t leaf[TLOG_HASH_SIZE])
{
    struct log_entry entry;
    struct log_leaf_row row;
    struct entry_body body;
    uint8_t commit[TLOG_HASH_SIZE], sha256[32], stored[TLOG_HASH_SIZE];
    int status = log_row_leaf(check->txn, position, &row);
    status = status == STATUS_OK ? log_read(check->txn, position, &entry) : status;
    status = status == STATUS_OK ? log_leaf(check->txn, position, stored) : status;
    if (status != STATUS_OK) {
        return missing(check, position, status);
    }
    if (!entry.body && !entry.envelope) {
        status = check_redacted(check, position, &row, stored, leaf);
        return status == STATUS_OK ? check_time(check, position, row.time, last_time) : status;
    }
    if (!entry.body || !entry.envelope) {
        return missing(check, position, STATUS_NOT_FOUND);
    }
    tlog_commit(entry.nonce, entry.body, entry.body_size, commit);
    if (memcmp(commit, row.commit, sizeof commit) != 0) {
        return corrupt(check, position, "the body is not the one that was committed to");
    }
    if (tlog_entry_leaf(row.kind, position, commit, leaf) != STATUS_OK || memcmp(leaf, stored, sizeof stored) != 0) {
        return corrupt(check, position, "the leaf is not the tree's");
    }
    envelope_sha256(entry.envelope, entry.envelope_size, sha256);
    status = entry_body_parse(entry.body, entry.body_size, &body);
    if (status == STATUS_NO_MEMORY) {
        return status;
    }
    if (status != STATUS_OK || strcmp(body.kind, row.kind) != 0 || body.time != row.time) {
        return corrupt(check, position, "the body and the leaf differ");
    }
    if (memcmp(sha256, body.envelope_sha256, sizeof sha256) != 0) {
        return corrupt(check, position, "the envelope is not the one that was submitted");
    }
    return check_time(check, position, row.time, last_time);
}

/* The nodes that a leaf completes. */
static int check_nodes(struct check *check, uint64_t position, const uint8_t leaf[TLOG_HASH_SIZE])
{
    uint8_t hash[TLOG_HASH_SIZE], left[TLOG_HASH_SIZE], stored[TLOG_HASH_SIZE];
    memcpy(hash, leaf, sizeof hash);
    for (unsigned level = 0; position >> level & 1; level++) {
        int status = log_row_node(check->txn, level, (position >> level) - 1, left);
        status = status == STATUS_OK ? log_row_node(check->txn, level + 1, position >> (level + 1), stored) : status;
        if (status != STATUS_OK) {
            return missing(check, position, status);
        }
        tlog_node_hash(left, hash, hash);
        if (memcmp(hash, stored, sizeof stored) != 0) {
            return corrupt(check, position, "a node of the tree is not the hash of those below it");
        }
    }
    return STATUS_OK;
}

/* What a head says, signed by the key that it must be signed by. */
static int open_head(struct check *check, uint64_t size, const struct store_value *note, struct tlog_head *head)
{
    struct log_head stored;
    if (size > check->signed_from) {
        bool holds = tlog_head_open(check->key, (const char *)note->bytes, note->length, head, NULL) == STATUS_OK && head->size == size;
        return holds ? STATUS_OK : STATUS_CORRUPT;
    }
    int status = log_head_of(check->txn, size - 1, &stored);
    if (status == STATUS_OK) {
        *head = stored.head;
    }
    return status == STATUS_OK && head->size != size ? STATUS_CORRUPT : status;
}

/* The head after size entries, where a batch ended there. */
static int check_head(struct check *check, uint64_t size)
{
    struct store_key key = {0};
    struct store_value note = {0};
    struct tlog_head head;
    uint8_t root[TLOG_HASH_SIZE];
    key_u64(&key, size);
    int status = tables_get(check->txn, TABLE_LOG_HEADS, &key, &note);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = open_head(check, size, &note, &head);
    if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND) {
        return corrupt(check, size - 1, "the head over it is not signed by the log's key");
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = log_root(check->txn, size, root);
    if (status != STATUS_OK) {
        return missing(check, size - 1, status);
    }
    if (memcmp(root, head.root, sizeof root) != 0) {
        return corrupt(check, check->head_at, "the entries from here on are not those that the signed head covers");
    }
    check->head_at = size;
    return STATUS_OK;
}

/* Rows that no entry has, or an end that no head covers. */
static int check_ends(struct check *check)
{
    const enum table tables[] = {TABLE_LOG_LEAVES, TABLE_LOG_BODIES, TABLE_LOG_ENVELOPES};
    struct store_key last, all = {0};
    uint64_t position, nodes = 0;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        int status = tables_last(check->txn, tables[i], &all, &last, NULL);
        if (status == STATUS_NOT_FOUND && !check->size) {
            continue;
        }
        struct key_reader reader = {last.bytes, last.length};
        if (status != STATUS_OK) {
            return missing(check, check->size - 1, status);
        }
        if (!key_take_u64(&reader, &position) || position != check->size - 1) {
            return corrupt(check, check->size, "rows of the log are missing, or there are more than entries");
        }
    }
    int status = tables_entries(check->txn, TABLE_LOG_NODES, &nodes);
    if (status == STATUS_OK && nodes != 2 * check->size - (uint64_t)__builtin_popcountll(check->size)) {
        return corrupt(check, UINT64_MAX, "the tree has too many nodes or too few");
    }
    if (status == STATUS_OK && check->head_at != check->size) {
        return corrupt(check, check->head_at, "no signed head covers the entries from here on");
    }
    return status;
}

static int check_all(struct check *check, uint64_t from, log_stop *stop, void *data)
{
    uint64_t last_time = 0;
    struct log_leaf_row before;
    int status = log_size(check->txn, &check->size);
    if (status == STATUS_OK && from > check->size) {
        return corrupt(check, check->size, "the log is shorter than what was verified before");
    }
    if (status == STATUS_OK && from) {
        status = log_row_leaf(check->txn, from - 1, &before);
        last_time = before.time;
    }
    for (uint64_t position = from; position < check->size && status == STATUS_OK; position++) {
        uint8_t leaf[TLOG_HASH_SIZE];
        if (stop && position % STOP_EVERY == 0 && stop(data, position)) {
            return STATUS_CANCELLED;
        }
        status = check_entry(check, position, &last_time, leaf);
        status = status == STATUS_OK ? check_nodes(check, position, leaf) : status;
        status = status == STATUS_OK ? check_head(check, position + 1) : status;
    }
    return status == STATUS_OK ? check_ends(check) : status;
}

int log_verify(struct store_txn *txn, uint64_t from, const struct note_key *key, log_stop *stop, void *data, uint64_t *bad,
               const char **why)
{
    const struct log_span span = {.from = from, .key = key, .stop = stop, .data = data};
    return log_verify_span(txn, &span, bad, why);
}

int log_verify_span(struct store_txn *txn, const struct log_span *span, uint64_t *bad, const char **why)
{
    struct check check = {.txn = txn, .key = span->key, .signed_from = span->signed_from, .head_at = span->from, .bad = UINT64_MAX, .why = ""};
    int status = check_all(&check, span->from, span->stop, span->data);
    if (bad) {
        *bad = status == STATUS_CANCELLED ? check.head_at : check.bad;
    }
    if (why) {
        *why = check.why;
    }
    return status;
}
