/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/figures.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/status.h"

#define DAY_MILLISECONDS 86400000u
#define PERCENT_DECIMALS_MOST 9

/* Digits with a comma before each group of three. */
static void grouped(char *out, uint64_t count)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            *out++ = ',';
        }
        *out++ = digits[i];
    }
    *out = '\0';
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

struct figure figures_count(uint64_t count)
{
    struct figure figure;
    grouped(figure.text, count);
    return figure;
}

struct figure figures_change(int64_t change)
{
    struct figure figure = {""};
    if (change != 0) {
        figure.text[0] = change < 0 ? '-' : '+';
        grouped(figure.text + 1, magnitude(change));
    }
    return figure;
}

struct figure figures_of(uint64_t part, uint64_t whole)
{
    struct figure figure;
    grouped(figure.text, part);
    size_t length = strlen(figure.text);
    figure.text[length] = '/';
    grouped(figure.text + length + 1, whole);
    return figure;
}

/* sign is the text before the digits: "", "-" or "+". */
static struct figure hundredths(const char *sign, uint64_t value)
{
    struct figure figure;
    char whole[40];
    grouped(whole, value / 100);
    snprintf(figure.text, sizeof figure.text, "%s%s.%02u", sign, whole, (unsigned)(value % 100));
    return figure;
}

struct figure figures_money(int64_t cents)
{
    return hundredths(cents < 0 ? "-" : "", magnitude(cents));
}

struct figure figures_exact(int64_t cents)
{
    struct figure figure;
    uint64_t value = magnitude(cents);
    snprintf(figure.text, sizeof figure.text, "%s%" PRIu64 ".%02u", cents < 0 ? "-" : "", value / 100, (unsigned)(value % 100));
    return figure;
}

/* Cents in hundredths of a million, rounded half away from zero. */
static int64_t in_millions(int64_t cents)
{
    int64_t rounded = (int64_t)(magnitude(cents) / 1000000 + (magnitude(cents) % 1000000 >= 500000 ? 1 : 0));
    return cents < 0 ? -rounded : rounded;
}

struct figure figures_millions(int64_t cents)
{
    return figures_money(in_millions(cents));
}

struct figure figures_millions_change(int64_t cents)
{
    int64_t rounded = in_millions(cents);
    return hundredths(rounded < 0 ? "-" : rounded > 0 ? "+" : "", magnitude(rounded));
}

bool figures_millions_add_up(const int64_t *parts, unsigned count)
{
    __int128 exact = 0, shown = 0;
    for (unsigned i = 0; i < count; i++) {
        exact += parts[i];
        shown += in_millions(parts[i]);
    }
    if (exact > INT64_MAX || exact < -INT64_MAX) {
        return false;
    }
    return shown == in_millions((int64_t)exact);
}

/* -1, 0 or 1: where numerator/denominator (in percent) stands against a limit in percent. */
static int against(__int128 numerator, __int128 denominator, int64_t limit)
{
    __int128 left = numerator * 100, right = denominator * limit;
    return left < right ? -1 : left > right ? 1 : 0;
}

struct figure figures_percent(int64_t numerator, int64_t denominator, int64_t least, int64_t most)
{
    struct figure figure = {"-"};
    if (denominator <= 0) {
        return figure;
    }
    const int64_t limits[4] = {0, 100, least, most};
    bool negative = numerator < 0;
    __int128 value = negative ? -(__int128)numerator : numerator;
    uint64_t scale = 1;
    for (int decimals = 1; decimals <= PERCENT_DECIMALS_MOST; decimals++) {
        scale *= 10;
        /* The shown figure in units of the last decimal, half away from zero. */
        __int128 shown = (value * 100 * scale * 2 + denominator) / ((__int128)denominator * 2);
        bool faithful = true;
        for (int i = 0; i < 4; i++) {
            if (limits[i] >= 0 && against(negative ? -value : value, denominator, limits[i]) !=
                                      against(negative ? -shown : shown, (__int128)scale * 100, limits[i])) {
                faithful = false;
            }
        }
        if (faithful || decimals == PERCENT_DECIMALS_MOST) {
            snprintf(figure.text, sizeof figure.text, "%s%" PRIu64 ".%0*" PRIu64, negative ? "-" : "",
                     (uint64_t)(shown / scale), decimals, (uint64_t)(shown % scale));
            break;
        }
    }
    return figure;
}

struct figure figures_gap(int64_t numerator, int64_t denominator)
{
    struct figure figure = {"-"};
    if (denominator <= 0) {
        return figure;
    }
    __int128 value = numerator < 0 ? 0 : (__int128)numerator * 10000;
    uint64_t rounded = (uint64_t)((value + denominator - 1) / denominator);
    snprintf(figure.text, sizeof figure.text, "%" PRIu64 ".%02u", rounded / 100, (unsigned)(rounded % 100));
    return figure;
}

