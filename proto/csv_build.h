/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_BUILD_H
#define PROTO_CSV_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "proto/csv.h"
#include "proto/csv_table.h"

/*
 * What the readers of all nouns share on the way from a table's objects to checked messages: texts and lists, row
 * numbers, currency signs, and bringing the faults of the field rules to the row and column where they stand.
 */

struct csv_build {
    const struct csv_options *options;
    const struct csv_table *table;
    struct arena *arena;
    struct faults *faults;
};

/* A value's text, or otherwise where it is empty. Shared with the table, not copied; protobuf-c wants it without const. */
char *csv_build_text(const struct csv_value *value, const char *otherwise);

/* The names of a list value. STATUS_NO_MEMORY. */
int csv_build_texts(const struct csv_build *build, const struct csv_value *value, char ***texts, size_t *count);

/* Room for count messages of size bytes each, and pointers to them. NULL where memory is out. */
void **csv_build_messages(struct arena *arena, size_t count, size_t size);

/* Where an object's rows stand. STATUS_NO_MEMORY. */
int csv_build_rows(const struct csv_build *build, const struct csv_object *object, struct csv_rows *rows);

/* Refuses the sign beside an amount of an object's nth row that can't mean currency. */
void csv_build_check_sign(const struct csv_build *build, const struct csv_object *object, uint32_t n, uint32_t column, const char *sign,
                          const char *currency);

struct csv_result {
    void **list; /* of messages */
    struct csv_rows *rows;
    size_t count;
    const char *told;
    size_t row_count;
};

/*
 * How one noun is read. make: fills a message of size bytes from an object, and says where its parts stand; STATUS_OK
 * or STATUS_NO_MEMORY. check: its field rules (the context has the rows); NULL: not checked one by one.
 * settle: what is left to do with all messages together; may be NULL.
 */
struct csv_noun {
    const struct csv_format *format;
    size_t size;
    int (*make)(const struct csv_build *build, const struct csv_object *object, void *message, struct csv_rows *rows);
    void (*check)(const void *message, const struct check_context *context, struct faults *faults);
    int (*settle)(const struct csv_build *build, struct csv_result *result);
};

/*
 * Reads a file of a noun, as csv.h says of all readers. own: bits of the needed columns that options fill. least: fewest
 * rows that the file must have, 0 or 1.
 */
int csv_build_read(const struct csv_noun *noun, const void *bytes, size_t length, uint32_t own, size_t least,
                   const struct csv_options *options, struct arena *arena, struct faults *faults, struct csv_result *result);

/*
 * For sets that are checked whole (rates, policy): brings the faults from index first on, which name an entry by its
 * place in the set, to that entry's row, and drops those of cells that have one already. rows: of each entry.
 */
void csv_build_place(const struct csv_build *build, size_t first, const struct csv_rows *rows, size_t count);

/*
 * Ends a reading: sorts the faults from index first on by row, and blanks what they repeat where it may carry a
 * security marking. errors: faults->errors when the reading began. STATUS_INVALID where there are more now, else status.
 */
int csv_build_finish(struct faults *faults, size_t first, size_t errors, int status);

#endif
