/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/load_object.h"

#include <stdlib.h>
#include <string.h>

#include "proto/cell.h"
#include "proto/status.h"

int match_load_fault(const struct match_loading *loading, const char *noun, const char *id, const char *expected)
{
    char *field = arena_format(loading->arena, "%s %s", noun, id);
    faults_add(loading->faults, field ? field : noun, "", expected, "correct it, or leave the object out");
    return STATUS_INVALID;
}

int match_load_cents(const struct match_loading *loading, int64_t hundredths, const char *currency, int64_t *cents)
{
    uint64_t rate = 1000000;
    if (*currency && strcmp(currency, loading->policy.base_currency) != 0) {
        size_t at = names_find(&loading->rates, currency);
        if (at == NAMES_NONE) {
            return STATUS_INVALID;
        }
        rate = loading->message->rates[at]->millionths;
    }
    if (hundredths < 0 || hundredths > INT64_C(1000000000000000) || rate == 0) {
        return STATUS_INVALID;
    }
    return cell_base_cents(hundredths, rate, cents) ? STATUS_OK : STATUS_INVALID;
}

const char *match_load_text(const struct match_loading *loading, const char *text)
{
    struct match_pool *pool = loading->pool;
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (const char *at = text; *at; at++) {
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    }
    for (uint32_t place = hash % MATCH_POOL, tries = 0; tries < 8; tries++, place = (place + 1) % MATCH_POOL) {
        if (!pool->texts[place]) {
            pool->texts[place] = text;
            return text;
        }
        if (strcmp(pool->texts[place], text) == 0) {
            return pool->texts[place];
        }
    }
    return text;
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

int match_load_texts(const struct match_loading *loading, char *const *list, size_t count, struct match_texts *texts)
{
    *texts = (struct match_texts){0};
    if (count == 0) {
        return STATUS_OK;
    }
    const char **sorted = arena_array(loading->arena, count, sizeof *sorted);
    if (!sorted) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < count; n++) {
        sorted[n] = match_load_text(loading, list[n]);
    }
    if (count > 1) {
        qsort(sorted, count, sizeof *sorted, compare_texts);
    }
    uint32_t kept = 0;
    for (size_t n = 0; n < count; n++) {
        if (n == 0 || strcmp(sorted[kept - 1], sorted[n]) != 0) {
            sorted[kept++] = sorted[n];
        }
    }
    *texts = (struct match_texts){sorted, kept};
    return STATUS_OK;
}

static bool month_is_valid(uint32_t month)
{
    return month >= CELL_MONTH_FIRST && month <= CELL_MONTH_LAST && month % 100 >= 1 && month % 100 <= 12;
}

static int compare_lines(const void *left, const void *right)
{
    const struct match_line *a = left, *b = right;
    return (a->month > b->month) - (a->month < b->month);
}

static int load_lines(const struct match_loading *loading, const Muster__Demand *message, struct match_demand *demand)
{
    if (message->n_lines < 1 || message->n_lines > MATCH_MOST_LINES) {
        return match_load_fault(loading, "demand", message->id, "1 to 240 lines");
    }
    struct match_line *lines = arena_array(loading->arena, message->n_lines, sizeof *lines);
    if (!lines) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < message->n_lines; n++) {
        const Muster__Line *line = message->lines[n];
        if (!month_is_valid(line->month) || line->quantity < 1 || line->quantity > CELL_QUANTITY_MOST) {
            return match_load_fault(loading, "demand", message->id, "months from 2000-01 to 2199-12, quantities from 1 to 10^9");
        }
        lines[n] = (struct match_line){.month = (int32_t)cell_month_index(line->month), .quantity = (int64_t)line->quantity};
    }
    if (message->n_lines > 1) {
        qsort(lines, message->n_lines, sizeof *lines, compare_lines);
    }
    for (size_t n = 1; n < message->n_lines; n++) {
        if (lines[n - 1].month == lines[n].month) {
            return match_load_fault(loading, "demand", message->id, "each month once");
        }
    }
    demand->lines = lines;
    demand->line_count = (uint32_t)message->n_lines;
    return STATUS_OK;
}

static int compare_requirements(const void *left, const void *right)
{
    const struct match_requirement *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    order = order ? order : (a->comparison > b->comparison) - (a->comparison < b->comparison);
    return order ? order : strcmp(a->value, b->value);
}

