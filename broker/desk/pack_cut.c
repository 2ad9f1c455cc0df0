/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/desk/pack.h"
#include "broker/desk/pack_list.h"
#include "broker/desk/stands.h"

/* One lot's market out of a packed one: what its own plan was made from, as a proposal keeps it and a re-plan begins with it. */

struct cutting {
    const Muster__Market *from;
    const struct pack *whole;
    const char *item;
    struct arena *arena;
    struct pack_list items, suppliers, demands, offers, funds, policy, commitments;
    struct pack_list demand_inputs, offer_inputs, fund_inputs, supplier_inputs;
};

static bool fund_in(const struct cutting *cutting, const char *fund, bool *limited)
{
    for (size_t at = 0; at < cutting->funds.count; at++) {
        const Muster__Fund *one = cutting->funds.list[at];
        if (strcmp(one->id, fund) == 0) {
            *limited = one->limited;
            return true;
        }
    }
    return false;
}

/* The lot's demands, then its funds. */
static int keep_lot(struct cutting *cutting)
{
    const Muster__Market *from = cutting->from;
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < from->n_funds; at++) {
        bool used = false;
        for (size_t of = 0; of < from->n_demands && !used; of++)
            used = strcmp(from->demands[of]->item, cutting->item) == 0 && strcmp(from->demands[of]->fund, from->funds[at]->id) == 0;
        if (!used)
            continue;
        status = pack_list_add(cutting->arena, &cutting->funds, from->funds[at]);
        if (status == STATUS_OK)
            status = pack_list_add(cutting->arena, &cutting->fund_inputs, cutting->whole->inputs[from->n_demands + from->n_offers + at]);
    }
    for (size_t at = 0; status == STATUS_OK && at < from->n_commitments; at++) {
        const Muster__Demand *demand = stands_find_demand(from, from->commitments[at]->demand);
        bool limited = false;
        if (demand != NULL && (strcmp(demand->item, cutting->item) == 0 || (fund_in(cutting, demand->fund, &limited) && limited)))
            status = pack_list_add(cutting->arena, &cutting->commitments, from->commitments[at]);
    }
    return status;
}

static bool committed_demand(const struct cutting *cutting, const char *demand)
{
    for (size_t at = 0; at < cutting->commitments.count; at++) {
        if (strcmp(((const Muster__Commitment *)cutting->commitments.list[at])->demand, demand) == 0)
            return true;
    }
    return false;
}

static bool committed_offer(const struct cutting *cutting, const char *offer)
{
    for (size_t at = 0; at < cutting->commitments.count; at++) {
        if (strcmp(((const Muster__Commitment *)cutting->commitments.list[at])->offer, offer) == 0)
            return true;
    }
    return false;
}

static int keep_demands(struct cutting *cutting)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < cutting->from->n_demands; at++) {
        Muster__Demand *demand = cutting->from->demands[at];
        bool own = strcmp(demand->item, cutting->item) == 0;
        if (!own && !committed_demand(cutting, demand->id))
            continue;
        if (!own)
            demand = pack_cut_demand(cutting->arena, demand, (Muster__Commitment *const *)cutting->commitments.list, cutting->commitments.count);
        status = demand != NULL ? pack_list_add(cutting->arena, &cutting->demands, demand) : STATUS_NO_MEMORY;
        if (status == STATUS_OK)
            status = pack_list_add(cutting->arena, &cutting->demand_inputs, cutting->whole->inputs[at]);
    }
    return status;
}

static int keep_offers(struct cutting *cutting)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < cutting->from->n_offers; at++) {
        Muster__Offer *offer = cutting->from->offers[at];
        if (strcmp(offer->item, cutting->item) != 0 && !committed_offer(cutting, offer->id))
            continue;
        status = pack_list_add(cutting->arena, &cutting->offers, offer);
        if (status == STATUS_OK)
            status = pack_list_add(cutting->arena, &cutting->offer_inputs, cutting->whole->inputs[cutting->from->n_demands + at]);
    }
    return status;
}

