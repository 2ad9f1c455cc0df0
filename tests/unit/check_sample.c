/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/check_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(name, text) static char name[] = text

TEXT(euro, "EUR");

void check_sample_open(struct check_sample *sample)
{
    arena_init(&sample->arena, (size_t)64 << 20);
    faults_init(&sample->faults, &sample->arena);
    sample->context = (struct check_context){.as_of = 20261101, .base_currency = "EUR"};
}

void check_sample_close(struct check_sample *sample)
{
    arena_drop(&sample->arena);
}

void check_sample_reset(struct check_sample *sample)
{
    faults_init(&sample->faults, &sample->arena);
}

Muster__Demand *check_sample_demand(void)
{
    TEXT(id, "NL-155-2027");
    TEXT(country, "NL");
    TEXT(item, "155-HE");
    TEXT(place, "NLRTM");
    TEXT(fund, "NL-FUND");
    TEXT(require_range, "range_km>=30");
    TEXT(require_stanag, "stanag=4425");
    TEXT(aqap, "AQAP-2110");
    TEXT(iso, "ISO-9001");
    TEXT(origin_by, "BY");
    TEXT(origin_ru, "RU");
    static Muster__Line line[2];
    static Muster__Line *lines[2];
    static char *requires[2], *certificates[2], *exclude[2];
    static Muster__Demand demand;
    for (size_t at = 0; at < 2; at++) {
        line[at] = (Muster__Line)MUSTER__LINE__INIT;
        line[at].month = at ? 202712 : 202706;
        line[at].quantity = 1000;
        lines[at] = &line[at];
    }
    requires[0] = require_range;
    requires[1] = require_stanag;
    certificates[0] = aqap;
    certificates[1] = iso;
    exclude[0] = origin_by;
    exclude[1] = origin_ru;
    demand = (Muster__Demand)MUSTER__DEMAND__INIT;
    demand.id = id;
    demand.country = country;
    demand.item = item;
    demand.n_lines = 2;
    demand.lines = lines;
    demand.min_quantity = 1;
    demand.max_unit_price = 590000;
    demand.currency = euro;
    demand.priority = 3;
    demand.place = place;
    demand.n_requires = 2;
    demand.requires = requires;
    demand.n_certificates = 2;
    demand.certificates = certificates;
    demand.n_exclude_origins = 2;
    demand.exclude_origins = exclude;
    demand.fund = fund;
    demand.release = MUSTER__RELEASE__RELEASE_POOLED;
    return &demand;
}

static void fill_conditions(Muster__Offer *offer)
{
    TEXT(any_place, "*");
    TEXT(country_de, "DE");
    TEXT(country_nl, "NL");
    TEXT(name_range, "range_km");
    TEXT(name_stanag, "stanag");
    TEXT(value_range, "40");
    TEXT(value_stanag, "4425");
    TEXT(aqap, "AQAP-2110");
    static Muster__Freight freight[2];
    static Muster__Freight *freights[2];
    static Muster__Attribute attribute[2];
    static Muster__Attribute *attributes[2];
    static Muster__Origin origin[2];
    static Muster__Origin *origins[2];
    static char *certificates[1], *destinations[2];
    for (size_t at = 0; at < 2; at++) {
        freight[at] = (Muster__Freight)MUSTER__FREIGHT__INIT;
        freight[at].prefix = at ? country_nl : any_place;
        freight[at].amount = 15000;
        freights[at] = &freight[at];
        attribute[at] = (Muster__Attribute)MUSTER__ATTRIBUTE__INIT;
        attribute[at].name = at ? name_stanag : name_range;
        attribute[at].value = at ? value_stanag : value_range;
        attributes[at] = &attribute[at];
        origin[at] = (Muster__Origin)MUSTER__ORIGIN__INIT;
        origin[at].country = at ? country_nl : country_de;
        origin[at].percent = at ? 40 : 60;
        origins[at] = &origin[at];
    }
    certificates[0] = aqap;
    destinations[0] = country_de;
    destinations[1] = country_nl;
    offer->n_freight = offer->n_provides = offer->n_origin = offer->n_destinations = 2;
    offer->freight = freights;
    offer->provides = attributes;
    offer->origin = origins;
    offer->destinations = destinations;
    offer->n_certificates = 1;
    offer->certificates = certificates;
}

Muster__Offer *check_sample_offer(void)
{
    TEXT(id, "RW-155");
    TEXT(supplier, "rotorwerk");
    TEXT(item, "155-HE");
    static Muster__Tier tier[2];
    static Muster__Tier *tiers[2];
    static Muster__Offer offer;
    for (size_t at = 0; at < 2; at++) {
        tier[at] = (Muster__Tier)MUSTER__TIER__INIT;
        tier[at].min_quantity = at ? 1000 : 1;
        tier[at].unit_price = at ? 330000 : 400000;
        tier[at].one_off = at ? 200000000 : 0;
        tier[at].first_month = 202706;
        tier[at].monthly_rate = 100;
        tiers[at] = &tier[at];
    }
    offer = (Muster__Offer)MUSTER__OFFER__INIT;
    offer.id = id;
    offer.supplier = supplier;
    offer.item = item;
    offer.n_tiers = 2;
    offer.tiers = tiers;
    offer.currency = euro;
    offer.max_quantity = 5000;
    offer.valid_until = 20271231;
    fill_conditions(&offer);
    return &offer;
}

