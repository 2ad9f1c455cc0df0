/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_AGAIN_H
#define BROKER_MATCH_AGAIN_H

#include "broker/match/market.h"
#include "broker/match/match.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * A changed market planned from the plan of the market before: lots in which nothing changed keep their plan, the others are planned again
 * with the money that the kept ones leave in the funds. So a change costs one lot's time. The plan may differ from one made from
 * scratch, since kept lots do not move; it is as valid, and its bound as honest.
 *
 * The bound: without the changed lots, the rest of the market is a part of the market before (these lots could have stayed empty), so no
 * plan of it is worth more than the old bound; and a changed lot is worth at most its own new bound. The old bound and the new
 * lots' bounds together are therefore a bound; so is the sum of all lots' own bounds. And a lot in which nothing changed has the same bound at
 * the old plan's prices of money, at which a changed one gets a new one: their sum and the money at these prices are a bound too. The smallest
 * of the three is stated.
 */

/*
 * Plans market from before and its plan. Where funds, the date or the set of lots differ, more than half of the lots changed, or new commitments leave
 * a fund less than the kept lots spend of it, all is planned from scratch. options: as for match_plan. *changed: lots that were planned. The plan lies in arena and shares the
 * awards of the plan before, which must outlive it; reasons, settlement and explanations are left empty. STATUS_NO_MEMORY.
 */
int match_plan_again(const struct match_market *before, const struct match_plan *old, const struct match_market *market,
                     const struct match_options *options, struct arena *arena, struct match_plan **plan, uint32_t *changed);

#endif
