/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/bound.h"

#include <string.h>

#include "proto/status.h"

size_t match_limits_pairs(const struct match_model *model)
{
    return (size_t)model->lump_count * model->lot->offer_count;
}

int match_limits_init(const struct match_model *model, struct arena *arena, struct match_limits *limits)
{
    limits->barred = arena_array(arena, model->choice_count, 1);
    limits->forced = arena_array(arena, model->lot->offer_count, 1);
    limits->lump_state = arena_array(arena, model->lump_count, 1);
    limits->only = arena_array(arena, model->lump_count, sizeof *limits->only);
    limits->pair_barred = arena_array(arena, match_limits_pairs(model), 1);
    if (!limits->pair_barred || !limits->barred || !limits->forced || !limits->lump_state || !limits->only) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        limits->only[d] = model->lumps[d].supplier;
    }
    return STATUS_OK;
}

int match_dual_init(const struct match_model *model, struct arena *arena, struct match_dual *dual)
{
    *dual = (struct match_dual){
        .price = arena_array(arena, model->line_count, sizeof *dual->price),
        .net = arena_array(arena, model->choice_count, sizeof *dual->net),
        .best = arena_array(arena, model->lot->offer_count, sizeof *dual->best),
        .served = arena_array(arena, model->line_count, sizeof *dual->served),
        .wanted = arena_array(arena, model->line_count, sizeof *dual->wanted),
        .active = arena_array(arena, model->line_count, 1),
        .taken = arena_array(arena, model->lot->offer_count, sizeof *dual->taken),
        .spent = arena_array(arena, model->market->fund_count, sizeof *dual->spent)};
    size_t pairs = match_limits_pairs(model);
    if (pairs <= MATCH_MOST_PAIRS && !(dual->pair_served = arena_array(arena, pairs, sizeof *dual->pair_served))) {
        return STATUS_NO_MEMORY;
    }
    bool whole = dual->price && dual->net && dual->best && dual->served && dual->wanted && dual->active && dual->taken && dual->spent;
    return whole ? STATUS_OK : STATUS_NO_MEMORY;
}

__int128 match_lump_pays(const struct match_model *model, uint32_t lump, enum match_lump_state state, const int64_t *price,
                         int64_t *wanted)
{
    const struct match_lump *of = &model->lumps[lump];
    uint32_t first = of->first_line, last = first + of->line_count;
    int64_t total = 0;
    __int128 pays = 0;
    for (uint32_t l = first; l < last; l++) {
        wanted[l] = price[l] > 0 && state != MATCH_LUMP_OUT ? model->quantity[l] : 0;
        total += wanted[l];
        pays += (__int128)wanted[l] * price[l];
    }
    while (total < of->least && state != MATCH_LUMP_OUT) { /* the least loss: units of the highest price that are left */
        uint32_t best = MATCH_NONE;
        for (uint32_t l = first; l < last; l++) {
            if (!wanted[l] && (best == MATCH_NONE || price[l] > price[best])) {
                best = l;
            }
        }
        int64_t more = of->least - total < model->quantity[best] ? of->least - total : model->quantity[best];
        wanted[best] = more;
        total += more;
        pays += (__int128)more * price[best];
    }
    if (pays < 0 && state == MATCH_LUMP_FREE) {
        memset(wanted + first, 0, of->line_count * sizeof *wanted);
        return 0;
    }
    return pays;
}

/* The part of the demands; sets which lines take part. */
static __int128 demands_pay(const struct match_model *model, const struct match_limits *limits, struct match_dual *dual)
{
    __int128 sum = 0;
    for (uint32_t l = 0; l < model->line_count; l++) {
        dual->active[l] = 1;
        dual->served[l] = 0;
        if (model->lump_of[l] == MATCH_NONE) {
            dual->wanted[l] = dual->price[l] > 0 ? model->quantity[l] : 0;
            sum += (__int128)dual->wanted[l] * dual->price[l];
        }
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        const struct match_lump *of = &model->lumps[d];
        enum match_lump_state state = limits ? (enum match_lump_state)limits->lump_state[d] : MATCH_LUMP_FREE;
        sum += match_lump_pays(model, d, state, dual->price, dual->wanted);
        if (state == MATCH_LUMP_OUT) {
            memset(dual->active + of->first_line, 0, of->line_count);
        }
    }
    return sum;
}

/* Adds up what the choice taken of an offer gives to whom. */
static void serve_lines(const struct match_model *model, struct match_dual *dual, uint32_t offer, const struct match_use *uses,
                        uint32_t count)
{
    const struct match_choice *choice = &model->choices[dual->best[offer]];
    for (uint32_t n = 0; n < count; n++) {
        dual->served[uses[n].line] += uses[n].quantity;
        dual->taken[offer] += uses[n].quantity;
        uint32_t lump = model->lump_of[uses[n].line];
        if (lump != MATCH_NONE && model->lumps[lump].single && dual->pair_served) {
            dual->pair_served[(size_t)lump * model->lot->offer_count + offer] += uses[n].quantity;
        }
    }
    for (uint32_t n = 0; n < count && dual->count_money; n++) {
        uint32_t group = model->first_group[offer] + match_model_group(model, offer, model->class_of[uses[n].line]);
        if (model->group_fund[group] != MATCH_NONE) {
            dual->spent[model->group_fund[group]] +=
                (double)(choice->unit_price + model->group_freight[group]) * (double)uses[n].quantity;
        }
    }
}

void match_dual_evaluate(struct match_walk *walk, const struct match_limits *limits, struct match_dual *dual)
{
    const struct match_model *model = walk->model;
    __int128 bound = demands_pay(model, limits, dual);
    if (dual->pair_served) {
        memset(dual->pair_served, 0, match_limits_pairs(model) * sizeof *dual->pair_served);
    }
    memset(dual->spent, 0, model->market->fund_count * sizeof *dual->spent);
    bool possible = true;
    walk->active = dual->active;
    walk->only = limits ? limits->only : NULL;
    walk->pair_barred = limits ? limits->pair_barred : NULL;
    match_walk_sort(walk, dual->price);
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        __int128 best = MATCH_NET_NEVER;
        bool forced = limits && limits->forced[o];
        struct match_use *kept = walk->uses;
        uint32_t kept_count = 0;
        dual->best[o] = MATCH_NONE;
        dual->taken[o] = 0;
        match_walk_start(walk, o);
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            __int128 value;
            dual->net[c] = MATCH_NET_NEVER;
            if ((limits && limits->barred[c]) || !match_walk_value(walk, c, &value)) {
                continue;
            }
            dual->net[c] = value - ((__int128)model->choices[c].fixed << model->shift);
            if (dual->net[c] > best && (forced || dual->net[c] > 0)) {
                best = dual->net[c];
                dual->best[o] = c;
                kept = walk->uses;
                kept_count = walk->use_count;
                walk->uses = walk->other_uses;
                walk->other_uses = kept;
            }
        }
        possible = possible && (!forced || dual->best[o] != MATCH_NONE);
        if (dual->best[o] != MATCH_NONE) {
            bound += best;
            serve_lines(model, dual, o, kept, kept_count);
        }
    }
    dual->bound = possible ? bound : MATCH_NET_NEVER;
}

int64_t match_bound_cents(const struct match_model *model, __int128 bound)
{
    return bound <= 0 ? 0 : (int64_t)(bound >> model->shift);
}
