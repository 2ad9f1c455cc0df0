/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/dive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "broker/match/branch.h"
#include "broker/match/node.h"
#include "proto/status.h"

#define ROUNDS 60
#define LOOKS 90       /* after which nothing is taken back any more */
#define SURE 0.99F     /* share from which a thing is decided */
#define UNLIKELY 0.02F /* share up to which it is decided against */
#define HALF 0.5F
#define WAYS 5         /* of making one decision */
#define MORE_WAYS 8    /* of placing a lump, where each of these costs much */
#define MUCH 0.001     /* of the bound */
#define PART 4         /* a round decides on a part of what is open */
#define LOSS 0.0002    /* of the bound, that a round may cost at first */

int match_dive_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena, struct match_dive *dive)
{
    int status = match_limits_init(model, arena, &dive->limits);
    status = status ? status : match_limits_init(model, arena, &dive->saved);
    dive->decided = arena_array(arena, model->lot->offer_count, 1);
    dive->price = arena_array(arena, model->line_count, sizeof *dive->price);
    dive->multiplier = arena_array(arena, ties->count, sizeof *dive->multiplier);
    dive->decisions = arena_array(arena, (size_t)model->lump_count + model->lot->offer_count, sizeof *dive->decisions);
    if (!status && (!dive->decided || !dive->price || !dive->multiplier || !dive->decisions)) {
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

/* How far the mixture is decided on a lump: its share, of one supplier where it wants one. */
static float lump_share(const struct match_search *search, uint32_t lump, uint32_t *offer)
{
    *offer = MATCH_NONE;
    return search->model.lumps[lump].single && search->ascent.keeps_pairs ? top_supplier(search, lump, offer)
                                                                          : search->ascent.lump_used[lump];
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

static void carry_out(const struct match_search *search, struct match_dive *dive, const struct match_decision *decision)
{
    if (!decision->lump && decision->in) {
        take_choice(&search->model, dive, decision->with);
    } else if (!decision->lump) {
        leave_offer(&search->model, dive, decision->index);
    } else {
        dive->limits.lump_state[decision->index] = decision->in ? MATCH_LUMP_IN : MATCH_LUMP_OUT;
        if (decision->in && search->model.lumps[decision->index].single && decision->with != MATCH_NONE) {
            dive->limits.only[decision->index] = decision->with;
        }
    }
}

static int compare_decisions(const void *a, const void *b)
{
    const struct match_decision *x = a, *y = b;
    if (x->stake < y->stake || x->stake > y->stake) {
        return x->stake > y->stake ? -1 : 1;
    }
    return (x->index > y->index) - (x->index < y->index);
}

static void list_lumps(const struct match_search *search, struct match_dive *dive)
{
    const struct match_model *model = &search->model;
    for (uint32_t d = 0; d < model->lump_count; d++) {
        if (!lump_open(search, dive, d)) {
            continue;
        }
        struct match_decision decision = {.lump = true, .index = d, .in = true};
        float share = lump_share(search, d, &decision.with);
        bool out = search->ascent.lump_used[d] <= UNLIKELY && dive->limits.lump_state[d] == MATCH_LUMP_FREE;
        decision.in = !out;
        decision.sure = out || share >= SURE;
        decision.stake = (double)(out ? UNLIKELY : share) * (double)model->lumps[d].total * (double)model->value[model->lumps[d].first_line];
        dive->decisions[dive->count++] = decision;
    }
}

/* Offers; those that the mixture hardly uses are left open as long as others are decided, for they may come back. */
static void list_offers(const struct match_search *search, struct match_dive *dive)
{
    const struct match_model *model = &search->model;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        float used = 0;
        uint32_t top = MATCH_NONE;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1] && !dive->decided[o]; c++) {
            if (!dive->limits.barred[c]) {
                used += search->ascent.used[c];
                top = top == MATCH_NONE || search->ascent.used[c] > search->ascent.used[top] ? c : top;
            }
        }
        if (top == MATCH_NONE || (used <= UNLIKELY && !dive->limits.forced[o])) {
            continue;
        }
        float share = search->ascent.used[top];
        bool in = share >= HALF || dive->limits.forced[o];
        dive->decisions[dive->count++] = (struct match_decision){.index = o, .with = top, .in = in, .sure = share >= SURE,
                                                                 .stake = (double)(in ? share : 1 - share)};
    }
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
    dive->looks++;
    match_ascent_run(&search->walk, &dive->limits, &search->ties, match_branch_cutoff(search) - 1, search->dive_steps, &search->dual, &search->ascent);
    return search->dual.bound != MATCH_NET_NEVER && search->dual.bound >= before - (__int128)((double)before * dive->loss);
}

