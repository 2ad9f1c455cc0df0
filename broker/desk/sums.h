/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_SUMS_H
#define BROKER_DESK_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/desk/state.h"

/*
 * What the process that writes remembers between one check and the next. First, upper bounds on what each lot's demands add up to, kept in memory by the process that writes: while they stay below what can be
 * planned, a new demand need not read its whole lot again. Every demand that is let in is added here first, and nothing else makes
 * a lot grow, so a bound can only be too high; where it would refuse, the lot is read and the bound made exact. It holds for one
 * set of rates and one policy. Forgetting one costs time, never an answer. One thread.
 */

struct desk_sums;

struct desk_sum {
    __int128 quantity;
    int64_t ceiling; /* highest, in base cents */
};

/* STATUS_NO_MEMORY. desk_sums_free() takes NULL. */
int desk_sums_new(struct desk_sums **sums);
void desk_sums_free(struct desk_sums *sums);

/* Forgets all bounds: after a transaction that was not kept, whose rates or policy they may rest on. Takes NULL. */
void desk_sums_clear(struct desk_sums *sums);

/*
 * Policy or rates (TABLE_POLICY, TABLE_RATES) as state_set() reads them, unpacked once for as long as their bytes stay the same. Not to be changed;
 * holds until the next call for the same table. sums NULL: unpacked into arena.
 */
int desk_sums_set(struct desk_sums *sums, struct store_txn *txn, enum table table, struct arena *arena, Muster__StoredSet **set);

/* The bound of a lot under these versions of rates and policy; false: none is kept. sums may be NULL. */
bool desk_sums_find(const struct desk_sums *sums, const char *item, uint64_t rates, uint64_t policy, struct desk_sum *sum);

/* Keeps a bound; out of memory it is forgotten. sums may be NULL. */
void desk_sums_keep(struct desk_sums *sums, const char *item, uint64_t rates, uint64_t policy, const struct desk_sum *sum);

#endif
