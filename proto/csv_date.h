/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_DATE_H
#define PROTO_CSV_DATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Months and days as spreadsheets show them. A person types 2027-06, Excel takes it for the first day of that month and
 * saves jun-27, juin-27, Jun 27, 01.06.2027, 1-6-2027 or 06/01/2027. Each is understood where it has one reading;
 * where day and month could change places, the habits of the whole file decide, or both readings are named.
 * Two-digit years are of 2000 to 2099. Pure, thread-safe.
 */

#define CSV_DATE_REMEDY 160u

/* The order of day and month in this file, as far as its other cells and its separator tell. */
enum csv_date_order { CSV_ORDER_UNKNOWN, CSV_ORDER_DAY_FIRST, CSV_ORDER_MONTH_FIRST };

/*
 * A delivery month, as YYYYMM. A whole date counts only where it is the first of a month, which is what a program makes
 * of a month; another day was meant as a day. False with what to write in remedy.
 */
bool csv_date_read_month(const char *text, enum csv_date_order order, uint32_t *month, char remedy[CSV_DATE_REMEDY]);

/* A day, as YYYYMMDD. False with what to write in remedy. */
bool csv_date_read_day(const char *text, enum csv_date_order order, uint32_t *day, char remedy[CSV_DATE_REMEDY]);

/* What one cell tells of the order of day and month in its file. */
struct csv_date_sign {
    enum csv_date_order proven; /* by a number above 12: 31/12/2027 is day first */
    enum csv_date_order first;  /* the order in which alone it is the first of a month, as 01/06/2027 is day first */
    uint32_t month;             /* YYYYMM of that month */
    bool open;                  /* the text itself does not tell: the order decides */
};
void csv_date_look(const char *text, struct csv_date_sign *sign);

#endif
