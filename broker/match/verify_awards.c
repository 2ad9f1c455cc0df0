/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/verify_lot.h"

#include <stdlib.h>

#include "broker/match/shares.h"
#include "proto/status.h"

/* Whether award a comes after award b in the order demand, line, offer. */
static bool comes_after(const struct match_award *a, const struct match_award *b)
{
    if (a->demand != b->demand) {
        return a->demand > b->demand;
    }
    return a->line != b->line ? a->line > b->line : a->offer > b->offer;
}

static int verify_award(struct match_verification *v, const struct match_award *a)
{
    const struct match_demand *d = &v->lot->demands[a->demand];
    const struct match_offer *o = &v->lot->offers[a->offer];
    if (a->line >= d->line_count) {
        return match_verify_refuse(v, "award of %s to %s: no such delivery", o->id, d->id);
    }
    if (a->tier >= o->tier_count) {
        return match_verify_refuse(v, "award of %s to %s: no tier %lld", o->id, d->id, (long long)a->tier + 1);
    }
    const struct match_line *line = &d->lines[a->line];
    const struct match_tier *tier = &o->tiers[a->tier];
    int64_t open = line->quantity - line->committed - v->taken[v->first_line[a->demand] + a->line];
    if (a->quantity < 1 || a->quantity > open) {
        return match_verify_refuse(v, "award of %s to %s: %lld units of the %lld that %s still lacks", o->id, d->id,
                                   (long long)a->quantity, (long long)open, match_month_text(line->month).text);
    }
    int64_t freight = match_pairs_freight(&v->pairs, a->demand, a->offer);
    if (freight == MATCH_NO_FREIGHT) {
        return match_verify_refuse(v, "award of %s to %s: not compatible", o->id, d->id);
    }
    if (a->unit_price != tier->unit_price || a->freight != freight) {
        return match_verify_refuse(v, "award of %s to %s: unit price or freight is not %lld and %lld", o->id, d->id,
                                   (long long)tier->unit_price, (long long)freight);
    }
    if (tier->unit_price + freight > d->ceiling) {
        return match_verify_refuse(v, "award of %s to %s: %lld and %lld are above the ceiling %lld", o->id, d->id,
                                   (long long)tier->unit_price, (long long)freight, (long long)d->ceiling);
    }
    v->taken[v->first_line[a->demand] + a->line] += a->quantity;
    return STATUS_OK;
}

int match_verify_awards(struct match_verification *v)
{
    for (uint32_t n = 0; n < v->plan->award_count; n++) {
        const struct match_award *a = &v->plan->awards[n];
        if (a->demand >= v->lot->demand_count || a->offer >= v->lot->offer_count) {
            return match_verify_refuse(v, "an award names a demand or offer that the lot does not have");
        }
        if (n > 0 && !comes_after(a, &v->plan->awards[n - 1])) {
            return match_verify_refuse(v, "award of %s to %s stands twice or out of order", v->lot->offers[a->offer].id,
                                       v->lot->demands[a->demand].id);
        }
        int status = verify_award(v, a);
        if (status) {
            return status;
        }
    }
    return STATUS_OK;
}

int match_verify_demands(struct match_verification *v)
{
    const struct match_award *awards = v->plan->awards;
    uint32_t commitment = 0;
    for (uint32_t n = 0, next; n < v->plan->award_count; n = next) {
        const struct match_demand *d = &v->lot->demands[awards[n].demand];
        int64_t total = 0;
        bool one_offer = true;
        for (next = n; next < v->plan->award_count && awards[next].demand == awards[n].demand; next++) {
            total += awards[next].quantity;
            one_offer = one_offer && awards[next].offer == awards[n].offer;
        }
        while (commitment < v->lot->commitment_count && v->lot->commitments[commitment].demand < awards[n].demand) {
            commitment++;
        }
        for (; commitment < v->lot->commitment_count && v->lot->commitments[commitment].demand == awards[n].demand; commitment++) {
            total += v->lot->commitments[commitment].quantity;
            one_offer = one_offer && v->lot->commitments[commitment].offer == awards[n].offer;
        }
        if (total < d->min_quantity) {
            return match_verify_refuse(v, "%s gets %lld, below its minimum %lld", d->id, (long long)total,
                                       (long long)d->min_quantity);
        }
        if (d->single_supplier && !one_offer) {
            return match_verify_refuse(v, "%s wants a single supplier", d->id);
        }
    }
    return STATUS_OK;
}

/* What is due of one offer in one month. */
struct due {
    int32_t month;
    int64_t quantity;
};

static int compare_dues(const void *left, const void *right)
{
    const struct due *a = left, *b = right;
    return (a->month > b->month) - (a->month < b->month);
}

/* One used offer at work. */
struct offer_check {
    uint32_t offer;
    const uint32_t *awards; /* their places in the plan, ascending */
    uint32_t award_count;
    const struct match_commitment **commitments;
    uint32_t commitment_count;
    struct due *dues;          /* room for all awards and commitments of the offer */
    struct match_share *shares; /* room for all awards */
    uint32_t *scratch;
};

