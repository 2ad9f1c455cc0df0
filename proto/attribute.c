/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/attribute.h"

#include <string.h>

#include "proto/status.h"

#define DIGITS_MOST 20 /* on each side of the point */

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t';
}

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && is_blank(**text)) {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && is_blank((*text)[*length - 1])) {
        (*length)--;
    }
}

int attribute_read(const char *text, struct attribute_requirement *requirement)
{
    size_t before = strcspn(text, "<>=");
    const char *sign = text + before;
    size_t sign_length = 0;
    struct attribute_requirement read = {.name = text, .name_length = before};
    if (strncmp(sign, ">=", 2) == 0) {
        read.operator = ATTRIBUTE_LEAST;
        sign_length = 2;
    } else if (strncmp(sign, "<=", 2) == 0) {
        read.operator = ATTRIBUTE_MOST;
        sign_length = 2;
    } else if (*sign == '=') {
        read.operator = ATTRIBUTE_EQUAL;
        sign_length = 1;
    } else {
        return STATUS_INVALID;
    }
    read.value = sign + sign_length;
    read.value_length = strlen(read.value);
    if (strcspn(read.value, "<>=") != read.value_length) {
        return STATUS_INVALID;
    }
    trim(&read.name, &read.name_length);
    trim(&read.value, &read.value_length);
    if (read.name_length == 0 || read.value_length == 0) {
        return STATUS_INVALID;
    }
    if (read.operator != ATTRIBUTE_EQUAL && !attribute_is_decimal(read.value, read.value_length)) {
        return STATUS_INVALID;
    }
    *requirement = read;
    return STATUS_OK;
}

static size_t count_digits(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[count] >= '0' && text[count] <= '9') {
        count++;
    }
    return count;
}

bool attribute_is_decimal(const char *text, size_t length)
{
    size_t at = length > 0 && text[0] == '-';
    size_t whole = count_digits(text + at, length - at);
    at += whole;
    if (whole == 0 || whole > DIGITS_MOST) {
        return false;
    }
    if (at == length) {
        return true;
    }
    size_t after = text[at] == '.' ? count_digits(text + at + 1, length - at - 1) : 0;
    return after > 0 && after <= DIGITS_MOST && at + 1 + after == length;
}

/* A decimal as a sign and 2 x DIGITS_MOST digits, which compare bytewise. */
struct decimal {
    bool negative;
    char digits[2 * DIGITS_MOST];
};

static struct decimal take_decimal(const char *text, size_t length)
{
    struct decimal decimal = {.negative = text[0] == '-'};
    memset(decimal.digits, '0', sizeof decimal.digits);
    size_t at = decimal.negative;
    size_t whole = count_digits(text + at, length - at);
    memcpy(decimal.digits + DIGITS_MOST - whole, text + at, whole);
    at += whole;
    if (at < length) {
        memcpy(decimal.digits + DIGITS_MOST, text + at + 1, length - at - 1);
    }
    bool zero = true;
    for (size_t digit = 0; digit < sizeof decimal.digits; digit++) {
        zero = zero && decimal.digits[digit] == '0';
    }
    decimal.negative = decimal.negative && !zero;
    return decimal;
}

int attribute_compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    struct decimal left = take_decimal(a, a_length);
    struct decimal right = take_decimal(b, b_length);
    if (left.negative != right.negative) {
        return left.negative ? -1 : 1;
    }
    int order = memcmp(left.digits, right.digits, sizeof left.digits);
    return left.negative ? -order : order;
}

static bool same_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length != b_length) {
        return false;
    }
    for (size_t at = 0; at < a_length; at++) {
        char left = (char)(a[at] >= 'A' && a[at] <= 'Z' ? a[at] + 32 : a[at]);
        char right = (char)(b[at] >= 'A' && b[at] <= 'Z' ? b[at] + 32 : b[at]);
        if (left != right) {
            return false;
        }
    }
    return true;
}

bool attribute_same(const char *a, const char *b)
{
    return same_text(a, strlen(a), b, strlen(b));
}

bool attribute_meets(const struct attribute_requirement *requirement, const char *name, const char *value)
{
    size_t length = strlen(value);
    if (!same_text(requirement->name, requirement->name_length, name, strlen(name))) {
        return false;
    }
    if (requirement->operator == ATTRIBUTE_EQUAL) {
        return same_text(requirement->value, requirement->value_length, value, length);
    }
    if (!attribute_is_decimal(value, length)) {
        return false;
    }
    int order = attribute_compare(value, length, requirement->value, requirement->value_length);
    return requirement->operator == ATTRIBUTE_LEAST ? order >= 0 : order <= 0;
}
