/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/message.h"

#include <stdlib.h>
#include <string.h>

#include "broker/match/facts.h"
#include "broker/match/split.h"
#include "proto/cell.h"
#include "proto/status.h"

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static char *shared(const char *text)
{
    return (char *)(text ? text : "");
}

static int pack_awards(const struct match_lot *lot, const struct match_lot_plan *plan, struct arena *arena,
                       Muster__LotPlan *message)
{
    Muster__Award *list = arena_array(arena, plan->award_count, sizeof *list);
    message->awards = arena_array(arena, plan->award_count, sizeof *message->awards);
    if (!list || !message->awards) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < plan->award_count; n++) {
        const struct match_award *a = &plan->awards[n];
        const struct match_demand *d = &lot->demands[a->demand];
        muster__award__init(&list[n]);
        list[n].demand = shared(d->id);
        list[n].month = cell_month_of_index((uint32_t)d->lines[a->line].month);
        list[n].offer = shared(lot->offers[a->offer].id);
        list[n].tier = a->tier + 1;
        list[n].quantity = (uint64_t)a->quantity;
        list[n].unit_price = a->unit_price;
        list[n].freight = a->freight;
        list[n].one_off = a->one_off;
        message->awards[message->n_awards++] = &list[n];
    }
    return STATUS_OK;
}

static int pack_tried(const struct match_trial *tried, uint32_t count, struct arena *arena, Muster__Trial ***result)
{
    Muster__Trial *list = arena_array(arena, count, sizeof *list);
    *result = arena_array(arena, count, sizeof **result);
    if (!list || !*result) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < count; n++) {
        muster__trial__init(&list[n]);
        list[n].kind = shared(tried[n].kind);
        list[n].detail = shared(tried[n].detail);
        list[n].text = shared(tried[n].text);
        list[n].adds = tried[n].adds;
        list[n].covers = tried[n].covers;
        (*result)[n] = &list[n];
    }
    return STATUS_OK;
}

static int pack_reasons(const struct match_lot *lot, const struct match_lot_plan *plan, struct arena *arena,
                        Muster__LotPlan *message)
{
    Muster__Uncovered *uncovered = arena_array(arena, plan->uncovered_count, sizeof *uncovered);
    Muster__Unused *unused = arena_array(arena, plan->unused_count, sizeof *unused);
    message->uncovered = arena_array(arena, plan->uncovered_count, sizeof *message->uncovered);
    message->unused = arena_array(arena, plan->unused_count, sizeof *message->unused);
    if (!uncovered || !unused || !message->uncovered || !message->unused) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < plan->uncovered_count; n++) {
        const struct match_uncovered *from = &plan->uncovered[n];
        muster__uncovered__init(&uncovered[n]);
        uncovered[n].demand = shared(lot->demands[from->demand].id);
        uncovered[n].quantity = (uint64_t)from->quantity;
        uncovered[n].reason = shared(match_reason_name(from->reason));
        uncovered[n].text = (char *)from->text;
        uncovered[n].n_tried = from->tried_count;
        message->uncovered[message->n_uncovered++] = &uncovered[n];
        if (pack_tried(from->tried, from->tried_count, arena, &uncovered[n].tried)) {
            return STATUS_NO_MEMORY;
        }
    }
    for (uint32_t n = 0; n < plan->unused_count; n++) {
        const struct match_unused *from = &plan->unused[n];
        muster__unused__init(&unused[n]);
        unused[n].offer = shared(lot->offers[from->offer].id);
        unused[n].reason = shared(match_reason_name(from->reason));
        unused[n].text = (char *)from->text;
        unused[n].n_tried = from->tried_count;
        message->unused[message->n_unused++] = &unused[n];
        if (pack_tried(from->tried, from->tried_count, arena, &unused[n].tried)) {
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

static int pack_settlement(const struct match_lot_plan *plan, struct arena *arena, Muster__LotPlan *message)
{
    Muster__NationShare *nations = arena_array(arena, plan->nation_count, sizeof *nations);
    Muster__Rule *rules = arena_array(arena, plan->rule_count, sizeof *rules);
    message->nations = arena_array(arena, plan->nation_count, sizeof *message->nations);
    message->rules = arena_array(arena, plan->rule_count, sizeof *message->rules);
    if (!nations || !rules || !message->nations || !message->rules) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < plan->nation_count; n++) {
        const struct match_nation *from = &plan->nations[n];
        muster__nation_share__init(&nations[n]);
        nations[n].country = shared(from->country);
        nations[n].wanted = (uint64_t)from->wanted;
        nations[n].quantity = (uint64_t)from->quantity;
        nations[n].pays = from->pays;
        nations[n].alone_quantity = (uint64_t)from->alone_quantity;
        nations[n].alone_pays = from->alone_pays;
        nations[n].saving = from->saving;
        message->nations[message->n_nations++] = &nations[n];
    }
    for (uint32_t n = 0; n < plan->rule_count; n++) {
        const struct match_rule *from = &plan->rules[n];
        muster__rule__init(&rules[n]);
        rules[n].name = shared(from->name);
        rules[n].numerator = from->numerator;
        rules[n].denominator = from->denominator;
        rules[n].least = from->least;
        rules[n].most = from->most;
        rules[n].met = from->met;
        message->rules[message->n_rules++] = &rules[n];
    }
    return STATUS_OK;
}

int match_message_pack_lot(const struct match_market *market, uint32_t lot, const struct match_lot_plan *plan,
                           struct arena *arena, Muster__LotPlan **message)
{
    Muster__LotPlan *result = arena_alloc(arena, sizeof *result);
    if (!result) {
        return STATUS_NO_MEMORY;
    }
    muster__lot_plan__init(result);
    result->item = shared(market->lots[lot].item);
    result->objective = plan->objective;
    result->bound = plan->bound;
    result->reference = market->lots[lot].reference;
    result->forbidden_by = shared(plan->forbidden_by);
    *message = result;
    int status = pack_awards(&market->lots[lot], plan, arena, result);
    status = status ? status : pack_reasons(&market->lots[lot], plan, arena, result);
    return status ? status : pack_settlement(plan, arena, result);
}

int match_message_pack(const struct match_market *market, const struct match_plan *plan, struct arena *arena,
                       Muster__Plan **message)
{
    Muster__Plan *result = arena_alloc(arena, sizeof *result);
    if (!result) {
        return STATUS_NO_MEMORY;
    }
    muster__plan__init(result);
    static char engine[] = MATCH_ENGINE;
    result->objective = plan->objective;
    result->bound = plan->bound;
    result->engine = engine;
    result->lots = arena_array(arena, plan->lot_count, sizeof *result->lots);
    if (!result->lots) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < plan->lot_count; n++) {
        int status = match_message_pack_lot(market, n, &plan->lots[n], arena, &result->lots[n]);
        if (status) {
            return status;
        }
        result->n_lots++;
    }
    *message = result;
    return STATUS_OK;
}

