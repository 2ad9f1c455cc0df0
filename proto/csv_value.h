/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_VALUE_H
#define PROTO_CSV_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/csv_columns.h"
#include "proto/csv_date.h"
#include "proto/fault.h"

/*
 * One cell as a typed value. What stands in a cell is understood where it has one reading; where it has none, or two,
 * a fault says what to write. The rules of the field itself (limits, code lists, what goes together) are the check
 * module's; this one only turns what a spreadsheet shows into what was meant.
 */

struct csv_pair {
    const char *name;
    const char *text;
    int64_t number; /* hundredths of freight, percent of an origin */
};

struct csv_value {
    bool given;      /* the cell was not empty */
    bool faulty;     /* it could not be read; a fault says why */
    uint64_t number; /* in the units of the kind; 0 where it has none */
    const char *text; /* of ids, codes and texts; of an amount the currency sign beside it; never NULL */
    struct csv_pair *pairs; /* of lists: the text as name */
    size_t count;
};

struct csv_value_reader {
    struct arena *arena;
    struct faults *faults; /* its row is set by the caller */
    enum csv_date_order order;
};

/*
 * Reads a cell. An empty one takes the column's fallback, with given false. STATUS_OK also where a fault was added
 * (value->faulty), STATUS_NO_MEMORY.
 */
int csv_value_read(const struct csv_value_reader *reader, const struct csv_column *column, const char *cell, struct csv_value *value);

/* Whether two values of one column of that kind mean the same. */
bool csv_value_equals(enum csv_kind kind, const struct csv_value *left, const struct csv_value *right);

#endif
