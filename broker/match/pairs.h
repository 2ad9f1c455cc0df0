/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_PAIRS_H
#define BROKER_MATCH_PAIRS_H

#include "broker/match/market.h"
#include "proto/arena.h"

/*
 * Which demand may be served by which offer apart from price, and at what freight. Demands that share country, place,
 * requirements, certificates, excluded origins and fund form a class, since all these questions have one answer for them; a
 * lot of thousands of demands has few hundred classes, and the table is kept class by offer.
 */

#define MATCH_NO_FREIGHT ((int64_t)-1) /* the pair is not compatible */

struct match_pairs {
    uint32_t class_count;
    uint32_t offer_count;
    const uint32_t *class_of;   /* by demand; numbered in the order of their first demand */
    const uint32_t *first_of;   /* by class: its first demand */
    const int64_t *freight;     /* by class * offer_count + offer: a unit, or MATCH_NO_FREIGHT */
};

/*
 * Builds the table of one lot in the arena. The market gives funds, suppliers and the date.
 * STATUS_NO_MEMORY where the arena is full. Reads only; may run for several lots at a time.
 */
int match_pairs_build(const struct match_market *market, const struct match_lot *lot, struct arena *arena,
                      struct match_pairs *pairs);

/* Freight of one unit from offer to demand, or MATCH_NO_FREIGHT. */
static inline int64_t match_pairs_freight(const struct match_pairs *pairs, uint32_t demand, uint32_t offer)
{
    return pairs->freight[(size_t)pairs->class_of[demand] * pairs->offer_count + offer];
}

/* The first reason, in the model's order, why a pair is not compatible; for explanations. */
enum match_barrier {
    MATCH_BARRIER_NONE,
    MATCH_BARRIER_VALIDITY,     /* the offer is no longer valid */
    MATCH_BARRIER_CERTIFICATE,  /* it lacks a certificate */
    MATCH_BARRIER_REQUIREMENT,  /* it does not meet a requirement */
    MATCH_BARRIER_ORIGIN,       /* a component comes from where the demand or the lot bars it */
    MATCH_BARRIER_DESTINATION,  /* it may not be exported there */
    MATCH_BARRIER_FUND_CONTENT, /* too little European content for the fund */
    MATCH_BARRIER_FUND_COUNTRY, /* the fund is not for this country */
    MATCH_BARRIER_FREIGHT       /* no freight quote for the place */
};

enum match_barrier match_pair_barrier(const struct match_market *market, const struct match_lot *lot,
                                      const struct match_demand *demand, const struct match_offer *offer);

/* Freight of one unit to a place by the longest prefix, or MATCH_NO_FREIGHT where no quote matches. */
int64_t match_offer_freight(const struct match_offer *offer, const char *place);

/* Whether the offer's attributes meet one requirement. */
bool match_requirement_holds(const struct match_requirement *requirement, const struct match_offer *offer);

#endif
