/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_LIST_H
#define PROTO_CSV_LIST_H

#include "proto/csv_value.h"

/*
 * Lists within a cell. The file formats put `;` between entries; where `;` stands between columns people write `|`, `,`
 * or a line break instead. Any of `;`, `|` and a line break separates; a comma does where none of them is in the cell,
 * and, in lists of name and value, only before another name and value: in NL:1,50,PL:2 it is twice a decimal comma.
 */

/* Reads a cell of a list kind into value->pairs. Faults and status as csv_value_read. */
int csv_list_read(const struct csv_value_reader *reader, const struct csv_column *column, const char *cell, struct csv_value *value);

#endif
