/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_PRICES_H
#define BROKER_MATCH_PRICES_H

#include "broker/match/bundle.h"

/*
 * Finds prices that make the bound small: steps of the bundle method (bundle.h) from a center. A step that lowers the bound by a fair part
 * of what the answers promised makes a new center; one that does not adds answers that correct them. Multipliers of shares and funds
 * (ties) move along with the prices. Floating point only finds prices here; the bound of any prices is exact.
 */

#define MATCH_ASCENT_ENOUGH 1e-6 /* as init sets them */
#define MATCH_ASCENT_LEAST 0.03

struct match_ascent {
    struct match_bundle bundle;
    double factor;          /* length factor of steps: kept from one run to the next */
    double least;           /* part of the first step from cold prices: the shortest that a run begins with */
    double enough;          /* part of the bound: a run ends where the answers promise less */
    int64_t *best_price;    /* by line */
    int64_t *best_tie;      /* by tie */
    int64_t best_bonus;
    float *used;            /* by choice: its share in the mixture of answers */
    float *lump_used;       /* by lump: share of it that the mixture serves */
    float *pair_used;       /* lump * offers + offer: the same of single-supplier lumps by offer */
    bool keeps_pairs;       /* false where pairs are too many for it */
};

int match_ascent_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena,
                      struct match_ascent *ascent);

struct match_guess {
    int64_t cost;
    int64_t quantity;
};

/* First prices for a cold start, from supply and demand of the whole lot. scratch: room for offer_count. */
void match_prices_guess(const struct match_model *model, struct match_guess *scratch, int64_t *price);

/*
 * Runs steps from dual->price and the multipliers in ties. target: scaled worth of a known plan, or MATCH_NET_NEVER; a bound not above it
 * ends the search. On return dual holds the best prices, evaluated, and ties its multipliers; ascent->used and the like the mixture.
 */
void match_ascent_run(struct match_walk *walk, const struct match_limits *limits, struct match_ties *ties, __int128 target,
                      uint32_t steps, struct match_dual *dual, struct match_ascent *ascent);

#endif
