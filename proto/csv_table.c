/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_table.h"

#include <stdio.h>
#include <string.h>

#include "proto/csv_cells.h"
#include "proto/csv_habit.h"
#include "proto/csv_header.h"
#include "proto/names.h"
#include "proto/status.h"

#define REMEDY_SIZE 192u
#define ID_COLUMN 0u /* the first of every format */

const struct csv_value *csv_table_value(const struct csv_table *table, const struct csv_object *object, uint32_t n, uint32_t column)
{
    return &table->records[object->records[n]].values[column];
}

uint32_t csv_table_row(const struct csv_table *table, const struct csv_object *object, uint32_t n)
{
    return table->records[object->records[n]].row;
}

size_t csv_table_find(const struct csv_table *table, uint32_t row)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->records[middle].row < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < table->count && table->records[low].row == row ? low : table->count;
}

void csv_table_refuse(const struct csv_table *table, const struct csv_object *object, uint32_t n, uint32_t column, const char *found,
                      const char *expected, const char *remedy, struct faults *faults)
{
    faults->row = csv_table_row(table, object, n);
    faults_add(faults, table->format->columns[column].name, found, expected, remedy);
    faults->row = 0;
    table->records[object->records[n]].faulty |= 1u << column;
}

/* What stands to the right of the last named column: often a list whose `;` the program took for a new column. */
static void refuse_excess(const struct csv_row *row, const struct csv_header *header, char separator, struct faults *faults)
{
    for (uint32_t at = header->count; at < row->count; at++) {
        if (row->cells[at][0]) {
            char column[8];
            csv_cells_name_column(at, column);
            faults_add(faults, column, row->cells[at], "nothing right of the last column",
                       separator == ';' ? "write lists with |, or put \"...\" around a cell with ; in it"
                                        : "put \"...\" around a cell that has the separator in it");
            return;
        }
    }
}

