/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_AUDIT_H
#define BROKER_AUDIT_H

#include "proto/arena.h"
#include "proto/market.pb-c.h"

/*
 * The exchange's own look at a plan before it writes it: the planner is not trusted. Every rule of the matching model is
 * recomputed from the market alone. A lot of the market that the plan does not name counts as planned without an award.
 *
 * STATUS_OK; STATUS_INVALID with *fault set to a sentence in arena, which may hold figures and is for tests alone; STATUS_NO_MEMORY.
 * Pure, any thread.
 */
int audit_plan(const Muster__Market *market, const Muster__Plan *plan, struct arena *arena, const char **fault);

#endif
