/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/fingerprint.h"

#include <ctype.h>
#include <string.h>

#include <sodium.h>

#include "proto/base32.h"
#include "proto/status.h"

#define FINGERPRINT_BYTES 20u /* 160 bits */

/* The first bytes of a hash in groups of four letters. */
static void write_groups(const uint8_t hash[crypto_hash_sha256_BYTES], char text[FINGERPRINT_TEXT_SIZE])
{
    char bare[BASE32_LENGTH(FINGERPRINT_BYTES) + 1];
    base32_encode(hash, FINGERPRINT_BYTES, bare);
    for (size_t group = 0; group < FINGERPRINT_GROUPS; group++) {
        memcpy(text + group * 5, bare + group * 4, 4);
        text[group * 5 + 4] = group + 1 < FINGERPRINT_GROUPS ? ' ' : '\0';
    }
}

int fingerprint_make(const struct fingerprint_input *input, char text[FINGERPRINT_TEXT_SIZE])
{
    static const char context[] = "muster/fingerprint/v1\n";
    const uint8_t *const keys[] = {input->signing_key, input->box_key, input->curve_key, input->exchange_signing_key,
                                   input->exchange_box_key};
    size_t length = strlen(input->party);
    if (length < 1 || length > 255) {
        return STATUS_INVALID;
    }
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)context, sizeof context - 1);
    crypto_hash_sha256_update(&state, &(uint8_t){(uint8_t)length}, 1);
    crypto_hash_sha256_update(&state, (const uint8_t *)input->party, length);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        crypto_hash_sha256_update(&state, keys[i], 32);
    }
    crypto_hash_sha256_update(&state, (const uint8_t *)input->vkey, strlen(input->vkey));
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&state, hash);
    write_groups(hash, text);
    return STATUS_OK;
}

int fingerprint_head(const char *origin, const struct tlog_head *head, char text[FINGERPRINT_TEXT_SIZE])
{
    char checkpoint[TLOG_CHECKPOINT_MOST];
    uint8_t hash[crypto_hash_sha256_BYTES];
    size_t length = 0;
    int status = tlog_checkpoint_write(origin, head, checkpoint, &length);
    if (status == STATUS_OK) {
        crypto_hash_sha256(hash, (const uint8_t *)checkpoint, length);
        write_groups(hash, text);
    }
    return status;
}

void fingerprint_half(const char text[FINGERPRINT_TEXT_SIZE], bool second, char half[FINGERPRINT_HALF_SIZE])
{
    memcpy(half, text + (second ? FINGERPRINT_HALF_SIZE : 0), FINGERPRINT_HALF_SIZE - 1);
    half[FINGERPRINT_HALF_SIZE - 1] = '\0';
}

/* The next character that counts, 0 at the end. */
static int next_counting(const char **text)
{
    for (; **text; (*text)++) {
        int c = toupper((unsigned char)**text);
        if (c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '\n') {
            continue;
        }
        (*text)++;
        return c == '0' ? 'O' : c == '1' ? 'I' : c == '8' ? 'B' : c;
    }
    return 0;
}

bool fingerprint_equal(const char *expected, const char *typed)
{
    for (;;) {
        int left = next_counting(&expected);
        int right = next_counting(&typed);
        if (left != right) {
            return false;
        }
        if (!left) {
            return true;
        }
    }
}
