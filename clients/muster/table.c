/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/table.h"

#include <assert.h>
#include <string.h>

#include "proto/status.h"

#define COLUMN_GAP 2
#define COLUMN_GAP_LEAST 1 /* where two blanks don't fit, rather than blocks */
#define TEXT_COLUMN_LEAST 8 /* a text column narrower than this reads badly: blocks instead */

void table_init(struct table *table, struct arena *arena, const struct table_column *columns, size_t count)
{
    assert(count > 0 && count <= TABLE_COLUMNS_MOST);
    *table = (struct table){.arena = arena, .columns = columns, .column_count = count};
}

void table_add_exact(struct table *table, const char *screen, const char *exact)
{
    if (table->cell_count == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 64;
        struct table_cell *cells = arena_array(table->arena, capacity, sizeof *cells);
        if (!cells) {
            table->failed = true;
            return;
        }
        if (table->cell_count) {
            memcpy(cells, table->cells, table->cell_count * sizeof *cells);
        }
        table->cells = cells;
        table->capacity = capacity;
    }
    const char *shown = arena_string(table->arena, screen ? screen : "");
    const char *kept = exact == screen ? shown : arena_string(table->arena, exact ? exact : "");
    if (!shown || !kept) {
        table->failed = true;
        return;
    }
    table->cells[table->cell_count++] = (struct table_cell){.screen = shown, .exact = kept};
}

void table_add(struct table *table, const char *text)
{
    table_add_exact(table, text, text);
}

void table_paint(struct table *table, enum output_paint paint)
{
    if (table->cell_count) {
        table->cells[table->cell_count - 1].paint = paint;
    }
}

size_t table_rows(const struct table *table)
{
    return table->cell_count / table->column_count;
}

static int longest_word(const char *text)
{
    int longest = 0;
    while (*text) {
        size_t length = strcspn(text, " ");
        int columns = output_part_columns(text, length);
        longest = columns > longest ? columns : longest;
        text += length;
        text += strspn(text, " ");
    }
    return longest;
}

struct layout {
    int width[TABLE_COLUMNS_MOST];
    int least[TABLE_COLUMNS_MOST];
    int gap;
};

static int total_width(const struct table *table, const struct layout *layout)
{
    int total = 0;
    for (size_t column = 0; column < table->column_count; column++) {
        total += layout->width[column] + (column ? layout->gap : 0);
    }
    return total;
}

/* Natural and least widths of every column. */
static void measure(const struct table *table, struct layout *layout)
{
    for (size_t column = 0; column < table->column_count; column++) {
        const char *header = table->columns[column].header;
        layout->width[column] = output_part_columns(header, strlen(header));
        layout->least[column] = table->columns[column].kind == TABLE_TEXT ? longest_word(header) : layout->width[column];
    }
    for (size_t i = 0; i < table_rows(table) * table->column_count; i++) {
        size_t column = i % table->column_count;
        const char *text = table->cells[i].screen;
        int width = output_part_columns(text, strlen(text));
        int least = table->columns[column].kind == TABLE_TEXT ? longest_word(text) : width;
        layout->width[column] = width > layout->width[column] ? width : layout->width[column];
        layout->least[column] = least > layout->least[column] ? least : layout->least[column];
    }
    for (size_t column = 0; column < table->column_count; column++) {
        int floor = layout->width[column] < TEXT_COLUMN_LEAST ? layout->width[column] : TEXT_COLUMN_LEAST;
        layout->least[column] = layout->least[column] < floor ? floor : layout->least[column];
    }
}

/* Narrows the widest text columns until the table fits; false where it cannot. */
static bool narrow(const struct table *table, struct layout *layout, int width)
{
    while (total_width(table, layout) > width) {
        size_t widest = table->column_count;
        for (size_t column = 0; column < table->column_count; column++) {
            if (layout->width[column] > layout->least[column] &&
                (widest == table->column_count || layout->width[column] > layout->width[widest])) {
                widest = column;
            }
        }
        if (widest == table->column_count) {
            return false;
        }
        layout->width[widest]--;
    }
    return true;
}

/* Two blanks between the columns, or one. */
static bool fit(const struct table *table, struct layout *layout, int width)
{
    struct layout natural = *layout;
    for (int gap = COLUMN_GAP; gap >= COLUMN_GAP_LEAST; gap--) {
        *layout = natural;
        layout->gap = gap;
        if (narrow(table, layout, width)) {
            return true;
        }
    }
    return false;
}

