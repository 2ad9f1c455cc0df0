/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/match/facts.h"
#include "broker/match/verify_lot.h"
#include "proto/status.h"

struct match_month_text match_month_text(int32_t month)
{
    struct match_month_text result;
    snprintf(result.text, sizeof result.text, "%04d-%02d", month / 12, month % 12 + 1);
    return result;
}

int match_verify_refuse(struct match_verification *v, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    v->fault = arena_format(v->arena, "%s: %s", v->lot->item, text);
    return v->fault ? STATUS_INVALID : STATUS_NO_MEMORY;
}

static int compare_countries(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int number_nations(struct match_verification *v)
{
    const struct match_lot *lot = v->lot;
    const char **countries = arena_array(v->arena, lot->demand_count, sizeof *countries);
    v->nation_of = arena_array(v->arena, lot->demand_count, sizeof *v->nation_of);
    if (!countries || !v->nation_of) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        countries[d] = lot->demands[d].country;
    }
    qsort(countries, lot->demand_count, sizeof *countries, compare_countries);
    for (uint32_t n = 0; n < lot->demand_count; n++) {
        if (n == 0 || strcmp(countries[v->nation_count - 1], countries[n]) != 0) {
            countries[v->nation_count++] = countries[n];
        }
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        const char **at = bsearch(&lot->demands[d].country, countries, v->nation_count, sizeof *countries, compare_countries);
        v->nation_of[d] = (uint32_t)(at - countries);
    }
    return STATUS_OK;
}

static int prepare(struct match_verification *v, bool with_nations)
{
    const struct match_lot *lot = v->lot;
    v->first_line = arena_array(v->arena, (size_t)lot->demand_count + 1, sizeof *v->first_line);
    v->committed_tier = arena_array(v->arena, lot->offer_count, sizeof *v->committed_tier);
    if (!v->first_line || !v->committed_tier) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        v->first_line[d + 1] = v->first_line[d] + lot->demands[d].line_count;
    }
    match_facts_committed_tiers(lot, v->committed_tier);
    v->taken = arena_array(v->arena, v->first_line[lot->demand_count], sizeof *v->taken);
    if (!v->taken || match_pairs_build(v->market, lot, v->arena, &v->pairs)) {
        return STATUS_NO_MEMORY;
    }
    return with_nations ? number_nations(v) : STATUS_OK;
}

static void add_funds(const struct match_verification *v, int64_t *fund_spent)
{
    for (uint32_t n = 0; n < v->plan->award_count; n++) {
        const struct match_award *a = &v->plan->awards[n];
        uint32_t fund = v->lot->demands[a->demand].fund;
        if (fund != MATCH_NONE) {
            fund_spent[fund] += (a->unit_price + a->freight) * a->quantity + a->one_off;
        }
    }
}

static int verify_lot(struct match_verification *v, int64_t *fund_spent)
{
    static int (*const steps[])(struct match_verification *) = {
        match_verify_awards, match_verify_demands, match_verify_offers, match_verify_bundle, match_verify_objective,
    };
    int status = prepare(v, true);
    for (size_t n = 0; n < sizeof steps / sizeof steps[0] && !status; n++) {
        status = steps[n](v);
    }
    if (!status && fund_spent) {
        add_funds(v, fund_spent);
    }
    return status;
}

int match_verify_lot(const struct match_market *market, uint32_t lot, const struct match_lot_plan *plan, struct arena *arena,
                     int64_t *fund_spent, const char **fault)
{
    struct match_verification v = {.market = market, .lot = &market->lots[lot], .plan = plan, .arena = arena};
    int status = verify_lot(&v, fund_spent);
    *fault = v.fault;
    return status;
}

/* One demand against the list's next entry: what it misses, and the fact that explains it. */
static int verify_demand(struct match_verification *v, uint32_t demand, uint32_t *at)
{
    const struct match_demand *d = &v->lot->demands[demand];
    int64_t missing = 0;
    int32_t last = 0;
    for (uint32_t line = 0; line < d->line_count; line++) {
        int64_t lacks = d->lines[line].quantity - d->lines[line].committed - v->taken[v->first_line[demand] + line];
        missing += lacks;
        last = lacks > 0 ? d->lines[line].month : last;
    }
    bool listed = *at < v->plan->uncovered_count && v->plan->uncovered[*at].demand == demand;
    if (missing == 0) {
        return listed ? match_verify_refuse(v, "%s lacks nothing but is listed as uncovered", d->id) : STATUS_OK;
    }
    if (!listed) {
        return match_verify_refuse(v, "%s lacks %lld but is not listed as uncovered", d->id, (long long)missing);
    }
    const struct match_uncovered *entry = &v->plan->uncovered[(*at)++];
    if (entry->quantity != missing) {
        return match_verify_refuse(v, "%s lacks %lld, listed are %lld", d->id, (long long)missing, (long long)entry->quantity);
    }
    enum match_reason fact;
    bool is_fact = match_facts_reason(v->market, v->lot, &v->pairs, v->committed_tier, demand, last, &fact);
    bool states_fact = entry->reason <= MATCH_REASON_TOO_LATE;
    if ((unsigned)entry->reason >= MATCH_REASON_OUTRANKED) {
        return match_verify_refuse(v, "%s is uncovered for no known reason", d->id);
    }
    if (is_fact ? entry->reason != fact : states_fact) {
        return match_verify_refuse(v, "%s states the reason %s, the facts say %s", d->id, match_reason_name(entry->reason),
                                   is_fact ? match_reason_name(fact) : "another");
    }
    return STATUS_OK;
}

