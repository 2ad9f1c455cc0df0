/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/trials.h"

#include <stdio.h>
#include <string.h>

#include "proto/cell.h"

/* "2028-12" of a month index. */
static struct match_figure figure_month(int32_t month)
{
    struct match_figure figure;
    uint32_t value = cell_month_of_index((uint32_t)month);
    snprintf(figure.text, sizeof figure.text, "%04u-%02u", value / 100, value % 100);
    return figure;
}

static bool tier_is_open(const struct match_state *state, uint32_t offer, uint32_t tier)
{
    return state->committed_tier[offer] == MATCH_NONE || state->committed_tier[offer] == tier;
}

/* What stands between the demand and the most offers. */
static const char *text_incompatible(const struct match_subject *s)
{
    static const char *const names[] = {
        [MATCH_BARRIER_NONE] = "", [MATCH_BARRIER_VALIDITY] = "no longer valid",
        [MATCH_BARRIER_CERTIFICATE] = "lack a certificate", [MATCH_BARRIER_REQUIREMENT] = "do not meet a requirement",
        [MATCH_BARRIER_ORIGIN] = "have components from an excluded origin",
        [MATCH_BARRIER_DESTINATION] = "may not be exported there",
        [MATCH_BARRIER_FUND_CONTENT] = "have too little European content for the fund",
        [MATCH_BARRIER_FUND_COUNTRY] = "would be paid by a fund that is not for this country",
        [MATCH_BARRIER_FREIGHT] = "quote no freight to the place",
    };
    const struct match_lot *lot = s->inquiry->lot;
    uint32_t counts[MATCH_BARRIER_FREIGHT + 1] = {0};
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        counts[match_pair_barrier(s->inquiry->market, lot, &lot->demands[s->index], &lot->offers[o])]++;
    }
    char *text = arena_format(s->texts, "None of %u offers meets its conditions:", lot->offer_count);
    const char *comma = " ";
    for (int n = MATCH_BARRIER_VALIDITY; n <= MATCH_BARRIER_FREIGHT && text; n++) {
        if (counts[n] > 0) {
            text = arena_format(s->texts, "%s%s%u %s", text, comma, counts[n], names[n]);
            comma = ", ";
        }
    }
    return text ? arena_format(s->texts, "%s.", text) : NULL;
}

static const char *text_too_expensive(const struct match_subject *s)
{
    const struct match_inquiry *q = s->inquiry;
    int64_t least = INT64_MAX;
    uint32_t best = 0;
    for (uint32_t o = 0; o < q->lot->offer_count; o++) {
        int64_t freight = match_pairs_freight(&q->state.pairs, s->index, o);
        for (uint32_t k = 0; k < q->lot->offers[o].tier_count && freight != MATCH_NO_FREIGHT; k++) {
            int64_t price = q->lot->offers[o].tiers[k].unit_price + freight;
            if (tier_is_open(&q->state, o, k) && price < least) {
                least = price;
                best = o;
            }
        }
    }
    return arena_format(s->texts, "The cheapest offer that fits, %s, asks %s a unit with freight; the ceiling is %s.",
                        q->lot->offers[best].id, match_figure_money(q, least).text,
                        match_figure_money(q, q->lot->demands[s->index].ceiling).text);
}

