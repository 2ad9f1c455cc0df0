/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/fuzz/make_market.h"

#include <stdbool.h>

#include "proto/limits.h"

#define MONTHS 6u

static char *const items[] = {"I1", "I2"};
static char *const countries[] = {"NL", "DE", "FR"};
static char *const suppliers[] = {"S1", "S2", "S3"};

static void *fresh(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    fuzz_require(message != NULL);
    protobuf_c_message_init(descriptor, message);
    return message;
}

static void *list_of(struct arena *arena, size_t count)
{
    void *list = arena_array(arena, count, sizeof(void *));
    fuzz_require(list != NULL);
    return list;
}

/* Mostly below bound, rarely one of the edges. */
static uint64_t units(struct fuzz_bytes *bytes, uint64_t least, uint64_t bound)
{
    uint8_t choice = fuzz_byte(bytes);
    if (choice < 250)
        return least + choice % bound;
    return choice < 252 ? LIMIT_QUANTITY_MOST : choice < 254 ? LIMIT_QUANTITY_MOST - 1 : least + fuzz_below(bytes, LIMIT_QUANTITY_MOST);
}

static int64_t cents(struct fuzz_bytes *bytes, uint64_t step, uint64_t bound)
{
    uint8_t choice = fuzz_byte(bytes);
    if (choice < 248)
        return (int64_t)(choice % bound * step + (choice & 0x80 ? choice % 3 : 0));
    return choice < 250 ? 1 : choice < 252 ? LIMIT_AMOUNT_MOST : (int64_t)fuzz_below(bytes, (uint64_t)LIMIT_AMOUNT_MOST);
}

static uint32_t month(struct fuzz_bytes *bytes)
{
    return 202702u + (uint32_t)fuzz_below(bytes, MONTHS);
}

static Muster__Demand *demand(struct fuzz_bytes *bytes, unsigned number, struct arena *arena)
{
    static char *const requires[] = {"grade>=2"};
    Muster__Demand *made = fresh(arena, &muster__demand__descriptor);
    uint8_t flags = fuzz_byte(bytes);
    made->id = arena_format(arena, "D%u", number);
    made->country = made->place = countries[fuzz_below(bytes, 3)];
    made->item = items[flags & 1 & number];
    made->lines = list_of(arena, 2);
    for (made->n_lines = 0; made->n_lines < 1u + (flags >> 1 & 1); made->n_lines++) {
        Muster__Line *line = fresh(arena, &muster__line__descriptor);
        line->month = made->n_lines > 0 ? made->lines[0]->month + 1 : month(bytes);
        line->quantity = units(bytes, 1, 6);
        made->lines[made->n_lines] = line;
    }
    made->min_quantity = flags & 4 ? units(bytes, 1, 5) : 1;
    made->max_unit_price = 5000 + cents(bytes, 1000, 8);
    made->currency = "EUR";
    made->priority = 1 + (uint32_t)fuzz_below(bytes, 5);
    made->single_supplier = (flags & 8) != 0;
    made->fund = flags & 16 ? "F1" : "";
    made->n_requires = flags & 32 ? 1 : 0;
    made->requires = (char **)(uintptr_t)requires;
    made->release = MUSTER__RELEASE__RELEASE_POOLED;
    return made;
}

static Muster__Tier *tier(struct fuzz_bytes *bytes, uint64_t least, int64_t price, struct arena *arena)
{
    Muster__Tier *made = fresh(arena, &muster__tier__descriptor);
    uint8_t flags = fuzz_byte(bytes);
    made->min_quantity = least;
    made->unit_price = price;
    made->one_off = flags % 5 == 0 ? cents(bytes, 777, 12) : 0;
    made->first_month = month(bytes);
    made->stock = flags & 10 ? units(bytes, 0, 8) : 0;
    made->monthly_rate = flags & 4 ? units(bytes, 0, 4) : 0;
    return made;
}

static Muster__Offer *offer(struct fuzz_bytes *bytes, unsigned number, struct arena *arena)
{
    static const char *const grades[] = {"1", "2", "3"};
    Muster__Offer *made = fresh(arena, &muster__offer__descriptor);
    uint8_t flags = fuzz_byte(bytes);
    uint64_t least = 1 + (flags & 1 ? units(bytes, 0, 3) : 0);
    int64_t price = cents(bytes, 900, 9);
    made->id = arena_format(arena, "O%u", number);
    made->supplier = suppliers[fuzz_below(bytes, 3)];
    made->item = items[flags >> 1 & 1 & number];
    made->currency = "EUR";
    made->tiers = list_of(arena, 3);
    for (made->n_tiers = 0; made->n_tiers < 1u + (flags >> 2) % 3; made->n_tiers++) {
        made->tiers[made->n_tiers] = tier(bytes, least, price, arena);
        least += 1 + fuzz_below(bytes, 3);
        price = price * (int64_t)(80 + fuzz_below(bytes, 21)) / 100;
    }
    made->max_quantity = flags & 32 ? units(bytes, 1, 9) : 0;
    if (flags & 64) {
        Muster__Attribute *attribute = fresh(arena, &muster__attribute__descriptor);
        attribute->name = "grade";
        attribute->value = (char *)(uintptr_t)grades[fuzz_below(bytes, 3)];
        made->provides = list_of(arena, 1);
        made->provides[made->n_provides++] = attribute;
    }
    if (flags & 128) {
        Muster__Freight *freight = fresh(arena, &muster__freight__descriptor);
        freight->prefix = "*";
        freight->amount = cents(bytes, 150, 5);
        made->freight = list_of(arena, 1);
        made->freight[made->n_freight++] = freight;
    }
    return made;
}

