/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_STATE_H
#define BROKER_MATCH_STATE_H

#include <stdbool.h>

#include "broker/match/alike.h"
#include "broker/match/market.h"
#include "broker/match/pairs.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * One planned lot opened up for questions: what each line got and lacks, what each offer still can make, how near each rule of the
 * bundle is. For reasons and explanations, which ask "what if a few units more went here".
 */
struct match_state {
    const struct match_market *market;
    const struct match_lot *lot;
    const struct match_lot_plan *plan;
    struct match_pairs pairs;
    const uint32_t *first_line;      /* by demand; demand_count + 1 */
    const int64_t *taken;            /* by line: new awards */
    const uint32_t *month_of;        /* by line: rank of its month */
    const int32_t *months;           /* ranks: the lot's months, ascending */
    uint32_t month_count;
    const uint32_t *committed_tier;  /* by offer, or MATCH_NONE */
    const uint32_t *used_tier;       /* by offer: of its new awards or commitments, or MATCH_NONE */
    const int64_t *sold;             /* by offer: new awards and commitments */
    const int64_t *room;             /* by offer * month_count + rank, of used offers: most units that can be added there */
    const int64_t *demand_committed; /* by demand */
    const int64_t *demand_taken;     /* by demand: new awards */
    const uint32_t *demand_offer;    /* by demand: the one offer it draws on, MATCH_NONE none, MATCH_SEVERAL more */
    const uint32_t *first_award;     /* by offer: place in award_of; offer_count + 1 */
    const uint32_t *award_of;        /* awards by offer */
    const uint32_t *group_of;        /* by line: its group of alike lines, or MATCH_NONE */
    struct match_alike alike;
    const int64_t *group_lacks;      /* by group: what its lines lack together */
    const uint32_t *nation_of;       /* by demand */
    const bool *has_nation;          /* by nation: takes part */
    int64_t nations;
    int64_t needed;                  /* nations that the rule and the new awards' funds ask for */
    bool has_share_rules;            /* one that could ever bind */
    __int128 value;
    __int128 sme_value;
    __int128 european_value;         /* times 100 */
    const int64_t *supplier_value;   /* by offer: of its supplier in this lot */
};

#define MATCH_SEVERAL (UINT32_MAX - 1)

/* Opens one lot's plan. STATUS_NO_MEMORY. */
int match_state_open(const struct match_market *market, const struct match_lot *lot, const struct match_lot_plan *plan,
                     struct arena *arena, struct match_state *state);

/* What a line still lacks. */
int64_t match_state_lacks(const struct match_state *state, uint32_t demand, uint32_t line);

/* Objective of one unit of a demand from an offer's tier, apart from fixed costs. */
int64_t match_state_gain(const struct match_state *state, uint32_t demand, uint32_t offer, uint32_t tier, int64_t freight);

#endif
