/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_HINT_H
#define PROTO_HINT_H

#include <stddef.h>
#include <stdint.h>

/*
 * What the broker says outside a box where it can't or won't box an answer: "MSH1" and one byte. Nobody vouches for a hint:
 * the client treats it as no answer, and may only wait longer, or word its message to the person better. Pure functions.
 */

#define HINT_SIZE 5u

enum hint {
    HINT_BUSY = 1,      /* too many requests a second, or too many unanswered: try again later */
    HINT_UNKNOWN_KEY,   /* the box key belongs to no party */
    HINT_MALFORMED      /* no box, another version of it, or one that does not open */
};

/* Writes a hint. */
void hint_write(enum hint hint, uint8_t bytes[HINT_SIZE]);

/* The hint that bytes are, or 0 where they are none. */
int hint_read(const void *bytes, size_t length);

#endif
