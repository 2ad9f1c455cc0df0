/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/scenario_reader.h"

#include <string.h>

#include "proto/cell.h"
#include "proto/status.h"

#define DEMAND_OWN (1u << DEMAND_MONTH | 1u << DEMAND_QUANTITY)
#define OFFER_OWN                                                                                                           \
    (1u << OFFER_MIN_QUANTITY | 1u << OFFER_UNIT_PRICE | 1u << OFFER_ONE_OFF | 1u << OFFER_FIRST_MONTH | 1u << OFFER_STOCK | \
     1u << OFFER_MONTHLY_RATE)
#define MOST_LINES 240u
#define MOST_TIERS 32u

/* Rows of one object from entry first on. */
static size_t group_size(const struct names *ids, size_t first)
{
    size_t count = 1;
    while (first + count < ids->count && strcmp(ids->entries[first].name, ids->entries[first + count].name) == 0) {
        count++;
    }
    return count;
}

static size_t group_count(const struct names *ids)
{
    size_t groups = 0;
    for (size_t at = 0; at < ids->count; at += group_size(ids, at)) {
        groups++;
    }
    return groups;
}

/* The currency of a row as the market states it, the base currency where empty; a fault where it has no rate. */
static char *currency_of(const struct scenario_row *row, int column)
{
    char *text = scenario_text(row, column);
    struct scenario_reader *reader = row->reader;
    if (*text == '\0') {
        return (char *)reader->policy.base_currency;
    }
    if (strcmp(text, reader->policy.base_currency) != 0 && names_find(&reader->rates, text) == NAMES_NONE) {
        scenario_fault(row, column, "a currency with a rate", "add it to rates.csv, or write the base currency");
    }
    return text;
}

static void read_lines(struct scenario_reader *reader, const struct names_entry *rows, size_t count, Muster__Demand *demand)
{
    const struct scenario_table *table = &reader->tables[SCENARIO_DEMANDS];
    if (count > MOST_LINES) {
        const struct scenario_row row = {reader, table, rows[MOST_LINES].at};
        scenario_fault(&row, DEMAND_ID, "at most 240 lines a demand", "split the demand");
        count = MOST_LINES;
    }
    demand->lines = arena_array(reader->arena, count, sizeof *demand->lines);
    Muster__Line *lines = arena_array(reader->arena, count, sizeof *lines);
    if (!demand->lines || !lines) {
        reader->status = STATUS_NO_MEMORY;
        return;
    }
    for (size_t n = 0; n < count; n++) {
        const struct scenario_row row = {reader, table, rows[n].at};
        muster__line__init(&lines[n]);
        size_t before = reader->faults->errors;
        lines[n].month = scenario_month(&row, DEMAND_MONTH);
        for (size_t other = 0; other < n && reader->faults->errors == before; other++) {
            if (lines[other].month == lines[n].month) {
                scenario_fault(&row, DEMAND_MONTH, "each month once a demand", "add the quantities in one row");
            }
        }
        lines[n].quantity = scenario_whole(&row, DEMAND_QUANTITY, NULL, 1, CELL_QUANTITY_MOST);
        demand->lines[demand->n_lines++] = &lines[n];
    }
}

static void read_requires(const struct scenario_row *row, Muster__Demand *demand)
{
    scenario_list(row, DEMAND_REQUIRES, &demand->requires, &demand->n_requires);
    for (size_t n = 0; n < demand->n_requires; n++) {
        struct cell_requirement requirement;
        if (!cell_requirement(demand->requires[n], row->reader->arena, &requirement)) {
            scenario_fault(row, DEMAND_REQUIRES, "name=text, name>=number or name<=number", "write range_km>=30;stanag=4425");
        }
    }
}

static void read_demand(struct scenario_reader *reader, const struct names_entry *rows, size_t count, Muster__Demand *demand)
{
    static const char *const yes_no[] = {"no", "yes"};
    static const char *const releases[] = {"sealed", "pooled", "open"};
    const struct scenario_row row = {reader, &reader->tables[SCENARIO_DEMANDS], rows[0].at};
    muster__demand__init(demand);
    demand->id = scenario_text(&row, DEMAND_ID);
    demand->country = scenario_text(&row, DEMAND_COUNTRY);
    if (*demand->country == '\0') {
        scenario_fault(&row, DEMAND_COUNTRY, "a country code", "write NL");
    }
    demand->item = scenario_text(&row, DEMAND_ITEM);
    if (names_find(&reader->items, demand->item) == NAMES_NONE) {
        scenario_fault(&row, DEMAND_ITEM, "an item of items.csv", "add the item there, or correct it");
    }
    demand->min_quantity = scenario_whole(&row, DEMAND_MIN_QUANTITY, "1", 1, CELL_QUANTITY_MOST);
    demand->currency = currency_of(&row, DEMAND_CURRENCY);
    demand->max_unit_price = scenario_amount(&row, DEMAND_MAX_UNIT_PRICE, NULL, demand->currency);
    demand->priority = (uint32_t)scenario_whole(&row, DEMAND_PRIORITY, "3", 1, 5);
    demand->place = scenario_text(&row, DEMAND_PLACE);
    if (*demand->place == '\0') {
        demand->place = demand->country;
    }
    demand->single_supplier = scenario_word(&row, DEMAND_SINGLE_SUPPLIER, yes_no, 2, 0, "yes or no") == 1;
    read_requires(&row, demand);
    scenario_list(&row, DEMAND_CERTIFICATES, &demand->certificates, &demand->n_certificates);
    scenario_list(&row, DEMAND_EXCLUDE_ORIGINS, &demand->exclude_origins, &demand->n_exclude_origins);
    demand->fund = scenario_text(&row, DEMAND_FUND);
    if (*demand->fund && names_find(&reader->funds, demand->fund) == NAMES_NONE) {
        scenario_fault(&row, DEMAND_FUND, "a fund of funds.csv", "add the fund there, or clear the cell");
    }
    demand->release = (Muster__Release)(MUSTER__RELEASE__RELEASE_SEALED +
                                        scenario_word(&row, DEMAND_RELEASE, releases, 3, 1, "sealed, pooled or open"));
    read_lines(reader, rows, count, demand);
    scenario_compare_rows(reader, SCENARIO_DEMANDS, rows, count, DEMAND_OWN);
}

