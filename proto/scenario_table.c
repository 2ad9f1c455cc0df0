/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/scenario_table.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unistr.h>

#include "proto/cell.h"
#include "proto/status.h"

#define NEEDED(name) {name, true}
#define MORE(name) {name, false}

const struct scenario_form scenario_forms[SCENARIO_FILES] = {
    [SCENARIO_ITEMS] = {"items.csv", true, 5, {NEEDED("item"), MORE("title"), MORE("nsc"), MORE("cpv"), MORE("unit")}},
    [SCENARIO_DEMANDS] = {"demands.csv", true, 16, {
        NEEDED("demand"), NEEDED("country"), NEEDED("item"), NEEDED("month"), NEEDED("quantity"), MORE("min_quantity"),
        NEEDED("max_unit_price"), MORE("currency"), MORE("priority"), MORE("place"), MORE("single_supplier"),
        MORE("requires"), MORE("certificates"), MORE("exclude_origins"), MORE("fund"), MORE("release")}},
    [SCENARIO_SUPPLIERS] = {"suppliers.csv", true, 5, {
        NEEDED("supplier"), MORE("name"), NEEDED("country"), MORE("ncage"), MORE("size")}},
    [SCENARIO_OFFERS] = {"offers.csv", true, 17, {
        NEEDED("offer"), NEEDED("supplier"), NEEDED("item"), MORE("min_quantity"), NEEDED("unit_price"), MORE("one_off"),
        MORE("currency"), NEEDED("first_month"), MORE("stock"), MORE("monthly_rate"), MORE("max_quantity"), MORE("freight"),
        MORE("provides"), MORE("certificates"), MORE("origin"), MORE("destinations"), MORE("valid_until")}},
    [SCENARIO_FUNDS] = {"funds.csv", false, 6, {
        NEEDED("fund"), MORE("balance"), MORE("currency"), MORE("min_nations"), MORE("min_european_content"),
        MORE("countries")}},
    [SCENARIO_RATES] = {"rates.csv", false, 2, {NEEDED("currency"), NEEDED("rate")}},
    [SCENARIO_POLICY] = {"policy.csv", true, 3, {NEEDED("key"), NEEDED("value"), MORE("item")}},
    [SCENARIO_COMMITMENTS] = {"commitments.csv", false, 8, {
        NEEDED("demand"), NEEDED("month"), NEEDED("offer"), NEEDED("tier"), NEEDED("quantity"), NEEDED("unit_price"),
        MORE("freight"), MORE("one_off")}},
};

/* The state of one file's reading; libcsv calls back with it. */
struct reading {
    struct scenario_table *table;
    struct arena *arena;
    struct faults *faults;
    bool check_text;   /* the file is not UTF-8 throughout: find the cells */
    bool header_read;
    bool header_fits;
    uint32_t row;      /* number of the row being read */
    int last_end;      /* character that ended the last row, 0 once a cell followed */
    size_t width;      /* columns of the header */
    size_t column_of[SCENARIO_MOST_COLUMNS]; /* by place in the file */
    size_t cells;      /* seen in this row */
    char *cell[SCENARIO_MOST_COLUMNS];
    char *text;        /* where the next cell's text goes: a buffer as long as the file, since every cell is followed by its end */
    char **next;       /* cells of the next row of the table */
    uint32_t *row_number;
};

static int no_space(unsigned char c)
{
    (void)c;
    return 0; /* blanks belong to the cell: libcsv would cut them before it knows of quotes */
}

static int read_whole(const char *folder, const char *file, struct arena *arena, char **bytes, size_t *length)
{
    char *path = arena_format(arena, "%s/%s", folder, file);
    if (!path) {
        return STATUS_NO_MEMORY;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO;
    }
    int status = STATUS_IO;
    struct stat about;
    if (fstat(fd, &about) != 0) {
        goto done;
    }
    if (!S_ISREG(about.st_mode)) {
        errno = EINVAL;
        goto done;
    }
    size_t size = (size_t)about.st_size;
    if (size > SCENARIO_FILE_MOST) {
        status = STATUS_TOO_LARGE;
        goto done;
    }
    *bytes = arena_alloc(arena, size + 1);
    if (!*bytes) {
        status = STATUS_NO_MEMORY;
        goto done;
    }
    *length = 0;
    while (*length < size) {
        ssize_t got = read(fd, *bytes + *length, size - *length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            goto done;
        }
        if (got == 0) {
            break; /* shortened meanwhile */
        }
        *length += (size_t)got;
    }
    status = STATUS_OK;
done:
    close(fd);
    return status;
}

