/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_SHA256_H
#define PROTO_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include <nettle/sha2.h>

/*
 * SHA-256 (FIPS 180-4) by Nettle, which uses the processor's own instructions for it where it has them: the log's leaves, nodes and envelopes are
 * hashed at every submission, and libsodium, which does not, takes several times as long. Nothing is allocated; a state belongs to one thread.
 */

#define SHA256_SIZE 32u

struct sha256 {
    struct sha256_ctx state;
};

void sha256_start(struct sha256 *state);
void sha256_add(struct sha256 *state, const void *bytes, size_t length);
void sha256_end(struct sha256 *state, uint8_t hash[SHA256_SIZE]);

/* The three in one. */
void sha256_of(const void *bytes, size_t length, uint8_t hash[SHA256_SIZE]);

#endif
