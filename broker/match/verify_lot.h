/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_VERIFY_LOT_H
#define BROKER_MATCH_VERIFY_LOT_H

#include <stdbool.h>

#include "broker/match/market.h"
#include "broker/match/pairs.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * Shared by the parts of match_verify_lot alone: one lot and its awards, checked one by one already where a later step says so.
 */
struct match_verification {
    const struct match_market *market;
    const struct match_lot *lot;
    struct match_pairs pairs;
    const struct match_lot_plan *plan;
    struct arena *arena;
    uint32_t *first_line;     /* by demand: where its lines start in taken; demand_count + 1 */
    int64_t *taken;           /* by line of the lot: new awards */
    uint32_t *nation_of;      /* by demand: number of its country */
    uint32_t nation_count;
    uint32_t *committed_tier; /* by offer, or MATCH_NONE */
    const char *fault;
};

/* "YYYY-MM" of a month index. */
struct match_month_text {
    char text[16];
};
struct match_month_text match_month_text(int32_t month);

/* Sets the first fault; returns STATUS_INVALID, or STATUS_NO_MEMORY where the text does not fit. */
int match_verify_refuse(struct match_verification *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The steps, in this order; each may assume that those before it passed. */
int match_verify_awards(struct match_verification *v);    /* each alone: indices, pair, price, line, order */
int match_verify_demands(struct match_verification *v);   /* minimum, single supplier */
int match_verify_offers(struct match_verification *v);    /* tier, quantity, output, one-off shares */
int match_verify_bundle(struct match_verification *v);    /* nations, shares, equal treatment */
int match_verify_objective(struct match_verification *v); /* recomputed; bound */

#endif
