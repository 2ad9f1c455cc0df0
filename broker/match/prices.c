/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/prices.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

#define OLD_SHARE 0.7        /* of the direction */
#define BELOW_BEST 0.004     /* first target below the best bound */
#define GROW 1.5
#define SHRINK 0.6
#define PATIENCE 7          /* steps without a better bound before step and share shrink */
#define LEAST_BELOW 1e-7     /* the search has converged */

int match_ascent_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena,
                      struct match_ascent *ascent)
{
    ascent->direction = arena_array(arena, model->line_count, sizeof *ascent->direction);
    ascent->tie_direction = arena_array(arena, ties->count, sizeof *ascent->tie_direction);
    ascent->best_price = arena_array(arena, model->line_count, sizeof *ascent->best_price);
    ascent->best_tie = arena_array(arena, ties->count, sizeof *ascent->best_tie);
    ascent->used = arena_array(arena, model->choice_count, sizeof *ascent->used);
    bool whole = ascent->direction && ascent->tie_direction && ascent->best_price && ascent->best_tie && ascent->used;
    return whole ? STATUS_OK : STATUS_NO_MEMORY;
}

/* What a row's sum exceeds its right side by, at the choices that the prices take. */
static double tie_excess(const struct match_ties *ties, const struct match_tie *tie, const struct match_dual *dual)
{
    if (tie->kind == MATCH_TIE_FUND) {
        return dual->spent[tie->index] - (double)tie->right;
    }
    double sum = -(double)tie->right;
    for (uint32_t o = 0; o < ties->model->lot->offer_count; o++) {
        if (dual->best[o] != MATCH_NONE) {
            sum += (double)match_tie_weight(ties, tie, &ties->model->choices[dual->best[o]], 0, 0) * (double)dual->taken[o];
        }
    }
    return sum;
}

/* Mixes the gradient into the direction; returns the gradient's squared length in the metric of the lines' quantities. */
static double turn_direction(const struct match_ties *ties, const struct match_dual *dual, struct match_ascent *ascent)
{
    const struct match_model *model = ties->model;
    double length = 0, cent = (double)(INT64_C(1) << model->shift);
    for (uint32_t l = 0; l < model->line_count; l++) {
        double quantity = (double)model->quantity[l], gradient = (double)(dual->wanted[l] - dual->served[l]);
        ascent->direction[l] = OLD_SHARE * ascent->direction[l] + (1 - OLD_SHARE) * (gradient / quantity);
        length += ascent->direction[l] * ascent->direction[l] * quantity;
    }
    for (uint32_t t = 0; t < ties->count; t++) {
        const struct match_tie *tie = &ties->ties[t];
        if (tie->held) {
            continue;
        }
        double excess = tie_excess(ties, tie, dual);
        double share = -excess / tie->scale; /* the bound falls with the multiplier while the row is exceeded */
        ascent->tie_direction[t] = OLD_SHARE * ascent->tie_direction[t] + (1 - OLD_SHARE) * (share / (tie->unit * cent));
        double along = ascent->tie_direction[t];
        length += along * along * tie->scale * tie->unit * cent * cent;
    }
    return length;
}

static void take_step(struct match_ties *ties, double step, struct match_dual *dual, struct match_ascent *ascent)
{
    const struct match_model *model = ties->model;
    const double fraction = (double)(INT64_C(1) << MATCH_FUND_BITS);
    for (uint32_t l = 0; l < model->line_count; l++) {
        double price = (double)dual->price[l] - step * ascent->direction[l], most = (double)model->value[l];
        double least = model->lump_of[l] == MATCH_NONE ? 0 : -most;
        price = price > most ? most : price < least ? least : price;
        dual->price[l] = (int64_t)price;
    }
    bool moved = false;
    for (uint32_t t = 0; t < ties->count; t++) {
        if (ties->ties[t].held) {
            continue;
        }
        double multiplier = (double)ties->ties[t].multiplier - step * ascent->tie_direction[t] * fraction;
        multiplier = multiplier > (double)MATCH_FUND_PRICE_MOST ? (double)MATCH_FUND_PRICE_MOST : multiplier < 0 ? 0 : multiplier;
        moved = moved || ties->ties[t].multiplier != (int64_t)multiplier;
        ties->ties[t].multiplier = (int64_t)multiplier;
    }
    if (moved) {
        match_ties_apply(ties);
    }
}

