/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_TABLE_H
#define CLIENTS_MUSTER_TABLE_H

#include <stddef.h>

#include "clients/muster/output.h"
#include "proto/arena.h"

/*
 * A table for a person or a program. On a screen: columns two blanks apart, figures to the right, within the width of
 * the output; cells of text columns wrap at blanks, ids and figures are never cut. What does not fit even so becomes
 * blocks of "name: value" lines. In a pipe: the header once, then one line a row, tabs between the exact values.
 * Cells are copied into the arena. One thread at a time.
 */

#define TABLE_COLUMNS_MOST 16

enum table_kind {
    TABLE_ID,     /* to the left, never cut */
    TABLE_TEXT,   /* to the left, wraps */
    TABLE_FIGURE  /* to the right, never cut */
};

struct table_column {
    const char *header;
    enum table_kind kind;
    const char *field; /* header in a pipe; NULL: the screen's */
};

struct table_cell {
    const char *screen;
    const char *exact;
    enum output_paint paint;
};

struct table {
    struct arena *arena;
    const struct table_column *columns;
    size_t column_count;
    struct table_cell *cells; /* rows of column_count */
    size_t cell_count;
    size_t capacity;
    bool failed;              /* the arena is full: rows are missing */
};

/* An empty table. columns are not copied; count is at most TABLE_COLUMNS_MOST. */
void table_init(struct table *table, struct arena *arena, const struct table_column *columns, size_t count);

/* The next cell, the same on a screen and in a pipe. Cells fill the rows one after the other. */
void table_add(struct table *table, const char *text);

/* The next cell, different on a screen and in a pipe. */
void table_add_exact(struct table *table, const char *screen, const char *exact);

/* Paints the last added cell. */
void table_paint(struct table *table, enum output_paint paint);

/* Number of whole rows. */
size_t table_rows(const struct table *table);

/* Prints the table as a screen or a pipe needs it (a caller prints JSON itself). STATUS_NO_MEMORY where rows are missing. */
int table_print(const struct table *table, const struct output *output);

#endif
