/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_date.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "proto/csv_fold.h"

#define PARTS_MOST 4u
#define SERIAL_FIRST 36526u  /* 2000-01-01 as Excel counts days from 1899-12-30 */
#define SERIAL_LAST 109574u  /* 2199-12-31 */

/* A number or a word of a date, with what stood before it. */
struct part {
    bool word;
    int value;       /* the number, or the month of a month's name, or 0 */
    size_t digits;
    char letters[CSV_FOLD_MOST];
    char before;     /* the separator before it; 0 where none */
};

struct parts {
    struct part list[PARTS_MOST];
    size_t count;
};

/* Year, month and day; day 0 where only a month is named. */
struct reading {
    int year;
    int month;
    int day;
};

struct readings {
    struct reading list[2]; /* day first before month first */
    size_t count;
    bool open;  /* a numeric date whose order of day and month the text does not tell */
};

static const struct {
    const char *name;
    int month;
} months[] = {
#define CSV_MONTH(name, month) {name, month},
#include "proto/csv_months.def"
#undef CSV_MONTH
};

static int month_named(const char *word)
{
    for (size_t at = 0; at < sizeof months / sizeof months[0]; at++) {
        if (strcmp(word, months[at].name) == 0) {
            return months[at].month;
        }
    }
    return 0;
}

/* "1st", "1er", "2e", "3rd": letters behind a day that mean nothing. */
static size_t ordinal(const char *at)
{
    static const char *const endings[] = {"st", "nd", "rd", "th", "er", "ste", "de", "e"};
    for (size_t which = 0; which < sizeof endings / sizeof endings[0]; which++) {
        size_t length = strlen(endings[which]);
        if (strncmp(at, endings[which], length) == 0 && !isalnum((unsigned char)at[length])) {
            return length;
        }
    }
    return 0;
}

/* A time of midnight, which programs add to a date. */
static size_t midnight(const char *at)
{
    static const char *const times[] = {" 00:00:00", " 0:00:00", " 00:00", " 0:00", "t00:00:00z", "t00:00:00", " 12:00:00 am", " 12:00 am"};
    for (size_t which = 0; which < sizeof times / sizeof times[0]; which++) {
        if (strcmp(at, times[which]) == 0) {
            return strlen(at);
        }
    }
    return 0;
}

static const char *take_number(const char *at, struct part *part)
{
    for (part->digits = 0; isdigit((unsigned char)*at); at++) {
        part->digits++;
        part->value = part->digits > 8 ? 0 : part->value * 10 + (*at - '0');
    }
    return at + ordinal(at);
}

static const char *take_word(const char *at, struct part *part)
{
    size_t length = 0;
    part->word = true;
    while (isalpha((unsigned char)at[length])) {
        part->letters[length] = at[length];
        length++;
    }
    part->letters[length] = '\0';
    part->value = month_named(part->letters);
    return at + length;
}

