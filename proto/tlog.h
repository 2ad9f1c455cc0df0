/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_TLOG_H
#define PROTO_TLOG_H

#include <stddef.h>
#include <stdint.h>

#include "proto/note.h"

/*
 * The log's arithmetic: commitments and leaves, the Merkle tree of RFC 9162 section 2.1 over SHA-256, its proofs, and the
 * head as a C2SP checkpoint. Nothing here reads or writes a store: makers take a source of nodes, verifiers take bytes.
 * Pure functions, thread-safe.
 */

#define TLOG_HASH_SIZE 32u
#define TLOG_NONCE_SIZE 32u
#define TLOG_KIND_MOST 32u          /* [a-z-]{1,32} */
#define TLOG_PROOF_MOST 64u         /* hashes of a proof: one a level, positions are uint64 */
#define TLOG_PROOF_SIZE_MOST (TLOG_PROOF_MOST * TLOG_HASH_SIZE)
#define TLOG_CHECKPOINT_MOST 256u   /* bytes of a checkpoint's text */

/* Hashes of complete subtrees: level 0 are leaves, node (level, index) covers leaves index << level up to the next one's first. */
struct tlog_nodes {
    int (*read)(void *data, unsigned level, uint64_t index, uint8_t hash[TLOG_HASH_SIZE]);
    void *data;
    struct tlog_ranges *ranges; /* NULL: none are remembered */
};

/* Hashes over ranges of leaves at the tree's right edge, which many proofs against one head share. Empty at first; good for one size. */
#define TLOG_RANGES_MOST 64u
struct tlog_ranges {
    size_t count;
    struct {
        uint64_t begin, end;
        uint8_t hash[TLOG_HASH_SIZE];
    } list[TLOG_RANGES_MOST];
};

struct tlog_proof {
    size_t count;
    uint8_t hashes[TLOG_PROOF_MOST][TLOG_HASH_SIZE]; /* leaf upward; contiguous, so also count * 32 bytes */
};

struct tlog_head {
    uint64_t size;
    uint8_t root[TLOG_HASH_SIZE];
};

/* H("") */
void tlog_empty_root(uint8_t root[TLOG_HASH_SIZE]);
/* H(00 || data) */
void tlog_leaf_hash(const void *data, size_t length, uint8_t hash[TLOG_HASH_SIZE]);
/* H(01 || left || right); hash may be one of them. */
void tlog_node_hash(const uint8_t left[TLOG_HASH_SIZE], const uint8_t right[TLOG_HASH_SIZE], uint8_t hash[TLOG_HASH_SIZE]);

/* SHA-256("muster/commit/v1\n" || nonce || body). */
void tlog_commit(const uint8_t nonce[TLOG_NONCE_SIZE], const void *body, size_t length, uint8_t commit[TLOG_HASH_SIZE]);
/* The leaf hash of "muster/entry/v1\n" kind "\n" position "\n" hex(commit) "\n". STATUS_INVALID: kind is not [a-z-]{1,32}. */
int tlog_entry_leaf(const char *kind, uint64_t position, const uint8_t commit[TLOG_HASH_SIZE], uint8_t leaf[TLOG_HASH_SIZE]);

/* The root over the first size leaves. Errors are those of the source. At most 64 reads. */
int tlog_root(const struct tlog_nodes *nodes, uint64_t size, uint8_t root[TLOG_HASH_SIZE]);
/* RFC 9162 2.1.3.1. STATUS_INVALID where index >= size; else the source's. */
int tlog_inclusion_make(const struct tlog_nodes *nodes, uint64_t index, uint64_t size, struct tlog_proof *proof);
/* RFC 9162 2.1.4.1, 1 <= old_size <= new_size (equal: an empty proof). STATUS_INVALID; else the source's. */
int tlog_consistency_make(const struct tlog_nodes *nodes, uint64_t old_size, uint64_t new_size, struct tlog_proof *proof);

/*
 * RFC 9162 2.1.3.2: leaf lies at index in the tree of head. proof: proof_size bytes, which must be whole hashes of 32.
 * STATUS_INVALID: index or length; STATUS_FORGED: it does not hold.
 */
int tlog_inclusion_verify(uint64_t index, const uint8_t leaf[TLOG_HASH_SIZE], const uint8_t *proof, size_t proof_size,
                          const struct tlog_head *head);
/* RFC 9162 2.1.4.2: old is a prefix of new. An old size of 0 is refused (it proves nothing), as is new < old. Errors as above. */
int tlog_consistency_verify(const struct tlog_head *old_head, const struct tlog_head *new_head, const uint8_t *proof, size_t proof_size);

/* Writes origin, size and root, a line each; no NUL. text has TLOG_CHECKPOINT_MOST bytes. STATUS_INVALID: the origin is no note name. */
int tlog_checkpoint_write(const char *origin, const struct tlog_head *head, char *text, size_t *length);
/* Reads exactly that of this origin; our log writes no extension lines, so none are taken. STATUS_INVALID. */
int tlog_checkpoint_parse(const char *text, size_t length, const char *origin, struct tlog_head *head);

/* Signs a head as a note by the log's key (KEY_LOG; name = origin). note has NOTE_MOST bytes; signature may be NULL. */
int tlog_head_sign(const struct note_key *key, const struct key_pair *pair, const struct tlog_head *head, char *note, size_t *note_length,
                   uint8_t signature[64]);
/* Opens a signed head: note and checkpoint. STATUS_FORGED, STATUS_INVALID, STATUS_TOO_LARGE. signature may be NULL. */
int tlog_head_open(const struct note_key *key, const char *note, size_t note_length, struct tlog_head *head, uint8_t signature[64]);
/* Checks the bare 64-byte signature by which a submission carries its client's head. STATUS_FORGED, STATUS_INVALID. */
int tlog_head_verify(const struct note_key *key, const struct tlog_head *head, const uint8_t signature[64]);

#endif
