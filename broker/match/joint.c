/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/joint.h"

#include <string.h>

#include "broker/match/branch.h"
#include "broker/match/choose.h"
#include "broker/match/finish.h"
#include "broker/match/hold.h"
#include "broker/match/keep.h"
#include "broker/match/ledger.h"
#include "broker/match/lot.h"
#include "broker/match/money.h"
#include "broker/match/moves.h"
#include "broker/match/node.h"
#include "broker/match/parallel.h"
#include "broker/match/refine.h"
#include "broker/match/screen.h"
#include "proto/status.h"

#define COLD_STEPS 4      /* without prices of money: the lots' own bounds */
#define HURRY_STEPS 1     /* where the caller said stop */
#define PRICE_STEPS 20    /* at the first prices of money */
#define ROUNDS 3          /* of moving the prices of money before the lots are searched, and after */
#define FIT_ROUNDS 3      /* of making plans to choose from */
#define FIT_FEW 10
#define TRIES 20
#define WARM_STEPS 8
#define NODES_MEAN 6      /* nodes of a lot's tree on average, given out by the lots' gaps */
#define NODES_MOST 300
#define NODES_LEAST 3     /* fewer are not worth a tree */
#define NODES_FEW 30      /* each of few lots' */
#define NODES_PROOF 5000
#define FEW_LOTS 24
#define ONE_NODES 8       /* of a lot that changed */
#define ONE_TRIES 60
#define LOT_MEMORY ((size_t)1 << 32)

/* Prices of a lot's lines without prices of money: its own bound. Then at the first prices, and a first plan at these. */
static int begin_lot(void *context, uint32_t lot)
{
    struct match_joint *joint = context;
    struct match_search search;
    uint64_t since = match_control_time(joint->control);
    int status = match_hold_open(joint, lot, false, &search);
    match_control_count(joint->control, MATCH_PASS_BUILD, since, 1, 1);
    if (!status) {
        bool hurry = match_control_asks(joint->control); /* any prices give a bound that holds */
        match_lot_prices(&search, hurry ? HURRY_STEPS : COLD_STEPS);
        match_search_bound(&search, search.dual.bound);
        match_money_apply(joint, &search);
        match_ascent_run(&search.walk, &search.limits, &search.ties, MATCH_NET_NEVER, hurry ? HURRY_STEPS : PRICE_STEPS, &search.dual, &search.ascent);
        match_first_plan(&search);
        match_money_count(&search, joint->lots[lot].spent);
    }
    return match_hold_close(joint, lot, &search, status);
}

/* A heavy lot's choices at new prices of money. */
static int follow_lot(void *context, uint32_t index)
{
    struct match_joint *joint = context;
    uint32_t lot = joint->heavy[index];
    struct match_search search;
    int status = match_hold_open(joint, lot, true, &search);
    if (!status) {
        match_money_count(&search, joint->lots[lot].spent);
    }
    return match_hold_close(joint, lot, &search, status);
}

/* A lot's plan searched at the prices of money that are to stand for the bound, and its bound. */
static int settle_lot(void *context, uint32_t lot)
{
    struct match_joint *joint = context;
    struct match_search search;
    int status = match_hold_open(joint, lot, true, &search);
    if (!status) {
        bool hurry = match_control_asks(joint->control);
        match_screen_improve(&search, hurry ? 0 : TRIES);
        match_money_count(&search, joint->lots[lot].spent);
        match_lot_warm(&search, hurry ? HURRY_STEPS : WARM_STEPS);
        if (!joint->lots[lot].counted) { /* few lots are settled twice */
            joint->lots[lot].counted = true;
            match_control_lot_bounded(joint->control, search.best.bound);
        }
    }
    return match_hold_close(joint, lot, &search, status);
}

/* A tree for a lot that was given nodes. */
static int branch_lot(void *context, uint32_t lot)
{
    struct match_joint *joint = context;
    struct match_search search;
    if (!joint->lots[lot].nodes || match_control_asks(joint->control)) {
        return STATUS_OK;
    }
    int status = match_hold_open(joint, lot, true, &search);
    if (!status) {
        search.nodes = joint->lots[lot].nodes;
        match_dual_evaluate(&search.walk, &search.limits, &search.dual);
        match_node_fix(&search, &search.strict, match_branch_cutoff(&search));
        status = match_lot_branch(&search);
        match_money_count(&search, joint->lots[lot].spent);
    }
    return match_hold_close(joint, lot, &search, status);
}

/* A lot's plan at the present prices of money, finished: one more that it may choose. */
static int finish_lot(void *context, uint32_t lot)
{
    struct match_joint *joint = context;
    struct match_search search;
    int status = match_hold_open(joint, lot, true, &search);
    if (!status) {
        match_screen_improve(&search, TRIES);
        match_money_count(&search, joint->lots[lot].spent);
        uint64_t since = match_control_time(joint->control);
        status = match_ledger_finish(joint, lot, &search);
        match_control_count(joint->control, MATCH_PASS_FINISH, since, 1, search.best.award_count > 0);
    }
    status = match_hold_close(joint, lot, &search, status);
    return status ? status : match_choose_add(joint, lot);
}

