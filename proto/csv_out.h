/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_OUT_H
#define PROTO_CSV_OUT_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"

/*
 * Rows of CSV out: RFC 4180 (CRLF, quotes where needed), UTF-8 without a mark, any separator. Texts that a spreadsheet
 * would run as a formula (first character = + - @, a tab or a line break) get an apostrophe before them, which the
 * reader takes off again. Memory that runs out is noted, and told at the end.
 */

struct csv_out {
    struct arena *arena;
    char separator;
    char *bytes;   /* what was written, with a NUL behind it */
    size_t length;
    size_t capacity;
    size_t cells;  /* in the row that is being written */
    int status;    /* STATUS_OK or STATUS_NO_MEMORY */
};

void csv_out_init(struct csv_out *out, struct arena *arena, char separator);

/* One more cell of the row. Texts are valid UTF-8. */
void csv_out_text(struct csv_out *out, const char *text);
void csv_out_number(struct csv_out *out, uint64_t number);
void csv_out_amount(struct csv_out *out, int64_t hundredths);    /* 5900.00 */
void csv_out_rate(struct csv_out *out, uint64_t millionths);     /* 0.921489 */
void csv_out_month(struct csv_out *out, uint32_t month);         /* YYYY-MM */
void csv_out_date(struct csv_out *out, uint32_t date);           /* YYYY-MM-DD; 0: empty */

/* Ends the row. */
void csv_out_end(struct csv_out *out);

#endif