Muster__Item *check_sample_item(void)
{
    TEXT(id, "155-HE");
    TEXT(title, "155 mm HE, M\xC3\xBCnden pattern");
    TEXT(nsc, "1320");
    TEXT(cpv, "35331200-5");
    TEXT(unit, "EA");
    static Muster__Item item;
    item = (Muster__Item)MUSTER__ITEM__INIT;
    item.id = id;
    item.title = title;
    item.nsc = nsc;
    item.cpv = cpv;
    item.unit = unit;
    return &item;
}

Muster__Party *check_sample_party(void)
{
    TEXT(id, "rotorwerk");
    TEXT(name, "Rotorwerk (f) GmbH");
    TEXT(country, "DE");
    TEXT(ncage, "CNP90");
    TEXT(contact, "sales@rotorwerk.example");
    static Muster__Party party;
    party = (Muster__Party)MUSTER__PARTY__INIT;
    party.id = id;
    party.role = MUSTER__ROLE__ROLE_SUPPLIER;
    party.name = name;
    party.country = country;
    party.ncage = ncage;
    party.size = MUSTER__SIZE__SIZE_MEDIUM;
    party.contact = contact;
    return &party;
}

Muster__Fund *check_sample_fund(void)
{
    TEXT(id, "NL-FUND");
    TEXT(country_de, "DE");
    TEXT(country_nl, "NL");
    static char *countries[2];
    static Muster__Fund fund;
    countries[0] = country_de;
    countries[1] = country_nl;
    fund = (Muster__Fund)MUSTER__FUND__INIT;
    fund.id = id;
    fund.limited = 1;
    fund.balance = 50000000000;
    fund.currency = euro;
    fund.min_nations = 2;
    fund.min_european_content = 65;
    fund.n_countries = 2;
    fund.countries = countries;
    return &fund;
}

Muster__Submission *check_sample_submission(void)
{
    TEXT(origin, "exchange.example/muster");
    TEXT(party, "nl-agency");
    TEXT(marking, "UNCLASSIFIED");
    TEXT(marked_by, "NL");
    static uint8_t bytes[64];
    static Muster__Head head;
    static Muster__DemandChange change;
    static Muster__DemandChange *changes[1];
    static Muster__Submission submission;
    head = (Muster__Head)MUSTER__HEAD__INIT;
    change = (Muster__DemandChange)MUSTER__DEMAND_CHANGE__INIT;
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.demand = check_sample_demand();
    change.id = change.demand->id;
    changes[0] = &change;
    submission = (Muster__Submission)MUSTER__SUBMISSION__INIT;
    submission.protocol = 1;
    submission.origin = origin;
    submission.log_key = submission.signing_key = (ProtobufCBinaryData){32, bytes};
    submission.id = (ProtobufCBinaryData){16, bytes};
    submission.party = party;
    submission.not_after = 1;
    submission.head = &head;
    submission.marking = marking;
    submission.marked_by = marked_by;
    submission.n_demands = 1;
    submission.demands = changes;
    return &submission;
}

static void show(const struct faults *faults)
{
    for (size_t at = 0; at < faults->count; at++) {
        const struct fault *fault = &faults->list[at];
        print_message("  %s change %u row %u %s: found '%s', expected %s, %s\n", fault->warning ? "warning" : "error",
                      fault->change, fault->row, fault->field, fault->found, fault->expected, fault->remedy);
    }
}

static void expect_one(struct check_sample *sample, size_t errors, size_t warnings, const char *field, const char *advice)
{
    const struct faults *faults = &sample->faults;
    bool good = faults->errors == errors && faults->warnings == warnings && faults->count == 1 &&
                strcmp(faults->list[0].field, field) == 0 &&
                (strstr(faults->list[0].remedy, advice) || strstr(faults->list[0].expected, advice)) &&
                *faults->list[0].expected && *faults->list[0].remedy;
    if (!good) {
        show(faults);
        fail_msg("expected one %s on '%s' with '%s'", errors ? "error" : "warning", field, advice);
    }
    check_sample_reset(sample);
}

void check_sample_expect(struct check_sample *sample, const char *field, const char *advice)
{
    expect_one(sample, 1, 0, field, advice);
}

void check_sample_expect_warning(struct check_sample *sample, const char *field, const char *advice)
{
    expect_one(sample, 0, 1, field, advice);
}

void check_sample_expect_none(struct check_sample *sample)
{
    if (sample->faults.errors || sample->faults.warnings) {
        show(&sample->faults);
        fail_msg("expected no fault");
    }
}
