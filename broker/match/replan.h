/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_REPLAN_H
#define BROKER_MATCH_REPLAN_H

#include "broker/match/market.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * Plans one lot again with something changed, all other lots' fund spending held: what reasons, explanations and stand-alone costs are
 * made of. Answers in one lot's time.
 */

/*
 * Plans a changed lot (a shallow copy of one of the market's, with arrays replaced; its reference value recomputed by the caller where
 * demands changed). money: by fund, what it may spend in this lot, commitments elsewhere already taken off; INT64_MAX: no limit; NULL:
 * no fund is limited. free_funds: the funds' own rules on nations do not bind. The plan and all in it lie in arena.
 * enough: see match.h; 0: as near to the best as a few nodes of branch and bound get.
 * STATUS_NO_MEMORY.
 */
int match_replan_lot(const struct match_market *market, const struct match_lot *lot, const int64_t *money, bool free_funds,
                     uint32_t enough, struct arena *arena, struct match_lot_plan **plan);

#endif
