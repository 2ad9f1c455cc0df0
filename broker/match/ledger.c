/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "broker/match/choose.h"
#include "broker/match/finish.h"
#include "broker/match/money.h"
#include "broker/match/moves.h"
#include "broker/match/parallel.h"
#include "broker/match/screen.h"
#include "proto/status.h"

#define TRIES 20
#define SALES 8            /* rounds of selling */
#define FEW_LOTS 24        /* so few are all looked at closely */
#define OFFERED 64         /* lots that what is left is offered to */
#define LITTLE 10000       /* part of a balance that may be left without a look */

struct ledger {
    struct match_joint *joint;
    double *cut;      /* lot * funds + fund: what a plan is to free */
    uint32_t *lots;   /* that are to be finished once more */
    uint32_t lot_count;
    bool *stubborn;   /* by lot: can't free what was asked for */
    struct match_chance *chances;
    size_t count;
};

static int by_rate(const void *a, const void *b)
{
    const struct match_chance *x = a, *y = b;
    if (x->rate != y->rate) {
        return x->rate > y->rate ? 1 : -1;
    }
    if (x->lot != y->lot) {
        return x->lot > y->lot ? 1 : -1;
    }
    if (x->money != y->money) {
        return x->money > y->money ? 1 : -1;
    }
    return x->fund != y->fund ? (x->fund > y->fund) - (x->fund < y->fund) : x->whole - y->whole;
}

/* Whether some choice of the plan was found unable to carry its one-off cost. */
static bool uses_avoided(const struct match_search *search)
{
    for (uint32_t s = 0; s < *search->flow.slot_limit; s++) {
        if (search->flow.slot_choice[s] != MATCH_NONE && search->avoid[search->flow.slot_choice[s]]) {
            return true;
        }
    }
    return false;
}

/* The money that the plan of the flow takes by itself: what it spends, and room for one-off shares above it; no more than there is. */
static int allow_own(const struct match_joint *joint, struct match_search *search)
{
    __int128 one_off = 0;
    search->aims = arena_array(search->arena, search->ties.count, sizeof *search->aims);
    if (!search->aims) {
        return STATUS_NO_MEMORY;
    }
    match_repair_start(&search->repair, &search->flow);
    for (uint32_t s = 0; s < *search->flow.slot_limit; s++) {
        one_off += search->flow.slot_choice[s] == MATCH_NONE ? 0 : search->model.choices[search->flow.slot_choice[s]].one_off;
    }
    for (uint32_t t = 0; t < search->ties.count; t++) {
        const struct match_tie *tie = &search->ties.ties[t];
        search->aims[t] = tie->kind == MATCH_TIE_FUND ? search->repair.sum[t] : search->rights[t];
        if (tie->kind == MATCH_TIE_FUND) {
            __int128 most = joint->balance[tie->index], right = search->repair.sum[t] ? search->repair.sum[t] + one_off : 0;
            search->rights[t] = right < most ? right : most;
        }
    }
    return STATUS_OK;
}

/* What a line's awards in a slot could free. */
static void list_entry(const struct match_search *search, const struct match_entry *entry, struct match_held *held)
{
    const struct match_model *model = &search->model;
    const struct match_flow *flow = &search->flow;
    uint32_t months = model->month_count, lump = model->lump_of[entry->line], fund = match_money_fund(model, entry->line);
    int64_t paid = flow->paid[(size_t)model->class_of[entry->line] * flow->slot_most + entry->slot], units = entry->quantity;
    int64_t over = flow->used[(size_t)entry->slot * months + months - 1] - model->choices[flow->slot_choice[entry->slot]].least;
    if (lump != MATCH_NONE && flow->lump_total[lump] - model->lumps[lump].least < over) {
        over = flow->lump_total[lump] - model->lumps[lump].least;
    }
    units = units < over ? units : over;
    if (units > 0 && paid > 0 && fund != MATCH_NONE) {
        held->sales[held->sale_count++] = (struct match_chance){(double)flow->price[entry->line] / (double)paid,
                                                                (double)units * (double)paid, search->lot, fund, false};
    }
}

