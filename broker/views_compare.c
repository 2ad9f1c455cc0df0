/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/desk/pack.h"
#include "broker/desk/pack_list.h"
#include "broker/views_inside.h"
#include "proto/status.h"

/*
 * What else a bundle could be: two of its versions side by side, or the market of one planned again with other rules or
 * without a party or a nation. Nothing is stored.
 */

#define VARIANTS_MOST 8u

static int find(struct view *view, uint64_t number, uint64_t version, Muster__BundleHead **head, Muster__BundleVersion **found)
{
    int status = state_bundle(view->txn, number, view->arena, head);
    if (status == STATUS_OK)
        status = state_version(view->txn, number, version != 0 ? version : (*head)->version, view->arena, found);
    return status;
}

static int refuse_missing(struct view *view)
{
    return view_refuse(view, MUSTER__OUTCOME__OUTCOME_NOT_FOUND, "no such bundle or version");
}

static int new_answer(struct view *view, size_t count, Muster__CompareAnswer **answer)
{
    *answer = view_new(view, &muster__compare_answer__descriptor);
    if (*answer == NULL)
        return STATUS_NO_MEMORY;
    (*answer)->views = arena_array(view->arena, count, sizeof *(*answer)->views);
    return (*answer)->views != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int add_version(struct view *view, const Muster__BundleHead *head, const Muster__BundleVersion *version, Muster__CompareAnswer *answer)
{
    return view_bundle(view, head, version, true, &answer->views[answer->n_views++]);
}

static int compare_versions(struct view *view, const Muster__BundleHead *head, const Muster__BundleVersion *version, uint64_t other)
{
    Muster__BundleVersion *second;
    Muster__CompareAnswer *answer;
    int status = state_version(view->txn, head->number, other, view->arena, &second);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? refuse_missing(view) : status;
    status = new_answer(view, 2, &answer);
    if (status == STATUS_OK)
        status = add_version(view, head, version, answer);
    if (status == STATUS_OK)
        status = add_version(view, head, second, answer);
    return status == STATUS_OK ? view_done(view, &answer->base) : status;
}

/* --- variants ----------------------------------------------------------------------------------------------------- */

static bool is_without(const Muster__Variant *variant, const char *name, const char *country)
{
    for (size_t at = 0; at < variant->n_without; at++) {
        if (state_name_is_of(name, variant->without[at]) || (country != NULL && strcmp(country, variant->without[at]) == 0))
            return true;
    }
    return pack_texts_hold(variant->keep_out, variant->n_keep_out, name);
}

static int vary_demands(struct view *view, const Muster__Variant *variant, Muster__Market *market)
{
    Muster__Demand **kept = arena_array(view->arena, market->n_demands + 1, sizeof *kept);
    size_t count = 0;
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < market->n_demands; at++) {
        Muster__Demand *demand = market->demands[at];
        if (is_without(variant, demand->id, demand->country))
            demand = pack_cut_demand(view->arena, demand, market->commitments, market->n_commitments);
        if (demand == NULL)
            return STATUS_NO_MEMORY;
        if (demand->n_lines != 0)
            kept[count++] = demand;
    }
    market->demands = kept;
    market->n_demands = count;
    return STATUS_OK;
}

static int vary_offers(struct view *view, const Muster__Variant *variant, Muster__Market *market)
{
    Muster__Offer **kept = arena_array(view->arena, market->n_offers + 1, sizeof *kept);
    size_t count = 0;
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < market->n_offers; at++) {
        uint64_t sold = 0;
        Muster__Offer *copy = market->offers[at];
        if (is_without(variant, copy->id, NULL)) {
            for (size_t of = 0; of < market->n_commitments; of++)
                sold += strcmp(market->commitments[of]->offer, copy->id) == 0 ? market->commitments[of]->quantity : 0;
            if (sold == 0)
                continue;
            copy = arena_alloc(view->arena, sizeof *copy);
            if (copy == NULL)
                return STATUS_NO_MEMORY;
            *copy = *market->offers[at];
            copy->max_quantity = sold;
        }
        kept[count++] = copy;
    }
    market->offers = kept;
    market->n_offers = count;
    return STATUS_OK;
}