/* The month in which an affordable offer makes its first unit. */
static const char *text_too_late(const struct match_subject *s)
{
    const struct match_inquiry *q = s->inquiry;
    const struct match_demand *demand = &q->lot->demands[s->index];
    int32_t first = INT32_MAX, last = 0;
    uint32_t best = 0;
    for (uint32_t o = 0; o < q->lot->offer_count; o++) {
        int64_t freight = match_pairs_freight(&q->state.pairs, s->index, o);
        for (uint32_t k = 0; k < q->lot->offers[o].tier_count && freight != MATCH_NO_FREIGHT; k++) {
            const struct match_tier *tier = &q->lot->offers[o].tiers[k];
            int32_t start = tier->first_month > q->market->as_of_month ? tier->first_month : q->market->as_of_month;
            if (tier_is_open(&q->state, o, k) && tier->unit_price + freight <= demand->ceiling && tier->monthly_rate > 0 && start < first) {
                first = start;
                best = o;
            }
        }
    }
    for (uint32_t n = 0; n < demand->line_count; n++) {
        last = s->lacks[n] > 0 ? demand->lines[n].month : last;
    }
    if (first == INT32_MAX) {
        return arena_format(s->texts, "No offer within the ceiling makes any unit; the last delivery is due %s.", figure_month(last).text);
    }
    return arena_format(s->texts, "The first unit within the ceiling is made in %s (%s); the last delivery is due %s.",
                        figure_month(first).text, q->lot->offers[best].id, figure_month(last).text);
}

static const char *text_fund(const struct match_subject *s)
{
    const struct match_inquiry *q = s->inquiry;
    const struct match_fund *fund = &q->market->funds[q->lot->demands[s->index].fund];
    int64_t spent = 0;
    for (uint32_t n = 0; n < q->state.plan->award_count; n++) {
        const struct match_award *a = &q->state.plan->awards[n];
        if (q->lot->demands[a->demand].fund == q->lot->demands[s->index].fund) {
            spent += (a->unit_price + a->freight) * a->quantity + a->one_off;
        }
    }
    int64_t left = q->money[q->lot->demands[s->index].fund] - spent;
    return arena_format(s->texts, "%s has %s left of %s; the demand lacks %s units.", fund->id, match_figure_money(q, left).text,
                        match_figure_money(q, fund->balance).text, match_figure_count(s->missing).text);
}

static const char *text_minimum(const struct match_subject *s)
{
    const struct match_demand *d = &s->inquiry->lot->demands[s->index];
    const char *single = d->single_supplier ? " from a single supplier" : "";
    if (d->min_quantity > 1) {
        return arena_format(s->texts, "It takes nothing below %s units%s, and less can be had or is worth it.",
                            match_figure_count(d->min_quantity).text, single);
    }
    return arena_format(s->texts, "%s", d->single_supplier ? "It wants a single supplier, and the one it has cannot give it more."
                                                             : "What remains stays below a supplier's minimum order.");
}

/* How much of what the fitting, used offers sell goes to others by the demand's last missing month. */
static const char *text_capacity(const struct match_subject *s)
{
    const struct match_inquiry *q = s->inquiry;
    int64_t made = 0, own = 0;
    int32_t last = 0;
    uint32_t fitting = 0;
    for (uint32_t n = 0; n < q->lot->demands[s->index].line_count; n++) {
        last = s->lacks[n] > 0 ? q->lot->demands[s->index].lines[n].month : last;
    }
    for (uint32_t o = 0; o < q->lot->offer_count; o++) {
        int64_t freight = match_pairs_freight(&q->state.pairs, s->index, o);
        int64_t best = 0;
        for (uint32_t k = 0; k < q->lot->offers[o].tier_count && freight != MATCH_NO_FREIGHT; k++) {
            const struct match_tier *tier = &q->lot->offers[o].tiers[k];
            bool open = q->state.used_tier[o] == MATCH_NONE || q->state.used_tier[o] == k;
            if (open && tier->unit_price + freight <= q->lot->demands[s->index].ceiling) {
                int64_t output = match_tier_output(tier, q->market->as_of_month, last);
                output = output < q->lot->offers[o].max_quantity ? output : q->lot->offers[o].max_quantity;
                best = output > best ? output : best;
            }
        }
        fitting += best > 0;
        made += best;
    }
    own = q->state.demand_taken[s->index];
    return arena_format(s->texts, "%u %s within the ceiling, at most %s units by %s for all who need them; it got %s.", fitting,
                        fitting == 1 ? "offer fits" : "offers fit", match_figure_count(made).text, figure_month(last).text,
                        match_figure_count(own).text);
}

