/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_IMPROVE_H
#define BROKER_MATCH_IMPROVE_H

#include "broker/match/match.h"

/*
 * Planning for as long as the caller gives it: the usual plan, then again and again with four times the nodes of branch and bound, and all
 * that was found on the way kept. Lots that are proved are left alone; lots tied by a fund are improved together.
 */

/*
 * As match_plan, until no plan can be better, the largest budget of nodes is spent, or options->stop says so. options: not NULL; node_budget
 * and prove have no meaning here, since the first plan is the usual one and each round after it proves. objective never falls and bound never rises from round to round, so a plan that had more time is never
 * worse. Reproducible only where stop never said yes. Errors and threads as match_plan.
 */
int match_improve_plan(const struct match_market *market, const struct match_options *options, struct arena *arena, struct match_plan **result);

#endif
