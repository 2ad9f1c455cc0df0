/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/again.h"

#include <string.h>

#include "broker/match/joint.h"
#include "broker/match/keep.h"
#include "broker/match/parallel.h"
#include "broker/match/replan.h"
#include "proto/status.h"

#define FEW_LOTS 24 /* with so few there is time to look closer */
#define SLICE 50    /* lots that one thread compares at a time */

static bool same_texts(const struct match_texts *a, const struct match_texts *b)
{
    bool same = a->count == b->count;
    for (uint32_t n = 0; n < a->count && same; n++) {
        same = strcmp(a->texts[n], b->texts[n]) == 0;
    }
    return same;
}

static bool same_fund(const struct match_fund *a, const struct match_fund *b)
{
    return strcmp(a->id, b->id) == 0 && a->limited == b->limited && a->balance == b->balance && a->min_nations == b->min_nations &&
           a->min_european_content == b->min_european_content && same_texts(&a->countries, &b->countries);
}

static bool same_rules(const struct match_rules *a, const struct match_rules *b)
{
    return memcmp(a->weights, b->weights, sizeof a->weights) == 0 && a->contract_overhead == b->contract_overhead &&
           a->min_nations == b->min_nations && a->sme_preference == b->sme_preference && a->sme_min_share == b->sme_min_share &&
           a->european_min_share == b->european_min_share && a->european_max_share == b->european_max_share &&
           a->supplier_max_share == b->supplier_max_share && same_texts(&a->excluded_origins, &b->excluded_origins);
}

static bool same_demand(const struct match_demand *a, const struct match_demand *b)
{
    bool same = strcmp(a->id, b->id) == 0 && strcmp(a->country, b->country) == 0 && strcmp(a->place, b->place) == 0 &&
                a->line_count == b->line_count && a->priority == b->priority && a->min_quantity == b->min_quantity &&
                a->ceiling == b->ceiling && a->single_supplier == b->single_supplier && a->fund == b->fund &&
                a->require_count == b->require_count && same_texts(&a->certificates, &b->certificates) &&
                same_texts(&a->exclude_origins, &b->exclude_origins);
    for (uint32_t n = 0; n < a->line_count && same; n++) {
        same = a->lines[n].month == b->lines[n].month && a->lines[n].quantity == b->lines[n].quantity &&
               a->lines[n].committed == b->lines[n].committed;
    }
    for (uint32_t n = 0; n < a->require_count && same; n++) {
        same = a->requires[n].comparison == b->requires[n].comparison && strcmp(a->requires[n].name, b->requires[n].name) == 0 &&
               strcmp(a->requires[n].value, b->requires[n].value) == 0;
    }
    return same;
}

static bool same_tier(const struct match_tier *a, const struct match_tier *b)
{
    return a->min_quantity == b->min_quantity && a->unit_price == b->unit_price && a->evaluated_price == b->evaluated_price &&
           a->one_off == b->one_off && a->stock == b->stock && a->monthly_rate == b->monthly_rate && a->first_month == b->first_month;
}

static bool same_offer(const struct match_offer *a, const struct match_offer *b)
{
    bool same = strcmp(a->id, b->id) == 0 && a->tier_count == b->tier_count && a->max_quantity == b->max_quantity &&
                a->freight_count == b->freight_count && a->provide_count == b->provide_count &&
                a->origin_count == b->origin_count && a->valid_until == b->valid_until &&
                a->european_content == b->european_content && same_texts(&a->certificates, &b->certificates) &&
                same_texts(&a->destinations, &b->destinations);
    for (uint32_t n = 0; n < a->tier_count && same; n++) {
        same = same_tier(&a->tiers[n], &b->tiers[n]);
    }
    for (uint32_t n = 0; n < a->freight_count && same; n++) {
        same = strcmp(a->freight[n].prefix, b->freight[n].prefix) == 0 && a->freight[n].amount == b->freight[n].amount;
    }
    for (uint32_t n = 0; n < a->provide_count && same; n++) {
        same = strcmp(a->provides[n].name, b->provides[n].name) == 0 && strcmp(a->provides[n].value, b->provides[n].value) == 0;
    }
    for (uint32_t n = 0; n < a->origin_count && same; n++) {
        same = strcmp(a->origins[n].country, b->origins[n].country) == 0 && a->origins[n].percent == b->origins[n].percent;
    }
    return same;
}

static bool same_commitment(const struct match_commitment *a, const struct match_commitment *b)
{
    return a->demand == b->demand && a->line == b->line && a->offer == b->offer && a->tier == b->tier &&
           a->quantity == b->quantity && a->unit_price == b->unit_price && a->freight == b->freight && a->one_off == b->one_off;
}

