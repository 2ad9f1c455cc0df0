/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/facts.h"

#include <string.h>

static const char *const names[] = {
    [MATCH_REASON_NO_OFFER] = "no-offer",
    [MATCH_REASON_INCOMPATIBLE] = "incompatible",
    [MATCH_REASON_TOO_EXPENSIVE] = "too-expensive",
    [MATCH_REASON_TOO_LATE] = "too-late",
    [MATCH_REASON_MIN_NATIONS] = "min-nations",
    [MATCH_REASON_BUNDLE_RULE] = "bundle-rule",
    [MATCH_REASON_FUND_EXHAUSTED] = "fund-exhausted",
    [MATCH_REASON_MINIMUM_QUANTITY] = "minimum-quantity",
    [MATCH_REASON_CAPACITY] = "capacity",
    [MATCH_REASON_NOT_WORTH_A_CONTRACT] = "not-worth-a-contract",
    [MATCH_REASON_OUTRANKED] = "outranked",
};

#define NAME_COUNT (sizeof names / sizeof names[0])

const char *match_reason_name(enum match_reason reason)
{
    return (unsigned)reason < NAME_COUNT ? names[reason] : "unknown";
}

bool match_reason_find(const char *name, enum match_reason *reason)
{
    for (unsigned n = 0; n < NAME_COUNT; n++) {
        if (strcmp(names[n], name) == 0) {
            *reason = (enum match_reason)n;
            return true;
        }
    }
    return false;
}

void match_facts_committed_tiers(const struct match_lot *lot, uint32_t *tier_of)
{
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        tier_of[o] = MATCH_NONE;
    }
    for (uint32_t n = 0; n < lot->commitment_count; n++) {
        tier_of[lot->commitments[n].offer] = lot->commitments[n].tier;
    }
}

bool match_facts_reason(const struct match_market *market, const struct match_lot *lot, const struct match_pairs *pairs,
                        const uint32_t *tier_of, uint32_t demand, int32_t last_month, enum match_reason *reason)
{
    bool usable = false, affordable = false;
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        int64_t freight = match_pairs_freight(pairs, demand, o);
        if (freight == MATCH_NO_FREIGHT) {
            continue;
        }
        usable = true;
        for (uint32_t k = 0; k < lot->offers[o].tier_count; k++) {
            const struct match_tier *tier = &lot->offers[o].tiers[k];
            if ((tier_of[o] != MATCH_NONE && tier_of[o] != k) || tier->unit_price + freight > lot->demands[demand].ceiling) {
                continue;
            }
            affordable = true;
            if (match_tier_output(tier, market->as_of_month, last_month) > 0) {
                return false;
            }
        }
    }
    *reason = lot->offer_count == 0 ? MATCH_REASON_NO_OFFER : !usable ? MATCH_REASON_INCOMPATIBLE
              : !affordable         ? MATCH_REASON_TOO_EXPENSIVE : MATCH_REASON_TOO_LATE;
    return true;
}