/* Whether a contract for all that is missing would be worth it with some tier, were nothing else in the way. */
static bool is_worth(const struct match_subject *s)
{
    const struct match_inquiry *q = s->inquiry;
    for (uint32_t o = 0; o < q->lot->offer_count; o++) {
        int64_t freight = match_pairs_freight(&q->state.pairs, s->index, o);
        for (uint32_t k = 0; k < q->lot->offers[o].tier_count && freight != MATCH_NO_FREIGHT; k++) {
            const struct match_tier *tier = &q->lot->offers[o].tiers[k];
            __int128 gain = (__int128)match_state_gain(&q->state, s->index, o, k, freight) * s->missing;
            bool open = tier_is_open(&q->state, o, k) && tier->unit_price + freight <= q->lot->demands[s->index].ceiling;
            if (open && gain > (__int128)tier->one_off + q->lot->rules.contract_overhead) {
                return true;
            }
        }
    }
    return false;
}

static const char *text_worth(const struct match_subject *s)
{
    const struct match_inquiry *q = s->inquiry;
    const struct match_demand *d = &q->lot->demands[s->index];
    int64_t weight = q->lot->rules.weights[d->priority - 1];
    if (is_worth(s)) {
        return arena_format(s->texts, "Several things stand in its way at once: no single change of rules, money, minimums or output gives it more.");
    }
    return arena_format(s->texts, "A unit counts %s (%lld times the reference value %s); no offer that fits costs less with a contract's %s and its one-off cost.",
                        match_figure_money(q, weight * q->lot->reference).text, (long long)weight,
                        match_figure_money(q, q->lot->reference).text, match_figure_money(q, q->lot->rules.contract_overhead).text);
}

/* "sme_min_share at 20" of the trial "sme_min_share=0". */
static char *text_rule(const struct match_subject *s, const struct match_trial *trial)
{
    const struct match_rules *rules = &s->inquiry->lot->rules;
    const struct {
        const char *name;
        int64_t value;
    } shares[] = {{"sme_min_share", rules->sme_min_share}, {"european_min_share", rules->european_min_share},
                  {"european_max_share", rules->european_max_share}, {"supplier_max_share", rules->supplier_max_share}};
    for (size_t n = 0; n < sizeof shares / sizeof shares[0]; n++) {
        size_t length = strlen(shares[n].name);
        if (strcmp(trial->kind, "rule") == 0 && strncmp(trial->detail, shares[n].name, length) == 0 && trial->detail[length] == '=') {
            return arena_format(s->texts, "%s at %lld", shares[n].name, (long long)shares[n].value);
        }
    }
    return NULL;
}

/* The share rules without which it would get more; where none does so alone, all that were tried. */
static const char *text_shares(const struct match_subject *s)
{
    const char *list[2] = {"", ""};
    unsigned counts[2] = {0};
    if (!s->inquiry->state.has_share_rules) {
        return arena_format(s->texts, "Lines alike to it would have to get as much in proportion.");
    }
    for (uint32_t n = 0; n < s->trial_count; n++) {
        const char *rule = text_rule(s, &s->trials[n]);
        int helps = s->trials[n].adds > 0;
        if (rule) {
            char *longer = arena_format(s->texts, "%s%s%s", list[helps], counts[helps]++ ? ", " : "", rule);
            list[helps] = longer ? longer : list[helps];
        }
    }
    if (counts[1]) {
        return arena_format(s->texts, counts[1] == 1 ? "%s forbids it." : "Each of these forbids it: %s.", list[1]);
    }
    return counts[0] > 1 ? arena_format(s->texts, "Rules forbid it together, none alone: %s.", list[0])
                         : arena_format(s->texts, "A share rule of the bundle forbids it.");
}

