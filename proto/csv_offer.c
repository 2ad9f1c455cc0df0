/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/csv.h"
#include "proto/csv_build.h"
#include "proto/status.h"

static const struct csv_value *whole(const struct csv_build *build, const struct csv_object *object, enum csv_offer_column column)
{
    return csv_table_value(build->table, object, 0, column);
}

/* Tiers in the order of the file, which is how they are numbered. */
static int make_tiers(const struct csv_build *build, const struct csv_object *object, Muster__Offer *offer, struct csv_rows *rows)
{
    offer->n_tiers = object->count;
    offer->tiers = (Muster__Tier **)csv_build_messages(build->arena, object->count, sizeof **offer->tiers);
    if (!offer->tiers) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < object->count; n++) {
        const struct csv_value *values = build->table->records[object->records[n]].values;
        Muster__Tier *tier = offer->tiers[n];
        muster__tier__init(tier);
        tier->min_quantity = values[CSV_OFFER_MIN_QUANTITY].number;
        tier->unit_price = (int64_t)values[CSV_OFFER_UNIT_PRICE].number;
        tier->one_off = (int64_t)values[CSV_OFFER_ONE_OFF].number;
        tier->first_month = (uint32_t)values[CSV_OFFER_FIRST_MONTH].number;
        tier->stock = values[CSV_OFFER_STOCK].number;
        tier->monthly_rate = values[CSV_OFFER_MONTHLY_RATE].number;
        csv_build_check_sign(build, object, n, CSV_OFFER_UNIT_PRICE, values[CSV_OFFER_UNIT_PRICE].text, offer->currency);
        csv_build_check_sign(build, object, n, CSV_OFFER_ONE_OFF, values[CSV_OFFER_ONE_OFF].text, offer->currency);
    }
    return csv_build_rows(build, object, rows);
}

static int make_freight(const struct csv_build *build, const struct csv_object *object, Muster__Offer *offer)
{
    const struct csv_value *value = whole(build, object, CSV_OFFER_FREIGHT);
    offer->n_freight = value->count;
    offer->freight = (Muster__Freight **)csv_build_messages(build->arena, value->count, sizeof **offer->freight);
    for (size_t at = 0; offer->freight && at < value->count; at++) {
        muster__freight__init(offer->freight[at]);
        offer->freight[at]->prefix = (char *)(uintptr_t)value->pairs[at].name;
        offer->freight[at]->amount = value->pairs[at].number;
        csv_build_check_sign(build, object, 0, CSV_OFFER_FREIGHT, value->pairs[at].text, offer->currency);
    }
    return offer->freight ? STATUS_OK : STATUS_NO_MEMORY;
}

static int make_origin(const struct csv_build *build, const struct csv_object *object, Muster__Offer *offer)
{
    const struct csv_value *value = whole(build, object, CSV_OFFER_ORIGIN);
    offer->n_origin = value->count;
    offer->origin = (Muster__Origin **)csv_build_messages(build->arena, value->count, sizeof **offer->origin);
    for (size_t at = 0; offer->origin && at < value->count; at++) {
        int64_t percent = value->pairs[at].number;
        muster__origin__init(offer->origin[at]);
        offer->origin[at]->country = (char *)(uintptr_t)value->pairs[at].name;
        offer->origin[at]->percent = percent > UINT32_MAX ? UINT32_MAX : (uint32_t)percent;
    }
    return offer->origin ? STATUS_OK : STATUS_NO_MEMORY;
}

static int make_provides(const struct csv_build *build, const struct csv_object *object, Muster__Offer *offer)
{
    const struct csv_value *value = whole(build, object, CSV_OFFER_PROVIDES);
    offer->n_provides = value->count;
    offer->provides = (Muster__Attribute **)csv_build_messages(build->arena, value->count, sizeof **offer->provides);
    for (size_t at = 0; offer->provides && at < value->count; at++) {
        muster__attribute__init(offer->provides[at]);
        offer->provides[at]->name = (char *)(uintptr_t)value->pairs[at].name;
        offer->provides[at]->value = (char *)(uintptr_t)value->pairs[at].text;
    }
    return offer->provides ? STATUS_OK : STATUS_NO_MEMORY;
}

