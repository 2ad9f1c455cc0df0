/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/dive.h"

#include <stdlib.h>
#include <string.h>

#include "broker/match/branch.h"
#include "broker/match/node.h"
#include "broker/match/rank.h"
#include "proto/status.h"

#define STEPS 6        /* of prices, a round */
#define ROUNDS 24
#define SURE 0.9F      /* share from which a thing is decided */
#define UNLIKELY 0.02F /* share up to which it is decided against */
#define HALF 0.5F
#define PART 4         /* a round decides on a part of the open lumps */
#define LOSS 0.0002    /* of the bound, that a round may cost */
#define TURNS 8        /* single decisions that are tried the other way */

struct decision {
    uint32_t taken; /* lumps decided on */
    uint32_t open;  /* lumps that the mixture is not sure of */
    uint32_t lump;  /* the last that was taken though the mixture is not sure of it, or MATCH_NONE */
    uint32_t offer;
};

int match_dive_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena, struct match_dive *dive)
{
    int status = match_limits_init(model, arena, &dive->limits);
    status = status ? status : match_limits_init(model, arena, &dive->saved);
    dive->decided = arena_array(arena, model->lot->offer_count, 1);
    dive->price = arena_array(arena, model->line_count, sizeof *dive->price);
    dive->multiplier = arena_array(arena, ties->count, sizeof *dive->multiplier);
    if (!status && (!dive->decided || !dive->price || !dive->multiplier)) {
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

static int compare_ranks(const void *a, const void *b)
{
    const struct match_rank *x = a, *y = b;
    if (x->gain != y->gain) {
        return x->gain > y->gain ? -1 : 1;
    }
    return (x->index > y->index) - (x->index < y->index);
}

/* Decides on the lumps that the mixture is sure of, and on at most so many others, those with most at stake first. */
static struct decision decide_lumps(const struct match_search *search, struct match_dive *dive, uint32_t others)
{
    const struct match_model *model = &search->model;
    struct decision decision = {.lump = MATCH_NONE};
    uint32_t count = 0, offer;
    for (uint32_t d = 0; d < model->lump_count; d++) {
        if (!lump_open(search, dive, d)) {
            continue;
        }
        float share = lump_share(search, d, &offer);
        if (share >= SURE) {
            take_lump(search, dive, d, offer);
            decision.taken++;
        } else if (search->ascent.lump_used[d] <= UNLIKELY && dive->limits.lump_state[d] == MATCH_LUMP_FREE) {
            dive->limits.lump_state[d] = MATCH_LUMP_OUT;
        } else {
            double stake = (double)share * (double)model->lumps[d].total * (double)model->value[model->lumps[d].first_line];
            search->ranks[count++] = (struct match_rank){(__int128)stake, d};
        }
    }
    decision.open = count;
    qsort(search->ranks, count, sizeof *search->ranks, compare_ranks);
    for (uint32_t n = 0; n < count && n < others; n++) {
        lump_share(search, search->ranks[n].index, &offer);
        take_lump(search, dive, search->ranks[n].index, offer);
        decision.taken++;
        decision.lump = search->ranks[n].index;
        decision.offer = offer;
    }
    return decision;
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

static void save(const struct match_search *search, struct match_dive *dive)
{
    copy_limits(&search->model, &dive->saved, &dive->limits);
    memcpy(dive->price, search->dual.price, search->model.line_count * sizeof *dive->price);
    for (uint32_t t = 0; t < search->ties.count; t++) {
        dive->multiplier[t] = search->ties.ties[t].multiplier;
    }
}

static void go_back(struct match_search *search, struct match_dive *dive)
{
    copy_limits(&search->model, &dive->limits, &dive->saved);
    memcpy(search->dual.price, dive->price, search->model.line_count * sizeof *dive->price);
    for (uint32_t t = 0; t < search->ties.count; t++) {
        search->ties.ties[t].multiplier = dive->multiplier[t];
    }
    match_ties_apply(&search->ties);
}

/* Better prices under the limits so far; false where they cost more of the bound than a step should. */
static bool look(struct match_search *search, struct match_dive *dive, __int128 before)
{
    match_ascent_run(&search->walk, &dive->limits, &search->ties, match_branch_cutoff(search) - 1, STEPS, &search->dual, &search->ascent);
    return search->dual.bound != MATCH_NET_NEVER && search->dual.bound >= before - (__int128)((double)before * LOSS);
}

/* One round on lumps. False where none is open. */
static bool step_lumps(struct match_search *search, struct match_dive *dive)
{
    __int128 before = search->dual.bound;
    save(search, dive);
    struct decision made = decide_lumps(search, dive, 0);
    if (!made.taken && !made.open) {
        return false;
    }
    if (made.open) {
        go_back(search, dive);
        made = decide_lumps(search, dive, made.open / PART + 1);
    }
    if (look(search, dive, before) || made.taken == 0) {
        return true;
    }
    if (made.taken > 1) { /* too much at a time */
        go_back(search, dive);
        match_ascent_run(&search->walk, &dive->limits, &search->ties, match_branch_cutoff(search) - 1, 0, &search->dual, &search->ascent);
        made = decide_lumps(search, dive, 1);
        if (look(search, dive, before)) {
            return true;
        }
    }
    if (made.lump != MATCH_NONE && dive->turns < TURNS) { /* the other way */
        __int128 reached = search->dual.bound;
        bool only_pair = search->model.lumps[made.lump].single && search->ascent.lump_used[made.lump] > HALF && made.offer != MATCH_NONE;
        dive->turns++;
        go_back(search, dive);
        if (only_pair) {
            dive->limits.pair_barred[(size_t)made.lump * search->model.lot->offer_count + made.offer] = 1;
        } else {
            dive->limits.lump_state[made.lump] = MATCH_LUMP_OUT;
        }
        look(search, dive, before);
        if (search->dual.bound == MATCH_NET_NEVER || search->dual.bound < reached) {
            go_back(search, dive);
            take_lump(search, dive, made.lump, made.offer);
            look(search, dive, before);
        }
    }
    return true;
}

bool match_dive_run(struct match_search *search, struct match_dive *dive)
{
    const struct match_model *model = &search->model;
    copy_limits(model, &dive->limits, &search->strict);
    memset(dive->decided, 0, model->lot->offer_count);
    dive->turns = 0;
    bool lumps = true;
    for (int round = 0; round < ROUNDS; round++) {
        lumps = lumps && step_lumps(search, dive);
        if (!lumps) {
            if (!decide_offers(search, dive)) {
                break;
            }
            look(search, dive, 0);
        }
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
