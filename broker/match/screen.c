/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/screen.h"

#include <stdlib.h>
#include <string.h>

#include "broker/match/moves.h"
#include "broker/match/rank.h"

#define OFTEN 0.4F        /* averaged share of steps from which the first plan opens an offer */
#define SWAPS_MOST 20000  /* pairs of a closing and an opening that one screening lists */
#define SWAPS_TRIED 60    /* of them, the most promising */

size_t match_screen_room(const struct match_model *model)
{
    size_t pairs = (size_t)model->choice_count * model->lot->offer_count;
    return (size_t)model->choice_count + model->lot->offer_count + 2 * (size_t)model->lump_count + (pairs < SWAPS_MOST ? pairs : SWAPS_MOST);
}

static int compare_moves(const void *a, const void *b)
{
    const struct match_move *x = a, *y = b;
#define BY(field) if (x->field != y->field) { return x->field < y->field ? -1 : 1; }
    if (x->most != y->most) {
        return x->most > y->most ? -1 : 1;
    }
    BY(close)
    BY(open)
    BY(lump_out)
    BY(lump_in)
    BY(supplier)
#undef BY
    return 0;
}

/*
 * Prices of a lump that is out, from those of its first units. Where its minimum costs more than it brings the negative ones are raised until it
 * pays nothing, and where it has no place all are 0: its demand pays no more for that, and what others seem to gain by it falls.
 */
static void price_lump_out(const struct match_model *model, const struct match_lump *of, __int128 gain, int64_t *price)
{
    __int128 brings = 0;
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count && gain != MATCH_GAIN_NEVER; l++) {
        brings += price[l] > 0 ? (__int128)price[l] * model->quantity[l] : 0;
    }
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        int64_t most = model->value[l];
        if (gain == MATCH_GAIN_NEVER) {
            price[l] = 0;
        } else if (price[l] < 0) {
            price[l] = price[l] < -most ? -most : price[l];
            price[l] = gain < 0 ? (int64_t)(price[l] * brings / (brings - gain)) : price[l];
        }
        price[l] = price[l] > most ? most : price[l];
    }
}

void match_screen_prices(const struct match_search *search, const struct match_flow *flow, int64_t *price)
{
    const struct match_model *model = &search->model;
    memcpy(price, flow->price, model->line_count * sizeof *price);
    for (uint32_t d = 0; d < model->lump_count; d++) {
        uint32_t supplier;
        if (!flow->lump_in[d]) {
            __int128 gain = match_flow_lump_gain(flow, d, search->limits.only[d], MATCH_NONE, &supplier, price + model->lumps[d].first_line);
            price_lump_out(model, &model->lumps[d], gain, price);
        }
    }
}

void match_screen_relaxed_prices(const struct match_search *search, const struct match_flow *flow, int64_t *price)
{
    const struct match_model *model = &search->model;
    match_screen_prices(search, flow, price);
    for (uint32_t l = 0; l < model->line_count; l++) {
        uint32_t lump = model->lump_of[l];
        if (lump == MATCH_NONE || !model->lumps[lump].single || !flow->lump_in[lump]) {
            continue;
        }
        const int64_t *cost = flow->cost + (size_t)model->class_of[l] * flow->slot_most;
        const int64_t *paid = flow->paid + (size_t)model->class_of[l] * flow->slot_most;
        const int64_t *rent = flow->rent + (size_t)model->month[l] * flow->slot_most;
        for (uint32_t s = 0; s < *flow->slot_limit; s++) {
            int64_t gain = paid[s] <= model->ceiling[l] ? model->value[l] - cost[s] - rent[s] : 0;
            price[l] = gain > price[l] ? gain : price[l];
        }
        price[l] = price[l] > model->value[l] ? model->value[l] : price[l];
    }
}

