/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_BOX_H
#define PROTO_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/keys.h"
#include "proto/seam.h"

/*
 * The seal around every request and answer between a party and the exchange: the front relays what it can neither read
 * nor forge. A box is
 *
 *     "MSB1" || 'Q' or 'A' || sender's box key 32 || recipient's box key 32 || request id 16 || nonce 24 || ciphertext
 *
 * The plain text is padded to a multiple of 256 (sodium_pad). Keys: crypto_kx, the party the client and the exchange the
 * server, so each direction has its own and a reflected box never opens. XChaCha20-Poly1305-IETF; associated data
 * "muster/box/v1\n" || all before the nonce. Each attempt has a fresh request id and nonce around the same envelope.
 * A client drops an answer whose id it has not outstanding. Sessions are read-only after they are made: any thread may use one.
 */

#define BOX_HEADER_SIZE (4u + 1u + 32u + 32u + 16u)
#define BOX_NONCE_SIZE 24u
#define BOX_TAG_SIZE 16u
#define BOX_REQUEST_ID_SIZE 16u
#define BOX_PAD 256u
#define BOX_MOST ((size_t)16 << 20)      /* bytes of a whole box: a submission of 10,000 demands fits several times; also libzmq's frame limit */
#define BOX_PLAIN_MOST (BOX_MOST - 4096u) /* bytes of plain text */
#define BOX_LEAST (BOX_HEADER_SIZE + BOX_NONCE_SIZE + BOX_TAG_SIZE + BOX_PAD)

struct box_session {
    bool exchange; /* true: this side is the exchange */
    uint8_t own_key[32];
    uint8_t peer_key[32];
    uint8_t *keys; /* sodium_malloc: receive key 32 || send key 32 */
};

struct box_header {
    bool answer; /* 'A' */
    uint8_t sender[32];
    uint8_t recipient[32];
    uint8_t request_id[BOX_REQUEST_ID_SIZE];
};

/* The party's side. own: its box key pair. End with box_session_drop(). STATUS_FORGED: peer is no usable key; STATUS_NO_MEMORY. */
int box_session_party(const struct key_pair *own, const uint8_t exchange_box_key[32], struct box_session *session);

/* The exchange's side. About 0.1 ms of arithmetic and a guarded page: keep one per party. Errors as above. */
int box_session_exchange(const struct key_pair *own, const uint8_t party_box_key[32], struct box_session *session);

void box_session_drop(struct box_session *session);

/* Bytes of the box around length plain bytes; 0 where length exceeds BOX_PLAIN_MOST. */
size_t box_sealed_size(size_t length);

/* A fresh request id. */
void box_request_id(const struct seam_random *random, uint8_t request_id[BOX_REQUEST_ID_SIZE]);

/*
 * Seals plain into box, which has room for box_sealed_size(length) bytes: a request by a party's session, an answer by the exchange's.
 * plain may not overlap box. STATUS_TOO_LARGE.
 */
int box_seal(const struct box_session *session, const uint8_t request_id[BOX_REQUEST_ID_SIZE], const void *plain, size_t length,
             const struct seam_random *random, uint8_t *box);

/* Reads a header without trusting it: whose session to take. STATUS_INVALID: no box, or too short; STATUS_TOO_LARGE. */
int box_peek(const void *box, size_t size, struct box_header *header);

/*
 * Opens a box addressed to this side. plain has room for size bytes (the same as the box; it may not overlap it); *length gets the plain
 * text's. request_id gets the box's own: the caller compares it with what it has outstanding.
 * STATUS_INVALID, STATUS_TOO_LARGE as box_peek(); STATUS_DENIED: other keys or the wrong direction; STATUS_FORGED: altered.
 */
int box_open(const struct box_session *session, const void *box, size_t size, uint8_t request_id[BOX_REQUEST_ID_SIZE], uint8_t *plain,
             size_t *length);

#endif