/* Whether two lots of the same item are alike in all that a plan depends on. Funds have the same numbers in both markets. */
static bool same_lot(const struct match_market *before, const struct match_lot *a, const struct match_market *market,
                     const struct match_lot *b)
{
    bool same = a->demand_count == b->demand_count && a->offer_count == b->offer_count &&
                a->commitment_count == b->commitment_count && a->reference == b->reference && same_rules(&a->rules, &b->rules);
    for (uint32_t n = 0; n < a->demand_count && same; n++) {
        same = same_demand(&a->demands[n], &b->demands[n]);
    }
    for (uint32_t n = 0; n < a->offer_count && same; n++) {
        const struct match_supplier *x = &before->suppliers[a->offers[n].supplier], *y = &market->suppliers[b->offers[n].supplier];
        same = same_offer(&a->offers[n], &b->offers[n]) && x->sme == y->sme && strcmp(x->id, y->id) == 0;
    }
    for (uint32_t n = 0; n < a->commitment_count && same; n++) {
        same = same_commitment(&a->commitments[n], &b->commitments[n]);
    }
    return same;
}

/* Whether the markets share date, funds and the items of their lots, so that plans can be kept. */
static bool may_keep(const struct match_market *before, const struct match_market *market)
{
    bool same = before->as_of == market->as_of && before->fund_count == market->fund_count && before->lot_count == market->lot_count;
    for (uint32_t n = 0; n < market->fund_count && same; n++) {
        same = same_fund(&before->funds[n], &market->funds[n]);
    }
    for (uint32_t n = 0; n < market->lot_count && same; n++) {
        same = strcmp(before->lots[n].item, market->lots[n].item) == 0;
    }
    return same;
}

/*
 * Whether no fund has more money after commitments than before: else the lots that are kept could be worth more than the old bound, by which
 * the new one is argued.
 */
static int money_grew(const struct match_market *before, const struct match_market *market, struct arena *arena, bool *grew)
{
    __int128 *left = arena_array(arena, (size_t)market->fund_count * 2, sizeof *left);
    if (!left) {
        return STATUS_NO_MEMORY;
    }
    match_plan_balances(before, left);
    match_plan_balances(market, left + market->fund_count);
    *grew = false;
    for (uint32_t f = 0; f < market->fund_count; f++) {
        *grew = *grew || left[market->fund_count + f] > left[f];
    }
    return STATUS_OK;
}

/* Takes what a lot's new awards pay off the funds' money. */
static void spend(const struct match_lot *lot, const struct match_lot_plan *plan, __int128 *money)
{
    for (uint32_t n = 0; n < plan->award_count; n++) {
        const struct match_award *a = &plan->awards[n];
        uint32_t fund = lot->demands[a->demand].fund;
        if (fund != MATCH_NONE) {
            money[fund] -= (__int128)(a->unit_price + a->freight) * a->quantity + a->one_off;
        }
    }
}

struct comparison {
    const struct match_market *before, *market;
    bool *changed;
};

/* Marks which lots of one slice changed. The texts of a market lie all over the memory: that is what takes the time, and so it is shared. */
static int compare_slice(void *context, uint32_t slice)
{
    const struct comparison *comparison = context;
    const struct match_market *before = comparison->before, *market = comparison->market;
    uint32_t end = market->lot_count - slice * SLICE < SLICE ? market->lot_count : (slice + 1) * SLICE;
    for (uint32_t n = slice * SLICE; n < end; n++) {
        comparison->changed[n] = !same_lot(before, &before->lots[n], market, &market->lots[n]);
    }
    return STATUS_OK;
}

/* Keeps what did not change; marks the rest. */
static uint32_t keep_lots(const struct match_market *before, const struct match_plan *old, const struct match_market *market,
                          uint32_t threads, struct match_plan *plan, bool *changed)
{
    struct comparison comparison = {before, market, changed};
    uint32_t count = 0;
    match_parallel_run(threads, (market->lot_count + SLICE - 1) / SLICE, compare_slice, &comparison);
    for (uint32_t n = 0; n < market->lot_count; n++) {
        const struct match_lot_plan *kept = &old->lots[n];
        count += changed[n];
        if (!changed[n]) {
            plan->lots[n] = (struct match_lot_plan){.objective = kept->objective, .bound = kept->bound,
                                                    .priced_bound = kept->priced_bound, .awards = kept->awards,
                                                    .award_count = kept->award_count, .forbidden_by = kept->forbidden_by};
        }
    }
    return count;
}

/* Whether new commitments leave a fund less than what the lots that are kept spend of it: who is to have it is then open again. */
static int is_overdrawn(const struct match_market *market, const struct match_plan *plan, struct arena *arena, bool *overdrawn)
{
    __int128 *money = arena_array(arena, market->fund_count, sizeof *money);
    if (!money) {
        return STATUS_NO_MEMORY;
    }
    match_plan_balances(market, money);
    for (uint32_t l = 0; l < market->lot_count; l++) {
        spend(&market->lots[l], &plan->lots[l], money);
    }
    *overdrawn = false;
    for (uint32_t f = 0; f < market->fund_count; f++) {
        *overdrawn = *overdrawn || (market->funds[f].limited && money[f] < 0);
    }
    return STATUS_OK;
}

