/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_FACTS_H
#define BROKER_MATCH_FACTS_H

#include "broker/match/market.h"
#include "broker/match/pairs.h"
#include "broker/match/plan.h"

/*
 * Facts of a scenario that explain an uncovered demand without any planning: no offer, none compatible, none within the ceiling,
 * none in time. Of an offer with commitments only their tier counts.
 */

/* The tier that each offer's commitments bind it to, MATCH_NONE where it has none. tier_of: room for offer_count. */
void match_facts_committed_tiers(const struct match_lot *lot, uint32_t *tier_of);

/*
 * The first of the four facts that holds for a demand whose last uncovered delivery is due in last_month. False where none holds.
 * tier_of: from match_facts_committed_tiers.
 */
bool match_facts_reason(const struct match_market *market, const struct match_lot *lot, const struct match_pairs *pairs,
                        const uint32_t *tier_of, uint32_t demand, int32_t last_month, enum match_reason *reason);

/* The code of a reason: "no-offer", ... */
const char *match_reason_name(enum match_reason reason);

/* The reason of a code. False where there is none. */
bool match_reason_find(const char *name, enum match_reason *reason);

#endif
