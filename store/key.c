/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/key.h"

#include <endian.h>
#include <string.h>

void key_bytes(struct store_key *key, const void *bytes, size_t length)
{
    if (key->overflow || length > KEY_MOST - key->length) {
        key->overflow = true;
        return;
    }
    if (length) {
        memcpy(key->bytes + key->length, bytes, length);
        key->length += length;
    }
}

void key_text(struct store_key *key, const char *text)
{
    key_bytes(key, text, strlen(text) + 1);
}

void key_u64(struct store_key *key, uint64_t number)
{
    uint64_t big_endian = htobe64(number);
    key_bytes(key, &big_endian, sizeof big_endian);
}

void key_u32(struct store_key *key, uint32_t number)
{
    uint8_t bytes[4];
    for (unsigned i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    }
    key_bytes(key, bytes, sizeof bytes);
}

bool key_take_bytes(struct key_reader *reader, size_t length, const uint8_t **bytes)
{
    if (length > reader->left) {
        return false;
    }
    *bytes = reader->bytes;
    reader->bytes += length;
    reader->left -= length;
    return true;
}

bool key_take_text(struct key_reader *reader, const char **text)
{
    const uint8_t *end = reader->left ? memchr(reader->bytes, 0, reader->left) : NULL;
    const uint8_t *bytes;
    if (!end || !key_take_bytes(reader, (size_t)(end - reader->bytes) + 1, &bytes)) {
        return false;
    }
    *text = (const char *)bytes;
    return true;
}

static bool take_number(struct key_reader *reader, size_t length, uint64_t *number)
{
    const uint8_t *bytes;
    if (!key_take_bytes(reader, length, &bytes)) {
        return false;
    }
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        *number = *number << 8 | bytes[i];
    }
    return true;
}

bool key_take_u64(struct key_reader *reader, uint64_t *number)
{
    return take_number(reader, 8, number);
}

bool key_take_u32(struct key_reader *reader, uint32_t *number)
{
    uint64_t value;
    if (!take_number(reader, 4, &value)) {
        return false;
    }
    *number = (uint32_t)value;
    return true;
}