void match_screen_probe(struct match_search *search)
{
    const struct match_flow *flow = &search->flow;
    struct match_limits held = search->limits;
    held.only = search->held;
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        bool bound = flow->lump_in[d] && search->model.lumps[d].single;
        search->held[d] = bound ? flow->lump_supplier[d] : search->limits.only[d];
    }
    match_screen_prices(search, flow, search->probe.price);
    match_dual_evaluate(&search->walk, &held, &search->probe);
}

/* What lumps that lose their supplier with an offer could at most add to a choice, which the probe left out. */
static __int128 released_most(const struct match_search *search, uint32_t closes, uint32_t choice)
{
    const struct match_model *model = &search->model;
    uint32_t offer = model->choices[choice].offer;
    __int128 most = 0;
    for (uint32_t d = 0; d < model->lump_count; d++) {
        const struct match_lump *of = &model->lumps[d];
        uint16_t group = match_model_group(model, offer, model->class_of[of->first_line]);
        if (!search->flow.lump_in[d] || search->held[d] != closes || !of->single || offer == closes || group == MATCH_NO_GROUP ||
            model->lump_barred[(size_t)d * model->choice_count + choice]) {
            continue;
        }
        int64_t cost = search->terms.cost[model->first_cost[choice] + group];
        for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
            int64_t gain = model->value[l] - cost - search->probe.price[l];
            most += gain > 0 ? (__int128)gain * model->quantity[l] : 0;
        }
    }
    return most;
}

static uint32_t choice_in_use(const struct match_flow *flow, uint32_t offer)
{
    uint32_t slot = flow->slot_of[offer];
    return slot == MATCH_NONE ? MATCH_NONE : flow->slot_choice[slot];
}

static struct match_move move_none(void)
{
    return (struct match_move){MATCH_NONE, MATCH_NONE, MATCH_NONE, MATCH_NONE, MATCH_NONE, 0};
}

static uint32_t list_choices(struct match_search *search, uint32_t count)
{
    const struct match_model *model = &search->model;
    const struct match_dual *probe = &search->probe;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        uint32_t now = choice_in_use(&search->flow, o);
        __int128 has = now == MATCH_NONE ? 0 : probe->net[now];
        if (now != MATCH_NONE && has < 0 && !search->strict.forced[o]) {
            search->moves[count] = move_none();
            search->moves[count].close = o;
            search->moves[count++].most = -has;
        }
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            if (c != now && !search->avoid[c] && !search->strict.barred[c] && probe->net[c] - has > 0) {
                search->moves[count] = move_none();
                search->moves[count].close = now == MATCH_NONE ? MATCH_NONE : o;
                search->moves[count].open = c;
                search->moves[count++].most = probe->net[c] - has;
            }
        }
    }
    return count;
}

static bool holds_lump(const struct match_search *search, uint32_t offer)
{
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        if (search->flow.lump_in[d] && search->model.lumps[d].single && search->flow.lump_supplier[d] == offer) {
            return true;
        }
    }
    return false;
}

/* Pairs of an offer that loses least by closing and a choice that lacks least to open, as long as both together may gain. */
static uint32_t list_swaps(struct match_search *search, uint32_t count)
{
    const struct match_model *model = &search->model;
    const struct match_dual *probe = &search->probe;
    uint32_t first = count;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        uint32_t now = choice_in_use(&search->flow, o);
        bool holds = now != MATCH_NONE && holds_lump(search, o);
        for (uint32_t c = 0; now != MATCH_NONE && !search->strict.forced[o] && c < model->choice_count; c++) {
            uint32_t other = model->choices[c].offer;
            if (other == o || search->flow.slot_of[other] != MATCH_NONE || search->avoid[c] || search->strict.barred[c] || probe->net[c] == MATCH_NET_NEVER) {
                continue;
            }
            __int128 most = probe->net[c] - probe->net[now] + (holds ? released_most(search, o, c) : 0);
            if (most <= 0 || count == first + SWAPS_MOST) {
                continue;
            }
            search->moves[count] = move_none();
            search->moves[count].close = o;
            search->moves[count].open = c;
            search->moves[count++].most = most;
        }
    }
    return count;
}