static int read_record(const struct csv_row *row, const struct csv_header *header, const struct csv_format *format,
                       struct csv_value_reader *reader, struct csv_record *record)
{
    record->row = row->number;
    record->values = arena_array(reader->arena, format->count, sizeof *record->values);
    if (!record->values) {
        return STATUS_NO_MEMORY;
    }
    reader->faults->row = row->number;
    for (uint32_t at = 0; at < format->count; at++) {
        uint32_t column = header->found[at];
        const char *cell = column != CSV_HEADER_NONE && column < row->count ? row->cells[column] : "";
        int status = csv_value_read(reader, &format->columns[at], cell, &record->values[at]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Gathers the rows of each id. Rows without an id stand alone, so that their other faults are named too. */
static int group(struct csv_table *table, struct arena *arena)
{
    struct names names;
    uint32_t *counts = arena_array(arena, table->count, sizeof *counts);
    uint32_t *first = arena_array(arena, table->count, sizeof *first);
    table->objects = arena_array(arena, table->count, sizeof *table->objects);
    if (!counts || !first || !table->objects || names_init(&names, arena, table->count) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    for (size_t at = 0; at < table->count; at++) {
        names_add(&names, table->records[at].values[ID_COLUMN].text, (uint32_t)at);
    }
    names_sort(&names);
    for (size_t at = 0; at < table->count; at++) {
        const char *id = table->records[at].values[ID_COLUMN].text;
        first[at] = id[0] && !table->format->repeats ? (uint32_t)names_find(&names, id) : (uint32_t)at;
        counts[first[at]]++;
    }
    for (size_t at = 0; at < table->count; at++) {
        if (first[at] == at) {
            struct csv_object *object = &table->objects[table->object_count];
            object->records = arena_array(arena, counts[at], sizeof *object->records);
            if (!object->records) {
                return STATUS_NO_MEMORY;
            }
            counts[at] = (uint32_t)table->object_count++; /* from here on: which object it is */
        }
        table->records[at].object = counts[first[at]];
        struct csv_object *object = &table->objects[counts[first[at]]];
        object->records[object->count++] = (uint32_t)at;
    }
    return STATUS_OK;
}

/* Names the object of faults of cells, which were found before rows were gathered. */
static void place_faults(const struct csv_table *table, struct faults *faults, size_t first)
{
    for (size_t at = first; at < faults->count; at++) {
        size_t record = csv_table_find(table, faults->list[at].row);
        faults->list[at].change = record < table->count ? table->records[record].object : 0;
    }
}

static void refuse_empty(const struct csv_table *table, const struct csv_object *object, uint32_t n, uint32_t at, struct faults *faults)
{
    const struct csv_column *column = &table->format->columns[at];
    char remedy[REMEDY_SIZE];
    snprintf(remedy, sizeof remedy, "write for example %s", column->example);
    csv_table_refuse(table, object, n, at, "nothing", "a value", remedy, faults);
}

static void refuse_other(const struct csv_table *table, const struct csv_object *object, uint32_t n, uint32_t at, struct faults *faults)
{
    char expected[REMEDY_SIZE], remedy[REMEDY_SIZE];
    const struct csv_column *column = &table->format->columns[at];
    uint32_t row = csv_table_row(table, object, 0);
    snprintf(expected, sizeof expected, "the same as in row %u, or nothing", row);
    snprintf(remedy, sizeof remedy, "empty the cell, or give this row another %s", table->format->noun);
    const struct csv_value *value = csv_table_value(table, object, n, at);
    const char *found = value->text[0] ? value->text : value->count ? value->pairs[0].name : column->name;
    csv_table_refuse(table, object, n, at, found, expected, remedy, faults);
}

/* Which cells of an object must be filled, and whether those of the whole agree. */
static void check_object(const struct csv_table *table, const struct csv_object *object, uint32_t own, struct faults *faults)
{
    const struct csv_format *format = table->format;
    for (uint32_t n = 0; n < object->count; n++) {
        for (uint32_t at = 0; at < format->count; at++) {
            const struct csv_column *column = &format->columns[at];
            const struct csv_value *value = csv_table_value(table, object, n, at), *first = csv_table_value(table, object, 0, at);
            bool of_row = n == 0 || (column->flags & CSV_OWN);
            if (value->faulty) {
                table->records[object->records[n]].faulty |= 1u << at;
            } else if (of_row && !value->given && (column->flags & CSV_NEEDED) && !(column->flags & CSV_EMPTY) && !(own >> at & 1u)) {
                refuse_empty(table, object, n, at, faults);
            } else if (!of_row && value->given && !first->faulty && !csv_value_equals(column->kind, value, first)) {
                refuse_other(table, object, n, at, faults);
            }
        }
    }
}

static bool has_own(const struct csv_format *format)
{
    for (uint32_t at = 0; at < format->count; at++) {
        if (format->columns[at].flags & CSV_OWN) {
            return true;
        }
    }
    return false;
}

static void check_objects(struct csv_table *table, const struct csv_header *header, uint32_t own, struct faults *faults)
{
    bool several = has_own(table->format);
    uint32_t missing = 0; /* such a column is named once, not in every row */
    for (uint32_t at = 0; at < table->format->count; at++) {
        bool absent = header->found[at] == CSV_HEADER_NONE && (table->format->columns[at].flags & CSV_NEEDED) && !(own >> at & 1u);
        missing |= absent ? 1u << at : 0;
    }
    for (size_t at = 0; at < table->count; at++) {
        table->records[at].faulty = missing;
    }
    own |= missing;
    for (size_t at = 0; at < table->object_count; at++) {
        const struct csv_object *object = &table->objects[at];
        faults->change = (uint32_t)at;
        if (object->count > 1 && !several) {
            char expected[REMEDY_SIZE];
            snprintf(expected, sizeof expected, "each %s once; it stands in row %u", table->format->noun, csv_table_row(table, object, 0));
            csv_table_refuse(table, object, 1, ID_COLUMN, csv_table_value(table, object, 1, ID_COLUMN)->text, expected,
                             "delete one of the rows", faults);
            continue;
        }
        check_object(table, object, own, faults);
    }
    faults->change = 0;
}

static int read_records(const struct csv_sheet *sheet, const struct csv_header *header, struct csv_value_reader *reader,
                        struct csv_table *table)
{
    table->count = sheet->count - 1;
    table->records = arena_array(reader->arena, table->count, sizeof *table->records);
    if (!table->records) {
        return STATUS_NO_MEMORY;
    }
    for (size_t at = 0; at < table->count; at++) {
        const struct csv_row *row = &sheet->rows[at + 1];
        int status = read_record(row, header, table->format, reader, &table->records[at]);
        if (status != STATUS_OK) {
            return status;
        }
        refuse_excess(row, header, sheet->separator, reader->faults);
    }
    reader->faults->row = 0;
    return STATUS_OK;
}

int csv_table_read(const void *bytes, size_t length, const struct csv_format *format, uint32_t own, struct arena *arena,
                   struct faults *faults, struct csv_table *table)
{
    const char *names[CSV_FORMAT_MOST];
    struct csv_sheet sheet;
    struct csv_header header;
    struct csv_habit habit;
    size_t errors = faults->errors, first = faults->count;
    *table = (struct csv_table){.format = format};
    for (uint32_t at = 0; at < format->count; at++) {
        names[at] = format->columns[at].name;
    }
    int status = csv_cells_read(bytes, length, names, format->count, arena, faults, &sheet);
    if (status != STATUS_OK && (status != STATUS_INVALID || sheet.count == 0)) {
        return status;
    }
    status = csv_header_expect(&sheet, format, faults);
    if (status != STATUS_OK) {
        return status;
    }
    status = csv_header_map(&sheet, format, own, arena, faults, &header);
    if (status != STATUS_OK) {
        return status;
    }
    csv_habit_find(&sheet, &header, format, faults, &habit);
    table->told = csv_habit_tell(&habit, &sheet, arena);
    struct csv_value_reader reader = {.arena = arena, .faults = faults, .order = habit.order};
    status = table->told ? read_records(&sheet, &header, &reader, table) : STATUS_NO_MEMORY;
    if (status == STATUS_OK) {
        status = group(table, arena);
    }
    if (status == STATUS_OK) {
        place_faults(table, faults, first);
        check_objects(table, &header, own, faults);
        status = faults->errors > errors ? STATUS_INVALID : STATUS_OK;
    }
    return status;
}