static int make_lists(const struct csv_build *build, const struct csv_object *object, Muster__Offer *offer)
{
    if (make_freight(build, object, offer) != STATUS_OK || make_origin(build, object, offer) != STATUS_OK ||
        make_provides(build, object, offer) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    int status = csv_build_texts(build, whole(build, object, CSV_OFFER_CERTIFICATES), &offer->certificates, &offer->n_certificates);
    if (status == STATUS_OK) {
        status = csv_build_texts(build, whole(build, object, CSV_OFFER_DESTINATIONS), &offer->destinations, &offer->n_destinations);
    }
    return status;
}

static int make(const struct csv_build *build, const struct csv_object *object, void *message, struct csv_rows *rows)
{
    Muster__Offer *offer = message;
    muster__offer__init(offer);
    offer->id = csv_build_text(whole(build, object, CSV_OFFER_ID), NULL);
    offer->supplier = csv_build_text(whole(build, object, CSV_OFFER_SUPPLIER), build->options->supplier);
    offer->item = csv_build_text(whole(build, object, CSV_OFFER_ITEM), NULL);
    offer->currency = csv_build_text(whole(build, object, CSV_OFFER_CURRENCY), build->options->currency);
    offer->max_quantity = whole(build, object, CSV_OFFER_MAX_QUANTITY)->number;
    offer->valid_until = (uint32_t)whole(build, object, CSV_OFFER_VALID_UNTIL)->number;
    if (whole(build, object, CSV_OFFER_MAX_QUANTITY)->given && offer->max_quantity == 0 &&
        !whole(build, object, CSV_OFFER_MAX_QUANTITY)->faulty) {
        csv_table_refuse(build->table, object, 0, CSV_OFFER_MAX_QUANTITY, "0", "1 or more, or nothing",
                         "empty the cell for no limit, or leave out the offer", build->faults);
    }
    int status = make_lists(build, object, offer);
    if (status == STATUS_OK) {
        status = make_tiers(build, object, offer, rows);
    }
    return status == STATUS_OK ? check_normalise_offer(build->arena, offer) : status;
}

static void check(const void *message, const struct check_context *context, struct faults *faults)
{
    check_offer(message, context, faults);
}

int csv_read_offers(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                     struct csv_offers *offers)
{
    static const struct csv_noun noun = {&csv_format_offer, sizeof(Muster__Offer), make, check, NULL};
    struct csv_result result;
    uint32_t own = options->supplier ? 1u << CSV_OFFER_SUPPLIER : 0;
    int status = csv_build_read(&noun, bytes, length, own, 1, options, arena, faults, &result);
    *offers = (struct csv_offers){(Muster__Offer **)result.list, result.rows, result.count, result.told, result.row_count};
    return status;
}

/* Whether a fault's found text is this number or month. */
static bool is_found(const char *found, uint64_t number)
{
    char digits[32], month[32];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    snprintf(month, sizeof month, "%04" PRIu64 "-%02" PRIu64, number / 100, number % 100);
    return strcmp(found, digits) == 0 || strcmp(found, month) == 0;
}

static bool is_amount(const char *found, int64_t hundredths)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64 ".%02d", hundredths / 100, (int)(hundredths % 100));
    return strcmp(found, text) == 0;
}

uint32_t csv_offer_row(const Muster__Offer *offer, const struct csv_rows *rows, const char *field, const char *found)
{
    for (size_t at = 0; found && at < offer->n_tiers && at < rows->count; at++) {
        const Muster__Tier *tier = offer->tiers[at];
        if ((strcmp(field, "min_quantity") == 0 && is_found(found, tier->min_quantity)) ||
            (strcmp(field, "first_month") == 0 && is_found(found, tier->first_month)) ||
            (strcmp(field, "stock") == 0 && is_found(found, tier->stock)) ||
            (strcmp(field, "monthly_rate") == 0 && is_found(found, tier->monthly_rate)) ||
            (strcmp(field, "unit_price") == 0 && is_amount(found, tier->unit_price)) ||
            (strcmp(field, "one_off") == 0 && is_amount(found, tier->one_off))) {
            return rows->own[at];
        }
    }
    return rows->first;
}