int scenario_read_demands(struct scenario_reader *reader)
{
    struct names ids;
    if (scenario_ids(reader, SCENARIO_DEMANDS, "the demand's id", &ids)) {
        return STATUS_NO_MEMORY;
    }
    size_t groups = group_count(&ids), demand = 0;
    Muster__Demand *demands = arena_array(reader->arena, groups, sizeof *demands);
    reader->market->demands = arena_array(reader->arena, groups, sizeof *reader->market->demands);
    if (!demands || !reader->market->demands || names_init(&reader->demands, reader->arena, groups)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t at = 0; at < ids.count && !reader->status; demand++) {
        size_t count = group_size(&ids, at);
        read_demand(reader, &ids.entries[at], count, &demands[demand]);
        names_add(&reader->demands, demands[demand].id, (uint32_t)demand);
        reader->market->demands[reader->market->n_demands++] = &demands[demand];
        at += count;
    }
    return reader->status;
}

static void read_tiers(struct scenario_reader *reader, const struct names_entry *rows, size_t count, Muster__Offer *offer)
{
    const struct scenario_table *table = &reader->tables[SCENARIO_OFFERS];
    if (count > MOST_TIERS) {
        const struct scenario_row row = {reader, table, rows[MOST_TIERS].at};
        scenario_fault(&row, OFFER_ID, "at most 32 tiers an offer", "remove tiers, or split the offer");
        count = MOST_TIERS;
    }
    offer->tiers = arena_array(reader->arena, count, sizeof *offer->tiers);
    Muster__Tier *tiers = arena_array(reader->arena, count, sizeof *tiers);
    if (!offer->tiers || !tiers) {
        reader->status = STATUS_NO_MEMORY;
        return;
    }
    for (size_t n = 0; n < count; n++) {
        const struct scenario_row row = {reader, table, rows[n].at};
        Muster__Tier *tier = &tiers[n];
        muster__tier__init(tier);
        tier->min_quantity = scenario_whole(&row, OFFER_MIN_QUANTITY, "1", 1, CELL_QUANTITY_MOST);
        tier->unit_price = scenario_amount(&row, OFFER_UNIT_PRICE, NULL, offer->currency);
        tier->one_off = scenario_amount(&row, OFFER_ONE_OFF, "0", offer->currency);
        tier->first_month = scenario_month(&row, OFFER_FIRST_MONTH);
        tier->stock = scenario_whole(&row, OFFER_STOCK, "0", 0, CELL_QUANTITY_MOST);
        tier->monthly_rate = scenario_whole(&row, OFFER_MONTHLY_RATE, "0", 0, CELL_QUANTITY_MOST);
        offer->tiers[offer->n_tiers++] = tier;
    }
}

static void read_freight(const struct scenario_row *row, Muster__Offer *offer)
{
    struct scenario_reader *reader = row->reader;
    char **prefixes, **amounts;
    size_t count;
    scenario_pairs(row, OFFER_FREIGHT, ':', false, &prefixes, &amounts, &count);
    offer->freight = arena_array(reader->arena, count, sizeof *offer->freight);
    Muster__Freight *freight = arena_array(reader->arena, count, sizeof *freight);
    if (!offer->freight || !freight) {
        reader->status = STATUS_NO_MEMORY;
        return;
    }
    for (size_t n = 0; n < count; n++) {
        muster__freight__init(&freight[n]);
        freight[n].prefix = prefixes[n];
        size_t rate_at = names_find(&reader->rates, offer->currency);
        uint64_t rate = rate_at == NAMES_NONE ? 1000000 : reader->market->rates[rate_at]->millionths;
        int64_t cents;
        if (!cell_amount(amounts[n], &freight[n].amount) || !cell_base_cents(freight[n].amount, rate, &cents)) {
            scenario_fault(row, OFFER_FREIGHT, "an amount a prefix, as in NL:0;PL:150;*:400", "write digits, a point and at most two places");
        }
        offer->freight[offer->n_freight++] = &freight[n];
    }
}

