/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_INVITATION_H
#define PROTO_INVITATION_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/keys.h"
#include "proto/party.pb-c.h"

/*
 * The one line that lets a party in once: "muster1:" and base64url without padding of (packed Invitation || the first 4
 * bytes of its SHA-256). It carries a 32-byte seed, from which both sides derive the one-time keys (crypto_kdf, context
 * "musterJ1": 1 CURVE secret, 2 box secret, 3 signing seed); the exchange keeps their public halves only. So the line is
 * a secret: it is read from a prompt, a file or standard input, never from an argument. Pure functions.
 */

#define INVITATION_PREFIX "muster1:"
#define INVITATION_MOST 2048u /* bytes of the line, prefix included: longer is no invitation */
#define INVITATION_SEED_SIZE 32u

struct invitation_keys {
    struct key_pair curve;
    struct key_pair box;
    struct key_pair signing;
};

/* The line of an invitation, allocated in arena. STATUS_INVALID: a field breaks its form (as invitation_decode); STATUS_NO_MEMORY. */
int invitation_encode(const Muster__Invitation *invitation, struct arena *arena, char **line);

/*
 * Reads a line; white space around and line breaks within it (mail programs) are dropped. The message lies in arena.
 * Checked: prefix, alphabet, check sum, walk, key lengths of 32, party id, role, vkey. Not checked: expiry against a clock.
 * STATUS_INVALID, STATUS_TOO_LARGE, STATUS_FORGED (check sum: a character was lost), STATUS_NO_MEMORY.
 */
int invitation_decode(const char *line, struct arena *arena, Muster__Invitation **invitation);

/* The one-time keys of a seed. The caller ends them with invitation_keys_drop(). STATUS_NO_MEMORY. */
int invitation_keys_make(const uint8_t seed[INVITATION_SEED_SIZE], struct invitation_keys *keys);

void invitation_keys_drop(struct invitation_keys *keys);

/* What a join's two signatures cover. */
struct join_keys {
    const uint8_t *one_time_signing_key;
    const uint8_t *curve_key;
    const uint8_t *box_key;
    const uint8_t *signing_key;
    const uint8_t *exchange_box_key;
};

/*
 * Ed25519 over "muster/join/v1\n" || one-time signing || CURVE || box || signing || exchange box key. Made twice: by the one-time and
 * by the new signing key (pair).
 */
void join_sign(const struct join_keys *keys, const struct key_pair *pair, uint8_t signature[64]);

/*
 * Checks both signatures and all lengths of a join against the one-time signing key that the exchange keeps, and its own box key.
 * STATUS_INVALID: a length; STATUS_DENIED: another one-time key; STATUS_FORGED: a signature does not hold.
 */
int join_verify(const Muster__Join *join, const uint8_t one_time_signing_key[32], const uint8_t exchange_box_key[32]);

#endif
