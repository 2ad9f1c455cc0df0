/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/prices.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

#define BELOW_BEST 0.1       /* first target below the best bound */
#define GROW 1.5             /* of that where steps gain much */
#define FIRST_FACTOR 0.7     /* of Polyak's step */
#define WARM_BELOW 0.02
#define WARM_FACTOR 0.1      /* the same from prices that are near the best: with a target that is a plan's worth */
#define WARM_SHARE 0.3
#define MOST_FACTOR 2.0
#define LONGER 1.2
#define FIRST_SHARE 0.3      /* most of the newest gradient in the direction */
#define LEAST_SHARE 0.05
#define SHRINK 0.65
#define PATIENCE 3           /* steps without a better bound before all of these shrink */

int match_ascent_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena,
                      struct match_ascent *ascent)
{
    ascent->direction = arena_array(arena, model->line_count, sizeof *ascent->direction);
    ascent->gradient = arena_array(arena, model->line_count, sizeof *ascent->gradient);
    ascent->tie_gradient = arena_array(arena, ties->count, sizeof *ascent->tie_gradient);
    ascent->tie_direction = arena_array(arena, ties->count, sizeof *ascent->tie_direction);
    ascent->best_price = arena_array(arena, model->line_count, sizeof *ascent->best_price);
    ascent->best_tie = arena_array(arena, ties->count, sizeof *ascent->best_tie);
    ascent->used = arena_array(arena, model->choice_count, sizeof *ascent->used);
    ascent->lump_used = arena_array(arena, model->lump_count, sizeof *ascent->lump_used);
    ascent->spent = arena_array(arena, model->market->fund_count, sizeof *ascent->spent);
    size_t pairs = match_limits_pairs(model);
    ascent->pair_used = arena_array(arena, pairs <= MATCH_MOST_PAIRS ? pairs : 0, sizeof *ascent->pair_used);
    bool whole = ascent->spent && ascent->pair_used && ascent->lump_used && ascent->gradient && ascent->tie_gradient && ascent->direction && ascent->tie_direction && ascent->best_price && ascent->best_tie && ascent->used;
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

/* Weight of a row in the metric, the analogue of a line's quantity. */
static double tie_weight(const struct match_ties *ties, uint32_t tie)
{
    double cent = (double)(INT64_C(1) << ties->model->shift);
    return ties->ties[tie].scale * ties->ties[tie].unit * cent * cent;
}

/* The gradient at the prices just evaluated, each part divided by its weight. */
static void find_gradient(const struct match_ties *ties, const struct match_dual *dual, struct match_ascent *ascent)
{
    const struct match_model *model = ties->model;
    for (uint32_t l = 0; l < model->line_count; l++) {
        ascent->gradient[l] = (double)(dual->wanted[l] - dual->served[l]) / (double)model->quantity[l];
    }
    double cent = (double)(INT64_C(1) << model->shift);
    for (uint32_t t = 0; t < ties->count; t++) {
        const struct match_tie *tie = &ties->ties[t];
        ascent->tie_gradient[t] = tie->held ? 0 : -tie_excess(ties, tie, dual) / tie->scale / (tie->unit * cent);
    }
}

struct match_products match_ascent_products(const struct match_ties *ties, const struct match_ascent *ascent)
{
    struct match_products sum = {0, 0, 0};
    for (uint32_t l = 0; l < ties->model->line_count; l++) {
        double weight = (double)ties->model->quantity[l], g = ascent->gradient[l], d = ascent->direction[l];
        sum.gradient += weight * g * g;
        sum.both += weight * g * d;
        sum.direction += weight * d * d;
    }
    for (uint32_t t = 0; t < ties->count; t++) {
        double weight = tie_weight(ties, t), g = ascent->tie_gradient[t], d = ascent->tie_direction[t];
        sum.gradient += weight * g * g;
        sum.both += weight * g * d;
        sum.direction += weight * d * d;
    }
    return sum;
}

double match_ascent_share(const struct match_products *sum, double most)
{
    double apart = sum->gradient - 2 * sum->both + sum->direction;
    double share = apart > 0 ? (sum->direction - sum->both) / apart : most;
    return share > most ? most : share < most / 10 ? most / 10 : share;
}

void match_ascent_step(struct match_ties *ties, double step, struct match_dual *dual, const struct match_ascent *ascent)
{
    const struct match_model *model = ties->model;
    const double fraction = (double)(INT64_C(1) << MATCH_FUND_BITS);
    for (uint32_t l = 0; l < model->line_count; l++) {
        double price = (double)ascent->best_price[l] - step * ascent->direction[l], most = (double)model->value[l];
        double least = model->lump_of[l] == MATCH_NONE ? 0 : -most;
        price = price > most ? most : price < least ? least : price;
        dual->price[l] = (int64_t)price;
    }
    bool moved = false;
    for (uint32_t t = 0; t < ties->count; t++) {
        if (ties->ties[t].held) {
            continue;
        }
        double multiplier = (double)ascent->best_tie[t] - step * ascent->tie_direction[t] * fraction;
        multiplier = multiplier > (double)MATCH_FUND_PRICE_MOST ? (double)MATCH_FUND_PRICE_MOST : multiplier < 0 ? 0 : multiplier;
        moved = moved || ties->ties[t].multiplier != (int64_t)multiplier;
        ties->ties[t].multiplier = (int64_t)multiplier;
    }
    if (moved) {
        match_ties_apply(ties);
    }
}

void match_ascent_keep(const struct match_ties *ties, const struct match_dual *dual, struct match_ascent *ascent)
{
    ascent->best_bound = dual->bound;
    memcpy(ascent->best_price, dual->price, ties->model->line_count * sizeof *dual->price);
    for (uint32_t t = 0; t < ties->count; t++) {
        ascent->best_tie[t] = ties->ties[t].multiplier;
    }
}

void match_ascent_return(struct match_ties *ties, struct match_dual *dual, struct match_ascent *ascent)
{
    memcpy(dual->price, ascent->best_price, ties->model->line_count * sizeof *dual->price);
    bool moved = false;
    for (uint32_t t = 0; t < ties->count; t++) {
        moved = moved || ties->ties[t].multiplier != ascent->best_tie[t];
        ties->ties[t].multiplier = ascent->best_tie[t];
    }
    if (moved) {
        match_ties_apply(ties);
    }
}

/*
 * Averages what the steps choose with the shares that their gradients have in the direction: where the direction is short, the averages are
 * nearly a solution of the relaxation.
 */
static void average_uses(const struct match_model *model, const struct match_dual *dual, float newest, struct match_ascent *ascent)
{
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            ascent->used[c] += newest * ((dual->best[o] == c ? 1.0F : 0.0F) - ascent->used[c]);
        }
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        const struct match_lump *of = &model->lumps[d];
        double served = 0;
        for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
            served += (double)dual->served[l];
        }
        float share = served >= (double)of->total ? 1.0F : (float)(served / (double)of->total);
        ascent->lump_used[d] += newest * (share - ascent->lump_used[d]);
    }
    for (uint32_t f = 0; f < model->market->fund_count && dual->count_money; f++) {
        ascent->spent[f] += (double)newest * (dual->spent[f] - ascent->spent[f]);
    }
    size_t pairs = dual->pair_served ? (size_t)model->lump_count * model->lot->offer_count : 0;
    for (size_t n = 0; n < pairs; n++) {
        float share = (float)((double)dual->pair_served[n] / (double)model->lumps[n / model->lot->offer_count].total);
        ascent->pair_used[n] += newest * (share - ascent->pair_used[n]);
    }
}

