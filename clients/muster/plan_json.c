/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/plan_work.h"

#include <jansson.h>

#include "broker/match/facts.h"
#include "clients/muster/figures.h"
#include "proto/cell.h"
#include "proto/status.h"

/* Takes what json_pack made over into a list; false where memory is out. */
static bool append(json_t *list, json_t *object)
{
    return json_array_append_new(list, object) == 0;
}

static json_t *awards_of(const struct match_lot *lot, const struct match_lot_plan *plan)
{
    json_t *list = json_array();
    for (uint32_t n = 0; n < plan->award_count && list; n++) {
        const struct match_award *a = &plan->awards[n];
        const struct match_demand *d = &lot->demands[a->demand];
        uint32_t month = cell_month_of_index((uint32_t)d->lines[a->line].month);
        json_t *object = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "demand", d->id, "month",
                                   figures_month(month).text, "offer", lot->offers[a->offer].id, "tier",
                                   (json_int_t)a->tier + 1, "quantity", (json_int_t)a->quantity, "unit_price",
                                   (json_int_t)a->unit_price, "freight", (json_int_t)a->freight, "one_off",
                                   (json_int_t)a->one_off);
        if (!append(list, object)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Adds text and tried to an uncovered demand or an unused offer, where it is explained. */
static bool explain(json_t *object, const char *text, const struct match_trial *tried, uint32_t count)
{
    if (!object || !text) {
        return object != NULL;
    }
    json_t *list = json_array();
    for (uint32_t n = 0; n < count && list; n++) {
        if (!append(list, json_pack("{s:s, s:s, s:s, s:I, s:b}", "kind", tried[n].kind, "detail", tried[n].detail, "text",
                                    tried[n].text, "adds", (json_int_t)tried[n].adds, "covers", (int)tried[n].covers))) {
            json_decref(list);
            return false;
        }
    }
    return json_object_set_new(object, "text", json_string(text)) == 0 && json_object_set_new(object, "tried", list) == 0;
}

static json_t *uncovered_of(const struct match_lot *lot, const struct match_lot_plan *plan)
{
    json_t *list = json_array();
    for (uint32_t n = 0; n < plan->uncovered_count && list; n++) {
        const struct match_uncovered *u = &plan->uncovered[n];
        json_t *object = json_pack("{s:s, s:I, s:s}", "demand", lot->demands[u->demand].id, "quantity",
                                   (json_int_t)u->quantity, "reason", match_reason_name(u->reason));
        bool done = explain(object, u->text, u->tried, u->tried_count);
        if (!append(list, object) || !done) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *unused_of(const struct match_lot *lot, const struct match_lot_plan *plan)
{
    json_t *list = json_array();
    for (uint32_t n = 0; n < plan->unused_count && list; n++) {
        const struct match_unused *u = &plan->unused[n];
        json_t *object = json_pack("{s:s, s:s}", "offer", lot->offers[u->offer].id, "reason", match_reason_name(u->reason));
        bool done = explain(object, u->text, u->tried, u->tried_count);
        if (!append(list, object) || !done) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *nations_of(const struct match_lot_plan *plan)
{
    json_t *list = json_array();
    for (uint32_t n = 0; n < plan->nation_count && list; n++) {
        const struct match_nation *row = &plan->nations[n];
        if (!append(list, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "country", row->country, "wanted",
                                    (json_int_t)row->wanted, "quantity", (json_int_t)row->quantity, "pays",
                                    (json_int_t)row->pays, "alone_quantity", (json_int_t)row->alone_quantity, "alone_pays",
                                    (json_int_t)row->alone_pays, "saving", (json_int_t)row->saving))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *rules_of(const struct match_lot_plan *plan)
{
    json_t *list = json_array();
    for (uint32_t n = 0; n < plan->rule_count && list; n++) {
        const struct match_rule *rule = &plan->rules[n];
        json_t *most = rule->most < 0 ? json_null() : json_integer(rule->most);
        if (!append(list, json_pack("{s:s, s:I, s:I, s:I, s:o, s:b}", "name", rule->name, "numerator",
                                    (json_int_t)rule->numerator, "denominator", (json_int_t)rule->denominator, "least",
                                    (json_int_t)rule->least, "most", most, "met", (int)rule->met))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Sets a member that may be NULL for want of memory. */
static bool set(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static json_t *lot_of(const struct match_lot *lot, const struct match_lot_plan *plan)
{
    json_t *object = json_pack("{s:s, s:I, s:I, s:I}", "item", lot->item, "objective", (json_int_t)plan->objective, "bound",
                               (json_int_t)plan->bound, "reference", (json_int_t)lot->reference);
    bool done = object && set(object, "awards", awards_of(lot, plan)) && set(object, "uncovered", uncovered_of(lot, plan));
    if (done && plan->forbidden_by) {
        done = set(object, "forbidden_by", json_string(plan->forbidden_by));
    }
    if (done && plan->unused_count) {
        done = set(object, "unused", unused_of(lot, plan));
    }
    if (done && plan->nation_count) {
        done = set(object, "nations", nations_of(plan)) && set(object, "rules", rules_of(plan));
    }
    if (!done) {
        json_decref(object);
        return NULL;
    }
    return object;
}

int plan_print_json(const struct plan_result *result, FILE *out)
{
    /* Lot by lot, so that a market of thousands of lots is never held a second time as JSON objects. */
    const struct match_plan *plan = result->plan;
    fprintf(out, "{\"objective\": %lld, \"bound\": %lld, \"lots\": [", (long long)plan->objective, (long long)plan->bound);
    for (uint32_t n = 0; n < plan->lot_count; n++) {
        fputs(n ? ",\n" : "\n", out);
        json_t *lot = lot_of(&result->market->lots[n], &plan->lots[n]);
        if (!lot) {
            return STATUS_NO_MEMORY;
        }
        int failed = json_dumpf(lot, out, JSON_PRESERVE_ORDER);
        json_decref(lot);
        if (failed) {
            return STATUS_IO;
        }
    }
    fputs("]}\n", out);
    return ferror(out) ? STATUS_IO : STATUS_OK;
}
