/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_CSV_SUPPORT_H
#define TESTS_UNIT_CSV_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/csv.h"

/*
 * What the tests of the spreadsheet reader share: a reading with its arena and faults, files of tests/unit/data, and
 * looking faults up by row and column.
 */

struct csv_reading {
    struct arena arena;
    struct faults faults;
    struct check_context check;
    struct csv_options options;
    int status;
};

/* An empty reading with base currency EUR and the field rules on. */
void csv_reading_start(struct csv_reading *reading);
void csv_reading_end(struct csv_reading *reading);

/* The whole of a file under tests/unit/data (tests run from the top of the repository); fails the test where it can't. */
char *csv_reading_load(struct csv_reading *reading, const char *name, size_t *length);

/* The fault of that row and column, or NULL. */
const struct fault *csv_reading_fault(const struct csv_reading *reading, uint32_t row, const char *field);

/* Fails the test unless a fault stands at row and column whose remedy holds the text. */
void csv_reading_expect(const struct csv_reading *reading, uint32_t row, const char *field, const char *remedy);

/* Prints all faults: shown where a test fails. */
void csv_reading_print(const struct csv_reading *reading);

/* All messages packed one behind the other, for comparing byte for byte. */
unsigned char *csv_reading_pack(struct csv_reading *reading, void *const *messages, size_t count, size_t *length);

#endif
