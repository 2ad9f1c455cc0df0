/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_amount.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RATE_WHOLE_MOST 999999999u /* nine digits, so that millionths fit 64 bits with room */

static bool advise(struct csv_amount_advice *advice, const char *expected, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool advise(struct csv_amount_advice *advice, const char *expected, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    advice->expected = expected;
    vsnprintf(advice->remedy, sizeof advice->remedy, format, args);
    va_end(args);
    return false;
}

static bool is_whole(enum csv_kind kind)
{
    return kind == CSV_KIND_QUANTITY || kind == CSV_KIND_COUNT || kind == CSV_KIND_NUMBER || kind == CSV_KIND_PERCENT;
}

static const char *expected_of(enum csv_kind kind)
{
    switch (kind) {
    case CSV_KIND_QUANTITY:
    case CSV_KIND_COUNT:
        return "whole units";
    case CSV_KIND_NUMBER:
        return "a whole number";
    case CSV_KIND_AMOUNT:
        return "an amount";
    case CSV_KIND_RATE:
        return "a rate";
    default:
        return "whole percent";
    }
}

static const char *example_of(enum csv_kind kind)
{
    switch (kind) {
    case CSV_KIND_QUANTITY:
    case CSV_KIND_COUNT:
        return "40";
    case CSV_KIND_AMOUNT:
        return "5900.00";
    case CSV_KIND_RATE:
        return "0.921489";
    case CSV_KIND_NUMBER:
        return "2";
    default:
        return "65";
    }
}

/* Both readings of 5.900: 5900 and 5.90, or in whole units 5900 and 5. */
static bool advise_readings(enum csv_kind kind, const struct csv_number *number, struct csv_amount_advice *advice)
{
    size_t point = strcspn(number->as_decimal, ".");
    size_t kept = is_whole(kind) ? point : point + 3;
    return advise(advice, "one clear reading", "write %s or %.*s", number->as_thousands, (int)kept, number->as_decimal);
}

static bool advise_form(enum csv_kind kind, const struct csv_number *number, struct csv_amount_advice *advice)
{
    switch (number->form) {
    case CSV_NUMBER_AMBIGUOUS:
        return advise_readings(kind, number, advice);
    case CSV_NUMBER_SCIENTIFIC:
        return advise(advice, "all digits", "the program shortened it: format the cells as a number, save again");
    case CSV_NUMBER_NEGATIVE:
        return advise(advice, kind == CSV_KIND_QUANTITY ? "1 or more" : "0 or more", "write it without a minus, or leave out the row");
    case CSV_NUMBER_SCALED:
        return advise(advice, expected_of(kind), "write it in full, for example 5900000");
    case CSV_NUMBER_LARGE:
        return advise(advice, "at most 15 digits", "look for digits too many");
    default:
        return advise(advice, expected_of(kind), "write for example %s", example_of(kind));
    }
}

static bool read_whole(enum csv_kind kind, const struct csv_number *number, uint64_t *value, struct csv_amount_advice *advice)
{
    if (number->places > 0) {
        return advise(advice, expected_of(kind), "write %" PRIu64 " or %" PRIu64, number->whole, number->whole + 1);
    }
    if (number->currency[0] || (number->percent && kind != CSV_KIND_PERCENT)) {
        return advise(advice, expected_of(kind), "write %" PRIu64, number->whole);
    }
    *value = number->whole;
    return true;
}

static bool read_amount(const struct csv_number *number, uint64_t *value, struct csv_amount_advice *advice)
{
    uint64_t cents = number->whole * 100 + number->millionths / 10000;
    if (number->places > 2) {
        return advise(advice, "at most two places", "write %" PRIu64 ".%02" PRIu64 " or %" PRIu64 ".%02" PRIu64, cents / 100,
                      cents % 100, (cents + 1) / 100, (cents + 1) % 100);
    }
    if (number->percent) {
        return advise(advice, "an amount", "write the amount itself");
    }
    *value = cents;
    return true;
}

static bool read_rate(const struct csv_number *number, uint64_t *value, struct csv_amount_advice *advice)
{
    if (number->places > 6) {
        return advise(advice, "at most six places", "write %" PRIu64 ".%06" PRIu32, number->whole, number->millionths);
    }
    if (number->whole > RATE_WHOLE_MOST) {
        return advise(advice, "at most nine digits", "look for digits too many");
    }
    if (number->percent || number->currency[0]) {
        return advise(advice, "a rate", "write only the number");
    }
    *value = number->whole * 1000000 + number->millionths;
    return true;
}

bool csv_amount_read(enum csv_kind kind, const char *text, uint64_t *value, char sign[CSV_NUMBER_TEXT],
                     struct csv_amount_advice *advice)
{
    struct csv_number number;
    csv_number_read(text, kind != CSV_KIND_RATE, &number);
    memcpy(sign, number.currency, CSV_NUMBER_TEXT);
    *value = 0;
    if (number.form != CSV_NUMBER_GOOD) {
        return advise_form(kind, &number, advice);
    }
    if (is_whole(kind)) {
        return read_whole(kind, &number, value, advice);
    }
    return kind == CSV_KIND_RATE ? read_rate(&number, value, advice) : read_amount(&number, value, advice);
}
