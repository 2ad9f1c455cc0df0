/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/joint.h"

#include <string.h>

#include "broker/match/branch.h"
#include "broker/match/choose.h"
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
#define PRICE_STEPS 20    /* at the first prices of money */
#define ROUNDS 3          /* of moving the prices of money before the lots are searched, and after */
#define FIT_ROUNDS 3      /* of making plans to choose from */
#define FIT_FEW 10
#define TRIES 20
#define WARM_STEPS 8
#define NODES_MEAN 10      /* nodes of a lot's tree on average, given out by the lots' gaps */
#define NODES_MOST 300
#define NODES_LEAST 3     /* fewer are not worth a tree */
#define NODES_FEW 30      /* each of few lots' */
#define NODES_PROOF 5000
#define FEW_LOTS 24

/* Prices of a lot's lines without prices of money: its own bound. Then at the first prices, and a first plan at these. */
static int begin_lot(void *context, uint32_t lot)
{
    struct match_joint *joint = context;
    struct match_search search;
    uint64_t since = match_control_time(joint->control);
    int status = match_hold_open(joint, lot, false, &search);
    match_control_count(joint->control, MATCH_PASS_BUILD, since, 1, 1);
    if (!status) {
        match_lot_prices(&search, COLD_STEPS);
        match_search_bound(&search, search.dual.bound);
        match_money_apply(joint, &search);
        match_ascent_run(&search.walk, &search.limits, &search.ties, MATCH_NET_NEVER, PRICE_STEPS, &search.dual, &search.ascent);
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
        match_screen_improve(&search, TRIES);
        match_money_count(&search, joint->lots[lot].spent);
        match_lot_warm(&search, WARM_STEPS);
        match_control_lot_done(joint->control, 0, search.best.bound);
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

/* Bound of the whole at the prices as they are, in cents: each lot's rounded up, and price times balance. */
static __int128 joint_bound(const struct match_joint *joint)
{
    __int128 bound = 0, money = 0;
    for (uint32_t l = 0; l < joint->market->lot_count; l++) {
        const struct match_held *held = &joint->lots[l];
        __int128 unit = (__int128)1 << held->shift;
        bound += held->joint_bound > 0 ? (held->joint_bound + unit - 1) >> held->shift : 0;
    }
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        money += joint->market->funds[f].limited ? (__int128)joint->price[f] * joint->balance[f] : 0;
    }
    return bound + (money ? (money >> MATCH_FUND_BITS) + 1 : 0);
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
    if (!status) {
        status = match_parallel_run(threads, lots, settle_lot, joint);
    }
    give_nodes(joint);
    if (!status) {
        status = match_parallel_run(threads, lots, branch_lot, joint);
    }
    return status;
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

int match_joint_plan(const struct match_market *market, struct match_control *control, const __int128 *balance, struct arena *arena,
                     struct match_lot_plan *plans, int64_t *bound)
{
    struct match_joint joint = {.market = market, .control = control, .balance = balance};
    struct arena work;
    arena_init(&work, SIZE_MAX / 2);
    int status = match_hold_init(&joint, &work);
    __int128 own = 0, priced = 0;
    if (!status && !(status = find_prices(&joint, &work))) {
        priced = joint_bound(&joint);
        status = fit_plans(&joint);
    }
    if (!status && !(status = match_ledger_keep(&joint, &work))) {
        status = match_refine_lots(&joint);
    }
    for (uint32_t l = 0; !status && l < market->lot_count; l++) {
        plans[l] = joint.lots[l].plan;
        plans[l].bound = plans[l].bound > plans[l].objective ? plans[l].bound : plans[l].objective;
        status = match_plan_keep(arena, &plans[l]);
        own += plans[l].bound;
    }
    if (!status) {
        *bound = (int64_t)(priced < own ? priced : own);
    }
    match_hold_drop(&joint);
    arena_drop(&work);
    return status;
}
