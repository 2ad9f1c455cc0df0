/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/check_field.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/codes/amount.h"
#include "proto/codes/aqap.h"
#include "proto/codes/country.h"
#include "proto/codes/currency.h"
#include "proto/codes/month.h"
#include "proto/limits.h"
#include "proto/status.h"
#include "proto/text.h"

#define REMEDY_SIZE 256
#define NUMBER_SIZE 24
#define BETWEEN_SIZE 64

void check_fault(struct faults *faults, const char *field, const char *found, const char *expected, const char *remedy, ...)
{
    char text[REMEDY_SIZE];
    va_list arguments;
    va_start(arguments, remedy);
    vsnprintf(text, sizeof text, remedy, arguments);
    va_end(arguments);
    faults_add(faults, field, found, expected, text);
}

void check_warn(struct faults *faults, const char *field, const char *found, const char *expected, const char *remedy, ...)
{
    char text[REMEDY_SIZE];
    va_list arguments;
    va_start(arguments, remedy);
    vsnprintf(text, sizeof text, remedy, arguments);
    va_end(arguments);
    faults_warn(faults, field, found, expected, text);
}

static const char *text_remedy(enum text_fault fault)
{
    switch (fault) {
    case TEXT_NOT_UTF8:
        return "save the file as UTF-8";
    case TEXT_CONTROL:
        return "write it on one line, without tabs";
    case TEXT_INVISIBLE:
        return "type the text again by hand: it holds a character that nobody sees";
    case TEXT_UNASSIGNED:
        return "type the text again by hand";
    case TEXT_NOT_NFC:
        return "have the program that made it normalise text to form C";
    case TEXT_TOO_LONG:
    case TEXT_GOOD:
        break;
    }
    return "shorten it";
}

const char *check_shown(const char *text)
{
    return text_check(text, SIZE_MAX - 1) == TEXT_GOOD ? text : "";
}

bool check_text(struct faults *faults, const char *field, const char *text, size_t most, bool needed)
{
    if (needed && !*text) {
        check_fault(faults, field, "", "a text", "fill it in");
        return false;
    }
    enum text_fault fault = text_check(text, most);
    if (fault == TEXT_TOO_LONG) {
        char expected[BETWEEN_SIZE];
        snprintf(expected, sizeof expected, "at most %zu bytes", most);
        check_fault(faults, field, check_shown(text), expected, "shorten it");
        return false;
    }
    if (fault != TEXT_GOOD) {
        /* What can't be shown as it stands is not repeated. */
        bool show = fault == TEXT_NOT_NFC;
        check_fault(faults, field, show ? text : "", text_expected(fault), "%s", text_remedy(fault));
        return false;
    }
    return true;
}

bool check_id(struct faults *faults, const char *field, const char *text)
{
    if (text_is_id(text)) {
        return true;
    }
    check_fault(faults, field, check_shown(text), "1 to 64 of A-Z a-z 0-9 . _ -", "%s",
                *text ? "use letters, digits, point, hyphen and underscore, beginning with a letter or digit: NL-155-2027"
                      : "fill it in, such as NL-155-2027");
    return false;
}

bool check_party_id(struct faults *faults, const char *field, const char *text)
{
    if (text_is_party_id(text)) {
        return true;
    }
    check_fault(faults, field, check_shown(text), "1 to 32 of a-z 0-9 -", "write the party's id, such as nl-agency");
    return false;
}

bool check_object_id(struct faults *faults, const char *field, const char *text)
{
    if (text_is_object_id(text)) {
        return true;
    }
    check_fault(faults, field, check_shown(text), "party/id", "write it as nl-agency/NL-155-2027");
    return false;
}

bool check_code(struct faults *faults, const char *field, const char *text, int status, const struct code_answer *answer)
{
    if (status != STATUS_OK) {
        faults_add(faults, field, check_shown(text), answer->expected, answer->remedy);
        return false;
    }
    if (strcmp(text, answer->value) != 0) {
        check_fault(faults, field, check_shown(text), "the code as it is stored", "write %s", answer->value);
        return false;
    }
    if (answer->doubtful) {
        faults_warn(faults, field, text, answer->expected, answer->remedy);
    }
    return true;
}

bool check_country(struct faults *faults, const char *field, const char *text)
{
    if (country_is_stored(text)) {
        return true;
    }
    struct code_answer answer;
    int status = country_read(text, &answer);
    return check_code(faults, field, text, status, &answer);
}

static const Muster__Rate *find_rate(const char *currency, const struct check_context *context)
{
    for (size_t at = 0; context->rates && at < context->rate_count; at++) {
        if (strcmp(context->rates[at]->currency, currency) == 0) {
            return context->rates[at];
        }
    }
    return NULL;
}

