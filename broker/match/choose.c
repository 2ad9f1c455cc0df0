/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/choose.h"

#include "broker/match/money.h"
#include "proto/status.h"

#define STEPS 80          /* of moving the prices */
#define FIRST_STEP 0.2    /* part of the price */
#define SHORTER 0.95
#define PRICE_LEAST 0.01
#define RATIO_MOST 2.0
#define TOO_LITTLE 1e-9
#define CHANGES 64        /* one by one, beside one a lot */

int match_choose_add(struct match_joint *joint, uint32_t lot)
{
    struct match_held *held = &joint->lots[lot];
    if (held->option_count == MATCH_OPTIONS_MOST) {
        return STATUS_OK;
    }
    struct match_option *option = &held->options[held->option_count];
    *option = (struct match_option){held->plan, arena_array(&held->arena, joint->market->fund_count, sizeof *option->paid)};
    if (!option->paid) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t f = 0; f < joint->market->fund_count; f++) {
        option->paid[f] = joint->market->funds[f].limited ? (double)match_money_paid(&joint->market->lots[lot], &held->plan, f) : 0;
    }
    held->option_count++;
    return STATUS_OK;
}

/* State of the choice. */
struct choice {
    struct match_joint *joint;
    uint32_t funds;
    double *price; /* by fund */
    double *spent;
};

static double worth_at(const struct choice *choice, const struct match_option *option)
{
    double worth = (double)option->plan.objective;
    for (uint32_t f = 0; f < choice->funds; f++) {
        worth -= choice->price[f] * option->paid[f];
    }
    return worth;
}

static void take_best(struct choice *choice)
{
    for (uint32_t f = 0; f < choice->funds; f++) {
        choice->spent[f] = 0;
    }
    for (uint32_t l = 0; l < choice->joint->market->lot_count; l++) {
        struct match_held *held = &choice->joint->lots[l];
        double most = 0;
        for (uint32_t n = 0; n < held->option_count; n++) {
            double worth = worth_at(choice, &held->options[n]);
            if (n == 0 || worth > most) {
                most = worth;
                held->chosen = n;
            }
        }
        for (uint32_t f = 0; f < choice->funds && held->option_count; f++) {
            choice->spent[f] += held->options[held->chosen].paid[f];
        }
    }
}

static bool limited(const struct choice *choice, uint32_t fund)
{
    return choice->joint->market->funds[fund].limited;
}

static void find_prices(struct choice *choice)
{
    double step = FIRST_STEP;
    take_best(choice);
    for (int n = 0; n < STEPS; n++, step *= SHORTER) {
        for (uint32_t f = 0; f < choice->funds; f++) {
            double off = choice->spent[f] / ((double)choice->joint->balance[f] + 1) - 1;
            off = off > RATIO_MOST ? RATIO_MOST : off;
            choice->price[f] = !limited(choice, f) ? 0 : choice->price[f] < PRICE_LEAST && off > 0 ? PRICE_LEAST : choice->price[f] * (1 + step * off);
        }
        take_best(choice);
    }
}

/* How much less of what is overdrawn there is after a change from one plan to another; and whether it overdraws a fund that was not. */
static double eases(const struct choice *choice, const struct match_option *from, const struct match_option *to, bool *spoils)
{
    double less = 0;
    *spoils = false;
    for (uint32_t f = 0; f < choice->funds; f++) {
        double over = choice->spent[f] - (double)choice->joint->balance[f], after = over + to->paid[f] - from->paid[f];
        if (!limited(choice, f)) {
            continue;
        }
        *spoils = *spoils || (after > 0 && after > over);
        less += ((over > 0 ? over : 0) - (after > 0 ? after : 0)) * (choice->price[f] + PRICE_LEAST);
    }
    return less;
}

static void change(struct choice *choice, uint32_t lot, uint32_t to)
{
    struct match_held *held = &choice->joint->lots[lot];
    for (uint32_t f = 0; f < choice->funds; f++) {
        choice->spent[f] += held->options[to].paid[f] - held->options[held->chosen].paid[f];
    }
    held->chosen = to;
}

/*
 * One change of a lot's plan. mending: the one that loses least for what it takes off what is overdrawn; else the one that gains most
 * objective and overdraws nothing.
 */
static bool change_one(struct choice *choice, bool mending)
{
    double best = 0;
    uint32_t lot = MATCH_NONE, to = 0;
    for (uint32_t l = 0; l < choice->joint->market->lot_count; l++) {
        const struct match_held *held = &choice->joint->lots[l];
        for (uint32_t n = 0; n < held->option_count; n++) {
            const struct match_option *from = &held->options[held->chosen], *option = &held->options[n];
            bool spoils;
            double less = eases(choice, from, option, &spoils);
            double gain = (double)(option->plan.objective - from->plan.objective);
            double score = mending ? (worth_at(choice, option) - worth_at(choice, from)) / (less > 0 ? less : 1) : gain;
            bool may = mending ? less > TOO_LITTLE : gain > 0 && !spoils;
            if (may && (lot == MATCH_NONE || score > best)) {
                best = score;
                lot = l;
                to = n;
            }
        }
    }
    if (lot != MATCH_NONE) {
        change(choice, lot, to);
    }
    return lot != MATCH_NONE;
}

static bool fits(const struct choice *choice)
{
    for (uint32_t f = 0; f < choice->funds; f++) {
        if (limited(choice, f) && choice->spent[f] > (double)choice->joint->balance[f]) {
            return false;
        }
    }
    return true;
}

int match_choose_plans(struct match_joint *joint, struct arena *arena)
{
    uint32_t lots = joint->market->lot_count;
    struct choice choice = {.joint = joint, .funds = joint->market->fund_count};
    choice.price = arena_array(arena, choice.funds, sizeof *choice.price);
    choice.spent = arena_array(arena, choice.funds, sizeof *choice.spent);
    if (!choice.price || !choice.spent) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t f = 0; f < choice.funds; f++) {
        choice.price[f] = (double)joint->price[f] / (double)(INT64_C(1) << MATCH_FUND_BITS);
    }
    find_prices(&choice);
    for (uint32_t n = 0; n < lots + CHANGES && !fits(&choice) && change_one(&choice, true); n++) {
    }
    for (uint32_t n = 0; n < lots + CHANGES && fits(&choice) && change_one(&choice, false); n++) {
    }
    for (uint32_t l = 0; l < lots; l++) {
        struct match_held *held = &joint->lots[l];
        held->plan = held->option_count ? held->options[held->chosen].plan : held->plan;
    }
    return STATUS_OK;
}
