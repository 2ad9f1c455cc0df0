/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/joint.h"

#include <string.h>

#include "broker/match/finish.h"
#include "broker/match/keep.h"
#include "broker/match/lot.h"
#include "broker/match/moves.h"
#include "broker/match/parallel.h"
#include "broker/match/screen.h"
#include "proto/status.h"

#define COLD_STEPS 30     /* without prices of money: the lots' own bounds */
#define PRICE_STEPS 40    /* at the first prices of money */
#define ROUNDS 6          /* of moving the prices of money */
#define PRICE_MOST_MOVE 2.0
#define PRICE_LEAST 65536.0 /* 1/16: where a price of 0 starts to rise */
#define WITHIN_ROUNDS 4   /* of dearer money until the plans fit */
#define DEARER_MOST 0.2
#define DEARER_LEAST 0.01
#define TRIES 20
#define WARM_STEPS 24
#define LOT_MEMORY ((size_t)1 << 32)
#define FIRST_PRICE (INT64_C(2) << MATCH_FUND_BITS)
#define REFINE_LOTS 24
#define PAIR_LOTS 12
#define PAIR_PART 150     /* part of the whole that a lot lacks to its bound for it to try other lots' money */
#define NODES 30          /* of a lot's tree */

/* A price of money and the part of the balance that is spent at it. */
struct match_bracket {
    bool known;
    double price;
    double ratio;
};

struct joint {
    const struct match_market *market;
    struct match_control *control;
    struct match_search **searches;
    struct arena *arenas;
    int64_t *price;       /* by fund */
    struct match_bracket *brackets; /* 2 * fund: with too little spent; and one more: with too much */
    double *spent;        /* lot * funds + fund */
    __int128 bound;       /* of the whole, at the prices found */
    __int128 *left;       /* by fund: what the ledger has not given out */
    double *later;        /* by fund: what lots that come later have planned */
    double *kept;         /* by fund: the part of its plan that each lot may keep */
};

static void set_prices(struct joint *joint, struct match_search *search)
{
    for (uint32_t t = 0; t < search->ties.count; t++) {
        struct match_tie *tie = &search->ties.ties[t];
        tie->multiplier = tie->outside ? joint->price[tie->index] : tie->multiplier;
    }
    match_ties_apply(&search->ties);
}

static int build_lot(void *context, uint32_t lot)
{
    struct joint *joint = context;
    struct arena *arena = &joint->arenas[lot];
    uint64_t since = match_control_time(joint->control);
    struct match_search *search = arena_alloc(arena, sizeof *search);
    int status = search ? match_search_init(joint->market, lot, true, arena, search) : STATUS_NO_MEMORY;
    match_control_count(joint->control, MATCH_PASS_BUILD, since, 1, 1);
    if (status) {
        return status;
    }
    joint->searches[lot] = search;
    search->control = joint->control;
    search->joint = true;
    match_search_budget(search, joint->control->options->node_budget, joint->control->options->prove);
    search->nodes = joint->control->options->prove || joint->control->options->node_budget ? search->nodes : NODES;
    match_lot_prices(search, COLD_STEPS);
    match_search_bound(search, search->dual.bound);
    return STATUS_OK;
}

/* Bound of the whole at the prices as they are, in cents: each lot's rounded up, and price times balance. */
static __int128 joint_bound(const struct joint *joint, const __int128 *balance)
{
    __int128 bound = 0, money = 0;
    for (uint32_t l = 0; l < joint->market->lot_count; l++) {
        const struct match_search *search = joint->searches[l];
        __int128 unit = (__int128)1 << search->model.shift;
        bound += search->joint_bound > 0 ? (search->joint_bound + unit - 1) >> search->model.shift : 0;
    }
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        money += joint->market->funds[f].limited ? (__int128)joint->price[f] * balance[f] : 0;
    }
    return bound + (money ? (money >> MATCH_FUND_BITS) + 1 : 0);
}

static uint32_t fund_of(const struct match_model *model, uint32_t line)
{
    return model->lot->demands[model->members[model->first_member[line]].demand].fund;
}

/* What the plan of a lot's flow spends of each fund, one-off shares aside. */
static void count_spending(struct joint *joint, uint32_t lot)
{
    const struct match_search *search = joint->searches[lot];
    const struct match_model *model = &search->model;
    double *spent = joint->spent + (size_t)lot * joint->market->fund_count;
    memset(spent, 0, joint->market->fund_count * sizeof *spent);
    for (uint32_t l = 0; l < model->line_count; l++) {
        uint32_t fund = fund_of(model, l);
        for (uint32_t e = search->flow.line_head[l]; fund != MATCH_NONE && e != MATCH_NONE; e = search->flow.entries[e].next_in_line) {
            const struct match_entry *entry = &search->flow.entries[e];
            spent[fund] += (double)entry->quantity *
                           (double)search->flow.paid[(size_t)model->class_of[l] * search->flow.slot_most + entry->slot];
        }
    }
}

