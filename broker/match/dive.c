/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/dive.h"

#include <string.h>

#include "broker/match/branch.h"
#include "broker/match/node.h"
#include "proto/status.h"

#define STEPS 6        /* of prices, a round */
#define ROUNDS 24
#define SURE 0.9F      /* share from which a thing is decided */
#define UNLIKELY 0.02F /* share up to which it is decided against */
#define HALF 0.5F

int match_dive_init(const struct match_model *model, struct arena *arena, struct match_dive *dive)
{
    int status = match_limits_init(model, arena, &dive->limits);
    dive->decided = arena_array(arena, model->lot->offer_count, 1);
    if (!status && !dive->decided) {
        status = STATUS_NO_MEMORY;
    }
    return status ? status : match_target_init(model, arena, &dive->target);
}

static void copy_limits(const struct match_model *model, struct match_limits *to, const struct match_limits *from)
{
    memcpy(to->barred, from->barred, model->choice_count);
    memcpy(to->forced, from->forced, model->lot->offer_count);
    memcpy(to->lump_state, from->lump_state, model->lump_count);
    memcpy(to->only, from->only, model->lump_count * sizeof *to->only);
    memcpy(to->pair_barred, from->pair_barred, match_limits_pairs(model));
}

/* The offer with most of a single-supplier lump in the mixture, and its share. */
static float top_supplier(const struct match_search *search, uint32_t lump, uint32_t *offer)
{
    uint32_t offers = search->model.lot->offer_count;
    float most = 0;
    *offer = MATCH_NONE;
    for (uint32_t o = 0; o < offers && search->ascent.keeps_pairs; o++) {
        float share = search->ascent.pair_used[(size_t)lump * offers + o];
        if (share > most) {
            most = share;
            *offer = o;
        }
    }
    return most;
}

static bool lump_open(const struct match_search *search, const struct match_dive *dive, uint32_t lump)
{
    enum match_lump_state state = (enum match_lump_state)dive->limits.lump_state[lump];
    bool bound = !search->model.lumps[lump].single || !search->ascent.keeps_pairs || dive->limits.only[lump] != MATCH_NONE;
    return state == MATCH_LUMP_FREE || (state == MATCH_LUMP_IN && !bound);
}

static void take_lump(const struct match_search *search, struct match_dive *dive, uint32_t lump, uint32_t offer)
{
    dive->limits.lump_state[lump] = MATCH_LUMP_IN;
    if (search->model.lumps[lump].single && offer != MATCH_NONE) {
        dive->limits.only[lump] = offer;
    }
}

/* How far the mixture is decided on a lump: its share, of one supplier where it wants one. */
static float lump_share(const struct match_search *search, uint32_t lump, uint32_t *offer)
{
    *offer = MATCH_NONE;
    return search->model.lumps[lump].single && search->ascent.keeps_pairs ? top_supplier(search, lump, offer)
                                                                          : search->ascent.lump_used[lump];
}

/* Decides on lumps; at least on the one with most at stake that is nearest. False where none is open. */
static bool decide_lumps(const struct match_search *search, struct match_dive *dive)
{
    const struct match_model *model = &search->model;
    uint32_t best = MATCH_NONE, best_offer = MATCH_NONE, offer;
    double most = -1;
    bool open = false, decided = false;
    for (uint32_t d = 0; d < model->lump_count; d++) {
        if (!lump_open(search, dive, d)) {
            continue;
        }
        open = true;
        float share = lump_share(search, d, &offer);
        if (share >= SURE) {
            take_lump(search, dive, d, offer);
            decided = true;
        } else if (search->ascent.lump_used[d] <= UNLIKELY && dive->limits.lump_state[d] == MATCH_LUMP_FREE) {
            dive->limits.lump_state[d] = MATCH_LUMP_OUT;
        } else {
            double stake = (double)share * (double)model->lumps[d].total * (double)model->value[model->lumps[d].first_line];
            if (stake > most) {
                most = stake;
                best = d;
                best_offer = offer;
            }
        }
    }
    if (!decided && best != MATCH_NONE) {
        take_lump(search, dive, best, best_offer);
    }
    return open && best != MATCH_NONE;
}