/* A demand that takes all or nothing, as a whole. */
static void list_lump(const struct match_search *search, uint32_t lump, struct match_held *held)
{
    const struct match_model *model = &search->model;
    const struct match_flow *flow = &search->flow;
    const struct match_lump *of = &model->lumps[lump];
    double money = 0, loss = 0;
    if (!flow->lump_in[lump] || flow->lump_total[lump] > of->least) {
        return;
    }
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            const struct match_entry *entry = &flow->entries[e];
            money += (double)entry->quantity * (double)flow->paid[(size_t)model->class_of[l] * flow->slot_most + entry->slot];
            loss += (double)entry->quantity * (double)flow->price[l];
        }
    }
    uint32_t fund = match_money_fund(model, of->first_line);
    if (money > 0 && fund != MATCH_NONE) {
        held->sales[held->sale_count++] = (struct match_chance){loss / money, money, search->lot, fund, true};
    }
}

static int list_sales(const struct match_search *search, struct match_held *held)
{
    const struct match_flow *flow = &search->flow;
    held->sale_count = 0;
    held->sales = arena_array(&held->arena, (size_t)*flow->entry_limit + search->model.lump_count, sizeof *held->sales);
    if (!held->sales) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < search->model.line_count; l++) {
        for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            list_entry(search, &flow->entries[e], held);
        }
    }
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        list_lump(search, d, held);
    }
    return STATUS_OK;
}

/* The line without a place that comes nearest to its price of money. */
static void list_offer(const struct match_search *search, struct match_held *held)
{
    const struct match_model *model = &search->model;
    const struct match_flow *flow = &search->flow;
    held->offer = (struct match_chance){.lot = search->lot};
    for (uint32_t l = 0; l < model->line_count; l++) {
        uint32_t fund = match_money_fund(model, l);
        if (fund == MATCH_NONE || !model->market->funds[fund].limited || (flow->active[l] && !flow->unserved[l])) {
            continue;
        }
        const int64_t *cost = flow->cost + (size_t)model->class_of[l] * flow->slot_most;
        const int64_t *paid = flow->paid + (size_t)model->class_of[l] * flow->slot_most;
        const int64_t *rent = flow->rent + (size_t)model->month[l] * flow->slot_most;
        for (uint32_t s = 0; s < *flow->slot_limit; s++) {
            double rate = (double)(cost[s] + rent[s] - model->value[l]) / ((double)paid[s] + 1);
            if (flow->slot_choice[s] != MATCH_NONE && paid[s] <= model->ceiling[l] && (held->offer.money <= 0 || rate < held->offer.rate)) {
                held->offer = (struct match_chance){rate, (double)paid[s] + 1, search->lot, fund, false};
            }
        }
    }
}

int match_ledger_finish(struct match_joint *joint, uint32_t lot, struct match_search *search)
{
    search->best.award_count = 0;
    search->best.objective = 0;
    int status = allow_own(joint, search);
    if (!status) {
        status = match_finish_keep(search, true);
    }
    if (!status && uses_avoided(search)) {
        match_moves_rebuild(search);
        match_screen_improve(search, TRIES);
        status = allow_own(joint, search);
        status = status ? status : match_finish_keep(search, true);
    }
    if (!status && !search->best.award_count) { /* one-off costs may need exchanges that cost money */
        search->aims = NULL;
        status = match_finish_keep(search, true);
    }
    list_offer(search, &joint->lots[lot]);
    return status ? status : list_sales(search, &joint->lots[lot]);
}

/* Books the plans: what is left of each fund, below 0 where they take too much. */
static bool book(struct match_joint *joint)
{
    bool fits = true;
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        joint->left[f] = joint->balance[f];
        for (uint32_t l = 0; l < joint->market->lot_count && joint->market->funds[f].limited; l++) {
            joint->left[f] -= match_money_paid(&joint->market->lots[l], &joint->lots[l].plan, f);
        }
        fits = fits && (joint->left[f] >= 0 || !joint->market->funds[f].limited);
    }
    return fits;
}

/* The same after one lot's plan has changed from what it was. */
static void book_change(struct match_joint *joint, uint32_t lot, const struct match_lot_plan *before)
{
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        joint->left[f] += match_money_paid(&joint->market->lots[lot], before, f);
        joint->left[f] -= match_money_paid(&joint->market->lots[lot], &joint->lots[lot].plan, f);
    }
}

static bool overdrawn(const struct match_joint *joint, uint32_t fund)
{
    return joint->market->funds[fund].limited && joint->left[fund] < 0;
}