static bool draws_on_money(const struct match_market *market, const struct match_lot *lot)
{
    bool draws = false;
    for (uint32_t d = 0; d < lot->demand_count && !draws; d++) {
        draws = lot->demands[d].fund != MATCH_NONE && market->funds[lot->demands[d].fund].limited;
    }
    return draws;
}

/* Plans a lot by itself with what is left of the funds; takes its awards where they are better than what plan has. */
static int plan_apart(const struct match_market *market, uint32_t lot, const __int128 *money, struct arena *arena, struct match_lot_plan *plan)
{
    int64_t *left = arena_array(arena, market->fund_count, sizeof *left);
    struct match_lot_plan *made;
    for (uint32_t f = 0; left && f < market->fund_count; f++) {
        left[f] = !market->funds[f].limited ? INT64_MAX : money[f] > 0 ? (int64_t)money[f] : 0;
    }
    int status = left ? match_replan_lot(market, &market->lots[lot], left, false, 0, arena, &made) : STATUS_NO_MEMORY;
    if (!status && (made->objective > plan->objective || !plan->award_count)) {
        plan->objective = made->objective;
        plan->awards = made->awards;
        plan->award_count = made->award_count;
        plan->forbidden_by = made->forbidden_by;
    }
    if (!status && !draws_on_money(market, &market->lots[lot])) {
        plan->bound = plan->priced_bound = made->bound;
    }
    return status;
}

/* A bound made with the money that is left would not hold where another lot could leave more: bounds are made with all money, and at its prices. */
static int plan_lot(const struct match_market *market, const struct match_options *options, const int64_t *price, uint32_t lot,
                    const __int128 *money, struct arena *arena, struct match_lot_plan *plan)
{
    *plan = (struct match_lot_plan){0};
    if (!draws_on_money(market, &market->lots[lot])) {
        return plan_apart(market, lot, money, arena, plan);
    }
    int status = match_joint_one(market, lot, price, money, options, arena, plan);
    return status || market->lot_count > FEW_LOTS ? status : plan_apart(market, lot, money, arena, plan);
}

static int plan_changed(const struct match_market *market, const struct match_plan *old, const struct match_options *options,
                        const bool *changed, struct arena *arena, struct match_plan *plan)
{
    uint32_t funds = market->fund_count;
    __int128 *balance = arena_array(arena, funds, sizeof *balance), *money = arena_array(arena, funds, sizeof *money);
    plan->money_price = arena_array(arena, funds, sizeof *plan->money_price);
    if (!balance || !money || !plan->money_price) {
        return STATUS_NO_MEMORY;
    }
    memcpy(plan->money_price, old->money_price, funds * sizeof *plan->money_price);
    match_plan_balances(market, balance);
    memcpy(money, balance, funds * sizeof *money);
    for (uint32_t n = 0; n < market->lot_count; n++) {
        spend(&market->lots[n], &plan->lots[n], money); /* changed lots have no awards yet */
    }
    __int128 own = 0, grown = old->bound, objective = 0;
    for (uint32_t n = 0; n < market->lot_count; n++) {
        if (changed[n]) {
            int status = plan_lot(market, options, plan->money_price, n, money, arena, &plan->lots[n]);
            if (status) {
                return status;
            }
            spend(&market->lots[n], &plan->lots[n], money);
        }
        own += plan->lots[n].bound;
        grown += changed[n] ? plan->lots[n].bound : 0;
        objective += plan->lots[n].objective;
    }
    __int128 priced = match_joint_bound(market, plan->lots, plan->money_price, balance), least = own < grown ? own : grown;
    plan->objective = (int64_t)objective;
    plan->bound = (int64_t)(priced < least ? priced : least);
    return STATUS_OK;
}

int match_plan_again(const struct match_market *before, const struct match_plan *old, const struct match_market *market,
                     const struct match_options *options, struct arena *arena, struct match_plan **result, uint32_t *changed)
{
    struct match_plan *plan = arena_alloc(arena, sizeof *plan);
    bool *marks = arena_array(arena, market->lot_count, sizeof *marks);
    *changed = market->lot_count;
    if (!plan || !marks || !(plan->lots = arena_array(arena, market->lot_count, sizeof *plan->lots))) {
        return STATUS_NO_MEMORY;
    }
    plan->lot_count = market->lot_count;
    bool grew = true;
    if (may_keep(before, market) && money_grew(before, market, arena, &grew)) {
        return STATUS_NO_MEMORY;
    }
    bool overdrawn = false;
    if (!grew) {
        *changed = keep_lots(before, old, market, options ? options->threads : 1, plan, marks);
        if (is_overdrawn(market, plan, arena, &overdrawn)) {
            return STATUS_NO_MEMORY;
        }
    }
    if (overdrawn || *changed > market->lot_count / 2) {
        *changed = market->lot_count;
        return match_plan(market, options, arena, result);
    }
    *result = plan;
    return plan_changed(market, old, options, marks, arena, plan);
}
