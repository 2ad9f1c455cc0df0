/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/load.h"

#include <stdlib.h>
#include <string.h>

#include "broker/match/load_object.h"
#include "proto/cell.h"
#include "proto/status.h"

#define MOST_OBJECTS ((size_t)UINT32_MAX / 2)

/* An object of a lot, to be sorted by item, then id. */
struct member {
    const char *item, *id;
    uint32_t at; /* in the message */
};

static int compare_members(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    int order = strcmp(a->item, b->item);
    order = order ? order : strcmp(a->id, b->id);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

static void sort_members(struct member *members, size_t count)
{
    for (size_t n = 1; n < count; n++) {
        if (compare_members(&members[n - 1], &members[n]) > 0) {
            qsort(members, count, sizeof *members, compare_members);
            return;
        }
    }
}

static int load_suppliers(struct match_loading *loading)
{
    const Muster__Market *message = loading->message;
    struct names ids;
    struct match_supplier *suppliers = arena_array(loading->arena, message->n_suppliers, sizeof *suppliers);
    if (!suppliers || names_init(&ids, loading->arena, message->n_suppliers) ||
        names_init(&loading->suppliers, loading->arena, message->n_suppliers)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < message->n_suppliers; n++) {
        names_add(&ids, message->suppliers[n]->id, (uint32_t)n);
    }
    names_sort(&ids);
    for (size_t n = 0; n < ids.count; n++) {
        const Muster__Party *party = message->suppliers[ids.entries[n].at];
        if (n > 0 && strcmp(ids.entries[n - 1].name, party->id) == 0) {
            return match_load_fault(loading, "supplier", party->id, "each supplier once");
        }
        suppliers[n] = (struct match_supplier){party->id, party->country, party->size == MUSTER__SIZE__SIZE_MICRO ||
            party->size == MUSTER__SIZE__SIZE_SMALL || party->size == MUSTER__SIZE__SIZE_MEDIUM};
        names_add(&loading->suppliers, party->id, (uint32_t)n);
    }
    loading->market->suppliers = suppliers;
    loading->market->supplier_count = (uint32_t)ids.count;
    return STATUS_OK;
}

static int load_funds(struct match_loading *loading)
{
    const Muster__Market *message = loading->message;
    struct names ids;
    struct match_fund *funds = arena_array(loading->arena, message->n_funds, sizeof *funds);
    if (!funds || names_init(&ids, loading->arena, message->n_funds) ||
        names_init(&loading->funds, loading->arena, message->n_funds)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < message->n_funds; n++) {
        names_add(&ids, message->funds[n]->id, (uint32_t)n);
    }
    names_sort(&ids);
    for (size_t n = 0; n < ids.count; n++) {
        const Muster__Fund *fund = message->funds[ids.entries[n].at];
        if (n > 0 && strcmp(ids.entries[n - 1].name, fund->id) == 0) {
            return match_load_fault(loading, "fund", fund->id, "each fund once");
        }
        if (fund->min_nations > CELL_QUANTITY_MOST || fund->min_european_content > 100) {
            return match_load_fault(loading, "fund", fund->id, "nations up to 10^9 and a content up to 100 percent");
        }
        funds[n] = (struct match_fund){.id = fund->id, .limited = fund->limited, .min_nations = (int64_t)fund->min_nations,
                                       .min_european_content = fund->min_european_content};
        if (fund->limited && match_load_cents(loading, fund->balance, fund->currency, &funds[n].balance)) {
            return match_load_fault(loading, "fund", fund->id, "a balance up to 10^13 base cents in a currency with a rate");
        }
        if (match_load_texts(loading, fund->countries, fund->n_countries, &funds[n].countries)) {
            return STATUS_NO_MEMORY;
        }
        names_add(&loading->funds, fund->id, (uint32_t)n);
    }
    loading->market->funds = funds;
    loading->market->fund_count = (uint32_t)ids.count;
    return STATUS_OK;
}

static int load_policy(struct match_loading *loading)
{
    const Muster__Market *message = loading->message;
    int status = policy_read(message->policy, message->n_policy, NULL, loading->arena, loading->faults, &loading->policy);
    if (status) {
        return status;
    }
    loading->market->as_of = (int32_t)loading->policy.as_of;
    loading->market->as_of_month = (int32_t)cell_month_index(loading->policy.as_of / 100);
    if (names_init(&loading->rates, loading->arena, message->n_rates)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < message->n_rates; n++) {
        names_add(&loading->rates, message->rates[n]->currency, (uint32_t)n);
    }
    names_sort(&loading->rates);
    for (size_t n = 1; n < loading->rates.count; n++) {
        if (strcmp(loading->rates.entries[n - 1].name, loading->rates.entries[n].name) == 0) {
            return match_load_fault(loading, "rate", loading->rates.entries[n].name, "each currency once");
        }
    }
    const struct policy_list *european = &loading->policy.european_countries;
    return match_load_texts(loading, european->texts, european->count, &loading->european);
}

static int load_rules(const struct match_loading *loading, const char *item, struct match_rules *rules)
{
    const struct policy_rules *from = policy_rules_of(&loading->policy, item);
    *rules = (struct match_rules){
        .contract_overhead = from->contract_overhead, .min_nations = from->min_nations, .sme_preference = from->sme_preference,
        .sme_min_share = from->sme_min_share, .european_min_share = from->european_min_share,
        .european_max_share = from->european_max_share, .supplier_max_share = from->supplier_max_share};
    memcpy(rules->weights, from->weights, sizeof rules->weights);
    return match_load_texts(loading, from->excluded_origins.texts, from->excluded_origins.count, &rules->excluded_origins);
}

/* All demands, by lot; each lot's rules. */
static int load_demands(struct match_loading *loading, struct names *demands, struct match_lot **lots)
{
    const Muster__Market *message = loading->message;
    size_t count = message->n_demands;
    struct member *members = arena_array(loading->arena, count, sizeof *members);
    struct match_demand *list = arena_array(loading->arena, count, sizeof *list);
    if (!members || !list || names_init(demands, loading->arena, count)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < count; n++) {
        members[n] = (struct member){message->demands[n]->item, message->demands[n]->id, (uint32_t)n};
    }
    sort_members(members, count);
    loading->demand_list = list;
    size_t lot_count = 0;
    for (size_t n = 0; n < count; n++) {
        lot_count += n == 0 || strcmp(members[n - 1].item, members[n].item) != 0;
    }
    *lots = arena_array(loading->arena, lot_count, sizeof **lots);
    if (!*lots) {
        return STATUS_NO_MEMORY;
    }
    struct match_lot *lot = *lots;
    for (size_t n = 0; n < count; n++) {
        int status = match_load_demand(loading, message->demands[members[n].at], &list[n]);
        if (n > 0 && strcmp(members[n - 1].item, members[n].item) != 0) {
            lot++;
        }
        if (!lot->item) {
            lot->item = members[n].item;
            lot->demands = &list[n];
            status = status ? status : load_rules(loading, lot->item, &lot->rules);
        }
        if (status) {
            return status;
        }
        lot->demand_count++;
        names_add(demands, list[n].id, (uint32_t)n);
    }
    names_sort(demands);
    for (size_t n = 1; n < demands->count; n++) {
        if (strcmp(demands->entries[n - 1].name, demands->entries[n].name) == 0) {
            return match_load_fault(loading, "demand", demands->entries[n].name, "each demand once");
        }
    }
    loading->market->lots = *lots;
    loading->market->lot_count = (uint32_t)lot_count;
    return STATUS_OK;
}

/* All offers of items that have demands. */
static int load_offers(struct match_loading *loading, struct names *offers, struct match_lot *lots)
{
    const Muster__Market *message = loading->message;
    size_t count = message->n_offers;
    uint32_t lot = 0, lot_count = loading->market->lot_count;
    struct member *members = arena_array(loading->arena, count, sizeof *members);
    struct match_offer *list = arena_array(loading->arena, count, sizeof *list);
    if (!members || !list || names_init(offers, loading->arena, count)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < count; n++) {
        members[n] = (struct member){message->offers[n]->item, message->offers[n]->id, (uint32_t)n};
    }
    sort_members(members, count);
    loading->offer_list = list;
    for (size_t n = 0; n < count; n++) {
        while (lot < lot_count && strcmp(lots[lot].item, members[n].item) < 0) {
            lot++;
        }
        if (lot == lot_count || strcmp(lots[lot].item, members[n].item) != 0) {
            continue;
        }
        int status = match_load_offer(loading, message->offers[members[n].at], &lots[lot].rules, &list[n]);
        if (status) {
            return status;
        }
        if (!lots[lot].offers) {
            lots[lot].offers = &list[n];
        }
        lots[lot].offer_count++;
        names_add(offers, list[n].id, (uint32_t)n);
    }
    names_sort(offers);
    for (size_t n = 1; n < offers->count; n++) {
        if (strcmp(offers->entries[n - 1].name, offers->entries[n].name) == 0) {
            return match_load_fault(loading, "offer", offers->entries[n].name, "each offer once");
        }
    }
    return STATUS_OK;
}

/* Where the demands and offers of all lots lie: one array each. */
struct shelves {
    const struct names *demands, *offers;
    uint32_t *lot_of_demand; /* by place in demand_list */
};

static int load_commitment(const struct match_loading *loading, const struct shelves *shelves, struct match_lot *lots,
                           const Muster__Commitment *message, uint32_t *lot_at, struct match_commitment *commitment)
{
    size_t demand_at = names_find(shelves->demands, message->demand), offer_at = names_find(shelves->offers, message->offer);
    if (demand_at == NAMES_NONE || offer_at == NAMES_NONE) {
        return match_load_fault(loading, "commitment of", message->demand, "a demand and an offer of one lot");
    }
    *lot_at = shelves->lot_of_demand[demand_at];
    const struct match_lot *lot = &lots[*lot_at];
    const struct match_demand *demand = &loading->demand_list[demand_at];
    const struct match_offer *offer = &loading->offer_list[offer_at];
    if (!lot->offers || offer < lot->offers || offer >= lot->offers + lot->offer_count) {
        return match_load_fault(loading, "commitment of", message->demand, "an offer of the demand's item");
    }
    uint32_t line = 0;
    int32_t month = (int32_t)cell_month_index(message->month);
    while (line < demand->line_count && demand->lines[line].month != month) {
        line++;
    }
    if (line == demand->line_count || message->quantity < 1 || message->quantity > CELL_QUANTITY_MOST ||
        (int64_t)message->quantity > demand->lines[line].quantity - demand->lines[line].committed) {
        return match_load_fault(loading, "commitment of", message->demand, "a line of the demand, not above its quantity");
    }
    if (message->tier < 1 || message->tier > offer->tier_count) {
        return match_load_fault(loading, "commitment of", message->demand, "a tier of the offer");
    }
    if (message->unit_price < 0 || message->unit_price > CELL_AMOUNT_MOST || message->freight < 0 ||
        message->freight > CELL_AMOUNT_MOST || message->one_off < 0 || message->one_off > CELL_AMOUNT_MOST) {
        return match_load_fault(loading, "commitment of", message->demand, "amounts from 0 to 10^13 base cents");
    }
    struct match_line *open = (struct match_line *)&demand->lines[line]; /* ours: allocated by load_lines */
    open->committed += (int64_t)message->quantity;
    *commitment = (struct match_commitment){
        .demand = (uint32_t)(demand - lot->demands), .line = line, .offer = (uint32_t)(offer - lot->offers),
        .tier = message->tier - 1, .quantity = (int64_t)message->quantity, .unit_price = message->unit_price,
        .freight = message->freight, .one_off = message->one_off};
    return STATUS_OK;
}

struct placed {
    uint32_t lot;
    struct match_commitment commitment;
};

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_placed(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    const struct match_commitment *x = &a->commitment, *y = &b->commitment;
    int order = ORDER(a->lot, b->lot);
    order = order ? order : ORDER(x->demand, y->demand);
    order = order ? order : ORDER(x->line, y->line);
    order = order ? order : ORDER(x->offer, y->offer);
    order = order ? order : ORDER(x->unit_price, y->unit_price);
    order = order ? order : ORDER(x->freight, y->freight);
    order = order ? order : ORDER(x->quantity, y->quantity);
    return order ? order : ORDER(x->one_off, y->one_off);
}

static int share_commitments(const struct match_loading *loading, const struct placed *placed, size_t count,
                             struct match_lot *lots)
{
    struct match_commitment *list = arena_array(loading->arena, count, sizeof *list);
    if (!list) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < count; n++) {
        struct match_lot *lot = &lots[placed[n].lot];
        list[n] = placed[n].commitment;
        if (!lot->commitments) {
            lot->commitments = &list[n];
        }
        lot->commitment_count++;
    }
    return STATUS_OK;
}

