/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_NATIONS_H
#define BROKER_MATCH_NATIONS_H

#include "broker/match/repair.h"
#include "broker/match/search.h"

/*
 * Brings nations into a plan that has too few of them (the lot's rule, or a fund's): one nation after the other by the single unit that
 * costs least, free or in the place of another. Leaves search->trial, the flow that repair works on, with as many as can be had so.
 * STATUS_NO_MEMORY.
 */
int match_nations_bring_in(struct match_search *search, struct match_repair *repair, struct arena *arena);

#endif
