/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/bundle.h"

#include <inttypes.h>
#include <string.h>

bool bundle_is_open(const Muster__BundleHead *bundle)
{
    return bundle->state == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED || bundle->state == MUSTER__BUNDLE_STATE__BUNDLE_RELEASED ||
           bundle->state == MUSTER__BUNDLE_STATE__BUNDLE_AGREED;
}

bool bundle_is_bound(const Muster__BundleHead *bundle)
{
    return bundle_is_open(bundle) && bundle->first_released != 0;
}

const char *bundle_state_word(Muster__BundleState state)
{
    static const char *const words[] = {"",          "proposed", "released", "agreed",    "committed",
                                        "ordered",   "rejected", "lapsed",   "superseded"};
    return (size_t)state < sizeof words / sizeof words[0] ? words[state] : "";
}

char *bundle_name(struct arena *arena, uint64_t number)
{
    return arena_format(arena, "B-%04" PRIu64, number);
}

bool bundle_parties_hold(const struct bundle_parties *parties, const char *party)
{
    for (size_t at = 0; at < parties->count; at++) {
        if (strcmp(parties->list[at], party) == 0)
            return true;
    }
    return false;
}

int bundle_askees(struct arena *arena, const Muster__LotPlan *plan, bool nations, struct bundle_parties *parties)
{
    *parties = (struct bundle_parties){.list = arena_array(arena, plan->n_awards + 1, sizeof *parties->list)};
    if (parties->list == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < plan->n_awards; at++) {
        const char *name = nations ? plan->awards[at]->demand : plan->awards[at]->offer, *party, *id;
        if (!state_name_split(arena, name, &party, &id))
            return STATUS_NO_MEMORY;
        if (!bundle_parties_hold(parties, party))
            parties->list[parties->count++] = party;
    }
    return STATUS_OK;
}

const Muster__BundleAnswer *bundle_answer(const Muster__BundleHead *bundle, const char *party)
{
    for (size_t at = 0; at < bundle->n_answers; at++) {
        if (strcmp(bundle->answers[at]->party, party) == 0 && bundle->answers[at]->counts)
            return bundle->answers[at];
    }
    return NULL;
}

int bundle_set_answer(struct arena *arena, Muster__BundleHead *bundle, Muster__BundleAnswer *answer)
{
    for (size_t at = 0; at < bundle->n_answers; at++) {
        if (strcmp(bundle->answers[at]->party, answer->party) == 0) {
            bundle->answers[at] = answer;
            return STATUS_OK;
        }
    }
    Muster__BundleAnswer **wider = arena_array(arena, bundle->n_answers + 1, sizeof *wider);
    if (wider == NULL)
        return STATUS_NO_MEMORY;
    if (bundle->n_answers != 0)
        memcpy(wider, bundle->answers, bundle->n_answers * sizeof *wider);
    wider[bundle->n_answers++] = answer;
    bundle->answers = wider;
    return STATUS_OK;
}

