/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_NEW_KEYS_H
#define PROTO_NEW_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/keys.h"
#include "proto/log.pb-c.h"

/*
 * What is signed when keys are replaced. A party's new keys are named by its signing key in force (the submission's
 * envelope) and by the new signing key, so that nobody announces a key that another holds. The exchange's new keys are
 * signed by its log key, which its parties have pinned, by its old signing key and by its new one; the file exchange.keys
 * carries them, one block a replacement, to parties that can't reach a front whose key they do not know:
 *
 *     muster-exchange-keys v1
 *     origin muster.example/log
 *     old-signing <base64>
 *     signing <base64>
 *     box <base64>
 *     front <base64>
 *     log-signature <base64>
 *     old-signature <base64>
 *     new-signature <base64>
 *
 * Pure functions.
 */

#define NEW_KEYS_BLOCK_MOST 1024u /* bytes of one block, with a NUL */
#define NEW_KEYS_BLOCKS_MOST 64u  /* of one file: a replacement a month for five years */

/* What a party's announcement covers. */
struct new_keys_party {
    const uint8_t *old_signing_key;
    const uint8_t *curve_key;
    const uint8_t *box_key;
    const uint8_t *signing_key;
    const uint8_t *exchange_box_key;
};

/* Ed25519 by the new signing key over "muster/keys/v1\n" || old signing || CURVE || box || signing || exchange box key. */
void new_keys_sign(const struct new_keys_party *keys, const struct key_pair *pair, uint8_t signature[64]);

/* Lengths and signature of an announcement. STATUS_INVALID: a length, or no announcement; STATUS_FORGED: the signature. */
int new_keys_verify(const Muster__KeysChange *change, const uint8_t old_signing_key[32], const uint8_t exchange_box_key[32]);

/* The exchange's. */
struct new_keys_exchange {
    char origin[256];
    uint8_t old_signing_key[32];
    uint8_t signing_key[32];
    uint8_t box_key[32];
    uint8_t front_key[32];
    uint8_t log_signature[64];
    uint8_t old_signature[64];
    uint8_t new_signature[64];
};

/* Fills in the three signatures: by the log key, the old and the new signing key. STATUS_INVALID: no origin. */
int new_keys_exchange_sign(struct new_keys_exchange *keys, const struct key_pair *log_key, const struct key_pair *old_key,
                           const struct key_pair *new_key);

/* STATUS_OK where all three hold under the log key given; else STATUS_FORGED. */
int new_keys_exchange_verify(const struct new_keys_exchange *keys, const uint8_t log_key[32]);

/* One block as text, ended by a NUL. STATUS_INVALID: the origin holds a line break. */
int new_keys_exchange_write(const struct new_keys_exchange *keys, char text[NEW_KEYS_BLOCK_MOST]);

/* Reads a file of blocks; *count gets their number. STATUS_INVALID: not of this form; STATUS_TOO_LARGE: more than most. */
int new_keys_exchange_read(const char *text, size_t length, struct new_keys_exchange *list, size_t most, size_t *count);

#endif