static int vary_policy(struct view *view, const Muster__Variant *variant, const char *item, Muster__Market *market)
{
    Muster__PolicyEntry **kept = arena_array(view->arena, market->n_policy + variant->n_rules + 1, sizeof *kept);
    size_t count = 0;
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < market->n_policy; at++) {
        bool overruled = false;
        for (size_t of = 0; of < variant->n_rules; of++)
            overruled = overruled || (strcmp(market->policy[at]->item, item) == 0 && strcmp(market->policy[at]->key, variant->rules[of]->key) == 0);
        if (!overruled)
            kept[count++] = market->policy[at];
    }
    for (size_t of = 0; of < variant->n_rules; of++) {
        Muster__PolicyEntry *rule = view_new(view, &muster__policy_entry__descriptor);
        if (rule == NULL)
            return STATUS_NO_MEMORY;
        *rule = *variant->rules[of];
        rule->item = (char *)(uintptr_t)item;
        kept[count++] = rule;
    }
    market->policy = kept;
    market->n_policy = count;
    return STATUS_OK;
}

static Muster__Rule *rule_of(const Muster__LotPlan *plan, const char *name)
{
    for (size_t at = 0; at < plan->n_rules; at++) {
        if (strcmp(plan->rules[at]->name, name) == 0)
            return plan->rules[at];
    }
    return NULL;
}

static bool pays_from(const Muster__Market *market, const char *demand, const char *fund)
{
    const Muster__Demand *of = stands_find_demand(market, demand);
    return of != NULL && strcmp(of->fund, fund) == 0;
}

/* What the plans of other lots that were made with this one draw on a fund: the whole plan's draws, less this lot's and all commitments'. */
static int64_t drawn_elsewhere(const Muster__BundleVersion *version, const Muster__Market *market, const char *fund)
{
    const Muster__Rule *rule = rule_of(version->plan, fund);
    int64_t drawn = rule != NULL ? rule->numerator : 0;
    for (size_t at = 0; at < version->plan->n_awards; at++) {
        const Muster__Award *award = version->plan->awards[at];
        drawn -= pays_from(market, award->demand, fund) ? state_cost(award->quantity, award->unit_price, award->freight, award->one_off) : 0;
    }
    for (size_t at = 0; at < market->n_commitments; at++) {
        const Muster__Commitment *made = market->commitments[at];
        drawn -= pays_from(market, made->demand, fund) ? state_cost(made->quantity, made->unit_price, made->freight, made->one_off) : 0;
    }
    return drawn > 0 ? drawn : 0;
}

/* A variant has of each fund what the other lots' plans leave, as the version had: else it would spend their money too. */
static int vary_funds(struct view *view, const Muster__BundleVersion *version, Muster__Market *market)
{
    for (size_t at = 0; at < market->n_funds; at++) {
        int64_t elsewhere = market->funds[at]->limited ? drawn_elsewhere(version, market, market->funds[at]->id) : 0;
        if (elsewhere == 0)
            continue;
        Muster__Fund *copy = arena_alloc(view->arena, sizeof *copy);
        if (copy == NULL)
            return STATUS_NO_MEMORY;
        *copy = *market->funds[at];
        copy->balance = elsewhere < copy->balance ? copy->balance - elsewhere : 0;
        market->funds[at] = copy;
    }
    return STATUS_OK;
}

