/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_BRANCH_H
#define BROKER_MATCH_BRANCH_H

#include "broker/match/search.h"

/*
 * Branch and bound on what is whole: which offers, which tiers, which lumps, which single suppliers. The node with the highest bound is
 * next; its prices start from its parent's. At each node the prices fix what they prove (an offer, tier or lump without which, or with
 * which, the bound is no more than the best plan's), the averaged choices propose a plan, and the least settled thing is branched on. A node
 * with all fixed is one flow, solved exactly. What stays open when the budget of nodes is used up gives the bound.
 */

/* The scaled bound from which on a node can hold a better plan. With funds' prices from outside a plan is worth what its flow is. */
__int128 match_branch_cutoff(const struct match_search *search);

/* Runs up to search->nodes nodes; improves search->best and its bound. STATUS_NO_MEMORY. */
int match_branch_run(struct match_search *search);

#endif
