/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_REPAIR_H
#define BROKER_MATCH_REPAIR_H

#include "broker/match/flow.h"
#include "broker/match/ties.h"

/*
 * Makes a plan keep the rules that tie awards together (funds, shares), unit by unit.
 *
 * The search charges these rules as prices, so its plan keeps them only nearly. Here units are dropped, moved to another offer, or
 * replaced, always what loses least objective for what it mends; then what gains without breaking a rule is done as long as something
 * does (what is left of a fund is spent). Minimum orders, lumps, output and the cover of one-off costs hold at every step. Prices of
 * the flow are not kept up: it serves as a plain record of awards.
 */

struct match_repair {
    const struct match_model *model;
    const struct match_ties *ties;
    struct match_flow *flow;
    __int128 *sum;       /* by tie: of the awards */
    __int128 *right;     /* by tie: most that the sum may be */
    __int128 *cover;     /* by slot: what ceilings leave above the one-off cost to be carried */
    double *pressure;    /* by slot: what a unit of its choice adds to the violation of shares */
    uint32_t fund_count; /* ties that are of funds; they stand before those of shares */
    uint32_t *tie_of;    /* by line: the tie of its fund, or MATCH_NONE */
    int64_t *share;      /* slot * ties + tie: what a unit of its choice adds to a share's row */
    int64_t *value;      /* by line: of a unit, cents */
    int64_t *margin;     /* by slot: what its choice's price counts less in the objective than it is */
    double *per_unit;    /* by tie: 1 / its scale */
    int64_t *room;       /* by tie: what its row has left; negative where it is broken */
    uint32_t *lacking;   /* lines with units unserved */
    uint32_t lacking_count;
    uint64_t work;       /* exchanges looked at; every call has a budget */
    uint64_t budget;
};

/* STATUS_NO_MEMORY. right starts as the rows' own. */
int match_repair_init(const struct match_model *model, const struct match_ties *ties, uint32_t slot_most, struct arena *arena,
                      struct match_repair *repair);

/* Turns to a flow: adds up sums and cover. */
void match_repair_start(struct match_repair *repair, struct match_flow *flow);

/* The first slot whose one-off cost is not covered, or MATCH_NONE. */
uint32_t match_repair_uncovered(const struct match_repair *repair);

/* Mends until every row holds and every one-off cost is covered. False where no exchange mends any more. */
bool match_repair_mend(struct match_repair *repair);

/* Does what gains and breaks nothing. */
void match_repair_gain(struct match_repair *repair);

/*
 * The best single unit of a line that can be added without breaking a row, free or in the place of another unit: *gain is
 * what it adds, mostly a loss. take: does it. False where there is none.
 */
bool match_repair_line(struct match_repair *repair, uint32_t line, bool take, int64_t *gain);

/* Whether all rows hold. */
bool match_repair_holds(const struct match_repair *repair);

#endif
