/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_BUNDLE_H
#define BROKER_MATCH_BUNDLE_H

#include "broker/match/bound.h"
#include "broker/match/ties.h"

/*
 * What the evaluations of a lot's bound have taught: the answers that offers and lumps have given to prices.
 *
 * At given prices the bound is a sum over blocks: each offer answers with its best choice and whom it serves, each lump with what it
 * would pay for, all other lines with all or nothing. A block's part is the greatest of linear functions of prices, one for each
 * answer it can give; those that were seen bound it from below. The bundle keeps them by block, and finds the prices that do best
 * against all of them without going far from a center (proximal bundle method with the pieces kept apart: Lemarechal 1978, IIASA
 * Proceedings 3; Kiwiel 1990, Math. Program. 46, doi 10.1007/BF01585731; Frangioni 2002, SIAM J. Optim. 13, doi
 * 10.1137/S1052623498342186). By duality each block mixes its answers; prices follow the units that mixtures
 * want less those they serve. Where nothing is left to move the mixtures solve the linear relaxation, and their shares say how much
 * of each choice, lump and pair it uses.
 *
 * An answer holds in every part of the search tree whose limits it keeps, so answers found at one node serve at others.
 *
 * A dimension is a line's price, a row's multiplier, or the bonus of offers taken. Share rules charge all units of a choice alike, so an answer needs no parts for them. Lengths are measured with a line's quantity as weight: a price that many
 * units hang on moves less. Floating point only finds prices; the bound of any prices is exact.
 */

struct match_part_answer {
    uint32_t dimension;
    double amount; /* what a unit of its price adds to the answer's worth: units wanted, or less units served */
};

struct match_answer {
    uint32_t block;  /* offer, or offers + lump */
    uint32_t choice; /* of an offer; MATCH_NONE: not used. Of a lump: 0, or MATCH_NONE for out */
    uint32_t first, count; /* of its parts */
    uint32_t next;   /* of its block, or MATCH_NONE */
    uint32_t next_near; /* of its block: the next allowed one that has a share or may soon, or MATCH_NONE */
    uint32_t last;   /* when it last had a share */
    double constant; /* worth at prices and multipliers of 0 */
    double units;    /* of an offer's: units it makes, which share rules charge */
    double share;    /* in its block's mixture */
    double worth;    /* at the prices at hand */
    bool allowed;    /* under the limits at hand */
};

struct match_bundle {
    const struct match_model *model;
    uint32_t lines, ties, dimensions; /* lines, then ties, then the bonus of offers */
    uint32_t offers, blocks;
    struct match_answer *answers; /* first the one of each block that does nothing */
    uint32_t answer_count, answer_most;
    struct match_part_answer *parts;
    uint32_t part_count, part_most;
    uint32_t *head;     /* by block: its answers */
    uint32_t *near;     /* by block: those near */
    double *weight;     /* by dimension */
    double *step;       /* by dimension: what a unit in sum takes off its price, at the factor at hand; 0: fixed */
    double *least;      /* by dimension: of its price */
    double *base;       /* by dimension: units that are wanted whatever blocks answer; right sides */
    double *sum;        /* by dimension: base, and the mixtures' amounts */
    double *center;     /* by dimension */
    double *price;      /* by dimension */
    double *change;     /* by dimension: scratch, 0 between uses */
    uint32_t *touched;  /* scratch: dimensions changed */
    uint8_t *kind;      /* by dimension */
    double *charge;     /* choice * ties + tie: of a unit, for a share rule */
    uint32_t *rows;     /* scratch: ties whose rules may bind */
    uint32_t row_count;
    uint32_t now;
};

int match_bundle_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena, struct match_bundle *bundle);

/* Lets the answers that keep the limits take part, NULL: all; reads from the ties which multipliers may move. */
void match_bundle_begin(struct match_bundle *bundle, const struct match_limits *limits, const struct match_ties *ties);

/*
 * Adds what the blocks answered at the point just evaluated, as far as it is new. Returns the sum of the new answers' worth at the
 * center with all that is wanted anyway: what the bound is there, as seen from that point; never above it.
 */
double match_bundle_add(struct match_bundle *bundle, const struct match_ties *ties, const struct match_dual *dual);

/* Makes the point just evaluated the center. */
void match_bundle_center(struct match_bundle *bundle, const struct match_ties *ties, const struct match_dual *dual);

/*
 * Finds the prices for the given length factor, and sets those of dual and the multipliers that may move. Returns what the answers say
 * that the bound is there, at least.
 */
double match_bundle_solve(struct match_bundle *bundle, double factor, double best, struct match_ties *ties, struct match_dual *dual);

#endif
