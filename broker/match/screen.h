/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_SCREEN_H
#define BROKER_MATCH_SCREEN_H

#include "broker/match/search.h"

/*
 * Local search with screened moves. The prices of an optimal flow bound from above what any change of its choices can gain: closing an
 * offer at most what it is worth below its fixed cost, opening a choice at most its net value, a change of tier or a swap the
 * sum. So one evaluation at these prices ranks all moves; only those that may gain are tried, most promising first, and after each
 * success the plan is screened anew. The same evaluation is a valid bound of the lot.
 */

/* The first plan: opens what the averaged choices of the price search say, then the lumps that gain. */
void match_first_plan(struct match_search *search);

/* Improves until no move that may gain does, or tries are used up. */
void match_screen_improve(struct match_search *search, uint32_t tries);

/*
 * Lists the moves that may gain by what search->probe holds, most promising first, in search->moves: changes of an offer or a lump, or
 * else swaps of two offers. Returns how many are worth trying.
 */
uint32_t match_screen_list(struct match_search *search, bool swaps);

/* Fills search->probe: the plan's prices and what choices are worth at them, lumps held to the suppliers that they have. */
void match_screen_probe(struct match_search *search);

/* Prices of the plan as prices of every line; those of lumps that are out are what they would pay for a first unit. */
void match_screen_prices(const struct match_search *search, const struct match_flow *flow, int64_t *price);

/*
 * The same as a start for the bound, which lets single-supplier lumps split: a lump that another open offer would like better is priced so
 * that it no longer does.
 */
void match_screen_relaxed_prices(const struct match_search *search, const struct match_flow *flow, int64_t *price);

/* Most moves that one screening can list. */
size_t match_screen_room(const struct match_model *model);

#endif
