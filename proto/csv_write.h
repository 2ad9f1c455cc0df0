/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_WRITE_H
#define PROTO_CSV_WRITE_H

#include <stddef.h>

#include "proto/csv_columns.h"
#include "proto/csv_out.h"
#include "proto/demand.pb-c.h"
#include "proto/fund.pb-c.h"
#include "proto/item.pb-c.h"
#include "proto/offer.pb-c.h"
#include "proto/party.pb-c.h"

/*
 * Messages out as the files of the formats, header first; a demand is a row a line, an offer a row a tier. What is
 * written reads back as the same messages, also by the strict reader of scenario folders (with `,` between columns; apart
 * from the date of rates, which a scenario doesn't have). Memory that ran out shows in out->status.
 */

/* The names of a format's columns as a row. */
void csv_write_header(struct csv_out *out, const struct csv_format *format);

void csv_write_demands(struct csv_out *out, Muster__Demand *const *demands, size_t count);
void csv_write_offers(struct csv_out *out, Muster__Offer *const *offers, size_t count);
void csv_write_items(struct csv_out *out, Muster__Item *const *items, size_t count);
void csv_write_funds(struct csv_out *out, Muster__Fund *const *funds, size_t count);
void csv_write_suppliers(struct csv_out *out, Muster__Party *const *suppliers, size_t count);
void csv_write_policy(struct csv_out *out, Muster__PolicyEntry *const *entries, size_t count);

/* dated: with the column date. */
void csv_write_rates(struct csv_out *out, Muster__Rate *const *rates, size_t count, bool dated);

/*
 * A template: the header, one example row, and below it a comment row for each column that says what belongs there. The
 * reader passes over comments, but an example row that was left in is read like any other.
 */
void csv_write_template(struct csv_out *out, const struct csv_format *format);

#endif
