/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/settle.h"

#include <stdlib.h>
#include <string.h>

#include "broker/match/alone.h"
#include "broker/match/parallel.h"
#include "broker/match/reasons.h"
#include "broker/match/state.h"
#include "proto/status.h"

#define FIXED_RULES 4
#define EXACT_VALUE_MOST (INT64_MAX / 100)

static int compare_nations(const void *left, const void *right)
{
    const struct match_nation *a = left, *b = right;
    return strcmp(a->country, b->country);
}

/* One row for each nation with awards. */
static int list_nations(const struct match_lot *lot, struct match_lot_plan *plan, struct arena *arena)
{
    struct match_nation *nations = arena_array(arena, plan->award_count, sizeof *nations);
    if (!nations) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < plan->award_count; n++) {
        nations[n].country = lot->demands[plan->awards[n].demand].country;
    }
    if (plan->award_count > 1) {
        qsort(nations, plan->award_count, sizeof *nations, compare_nations);
    }
    uint32_t kept = 0;
    for (uint32_t n = 0; n < plan->award_count; n++) {
        if (n == 0 || strcmp(nations[kept - 1].country, nations[n].country) != 0) {
            nations[kept++].country = nations[n].country;
        }
    }
    plan->nations = nations;
    plan->nation_count = kept;
    return STATUS_OK;
}

static struct match_nation *nation_of(const struct match_lot_plan *plan, const char *country)
{
    const struct match_nation key = {.country = country};
    return bsearch(&key, plan->nations, plan->nation_count, sizeof key, compare_nations);
}

static void add_figures(const struct match_lot *lot, struct match_lot_plan *plan)
{
    for (uint32_t d = 0; d < lot->demand_count && plan->nation_count; d++) {
        struct match_nation *nation = nation_of(plan, lot->demands[d].country);
        for (uint32_t n = 0; n < lot->demands[d].line_count && nation; n++) {
            nation->wanted += lot->demands[d].lines[n].quantity - lot->demands[d].lines[n].committed;
        }
    }
    for (uint32_t n = 0; n < plan->award_count; n++) {
        const struct match_award *a = &plan->awards[n];
        struct match_nation *nation = nation_of(plan, lot->demands[a->demand].country);
        nation->quantity += a->quantity;
        nation->pays += (a->unit_price + a->freight) * a->quantity + a->one_off;
    }
}

/* A share rule; hundredfold: the numerator counts hundredths of the denominator's cents. */
static struct match_rule share_rule(const char *name, __int128 numerator, __int128 value, bool hundredfold, int64_t least,
                                    int64_t most)
{
    struct match_rule rule = {.name = name, .least = least, .most = most};
    __int128 scale = hundredfold ? 1 : 100;
    rule.met = numerator * scale >= value * least && (most < 0 || numerator * scale <= value * most);
    if (!hundredfold) {
        rule.numerator = (int64_t)numerator;
        rule.denominator = (int64_t)value;
    } else if (value <= EXACT_VALUE_MOST) {
        rule.numerator = (int64_t)numerator;
        rule.denominator = (int64_t)(value * 100);
    } else {
        rule.numerator = (int64_t)(numerator / 100);
        rule.denominator = (int64_t)value;
    }
    return rule;
}

static int list_rules(const struct match_market *market, const struct match_lot *lot, const struct match_plan *plan,
                      struct match_lot_plan *lot_plan, struct arena *arena, struct arena *work)
{
    struct match_state state;
    struct match_rule *rules = arena_array(arena, (size_t)FIXED_RULES + market->fund_count, sizeof *rules);
    int64_t *left = arena_array(work, market->fund_count, sizeof *left);
    bool *drawn = arena_array(work, market->fund_count, sizeof *drawn);
    if (!rules || !left || !drawn || match_state_open(market, lot, lot_plan, work, &state)) {
        return STATUS_NO_MEMORY;
    }
    int64_t largest = 0;
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        largest = state.supplier_value[o] > largest ? state.supplier_value[o] : largest;
    }
    const struct match_rules *limits = &lot->rules;
    uint32_t count = 0;
    rules[count++] = (struct match_rule){"nations", state.nations, 1, state.needed, -1, state.nations >= state.needed};
    rules[count++] = share_rule("sme_share", state.sme_value, state.value, false, limits->sme_min_share, -1);
    rules[count++] = share_rule("european_share", state.european_value, state.value, true, limits->european_min_share,
                                limits->european_max_share);
    rules[count++] = share_rule("supplier_share", largest, state.value, false, 0, limits->supplier_max_share);
    match_reasons_money(market, plan, left);
    for (uint32_t n = 0; n < lot_plan->award_count; n++) {
        uint32_t fund = lot->demands[lot_plan->awards[n].demand].fund;
        if (fund != MATCH_NONE) {
            drawn[fund] = true;
        }
    }
    for (uint32_t f = 0; f < market->fund_count; f++) {
        if (drawn[f] && market->funds[f].limited) {
            rules[count++] = (struct match_rule){market->funds[f].id, market->funds[f].balance - left[f], 1, 0,
                                                 market->funds[f].balance, true};
        }
    }
    lot_plan->rules = rules;
    lot_plan->rule_count = count;
    return STATUS_OK;
}

static int settle_lot(const struct match_market *market, uint32_t lot_index, const struct match_plan *plan, struct arena *arena)
{
    const struct match_lot *lot = &market->lots[lot_index];
    struct match_lot_plan *lot_plan = &plan->lots[lot_index];
    int status = list_nations(lot, lot_plan, arena);
    if (status || lot_plan->award_count == 0) {
        return status;
    }
    add_figures(lot, lot_plan);
    struct arena work;
    arena_init(&work, arena->cap);
    status = list_rules(market, lot, plan, lot_plan, arena, &work);
    arena_drop(&work);
    return status;
}

/* One nation of one lot's plan. */
struct part {
    uint32_t lot, nation;
};

struct parts {
    const struct match_market *market;
    const struct match_plan *plan;
    const struct part *parts;
    size_t cap;
};

static int plan_alone(void *context, uint32_t index)
{
    const struct parts *parts = context;
    const struct part *part = &parts->parts[index];
    struct match_lot_plan *lot_plan = &parts->plan->lots[part->lot];
    struct arena work;
    arena_init(&work, parts->cap);
    int status = match_alone_nation(parts->market, part->lot, lot_plan, &work, &lot_plan->nations[part->nation]);
    arena_drop(&work);
    return status;
}

int match_settle_plan(const struct match_market *market, const struct match_plan *plan, bool alone, uint32_t threads,
                      struct arena *arena)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < plan->lot_count; n++) {
        int status = settle_lot(market, n, plan, arena);
        if (status) {
            return status;
        }
        count += plan->lots[n].nation_count;
    }
    struct arena work;
    arena_init(&work, arena->cap);
    struct part *parts = arena_array(&work, alone ? count : 0, sizeof *parts);
    uint32_t at = 0;
    for (uint32_t n = 0; parts && alone && n < plan->lot_count; n++) {
        for (uint32_t k = 0; k < plan->lots[n].nation_count; k++) {
            parts[at++] = (struct part){n, k};
        }
    }
    struct parts all = {market, plan, parts, arena->cap};
    int status = parts ? match_parallel_run(threads, at, plan_alone, &all) : STATUS_NO_MEMORY;
    arena_drop(&work);
    return status;
}
