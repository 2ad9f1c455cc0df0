/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/keys.h"

#include <string.h>

#include <sodium.h>

#include "proto/status.h"

static bool kind_signs(enum key_kind kind)
{
    return kind == KEY_SIGNING || kind == KEY_LOG;
}

int keys_from_seed(enum key_kind kind, const uint8_t seed[32], struct key_pair *pair)
{
    *pair = (struct key_pair){.kind = kind};
    pair->secret = sodium_malloc(kind_signs(kind) ? 64 : 32);
    if (!pair->secret) {
        return STATUS_NO_MEMORY;
    }
    if (kind_signs(kind)) {
        crypto_sign_seed_keypair(pair->public_key, pair->secret, seed);
    } else {
        memcpy(pair->secret, seed, 32);
        crypto_scalarmult_base(pair->public_key, pair->secret);
    }
    return STATUS_OK;
}

int keys_generate(enum key_kind kind, const struct seam_random *random, struct key_pair *pair)
{
    *pair = (struct key_pair){.kind = kind};
    uint8_t *seed = sodium_malloc(32);
    if (!seed) {
        return STATUS_NO_MEMORY;
    }
    random->fill(random->data, seed, 32);
    int status = keys_from_seed(kind, seed, pair);
    sodium_free(seed);
    return status;
}

void keys_drop(struct key_pair *pair)
{
    sodium_free(pair->secret);
    *pair = (struct key_pair){0};
}

void keys_sign(const struct key_pair *pair, const void *bytes, size_t length, uint8_t signature[64])
{
    crypto_sign_detached(signature, NULL, bytes, length, pair->secret);
}

bool keys_verify(const uint8_t public_key[KEYS_PUBLIC_SIZE], const void *bytes, size_t length, const uint8_t signature[64])
{
    return crypto_sign_verify_detached(signature, bytes, length, public_key) == 0;
}
