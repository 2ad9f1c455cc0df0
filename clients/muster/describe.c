/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/describe.h"

#include <string.h>

#include "clients/muster/figures.h"
#include "proto/cell.h"

#define SHOWN_LINES 4u

const char *describe_list(struct context *context, char *const *texts, size_t count, const char *separator)
{
    const char *text = "";
    for (size_t i = 0; i < count; i++) {
        text = arena_format(&context->arena, "%s%s%s", text, i ? separator : "", texts[i]);
        if (!text) {
            return "";
        }
    }
    return count ? text : "-";
}

static const char *describe_demand(struct context *context, const Muster__Demand *demand)
{
    const char *text = "";
    for (size_t i = 0; i < demand->n_lines && i < SHOWN_LINES && text; i++) {
        text = arena_format(&context->arena, "%s%s due %s, ", text, figures_count(demand->lines[i]->quantity).text, figures_month(demand->lines[i]->month).text);
    }
    if (text && demand->n_lines > SHOWN_LINES) {
        text = arena_format(&context->arena, "%sand %s more, ", text, figures_count(demand->n_lines - SHOWN_LINES).text);
    }
    return text ? arena_format(&context->arena, "%sceiling %s" OUTPUT_TIE "%s each", text, demand->currency, figures_money(demand->max_unit_price).text) : NULL;
}

static const char *describe_offer(struct context *context, const Muster__Offer *offer)
{
    const char *text = "";
    for (size_t i = 0; i < offer->n_tiers && i < SHOWN_LINES && text; i++) {
        text = arena_format(&context->arena, "%s%sfrom %s at %s %s", text, i ? ", " : "", figures_count(offer->tiers[i]->min_quantity).text, offer->currency,
                            figures_money(offer->tiers[i]->unit_price).text);
    }
    if (text && offer->n_tiers > SHOWN_LINES) {
        text = arena_format(&context->arena, "%s, and %s more", text, figures_count(offer->n_tiers - SHOWN_LINES).text);
    }
    return text;
}

static const char *describe_fund(struct context *context, const Muster__Fund *fund)
{
    if (!fund->limited) {
        return "no balance set";
    }
    return arena_format(&context->arena, "%s %s", fund->currency, figures_money(fund->balance).text);
}

const char *describe_object(struct context *context, const struct objects_kind *kind, const ProtobufCMessage *message)
{
    const char *text;
    switch (kind->noun) {
    case MUSTER__NOUN__NOUN_DEMAND:
        text = describe_demand(context, (const Muster__Demand *)message);
        break;
    case MUSTER__NOUN__NOUN_OFFER:
        text = describe_offer(context, (const Muster__Offer *)message);
        break;
    case MUSTER__NOUN__NOUN_FUND:
        text = describe_fund(context, (const Muster__Fund *)message);
        break;
    default:
        text = ((const Muster__Item *)message)->title;
        break;
    }
    return text ? text : "";
}

const char *describe_origin(struct context *context, const Muster__Offer *offer, const char *country)
{
    const char *text = "";
    if (!offer->n_origin) {
        return country ? arena_format(&context->arena, "%s 100", country) : "its own country";
    }
    for (size_t i = 0; i < offer->n_origin && text; i++) {
        text = arena_format(&context->arena, "%s%s%s %u", text, i ? ", " : "", offer->origin[i]->country, offer->origin[i]->percent);
    }
    return text ? text : "";
}

uint64_t describe_made_by(const Muster__Offer *offer, const Muster__Tier *tier, uint32_t month)
{
    uint64_t made = tier->stock;
    if (month >= tier->first_month) {
        made += tier->monthly_rate * (cell_month_index(month) - cell_month_index(tier->first_month) + 1u);
    }
    return offer->max_quantity && made > offer->max_quantity ? offer->max_quantity : made;
}

/* "  From 800: EUR 5,100,000.00 each (15.0 % less), 40 a month from 2029-01," */
static void print_tier(struct context *context, const Muster__Offer *offer, size_t at)
{
    const Muster__Tier *tier = offer->tiers[at], *first = offer->tiers[0];
    struct arena *arena = &context->arena;
    const char *text = arena_format(arena, "  From %s: %s" OUTPUT_TIE "%s each", figures_count(tier->min_quantity).text, offer->currency, figures_money(tier->unit_price).text);
    if (at && tier->unit_price < first->unit_price && text) {
        text = arena_format(arena, "%s (%s %% less)", text, figures_percent(first->unit_price - tier->unit_price, first->unit_price, -1, -1).text);
    }
    if (tier->stock && text) {
        text = arena_format(arena, "%s, %s in stock", text, figures_count(tier->stock).text);
    }
    if (tier->monthly_rate && text) {
        text = arena_format(arena, "%s, %s a month from %s", text, figures_count(tier->monthly_rate).text, figures_month(tier->first_month).text);
    }
    if (tier->one_off && text) {
        text = arena_format(arena, "%s, %s" OUTPUT_TIE "%s once (%s each at %s)", text, offer->currency, figures_money(tier->one_off).text,
                            figures_money((int64_t)(((uint64_t)tier->one_off + tier->min_quantity - 1) / tier->min_quantity)).text, figures_count(tier->min_quantity).text);
    }
    output_wrap_indented(&context->output, (int)strlen("From : ") + (int)strlen(figures_count(tier->min_quantity).text), "%s.", text ? text : "");
}

void describe_offer_back(struct context *context, const char *who_offers, const Muster__Offer *offer)
{
    const char *origin = describe_origin(context, offer, NULL);
    if (offer->n_origin) {
        const char *text = "";
        for (size_t i = 0; i < offer->n_origin && text; i++) {
            text = arena_format(&context->arena, "%s%s%s %u %%", text, i ? ", " : "", offer->origin[i]->country, offer->origin[i]->percent);
        }
        origin = text ? text : "";
    }
    output_wrap(&context->output, "%s %s, origin %s:", who_offers, offer->item, origin);
    for (size_t i = 0; i < offer->n_tiers; i++) {
        print_tier(context, offer, i);
    }
    if (offer->n_tiers < 2) {
        return;
    }
    /* Two years after the last tier's start, in December: far enough that every tier makes something. */
    uint32_t last = 0;
    for (size_t i = 0; i < offer->n_tiers; i++) {
        last = offer->tiers[i]->first_month > last ? offer->tiers[i]->first_month : last;
    }
    uint32_t month = (last / 100 + 1) * 100 + 12;
    const char *text = "";
    for (size_t i = 0; i < offer->n_tiers && text; i++) {
        text = arena_format(&context->arena, "%s%s%s", text, i == 0 ? "" : i + 1 == offer->n_tiers ? " or " : ", ",
                            figures_count(describe_made_by(offer, offer->tiers[i], month)).text);
    }
    output_wrap(&context->output, "One tier holds for the whole order. By %s they make %s.", figures_month(month).text, text ? text : "");
}