/* All that lots could sell of funds that are overdrawn, what loses least first. */
static void gather_sales(struct ledger *ledger)
{
    const struct match_joint *joint = ledger->joint;
    ledger->count = 0;
    for (uint32_t l = 0; l < joint->market->lot_count; l++) {
        const struct match_held *held = &joint->lots[l];
        for (uint32_t n = 0; n < held->sale_count && !ledger->stubborn[l] && held->plan.award_count; n++) {
            if (overdrawn(joint, held->sales[n].fund)) {
                ledger->chances[ledger->count++] = held->sales[n];
            }
        }
    }
    qsort(ledger->chances, ledger->count, sizeof *ledger->chances, by_rate);
}

/* Chooses what is sold, for each fund until it is enough. False where there is nothing. */
static bool choose_sales(struct ledger *ledger)
{
    struct match_joint *joint = ledger->joint;
    uint32_t funds = joint->market->fund_count, lots = joint->market->lot_count;
    gather_sales(ledger);
    memset(ledger->cut, 0, (size_t)lots * funds * sizeof *ledger->cut);
    for (uint32_t f = 0; f < funds; f++) {
        double need = overdrawn(joint, f) ? -(double)joint->left[f] : 0;
        for (size_t n = 0; n < ledger->count && need > 0; n++) {
            const struct match_chance *chance = &ledger->chances[n];
            if (chance->fund == f) {
                double money = chance->money < need || chance->whole ? chance->money : need;
                ledger->cut[(size_t)chance->lot * funds + f] += money;
                need -= money;
            }
        }
    }
    ledger->lot_count = 0;
    for (uint32_t l = 0; l < lots; l++) {
        bool any = false;
        for (uint32_t f = 0; f < funds; f++) {
            any = any || ledger->cut[(size_t)l * funds + f] > 0;
        }
        if (any) {
            ledger->lots[ledger->lot_count++] = l;
        }
    }
    return ledger->lot_count > 0;
}

/* Finishes a lot anew with given money; its plan from before stays where none can be made. */
static int finish_within(struct match_search *search, bool thorough, bool *made)
{
    struct match_lot_plan before = search->best;
    search->best.award_count = 0;
    search->best.objective = 0;
    int status = match_finish_keep(search, thorough);
    *made = search->best.award_count > 0;
    if (!*made) {
        search->best = before;
    }
    return status;
}

/* Frees what was chosen in one lot. */
static int sell(void *context, uint32_t index)
{
    struct ledger *ledger = context;
    struct match_joint *joint = ledger->joint;
    uint32_t lot = ledger->lots[index], funds = joint->market->fund_count;
    struct match_search search;
    bool made = false;
    int status = match_hold_open(joint, lot, true, &search);
    for (uint32_t t = 0; !status && t < search.ties.count; t++) {
        const struct match_tie *tie = &search.ties.ties[t];
        if (tie->kind == MATCH_TIE_FUND) {
            __int128 paid = match_money_paid(&joint->market->lots[lot], &search.best, tie->index);
            double money = ledger->cut[(size_t)lot * funds + tie->index];
            __int128 cut = (__int128)money + (money > 0);
            search.rights[t] = paid > cut ? paid - cut : 0;
        }
    }
    if (!status) {
        status = finish_within(&search, false, &made);
    }
    ledger->stubborn[lot] = !made;
    return match_hold_close(joint, lot, &search, status);
}

/* Money that a plan takes of overdrawn funds. */
static double overdrawn_money(const struct match_joint *joint, uint32_t lot)
{
    double money = 0;
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        money += overdrawn(joint, f) ? (double)match_money_paid(&joint->market->lots[lot], &joint->lots[lot].plan, f) : 0;
    }
    return money;
}

/* One lot with what it has, less what is overdrawn, or without a plan where that can't be. */
static int give_up_lot(struct match_joint *joint, uint32_t lot)
{
    struct match_search search;
    bool made = false;
    int status = match_hold_open(joint, lot, true, &search);
    for (uint32_t t = 0; !status && t < search.ties.count; t++) {
        const struct match_tie *tie = &search.ties.ties[t];
        if (tie->kind == MATCH_TIE_FUND) {
            __int128 right = match_money_paid(&joint->market->lots[lot], &search.best, tie->index);
            right += overdrawn(joint, tie->index) ? joint->left[tie->index] : 0;
            search.rights[t] = right > 0 ? right : 0;
        }
    }
    if (!status) {
        status = finish_within(&search, true, &made);
    }
    if (!status && !made) {
        search.best.award_count = 0;
        search.best.objective = 0;
    }
    return match_hold_close(joint, lot, &search, status);
}

