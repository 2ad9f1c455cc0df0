/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/trials.h"

#include <stdio.h>
#include <string.h>

#include "proto/cell.h"
#include "proto/status.h"

#define EARLIER_MOST 24
#define CONDITIONS_MOST 4
#define STEPS 5

static const struct match_offer *offer_of(const struct match_subject *subject)
{
    return &subject->inquiry->lot->offers[subject->index];
}

static struct match_change change_of(const struct match_subject *subject, enum match_change_kind kind)
{
    return (struct match_change){.kind = kind, .offer = subject->index};
}

static bool tier_is_open(const struct match_subject *subject, uint32_t tier)
{
    uint32_t committed = subject->inquiry->state.committed_tier[subject->index];
    return committed == MATCH_NONE || committed == tier;
}

/* What the lot's lines say of one offer, whatever they get. */
struct prospects {
    bool compatible;
    bool affordable;
    bool in_time;
    uint32_t best_tier;  /* that comes nearest to a ceiling */
    int64_t best_excess; /* its price above that ceiling; not above 0 where affordable */
    int64_t late;        /* months by which its first unit misses the last line it could be sold to */
};

static struct prospects look(const struct match_subject *subject)
{
    const struct match_inquiry *inquiry = subject->inquiry;
    const struct match_state *state = &inquiry->state;
    struct prospects p = {.best_excess = INT64_MAX, .late = INT64_MAX};
    for (uint32_t d = 0; d < inquiry->lot->demand_count; d++) {
        int64_t freight = match_pairs_freight(&state->pairs, d, subject->index);
        const struct match_demand *demand = &inquiry->lot->demands[d];
        p.compatible = p.compatible || freight != MATCH_NO_FREIGHT;
        for (uint32_t k = 0; k < offer_of(subject)->tier_count && freight != MATCH_NO_FREIGHT; k++) {
            const struct match_tier *tier = &offer_of(subject)->tiers[k];
            int64_t excess = tier->unit_price + freight - demand->ceiling;
            if (!tier_is_open(subject, k)) {
                continue;
            }
            if (excess < p.best_excess) {
                p.best_excess = excess;
                p.best_tier = k;
            }
            if (excess > 0) {
                continue;
            }
            p.affordable = true;
            int32_t last = demand->lines[demand->line_count - 1].month;
            p.in_time = p.in_time || match_tier_output(tier, inquiry->market->as_of_month, last) > 0;
            p.late = tier->first_month - last < p.late ? tier->first_month - last : p.late;
        }
    }
    return p;
}

static void keep_price(struct match_subject *subject, uint32_t tier, int64_t price, bool exact, int64_t adds)
{
    const struct match_inquiry *inquiry = subject->inquiry;
    match_subject_keep(subject, "price", arena_format(subject->texts, "%u:%lld", tier + 1, (long long)price),
                       arena_format(subject->texts, "tier %u at %s%s instead of %s", tier + 1, exact ? "" : "about ",
                                    match_figure_money(inquiry, price).text,
                                    match_figure_money(inquiry, offer_of(subject)->tiers[tier].unit_price).text), adds);
}

/* The highest price at which the tier that comes nearest wins something. */
static void try_price(struct match_subject *subject, const struct prospects *p)
{
    struct match_change change = change_of(subject, MATCH_CHANGE_PRICE);
    int64_t price = offer_of(subject)->tiers[p->best_tier].unit_price;
    int64_t ceiling = p->best_excess > 0 ? price - p->best_excess : price; /* above it nobody can buy */
    change.tier = p->best_tier;
    if (p->best_excess == INT64_MAX || price == 0 || ceiling < 0) {
        return;
    }
    if (ceiling < price) {
        change.value = ceiling;
        int64_t adds = match_subject_try(subject, &change);
        if (adds > 0) {
            keep_price(subject, p->best_tier, ceiling, true, adds);
            return;
        }
    }
    change.value = ceiling / 2;
    if (match_subject_try(subject, &change) == 0) {
        keep_price(subject, p->best_tier, change.value, true, 0);
        return;
    }
    bool exact;
    change.value = match_subject_least(subject, change, ceiling, change.value, 1, STEPS, &exact);
    keep_price(subject, p->best_tier, change.value, exact, match_subject_try(subject, &change));
}

