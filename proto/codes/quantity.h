/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_QUANTITY_H
#define PROTO_CODES_QUANTITY_H

#include <stdint.h>

/*
 * Whole numbers in text: digits alone, at most fifteen. Half a unit, a sign, an exponent or a thousands mark is
 * refused; what a spreadsheet adds is taken off before.
 */

/* STATUS_OK; STATUS_INVALID for the form; STATUS_TOO_LARGE outside least to most. */
int quantity_read(const char *text, uint64_t least, uint64_t most, uint64_t *value);

/* Percent: 0 to 100. */
int quantity_read_percent(const char *text, uint32_t *percent);

#endif
