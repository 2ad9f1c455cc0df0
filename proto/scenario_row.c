/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/scenario_reader.h"

#include <stdio.h>
#include <string.h>

#include "proto/cell.h"
#include "proto/status.h"

#define UNIT_RATE ((uint64_t)1000000)

char *scenario_text(const struct scenario_row *row, int column)
{
    return row->table->cells[row->row * row->table->form->column_count + (size_t)column];
}

void scenario_fault(const struct scenario_row *row, int column, const char *expected, const char *remedy)
{
    struct faults *faults = row->reader->faults;
    faults->file = row->table->form->file;
    faults->row = row->table->row_number[row->row];
    faults_add(faults, row->table->form->columns[column].name, scenario_text(row, column), expected, remedy);
}

uint64_t scenario_whole(const struct scenario_row *row, int column, const char *standard, uint64_t least, uint64_t most)
{
    const char *text = scenario_text(row, column);
    uint64_t value;
    if (*text == '\0' && standard) {
        text = standard;
    }
    if (!cell_whole(text, least, most, &value)) {
        char expected[80];
        snprintf(expected, sizeof expected, "a whole number from %llu to %llu", (unsigned long long)least,
                 (unsigned long long)most);
        scenario_fault(row, column, expected, "write digits only, without a thousands mark");
        return least;
    }
    return value;
}

/* The rate of a currency in millionths, 0 where none is known. */
static uint64_t rate_of(const struct scenario_reader *reader, const char *currency)
{
    if (*currency == '\0' || strcmp(currency, reader->policy.base_currency) == 0) {
        return UNIT_RATE;
    }
    size_t at = names_find(&reader->rates, currency);
    return at == NAMES_NONE ? 0 : reader->market->rates[at]->millionths;
}

int64_t scenario_amount(const struct scenario_row *row, int column, const char *standard, const char *currency)
{
    const char *text = scenario_text(row, column);
    if (*text == '\0' && standard) {
        text = standard;
    }
    int64_t hundredths, cents;
    if (!cell_amount(text, &hundredths)) {
        scenario_fault(row, column, "an amount such as 5900.50", "write digits, a point and at most two places");
        return 0;
    }
    uint64_t rate = rate_of(row->reader, currency);
    if (rate && !cell_base_cents(hundredths, rate, &cents)) {
        scenario_fault(row, column, "at most 100,000,000,000.00 in the base currency", "check the amount and the currency");
        return 0;
    }
    return hundredths;
}

uint32_t scenario_month(const struct scenario_row *row, int column)
{
    uint32_t month = CELL_MONTH_FIRST;
    if (!cell_month(scenario_text(row, column), &month)) {
        scenario_fault(row, column, "a month YYYY-MM from 2000-01 to 2199-12", "write 2028-12");
    }
    return month;
}

size_t scenario_word(const struct scenario_row *row, int column, const char *const *words, size_t count, size_t standard,
                     const char *form)
{
    const char *text = scenario_text(row, column);
    if (*text == '\0') {
        return standard;
    }
    for (size_t n = 0; n < count; n++) {
        if (strcmp(words[n], text) == 0) {
            return n;
        }
    }
    scenario_fault(row, column, form, "write one of these words in lower case");
    return standard;
}

void scenario_list(const struct scenario_row *row, int column, char ***texts, size_t *count)
{
    if (cell_split(scenario_text(row, column), row->reader->arena, texts, count)) {
        row->reader->status = STATUS_NO_MEMORY;
        *count = 0;
    }
}

static void refuse_repeated_names(const struct scenario_row *row, int column, char *const *list, size_t count)
{
    struct names names;
    if (names_init(&names, row->reader->arena, count)) {
        row->reader->status = STATUS_NO_MEMORY;
        return;
    }
    for (size_t n = 0; n < count; n++) {
        names_add(&names, list[n], (uint32_t)n);
    }
    names_sort(&names);
    for (size_t n = 1; n < count; n++) {
        if (strcmp(names.entries[n - 1].name, names.entries[n].name) == 0) {
            scenario_fault(row, column, "each name once", "remove one of the two");
            return;
        }
    }
}

void scenario_pairs(const struct scenario_row *row, int column, char separator, bool lower, char ***names, char ***values,
                    size_t *count)
{
    struct arena *arena = row->reader->arena;
    char **parts;
    size_t part_count;
    scenario_list(row, column, &parts, &part_count);
    *count = 0;
    *names = arena_array(arena, part_count, sizeof **names);
    *values = arena_array(arena, part_count, sizeof **values);
    if (!*names || !*values) {
        row->reader->status = STATUS_NO_MEMORY;
        return;
    }
    for (size_t n = 0; n < part_count; n++) {
        if (!cell_pair(parts[n], separator, arena, &(*names)[*count], &(*values)[*count])) {
            scenario_fault(row, column, separator == '=' ? "name=value with ; between" : "name:value with ; between",
                           separator == '=' ? "write stanag=4425;grade=3" : "write NL:0;*:400");
            continue;
        }
        if (lower) {
            cell_lower((*names)[*count]);
        }
        ++*count;
    }
    if (*count > 1) {
        refuse_repeated_names(row, column, *names, *count);
    }
}

int scenario_ids(struct scenario_reader *reader, enum scenario_file file, const char *what, struct names *ids)
{
    const struct scenario_table *table = &reader->tables[file];
    if (names_init(ids, reader->arena, table->rows)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < table->rows; n++) {
        const struct scenario_row row = {reader, table, n};
        if (*scenario_text(&row, 0)) {
            names_add(ids, scenario_text(&row, 0), (uint32_t)n);
        } else {
            scenario_fault(&row, 0, what, "name it");
        }
    }
    names_sort(ids);
    return STATUS_OK;
}

void scenario_refuse_repeated(struct scenario_reader *reader, enum scenario_file file, const struct names *ids)
{
    for (size_t n = 1; n < ids->count; n++) {
        if (strcmp(ids->entries[n - 1].name, ids->entries[n].name) == 0) {
            const struct scenario_row row = {reader, &reader->tables[file], ids->entries[n].at};
            scenario_fault(&row, 0, "each id once in this file", "remove or rename one of the two");
        }
    }
}

void scenario_compare_rows(struct scenario_reader *reader, enum scenario_file file, const struct names_entry *rows,
                           size_t count, uint32_t own)
{
    const struct scenario_table *table = &reader->tables[file];
    const struct scenario_row first = {reader, table, rows[0].at};
    for (size_t n = 1; n < count; n++) {
        const struct scenario_row later = {reader, table, rows[n].at};
        for (size_t column = 1; column < table->form->column_count; column++) {
            const char *text = scenario_text(&later, (int)column);
            if (own >> column & 1 || *text == '\0' || strcmp(text, scenario_text(&first, (int)column)) == 0) {
                continue;
            }
            char *expected = arena_format(reader->arena, "empty, or %.40s as in row %u", scenario_text(&first, (int)column),
                                          table->row_number[first.row]);
            scenario_fault(&later, (int)column, expected ? expected : "the same as the first row", "clear the cell");
        }
    }
}