/* Numbers and words with one separator between: "jun-27", "1. juni 2027", "juin 2027". False where it is nothing like it. */
static bool take_apart(const char *text, struct parts *parts)
{
    char folded[CSV_FOLD_MOST];
    *parts = (struct parts){.count = 0};
    if (!csv_fold(text, folded)) {
        return false;
    }
    char before = '\0';
    for (const char *at = folded; *at && !midnight(at);) {
        if (strchr(" .,-/'", *at)) {
            before = before == '\0' || before == ' ' ? *at : before; /* "1. juni": the point, not the blank */
            at++;
            continue;
        }
        if (parts->count == PARTS_MOST) {
            return false;
        }
        struct part *part = &parts->list[parts->count];
        *part = (struct part){.before = before};
        before = '\0';
        if (isdigit((unsigned char)*at)) {
            at = take_number(at, part);
        } else if (isalpha((unsigned char)*at)) {
            at = take_word(at, part);
        } else {
            return false;
        }
        parts->count++;
    }
    return parts->count > 0;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static int year_of(const struct part *part)
{
    return part->word ? 0 : part->digits == 4 ? part->value : part->digits == 2 ? 2000 + part->value : 0;
}

static void add_reading(struct readings *readings, int year, int month, int day)
{
    if (year >= 2000 && year <= 2199 && month >= 1 && month <= 12 && day >= 0 && day <= days_of(year, month) && readings->count < 2) {
        readings->list[readings->count++] = (struct reading){year, month, day};
    }
}

static void read_two(const struct part *first, const struct part *second, struct readings *readings)
{
    bool short_month = !second->word && second->digits <= 2, short_first = !first->word && first->digits <= 2;
    if (!first->word && first->digits == 4 && (short_month || second->value)) {
        add_reading(readings, first->value, second->value, 0);
    } else if (!second->word && second->digits == 4 && (short_first || (first->word && first->value))) {
        add_reading(readings, second->value, first->value, 0);
    } else if (first->word && first->value && !second->word && second->digits == 2) {
        add_reading(readings, 2000 + second->value, first->value, 0);
    }
}

static void read_three(const struct part *part, struct readings *readings)
{
    int year = year_of(&part[2]);
    if (!part[0].word && part[0].digits == 4 && part[1].value && part[2].digits <= 2 && !part[2].word) {
        add_reading(readings, part[0].value, part[1].value, part[2].value ? part[2].value : -1);
    } else if (!part[0].word && part[0].digits <= 2 && part[1].word && part[1].value && year) {
        add_reading(readings, year, part[1].value, part[0].value ? part[0].value : -1);
    } else if (part[0].word && part[0].value && !part[1].word && part[1].digits <= 2 && part[2].digits == 4) {
        add_reading(readings, year, part[0].value, part[1].value ? part[1].value : -1);
    } else if (!part[0].word && !part[1].word && part[0].digits <= 2 && part[1].digits <= 2 && year && part[0].value && part[1].value) {
        bool points = part[1].before == '.';
        add_reading(readings, year, part[1].value, part[0].value);
        if (!points && part[0].value != part[1].value) {
            add_reading(readings, year, part[0].value, part[1].value);
        }
        readings->open = !points;
    }
}

static void read_all(const char *text, struct parts *parts, struct readings *readings)
{
    *readings = (struct readings){.count = 0};
    if (!take_apart(text, parts)) {
        parts->count = 0;
    } else if (parts->count == 2) {
        read_two(&parts->list[0], &parts->list[1], readings);
    } else if (parts->count == 3) {
        read_three(parts->list, readings);
    }
}

void csv_date_look(const char *text, struct csv_date_sign *sign)
{
    struct parts parts;
    struct readings readings;
    *sign = (struct csv_date_sign){.proven = CSV_ORDER_UNKNOWN, .first = CSV_ORDER_UNKNOWN};
    read_all(text, &parts, &readings);
    if (!readings.open || readings.count == 0 || parts.list[0].value == parts.list[1].value) {
        return;
    }
    if (readings.count == 1) {
        sign->proven = readings.list[0].day == parts.list[0].value ? CSV_ORDER_DAY_FIRST : CSV_ORDER_MONTH_FIRST;
        return;
    }
    sign->open = true;
    for (int at = 0; at < 2; at++) {
        if (readings.list[at].day == 1) {
            sign->first = at == 0 ? CSV_ORDER_DAY_FIRST : CSV_ORDER_MONTH_FIRST;
            sign->month = (uint32_t)(readings.list[at].year * 100 + readings.list[at].month);
        }
    }
}

/* The last month of a quarter or half year: "Q4 2028", "2028-Q4", "4e kwartaal 2028", "H1 2028"; 0 where it is none. */
static uint32_t end_of_period(const struct parts *parts)
{
    static const char *const quarters[] = {"q", "t", "k", "quarter", "quartal", "kwartaal", "trimestre", "trim", "kw"};
    static const char *const halves[] = {"h", "s", "halfjaar", "halbjahr", "semestre", "half"};
    int length = 0, number = 0, year = 0;
    for (size_t at = 0; at < parts->count; at++) {
        const struct part *part = &parts->list[at];
        for (size_t which = 0; part->word && which < sizeof quarters / sizeof quarters[0]; which++) {
            length = strcmp(part->letters, quarters[which]) == 0 ? 3 : length;
        }
        for (size_t which = 0; part->word && which < sizeof halves / sizeof halves[0]; which++) {
            length = strcmp(part->letters, halves[which]) == 0 ? 6 : length;
        }
        number = !part->word && part->digits == 1 ? part->value : number;
        year = year_of(part) ? year_of(part) : year;
    }
    bool fits = parts->count == 3 && length && number >= 1 && number * length <= 12 && year >= 2000 && year <= 2199;
    return fits ? (uint32_t)(year * 100 + number * length) : 0;
}

/* The day that Excel's count of days stands for, as YYYYMMDD, or 0. */
static uint32_t day_of_serial(const struct parts *parts)
{
    if (parts->count != 1 || parts->list[0].word || parts->list[0].value < (int)SERIAL_FIRST || parts->list[0].value > (int)SERIAL_LAST) {
        return 0;
    }
    int left = parts->list[0].value - (int)SERIAL_FIRST, year = 2000, month = 1;
    while (left >= days_of(year, month)) {
        left -= days_of(year, month);
        year += month == 12 ? 1 : 0;
        month = month == 12 ? 1 : month + 1;
    }
    return (uint32_t)(year * 10000 + month * 100 + left + 1);
}

static struct reading month_before(struct reading reading)
{
    return reading.month == 1 ? (struct reading){reading.year - 1, 12, 0} : (struct reading){reading.year, reading.month - 1, 0};
}

/* What to write for a month that has no reading. */
static void advise_month(const struct parts *parts, char remedy[CSV_DATE_REMEDY])
{
    uint32_t period = end_of_period(parts), serial = day_of_serial(parts);
    const struct part *part = parts->list;
    if (period) {
        snprintf(remedy, CSV_DATE_REMEDY, "write %04u-%02u", period / 100, period % 100);
    } else if (serial) {
        snprintf(remedy, CSV_DATE_REMEDY, "write %04u-%02u (a spreadsheet counts %d days to %04u-%02u-%02u)", serial / 10000,
                 serial / 100 % 100, part->value, serial / 10000, serial / 100 % 100, serial % 100);
    } else if (parts->count == 1 && !part->word && part->digits == 4 && part->value >= 2000 && part->value <= 2199) {
        snprintf(remedy, CSV_DATE_REMEDY, "write %d-12, or the month by which you need it", part->value);
    } else if (parts->count == 1 && !part->word && part->digits == 6 && part->value / 100 >= 2000 && part->value / 100 <= 2199 &&
               part->value % 100 >= 1 && part->value % 100 <= 12) {
        snprintf(remedy, CSV_DATE_REMEDY, "write %d-%02d", part->value / 100, part->value % 100);
    } else if (parts->count == 2 && !part[0].word && part[0].digits == 2 && part[1].word && part[1].value) {
        snprintf(remedy, CSV_DATE_REMEDY, "write %d-%02d if the year %d is meant", 2000 + part[0].value, part[1].value,
                 2000 + part[0].value);
    } else {
        snprintf(remedy, CSV_DATE_REMEDY, "write for example 2028-12");
    }
}

bool csv_date_read_month(const char *text, enum csv_date_order order, uint32_t *month, char remedy[CSV_DATE_REMEDY])
{
    struct parts parts;
    struct readings readings;
    read_all(text, &parts, &readings);
    if (readings.count == 0) {
        advise_month(&parts, remedy);
        return false;
    }
    struct reading first = readings.list[0], second = readings.list[readings.count - 1];
    bool two = readings.count == 2 && (first.month != second.month);
    struct reading chosen = two && order == CSV_ORDER_MONTH_FIRST ? second : first;
    bool settled = !two || order != CSV_ORDER_UNKNOWN;
    if (settled && chosen.day <= 1) {
        *month = (uint32_t)(chosen.year * 100 + chosen.month);
        return true;
    }
    if (two) {
        snprintf(remedy, CSV_DATE_REMEDY, "write %04d-%02d or %04d-%02d", first.year, first.month, second.year, second.month);
    } else {
        struct reading before = month_before(chosen);
        snprintf(remedy, CSV_DATE_REMEDY, "write %04d-%02d, or %04d-%02d if it must be there by that day", chosen.year, chosen.month,
                 before.year, before.month);
    }
    return false;
}

bool csv_date_read_day(const char *text, enum csv_date_order order, uint32_t *day, char remedy[CSV_DATE_REMEDY])
{
    struct parts parts;
    struct readings readings;
    read_all(text, &parts, &readings);
    uint32_t serial = day_of_serial(&parts);
    if (readings.count == 0 && serial) {
        snprintf(remedy, CSV_DATE_REMEDY, "write %04u-%02u-%02u", serial / 10000, serial / 100 % 100, serial % 100);
        return false;
    }
    if (readings.count == 0) {
        snprintf(remedy, CSV_DATE_REMEDY, "write for example 2027-12-31");
        return false;
    }
    struct reading first = readings.list[0], second = readings.list[readings.count - 1];
    if (first.day == 0) {
        snprintf(remedy, CSV_DATE_REMEDY, "write a whole day: %04d-%02d-%02d is the month's last", first.year, first.month,
                 days_of(first.year, first.month));
        return false;
    }
    if (readings.count == 2 && order == CSV_ORDER_UNKNOWN) {
        snprintf(remedy, CSV_DATE_REMEDY, "write %04d-%02d-%02d or %04d-%02d-%02d", first.year, first.month, first.day, second.year,
                 second.month, second.day);
        return false;
    }
    struct reading chosen = order == CSV_ORDER_MONTH_FIRST ? second : first;
    *day = (uint32_t)(chosen.year * 10000 + chosen.month * 100 + chosen.day);
    return true;
}
