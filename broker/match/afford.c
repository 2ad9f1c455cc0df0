/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/afford.h"

#include <stdlib.h>

#include "proto/status.h"

/* What an offer can give a demand at the lowest price that it may ask. */
struct source {
    int64_t price; /* cents a unit, freight included */
    int64_t most;
};

static int compare_sources(const void *a, const void *b)
{
    const struct source *x = a, *y = b;
    return (x->price > y->price) - (x->price < y->price);
}

/* The row of the fund that pays for a lump, or NULL where none or an unlimited one does. */
static const struct match_tie *fund_of(const struct match_model *model, const struct match_ties *ties, const struct match_lump *lump)
{
    uint32_t fund = model->lot->demands[lump->demand].fund;
    for (uint32_t t = 0; t < ties->count && fund != MATCH_NONE; t++) {
        if (ties->ties[t].kind == MATCH_TIE_FUND && ties->ties[t].index == fund) {
            return &ties->ties[t];
        }
    }
    return NULL;
}

/* Lists who may serve a lump; the choices of one offer as if it gave the most of any at the least price of any. */
static uint32_t list_sources(const struct match_model *model, uint32_t index, struct source *sources)
{
    const struct match_lump *lump = &model->lumps[index];
    uint32_t count = 0;
    int64_t ceiling = 0;
    for (uint32_t l = lump->first_line; l < lump->first_line + lump->line_count; l++) {
        ceiling = model->ceiling[l] > ceiling ? model->ceiling[l] : ceiling;
    }
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        uint32_t group = match_model_group(model, o, model->class_of[lump->first_line]);
        struct source source = {INT64_MAX, 0};
        for (uint32_t c = model->first_choice[o]; group != MATCH_NO_GROUP && c < model->first_choice[o + 1]; c++) {
            const struct match_choice *choice = &model->choices[c];
            int64_t price = choice->unit_price + model->group_freight[model->first_group[o] + group];
            if (price <= ceiling && !model->lump_barred[(size_t)index * model->choice_count + c]) {
                source.price = price < source.price ? price : source.price;
                source.most = choice->most > source.most ? choice->most : source.most;
            }
        }
        if (source.most > 0) {
            sources[count++] = source;
        }
    }
    return count;
}

/* The least that a lump's minimum can cost: from one source, or from the cheapest on. INT64_MAX as price where it can't be had at all. */
static __int128 least_cost(const struct match_lump *lump, struct source *sources, uint32_t count)
{
    __int128 cost = 0;
    int64_t left = lump->least;
    if (count) {
        qsort(sources, count, sizeof *sources, compare_sources);
    }
    for (uint32_t n = 0; n < count && left > 0; n++) {
        int64_t take = lump->single || sources[n].most > left ? left : sources[n].most;
        cost += (__int128)take * sources[n].price;
        left -= take;
    }
    return cost + (__int128)left * INT64_MAX;
}

int match_afford_bar(const struct match_model *model, const struct match_ties *ties, struct arena *arena, struct match_limits *limits)
{
    struct source *sources = arena_array(arena, model->lot->offer_count, sizeof *sources);
    if (!sources) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        const struct match_tie *tie = fund_of(model, ties, &model->lumps[d]);
        if (tie && least_cost(&model->lumps[d], sources, list_sources(model, d, sources)) > tie->right) {
            limits->lump_state[d] = MATCH_LUMP_OUT;
        }
    }
    return STATUS_OK;
}
