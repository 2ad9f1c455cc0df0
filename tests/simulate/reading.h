/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_READING_H
#define TESTS_SIMULATE_READING_H

#include <stdbool.h>

#include "store/log.h"

/* The rules that a reader of the log knows without the exchange's code; each entry is held against what the ones before it said. */

struct run;
struct store_txn;

/* Reads the ledger's next entry. fresh: its signature and plan were not looked at before. */
void reading_entry(struct run *run, struct store_txn *txn, const struct log_entry *entry, bool fresh);

/*
 * The tables against what must always hold: no fund is overdrawn, no line or offer is oversold, one bundle binds a lot, and each bundle's state
 * is one that the log led to.
 */
void reading_tables(struct run *run, struct store_txn *txn);

#endif
