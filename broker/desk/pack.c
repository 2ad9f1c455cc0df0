/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/pack.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/desk/pack_list.h"
#include "broker/desk/stands.h"
#include "proto/settings.h"
#include "proto/walk.h"

/* A market in the making. */
struct packing {
    struct store_txn *txn;
    const struct pack_order *order;
    struct arena *arena;
    struct pack_list items, suppliers, demands, offers, funds, policy, commitments;
    struct pack_list demand_inputs, offer_inputs, fund_inputs, supplier_inputs;
    struct state_parties parties;
    Muster__StoredSet *rates, *rules;
    const char *base;
    bool sealed;
};

static Muster__InputVersion *input_of(struct packing *packing, const char *noun, const char *party, const char *id, uint64_t version)
{
    Muster__InputVersion *input = arena_alloc(packing->arena, sizeof *input);
    if (input == NULL)
        return NULL;
    muster__input_version__init(input);
    input->noun = (char *)(uintptr_t)noun;
    input->party = (char *)(uintptr_t)party;
    input->id = (char *)(uintptr_t)id;
    input->version = version;
    return input;
}

static const Muster__PartyRecord *party_of(const struct packing *packing, const char *id)
{
    size_t low = 0, high = packing->parties.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(packing->parties.list[middle]->party->id, id);
        if (order == 0)
            return packing->parties.list[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Whether an object is in the market with all it wants or offers, not only with what is committed. */
static bool takes_part(const struct packing *packing, const struct pack_lot *lot, const struct state_object *object, const char *name)
{
    const Muster__PartyRecord *party = party_of(packing, object->party);
    if (object->stored->withdrawn || party == NULL || party->state != MUSTER__PARTY_STATE__PARTY_CONFIRMED)
        return false;
    if (packing->order->without_sealed && object->stored->demand != NULL &&
        object->stored->demand->release == MUSTER__RELEASE__RELEASE_SEALED)
        return false;
    const Muster__Variant *variant = lot->variant;
    return variant == NULL || (!pack_texts_hold(variant->without, variant->n_without, object->party) &&
                               !pack_texts_hold(variant->keep_out, variant->n_keep_out, name));
}

static bool demand_is_in(const struct packing *packing, const char *name)
{
    for (size_t at = packing->demands.count; at-- > 0;) {
        if (strcmp(((Muster__Demand *)packing->demands.list[at])->id, name) == 0)
            return true;
    }
    return false;
}

static bool offer_is_in(const struct packing *packing, const char *name)
{
    for (size_t at = packing->offers.count; at-- > 0;) {
        if (strcmp(((Muster__Offer *)packing->offers.list[at])->id, name) == 0)
            return true;
    }
    return false;
}

/* commitments: of the demand's lot. whole false: what they bind alone; nothing where they bind nothing. */
static int add_demand(struct packing *packing, const struct state_object *object, bool whole, const struct pack_list *commitments)
{
    Muster__Demand *demand = object->stored->demand;
    demand->id = state_name(packing->arena, object->party, object->id);
    if (demand->id == NULL)
        return STATUS_NO_MEMORY;
    if (!whole)
        demand = pack_cut_demand(packing->arena, demand, (Muster__Commitment *const *)commitments->list, commitments->count);
    if (demand == NULL)
        return STATUS_NO_MEMORY;
    if (demand->n_lines == 0)
        return STATUS_OK;
    packing->sealed = packing->sealed || (whole && demand->release == MUSTER__RELEASE__RELEASE_SEALED);
    Muster__InputVersion *input = input_of(packing, "demand", object->party, object->id, object->stored->version);
    int status = input != NULL ? pack_list_add(packing->arena, &packing->demands, demand) : STATUS_NO_MEMORY;
    return status == STATUS_OK ? pack_list_add(packing->arena, &packing->demand_inputs, input) : status;
}

static int add_supplier(struct packing *packing, const char *id)
{
    for (size_t at = 0; at < packing->suppliers.count; at++) {
        if (strcmp(((Muster__Party *)packing->suppliers.list[at])->id, id) == 0)
            return STATUS_OK;
    }
    const Muster__PartyRecord *party = party_of(packing, id);
    if (party == NULL)
        return STATUS_CORRUPT;
    Muster__InputVersion *input = input_of(packing, "party", "", party->party->id, party->version);
    int status = input != NULL ? pack_list_add(packing->arena, &packing->suppliers, party->party) : STATUS_NO_MEMORY;
    return status == STATUS_OK ? pack_list_add(packing->arena, &packing->supplier_inputs, input) : status;
}

static int add_offer(struct packing *packing, const struct state_object *object, bool whole, const struct pack_list *commitments)
{
    Muster__Offer *offer = object->stored->offer;
    offer->id = state_name(packing->arena, object->party, object->id);
    if (offer->id == NULL)
        return STATUS_NO_MEMORY;
    uint64_t sold = 0;
    for (size_t at = 0; at < commitments->count; at++) {
        const Muster__Commitment *one = commitments->list[at];
        sold += strcmp(one->offer, offer->id) == 0 ? one->quantity : 0;
    }
    if (!whole && sold == 0)
        return STATUS_OK;
    if (!whole)
        offer->max_quantity = sold;
    Muster__InputVersion *input = input_of(packing, "offer", object->party, object->id, object->stored->version);
    int status = input != NULL ? pack_list_add(packing->arena, &packing->offers, offer) : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = pack_list_add(packing->arena, &packing->offer_inputs, input);
    return status == STATUS_OK ? add_supplier(packing, object->party) : status;
}

static int add_item(struct packing *packing, const char *id)
{
    for (size_t at = 0; at < packing->items.count; at++) {
        if (strcmp(((Muster__Item *)packing->items.list[at])->id, id) == 0)
            return STATUS_OK;
    }
    Muster__Stored *stored;
    int status = state_object(packing->txn, TABLE_ITEMS, "", id, packing->arena, &stored);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    return pack_list_add(packing->arena, &packing->items, stored->item);
}

static int add_lot(struct packing *packing, const struct pack_lot *lot)
{
    struct state_objects demands, offers;
    struct state_commitments bound;
    struct pack_list commitments = {0};
    int status = add_item(packing, lot->item);
    if (status == STATUS_OK)
        status = state_lot_objects(packing->txn, TABLE_DEMANDS, lot->item, packing->arena, &demands);
    if (status == STATUS_OK)
        status = state_lot_objects(packing->txn, TABLE_OFFERS, lot->item, packing->arena, &offers);
    if (status == STATUS_OK)
        status = state_commitments(packing->txn, lot->item, NULL, packing->arena, &bound);
    for (size_t at = 0; status == STATUS_OK && at < bound.count; at++) {
        status = pack_list_add(packing->arena, &commitments, bound.list[at]->commitment);
        if (status == STATUS_OK)
            status = pack_list_add(packing->arena, &packing->commitments, bound.list[at]->commitment);
    }
    for (size_t at = 0; status == STATUS_OK && at < demands.count; at++) {
        char *name = state_name(packing->arena, demands.list[at].party, demands.list[at].id);
        status = name != NULL ? add_demand(packing, &demands.list[at], takes_part(packing, lot, &demands.list[at], name), &commitments)
                              : STATUS_NO_MEMORY;
    }
    for (size_t at = 0; status == STATUS_OK && at < offers.count; at++) {
        char *name = state_name(packing->arena, offers.list[at].party, offers.list[at].id);
        status = name != NULL ? add_offer(packing, &offers.list[at], takes_part(packing, lot, &offers.list[at], name), &commitments)
                              : STATUS_NO_MEMORY;
    }
    return status;
}

static int object_of(struct packing *packing, enum table table, const char *name, struct state_object *object)
{
    if (!state_name_split(packing->arena, name, &object->party, &object->id))
        return STATUS_NO_MEMORY;
    int status = state_object(packing->txn, table, object->party, object->id, packing->arena, &object->stored);
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

/* A commitment of another lot that draws on a fund of this market, with what it names. */
static int add_outside(struct packing *packing, const Muster__StoredCommitment *stored, const struct pack_list *of_fund)
{
    struct state_object demand, offer;
    int status = add_item(packing, stored->item);
    if (status == STATUS_OK && !demand_is_in(packing, stored->commitment->demand)) {
        status = object_of(packing, TABLE_DEMANDS, stored->commitment->demand, &demand);
        if (status == STATUS_OK)
            status = add_demand(packing, &demand, false, of_fund);
    }
    if (status == STATUS_OK && !offer_is_in(packing, stored->commitment->offer)) {
        status = object_of(packing, TABLE_OFFERS, stored->commitment->offer, &offer);
        if (status == STATUS_OK)
            status = add_offer(packing, &offer, true, of_fund);
    }
    return status == STATUS_OK ? pack_list_add(packing->arena, &packing->commitments, stored->commitment) : status;
}

static bool is_planned(const struct packing *packing, const char *item)
{
    for (size_t at = 0; at < packing->order->lot_count; at++) {
        if (strcmp(packing->order->lots[at].item, item) == 0)
            return true;
    }
    return false;
}

static int add_fund_commitments(struct packing *packing, const char *fund)
{
    struct state_commitments all;
    struct pack_list of_fund = {0};
    int status = state_commitments(packing->txn, NULL, NULL, packing->arena, &all);
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++) {
        if (strcmp(all.list[at]->fund, fund) == 0)
            status = pack_list_add(packing->arena, &of_fund, all.list[at]->commitment);
    }
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++) {
        if (strcmp(all.list[at]->fund, fund) == 0 && !is_planned(packing, all.list[at]->item))
            status = add_outside(packing, all.list[at], &of_fund);
    }
    return status;
}

/* The balance less what bundles hold; in base cents where they hold something. */
static int reduce_balance(struct packing *packing, Muster__Fund *fund)
{
    int64_t held, balance;
    int status = state_held(packing->txn, fund->id, packing->order->but_hold_of, &held);
    if (status != STATUS_OK || held == 0)
        return status;
    status = desk_to_base(fund->balance, fund->currency, packing->base, packing->rates->rates, packing->rates->n_rates, &balance);
    if (status != STATUS_OK)
        return STATUS_CORRUPT;
    fund->balance = balance > held ? balance - held : 0;
    fund->currency = arena_string(packing->arena, packing->base);
    return fund->currency != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int add_fund(struct packing *packing, const char *id)
{
    for (size_t at = 0; at < packing->funds.count; at++) {
        if (strcmp(((Muster__Fund *)packing->funds.list[at])->id, id) == 0)
            return STATUS_OK;
    }
    Muster__Stored *stored;
    int status = state_object(packing->txn, TABLE_FUNDS, "", id, packing->arena, &stored);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    Muster__InputVersion *input = input_of(packing, "fund", "", stored->fund->id, stored->version);
    status = input != NULL ? pack_list_add(packing->arena, &packing->funds, stored->fund) : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = pack_list_add(packing->arena, &packing->fund_inputs, input);
    if (status != STATUS_OK || !stored->fund->limited)
        return status;
    status = reduce_balance(packing, stored->fund);
    return status == STATUS_OK ? add_fund_commitments(packing, id) : status;
}

static int add_funds(struct packing *packing)
{
    int status = STATUS_OK;
    /* Demands that are added meanwhile draw on the same fund, so the list may grow while it is walked. */
    for (size_t at = 0; status == STATUS_OK && at < packing->demands.count; at++) {
        const Muster__Demand *demand = packing->demands.list[at];
        if (demand->fund[0] != '\0')
            status = add_fund(packing, demand->fund);
    }
    return status;
}

static int add_rule(struct packing *packing, const char *key, const char *value, const char *item)
{
    Muster__PolicyEntry *entry = arena_alloc(packing->arena, sizeof *entry);
    if (entry == NULL)
        return STATUS_NO_MEMORY;
    muster__policy_entry__init(entry);
    entry->key = arena_string(packing->arena, key);
    entry->value = arena_string(packing->arena, value);
    entry->item = arena_string(packing->arena, item);
    if (entry->key == NULL || entry->value == NULL || entry->item == NULL)
        return STATUS_NO_MEMORY;
    return pack_list_add(packing->arena, &packing->policy, entry);
}

static bool overruled(const struct packing *packing, const Muster__PolicyEntry *entry)
{
    for (size_t at = 0; at < packing->order->lot_count; at++) {
        const struct pack_lot *lot = &packing->order->lots[at];
        if (lot->variant == NULL || strcmp(lot->item, entry->item) != 0)
            continue;
        for (size_t of = 0; of < lot->variant->n_rules; of++) {
            if (strcmp(lot->variant->rules[of]->key, entry->key) == 0)
                return true;
        }
    }
    return false;
}

static int add_policy(struct packing *packing, const char *as_of)
{
    int status = add_rule(packing, "as_of", as_of, "");
    for (size_t at = 0; status == STATUS_OK && at < packing->rules->n_policy; at++) {
        const Muster__PolicyEntry *entry = packing->rules->policy[at];
        enum setting setting;
        if (settings_find(entry->key, &setting) || strcmp(entry->key, "as_of") == 0 || overruled(packing, entry) ||
            (entry->item[0] != '\0' && !is_planned(packing, entry->item)))
            continue;
        status = add_rule(packing, entry->key, entry->value, entry->item);
    }
    for (size_t at = 0; at < packing->order->lot_count; at++) {
        const struct pack_lot *lot = &packing->order->lots[at];
        for (size_t of = 0; status == STATUS_OK && lot->variant != NULL && of < lot->variant->n_rules; of++)
            status = add_rule(packing, lot->variant->rules[of]->key, lot->variant->rules[of]->value, lot->item);
    }
    return status;
}

bool pack_has_lot(const Muster__Market *market, const char *item)
{
    for (size_t at = 0; at < market->n_demands; at++) {
        if (strcmp(market->demands[at]->item, item) == 0)
            return true;
    }
    return false;
}

int pack_bytes(const Muster__Market *market, struct arena *arena, ProtobufCBinaryData *bytes, uint8_t sha256[32])
{
    int status = walk_pack(&market->base, arena, &bytes->data, &bytes->len);
    if (status == STATUS_OK && sha256 != NULL)
        crypto_hash_sha256(sha256, bytes->data, bytes->len);
    return status;
}

static int hash_inputs(struct packing *packing, Muster__Market *market, uint8_t sha256[32])
{
    ProtobufCBinaryData bytes;
    char month[16];
    Muster__PolicyEntry *as_of = market->policy[0];
    char *day = as_of->value;
    snprintf(month, sizeof month, "%06u", packing->order->as_of / 100);
    as_of->value = month;
    int status = pack_bytes(market, packing->arena, &bytes, NULL);
    as_of->value = day;
    if (status != STATUS_OK)
        return status;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, bytes.data, bytes.len);
    for (size_t at = 0; at < market->n_offers; at++) {
        uint32_t until = market->offers[at]->valid_until;
        uint8_t expired = until != 0 && until < packing->order->as_of;
        crypto_hash_sha256_update(&state, &expired, 1);
    }
    crypto_hash_sha256_final(&state, sha256);
    return STATUS_OK;
}

static int add_inputs(struct packing *packing, struct pack *pack)
{
    const struct pack_list *lists[] = {&packing->demand_inputs, &packing->offer_inputs, &packing->fund_inputs, &packing->supplier_inputs};
    struct pack_list all = {0};
    int status = STATUS_OK;
    for (size_t of = 0; of < 4; of++) {
        for (size_t at = 0; status == STATUS_OK && at < lists[of]->count; at++)
            status = pack_list_add(packing->arena, &all, lists[of]->list[at]);
    }
    Muster__InputVersion *rates = input_of(packing, "rates", "", "", packing->rates->version);
    Muster__InputVersion *policy = input_of(packing, "policy", "", "", packing->rules->version);
    if (rates == NULL || policy == NULL)
        return STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = pack_list_add(packing->arena, &all, rates);
    if (status == STATUS_OK)
        status = pack_list_add(packing->arena, &all, policy);
    pack->inputs = (Muster__InputVersion **)all.list;
    pack->n_inputs = all.count;
    return status;
}

static int finish(struct packing *packing, struct pack *pack)
{
    Muster__Market *market = arena_alloc(packing->arena, sizeof *market);
    if (market == NULL)
        return STATUS_NO_MEMORY;
    muster__market__init(market);
    market->items = (Muster__Item **)packing->items.list;
    market->n_items = packing->items.count;
    market->suppliers = (Muster__Party **)packing->suppliers.list;
    market->n_suppliers = packing->suppliers.count;
    market->demands = (Muster__Demand **)packing->demands.list;
    market->n_demands = packing->demands.count;
    market->offers = (Muster__Offer **)packing->offers.list;
    market->n_offers = packing->offers.count;
    market->funds = (Muster__Fund **)packing->funds.list;
    market->n_funds = packing->funds.count;
    market->rates = packing->rates->rates;
    market->n_rates = packing->rates->n_rates;
    market->policy = (Muster__PolicyEntry **)packing->policy.list;
    market->n_policy = packing->policy.count;
    market->commitments = (Muster__Commitment **)packing->commitments.list;
    market->n_commitments = packing->commitments.count;
    pack->market = market;
    pack->sealed = packing->sealed;
    int status = add_inputs(packing, pack);
    return status == STATUS_OK ? hash_inputs(packing, market, pack->inputs_sha256) : status;
}

int pack_market(struct store_txn *txn, const struct pack_order *order, struct arena *arena, struct pack *pack)
{
    struct packing packing = {.txn = txn, .order = order, .arena = arena};
    uint32_t day = order->as_of;
    char *as_of = arena_format(arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
    int status = as_of != NULL ? state_all_parties(txn, arena, &packing.parties) : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = state_set(txn, TABLE_RATES, arena, &packing.rates);
    if (status == STATUS_OK)
        status = state_set(txn, TABLE_POLICY, arena, &packing.rules);
    if (status != STATUS_OK)
        return status;
    packing.base = desk_base_currency(packing.rules);
    for (size_t at = 0; status == STATUS_OK && at < order->lot_count; at++)
        status = add_lot(&packing, &order->lots[at]);
    if (status == STATUS_OK)
        status = add_funds(&packing);
    if (status == STATUS_OK)
        status = add_policy(&packing, as_of);
    return status == STATUS_OK ? finish(&packing, pack) : status;
}

static bool has_left(const struct pack_again *again, const char *name)
{
    for (size_t at = 0; at < again->n_left; at++) {
        if (state_name_is_of(name, again->left[at]))
            return true;
    }
    return false;
}

/* The lot's own commitments, demands and offers of a market packed before. */
static int keep_again(struct packing *packing, const struct pack_again *again, struct pack_list *out)
{
    const Muster__Market *first = again->first;
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < first->n_commitments; at++) {
        const Muster__Demand *demand = stands_find_demand(first, first->commitments[at]->demand);
        if (demand != NULL && strcmp(demand->item, again->item) == 0)
            status = pack_list_add(packing->arena, &packing->commitments, first->commitments[at]);
    }
    for (size_t at = 0; status == STATUS_OK && at < first->n_demands; at++) {
        Muster__Demand *demand = first->demands[at];
        if (strcmp(demand->item, again->item) != 0)
            continue;
        if (has_left(again, demand->id)) {
            status = pack_list_add(packing->arena, out, demand->id);
            demand = pack_cut_demand(packing->arena, demand, (Muster__Commitment *const *)packing->commitments.list, packing->commitments.count);
            if (demand == NULL)
                status = STATUS_NO_MEMORY;
        }
        if (status == STATUS_OK && demand->n_lines != 0)
            status = pack_list_add(packing->arena, &packing->demands, demand);
    }
    for (size_t at = 0; status == STATUS_OK && at < first->n_offers; at++) {
        Muster__Offer *offer = first->offers[at];
        if (strcmp(offer->item, again->item) != 0)
            continue;
        uint64_t sold = 0;
        for (size_t of = 0; of < packing->commitments.count; of++) {
            const Muster__Commitment *one = packing->commitments.list[of];
            sold += strcmp(one->offer, offer->id) == 0 ? one->quantity : 0;
        }
        if (has_left(again, offer->id)) {
            status = pack_list_add(packing->arena, out, offer->id);
            if (sold == 0)
                continue;
            offer->max_quantity = sold;
        }
        if (status == STATUS_OK)
            status = pack_list_add(packing->arena, &packing->offers, offer);
    }
    return status;
}

static int keep_suppliers(struct packing *packing, const Muster__Market *first)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < first->n_suppliers; at++)
        status = pack_list_add(packing->arena, &packing->suppliers, first->suppliers[at]);
    for (size_t at = 0; status == STATUS_OK && at < first->n_items; at++)
        status = pack_list_add(packing->arena, &packing->items, first->items[at]);
    for (size_t at = 0; status == STATUS_OK && at < first->n_policy; at++)
        status = pack_list_add(packing->arena, &packing->policy, first->policy[at]);
    return status;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The inputs of the first release, less what left. */