/* What is still too much is taken from whole lots: first from those that are worth least for the money. */
static int give_up(struct ledger *ledger)
{
    struct match_joint *joint = ledger->joint;
    ledger->count = 0;
    for (uint32_t l = 0; l < joint->market->lot_count; l++) {
        double money = overdrawn_money(joint, l);
        if (money > 0) {
            ledger->chances[ledger->count++] = (struct match_chance){(double)joint->lots[l].plan.objective / money, money, l, 0, true};
        }
    }
    qsort(ledger->chances, ledger->count, sizeof *ledger->chances, by_rate);
    int status = STATUS_OK;
    for (size_t n = 0; n < ledger->count && !status; n++) {
        uint32_t lot = ledger->chances[n].lot;
        const struct match_lot_plan before = joint->lots[lot].plan;
        if (overdrawn_money(joint, lot) > 0) {
            status = give_up_lot(joint, lot);
            book_change(joint, lot, &before);
        }
    }
    return status;
}

/* Offers what is left to one lot. */
static int offer_lot(struct match_joint *joint, uint32_t lot)
{
    struct match_search search;
    int status = match_hold_open(joint, lot, true, &search);
    for (uint32_t t = 0; !status && t < search.ties.count; t++) {
        const struct match_tie *tie = &search.ties.ties[t];
        if (tie->kind == MATCH_TIE_FUND) {
            search.rights[t] = joint->left[tie->index] + match_money_paid(&joint->market->lots[lot], &search.best, tie->index);
        }
    }
    if (!status) {
        status = match_finish_keep(&search, joint->market->lot_count <= FEW_LOTS);
    }
    return match_hold_close(joint, lot, &search, status);
}

/* Offers what is left to the lots that can do most with it, one after the other. */
static int offer_rest(struct ledger *ledger)
{
    struct match_joint *joint = ledger->joint;
    int status = STATUS_OK;
    ledger->count = 0;
    for (uint32_t l = 0; l < joint->market->lot_count; l++) {
        const struct match_held *held = &joint->lots[l];
        if (held->offer.money > 0 && joint->left[held->offer.fund] * LITTLE > joint->balance[held->offer.fund]) {
            ledger->chances[ledger->count++] = held->offer;
        }
    }
    qsort(ledger->chances, ledger->count, sizeof *ledger->chances, by_rate);
    for (size_t n = 0; n < ledger->count && n < OFFERED && !status; n++) {
        uint32_t lot = ledger->chances[n].lot;
        const struct match_lot_plan before = joint->lots[lot].plan;
        status = offer_lot(joint, lot);
        book_change(joint, lot, &before);
    }
    return status;
}

static int allocate(struct ledger *ledger, struct arena *arena)
{
    const struct match_joint *joint = ledger->joint;
    uint32_t lots = joint->market->lot_count;
    size_t most = lots;
    for (uint32_t l = 0; l < lots; l++) {
        most += joint->lots[l].sale_count;
    }
    ledger->chances = arena_array(arena, most, sizeof *ledger->chances);
    ledger->cut = arena_array(arena, (size_t)lots * joint->market->fund_count, sizeof *ledger->cut);
    ledger->lots = arena_array(arena, lots, sizeof *ledger->lots);
    ledger->stubborn = arena_array(arena, lots, sizeof *ledger->stubborn);
    return ledger->chances && ledger->cut && ledger->lots && ledger->stubborn ? STATUS_OK : STATUS_NO_MEMORY;
}

int match_ledger_keep(struct match_joint *joint, struct arena *arena)
{
    struct ledger ledger = {.joint = joint};
    uint32_t threads = joint->control->options->threads;
    int status = allocate(&ledger, arena);
    status = status ? status : match_choose_plans(joint, arena);
    if (status) {
        return status;
    }
    bool fits = book(joint);
    for (int round = 0; round < SALES && !fits && !status && choose_sales(&ledger); round++) {
        status = match_parallel_run(threads, ledger.lot_count, sell, &ledger);
        fits = book(joint);
    }
    if (!status && !fits) {
        status = give_up(&ledger);
    }
    return status ? status : offer_rest(&ledger);
}
