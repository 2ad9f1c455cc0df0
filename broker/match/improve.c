/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/improve.h"

#include <string.h>

#include "broker/match/chunk.h"
#include "broker/match/keep.h"
#include "proto/status.h"

#define ROUNDS 8 /* the last has 6.5 million nodes a lot */
#define FIRST_NODES 400
#define GROWTH 4
#define ROUND_MEMORY (SIZE_MAX / 2)

/* What is known so far. */
struct improvement {
    const struct match_market *market;
    const struct match_options *options; /* the caller's */
    struct match_plan *plan;             /* the best so far; NULL during the first */
    const bool *tied;                    /* by lot: shares a fund with another */
    int64_t tied_bound;                  /* of all lots that are tied, together */
    bool stopped;
    struct arena *arena;
};

/* The caller's function, and whether it said stop. After the first plan all lots are done, and the gap is that of the best so far. */
static bool ask(void *context, const struct match_progress *progress)
{
    struct improvement *improvement = context;
    const struct match_plan *plan = improvement->plan;
    struct match_progress whole = *progress;
    if (plan) {
        whole = (struct match_progress){.lots_done = plan->lot_count, .lot_count = plan->lot_count, .objective = plan->objective, .bound = plan->bound};
    }
    improvement->stopped = improvement->options->stop(improvement->options->context, &whole) || improvement->stopped;
    return improvement->stopped;
}

static void sum_up(struct improvement *improvement)
{
    struct match_plan *plan = improvement->plan;
    plan->objective = 0;
    plan->bound = improvement->tied_bound;
    for (uint32_t l = 0; l < plan->lot_count; l++) {
        plan->objective += plan->lots[l].objective;
        plan->bound += improvement->tied[l] ? 0 : plan->lots[l].bound;
    }
}

/* What the tied lots are worth together. */
static int64_t tied_worth(const struct improvement *improvement)
{
    int64_t worth = 0;
    for (uint32_t l = 0; l < improvement->plan->lot_count; l++) {
        worth += improvement->tied[l] ? improvement->plan->lots[l].objective : 0;
    }
    return worth;
}

/* The lots of which a better plan may exist. Funds of tied lots are drawn on by them alone, so leaving out others changes no balance. */
static int open_lots(const struct improvement *improvement, struct arena *work, struct match_market *part, uint32_t **where)
{
    const struct match_market *market = improvement->market;
    const struct match_plan *plan = improvement->plan;
    bool tied_open = tied_worth(improvement) < improvement->tied_bound;
    struct match_lot *lots = arena_array(work, market->lot_count, sizeof *lots);
    *where = arena_array(work, market->lot_count, sizeof **where);
    *part = *market;
    part->lots = lots;
    part->lot_count = 0;
    if (!lots || !*where) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < market->lot_count; l++) {
        bool open = improvement->tied[l] ? tied_open : plan->lots[l].objective < plan->lots[l].bound && !match_chunk_fits(&market->lots[l]);
        if (open) {
            lots[part->lot_count] = market->lots[l];
            (*where)[part->lot_count++] = l;
        }
    }
    return STATUS_OK;
}

/* Takes awards that are worth more, out of the memory of the round. */
static int take_awards(struct improvement *improvement, const struct match_lot_plan *from, struct match_lot_plan *plan)
{
    plan->objective = from->objective;
    plan->awards = from->awards;
    plan->award_count = from->award_count;
    plan->forbidden_by = from->forbidden_by;
    return match_plan_keep(improvement->arena, plan);
}

/* Lots by themselves each keep the better plan and the lower bound. Tied ones spend the same money: all their awards come from one round. */
static int take_round(struct improvement *improvement, const struct match_plan *round, const uint32_t *where)
{
    struct match_plan *plan = improvement->plan;
    int64_t worth = 0, bound = round->bound;
    bool any = false;
    for (uint32_t n = 0; n < round->lot_count; n++) {
        any = any || improvement->tied[where[n]];
        worth += improvement->tied[where[n]] ? round->lots[n].objective : 0;
        bound -= improvement->tied[where[n]] ? 0 : round->lots[n].bound;
    }
    bool better = worth > tied_worth(improvement), tighter = any && bound < improvement->tied_bound;
    int status = STATUS_OK;
    for (uint32_t n = 0; n < round->lot_count && !status; n++) {
        const struct match_lot_plan *from = &round->lots[n];
        struct match_lot_plan *to = &plan->lots[where[n]];
        bool tied = improvement->tied[where[n]];
        to->bound = from->bound < to->bound ? from->bound : to->bound;
        to->priced_bound = !tied ? to->bound : tighter ? from->priced_bound : to->priced_bound; /* belongs to the prices of money */
        if (tied ? better : from->objective > to->objective) {
            status = take_awards(improvement, from, to);
        }
    }
    if (tighter) {
        improvement->tied_bound = bound;
        memcpy(plan->money_price, round->money_price, improvement->market->fund_count * sizeof *plan->money_price);
    }
    if (!status) {
        sum_up(improvement);
    }
    return status;
}

static void add_counters(struct match_counters *all, const struct match_counters *round)
{
    all->pass_count = round->pass_count;
    for (uint32_t n = 0; n < round->pass_count; n++) {
        all->passes[n].name = round->passes[n].name;
        all->passes[n].runs += round->passes[n].runs;
        all->passes[n].tries += round->passes[n].tries;
        all->passes[n].successes += round->passes[n].successes;
        all->passes[n].nanoseconds += round->passes[n].nanoseconds;
    }
}

/* One round more with a budget of nodes; *done: no lot is open. */
static int run_round(struct improvement *improvement, struct match_options options, bool *done)
{
    struct arena work;
    struct match_market part;
    struct match_plan *round;
    struct match_counters counters = {0};
    uint32_t *where;
    arena_init(&work, ROUND_MEMORY);
    options.counters = improvement->options->counters ? &counters : NULL;
    int status = open_lots(improvement, &work, &part, &where);
    *done = !status && part.lot_count == 0;
    if (!status && !*done && !(status = match_plan(&part, &options, &work, &round))) {
        status = take_round(improvement, round, where);
    }
    if (options.counters) {
        add_counters(improvement->options->counters, &counters);
    }
    arena_drop(&work);
    return status;
}

int match_improve_plan(const struct match_market *market, const struct match_options *options, struct arena *arena, struct match_plan **result)
{
    struct improvement improvement = {.market = market, .options = options, .arena = arena};
    struct match_options own = *options;
    struct match_plan *plan;
    own.prove = false; /* the usual plan first: cut short, a long proof leaves a worse one; every round after it proves */
    own.node_budget = 0;
    if (options->stop) {
        own.stop = ask;
        own.context = &improvement;
    }
    int status = match_plan(market, &own, arena, &plan);
    if (!status && !(improvement.tied = match_plan_tied(market, arena))) {
        status = STATUS_NO_MEMORY;
    }
    if (status) {
        return status;
    }
    improvement.plan = plan;
    improvement.tied_bound = plan->bound;
    for (uint32_t l = 0; l < market->lot_count; l++) {
        improvement.tied_bound -= improvement.tied[l] ? 0 : plan->lots[l].bound;
    }
    own.prove = true;
    own.node_budget = FIRST_NODES;
    bool done = false;
    for (int round = 0; round < ROUNDS && !status && !done && !improvement.stopped; round++, own.node_budget *= GROWTH) {
        status = run_round(&improvement, own, &done);
    }
    *result = plan;
    return status;
}
