/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_NODE_H
#define BROKER_MATCH_NODE_H

#include "broker/match/target.h"

/* One node of the tree: what its prices fix, and what it is split on. */

enum match_split_kind { MATCH_SPLIT_OFFER, MATCH_SPLIT_CHOICE, MATCH_SPLIT_LUMP, MATCH_SPLIT_SUPPLIER };

/*
 * OFFER: used or not. CHOICE: this tier of a used offer or another. LUMP: in or out. SUPPLIER: a child for each offer that may supply a
 * lump, and one without the lump: its pieces wander from one offer to the next as long as only one is barred at a time. offer is the likeliest. */
#define MATCH_CHILD_OUT (-1)
struct match_split_on {
    enum match_split_kind kind;
    uint32_t index; /* offer, choice or lump */
    uint32_t offer; /* of SUPPLIER */
};

/* What a child's limits were before. */
struct match_undo {
    enum match_split_kind kind;
    uint32_t index;
    uint32_t offer;
    uint32_t only;
    uint8_t state;
    uint8_t barred[MATCH_MOST_TIERS];
};

/*
 * Fixes in limits what the prices in search->dual (evaluated under these limits) prove: a choice whose use would leave the bound below the
 * cutoff is barred, an offer whose closing would is forced, a lump likewise in or out.
 */
void match_node_fix(const struct match_search *search, struct match_limits *limits, __int128 cutoff);

/* The thing that is least settled by the averages; returns how open it is, or -1 where all is fixed. */
float match_node_choose(const struct match_search *search, const struct match_limits *limits, struct match_split_on *on);

/* Whether an offer may supply a lump under the limits. */
bool match_node_supplies(const struct match_search *search, const struct match_limits *limits, uint32_t lump, uint32_t offer);

/* Limits of child 0 or 1, and back; of SUPPLIER the child is an offer or MATCH_CHILD_OUT. */
void match_node_apply(const struct match_search *search, struct match_limits *limits, const struct match_split_on *on, int child,
                      struct match_undo *undo);
void match_node_undo(const struct match_search *search, struct match_limits *limits, const struct match_undo *undo);

#endif
