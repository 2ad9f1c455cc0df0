/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/cell.h"

#include <string.h>

#include "proto/status.h"

#define DECIMAL_DIGITS 20u

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Length in bytes of the white-space character at text, 0 if there is none. The set is Unicode's, with U+001C to U+001F. */
static size_t space_at(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] == ' ' || (c[0] >= 0x09 && c[0] <= 0x0d) || (c[0] >= 0x1c && c[0] <= 0x1f)) {
        return 1;
    }
    if (c[0] == 0xc2 && (c[1] == 0x85 || c[1] == 0xa0)) {
        return 2;
    }
    if ((c[0] == 0xe1 && c[1] == 0x9a && c[2] == 0x80) || (c[0] == 0xe3 && c[1] == 0x80 && c[2] == 0x80)) {
        return 3;
    }
    if (c[0] == 0xe2 && c[1] == 0x80 && ((c[2] >= 0x80 && c[2] <= 0x8a) || c[2] == 0xa8 || c[2] == 0xa9 || c[2] == 0xaf)) {
        return 3;
    }
    return c[0] == 0xe2 && c[1] == 0x81 && c[2] == 0x9f ? 3 : 0;
}

char *cell_trim(char *text)
{
    size_t space;
    while ((space = space_at(text)) > 0) {
        text += space;
    }
    size_t length = strlen(text);
    while (length > 0) {
        size_t start = length - 1;
        while (start > 0 && ((unsigned char)text[start] & 0xc0u) == 0x80u) {
            start--;
        }
        if (space_at(text + start) != length - start) {
            break;
        }
        length = start;
    }
    text[length] = '\0';
    return text;
}

/* Digits, perhaps a point and up to places more digits, scaled by 10^places. whole_most: digits before the point. */
static bool scaled(const char *text, unsigned whole_most, unsigned places, uint64_t *value)
{
    uint64_t result = 0;
    unsigned whole = 0, fraction = 0;
    for (; is_digit(*text); text++) {
        if (++whole > whole_most) {
            return false;
        }
        result = result * 10 + (uint64_t)(*text - '0');
    }
    if (whole == 0) {
        return false;
    }
    if (*text == '.') {
        for (text++; is_digit(*text); text++) {
            if (++fraction > places) {
                return false;
            }
            result = result * 10 + (uint64_t)(*text - '0');
        }
        if (fraction == 0) {
            return false;
        }
    }
    for (; fraction < places; fraction++) {
        result *= 10;
    }
    *value = result;
    return *text == '\0';
}

bool cell_whole(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
    uint64_t result;
    if (strchr(text, '.') || !scaled(text, 15, 0, &result) || result < least || result > most) {
        return false;
    }
    *value = result;
    return true;
}

bool cell_amount(const char *text, int64_t *hundredths)
{
    uint64_t value;
    if (!scaled(text, 13, 2, &value)) {
        return false;
    }
    *hundredths = (int64_t)value;
    return true;
}

bool cell_rate(const char *text, uint64_t *millionths)
{
    uint64_t value;
    if (!scaled(text, 9, 6, &value) || value == 0) {
        return false;
    }
    *millionths = value;
    return true;
}

/* Exactly count digits. */
static bool fixed_digits(const char *text, unsigned count, uint32_t *value)
{
    *value = 0;
    for (unsigned n = 0; n < count; n++) {
        if (!is_digit(text[n])) {
            return false;
        }
        *value = *value * 10 + (uint32_t)(text[n] - '0');
    }
    return true;
}

bool cell_month(const char *text, uint32_t *month)
{
    uint32_t year, number;
    if (strlen(text) != 7 || !fixed_digits(text, 4, &year) || text[4] != '-' || !fixed_digits(text + 5, 2, &number)) {
        return false;
    }
    if (year < 2000 || year > 2199 || number < 1 || number > 12) {
        return false;
    }
    *month = year * 100 + number;
    return true;
}

