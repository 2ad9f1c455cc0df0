/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_HAND_PLAN_H
#define TESTS_UNIT_HAND_PLAN_H

#include "broker/match/plan.h"
#include "tests/unit/scenario_support.h"

/*
 * A plan of one lot made by hand, award by award, and completed with all that a plan states of itself, so that a test can break one rule
 * and nothing else.
 */

#define HAND_PLAN_AWARDS_MOST 16

struct hand_plan {
    struct scenario_support *s;
    struct match_award awards[HAND_PLAN_AWARDS_MOST];
    struct match_lot_plan lot;
    struct match_plan plan;
};

/* Loads the scenario afresh and begins with no award. */
void hand_plan_start(struct hand_plan *hand, struct scenario_support *s);

/* Adds an award at its market's unit price, without freight; calls come in the order of demand, line, offer. tier: from 1. */
void hand_plan_give(struct hand_plan *hand, const char *demand, uint32_t line, const char *offer, uint32_t tier, int64_t quantity);

/* Shares one-off costs as far as ceilings carry them, sums the objective, lists what is missing with its reasons. */
void hand_plan_complete(struct hand_plan *hand);

#endif