static void try_first_month(struct match_subject *subject)
{
    struct match_change change = change_of(subject, MATCH_CHANGE_FIRST_MONTH);
    int64_t start = offer_of(subject)->tiers[0].first_month, now = subject->inquiry->market->as_of_month;
    change.value = start - now < EARLIER_MOST ? start - now : EARLIER_MOST;
    if (change.value < 1) {
        return;
    }
    int64_t adds = match_subject_try(subject, &change);
    if (adds > 0) {
        bool exact;
        change.value = match_subject_least(subject, change, 0, change.value, 1, STEPS, &exact);
        adds = match_subject_try(subject, &change);
    }
    uint32_t first = cell_month_of_index((uint32_t)(start - change.value)), before = cell_month_of_index((uint32_t)start);
    match_subject_keep(subject, "first_month", arena_format(subject->texts, "%u", first),
                       arena_format(subject->texts, "first_month %04u-%02u instead of %04u-%02u", first / 100, first % 100,
                                    before / 100, before % 100), adds);
}

/* For each tier, the largest minimum order under which it would be used. */
static void try_minimum(struct match_subject *subject)
{
    for (uint32_t k = 0; k < offer_of(subject)->tier_count; k++) {
        int64_t before = offer_of(subject)->tiers[k].min_quantity;
        if (before == 1 || !tier_is_open(subject, k)) {
            continue;
        }
        struct match_change change = change_of(subject, MATCH_CHANGE_TIER_MINIMUM);
        change.tier = k;
        change.value = 1;
        int64_t adds = match_subject_try(subject, &change);
        if (adds > 1 && adds < before) {
            change.value = adds;
            int64_t again = match_subject_try(subject, &change);
            change.value = again > 0 ? adds : 1;
            adds = again > 0 ? again : adds;
        }
        match_subject_keep(subject, "minimum", arena_format(subject->texts, "%u:%lld", k + 1, (long long)change.value),
                           arena_format(subject->texts, "tier %u from %s instead of %s", k + 1,
                                        match_figure_count(change.value).text, match_figure_count(before).text), adds);
    }
}

static void try_one_off(struct match_subject *subject)
{
    bool any = false;
    for (uint32_t k = 0; k < offer_of(subject)->tier_count; k++) {
        any = any || offer_of(subject)->tiers[k].one_off > 0;
    }
    if (any) {
        const struct match_change change = change_of(subject, MATCH_CHANGE_ONE_OFF);
        match_subject_keep(subject, "one_off", "0", "no one-off cost", match_subject_try(subject, &change));
    }
}

/* Whether a condition was tried already. */
static bool is_tried(const struct match_subject *subject, const char *kind, const char *detail)
{
    for (uint32_t n = 0; n < subject->trial_count; n++) {
        if (strcmp(subject->trials[n].kind, kind) == 0 && strcmp(subject->trials[n].detail, detail) == 0) {
            return true;
        }
    }
    return false;
}

static void try_certificates(struct match_subject *subject, const struct match_demand *demand, unsigned *tried)
{
    for (uint32_t n = 0; n < demand->certificates.count && *tried < CONDITIONS_MOST; n++) {
        const char *text = demand->certificates.texts[n];
        if (match_texts_hold(&offer_of(subject)->certificates, text) || is_tried(subject, "certificate", text)) {
            continue;
        }
        struct match_change change = change_of(subject, MATCH_CHANGE_HAS_CERTIFICATE);
        change.text = text;
        ++*tried;
        match_subject_keep(subject, "certificate", text, arena_format(subject->texts, "with certificate %s", text),
                           match_subject_try(subject, &change));
    }
}

