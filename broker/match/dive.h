/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_DIVE_H
#define BROKER_MATCH_DIVE_H

#include "broker/match/target.h"

/*
 * A dive: from the linear relaxation to a set of choices and lumps.
 *
 * What its mixture has nearly decided is fixed, the rest is answered again at better prices, until all is decided. Lumps come first, since
 * they are what the relaxation cuts into pieces; once they stand whole the offers mostly do too. Decisions that cost much of the bound are taken
 * back and made one by one, and the worst of them the other way. (Diving: Danna, Rothberg, Le Pape 2005, Math. Program. 102, doi
 * 10.1007/s10107-004-0518-7, section 1; order and batches are measured here.)
 */

struct match_decision {
    bool lump;       /* of a lump, or of an offer */
    uint32_t index;
    uint32_t with;   /* its supplier where it wants one; choice of an offer */
    bool in;         /* taken or left */
    bool sure;
    double stake;
};

struct match_dive {
    struct match_limits limits;
    struct match_limits saved; /* what a step goes back to, with prices and multipliers */
    int64_t *price, *multiplier;
    struct match_target target;
    struct match_decision *decisions; /* that are open, most at stake first */
    uint32_t count;
    uint8_t *decided;          /* by offer */
    double loss;               /* part of the bound that a step may cost */
    uint32_t looks;
};

int match_dive_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena, struct match_dive *dive);

/*
 * trust: 0 dives from anywhere. Above it, around the plan in search->flow: lumps that the mixture, too, gives to the plan's supplier with at least
 * that share stay there (the neighbourhood that Danna and others call RINS).
 * Dives from the prices in search->dual under search->strict, and makes search->trial the plan of where it ends; its worth is the caller's to
 * compare. False where every way on is known to hold nothing better than search->best. search->dual and the multipliers are then those of the
 * dive's end; search->ascent keeps what it learnt.
 */
bool match_dive_run(struct match_search *search, struct match_dive *dive, float trust);

#endif