/* A first plan of a lot at the funds' first prices. */
static int plan_lot(void *context, uint32_t lot)
{
    struct joint *joint = context;
    struct match_search *search = joint->searches[lot];
    set_prices(joint, search);
    match_ascent_run(&search->walk, &search->limits, &search->ties, MATCH_NET_NEVER, PRICE_STEPS, &search->dual,
                     &search->ascent);
    match_first_plan(search);
    match_screen_improve(search, TRIES);
    count_spending(joint, lot);
    return STATUS_OK;
}

/* The plan of a lot once more at new prices of money. */
static int replan_lot(void *context, uint32_t lot)
{
    struct joint *joint = context;
    struct match_search *search = joint->searches[lot];
    set_prices(joint, search);
    match_moves_rebuild(search);
    match_screen_improve(search, TRIES);
    count_spending(joint, lot);
    return STATUS_OK;
}

/* The last word on a lot before the ledger: prices from its plan, its bound, and a few nodes of a tree. */
static int settle_lot(void *context, uint32_t lot)
{
    struct joint *joint = context;
    struct match_search *search = joint->searches[lot];
    match_lot_warm(search, WARM_STEPS);
    int status = match_control_asks(joint->control) ? STATUS_OK : match_lot_branch(search);
    count_spending(joint, lot);
    match_control_lot_done(joint->control, 0, search->best.bound);
    return status;
}

/*
 * Moves each price to where its fund is just spent. Spending falls with the price: between a price with too much and one with too little it
 * is interpolated, else the price moves with the ratio.
 */
static void move_prices(struct joint *joint, const __int128 *balance)
{
    uint32_t funds = joint->market->fund_count;
    for (uint32_t f = 0; f < funds; f++) {
        if (!joint->market->funds[f].limited) {
            continue;
        }
        double spent = 0, price = (double)joint->price[f], money = (double)balance[f] + 1;
        for (uint32_t l = 0; l < joint->market->lot_count; l++) {
            spent += joint->spent[(size_t)l * funds + f];
        }
        double ratio = spent / money;
        struct match_bracket *side = &joint->brackets[2 * f + (ratio > 1)], *other = &joint->brackets[2 * f + (ratio <= 1)];
        *side = (struct match_bracket){true, price, ratio};
        if (other->known && side->ratio != other->ratio) {
            price = side->price + (other->price - side->price) * (1 - side->ratio) / (other->ratio - side->ratio);
        } else {
            ratio = ratio > PRICE_MOST_MOVE ? PRICE_MOST_MOVE : ratio < 1 / PRICE_MOST_MOVE ? 1 / PRICE_MOST_MOVE : ratio;
            price = ratio > 1 && price < PRICE_LEAST ? PRICE_LEAST : price * ratio;
        }
        price = price > (double)MATCH_FUND_PRICE_MOST ? (double)MATCH_FUND_PRICE_MOST : price;
        joint->price[f] = (int64_t)price;
    }
}

static int find_prices(struct joint *joint, const __int128 *balance)
{
    uint32_t threads = joint->control->options->threads, lots = joint->market->lot_count;
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        joint->price[f] = joint->market->funds[f].limited ? FIRST_PRICE : 0;
    }
    int status = match_parallel_run(threads, lots, plan_lot, joint);
    for (int round = 0; round < ROUNDS && !status && !match_control_asks(joint->control); round++) {
        move_prices(joint, balance);
        status = match_parallel_run(threads, lots, replan_lot, joint);
    }
    if (!status) {
        status = match_parallel_run(threads, lots, settle_lot, joint);
    }
    joint->bound = joint_bound(joint, balance);
    return status;
}

/*
 * Dearer money until the plans spend no more than there is: what they leave is offered to all afterwards, which loses less than taking back
 * what was planned, where lumps and minimum orders are in the way. Prices and bound found before are not touched by it.
 */
static int stay_within(struct joint *joint, const __int128 *balance)
{
    uint32_t threads = joint->control->options->threads, lots = joint->market->lot_count, funds = joint->market->fund_count;
    for (int round = 0; round < WITHIN_ROUNDS; round++) {
        bool over = false;
        for (uint32_t f = 0; f < funds; f++) {
            double spent = 0, most = (double)balance[f];
            for (uint32_t l = 0; l < lots; l++) {
                spent += joint->spent[(size_t)l * funds + f];
            }
            if (joint->market->funds[f].limited && spent > most) {
                double dearer = 1 + (spent / (most + 1) - 1 < DEARER_MOST ? (spent / (most + 1) - 1) * 1.5 : DEARER_MOST) + DEARER_LEAST;
                joint->price[f] = (int64_t)((double)joint->price[f] * dearer);
                over = true;
            }
        }
        int status = over ? match_parallel_run(threads, lots, replan_lot, joint) : STATUS_OK;
        if (status || !over) {
            return status;
        }
    }
    return STATUS_OK;
}

