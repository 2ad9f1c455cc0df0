/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_PROOF_DUAL_H
#define BROKER_MATCH_PROOF_DUAL_H

#include "broker/match/bound.h"
#include "broker/match/ties.h"
#include "broker/match/whole.h"

/*
 * The bound that proofs go by: that of bound.h with lumps of a single supplier whole (whole.h), in finer integers.
 *
 * With x a valid plan, p a price of each line that is not a single-supplier lump's, e >= 0 an entry price of each such lump, b >= 0 a bonus
 * a unit where it has a minimum below its whole, m >= 0 a multiplier of each tie and n >= 0 of each cut, the worth of x is at most
 *
 *     sum over plain lines   quantity * max(0, p)        sum over other lumps   the most that they pay at p
 *     sum over single lumps  e                           sum over ties          m * right        sum over cuts  - n * least
 *     sum over offers        max(0, max over choices of what they make at these prices less fixed cost)
 *
 * where a unit makes its gain less p (of a single lump's line: plus b), less m times what it adds to ties, plus n where the cut counts it,
 * and a single lump that comes costs e + least * b: these are the terms that x takes out, since no line is served more than it
 * wants, each single lump comes to one offer at most and then with its least, and the ties and cuts hold. It is valid for all such numbers (e of
 * any sign where the limits force the lump in); they are whole, and each product is rounded so that the bound only rises.
 *
 * A cut is an inequality that every plan better than the one known must keep: so many units at least of the lines that it counts; or that the
 * headroom of a choice's units carries its one-off cost, which enters as n * (headroom - cost) at that choice.
 */

#define MATCH_PROOF_CUTS 12
#define MATCH_PROOF_TIE_BITS 40 /* multipliers are in 2^-40 cents a cent */

struct match_proof_cut {
    uint8_t *counts; /* by line; NULL: the cut is the cover of a choice */
    int64_t least;
    uint32_t choice; /* whose awards' headroom below the ceilings must carry its one-off cost */
};

struct match_proof_point {
    int64_t *price;      /* by line, in 2^-bits cents */
    __int128 *entry;     /* by lump */
    int64_t *bonus;      /* by lump */
    int64_t *multiplier; /* by tie */
    int64_t cut[MATCH_PROOF_CUTS]; /* of a cover in 2^-MATCH_PROOF_TIE_BITS */
};

struct match_proof_dual {
    const struct match_model *model;
    const struct match_ties *ties;
    struct match_whole whole;
    int bits;
    struct match_proof_cut cuts[MATCH_PROOF_CUTS];
    uint32_t cut_count;
    int64_t *multiplier_most; /* by tie */
    bool ranged;          /* whether low and high count */
    int64_t *low, *high;  /* offer * lines + line: units that the node lets an offer give a line */
    int64_t *total_low, *total_high; /* by offer: in all */
    struct match_proof_point point; /* to be evaluated */
    __int128 bound;       /* MATCH_NET_NEVER where the limits can't be kept */
    __int128 *net;        /* by choice */
    uint32_t *best;       /* by offer: choice, or MATCH_NONE */
    struct match_use *uses; /* of the best choices, offer by offer; of 0 units where a lump comes with none */
    uint32_t *use_first;  /* by offer; offer_count + 1 */
    int64_t *wanted;      /* by line: scratch */
    uint64_t evaluations;
};

int match_proof_dual_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena, struct match_proof_dual *dual);

/* STATUS_NO_MEMORY. */
int match_proof_point_init(const struct match_model *model, uint32_t ties, struct arena *arena, struct match_proof_point *point);

void match_proof_point_copy(const struct match_proof_dual *dual, struct match_proof_point *to, const struct match_proof_point *from);

/* Evaluates dual->point under limits, and ranges where there are any. */
void match_proof_evaluate(struct match_proof_dual *dual, const struct match_limits *limits);

/* Headroom of a unit of a pair: what its ceiling leaves above price and freight. */
int64_t match_proof_headroom(const struct match_proof_dual *dual, uint32_t pair);

/* Takes all ranges off. */
void match_proof_unrange(struct match_proof_dual *dual);

/*
 * Narrows the ranges of totals by the point just evaluated: where an offer that made some units more than its answer does, or less, would leave
 * the bound below cutoff. Says whether any was.
 */
bool match_proof_narrow(struct match_proof_dual *dual, const struct match_limits *limits, __int128 cutoff);

/* Fixes what the point just evaluated proves: whatever would leave the bound below cutoff is barred, or forced. Says whether anything was. */
bool match_proof_fix(struct match_proof_dual *dual, struct match_limits *limits, __int128 cutoff);

#endif
