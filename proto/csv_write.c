/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/status.h"

void csv_write_header(struct csv_out *out, const struct csv_format *format)
{
    for (uint32_t at = 0; at < format->count; at++) {
        csv_out_text(out, format->columns[at].name);
    }
    csv_out_end(out);
}

/*
 * Entries with ; between. One entry alone that has another separator in it gets a ; behind it, so that it reads as one.
 */
static void write_joined(struct csv_out *out, const char *const *entries, size_t count)
{
    size_t length = 2;
    for (size_t at = 0; at < count; at++) {
        length += strlen(entries[at]) + 1;
    }
    char *text = arena_alloc(out->arena, length), *to = text;
    if (!text) {
        out->status = STATUS_NO_MEMORY;
        return;
    }
    for (size_t at = 0; at < count; at++) {
        to += snprintf(to, length - (size_t)(to - text), "%s%s", at ? ";" : "", entries[at]);
    }
    if (count == 1 && strpbrk(text, ",|")) {
        strcpy(to, ";");
    }
    csv_out_text(out, text);
}

static void write_texts(struct csv_out *out, char *const *texts, size_t count)
{
    const char **entries = arena_array(out->arena, count, sizeof *entries);
    for (size_t at = 0; entries && at < count; at++) {
        entries[at] = texts[at];
    }
    if (!entries) {
        out->status = STATUS_NO_MEMORY;
        return;
    }
    write_joined(out, entries, count);
}

static const char *release_name(Muster__Release release)
{
    return release == MUSTER__RELEASE__RELEASE_SEALED ? "sealed" : release == MUSTER__RELEASE__RELEASE_OPEN ? "open" : "pooled";
}

static void write_demand(struct csv_out *out, const Muster__Demand *demand)
{
    for (size_t at = 0; at < demand->n_lines; at++) {
        csv_out_text(out, demand->id);
        csv_out_text(out, demand->country);
        csv_out_text(out, demand->item);
        csv_out_month(out, demand->lines[at]->month);
        csv_out_number(out, demand->lines[at]->quantity);
        csv_out_number(out, demand->min_quantity);
        csv_out_amount(out, demand->max_unit_price);
        csv_out_text(out, demand->currency);
        csv_out_number(out, demand->priority);
        csv_out_text(out, demand->place);
        csv_out_text(out, demand->single_supplier ? "yes" : "no");
        write_texts(out, demand->requires, demand->n_requires);
        write_texts(out, demand->certificates, demand->n_certificates);
        write_texts(out, demand->exclude_origins, demand->n_exclude_origins);
        csv_out_text(out, demand->fund);
        csv_out_text(out, release_name(demand->release));
        csv_out_end(out);
    }
}

void csv_write_demands(struct csv_out *out, Muster__Demand *const *demands, size_t count)
{
    csv_write_header(out, &csv_format_demand);
    for (size_t at = 0; at < count; at++) {
        write_demand(out, demands[at]);
    }
}

static void write_freight(struct csv_out *out, const Muster__Offer *offer)
{
    const char **entries = arena_array(out->arena, offer->n_freight, sizeof *entries);
    for (size_t at = 0; entries && at < offer->n_freight; at++) {
        const Muster__Freight *freight = offer->freight[at];
        entries[at] = arena_format(out->arena, "%s:%" PRId64 ".%02d", freight->prefix, freight->amount / 100, (int)(freight->amount % 100));
        if (!entries[at]) {
            entries = NULL;
        }
    }
    if (!entries) {
        out->status = STATUS_NO_MEMORY;
        return;
    }
    write_joined(out, entries, offer->n_freight);
}

static void write_origin(struct csv_out *out, const Muster__Offer *offer)
{
    const char **entries = arena_array(out->arena, offer->n_origin, sizeof *entries);
    for (size_t at = 0; entries && at < offer->n_origin; at++) {
        entries[at] = arena_format(out->arena, "%s:%" PRIu32, offer->origin[at]->country, offer->origin[at]->percent);
        if (!entries[at]) {
            entries = NULL;
        }
    }
    if (!entries) {
        out->status = STATUS_NO_MEMORY;
        return;
    }
    write_joined(out, entries, offer->n_origin);
}

static void write_provides(struct csv_out *out, const Muster__Offer *offer)
{
    const char **entries = arena_array(out->arena, offer->n_provides, sizeof *entries);
    for (size_t at = 0; entries && at < offer->n_provides; at++) {
        entries[at] = arena_format(out->arena, "%s=%s", offer->provides[at]->name, offer->provides[at]->value);
        if (!entries[at]) {
            entries = NULL;
        }
    }
    if (!entries) {
        out->status = STATUS_NO_MEMORY;
        return;
    }
    write_joined(out, entries, offer->n_provides);
}

