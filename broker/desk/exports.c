/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdlib.h>
#include <string.h>

#include "broker/desk/bundle.h"
#include "proto/walk.h"

/*
 * Exports are entries too, so that it is known who took what. A market export is one version's: the market that it was planned
 * from and its plan, so that anybody with a checker or a solver can audit it. Orders are what is committed, one row an award.
 */

int exports_check(struct desk_work *work)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < work->submission->n_exports; at++) {
        const Muster__ExportChange *change = work->submission->exports[at];
        work->faults->change = (uint32_t)at;
        if (work->submission->n_exports > 1) {
            desk_refuse(work, STATUS_INVALID, "", "", "one export in a submission", "ask for one at a time");
            return STATUS_OK;
        }
        if (change->kind == MUSTER__EXPORT_KIND__EXPORT_MARKET && change->number == 0) {
            desk_refuse(work, STATUS_INVALID, "bundle", "", "the bundle whose market is meant", "name it: muster market export B-0001 FOLDER");
            continue;
        }
        if (change->number == 0)
            continue;
        char *name = bundle_name(work->arena, change->number);
        Muster__BundleHead *head;
        Muster__BundleVersion *version;
        status = name != NULL ? state_bundle(work->txn, change->number, work->arena, &head) : STATUS_NO_MEMORY;
        if (status == STATUS_OK)
            status = state_version(work->txn, change->number, change->version != 0 ? change->version : head->version, work->arena, &version);
        if (status == STATUS_NOT_FOUND) {
            desk_refuse_missing(work, "bundle", name);
            status = STATUS_OK;
        }
    }
    return status;
}

static int export_market(struct store_txn *txn, const Muster__ExportChange *change, struct arena *arena, ProtobufCBinaryData *data)
{
    Muster__BundleHead *head;
    Muster__BundleVersion *version;
    Muster__MarketExport export = MUSTER__MARKET_EXPORT__INIT;
    Muster__Plan plan = MUSTER__PLAN__INIT;
    int status = state_bundle(txn, change->number, arena, &head);
    uint64_t number = change->version;
    if (status == STATUS_OK && number == 0)
        number = head->version;
    if (status == STATUS_OK)
        status = state_version(txn, change->number, number, arena, &version);
    if (status == STATUS_OK)
        status = state_market(txn, change->number, number, arena, &export.market);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    plan.objective = version->plan->objective;
    plan.bound = version->plan->bound;
    plan.lots = &version->plan;
    plan.n_lots = 1;
    plan.engine = version->engine;
    export.plan = &plan;
    return walk_pack(&export.base, arena, &data->data, &data->len);
}

static int party_named(struct store_txn *txn, struct arena *arena, const char *name, Muster__PartyRecord **party)
{
    const char *owner, *id;
    if (!state_name_split(arena, name, &owner, &id))
        return STATUS_CORRUPT;
    int status = state_party(txn, owner, arena, party);
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static int order_of(struct store_txn *txn, struct arena *arena, const char *base, const Muster__StoredCommitment *stored, Muster__Order **out)
{
    Muster__Order *order = arena_alloc(arena, sizeof *order);
    Muster__PartyRecord *agency, *supplier;
    Muster__Stored *item, *demand;
    const char *party, *id;
    if (order == NULL || !state_name_split(arena, stored->commitment->demand, &party, &id))
        return STATUS_NO_MEMORY;
    int status = party_named(txn, arena, stored->commitment->demand, &agency);
    if (status == STATUS_OK)
        status = party_named(txn, arena, stored->commitment->offer, &supplier);
    if (status == STATUS_OK)
        status = state_object(txn, TABLE_ITEMS, "", stored->item, arena, &item);
    if (status == STATUS_OK)
        status = state_object(txn, TABLE_DEMANDS, party, id, arena, &demand);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    const Muster__Commitment *bound = stored->commitment;
    muster__order__init(order);
    order->number = stored->number;
    order->version = stored->version;
    order->committed = stored->time;
    order->position = stored->position;
    order->item = item->item->id;
    order->title = item->item->title;
    order->unit = item->item->unit;
    order->demand = bound->demand;
    order->agency = agency->party->id;
    order->agency_name = agency->party->name;
    order->agency_contact = agency->party->contact;
    order->country = demand->demand->country;
    order->place = demand->demand->place;
    order->offer = bound->offer;
    order->supplier = supplier->party->id;
    order->supplier_name = supplier->party->name;
    order->supplier_contact = supplier->party->contact;
    order->ncage = supplier->party->ncage;
    order->month = bound->month;
    order->quantity = bound->quantity;
    order->tier = bound->tier;
    order->unit_price = bound->unit_price;
    order->freight = bound->freight;
    order->one_off = bound->one_off;
    order->base_currency = (char *)(uintptr_t)base;
    order->currency = stored->currency;
    order->currency_price = stored->currency_price;
    order->fund = stored->fund;
    *out = order;
    return STATUS_OK;
}

static int by_contract(const void *a, const void *b)
{
    const Muster__Order *x = *(Muster__Order *const *)a, *y = *(Muster__Order *const *)b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    int order = strcmp(x->country, y->country);
    order = order != 0 ? order : strcmp(x->agency, y->agency);
    order = order != 0 ? order : strcmp(x->supplier, y->supplier);
    if (order == 0 && x->month != y->month)
        return x->month < y->month ? -1 : 1;
    order = order != 0 ? order : strcmp(x->demand, y->demand);
    return order != 0 ? order : strcmp(x->offer, y->offer);
}

static int export_orders(struct store_txn *txn, const Muster__ExportChange *change, struct arena *arena, ProtobufCBinaryData *data)
{
    struct state_commitments all;
    Muster__StoredSet *policy;
    Muster__OrdersExport export = MUSTER__ORDERS_EXPORT__INIT;
    int status = state_set(txn, TABLE_POLICY, arena, &policy);
    if (status == STATUS_OK)
        status = state_commitments(txn, NULL, NULL, arena, &all);
    if (status != STATUS_OK)
        return status;
    export.orders = arena_array(arena, all.count + 1, sizeof *export.orders);
    if (export.orders == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++) {
        if (change->number == 0 || all.list[at]->number == change->number)
            status = order_of(txn, arena, desk_base_currency(policy), all.list[at], &export.orders[export.n_orders++]);
    }
    if (status != STATUS_OK)
        return status;
    if (export.n_orders > 1)
        qsort(export.orders, export.n_orders, sizeof *export.orders, by_contract);
    return walk_pack(&export.base, arena, &data->data, &data->len);
}

int desk_export(struct store_txn *txn, const struct desk_context *context, const Muster__Submission *submission, struct arena *arena,
                ProtobufCBinaryData *data)
{
    (void)context;
    *data = (ProtobufCBinaryData){0};
    if (submission->n_exports == 0)
        return STATUS_OK;
    const Muster__ExportChange *change = submission->exports[0];
    switch (change->kind) {
    case MUSTER__EXPORT_KIND__EXPORT_MARKET:
        return export_market(txn, change, arena, data);
    case MUSTER__EXPORT_KIND__EXPORT_ORDERS:
        return export_orders(txn, change, arena, data);
    default:
        return STATUS_OK;
    }
}