bool cell_date(const char *text, uint32_t *date)
{
    static const uint32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t year, month, day;
    if (strlen(text) != 10 || !fixed_digits(text, 4, &year) || text[4] != '-' || !fixed_digits(text + 5, 2, &month) ||
        text[7] != '-' || !fixed_digits(text + 8, 2, &day)) {
        return false;
    }
    if (year < 1 || month < 1 || month > 12) {
        return false;
    }
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day < 1 || day > days[month - 1] + (month == 2 && leap)) {
        return false;
    }
    *date = year * 10000 + month * 100 + day;
    return true;
}

uint32_t cell_month_index(uint32_t month)
{
    return month / 100 * 12 + month % 100 - 1;
}

uint32_t cell_month_of_index(uint32_t index)
{
    return index / 12 * 100 + index % 12 + 1;
}

/* The text behind 1 to DECIMAL_DIGITS digits, or NULL. */
static const char *after_digits(const char *text)
{
    size_t digits = 0;
    while (is_digit(text[digits])) {
        digits++;
    }
    return digits < 1 || digits > DECIMAL_DIGITS ? NULL : text + digits;
}

bool cell_is_decimal(const char *text)
{
    text = after_digits(text + (*text == '-'));
    if (text && *text == '.') {
        text = after_digits(text + 1);
    }
    return text && *text == '\0';
}

int cell_split(const char *text, struct arena *arena, char ***parts, size_t *count)
{
    *parts = NULL;
    *count = 0;
    if (*text == '\0') {
        return STATUS_OK;
    }
    size_t most = 1;
    for (const char *c = text; *c; c++) {
        most += *c == ';';
    }
    char *copy = arena_string(arena, text);
    *parts = arena_array(arena, most, sizeof **parts);
    if (!copy || !*parts) {
        return STATUS_NO_MEMORY;
    }
    while (copy) {
        char *next = strchr(copy, ';');
        if (next) {
            *next++ = '\0';
        }
        char *part = cell_trim(copy);
        if (*part) {
            (*parts)[(*count)++] = part;
        }
        copy = next;
    }
    return STATUS_OK;
}

bool cell_pair(const char *text, char separator, struct arena *arena, char **name, char **value)
{
    const char *at = strchr(text, separator);
    if (!at) {
        return false;
    }
    *name = arena_copy(arena, text, (size_t)(at - text));
    *value = arena_string(arena, at + 1);
    if (!*name || !*value) {
        return false;
    }
    *name = cell_trim(*name);
    *value = cell_trim(*value);
    return **name != '\0' && **value != '\0';
}

bool cell_requirement(const char *text, struct arena *arena, struct cell_requirement *requirement)
{
    size_t length = strcspn(text, "<>=");
    const char *rest = text + length;
    enum cell_operator operation;
    if (rest[0] == '=') {
        operation = CELL_EQUAL;
        rest += 1;
    } else if ((rest[0] == '<' || rest[0] == '>') && rest[1] == '=') {
        operation = rest[0] == '<' ? CELL_AT_MOST : CELL_AT_LEAST;
        rest += 2;
    } else {
        return false;
    }
    if (rest[strcspn(rest, "<>=")] != '\0') {
        return false;
    }
    char *name = arena_copy(arena, text, length), *value = arena_string(arena, rest);
    if (!name || !value) {
        return false;
    }
    name = cell_trim(name);
    value = cell_trim(value);
    if (!*name || !*value || (operation != CELL_EQUAL && !cell_is_decimal(value))) {
        return false;
    }
    cell_lower(name);
    *requirement = (struct cell_requirement){name, operation, value};
    return true;
}

void cell_lower(char *text)
{
    for (; *text; text++) {
        if (*text >= 'A' && *text <= 'Z') {
            *text = (char)(*text + ('a' - 'A'));
        }
    }
}

bool cell_base_cents(int64_t hundredths, uint64_t millionths, int64_t *cents)
{
    const unsigned __int128 million = 1000000;
    unsigned __int128 product = (unsigned __int128)hundredths * millionths;
    unsigned __int128 whole = product / million, rest = product % million;
    if (rest * 2 > million || (rest * 2 == million && whole % 2 == 1)) {
        whole++;
    }
    if (whole > (unsigned __int128)CELL_AMOUNT_MOST) {
        return false;
    }
    *cents = (int64_t)whole;
    return true;
}
