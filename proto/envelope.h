/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_ENVELOPE_H
#define PROTO_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/keys.h"
#include "proto/log.pb-c.h"
#include "proto/walk.h"

/*
 * A submission on the wire, in the log and in an outbox: signature 64 || signed, where signed is one packed Submission and
 * the signature is Ed25519 over "muster/submission/v1\n" || signed. These exact bytes are signed, hashed, stored and
 * replayed; nobody packs them again. Pure functions, thread-safe.
 */

#define ENVELOPE_PROTOCOL 1u           /* Submission.protocol, Request.protocol, Answer.protocol */
#define ENVELOPE_SIGNATURE_SIZE 64u
#define ENVELOPE_MOST ((size_t)15 << 20) /* bytes; 10,000 demands take 2 to 4 MiB; leaves room for the box around it */
#define ENVELOPE_ID_SIZE 16u
#define ENVELOPE_PARTY_MOST 32u
#define ENVELOPE_ID_RANDOM 10u /* bytes of an id that are random; before them stands the time */
#define ENVELOPE_EXCHANGE_PARTY "exchange" /* the party of the exchange's own entries; no invitation may use it */
#define ENVELOPE_NOT_AFTER_MOST ((uint64_t)24 * 3600 * 1000) /* milliseconds after log time */
#define ENVELOPE_ARENA_CAP ((size_t)192 << 20) /* enough to unpack any envelope that envelope_unpack() accepts */

/* What an envelope says of itself, before anything of it is trusted. */
struct envelope_peek {
    uint32_t protocol;
    char party[ENVELOPE_PARTY_MOST + 1];
    uint8_t id[ENVELOPE_ID_SIZE];
    uint8_t signing_key[32];
};

/* Packs and signs a submission into arena. STATUS_TOO_LARGE, STATUS_NO_MEMORY. */
int envelope_make(const Muster__Submission *submission, const struct key_pair *signing_key, struct arena *arena, uint8_t **envelope,
                  size_t *size);

/*
 * Finds protocol version, party, id and signing key. An unknown version gives STATUS_NEWER with only peek->protocol filled, so that it gets
 * its own refusal; else STATUS_INVALID (no such fields, or of a wrong form), STATUS_TOO_LARGE. Allocates nothing.
 */
int envelope_peek(const uint8_t *envelope, size_t size, struct envelope_peek *peek);

/* Checks the signature by signing_key. STATUS_FORGED, STATUS_INVALID, STATUS_TOO_LARGE, STATUS_NO_MEMORY. 0.1 ms; for helper threads. */
int envelope_verify(const uint8_t *envelope, size_t size, const uint8_t signing_key[32]);

/*
 * Walks, then unpacks the submission into arena (cap: ENVELOPE_ARENA_CAP is always enough). Checked beside the walk: protocol, lengths of
 * keys, id and head, form of the party id. Not checked: signature, origin, which changes. fault (may be NULL) names the place.
 * STATUS_NEWER: protocol version; STATUS_INVALID, STATUS_TOO_LARGE, STATUS_NO_MEMORY.
 */
int envelope_unpack(const uint8_t *envelope, size_t size, struct arena *arena, Muster__Submission **submission, struct walk_fault *fault);

/* SHA-256 of the whole envelope, signature included: what an entry's body names. */
void envelope_sha256(const uint8_t *envelope, size_t size, uint8_t sha256[32]);

/* True where text is a party id: [a-z0-9-]{1,32}. */
bool envelope_party_valid(const char *text, size_t length);

/*
 * A fresh submission id: 6 bytes of time (milliseconds since 1970, most significant first), then random ones. The time says no more than not_after does;
 * with it ids that come one after another lie side by side in the exchange's index, which then changes few pages a batch. Any other 16 bytes are
 * taken as well.
 */
void envelope_id_make(const struct seam_random *random, uint64_t now, uint8_t id[ENVELOPE_ID_SIZE]);

#endif