static int finish_heavy_lot(void *context, uint32_t index)
{
    struct match_joint *joint = context;
    return finish_lot(context, joint->heavy[index]);
}

/* What the money of all funds is worth at its prices, in cents rounded up. */
static __int128 money_worth(const struct match_market *market, const int64_t *price, const __int128 *balance)
{
    __int128 money = 0;
    for (uint32_t f = 0; f < market->fund_count; f++) {
        money += market->funds[f].limited ? (__int128)price[f] * balance[f] : 0;
    }
    return money ? (money >> MATCH_FUND_BITS) + 1 : 0;
}

__int128 match_joint_bound(const struct match_market *market, const struct match_lot_plan *plans, const int64_t *price, const __int128 *balance)
{
    __int128 bound = money_worth(market, price, balance);
    for (uint32_t l = 0; l < market->lot_count; l++) {
        bound += plans[l].priced_bound;
    }
    return bound;
}

/* A lot's scaled bound in whole cents, rounded up: to it a part of a cent of money comes. */
static int64_t bound_cents(__int128 bound, int shift)
{
    return bound <= 0 ? 0 : (int64_t)((bound + ((__int128)1 << shift) - 1) >> shift);
}

/* Holds the lots' bounds at the present prices of money as those of their plans, if they make a lower bound of the whole than those before. */
static void keep_bounds(const struct match_joint *joint, struct match_lot_plan *plans, int64_t *price, __int128 *bound)
{
    uint32_t lots = joint->market->lot_count;
    __int128 sum = money_worth(joint->market, joint->price, joint->balance);
    for (uint32_t l = 0; l < lots; l++) {
        sum += bound_cents(joint->lots[l].joint_bound, joint->lots[l].shift);
    }
    if (*bound >= 0 && sum >= *bound) {
        return;
    }
    *bound = sum;
    memcpy(price, joint->price, joint->market->fund_count * sizeof *price);
    for (uint32_t l = 0; l < lots; l++) {
        plans[l].priced_bound = bound_cents(joint->lots[l].joint_bound, joint->lots[l].shift);
    }
}

/* What a lot's plan lies below its bound, in cents. */
static double gap_of(const struct match_held *held)
{
    return (double)(held->joint_bound - held->worth) / (double)((int64_t)1 << held->shift);
}

/* Gives out nodes by how far the lots' plans lie below their bounds. */
static void give_nodes(struct match_joint *joint)
{
    uint32_t lots = joint->market->lot_count;
    const struct match_options *options = joint->control->options;
    double all = 0;
    for (uint32_t l = 0; l < lots; l++) {
        all += gap_of(&joint->lots[l]);
    }
    for (uint32_t l = 0; l < lots; l++) {
        double nodes = all > 0 ? gap_of(&joint->lots[l]) / all * NODES_MEAN * (double)lots : 0;
        nodes = nodes < NODES_LEAST ? 0 : nodes > NODES_MOST ? NODES_MOST : nodes;
        nodes = lots <= FEW_LOTS && nodes < NODES_FEW ? NODES_FEW : nodes;
        joint->lots[l].nodes = options->node_budget ? options->node_budget : options->prove ? NODES_PROOF : (uint64_t)nodes;
    }
}

/* All lots' plans and bounds at the prices of money as they are. */
static int settle(struct match_joint *joint)
{
    uint32_t threads = joint->control->options->threads, lots = joint->market->lot_count;
    int status = match_parallel_run(threads, lots, settle_lot, joint);
    give_nodes(joint);
    return status ? status : match_parallel_run(threads, lots, branch_lot, joint);
}

static int find_prices(struct match_joint *joint, struct arena *arena)
{
    uint32_t threads = joint->control->options->threads, lots = joint->market->lot_count;
    int status = match_money_guess(joint, arena);
    if (status || (status = match_parallel_run(threads, lots, begin_lot, joint)) || (status = match_money_weigh(joint, arena))) {
        return status;
    }
    for (int round = 0; round < ROUNDS && !status && !match_control_asks(joint->control); round++) {
        match_money_move(joint, true, round == 0, 1);
        status = match_parallel_run(threads, joint->heavy_count, follow_lot, joint);
    }
    match_money_move(joint, true, false, 1);
    return status ? status : settle(joint);
}

/*
 * Plans finished at several prices of money, about those at which what the lots chose to buy spends what there is: each lot then has some to
 * choose from. The bound stays with the prices before.
 */
static int fit_plans(struct match_joint *joint)
{
    uint32_t threads = joint->control->options->threads;
    uint32_t rounds = joint->market->lot_count <= FEW_LOTS ? FIT_FEW : FIT_ROUNDS;
    int status = STATUS_OK;
    for (uint32_t round = 0; round < rounds && !status && (round == 0 || !match_control_asks(joint->control)); round++) {
        match_money_move(joint, round > 0, round == 0, 1);
        status = round == 0 ? match_parallel_run(threads, joint->market->lot_count, finish_lot, joint)
                            : match_parallel_run(threads, joint->heavy_count, finish_heavy_lot, joint);
    }
    return status;
}

