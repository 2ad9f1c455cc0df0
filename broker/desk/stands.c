/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/stands.h"

#include <string.h>

#include "broker/desk/noun.h"
#include "proto/attribute.h"

/* Order of full names as the tables have them, by party, then id: the slash between comes before every other character. */
static int name_order(const char *a, const char *b)
{
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    if (*a == *b)
        return 0;
    if (*a == '\0' || (*a == '/' && *b != '\0'))
        return -1;
    return *b == '\0' || *b == '/' || (unsigned char)*a > (unsigned char)*b ? 1 : -1;
}

/*
 * A market's own lot lies in that order in it, and is found by halving; what was put behind it (commitments of other lots)
 * only by looking at all.
 */
const Muster__Demand *stands_find_demand(const Muster__Market *market, const char *name)
{
    size_t low = 0, high = market->n_demands;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = name_order(market->demands[middle]->id, name);
        if (order == 0)
            return market->demands[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t at = 0; at < market->n_demands; at++) {
        if (strcmp(market->demands[at]->id, name) == 0)
            return market->demands[at];
    }
    return NULL;
}

const Muster__Offer *stands_find_offer(const Muster__Market *market, const char *name)
{
    size_t low = 0, high = market->n_offers;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = name_order(market->offers[middle]->id, name);
        if (order == 0)
            return market->offers[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t at = 0; at < market->n_offers; at++) {
        if (strcmp(market->offers[at]->id, name) == 0)
            return market->offers[at];
    }
    return NULL;
}

bool stands_awards_demand(const struct stands_on *on, const char *demand)
{
    for (size_t at = 0; at < on->version->plan->n_awards; at++) {
        if (strcmp(on->version->plan->awards[at]->demand, demand) == 0)
            return true;
    }
    return false;
}

bool stands_awards_offer(const struct stands_on *on, const char *offer)
{
    for (size_t at = 0; at < on->version->plan->n_awards; at++) {
        if (strcmp(on->version->plan->awards[at]->offer, offer) == 0)
            return true;
    }
    return false;
}

static bool texts_hold(char *const *texts, size_t count, const char *text)
{
    for (size_t at = 0; at < count; at++) {
        if (strcmp(texts[at], text) == 0)
            return true;
    }
    return false;
}

bool stands_has_origin(const Muster__Market *market, const Muster__Offer *offer, const char *country)
{
    for (size_t at = 0; at < offer->n_origin; at++) {
        if (offer->origin[at]->percent != 0 && strcmp(offer->origin[at]->country, country) == 0)
            return true;
    }
    for (size_t at = 0; offer->n_origin == 0 && at < market->n_suppliers; at++) {
        if (strcmp(market->suppliers[at]->id, offer->supplier) == 0)
            return strcmp(market->suppliers[at]->country, country) == 0;
    }
    return false;
}

/* Whether the offer has what the demand requires, and no origin that it excludes. */
static bool conditions_hold(const struct stands_on *on, const Muster__Demand *demand, const Muster__Offer *offer)
{
    for (size_t at = 0; at < demand->n_certificates; at++) {
        if (!texts_hold(offer->certificates, offer->n_certificates, demand->certificates[at]))
            return false;
    }
    for (size_t at = 0; at < demand->n_requires; at++) {
        struct attribute_requirement requirement;
        bool met = false;
        if (attribute_read(demand->requires[at], &requirement) != STATUS_OK)
            return false;
        for (size_t of = 0; of < offer->n_provides && !met; of++)
            met = attribute_meets(&requirement, offer->provides[of]->name, offer->provides[of]->value);
        if (!met)
            return false;
    }
    for (size_t at = 0; at < demand->n_exclude_origins; at++) {
        if (stands_has_origin(on->market, offer, demand->exclude_origins[at]))
            return false;
    }
    return offer->n_destinations == 0 || texts_hold(offer->destinations, offer->n_destinations, demand->country);
}

/* Units of the demand in a month, or in all (month 0), that awards and commitments take. */
static uint64_t taken_of_demand(const struct stands_on *on, const char *demand, uint32_t month)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < on->version->plan->n_awards; at++) {
        const Muster__Award *award = on->version->plan->awards[at];
        if (strcmp(award->demand, demand) == 0 && (month == 0 || award->month == month))
            sum += award->quantity;
    }
    for (size_t at = 0; at < on->market->n_commitments; at++) {
        const Muster__Commitment *bound = on->market->commitments[at];
        if (strcmp(bound->demand, demand) == 0 && (month == 0 || bound->month == month))
            sum += bound->quantity;
    }
    return sum;
}

static bool line_holds(const struct stands_on *on, const char *name, const Muster__Demand *demand, uint32_t month)
{
    for (size_t at = 0; at < demand->n_lines; at++) {
        if (demand->lines[at]->month == month)
            return demand->lines[at]->quantity >= taken_of_demand(on, name, month);
    }
    return false;
}

/* Whether the ceiling carries price, freight and the share of one-off costs. */
static bool affordable(const struct stands_on *on, const Muster__Demand *demand, const Muster__Award *award)
{
    const char *base = "EUR";
    for (size_t at = 0; at < on->market->n_policy; at++) {
        const Muster__PolicyEntry *entry = on->market->policy[at];
        if (strcmp(entry->key, "base_currency") == 0 && entry->value[0] != '\0')
            base = entry->value;
    }
    int64_t ceiling;
    if (desk_to_base(demand->max_unit_price, demand->currency, base, on->market->rates, on->market->n_rates, &ceiling) != STATUS_OK)
        return false;
    return (__int128)ceiling * award->quantity >= (__int128)state_cost(award->quantity, award->unit_price, award->freight, award->one_off);
}

