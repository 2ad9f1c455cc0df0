/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_NODE_H
#define BROKER_MATCH_NODE_H

#include "broker/match/target.h"

/* One node of the tree: what its prices fix, and what it is split on. */

enum match_split_kind { MATCH_SPLIT_OFFER, MATCH_SPLIT_CHOICE, MATCH_SPLIT_LUMP, MATCH_SPLIT_SUPPLIER };

/* OFFER: used or not. CHOICE: this tier of a used offer or another. LUMP: in or out. SUPPLIER: this offer for a lump that is in or another. */
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

/* Limits of child 0 or 1, and back. */
void match_node_apply(const struct match_search *search, struct match_limits *limits, const struct match_split_on *on, int child,
                      struct match_undo *undo);
void match_node_undo(const struct match_search *search, struct match_limits *limits, const struct match_undo *undo);

#endif
