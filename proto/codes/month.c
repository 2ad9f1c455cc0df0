/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/codes/month.h"

#include <stdio.h>
#include <string.h>

#include "proto/codes/code.h"
#include "proto/limits.h"
#include "proto/status.h"

#define DAY_MILLISECONDS UINT64_C(86400000)

static const uint32_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static bool is_leap(uint32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t days_in(uint32_t month)
{
    return month_days[month % 100 - 1] + (month % 100 == 2 && is_leap(month / 100));
}

bool month_is_valid(uint32_t month)
{
    return month >= LIMIT_MONTH_FIRST && month <= LIMIT_MONTH_LAST && month % 100 >= 1 && month % 100 <= 12;
}

bool month_is_day(uint32_t day)
{
    return month_is_valid(day / 100) && day % 100 >= 1 && day % 100 <= days_in(day / 100);
}

static uint32_t digits(const char *text, unsigned count)
{
    uint32_t value = 0;
    while (count-- > 0) {
        value = value * 10 + (uint32_t)(*text++ - '0');
    }
    return value;
}

/* True where text looks like the picture, in which 0 stands for any digit. */
static bool looks_like(const char *text, const char *picture)
{
    for (; *picture; text++, picture++) {
        bool good = *picture == '0' ? *text >= '0' && *text <= '9' : *text == *picture;
        if (!good) {
            return false;
        }
    }
    return *text == '\0';
}

int month_read(const char *text, uint32_t *month)
{
    if (!looks_like(text, "0000-00")) {
        return STATUS_INVALID;
    }
    uint32_t value = digits(text, 4) * 100 + digits(text + 5, 2);
    if (!month_is_valid(value)) {
        return STATUS_INVALID;
    }
    *month = value;
    return STATUS_OK;
}

int month_read_day(const char *text, uint32_t *day)
{
    if (!looks_like(text, "0000-00-00")) {
        return STATUS_INVALID;
    }
    uint32_t value = digits(text, 4) * 10000 + digits(text + 5, 2) * 100 + digits(text + 8, 2);
    if (!month_is_day(value)) {
        return STATUS_INVALID;
    }
    *day = value;
    return STATUS_OK;
}

int month_check_window(uint32_t first, uint32_t last, uint32_t as_of)
{
    bool good = month_is_day(first) && month_is_day(last) && first <= last && last >= as_of;
    return good ? STATUS_OK : STATUS_INVALID;
}

void month_write(uint32_t month, char text[MONTH_TEXT_SIZE])
{
    snprintf(text, MONTH_TEXT_SIZE, "%04u-%02u", month / 100 % 10000, month % 100);
}

void month_write_day(uint32_t day, char text[DAY_TEXT_SIZE])
{
    snprintf(text, DAY_TEXT_SIZE, "%04u-%02u-%02u", day / 10000 % 10000, day / 100 % 100, day % 100);
}

uint32_t month_to_index(uint32_t month)
{
    return month / 100 * 12 + month % 100 - 1;
}

uint32_t month_from_index(uint32_t index)
{
    return index / 12 * 100 + index % 12 + 1;
}

/* Days from 1970-01-01 to the first day of a month from 2000 on. */
static uint64_t days_before(uint32_t month)
{
    uint64_t days = 10957; /* to 2000-01-01 */
    for (uint32_t year = 2000; year < month / 100; year++) {
        days += is_leap(year) ? 366 : 365;
    }
    for (uint32_t index = 1; index < month % 100; index++) {
        days += days_in(month / 100 * 100 + index);
    }
    return days;
}

uint32_t month_day_of_time(uint64_t milliseconds)
{
    uint64_t days = milliseconds / DAY_MILLISECONDS;
    if (days < days_before(LIMIT_MONTH_FIRST) || days >= days_before(LIMIT_MONTH_LAST) + days_in(LIMIT_MONTH_LAST)) {
        return 0;
    }
    uint32_t low = month_to_index(LIMIT_MONTH_FIRST);
    uint32_t high = month_to_index(LIMIT_MONTH_LAST);
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        if (days_before(month_from_index(middle)) <= days) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    uint32_t month = month_from_index(low);
    return month * 100 + (uint32_t)(days - days_before(month)) + 1;
}

uint64_t month_time_after_day(uint32_t day)
{
    return (days_before(day / 100) + day % 100) * DAY_MILLISECONDS;
}