/* What a finished plan pays from a fund. */
static __int128 plan_pays(const struct match_lot *lot, const struct match_lot_plan *plan, uint32_t fund)
{
    __int128 paid = 0;
    for (uint32_t n = 0; n < plan->award_count; n++) {
        if (lot->demands[plan->awards[n].demand].fund == fund) {
            paid += (__int128)plan->awards[n].quantity * (plan->awards[n].unit_price + plan->awards[n].freight) + plan->awards[n].one_off;
        }
    }
    return paid;
}

/*
 * Finishes one lot with what the ledger allows it: what is left, less what later lots are promised. pass: 0 books for the first time, later
 * passes offer what is left over.
 */
static int finish_lot(struct joint *joint, uint32_t lot, int pass)
{
    struct match_search *search = joint->searches[lot];
    const struct match_lot *of = &joint->market->lots[lot];
    const double *spent = joint->spent + (size_t)lot * joint->market->fund_count;
    for (uint32_t t = 0; t < search->ties.count; t++) {
        const struct match_tie *tie = &search->ties.ties[t];
        if (tie->kind != MATCH_TIE_FUND) {
            continue;
        }
        uint32_t f = tie->index;
        if (pass) {
            joint->left[f] += plan_pays(of, &search->best, f);
        } else {
            joint->later[f] -= spent[f];
        }
        __int128 promised = pass ? 0 : (__int128)(joint->later[f] * joint->kept[f]);
        search->rights[t] = joint->left[f] > promised ? joint->left[f] - promised : 0;
    }
    int status = match_finish_keep(search, true);
    for (uint32_t t = 0; t < search->ties.count; t++) {
        if (search->ties.ties[t].kind == MATCH_TIE_FUND) {
            joint->left[search->ties.ties[t].index] -= plan_pays(of, &search->best, search->ties.ties[t].index);
        }
    }
    return status;
}

/*
 * The ledger. What the plans spend together may be more than there is: then each keeps the same part of it. What one lot leaves the next may
 * use, and a second pass offers what is left in the end.
 */
static int keep_ledger(struct joint *joint, const __int128 *balance)
{
    uint32_t funds = joint->market->fund_count;
    for (uint32_t f = 0; f < funds; f++) {
        joint->left[f] = balance[f];
        joint->later[f] = 0;
        for (uint32_t l = 0; l < joint->market->lot_count; l++) {
            joint->later[f] += joint->spent[(size_t)l * funds + f];
        }
        joint->kept[f] = joint->later[f] > (double)balance[f] ? (double)balance[f] / joint->later[f] : 1;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t l = 0; l < joint->market->lot_count; l++) {
            int status = finish_lot(joint, l, pass);
            if (status) {
                return status;
            }
        }
    }
    return STATUS_OK;
}

/* Plans one lot by itself with given money, by fund. */
static int plan_for(struct joint *joint, uint32_t lot, const __int128 *money, struct match_lot_plan *plan)
{
    struct match_search *search = arena_alloc(&joint->arenas[lot], sizeof *search);
    int status = search ? match_search_init(joint->market, lot, false, &joint->arenas[lot], search) : STATUS_NO_MEMORY;
    if (status) {
        return status;
    }
    for (uint32_t t = 0; t < search->ties.count; t++) {
        struct match_tie *tie = &search->ties.ties[t];
        if (tie->kind == MATCH_TIE_FUND) {
            tie->right = money[tie->index];
            search->rights[t] = tie->right;
        }
    }
    search->control = joint->control;
    match_search_budget(search, joint->control->options->node_budget, joint->control->options->prove);
    status = match_lot_search(search);
    *plan = search->best;
    plan->bound = joint->searches[lot]->best.bound; /* the one with all money free */
    return status;
}

/* Adds what a plan pays to the money, or takes it off. */
static void move_money(const struct joint *joint, uint32_t lot, const struct match_lot_plan *plan, int sign, __int128 *money)
{
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        money[f] += sign * plan_pays(&joint->market->lots[lot], plan, f);
    }
}

/*
 * Plans one lot once more with the money that its plan has and what is left over; with another lot, with that one's money too, which
 * then gets what the first leaves. Takes over what is better together. A plan at common prices was mended to fit; one made for its money is mostly
 * better.
 */
