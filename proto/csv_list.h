/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_LIST_H
#define PROTO_CSV_LIST_H

#include "proto/csv_value.h"

/*
 * Lists within a cell. The file formats put `;` between entries; where `;` stands between columns people write a line
 * break, `|` or `,` instead. The first of these that stands in the cell separates: `;` or a line break, else `|`, else a
 * comma, which in lists of name and value does so only before another name and value: NL:1,50,PL:2 has a decimal comma.
 */

/* Reads a cell of a list kind into value->pairs. Faults and status as csv_value_read. */
int csv_list_read(const struct csv_value_reader *reader, const struct csv_column *column, const char *cell, struct csv_value *value);

#endif