/* Bytes of text that go on one line of so many columns; *skip: blanks behind them that are dropped. */
static size_t line_of(const char *text, int width, size_t *skip)
{
    size_t taken = 0;
    for (size_t at = 0; text[at];) {
        size_t start = at + strspn(text + at, " ");
        size_t end = start + strcspn(text + start, " ");
        if (end == start) {
            break;
        }
        if (taken > 0 && output_part_columns(text, end) > width) {
            break;
        }
        taken = end;
        at = end;
    }
    *skip = strspn(text + taken, " ");
    return taken;
}

static void blanks(const struct output *output, int count)
{
    fprintf(output->out, "%*s", count > 0 ? count : 0, "");
}

struct pending {
    const char *text[TABLE_COLUMNS_MOST];
    enum output_paint paint[TABLE_COLUMNS_MOST];
};

/* One screen line of a row: the next piece of each cell. False once nothing is left. */
static bool print_line(const struct table *table, const struct output *output, const struct layout *layout, struct pending *pending)
{
    bool any = false;
    for (size_t column = 0; column < table->column_count; column++) {
        any = any || *pending->text[column];
    }
    if (!any) {
        return false;
    }
    int owed = 0; /* blanks not printed yet, so that no line ends in blanks */
    for (size_t column = 0; column < table->column_count; column++) {
        const char *text = pending->text[column];
        size_t skip = 0, bytes = strlen(text);
        if (table->columns[column].kind == TABLE_TEXT) {
            bytes = line_of(text, layout->width[column], &skip);
        }
        size_t taken = bytes;
        while (bytes && text[bytes - 1] == ' ') {
            bytes--;
        }
        int rest = layout->width[column] - output_part_columns(text, bytes);
        if (table->columns[column].kind == TABLE_FIGURE) {
            owed += rest;
            rest = 0;
        }
        if (bytes) {
            blanks(output, owed);
            owed = 0;
            output_part(output, text, bytes, pending->paint[column]);
        }
        owed += rest + layout->gap;
        pending->text[column] = text + taken + skip;
    }
    fputc('\n', output->out);
    return true;
}

static void print_columns(const struct table *table, const struct output *output, const struct layout *layout)
{
    struct pending pending = {0};
    /* Headers that are all empty print nothing: a statement. */
    for (size_t column = 0; column < table->column_count; column++) {
        pending.text[column] = table->columns[column].header;
    }
    while (print_line(table, output, layout, &pending)) {
    }
    for (size_t row = 0; row < table_rows(table); row++) {
        for (size_t column = 0; column < table->column_count; column++) {
            const struct table_cell *cell = &table->cells[row * table->column_count + column];
            pending.text[column] = cell->screen;
            pending.paint[column] = cell->paint;
        }
        while (print_line(table, output, layout, &pending)) {
        }
    }
}

static void print_blocks(const struct table *table, const struct output *output)
{
    for (size_t row = 0; row < table_rows(table); row++) {
        if (row) {
            fputc('\n', output->out);
        }
        for (size_t column = 0; column < table->column_count; column++) {
            const char *header = table->columns[column].header;
            const char *text = table->cells[row * table->column_count + column].screen;
            if (!*text) {
                continue;
            }
            if (*header) {
                output_wrap_indented(output, 2, "%s: %s", header, text);
            } else {
                output_wrap_indented(output, 2, "%s", text);
            }
        }
    }
}

static void print_tabs(const struct table *table, const struct output *output)
{
    for (size_t column = 0; column < table->column_count; column++) {
        const struct table_column *named = &table->columns[column];
        fprintf(output->out, "%s%s", column ? "\t" : "", named->field ? named->field : named->header);
    }
    fputc('\n', output->out);
    for (size_t row = 0; row < table_rows(table); row++) {
        for (size_t column = 0; column < table->column_count; column++) {
            if (column) {
                fputc('\t', output->out);
            }
            output_text(output, table->cells[row * table->column_count + column].exact, PAINT_NONE);
        }
        fputc('\n', output->out);
    }
}

int table_print(const struct table *table, const struct output *output)
{
    if (output->form == OUTPUT_TABS) {
        print_tabs(table, output);
    } else {
        struct layout layout = {0};
        measure(table, &layout);
        if (fit(table, &layout, output->width)) {
            print_columns(table, output, &layout);
        } else {
            print_blocks(table, output);
        }
    }
    return table->failed ? STATUS_NO_MEMORY : STATUS_OK;
}