/*
 * Counts the rows and finds the one in which a quoted cell goes on behind its closing quote or never closes; 0: none. libcsv's strict mode
 * finds that too, but also refuses a quote inside an unquoted cell, which is unambiguous and accepted here.
 */
static uint32_t unclosed_quote(const char *bytes, size_t length, uint32_t *rows)
{
    enum { START, PLAIN, QUOTED, CLOSED } state = START;
    *rows = 1;
    for (size_t n = 0; n < length; n++) {
        char c = bytes[n];
        if (state == QUOTED) {
            state = c == '"' ? CLOSED : QUOTED;
        } else if (c == '"' && state != PLAIN) {
            state = QUOTED;
        } else if (c == '\n' || c == '\r' || c == ',') {
            *rows += c == '\n' || (c == '\r' && (n + 1 == length || bytes[n + 1] != '\n'));
            state = START;
        } else if (state == CLOSED) {
            return *rows;
        } else {
            state = PLAIN;
        }
    }
    return state == QUOTED ? *rows : 0;
}

static void header_cell(struct reading *reading, const char *text)
{
    const struct scenario_form *form = reading->table->form;
    size_t column = 0;
    while (column < form->column_count && strcmp(form->columns[column].name, text) != 0) {
        column++;
    }
    if (column == form->column_count) {
        faults_add(reading->faults, "header", text, "a column of this file", "remove the column or write its name as documented");
        reading->header_fits = false;
    }
    for (size_t n = 0; n < reading->width && n < SCENARIO_MOST_COLUMNS && column < form->column_count; n++) {
        if (reading->column_of[n] == column) {
            faults_add(reading->faults, text, text, "each column once", "remove one of the two");
            reading->header_fits = false;
            return;
        }
    }
    if (reading->width < SCENARIO_MOST_COLUMNS) {
        reading->column_of[reading->width] = column;
    } else {
        reading->header_fits = false;
    }
    reading->width++;
}

/* What a fault names as the place of a cell: its column, where the header has one that is known. */
static const char *field_of(const struct reading *reading, size_t at)
{
    const struct scenario_form *form = reading->table->form;
    bool known = reading->header_read && at < reading->width && reading->column_of[at] < form->column_count;
    return known ? form->columns[reading->column_of[at]].name : "header";
}

static void on_cell(void *bytes, size_t length, void *context)
{
    struct reading *reading = context;
    reading->last_end = 0;
    reading->cells++;
    size_t at = reading->cells - 1;
    if (at >= SCENARIO_MOST_COLUMNS && reading->header_read) {
        return;
    }
    char *text = reading->text;
    if (length) {
        memcpy(text, bytes, length);
    }
    text[length] = '\0';
    reading->text += length + 1;
    reading->faults->row = reading->row;
    bool header = !reading->header_read;
    const char *field = field_of(reading, at);
    if (strlen(text) != length || (reading->check_text && u8_check((const uint8_t *)text, length))) {
        faults_add(reading->faults, field, "", "text in UTF-8", "save the file as CSV UTF-8");
        *text = '\0';
    } else if (length > SCENARIO_CELL_MOST) {
        faults_add(reading->faults, field, text, "at most 131,072 bytes in a cell", "shorten it");
        *text = '\0';
    }
    if (header) {
        header_cell(reading, text);
    } else {
        reading->cell[at] = cell_trim(text);
    }
}

static void end_header(struct reading *reading)
{
    const struct scenario_form *form = reading->table->form;
    reading->header_read = true;
    for (size_t column = 0; column < form->column_count; column++) {
        bool found = false;
        for (size_t n = 0; n < reading->width && n < SCENARIO_MOST_COLUMNS; n++) {
            found = found || reading->column_of[n] == column;
        }
        if (!found && form->columns[column].needed) {
            faults_add(reading->faults, form->columns[column].name, "", "this column", "add it to the header and to every row");
            reading->header_fits = false;
        }
    }
}

