/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/terms.h"

#include <sodium.h>
#include <string.h>

#include "proto/walk.h"

#define TERMS_PREFIX "muster/terms/v1\n"

static int origin_texts(struct arena *arena, const Muster__Offer *offer, Muster__TermsLine *line)
{
    line->origin = arena_array(arena, offer->n_origin + 1, sizeof *line->origin);
    if (line->origin == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < offer->n_origin; at++) {
        line->origin[at] = arena_format(arena, "%s:%u", offer->origin[at]->country, offer->origin[at]->percent);
        if (line->origin[at] == NULL)
            return STATUS_NO_MEMORY;
    }
    line->n_origin = offer->n_origin;
    return STATUS_OK;
}

static int party_of(struct store_txn *txn, struct arena *arena, const char *name, Muster__PartyRecord **party)
{
    const char *owner, *id;
    if (!state_name_split(arena, name, &owner, &id))
        return STATUS_CORRUPT;
    int status = state_party(txn, owner, arena, party);
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static int make_line(struct store_txn *txn, struct arena *arena, const Muster__Market *market, const Muster__Award *award, bool to_supplier,
                     Muster__TermsLine **out)
{
    Muster__TermsLine *line = arena_alloc(arena, sizeof *line);
    const Muster__Demand *demand = stands_find_demand(market, award->demand);
    const Muster__Offer *offer = stands_find_offer(market, award->offer);
    Muster__PartyRecord *other;
    if (line == NULL)
        return STATUS_NO_MEMORY;
    if (demand == NULL || offer == NULL)
        return STATUS_CORRUPT;
    muster__terms_line__init(line);
    line->demand = award->demand;
    line->offer = award->offer;
    line->country = demand->country;
    line->place = demand->place;
    line->month = award->month;
    line->quantity = award->quantity;
    line->unit_price = award->unit_price;
    line->freight = award->freight;
    line->one_off = award->one_off;
    line->supplier_name = "";
    line->contact = "";
    int status = party_of(txn, arena, to_supplier ? award->demand : award->offer, &other);
    if (status != STATUS_OK)
        return status;
    if (to_supplier) {
        line->contact = other->party->contact;
        line->requires = demand->requires;
        line->n_requires = demand->n_requires;
        line->certificates = demand->certificates;
        line->n_certificates = demand->n_certificates;
    } else
        line->supplier_name = other->party->name;
    *out = line;
    return origin_texts(arena, offer, line);
}

int terms_make(struct store_txn *txn, const Muster__BundleHead *bundle, const Muster__BundleVersion *version,
               const Muster__Market *market, const char *party, struct arena *arena, Muster__Terms **message, ProtobufCBinaryData *terms)
{
    Muster__Terms *made = arena_alloc(arena, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    muster__terms__init(made);
    made->lines = arena_array(arena, version->plan->n_awards + 1, sizeof *made->lines);
    if (made->lines == NULL)
        return STATUS_NO_MEMORY;
    *message = made;
    *terms = (ProtobufCBinaryData){0};
    made->base_currency = "EUR";
    for (size_t at = 0; at < market->n_policy; at++) {
        if (strcmp(market->policy[at]->key, "base_currency") == 0 && market->policy[at]->value[0] != '\0')
            made->base_currency = market->policy[at]->value;
    }
    made->number = version->number;
    made->version = version->version;
    made->party = (char *)(uintptr_t)party;
    made->item = version->item;
    made->deadline = bundle->version == version->version ? bundle->deadline : 0;
    for (size_t at = 0; at < version->plan->n_awards; at++) {
        const Muster__Award *award = version->plan->awards[at];
        bool to_supplier = state_name_is_of(award->offer, party);
        if (!to_supplier && !state_name_is_of(award->demand, party))
            continue;
        int status = make_line(txn, arena, market, award, to_supplier, &made->lines[made->n_lines]);
        if (status != STATUS_OK)
            return status;
        bool one_offer = made->n_lines == 0 || strcmp(made->lines[0]->offer, award->offer) == 0;
        made->tier = to_supplier && one_offer ? award->tier : 0;
        made->one_off += award->one_off;
        made->n_lines++;
    }
    if (made->n_lines == 0)
        return STATUS_OK;
    return walk_pack(&made->base, arena, &terms->data, &terms->len);
}

void terms_hash(const ProtobufCBinaryData *terms, uint8_t sha256[32])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)TERMS_PREFIX, sizeof TERMS_PREFIX - 1);
    crypto_hash_sha256_update(&state, terms->data, terms->len);
    crypto_hash_sha256_final(&state, sha256);
}

static bool same_origin(const Muster__TermsLine *a, const Muster__TermsLine *b)
{
    bool same = a->n_origin == b->n_origin;
    for (size_t at = 0; same && at < a->n_origin; at++)
        same = strcmp(a->origin[at], b->origin[at]) == 0;
    return same;
}

/* Quantity that terms give a demand's line (of_demand) or a month and place, from an offer. */
static uint64_t quantity_of(const Muster__Terms *terms, const Muster__TermsLine *like, bool supplier)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < terms->n_lines; at++) {
        const Muster__TermsLine *line = terms->lines[at];
        bool alike = line->month == like->month && strcmp(line->offer, like->offer) == 0 && same_origin(line, like) &&
                     (supplier ? strcmp(line->place, like->place) == 0 : strcmp(line->demand, like->demand) == 0);
        sum += alike ? line->quantity : 0;
    }
    return sum;
}

/* What terms make a party pay to (or be paid by way of) one offer. */
static __int128 money_of(const Muster__Terms *terms, const char *offer)
{
    __int128 sum = 0;
    for (size_t at = 0; at < terms->n_lines; at++) {
        const Muster__TermsLine *line = terms->lines[at];
        if (strcmp(line->offer, offer) == 0)
            sum += state_cost(line->quantity, line->unit_price, line->freight, line->one_off);
    }
    return sum;
}

static int64_t one_off_of(const Muster__Terms *terms, const char *offer)
{
    int64_t sum = 0;
    for (size_t at = 0; at < terms->n_lines; at++)
        sum += strcmp(terms->lines[at]->offer, offer) == 0 ? terms->lines[at]->one_off : 0;
    return sum;
}

static bool prices_equal(const Muster__Terms *a, const Muster__TermsLine *line)
{
    for (size_t at = 0; at < a->n_lines; at++) {
        if (strcmp(a->lines[at]->offer, line->offer) == 0)
            return a->lines[at]->unit_price == line->unit_price;
    }
    return false;
}

/* Every line of one is found in the other with the same quantity. */
static bool covered(const Muster__Terms *lines_of, const Muster__Terms *in, bool supplier)
{
    for (size_t at = 0; at < lines_of->n_lines; at++) {
        if (quantity_of(in, lines_of->lines[at], supplier) != quantity_of(lines_of, lines_of->lines[at], supplier))
            return false;
    }
    return true;
}

bool terms_hold(const Muster__Terms *answered, const Muster__Terms *now, bool supplier)
{
    if (!covered(answered, now, supplier) || !covered(now, answered, supplier))
        return false;
    for (size_t at = 0; at < now->n_lines; at++) {
        const Muster__TermsLine *line = now->lines[at];
        bool holds = supplier ? prices_equal(answered, line) && one_off_of(answered, line->offer) == one_off_of(now, line->offer)
                              : money_of(now, line->offer) <= money_of(answered, line->offer);
        if (!holds)
            return false;
    }
    return true;
}
