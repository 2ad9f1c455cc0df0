/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <string.h>

#include "broker/desk/bundle.h"
#include "broker/desk/prices.h"

/*
 * Offers: a supplier's own. Item, currency and tiers of one with commitments stay, and its capacity stays above them;
 * withdrawing it withdraws what is not sold.
 */

static int check_item(struct desk_work *work, const char *item)
{
    Muster__Stored *stored;
    int status = state_object(work->txn, TABLE_ITEMS, "", item, work->arena, &stored);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && stored->withdrawn)) {
        desk_refuse_missing(work, "item", item);
        return STATUS_OK;
    }
    return status;
}

static bool tiers_equal(const Muster__Offer *a, const Muster__Offer *b)
{
    bool equal = a->n_tiers == b->n_tiers;
    for (size_t at = 0; equal && at < a->n_tiers; at++) {
        const Muster__Tier *x = a->tiers[at], *y = b->tiers[at];
        equal = x->min_quantity == y->min_quantity && x->unit_price == y->unit_price && x->one_off == y->one_off &&
                x->first_month == y->first_month && x->stock == y->stock && x->monthly_rate == y->monthly_rate;
    }
    return equal;
}

static int check_frozen(struct desk_work *work, const Muster__Stored *stored, const char *name, const Muster__Offer *offer)
{
    struct state_commitments lot;
    int status = state_commitments(work->txn, stored->offer->item, NULL, work->arena, &lot);
    uint64_t sold = 0;
    for (size_t at = 0; status == STATUS_OK && at < lot.count; at++)
        sold += strcmp(lot.list[at]->commitment->offer, name) == 0 ? lot.list[at]->commitment->quantity : 0;
    if (status != STATUS_OK || sold == 0 || offer == NULL)
        return status;
    if (strcmp(offer->item, stored->offer->item) != 0)
        desk_refuse(work, STATUS_INVALID, "item", offer->item, "the item that is committed", "keep the item, or write another offer");
    if (strcmp(offer->currency, stored->offer->currency) != 0)
        desk_refuse(work, STATUS_INVALID, "currency", offer->currency, "the currency of what is committed", "keep the currency, or write another offer");
    if (!tiers_equal(offer, stored->offer))
        desk_refuse(work, STATUS_INVALID, "tiers", "", "the tiers under which units are committed", "keep the tiers, or write another offer for the rest");
    if (offer->max_quantity != 0 && offer->max_quantity < sold) {
        char *found = arena_format(work->arena, "%" PRIu64, offer->max_quantity);
        char *expected = arena_format(work->arena, "at least %" PRIu64 ", which are committed", sold);
        desk_refuse(work, STATUS_INVALID, "max_quantity", found != NULL ? found : "", expected != NULL ? expected : "",
                    "write what is committed, or more");
    }
    return STATUS_OK;
}

static int check_change(struct desk_work *work, const Muster__OfferChange *change)
{
    const char *party = work->context->party->party->id;
    bool withdraw = change->kind == MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    Muster__Stored *stored = NULL;
    int status = state_object(work->txn, TABLE_OFFERS, party, change->id, work->arena, &stored);
    if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK;
        stored = NULL;
    }
    if (status != STATUS_OK || !desk_check_version(work, stored, withdraw, change->replaces, change->id))
        return status;
    if (!withdraw)
        status = check_item(work, change->offer->item);
    if (status != STATUS_OK || stored == NULL)
        return status;
    char *name = state_name(work->arena, party, change->id);
    if (name == NULL)
        return STATUS_NO_MEMORY;
    status = check_frozen(work, stored, name, withdraw ? NULL : change->offer);
    /* Said of every change, so that it tells nothing of whether a bundle is built on this offer. */
    if (status == STATUS_OK && !stored->withdrawn)
        faults_warn(work->faults, "offer", change->id, "an offer that stays as it is while a bundle is built on it",
                    "should one be, a change to what it is built on counts as your no");
    if (status == STATUS_OK)
        status = bundle_warn_change(work, TABLE_OFFERS, name, stored->offer->item, NULL, withdraw ? NULL : change->offer);
    return status;
}

int offers_check(struct desk_work *work)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < work->submission->n_offers; at++) {
        work->faults->change = (uint32_t)at;
        status = check_change(work, work->submission->offers[at]);
    }
    struct prices_lots lots;
    const char *party = work->context->party->party->id;
    if (status == STATUS_OK)
        status = prices_lots(work->txn, work->submission, party, work->arena, &lots);
    work->faults->change = 0;
    for (size_t at = 0; status == STATUS_OK && at < lots.count; at++)
        status = limits_check_prices(work, party, lots.items[at]);
    return status;
}

static int apply_change(const struct desk_entry *entry, const Muster__OfferChange *change)
{
    Muster__Stored fresh = MUSTER__STORED__INIT, *stored = &fresh;
    int status = state_object(entry->txn, TABLE_OFFERS, entry->party, change->id, entry->arena, &stored);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    stored = status == STATUS_NOT_FOUND ? &fresh : stored;
    const char *item_before = stored->offer != NULL ? stored->offer->item : NULL;
    bool stood = stored->offer != NULL && !stored->withdrawn;
    stored->version++;
    stored->withdrawn = change->kind == MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    stored->time = entry->time;
    stored->position = entry->position;
    if (change->offer != NULL)
        stored->offer = change->offer;
    status = state_put_object(entry->txn, TABLE_OFFERS, entry->party, change->id, stored, item_before);
    if (status == STATUS_OK && item_before != NULL && strcmp(item_before, stored->offer->item) != 0)
        status = state_touch(entry->txn, item_before, entry->position, entry->arena);
    if (status == STATUS_OK)
        status = state_touch(entry->txn, stored->offer->item, entry->position, entry->arena);
    if (status != STATUS_OK || !stood)
        return status;
    char *name = state_name(entry->arena, entry->party, change->id);
    return name != NULL ? bundle_object_changed(entry, TABLE_OFFERS, name, item_before, stored) : STATUS_NO_MEMORY;
}

int offers_apply(const struct desk_entry *entry)
{
    struct prices_lots lots;
    int status = prices_lots(entry->txn, entry->submission, entry->party, entry->arena, &lots);
    for (size_t at = 0; status == STATUS_OK && at < lots.count; at++)
        status = limits_note_prices(entry, entry->party, lots.items[at]);
    for (size_t at = 0; status == STATUS_OK && at < entry->submission->n_offers; at++)
        status = apply_change(entry, entry->submission->offers[at]);
    return status;
}
