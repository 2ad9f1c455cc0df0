/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_CURRENCY_H
#define PROTO_CODES_CURRENCY_H

#include <stdint.h>

#include "proto/codes/code.h"

/*
 * Currencies by ISO 4217 with their minor units, and the dates from which or until which some of them are money.
 * Codes that are no money (metals, tests, units of account) are not in the list.
 */

/* as_of: YYYYMMDD on which the currency must be money; 0: today's list. STATUS_OK or STATUS_INVALID. */
int currency_read(const char *text, uint32_t as_of, struct code_answer *answer);

/* Decimal places of a currency's amounts, 0 to 4; -1 for a code that was never in the list. */
int currency_minor_units(const char *code);

/*
 * Whether hundredths is a whole number of the currency's smallest units: 100.50 ISK is not. True for a currency that
 * is not in the list, since that is another fault.
 */
bool currency_holds(const char *code, int64_t hundredths);

#endif
