/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_cells.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv_fold.h"
#include "proto/csv_separator.h"
#include "proto/status.h"

#define FEED ((size_t)1 << 16) /* bytes given to libcsv at a time, and its buffer's step */

struct reader {
    struct arena *arena;
    struct faults *faults;
    struct csv_sheet *sheet;
    char *store;        /* text of all cells: never longer than the file, each NUL taking a separator's place */
    size_t used;
    const char **cells; /* of the row that is being read */
    uint32_t count;
    uint32_t filled;    /* cells up to the last that is not empty */
    uint32_t rows;      /* rows that have ended */
    size_t capacity;
    int last_end;       /* the character that ended the last row, while nothing came behind it; 0 */
    int status;
};

static void stop(struct reader *reader, int status)
{
    if (reader->status == STATUS_OK) {
        reader->status = status;
    }
}

static void refuse(struct reader *reader, const char *field, const char *found, const char *expected, const char *remedy)
{
    reader->faults->row = reader->rows + 1;
    faults_add(reader->faults, field, found, expected, remedy);
    reader->faults->row = 0;
}

/*
 * What spreadsheets wrap around a value to keep it as it is: ="00123" keeps zeros, and '=1+1 (which our own files
 * write) keeps a text from being run as a formula.
 */
static void unwrap(const char **text, size_t *length)
{
    const char *at = *text;
    if (*length >= 3 && at[0] == '=' && at[1] == '"' && at[*length - 1] == '"') {
        *text += 2;
        *length -= 3;
    } else {
        size_t marks = 0;
        while (marks < *length && at[marks] == '\'') {
            marks++;
        }
        if (marks > 0 && marks < *length && memchr("=+-@", at[marks], 4)) {
            *text += 1;
            *length -= 1;
        }
    }
}

static void take_cell(void *bytes, size_t length, void *data)
{
    struct reader *reader = data;
    reader->last_end = 0;
    if (reader->status != STATUS_OK) {
        return;
    }
    const char *text = bytes ? bytes : "";
    csv_fold_trim(&text, &length);
    unwrap(&text, &length);
    if (length > CSV_CELL_MOST) {
        char column[8];
        csv_cells_name_column(reader->count, column);
        refuse(reader, column, "a cell of more than 32,767 bytes", "at most 32,767 bytes", "shorten the text");
        stop(reader, STATUS_TOO_LARGE);
        return;
    }
    if (reader->count == CSV_COLUMNS_MOST) {
        refuse(reader, "", "more than 16,384 columns", "at most 16,384 columns", "delete the columns that are not needed");
        stop(reader, STATUS_TOO_LARGE);
        return;
    }
    char *copy = reader->store + reader->used;
    memcpy(copy, text, length);
    copy[length] = '\0';
    reader->used += length + 1;
    reader->cells[reader->count++] = copy;
    reader->filled = length ? reader->count : reader->filled;
}

static bool is_comment(const char *cell)
{
    return cell[0] == '#' && (cell[1] == '\0' || csv_fold_blank(cell + 1) > 0);
}

static struct csv_row *next_row(struct reader *reader)
{
    struct csv_sheet *sheet = reader->sheet;
    if (sheet->count == CSV_ROWS_MOST) {
        refuse(reader, "", "more than 200,000 rows", "at most 200,000 rows", "submit the file in parts");
        stop(reader, STATUS_TOO_LARGE);
        return NULL;
    }
    if (sheet->count == reader->capacity) {
        size_t capacity = reader->capacity ? reader->capacity * 2 : 64;
        struct csv_row *rows = arena_array(reader->arena, capacity, sizeof *rows);
        if (!rows) {
            stop(reader, STATUS_NO_MEMORY);
            return NULL;
        }
        if (sheet->count) {
            memcpy(rows, sheet->rows, sheet->count * sizeof *rows);
        }
        sheet->rows = rows;
        reader->capacity = capacity;
    }
    return &sheet->rows[sheet->count];
}

