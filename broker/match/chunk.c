/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/chunk.h"

#include <stdlib.h>
#include <string.h>

#include "broker/match/alike.h"
#include "broker/match/keep.h"
#include "broker/match/lot.h"
#include "broker/match/parallel.h"
#include "broker/match/screen.h"
#include "broker/match/verify.h"
#include "broker/match/split.h"
#include "proto/status.h"

#define DEMANDS_FROM 1500 /* a lot with more is chunked */
#define CHUNK_DEMANDS 200
#define BOUND_STEPS 180
#define SHORTEST 0.0003
#define CHUNK_MEMORY ((size_t)1 << 33)

struct chunk {
    struct match_lot lot;
    uint32_t *demand_of; /* by demand of the chunk: index in the whole lot */
    uint32_t *offer_of;
    struct arena result;
    struct match_lot_plan plan;
};

struct chunks {
    const struct match_market *market;
    const struct match_lot *lot;
    struct match_market parts; /* the same market with the chunks as its lots */
    struct match_control *control;
    struct chunk *chunks;
    uint32_t count;
    uint32_t *first_line;      /* by demand of the whole lot */
    int64_t *price;            /* by line of it */
};

bool match_chunk_fits(const struct match_lot *lot)
{
    return lot->demand_count > DEMANDS_FROM && lot->commitment_count == 0;
}

/* What is dealt out: by rank, then by index. */
struct card {
    int64_t rank[3];
    uint32_t index;
};

static int compare_cards(const void *a, const void *b)
{
    const struct card *x = a, *y = b;
    for (int n = 0; n < 3; n++) {
        if (x->rank[n] != y->rank[n]) {
            return x->rank[n] < y->rank[n] ? -1 : 1;
        }
    }
    return (x->index > y->index) - (x->index < y->index);
}

static uint32_t root_of(uint32_t *parent, uint32_t demand)
{
    while (parent[demand] != demand) {
        parent[demand] = parent[parent[demand]];
        demand = parent[demand];
    }
    return demand;
}

/* The chunk of each demand: demands with alike lines go where the first of them goes. */
static int deal_demands(const struct chunks *chunks, struct arena *arena, uint32_t *chunk_of)
{
    const struct match_lot *lot = chunks->lot;
    struct match_pairs pairs;
    struct match_alike alike;
    struct card *cards = arena_array(arena, lot->demand_count, sizeof *cards);
    uint32_t *parent = arena_array(arena, lot->demand_count, sizeof *parent);
    int status = match_pairs_build(chunks->market, lot, arena, &pairs);
    if (status || !cards || !parent || (status = match_alike_build(lot, &pairs, arena, &alike))) {
        return status ? status : STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        const struct match_demand *demand = &lot->demands[d];
        int64_t total = 0;
        for (uint32_t n = 0; n < demand->line_count; n++) {
            total += demand->lines[n].quantity;
        }
        cards[d] = (struct card){{demand->priority, demand->lines[0].month, -total}, d};
        parent[d] = d;
        chunk_of[d] = MATCH_NONE;
    }
    for (uint32_t g = 0; g < alike.group_count; g++) {
        for (uint32_t n = alike.first[g] + 1; n < alike.first[g + 1]; n++) {
            parent[root_of(parent, alike.lines[n].demand)] = root_of(parent, alike.lines[alike.first[g]].demand);
        }
    }
    qsort(cards, lot->demand_count, sizeof *cards, compare_cards);
    for (uint32_t n = 0, next = 0; n < lot->demand_count; n++) {
        uint32_t root = root_of(parent, cards[n].index);
        if (chunk_of[root] == MATCH_NONE) {
            chunk_of[root] = next++ % chunks->count;
        }
        chunk_of[cards[n].index] = chunk_of[root];
    }
    return STATUS_OK;
}

static int deal_offers(const struct chunks *chunks, struct arena *arena, uint32_t *chunk_of)
{
    const struct match_lot *lot = chunks->lot;
    struct card *cards = arena_array(arena, lot->offer_count, sizeof *cards);
    if (!cards) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        const struct match_offer *offer = &lot->offers[o];
        int64_t price = INT64_MAX, output = 0;
        for (uint32_t k = 0; k < offer->tier_count; k++) {
            price = offer->tiers[k].evaluated_price < price ? offer->tiers[k].evaluated_price : price;
            output = offer->tiers[k].monthly_rate > output ? offer->tiers[k].monthly_rate : output;
        }
        cards[o] = (struct card){{price, -output, 0}, o};
    }
    qsort(cards, lot->offer_count, sizeof *cards, compare_cards);
    for (uint32_t n = 0; n < lot->offer_count; n++) {
        chunk_of[cards[n].index] = n % chunks->count;
    }
    return STATUS_OK;
}