static void read_provides(const struct scenario_row *row, Muster__Offer *offer)
{
    char **names, **values;
    size_t count;
    scenario_pairs(row, OFFER_PROVIDES, '=', true, &names, &values, &count);
    offer->provides = arena_array(row->reader->arena, count, sizeof *offer->provides);
    Muster__Attribute *attributes = arena_array(row->reader->arena, count, sizeof *attributes);
    if (!offer->provides || !attributes) {
        row->reader->status = STATUS_NO_MEMORY;
        return;
    }
    for (size_t n = 0; n < count; n++) {
        muster__attribute__init(&attributes[n]);
        attributes[n].name = names[n];
        attributes[n].value = values[n];
        offer->provides[offer->n_provides++] = &attributes[n];
    }
}

static void read_origin(const struct scenario_row *row, Muster__Offer *offer)
{
    char **countries, **percents;
    size_t count;
    uint64_t total = 0;
    scenario_pairs(row, OFFER_ORIGIN, ':', false, &countries, &percents, &count);
    offer->origin = arena_array(row->reader->arena, count, sizeof *offer->origin);
    Muster__Origin *origins = arena_array(row->reader->arena, count, sizeof *origins);
    if (!offer->origin || !origins) {
        row->reader->status = STATUS_NO_MEMORY;
        return;
    }
    for (size_t n = 0; n < count; n++) {
        uint64_t percent = 0;
        muster__origin__init(&origins[n]);
        if (!cell_whole(percents[n], 0, 100, &percent)) {
            scenario_fault(row, OFFER_ORIGIN, "whole percents, as in DE:60;NL:40", "write whole numbers from 0 to 100");
            return;
        }
        origins[n].country = countries[n];
        origins[n].percent = (uint32_t)percent;
        total += percent;
        offer->origin[offer->n_origin++] = &origins[n];
    }
    if (count && total != 100) {
        scenario_fault(row, OFFER_ORIGIN, "percents that sum to 100", "correct the percents");
    }
}

static void read_offer(struct scenario_reader *reader, const struct names_entry *rows, size_t count, Muster__Offer *offer)
{
    const struct scenario_row row = {reader, &reader->tables[SCENARIO_OFFERS], rows[0].at};
    muster__offer__init(offer);
    offer->id = scenario_text(&row, OFFER_ID);
    offer->supplier = scenario_text(&row, OFFER_SUPPLIER);
    if (names_find(&reader->suppliers, offer->supplier) == NAMES_NONE) {
        scenario_fault(&row, OFFER_SUPPLIER, "a supplier of suppliers.csv", "add the supplier there, or correct it");
    }
    offer->item = scenario_text(&row, OFFER_ITEM);
    if (names_find(&reader->items, offer->item) == NAMES_NONE) {
        scenario_fault(&row, OFFER_ITEM, "an item of items.csv", "add the item there, or correct it");
    }
    offer->currency = currency_of(&row, OFFER_CURRENCY);
    if (*scenario_text(&row, OFFER_MAX_QUANTITY)) {
        offer->max_quantity = scenario_whole(&row, OFFER_MAX_QUANTITY, NULL, 1, CELL_QUANTITY_MOST);
    }
    const char *date = scenario_text(&row, OFFER_VALID_UNTIL);
    if (*date && !cell_date(date, &offer->valid_until)) {
        scenario_fault(&row, OFFER_VALID_UNTIL, "a date YYYY-MM-DD", "write 2027-06-30");
    }
    read_freight(&row, offer);
    read_provides(&row, offer);
    read_origin(&row, offer);
    scenario_list(&row, OFFER_CERTIFICATES, &offer->certificates, &offer->n_certificates);
    scenario_list(&row, OFFER_DESTINATIONS, &offer->destinations, &offer->n_destinations);
    read_tiers(reader, rows, count, offer);
    scenario_compare_rows(reader, SCENARIO_OFFERS, rows, count, OFFER_OWN);
}

int scenario_read_offers(struct scenario_reader *reader)
{
    struct names ids;
    if (scenario_ids(reader, SCENARIO_OFFERS, "the offer's id", &ids)) {
        return STATUS_NO_MEMORY;
    }
    size_t groups = group_count(&ids), offer = 0;
    Muster__Offer *offers = arena_array(reader->arena, groups, sizeof *offers);
    reader->market->offers = arena_array(reader->arena, groups, sizeof *reader->market->offers);
    if (!offers || !reader->market->offers || names_init(&reader->offers, reader->arena, groups)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t at = 0; at < ids.count && !reader->status; offer++) {
        size_t count = group_size(&ids, at);
        read_offer(reader, &ids.entries[at], count, &offers[offer]);
        names_add(&reader->offers, offers[offer].id, (uint32_t)offer);
        reader->market->offers[reader->market->n_offers++] = &offers[offer];
        at += count;
    }
    return reader->status;
}