static int refine(struct joint *joint, uint32_t lot, uint32_t other)
{
    struct match_lot_plan *own = &joint->searches[lot]->best, *next = other == MATCH_NONE ? NULL : &joint->searches[other]->best;
    struct match_lot_plan made, rest = {0};
    __int128 *money = arena_array(&joint->arenas[lot], joint->market->fund_count, sizeof *money);
    if (!money) {
        return STATUS_NO_MEMORY;
    }
    memcpy(money, joint->left, joint->market->fund_count * sizeof *money);
    move_money(joint, lot, own, 1, money);
    if (next) {
        move_money(joint, other, next, 1, money);
    }
    int status = plan_for(joint, lot, money, &made);
    if (status || made.objective <= own->objective) {
        return status;
    }
    move_money(joint, lot, &made, -1, money);
    if (next) {
        status = plan_for(joint, other, money, &rest);
        if (status || made.objective + rest.objective <= own->objective + next->objective) {
            return status;
        }
        move_money(joint, other, &rest, -1, money);
        *next = rest;
    }
    *own = made;
    memcpy(joint->left, money, joint->market->fund_count * sizeof *money);
    return STATUS_OK;
}

/* Few lots are worth the time of refining each; those far below their bound also try what another lot's money would do for them. */
static int refine_lots(struct joint *joint)
{
    uint32_t lots = joint->market->lot_count;
    __int128 total = 0;
    int status = STATUS_OK;
    for (uint32_t l = 0; l < lots; l++) {
        total += joint->searches[l]->best.objective;
    }
    for (uint32_t l = 0; !status && l < lots && lots <= REFINE_LOTS && !match_control_asks(joint->control); l++) {
        status = refine(joint, l, MATCH_NONE);
    }
    for (uint32_t l = 0; l < lots && lots <= PAIR_LOTS; l++) {
        for (uint32_t n = 0; !status && n < lots && !match_control_asks(joint->control); n++) {
            const struct match_lot_plan *plan = &joint->searches[l]->best;
            if (n != l && (__int128)(plan->bound - plan->objective) * PAIR_PART > total) {
                status = refine(joint, l, n);
            }
        }
    }
    return status;
}

static int allocate(struct joint *joint, struct arena *arena)
{
    uint32_t lots = joint->market->lot_count, funds = joint->market->fund_count;
    joint->searches = arena_array(arena, lots, sizeof(struct match_search *));
    joint->arenas = arena_array(arena, lots, sizeof *joint->arenas);
    joint->price = arena_array(arena, funds, sizeof *joint->price);
    joint->brackets = arena_array(arena, (size_t)funds * 2, sizeof *joint->brackets);
    joint->spent = arena_array(arena, (size_t)lots * funds, sizeof *joint->spent);
    joint->left = arena_array(arena, funds, sizeof *joint->left);
    joint->later = arena_array(arena, funds, sizeof *joint->later);
    joint->kept = arena_array(arena, funds, sizeof *joint->kept);
    bool whole = joint->later && joint->kept && joint->searches && joint->arenas && joint->price && joint->brackets && joint->spent &&
                 joint->left;
    for (uint32_t l = 0; whole && l < lots; l++) {
        arena_init(&joint->arenas[l], LOT_MEMORY);
    }
    return whole ? STATUS_OK : STATUS_NO_MEMORY;
}

static int run(struct joint *joint, const __int128 *balance)
{
    uint32_t threads = joint->control->options->threads, lots = joint->market->lot_count;
    int status = match_parallel_run(threads, lots, build_lot, joint);
    if (!status) {
        status = find_prices(joint, balance);
    }
    if (!status) {
        status = stay_within(joint, balance);
    }
    if (!status) {
        status = keep_ledger(joint, balance);
    }
    return status ? status : refine_lots(joint);
}

int match_joint_plan(const struct match_market *market, struct match_control *control, const __int128 *balance, struct arena *arena,
                     struct match_lot_plan *plans, int64_t *bound)
{
    struct joint joint = {.market = market, .control = control};
    struct arena work;
    arena_init(&work, SIZE_MAX / 2);
    int status = allocate(&joint, &work);
    if (!status) {
        status = run(&joint, balance);
    }
    __int128 own = 0;
    for (uint32_t l = 0; !status && l < market->lot_count; l++) {
        plans[l] = joint.searches[l]->best;
        plans[l].bound = plans[l].bound > plans[l].objective ? plans[l].bound : plans[l].objective;
        status = match_plan_keep(arena, &plans[l]);
        own += plans[l].bound;
    }
    if (!status) {
        *bound = (int64_t)(joint.bound < own ? joint.bound : own);
    }
    for (uint32_t l = 0; joint.arenas && l < market->lot_count; l++) {
        arena_drop(&joint.arenas[l]);
    }
    arena_drop(&work);
    return status;
}
