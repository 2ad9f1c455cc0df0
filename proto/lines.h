/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_LINES_H
#define PROTO_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A cursor over text from outside that knows its end, for the formats made of lines: key files, notes, checkpoints,
 * receipts. It takes whole lines only (a last line without its newline is none) and reads numbers and base64 in their one
 * canonical form. Pure functions.
 */

struct lines {
    const char *at;
    size_t left;
};

/* One line without its newline, or a part of one; not ended by a NUL. */
struct line {
    const char *text;
    size_t length;
};

/* Takes the next line. False at the end, and where no newline follows. */
bool lines_next(struct lines *lines, struct line *line);

/* True where line is exactly text. */
bool line_is(struct line line, const char *text);

/* Takes prefix off the beginning of line; false where it has another. */
bool line_skip(struct line *line, const char *prefix);

/* Takes what stands before the next space, and the space. The last word has none. False where nothing is left. */
bool line_word(struct line *line, struct line *word);

/* A decimal without sign or leading zeros. */
bool line_decimal(struct line line, uint64_t *number);

/* Standard base64 with padding, canonical, of 0 to most bytes. */
bool line_base64(struct line line, uint8_t *bytes, size_t most, size_t *length);

/* base64url without padding, canonical, of 0 to most bytes. */
bool line_base64_url(struct line line, uint8_t *bytes, size_t most, size_t *length);

/* Standard base64 of exactly length bytes. */
bool line_base64_exact(struct line line, uint8_t *bytes, size_t length);

#endif