static uint32_t find_demand(const struct match_lot *lot, const char *id)
{
    uint32_t low = 0, high = lot->demand_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(lot->demands[middle].id, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < lot->demand_count && strcmp(lot->demands[low].id, id) == 0 ? low : MATCH_NONE;
}

static uint32_t find_offer(const struct match_lot *lot, const char *id)
{
    uint32_t low = 0, high = lot->offer_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(lot->offers[middle].id, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < lot->offer_count && strcmp(lot->offers[low].id, id) == 0 ? low : MATCH_NONE;
}

static int unpack_awards(const struct match_lot *lot, const Muster__LotPlan *message, struct arena *arena,
                         struct match_lot_plan *plan)
{
    plan->awards = arena_array(arena, message->n_awards, sizeof *plan->awards);
    if (!plan->awards) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < message->n_awards; n++) {
        const Muster__Award *from = message->awards[n];
        struct match_award *a = &plan->awards[plan->award_count++];
        *a = (struct match_award){.demand = find_demand(lot, from->demand), .offer = find_offer(lot, from->offer),
                                  .tier = from->tier - 1, .unit_price = from->unit_price, .freight = from->freight,
                                  .one_off = from->one_off};
        a->quantity = from->quantity > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)from->quantity;
        if (a->demand == MATCH_NONE || a->offer == MATCH_NONE) {
            return STATUS_INVALID;
        }
        const struct match_demand *d = &lot->demands[a->demand];
        while (a->line < d->line_count && cell_month_of_index((uint32_t)d->lines[a->line].month) != from->month) {
            a->line++;
        }
        if (a->line == d->line_count) {
            return STATUS_INVALID;
        }
    }
    if (plan->award_count > 1) {
        qsort(plan->awards, plan->award_count, sizeof *plan->awards, match_split_compare);
    }
    return STATUS_OK;
}

static int unpack_tried(Muster__Trial *const *list, size_t count, struct arena *arena, const struct match_trial **tried)
{
    struct match_trial *result = arena_array(arena, count, sizeof *result);
    if (!result) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < count; n++) {
        result[n] = (struct match_trial){list[n]->kind, list[n]->detail, list[n]->text, list[n]->adds, list[n]->covers};
    }
    *tried = result;
    return STATUS_OK;
}

