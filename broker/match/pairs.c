/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/pairs.h"

#include <string.h>

#include "proto/status.h"

#define DECIMAL_MOST 20 /* digits on either side of the point */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same_without_case(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

/* A decimal number as sign and digits; the texts are read where they stand. */
struct decimal {
    bool negative;
    const char *whole; /* without leading zeros */
    size_t whole_length;
    const char *part; /* without trailing zeros */
    size_t part_length;
};

static size_t digits_at(const char *text)
{
    size_t n = 0;
    while (text[n] >= '0' && text[n] <= '9') {
        n++;
    }
    return n;
}

static bool decimal_read(const char *text, struct decimal *number)
{
    *number = (struct decimal){.negative = *text == '-'};
    text += number->negative;
    number->whole = text;
    number->whole_length = digits_at(text);
    text += number->whole_length;
    if (number->whole_length < 1 || number->whole_length > DECIMAL_MOST) {
        return false;
    }
    if (*text == '.') {
        number->part = ++text;
        number->part_length = digits_at(text);
        text += number->part_length;
        if (number->part_length < 1 || number->part_length > DECIMAL_MOST) {
            return false;
        }
    }
    if (*text) {
        return false;
    }
    while (number->whole_length && *number->whole == '0') {
        number->whole++;
        number->whole_length--;
    }
    while (number->part_length && number->part[number->part_length - 1] == '0') {
        number->part_length--;
    }
    if (!number->whole_length && !number->part_length) {
        number->negative = false;
    }
    return true;
}

static int magnitude_compare(const struct decimal *a, const struct decimal *b)
{
    if (a->whole_length != b->whole_length) {
        return a->whole_length < b->whole_length ? -1 : 1;
    }
    int order = a->whole_length ? memcmp(a->whole, b->whole, a->whole_length) : 0;
    if (order) {
        return order;
    }
    size_t shared = a->part_length < b->part_length ? a->part_length : b->part_length;
    order = shared ? memcmp(a->part, b->part, shared) : 0;
    if (order) {
        return order;
    }
    return (a->part_length > shared) - (b->part_length > shared);
}

static int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    if (a->negative != b->negative) {
        return a->negative ? -1 : 1;
    }
    int order = magnitude_compare(a, b);
    return a->negative ? -order : order;
}

bool match_requirement_holds(const struct match_requirement *requirement, const struct match_offer *offer)
{
    for (uint32_t n = 0; n < offer->provide_count; n++) {
        const struct match_attribute *attribute = &offer->provides[n];
        if (!same_without_case(attribute->name, requirement->name)) {
            continue;
        }
        if (requirement->comparison == MATCH_EQUAL) {
            return same_without_case(attribute->value, requirement->value);
        }
        struct decimal have, want;
        if (!decimal_read(attribute->value, &have) || !decimal_read(requirement->value, &want)) {
            return false;
        }
        int order = decimal_compare(&have, &want);
        return requirement->comparison == MATCH_AT_LEAST ? order >= 0 : order <= 0;
    }
    return false;
}

int64_t match_offer_freight(const struct match_offer *offer, const char *place)
{
    if (!offer->freight_count) {
        return 0;
    }
    int64_t rest = MATCH_NO_FREIGHT, best = MATCH_NO_FREIGHT;
    size_t longest = 0;
    for (uint32_t n = 0; n < offer->freight_count; n++) {
        const struct match_freight *quote = &offer->freight[n];
        if (strcmp(quote->prefix, "*") == 0) {
            rest = quote->amount;
            continue;
        }
        size_t length = strlen(quote->prefix);
        if (length >= longest && strncmp(place, quote->prefix, length) == 0) {
            longest = length;
            best = quote->amount;
        }
    }
    return best == MATCH_NO_FREIGHT ? rest : best;
}

static bool origin_barred(const struct match_texts *barred, const struct match_offer *offer)
{
    for (uint32_t n = 0; n < offer->origin_count; n++) {
        if (match_texts_hold(barred, offer->origins[n].country)) {
            return true;
        }
    }
    return false;
}

enum match_barrier match_pair_barrier(const struct match_market *market, const struct match_lot *lot,
                                      const struct match_demand *demand, const struct match_offer *offer)
{
    if (offer->valid_until && offer->valid_until < market->as_of) {
        return MATCH_BARRIER_VALIDITY;
    }
    for (uint32_t n = 0; n < demand->certificates.count; n++) {
        if (!match_texts_hold(&offer->certificates, demand->certificates.texts[n])) {
            return MATCH_BARRIER_CERTIFICATE;
        }
    }
    for (uint32_t n = 0; n < demand->require_count; n++) {
        if (!match_requirement_holds(&demand->requires[n], offer)) {
            return MATCH_BARRIER_REQUIREMENT;
        }
    }
    if (origin_barred(&demand->exclude_origins, offer) || origin_barred(&lot->rules.excluded_origins, offer)) {
        return MATCH_BARRIER_ORIGIN;
    }
    if (offer->destinations.count && !match_texts_hold(&offer->destinations, demand->country)) {
        return MATCH_BARRIER_DESTINATION;
    }
    if (demand->fund != MATCH_NONE) {
        const struct match_fund *fund = &market->funds[demand->fund];
        if (offer->european_content < fund->min_european_content) {
            return MATCH_BARRIER_FUND_CONTENT;
        }
        if (fund->countries.count && !match_texts_hold(&fund->countries, demand->country)) {
            return MATCH_BARRIER_FUND_COUNTRY;
        }
    }
    return match_offer_freight(offer, demand->place) == MATCH_NO_FREIGHT ? MATCH_BARRIER_FREIGHT : MATCH_BARRIER_NONE;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    do {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    } while (*text++);
    return hash;
}

