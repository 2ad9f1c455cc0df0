/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_FINGERPRINT_H
#define PROTO_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/tlog.h"

/*
 * What a party and its coordinator compare by another channel before anything of the party enters the market: the first
 * 160 bits of SHA-256("muster/fingerprint/v1\n" || u8 length of party || party || signing || box || CURVE key of the
 * party || signing || box key of the exchange || vkey), in base32, 8 groups of 4. The party reads the first four groups
 * to the coordinator, who types them in and reads back the last four. Pure functions.
 */

#define FINGERPRINT_GROUPS 8u
#define FINGERPRINT_TEXT_SIZE 40u /* "ABCD EFGH ... WXYZ" and the NUL */
#define FINGERPRINT_HALF_SIZE 20u /* four groups and the NUL */

struct fingerprint_input {
    const char *party; /* 1 to 32 bytes */
    const uint8_t *signing_key;
    const uint8_t *box_key;
    const uint8_t *curve_key;
    const uint8_t *exchange_signing_key;
    const uint8_t *exchange_box_key;
    const char *vkey; /* of the log */
};

/* Writes the eight groups, separated by one space. STATUS_INVALID where the party is no 1 to 255 bytes. */
int fingerprint_make(const struct fingerprint_input *input, char text[FINGERPRINT_TEXT_SIZE]);

/*
 * What two parties read to each other of a head: the first 160 bits of SHA-256 over its checkpoint's text (origin, size, root),
 * in the same groups. STATUS_INVALID: the origin is no name of a log.
 */
int fingerprint_head(const char *origin, const struct tlog_head *head, char text[FINGERPRINT_TEXT_SIZE]);

/* The first (second: false) or last (true) four groups of a fingerprint. */
void fingerprint_half(const char text[FINGERPRINT_TEXT_SIZE], bool second, char half[FINGERPRINT_HALF_SIZE]);

/*
 * True where typed, written by a person, is the same as expected (a whole fingerprint or a half): case, spaces, hyphens and
 * line ends don't count; 0, 1 and 8, which base32 lacks, are read as O, I and B.
 */
bool fingerprint_equal(const char *expected, const char *typed);

#endif
