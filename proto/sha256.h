/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_SHA256_H
#define PROTO_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

/*
 * SHA-256 (FIPS 180-4) by the processor's own instructions for it where it has them, by libsodium where it has not: the log's leaves, nodes and
 * envelopes are hashed by it at every submission, and libsodium's takes ten times as long. A state belongs to one thread.
 */

#define SHA256_SIZE 32u

struct sha256 {
    union {
        crypto_hash_sha256_state portable;
        struct {
            uint32_t words[8];
            uint64_t length; /* bytes so far */
            uint8_t block[64]; /* what does not fill one yet */
        } own;
    } as;
};

void sha256_start(struct sha256 *state);
void sha256_add(struct sha256 *state, const void *bytes, size_t length);
void sha256_end(struct sha256 *state, uint8_t hash[SHA256_SIZE]);

/* The three in one. */
void sha256_of(const void *bytes, size_t length, uint8_t hash[SHA256_SIZE]);

#endif
