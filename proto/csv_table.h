/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_TABLE_H
#define PROTO_CSV_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/csv_columns.h"
#include "proto/csv_value.h"
#include "proto/fault.h"

/*
 * A file of one format as records of typed values, and records of one id as one object: several rows of a demand are
 * its lines, of an offer its tiers. Rows after the first may leave the cells of the whole empty, or must repeat them.
 * Every fault of every row is found in one reading.
 */

struct csv_record {
    uint32_t row;             /* as the spreadsheet numbers it */
    uint32_t object;          /* index of the object that it belongs to */
    uint32_t faulty;          /* bits of the columns that have a fault already */
    struct csv_value *values; /* one for each column of the format */
};

struct csv_object {
    uint32_t *records; /* indices of its rows, in file order */
    uint32_t count;
};

struct csv_table {
    const struct csv_format *format;
    struct csv_record *records;
    size_t count;
    struct csv_object *objects; /* by first row */
    size_t object_count;
    const char *told; /* how the file was read, one sentence for a person */
};

/* The index of the record of a row of the sheet, or table->count. */
size_t csv_table_find(const struct csv_table *table, uint32_t row);

/*
 * Reads a file into arena. own: bits of needed columns that the caller fills where they are empty or absent.
 * STATUS_INVALID where faults were added (the table holds what could be read), STATUS_TOO_LARGE, STATUS_NO_MEMORY.
 */
int csv_table_read(const void *bytes, size_t length, const struct csv_format *format, uint32_t own, struct arena *arena,
                   struct faults *faults, struct csv_table *table);

/* The value of a column in an object's nth row; in those of the whole, n is 0. */
const struct csv_value *csv_table_value(const struct csv_table *table, const struct csv_object *object, uint32_t n, uint32_t column);

/* The row number of an object's nth row. */
uint32_t csv_table_row(const struct csv_table *table, const struct csv_object *object, uint32_t n);

/* Adds a fault at an object's nth row and marks the column, so that checks don't name it again. */
void csv_table_refuse(const struct csv_table *table, const struct csv_object *object, uint32_t n, uint32_t column, const char *found,
                      const char *expected, const char *remedy, struct faults *faults);

#endif
