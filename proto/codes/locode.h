/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_LOCODE_H
#define PROTO_CODES_LOCODE_H

#include "proto/codes/code.h"

/*
 * Places: a country, or a UN/LOCODE (UNECE Recommendation 16): a country's alpha-2 and three characters of A to Z and
 * 2 to 9, NLRTM for Rotterdam, printed "NL RTM". Only the form and the country are checked; the list has over a
 * hundred thousand places and changes twice a year.
 */

/* A UN/LOCODE with or without the space; stored without. STATUS_OK or STATUS_INVALID. */
int locode_read(const char *text, struct code_answer *answer);

/* A country or a UN/LOCODE: the place of a demand. */
int locode_read_place(const char *text, struct code_answer *answer);

/* The same, or "*" for all other places: the prefix of a freight quote. */
int locode_read_prefix(const char *text, struct code_answer *answer);

#endif
