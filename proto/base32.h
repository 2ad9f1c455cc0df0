/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_BASE32_H
#define PROTO_BASE32_H

#include <stddef.h>
#include <stdint.h>

/* Base32 of RFC 4648 section 6, without padding: what people read to each other on the telephone. Pure functions. */

/* Characters that length bytes take, without the NUL. */
#define BASE32_LENGTH(length) (((length) * 8 + 4) / 5)

/* Writes BASE32_LENGTH(length) capital letters and digits, and a NUL. text must have room for them. */
void base32_encode(const uint8_t *bytes, size_t length, char *text);

#endif
