/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/moves.h"

#include <stdlib.h>

#include "broker/match/rank.h"

static int compare_ranks(const void *a, const void *b)
{
    const struct match_rank *x = a, *y = b;
    if (x->gain != y->gain) {
        return x->gain > y->gain ? -1 : 1;
    }
    return (x->index > y->index) - (x->index < y->index);
}

void match_lumps_settle(struct match_search *search, uint32_t keep_out)
{
    struct match_flow *flow = &search->trial;
    uint32_t count = 0;
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        uint32_t supplier;
        if (flow->lump_in[d] || d == keep_out || search->limits.lump_state[d] == MATCH_LUMP_OUT) {
            continue;
        }
        __int128 gain = match_flow_lump_gain(flow, d, search->limits.only[d], MATCH_NONE, &supplier, NULL);
        if (gain > 0) {
            search->ranks[count++] = (struct match_rank){gain, d};
        }
    }
    qsort(search->ranks, count, sizeof *search->ranks, compare_ranks);
    for (uint32_t n = 0; n < count; n++) {
        uint32_t d = search->ranks[n].index, supplier;
        if (match_flow_lump_gain(flow, d, search->limits.only[d], MATCH_NONE, &supplier, NULL) <= 0) {
            continue;
        }
        match_flow_copy(&search->spare, flow);
        if (!match_flow_lump_in(flow, d, supplier, 0) || flow->gained <= 0) {
            match_flow_copy(flow, &search->spare);
        }
    }
}

/* Takes out the lumps whose single supplier is about to close. */
static bool release_lumps(struct match_search *search, uint32_t offer)
{
    struct match_flow *flow = &search->trial;
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        if (flow->lump_in[d] && search->model.lumps[d].single && flow->lump_supplier[d] == offer && !match_flow_lump_out(flow, d)) {
            return false;
        }
    }
    return true;
}

/*
 * The most that a flow which is optimal for its choices and lumps could end at with lumps that are out, above beat; MATCH_GAIN_NEVER says
 * nothing: an offer is short. Rents only rise as units are pushed in, so this holds until some fall.
 */
static __int128 hope_of(const struct match_search *search, const struct match_move *move, __int128 beat)
{
    const struct match_flow *flow = &search->trial;
    __int128 worth = match_flow_worth(flow);
    if (worth == MATCH_GAIN_NEVER) {
        return MATCH_GAIN_NEVER;
    }
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        uint32_t supplier;
        if (!flow->lump_in[d] && d != move->lump_in && d != move->lump_out && search->limits.lump_state[d] != MATCH_LUMP_OUT) {
            __int128 gain = match_flow_lump_gain(flow, d, search->limits.only[d], MATCH_NONE, &supplier, NULL);
            worth += gain > 0 ? gain : 0;
        }
    }
    return worth - beat;
}

/* Closes the offer of a move; watched: nothing that could gain comes after it but lumps. */
static bool close_offer(struct match_search *search, const struct match_move *move, bool watched, __int128 beat)
{
    struct match_flow *flow = &search->trial;
    __int128 hope = watched && beat != MATCH_GAIN_NEVER ? hope_of(search, move, beat) : MATCH_GAIN_NEVER;
    flow->hoping = hope != MATCH_GAIN_NEVER;
    flow->hope = flow->hoping ? hope + match_flow_close_gain(flow, move->close) : 0;
    bool closed = !(flow->hoping && flow->hope <= 0) && match_flow_close(flow, move->close);
    flow->hoping = false;
    return closed;
}

static bool put_lump_in(struct match_search *search, const struct match_move *move, __int128 beat)
{
    __int128 hope = beat != MATCH_GAIN_NEVER ? hope_of(search, move, beat) : MATCH_GAIN_NEVER;
    return match_flow_lump_in(&search->trial, move->lump_in, move->supplier, hope == MATCH_GAIN_NEVER ? hope : -hope);
}

bool match_move_apply(struct match_search *search, const struct match_move *move, __int128 beat)
{
    struct match_flow *flow = &search->trial;
    if (move->lump_out != MATCH_NONE && !match_flow_lump_out(flow, move->lump_out)) {
        return false;
    }
    bool swap = move->close != MATCH_NONE && move->open != MATCH_NONE && search->model.choices[move->open].offer != move->close;
    if (move->close != MATCH_NONE && !release_lumps(search, move->close)) {
        return false;
    }
    if (swap && !match_flow_open(flow, move->open)) { /* first, so that what closes finds its places */
        return false;
    }
    if (move->close != MATCH_NONE && !close_offer(search, move, swap || move->open == MATCH_NONE, beat)) {
        return false;
    }
    if (move->open != MATCH_NONE && !swap && !match_flow_open(flow, move->open)) {
        return false;
    }
    if (move->lump_in != MATCH_NONE && !put_lump_in(search, move, beat)) {
        return false;
    }
    match_lumps_settle(search, move->lump_in == MATCH_NONE ? move->lump_out : MATCH_NONE);
    return true;
}

void match_close_short(struct match_search *search)
{
    uint32_t offer;
    while ((offer = match_flow_short(&search->trial)) != MATCH_NONE) {
        struct match_move move = {offer, MATCH_NONE, MATCH_NONE, MATCH_NONE, MATCH_NONE, 0};
        if (!match_move_apply(search, &move, MATCH_GAIN_NEVER)) {
            match_flow_clear(&search->trial);
        }
    }
}

void match_moves_rebuild(struct match_search *search)
{
    const struct match_flow *from = &search->flow;
    uint32_t count = 0;
    match_flow_clear(&search->trial);
    for (uint32_t o = 0; o < search->model.lot->offer_count; o++) {
        if (from->slot_of[o] != MATCH_NONE && !search->avoid[from->slot_choice[from->slot_of[o]]]) {
            search->list[count++] = from->slot_choice[from->slot_of[o]];
        }
    }
    if (!match_flow_open_all(&search->trial, search->list, count)) {
        match_flow_clear(&search->trial);
    }
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        if (from->lump_in[d]) {
            match_flow_copy(&search->spare, &search->trial);
            if (!match_flow_lump_in(&search->trial, d, from->lump_supplier[d], MATCH_GAIN_NEVER)) {
                match_flow_copy(&search->trial, &search->spare);
            }
        }
    }
    match_lumps_settle(search, MATCH_NONE);
    match_close_short(search);
    match_flow_copy(&search->flow, &search->trial);
    search->worth = match_flow_worth(&search->flow);
}
