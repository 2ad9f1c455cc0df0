/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/attribute.h"
#include "proto/check_field.h"
#include "proto/codes/locode.h"
#include "proto/codes/month.h"
#include "proto/limits.h"

#define NUMBER_SIZE 24
#define SUM_OF_ORIGIN 100u

static void check_supplier(const Muster__Offer *offer, const struct check_context *context, struct faults *faults)
{
    if (check_party_id(faults, "supplier", offer->supplier) && context->own_party &&
        strcmp(offer->supplier, context->own_party) != 0) {
        check_fault(faults, "supplier", offer->supplier, "your own party", "write %s", context->own_party);
    }
}

static void check_tier(const Muster__Offer *offer, const Muster__Tier *tier, const struct check_context *context,
                       struct faults *faults)
{
    char found[NUMBER_SIZE];
    if (check_number(faults, "min_quantity", tier->min_quantity, 1, LIMIT_QUANTITY_MOST) && offer->max_quantity > 0 &&
        tier->min_quantity > offer->max_quantity) {
        snprintf(found, sizeof found, "%" PRIu64, tier->min_quantity);
        check_warn(faults, "min_quantity", found, "no more than max_quantity", "nobody can order this tier: the most is %" PRIu64,
                   offer->max_quantity);
    }
    check_amount(faults, "unit_price", tier->unit_price, offer->currency, context);
    check_amount(faults, "one_off", tier->one_off, offer->currency, context);
    check_month(faults, "first_month", tier->first_month);
    bool good = check_number(faults, "stock", tier->stock, 0, LIMIT_QUANTITY_MOST);
    good = check_number(faults, "monthly_rate", tier->monthly_rate, 0, LIMIT_QUANTITY_MOST) && good;
    if (good && tier->stock == 0 && tier->monthly_rate == 0) {
        check_warn(faults, "monthly_rate", "0", "stock or output above 0", "nothing can be awarded: state what you make a month");
    }
}

static void check_tiers(const Muster__Offer *offer, const struct check_context *context, struct faults *faults)
{
    if (offer->n_tiers == 0) {
        check_fault(faults, "unit_price", "", "at least one tier", "state a price and a first month");
        return;
    }
    if (!check_count(faults, "unit_price", offer->n_tiers, LIMIT_TIERS_MOST)) {
        return;
    }
    for (size_t at = 0; at < offer->n_tiers; at++) {
        uint32_t row = check_enter_row(faults, context, at);
        check_tier(offer, offer->tiers[at], context, faults);
        check_leave_row(faults, row);
    }
}

static void check_freight(const Muster__Offer *offer, const struct check_context *context, struct faults *faults)
{
    if (!check_count(faults, "freight", offer->n_freight, LIMIT_FREIGHT_MOST)) {
        return;
    }
    for (size_t at = 0; at < offer->n_freight; at++) {
        const char *prefix = offer->freight[at]->prefix;
        struct code_answer answer;
        int status = locode_read_prefix(prefix, &answer);
        check_code(faults, "freight", prefix, status, &answer);
        check_amount(faults, "freight", offer->freight[at]->amount, offer->currency, context);
        check_set(faults, "freight", (char *[]){at ? offer->freight[at - 1]->prefix : "", offer->freight[at]->prefix}, 2);
    }
}

/* Names are compared without regard to ASCII case, so they must differ in more than that. */
static bool stands_before(const Muster__Offer *offer, size_t at)
{
    for (size_t other = 0; other < at; other++) {
        if (attribute_same(offer->provides[other]->name, offer->provides[at]->name)) {
            return true;
        }
    }
    return false;
}

static void check_provides(const Muster__Offer *offer, struct faults *faults)
{
    bool good = check_count(faults, "provides", offer->n_provides, LIMIT_CONDITIONS_MOST);
    for (size_t at = 0; good && at < offer->n_provides; at++) {
        const Muster__Attribute *attribute = offer->provides[at];
        good = check_text(faults, "provides", attribute->name, LIMIT_ATTRIBUTE_MOST, true) &&
               check_text(faults, "provides", attribute->value, LIMIT_ATTRIBUTE_MOST, true) &&
               check_attribute_text(faults, "provides", attribute->name, ";<>=") &&
               check_attribute_text(faults, "provides", attribute->value, ";");
        if (good && stands_before(offer, at)) {
            check_fault(faults, "provides", attribute->name, "each attribute once", "write %s once; capitals do not matter",
                        attribute->name);
            good = false;
        } else if (good && at && strcmp(offer->provides[at - 1]->name, attribute->name) > 0) {
            check_fault(faults, "provides", attribute->name, "sorted bytewise", "have the program that made the message sort it");
            good = false;
        }
    }
}

static void check_origin(const Muster__Offer *offer, struct faults *faults)
{
    bool good = check_count(faults, "origin", offer->n_origin, LIMIT_COUNTRIES_MOST);
    uint32_t sum = 0;
    for (size_t at = 0; good && at < offer->n_origin; at++) {
        const Muster__Origin *origin = offer->origin[at];
        good = check_country(faults, "origin", origin->country) && check_number(faults, "origin", origin->percent, 0, 100) &&
               check_set(faults, "origin", (char *[]){at ? offer->origin[at - 1]->country : "", origin->country}, 2);
        sum += good ? origin->percent : 0;
    }
    if (good && offer->n_origin > 0 && sum != SUM_OF_ORIGIN) {
        char found[NUMBER_SIZE];
        snprintf(found, sizeof found, "%" PRIu32 " %%", sum);
        check_fault(faults, "origin", found, "100 percent in all", "state all shares, such as DE:60;NL:25;US:15");
    }
}

void check_offer(const Muster__Offer *offer, const struct check_context *context, struct faults *faults)
{
    check_id(faults, "offer", offer->id);
    check_supplier(offer, context, faults);
    check_id(faults, "item", offer->item);
    check_tiers(offer, context, faults);
    check_currency(faults, "currency", offer->currency, context);
    check_number(faults, "max_quantity", offer->max_quantity, 0, LIMIT_QUANTITY_MOST);
    check_freight(offer, context, faults);
    check_provides(offer, faults);
    check_certificates(faults, "certificates", offer->certificates, offer->n_certificates);
    check_origin(offer, faults);
    check_countries(faults, "destinations", offer->destinations, offer->n_destinations);
    if (check_day(faults, "valid_until", offer->valid_until, true) && offer->valid_until && context->as_of &&
        offer->valid_until < context->as_of) {
        char found[DAY_TEXT_SIZE];
        month_write_day(offer->valid_until, found);
        check_warn(faults, "valid_until", found, "a day that is not over", "the offer gets nothing any more: state a later day");
    }
}
