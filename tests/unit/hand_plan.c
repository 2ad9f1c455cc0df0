/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/hand_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/reasons.h"
#include "broker/match/shares.h"
#include "proto/status.h"

static uint32_t demand_named(const struct match_lot *lot, const char *id)
{
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        if (strcmp(lot->demands[d].id, id) == 0) {
            return d;
        }
    }
    fail_msg("no demand %s", id);
    return 0;
}

static uint32_t offer_named(const struct match_lot *lot, const char *id)
{
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        if (strcmp(lot->offers[o].id, id) == 0) {
            return o;
        }
    }
    fail_msg("no offer %s", id);
    return 0;
}

void hand_plan_start(struct hand_plan *hand, struct scenario_support *s)
{
    scenario_support_load(s);
    hand->s = s;
    hand->lot = (struct match_lot_plan){.awards = hand->awards};
    hand->plan = (struct match_plan){.lots = &hand->lot, .lot_count = 1};
}

void hand_plan_give(struct hand_plan *hand, const char *demand, uint32_t line, const char *offer, uint32_t tier, int64_t quantity)
{
    const struct match_lot *lot = &hand->s->market->lots[0];
    assert_true(hand->lot.award_count < HAND_PLAN_AWARDS_MOST);
    struct match_award *a = &hand->awards[hand->lot.award_count++];
    *a = (struct match_award){.demand = demand_named(lot, demand), .line = line, .offer = offer_named(lot, offer), .tier = tier - 1,
                              .quantity = quantity};
    a->unit_price = lot->offers[a->offer].tiers[a->tier].unit_price;
}

/* Shares the one-off cost of one offer; returns what the objective is charged for using it. */
static int64_t share_costs(struct hand_plan *hand, uint32_t offer)
{
    const struct match_lot *lot = &hand->s->market->lots[0];
    struct match_share shares[HAND_PLAN_AWARDS_MOST];
    uint32_t scratch[HAND_PLAN_AWARDS_MOST], at[HAND_PLAN_AWARDS_MOST], count = 0;
    for (uint32_t n = 0; n < hand->lot.award_count; n++) {
        const struct match_award *a = &hand->awards[n];
        if (a->offer == offer) {
            shares[count] = (struct match_share){a->quantity, lot->demands[a->demand].ceiling - a->unit_price - a->freight, 0};
            at[count++] = n;
        }
    }
    bool committed = false;
    for (uint32_t n = 0; n < lot->commitment_count; n++) {
        committed = committed || lot->commitments[n].offer == offer;
    }
    if (count == 0 || committed) {
        return 0;
    }
    int64_t one_off = lot->offers[offer].tiers[hand->awards[at[0]].tier].one_off;
    if (match_shares_compute(one_off, shares, count, scratch)) {
        for (uint32_t n = 0; n < count; n++) {
            hand->awards[at[n]].one_off = shares[n].share;
        }
    }
    return one_off + lot->rules.contract_overhead;
}

void hand_plan_complete(struct hand_plan *hand)
{
    const struct match_lot *lot = &hand->s->market->lots[0];
    int64_t objective = 0;
    for (uint32_t n = 0; n < hand->lot.award_count; n++) {
        const struct match_award *a = &hand->awards[n];
        objective += a->quantity * (lot->rules.weights[lot->demands[a->demand].priority - 1] * lot->reference -
                                    lot->offers[a->offer].tiers[a->tier].evaluated_price - a->freight);
    }
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        objective -= share_costs(hand, o);
    }
    hand->lot.objective = hand->plan.objective = objective;
    hand->lot.bound = hand->plan.bound = objective + 1;
    assert_int_equal(match_reasons_plan(hand->s->market, &hand->s->arena, &hand->plan), STATUS_OK);
}