static Muster__Commitment *commitment(struct fuzz_bytes *bytes, const Muster__Market *market, struct arena *arena)
{
    Muster__Commitment *made = fresh(arena, &muster__commitment__descriptor);
    const Muster__Demand *to = market->demands[fuzz_below(bytes, market->n_demands)];
    const Muster__Offer *by = market->offers[fuzz_below(bytes, market->n_offers)];
    made->demand = to->id;
    made->month = to->lines[0]->month;
    made->offer = by->id;
    made->tier = 1;
    made->quantity = units(bytes, 1, 3);
    made->unit_price = by->tiers[0]->unit_price;
    made->one_off = cents(bytes, 10, 3);
    return made;
}

static void rule(Muster__Market *market, const char *key, char *value, struct arena *arena)
{
    Muster__PolicyEntry *made = fresh(arena, &muster__policy_entry__descriptor);
    made->key = (char *)(uintptr_t)key;
    made->value = value;
    made->item = "";
    market->policy[market->n_policy++] = made;
}

static void rules(struct fuzz_bytes *bytes, Muster__Market *market, struct arena *arena)
{
    static const char *const shares[] = {"sme_min_share", "european_min_share", "european_max_share", "supplier_max_share", "sme_preference"};
    uint8_t flags = fuzz_byte(bytes);
    market->policy = list_of(arena, 16);
    rule(market, "as_of", "2027-01-15", arena);
    rule(market, "min_nations", arena_format(arena, "%u", (unsigned)fuzz_below(bytes, 5) / 2), arena);
    rule(market, "contract_overhead", arena_format(arena, "%u", (unsigned)fuzz_below(bytes, 600) * 5), arena);
    for (unsigned n = 0; n < 5; n++)
        if (flags >= 128 && flags & 1u << n)
            rule(market, shares[n], arena_format(arena, "%u", (unsigned)fuzz_below(bytes, 101)), arena);
    if (flags % 16 == 15)
        rule(market, "weights", "1000;1;1;1;1", arena);
    if (flags % 16 == 14)
        rule(market, "excluded_origins", "US", arena);
}

static void parties(struct fuzz_bytes *bytes, Muster__Market *market, struct arena *arena)
{
    static char *const homes[] = {"DE", "FR", "US"};
    market->suppliers = list_of(arena, 3);
    for (; market->n_suppliers < 3; market->n_suppliers++) {
        Muster__Party *made = fresh(arena, &muster__party__descriptor);
        made->id = suppliers[market->n_suppliers];
        made->role = MUSTER__ROLE__ROLE_SUPPLIER;
        made->name = made->ncage = made->contact = "";
        made->country = homes[market->n_suppliers];
        made->size = market->n_suppliers == 1 ? MUSTER__SIZE__SIZE_SMALL : MUSTER__SIZE__SIZE_LARGE;
        market->suppliers[market->n_suppliers] = made;
    }
    Muster__Fund *fund = fresh(arena, &muster__fund__descriptor);
    fund->id = "F1";
    fund->limited = true;
    fund->balance = cents(bytes, 5000, 30);
    fund->currency = "EUR";
    fund->min_nations = 1 + (uint32_t)fuzz_below(bytes, 2);
    market->funds = list_of(arena, 1);
    market->funds[market->n_funds++] = fund;
}

Muster__Market *make_market(struct fuzz_bytes *bytes, struct arena *arena)
{
    Muster__Market *market = fresh(arena, &muster__market__descriptor);
    size_t demands = fuzz_below(bytes, 6), offers = fuzz_below(bytes, 5), commitments = fuzz_below(bytes, 8);
    market->items = list_of(arena, 2);
    for (; market->n_items < 2; market->n_items++) {
        Muster__Item *item = fresh(arena, &muster__item__descriptor);
        item->id = items[market->n_items];
        item->title = item->nsc = item->cpv = "";
        item->unit = "EA";
        market->items[market->n_items] = item;
    }
    parties(bytes, market, arena);
    rules(bytes, market, arena);
    market->demands = list_of(arena, demands);
    for (; market->n_demands < demands; market->n_demands++)
        market->demands[market->n_demands] = demand(bytes, (unsigned)market->n_demands, arena);
    market->offers = list_of(arena, offers);
    for (; market->n_offers < offers; market->n_offers++)
        market->offers[market->n_offers] = offer(bytes, (unsigned)market->n_offers, arena);
    market->commitments = list_of(arena, 2);
    for (; demands > 0 && offers > 0 && commitments > 5 && market->n_commitments < commitments - 5; market->n_commitments++)
        market->commitments[market->n_commitments] = commitment(bytes, market, arena);
    return market;
}
