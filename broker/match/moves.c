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
        flow->gained = 0;
        if (!match_flow_lump_in(flow, d, supplier) || flow->gained <= 0) {
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

bool match_move_apply(struct match_search *search, const struct match_move *move)
{
    struct match_flow *flow = &search->trial;
    if (move->lump_out != MATCH_NONE && !match_flow_lump_out(flow, move->lump_out)) {
        return false;
    }
    if (move->close != MATCH_NONE && (!release_lumps(search, move->close) || !match_flow_close(flow, move->close))) {
        return false;
    }
    if (move->open != MATCH_NONE && !match_flow_open(flow, move->open)) {
        return false;
    }
    if (move->lump_in != MATCH_NONE && !match_flow_lump_in(flow, move->lump_in, move->supplier)) {
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
        if (!match_move_apply(search, &move)) {
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
            if (!match_flow_lump_in(&search->trial, d, from->lump_supplier[d])) {
                match_flow_copy(&search->trial, &search->spare);
            }
        }
    }
    match_lumps_settle(search, MATCH_NONE);
    match_close_short(search);
    match_flow_copy(&search->flow, &search->trial);
    search->worth = match_flow_worth(&search->flow);
}