/* Carries out the decisions that are sure and at most so many others. Returns how many. */
static uint32_t decide(const struct match_search *search, struct match_dive *dive, uint32_t others)
{
    uint32_t taken = 0;
    for (uint32_t n = 0; n < dive->count; n++) {
        const struct match_decision *decision = &dive->decisions[n];
        if (decision->sure || others) {
            others -= !decision->sure;
            carry_out(search, dive, decision);
            taken++;
        }
    }
    return taken;
}

/* The ways in which a decision can be made: a lump with each of the suppliers that the mixture uses most, or out; an offer in or out. */
static uint32_t list_ways(const struct match_search *search, const struct match_dive *dive, const struct match_decision *decision,
                          struct match_decision *ways)
{
    const struct match_model *model = &search->model;
    uint32_t count = 0, offers = model->lot->offer_count;
    ways[count++] = *decision;
    if (decision->lump && model->lumps[decision->index].single && search->ascent.keeps_pairs && decision->in) {
        while (count < WAYS - 1) { /* the next by share, then by index */
            const float *share = search->ascent.pair_used + (size_t)decision->index * offers;
            uint32_t best = MATCH_NONE;
            for (uint32_t o = 0; o < offers; o++) {
                bool listed = false;
                for (uint32_t n = 0; n < count; n++) {
                    listed = listed || ways[n].with == o;
                }
                best = !listed && share[o] > UNLIKELY && (best == MATCH_NONE || share[o] > share[best]) ? o : best;
            }
            if (best == MATCH_NONE) {
                break;
            }
            ways[count] = *decision;
            ways[count++].with = best;
        }
    }
    if (!decision->lump || dive->limits.lump_state[decision->index] == MATCH_LUMP_FREE) {
        ways[count] = *decision;
        ways[count++].in = !decision->in;
    }
    return count;
}

/* What a unit of a lump costs from an offer that may take all of it, at its best choice; INFINITY where it may not. */
static double cost_from(const struct match_search *search, const struct match_dive *dive, uint32_t lump, uint32_t offer)
{
    const struct match_model *model = &search->model;
    int64_t total = model->lumps[lump].total;
    double least = INFINITY;
    if (!match_node_supplies(search, &dive->limits, lump, offer)) {
        return least;
    }
    for (uint32_t c = model->first_choice[offer]; c < model->first_choice[offer + 1]; c++) {
        const struct match_choice *choice = &model->choices[c];
        if (!dive->limits.barred[c] && choice->most >= total) {
            double cost = (double)choice->evaluated_price + (double)choice->fixed / (double)total;
            least = cost < least ? cost : least;
        }
    }
    return least;
}

/* Suppliers of a lump that the mixture does not use, the cheapest first. */
static uint32_t list_others(const struct match_search *search, const struct match_dive *dive, const struct match_decision *ways,
                            uint32_t known, struct match_decision *others)
{
    uint32_t count = 0, offers = search->model.lot->offer_count;
    while (count < MORE_WAYS) {
        uint32_t best = MATCH_NONE;
        double least = INFINITY;
        for (uint32_t o = 0; o < offers; o++) {
            bool listed = false;
            for (uint32_t n = 0; n < known; n++) {
                listed = listed || ways[n].with == o;
            }
            for (uint32_t n = 0; n < count; n++) {
                listed = listed || others[n].with == o;
            }
            double cost = listed ? INFINITY : cost_from(search, dive, ways[0].index, o);
            best = cost < least ? o : best;
            least = cost < least ? cost : least;
        }
        if (best == MATCH_NONE) {
            break;
        }
        others[count] = ways[0];
        others[count].in = true;
        others[count++].with = best;
    }
    return count;
}