static int verify_output(struct match_verification *v, const struct offer_check *check, const struct match_tier *tier)
{
    const struct match_offer *o = &v->lot->offers[check->offer];
    int32_t first = INT32_MAX;
    uint32_t count = 0;
    for (uint32_t n = 0; n < check->award_count; n++) {
        const struct match_award *a = &v->plan->awards[check->awards[n]];
        int32_t month = v->lot->demands[a->demand].lines[a->line].month;
        check->dues[count++] = (struct due){month, a->quantity};
        first = month < first ? month : first;
    }
    for (uint32_t n = 0; n < check->commitment_count; n++) {
        const struct match_commitment *c = check->commitments[n];
        check->dues[count++] = (struct due){v->lot->demands[c->demand].lines[c->line].month, c->quantity};
    }
    qsort(check->dues, count, sizeof *check->dues, compare_dues);
    int64_t running = 0;
    for (uint32_t n = 0; n < count; n++) {
        int32_t month = check->dues[n].month;
        running += check->dues[n].quantity;
        bool month_ends = n + 1 == count || check->dues[n + 1].month != month;
        int64_t output = match_tier_output(tier, v->market->as_of_month, month);
        if (month_ends && month >= first && running > output) {
            return match_verify_refuse(v, "%s owes %lld by %s, makes %lld", o->id, (long long)running,
                                       match_month_text(month).text, (long long)output);
        }
    }
    if (running < tier->min_quantity || running > o->max_quantity) {
        return match_verify_refuse(v, "%s sells %lld, outside %lld to %lld", o->id, (long long)running,
                                   (long long)tier->min_quantity, (long long)o->max_quantity);
    }
    return STATUS_OK;
}

static int verify_shares(struct match_verification *v, const struct offer_check *check, const struct match_tier *tier)
{
    const struct match_offer *o = &v->lot->offers[check->offer];
    int64_t one_off = check->commitment_count ? 0 : tier->one_off;
    for (uint32_t n = 0; n < check->award_count; n++) {
        const struct match_award *a = &v->plan->awards[check->awards[n]];
        check->shares[n] = (struct match_share){
            a->quantity, v->lot->demands[a->demand].ceiling - a->unit_price - a->freight, 0};
    }
    if (!match_shares_compute(one_off, check->shares, check->award_count, check->scratch)) {
        return match_verify_refuse(v, "the ceilings cannot carry the one-off cost %lld of %s", (long long)one_off, o->id);
    }
    for (uint32_t n = 0; n < check->award_count; n++) {
        const struct match_award *a = &v->plan->awards[check->awards[n]];
        if (a->one_off != check->shares[n].share) {
            const struct match_demand *d = &v->lot->demands[a->demand];
            return match_verify_refuse(v, "%s: one-off share of %s %s is %lld, must be %lld", o->id, d->id,
                                       match_month_text(d->lines[a->line].month).text, (long long)a->one_off,
                                       (long long)check->shares[n].share);
        }
    }
    return STATUS_OK;
}

static int verify_offer(struct match_verification *v, const struct offer_check *check)
{
    const struct match_offer *o = &v->lot->offers[check->offer];
    uint32_t tier = v->plan->awards[check->awards[0]].tier;
    for (uint32_t n = 1; n < check->award_count; n++) {
        if (v->plan->awards[check->awards[n]].tier != tier) {
            return match_verify_refuse(v, "%s is used under two tiers", o->id);
        }
    }
    uint32_t committed = v->committed_tier[check->offer];
    if (committed != MATCH_NONE && committed != tier) {
        return match_verify_refuse(v, "%s is committed under tier %u, used under %u", o->id, committed + 1, tier + 1);
    }
    int status = verify_output(v, check, &o->tiers[tier]);
    return status ? status : verify_shares(v, check, &o->tiers[tier]);
}

int match_verify_offers(struct match_verification *v)
{
    uint32_t offers = v->lot->offer_count, awards = v->plan->award_count, commitments = v->lot->commitment_count;
    uint32_t *first = arena_array(v->arena, (size_t)offers + 1, sizeof *first);
    uint32_t *first_commitment = arena_array(v->arena, (size_t)offers + 1, sizeof *first_commitment);
    uint32_t *fill = arena_array(v->arena, (size_t)offers * 2 + 2, sizeof *fill);
    uint32_t *places = arena_array(v->arena, awards, sizeof *places);
    const struct match_commitment **owed = arena_array(v->arena, commitments, sizeof *owed);
    struct due *dues = arena_array(v->arena, (size_t)awards + commitments, sizeof *dues);
    struct match_share *shares = arena_array(v->arena, awards, sizeof *shares);
    uint32_t *scratch = arena_array(v->arena, awards, sizeof *scratch);
    if (!first || !first_commitment || !fill || !places || !owed || !dues || !shares || !scratch) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < awards; n++) {
        first[v->plan->awards[n].offer + 1]++;
    }
    for (uint32_t n = 0; n < commitments; n++) {
        first_commitment[v->lot->commitments[n].offer + 1]++;
    }
    for (uint32_t o = 0; o < offers; o++) {
        first[o + 1] += first[o];
        first_commitment[o + 1] += first_commitment[o];
    }
    for (uint32_t n = 0; n < awards; n++) {
        uint32_t o = v->plan->awards[n].offer;
        places[first[o] + fill[o]++] = n;
    }
    for (uint32_t n = 0; n < commitments; n++) {
        uint32_t o = v->lot->commitments[n].offer;
        owed[first_commitment[o] + fill[offers + 1 + o]++] = &v->lot->commitments[n];
    }
    for (uint32_t o = 0; o < offers; o++) {
        const struct offer_check check = {o, places + first[o], first[o + 1] - first[o], owed + first_commitment[o],
                                          first_commitment[o + 1] - first_commitment[o], dues, shares, scratch};
        int status = check.award_count ? verify_offer(v, &check) : STATUS_OK;
        if (status) {
            return status;
        }
    }
    return STATUS_OK;
}