/* Whether a run of digits is a number of its own and no part of an id, a month or a smaller figure. */
static bool stands_alone(const char *text, const char *digits, size_t length)
{
    bool begins = digits == text || strchr(" (", digits[-1]);
    const char *after = digits + length;
    if (*after == '.' && isdigit((unsigned char)after[1])) {
        after++;
        after += strspn(after, "0123456789");
    }
    return begins && (!*after || strchr(" ),;:.", *after)) && length > 3 && length < 19;
}

const char *figures_marked(struct arena *arena, const char *text)
{
    const char *result = "";
    for (const char *at = text; *at && result;) {
        size_t digits = strspn(at, "0123456789");
        size_t length = digits ? digits : strcspn(at, "0123456789");
        uint64_t count = 0;
        char number[20];
        if (digits && stands_alone(text, at, digits)) {
            snprintf(number, sizeof number, "%.*s", (int)digits, at);
            figures_read_count(number, 0, UINT64_MAX / 2, &count);
            result = arena_format(arena, "%s%s", result, figures_count(count).text);
        } else {
            result = arena_format(arena, "%s%.*s", result, (int)length, at);
        }
        at += length;
    }
    return result;
}

struct figure figures_month(uint32_t month)
{
    struct figure figure = {"-"};
    if (month) {
        snprintf(figure.text, sizeof figure.text, "%04u-%02u", month / 100, month % 100);
    }
    return figure;
}

struct figure figures_date(uint32_t date)
{
    struct figure figure = {"-"};
    if (date) {
        snprintf(figure.text, sizeof figure.text, "%04u-%02u-%02u", date / 10000, date / 100 % 100, date % 100);
    }
    return figure;
}

static struct figure formatted(uint64_t milliseconds, const char *format)
{
    struct figure figure = {"-"};
    time_t seconds = (time_t)(milliseconds / 1000);
    struct tm parts;
    if (milliseconds && gmtime_r(&seconds, &parts)) {
        strftime(figure.text, sizeof figure.text, format, &parts);
    }
    return figure;
}

struct figure figures_time(uint64_t milliseconds)
{
    return formatted(milliseconds, "%Y-%m-%d %H:%M UTC");
}

struct figure figures_instant(uint64_t milliseconds)
{
    return formatted(milliseconds, "%Y-%m-%dT%H:%M:%SZ");
}

struct figure figures_clock(uint64_t milliseconds)
{
    return formatted(milliseconds, "%H:%M:%SZ");
}

struct figure figures_day(uint64_t milliseconds)
{
    return formatted(milliseconds ? milliseconds - 1 : 0, "%Y-%m-%d");
}

struct figure figures_bundle(uint64_t number)
{
    struct figure figure;
    snprintf(figure.text, sizeof figure.text, "B-%04" PRIu64, number);
    return figure;
}

int figures_read_count(const char *text, uint64_t least, uint64_t most, uint64_t *count)
{
    uint64_t value = 0;
    if (!*text) {
        return STATUS_INVALID;
    }
    for (const char *at = text; *at; at++) {
        if (!isdigit((unsigned char)*at) || value > (UINT64_MAX - 9) / 10) {
            return STATUS_INVALID;
        }
        value = value * 10 + (uint64_t)(*at - '0');
    }
    if (value < least || value > most) {
        return STATUS_INVALID;
    }
    *count = value;
    return STATUS_OK;
}

int figures_read_bundle(const char *text, uint64_t *number)
{
    if ((text[0] == 'B' || text[0] == 'b') && text[1] == '-') {
        text += 2;
    }
    return figures_read_count(text, 1, 999999999u, number);
}

int figures_read_version(const char *text, uint64_t *version)
{
    return figures_read_count(text[0] == 'v' || text[0] == 'V' ? text + 1 : text, 1, 1000000000u, version);
}

int figures_read_deadline(const char *text, uint64_t *milliseconds)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%d", &parts);
    if (!end || *end || strlen(text) != 10 || parts.tm_year < 100 || parts.tm_year >= 300) {
        return STATUS_INVALID;
    }
    struct tm again = parts;
    time_t seconds = timegm(&again);
    if (again.tm_mday != parts.tm_mday || again.tm_mon != parts.tm_mon) {
        return STATUS_INVALID;
    }
    *milliseconds = (uint64_t)seconds * 1000 + DAY_MILLISECONDS;
    return STATUS_OK;
}