static int load_requires(const struct match_loading *loading, const Muster__Demand *message, struct match_demand *demand)
{
    static const enum match_comparison comparisons[] = {
        [CELL_EQUAL] = MATCH_EQUAL, [CELL_AT_LEAST] = MATCH_AT_LEAST, [CELL_AT_MOST] = MATCH_AT_MOST};
    size_t count = message->n_requires;
    if (count == 0) {
        return STATUS_OK;
    }
    struct match_requirement *list = arena_array(loading->arena, count, sizeof *list);
    if (!list) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < count; n++) {
        struct cell_requirement requirement;
        if (!cell_requirement(message->requires[n], loading->arena, &requirement)) {
            return match_load_fault(loading, "demand", message->id, "requirements such as range_km>=30");
        }
        list[n] = (struct match_requirement){match_load_text(loading, requirement.name), comparisons[requirement.operation],
                                             match_load_text(loading, requirement.value)};
    }
    qsort(list, count, sizeof *list, compare_requirements);
    uint32_t kept = 0;
    for (size_t n = 0; n < count; n++) {
        if (n == 0 || compare_requirements(&list[kept - 1], &list[n]) != 0) {
            list[kept++] = list[n];
        }
    }
    demand->requires = list;
    demand->require_count = kept;
    return STATUS_OK;
}

int match_load_demand(const struct match_loading *loading, const Muster__Demand *message, struct match_demand *demand)
{
    *demand = (struct match_demand){
        .id = message->id, .country = match_load_text(loading, message->country),
        .place = match_load_text(loading, *message->place ? message->place : message->country), .priority = message->priority,
        .min_quantity = (int64_t)message->min_quantity, .single_supplier = message->single_supplier, .fund = MATCH_NONE};
    if (*message->id == '\0' || *message->country == '\0') {
        return match_load_fault(loading, "demand", message->id, "an id and a country");
    }
    if (message->priority < 1 || message->priority > MATCH_PRIORITIES || message->min_quantity < 1 ||
        message->min_quantity > CELL_QUANTITY_MOST) {
        return match_load_fault(loading, "demand", message->id, "a priority from 1 to 5 and a minimum from 1 to 10^9");
    }
    if (match_load_cents(loading, message->max_unit_price, message->currency, &demand->ceiling)) {
        return match_load_fault(loading, "demand", message->id, "a ceiling up to 10^13 base cents in a currency with a rate");
    }
    if (*message->fund) {
        size_t fund = names_find(&loading->funds, message->fund);
        if (fund == NAMES_NONE) {
            return match_load_fault(loading, "demand", message->id, "a fund of this market");
        }
        demand->fund = (uint32_t)fund;
    }
    int status = load_lines(loading, message, demand);
    if (!status) {
        status = load_requires(loading, message, demand);
    }
    if (!status) {
        status = match_load_texts(loading, message->certificates, message->n_certificates, &demand->certificates);
    }
    if (!status) {
        status = match_load_texts(loading, message->exclude_origins, message->n_exclude_origins,
                                  &demand->exclude_origins);
    }
    return status;
}

static int load_tiers(const struct match_loading *loading, const Muster__Offer *message, const struct match_rules *rules,
                      struct match_offer *offer)
{
    if (message->n_tiers < 1 || message->n_tiers > MATCH_MOST_TIERS) {
        return match_load_fault(loading, "offer", message->id, "1 to 32 tiers");
    }
    struct match_tier *tiers = arena_array(loading->arena, message->n_tiers, sizeof *tiers);
    if (!tiers) {
        return STATUS_NO_MEMORY;
    }
    bool sme = loading->market->suppliers[offer->supplier].sme;
    for (size_t n = 0; n < message->n_tiers; n++) {
        const Muster__Tier *tier = message->tiers[n];
        if (tier->min_quantity < 1 || tier->min_quantity > CELL_QUANTITY_MOST || tier->stock > CELL_QUANTITY_MOST ||
            tier->monthly_rate > CELL_QUANTITY_MOST || !month_is_valid(tier->first_month)) {
            return match_load_fault(loading, "offer", message->id, "tiers with quantities up to 10^9 and months from 2000-01 to 2199-12");
        }
        tiers[n] = (struct match_tier){
            .min_quantity = (int64_t)tier->min_quantity, .stock = (int64_t)tier->stock,
            .monthly_rate = (int64_t)tier->monthly_rate, .first_month = (int32_t)cell_month_index(tier->first_month)};
        if (match_load_cents(loading, tier->unit_price, message->currency, &tiers[n].unit_price) ||
            match_load_cents(loading, tier->one_off, message->currency, &tiers[n].one_off)) {
            return match_load_fault(loading, "offer", message->id, "amounts up to 10^13 base cents in a currency with a rate");
        }
        tiers[n].evaluated_price = match_price_evaluated(tiers[n].unit_price, sme, rules->sme_preference);
    }
    offer->tiers = tiers;
    offer->tier_count = (uint32_t)message->n_tiers;
    return STATUS_OK;
}

static int compare_freight(const void *left, const void *right)
{
    const struct match_freight *a = left, *b = right;
    return strcmp(a->prefix, b->prefix);
}

