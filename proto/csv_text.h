/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_TEXT_H
#define PROTO_CSV_TEXT_H

#include <stddef.h>

#include "proto/arena.h"
#include "proto/fault.h"

/*
 * The bytes of a spreadsheet file as text: valid UTF-8 in Unicode's normal form C, without NUL. Which encoding a file is
 * in is found out and told, never guessed in silence: a byte-order mark decides; else valid UTF-8 is UTF-8; else it is
 * Windows-1252, the "CSV (separator delimited)" of Excel in western Europe. What is no text at all, such as an .xlsx, is
 * recognised by its first bytes and refused with what to do.
 */

#define CSV_BYTES_MOST ((size_t)64 << 20) /* a file; 10,000 demands take about 2 MiB */

enum csv_encoding {
    CSV_ENCODING_UTF8,
    CSV_ENCODING_UTF16, /* with a byte-order mark, as Excel's "Unicode text" */
    CSV_ENCODING_WINDOWS_1252
};

struct csv_text {
    char *bytes; /* in the arena, with a NUL behind them */
    size_t length;
    enum csv_encoding encoding;
};

/*
 * Decodes a file into arena. STATUS_INVALID with a fault where it is no readable text (row: its line), STATUS_TOO_LARGE
 * with a fault above CSV_BYTES_MOST, STATUS_NO_MEMORY.
 */
int csv_text_decode(const void *bytes, size_t length, struct arena *arena, struct faults *faults, struct csv_text *text);

#endif
