/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/new_keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "proto/lines.h"
#include "proto/status.h"

#define PARTY_CONTEXT "muster/keys/v1\n"
#define PARTY_SIZE (sizeof PARTY_CONTEXT - 1 + 5 * 32)
#define EXCHANGE_CONTEXT "muster/exchange-keys/v1\n"
#define EXCHANGE_SIZE_MOST (sizeof EXCHANGE_CONTEXT - 1 + 1 + 255 + 4 * 32)
#define TITLE "muster-exchange-keys v1"

static void party_bytes(const struct new_keys_party *keys, uint8_t bytes[PARTY_SIZE])
{
    const uint8_t *const parts[] = {keys->old_signing_key, keys->curve_key, keys->box_key, keys->signing_key, keys->exchange_box_key};
    memcpy(bytes, PARTY_CONTEXT, sizeof PARTY_CONTEXT - 1);
    for (size_t i = 0; i < 5; i++)
        memcpy(bytes + sizeof PARTY_CONTEXT - 1 + i * 32, parts[i], 32);
}

void new_keys_sign(const struct new_keys_party *keys, const struct key_pair *pair, uint8_t signature[64])
{
    uint8_t bytes[PARTY_SIZE];
    party_bytes(keys, bytes);
    keys_sign(pair, bytes, sizeof bytes, signature);
}

int new_keys_verify(const Muster__KeysChange *change, const uint8_t old_signing_key[32], const uint8_t exchange_box_key[32])
{
    const Muster__PartyKeys *made = change->keys;
    if (made == NULL || made->signing_key.len != 32 || made->box_key.len != 32 || made->curve_key.len != 32 || !change->has_new_signature ||
        change->new_signature.len != 64)
        return STATUS_INVALID;
    const struct new_keys_party keys = {old_signing_key, made->curve_key.data, made->box_key.data, made->signing_key.data, exchange_box_key};
    uint8_t bytes[PARTY_SIZE];
    party_bytes(&keys, bytes);
    return keys_verify(made->signing_key.data, bytes, sizeof bytes, change->new_signature.data) ? STATUS_OK : STATUS_FORGED;
}

static size_t exchange_bytes(const struct new_keys_exchange *keys, uint8_t bytes[EXCHANGE_SIZE_MOST])
{
    const uint8_t *const parts[] = {keys->old_signing_key, keys->signing_key, keys->box_key, keys->front_key};
    size_t origin = strlen(keys->origin), at = sizeof EXCHANGE_CONTEXT - 1;
    memcpy(bytes, EXCHANGE_CONTEXT, at);
    bytes[at++] = (uint8_t)origin;
    memcpy(bytes + at, keys->origin, origin);
    at += origin;
    for (size_t i = 0; i < 4; i++, at += 32)
        memcpy(bytes + at, parts[i], 32);
    return at;
}

int new_keys_exchange_sign(struct new_keys_exchange *keys, const struct key_pair *log_key, const struct key_pair *old_key,
                           const struct key_pair *new_key)
{
    uint8_t bytes[EXCHANGE_SIZE_MOST];
    if (keys->origin[0] == '\0')
        return STATUS_INVALID;
    size_t size = exchange_bytes(keys, bytes);
    keys_sign(log_key, bytes, size, keys->log_signature);
    keys_sign(old_key, bytes, size, keys->old_signature);
    keys_sign(new_key, bytes, size, keys->new_signature);
    return STATUS_OK;
}

int new_keys_exchange_verify(const struct new_keys_exchange *keys, const uint8_t log_key[32])
{
    uint8_t bytes[EXCHANGE_SIZE_MOST];
    size_t size = exchange_bytes(keys, bytes);
    bool hold = keys_verify(log_key, bytes, size, keys->log_signature) &&
                keys_verify(keys->old_signing_key, bytes, size, keys->old_signature) &&
                keys_verify(keys->signing_key, bytes, size, keys->new_signature);
    return hold ? STATUS_OK : STATUS_FORGED;
}

/* The lines behind title and origin, in their order. */
struct block_line {
    const char *name;
    size_t offset;
    size_t size;
};

#define BLOCK_LINES 7
static const struct block_line block_lines[BLOCK_LINES] = {
    {"old-signing ", offsetof(struct new_keys_exchange, old_signing_key), 32},
    {"signing ", offsetof(struct new_keys_exchange, signing_key), 32},
    {"box ", offsetof(struct new_keys_exchange, box_key), 32},
    {"front ", offsetof(struct new_keys_exchange, front_key), 32},
    {"log-signature ", offsetof(struct new_keys_exchange, log_signature), 64},
    {"old-signature ", offsetof(struct new_keys_exchange, old_signature), 64},
    {"new-signature ", offsetof(struct new_keys_exchange, new_signature), 64},
};

int new_keys_exchange_write(const struct new_keys_exchange *keys, char text[NEW_KEYS_BLOCK_MOST])
{
    if (keys->origin[0] == '\0' || strpbrk(keys->origin, "\r\n") != NULL)
        return STATUS_INVALID;
    size_t at = (size_t)snprintf(text, NEW_KEYS_BLOCK_MOST, TITLE "\norigin %s\n", keys->origin);
    for (size_t i = 0; i < BLOCK_LINES; i++) {
        char base64[sodium_base64_ENCODED_LEN(64, sodium_base64_VARIANT_ORIGINAL)];
        sodium_bin2base64(base64, sizeof base64, (const uint8_t *)keys + block_lines[i].offset, block_lines[i].size, sodium_base64_VARIANT_ORIGINAL);
        at += (size_t)snprintf(text + at, NEW_KEYS_BLOCK_MOST - at, "%s%s\n", block_lines[i].name, base64);
        if (at >= NEW_KEYS_BLOCK_MOST)
            return STATUS_INVALID;
    }
    return STATUS_OK;
}

static bool read_block(struct lines *lines, struct new_keys_exchange *keys)
{
    struct line line;
    *keys = (struct new_keys_exchange){0};
    if (!lines_next(lines, &line) || !line_is(line, TITLE) || !lines_next(lines, &line) || !line_skip(&line, "origin ") ||
        line.length == 0 || line.length >= sizeof keys->origin || memchr(line.text, '\0', line.length) != NULL)
        return false;
    memcpy(keys->origin, line.text, line.length);
    for (size_t i = 0; i < BLOCK_LINES; i++)
        if (!lines_next(lines, &line) || !line_skip(&line, block_lines[i].name) ||
            !line_base64_exact(line, (uint8_t *)keys + block_lines[i].offset, block_lines[i].size))
            return false;
    return true;
}

int new_keys_exchange_read(const char *text, size_t length, struct new_keys_exchange *list, size_t most, size_t *count)
{
    struct lines lines = {text, length};
    *count = 0;
    do {
        if (*count == most)
            return STATUS_TOO_LARGE;
        if (!read_block(&lines, &list[*count]))
            return STATUS_INVALID;
        ++*count;
    } while (lines.left != 0);
    return STATUS_OK;
}
