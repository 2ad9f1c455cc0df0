/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/prices.h"

#include <string.h>

#include "proto/status.h"

static bool offer_prices_equal(const Muster__Offer *a, const Muster__Offer *b)
{
    if (a->n_tiers != b->n_tiers || a->n_freight != b->n_freight || strcmp(a->currency, b->currency) != 0)
        return false;
    for (size_t at = 0; at < a->n_tiers; at++) {
        if (a->tiers[at]->unit_price != b->tiers[at]->unit_price || a->tiers[at]->one_off != b->tiers[at]->one_off ||
            a->tiers[at]->min_quantity != b->tiers[at]->min_quantity)
            return false;
    }
    for (size_t at = 0; at < a->n_freight; at++) {
        if (strcmp(a->freight[at]->prefix, b->freight[at]->prefix) != 0 || a->freight[at]->amount != b->freight[at]->amount)
            return false;
    }
    return true;
}

static int stood_in_lot(struct store_txn *txn, enum table index, const char *item, const char *party, bool *stood)
{
    struct store_key prefix = {0};
    key_text(&prefix, item);
    key_text(&prefix, party);
    struct table_cursor *cursor = NULL;
    int status = tables_seek(txn, index, &prefix, NULL, &cursor);
    if (status == STATUS_OK)
        status = tables_next(cursor, NULL, NULL);
    tables_end(cursor);
    *stood = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void add(struct prices_lots *lots, const char *item)
{
    for (size_t at = 0; at < lots->count; at++) {
        if (strcmp(lots->items[at], item) == 0)
            return;
    }
    lots->items[lots->count++] = item;
}

/* A new object is a change of prices only beside others that its party has or had there. */
static int add_new(struct store_txn *txn, enum table index, const char *item, const char *party, struct prices_lots *lots)
{
    bool stood;
    int status = stood_in_lot(txn, index, item, party, &stood);
    if (status == STATUS_OK && stood)
        add(lots, item);
    return status;
}

static int add_demand(struct store_txn *txn, const Muster__DemandChange *change, const char *party, struct arena *arena, struct prices_lots *lots)
{
    Muster__Stored *stored;
    int status = state_object(txn, TABLE_DEMANDS, party, change->id, arena, &stored);
    if (status == STATUS_NOT_FOUND)
        return change->demand != NULL ? add_new(txn, TABLE_DEMANDS_BY_ITEM, change->demand->item, party, lots) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    const Muster__Demand *old = stored->demand, *new = change->demand;
    if (new == NULL)
        add(lots, old->item);
    else if (stored->withdrawn || old->max_unit_price != new->max_unit_price || strcmp(old->currency, new->currency) != 0 ||
             strcmp(old->item, new->item) != 0)
        add(lots, new->item);
    return STATUS_OK;
}

static int add_offer(struct store_txn *txn, const Muster__OfferChange *change, const char *party, struct arena *arena, struct prices_lots *lots)
{
    Muster__Stored *stored;
    int status = state_object(txn, TABLE_OFFERS, party, change->id, arena, &stored);
    if (status == STATUS_NOT_FOUND)
        return change->offer != NULL ? add_new(txn, TABLE_OFFERS_BY_ITEM, change->offer->item, party, lots) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    const Muster__Offer *old = stored->offer, *new = change->offer;
    if (new == NULL)
        add(lots, old->item);
    else if (stored->withdrawn || !offer_prices_equal(old, new) || strcmp(old->item, new->item) != 0)
        add(lots, new->item);
    return STATUS_OK;
}

int prices_lots(struct store_txn *txn, const Muster__Submission *submission, const char *party, struct arena *arena, struct prices_lots *lots)
{
    *lots = (struct prices_lots){.items = arena_array(arena, submission->n_demands + submission->n_offers + 1, sizeof *lots->items)};
    int status = lots->items != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    for (size_t at = 0; status == STATUS_OK && at < submission->n_demands; at++)
        status = add_demand(txn, submission->demands[at], party, arena, lots);
    for (size_t at = 0; status == STATUS_OK && at < submission->n_offers; at++)
        status = add_offer(txn, submission->offers[at], party, arena, lots);
    return status;
}
