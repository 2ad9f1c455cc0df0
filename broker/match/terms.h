/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_TERMS_H
#define BROKER_MATCH_TERMS_H

#include "broker/match/model.h"

/*
 * What a unit costs in the search under prices for money and for the shares of a bundle.
 *
 * A fund's balance and a share rule tie many awards together. Their prices (multipliers, never negative) are charged a unit instead:
 * a fund at price phi adds phi * (unit_price + freight) to each unit that it pays; a share rule adds or takes off a multiple of
 * the unit price, the same for all units of a choice (its markup).
 */

#define MATCH_FUND_BITS 20 /* a fund's price is in 2^-20 cents of value a cent of money */
#define MATCH_FUND_PRICE_MOST (INT64_C(1) << 34)

struct match_terms {
    int64_t *cost;       /* by model->first_cost[choice] + group: scaled, a unit */
    int64_t *fund_price; /* by fund of the market */
    int64_t *markup;     /* by choice: scaled, a unit; may be negative */
    uint64_t version;    /* grows with each change of cost */
};

/* Makes terms without any multiplier. STATUS_NO_MEMORY. */
int match_terms_init(const struct match_model *model, struct arena *arena, struct match_terms *terms);

/*
 * Recomputes cost from fund_price and markup. Rounded down, so that the relaxation with these costs is never below the one with
 * exact multipliers: a bound made from them stays valid.
 */
void match_terms_update(const struct match_model *model, struct match_terms *terms);

#endif
