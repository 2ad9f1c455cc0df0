/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_DIVE_H
#define BROKER_MATCH_DIVE_H

#include "broker/match/target.h"

/*
 * A dive: from the linear relaxation to a set of choices and lumps.
 *
 * What its mixture has nearly decided is fixed, the rest is answered again at better prices, until all is decided. Lumps come first, since
 * they are what the relaxation cuts into pieces; once they stand whole the offers mostly do too. (Diving: Danna, Rothberg, Le Pape
 * 2005, Math. Program. 102, doi 10.1007/s10107-004-0518-7, section 1; the order is measured here.)
 */

struct match_dive {
    struct match_limits limits;
    struct match_target target;
    struct match_limits saved; /* what a step goes back to, with prices and multipliers */
    int64_t *price, *multiplier;
    uint8_t *decided; /* by offer */
    uint32_t turns;   /* single decisions tried the other way */
};

int match_dive_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena, struct match_dive *dive);

/*
 * Dives from the prices in search->dual under search->strict, and makes search->trial the plan of where it ends; its worth is the caller's to
 * compare. False where every way on is known to hold nothing better than search->best. search->dual and the multipliers are then those of the
 * dive's end; search->ascent keeps what it learnt.
 */
bool match_dive_run(struct match_search *search, struct match_dive *dive);

#endif
