/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/refine.h"

#include <string.h>

#include "broker/match/keep.h"
#include "broker/match/lot.h"
#include "broker/match/money.h"
#include "proto/status.h"

#define LOT_MEMORY ((size_t)1 << 32)
#define REFINE_LOTS 24
#define NODES 30          /* of a lot's tree */
#define ENOUGH 50         /* millionths of a lot's bound that its plan may be short of it */
#define PAIR_LOTS 12
#define WORK UINT64_C(20000000) /* of a small lot's proof: some hundredths of a second */
#define SHARES 8          /* of the money of two small lots, that the first may have */
#define SHARE_LOTS 4
#define SHARE_PAIRS 60    /* demands times offers of a small lot */
#define PAIR_PART 150     /* part of the whole that a lot lacks to its bound for it to try other lots' money */

static bool is_small(const struct match_joint *joint, uint32_t lot)
{
    const struct match_lot *of = &joint->market->lots[lot];
    return (uint64_t)of->demand_count * of->offer_count <= SHARE_PAIRS;
}

/* Plans one lot by itself with given money, by fund. The plan's awards lie in the lot's arena; its bound is one for that money. */
static int plan_for(struct match_joint *joint, uint32_t lot, const __int128 *money, struct match_lot_plan *plan)
{
    struct arena work;
    struct match_search search;
    arena_init(&work, LOT_MEMORY);
    int status = match_search_init(joint->market, lot, false, &work, &search);
    for (uint32_t t = 0; !status && t < search.ties.count; t++) {
        struct match_tie *tie = &search.ties.ties[t];
        if (tie->kind == MATCH_TIE_FUND) {
            tie->right = money[tie->index];
            search.rights[t] = tie->right;
        }
    }
    if (!status) {
        status = match_search_afford(&search);
    }
    if (!status) {
        search.control = joint->control;
        match_search_budget(&search, is_small(joint, lot) ? &(struct match_options){0} : &(struct match_options){.node_budget = NODES, .enough = ENOUGH});
        search.work_most = search.work_most < WORK ? search.work_most : WORK;
        search.exact_most = search.exact_most < WORK ? search.exact_most : WORK;
        status = match_lot_search(&search);
    }
    if (!status) {
        *plan = search.best;
        status = match_plan_keep(&joint->lots[lot].arena, plan);
    }
    arena_drop(&work);
    return status;
}

/* Adds what a plan pays to the money, or takes it off. */
static void move_money(const struct match_joint *joint, uint32_t lot, const struct match_lot_plan *plan, int sign, __int128 *money)
{
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        money[f] += sign * match_money_paid(&joint->market->lots[lot], plan, f);
    }
}

/*
 * Plans one lot once more with the money that its plan has and what is left over; with another lot, with so many shares of that one's money too,
 * which then gets what the first leaves. Takes over what is better together. A plan at common prices was mended to fit; one made for its money is
 * mostly better.
 */
static int refine(struct match_joint *joint, uint32_t lot, uint32_t other, int shares)
{
    struct match_lot_plan *own = &joint->lots[lot].plan, *next = other == MATCH_NONE ? NULL : &joint->lots[other].plan;
    struct match_lot_plan made, rest = {0};
    __int128 *money = arena_array(&joint->lots[lot].arena, joint->market->fund_count, sizeof *money);
    __int128 *most = arena_array(&joint->lots[lot].arena, joint->market->fund_count, sizeof *most);
    if (!money || !most) {
        return STATUS_NO_MEMORY;
    }
    memcpy(money, joint->left, joint->market->fund_count * sizeof *money);
    move_money(joint, lot, own, 1, money);
    if (next) {
        move_money(joint, other, next, 1, money);
    }
    for (uint32_t n = 0; n < joint->market->fund_count; n++) {
        most[n] = money[n] / SHARES * shares + money[n] % SHARES;
    }
    int status = plan_for(joint, lot, most, &made);
    made.bound = own->bound; /* the one with all money free */
    if (status || (shares == SHARES && made.objective <= own->objective)) {
        return status;
    }
    move_money(joint, lot, &made, -1, money);
    if (next) {
        status = plan_for(joint, other, money, &rest);
        rest.bound = next->bound;
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

/*
 * A lot with the money of another. In small ones each award takes a large part of the money, so that prices of money say little of who should have
 * what: there it is shared out between the two in several ways.
 */
static int refine_pair(struct match_joint *joint, uint32_t lot, uint32_t other)
{
    bool small = joint->market->lot_count <= SHARE_LOTS && is_small(joint, lot) && is_small(joint, other);
    int status = refine(joint, lot, other, SHARES);
    for (int shares = SHARES - 1; !status && small && shares > 0; shares--) {
        status = refine(joint, lot, other, shares);
    }
    return status;
}

/*
 * The bound of a lot that could have all the money, where it lies far above its plan: what the funds alone keep it from buying then no longer
 * counts. Lots' bounds add up to one of the market.
 */
static int tighten(struct match_joint *joint, uint32_t lot)
{
    struct match_lot_plan made = {0};
    int status = plan_for(joint, lot, joint->balance, &made);
    int64_t *bound = &joint->lots[lot].plan.bound;
    *bound = !status && made.bound < *bound ? made.bound : *bound;
    return status;
}

int match_refine_lots(struct match_joint *joint)
{
    uint32_t lots = joint->market->lot_count;
    __int128 total = 0;
    int status = STATUS_OK;
    for (uint32_t l = 0; l < lots; l++) {
        total += joint->lots[l].plan.objective;
    }
    for (uint32_t l = 0; !status && l < lots && lots <= REFINE_LOTS && !match_control_asks(joint->control); l++) {
        status = refine(joint, l, MATCH_NONE, SHARES);
    }
    for (uint32_t l = 0; l < lots && lots <= PAIR_LOTS; l++) {
        for (uint32_t n = 0; !status && n < lots && !match_control_asks(joint->control); n++) {
            const struct match_lot_plan *plan = &joint->lots[l].plan;
            if (n != l && (__int128)(plan->bound - plan->objective) * PAIR_PART > total) {
                status = refine_pair(joint, l, n);
            }
        }
    }
    for (uint32_t l = 0; !status && l < lots && lots <= REFINE_LOTS && !match_control_asks(joint->control); l++) {
        const struct match_lot_plan *plan = &joint->lots[l].plan;
        if ((__int128)(plan->bound - plan->objective) * PAIR_PART > total) {
            status = tighten(joint, l);
        }
    }
    return status;
}