static void take_choice(const struct match_model *model, struct match_dive *dive, uint32_t choice)
{
    uint32_t offer = model->choices[choice].offer;
    for (uint32_t c = model->first_choice[offer]; c < model->first_choice[offer + 1]; c++) {
        dive->limits.barred[c] = c == choice ? dive->limits.barred[c] : 1;
    }
    dive->limits.forced[offer] = 1;
    dive->decided[offer] = 1;
}

static void leave_offer(const struct match_model *model, struct match_dive *dive, uint32_t offer)
{
    memset(dive->limits.barred + model->first_choice[offer], 1, model->first_choice[offer + 1] - model->first_choice[offer]);
    dive->decided[offer] = 1;
}

/* Decides on offers the same way. False where none is open. */
static bool decide_offers(const struct match_search *search, struct match_dive *dive)
{
    const struct match_model *model = &search->model;
    uint32_t best = MATCH_NONE;
    float most = -1;
    bool decided = false;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        if (dive->decided[o]) {
            continue;
        }
        float used = 0;
        uint32_t top = MATCH_NONE;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            if (!dive->limits.barred[c]) {
                used += search->ascent.used[c];
                top = top == MATCH_NONE || search->ascent.used[c] > search->ascent.used[top] ? c : top;
            }
        }
        if (top == MATCH_NONE || (used <= UNLIKELY && !dive->limits.forced[o])) {
            dive->decided[o] = 1;
        } else if (search->ascent.used[top] >= SURE) {
            take_choice(model, dive, top);
            decided = true;
        } else if (search->ascent.used[top] > most) {
            most = search->ascent.used[top];
            best = top;
        }
    }
    if (!decided && best != MATCH_NONE && most >= HALF) {
        take_choice(model, dive, best);
    } else if (!decided && best != MATCH_NONE) {
        uint32_t offer = model->choices[best].offer;
        if (dive->limits.forced[offer]) {
            take_choice(model, dive, best);
        } else {
            leave_offer(model, dive, offer);
        }
    }
    return best != MATCH_NONE;
}

/* The choices and lumps that the dive ends with. */
static void set_target(const struct match_search *search, struct match_dive *dive)
{
    const struct match_model *model = &search->model;
    struct match_target *target = &dive->target;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        float used = 0;
        uint32_t top = MATCH_NONE;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            if (!dive->limits.barred[c] && !search->avoid[c]) {
                used += search->ascent.used[c];
                top = top == MATCH_NONE || search->ascent.used[c] > search->ascent.used[top] ? c : top;
            }
        }
        target->choice[o] = dive->limits.forced[o] || used >= HALF ? top : MATCH_NONE;
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        uint32_t offer;
        float share = lump_share(search, d, &offer);
        target->in[d] = dive->limits.lump_state[d] == MATCH_LUMP_IN || (dive->limits.lump_state[d] == MATCH_LUMP_FREE && share >= HALF);
        target->supplier[d] = !model->lumps[d].single ? MATCH_NONE : dive->limits.only[d] != MATCH_NONE ? dive->limits.only[d] : offer;
        if (model->lumps[d].single && (target->supplier[d] == MATCH_NONE || target->choice[target->supplier[d]] == MATCH_NONE)) {
            target->in[d] = 0;
        }
    }
}

bool match_dive_run(struct match_search *search, struct match_dive *dive)
{
    const struct match_model *model = &search->model;
    copy_limits(model, &dive->limits, &search->strict);
    memset(dive->decided, 0, model->lot->offer_count);
    bool lumps = true;
    for (int round = 0; round < ROUNDS; round++) {
        if (lumps && !decide_lumps(search, dive)) {
            lumps = false;
        }
        if (!lumps && !decide_offers(search, dive)) {
            break;
        }
        match_ascent_run(&search->walk, &dive->limits, &search->ties, match_branch_cutoff(search) - 1, STEPS, &search->dual, &search->ascent);
        if (search->dual.bound == MATCH_NET_NEVER) {
            break;
        }
        if (search->dual.bound < match_branch_cutoff(search)) {
            return false;
        }
    }
    set_target(search, dive);
    return match_target_reach(search, &dive->target, false);
}
