/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CELL_H
#define PROTO_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"

/*
 * What stands in a cell of a scenario, as a value: the strict forms of the matching model's scenario files (whole
 * numbers, amounts, rates, months, dates, lists, requirements). Each function says only whether the text has the form;
 * where it stands and what to write instead is the caller's to tell. Pure, thread-safe.
 */

#define CELL_QUANTITY_MOST ((uint64_t)1000000000)        /* units */
#define CELL_AMOUNT_MOST ((int64_t)10000000000000)       /* base cents */
#define CELL_MONTH_FIRST 200001u
#define CELL_MONTH_LAST 219912u

/* One comparison of a demand with what an offer provides. */
enum cell_operator { CELL_EQUAL, CELL_AT_LEAST, CELL_AT_MOST };

struct cell_requirement {
    const char *name; /* ASCII letters in lower case */
    enum cell_operator operation;
    const char *value;
};

/* Cuts white space (as Unicode has it) from both ends, in place; returns the first character kept. text: valid UTF-8. */
char *cell_trim(char *text);

/* 1 to 15 digits, from least to most. */
bool cell_whole(const char *text, uint64_t least, uint64_t most, uint64_t *value);

/* Up to 13 digits and at most two places ("12", "12.5", "12.50"), in hundredths. */
bool cell_amount(const char *text, int64_t *hundredths);

/* Up to 9 digits and at most six places, above 0, in millionths. */
bool cell_rate(const char *text, uint64_t *millionths);

/* "YYYY-MM" from 2000-01 to 2199-12, as YYYYMM. */
bool cell_month(const char *text, uint32_t *month);

/* "YYYY-MM-DD", a day of the Gregorian calendar, as YYYYMMDD. */
bool cell_date(const char *text, uint32_t *date);

/* A month YYYYMM as months since year 0, and back. Both need a valid month. */
uint32_t cell_month_index(uint32_t month);
uint32_t cell_month_of_index(uint32_t index);

/* A minus or none, 1 to 20 digits, perhaps a point and 1 to 20 digits. */
bool cell_is_decimal(const char *text);

/* The parts between the semicolons, trimmed, without empty ones, copied into arena. STATUS_NO_MEMORY. */
int cell_split(const char *text, struct arena *arena, char ***parts, size_t *count);

/* "name<separator>value", both trimmed and not empty, copied into arena; false where it has not that form. */
bool cell_pair(const char *text, char separator, struct arena *arena, char **name, char **value);

/* "range_km>=30", "stanag=4425": false where it is none, or compares numbers with something else. Copied into arena. */
bool cell_requirement(const char *text, struct arena *arena, struct cell_requirement *requirement);

/* ASCII letters in lower case, in place. */
void cell_lower(char *text);

/*
 * hundredths of a currency as base cents: times rate, rounded half to even. False where the result is above
 * CELL_AMOUNT_MOST. millionths: of the rate, above 0. hundredths: 0 to 10^15.
 */
bool cell_base_cents(int64_t hundredths, uint64_t millionths, int64_t *cents);

#endif