static int compare_uncovered(const void *left, const void *right)
{
    const struct match_uncovered *a = left, *b = right;
    return ORDER(a->demand, b->demand);
}

static int unpack_reasons(const struct match_lot *lot, const Muster__LotPlan *message, struct arena *arena,
                          struct match_lot_plan *plan)
{
    plan->uncovered = arena_array(arena, message->n_uncovered, sizeof *plan->uncovered);
    plan->unused = arena_array(arena, message->n_unused, sizeof *plan->unused);
    if (!plan->uncovered || !plan->unused) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < message->n_uncovered; n++) {
        const Muster__Uncovered *from = message->uncovered[n];
        struct match_uncovered *to = &plan->uncovered[plan->uncovered_count++];
        *to = (struct match_uncovered){.demand = find_demand(lot, from->demand), .text = from->text,
                                       .tried_count = (uint32_t)from->n_tried};
        to->quantity = from->quantity > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)from->quantity;
        if (to->demand == MATCH_NONE || !match_reason_find(from->reason, &to->reason)) {
            return STATUS_INVALID;
        }
        if (unpack_tried(from->tried, from->n_tried, arena, &to->tried)) {
            return STATUS_NO_MEMORY;
        }
    }
    for (size_t n = 0; n < message->n_unused; n++) {
        const Muster__Unused *from = message->unused[n];
        struct match_unused *to = &plan->unused[plan->unused_count++];
        *to = (struct match_unused){.offer = find_offer(lot, from->offer), .text = from->text,
                                    .tried_count = (uint32_t)from->n_tried};
        if (to->offer == MATCH_NONE || !match_reason_find(from->reason, &to->reason)) {
            return STATUS_INVALID;
        }
        if (unpack_tried(from->tried, from->n_tried, arena, &to->tried)) {
            return STATUS_NO_MEMORY;
        }
    }
    if (plan->uncovered_count > 1) {
        qsort(plan->uncovered, plan->uncovered_count, sizeof *plan->uncovered, compare_uncovered);
    }
    return STATUS_OK;
}

static int unpack_settlement(const Muster__LotPlan *message, struct arena *arena, struct match_lot_plan *plan)
{
    plan->nations = arena_array(arena, message->n_nations, sizeof *plan->nations);
    plan->rules = arena_array(arena, message->n_rules, sizeof *plan->rules);
    if (!plan->nations || !plan->rules) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < message->n_nations; n++) {
        const Muster__NationShare *from = message->nations[n];
        plan->nations[plan->nation_count++] = (struct match_nation){
            from->country, (int64_t)from->wanted, (int64_t)from->quantity, from->pays, (int64_t)from->alone_quantity,
            from->alone_pays, from->saving};
    }
    for (size_t n = 0; n < message->n_rules; n++) {
        const Muster__Rule *from = message->rules[n];
        plan->rules[plan->rule_count++] =
            (struct match_rule){from->name, from->numerator, from->denominator, from->least, from->most, from->met};
    }
    return STATUS_OK;
}

static uint32_t find_lot(const struct match_market *market, const char *item)
{
    uint32_t low = 0, high = market->lot_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(market->lots[middle].item, item) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < market->lot_count && strcmp(market->lots[low].item, item) == 0 ? low : MATCH_NONE;
}

int match_message_unpack(const struct match_market *market, const Muster__Plan *message, struct arena *arena,
                         struct match_plan **plan)
{
    struct match_plan *result = arena_alloc(arena, sizeof *result);
    bool *seen = arena_array(arena, market->lot_count, sizeof *seen);
    if (!result || !seen) {
        return STATUS_NO_MEMORY;
    }
    if (message->n_lots != market->lot_count) {
        return STATUS_INVALID;
    }
    *result = (struct match_plan){.objective = message->objective, .bound = message->bound, .lot_count = market->lot_count};
    result->lots = arena_array(arena, market->lot_count, sizeof *result->lots);
    if (!result->lots) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < message->n_lots; n++) {
        const Muster__LotPlan *from = message->lots[n];
        uint32_t lot = find_lot(market, from->item);
        if (lot == MATCH_NONE || seen[lot]) {
            return STATUS_INVALID;
        }
        seen[lot] = true;
        struct match_lot_plan *to = &result->lots[lot];
        to->objective = from->objective;
        to->bound = from->bound;
        to->forbidden_by = *from->forbidden_by ? from->forbidden_by : NULL;
        int status = unpack_awards(&market->lots[lot], from, arena, to);
        status = status ? status : unpack_reasons(&market->lots[lot], from, arena, to);
        status = status ? status : unpack_settlement(from, arena, to);
        if (status) {
            return status;
        }
    }
    *plan = result;
    return STATUS_OK;
}
