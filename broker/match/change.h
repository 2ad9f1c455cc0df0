/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_CHANGE_H
#define BROKER_MATCH_CHANGE_H

#include <stdbool.h>

#include "broker/match/market.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * One thing changed in one lot, and the lot planned again: what a reason claims and an explanation tries. All other lots' spending of
 * funds is held; the reference value is computed anew, since a ceiling or a quantity may move it.
 */

enum match_change_kind {
    MATCH_CHANGE_NONE,
    MATCH_CHANGE_CEILING,        /* demand: ceiling becomes value */
    MATCH_CHANGE_DATE,           /* demand: what it lacks is due value months later; lacks: by line */
    MATCH_CHANGE_MINIMUM,        /* demand: min_quantity becomes value */
    MATCH_CHANGE_SINGLE,         /* demand: any number of suppliers */
    MATCH_CHANGE_CERTIFICATE,    /* demand: without its certificate number index */
    MATCH_CHANGE_REQUIREMENT,    /* demand: without its requirement number index */
    MATCH_CHANGE_ORIGIN,         /* demand: without its excluded origin number index */
    MATCH_CHANGE_NATION,         /* one more nation with a demand like this one, of value units in its last line's month */
    MATCH_CHANGE_MIN_NATIONS,    /* lot: min_nations becomes value, and no fund asks for more */
    MATCH_CHANGE_SHARES,         /* lot: without share rules */
    MATCH_CHANGE_SME_SHARE,      /* lot: sme_min_share becomes value; likewise the next three */
    MATCH_CHANGE_EUROPEAN_LEAST,
    MATCH_CHANGE_EUROPEAN_MOST,
    MATCH_CHANGE_SUPPLIER_SHARE,
    MATCH_CHANGE_EXCLUDED,       /* lot: no excluded origins */
    MATCH_CHANGE_MONEY,          /* fund index has value cents more */
    MATCH_CHANGE_OUTPUT,         /* every offer makes any quantity by any month */
    MATCH_CHANGE_ORDERS,         /* no offer has a minimum order, and the demand neither a minimum nor a single supplier */
    MATCH_CHANGE_RATE,           /* offer: tier makes value a month; sold up to any quantity */
    MATCH_CHANGE_PRICE,          /* offer: tier costs value a unit */
    MATCH_CHANGE_TIER_MINIMUM,   /* offer: tier from value units */
    MATCH_CHANGE_FIRST_MONTH,    /* offer: every tier starts value months earlier */
    MATCH_CHANGE_ONE_OFF,        /* offer: every tier's one-off cost is 0 */
    MATCH_CHANGE_COSTLESS,       /* offer: no one-off cost and, in comparing, no overhead */
    MATCH_CHANGE_HAS_CERTIFICATE, /* offer: has certificate text */
    MATCH_CHANGE_HAS_ATTRIBUTE,  /* offer: provides what requirement asks for */
    MATCH_CHANGE_HAS_DESTINATION, /* offer: may be exported to country text */
    MATCH_CHANGE_VALID           /* offer: is still valid */
};

struct match_change {
    enum match_change_kind kind;
    uint32_t demand;
    uint32_t offer;
    uint32_t tier;
    uint32_t index;
    int64_t value;
    const int64_t *lacks; /* of the demand, by line */
    const char *text;
    const struct match_requirement *requirement;
};

/* What the re-plan of a changed lot gave. */
struct match_outcome {
    const struct match_lot *lot;          /* as changed; demands and offers keep their numbers but for a nation that was added */
    const struct match_lot_plan *plan;
};

/*
 * Plans lot again with one change. money: what each fund may spend in this lot, INT64_MAX where unlimited. The outcome lies in work.
 * STATUS_NO_MEMORY; STATUS_TOO_LARGE where the changed lot would exceed the model's total, with no outcome.
 */
int match_change_plan(const struct match_market *market, uint32_t lot, const struct match_change *change, const int64_t *money,
                      struct arena *work, struct match_outcome *outcome);

/* Units of new awards that a demand, or an offer, has in an outcome. */
int64_t match_outcome_demand(const struct match_outcome *outcome, uint32_t demand);
int64_t match_outcome_offer(const struct match_outcome *outcome, uint32_t offer);

#endif
