/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_SCENARIO_H
#define PROTO_SCENARIO_H

#include "proto/arena.h"
#include "proto/fault.h"
#include "proto/market.pb-c.h"

/*
 * A scenario: a market as a folder of CSV files (items, demands, suppliers, offers, funds, rates, policy, commitments), in the
 * matching model's strict form. Reading checks every cell against its form and limits, every id, reference, row width and header,
 * and lists all that is wrong, each with file, row and column. Sums over a lot are checked when the market is loaded for planning.
 */

/*
 * Reads a folder. market and all in it lie in arena; items, suppliers, demands, offers and funds come sorted by id (bytewise), lines
 * and tiers as the file has them. Defaults are filled in: an empty currency is the base currency, an empty place the country. The first
 * 10,000 faults are listed.
 * Errors: STATUS_INVALID with at least one fault; STATUS_NO_MEMORY; STATUS_IO with errno set where a file can't be read and
 * faults->file naming it.
 */
int scenario_read(const char *folder, struct arena *arena, struct faults *faults, Muster__Market **market);

/*
 * Writes a market as a folder, which must exist; files of the same names are replaced. Reading it gives the same market, sorted.
 * A text that a spreadsheet would take for a formula gets a blank before it, which every reader of scenarios cuts off again.
 * Errors: STATUS_INVALID where a text can't stand in a scenario (an id with blanks at its ends, a list element with ; in it) with
 * *what naming it (static text); STATUS_IO with errno set; STATUS_NO_MEMORY.
 */
int scenario_write(const char *folder, const Muster__Market *market, const char **what);

#endif