static void try_attributes(struct match_subject *subject, const struct match_demand *demand, unsigned *tried)
{
    for (uint32_t n = 0; n < demand->require_count && *tried < CONDITIONS_MOST; n++) {
        const struct match_requirement *r = &demand->requires[n];
        char *detail = arena_format(subject->texts, "%s=%s", r->name, r->value);
        if (!detail || match_requirement_holds(r, offer_of(subject)) || is_tried(subject, "requirement", detail)) {
            continue;
        }
        struct match_change change = change_of(subject, MATCH_CHANGE_HAS_ATTRIBUTE);
        change.requirement = r;
        ++*tried;
        match_subject_keep(subject, "requirement", detail, arena_format(subject->texts, "providing %s", detail),
                           match_subject_try(subject, &change));
    }
}

/* What the lot's demands ask for and the offer lacks, one thing at a time. */
static void try_conditions(struct match_subject *subject)
{
    const struct match_lot *lot = subject->inquiry->lot;
    const struct match_offer *offer = offer_of(subject);
    unsigned certificates = 0, attributes = 0, destinations = 0;
    if (offer->valid_until && offer->valid_until < subject->inquiry->market->as_of) {
        const struct match_change change = change_of(subject, MATCH_CHANGE_VALID);
        match_subject_keep(subject, "valid_until", "none", "still valid", match_subject_try(subject, &change));
        return;
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        try_certificates(subject, &lot->demands[d], &certificates);
        try_attributes(subject, &lot->demands[d], &attributes);
        const char *country = lot->demands[d].country;
        bool barred = offer->destinations.count > 0 && !match_texts_hold(&offer->destinations, country);
        if (barred && destinations < CONDITIONS_MOST && !is_tried(subject, "destination", country)) {
            struct match_change change = change_of(subject, MATCH_CHANGE_HAS_DESTINATION);
            change.text = country;
            destinations++;
            match_subject_keep(subject, "destination", country, arena_format(subject->texts, "delivering to %s", country),
                               match_subject_try(subject, &change));
        }
    }
}

void match_trials_offer(struct match_subject *subject)
{
    const struct prospects p = look(subject);
    if (p.compatible) {
        try_price(subject, &p);
        if (p.affordable) {
            try_first_month(subject);
            try_minimum(subject);
            try_one_off(subject);
        }
    }
    try_conditions(subject);
}

enum match_reason match_trials_offer_reason(struct match_subject *subject)
{
    const struct prospects p = look(subject);
    const struct match_general *general = &subject->inquiry->general;
    if (!p.compatible) {
        return MATCH_REASON_INCOMPATIBLE;
    }
    if (!p.affordable) {
        return MATCH_REASON_TOO_EXPENSIVE;
    }
    if (!p.in_time) {
        return MATCH_REASON_TOO_LATE;
    }
    for (uint32_t k = 0; k < offer_of(subject)->tier_count; k++) {
        struct match_change change = change_of(subject, MATCH_CHANGE_TIER_MINIMUM);
        change.tier = k;
        change.value = 1;
        if (offer_of(subject)->tiers[k].min_quantity > 1 && tier_is_open(subject, k) && match_subject_try(subject, &change) > 0) {
            return MATCH_REASON_MINIMUM_QUANTITY;
        }
    }
    /* A lot that too few nations leave without a bundle: the offer lost to the rule, not to others. */
    bool nations = general->offers_any_nations && general->offers_any_nations[subject->index] > subject->has;
    if (nations || (general->offers_any_shares && general->offers_any_shares[subject->index] > subject->has)) {
        return MATCH_REASON_BUNDLE_RULE;
    }
    const struct match_change change = change_of(subject, MATCH_CHANGE_COSTLESS);
    return match_subject_try(subject, &change) > 0 ? MATCH_REASON_NOT_WORTH_A_CONTRACT : MATCH_REASON_OUTRANKED;
}
