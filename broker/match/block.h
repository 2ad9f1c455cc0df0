/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_BLOCK_H
#define BROKER_MATCH_BLOCK_H

#include "broker/match/state.h"

/*
 * What stands between a demand and one tier of one offer in a given plan: a small step (units added to the plan, perhaps in the place of
 * units worth less) is tried, and every rule that it would break is a bit. No bit: the step is valid and raises the objective, so a plan
 * without it was not the best. One bit: without that one thing the step would be taken.
 */

enum match_block {
    MATCH_BLOCK_NATIONS = 1,  /* too few nations, the rule's or a fund's */
    MATCH_BLOCK_RULES = 2,    /* a share rule of the bundle, or equal treatment */
    MATCH_BLOCK_FUND = 4,     /* the fund's money */
    MATCH_BLOCK_MINIMUM = 8,  /* the demand's own minimum, its single supplier, the tier's minimum order */
    MATCH_BLOCK_CAPACITY = 16,
    MATCH_BLOCK_VALUE = 32    /* it would not raise the objective */
};

#define MATCH_BLOCKS 6

/*
 * The things in the way of giving a demand more from an offer's tier, where the pair is compatible and affordable: *with_room as things
 * are (with MATCH_BLOCK_CAPACITY where the offer has no room), *with_output as if the offer made any quantity. money: what each fund
 * has left. Reads only.
 */
void match_block_find(const struct match_state *state, const int64_t *money, uint32_t demand, uint32_t offer, uint32_t tier,
                      int64_t freight, unsigned *with_room, unsigned *with_output);

#endif
