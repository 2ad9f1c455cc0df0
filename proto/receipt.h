/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_RECEIPT_H
#define PROTO_RECEIPT_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/entry.h"
#include "proto/note.h"
#include "proto/tlog.h"

/*
 * A receipt: proof, checkable for ever and without any broker, that a submission stands in the log. The file is a
 * "c2sp.org/tlog-proof@v1":
 *
 *     c2sp.org/tlog-proof@v1
 *     extra base64(nonce 32 || body)
 *     index <position>
 *     <base64 hash, leaf upward, a line each>
 *     <empty line>
 *     <signed head>
 *
 * It is verified against the envelope that the client kept and the vkey that it pinned. Pure functions, thread-safe.
 */

#define RECEIPT_MOST 16384u /* bytes: 64 proof lines of 45, a body, a note of up to 8 signatures */

struct receipt {
    uint64_t position;
    struct entry_body body;
    struct tlog_head head;
    uint8_t head_signature[64];
};

/* Writes a receipt into arena (with a NUL behind it that does not count). STATUS_TOO_LARGE, STATUS_NO_MEMORY. */
int receipt_make(uint64_t position, const uint8_t nonce[TLOG_NONCE_SIZE], const uint8_t *body, size_t body_size,
                 const struct tlog_proof *proof, const char *note, size_t note_length, struct arena *arena, char **text, size_t *length);

/*
 * Verifies a receipt: the head's signature by key, the leaf's inclusion, the body's hash of the envelope, and that body and
 * envelope name the same party and id. STATUS_INVALID: form; STATUS_FORGED: something does not hold; STATUS_TOO_LARGE.
 * why (may be NULL) gets a static sentence on what does not hold, NULL on success.
 */
int receipt_verify(const char *text, size_t length, const uint8_t *envelope, size_t envelope_size, const struct note_key *key,
                   struct receipt *receipt, const char **why);

#endif
