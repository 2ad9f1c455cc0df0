/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_ADMISSION_H
#define PROTO_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The CURVE keys that the front lets in: made by the exchange from its tables, sent whole over the pipe after each
 * change, looked up by the front at each handshake. A key that is not in the list does not exist. One thread.
 */

#define ADMISSION_PARTY_MOST 32u
#define ADMISSION_KEYS_MOST 100000u /* keys of a list: a party has one or two */

struct admission_key {
    uint8_t curve_key[32];
    char party[ADMISSION_PARTY_MOST + 1u];
    bool join_only;
    uint64_t expiry; /* milliseconds UTC; 0: none */
};

/* A list as bytes: count u32, then each key 32, join u8, expiry u64, party length u8 and its bytes; little-endian.
 * *bytes is the caller's to free. STATUS_TOO_LARGE, STATUS_NO_MEMORY. */
int admission_pack(const struct admission_key *keys, size_t count, uint8_t **bytes, size_t *length);

struct admission; /* a list, sorted by key */

/* Reads a list. *admission is freed with admission_free(), which takes NULL. STATUS_INVALID, STATUS_NO_MEMORY. */
int admission_unpack(const uint8_t *bytes, size_t length, struct admission **admission);
void admission_free(struct admission *admission);

/* The entry of a key, or NULL. */
const struct admission_key *admission_find(const struct admission *admission, const uint8_t curve_key[32]);

/* Whether a party has a key in the list that begins with these 8 bytes. */
bool admission_has(const struct admission *admission, const char *party, const uint8_t prefix[8]);

/* Number of keys. */
size_t admission_count(const struct admission *admission);

#endif
