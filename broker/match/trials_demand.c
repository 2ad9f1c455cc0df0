/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/trials.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/cell.h"
#include "proto/status.h"

#define LATER_MOST 24      /* months: beyond two years it is another need */
#define CEILINGS_MOST 5    /* prices tried, from the least upwards */
#define CONDITIONS_MOST 4  /* of one kind */
#define OFFERS_MOST 2      /* whose output is tried, the best first */
#define STEPS 5            /* re-plans to find a least figure */
#define SHARE_STEPS 7      /* the same for a percentage: exact */
#define LAST_MONTH ((int32_t)(2199 * 12 + 11))

static const struct match_demand *demand_of(const struct match_subject *subject)
{
    return &subject->inquiry->lot->demands[subject->index];
}

static struct match_change change_of(const struct match_subject *subject, enum match_change_kind kind)
{
    return (struct match_change){.kind = kind, .demand = subject->index, .lacks = subject->lacks};
}

/* The tiers that an offer may be used under: its commitments' only, where it has any. */
static bool tier_is_open(const struct match_state *state, uint32_t offer, uint32_t tier)
{
    return state->committed_tier[offer] == MATCH_NONE || state->committed_tier[offer] == tier;
}

static int compare_amounts(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Prices above the ceiling at which a further tier could be bought, ascending. */
static size_t list_ceilings(const struct match_subject *subject, int64_t *list)
{
    const struct match_inquiry *inquiry = subject->inquiry;
    size_t count = 0;
    for (uint32_t o = 0; o < inquiry->lot->offer_count; o++) {
        int64_t freight = match_pairs_freight(&inquiry->state.pairs, subject->index, o);
        for (uint32_t k = 0; k < inquiry->lot->offers[o].tier_count && freight != MATCH_NO_FREIGHT; k++) {
            const struct match_tier *tier = &inquiry->lot->offers[o].tiers[k];
            int64_t price = tier->unit_price + freight + (tier->one_off + subject->missing - 1) / subject->missing;
            if (tier_is_open(&inquiry->state, o, k) && price > demand_of(subject)->ceiling && price <= CELL_AMOUNT_MOST) {
                list[count++] = price;
            }
        }
    }
    qsort(list, count, sizeof *list, compare_amounts);
    return count;
}

static void keep_ceiling(struct match_subject *subject, int64_t ceiling, int64_t adds)
{
    match_subject_keep(subject, "ceiling", arena_format(subject->texts, "%lld", (long long)ceiling),
                       arena_format(subject->texts, "a ceiling of %s instead of %s",
                                    match_figure_money(subject->inquiry, ceiling).text,
                                    match_figure_money(subject->inquiry, demand_of(subject)->ceiling).text), adds);
}

static void try_ceilings(struct match_subject *subject)
{
    size_t most = 0;
    for (uint32_t o = 0; o < subject->inquiry->lot->offer_count; o++) {
        most += subject->inquiry->lot->offers[o].tier_count;
    }
    int64_t *list = arena_array(subject->texts, most, sizeof *list);
    if (!list) {
        subject->status = STATUS_NO_MEMORY;
        return;
    }
    size_t count = list_ceilings(subject, list), tried = 0;
    int64_t best = 0;
    for (size_t n = 0; n < count && tried < CEILINGS_MOST && best < subject->missing; n++) {
        if (n > 0 && list[n] == list[n - 1]) {
            continue;
        }
        struct match_change change = change_of(subject, MATCH_CHANGE_CEILING);
        change.value = list[n];
        int64_t adds = match_subject_try(subject, &change);
        tried++;
        if (adds > best || (best == 0 && (tried == CEILINGS_MOST || n + 1 == count))) {
            keep_ceiling(subject, list[n], adds);
        }
        best = adds > best ? adds : best;
    }
}

/* The line that comes last of those that lack something. */
static int32_t last_month(const struct match_subject *subject)
{
    int32_t month = 0;
    for (uint32_t n = 0; n < demand_of(subject)->line_count; n++) {
        month = subject->lacks[n] > 0 ? demand_of(subject)->lines[n].month : month;
    }
    return month;
}

static void keep_date(struct match_subject *subject, int64_t later, int64_t adds)
{
    uint32_t month = cell_month_of_index((uint32_t)(last_month(subject) + later));
    match_subject_keep(subject, "date", arena_format(subject->texts, "%u", month),
                       arena_format(subject->texts, "due %04u-%02u, %lld %s later", month / 100, month % 100, (long long)later,
                                    later == 1 ? "month" : "months"), adds);
}

static void try_dates(struct match_subject *subject)
{
    struct match_change change = change_of(subject, MATCH_CHANGE_DATE);
    int64_t most = LAST_MONTH - last_month(subject);
    change.value = most < LATER_MOST ? most : LATER_MOST;
    if (change.value < 1) {
        return;
    }
    int64_t adds = match_subject_try(subject, &change);
    if (adds == 0) {
        keep_date(subject, change.value, 0);
        return;
    }
    bool exact;
    int64_t later = match_subject_least(subject, change, 0, change.value, adds, STEPS, &exact);
    keep_date(subject, later, adds);
    if (later > 1) {
        change.value = 1;
        int64_t soon = match_subject_try(subject, &change);
        if (soon > 0) {
            keep_date(subject, 1, soon);
        }
    }
}

static void try_minimum(struct match_subject *subject)
{
    const struct match_demand *demand = demand_of(subject);
    if (demand->min_quantity > 1) {
        struct match_change change = change_of(subject, MATCH_CHANGE_MINIMUM);
        change.value = 1;
        int64_t adds = match_subject_try(subject, &change);
        int64_t total = subject->inquiry->state.demand_committed[subject->index] + subject->has + adds;
        if (adds > 0 && total < demand->min_quantity) { /* the largest minimum that it would meet */
            change.value = total;
            int64_t again = match_subject_try(subject, &change);
            change.value = again > 0 ? total : 1;
            adds = again > 0 ? again : adds;
        }
        match_subject_keep(subject, "minimum", arena_format(subject->texts, "%lld", (long long)change.value),
                           arena_format(subject->texts, "a minimum of %s instead of %s", match_figure_count(change.value).text,
                                        match_figure_count(demand->min_quantity).text), adds);
    }
    if (demand->single_supplier) {
        const struct match_change change = change_of(subject, MATCH_CHANGE_SINGLE);
        match_subject_keep(subject, "minimum", "any", "more than one supplier", match_subject_try(subject, &change));
    }
}

/* A list without one of its texts. */
static struct match_texts drop_text(struct match_subject *subject, const struct match_texts *list, uint32_t index)
{
    const char **texts = arena_array(subject->texts, list->count, sizeof *texts);
    uint32_t kept = 0;
    for (uint32_t n = 0; n < list->count && texts; n++) {
        if (n != index) {
            texts[kept++] = list->texts[n];
        }
    }
    subject->status = texts ? subject->status : STATUS_NO_MEMORY;
    return (struct match_texts){texts, kept};
}

static const struct match_requirement *drop_requirement(struct match_subject *subject, const struct match_demand *demand,
                                                        uint32_t index, uint32_t *count)
{
    struct match_requirement *list = arena_array(subject->texts, demand->require_count, sizeof *list);
    *count = 0;
    for (uint32_t n = 0; n < demand->require_count && list; n++) {
        if (n != index) {
            list[(*count)++] = demand->requires[n];
        }
    }
    subject->status = list ? subject->status : STATUS_NO_MEMORY;
    return list;
}

/* Whether an offer fits once a condition is dropped that did not fit before. */
static bool opens_offer(const struct match_subject *subject, const struct match_demand *changed)
{
    const struct match_inquiry *inquiry = subject->inquiry;
    for (uint32_t o = 0; o < inquiry->lot->offer_count; o++) {
        if (match_pairs_freight(&inquiry->state.pairs, subject->index, o) == MATCH_NO_FREIGHT &&
            match_pair_barrier(inquiry->market, inquiry->lot, changed, &inquiry->lot->offers[o]) == MATCH_BARRIER_NONE) {
            return true;
        }
    }
    return false;
}

/* Keeps what dropping a condition gives; without planning where no further offer fits then. */
static void keep_condition(struct match_subject *subject, const char *kind, const char *detail, const char *text,
                           const struct match_change *change, const struct match_demand *changed)
{
    match_subject_keep(subject, kind, detail, text, opens_offer(subject, changed) ? match_subject_try(subject, change) : 0);
}

static void try_conditions(struct match_subject *subject)
{
    static const char *const signs[] = {[MATCH_EQUAL] = "=", [MATCH_AT_LEAST] = ">=", [MATCH_AT_MOST] = "<="};
    const struct match_demand *demand = demand_of(subject);
    for (uint32_t n = 0; n < demand->certificates.count && n < CONDITIONS_MOST; n++) {
        struct match_change change = change_of(subject, MATCH_CHANGE_CERTIFICATE);
        struct match_demand changed = *demand;
        change.index = n;
        changed.certificates = drop_text(subject, &demand->certificates, n);
        keep_condition(subject, "certificate", demand->certificates.texts[n],
                       arena_format(subject->texts, "without certificate %s", demand->certificates.texts[n]), &change, &changed);
    }
    for (uint32_t n = 0; n < demand->require_count && n < CONDITIONS_MOST; n++) {
        const struct match_requirement *r = &demand->requires[n];
        char *text = arena_format(subject->texts, "%s%s%s", r->name, signs[r->comparison], r->value);
        struct match_change change = change_of(subject, MATCH_CHANGE_REQUIREMENT);
        struct match_demand changed = *demand;
        change.index = n;
        changed.requires = drop_requirement(subject, demand, n, &changed.require_count);
        keep_condition(subject, "requirement", text, text ? arena_format(subject->texts, "without %s", text) : NULL, &change,
                       &changed);
    }
    for (uint32_t n = 0; n < demand->exclude_origins.count && n < CONDITIONS_MOST; n++) {
        struct match_change change = change_of(subject, MATCH_CHANGE_ORIGIN);
        struct match_demand changed = *demand;
        change.index = n;
        changed.exclude_origins = drop_text(subject, &demand->exclude_origins, n);
        keep_condition(subject, "origin", demand->exclude_origins.texts[n],
                       arena_format(subject->texts, "with components from %s", demand->exclude_origins.texts[n]), &change,
                       &changed);
    }
}

/* Fewer nations asked for; one more nation. */
static void try_nations(struct match_subject *subject)
{
    const struct match_state *state = &subject->inquiry->state;
    if (!subject->inquiry->general.any_nations) {
        return;
    }
    struct match_change change = change_of(subject, MATCH_CHANGE_MIN_NATIONS);
    change.value = state->needed - 1;
    int64_t adds = match_subject_try(subject, &change);
    while (adds == 0 && change.value > 1) {
        change.value = change.value / 2;
        adds = match_subject_try(subject, &change);
    }
    match_subject_keep(subject, "nations", arena_format(subject->texts, "%lld", (long long)change.value),
                       arena_format(subject->texts, "at least %lld nations instead of %lld", (long long)change.value,
                                    (long long)state->needed), adds);
    struct match_change joined = change_of(subject, MATCH_CHANGE_NATION);
    joined.value = subject->missing;
    match_subject_keep(subject, "nation", arena_format(subject->texts, "%lld", (long long)joined.value),
                       arena_format(subject->texts, "%s more from one more nation", match_figure_count(joined.value).text),
                       match_subject_try(subject, &joined));
}

static void try_share(struct match_subject *subject, enum match_change_kind kind, const char *name, int64_t present, int64_t free)
{
    if (present == free) {
        return;
    }
    struct match_change change = change_of(subject, kind);
    change.value = free;
    int64_t adds = match_subject_try(subject, &change);
    if (adds > 0) {
        bool exact;
        change.value = match_subject_least(subject, change, present, free, adds < subject->missing ? adds : subject->missing, SHARE_STEPS, &exact);
    }
    match_subject_keep(subject, "rule", arena_format(subject->texts, "%s=%lld", name, (long long)change.value),
                       arena_format(subject->texts, "%s at %lld instead of %lld", name, (long long)change.value,
                                    (long long)present), adds);
}

static void try_shares(struct match_subject *subject)
{
    const struct match_rules *rules = &subject->inquiry->lot->rules;
    if (!subject->inquiry->general.any_shares) {
        return;
    }
    if (subject->inquiry->general.any_shares[subject->index] <= subject->has) {
        match_subject_keep(subject, "rule", "none", "no share rules", 0);
        return;
    }
    try_share(subject, MATCH_CHANGE_SME_SHARE, "sme_min_share", rules->sme_min_share, 0);
    try_share(subject, MATCH_CHANGE_EUROPEAN_LEAST, "european_min_share", rules->european_min_share, 0);
    try_share(subject, MATCH_CHANGE_EUROPEAN_MOST, "european_max_share", rules->european_max_share, 100);
    try_share(subject, MATCH_CHANGE_SUPPLIER_SHARE, "supplier_max_share", rules->supplier_max_share, 100);
}

static void try_excluded(struct match_subject *subject)
{
    if (subject->inquiry->lot->rules.excluded_origins.count > 0) {
        const struct match_change change = change_of(subject, MATCH_CHANGE_EXCLUDED);
        match_subject_keep(subject, "rule", "excluded_origins=", "no excluded origins", match_subject_try(subject, &change));
    }
}

/* What the fund would have to pay in a re-plan with any balance. */
static int64_t money_needed(struct match_subject *subject, uint32_t fund)
{
    struct match_change change = change_of(subject, MATCH_CHANGE_MONEY);
    change.index = fund;
    change.value = INT64_MAX;
    struct match_outcome outcome;
    if (!match_subject_goes_on(subject)) {
        return 0;
    }
    int status = match_change_plan(subject->inquiry->market, subject->inquiry->lot_index, &change, subject->inquiry->money,
                                   subject->work, &outcome);
    int64_t pays = 0;
    for (uint32_t n = 0; !status && n < outcome.plan->award_count; n++) {
        const struct match_award *a = &outcome.plan->awards[n];
        pays += outcome.lot->demands[a->demand].fund == fund ? (a->unit_price + a->freight) * a->quantity + a->one_off : 0;
    }
    arena_drop(subject->work);
    return pays;
}

static void try_money(struct match_subject *subject)
{
    uint32_t fund = demand_of(subject)->fund;
    if (fund == MATCH_NONE || subject->inquiry->money[fund] == INT64_MAX) {
        return;
    }
    const char *id = subject->inquiry->market->funds[fund].id;
    if (subject->inquiry->general.more_money[fund][subject->index] <= subject->has) {
        match_subject_keep(subject, "money", "any", arena_format(subject->texts, "any balance of %s", id), 0);
        return;
    }
    struct match_change change = change_of(subject, MATCH_CHANGE_MONEY);
    change.index = fund;
    change.value = money_needed(subject, fund) - subject->inquiry->money[fund];
    int64_t adds = change.value > 0 ? match_subject_try(subject, &change) : 0;
    if (adds > 0) {
        bool exact;
        change.value = match_subject_least(subject, change, 0, change.value, adds < subject->missing ? adds : subject->missing, STEPS, &exact);
        match_subject_keep(subject, "money", arena_format(subject->texts, "%lld", (long long)change.value),
                           arena_format(subject->texts, "%s%s more in %s", exact ? "" : "about ",
                                        match_figure_money(subject->inquiry, change.value).text, id), adds);
    }
}

/* An offer and tier whose output might serve the demand, with what a unit would add. */
struct source {
    uint32_t offer, tier;
    int64_t gain;
    bool used;
};

static int compare_sources(const void *left, const void *right)
{
    const struct source *a = left, *b = right;
    int order = (a->used < b->used) - (a->used > b->used);
    order = order ? order : (a->gain < b->gain) - (a->gain > b->gain);
    order = order ? order : (a->offer > b->offer) - (a->offer < b->offer);
    return order ? order : (a->tier > b->tier) - (a->tier < b->tier);
}

static size_t list_sources(const struct match_subject *subject, struct source *list)
{
    const struct match_inquiry *inquiry = subject->inquiry;
    size_t count = 0;
    for (uint32_t o = 0; o < inquiry->lot->offer_count; o++) {
        int64_t freight = match_pairs_freight(&inquiry->state.pairs, subject->index, o);
        uint32_t used = inquiry->state.used_tier[o];
        struct source best = {.gain = 0};
        for (uint32_t k = 0; k < inquiry->lot->offers[o].tier_count && freight != MATCH_NO_FREIGHT; k++) {
            int64_t gain = match_state_gain(&inquiry->state, subject->index, o, k, freight);
            bool open = used == MATCH_NONE || used == k;
            if (open && gain > best.gain &&
                inquiry->lot->offers[o].tiers[k].unit_price + freight <= demand_of(subject)->ceiling) {
                best = (struct source){o, k, gain, used != MATCH_NONE};
            }
        }
        if (best.gain > 0) {
            list[count++] = best;
        }
    }
    qsort(list, count, sizeof *list, compare_sources);
    return count;
}

/* Months in which a tier works until the demand's last missing delivery, at least 1. */
static int64_t months_at_work(const struct match_subject *subject, const struct match_tier *tier)
{
    int32_t now = subject->inquiry->market->as_of_month, start = tier->first_month > now ? tier->first_month : now;
    int64_t months = last_month(subject) - start + 1;
    return months > 1 ? months : 1;
}

static void try_output(struct match_subject *subject)
{
    const struct match_inquiry *inquiry = subject->inquiry;
    if (inquiry->general.any_output[subject->index] <= subject->has) {
        match_subject_keep(subject, "output", "any", "any output of the offers that fit", 0);
        return;
    }
    struct source *sources = arena_array(subject->texts, inquiry->lot->offer_count, sizeof *sources);
    if (!sources) {
        subject->status = STATUS_NO_MEMORY;
        return;
    }
    size_t count = list_sources(subject, sources), tried = 0;
    for (size_t n = 0; n < count && tried < OFFERS_MOST; n++, tried++) {
        const struct match_offer *offer = &inquiry->lot->offers[sources[n].offer];
        int64_t rate = offer->tiers[sources[n].tier].monthly_rate;
        struct match_change change = change_of(subject, MATCH_CHANGE_RATE);
        change.offer = sources[n].offer;
        change.tier = sources[n].tier;
        int64_t months = months_at_work(subject, &offer->tiers[sources[n].tier]);
        change.value = CELL_QUANTITY_MOST; /* the same for every demand, so that it is planned once */
        if (match_subject_try(subject, &change) == 0) {
            match_subject_keep(subject, "output", arena_format(subject->texts, "%s:any", offer->id), arena_format(subject->texts, "any output of %s", offer->id), 0);
            continue;
        }
        change.value = rate + (subject->missing + months - 1) / months; /* no less could do, unless others stand back */
        int64_t adds = change.value <= (int64_t)CELL_QUANTITY_MOST ? match_subject_try(subject, &change) : 0;
        if (adds < subject->missing && months > 1 && rate + subject->missing <= (int64_t)CELL_QUANTITY_MOST) {
            change.value = rate + subject->missing;
            adds = match_subject_try(subject, &change);
        }
        bool exact = true;
        if (adds > 0) {
            change.value = match_subject_least(subject, change, rate, change.value, adds < subject->missing ? adds : subject->missing, STEPS, &exact);
        }
        match_subject_keep(subject, "output", arena_format(subject->texts, "%s:%lld", offer->id, (long long)change.value),
                           arena_format(subject->texts, "%s%s a month of %s instead of %s", exact ? "" : "about ",
                                        match_figure_count(change.value).text, offer->id, match_figure_count(rate).text), adds);
    }
}

void match_trials_demand(struct match_subject *subject, enum match_reason reason)
{
    if (reason == MATCH_REASON_NO_OFFER) {
        return; /* nothing in its terms or the lot's makes an offer appear */
    }
    try_conditions(subject);
    if (reason == MATCH_REASON_INCOMPATIBLE) {
        try_excluded(subject);
        return;
    }
    try_ceilings(subject);
    if (reason == MATCH_REASON_TOO_EXPENSIVE) {
        return;
    }
    try_dates(subject);
    try_output(subject);
    if (reason == MATCH_REASON_TOO_LATE) {
        return;
    }
    try_minimum(subject);
    try_nations(subject);
    try_shares(subject);
    try_excluded(subject);
    try_money(subject);
}

/* Whether the minimum, the wish for one supplier or a minimum order can stand in the way at all; then what it gains without. */
static int64_t gain_of_orders(struct match_subject *subject)
{
    const struct match_inquiry *inquiry = subject->inquiry;
    bool may = demand_of(subject)->min_quantity > 1 || demand_of(subject)->single_supplier;
    for (uint32_t o = 0; o < inquiry->lot->offer_count && !may; o++) {
        bool fits = match_pairs_freight(&inquiry->state.pairs, subject->index, o) != MATCH_NO_FREIGHT;
        for (uint32_t k = 0; k < inquiry->lot->offers[o].tier_count && fits; k++) {
            may = may || inquiry->lot->offers[o].tiers[k].min_quantity > 1;
        }
    }
    const struct match_change change = change_of(subject, MATCH_CHANGE_ORDERS);
    return may ? match_subject_try(subject, &change) : 0;
}

/* The first reason under which the demand gets more than has units. orders: units that it gets without minimums. */
static bool verified(const struct match_subject *subject, enum match_reason found, int64_t has, int64_t orders,
                     enum match_reason *reason)
{
    const struct match_inquiry *inquiry = subject->inquiry;
    const struct match_general *general = &inquiry->general;
    uint32_t d = subject->index, fund = demand_of(subject)->fund;
    /* Equal treatment can't be switched off in a plan: where the small step found it in the way, that stands. */
    bool alike = found == MATCH_REASON_BUNDLE_RULE && !inquiry->state.has_share_rules;
    if (general->any_nations && general->any_nations[d] > has) {
        *reason = MATCH_REASON_MIN_NATIONS;
    } else if (alike || (general->any_shares && general->any_shares[d] > has)) {
        *reason = MATCH_REASON_BUNDLE_RULE;
    } else if (fund != MATCH_NONE && general->more_money[fund] && general->more_money[fund][d] > has) {
        *reason = MATCH_REASON_FUND_EXHAUSTED;
    } else if (orders > has) {
        *reason = MATCH_REASON_MINIMUM_QUANTITY;
    } else if (general->any_output[d] > has) {
        *reason = MATCH_REASON_CAPACITY;
    } else {
        return false;
    }
    return true;
}

enum match_reason match_trials_demand_reason(struct match_subject *subject, enum match_reason found)
{
    enum match_reason reason;
    int64_t planned = subject->inquiry->state.demand_taken[subject->index];
    if (found <= MATCH_REASON_TOO_LATE) {
        return found;
    }
    int64_t orders = gain_of_orders(subject);
    orders = orders > 0 ? subject->has + orders : 0;
    /* First against what planning again gives anyway, then against the plan alone: where two plans are equally good they differ. */
    if (verified(subject, found, subject->has, orders, &reason) || verified(subject, found, planned, orders, &reason)) {
        return reason;
    }
    return found; /* the small step that found it is itself such a plan */
}
