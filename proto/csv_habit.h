/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_HABIT_H
#define PROTO_CSV_HABIT_H

#include "proto/arena.h"
#include "proto/csv_cells.h"
#include "proto/csv_date.h"
#include "proto/csv_header.h"
#include "proto/csv_number.h"
#include "proto/fault.h"

/*
 * The habits of a whole file, read off all its cells: point or comma before decimals, day or month first. A program
 * writes a file in one way, so a cell that has one reading tells how to read one that has two. Where the cells say
 * nothing, `;` between the columns does: programs write it where the decimal comma, and the day first, are the custom.
 * (A number such as 1.234 stays refused even so: money is not read by custom.)
 */

struct csv_habit {
    enum csv_date_order order;
    bool open;  /* a date stands in the file that the order decides */
    bool comma; /* a number with a decimal comma stands in the file */
    bool point; /* or with a decimal point */
};

/* Looks through the cells of a file; warns at the first number with the other mark where both are used. */
void csv_habit_find(const struct csv_sheet *sheet, const struct csv_header *header, const struct csv_format *format,
                    struct faults *faults, struct csv_habit *habit);

/* How a file was read, in one sentence ("Read as Windows-1252 ..."); NULL where memory is out. */
const char *csv_habit_tell(const struct csv_habit *habit, const struct csv_sheet *sheet, struct arena *arena);

#endif