static int vary(struct view *view, const Muster__BundleVersion *version, const Muster__Variant *variant, Muster__Market **out)
{
    Muster__Market *market;
    int status = state_market(view->txn, version->number, version->version, view->arena, &market);
    if (status == STATUS_OK)
        status = vary_funds(view, version, market);
    if (status == STATUS_OK)
        status = vary_demands(view, variant, market);
    if (status == STATUS_OK)
        status = vary_offers(view, variant, market);
    if (status == STATUS_OK)
        status = vary_policy(view, variant, version->item, market);
    *out = market;
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static int make_job(struct view *view, const Muster__BundleVersion *version, Muster__Market *const *markets, size_t count)
{
    struct desk_job *job = arena_alloc(view->arena, sizeof *job);
    char **lots = arena_array(view->arena, 1, sizeof *lots);
    if (job == NULL || lots == NULL)
        return STATUS_NO_MEMORY;
    muster__plan_request__init(&job->request);
    job->request.task = MUSTER__PLAN_TASK__PLAN_COMPARE;
    job->request.explain = true;
    job->request.lots = lots;
    job->request.n_lots = 1;
    lots[0] = version->item;
    job->request.more = arena_array(view->arena, count, sizeof *job->request.more);
    int status = job->request.more != NULL ? pack_bytes(markets[0], view->arena, &job->request.market, NULL) : STATUS_NO_MEMORY;
    for (size_t at = 1; status == STATUS_OK && at < count; at++)
        status = pack_bytes(markets[at], view->arena, &job->request.more[job->request.n_more++], NULL);
    *view->job = job;
    return status;
}

int view_compare(struct view *view)
{
    const Muster__CompareRequest *request = (const Muster__CompareRequest *)view->body;
    Muster__BundleHead *head;
    Muster__BundleVersion *version;
    Muster__Market *markets[VARIANTS_MOST];
    int status = find(view, request->number, request->version, &head, &version);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? refuse_missing(view) : status;
    if (request->other_version != 0)
        return compare_versions(view, head, version, request->other_version);
    if (request->n_variants == 0 || request->n_variants > VARIANTS_MOST)
        return view_refuse(view, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "name another version, or one to eight variants");
    for (size_t at = 0; status == STATUS_OK && at < request->n_variants; at++) {
        status = vary(view, version, request->variants[at], &markets[at]);
        if (status == STATUS_OK && !pack_has_lot(markets[at], version->item))
            return view_refuse(view, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "without these no demand is left");
    }
    return status == STATUS_OK ? make_job(view, version, markets, request->n_variants) : status;
}

static const Muster__LotPlan *lot_in(const Muster__Plan *plan, const char *item)
{
    for (size_t at = 0; at < plan->n_lots; at++) {
        if (strcmp(plan->lots[at]->item, item) == 0)
            return plan->lots[at];
    }
    return NULL;
}

/* A fund's row counts the other lots' draws beside the variant's, as the version's own row does. */
static int count_elsewhere(struct view *view, const Muster__BundleVersion *version, const Muster__LotPlan *lot)
{
    Muster__Market *market;
    int status = state_market(view->txn, version->number, version->version, view->arena, &market);
    for (size_t at = 0; status == STATUS_OK && at < market->n_funds; at++) {
        Muster__Rule *rule = market->funds[at]->limited ? rule_of(lot, market->funds[at]->id) : NULL;
        int64_t elsewhere = rule != NULL ? drawn_elsewhere(version, market, market->funds[at]->id) : 0;
        if (elsewhere != 0) {
            rule->numerator += elsewhere;
            rule->most = market->funds[at]->balance;
        }
    }
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static int add_variant(struct view *view, const Muster__BundleVersion *version, const Muster__Variant *variant, const Muster__Plan *plan,
                       Muster__CompareAnswer *answer)
{
    const Muster__LotPlan *lot = lot_in(plan, version->item);
    Muster__BundleView *out = view_new(view, &muster__bundle_view__descriptor);
    Muster__Market *market;
    if (out == NULL)
        return STATUS_NO_MEMORY;
    int status = vary(view, version, variant, &market);
    if (status == STATUS_OK && lot != NULL)
        status = count_elsewhere(view, version, lot);
    if (status != STATUS_OK || lot == NULL)
        return status != STATUS_OK ? status : STATUS_CORRUPT;
    out->number = version->number;
    out->version = version->version;
    out->item = version->item;
    out->state = MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED;
    out->reason = lot->n_awards == 0 ? view_no_bundle(view, lot) : NULL;
    if (lot->n_awards == 0 && out->reason == NULL)
        return STATUS_NO_MEMORY;
    status = view_plan(view, lot, market, out);
    answer->views[answer->n_views++] = out;
    return status;
}

int view_compared(struct view *view, const struct desk_job *job, const Muster__PlanAnswer *plan)
{
    const Muster__CompareRequest *request = (const Muster__CompareRequest *)view->body;
    Muster__BundleHead *head;
    Muster__BundleVersion *version;
    Muster__CompareAnswer *answer;
    (void)job;
    if (plan == NULL || plan->failed || plan->plan == NULL || plan->n_more + 1 != request->n_variants)
        return view_refuse(view, MUSTER__OUTCOME__OUTCOME_BUSY, "these variants could not be planned; try again, or fewer at a time");
    int status = find(view, request->number, request->version, &head, &version);
    if (status == STATUS_OK)
        status = new_answer(view, request->n_variants + 1, &answer);
    if (status == STATUS_OK)
        status = add_version(view, head, version, answer);
    for (size_t at = 0; status == STATUS_OK && at < request->n_variants; at++)
        status = add_variant(view, version, request->variants[at], at == 0 ? plan->plan : plan->more[at - 1], answer);
    if (status == STATUS_CORRUPT)
        return view_refuse(view, MUSTER__OUTCOME__OUTCOME_BUSY, "the plan that came back names what the market does not have");
    return status == STATUS_OK ? view_done(view, &answer->base) : status;
}