static bool is_base(const char *currency, const struct check_context *context)
{
    return context->base_currency && strcmp(currency, context->base_currency) == 0;
}

bool check_currency(struct faults *faults, const char *field, const char *text, const struct check_context *context)
{
    struct code_answer answer;
    int status = currency_read(text, context->as_of, &answer);
    if (!check_code(faults, field, text, status, &answer)) {
        return false;
    }
    if (context->rates && !is_base(text, context) && !find_rate(text, context)) {
        const char *base = context->base_currency ? context->base_currency : "the base currency";
        if (context->sets_rates) {
            check_fault(faults, field, text, "a currency with a rate", "write the amount in %s, or set a rate of %s first: muster rates submit FILE", base, text);
        } else {
            check_fault(faults, field, text, "a currency with a rate", "write the amounts in %s, or ask the coordinator for a rate of %s", base, text);
        }
        return false;
    }
    return true;
}

bool check_to_base(int64_t hundredths, const char *currency, const struct check_context *context, int64_t *base_cents)
{
    uint64_t millionths = is_base(currency, context) ? 1000000 : 0;
    const Muster__Rate *rate = millionths ? NULL : find_rate(currency, context);
    if (rate) {
        millionths = rate->millionths;
    }
    return millionths && amount_to_base(hundredths, millionths, base_cents) == STATUS_OK;
}

bool check_amount(struct faults *faults, const char *field, int64_t hundredths, const char *currency,
                  const struct check_context *context)
{
    char found[AMOUNT_TEXT_SIZE];
    if (hundredths < 0) {
        amount_write(hundredths, found);
        check_fault(faults, field, found, "an amount from 0", "write it without a minus");
        return false;
    }
    const Muster__Rate *rate = find_rate(currency, context);
    bool known = is_base(currency, context) || (rate && rate->millionths > 0);
    int64_t base_cents;
    if (hundredths > LIMIT_AMOUNT_OWN_MOST || (known && !check_to_base(hundredths, currency, context, &base_cents))) {
        amount_write(hundredths, found);
        check_fault(faults, field, found, "at most 100,000,000,000.00 in the base currency",
                    "check the amount: it is for one unit, or once");
        return false;
    }
    if (!currency_holds(currency, hundredths)) {
        amount_write(hundredths, found);
        check_fault(faults, field, found, "whole units of the currency", "%s has no hundredths: write %" PRId64 " or %" PRId64,
                    currency, hundredths / 100, hundredths / 100 + 1);
        return false;
    }
    return true;
}

bool check_number(struct faults *faults, const char *field, uint64_t value, uint64_t least, uint64_t most)
{
    if (value >= least && value <= most) {
        return true;
    }
    char found[NUMBER_SIZE];
    char expected[BETWEEN_SIZE];
    snprintf(found, sizeof found, "%" PRIu64, value);
    snprintf(expected, sizeof expected, "a whole number from %" PRIu64 " to %" PRIu64, least, most);
    check_fault(faults, field, found, expected, "write %" PRIu64 " or %s", value < least ? least : most,
                value < least ? "more" : "less");
    return false;
}

bool check_month(struct faults *faults, const char *field, uint32_t month)
{
    if (month_is_valid(month)) {
        return true;
    }
    char found[NUMBER_SIZE];
    snprintf(found, sizeof found, "%" PRIu32, month);
    check_fault(faults, field, found, "YYYY-MM from 2000-01 to 2199-12", "write a month such as 2028-12");
    return false;
}

bool check_day(struct faults *faults, const char *field, uint32_t day, bool optional)
{
    if ((optional && day == 0) || month_is_day(day)) {
        return true;
    }
    char found[NUMBER_SIZE];
    snprintf(found, sizeof found, "%" PRIu32, day);
    check_fault(faults, field, found, "YYYY-MM-DD, a day that exists", "write a day such as 2028-12-31");
    return false;
}

bool check_enum(struct faults *faults, const char *field, int value, const ProtobufCEnumDescriptor *descriptor)
{
    if (protobuf_c_enum_descriptor_get_value(descriptor, value)) {
        return true;
    }
    char found[NUMBER_SIZE];
    snprintf(found, sizeof found, "%d", value);
    check_fault(faults, field, found, "a value that the contract names", "use a program of the same protocol version");
    return false;
}

bool check_bytes(struct faults *faults, const char *field, const ProtobufCBinaryData *bytes, size_t length)
{
    if (bytes->len == length) {
        return true;
    }
    char found[NUMBER_SIZE + 8];
    char expected[BETWEEN_SIZE];
    snprintf(found, sizeof found, "%zu bytes", bytes->len);
    snprintf(expected, sizeof expected, "%zu bytes", length);
    check_fault(faults, field, found, expected, "use a program of the same protocol version");
    return false;
}
