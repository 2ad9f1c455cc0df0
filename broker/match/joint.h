/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_JOINT_H
#define BROKER_MATCH_JOINT_H

#include "broker/match/control.h"
#include "broker/match/search.h"

/*
 * Lots that draw on common funds, planned together.
 *
 * Each fund has one price of money for all lots. At given prices the lots fall apart; their spending at these prices says which price is too
 * low. The sum of the lots' bounds at these prices, plus price times balance, bounds the whole (a Lagrangian relaxation of the balances).
 * Then each lot plans at several prices about those at which all is spent, and one ledger chooses among these plans and makes them fit.
 */

/*
 * Plans all lots of a market of which some share a fund. balance: by fund, what new awards may spend. Results by lot in plans, their
 * awards in arena; *bound gets the bound of the whole, price the prices of money behind it. STATUS_NO_MEMORY.
 */
int match_joint_plan(const struct match_market *market, struct match_control *control, const __int128 *balance, struct arena *arena,
                     struct match_lot_plan *plans, int64_t *price, int64_t *bound);

/*
 * Plans one lot alone at given prices of money, within what it may spend: for a market in which all other lots keep their plans.
 * money: by fund. The plan's awards lie in arena. STATUS_NO_MEMORY.
 */
int match_joint_one(const struct match_market *market, uint32_t lot, const int64_t *price, const __int128 *money,
                    const struct match_options *options, struct arena *arena, struct match_lot_plan *plan);

/* What all lots' priced bounds and the money of all funds at its price come to: a bound of the whole. */
__int128 match_joint_bound(const struct match_market *market, const struct match_lot_plan *plans, const int64_t *price, const __int128 *balance);

#endif
