/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/backup.h"

#include <stdlib.h>
#include <string.h>

#include "proto/envelope.h"
#include "proto/lines.h"
#include "proto/status.h"
#include "proto/tlog_tree.h"

#define RECORD_MOST (ENVELOPE_MOST + ENTRY_BODY_MOST + 1024u)
#define READ_FIRST ((size_t)4096)
#define FIXED_MOST 256u

/* The fixed part of a record under way. */
struct packing {
    uint8_t bytes[FIXED_MOST];
    size_t length;
};

static void put(struct packing *packing, const void *bytes, size_t size)
{
    memcpy(packing->bytes + packing->length, bytes, size);
    packing->length += size;
}

static void put_number(struct packing *packing, uint64_t number, unsigned size)
{
    for (unsigned at = 0; at < size; at++) {
        packing->bytes[packing->length++] = (uint8_t)(number >> (8 * (size - 1 - at)));
    }
}

static void pack_entry(struct packing *packing, const struct backup_record *record)
{
    put_number(packing, record->entry.time, 8);
    put(packing, record->entry.kind, strlen(record->entry.kind) + 1);
    if (record->kind == BACKUP_ENTRY) {
        put(packing, record->nonce, TLOG_NONCE_SIZE);
        put_number(packing, record->body_size, 2);
        return;
    }
    put(packing, record->commit, sizeof record->commit);
    put_number(packing, record->by, 8);
    put(packing, record->entry.submission, sizeof record->entry.submission);
    put(packing, record->entry.envelope_sha256, sizeof record->entry.envelope_sha256);
    put(packing, record->entry.party, strlen(record->entry.party));
}

int backup_add(struct vault_writer *writer, const struct backup_record *record)
{
    struct packing packing = {.length = 0};
    const struct {
        const void *bytes;
        size_t size;
    } tails[] = {{record->body, record->kind == BACKUP_ENTRY ? record->body_size : 0},
                 {record->envelope, record->kind == BACKUP_ENTRY ? record->envelope_size : 0},
                 {record->text, record->kind == BACKUP_BEGIN || record->kind == BACKUP_HEAD ? record->text_length : 0}};
    size_t tail = tails[0].size + tails[1].size + tails[2].size;
    packing.length = 4; /* the size, once it is known */
    packing.bytes[packing.length++] = (uint8_t)record->kind;
    if (record->kind == BACKUP_ENTRY || record->kind == BACKUP_REDACTED) {
        pack_entry(&packing, record);
    }
    size_t size = packing.length - 4 + tail;
    for (unsigned at = 0; at < 4; at++) {
        packing.bytes[at] = (uint8_t)(size >> (24 - 8 * at));
    }
    int status = vault_add(writer, packing.bytes, packing.length);
    for (size_t at = 0; at < sizeof tails / sizeof tails[0] && status == STATUS_OK; at++) {
        status = tails[at].size ? vault_add(writer, tails[at].bytes, tails[at].size) : STATUS_OK;
    }
    return status;
}

void backup_buffer_free(struct backup_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct backup_buffer){0};
}

/* A cursor over a record's bytes. */
struct reading {
    const uint8_t *at;
    size_t left;
};

static bool take(struct reading *reading, size_t size, const uint8_t **bytes)
{
    if (reading->left < size) {
        return false;
    }
    *bytes = reading->at;
    reading->at += size;
    reading->left -= size;
    return true;
}

static bool take_number(struct reading *reading, unsigned size, uint64_t *number)
{
    const uint8_t *bytes;
    *number = 0;
    if (!take(reading, size, &bytes)) {
        return false;
    }
    for (unsigned at = 0; at < size; at++) {
        *number = *number << 8 | bytes[at];
    }
    return true;
}

static bool take_kind(struct reading *reading, char kind[TLOG_KIND_MOST + 1])
{
    const uint8_t *bytes, *end = memchr(reading->at, 0, reading->left < TLOG_KIND_MOST + 1 ? reading->left : TLOG_KIND_MOST + 1);
    if (!end || !take(reading, (size_t)(end - reading->at) + 1, &bytes)) {
        return false;
    }
    memcpy(kind, bytes, (size_t)(end - bytes) + 1);
    return true;
}