static uint64_t hash_texts(uint64_t hash, const struct match_texts *texts)
{
    for (uint32_t n = 0; n < texts->count; n++) {
        hash = hash_text(hash, texts->texts[n]);
    }
    return hash ^ texts->count;
}

static uint64_t class_hash(const struct match_demand *demand)
{
    uint64_t hash = hash_text(UINT64_C(0xcbf29ce484222325), demand->country);
    hash = hash_text(hash, demand->place);
    for (uint32_t n = 0; n < demand->require_count; n++) {
        hash = hash_text(hash ^ demand->requires[n].comparison, demand->requires[n].name);
        hash = hash_text(hash, demand->requires[n].value);
    }
    hash = hash_texts(hash, &demand->certificates);
    hash = hash_texts(hash, &demand->exclude_origins);
    hash = (hash ^ demand->fund) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static bool same_texts(const struct match_texts *a, const struct match_texts *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (uint32_t n = 0; n < a->count; n++) {
        if (strcmp(a->texts[n], b->texts[n]) != 0) {
            return false;
        }
    }
    return true;
}

static bool same_requirements(const struct match_demand *a, const struct match_demand *b)
{
    if (a->require_count != b->require_count) {
        return false;
    }
    for (uint32_t n = 0; n < a->require_count; n++) {
        if (a->requires[n].comparison != b->requires[n].comparison ||
            strcmp(a->requires[n].name, b->requires[n].name) != 0 || strcmp(a->requires[n].value, b->requires[n].value) != 0) {
            return false;
        }
    }
    return true;
}

static bool same_class(const struct match_demand *a, const struct match_demand *b)
{
    return a->fund == b->fund && strcmp(a->country, b->country) == 0 && strcmp(a->place, b->place) == 0 &&
           same_texts(&a->certificates, &b->certificates) && same_texts(&a->exclude_origins, &b->exclude_origins) &&
           same_requirements(a, b);
}

/* Numbers the classes; slots is a table of power-of-two size for class numbers + 1. */
static uint32_t number_classes(const struct match_lot *lot, uint32_t *slots, size_t mask, uint32_t *class_of, uint32_t *first_of)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < lot->demand_count; n++) {
        size_t at = (size_t)class_hash(&lot->demands[n]) & mask;
        while (slots[at] && !same_class(&lot->demands[first_of[slots[at] - 1]], &lot->demands[n])) {
            at = (at + 1) & mask;
        }
        if (!slots[at]) {
            first_of[count] = n;
            slots[at] = ++count;
        }
        class_of[n] = slots[at] - 1;
    }
    return count;
}

int match_pairs_build(const struct match_market *market, const struct match_lot *lot, struct arena *arena,
                      struct match_pairs *pairs)
{
    *pairs = (struct match_pairs){.offer_count = lot->offer_count};
    size_t size = 4;
    while (size < (size_t)lot->demand_count * 2) {
        size *= 2;
    }
    uint32_t *slots = arena_array(arena, size, sizeof *slots);
    uint32_t *class_of = arena_array(arena, lot->demand_count, sizeof *class_of);
    uint32_t *first_of = arena_array(arena, lot->demand_count, sizeof *first_of);
    if (!slots || !class_of || !first_of) {
        return STATUS_NO_MEMORY;
    }
    pairs->class_of = class_of;
    pairs->first_of = first_of;
    pairs->class_count = number_classes(lot, slots, size - 1, class_of, first_of);
    int64_t *freight = arena_array(arena, (size_t)pairs->class_count * lot->offer_count, sizeof *freight);
    if (!freight) {
        return STATUS_NO_MEMORY;
    }
    pairs->freight = freight;
    for (uint32_t c = 0; c < pairs->class_count; c++) {
        const struct match_demand *demand = &lot->demands[first_of[c]];
        for (uint32_t o = 0; o < lot->offer_count; o++) {
            const struct match_offer *offer = &lot->offers[o];
            *freight++ = match_pair_barrier(market, lot, demand, offer) == MATCH_BARRIER_NONE
                             ? match_offer_freight(offer, demand->place) : MATCH_NO_FREIGHT;
        }
    }
    return STATUS_OK;
}