int bundle_bound(struct store_txn *txn, const char *item, struct arena *arena, struct bundle_bound *bound)
{
    *bound = (struct bundle_bound){0};
    Muster__LotState *lot;
    int status = state_lot(txn, item, arena, &lot);
    if (status != STATUS_OK || lot->bundle == 0)
        return status;
    status = state_bundle(txn, lot->bundle, arena, &bound->bundle);
    if (status == STATUS_OK && !bundle_is_bound(bound->bundle)) {
        *bound = (struct bundle_bound){0};
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = state_version(txn, bound->bundle->number, bound->bundle->version, arena, &bound->version);
    if (status == STATUS_OK)
        status = state_market(txn, bound->bundle->number, bound->bundle->version, arena, &bound->market);
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static int add_left(struct arena *arena, Muster__BundleHead *bundle, const char *party)
{
    for (size_t at = 0; at < bundle->n_left; at++) {
        if (strcmp(bundle->left[at], party) == 0)
            return STATUS_OK;
    }
    char **wider = arena_array(arena, bundle->n_left + 1, sizeof *wider);
    char *copy = arena_string(arena, party);
    if (wider == NULL || copy == NULL)
        return STATUS_NO_MEMORY;
    if (bundle->n_left != 0)
        memcpy(wider, bundle->left, bundle->n_left * sizeof *wider);
    wider[bundle->n_left++] = copy;
    bundle->left = wider;
    return STATUS_OK;
}

int bundle_no(const struct desk_entry *entry, Muster__BundleHead *bundle, const char *party, const char *reason)
{
    Muster__BundleAnswer *answer = arena_alloc(entry->arena, sizeof *answer);
    char *name = arena_string(entry->arena, party), *why = arena_string(entry->arena, reason);
    if (answer == NULL || name == NULL || why == NULL)
        return STATUS_NO_MEMORY;
    muster__bundle_answer__init(answer);
    answer->party = name;
    answer->kind = MUSTER__ANSWER_KIND__ANSWER_NO;
    answer->version = bundle->version;
    answer->reason = why;
    answer->time = entry->time;
    answer->counts = true;
    int status = bundle_set_answer(entry->arena, bundle, answer);
    if (status == STATUS_OK && bundle->state == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED) {
        /* No round runs that would close: the party leaves now, and what stands is planned again. */
        status = add_left(entry->arena, bundle, party);
        bundle->replanning = true;
    }
    return status == STATUS_OK ? state_put_bundle(entry->txn, bundle) : status;
}

int bundle_party_leaves(const struct desk_entry *entry, const char *party, const char *reason)
{
    struct state_bundles all;
    int status = state_all_bundles(entry->txn, entry->arena, &all);
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++) {
        if (!bundle_is_bound(all.list[at]))
            continue;
        Muster__BundleVersion *version;
        struct bundle_parties nations, suppliers;
        status = state_version(entry->txn, all.list[at]->number, all.list[at]->version, entry->arena, &version);
        if (status == STATUS_OK)
            status = bundle_askees(entry->arena, version->plan, true, &nations);
        if (status == STATUS_OK)
            status = bundle_askees(entry->arena, version->plan, false, &suppliers);
        if (status == STATUS_OK && (bundle_parties_hold(&nations, party) || bundle_parties_hold(&suppliers, party)))
            status = bundle_no(entry, all.list[at], party, reason);
    }
    return status;
}

struct bundle_cached {
    const char *item;
    struct bundle_bound bound;
    struct bundle_cached *next;
};

/* The bundle that binds a lot, read once for all changes of a submission. */
static int cached_bound(struct store_txn *txn, struct desk_cache *cache, const char *item, struct arena *arena, struct bundle_bound **bound)
{
    for (struct bundle_cached *one = cache->bounds; one != NULL; one = one->next) {
        if (strcmp(one->item, item) == 0) {
            *bound = &one->bound;
            return STATUS_OK;
        }
    }
    struct bundle_cached *fresh = arena_alloc(arena, sizeof *fresh);
    if (fresh == NULL)
        return STATUS_NO_MEMORY;
    fresh->item = item;
    fresh->next = cache->bounds;
    cache->bounds = fresh;
    *bound = &fresh->bound;
    return bundle_bound(txn, item, arena, &fresh->bound);
}

static struct stands_on stands_of(const struct bundle_bound *bound)
{
    return (struct stands_on){.version = bound->version, .market = bound->market, .month = bound->version->as_of / 100};
}

int bundle_object_changed(const struct desk_entry *entry, enum table table, const char *name, const char *item, const Muster__Stored *stored)
{
    struct bundle_bound *bound;
    int status = cached_bound(entry->txn, entry->cache, item, entry->arena, &bound);
    if (status != STATUS_OK || bound->bundle == NULL)
        return status;
    struct stands_on on = stands_of(bound);
    Muster__Demand *demand = stored->withdrawn ? NULL : stored->demand;
    Muster__Offer *offer = stored->withdrawn ? NULL : stored->offer;
    bool stands = table == TABLE_DEMANDS ? stands_with_demand(&on, name, demand) : stands_with_offer(&on, name, offer);
    return stands ? STATUS_OK : bundle_no(entry, bound->bundle, entry->party, "changed what was asked for or offered");
}

int bundle_warn_change(struct desk_work *work, enum table table, const char *name, const char *item, const Muster__Demand *demand,
                       const Muster__Offer *offer)
{
    struct bundle_bound *bound;
    int status = cached_bound(work->txn, work->cache, item, work->arena, &bound);
    if (status != STATUS_OK || bound->bundle == NULL)
        return status;
    struct stands_on on = stands_of(bound);
    if (table == TABLE_DEMANDS ? stands_with_demand(&on, name, demand) : stands_with_offer(&on, name, offer))
        return STATUS_OK;
    /* A supplier learns of a bundle when it is asked to confirm, and not before. */
    if (table == TABLE_OFFERS && bound->bundle->state != MUSTER__BUNDLE_STATE__BUNDLE_AGREED)
        return STATUS_OK;
    char *number = bundle_name(work->arena, bound->bundle->number);
    char *remedy = arena_format(work->arena, "this change counts as your no to %s; without it, answer there", number != NULL ? number : "");
    faults_warn(work->faults, table == TABLE_DEMANDS ? "demand" : "offer", name, "what the bundle is built on",
                remedy != NULL ? remedy : "this change counts as your no to the bundle");
    return STATUS_OK;
}

int bundle_draws(struct arena *arena, const Muster__LotPlan *plan, const Muster__Market *market, Muster__FundDraw ***draws, size_t *count)
{
    *count = 0;
    *draws = arena_array(arena, plan->n_awards + 1, sizeof **draws);
    if (*draws == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < plan->n_awards; at++) {
        const Muster__Award *award = plan->awards[at];
        const Muster__Demand *demand = stands_find_demand(market, award->demand);
        if (demand == NULL || demand->fund[0] == '\0')
            continue;
        size_t of = 0;
        while (of < *count && strcmp((*draws)[of]->fund, demand->fund) != 0)
            of++;
        if (of == *count) {
            (*draws)[of] = arena_alloc(arena, sizeof ***draws);
            if ((*draws)[of] == NULL)
                return STATUS_NO_MEMORY;
            muster__fund_draw__init((*draws)[of]);
            (*draws)[of]->fund = demand->fund;
            (*count)++;
        }
        (*draws)[of]->amount += state_cost(award->quantity, award->unit_price, award->freight, award->one_off);
    }
    return STATUS_OK;
}

int bundle_hold(struct store_txn *txn, Muster__BundleHead *bundle, Muster__FundDraw **draws, size_t count)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < bundle->n_holds; at++)
        status = state_put_hold(txn, bundle->holds[at]->fund, bundle->number, 0);
    for (size_t at = 0; status == STATUS_OK && at < count; at++)
        status = state_put_hold(txn, draws[at]->fund, bundle->number, draws[at]->amount);
    bundle->holds = draws;
    bundle->n_holds = count;
    return status;
}

int bundle_let_go(const struct desk_entry *entry, Muster__BundleHead *bundle)
{
    int status = bundle_hold(entry->txn, bundle, NULL, 0);
    Muster__LotState *lot = NULL;
    if (status == STATUS_OK)
        status = state_lot(entry->txn, bundle->item, entry->arena, &lot);
    if (status != STATUS_OK)
        return status;
    Muster__Variant none = MUSTER__VARIANT__INIT;
    lot->bundle = lot->bundle == bundle->number ? 0 : lot->bundle;
    lot->variant = &none;
    lot->touched = entry->position + 1;
    status = state_put_lot(entry->txn, lot);
    /* The freed money may serve lots that share a fund. */
    return status == STATUS_OK ? state_touch_all(entry->txn, entry->position) : status;
}
