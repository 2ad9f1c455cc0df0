/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef STORE_LOG_H
#define STORE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/entry.h"
#include "proto/keys.h"
#include "proto/note.h"
#include "proto/tlog.h"
#include "store/store.h"

/*
 * The log in the store: entries that are only ever added, the Merkle tree over their leaves, and one signed head a batch.
 * An entry has a leaf (kind, time, commitment), a body with its nonce, and the envelope's exact bytes; body, nonce and
 * envelope can be dropped (a redaction) and the tree still verifies. Tree nodes are kept as they become complete, so any
 * proof at any size reads O(log n) of them. Functions that add need a write transaction and the errors of store/tables.h;
 * bytes that are read point into the map and hold until the next write or the transaction's end.
 */

struct log_entry {
    uint64_t position;
    const char *kind;      /* [a-z-]{1,32}, the same as in the body */
    uint64_t time;         /* log time, milliseconds since 1970 UTC; never below the entry before */
    const uint8_t *nonce;  /* 32 bytes; NULL where redacted */
    const uint8_t *body;   /* packed EntryBody; NULL where redacted */
    size_t body_size;
    const uint8_t *envelope; /* NULL where redacted */
    size_t envelope_size;
    const uint8_t *envelope_sha256; /* 32 bytes: to log_append(), of who has hashed these very bytes already; NULL: it hashes them itself */
    const struct entry_body *stated; /* to log_append(), of who has packed body of this: what it says; NULL: it is parsed */
    char kind_text[TLOG_KIND_MOST + 1]; /* where kind points after log_read() */
};

/*
 * Adds an entry; *position gets its place. The body is parsed where it is not stated: kind and time must be those of entry, its hash that of the envelope.
 * entry->position is ignored. STATUS_INVALID: they are not, or the time falls; else as tables_put().
 */
int log_append(struct store_txn *txn, const struct log_entry *entry, uint64_t *position);

/* Number of entries. */
int log_size(struct store_txn *txn, uint64_t *size);

/* Log time of the last entry; 0 where there is none. */
int log_last_time(struct store_txn *txn, uint64_t *time);

/* Reads an entry. STATUS_NOT_FOUND; STATUS_CORRUPT. */
int log_read(struct store_txn *txn, uint64_t position, struct log_entry *entry);

/*
 * Drops body, nonce and envelope of an entry; its leaf stays, so every proof and receipt holds. by: position of the entry that says so,
 * which is about to be or was written. What a rebuild needs of it (party, id, hash) is kept apart. The file's free pages hold the
 * dropped bytes until store_scrub(). Done before: nothing happens. STATUS_NOT_FOUND: no such entry; else as tables_put().
 */
int log_redact(struct store_txn *txn, uint64_t position, uint64_t by);

/* What is left of a redacted entry's body. */
struct log_redacted {
    uint64_t by; /* position of the entry that says so */
    struct entry_body body;
};

/* STATUS_NOT_FOUND: it is not redacted (or there is no such entry). STATUS_CORRUPT. */
int log_redacted(struct store_txn *txn, uint64_t position, struct log_redacted *redacted);

/* The leaf hash of an entry, as the tree has it. STATUS_NOT_FOUND. */
int log_leaf(struct store_txn *txn, uint64_t position, uint8_t leaf[TLOG_HASH_SIZE]);

/* Root over the first size entries. STATUS_NOT_FOUND where size is beyond the log. */
int log_root(struct store_txn *txn, uint64_t size, uint8_t root[TLOG_HASH_SIZE]);

/* The stored nodes as a source for proofs, as long as the transaction. */
struct tlog_nodes log_tree(struct store_txn *txn);

/* Proofs at any size. STATUS_INVALID, STATUS_NOT_FOUND as proto/tlog.h and log_root(). */
int log_inclusion(struct store_txn *txn, uint64_t position, uint64_t size, struct tlog_proof *proof);
int log_consistency(struct store_txn *txn, uint64_t old_size, uint64_t new_size, struct tlog_proof *proof);

struct log_head {
    struct tlog_head head;
    const char *note; /* the signed checkpoint; points into the map */
    size_t note_length;
};

/*
 * Signs the head over all entries and stores it: once a batch, in its transaction, after its last entry. It may leave memory only
 * after the commit. Nothing is stored where the log did not grow since the last head. STATUS_INVALID: the log is empty.
 */
int log_sign_head(struct store_txn *txn, const struct note_key *key, const struct key_pair *pair);

/* The same, and tells what it made; head.size 0 where the log did not grow. Nothing of it may be committed before log_check_signed() took it. */
struct log_signed {
    struct tlog_head head;
    uint8_t signature[64]; /* once it was checked */
    char note[NOTE_MOST];
    size_t note_length;
};
int log_sign_head_told(struct store_txn *txn, const struct note_key *key, const struct key_pair *pair, struct log_signed *made);

/* Opens it again: a head that its own key does not verify must never leave. Any thread. STATUS_FORGED, STATUS_INVALID. */
int log_check_signed(const struct note_key *key, struct log_signed *made);

/* The newest head; the head of the batch that wrote position (the smallest one above it). STATUS_NOT_FOUND. */
int log_head_newest(struct store_txn *txn, struct log_head *head);
int log_head_of(struct store_txn *txn, uint64_t position, struct log_head *head);

/* The receipt of an entry against its batch's head: the same bytes every time. In arena. STATUS_NOT_FOUND (also: redacted), STATUS_NO_MEMORY. */
int log_receipt(struct store_txn *txn, uint64_t position, struct arena *arena, char **text, size_t *length);

/* What an earlier submission under (party, id) became. STATUS_NOT_FOUND: there was none. */
int log_find_submission(struct store_txn *txn, const char *party, const uint8_t id[16], uint64_t *position, uint8_t envelope_sha256[32]);

/* Asked now and then by a verification; true ends it. */
typedef int log_stop(void *data, uint64_t position);

/*
 * Hashes every entry again: body and envelope against the leaf, leaves against the tree's nodes, the tree against every signed head
 * above from, times that never fall. from: entries below it were verified before (their nodes are trusted). key: the log's.
 * *bad gets the first position that does not hold, UINT64_MAX where it is none's in particular; why a static sentence (both may be NULL).
 * STATUS_OK, STATUS_CORRUPT, STATUS_CANCELLED (stop said so), or the storage's.
 */
int log_verify(struct store_txn *txn, uint64_t from, const struct note_key *key, log_stop *stop, void *data, uint64_t *bad,
               const char **why);

struct log_span {
    uint64_t from;
    uint64_t signed_from; /* of a restored store: heads of at most so many entries were signed by an older key; their roots are compared alone */
    const struct note_key *key;
    log_stop *stop;       /* or NULL */
    void *data;
};

/* The same for a restored store as well. After STATUS_CANCELLED *bad is where to go on: all below it holds. */
int log_verify_span(struct store_txn *txn, const struct log_span *span, uint64_t *bad, const char **why);

/* The mark up to which the log was verified, kept in the store. 0 at first. */
int log_verified(struct store_txn *txn, uint64_t *size);
int log_set_verified(struct store_txn *txn, uint64_t size);

#endif
