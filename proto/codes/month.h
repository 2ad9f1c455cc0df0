/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_MONTH_H
#define PROTO_CODES_MONTH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Months and days: YYYY-MM and YYYY-MM-DD in text (ISO 8601), YYYYMM and YYYYMMDD as numbers in messages, from 2000
 * to 2199 as the matching model counts. Gregorian, UTC.
 */

#define MONTH_TEXT_SIZE 8 /* with NUL */
#define DAY_TEXT_SIZE 11

/* Exactly YYYY-MM. STATUS_OK or STATUS_INVALID. */
int month_read(const char *text, uint32_t *month);

/* Exactly YYYY-MM-DD, a day that exists. */
int month_read_day(const char *text, uint32_t *day);

/* Two days of which the second is not before the first, nor the end before as_of (0: not compared). STATUS_OK or STATUS_INVALID. */
int month_check_window(uint32_t first, uint32_t last, uint32_t as_of);

bool month_is_valid(uint32_t month);
bool month_is_day(uint32_t day);

/* "YYYY-MM" or "YYYY-MM-DD"; the number must be valid. */
void month_write(uint32_t month, char text[MONTH_TEXT_SIZE]);
void month_write_day(uint32_t day, char text[DAY_TEXT_SIZE]);

/* Months since year 0, so that differences are whole months; and back. */
uint32_t month_to_index(uint32_t month);
uint32_t month_from_index(uint32_t index);

/* The day (YYYYMMDD) and the month (YYYYMM) of a time in milliseconds since 1970, UTC. Before 2000 or after 2199: 0. */
uint32_t month_day_of_time(uint64_t milliseconds);

/* The last millisecond of a day, plus one: a deadline's date ends at 24:00 UTC. The day must be valid. */
uint64_t month_time_after_day(uint32_t day);

#endif
