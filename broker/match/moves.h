/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_MOVES_H
#define BROKER_MATCH_MOVES_H

#include "broker/match/search.h"

/*
 * Changes of a plan: close offers, open choices, put lumps in or take them out. What a change frees or closes to a lump is
 * settled at once: single suppliers that closed let go of their lumps, and lumps that gain are put in.
 */

struct match_move {
    uint32_t close;      /* offer, or MATCH_NONE */
    uint32_t open;       /* choice, or MATCH_NONE; of the closed offer it is a change of tier */
    uint32_t lump_out;   /* or MATCH_NONE */
    uint32_t lump_in;    /* or MATCH_NONE; with lump_out the same lump: another supplier */
    uint32_t supplier;   /* of lump_in */
    __int128 most;       /* what it can gain at most by the prices; moves are tried by this */
};

/*
 * Makes a move in search->trial, which is a copy of the plan. False where it can't be made, or as soon as it is certain that it does not end
 * above beat (MATCH_GAIN_NEVER: any end will do); trial is then spoilt.
 */
bool match_move_apply(struct match_search *search, const struct match_move *move, __int128 beat);

/* Puts in every lump that is out and gains, best first, in search->trial. keep_out: a lump that stays out, or MATCH_NONE. */
void match_lumps_settle(struct match_search *search, uint32_t keep_out);

/* Builds search->flow once more from its choices and lumps, under the terms as they are now. */
void match_moves_rebuild(struct match_search *search);

/* Closes offers of search->trial that are short of their minimum order until none is. */
void match_close_short(struct match_search *search);

#endif