static void write_offer(struct csv_out *out, const Muster__Offer *offer)
{
    for (size_t at = 0; at < offer->n_tiers; at++) {
        const Muster__Tier *tier = offer->tiers[at];
        csv_out_text(out, offer->id);
        csv_out_text(out, offer->supplier);
        csv_out_text(out, offer->item);
        csv_out_number(out, tier->min_quantity);
        csv_out_amount(out, tier->unit_price);
        csv_out_amount(out, tier->one_off);
        csv_out_text(out, offer->currency);
        csv_out_month(out, tier->first_month);
        csv_out_number(out, tier->stock);
        csv_out_number(out, tier->monthly_rate);
        if (offer->max_quantity) {
            csv_out_number(out, offer->max_quantity);
        } else {
            csv_out_text(out, "");
        }
        write_freight(out, offer);
        write_provides(out, offer);
        write_texts(out, offer->certificates, offer->n_certificates);
        write_origin(out, offer);
        write_texts(out, offer->destinations, offer->n_destinations);
        csv_out_date(out, offer->valid_until);
        csv_out_end(out);
    }
}

void csv_write_offers(struct csv_out *out, Muster__Offer *const *offers, size_t count)
{
    csv_write_header(out, &csv_format_offer);
    for (size_t at = 0; at < count; at++) {
        write_offer(out, offers[at]);
    }
}

void csv_write_items(struct csv_out *out, Muster__Item *const *items, size_t count)
{
    csv_write_header(out, &csv_format_item);
    for (size_t at = 0; at < count; at++) {
        csv_out_text(out, items[at]->id);
        csv_out_text(out, items[at]->title);
        csv_out_text(out, items[at]->nsc);
        csv_out_text(out, items[at]->cpv);
        csv_out_text(out, items[at]->unit);
        csv_out_end(out);
    }
}

void csv_write_funds(struct csv_out *out, Muster__Fund *const *funds, size_t count)
{
    csv_write_header(out, &csv_format_fund);
    for (size_t at = 0; at < count; at++) {
        const Muster__Fund *fund = funds[at];
        csv_out_text(out, fund->id);
        if (fund->limited) {
            csv_out_amount(out, fund->balance);
        } else {
            csv_out_text(out, "");
        }
        csv_out_text(out, fund->currency);
        csv_out_number(out, fund->min_nations);
        csv_out_number(out, fund->min_european_content);
        write_texts(out, fund->countries, fund->n_countries);
        csv_out_end(out);
    }
}

static const char *size_name(Muster__Size size)
{
    switch (size) {
    case MUSTER__SIZE__SIZE_MICRO:
        return "micro";
    case MUSTER__SIZE__SIZE_SMALL:
        return "small";
    case MUSTER__SIZE__SIZE_MEDIUM:
        return "medium";
    default:
        return "large";
    }
}

void csv_write_suppliers(struct csv_out *out, Muster__Party *const *suppliers, size_t count)
{
    csv_write_header(out, &csv_format_supplier);
    for (size_t at = 0; at < count; at++) {
        csv_out_text(out, suppliers[at]->id);
        csv_out_text(out, suppliers[at]->name);
        csv_out_text(out, suppliers[at]->country);
        csv_out_text(out, suppliers[at]->ncage);
        csv_out_text(out, size_name(suppliers[at]->size));
        csv_out_end(out);
    }
}

void csv_write_policy(struct csv_out *out, Muster__PolicyEntry *const *entries, size_t count)
{
    csv_write_header(out, &csv_format_policy);
    for (size_t at = 0; at < count; at++) {
        csv_out_text(out, entries[at]->key);
        csv_out_text(out, entries[at]->value);
        csv_out_text(out, entries[at]->item);
        csv_out_end(out);
    }
}

void csv_write_rates(struct csv_out *out, Muster__Rate *const *rates, size_t count, bool dated)
{
    csv_out_text(out, csv_format_rate.columns[CSV_RATE_CURRENCY].name);
    csv_out_text(out, csv_format_rate.columns[CSV_RATE_RATE].name);
    if (dated) {
        csv_out_text(out, csv_format_rate.columns[CSV_RATE_DATE].name);
    }
    csv_out_end(out);
    for (size_t at = 0; at < count; at++) {
        csv_out_text(out, rates[at]->currency);
        csv_out_rate(out, rates[at]->millionths);
        if (dated) {
            csv_out_date(out, rates[at]->date);
        }
        csv_out_end(out);
    }
}

void csv_write_template(struct csv_out *out, const struct csv_format *format)
{
    csv_write_header(out, format);
    for (uint32_t at = 0; at < format->count; at++) {
        csv_out_text(out, format->columns[at].example);
    }
    csv_out_end(out);
    csv_out_text(out, "# Put your own rows in place of the example. Rows that begin with # are notes, and passed over.");
    csv_out_end(out);
    for (uint32_t at = 0; at < format->count; at++) {
        const struct csv_column *column = &format->columns[at];
        char *note = arena_format(out->arena, "# %s%s: %s", column->name, column->flags & CSV_NEEDED ? " (needed)" : "", column->note);
        csv_out_text(out, note ? note : "");
        csv_out_end(out);
        out->status = note ? out->status : STATUS_NO_MEMORY;
    }
}
