/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_CELLS_H
#define PROTO_CSV_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/csv_text.h"
#include "proto/fault.h"

/*
 * A spreadsheet file as rows of cells, as Excel and LibreOffice write it: RFC 4180 with `;`, tab or `,` between columns,
 * CRLF, LF or CR, quoted line breaks, and empty rows and columns at the end. libcsv knows the grammar; this module
 * finds the separator, counts rows as the person sees them in the sheet (the header is 1; a cell with a line break is
 * still one row; empty rows count) and drops what only a spreadsheet means: Excel's first line "sep=;", rows that are
 * empty, and comments. A comment is a row whose first cell is "#" or begins with "# ".
 */

#define CSV_ROWS_MOST 200000u   /* rows with something in them; the largest submission has 10,000 demands */
#define CSV_COLUMNS_MOST 16384u /* a sheet of Excel has no more */
#define CSV_CELL_MOST 32767u    /* bytes; a cell of Excel has no more */

struct csv_row {
    uint32_t number; /* as the spreadsheet numbers it, from 1 */
    uint32_t count;  /* cells up to the last that is not empty */
    const char **cells; /* trimmed, valid UTF-8, NUL behind each */
};

struct csv_sheet {
    struct csv_row *rows; /* the header first; no row is empty */
    size_t count;
    char separator;
    enum csv_encoding encoding;
};

/*
 * Reads a file into arena. names: the column names that the file may have, by which the separator is found; count of
 * them. Faults are added at their row, and STATUS_INVALID returned, for what no rows can be made of: another format,
 * an empty file, a quotation mark out of place; the rows before it are kept. STATUS_TOO_LARGE with a fault above a
 * limit, STATUS_NO_MEMORY.
 */
int csv_cells_read(const void *bytes, size_t length, const char *const *names, size_t count, struct arena *arena,
                   struct faults *faults, struct csv_sheet *sheet);

/* The letters of a column as spreadsheets name it: 0 "A", 26 "AA". name has room for 8 bytes. */
void csv_cells_name_column(uint32_t column, char name[8]);

#endif
