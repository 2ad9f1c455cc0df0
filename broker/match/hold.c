/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/hold.h"

#include <string.h>

#include "broker/match/keep.h"
#include "broker/match/money.h"
#include "broker/match/moves.h"
#include "broker/match/parallel.h"
#include "proto/status.h"

#define LOT_MEMORY ((size_t)1 << 32)

int match_hold_init(struct match_joint *joint, struct arena *arena)
{
    uint32_t lots = joint->market->lot_count, funds = joint->market->fund_count, spaces = joint->control->options->threads;
    spaces = spaces > MATCH_PARALLEL_MOST ? MATCH_PARALLEL_MOST : spaces < 1 ? 1 : spaces;
    pthread_mutex_init(&joint->lock, NULL);
    joint->lots = arena_array(arena, lots, sizeof *joint->lots);
    joint->spaces = arena_array(arena, spaces, sizeof *joint->spaces);
    joint->free_spaces = arena_array(arena, spaces, sizeof *joint->free_spaces);
    joint->price = arena_array(arena, funds, sizeof *joint->price);
    joint->left = arena_array(arena, funds, sizeof *joint->left);
    if (!joint->lots || !joint->spaces || !joint->free_spaces || !joint->price || !joint->left) {
        joint->lots = NULL;
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < lots; l++) {
        arena_init(&joint->lots[l].arena, LOT_MEMORY);
        joint->lots[l].plan.bound = INT64_MAX;
    }
    for (uint32_t n = 0; n < spaces; n++) {
        arena_init(&joint->spaces[n], LOT_MEMORY);
        joint->free_spaces[joint->free_count++] = n;
    }
    return STATUS_OK;
}

void match_hold_drop(struct match_joint *joint)
{
    for (uint32_t l = 0; joint->lots && l < joint->market->lot_count; l++) {
        arena_drop(&joint->lots[l].arena);
    }
    for (uint32_t n = 0; joint->lots && n < joint->free_count; n++) {
        arena_drop(&joint->spaces[n]);
    }
    pthread_mutex_destroy(&joint->lock);
}

static struct arena *take_space(struct match_joint *joint)
{
    pthread_mutex_lock(&joint->lock);
    struct arena *space = &joint->spaces[joint->free_spaces[--joint->free_count]];
    pthread_mutex_unlock(&joint->lock);
    return space;
}

static void give_space(struct match_joint *joint, struct arena *space)
{
    arena_rewind(space);
    pthread_mutex_lock(&joint->lock);
    joint->free_spaces[joint->free_count++] = (uint32_t)(space - joint->spaces);
    pthread_mutex_unlock(&joint->lock);
}

/* Room for what is held, the first time a lot is opened. */
static int hold_first(const struct match_joint *joint, const struct match_search *search, struct match_held *held)
{
    const struct match_model *model = &search->model;
    uint32_t offers = model->lot->offer_count;
    held->price = arena_array(&held->arena, model->line_count, sizeof *held->price);
    held->choice = arena_array(&held->arena, offers, sizeof *held->choice);
    held->lump_in = arena_array(&held->arena, model->lump_count, 1);
    held->lump_supplier = arena_array(&held->arena, model->lump_count, sizeof *held->lump_supplier);
    held->avoid = arena_array(&held->arena, model->choice_count, 1);
    held->multiplier = arena_array(&held->arena, search->ties.count, sizeof *held->multiplier);
    held->spent = arena_array(&held->arena, joint->market->fund_count, sizeof *held->spent);
    held->shift = model->shift;
    return held->price && held->choice && held->lump_in && held->lump_supplier && held->avoid && held->multiplier && held->spent
               ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Marks in the flow what its plan used; match_moves_rebuild makes it of these marks. */
static void recall_plan(const struct match_held *held, struct match_search *search)
{
    struct match_flow *flow = &search->flow;
    uint32_t slot = 0;
    for (uint32_t o = 0; o < search->model.lot->offer_count; o++) {
        flow->slot_of[o] = held->choice[o] == MATCH_NONE ? MATCH_NONE : slot;
        if (held->choice[o] != MATCH_NONE) {
            flow->slot_choice[slot++] = held->choice[o];
        }
    }
    memcpy(flow->lump_in, held->lump_in, search->model.lump_count);
    memcpy(flow->lump_supplier, held->lump_supplier, search->model.lump_count * sizeof *held->lump_supplier);
    match_moves_rebuild(search);
}

int match_hold_open(struct match_joint *joint, uint32_t lot, bool flow, struct match_search *search)
{
    struct match_held *held = &joint->lots[lot];
    struct arena *space = take_space(joint);
    int status = match_search_init(joint->market, lot, true, space, search);
    search->arena = space;
    search->control = joint->control;
    search->joint = true;
    if (status) {
        return status;
    }
    match_search_budget(search, joint->control->options);
    search->best = held->plan;
    if (!held->price) {
        return hold_first(joint, search, held);
    }
    memcpy(search->dual.price, held->price, search->model.line_count * sizeof *held->price);
    memcpy(search->avoid, held->avoid, search->model.choice_count);
    for (uint32_t t = 0; t < search->ties.count; t++) {
        search->ties.ties[t].multiplier = held->multiplier[t];
    }
    match_money_apply(joint, search);
    search->joint_bound = held->joint_bound;
    if (flow) {
        recall_plan(held, search);
    }
    return STATUS_OK;
}

int match_hold_close(struct match_joint *joint, uint32_t lot, struct match_search *search, int status)
{
    struct match_held *held = &joint->lots[lot];
    struct match_flow *flow = &search->flow;
    if (!status) {
        memcpy(held->price, search->dual.price, search->model.line_count * sizeof *held->price);
        memcpy(held->avoid, search->avoid, search->model.choice_count);
        for (uint32_t o = 0; o < search->model.lot->offer_count; o++) {
            held->choice[o] = flow->slot_of[o] == MATCH_NONE ? MATCH_NONE : flow->slot_choice[flow->slot_of[o]];
        }
        memcpy(held->lump_in, flow->lump_in, search->model.lump_count);
        memcpy(held->lump_supplier, flow->lump_supplier, search->model.lump_count * sizeof *held->lump_supplier);
        for (uint32_t t = 0; t < search->ties.count; t++) {
            held->multiplier[t] = search->ties.ties[t].multiplier;
        }
        held->joint_bound = search->joint_bound;
        held->worth = search->worth;
        const struct match_award *awards = held->plan.awards;
        held->plan = search->best;
        status = held->plan.awards == awards ? STATUS_OK : match_plan_keep(&held->arena, &held->plan);
    }
    give_space(joint, search->arena);
    return status;
}
