/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/search.h"

#include "broker/match/afford.h"
#include "broker/match/moves.h"
#include "broker/match/rank.h"
#include "broker/match/screen.h"
#include "broker/match/tied.h"
#include "proto/status.h"

#define NODE_STEPS 8
#define NODE_STEPS_LARGE 5
#define DIVE_STEPS 20
#define DIVE_STEPS_LARGE 10
#define DIVE_ENOUGH 5e-5
#define DIVE_ENOUGH_LARGE 2e-4
#define NODES 30             /* of a lot's tree by default; a large lot has none unless its gap is wide */
#define WIDE_NODES 30        /* at least, where the gap is wide */
#define SMALL_NODES 1500     /* of a small lot, which is to be proved */
#define PROOF_NODES 5000
#define SMALL_WORK UINT64_C(400000000)     /* of the proof of a small lot: a third of a second */
#define SMALL_EXACT UINT64_C(600000000)    /* of its branch and cut: two thirds of a second */
#define PROOF_WORK UINT64_C(20000000000)
#define PROOF_EXACT UINT64_C(4000000000)
#define SMALL_PAIRS 3000     /* lines times choices of a small lot: some 30 demands and 12 offers */
#define MIDDLE_PAIRS 30000   /* of one of some 90 demands and 30 offers */
#define ENOUGH 10            /* millionths of the bound that a plan may be short of it */
#define LARGE_PAIRS 400000   /* beyond it a node costs more than the default run may */
#define ENOUGH_LARGE 250     /* the same in a large lot, where closing it takes longer and is worth less */

int match_search_afford(struct match_search *search)
{
    int status = match_afford_bar(&search->model, &search->ties, search->arena, &search->limits);
    for (uint32_t d = 0; !status && d < search->model.lump_count; d++) {
        search->strict.lump_state[d] = search->limits.lump_state[d] == MATCH_LUMP_OUT ? MATCH_LUMP_OUT : search->strict.lump_state[d];
    }
    return status;
}

int match_search_init(const struct match_market *market, uint32_t index, bool hold_funds, struct arena *arena,
                      struct match_search *search)
{
    const struct match_lot *lot = &market->lots[index];
    *search = (struct match_search){.arena = arena, .lot = index, .best = {.bound = INT64_MAX}};
    struct match_model *model = &search->model;
    int status = match_model_build(market, lot, arena, model);
    model->offers_least = hold_funds ? 0 : model->offers_least; /* where lots share money a lot's part may be no bundle */
    if (status || (status = match_terms_init(model, arena, &search->terms)) ||
        (status = match_ties_init(model, &search->terms, hold_funds, arena, &search->ties)) ||
        (status = match_walk_init(model, &search->terms, arena, &search->walk)) ||
        (status = match_limits_init(model, arena, &search->limits)) ||
        (status = match_limits_init(model, arena, &search->strict)) || (status = match_search_afford(search)) || (status = match_dual_init(model, arena, &search->dual)) ||
        (status = match_dual_init(model, arena, &search->probe)) ||
        (status = match_ascent_init(model, &search->ties, arena, &search->ascent)) ||
        (status = match_flow_init(model, &search->terms, lot->offer_count, arena, &search->flow)) ||
        (status = match_flow_init(model, &search->terms, lot->offer_count, arena, &search->trial)) ||
        (status = match_flow_init(model, &search->terms, lot->offer_count, arena, &search->spare)) ||
        (status = match_flow_init(model, &search->terms, lot->offer_count, arena, &search->kept)) ||
        (status = match_repair_init(model, &search->ties, lot->offer_count, arena, &search->repair))) {
        return status;
    }
    search->mixed = arena_array(arena, model->line_count, sizeof *search->mixed);
    search->plan_price = arena_array(arena, model->line_count, sizeof *search->plan_price);
    search->avoid = arena_array(arena, model->choice_count, 1);
    search->held = arena_array(arena, model->lump_count, sizeof *search->held);
    search->rights = arena_array(arena, search->ties.count, sizeof *search->rights);
    search->multipliers = arena_array(arena, search->ties.count, sizeof *search->multipliers);
    if (search->ties.count && !hold_funds) {
        search->tied = arena_alloc(arena, sizeof *search->tied);
        if (!search->tied || match_tied_init(search, arena, search->tied)) {
            return STATUS_NO_MEMORY;
        }
    }
    for (uint32_t t = 0; search->rights && t < search->ties.count; t++) {
        search->rights[t] = search->ties.ties[t].right;
    }
    size_t most = (size_t)model->lump_count + lot->offer_count + 1;
    search->guess = arena_array(arena, lot->offer_count, sizeof *search->guess);
    search->moves = arena_array(arena, match_screen_room(model), sizeof *search->moves);
    search->ranks = arena_array(arena, most > model->choice_count ? most : model->choice_count, sizeof *search->ranks);
    search->list = arena_array(arena, most, sizeof *search->list);
    return search->mixed && search->plan_price && search->avoid && search->held && search->rights && search->multipliers && search->guess && search->moves && search->ranks && search->list ? STATUS_OK : STATUS_NO_MEMORY;
}

void match_search_budget(struct match_search *search, const struct match_options *options)
{
    uint64_t nodes = options->node_budget;
    bool prove = options->prove;
    uint64_t pairs = (uint64_t)search->model.line_count * search->model.choice_count;
    bool large = pairs > MIDDLE_PAIRS;
    search->node_steps = large && !prove ? NODE_STEPS_LARGE : NODE_STEPS;
    search->dive_steps = large ? DIVE_STEPS_LARGE : DIVE_STEPS;
    search->dive_enough = large ? DIVE_ENOUGH_LARGE : DIVE_ENOUGH;
    search->proves = !options->enough && (prove || (!nodes && pairs <= SMALL_PAIRS));
    search->work_most = !prove ? SMALL_WORK : nodes > PROOF_NODES ? PROOF_WORK / PROOF_NODES * nodes : PROOF_WORK;
    search->exact_most = !prove ? SMALL_EXACT : nodes > PROOF_NODES ? PROOF_EXACT / PROOF_NODES * nodes : PROOF_EXACT;
    search->persists = !options->enough && (prove || nodes || pairs <= SMALL_PAIRS);
    search->enough = options->enough ? options->enough : search->persists ? 0 : pairs <= MIDDLE_PAIRS ? ENOUGH : ENOUGH_LARGE;
    search->nodes = nodes ? nodes : prove ? PROOF_NODES : pairs <= SMALL_PAIRS ? SMALL_NODES : pairs <= MIDDLE_PAIRS ? NODES : 0;
    search->wide_nodes = search->nodes < WIDE_NODES && (search->nodes || pairs <= LARGE_PAIRS) ? WIDE_NODES : search->nodes;
}

void match_search_bound(struct match_search *search, __int128 bound)
{
    int64_t cents = match_bound_cents(&search->model, bound);
    search->best.bound = cents < search->best.bound ? cents : search->best.bound;
}