/* Copies what is a chunk's into its own lot. */
static int fill_chunk(struct chunks *chunks, uint32_t index, const uint32_t *demand_chunk, const uint32_t *offer_chunk, struct arena *arena)
{
    const struct match_lot *lot = chunks->lot;
    struct chunk *chunk = &chunks->chunks[index];
    struct match_demand *demands = arena_array(arena, lot->demand_count, sizeof *demands);
    struct match_offer *offers = arena_array(arena, lot->offer_count / chunks->count + 1, sizeof *offers);
    chunk->demand_of = arena_array(arena, lot->demand_count, sizeof *chunk->demand_of);
    chunk->offer_of = arena_array(arena, lot->offer_count / chunks->count + 1, sizeof *chunk->offer_of);
    if (!demands || !offers || !chunk->demand_of || !chunk->offer_of) {
        return STATUS_NO_MEMORY;
    }
    chunk->lot = *lot;
    chunk->lot.demands = demands;
    chunk->lot.offers = offers;
    chunk->lot.demand_count = 0;
    chunk->lot.offer_count = 0;
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        if (demand_chunk[d] == index) {
            chunk->demand_of[chunk->lot.demand_count] = d;
            demands[chunk->lot.demand_count++] = lot->demands[d];
        }
    }
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        if (offer_chunk[o] == index) {
            chunk->offer_of[chunk->lot.offer_count] = o;
            offers[chunk->lot.offer_count++] = lot->offers[o];
        }
    }
    arena_init(&chunk->result, CHUNK_MEMORY);
    return STATUS_OK;
}

/* Notes the line prices of a chunk's plan under the whole lot's lines. */
static void note_prices(struct chunks *chunks, const struct chunk *chunk, struct match_search *search)
{
    const struct match_model *model = &search->model;
    match_screen_relaxed_prices(search, &search->flow, search->probe.price);
    for (uint32_t l = 0; l < model->line_count; l++) {
        for (uint32_t n = model->first_member[l]; n < model->first_member[l + 1]; n++) {
            const struct match_member *member = &model->members[n];
            chunks->price[chunks->first_line[chunk->demand_of[member->demand]] + member->line] = search->probe.price[l];
        }
    }
}

static int plan_chunk(void *context, uint32_t index)
{
    struct chunks *chunks = context;
    struct chunk *chunk = &chunks->chunks[index];
    struct arena work;
    arena_init(&work, CHUNK_MEMORY);
    struct match_search *search = arena_alloc(&work, sizeof *search);
    int status = search ? match_search_init(&chunks->parts, index, false, &work, search) : STATUS_NO_MEMORY;
    for (uint32_t t = 0; !status && t < search->ties.count; t++) {
        if (search->ties.ties[t].kind == MATCH_TIE_FUND) {
            search->rights[t] /= chunks->count;
        }
    }
    if (!status) {
        search->control = chunks->control;
        status = match_lot_search(search); /* without a tree: its budget is 0 */
    }
    if (!status) {
        note_prices(chunks, chunk, search);
        chunk->plan = search->best;
        status = match_plan_keep(&chunk->result, &chunk->plan);
    }
    arena_drop(&work);
    return status;
}

/*
 * Evens out what chunks made of chance: in a market this thick a unit costs nearly the same for all lines of one month, so a line's price is
 * what its value leaves above the mean of that cost, weighted by quantity.
 */
static int smooth_prices(const struct match_model *model, struct arena *arena, int64_t *price)
{
    double *cost = arena_array(arena, model->month_count, sizeof *cost), *weight = arena_array(arena, model->month_count, sizeof *weight);
    if (!cost || !weight) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        if (price[l] > 0) {
            cost[model->month[l]] += (double)(model->value[l] - price[l]) * (double)model->quantity[l];
            weight[model->month[l]] += (double)model->quantity[l];
        }
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        if (weight[model->month[l]] > 0) {
            int64_t even = model->value[l] - (int64_t)(cost[model->month[l]] / weight[model->month[l]]);
            price[l] = even > 0 ? even : 0;
        }
    }
    return STATUS_OK;
}

