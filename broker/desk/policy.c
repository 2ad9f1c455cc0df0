/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <string.h>

#include "broker/desk/bundle.h"
#include "broker/desk/four_eyes.h"
#include "broker/desk/noun.h"

/*
 * Rates and policy: each replaced as a whole by a coordinator. A rate that an object needs can't go; the base currency
 * can't change once a bundle binds money or a commitment stands, since those are kept in its cents.
 */

static bool check_set_version(struct desk_work *work, const Muster__StoredSet *set, uint64_t replaces, const char *what)
{
    Muster__Stored as_object = MUSTER__STORED__INIT;
    as_object.version = set->version;
    return desk_check_version(work, set->version != 0 ? &as_object : NULL, false, replaces, what);
}


static bool has_rate(const Muster__RatesChange *change, const char *base, const char *currency)
{
    bool known = strcmp(currency, base) == 0;
    for (size_t at = 0; at < change->n_rates && !known; at++)
        known = strcmp(change->rates[at]->currency, currency) == 0;
    return known;
}

static const char *currency_of(const Muster__Stored *stored)
{
    if (stored->demand != NULL)
        return stored->demand->currency;
    return stored->offer != NULL ? stored->offer->currency : stored->fund->currency;
}

int rates_check(struct desk_work *work)
{
    const Muster__RatesChange *change = work->submission->rates;
    Muster__StoredSet *set, *policy;
    int status = state_set(work->txn, TABLE_RATES, work->arena, &set);
    if (status == STATUS_OK)
        status = state_set(work->txn, TABLE_POLICY, work->arena, &policy);
    if (status != STATUS_OK || !check_set_version(work, set, change->replaces, "rates"))
        return status;
    const char *base = desk_base_currency(policy);
    const enum table tables[] = {TABLE_DEMANDS, TABLE_OFFERS, TABLE_FUNDS};
    for (size_t of = 0; of < 3; of++) {
        struct state_objects objects;
        status = state_all_objects(work->txn, tables[of], NULL, NULL, 0, work->arena, &objects);
        for (size_t at = 0; status == STATUS_OK && at < objects.count; at++) {
            const char *currency = currency_of(objects.list[at].stored);
            if (has_rate(change, base, currency))
                continue;
            desk_refuse(work, STATUS_INVALID, "currency", currency, "a rate for every currency in use", "keep its rate: demands, offers or funds are stated in it");
            return STATUS_OK;
        }
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

int rates_apply(const struct desk_entry *entry)
{
    const Muster__RatesChange *change = entry->submission->rates;
    Muster__StoredSet *set;
    int status = state_set(entry->txn, TABLE_RATES, entry->arena, &set);
    if (status != STATUS_OK)
        return status;
    set->version++;
    set->time = entry->time;
    set->position = entry->position;
    set->rates = change->rates;
    set->n_rates = change->n_rates;
    status = state_put_set(entry->txn, TABLE_RATES, set);
    return status == STATUS_OK ? state_touch_all(entry->txn, entry->position) : status;
}

static int money_is_bound(struct desk_work *work, bool *bound)
{
    struct state_commitments commitments;
    struct state_bundles bundles;
    int status = state_commitments(work->txn, NULL, NULL, work->arena, &commitments);
    if (status == STATUS_OK)
        status = state_all_bundles(work->txn, work->arena, &bundles);
    if (status != STATUS_OK)
        return status;
    *bound = commitments.count != 0;
    for (size_t at = 0; at < bundles.count; at++)
        *bound = *bound || bundle_is_bound(bundles.list[at]);
    return STATUS_OK;
}

int policy_check(struct desk_work *work)
{
    const Muster__PolicyChange *change = work->submission->policy;
    Muster__StoredSet *set;
    int status = state_set(work->txn, TABLE_POLICY, work->arena, &set);
    if (status != STATUS_OK || !check_set_version(work, set, change->replaces, "policy"))
        return status;
    for (size_t at = 0; status == STATUS_OK && at < change->n_entries; at++) {
        const Muster__PolicyEntry *entry = change->entries[at];
        Muster__Stored *item;
        work->faults->change = (uint32_t)at;
        if (entry->item[0] == '\0')
            continue;
        status = state_object(work->txn, TABLE_ITEMS, "", entry->item, work->arena, &item);
        if (status == STATUS_NOT_FOUND || (status == STATUS_OK && item->withdrawn)) {
            desk_refuse_missing(work, "item", entry->item);
            status = STATUS_OK;
        }
    }
    if (status == STATUS_OK)
        status = four_eyes_check_policy(work, change);
    Muster__StoredSet next = MUSTER__STORED_SET__INIT;
    next.policy = change->entries;
    next.n_policy = change->n_entries;
    bool bound = false;
    if (status == STATUS_OK && strcmp(desk_base_currency(set), desk_base_currency(&next)) != 0)
        status = money_is_bound(work, &bound);
    work->faults->change = 0;
    if (status == STATUS_OK && bound)
        desk_refuse(work, STATUS_INVALID, "base_currency", desk_base_currency(&next), desk_base_currency(set),
                    "keep the base currency: bundles and commitments are kept in it");
    return status;
}

int policy_apply(const struct desk_entry *entry)
{
    const Muster__PolicyChange *change = entry->submission->policy;
    Muster__StoredSet *set;
    int status = four_eyes_apply_policy(entry, change);
    if (status == STATUS_OK)
        status = state_set(entry->txn, TABLE_POLICY, entry->arena, &set);
    if (status != STATUS_OK)
        return status;
    set->version++;
    set->time = entry->time;
    set->position = entry->position;
    set->policy = change->entries;
    set->n_policy = change->n_entries;
    status = state_put_set(entry->txn, TABLE_POLICY, set);
    return status == STATUS_OK ? state_touch_all(entry->txn, entry->position) : status;
}
