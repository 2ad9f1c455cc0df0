/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_KEEP_H
#define BROKER_MATCH_KEEP_H

#include "broker/match/plan.h"
#include "proto/arena.h"

/* Moves what a lot's plan points to into another arena, out of the memory of its search. STATUS_NO_MEMORY. */
int match_plan_keep(struct arena *arena, struct match_lot_plan *plan);

/* What each fund has left after all commitments, by fund; never below 0. */
void match_plan_balances(const struct match_market *market, __int128 *balance);

/* Marks by lot whether it draws on a fund with a balance on which another lot draws too. Lies in arena; NULL where memory is out. */
bool *match_plan_tied(const struct match_market *market, struct arena *arena);

#endif
