/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_BOUND_H
#define BROKER_MATCH_BOUND_H

#include "broker/match/value.h"

/*
 * An upper bound on the worth of every valid plan of a lot, from any prices of its lines.
 *
 * Let x be a valid plan and p a price a unit for each line. The worth of x is the sum over offers of (value - cost - p) * quantity less
 * fixed cost, plus the sum over demands of p * quantity. Given p, each offer's part is at most what its best choice is worth
 * alone (match_walk_value, or 0 for not using it), and each demand's part is at most what it would pay for its best admissible
 * quantities: all units of positive price; for a lump nothing, or at least its minimum. So
 *
 *     bound(p) = sum over demands of (most that it pays)  +  sum over offers of max(0, max over choices (value - fixed))
 *
 * is valid for every p: a Lagrangian relaxation of "a unit of a line is served once" (Geoffrion 1974, Math. Program. Study 2,
 * doi 10.1007/BFb0120690). Rules that tie a bundle together (nations, one-off recovery, equal treatment) are left out, which only
 * raises it; shares and funds enter by the multipliers of the terms, whose constant part the caller adds. Prices are whole
 * numbers, sums are exact in 128 bits, so no rounding is involved; how the prices were found does not matter.
 */

enum match_lump_state { MATCH_LUMP_FREE, MATCH_LUMP_OUT, MATCH_LUMP_IN };

/* What a node of a search tree has fixed; the root has fixed nothing. */
struct match_limits {
    uint8_t *barred;     /* by choice: 1 may not be used */
    uint8_t *forced;     /* by offer: 1 must be used */
    uint8_t *lump_state; /* by lump */
    uint32_t *only;      /* by lump: the one offer that may serve it, or MATCH_NONE */
    uint8_t *pair_barred;/* lump * offer_count + offer: 1 a single-supplier lump may not go there */
};

/* Bytes of pair_barred. */
size_t match_limits_pairs(const struct match_model *model);

struct match_dual {
    int64_t *price;   /* by line */
    int64_t bonus;    /* price of taking too few offers, see match_model.offers_least: scaled, never negative */
    __int128 *net;    /* by choice: its value and the bonus less fixed cost; MATCH_NET_NEVER where it can't be used */
    uint32_t *best;   /* by offer: the choice taken at these prices, or MATCH_NONE */
    int64_t *served;  /* by line: units that the choices taken give it */
    int64_t *wanted;  /* by line: units that its demand would pay for */
    __int128 bound;   /* scaled; MATCH_NET_NEVER where nothing can satisfy the limits */
    uint8_t *active;  /* by line: scratch */
    struct match_use *uses; /* what the choices taken give to whom, offer by offer */
    uint32_t use_most;
    uint32_t *use_first;    /* by offer; offer_count + 1: where its uses start; none where there was no room for them */
};

#define MATCH_MOST_PAIRS 65536 /* of lumps and offers for which shares are kept apart */
#define MATCH_NET_NEVER (-((__int128)1 << 120))

int match_limits_init(const struct match_model *model, struct arena *arena, struct match_limits *limits);

int match_dual_init(const struct match_model *model, struct arena *arena, struct match_dual *dual);

/* Evaluates dual->price: fills all else. The walk belongs to the same model; its terms are those in force. */
void match_dual_evaluate(struct match_walk *walk, const struct match_limits *limits, struct match_dual *dual);

/* The most that a lump pays at given prices when it is in (any) or may stay out (at least 0); wanted (by line) gets the quantities. */
__int128 match_lump_pays(const struct match_model *model, uint32_t lump, enum match_lump_state state, const int64_t *price,
                         int64_t *wanted);

/* A scaled bound in whole cents, rounded down: objectives are whole; at least 0, the worth of no bundle. */
int64_t match_bound_cents(const struct match_model *model, __int128 bound);

#endif
