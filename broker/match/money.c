/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/money.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

#define HEAVY_LOTS 64       /* from this many lots on, rounds look at the heavy ones only */
#define HEAVY_PART 0.97     /* of the sum of bounds */
#define MOVE_MOST 2.0
#define MOVE_PART 0.6       /* of what spending is off by: where one price is known only */
#define PRICE_LEAST 65536.0 /* 1/16: where a price of 0 starts to rise */

struct weighed {
    int64_t bound;
    uint32_t lot;
};

static int by_weight(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;
    return x->bound != y->bound ? (x->bound < y->bound ? 1 : -1) : (x->lot > y->lot) - (x->lot < y->lot);
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double sum_spent(const struct match_joint *joint, uint32_t fund, bool heavy)
{
    double spent = 0;
    uint32_t count = heavy ? joint->heavy_count : joint->market->lot_count;
    for (uint32_t n = 0; n < count; n++) {
        spent += joint->lots[heavy ? joint->heavy[n] : n].spent[fund];
    }
    return spent;
}

int match_money_weigh(struct match_joint *joint, struct arena *arena)
{
    uint32_t lots = joint->market->lot_count;
    struct weighed *weighed = arena_array(arena, lots, sizeof *weighed);
    joint->heavy = arena_array(arena, lots, sizeof *joint->heavy);
    joint->scale = arena_array(arena, joint->market->fund_count, sizeof *joint->scale);
    joint->brackets = arena_array(arena, (size_t)joint->market->fund_count * 2, sizeof *joint->brackets);
    if (!weighed || !joint->heavy || !joint->scale || !joint->brackets) {
        return STATUS_NO_MEMORY;
    }
    double all = 0, sum = 0;
    for (uint32_t l = 0; l < lots; l++) {
        weighed[l] = (struct weighed){joint->lots[l].plan.bound, l};
        all += (double)weighed[l].bound;
    }
    qsort(weighed, lots, sizeof *weighed, by_weight);
    for (joint->heavy_count = 0; joint->heavy_count < lots && (lots < HEAVY_LOTS || sum < all * HEAVY_PART); joint->heavy_count++) {
        sum += (double)weighed[joint->heavy_count].bound;
        joint->heavy[joint->heavy_count] = weighed[joint->heavy_count].lot;
    }
    qsort(joint->heavy, joint->heavy_count, sizeof *joint->heavy, by_number);
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        double heavy = sum_spent(joint, f, true), whole = sum_spent(joint, f, false);
        joint->scale[f] = heavy > 0 ? whole / heavy : 1;
    }
    return STATUS_OK;
}

double match_money_ratio(const struct match_joint *joint, uint32_t fund, bool heavy)
{
    return sum_spent(joint, fund, heavy) * (heavy ? joint->scale[fund] : 1) / ((double)joint->balance[fund] + 1);
}

void match_money_move(struct match_joint *joint, bool heavy, bool fresh, double aim)
{
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        if (!joint->market->funds[f].limited) {
            continue;
        }
        double price = (double)joint->price[f], ratio = match_money_ratio(joint, f, heavy) / aim;
        if (fresh) {
            joint->brackets[2 * f].known = joint->brackets[2 * f + 1].known = false;
        }
        struct match_bracket *side = &joint->brackets[2 * f + (ratio > 1)], *other = &joint->brackets[2 * f + (ratio <= 1)];
        *side = (struct match_bracket){true, price, ratio};
        if (other->known && side->ratio != other->ratio && (side->price > other->price) == (side->ratio < other->ratio)) {
            price = side->price + (other->price - side->price) * (1 - side->ratio) / (other->ratio - side->ratio);
        } else {
            ratio = 1 + (ratio - 1) * MOVE_PART;
            ratio = ratio > MOVE_MOST ? MOVE_MOST : ratio < 1 / MOVE_MOST ? 1 / MOVE_MOST : ratio;
            price = ratio > 1 && price < PRICE_LEAST ? PRICE_LEAST : price * ratio;
        }
        price = price > (double)MATCH_FUND_PRICE_MOST ? (double)MATCH_FUND_PRICE_MOST : price;
        joint->price[f] = (int64_t)price;
    }
}

/* A need for money: what a demand would pay, and its worth above that for each unit of it. */
struct need {
    double rate;
    double money;
};