void match_ascent_mix(const struct match_ties *ties, double share, const struct match_dual *dual, struct match_ascent *ascent)
{
    for (uint32_t l = 0; l < ties->model->line_count; l++) {
        ascent->direction[l] += share * (ascent->gradient[l] - ascent->direction[l]);
    }
    for (uint32_t t = 0; t < ties->count; t++) {
        ascent->tie_direction[t] += share * (ascent->tie_gradient[t] - ascent->tie_direction[t]);
    }
    average_uses(ties->model, dual, (float)share, ascent);
}

static void evaluate(struct match_walk *walk, const struct match_limits *limits, const struct match_ties *ties,
                     struct match_dual *dual)
{
    match_dual_evaluate(walk, limits, dual);
    dual->bound = dual->bound == MATCH_NET_NEVER ? dual->bound : dual->bound + match_ties_constant(ties);
}

void match_ascent_look(struct match_walk *walk, const struct match_limits *limits, const struct match_ties *ties,
                       struct match_dual *dual, struct match_ascent *ascent)
{
    dual->count_money = ties->count > 0;
    evaluate(walk, limits, ties, dual);
    find_gradient(ties, dual, ascent);
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
                      bool warm, uint32_t steps, struct match_dual *dual, struct match_ascent *ascent)
{
    double below = warm ? WARM_BELOW : BELOW_BEST, factor = warm ? WARM_FACTOR : FIRST_FACTOR, most = warm ? WARM_SHARE : FIRST_SHARE;
    uint32_t failed = 0;
    match_ascent_look(walk, limits, ties, dual, ascent);
    match_ascent_keep(ties, dual, ascent);
    match_ascent_mix(ties, 1, dual, ascent);
    struct match_products sum = match_ascent_products(ties, ascent);
    for (uint32_t n = 0; n < steps && ascent->best_bound > target && sum.direction > 0; n++) {
        double best = (double)ascent->best_bound, aim = best - below * (best > 0 ? best : -best);
        aim = target != MATCH_NET_NEVER && aim < (double)target ? (double)target : aim;
        match_ascent_step(ties, factor * (best - aim) / sum.direction, dual, ascent);
        match_ascent_look(walk, limits, ties, dual, ascent);
        sum = match_ascent_products(ties, ascent);
        bool better = dual->bound < ascent->best_bound;
        if (better) {
            below = best - (double)dual->bound > 0.3 * (best - aim) ? below * GROW : below;
            factor = sum.both > 0 && factor < MOST_FACTOR ? factor * LONGER : factor;
            failed = 0;
            match_ascent_keep(ties, dual, ascent);
        } else if (++failed >= PATIENCE) {
            failed = 0;
            factor *= SHRINK;
            below *= SHRINK;
            most = most > LEAST_SHARE ? most * SHRINK : most;
        }
        match_ascent_mix(ties, match_ascent_share(&sum, most), dual, ascent);
        sum = match_ascent_products(ties, ascent);
    }
    match_ascent_return(ties, dual, ascent);
    evaluate(walk, limits, ties, dual);
}
