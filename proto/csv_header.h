/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_HEADER_H
#define PROTO_CSV_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/csv_cells.h"
#include "proto/csv_columns.h"
#include "proto/fault.h"

/*
 * The header row: which column of the file is which of the format's. Names match in any case and order, with blanks
 * around them, and with a blank or a hyphen for the underscore. Unknown names are refused with the nearest known one,
 * repeated and missing names too; columns with neither a name nor anything in them are passed over.
 */

#define CSV_HEADER_NONE UINT32_MAX
#define CSV_HEADER_SEARCHED 20u /* rows in which a header that is not the first is looked for: titles are short */

struct csv_header {
    uint32_t count;      /* columns of the file, up to the last with a name */
    uint32_t *columns;   /* for each: index in the format's columns, or CSV_HEADER_NONE */
    uint32_t found[CSV_FORMAT_MOST]; /* for each column of the format: where in the file, or CSV_HEADER_NONE */
};

/* Index in names (lower case with underscores) of what a header cell says; count where it is none of them. */
size_t csv_header_find(const char *cell, const char *const *names, size_t count);

/*
 * Whether the first row is a header of the format at all. STATUS_INVALID with one fault where it has no known name: the
 * header stands further down, under a title, or it is another file.
 */
int csv_header_expect(const struct csv_sheet *sheet, const struct csv_format *format, struct faults *faults);

/*
 * Maps the first row of sheet. optional: bits of columns that are needed by the format but have a value from
 * elsewhere. Faults at the header's row; header may be used all the same. STATUS_OK or STATUS_NO_MEMORY.
 */
int csv_header_map(const struct csv_sheet *sheet, const struct csv_format *format, uint32_t optional, struct arena *arena,
                   struct faults *faults, struct csv_header *header);

#endif
