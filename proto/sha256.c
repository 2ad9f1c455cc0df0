/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/sha256.h"

void sha256_start(struct sha256 *state)
{
    nettle_sha256_init(&state->state);
}

void sha256_add(struct sha256 *state, const void *bytes, size_t length)
{
    nettle_sha256_update(&state->state, length, bytes);
}

void sha256_end(struct sha256 *state, uint8_t hash[SHA256_SIZE])
{
    nettle_sha256_digest(&state->state, SHA256_SIZE, hash);
}

void sha256_of(const void *bytes, size_t length, uint8_t hash[SHA256_SIZE])
{
    struct sha256 state;
    sha256_start(&state);
    sha256_add(&state, bytes, length);
    sha256_end(&state, hash);
}
