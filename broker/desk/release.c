/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/release.h"

#include <inttypes.h>
#include <string.h>

#include "proto/policy.h"
#include "proto/settings.h"

static void refuse(struct desk_work *work, const char *field, const char *found, const char *expected)
{
    desk_refuse(work, STATUS_INVALID, field, found, expected, "wait for the lot to be planned again, or ask for it: the plan no longer holds");
}

/* An object as it now stands for the market: NULL where it was withdrawn or its party is not confirmed. */
static int object_now(struct desk_work *work, enum table table, const char *name, Muster__Stored **stored)
{
    const char *party, *id;
    Muster__PartyRecord *owner;
    *stored = NULL;
    if (!state_name_split(work->arena, name, &party, &id))
        return STATUS_NO_MEMORY;
    int status = state_party(work->txn, party, work->arena, &owner);
    if (status == STATUS_OK)
        status = state_object(work->txn, table, party, id, work->arena, stored);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    if ((*stored)->withdrawn || owner->state != MUSTER__PARTY_STATE__PARTY_CONFIRMED)
        *stored = NULL;
    return STATUS_OK;
}

static bool named_before(const Muster__LotPlan *plan, size_t at, bool demand)
{
    for (size_t of = 0; of < at; of++) {
        if (strcmp(demand ? plan->awards[of]->demand : plan->awards[of]->offer, demand ? plan->awards[at]->demand : plan->awards[at]->offer) == 0)
            return true;
    }
    return false;
}

static int check_objects(struct desk_work *work, const struct stands_on *on)
{
    const Muster__LotPlan *plan = on->version->plan;
    for (size_t at = 0; at < plan->n_awards; at++) {
        Muster__Stored *stored;
        if (!named_before(plan, at, true)) {
            int status = object_now(work, TABLE_DEMANDS, plan->awards[at]->demand, &stored);
            if (status != STATUS_OK)
                return status;
            if (!stands_with_demand(on, plan->awards[at]->demand, stored != NULL ? stored->demand : NULL))
                refuse(work, "demand", plan->awards[at]->demand, "a demand that still asks for what it was awarded");
        }
        if (!named_before(plan, at, false)) {
            int status = object_now(work, TABLE_OFFERS, plan->awards[at]->offer, &stored);
            if (status != STATUS_OK)
                return status;
            if (!stands_with_offer(on, plan->awards[at]->offer, stored != NULL ? stored->offer : NULL))
                refuse(work, "offer", plan->awards[at]->offer, "an offer that can still deliver what it was awarded");
        }
    }
    return STATUS_OK;
}

/* A share's figure is 100 * numerator / denominator percent; a count's is the numerator. */
static bool within(const Muster__Rule *rule, bool share, int64_t least, int64_t most)
{
    __int128 figure = (__int128)rule->numerator * (share ? 100 : 1), whole = share ? rule->denominator : 1;
    return figure >= (__int128)least * whole && (most < 0 || figure <= (__int128)most * whole);
}

static void check_rule(struct desk_work *work, const Muster__Rule *rule, const struct policy_rules *rules)
{
    int64_t least = 0, most = -1;
    if (strcmp(rule->name, "nations") == 0)
        least = rules->min_nations;
    else if (strcmp(rule->name, "sme_share") == 0)
        least = rules->sme_min_share;
    else if (strcmp(rule->name, "european_share") == 0) {
        least = rules->european_min_share;
        most = rules->european_max_share;
    } else if (strcmp(rule->name, "supplier_share") == 0)
        most = rules->supplier_max_share;
    else
        return;
    if (!within(rule, strcmp(rule->name, "nations") != 0, least, most))
        refuse(work, "policy", rule->name, "a figure that today's policy allows");
}

static uint32_t european_content(const struct policy *policy, const Muster__Market *market, const Muster__Offer *offer)
{
    uint32_t content = 0;
    for (size_t at = 0; at < policy->european_countries.count; at++) {
        const char *country = policy->european_countries.texts[at];
        if (offer->n_origin == 0 && stands_has_origin(market, offer, country))
            return 100;
        for (size_t of = 0; of < offer->n_origin; of++)
            content += strcmp(offer->origin[of]->country, country) == 0 ? offer->origin[of]->percent : 0;
    }
    return content;
}

