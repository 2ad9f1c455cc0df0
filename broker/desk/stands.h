/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_STANDS_H
#define BROKER_DESK_STANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/desk/state.h"

/*
 * Whether what a bundle's version awards still holds if one of its demands or offers were other than planned: the matching
 * model's rules on pairs, lines, demands, offers and one-off costs, for the awards alone. Equal treatment and what would be better are
 * not asked again: what was lacking is judged as it was planned. A changed price, one-off cost, place, fund or origin is
 * another bargain than the one shown, so it does not hold.
 *
 * Apply decides with this whether a change counts as a no, so it reads nothing but its arguments. Pure functions.
 */

/* A version of a bundle and the market it was planned from. */
struct stands_on {
    const Muster__BundleVersion *version;
    const Muster__Market *market;
    uint32_t month; /* YYYYMM: output is counted from here on at the earliest */
};

/* Whether any award of the version is for the demand, or from the offer (full names). */
bool stands_awards_demand(const struct stands_on *on, const char *demand);
bool stands_awards_offer(const struct stands_on *on, const char *offer);

/* Whether the awards hold with the demand (full name) so; demand NULL: it is gone. True where it has no award. */
bool stands_with_demand(const struct stands_on *on, const char *name, const Muster__Demand *demand);

/* The same for an offer. */
bool stands_with_offer(const struct stands_on *on, const char *name, const Muster__Offer *offer);

/* Whether any component of the offer is from the country; an offer without origins is all from its supplier's country. */
bool stands_has_origin(const Muster__Market *market, const Muster__Offer *offer, const char *country);

/* The demand or offer of a market by its full name, or NULL. */
const Muster__Demand *stands_find_demand(const Muster__Market *market, const char *name);
const Muster__Offer *stands_find_offer(const Muster__Market *market, const char *name);

#endif
