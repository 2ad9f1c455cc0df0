/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_header.h"

#include <stdio.h>
#include <string.h>

#include "proto/csv_fold.h"
#include "proto/status.h"

#define REMEDY_SIZE 192

/* "Min. quantity" and "min-quantity" as "min_quantity". */
static void fold_name(const char *cell, char folded[CSV_FOLD_MOST])
{
    csv_fold(cell, folded);
    size_t written = 0;
    for (const char *at = folded; *at; at++) {
        char letter = *at == ' ' || *at == '-' ? '_' : *at;
        if (letter == '.' || letter == ':' || letter == '*' || (letter == '_' && written && folded[written - 1] == '_')) {
            continue;
        }
        folded[written++] = letter;
    }
    folded[written] = '\0';
}

size_t csv_header_find(const char *cell, const char *const *names, size_t count)
{
    char folded[CSV_FOLD_MOST];
    fold_name(cell, folded);
    for (size_t at = 0; at < count; at++) {
        if (strcmp(folded, names[at]) == 0) {
            return at;
        }
    }
    return count;
}

static size_t count_known(const struct csv_row *row, const struct csv_format *format)
{
    const char *names[CSV_FORMAT_MOST];
    size_t known = 0;
    for (uint32_t at = 0; at < format->count; at++) {
        names[at] = format->columns[at].name;
    }
    for (uint32_t at = 0; at < row->count; at++) {
        known += csv_header_find(row->cells[at], names, format->count) < format->count ? 1u : 0u;
    }
    return known;
}

int csv_header_expect(const struct csv_sheet *sheet, const struct csv_format *format, struct faults *faults)
{
    const struct csv_row *first = &sheet->rows[0];
    char expected[REMEDY_SIZE], remedy[REMEDY_SIZE];
    if (count_known(first, format) > 0) {
        return STATUS_OK;
    }
    snprintf(expected, sizeof expected, "the columns of a %s file", format->noun);
    snprintf(remedy, sizeof remedy, "begin with a row that names the columns: %s, ...", format->columns[0].name);
    if (format->template) {
        snprintf(remedy, sizeof remedy, "begin with a row that names the columns: %s", format->template);
    }
    for (size_t at = 1; at < sheet->count && at < CSV_HEADER_SEARCHED; at++) {
        if (count_known(&sheet->rows[at], format) > 1) {
            snprintf(remedy, sizeof remedy, "the header stands in row %u: delete what is above it", sheet->rows[at].number);
            break;
        }
    }
    faults->row = first->number;
    faults_add(faults, "", first->cells[0], expected, remedy);
    faults->row = 0;
    return STATUS_INVALID;
}

static void refuse_unknown(const char *cell, const struct csv_format *format, const char *const *names, struct faults *faults)
{
    char folded[CSV_FOLD_MOST], remedy[REMEDY_SIZE];
    fold_name(cell, folded);
    size_t nearest = csv_fold_nearest(folded, names, format->count);
    if (nearest < format->count) {
        snprintf(remedy, sizeof remedy, "write %s, or delete the column", names[nearest]);
    } else if (format->template) {
        snprintf(remedy, sizeof remedy, "delete the column; known ones: %s", format->template);
    } else {
        size_t length = (size_t)snprintf(remedy, sizeof remedy, "delete the column; known ones:");
        for (size_t at = 0; at < format->count && length < sizeof remedy; at++) {
            length += (size_t)snprintf(remedy + length, sizeof remedy - length, " %s", names[at]);
        }
    }
    faults_add(faults, cell, cell, "a known column", remedy);
}

/* A column without a name may stand only where nothing stands beneath it. */
static void refuse_nameless(const struct csv_sheet *sheet, uint32_t column, struct faults *faults)
{
    for (size_t at = 1; at < sheet->count; at++) {
        const struct csv_row *row = &sheet->rows[at];
        if (column < row->count && row->cells[column][0]) {
            char letters[8], remedy[REMEDY_SIZE];
            csv_cells_name_column(column, letters);
            snprintf(remedy, sizeof remedy, "name column %s in the header, or empty it", letters);
            faults_add(faults, letters, row->cells[column], "a column with a name", remedy);
            return;
        }
    }
}

static void refuse_missing(const struct csv_format *format, uint32_t optional, const struct csv_header *header,
                           const struct csv_sheet *sheet, struct faults *faults)
{
    for (uint32_t at = 0; at < format->count; at++) {
        const struct csv_column *column = &format->columns[at];
        if (header->found[at] != CSV_HEADER_NONE || !(column->flags & CSV_NEEDED) || (optional >> at & 1u)) {
            continue;
        }
        char remedy[REMEDY_SIZE];
        if (sheet->rows[0].count == 1) {
            snprintf(remedy, sizeof remedy, "add it, and put ; , or a tab between the columns");
        } else {
            snprintf(remedy, sizeof remedy, "add a column %s, with for example %s", column->name, column->example);
        }
        faults_add(faults, column->name, "no such column", "a column of this name", remedy);
    }
}

int csv_header_map(const struct csv_sheet *sheet, const struct csv_format *format, uint32_t optional, struct arena *arena,
                   struct faults *faults, struct csv_header *header)
{
    const struct csv_row *row = &sheet->rows[0];
    const char *names[CSV_FORMAT_MOST];
    *header = (struct csv_header){.count = row->count, .columns = arena_array(arena, row->count, sizeof *header->columns)};
    if (!header->columns) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t at = 0; at < format->count; at++) {
        names[at] = format->columns[at].name;
        header->found[at] = CSV_HEADER_NONE;
    }
    faults->row = row->number;
    for (uint32_t at = 0; at < row->count; at++) {
        size_t known = csv_header_find(row->cells[at], names, format->count);
        header->columns[at] = CSV_HEADER_NONE;
        if (!row->cells[at][0]) {
            refuse_nameless(sheet, at, faults);
        } else if (known == format->count) {
            refuse_unknown(row->cells[at], format, names, faults);
        } else if (header->found[known] != CSV_HEADER_NONE) {
            faults_add(faults, names[known], row->cells[at], "each column once", "delete one of the two columns");
        } else {
            header->columns[at] = (uint32_t)known;
            header->found[known] = at;
        }
    }
    refuse_missing(format, optional, header, sheet, faults);
    faults->row = 0;
    return STATUS_OK;
}
