/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/target.h"

#include "broker/match/moves.h"
#include "proto/status.h"

int match_target_init(const struct match_model *model, struct arena *arena, struct match_target *target)
{
    target->choice = arena_array(arena, model->lot->offer_count, sizeof *target->choice);
    target->in = arena_array(arena, model->lump_count, 1);
    target->supplier = arena_array(arena, model->lump_count, sizeof *target->supplier);
    return target->choice && target->in && target->supplier ? STATUS_OK : STATUS_NO_MEMORY;
}

static uint32_t choice_in(const struct match_flow *flow, uint32_t offer)
{
    uint32_t slot = flow->slot_of[offer];
    return slot == MATCH_NONE ? MATCH_NONE : flow->slot_choice[slot];
}

uint32_t match_target_distance(const struct match_search *search, const struct match_target *target)
{
    uint32_t distance = 0;
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        distance += target->in[d] != search->flow.lump_in[d] ||
                    (target->in[d] && search->model.lumps[d].single && target->supplier[d] != search->flow.lump_supplier[d]);
    }
    for (uint32_t o = 0; o < search->model.lot->offer_count; o++) {
        distance += choice_in(&search->flow, o) != target->choice[o];
    }
    return distance;
}

/* Whether a lump has to leave before the offers change: the target does not have it so, or its supplier closes. */
static bool must_leave(const struct match_search *search, const struct match_target *target, uint32_t lump)
{
    const struct match_flow *flow = &search->trial;
    if (!flow->lump_in[lump]) {
        return false;
    }
    bool single = search->model.lumps[lump].single;
    uint32_t supplier = flow->lump_supplier[lump];
    if (!target->in[lump] || (single && supplier != target->supplier[lump])) {
        return true;
    }
    return single && choice_in(flow, supplier) != target->choice[supplier];
}

/* Opens all choices of a target in an empty flow at a time. */
static bool open_offers(struct match_search *search, const struct match_target *target)
{
    uint32_t count = 0;
    for (uint32_t o = 0; o < search->model.lot->offer_count; o++) {
        if (target->choice[o] != MATCH_NONE) {
            search->list[count++] = target->choice[o];
        }
    }
    return match_flow_open_all(&search->trial, search->list, count);
}

static bool change_offers(struct match_search *search, const struct match_target *target)
{
    struct match_flow *flow = &search->trial;
    if (!*flow->slot_limit) {
        return open_offers(search, target);
    }
    for (uint32_t o = 0; o < search->model.lot->offer_count; o++) {
        uint32_t now = choice_in(flow, o);
        if (now != MATCH_NONE && now != target->choice[o] && !match_flow_close(flow, o)) {
            return false;
        }
    }
    for (uint32_t o = 0; o < search->model.lot->offer_count; o++) {
        if (target->choice[o] != MATCH_NONE && choice_in(flow, o) == MATCH_NONE && !match_flow_open(flow, target->choice[o])) {
            return false;
        }
    }
    return true;
}

static bool reach_from(struct match_search *search, const struct match_target *target, bool exact)
{
    struct match_flow *flow = &search->trial;
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        if (must_leave(search, target, d) && !match_flow_lump_out(flow, d)) {
            return false;
        }
    }
    if (!change_offers(search, target)) {
        return false;
    }
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        if (!target->in[d] || flow->lump_in[d]) {
            continue;
        }
        if (!exact) {
            match_flow_copy(&search->spare, flow);
        }
        if (!match_flow_lump_in(flow, d, target->supplier[d], MATCH_GAIN_NEVER)) {
            if (exact) {
                return false;
            }
            match_flow_copy(flow, &search->spare);
        }
    }
    if (!exact) {
        match_lumps_settle(search, MATCH_NONE);
        match_close_short(search);
    }
    return match_flow_short(flow) == MATCH_NONE;
}

/* Whether a flow is the best under the terms in force: one made before multipliers moved is not, and no step from it would be. */
static bool made_under_terms(const struct match_flow *flow)
{
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        if (flow->slot_choice[s] != MATCH_NONE && flow->slot_version[s] != flow->terms->version) {
            return false;
        }
    }
    return true;
}

bool match_target_reach(struct match_search *search, const struct match_target *target, bool exact)
{
    match_flow_copy(&search->trial, &search->flow);
    if ((!exact || made_under_terms(&search->flow)) && reach_from(search, target, exact)) {
        return true;
    }
    match_flow_clear(&search->trial); /* a way through other sets may be barred: once more from nothing */
    return reach_from(search, target, exact);
}
