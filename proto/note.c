/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/note.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "proto/base64.h"
#include "proto/lines.h"
#include "proto/status.h"

#define NOTE_DASH "\xe2\x80\x94 " /* U+2014 and a space */
#define NOTE_ALGORITHM_ED25519 1u

/* Of any signer: our own names are stricter, see note_key_make(). */
static bool signer_valid(struct line name)
{
    for (size_t i = 0; i < name.length; i++) {
        unsigned char c = (unsigned char)name.text[i];
        if (c <= ' ' || c == 0x7f || c == '+') {
            return false;
        }
    }
    return name.length > 0;
}

int note_key_make(const char *name, const uint8_t public_key[32], struct note_key *key)
{
    size_t length = strnlen(name, NOTE_NAME_MOST + 1);
    if (!length || length > NOTE_NAME_MOST) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < length; i++) {
        if (name[i] <= ' ' || name[i] > '~' || name[i] == '+') {
            return STATUS_INVALID;
        }
    }
    *key = (struct note_key){0};
    memcpy(key->name, name, length);
    memcpy(key->public_key, public_key, 32);
    const uint8_t between[2] = {'\n', NOTE_ALGORITHM_ED25519};
    crypto_hash_sha256_state state;
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)name, length);
    crypto_hash_sha256_update(&state, between, sizeof between);
    crypto_hash_sha256_update(&state, public_key, 32);
    crypto_hash_sha256_final(&state, hash);
    memcpy(key->id, hash, sizeof key->id);
    return STATUS_OK;
}

void note_vkey_write(const struct note_key *key, char *text)
{
    uint8_t typed[33] = {NOTE_ALGORITHM_ED25519};
    char hex[9];
    char base64[sodium_base64_ENCODED_LEN(33, sodium_base64_VARIANT_ORIGINAL)];
    memcpy(typed + 1, key->public_key, 32);
    sodium_bin2hex(hex, sizeof hex, key->id, sizeof key->id);
    sodium_bin2base64(base64, sizeof base64, typed, sizeof typed, sodium_base64_VARIANT_ORIGINAL);
    snprintf(text, NOTE_VKEY_SIZE, "%s+%s+%s", key->name, hex, base64);
}

int note_vkey_parse(const char *text, struct note_key *key)
{
    size_t length = strnlen(text, NOTE_VKEY_SIZE);
    const char *first = length < NOTE_VKEY_SIZE ? strchr(text, '+') : NULL;
    const char *second = first ? strchr(first + 1, '+') : NULL;
    if (!second || (size_t)(first - text) > NOTE_NAME_MOST) {
        return STATUS_INVALID;
    }
    char name[NOTE_NAME_MOST + 1] = {0};
    memcpy(name, text, (size_t)(first - text));
    uint8_t typed[33];
    struct line rest = {second + 1, length - (size_t)(second + 1 - text)};
    struct note_key parsed;
    if (!line_base64_exact(rest, typed, sizeof typed) || typed[0] != NOTE_ALGORITHM_ED25519 ||
        note_key_make(name, typed + 1, &parsed) != STATUS_OK) {
        return STATUS_INVALID;
    }
    char written[NOTE_VKEY_SIZE];
    note_vkey_write(&parsed, written);
    if (strcmp(written, text) != 0) {
        return STATUS_INVALID;
    }
    *key = parsed;
    return STATUS_OK;
}

int note_join(const char *text, size_t length, const struct note_key *key, const uint8_t signature[64], char *note, size_t *note_length)
{
    uint8_t payload[4 + 64];
    char base64[BASE64_SIZE(sizeof payload)];
    if (!length || text[length - 1] != '\n') {
        return STATUS_INVALID;
    }
    memcpy(payload, key->id, sizeof key->id);
    memcpy(payload + 4, signature, 64);
    base64_write(payload, sizeof payload, base64);
    if (length > NOTE_MOST - sizeof base64 - NOTE_NAME_MOST - 8) {
        return STATUS_TOO_LARGE;
    }
    memcpy(note, text, length);
    int added = snprintf(note + length, NOTE_MOST - length, "\n" NOTE_DASH "%s %s\n", key->name, base64);
    *note_length = length + (size_t)added;
    return STATUS_OK;
}

int note_sign(const char *text, size_t length, const struct note_key *key, const struct key_pair *pair, char *note, size_t *note_length)
{
    uint8_t signature[64];
    if (memcmp(pair->public_key, key->public_key, 32) != 0 || !pair->secret) {
        return STATUS_INVALID;
    }
    keys_sign(pair, text, length, signature);
    return note_join(text, length, key, signature, note, note_length);
}

/* Where the text ends: behind the first newline of the last empty line. 0: there is none. */
static size_t text_end(const char *note, size_t length)
{
    for (size_t i = length; i >= 2; i--) {
        if (note[i - 1] == '\n' && note[i - 2] == '\n') {
            return i - 1;
        }
    }
    return 0;
}

/* One signature line. *own gets whether it is by key; then signature gets its bytes. */
static bool read_signature(struct line line, const struct note_key *key, bool *own, uint8_t signature[64])
{
    uint8_t payload[NOTE_MOST];
    size_t size = 0;
    struct line name;
    if (!line_skip(&line, NOTE_DASH) || !line_word(&line, &name) || !signer_valid(name) ||
        !line_base64(line, payload, sizeof payload, &size) || size < 5) {
        return false;
    }
    *own = line_is(name, key->name) && memcmp(payload, key->id, sizeof key->id) == 0;
    if (*own) {
        if (size != 4 + 64) {
            return false;
        }
        memcpy(signature, payload + 4, 64);
    }
    return true;
}

int note_open(const char *note, size_t note_length, const struct note_key *key, size_t *text_length, uint8_t signature[64])
{
    if (note_length > NOTE_MOST) {
        return STATUS_TOO_LARGE;
    }
    size_t end = text_end(note, note_length);
    if (!end || note[note_length - 1] != '\n') {
        return STATUS_INVALID;
    }
    struct lines lines = {note + end + 1, note_length - end - 1};
    struct line line;
    uint8_t found[64], other[64];
    unsigned count = 0, by_key = 0;
    while (lines_next(&lines, &line)) {
        bool own = false;
        if (++count > NOTE_SIGNATURES_MOST) {
            return STATUS_TOO_LARGE;
        }
        if (!read_signature(line, key, &own, by_key ? other : found)) {
            return STATUS_INVALID;
        }
        by_key += own ? 1 : 0;
    }
    if (!count) {
        return STATUS_INVALID;
    }
    if (by_key != 1 || !keys_verify(key->public_key, note, end, found)) {
        return STATUS_FORGED;
    }
    if (signature) {
        memcpy(signature, found, 64);
    }
    *text_length = end;
    return STATUS_OK;
}
