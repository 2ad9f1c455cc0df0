/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_AMOUNT_H
#define PROTO_CODES_AMOUNT_H

#include <stdint.h>

#include "proto/codes/code.h"

/*
 * Amounts of money: hundredths of a currency in messages, whatever its minor units; decimals with a point and at most
 * two places in text. Rates: millionths. No floating point anywhere.
 */

#define AMOUNT_TEXT_SIZE 24 /* sign, 19 digits, point, NUL and some */

/*
 * "1483938969.77": one to thirteen digits, perhaps a point and one or two more. Refuses all else (sign, exponent,
 * comma, blank). STATUS_OK or STATUS_INVALID.
 */
int amount_read(const char *text, int64_t *hundredths);

/* The same in a currency that must be money on as_of (0: today) and have units that small: no 100.50 ISK. */
int amount_read_in(const char *text, const char *currency, uint32_t as_of, int64_t *hundredths, struct code_answer *answer);

/* "5900.00", with a minus before it where negative. */
void amount_write(int64_t hundredths, char text[AMOUNT_TEXT_SIZE]);

/* One to nine digits, perhaps a point and up to six more; above 0. STATUS_OK or STATUS_INVALID. */
int amount_read_rate(const char *text, uint64_t *millionths);

/* "0.084512"; trailing zeros after the point are left out. */
void amount_write_rate(uint64_t millionths, char text[AMOUNT_TEXT_SIZE]);

/*
 * Base cents of an amount: hundredths x rate, rounded half to even. STATUS_TOO_LARGE above LIMIT_AMOUNT_MOST,
 * STATUS_INVALID for a negative amount or a rate of 0.
 */
int amount_to_base(int64_t hundredths, uint64_t millionths, int64_t *base_cents);

#endif
