/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_VALUE_H
#define BROKER_MATCH_VALUE_H

#include "broker/match/terms.h"

/*
 * What a choice is worth when every line has a price.
 *
 * With a price on each line's units the lot falls apart into offers. A choice then takes lines by falling profit
 * value - price - cost, each as late as its due month allows, until nothing pays (or, below its minimum order, until the minimum
 * is reached at the least loss). That is exact: cumulative capacities are nested, so the sets of units that can be made in
 * time are the independent sets of a matroid, and greedy is optimal (Edmonds 1971, Math. Program. 1, doi 10.1007/BF01584082).
 *
 * One order of lines by value - price serves all offers; freight and the price of a fund's money shift it by group. Groups that are
 * always shifted alike make a level. A walk deals lines out of that order to the levels of an offer, no further than it needs them, merges
 * the levels, and stops when the offer is full; the offer's tiers share what was dealt. Levels of few lines, mostly a supplier's own
 * country, would make it look far ahead: their lines are sorted apart.
 */

#define MATCH_RARE 64 /* lines of an offer that are sorted apart, at most */

struct match_use {
    uint32_t line;
    int64_t quantity;
};

/* Lines of one level of the offer at hand: places in the order. */
struct match_level {
    int64_t cost;
    int64_t profit;  /* of the line that comes next, or INT64_MIN */
    uint32_t head;   /* that line, or MATCH_NONE */
    uint32_t cursor; /* what stands before it in the chain */
    uint32_t tail;
};

/* A line of a level that is sorted apart. */
struct match_rare {
    uint32_t line, level;
};

struct match_walk {
    const struct match_model *model;
    const struct match_terms *terms;
    const uint8_t *active;        /* by line: 0 leaves it out; NULL: all take part */
    const uint32_t *only;         /* by lump: the one offer that may serve it, or MATCH_NONE; NULL: all MATCH_NONE */
    const uint8_t *pair_barred;   /* lump * offers + offer: 1 keeps the lump out; NULL: none */
    int64_t *key;                 /* by line: value - price */
    uint32_t *order;              /* lines by falling key */
    uint32_t order_count;
    uint32_t *merge;              /* scratch of the sort */
    int64_t *sorted_key;          /* key and class in that order */
    uint32_t *sorted_class;
    uint16_t *level_of;           /* offer * classes + class: level; level_count where it may not serve or that is sorted apart */
    uint32_t *level_count;        /* by offer */
    uint32_t *level_group;        /* by model->first_group[offer] + level: one of its groups */
    uint8_t *level_apart;         /* the same: 1 is sorted apart */
    struct match_rare *rare;      /* offer * MATCH_RARE + n: as last sorted */
    uint32_t *rare_count;         /* by offer */
    uint32_t *place_of;           /* by line: its place in the order, or MATCH_NONE */
    uint32_t offer;               /* that the levels below are for */
    uint32_t seen;                /* places of the order that were dealt */
    struct match_level *levels;
    uint32_t *next;               /* by place, then by level for what stands before its first: chains */
    int64_t *slot;                /* by month: free units */
    uint32_t *latest;             /* by month: union-find, latest month at or before it with a free unit, from 1; 0 none */
    int64_t *whole_slot;          /* choice * months + month: what slot and latest are at first */
    uint32_t *whole_latest;       /* choice * (months + 1) + month */
    struct match_use *uses;       /* of the last choice valued */
    uint32_t use_count;
    struct match_use *other_uses; /* a second list, for a caller that keeps one while it values the next choice */
};

int match_walk_init(const struct match_model *model, const struct match_terms *terms, struct arena *arena, struct match_walk *walk);

/* Takes prices in by line and sorts. Lines that are not active are left out. */
void match_walk_sort(struct match_walk *walk, const int64_t *prices);

/* Turns to an offer; then any of its choices may be valued. */
void match_walk_start(struct match_walk *walk, uint32_t offer);

/*
 * Most profit of a choice of the offer started, scaled, before its fixed cost; walk->uses then holds what it takes. False where its
 * minimum order can't be reached.
 */
bool match_walk_value(struct match_walk *walk, uint32_t choice, __int128 *value);

#endif