static bool one_supplier(const struct stands_on *on, const char *demand)
{
    const char *first = NULL;
    for (size_t at = 0; at < on->version->plan->n_awards; at++) {
        const Muster__Award *award = on->version->plan->awards[at];
        if (strcmp(award->demand, demand) != 0)
            continue;
        if (first != NULL && strcmp(first, award->offer) != 0)
            return false;
        first = award->offer;
    }
    for (size_t at = 0; first != NULL && at < on->market->n_commitments; at++) {
        const Muster__Commitment *bound = on->market->commitments[at];
        if (strcmp(bound->demand, demand) == 0 && strcmp(first, bound->offer) != 0)
            return false;
    }
    return true;
}

bool stands_with_demand(const struct stands_on *on, const char *name, const Muster__Demand *demand)
{
    if (!stands_awards_demand(on, name))
        return true;
    const Muster__Demand *planned = stands_find_demand(on->market, name);
    if (demand == NULL || planned == NULL || strcmp(demand->item, planned->item) != 0 || strcmp(demand->country, planned->country) != 0 ||
        strcmp(demand->fund, planned->fund) != 0 || strcmp(demand->place, planned->place) != 0)
        return false;
    if (taken_of_demand(on, name, 0) < demand->min_quantity || (demand->single_supplier && !one_supplier(on, name)))
        return false;
    for (size_t at = 0; at < on->version->plan->n_awards; at++) {
        const Muster__Award *award = on->version->plan->awards[at];
        if (strcmp(award->demand, name) != 0)
            continue;
        const Muster__Offer *offer = stands_find_offer(on->market, award->offer);
        if (offer == NULL || !conditions_hold(on, demand, offer) || !line_holds(on, name, demand, award->month) ||
            !affordable(on, demand, award))
            return false;
    }
    return true;
}

static int64_t months_of(uint32_t month)
{
    return (int64_t)(month / 100) * 12 + month % 100;
}

/* Units from the offer due in month or before; month 0: in all. */
static uint64_t taken_of_offer(const struct stands_on *on, const char *offer, uint32_t month)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < on->version->plan->n_awards; at++) {
        const Muster__Award *award = on->version->plan->awards[at];
        if (strcmp(award->offer, offer) == 0 && (month == 0 || award->month <= month))
            sum += award->quantity;
    }
    for (size_t at = 0; at < on->market->n_commitments; at++) {
        const Muster__Commitment *bound = on->market->commitments[at];
        if (strcmp(bound->offer, offer) == 0 && (month == 0 || bound->month <= month))
            sum += bound->quantity;
    }
    return sum;
}

static bool makes_enough(const struct stands_on *on, const char *name, const Muster__Tier *tier, uint32_t month)
{
    int64_t start = months_of(tier->first_month > on->month ? tier->first_month : on->month);
    int64_t months = months_of(month) - start + 1;
    __int128 output = (__int128)tier->stock + (__int128)tier->monthly_rate * (months > 0 ? months : 0);
    return output >= (__int128)taken_of_offer(on, name, month);
}

static bool tiers_equal(const Muster__Tier *a, const Muster__Tier *b)
{
    return a->unit_price == b->unit_price && a->one_off == b->one_off;
}

static bool same_freight(const Muster__Offer *a, const Muster__Offer *b)
{
    if (a->n_freight != b->n_freight)
        return false;
    for (size_t at = 0; at < a->n_freight; at++) {
        if (strcmp(a->freight[at]->prefix, b->freight[at]->prefix) != 0 || a->freight[at]->amount != b->freight[at]->amount)
            return false;
    }
    return true;
}

static bool same_origin(const Muster__Offer *a, const Muster__Offer *b)
{
    if (a->n_origin != b->n_origin)
        return false;
    for (size_t at = 0; at < a->n_origin; at++) {
        if (strcmp(a->origin[at]->country, b->origin[at]->country) != 0 || a->origin[at]->percent != b->origin[at]->percent)
            return false;
    }
    return true;
}

bool stands_with_offer(const struct stands_on *on, const char *name, const Muster__Offer *offer)
{
    if (!stands_awards_offer(on, name))
        return true;
    const Muster__Offer *planned = stands_find_offer(on->market, name);
    if (offer == NULL || planned == NULL || strcmp(offer->item, planned->item) != 0 || strcmp(offer->currency, planned->currency) != 0 ||
        !same_origin(offer, planned) || !same_freight(offer, planned) ||
        (offer->valid_until != 0 && offer->valid_until < on->version->as_of))
        return false;
    uint64_t total = taken_of_offer(on, name, 0);
    for (size_t at = 0; at < on->version->plan->n_awards; at++) {
        const Muster__Award *award = on->version->plan->awards[at];
        if (strcmp(award->offer, name) != 0)
            continue;
        if (award->tier == 0 || award->tier > offer->n_tiers || award->tier > planned->n_tiers)
            return false;
        const Muster__Tier *tier = offer->tiers[award->tier - 1];
        const Muster__Demand *demand = stands_find_demand(on->market, award->demand);
        if (demand == NULL || !conditions_hold(on, demand, offer) || !tiers_equal(tier, planned->tiers[award->tier - 1]) ||
            total < tier->min_quantity || (offer->max_quantity != 0 && total > offer->max_quantity) ||
            !makes_enough(on, name, tier, award->month))
            return false;
    }
    return true;
}
