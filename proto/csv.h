/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_H
#define PROTO_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/check.h"
#include "proto/demand.pb-c.h"
#include "proto/fault.h"
#include "proto/fund.pb-c.h"
#include "proto/item.pb-c.h"
#include "proto/offer.pb-c.h"
#include "proto/party.pb-c.h"

/*
 * Spreadsheets as they are: the CSV files that Excel and LibreOffice write in Dutch, German, French and English settings,
 * read into messages. This is the forgiving reader of what people submit; scenario folders have a strict one.
 *
 * A file that reads without a fault gives messages in their stored form (check_normalise_*, every default written
 * out), in the order of their first rows. Each reader names every fault of every row at once, in the order of the rows:
 * what could not be read, and what breaks a field's rule (check_*), so that nothing is named twice.
 * Nothing here does I/O. One arena belongs to one thread; apart from that any thread.
 */

#define CSV_ARENA_MOST ((size_t)1 << 30) /* a cap for the arena that reads the largest file; 10,000 demands take 30 MiB */

struct csv_options {
    const char *file;     /* name for faults, or NULL */
    const char *country;  /* the sender's own, for demands without one; NULL: the column is needed */
    const char *supplier; /* the sender's own, for offers without one; NULL: the column is needed */
    const char *currency; /* the base currency, for rows without one */
    const struct check_context *check; /* the field rules' context; NULL: rows are read but not checked */
};

/* Where the parts of an object stand in the file. */
struct csv_rows {
    uint32_t first; /* row of the object's first appearance; the header is 1 */
    uint32_t *own;  /* row of each line or tier, in the message's order */
    uint32_t count; /* of them; at least 1 */
};

struct csv_demands {
    Muster__Demand **list;
    struct csv_rows *rows; /* of each */
    size_t count;
    const char *told;  /* how the file was read, one sentence for a person; NULL where it could not be */
    size_t row_count;  /* rows with something in them, without the header */
};

struct csv_offers {
    Muster__Offer **list;
    struct csv_rows *rows;
    size_t count;
    const char *told;
    size_t row_count;
};

struct csv_items {
    Muster__Item **list;
    struct csv_rows *rows;
    size_t count;
    const char *told;
    size_t row_count;
};

struct csv_funds {
    Muster__Fund **list;
    struct csv_rows *rows;
    size_t count;
    const char *told;
    size_t row_count;
};

struct csv_suppliers {
    Muster__Party **list; /* role ROLE_SUPPLIER, no contact */
    struct csv_rows *rows;
    size_t count;
    const char *told;
    size_t row_count;
};

struct csv_rates {
    Muster__Rate **list; /* sorted by currency */
    struct csv_rows *rows;
    size_t count;
    const char *told;
    size_t row_count;
};

struct csv_policy {
    Muster__PolicyEntry **list;
    struct csv_rows *rows;
    size_t count;
    const char *told;
    size_t row_count;
};

/*
 * All readers alike: bytes of a whole file; results in arena (see CSV_ARENA_MOST), which must outlive them; faults are
 * added with file and row, and sorted by row. STATUS_OK where the file holds without a fault (warnings may be there);
 * STATUS_INVALID with faults, results then hold what could be read and are not to be sent; STATUS_TOO_LARGE with a fault
 * above a limit of csv_text.h or csv_cells.h; STATUS_NO_MEMORY.
 */
int csv_read_demands(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                     struct csv_demands *demands);
int csv_read_offers(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                    struct csv_offers *offers);
int csv_read_items(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                   struct csv_items *items);
int csv_read_funds(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                   struct csv_funds *funds);
int csv_read_suppliers(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                       struct csv_suppliers *suppliers);
int csv_read_policy(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                    struct csv_policy *policy);

/*
 * rates.csv, or the reference rates of the European Central Bank as it publishes them (eurofxref.csv of a day, or
 * eurofxref-hist.csv), recognised by the header. on: YYYYMMDD, the day whose rates are wanted: the last published not
 * after it, which each rate's date then shows; 0: the last in the file. The Bank states units for one euro to four or
 * five figures; the inverse is rounded half to even to millionths. options->currency is the base (NULL: EUR).
 */
int csv_read_rates(const void *bytes, size_t length, const struct csv_options *options, uint32_t on, struct arena *arena,
                   struct faults *faults, struct csv_rates *rates);

/*
 * The row of a field that somebody else (the exchange) found wrong in an object. field: a column's name; found: what it
 * found, by which the line or tier is told where it can be; may be NULL.
 */
uint32_t csv_demand_row(const Muster__Demand *demand, const struct csv_rows *rows, const char *field, const char *found);
uint32_t csv_offer_row(const Muster__Offer *offer, const struct csv_rows *rows, const char *field, const char *found);

#endif
