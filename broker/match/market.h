/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_MARKET_H
#define BROKER_MATCH_MARKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One market as the matching core sees it: plain structs, every figure already an integer. Quantities are whole units,
 * amounts are cents of the base currency, a month is year * 12 + month - 1, a date is year * 10000 + month * 100 + day.
 * Whoever fills it (load.c from messages) has checked the model's limits, so that no sum in the core can overflow.
 *
 * Order is part of the contract, since ties are broken by it: lots by item, demands and offers of a lot, suppliers and
 * funds by id, lists of texts and origins, all bytewise ascending; lines by month; tiers as their offer states them.
 * An index (of a demand, offer, tier, line, supplier or fund) counts from 0 in that order. The core only reads a market,
 * so a variant of one is a shallow copy with some arrays replaced.
 */

#define MATCH_NONE UINT32_MAX                        /* no fund, no offer, ... */
#define MATCH_UNLIMITED INT64_C(1000000000000000)    /* max_quantity of an offer that states none */
#define MATCH_PRIORITIES 5
#define MATCH_MOST_TIERS 32
#define MATCH_MOST_LINES 240

struct match_texts {
    const char *const *texts; /* ascending, none twice */
    uint32_t count;
};

enum match_comparison { MATCH_EQUAL, MATCH_AT_LEAST, MATCH_AT_MOST };

struct match_requirement {
    const char *name; /* ASCII letters in lower case */
    enum match_comparison comparison;
    const char *value; /* as stated; a decimal number unless MATCH_EQUAL */
};

struct match_attribute {
    const char *name; /* ASCII letters in lower case */
    const char *value;
};

struct match_origin {
    const char *country;
    uint32_t percent;
};

struct match_freight {
    const char *prefix; /* of a place, or "*" */
    int64_t amount;     /* a unit */
};

struct match_line {
    int32_t month;
    int64_t quantity;  /* wanted in all, at least 1 */
    int64_t committed; /* of it already bound by commitments, at most quantity */
};

struct match_demand {
    const char *id;
    const char *country;
    const char *place;
    const struct match_line *lines; /* by month, one a month */
    uint32_t line_count;
    uint32_t priority; /* 1 most urgent to 5 */
    int64_t min_quantity;
    int64_t ceiling; /* most for unit price and freight of one unit */
    bool single_supplier;
    const struct match_requirement *requires; /* by name, comparison, value; none twice */
    uint32_t require_count;
    struct match_texts certificates;
    struct match_texts exclude_origins;
    uint32_t fund; /* MATCH_NONE: none */
};

struct match_tier {
    int64_t min_quantity;
    int64_t unit_price;
    int64_t evaluated_price; /* unit_price less the preference of an SME's offer, match_price_evaluated() */
    int64_t one_off;
    int64_t stock;
    int64_t monthly_rate;
    int32_t first_month;
};

struct match_offer {
    const char *id;
    uint32_t supplier;
    const struct match_tier *tiers;
    uint32_t tier_count;
    int64_t max_quantity; /* MATCH_UNLIMITED where none is stated */
    const struct match_freight *freight;
    uint32_t freight_count; /* 0: no freight anywhere */
    const struct match_attribute *provides;
    uint32_t provide_count;
    struct match_texts certificates;
    const struct match_origin *origins; /* of percent above 0 only */
    uint32_t origin_count;
    struct match_texts destinations; /* none: all */
    int32_t valid_until;             /* date; 0: no end */
    uint32_t european_content;       /* percent */
};

struct match_commitment {
    uint32_t demand;
    uint32_t line;
    uint32_t offer;
    uint32_t tier;
    int64_t quantity;
    int64_t unit_price;
    int64_t freight;
    int64_t one_off; /* in all, not a unit */
};

struct match_rules {
    int64_t weights[MATCH_PRIORITIES];
    int64_t contract_overhead;
    int64_t min_nations;
    int64_t sme_preference; /* this and the shares: whole percent */
    int64_t sme_min_share;
    int64_t european_min_share;
    int64_t european_max_share;
    int64_t supplier_max_share;
    struct match_texts excluded_origins;
};

struct match_lot {
    const char *item;
    struct match_rules rules;
    const struct match_demand *demands; /* at least one */
    uint32_t demand_count;
    const struct match_offer *offers;
    uint32_t offer_count;
    const struct match_commitment *commitments; /* by demand, line, offer */
    uint32_t commitment_count;
    int64_t reference; /* R, match_lot_reference() */
};

struct match_supplier {
    const char *id;
    const char *country;
    bool sme; /* micro, small or medium */
};

struct match_fund {
    const char *id;
    bool limited; /* false: no balance is set */
    int64_t balance;
    int64_t min_nations;
    uint32_t min_european_content;
    struct match_texts countries; /* none: all */
};

struct match_market {
    const struct match_lot *lots;
    uint32_t lot_count;
    const struct match_supplier *suppliers;
    uint32_t supplier_count;
    const struct match_fund *funds;
    uint32_t fund_count;
    int32_t as_of;       /* date */
    int32_t as_of_month; /* month */
};

/*
 * The reference value R of a lot: the lower weighted median of its demands' ceilings, the smallest ceiling at which the
 * quantity of demands at or below it is at least half of all. Counts whole quantities, commitments included.
 * scratch: room for demand_count indices.
 */
int64_t match_lot_reference(const struct match_demand *demands, uint32_t demand_count, uint32_t *scratch);

/* The price by which an offer is compared: the unit price less floor(price * preference / 100) for an SME. */
int64_t match_price_evaluated(int64_t unit_price, bool sme, int64_t sme_preference);

/*
 * Units that a tier can have delivered by the end of month: stock, which may go out in any month, and the monthly rate from the
 * later of first_month and the market's own month on. Not cut at max_quantity. At most 10^9 * 2401.
 */
int64_t match_tier_output(const struct match_tier *tier, int32_t as_of_month, int32_t month);

/* Whether sorted list texts holds text. */
bool match_texts_hold(const struct match_texts *texts, const char *text);

#endif