static int load_commitments(struct match_loading *loading, const struct names *demands, const struct names *offers,
                            struct match_lot *lots)
{
    const Muster__Market *message = loading->message;
    size_t count = message->n_commitments;
    if (count == 0) {
        return STATUS_OK;
    }
    struct placed *placed = arena_array(loading->arena, count, sizeof *placed);
    uint32_t *lot_of = arena_array(loading->arena, message->n_demands, sizeof *lot_of);
    uint32_t *tier_of = arena_array(loading->arena, message->n_offers, sizeof *tier_of); /* by offer: tier + 1, 0 none */
    if (!placed || !lot_of || !tier_of) {
        return STATUS_NO_MEMORY;
    }
    const struct shelves shelves = {.demands = demands, .offers = offers, .lot_of_demand = lot_of};
    for (uint32_t lot = 0, at = 0; lot < loading->market->lot_count; lot++) {
        for (uint32_t n = 0; n < lots[lot].demand_count; n++) {
            lot_of[at++] = lot;
        }
    }
    for (size_t n = 0; n < count; n++) {
        int status = load_commitment(loading, &shelves, lots, message->commitments[n], &placed[n].lot, &placed[n].commitment);
        if (status) {
            return status;
        }
        size_t offer = names_find(offers, message->commitments[n]->offer);
        if (tier_of[offer] && tier_of[offer] != message->commitments[n]->tier) {
            return match_load_fault(loading, "offer", message->commitments[n]->offer, "one tier for all its commitments");
        }
        tier_of[offer] = message->commitments[n]->tier;
    }
    qsort(placed, count, sizeof *placed, compare_placed);
    return share_commitments(loading, placed, count, lots);
}