static int inputs_again(struct packing *packing, const struct pack_again *again, struct pack *pack)
{
    struct pack_list kept = {0};
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < again->n_inputs; at++) {
        char *name = state_name(packing->arena, again->inputs[at]->party, again->inputs[at]->id);
        if (name == NULL)
            return STATUS_NO_MEMORY;
        if (!has_left(again, name))
            status = pack_list_add(packing->arena, &kept, again->inputs[at]);
    }
    pack->inputs = (Muster__InputVersion **)kept.list;
    pack->n_inputs = kept.count;
    return status;
}

int pack_market_again(struct store_txn *txn, const struct pack_again *again, struct arena *arena, struct pack *pack, char ***out, size_t *n_out)
{
    struct pack_lot lot = {.item = again->item};
    struct pack_order order = {.lots = &lot, .lot_count = 1, .as_of = again->as_of, .but_hold_of = again->bundle};
    struct packing packing = {.txn = txn, .order = &order, .arena = arena};
    Muster__StoredSet rates = MUSTER__STORED_SET__INIT, rules = MUSTER__STORED_SET__INIT;
    struct pack_list left = {0};
    rates.rates = again->first->rates;
    rates.n_rates = again->first->n_rates;
    rules.policy = again->first->policy;
    rules.n_policy = again->first->n_policy;
    packing.rates = &rates;
    packing.rules = &rules;
    packing.base = desk_base_currency(&rules);
    int status = state_all_parties(txn, arena, &packing.parties);
    if (status == STATUS_OK)
        status = keep_suppliers(&packing, again->first);
    if (status == STATUS_OK)
        status = keep_again(&packing, again, &left);
    if (status == STATUS_OK)
        status = add_funds(&packing);
    if (status == STATUS_OK)
        status = finish(&packing, pack);
    if (status == STATUS_OK)
        status = inputs_again(&packing, again, pack);
    if (status != STATUS_OK)
        return status;
    if (left.count > 1)
        qsort(left.list, left.count, sizeof *left.list, by_text);
    *out = (char **)left.list;
    *n_out = left.count;
    return STATUS_OK;
}
