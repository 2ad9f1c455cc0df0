/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_WHOLE_H
#define BROKER_MATCH_WHOLE_H

#include "broker/match/model.h"

/*
 * What a choice is worth when demands that want a single supplier come to it as a whole or not at all.
 *
 * value.h lets an offer take any part of a lump, which the sum over offers then makes a whole demand of: a lump cut in pieces. Here such a
 * lump has one charge for coming at all, and what it brings stays within one offer. That is a knapsack over nested capacities for each
 * choice, small enough to search through: the charge spread over the lump's units gives a bound that the greedy walk of value.h meets
 * exactly, and a lump that this cuts is tried in and out. The relaxation of the lot that is made of these answers lies above every plan and
 * below the one of value.h (generalised assignment by its knapsacks: Savelsbergh 1997, Oper. Res. 45(6), doi 10.1287/opre.45.6.831).
 */

enum match_whole_state { MATCH_WHOLE_OPEN, MATCH_WHOLE_OUT, MATCH_WHOLE_IN };

/* A single-supplier lump at a choice. */
struct match_whole_item {
    uint32_t lump;
    uint32_t first, count; /* of its pairs */
};

struct match_whole {
    const struct match_model *model;
    uint32_t *first_pair; /* by choice; choice_count + 1 */
    uint32_t *line;       /* by pair: a line that the choice may serve; ascending within a choice */
    uint32_t *item_of;    /* by pair: its place among all items, or MATCH_NONE */
    int64_t *gain;        /* by pair: value of a unit less evaluated price and freight, cents */
    int64_t *paid;        /* by pair: unit price and freight */
    uint32_t *first_item; /* by choice; choice_count + 1 */
    struct match_whole_item *items;

    /* What a valuation goes by. The caller sets these. */
    int64_t *profit;      /* by pair: of a unit, at most 2^60 */
    int64_t *low, *high;  /* by pair: fewest and most units */
    __int128 *charge;     /* by item: for coming at all; may be negative */
    uint8_t *state;       /* by item; a valuation may settle one */
    int64_t total_low, total_high; /* units in all, beside what the choice asks itself */

    /* What it found. */
    int64_t *quantity;    /* by pair of the choice, from 0 */
    uint8_t *comes;       /* by item: the lump comes, if with no units yet */

    uint32_t *order;      /* by pair: pairs of the choice by falling key, kept from one valuation to the next */
    int64_t *key;         /* by pair of the choice, from 0 */
    int64_t *take;        /* the same: of the walk at hand */
    int64_t *slot;        /* by month */
    uint32_t *latest;     /* by month, from 1 */
    uint32_t choice;      /* at hand */
    bool found;
    __int128 best, cap;   /* worth of the best found; the most of what was not looked through */
    uint32_t steps;       /* walks of this valuation */
    uint64_t walks;       /* counter */
};

/* Pairs and items of a lot; nothing is fixed, profits and charges are 0. STATUS_NO_MEMORY. */
int match_whole_init(const struct match_model *model, struct arena *arena, struct match_whole *whole);

/*
 * An upper bound on the profit of a choice before its fixed cost, and quantities that reach it: exact unless the search through lumps grew too
 * long. False where nothing keeps minimum order, bounds and states. whole->found says whether quantity holds an answer.
 */
bool match_whole_value(struct match_whole *whole, uint32_t choice, __int128 *value);

/* The pair of a choice and a line, or MATCH_NONE. */
uint32_t match_whole_pair(const struct match_whole *whole, uint32_t choice, uint32_t line);

#endif