/* Suppliers, items and policy rows that what was kept names. */
static int keep_rest(struct cutting *cutting)
{
    const Muster__Market *from = cutting->from;
    size_t first_supplier = from->n_demands + from->n_offers + from->n_funds;
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < from->n_suppliers; at++) {
        bool used = false;
        for (size_t of = 0; of < cutting->offers.count && !used; of++)
            used = state_name_is_of(((const Muster__Offer *)cutting->offers.list[of])->id, from->suppliers[at]->id);
        if (!used)
            continue;
        status = pack_list_add(cutting->arena, &cutting->suppliers, from->suppliers[at]);
        if (status == STATUS_OK)
            status = pack_list_add(cutting->arena, &cutting->supplier_inputs, cutting->whole->inputs[first_supplier + at]);
    }
    for (size_t at = 0; status == STATUS_OK && at < from->n_items; at++) {
        bool used = strcmp(from->items[at]->id, cutting->item) == 0;
        for (size_t of = 0; of < cutting->demands.count && !used; of++)
            used = strcmp(((const Muster__Demand *)cutting->demands.list[of])->item, from->items[at]->id) == 0;
        if (used)
            status = pack_list_add(cutting->arena, &cutting->items, from->items[at]);
    }
    for (size_t at = 0; status == STATUS_OK && at < from->n_policy; at++) {
        if (from->policy[at]->item[0] == '\0' || strcmp(from->policy[at]->item, cutting->item) == 0)
            status = pack_list_add(cutting->arena, &cutting->policy, from->policy[at]);
    }
    return status;
}

static int keep_inputs(struct cutting *cutting, struct pack *cut)
{
    const struct pack_list *lists[] = {&cutting->demand_inputs, &cutting->offer_inputs, &cutting->fund_inputs, &cutting->supplier_inputs};
    struct pack_list all = {0};
    int status = STATUS_OK;
    for (size_t of = 0; of < 4; of++) {
        for (size_t at = 0; status == STATUS_OK && at < lists[of]->count; at++)
            status = pack_list_add(cutting->arena, &all, lists[of]->list[at]);
    }
    for (size_t at = cutting->whole->n_inputs - 2; status == STATUS_OK && at < cutting->whole->n_inputs; at++)
        status = pack_list_add(cutting->arena, &all, cutting->whole->inputs[at]);
    cut->inputs = (Muster__InputVersion **)all.list;
    cut->n_inputs = all.count;
    return status;
}

int pack_cut(const struct pack *whole, const char *item, struct arena *arena, struct pack *cut)
{
    struct cutting cutting = {.from = whole->market, .whole = whole, .item = item, .arena = arena};
    Muster__Market *market = arena_alloc(arena, sizeof *market);
    int status = market != NULL ? keep_lot(&cutting) : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = keep_demands(&cutting);
    if (status == STATUS_OK)
        status = keep_offers(&cutting);
    if (status == STATUS_OK)
        status = keep_rest(&cutting);
    if (status == STATUS_OK)
        status = keep_inputs(&cutting, cut);
    if (status != STATUS_OK)
        return status;
    *market = *whole->market;
    market->items = (Muster__Item **)cutting.items.list;
    market->n_items = cutting.items.count;
    market->suppliers = (Muster__Party **)cutting.suppliers.list;
    market->n_suppliers = cutting.suppliers.count;
    market->demands = (Muster__Demand **)cutting.demands.list;
    market->n_demands = cutting.demands.count;
    market->offers = (Muster__Offer **)cutting.offers.list;
    market->n_offers = cutting.offers.count;
    market->funds = (Muster__Fund **)cutting.funds.list;
    market->n_funds = cutting.funds.count;
    market->policy = (Muster__PolicyEntry **)cutting.policy.list;
    market->n_policy = cutting.policy.count;
    market->commitments = (Muster__Commitment **)cutting.commitments.list;
    market->n_commitments = cutting.commitments.count;
    cut->market = market;
    cut->sealed = whole->sealed;
    memcpy(cut->inputs_sha256, whole->inputs_sha256, sizeof cut->inputs_sha256);
    return STATUS_OK;
}
