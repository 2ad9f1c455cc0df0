/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Keys of tables: parts put behind one another so that bytewise order is the order of the parts. Numbers are 8 (or 4)
 * bytes, most significant first; texts end with a zero byte, which no text of ours contains; fixed bytes lie bare.
 * LMDB takes keys of 1 to 511 bytes. A key that would not fit is marked and every table function refuses it with
 * STATUS_TOO_LARGE, so parts can be added without a check after each.
 *
 *     struct store_key key = {0};
 *     key_text(&key, party);
 *     key_text(&key, id);
 *     tables_get(txn, TABLE_DEMANDS, &key, &value);
 */

#define KEY_MOST 511u

struct store_key {
    size_t length;
    bool overflow;
    uint8_t bytes[KEY_MOST];
};

/* Each adds one part. */
void key_text(struct store_key *key, const char *text);
void key_u64(struct store_key *key, uint64_t number);
void key_u32(struct store_key *key, uint32_t number);
void key_bytes(struct store_key *key, const void *bytes, size_t length);

/* A position in a key that is being read. */
struct key_reader {
    const uint8_t *bytes;
    size_t left;
};

/* Each takes the next part; false where the key ends before it does. key_take_text's text lies in the key itself. */
bool key_take_text(struct key_reader *reader, const char **text);
bool key_take_u64(struct key_reader *reader, uint64_t *number);
bool key_take_u32(struct key_reader *reader, uint32_t *number);
bool key_take_bytes(struct key_reader *reader, size_t length, const uint8_t **bytes);

#endif
