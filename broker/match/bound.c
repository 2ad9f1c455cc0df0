/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/bound.h"

#include <string.h>

#include "proto/status.h"

#define USES_LIKELY 24 /* room for uses: a line or offer */

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
        .use_first = arena_array(arena, (size_t)model->lot->offer_count + 1, sizeof *dual->use_first)};
    uint64_t pairs = (uint64_t)model->line_count * model->lot->offer_count, likely = USES_LIKELY * ((uint64_t)model->line_count + model->lot->offer_count);
    dual->use_most = (uint32_t)(pairs < likely ? pairs : likely);
    dual->uses = arena_array(arena, dual->use_most, sizeof *dual->uses);
    bool whole = dual->price && dual->net && dual->best && dual->served && dual->wanted && dual->active && dual->use_first && dual->uses;
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

/* Adds up what the choice taken of an offer gives to whom, and keeps it. */
static void serve_lines(struct match_dual *dual, uint32_t offer, const struct match_use *uses, uint32_t count)
{
    uint32_t first = dual->use_first[offer];
    for (uint32_t n = 0; n < count; n++) {
        dual->served[uses[n].line] += uses[n].quantity;
    }
    if (count <= dual->use_most - first) {
        memcpy(dual->uses + first, uses, count * sizeof *uses);
        dual->use_first[offer + 1] = first + count;
    }
}

void match_dual_evaluate(struct match_walk *walk, const struct match_limits *limits, struct match_dual *dual)
{
    const struct match_model *model = walk->model;
    /* A bundle of at least so many offers gets their bonus back and perhaps more: with it the bound holds for all that is a bundle. */
    __int128 bound = demands_pay(model, limits, dual) - (__int128)dual->bonus * model->offers_least;
    dual->use_first[0] = 0;
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
        dual->use_first[o + 1] = dual->use_first[o];
        match_walk_start(walk, o);
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            __int128 value;
            dual->net[c] = MATCH_NET_NEVER;
            if ((limits && limits->barred[c]) || !match_walk_value(walk, c, &value)) {
                continue;
            }
            dual->net[c] = value + dual->bonus - ((__int128)model->choices[c].fixed << model->shift);
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
            serve_lines(dual, o, kept, kept_count);
        }
    }
    dual->bound = possible ? bound : MATCH_NET_NEVER;
}

int64_t match_bound_cents(const struct match_model *model, __int128 bound)
{
    return bound <= 0 ? 0 : (int64_t)(bound >> model->shift);
}
