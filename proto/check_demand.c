/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/attribute.h"
#include "proto/check_field.h"
#include "proto/codes/amount.h"
#include "proto/codes/locode.h"
#include "proto/codes/month.h"
#include "proto/limits.h"
#include "proto/status.h"

#define NUMBER_SIZE 24

static void check_own_country(const Muster__Demand *demand, const struct check_context *context, struct faults *faults)
{
    if (check_country(faults, "country", demand->country) && context->own_country &&
        strcmp(demand->country, context->own_country) != 0) {
        check_fault(faults, "country", demand->country, "your own country", "write %s", context->own_country);
    }
}

static void check_line(const Muster__Line *line, const Muster__Line *before, const struct check_context *context,
                       struct faults *faults)
{
    char text[MONTH_TEXT_SIZE];
    if (check_month(faults, "month", line->month)) {
        month_write(line->month, text);
        if (before && before->month == line->month) {
            check_fault(faults, "month", text, "one line a month", "add the quantities up in one row");
        } else if (before && before->month > line->month) {
            check_fault(faults, "month", text, "lines in the order of their months",
                        "have the program that made the message sort them");
        }
        if (context->as_of && line->month < context->as_of / 100) {
            check_warn(faults, "month", text, "a month that is not over", "deliveries of the past can only come from stock");
        }
    }
    check_number(faults, "quantity", line->quantity, 1, LIMIT_QUANTITY_MOST);
}

static void check_lines(const Muster__Demand *demand, const struct check_context *context, struct faults *faults)
{
    if (demand->n_lines == 0) {
        check_fault(faults, "month", "", "at least one line", "state a month and a quantity");
        return;
    }
    if (!check_count(faults, "month", demand->n_lines, LIMIT_LINES_MOST)) {
        return;
    }
    for (size_t at = 0; at < demand->n_lines; at++) {
        uint32_t row = check_enter_row(faults, context, at);
        check_line(demand->lines[at], at ? demand->lines[at - 1] : NULL, context, faults);
        check_leave_row(faults, row);
    }
}

/* The demand's units, as far as they are within limits. */
static uint64_t count_units(const Muster__Demand *demand)
{
    uint64_t total = 0;
    for (size_t at = 0; at < demand->n_lines && at < LIMIT_LINES_MOST; at++) {
        uint64_t quantity = demand->lines[at]->quantity;
        total += quantity <= LIMIT_QUANTITY_MOST ? quantity : 0;
    }
    return total;
}

static void check_minimum(const Muster__Demand *demand, struct faults *faults)
{
    if (!check_number(faults, "min_quantity", demand->min_quantity, 1, LIMIT_QUANTITY_MOST)) {
        return;
    }
    uint64_t total = count_units(demand);
    if (total > 0 && demand->min_quantity > total) {
        char found[NUMBER_SIZE];
        snprintf(found, sizeof found, "%" PRIu64, demand->min_quantity);
        check_warn(faults, "min_quantity", found, "no more than the lines together",
                   "nothing can be awarded: the lines have %" PRIu64, total);
    }
}

static void check_ceiling(const Muster__Demand *demand, const struct check_context *context, struct faults *faults)
{
    if (!check_amount(faults, "max_unit_price", demand->max_unit_price, demand->currency, context)) {
        return;
    }
    int64_t base_cents = 0;
    if (!check_to_base(demand->max_unit_price, demand->currency, context, &base_cents)) {
        return;
    }
    unsigned __int128 worth = (unsigned __int128)(uint64_t)base_cents * count_units(demand);
    if (worth >= (unsigned __int128)LIMIT_TOTAL_BELOW) {
        char found[AMOUNT_TEXT_SIZE];
        amount_write(demand->max_unit_price, found);
        check_fault(faults, "max_unit_price", found, "quantity x ceiling below 2^62 base cents",
                    "check quantity and ceiling, or split the demand");
    }
}

static void check_requires(const Muster__Demand *demand, struct faults *faults)
{
    bool good = check_count(faults, "requires", demand->n_requires, LIMIT_CONDITIONS_MOST);
    for (size_t at = 0; good && at < demand->n_requires; at++) {
        const char *text = demand->requires[at];
        struct attribute_requirement requirement;
        good = check_text(faults, "requires", text, LIMIT_ATTRIBUTE_MOST, true) &&
               check_attribute_text(faults, "requires", text, ";");
        if (!good) {
            break;
        }
        if (attribute_read(text, &requirement) != STATUS_OK) {
            check_fault(faults, "requires", text, "name=text, name>=number or name<=number",
                        "write it as range_km>=30 or stanag=4425; numbers have digits and a point");
            good = false;
        } else if (requirement.name[requirement.name_length] == ' ' || requirement.value[-1] == ' ') {
            check_fault(faults, "requires", text, "no blanks around the sign", "write it as range_km>=30");
            good = false;
        }
    }
    if (good) {
        check_set(faults, "requires", demand->requires, demand->n_requires);
    }
}

static void check_place(const Muster__Demand *demand, struct faults *faults)
{
    struct code_answer answer;
    int status = locode_read_place(demand->place, &answer);
    check_code(faults, "place", demand->place, status, &answer);
}

void check_demand(const Muster__Demand *demand, const struct check_context *context, struct faults *faults)
{
    check_id(faults, "demand", demand->id);
    check_own_country(demand, context, faults);
    check_id(faults, "item", demand->item);
    check_lines(demand, context, faults);
    check_minimum(demand, faults);
    check_ceiling(demand, context, faults);
    check_currency(faults, "currency", demand->currency, context);
    check_number(faults, "priority", demand->priority, 1, LIMIT_PRIORITY_MOST);
    check_place(demand, faults);
    check_requires(demand, faults);
    check_certificates(faults, "certificates", demand->certificates, demand->n_certificates);
    check_countries(faults, "exclude_origins", demand->exclude_origins, demand->n_exclude_origins);
    if (*demand->fund) {
        check_id(faults, "fund", demand->fund);
    }
    check_enum(faults, "release", (int)demand->release, &muster__release__descriptor);
}