static bool parse_entry(struct reading *reading, struct backup_record *record)
{
    uint64_t size;
    if (!take_number(reading, 8, &record->entry.time) || !take_kind(reading, record->entry.kind) || !take(reading, TLOG_NONCE_SIZE, &record->nonce) ||
        !take_number(reading, 2, &size) || !size || size > ENTRY_BODY_MOST || !take(reading, (size_t)size, &record->body) || !reading->left) {
        return false;
    }
    record->body_size = (size_t)size;
    record->envelope = reading->at;
    record->envelope_size = reading->left;
    return true;
}

static bool parse_redacted(struct reading *reading, struct backup_record *record)
{
    const uint8_t *commit, *id, *sha256;
    if (!take_number(reading, 8, &record->entry.time) || !take_kind(reading, record->entry.kind) || !take(reading, TLOG_HASH_SIZE, &commit) ||
        !take_number(reading, 8, &record->by) || !take(reading, sizeof record->entry.submission, &id) ||
        !take(reading, sizeof record->entry.envelope_sha256, &sha256) || !reading->left || reading->left >= sizeof record->entry.party ||
        memchr(reading->at, 0, reading->left)) {
        return false;
    }
    memcpy(record->commit, commit, sizeof record->commit);
    memcpy(record->entry.submission, id, sizeof record->entry.submission);
    memcpy(record->entry.envelope_sha256, sha256, sizeof record->entry.envelope_sha256);
    memcpy(record->entry.party, reading->at, reading->left);
    return true;
}

static bool parse(const uint8_t *bytes, size_t size, struct backup_record *record)
{
    struct reading reading = {bytes + 1, size - 1};
    *record = (struct backup_record){.kind = (enum backup_kind)bytes[0]};
    switch (bytes[0]) {
    case BACKUP_ENTRY:
        return parse_entry(&reading, record);
    case BACKUP_REDACTED:
        return parse_redacted(&reading, record);
    case BACKUP_BEGIN:
    case BACKUP_HEAD:
        record->text = (const char *)reading.at;
        record->text_length = reading.left;
        return reading.left > 0 && reading.left <= NOTE_MOST;
    case BACKUP_END:
        return !reading.left;
    default:
        return false;
    }
}

/* As vault_read(), but the vault's end is no place for a record to end in. */
static int read_record(struct vault_reader *reader, uint8_t *bytes, size_t size, struct vault_fault *fault)
{
    int status = vault_read(reader, bytes, size, fault);
    if (status == STATUS_NOT_FOUND) {
        *fault = (struct vault_fault){.why = "it ends before the log in it does"};
        status = STATUS_STALE;
    }
    return status;
}

/* A record's bytes. A length that is announced asks for no memory before as much of it is there: the buffer grows with what was read. */
static int read_content(struct vault_reader *reader, struct backup_buffer *buffer, size_t size, struct vault_fault *fault)
{
    int status = STATUS_OK;
    for (size_t have = 0, next; status == STATUS_OK && have < size; have = next) {
        next = have == 0 ? READ_FIRST : 2 * have;
        next = next < buffer->size ? buffer->size : next;
        next = next < size ? next : size;
        if (next > buffer->size) {
            uint8_t *wider = realloc(buffer->bytes, next);
            if (!wider) {
                return STATUS_NO_MEMORY;
            }
            buffer->bytes = wider;
            buffer->size = next;
        }
        status = read_record(reader, buffer->bytes + have, next - have, fault);
    }
    return status;
}

