/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_PLAN_H
#define BROKER_MATCH_PLAN_H

#include "broker/match/market.h"

/*
 * What the matching core returns. Indices are those of the market that it was given: demand, offer, line and tier within their
 * lot, all from 0. Money in base cents. Everything lies in the arena that was passed to the call that made it.
 */

struct match_award {
    uint32_t demand;
    uint32_t line;
    uint32_t offer;
    uint32_t tier;
    int64_t quantity; /* at least 1 */
    int64_t unit_price;
    int64_t freight; /* a unit */
    int64_t one_off; /* share in all */
};

/* In the order in which they are tried; the first four are facts of the scenario. */
enum match_reason {
    MATCH_REASON_NO_OFFER,
    MATCH_REASON_INCOMPATIBLE,
    MATCH_REASON_TOO_EXPENSIVE,
    MATCH_REASON_TOO_LATE,
    MATCH_REASON_MIN_NATIONS,
    MATCH_REASON_BUNDLE_RULE,
    MATCH_REASON_FUND_EXHAUSTED,
    MATCH_REASON_MINIMUM_QUANTITY,
    MATCH_REASON_CAPACITY,
    MATCH_REASON_NOT_WORTH_A_CONTRACT,
    MATCH_REASON_OUTRANKED /* of offers only */
};

/* One change that was tried by planning again. */
struct match_trial {
    const char *kind;   /* ceiling, date, minimum, certificate, requirement, origin, nations, money, output, price, ... */
    const char *detail; /* machine form of the new value */
    const char *text;
    int64_t adds; /* units gained; 0: it would not help */
    bool covers;  /* all of what was missing */
};

struct match_uncovered {
    uint32_t demand;
    int64_t quantity; /* missing after commitments and awards */
    enum match_reason reason;
    const char *text; /* NULL unless explained */
    const struct match_trial *tried;
    uint32_t tried_count;
};

/* An offer without a new award. */
struct match_unused {
    uint32_t offer;
    enum match_reason reason;
    const char *text;
    const struct match_trial *tried;
    uint32_t tried_count;
};

/* What a nation pays in a bundle and what it would pay alone. */
struct match_nation {
    const char *country;
    int64_t wanted;   /* open quantity before this plan */
    int64_t quantity; /* awarded */
    int64_t pays;
    int64_t alone_quantity; /* what it would get alone of the quantity awarded */
    int64_t alone_pays;
    int64_t saving;
};

/* One rule of a bundle and its figure: numerator / denominator, of a share in percent. */
struct match_rule {
    const char *name; /* nations, sme_share, european_share, supplier_share, fund ID */
    int64_t numerator;
    int64_t denominator;
    int64_t least;
    int64_t most; /* -1: no upper limit */
    bool met;
};

struct match_lot_plan {
    int64_t objective;
    int64_t bound; /* no valid plan of this lot exceeds it, all funds' money free for it */
    int64_t priced_bound; /* no valid plan of this lot, what it pays charged at the plan's prices of money, exceeds it */
    struct match_award *awards; /* by demand, line, offer */
    uint32_t award_count;
    const char *forbidden_by; /* name of the rule that forbade a bundle, or NULL */
    /* What follows is filled by reasons, settlement and explanations; empty until then. */
    struct match_uncovered *uncovered;
    uint32_t uncovered_count;
    struct match_unused *unused;
    uint32_t unused_count;
    struct match_nation *nations;
    uint32_t nation_count;
    struct match_rule *rules;
    uint32_t rule_count;
};

struct match_plan {
    int64_t objective;
    int64_t bound; /* no valid plan of the market exceeds it */
    int64_t *money_price; /* by fund: what a cent of its money is worth by the bound, in 2^-MATCH_FUND_BITS cents */
    struct match_lot_plan *lots; /* one each lot of the market, in its order */
    uint32_t lot_count;
};

#endif
