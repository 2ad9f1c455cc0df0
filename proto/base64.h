/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_BASE64_H
#define PROTO_BASE64_H

#include <stddef.h>

/*
 * Base64 of RFC 4648 section 4, with padding, of what is no secret: proofs and heads of the log. By a table, so that the time it takes depends
 * on the bytes, as that of libsodium's does not, and is a tenth of it. Pure function.
 */

/* Characters that length bytes take, with the NUL. */
#define BASE64_SIZE(length) (((length) + 2) / 3 * 4 + 1)

/* Writes length bytes into text, which must have room for BASE64_SIZE(length) characters. Returns their number without the NUL. */
size_t base64_write(const void *bytes, size_t length, char *text);

#endif
