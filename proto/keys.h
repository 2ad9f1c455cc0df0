/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_KEYS_H
#define PROTO_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/seam.h"

/*
 * Keys: made, kept in files, wiped. A party has a signing key (Ed25519), a box key (X25519) and a CURVE key (X25519,
 * as libzmq wants it: raw 32 bytes); the exchange a log key, a signing key and a box key; the front a CURVE key.
 *
 * Secrets lie in memory of sodium_malloc(): locked, guarded, wiped when dropped. A key file is text of mode 0600:
 *
 *     muster-key v1 signing
 *     public <base64>
 *     plain <base64 of the seed or secret>                                    without a passphrase, or
 *     argon2id <operations> <bytes of memory> <base64 salt> <base64 nonce||ciphertext>
 *
 * The ciphertext is XChaCha20-Poly1305-IETF under Argon2id of the passphrase, with the lines above as associated
 * data. The limits lie in the file, so they can rise later; none below INTERACTIVE or above SENSITIVE is accepted.
 * All functions are thread-safe on different pairs, except that two may not write one path at once.
 */

#define KEYS_PUBLIC_SIZE 32u
#define KEYS_SECRET_MOST 64u       /* Ed25519: seed and public key; the others use 32 */
#define KEYS_PASSPHRASE_MOST 1024u /* bytes */
#define KEYS_PASSPHRASE_LEAST 8u   /* bytes: a shorter one is refused when a file is written */

enum key_kind {
    KEY_SIGNING = 1, /* Ed25519: of a party, the exchange */
    KEY_BOX,         /* X25519 */
    KEY_CURVE,       /* X25519, for libzmq */
    KEY_LOG,         /* Ed25519: signs heads of the log and nothing else */
    KEY_RECOVERY     /* X25519: opens backups, and is kept offline */
};

struct key_pair {
    enum key_kind kind;
    uint8_t public_key[KEYS_PUBLIC_SIZE];
    uint8_t *secret; /* sodium_malloc: 64 bytes (libsodium's form) for KEY_SIGNING and KEY_LOG, 32 for the others; NULL: public only */
};

/* How hard a passphrase is to try; libsodium's crypto_pwhash limits of that name. */
enum keys_strength {
    KEYS_INTERACTIVE = 1, /* 64 MiB, about 0.1 s: the least; for tests and small machines */
    KEYS_MODERATE         /* 256 MiB, about 0.7 s: the default */
};

struct keys_passphrase {
    const char *bytes;
    size_t length;
    enum keys_strength strength; /* used for writing only */
};

/* A fresh pair of any kind. The caller ends it with keys_drop(). STATUS_NO_MEMORY where memory can't be had or locked. */
int keys_generate(enum key_kind kind, const struct seam_random *random, struct key_pair *pair);

/* The pair of a 32-byte seed: Ed25519's seed for KEY_SIGNING and KEY_LOG, the X25519 secret itself for the others. Errors as above. */
int keys_from_seed(enum key_kind kind, const uint8_t seed[32], struct key_pair *pair);

/* Wipes and frees the secret; harmless on a zeroed pair and twice. */
void keys_drop(struct key_pair *pair);

/*
 * Writes a pair to path, mode 0600, flushed, the folder flushed too. passphrase NULL: kept in plain (box, CURVE and log keys;
 * a supplier's signing key). replace: an existing file is replaced in one step; else it is refused.
 * STATUS_EXISTS, STATUS_INVALID (passphrase too short or too long), STATUS_NO_SPACE, STATUS_IO, STATUS_NO_MEMORY.
 */
int keys_write(const char *path, const struct key_pair *pair, const struct keys_passphrase *passphrase, const struct seam_random *random,
               bool replace);

/* Reads what is public in a key file, and whether a passphrase locks it. Errors as keys_read(). */
int keys_peek(const char *path, enum key_kind kind, uint8_t public_key[KEYS_PUBLIC_SIZE], bool *locked);

/*
 * Reads a pair. passphrase may be NULL where the file has none, and is ignored there. The caller ends the pair with keys_drop().
 * STATUS_NOT_FOUND; STATUS_DENIED: others may read the file, or it belongs to another user; STATUS_FORGED: the passphrase is wrong or
 * the file was altered; STATUS_STALE: it needs a passphrase and none was given; STATUS_INVALID: no such key file; STATUS_IO, STATUS_NO_MEMORY.
 */
int keys_read(const char *path, enum key_kind kind, const struct keys_passphrase *passphrase, struct key_pair *pair);

/* Ed25519 over length bytes by a KEY_SIGNING or KEY_LOG pair with its secret. Can't fail. */
void keys_sign(const struct key_pair *pair, const void *bytes, size_t length, uint8_t signature[64]);

/* True where signature holds over the bytes under public_key (libsodium's strict check: small-order keys and malleable signatures are refused). */
bool keys_verify(const uint8_t public_key[KEYS_PUBLIC_SIZE], const void *bytes, size_t length, const uint8_t signature[64]);

#endif