/* The lots have plans that fit together: the progress counts them as done. */
static void count_plans(const struct match_joint *joint)
{
    uint32_t count = 0;
    int64_t objective = 0;
    for (uint32_t l = 0; l < joint->market->lot_count; l++) {
        count += joint->lots[l].counted;
        objective += joint->lots[l].counted ? joint->lots[l].plan.objective : 0;
    }
    match_control_lots_planned(joint->control, count, objective);
}

int match_joint_plan(const struct match_market *market, struct match_control *control, const __int128 *balance, struct arena *arena,
                     struct match_lot_plan *plans, int64_t *price, int64_t *bound)
{
    struct match_joint joint = {.market = market, .control = control, .balance = balance};
    struct arena work;
    arena_init(&work, SIZE_MAX / 2);
    int status = match_hold_init(&joint, &work);
    __int128 own = 0, priced = -1;
    if (!status && !(status = find_prices(&joint, &work))) {
        keep_bounds(&joint, plans, price, &priced);
        status = fit_plans(&joint);
    }
    if (!status && !(status = match_ledger_keep(&joint, &work))) {
        count_plans(&joint);
        status = match_refine_lots(&joint);
    }
    for (uint32_t l = 0; !status && l < market->lot_count; l++) {
        int64_t priced_bound = plans[l].priced_bound;
        plans[l] = joint.lots[l].plan;
        plans[l].priced_bound = priced_bound;
        plans[l].bound = plans[l].bound > plans[l].objective ? plans[l].bound : plans[l].objective;
        status = match_plan_keep(arena, &plans[l]);
        own += plans[l].bound;
    }
    if (!status && market->lot_count <= FEW_LOTS && !match_control_asks(control)) { /* few lots spend in jumps: the first prices may be far off */
        status = settle(&joint);
        keep_bounds(&joint, plans, price, &priced);
    }
    if (!status) {
        *bound = (int64_t)(priced < own ? priced : own);
    }
    match_hold_drop(&joint);
    arena_drop(&work);
    return status;
}

static void set_prices(struct match_search *search, const int64_t *price, double factor)
{
    for (uint32_t t = 0; t < search->ties.count; t++) {
        struct match_tie *tie = &search->ties.ties[t];
        tie->multiplier = tie->outside ? (int64_t)((double)price[tie->index] * factor) : tie->multiplier;
    }
    match_ties_apply(&search->ties);
}

/* The lot's plan at the prices, and at dearer and cheaper money, each finished within what it may spend: the best stays. */
static int finish_one(struct match_search *search, const int64_t *price)
{
    static const double factors[] = {1, 1.1, 0.9};
    int status = STATUS_OK;
    for (size_t n = 0; n < sizeof factors / sizeof factors[0] && !status; n++) {
        if (n) {
            set_prices(search, price, factors[n]);
            match_moves_rebuild(search);
            match_screen_improve(search, TRIES);
        }
        status = match_finish_keep(search, n == 0);
    }
    return status;
}

int match_joint_one(const struct match_market *market, uint32_t lot, const int64_t *price, const __int128 *money,
                    const struct match_options *options, struct arena *arena, struct match_lot_plan *plan)
{
    const struct match_options defaults = {.threads = 1};
    struct match_control control;
    struct match_search search;
    struct arena work;
    arena_init(&work, LOT_MEMORY);
    match_control_init(&control, options ? options : &defaults, 1);
    int status = match_search_init(market, lot, true, &work, &search);
    if (!status) {
        search.control = &control;
        search.joint = true;
        match_search_budget(&search, &(struct match_options){.node_budget = ONE_NODES});
        match_lot_prices(&search, PRICE_STEPS);
        match_search_bound(&search, search.dual.bound);
        set_prices(&search, price, 1);
        match_ascent_run(&search.walk, &search.limits, &search.ties, MATCH_NET_NEVER, PRICE_STEPS, &search.dual, &search.ascent);
        match_first_plan(&search);
        match_screen_improve(&search, ONE_TRIES);
        match_lot_warm(&search, WARM_STEPS);
        status = match_lot_branch(&search);
    }
    for (uint32_t t = 0; !status && t < search.ties.count; t++) {
        const struct match_tie *tie = &search.ties.ties[t];
        search.rights[t] = tie->kind != MATCH_TIE_FUND ? search.rights[t] : money[tie->index];
    }
    if (!status && !(status = finish_one(&search, price))) {
        *plan = search.best;
        plan->bound = plan->bound > plan->objective ? plan->bound : plan->objective;
        plan->priced_bound = bound_cents(search.joint_bound, search.model.shift);
        status = match_plan_keep(arena, plan);
    }
    arena_drop(&work);
    return status;
}