int backup_next(struct vault_reader *reader, struct backup_buffer *buffer, struct backup_record *record, struct vault_fault *fault)
{
    uint8_t prefix[4];
    int status = read_record(reader, prefix, sizeof prefix, fault);
    size_t size = (size_t)prefix[0] << 24 | (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 | prefix[3];
    if (status == STATUS_OK && (!size || size > RECORD_MOST)) {
        *fault = (struct vault_fault){.why = "what is in it is no log"};
        return STATUS_INVALID;
    }
    status = status == STATUS_OK ? read_content(reader, buffer, size, fault) : status;
    if (status == STATUS_OK && !parse(buffer->bytes, size, record)) {
        *fault = (struct vault_fault){.why = "what is in it is no log"};
        return STATUS_INVALID;
    }
    if (status == STATUS_OK && record->kind == BACKUP_END) {
        status = vault_end(reader, fault);
    }
    return status;
}

/* --- the check --------------------------------------------------------------------------------------------------- */

struct checking {
    const struct note_key *key;
    struct backup_summary *summary;
    struct tlog_tree tree;
    uint64_t covered;
    struct vault_fault *fault;
};

static int broken(struct checking *checking, uint64_t position, const char *why)
{
    *checking->fault = (struct vault_fault){.why = why, .offset = position};
    return STATUS_CORRUPT;
}

static int check_entry(struct checking *checking, const struct backup_record *record)
{
    uint64_t position = checking->tree.size;
    uint8_t commit[TLOG_HASH_SIZE], leaf[TLOG_HASH_SIZE], sha256[32];
    struct entry_body body;
    if (record->kind == BACKUP_REDACTED) {
        memcpy(commit, record->commit, sizeof commit);
        checking->summary->redacted++;
    } else {
        tlog_commit(record->nonce, record->body, record->body_size, commit);
        envelope_sha256(record->envelope, record->envelope_size, sha256);
        if (entry_body_parse(record->body, record->body_size, &body) != STATUS_OK || strcmp(body.kind, record->entry.kind) != 0 || body.time != record->entry.time ||
            memcmp(body.envelope_sha256, sha256, sizeof sha256) != 0) {
            return broken(checking, position, "an entry's body is not that of its submission");
        }
    }
    if (tlog_entry_leaf(record->entry.kind, position, commit, leaf) != STATUS_OK) {
        return broken(checking, position, "an entry has no kind");
    }
    return tlog_tree_append(&checking->tree, leaf);
}

/* Size and root as the note states them, whoever signed it. */
static bool read_head(const struct backup_record *record, struct tlog_head *head)
{
    struct lines lines = {record->text, record->text_length};
    struct line origin, size, root;
    return lines_next(&lines, &origin) && lines_next(&lines, &size) && lines_next(&lines, &root) && line_decimal(size, &head->size) &&
           line_base64_exact(root, head->root, TLOG_HASH_SIZE);
}

static int check_head(struct checking *checking, const struct backup_record *record)
{
    struct tlog_head head, signed_head;
    uint8_t root[TLOG_HASH_SIZE];
    const struct note_key *key = checking->key;
    size_t name = key ? strlen(key->name) : 0;
    if (!read_head(record, &head) || head.size != checking->tree.size) {
        return broken(checking, checking->covered, "a head does not stand behind the entries that it covers");
    }
    int status = tlog_tree_root(&checking->tree, head.size, root);
    if (status != STATUS_OK) {
        return status;
    }
    if (memcmp(root, head.root, sizeof root) != 0) {
        return broken(checking, checking->covered, "the entries from here on are not those that the signed head covers");
    }
    if (key && record->text_length > name && memcmp(record->text, key->name, name) == 0 && record->text[name] == '\n' &&
        tlog_head_open(key, record->text, record->text_length, &signed_head, NULL) != STATUS_OK) {
        return broken(checking, checking->covered, "a head is not signed by the log's key");
    }
    checking->covered = head.size;
    checking->summary->head = head;
    return STATUS_OK;
}

static int check_record(struct checking *checking, const struct backup_record *record)
{
    switch (record->kind) {
    case BACKUP_ENTRY:
    case BACKUP_REDACTED:
        return check_entry(checking, record);
    case BACKUP_HEAD:
        return check_head(checking, record);
    default:
        return broken(checking, checking->tree.size, "it begins twice");
    }
}

int backup_check(struct vault_reader *reader, const struct note_key *key, struct backup_summary *summary, struct vault_fault *fault)
{
    struct checking checking = {.key = key, .summary = summary, .fault = fault};
    struct backup_buffer buffer = {0};
    struct backup_record record;
    *summary = (struct backup_summary){0};
    int status = backup_next(reader, &buffer, &record, fault);
    if (status == STATUS_OK && (record.kind != BACKUP_BEGIN || record.text_length > NOTE_NAME_MOST)) {
        *fault = (struct vault_fault){.why = "what is in it is no log"};
        status = STATUS_INVALID;
    }
    if (status == STATUS_OK) {
        memcpy(summary->origin, record.text, record.text_length);
    }
    while (status == STATUS_OK) {
        status = backup_next(reader, &buffer, &record, fault);
        if (status != STATUS_OK || record.kind == BACKUP_END) {
            break;
        }
        status = check_record(&checking, &record);
    }
    if (status == STATUS_OK && (checking.covered != checking.tree.size || !checking.covered)) {
        status = broken(&checking, checking.covered, "no signed head covers the entries from here on");
    }
    summary->entries = checking.tree.size;
    tlog_tree_free(&checking.tree);
    backup_buffer_free(&buffer);
    return status;
}
