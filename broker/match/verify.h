/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_VERIFY_H
#define BROKER_MATCH_VERIFY_H

#include "broker/match/market.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * Whether a plan is valid: every rule of the model recomputed from the market alone, with nothing taken from the search.
 * The engine verifies what it returns and the exchange verifies what it is handed before it writes it, so a
 * mistake in the search can cost quality, never validity.
 *
 * A line gets at most what it lacks. A demand gets nothing or its minimum, from one offer where it wants a single supplier. A pair
 * must be compatible and affordable. An offer is used under one tier (a committed one under its own), sells from the tier's
 * minimum to its maximum, and by every month from its first new award on owes at most what it makes. One-off shares are exact. A bundle has
 * its nations (the rule's and its new awards' funds'), its SME share, its European content and no supplier above the cap, commitments counted.
 * Alike lines are treated alike unless the bundle has no nation to spare. A fund that new awards draw on pays at most its
 * balance over the whole plan. Objective and bound are recomputed or compared. Where a lot has no new award, none of this binds.
 */

/*
 * Verifies one lot's awards, objective and bound; adds what each fund pays for its new awards to fund_spent (by fund of the market;
 * may be NULL). *fault: NULL, or the first fault as a sentence in arena.
 * Returns STATUS_OK, STATUS_INVALID with *fault set, STATUS_NO_MEMORY. Safe on any figures and indices.
 */
int match_verify_lot(const struct match_market *market, uint32_t lot, const struct match_lot_plan *plan, struct arena *arena,
                     int64_t *fund_spent, const char **fault);

/* Verifies a whole plan: its lots, their uncovered demands with the reasons that are facts, the funds, objective and bound. */
int match_verify_plan(const struct match_market *market, const struct match_plan *plan, struct arena *arena,
                      const char **fault);

/* Verifies the list of uncovered demands of one lot against its awards. */
int match_verify_uncovered(const struct match_market *market, uint32_t lot, const struct match_lot_plan *plan,
                           struct arena *arena, const char **fault);

#endif
