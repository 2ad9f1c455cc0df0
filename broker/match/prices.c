/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/prices.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

#define FIRST 0.3            /* of what a unit is worth on average: how far a first step may move a price */
#define MOST 4.0             /* of it: how far one may at most */
#define SERIOUS 0.1          /* of what a step promises: from there its prices become the center */
#define GOOD 0.5             /* from there the next step is longer */
#define LONGER 2.0
#define SHORTER 0.2          /* at most by this a step that misses shortens the next */
#define WIDE 1.0             /* of the promise: so much must the newest answers differ at the center for a shorter step */
#define LONG 14              /* such steps in a row after which the next are shorter whatever the reason */
#define SHORT 0.5
#define PATIENCE 2           /* steps that miss before one does */

int match_ascent_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena,
                      struct match_ascent *ascent)
{
    ascent->best_price = arena_array(arena, model->line_count, sizeof *ascent->best_price);
    ascent->best_tie = arena_array(arena, ties->count, sizeof *ascent->best_tie);
    ascent->used = arena_array(arena, model->choice_count, sizeof *ascent->used);
    ascent->lump_used = arena_array(arena, model->lump_count, sizeof *ascent->lump_used);
    size_t pairs = match_limits_pairs(model);
    ascent->pair_used = arena_array(arena, pairs <= MATCH_MOST_PAIRS ? pairs : 0, sizeof *ascent->pair_used);
    ascent->keeps_pairs = pairs <= MATCH_MOST_PAIRS;
    ascent->factor = 0;
    ascent->enough = MATCH_ASCENT_ENOUGH;
    ascent->least = MATCH_ASCENT_LEAST;
    bool whole = ascent->pair_used && ascent->lump_used && ascent->best_price && ascent->best_tie && ascent->used;
    return whole ? match_bundle_init(model, ties, arena, &ascent->bundle) : STATUS_NO_MEMORY;
}

static int compare_offers(const void *a, const void *b)
{
    const struct match_guess *x = a, *y = b;
    return x->cost != y->cost ? (x->cost > y->cost) - (x->cost < y->cost) : (x->quantity > y->quantity) - (x->quantity < y->quantity);
}

/*
 * Where supply meets demand as if the lot were one market with one price: choices by what a unit costs when all is sold, lines by
 * what a unit is worth. A line's first price is what its worth exceeds that level by.
 */
void match_prices_guess(const struct match_model *model, struct match_guess *scratch, int64_t *price)
{
    uint32_t count = 0;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        struct match_guess best = {INT64_MAX, 0};
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            const struct match_choice *choice = &model->choices[c];
            int64_t cost = (choice->evaluated_price + choice->fixed / choice->most) << model->shift;
            if (cost < best.cost) {
                best = (struct match_guess){cost, choice->most};
            }
        }
        if (best.quantity) {
            scratch[count++] = best;
        }
    }
    qsort(scratch, count, sizeof *scratch, compare_offers);
    double supply = 0, demand = 0;
    int64_t level = count ? scratch[0].cost : 0;
    for (uint32_t n = 0; n < count; n++) {
        level = scratch[n].cost;
        supply += (double)scratch[n].quantity;
        demand = 0;
        for (uint32_t l = 0; l < model->line_count; l++) {
            demand += model->value[l] > level ? (double)model->quantity[l] : 0;
        }
        if (supply >= demand) {
            break;
        }
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        price[l] = model->value[l] > level ? model->value[l] - level : 0;
    }
}

static void evaluate(struct match_walk *walk, const struct match_limits *limits, const struct match_ties *ties,
                     struct match_dual *dual)
{
    match_dual_evaluate(walk, limits, dual);
    dual->bound = dual->bound == MATCH_NET_NEVER ? dual->bound : dual->bound + match_ties_constant(ties);
}

static void keep_best(const struct match_ties *ties, const struct match_dual *dual, struct match_ascent *ascent)
{
    memcpy(ascent->best_price, dual->price, ties->model->line_count * sizeof *dual->price);
    for (uint32_t t = 0; t < ties->count; t++) {
        ascent->best_tie[t] = ties->ties[t].multiplier;
    }
    ascent->best_bonus = dual->bonus;
}

static void return_to_best(struct match_ties *ties, struct match_dual *dual, const struct match_ascent *ascent)
{
    memcpy(dual->price, ascent->best_price, ties->model->line_count * sizeof *dual->price);
    dual->bonus = ascent->best_bonus;
    bool moved = false;
    for (uint32_t t = 0; t < ties->count; t++) {
        moved = moved || ties->ties[t].multiplier != ascent->best_tie[t];
        ties->ties[t].multiplier = ascent->best_tie[t];
    }
    if (moved) {
        match_ties_apply(ties);
    }
}