/* The European content that each fund asks for today. */
static int check_content(struct desk_work *work, const struct policy *policy, const Muster__BundleVersion *version, const Muster__Market *market)
{
    for (size_t at = 0; at < version->plan->n_awards; at++) {
        const Muster__Demand *demand = stands_find_demand(market, version->plan->awards[at]->demand);
        const Muster__Offer *offer = stands_find_offer(market, version->plan->awards[at]->offer);
        Muster__Stored *fund;
        if (demand == NULL || offer == NULL || demand->fund[0] == '\0')
            continue;
        int status = state_object(work->txn, TABLE_FUNDS, "", demand->fund, work->arena, &fund);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
        if (european_content(policy, market, offer) < fund->fund->min_european_content) {
            refuse(work, "fund", demand->fund, "offers with the European content that the fund asks for");
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* Today's policy, without the exchange's own keys, as the rules of one lot. */
static int check_policy(struct desk_work *work, const Muster__BundleVersion *version, const Muster__Market *market)
{
    Muster__StoredSet *set;
    int status = state_set(work->txn, TABLE_POLICY, work->arena, &set);
    if (status != STATUS_OK)
        return status;
    Muster__PolicyEntry **entries = arena_array(work->arena, set->n_policy + version->variant->n_rules + 1, sizeof *entries);
    if (entries == NULL)
        return STATUS_NO_MEMORY;
    size_t count = 0;
    enum setting setting;
    for (size_t at = 0; at < set->n_policy; at++) {
        bool overruled = false;
        for (size_t of = 0; of < version->variant->n_rules; of++)
            overruled = overruled || (strcmp(version->variant->rules[of]->key, set->policy[at]->key) == 0 &&
                                      strcmp(version->variant->rules[of]->item, set->policy[at]->item) == 0);
        if (!overruled && !settings_find(set->policy[at]->key, &setting) && strcmp(set->policy[at]->key, "as_of") != 0)
            entries[count++] = set->policy[at];
    }
    for (size_t of = 0; of < version->variant->n_rules; of++)
        entries[count++] = version->variant->rules[of];
    Muster__PolicyEntry as_of = MUSTER__POLICY_ENTRY__INIT;
    as_of.key = "as_of";
    as_of.item = "";
    as_of.value = arena_format(work->arena, "%04u-%02u-%02u", version->as_of / 10000, version->as_of / 100 % 100, version->as_of % 100);
    entries[count++] = &as_of;
    struct faults ignored;
    struct policy policy;
    faults_init(&ignored, work->arena);
    status = as_of.value != NULL ? policy_read(entries, count, NULL, work->arena, &ignored, &policy) : STATUS_NO_MEMORY;
    if (status == STATUS_INVALID)
        return STATUS_OK; /* a policy that no market could be planned under forbids nothing */
    if (status != STATUS_OK)
        return status;
    const struct policy_rules *rules = policy_rules_of(&policy, version->item);
    for (size_t at = 0; at < version->plan->n_rules; at++)
        check_rule(work, version->plan->rules[at], rules);
    for (size_t at = 0; at < version->plan->n_awards; at++) {
        const Muster__Offer *offer = stands_find_offer(market, version->plan->awards[at]->offer);
        for (size_t no = 0; offer != NULL && no < rules->excluded_origins.count; no++) {
            if (stands_has_origin(market, offer, rules->excluded_origins.texts[no]))
                refuse(work, "policy", offer->id, "an offer without components of an excluded origin");
        }
    }
    return check_content(work, &policy, version, market);
}

static int check_fund(struct desk_work *work, const Muster__BundleHead *bundle, const Muster__FundDraw *draw)
{
    Muster__StoredSet *rates, *policy;
    Muster__Stored *fund;
    int64_t held = 0, drawn = 0, balance;
    int status = state_set(work->txn, TABLE_RATES, work->arena, &rates);
    if (status == STATUS_OK)
        status = state_set(work->txn, TABLE_POLICY, work->arena, &policy);
    if (status == STATUS_OK)
        status = state_object(work->txn, TABLE_FUNDS, "", draw->fund, work->arena, &fund);
    if (status == STATUS_OK)
        status = state_held(work->txn, draw->fund, bundle->number, &held);
    if (status == STATUS_OK)
        status = state_drawn(work->txn, draw->fund, work->arena, &drawn);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    if (fund->withdrawn)
        refuse(work, "fund", draw->fund, "a fund that was not withdrawn");
    if (!fund->fund->limited)
        return STATUS_OK;
    if (desk_to_base(fund->fund->balance, fund->fund->currency, desk_base_currency(policy), rates->rates, rates->n_rates, &balance) != STATUS_OK ||
        (__int128)held + drawn + draw->amount > balance)
        refuse(work, "fund", draw->fund, "a balance that carries this bundle beside what others hold");
    return STATUS_OK;
}

static bool names(char *const *countries, size_t count, const char *country)
{
    for (size_t at = 0; at < count; at++) {
        if (strcmp(countries[at], country) == 0)
            return true;
    }
    return count == 0;
}

/* The funds' rules as they stand today: nations that may draw, and how many the bundle must have. */
static int check_fund_rules(struct desk_work *work, const Muster__BundleVersion *version, const Muster__Market *market)
{
    int64_t nations = 0;
    for (size_t at = 0; at < version->plan->n_rules; at++) {
        if (strcmp(version->plan->rules[at]->name, "nations") == 0)
            nations = version->plan->rules[at]->numerator;
    }
    for (size_t at = 0; at < version->plan->n_awards; at++) {
        const Muster__Demand *demand = stands_find_demand(market, version->plan->awards[at]->demand);
        if (demand == NULL || demand->fund[0] == '\0')
            continue;
        Muster__Stored *fund;
        int status = state_object(work->txn, TABLE_FUNDS, "", demand->fund, work->arena, &fund);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
        if (!names(fund->fund->countries, fund->fund->n_countries, demand->country) || (uint64_t)nations < fund->fund->min_nations) {
            refuse(work, "fund", demand->fund, "a fund whose rules allow this bundle");
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

int release_check(struct desk_work *work, const Muster__BundleHead *bundle, const Muster__BundleVersion *version,
                  const Muster__Market *market)
{
    struct stands_on on = {.version = version, .market = market, .month = desk_month(work->context->log_time)};
    Muster__FundDraw **draws = NULL;
    size_t count = 0;
    int status = check_objects(work, &on);
    if (status == STATUS_OK)
        status = bundle_draws(work->arena, version->plan, market, &draws, &count);
    for (size_t at = 0; status == STATUS_OK && at < count; at++)
        status = check_fund(work, bundle, draws[at]);
    if (status != STATUS_OK || bundle->first_released != 0)
        return status;
    status = check_fund_rules(work, version, market);
    return status == STATUS_OK ? check_policy(work, version, market) : status;
}

static int version_now(struct store_txn *txn, const Muster__InputVersion *input, struct arena *arena, uint64_t *version, bool *withdrawn)
{
    int status;
    *withdrawn = false;
    if (strcmp(input->noun, "rates") == 0 || strcmp(input->noun, "policy") == 0) {
        Muster__StoredSet *set;
        status = state_set(txn, strcmp(input->noun, "rates") == 0 ? TABLE_RATES : TABLE_POLICY, arena, &set);
        *version = status == STATUS_OK ? set->version : 0;
        return status;
    }
    if (strcmp(input->noun, "party") == 0) {
        Muster__PartyRecord *party;
        status = state_party(txn, input->id, arena, &party);
        *version = status == STATUS_OK ? party->version : 0;
        *withdrawn = status == STATUS_OK && party->state != MUSTER__PARTY_STATE__PARTY_CONFIRMED;
        return status;
    }
    Muster__Stored *stored;
    enum table table = strcmp(input->noun, "demand") == 0 ? TABLE_DEMANDS : strcmp(input->noun, "offer") == 0 ? TABLE_OFFERS : TABLE_FUNDS;
    status = state_object(txn, table, input->party, input->id, arena, &stored);
    *version = status == STATUS_OK ? stored->version : 0;
    *withdrawn = status == STATUS_OK && stored->withdrawn;
    return status;
}

int release_changes(struct store_txn *txn, const Muster__BundleVersion *version, struct arena *arena, struct release_changes *changes)
{
    *changes = (struct release_changes){.texts = arena_array(arena, version->n_inputs + 1, sizeof *changes->texts)};
    if (changes->texts == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < version->n_inputs; at++) {
        const Muster__InputVersion *input = version->inputs[at];
        uint64_t now;
        bool gone;
        int status = version_now(txn, input, arena, &now, &gone);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
        if (now == input->version && !gone)
            continue;
        char *name = state_name(arena, input->party, input->id);
        if (name == NULL)
            return STATUS_NO_MEMORY;
        changes->texts[changes->count] = arena_format(arena, "%s %s%s is at v%" PRIu64 "%s; planned from v%" PRIu64, input->noun, name,
                                                      name[0] != '\0' ? "" : "set", now, gone ? ", no longer in the market" : "", input->version);
        if (changes->texts[changes->count++] == NULL)
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}