/* The bound of the whole lot from the chunks' prices. */
static int bound_whole(const struct chunks *chunks, struct arena *arena, int64_t objective, int64_t *bound)
{
    struct match_model model;
    struct match_terms terms;
    struct match_ties ties;
    struct match_walk walk;
    struct match_dual dual;
    struct match_ascent ascent;
    int status = match_model_build(chunks->market, chunks->lot, arena, &model);
    if (status || (status = match_terms_init(&model, arena, &terms)) || (status = match_ties_init(&model, &terms, false, arena, &ties)) ||
        (status = match_walk_init(&model, &terms, arena, &walk)) || (status = match_dual_init(&model, arena, &dual)) ||
        (status = match_ascent_init(&model, &ties, arena, &ascent))) {
        return status;
    }
    for (uint32_t l = 0; l < model.line_count; l++) {
        const struct match_member *member = &model.members[model.first_member[l]];
        dual.price[l] = chunks->price[chunks->first_line[member->demand] + member->line];
    }
    if ((status = smooth_prices(&model, arena, dual.price))) {
        return status;
    }
    uint64_t since = match_control_time(chunks->control);
    ascent.least = SHORTEST; /* the prices are good already */
    ascent.factor = 1;
    match_ascent_run(&walk, NULL, &ties, (__int128)objective << model.shift, BOUND_STEPS, &dual, &ascent);
    match_control_count(chunks->control, MATCH_PASS_PRICES, since, BOUND_STEPS, 0);
    *bound = match_bound_cents(&model, dual.bound);
    return STATUS_OK;
}

/* Puts the chunks' plans together. */
static int join(const struct chunks *chunks, struct arena *arena, struct match_lot_plan *out)
{
    uint32_t count = 0;
    for (uint32_t c = 0; c < chunks->count; c++) {
        count += chunks->chunks[c].plan.award_count;
    }
    *out = (struct match_lot_plan){.awards = arena_array(arena, count, sizeof *out->awards)};
    if (!out->awards) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t c = 0; c < chunks->count; c++) {
        const struct chunk *chunk = &chunks->chunks[c];
        for (uint32_t n = 0; n < chunk->plan.award_count; n++) {
            struct match_award award = chunk->plan.awards[n];
            award.demand = chunk->demand_of[award.demand];
            award.offer = chunk->offer_of[award.offer];
            out->awards[out->award_count++] = award;
        }
        out->objective += chunk->plan.objective;
    }
    qsort(out->awards, count, sizeof *out->awards, match_split_compare);
    return STATUS_OK;
}

static int divide(struct chunks *chunks, struct arena *arena)
{
    const struct match_lot *lot = chunks->lot;
    uint32_t *demand_chunk = arena_array(arena, lot->demand_count, sizeof *demand_chunk);
    uint32_t *offer_chunk = arena_array(arena, lot->offer_count, sizeof *offer_chunk), lines = 0;
    struct match_lot *lots = arena_array(arena, chunks->count, sizeof *lots);
    chunks->chunks = arena_array(arena, chunks->count, sizeof *chunks->chunks);
    chunks->first_line = arena_array(arena, lot->demand_count, sizeof *chunks->first_line);
    if (!demand_chunk || !offer_chunk || !lots || !chunks->chunks || !chunks->first_line) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        chunks->first_line[d] = lines;
        lines += lot->demands[d].line_count;
    }
    chunks->price = arena_array(arena, lines, sizeof *chunks->price);
    int status = chunks->price ? deal_demands(chunks, arena, demand_chunk) : STATUS_NO_MEMORY;
    if (!status) {
        status = deal_offers(chunks, arena, offer_chunk);
    }
    for (uint32_t c = 0; !status && c < chunks->count; c++) {
        status = fill_chunk(chunks, c, demand_chunk, offer_chunk, arena);
        lots[c] = chunks->chunks[c].lot;
    }
    chunks->parts = *chunks->market;
    chunks->parts.lots = lots;
    chunks->parts.lot_count = chunks->count;
    return status;
}

int match_chunk_plan(const struct match_market *market, uint32_t lot, struct match_control *control, struct arena *arena,
                     struct match_lot_plan *out)
{
    struct chunks chunks = {.market = market, .lot = &market->lots[lot], .control = control};
    struct arena work;
    const char *fault;
    arena_init(&work, CHUNK_MEMORY);
    chunks.count = chunks.lot->demand_count / CHUNK_DEMANDS;
    int status = divide(&chunks, &work);
    if (!status) {
        status = match_parallel_run(control->options->threads, chunks.count, plan_chunk, &chunks);
    }
    if (!status) {
        status = join(&chunks, arena, out);
    }
    if (!status) {
        status = bound_whole(&chunks, &work, out->objective, &out->bound);
    }
    if (!status) {
        out->bound = out->bound > out->objective ? out->bound : out->objective;
        status = match_verify_lot(market, lot, out, &work, NULL, &fault);
        if (status == STATUS_INVALID) {
            *out = (struct match_lot_plan){.bound = out->bound, .forbidden_by = "bundle_rule"};
            status = STATUS_OK;
        }
    }
    for (uint32_t c = 0; chunks.chunks && c < chunks.count; c++) {
        arena_drop(&chunks.chunks[c].result);
    }
    arena_drop(&work);
    return status;
}