static int by_rate(const void *a, const void *b)
{
    const struct need *x = a, *y = b;
    return x->rate != y->rate ? (x->rate < y->rate ? 1 : -1) : (x->money > y->money) - (x->money < y->money);
}

static size_t list_needs(const struct match_joint *joint, uint32_t fund, struct need *needs)
{
    size_t count = 0;
    for (uint32_t n = 0; n < joint->market->lot_count; n++) {
        const struct match_lot *lot = &joint->market->lots[n];
        for (uint32_t d = 0; d < lot->demand_count; d++) {
            const struct match_demand *demand = &lot->demands[d];
            double paid = (double)(demand->ceiling < lot->reference ? demand->ceiling : lot->reference) + 1, quantity = 0;
            for (uint32_t l = 0; l < demand->line_count; l++) {
                quantity += (double)(demand->lines[l].quantity - demand->lines[l].committed);
            }
            if (demand->fund == fund) {
                double worth = (double)lot->rules.weights[demand->priority - 1] * (double)lot->reference;
                needs[count++] = (struct need){worth > paid ? worth / paid - 1 : 0, quantity * paid};
            }
        }
    }
    return count;
}

int match_money_guess(struct match_joint *joint, struct arena *arena)
{
    size_t demands = 0;
    for (uint32_t l = 0; l < joint->market->lot_count; l++) {
        demands += joint->market->lots[l].demand_count;
    }
    struct need *needs = arena_array(arena, demands, sizeof *needs);
    if (!needs) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        joint->price[f] = 0;
        if (!joint->market->funds[f].limited) {
            continue;
        }
        size_t count = list_needs(joint, f, needs);
        double money = (double)joint->balance[f], rate = 0;
        qsort(needs, count, sizeof *needs, by_rate);
        for (size_t n = 0; n < count && money >= 0; n++) {
            money -= needs[n].money;
            rate = money < 0 ? needs[n].rate : 0;
        }
        rate *= (double)(INT64_C(1) << MATCH_FUND_BITS);
        joint->price[f] = rate > (double)MATCH_FUND_PRICE_MOST ? MATCH_FUND_PRICE_MOST : (int64_t)rate;
    }
    return STATUS_OK;
}

uint32_t match_money_fund(const struct match_model *model, uint32_t line)
{
    return model->lot->demands[model->members[model->first_member[line]].demand].fund;
}

void match_money_count(const struct match_search *search, double *spent)
{
    const struct match_model *model = &search->model;
    const struct match_flow *flow = &search->flow;
    memset(spent, 0, model->market->fund_count * sizeof *spent);
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        if (flow->slot_choice[s] == MATCH_NONE) {
            continue;
        }
        double all = 1, one_off = (double)model->choices[flow->slot_choice[s]].one_off;
        for (int pass = 0; pass < 2; pass++) {
            for (uint32_t e = flow->slot_head[s]; e != MATCH_NONE; e = flow->entries[e].next_in_slot) {
                const struct match_entry *entry = &flow->entries[e];
                double money = (double)entry->quantity * (double)flow->paid[(size_t)model->class_of[entry->line] * flow->slot_most + s];
                uint32_t fund = match_money_fund(model, entry->line);
                if (!pass) {
                    all += money;
                } else if (fund != MATCH_NONE) {
                    spent[fund] += money * (1 + one_off / all);
                }
            }
        }
    }
}

__int128 match_money_paid(const struct match_lot *lot, const struct match_lot_plan *plan, uint32_t fund)
{
    __int128 paid = 0;
    for (uint32_t n = 0; n < plan->award_count; n++) {
        if (lot->demands[plan->awards[n].demand].fund == fund) {
            paid += (__int128)plan->awards[n].quantity * (plan->awards[n].unit_price + plan->awards[n].freight) + plan->awards[n].one_off;
        }
    }
    return paid;
}

void match_money_apply(const struct match_joint *joint, struct match_search *search)
{
    for (uint32_t t = 0; t < search->ties.count; t++) {
        struct match_tie *tie = &search->ties.ties[t];
        tie->multiplier = tie->outside ? joint->price[tie->index] : tie->multiplier;
    }
    match_ties_apply(&search->ties);
}
