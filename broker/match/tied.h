/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_TIED_H
#define BROKER_MATCH_TIED_H

#include "broker/match/master.h"
#include "broker/match/search.h"

/*
 * The best awards for given choices and lumps under rows that tie awards together (funds, shares).
 *
 * Without the rows this is a flow (flow.h); with a price on each row it still is. So flows at several prices are made, and a small
 * linear program finds the mix of them that keeps the rows and is worth most, and the next prices to ask at (master.h). Where prices
 * and mix meet, the mix is the best that can be had with fractions; rounded down to whole units it is nearly so, and what rounding
 * left over is spent unit by unit (repair.h).
 *
 * The worth of the flow at any prices, plus price times right side, is at most what the mix can reach at best: so a change of choices can
 * be refused at the first prices at which it is worth less than what is known.
 */

struct match_part {
    uint32_t line;
    uint32_t offer;
    int64_t quantity;
};

struct match_tied {
    struct match_search *search;
    const __int128 *right;   /* by tie: what the rows may be */
    uint32_t *choices;       /* fixed: those open */
    uint32_t choice_count;
    uint32_t *lumps;         /* fixed: those in, and their suppliers */
    uint32_t *suppliers;
    uint32_t lump_count;
    uint32_t column_count;   /* flows at hand */
    uint32_t part_count[MATCH_MASTER_COLUMNS];
    struct match_part *parts[MATCH_MASTER_COLUMNS];
    uint32_t part_most;
    double *sum;             /* column * ties + tie */
    uint32_t rows[MATCH_MASTER_ROWS]; /* ties that are rows of the program */
    double *center, *reach;  /* by tie: the box of prices */
    double *mix;             /* line * offers open + offer: scratch of rounding */
    uint32_t *place;         /* by offer: place among those open */
    struct match_master master;
    uint64_t builds, build_most; /* flows made, and how many may be */
    double value;            /* worth of the mix in cents, with breaches charged at the highest price */
};

/* STATUS_NO_MEMORY. */
int match_tied_init(struct match_search *search, struct arena *arena, struct match_tied *tied);

/* Fixes choices and lumps as they are in a flow, which is the best for them at the multipliers in force; forgets the flows at hand. */
void match_tied_take(struct match_tied *tied, const struct match_flow *flow);

/*
 * Solves, from the multipliers as they are. flow: the one taken, or a copy of what a solve before this one left; steps: most flows to make.
 * Ends early, with false, where it is worth no more than cut cents, or where choices and lumps can't be had together. On true flow is
 * the one at the best multipliers, which are set, and tied->value is the worth.
 */
bool match_tied_solve(struct match_tied *tied, struct match_flow *flow, double cut, uint32_t steps);

/*
 * Makes flow, one that match_tied_solve left, the mix in whole units: a record of awards for match_repair_*. False where minimums can't
 * be kept.
 */
bool match_tied_round(struct match_tied *tied, struct match_flow *flow);

#endif