/* Lumps that cost more than they bring at the prices, and single ones that may do better elsewhere. */
static uint32_t list_lumps(struct match_search *search, uint32_t count)
{
    const struct match_model *model = &search->model;
    const struct match_flow *flow = &search->flow;
    for (uint32_t d = 0; d < model->lump_count; d++) {
        uint32_t supplier;
        struct match_move move = move_none();
        if (!flow->lump_in[d]) {
            move.most = match_flow_lump_gain(flow, d, search->limits.only[d], MATCH_NONE, &supplier, NULL);
            move.lump_in = d;
            move.supplier = supplier;
        } else {
            move.most = -match_lump_pays(model, d, MATCH_LUMP_IN, flow->price, search->probe.wanted);
            move.lump_out = d;
        }
        if (move.most > 0) {
            search->moves[count++] = move;
        }
        if (flow->lump_in[d] && model->lumps[d].single) {
            __int128 elsewhere = match_flow_lump_gain(flow, d, search->limits.only[d], flow->lump_supplier[d], &supplier, NULL);
            move.most += elsewhere;
            move.lump_out = d;
            move.lump_in = d;
            move.supplier = supplier;
            if (supplier != MATCH_NONE && move.most > 0) {
                search->moves[count++] = move;
            }
        }
    }
    return count;
}

static bool try_move(struct match_search *search, const struct match_move *move)
{
    search->tries++;
    match_flow_copy(&search->trial, &search->flow);
    if (!match_move_apply(search, move, search->worth)) {
        return false;
    }
    __int128 worth = match_flow_worth(&search->trial);
    if (worth <= search->worth) {
        return false;
    }
    match_flow_copy(&search->flow, &search->trial);
    search->worth = worth;
    search->successes++;
    return true;
}

uint32_t match_screen_list(struct match_search *search, bool swaps)
{
    uint32_t count = swaps ? list_swaps(search, 0) : list_lumps(search, list_choices(search, 0));
    qsort(search->moves, count, sizeof *search->moves, compare_moves);
    return swaps && count > SWAPS_TRIED ? SWAPS_TRIED : count;
}

/* One screening: lists, ranks and tries until one succeeds. */
static bool screen_once(struct match_search *search, uint64_t until)
{
    match_screen_probe(search);
    uint32_t count = match_screen_list(search, false);
    for (uint32_t n = 0; n < count && search->tries < until; n++) {
        if (try_move(search, &search->moves[n])) {
            return true;
        }
    }
    count = match_screen_list(search, true);
    for (uint32_t n = 0; n < count && search->tries < until; n++) {
        if (try_move(search, &search->moves[n])) {
            return true;
        }
    }
    return false;
}

void match_screen_improve(struct match_search *search, uint32_t tries)
{
    uint64_t until = search->tries + tries;
    while (search->tries < until && screen_once(search, until)) {
    }
}

void match_first_plan(struct match_search *search)
{
    const struct match_model *model = &search->model;
    uint32_t count = 0;
    match_flow_clear(&search->trial);
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        float used = 0, most = 0;
        uint32_t best = MATCH_NONE;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            used += search->ascent.used[c];
            if (search->ascent.used[c] > most) {
                most = search->ascent.used[c];
                best = c;
            }
        }
        if (used >= OFTEN && best != MATCH_NONE && !search->avoid[best]) {
            search->list[count++] = best;
        }
    }
    if (!match_flow_open_all(&search->trial, search->list, count)) {
        match_flow_clear(&search->trial);
    }
    match_lumps_settle(search, MATCH_NONE);
    match_close_short(search);
    match_flow_copy(&search->flow, &search->trial);
    search->worth = match_flow_worth(&search->flow);
}
