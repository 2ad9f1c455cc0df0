/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/verify_lot.h"

#include "broker/match/alike.h"
#include "proto/status.h"

/* A bundle's figures: its new awards and its commitments together. */
struct bundle {
    __int128 value;
    __int128 sme_value;
    __int128 european_value; /* times 100 */
    int64_t *of_supplier;    /* by supplier of the market */
    bool *has_nation;
    int64_t nations;
};

static void count(const struct match_verification *v, struct bundle *bundle, uint32_t demand, uint32_t offer, int64_t value)
{
    const struct match_offer *o = &v->lot->offers[offer];
    bundle->value += value;
    bundle->sme_value += v->market->suppliers[o->supplier].sme ? value : 0;
    bundle->european_value += (__int128)value * o->european_content;
    bundle->of_supplier[o->supplier] += value;
    bool *has = &bundle->has_nation[v->nation_of[demand]];
    bundle->nations += !*has;
    *has = true;
}

static int count_all(const struct match_verification *v, struct bundle *bundle, int64_t *needed)
{
    bundle->of_supplier = arena_array(v->arena, v->market->supplier_count, sizeof *bundle->of_supplier);
    bundle->has_nation = arena_array(v->arena, v->nation_count, sizeof *bundle->has_nation);
    if (!bundle->of_supplier || !bundle->has_nation) {
        return STATUS_NO_MEMORY;
    }
    *needed = v->lot->rules.min_nations;
    for (uint32_t n = 0; n < v->plan->award_count; n++) {
        const struct match_award *a = &v->plan->awards[n];
        uint32_t fund = v->lot->demands[a->demand].fund;
        count(v, bundle, a->demand, a->offer, a->unit_price * a->quantity);
        if (fund != MATCH_NONE && v->market->funds[fund].min_nations > *needed) {
            *needed = v->market->funds[fund].min_nations;
        }
    }
    for (uint32_t n = 0; n < v->lot->commitment_count; n++) {
        const struct match_commitment *c = &v->lot->commitments[n];
        count(v, bundle, c->demand, c->offer, c->unit_price * c->quantity);
    }
    return STATUS_OK;
}

static int verify_shares(struct match_verification *v, const struct bundle *bundle)
{
    const struct match_rules *rules = &v->lot->rules;
    if (bundle->sme_value * 100 < bundle->value * rules->sme_min_share) {
        return match_verify_refuse(v, "SME share below %lld %%", (long long)rules->sme_min_share);
    }
    if (bundle->european_value < bundle->value * rules->european_min_share ||
        bundle->european_value > bundle->value * rules->european_max_share) {
        return match_verify_refuse(v, "European content outside %lld to %lld %%", (long long)rules->european_min_share,
                                   (long long)rules->european_max_share);
    }
    for (uint32_t o = 0; o < v->lot->offer_count; o++) {
        uint32_t supplier = v->lot->offers[o].supplier;
        if ((__int128)bundle->of_supplier[supplier] * 100 > bundle->value * rules->supplier_max_share) {
            return match_verify_refuse(v, "supplier %s above %lld %%", v->market->suppliers[supplier].id,
                                       (long long)rules->supplier_max_share);
        }
    }
    return STATUS_OK;
}

static int verify_alike(struct match_verification *v)
{
    struct match_alike alike;
    if (match_alike_build(v->lot, &v->pairs, v->arena, &alike)) {
        return STATUS_NO_MEMORY;
    }
    int64_t *gets = arena_array(v->arena, v->first_line[v->lot->demand_count], sizeof *gets);
    if (!gets) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t g = 0; g < alike.group_count; g++) {
        const struct match_alike_line *group = alike.lines + alike.first[g];
        uint32_t size = alike.first[g + 1] - alike.first[g], low, high;
        for (uint32_t n = 0; n < size; n++) {
            gets[n] = v->taken[v->first_line[group[n].demand] + group[n].line];
        }
        if (!match_alike_is_fair(group, size, gets, &low, &high)) {
            const struct match_demand *demands = v->lot->demands;
            return match_verify_refuse(v, "alike lines of %s are not treated alike: %s gets %lld of %lld, %s gets %lld of %lld",
                                       match_month_text(demands[group[low].demand].lines[group[low].line].month).text,
                                       demands[group[low].demand].id, (long long)gets[low], (long long)group[low].lacked,
                                       demands[group[high].demand].id, (long long)gets[high], (long long)group[high].lacked);
        }
    }
    return STATUS_OK;
}

int match_verify_bundle(struct match_verification *v)
{
    if (v->plan->award_count == 0) {
        return STATUS_OK;
    }
    struct bundle bundle = {0};
    int64_t needed;
    if (count_all(v, &bundle, &needed)) {
        return STATUS_NO_MEMORY;
    }
    if (bundle.nations < needed) {
        return match_verify_refuse(v, "%lld nations, %lld needed", (long long)bundle.nations, (long long)needed);
    }
    int status = verify_shares(v, &bundle);
    if (status || bundle.nations == needed) {
        return status;
    }
    return verify_alike(v);
}

int match_verify_objective(struct match_verification *v)
{
    const struct match_lot *lot = v->lot;
    __int128 objective = 0;
    bool *used = arena_array(v->arena, lot->offer_count, sizeof *used);
    if (!used) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < v->plan->award_count; n++) {
        const struct match_award *a = &v->plan->awards[n];
        const struct match_tier *tier = &lot->offers[a->offer].tiers[a->tier];
        int64_t value = lot->rules.weights[lot->demands[a->demand].priority - 1] * lot->reference;
        objective += (__int128)a->quantity * (value - tier->evaluated_price - a->freight);
        if (!used[a->offer] && v->committed_tier[a->offer] == MATCH_NONE) {
            objective -= tier->one_off + lot->rules.contract_overhead;
        }
        used[a->offer] = true;
    }
    if (v->plan->objective != objective) {
        return match_verify_refuse(v, "objective stated %lld, recomputed %lld", (long long)v->plan->objective,
                                   (long long)objective);
    }
    if (v->plan->bound < v->plan->objective) {
        return match_verify_refuse(v, "bound %lld is below the objective %lld", (long long)v->plan->bound,
                                   (long long)v->plan->objective);
    }
    return STATUS_OK;
}