static void end_row(struct reading *reading)
{
    struct scenario_table *table = reading->table;
    size_t columns = table->form->column_count;
    if (reading->cells != reading->width) {
        char found[64];
        snprintf(found, sizeof found, "%zu cells", reading->cells);
        char *expected = arena_format(reading->arena, "%zu cells, as the header has", reading->width);
        faults_add(reading->faults, "", found, expected ? expected : "", "quote cells that hold a comma; add or remove cells");
        return;
    }
    static char empty[] = "";
    char **cells = reading->next;
    reading->next += columns;
    for (size_t column = 0; column < columns; column++) {
        cells[column] = empty;
    }
    for (size_t n = 0; n < reading->width; n++) {
        cells[reading->column_of[n]] = reading->cell[n];
    }
    reading->row_number[table->rows++] = reading->row;
}

static void on_row(int end, void *context)
{
    struct reading *reading = context;
    if (reading->cells == 0) {
        bool second_half = end == '\n' && reading->last_end == '\r'; /* of one CRLF */
        reading->row += !second_half && end >= 0;
        reading->last_end = second_half ? 0 : end;
        return;
    }
    reading->faults->row = reading->row;
    if (!reading->header_read) {
        end_header(reading);
    } else if (reading->header_fits) {
        end_row(reading);
    }
    reading->cells = 0;
    reading->row++;
    reading->last_end = end;
}

static int parse(struct reading *reading, const char *bytes, size_t length)
{
    struct csv_parser parser;
    if (csv_init(&parser, CSV_REPALL_NL | CSV_STRICT_FINI) != 0) {
        return STATUS_NO_MEMORY;
    }
    csv_set_space_func(&parser, no_space);
    int status = STATUS_OK;
    if (csv_parse(&parser, bytes, length, on_cell, on_row, reading) != length ||
        csv_fini(&parser, on_cell, on_row, reading) != 0) {
        status = csv_error(&parser) == CSV_ENOMEM ? STATUS_NO_MEMORY : STATUS_INVALID;
    }
    csv_free(&parser);
    return status;
}

int scenario_table_read(const char *folder, enum scenario_file file, struct arena *arena, struct faults *faults,
                        struct scenario_table *table)
{
    const struct scenario_form *form = &scenario_forms[file];
    *table = (struct scenario_table){.form = form};
    faults->file = form->file;
    faults->row = 0;
    faults->change = 0;
    char *bytes = NULL;
    size_t length = 0;
    int status = read_whole(folder, form->file, arena, &bytes, &length);
    if (status == STATUS_NOT_FOUND && !form->needed) {
        return STATUS_OK;
    }
    if (status == STATUS_NOT_FOUND || status == STATUS_TOO_LARGE) {
        faults_add(faults, "", "", status == STATUS_NOT_FOUND ? "this file" : "at most 1 GiB",
                   status == STATUS_NOT_FOUND ? "add it to the folder" : "split the scenario");
        return STATUS_INVALID;
    }
    if (status) {
        return status;
    }
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    uint32_t rows, row = unclosed_quote(bytes, length, &rows);
    if (row) {
        faults->row = row;
        faults_add(faults, "", "\"", "a quoted cell that ends at its closing quote", "double the quotes inside the cell");
        return STATUS_INVALID;
    }
    struct reading reading = {.table = table, .arena = arena, .faults = faults, .row = 1, .header_fits = true,
                              .check_text = u8_check((const uint8_t *)bytes, length) != NULL};
    table->cells = reading.next = arena_array(arena, (size_t)rows * form->column_count, sizeof *table->cells);
    table->row_number = reading.row_number = arena_array(arena, rows, sizeof *reading.row_number);
    reading.text = arena_alloc(arena, length + 2);
    if (!table->cells || !reading.row_number || !reading.text) {
        return STATUS_NO_MEMORY;
    }
    status = parse(&reading, bytes, length);
    faults->row = 0;
    if (status) {
        return status;
    }
    if (!reading.header_read) {
        faults_add(faults, "header", "", "a header row", "write the column names in the first row");
    }
    return reading.header_read && reading.header_fits ? STATUS_OK : STATUS_INVALID;
}
