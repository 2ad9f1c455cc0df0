/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_JOINT_H
#define BROKER_MATCH_JOINT_H

#include "broker/match/control.h"
#include "broker/match/search.h"

/*
 * Lots that draw on common funds, planned together.
 *
 * Each fund has one price of money for all lots. At given prices the lots fall apart; their spending at these prices says which price is too
 * low. Then each lot plans at the final prices, and one ledger holds what the plans spend: what is too much is taken back where the search
 * can best do without, what is left over is offered to all. The sum of the lots' bounds at these prices, plus price times balance, bounds the
 * whole (a Lagrangian relaxation of the balances).
 */

/*
 * Plans all lots of a market of which some share a fund. balance: by fund, what new awards may spend. Results by lot in plans, their
 * awards in arena; *bound gets the bound of the whole. STATUS_NO_MEMORY.
 */
int match_joint_plan(const struct match_market *market, struct match_control *control, const __int128 *balance, struct arena *arena,
                     struct match_lot_plan *plans, int64_t *bound);

#endif
