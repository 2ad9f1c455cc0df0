/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_BACKUP_H
#define PROTO_BACKUP_H

#include <stddef.h>
#include <stdint.h>

#include "proto/entry.h"
#include "proto/note.h"
#include "proto/tlog.h"
#include "proto/vault.h"

/*
 * What lies in a backup's vault: the log, entry by entry, with the signed head of each batch behind its last entry. The tables are made
 * again from it, and the tree's nodes are what its leaves hash to, so neither is kept; keys of the exchange are never in it. Records:
 *
 *     'B' || origin               the beginning, once
 *     'E' || time 8 || kind || 00 || nonce 32 || size of the body 2 || body || envelope
 *     'R' || time 8 || kind || 00 || commitment 32 || position that says so 8 || id 16 || SHA-256 of the envelope 32 || party     a redacted one
 *     'H' || signed head
 *     'Z'                         the end
 *
 * each under its size, 4 bytes, which counts the letter. Numbers are big-endian. One thread at a time.
 */

enum backup_kind { BACKUP_BEGIN = 'B', BACKUP_ENTRY = 'E', BACKUP_REDACTED = 'R', BACKUP_HEAD = 'H', BACKUP_END = 'Z' };

struct backup_record {
    enum backup_kind kind;
    struct entry_body entry;  /* kind and time; of a redacted entry also id, hash and party */
    const uint8_t *nonce;     /* 32 bytes */
    const uint8_t *body;
    size_t body_size;
    const uint8_t *envelope;
    size_t envelope_size;
    uint8_t commit[TLOG_HASH_SIZE]; /* of a redacted entry, and who says so */
    uint64_t by;
    const char *text;         /* of the beginning and of a head; not ended by a NUL */
    size_t text_length;
};

/* Adds a record to a vault. The errors of vault_add(). */
int backup_add(struct vault_writer *writer, const struct backup_record *record);

/* What holds the record that was read last. All zeros at first. */
struct backup_buffer {
    uint8_t *bytes;
    size_t size;
};
void backup_buffer_free(struct backup_buffer *buffer);

/*
 * The next record; it points into the buffer and holds until the next call. The errors of vault_read(); STATUS_INVALID: no such record
 * (fault says so); STATUS_NO_MEMORY. Behind the end nothing may follow: the end record is given only where that is so.
 */
int backup_next(struct vault_reader *reader, struct backup_buffer *buffer, struct backup_record *record, struct vault_fault *fault);

struct backup_summary {
    char origin[NOTE_NAME_MOST + 1];
    uint64_t entries;
    uint64_t redacted;
    struct tlog_head head; /* over all entries */
};

/*
 * Reads all of a vault: every body must be what its leaf commits to, every envelope what its body names, and every head have the root of
 * the entries before it, the last one of all. Signatures are checked where a head's first line is key's name (key may be NULL: none).
 * STATUS_CORRUPT: the log in it does not hold (fault says what; its offset is a position); else as backup_next().
 */
int backup_check(struct vault_reader *reader, const struct note_key *key, struct backup_summary *summary, struct vault_fault *fault);

#endif
