/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_BANK_H
#define PROTO_CSV_BANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/csv.h"

/*
 * The euro's foreign exchange reference rates as the European Central Bank publishes them in CSV: a column for each
 * currency, a row for each day; eurofxref.csv has blanks behind its commas, a comma at the end and the day in words,
 * eurofxref-hist.csv ISO dates and N/A. Columns come and go, so they are found by name. On days without rates the last
 * day before counts, as the Bank asks.
 */

/* Whether the file begins as the Bank's files do: "Date" and then a currency. */
bool csv_bank_recognise(const void *bytes, size_t length);

/* Reads such a file as csv_read_rates says. */
int csv_bank_read(const void *bytes, size_t length, const struct csv_options *options, uint32_t on, struct arena *arena,
                  struct faults *faults, struct csv_rates *rates);

#endif
