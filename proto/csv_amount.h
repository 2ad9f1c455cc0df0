/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_AMOUNT_H
#define PROTO_CSV_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/csv_columns.h"
#include "proto/csv_number.h"

/*
 * The numbers of the file formats: quantities, amounts, rates and percents, out of what csv_number understands, and what
 * to tell a person where a number has no reading or two. Pure, thread-safe.
 */

#define CSV_AMOUNT_TEXT 160u

/* What is wrong with a number, for a fault. */
struct csv_amount_advice {
    const char *expected;
    char remedy[CSV_AMOUNT_TEXT];
};

/*
 * Reads a number of kind QUANTITY, COUNT, AMOUNT, RATE or PERCENT in the units of its kind. sign: receives the
 * currency sign that stood beside an amount, "" for none. False with advice where it has no one reading.
 */
bool csv_amount_read(enum csv_kind kind, const char *text, uint64_t *value, char sign[CSV_NUMBER_TEXT],
                     struct csv_amount_advice *advice);

#endif