static void end_row(int character, void *data)
{
    struct reader *reader = data;
    bool second_half = character == '\n' && reader->last_end == '\r'; /* CRLF is one end, which libcsv reports twice */
    reader->last_end = character;
    if (second_half || reader->status != STATUS_OK) {
        return;
    }
    if (reader->filled > 0 && !is_comment(reader->cells[0])) {
        struct csv_row *row = next_row(reader);
        const char **cells = row ? arena_array(reader->arena, reader->filled, sizeof *cells) : NULL;
        if (!cells) {
            stop(reader, STATUS_NO_MEMORY);
            return;
        }
        memcpy(cells, reader->cells, reader->filled * sizeof *cells);
        *row = (struct csv_row){.number = reader->rows + 1, .count = reader->filled, .cells = cells};
        reader->sheet->count++;
    }
    reader->rows++;
    reader->count = reader->filled = 0;
}

static int run(struct reader *reader, struct csv_parser *parser, const char *text, size_t length)
{
    for (size_t at = 0; at < length && reader->status == STATUS_OK;) {
        size_t most = length - at < FEED ? length - at : FEED;
        size_t taken = csv_parse(parser, text + at, most, take_cell, end_row, reader);
        if (taken < most) {
            if (csv_error(parser) != CSV_EPARSE) {
                return STATUS_NO_MEMORY;
            }
            refuse(reader, "", "a quotation mark in the middle of a cell", "\"...\" around the whole cell, \"\" for a mark inside",
                   "look for a quotation mark that opens or closes in this row and has no partner");
            return STATUS_INVALID;
        }
        at += taken;
    }
    if (reader->status == STATUS_OK && csv_fini(parser, take_cell, end_row, reader) != 0) {
        refuse(reader, "", "a quotation mark that is never closed", "\"...\" around the whole cell",
               "close it in this row, or delete it");
        return STATUS_INVALID;
    }
    return reader->status;
}

static int read_rows(struct reader *reader, const char *text, size_t length)
{
    struct csv_parser parser;
    reader->store = arena_alloc(reader->arena, length + 2);
    reader->cells = arena_array(reader->arena, CSV_COLUMNS_MOST, sizeof *reader->cells);
    if (!reader->store || !reader->cells) {
        return STATUS_NO_MEMORY;
    }
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL | CSV_APPEND_NULL) != 0) {
        return STATUS_NO_MEMORY;
    }
    csv_set_delim(&parser, (unsigned char)reader->sheet->separator);
    csv_set_blk_size(&parser, FEED);
    int status = run(reader, &parser, text, length);
    csv_free(&parser);
    return status;
}

int csv_cells_read(const void *bytes, size_t length, const char *const *names, size_t count, struct arena *arena,
                   struct faults *faults, struct csv_sheet *sheet)
{
    struct csv_text text;
    *sheet = (struct csv_sheet){.separator = ';'};
    int status = csv_text_decode(bytes, length, arena, faults, &text);
    if (status != STATUS_OK) {
        return status;
    }
    sheet->encoding = text.encoding;
    size_t skip = csv_separator_find(text.bytes, names, count, &sheet->separator);
    struct reader reader = {.arena = arena, .faults = faults, .sheet = sheet};
    status = read_rows(&reader, text.bytes + skip, text.length - skip);
    if (status == STATUS_OK && sheet->count == 0) {
        faults_add(faults, "", "nothing", "a header row and rows beneath it", "see the template");
        status = STATUS_INVALID;
    }
    return status;
}

void csv_cells_name_column(uint32_t column, char name[8])
{
    char letters[8];
    size_t count = 0;
    for (uint32_t left = column + 1; left > 0 && count < sizeof letters - 1; left = (left - 1) / 26) {
        letters[count++] = (char)('A' + (left - 1) % 26);
    }
    for (size_t at = 0; at < count; at++) {
        name[at] = letters[count - 1 - at];
    }
    name[count] = '\0';
}