static int load_freight(const struct match_loading *loading, const Muster__Offer *message, struct match_offer *offer)
{
    struct match_freight *list = arena_array(loading->arena, message->n_freight, sizeof *list);
    if (!list) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < message->n_freight; n++) {
        list[n].prefix = match_load_text(loading, message->freight[n]->prefix);
        if (*list[n].prefix == '\0' ||
            match_load_cents(loading, message->freight[n]->amount, message->currency, &list[n].amount)) {
            return match_load_fault(loading, "offer", message->id, "freight by prefix, up to 10^13 base cents");
        }
    }
    if (message->n_freight > 1) {
        qsort(list, message->n_freight, sizeof *list, compare_freight);
    }
    for (size_t n = 1; n < message->n_freight; n++) {
        if (strcmp(list[n - 1].prefix, list[n].prefix) == 0) {
            return match_load_fault(loading, "offer", message->id, "each freight prefix once");
        }
    }
    offer->freight = list;
    offer->freight_count = (uint32_t)message->n_freight;
    return STATUS_OK;
}

static int compare_attributes(const void *left, const void *right)
{
    const struct match_attribute *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static int load_provides(const struct match_loading *loading, const Muster__Offer *message, struct match_offer *offer)
{
    struct match_attribute *list = arena_array(loading->arena, message->n_provides, sizeof *list);
    if (!list) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < message->n_provides; n++) {
        char *name = arena_string(loading->arena, message->provides[n]->name);
        if (!name) {
            return STATUS_NO_MEMORY;
        }
        cell_lower(name);
        list[n] = (struct match_attribute){match_load_text(loading, name), match_load_text(loading, message->provides[n]->value)};
    }
    if (message->n_provides > 1) {
        qsort(list, message->n_provides, sizeof *list, compare_attributes);
    }
    for (size_t n = 1; n < message->n_provides; n++) {
        if (strcmp(list[n - 1].name, list[n].name) == 0) {
            return match_load_fault(loading, "offer", message->id, "each attribute once");
        }
    }
    offer->provides = list;
    offer->provide_count = (uint32_t)message->n_provides;
    return STATUS_OK;
}

static int compare_origins(const void *left, const void *right)
{
    const struct match_origin *a = left, *b = right;
    return strcmp(a->country, b->country);
}

static int load_origins(const struct match_loading *loading, const Muster__Offer *message, struct match_offer *offer)
{
    size_t count = message->n_origin ? message->n_origin : 1;
    struct match_origin *list = arena_array(loading->arena, count, sizeof *list);
    if (!list) {
        return STATUS_NO_MEMORY;
    }
    uint32_t kept = 0;
    uint64_t total = 0;
    for (size_t n = 0; n < message->n_origin; n++) {
        const Muster__Origin *origin = message->origin[n];
        total += origin->percent;
        if (origin->percent > 0) {
            list[kept++] = (struct match_origin){match_load_text(loading, origin->country), origin->percent};
        }
    }
    if (message->n_origin == 0) {
        list[kept++] = (struct match_origin){loading->market->suppliers[offer->supplier].country, 100};
    } else if (total != 100) {
        return match_load_fault(loading, "offer", message->id, "an origin that sums to 100 percent");
    }
    qsort(list, kept, sizeof *list, compare_origins);
    for (uint32_t n = 0; n < kept; n++) {
        if (n > 0 && strcmp(list[n - 1].country, list[n].country) == 0) {
            return match_load_fault(loading, "offer", message->id, "each country of origin once");
        }
        if (match_texts_hold(&loading->european, list[n].country)) {
            offer->european_content += list[n].percent;
        }
    }
    offer->origins = list;
    offer->origin_count = kept;
    return STATUS_OK;
}

int match_load_offer(const struct match_loading *loading, const Muster__Offer *message, const struct match_rules *rules,
                     struct match_offer *offer)
{
    *offer = (struct match_offer){
        .id = message->id, .valid_until = (int32_t)message->valid_until,
        .max_quantity = message->max_quantity ? (int64_t)message->max_quantity : MATCH_UNLIMITED};
    size_t supplier = names_find(&loading->suppliers, message->supplier);
    if (*message->id == '\0' || supplier == NAMES_NONE) {
        return match_load_fault(loading, "offer", message->id, "an id and a supplier of this market");
    }
    offer->supplier = (uint32_t)supplier;
    if (message->max_quantity > CELL_QUANTITY_MOST || message->valid_until > 99991231) {
        return match_load_fault(loading, "offer", message->id, "a maximum up to 10^9 and a date");
    }
    int status = load_tiers(loading, message, rules, offer);
    if (!status) {
        status = load_freight(loading, message, offer);
    }
    if (!status) {
        status = load_provides(loading, message, offer);
    }
    if (!status) {
        status = load_origins(loading, message, offer);
    }
    if (!status) {
        status = match_load_texts(loading, message->certificates, message->n_certificates, &offer->certificates);
    }
    if (!status) {
        status = match_load_texts(loading, message->destinations, message->n_destinations, &offer->destinations);
    }
    return status;
}