/* Tries ways until one costs little: the first, or any of an offer. Else *best is the one that costs least, *most the bound under it. */
static bool try_ways(struct match_search *search, struct match_dive *dive, __int128 before, const struct match_decision *ways, uint32_t count,
                     struct match_decision *best, __int128 *most)
{
    for (uint32_t n = 0; n < count; n++) {
        carry_out(search, dive, &ways[n]);
        bool cheap = look(search, dive, before);
        if (cheap && (n == 0 || !ways[n].lump)) {
            return true;
        }
        if (search->dual.bound > *most) {
            *most = search->dual.bound;
            *best = ways[n];
        }
        go_back(search, dive);
    }
    return false;
}

/* One decision, the one with most at stake: the first way of making it that costs little, or the one that costs least. */
static void decide_one(struct match_search *search, struct match_dive *dive, __int128 before)
{
    struct match_decision ways[WAYS], others[MORE_WAYS], best = dive->decisions[0];
    uint32_t count = list_ways(search, dive, &dive->decisions[0], ways);
    __int128 most = MATCH_NET_NEVER;
    if (try_ways(search, dive, before, ways, count, &best, &most)) {
        return;
    }
    bool single = best.lump && search->model.lumps[best.index].single && search->ascent.keeps_pairs;
    if (single && most < before - (__int128)((double)before * MUCH) &&
        try_ways(search, dive, before, others, list_others(search, dive, ways, count, others), &best, &most)) {
        return;
    }
    carry_out(search, dive, &best);
    look(search, dive, before);
    double lost = (double)(before - search->dual.bound) / (double)(before + 1);
    dive->loss = lost > dive->loss ? lost : dive->loss; /* where every way costs, small steps are no use */
}

/* One round. False where nothing was left to decide. */
static bool go_on(struct match_search *search, struct match_dive *dive)
{
    __int128 before = search->dual.bound;
    dive->count = 0;
    list_lumps(search, dive);
    if (!dive->count) {
        list_offers(search, dive);
    }
    if (!dive->count) {
        return false;
    }
    qsort(dive->decisions, dive->count, sizeof *dive->decisions, compare_decisions);
    save(search, dive);
    uint32_t sure = 0;
    for (uint32_t n = 0; n < dive->count; n++) {
        sure += dive->decisions[n].sure;
    }
    decide(search, dive, (dive->count - sure + PART - 1) / PART);
    if (look(search, dive, before) || dive->looks > LOOKS) {
        return true;
    }
    go_back(search, dive);
    if (sure && sure < dive->count) {
        decide(search, dive, 0);
        if (look(search, dive, before)) {
            return true;
        }
        go_back(search, dive);
    }
    decide_one(search, dive, before);
    return true;
}

/* Fixes the lumps whose place in the plan the mixture shares at least so far: what is left is where the two disagree. */
static void fix_agreed(const struct match_search *search, struct match_dive *dive, float trust)
{
    const struct match_model *model = &search->model;
    for (uint32_t d = 0; d < model->lump_count; d++) {
        uint32_t supplier = search->flow.lump_supplier[d];
        if (!search->flow.lump_in[d] || dive->limits.lump_state[d] == MATCH_LUMP_OUT) {
            continue;
        }
        bool pairs = model->lumps[d].single && search->ascent.keeps_pairs;
        float share = pairs ? search->ascent.pair_used[(size_t)d * model->lot->offer_count + supplier] : search->ascent.lump_used[d];
        if (share >= trust) {
            dive->limits.lump_state[d] = MATCH_LUMP_IN;
            dive->limits.only[d] = pairs ? supplier : dive->limits.only[d];
        }
    }
}

bool match_dive_run(struct match_search *search, struct match_dive *dive, float trust)
{
    const struct match_model *model = &search->model;
    copy_limits(model, &dive->limits, &search->strict);
    if (trust > 0) {
        fix_agreed(search, dive, trust);
    }
    memset(dive->decided, 0, model->lot->offer_count);
    dive->looks = 0;
    dive->loss = LOSS;
    search->ascent.enough = search->dive_enough;
    bool hopeless = false;
    for (int round = 0; round < ROUNDS && !hopeless && go_on(search, dive); round++) {
        hopeless = search->dual.bound == MATCH_NET_NEVER || search->dual.bound < match_branch_cutoff(search);
    }
    search->ascent.enough = MATCH_ASCENT_ENOUGH;
    if (hopeless && search->dual.bound != MATCH_NET_NEVER) {
        return false;
    }
    set_target(search, dive);
    return match_target_reach(search, &dive->target, false);
}