/* The shares of choices, lumps and pairs in the mixtures. */
static void average_answers(const struct match_model *model, struct match_ascent *ascent)
{
    const struct match_bundle *bundle = &ascent->bundle;
    memset(ascent->used, 0, model->choice_count * sizeof *ascent->used);
    memset(ascent->lump_used, 0, model->lump_count * sizeof *ascent->lump_used);
    if (ascent->keeps_pairs) {
        memset(ascent->pair_used, 0, match_limits_pairs(model) * sizeof *ascent->pair_used);
    }
    for (uint32_t n = 0; n < bundle->answer_count; n++) {
        const struct match_answer *answer = &bundle->answers[n];
        if (answer->share <= 0 || answer->block >= bundle->offers || answer->choice == MATCH_NONE) {
            continue;
        }
        ascent->used[answer->choice] += (float)answer->share;
        for (uint32_t k = 0; k < answer->count; k++) {
            const struct match_part_answer *part = &bundle->parts[answer->first + k];
            uint32_t lump = part->dimension < bundle->lines ? model->lump_of[part->dimension] : MATCH_NONE;
            if (lump != MATCH_NONE) {
                float share = (float)(-part->amount * answer->share / (double)model->lumps[lump].total);
                ascent->lump_used[lump] += share;
                if (ascent->keeps_pairs && model->lumps[lump].single) {
                    ascent->pair_used[(size_t)lump * bundle->offers + answer->block] += share;
                }
            }
        }
    }
}

/* The next length factor: by how far what a step did differs from what it promised, as if the bound were curved between. */
static double next_factor(double factor, double did, double promise, double error, uint32_t missed)
{
    if (did >= GOOD * promise) {
        return factor * LONGER;
    }
    if (missed >= LONG && missed % PATIENCE == 0) {
        return factor * SHORT;
    }
    if (did >= SERIOUS * promise || missed < PATIENCE || error < WIDE * promise) {
        return factor;
    }
    double by = promise / (2 * (promise - did));
    return factor * (by < SHORTER ? SHORTER : by);
}

/* Where no step was made yet: a part of what a unit is worth on average. */
static double first_factor(const struct match_model *model)
{
    double worth = 0, units = 1;
    for (uint32_t l = 0; l < model->line_count; l++) {
        worth += (double)model->quantity[l] * (double)model->value[l];
        units += (double)model->quantity[l];
    }
    return FIRST * worth / units + 1;
}

void match_ascent_run(struct match_walk *walk, const struct match_limits *limits, struct match_ties *ties, __int128 target,
                      uint32_t steps, struct match_dual *dual, struct match_ascent *ascent)
{
    struct match_bundle *bundle = &ascent->bundle;
    uint32_t missed = 0;
    match_bundle_begin(bundle, limits, ties);
    evaluate(walk, limits, ties, dual);
    keep_best(ties, dual, ascent);
    if (dual->bound == MATCH_NET_NEVER) {
        return;
    }
    __int128 best = dual->bound;
    match_bundle_center(bundle, ties, dual);
    match_bundle_add(bundle, ties, dual);
    double first = first_factor(ties->model);
    ascent->factor = ascent->factor <= 0 ? first : ascent->factor < ascent->least * first ? ascent->least * first : ascent->factor;
    for (uint32_t n = 0; n < steps && best > target; n++) {
        double promise = (double)best - match_bundle_solve(bundle, ascent->factor, (double)best, ties, dual);
        double scale = ascent->factor < first ? first / ascent->factor : 1; /* short steps promise little wherever they are */
        if (promise * scale <= ascent->enough * (double)best) {
            break;
        }
        evaluate(walk, limits, ties, dual);
        if (dual->bound == MATCH_NET_NEVER) {
            break;
        }
        double did = (double)(best - dual->bound), error = (double)best - match_bundle_add(bundle, ties, dual);
        bool serious = did >= SERIOUS * promise || (did > 0 && missed >= PATIENCE);
        missed = serious ? 0 : missed + 1;
        if (serious) {
            best = dual->bound;
            keep_best(ties, dual, ascent);
            match_bundle_center(bundle, ties, dual);
        }
        ascent->factor = next_factor(ascent->factor, did, promise, error, missed);
        ascent->factor = ascent->factor > MOST * first ? MOST * first : ascent->factor;
    }
    average_answers(ties->model, ascent);
    return_to_best(ties, dual, ascent);
    evaluate(walk, limits, ties, dual);
}