__int128 match_load_total(const struct match_lot *lot)
{
    __int128 total = 0;
    int64_t unit = lot->rules.weights[0] * lot->reference;
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        int64_t ceiling = lot->demands[d].ceiling;
        for (uint32_t n = 0; n < lot->demands[d].line_count; n++) {
            total += (__int128)lot->demands[d].lines[n].quantity * (unit > ceiling ? unit : ceiling);
        }
    }
    for (uint32_t n = 0; n < lot->commitment_count; n++) {
        const struct match_commitment *c = &lot->commitments[n];
        total += (__int128)c->quantity * (c->unit_price + c->freight) + c->one_off;
    }
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        int64_t one_off = 0;
        for (uint32_t k = 0; k < lot->offers[o].tier_count; k++) {
            one_off = lot->offers[o].tiers[k].one_off > one_off ? lot->offers[o].tiers[k].one_off : one_off;
        }
        total += one_off + lot->rules.contract_overhead;
    }
    return total;
}

static int check_totals(struct match_loading *loading, struct match_lot *lots)
{
    __int128 whole = 0;
    uint32_t *scratch = arena_array(loading->arena, loading->message->n_demands, sizeof *scratch);
    if (!scratch) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < loading->market->lot_count; n++) {
        lots[n].reference = match_lot_reference(lots[n].demands, lots[n].demand_count, scratch);
        __int128 total = match_load_total(&lots[n]);
        if (total >= MATCH_LOAD_TOTAL_MOST) {
            match_load_fault(loading, "lot", lots[n].item, "a total value (quantity x weight x reference value) below 2^62 cents");
            return STATUS_TOO_LARGE;
        }
        whole += total;
    }
    if (whole >= MATCH_LOAD_TOTAL_MOST) {
        match_load_fault(loading, "the whole", "market", "a total value of all lots below 2^62 cents");
        return STATUS_TOO_LARGE;
    }
    return STATUS_OK;
}

int match_load(const Muster__Market *message, struct arena *arena, struct faults *faults, struct match_market **result)
{
    struct match_loading loading = {.message = message, .arena = arena, .faults = faults};
    struct match_lot *lots = NULL;
    struct names demands, offers;
    if (message->n_demands > MOST_OBJECTS || message->n_offers > MOST_OBJECTS || message->n_commitments > MOST_OBJECTS) {
        return STATUS_NO_MEMORY;
    }
    loading.market = arena_alloc(arena, sizeof *loading.market);
    loading.pool = arena_alloc(arena, sizeof *loading.pool);
    if (!loading.market || !loading.pool) {
        return STATUS_NO_MEMORY;
    }
    int status = load_policy(&loading);
    if (!status) {
        status = load_suppliers(&loading);
    }
    if (!status) {
        status = load_funds(&loading);
    }
    if (!status) {
        status = load_demands(&loading, &demands, &lots);
    }
    if (!status) {
        status = load_offers(&loading, &offers, lots);
    }
    if (!status) {
        status = load_commitments(&loading, &demands, &offers, lots);
    }
    if (!status) {
        status = check_totals(&loading, lots);
    }
    if (!status) {
        *result = loading.market;
    }
    return status;
}