int match_verify_uncovered(const struct match_market *market, uint32_t lot, const struct match_lot_plan *plan,
                           struct arena *arena, const char **fault)
{
    struct match_verification v = {.market = market, .lot = &market->lots[lot], .plan = plan, .arena = arena};
    int status = prepare(&v, false);
    for (uint32_t n = 0; n < plan->award_count && !status; n++) {
        const struct match_award *a = &plan->awards[n];
        if (a->demand >= v.lot->demand_count || a->line >= v.lot->demands[a->demand].line_count || a->quantity < 1 ||
            a->quantity > v.lot->demands[a->demand].lines[a->line].quantity) {
            status = match_verify_refuse(&v, "an award is not of this lot");
        } else {
            v.taken[v.first_line[a->demand] + a->line] += a->quantity;
        }
    }
    uint32_t at = 0;
    for (uint32_t d = 0; d < v.lot->demand_count && !status; d++) {
        status = verify_demand(&v, d, &at);
    }
    if (!status && at != plan->uncovered_count) {
        status = match_verify_refuse(&v, "the list of uncovered demands is out of order or names one twice");
    }
    *fault = v.fault;
    return status;
}

static int refuse_plan(struct arena *arena, const char **fault, const char *text)
{
    *fault = text;
    (void)arena;
    return text ? STATUS_INVALID : STATUS_NO_MEMORY;
}

static int verify_funds(const struct match_market *market, const int64_t *spent, struct arena *arena, const char **fault)
{
    int64_t *committed = arena_array(arena, market->fund_count, sizeof *committed);
    if (!committed) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < market->lot_count; l++) {
        const struct match_lot *lot = &market->lots[l];
        for (uint32_t n = 0; n < lot->commitment_count; n++) {
            const struct match_commitment *c = &lot->commitments[n];
            uint32_t fund = lot->demands[c->demand].fund;
            if (fund != MATCH_NONE) {
                committed[fund] += (c->unit_price + c->freight) * c->quantity + c->one_off;
            }
        }
    }
    for (uint32_t f = 0; f < market->fund_count; f++) {
        const struct match_fund *fund = &market->funds[f];
        if (fund->limited && spent[f] > 0 && spent[f] + committed[f] > fund->balance) {
            return refuse_plan(arena, fault, arena_format(arena, "fund %s: pays %lld, balance %lld", fund->id,
                                                          (long long)(spent[f] + committed[f]), (long long)fund->balance));
        }
    }
    return STATUS_OK;
}

int match_verify_plan(const struct match_market *market, const struct match_plan *plan, struct arena *arena,
                      const char **fault)
{
    *fault = NULL;
    if (plan->lot_count != market->lot_count) {
        return refuse_plan(arena, fault, arena_format(arena, "the plan has %u lots, the market %u", plan->lot_count,
                                                      market->lot_count));
    }
    int64_t *spent = arena_array(arena, market->fund_count, sizeof *spent);
    if (!spent) {
        return STATUS_NO_MEMORY;
    }
    __int128 objective = 0;
    for (uint32_t l = 0; l < plan->lot_count; l++) {
        struct arena work; /* dropped lot by lot: a market of thousands of lots needs one lot's memory */
        arena_init(&work, arena->cap);
        const char *text = NULL;
        int status = match_verify_lot(market, l, &plan->lots[l], &work, spent, &text);
        if (!status) {
            status = match_verify_uncovered(market, l, &plan->lots[l], &work, &text);
        }
        if (status == STATUS_INVALID) {
            status = refuse_plan(arena, fault, arena_string(arena, text));
        }
        arena_drop(&work);
        if (status) {
            return status;
        }
        objective += plan->lots[l].objective;
    }
    if (plan->objective != objective) {
        return refuse_plan(arena, fault, arena_format(arena, "objective stated %lld, recomputed %lld",
                                                      (long long)plan->objective, (long long)objective));
    }
    if (plan->bound < plan->objective) {
        return refuse_plan(arena, fault, arena_format(arena, "bound %lld is below the objective %lld", (long long)plan->bound,
                                                      (long long)plan->objective));
    }
    return verify_funds(market, spent, arena, fault);
}