static void keep_best(const struct match_ties *ties, const struct match_dual *dual, struct match_ascent *ascent)
{
    ascent->best_bound = dual->bound;
    memcpy(ascent->best_price, dual->price, ties->model->line_count * sizeof *dual->price);
    for (uint32_t t = 0; t < ties->count; t++) {
        ascent->best_tie[t] = ties->ties[t].multiplier;
    }
}

static void back_to_best(struct match_ties *ties, struct match_dual *dual, struct match_ascent *ascent)
{
    memcpy(dual->price, ascent->best_price, ties->model->line_count * sizeof *dual->price);
    memset(ascent->direction, 0, ties->model->line_count * sizeof *ascent->direction);
    bool moved = false;
    for (uint32_t t = 0; t < ties->count; t++) {
        ascent->tie_direction[t] = 0;
        moved = moved || ties->ties[t].multiplier != ascent->best_tie[t];
        ties->ties[t].multiplier = ascent->best_tie[t];
    }
    if (moved) {
        match_ties_apply(ties);
    }
}

static void average_uses(const struct match_model *model, const struct match_dual *dual, struct match_ascent *ascent)
{
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            ascent->used[c] += 0.08F * ((dual->best[o] == c ? 1.0F : 0.0F) - ascent->used[c]);
        }
    }
}

static void evaluate(struct match_walk *walk, const struct match_limits *limits, const struct match_ties *ties,
                     struct match_dual *dual)
{
    match_dual_evaluate(walk, limits, dual);
    dual->bound = dual->bound == MATCH_NET_NEVER ? dual->bound : dual->bound + match_ties_constant(ties);
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

void match_ascent_run(struct match_walk *walk, const struct match_limits *limits, struct match_ties *ties, __int128 target,
                      uint32_t steps, struct match_dual *dual, struct match_ascent *ascent)
{
    double below = BELOW_BEST, factor = 1;
    uint32_t stalled = 0;
    dual->count_money = ties->count > 0;
    memset(ascent->direction, 0, ties->model->line_count * sizeof *ascent->direction);
    memset(ascent->tie_direction, 0, ties->count * sizeof *ascent->tie_direction);
    evaluate(walk, limits, ties, dual);
    keep_best(ties, dual, ascent);
    for (uint32_t n = 0; n < steps && ascent->best_bound > target && below > LEAST_BELOW; n++) {
        double best = (double)ascent->best_bound, aim = best - below * (best > 0 ? best : -best);
        aim = target != MATCH_NET_NEVER && aim < (double)target ? (double)target : aim;
        double length = turn_direction(ties, dual, ascent);
        if (length <= 0) {
            break; /* the gradient vanishes: no prices are better */
        }
        double distance = (double)dual->bound - aim;
        take_step(ties, factor * distance / length, dual, ascent);
        evaluate(walk, limits, ties, dual);
        average_uses(ties->model, dual, ascent);
        if (dual->bound < ascent->best_bound) {
            double gained = (double)ascent->best_bound - (double)dual->bound;
            stalled = gained > 0.02 * below * best ? 0 : stalled + 1;
            below = gained > 0.3 * below * best ? below * GROW : below;
            keep_best(ties, dual, ascent);
        } else {
            stalled++;
        }
        if (stalled >= PATIENCE) {
            stalled = 0;
            factor = factor > 0.3 ? factor * SHRINK : factor;
            below *= SHRINK;
            back_to_best(ties, dual, ascent);
            evaluate(walk, limits, ties, dual);
        }
    }
    back_to_best(ties, dual, ascent);
    evaluate(walk, limits, ties, dual);
}