const char *match_text_demand(const struct match_subject *s, enum match_reason reason)
{
    const struct match_state *state = &s->inquiry->state;
    switch (reason) {
    case MATCH_REASON_NO_OFFER:
        return arena_format(s->texts, "Nobody offers %s yet.", s->inquiry->lot->item);
    case MATCH_REASON_INCOMPATIBLE:
        return text_incompatible(s);
    case MATCH_REASON_TOO_EXPENSIVE:
        return text_too_expensive(s);
    case MATCH_REASON_TOO_LATE:
        return text_too_late(s);
    case MATCH_REASON_MIN_NATIONS:
        return state->nations ? arena_format(s->texts, "%lld nations take part; %lld are asked for.", (long long)state->nations, (long long)state->needed)
                              : arena_format(s->texts, "Fewer nations can be served than the %lld that are asked for.", (long long)state->needed);
    case MATCH_REASON_BUNDLE_RULE:
        return text_shares(s);
    case MATCH_REASON_FUND_EXHAUSTED:
        return text_fund(s);
    case MATCH_REASON_MINIMUM_QUANTITY:
        return text_minimum(s);
    case MATCH_REASON_CAPACITY:
        return text_capacity(s);
    case MATCH_REASON_NOT_WORTH_A_CONTRACT:
    case MATCH_REASON_OUTRANKED:
        break;
    }
    return text_worth(s);
}

/* The least price of its tiers beside the dearest award of the lot. */
static const char *text_outranked(const struct match_subject *s)
{
    const struct match_inquiry *q = s->inquiry;
    const struct match_offer *offer = &q->lot->offers[s->index];
    int64_t own = INT64_MAX, dearest = -1;
    uint32_t winner = 0;
    for (uint32_t k = 0; k < offer->tier_count; k++) {
        own = offer->tiers[k].evaluated_price < own ? offer->tiers[k].evaluated_price : own;
    }
    for (uint32_t n = 0; n < q->state.plan->award_count; n++) {
        const struct match_award *a = &q->state.plan->awards[n];
        int64_t price = q->lot->offers[a->offer].tiers[a->tier].evaluated_price;
        if (price > dearest) {
            dearest = price;
            winner = a->offer;
        }
    }
    if (dearest < 0) {
        return arena_format(s->texts, "The lot has no new award; its best tier counts %s a unit.", match_figure_money(q, own).text);
    }
    return arena_format(s->texts, "Others served the same need better: its best tier counts %s a unit, the dearest award (%s) %s.",
                        match_figure_money(q, own).text, q->lot->offers[winner].id, match_figure_money(q, dearest).text);
}

const char *match_text_offer(const struct match_subject *s, enum match_reason reason)
{
    switch (reason) {
    case MATCH_REASON_INCOMPATIBLE:
        return arena_format(s->texts, "It meets the conditions of none of %u demands.", s->inquiry->lot->demand_count);
    case MATCH_REASON_TOO_EXPENSIVE:
        return arena_format(s->texts, "Every tier is above the ceiling of every demand that it fits.");
    case MATCH_REASON_TOO_LATE:
        return arena_format(s->texts, "It makes no unit by the last delivery that it could serve.");
    case MATCH_REASON_MINIMUM_QUANTITY:
        return arena_format(s->texts, "What could be ordered stays below its minimum.");
    case MATCH_REASON_BUNDLE_RULE:
        return s->inquiry->general.offers_any_nations && s->inquiry->general.offers_any_nations[s->index] > s->has
                   ? arena_format(s->texts, "Fewer nations can be served than the %lld that are asked for.", (long long)s->inquiry->state.needed)
                   : arena_format(s->texts, "A share rule of the bundle forbids it.");
    case MATCH_REASON_NOT_WORTH_A_CONTRACT:
        return arena_format(s->texts, "What it would win does not carry its one-off cost and another contract's %s.",
                            match_figure_money(s->inquiry, s->inquiry->lot->rules.contract_overhead).text);
    default:
        return text_outranked(s);
    }
}
