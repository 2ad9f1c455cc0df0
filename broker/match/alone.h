/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_ALONE_H
#define BROKER_MATCH_ALONE_H

#include "broker/match/market.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * What a nation would pay alone. The model's definition: what the same lines, at most the quantities awarded, would cost that nation
 * alone, under the same model and objective (and the lot's own reference value), with its own demands only, bundle and fund rules
 * off, commitments standing, all other capacity free. Alone it may get less: the saving is stated on what it gets alone.
 */

/*
 * Fills in alone_quantity, alone_pays and saving of one nation of a lot's plan. The part of its bundle payment that falls on what it
 * gets alone is taken line by line in proportion to quantity, rounded up, so that a saving is never overstated.
 * work: for the plan made; dropped by the caller. STATUS_NO_MEMORY.
 */
int match_alone_nation(const struct match_market *market, uint32_t lot, const struct match_lot_plan *plan, struct arena *work,
                       struct match_nation *nation);

#endif
