/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_LOT_H
#define BROKER_MATCH_LOT_H

#include "broker/match/search.h"

/* The order of the passes over one lot: prices, first plan, screened search, prices of the plan, branch and bound, finish. */

/* Plans the lot of a fresh search: search->best then holds plan and bound. STATUS_NO_MEMORY. */
int match_lot_search(struct match_search *search);

/* The passes one by one, for lots that are planned together. */

/* Cold prices. */
void match_lot_prices(struct match_search *search, uint32_t steps);

/* First plan, screened search, finish, and prices from the plan. */
int match_lot_improve(struct match_search *search, uint32_t tries, uint32_t steps);

/* Prices from the plan as a start, then steps: the bound. */
void match_lot_warm(struct match_search *search, uint32_t steps);

/* Branch and bound within search->nodes. */
int match_lot_branch(struct match_search *search);

#endif
