/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_LOAD_H
#define BROKER_MATCH_LOAD_H

#include "broker/match/market.h"
#include "proto/arena.h"
#include "proto/fault.h"
#include "proto/market.pb-c.h"

/*
 * A Market message as the plain structs of the core: amounts in base cents (rounded half to even), defaults resolved, everything in
 * the canonical order of market.h, so that the order of the message does not matter. All limits of the model are checked here
 * once more, whoever made the message, with the totals of each lot and of the whole market below 2^62: behind this function no sum
 * of the core can overflow.
 */

/*
 * Loads a market. The result and all in it lie in arena and share the message's texts, which must outlive it. Every item that a
 * demand names is one lot; offers for other items are left out. Faults name the object in field ("demand NL-1") and are
 * without file and row.
 * Errors: STATUS_INVALID, STATUS_TOO_LARGE (a total) with at least one fault; STATUS_NO_MEMORY.
 */
int match_load(const Muster__Market *message, struct arena *arena, struct faults *faults, struct match_market **market);

/* What a lot can be worth and cost at most; the model keeps it, and the sum over all lots, below MATCH_LOAD_TOTAL_MOST. */
#define MATCH_LOAD_TOTAL_MOST ((__int128)1 << 62)
__int128 match_load_total(const struct match_lot *lot);

#endif
