/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_fold.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <uninorm.h>
#include <unistr.h>

/* What spreadsheets, word processors and web pages leave around and inside cells as a blank. */
static bool is_blank(ucs4_t point)
{
    switch (point) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case '\v':
    case '\f':
    case 0x00a0: /* no-break space: thousands in French since Excel 2003 */
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f: /* narrow no-break space: thousands in French since CLDR 34 */
    case 0x205f:
    case 0x3000:
    case 0xfeff: /* a byte-order mark that a program left in the middle */
        return true;
    default:
        return point >= 0x2000 && point <= 0x200a;
    }
}

static size_t point_at(const char *text, size_t length, ucs4_t *point)
{
    if ((unsigned char)text[0] < 0x80) {
        *point = (ucs4_t)text[0];
        return 1;
    }
    int taken = u8_mbtoucr(point, (const uint8_t *)text, length);
    if (taken <= 0) {
        *point = 0xfffd;
        return 1;
    }
    return (size_t)taken;
}

size_t csv_fold_blank(const char *text)
{
    ucs4_t point;
    size_t taken = text[0] ? point_at(text, strnlen(text, 4), &point) : 0;
    return taken && is_blank(point) ? taken : 0;
}

void csv_fold_trim(const char **text, size_t *length)
{
    ucs4_t point;
    while (*length > 0) {
        size_t taken = point_at(*text, *length, &point);
        if (!is_blank(point)) {
            break;
        }
        *text += taken;
        *length -= taken;
    }
    while (*length > 0) {
        size_t start = *length - 1;
        while (start > 0 && ((unsigned char)(*text)[start] & 0xc0u) == 0x80u) {
            start--;
        }
        point_at(*text + start, *length - start, &point);
        if (!is_blank(point)) {
            break;
        }
        *length = start;
    }
}

/* The ASCII stand-in of a point, 0 to drop it, or the point itself. */
static ucs4_t plain(ucs4_t point)
{
    if (point >= 'A' && point <= 'Z') {
        return point + ('a' - 'A');
    }
    if (is_blank(point)) {
        return ' ';
    }
    if (point >= 0x0300 && point <= 0x036f) {
        return 0;
    }
    if ((point >= 0x2010 && point <= 0x2015) || point == 0x2212) {
        return '-';
    }
    if (point == 0x2018 || point == 0x2019 || point == 0x02bc || point == 0x00b4) {
        return '\'';
    }
    return point;
}

static bool append(char folded[CSV_FOLD_MOST], size_t *length, ucs4_t point)
{
    uint8_t bytes[4];
    int taken = point < 0x80 ? 1 : u8_uctomb(bytes, point, sizeof bytes);
    if (taken <= 0 || *length + (size_t)taken >= CSV_FOLD_MOST) {
        return false;
    }
    if (point < 0x80) {
        bytes[0] = (uint8_t)point;
    }
    memcpy(folded + *length, bytes, (size_t)taken);
    *length += (size_t)taken;
    return true;
}

static bool is_ascii(const char *text, size_t length)
{
    for (size_t at = 0; at < length; at++) {
        if ((unsigned char)text[at] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* False, and an empty text, where it does not fit. */
static bool fold_points(const char *text, size_t length, char folded[CSV_FOLD_MOST])
{
    size_t written = 0;
    bool spaced = false;
    for (size_t at = 0; at < length;) {
        ucs4_t point;
        at += point_at(text + at, length - at, &point);
        point = plain(point);
        if (point == ' ') {
            spaced = written > 0;
            continue;
        }
        if (point == 0) {
            continue;
        }
        if ((spaced && !append(folded, &written, ' ')) || !append(folded, &written, point)) {
            folded[0] = '\0';
            return false;
        }
        spaced = false;
    }
    folded[written] = '\0';
    return true;
}

bool csv_fold(const char *text, char folded[CSV_FOLD_MOST])
{
    size_t length = strlen(text);
    csv_fold_trim(&text, &length);
    folded[0] = '\0';
    if (length > (size_t)4 * CSV_FOLD_MOST) {
        return false;
    }
    if (is_ascii(text, length)) {
        return fold_points(text, length, folded);
    }
    size_t apart_length = 0;
    uint8_t *apart = u8_normalize(UNINORM_NFD, (const uint8_t *)text, length, NULL, &apart_length);
    if (!apart) {
        return false;
    }
    bool fits = fold_points((const char *)apart, apart_length, folded);
    free(apart);
    return fits;
}

static size_t least(size_t left, size_t right)
{
    return left < right ? left : right;
}

size_t csv_fold_distance(const char *left, const char *right)
{
    size_t columns = strnlen(right, CSV_FOLD_MOST - 1), rows = strnlen(left, CSV_FOLD_MOST - 1);
    size_t cost[3][CSV_FOLD_MOST];
    size_t *before = cost[0], *last = cost[1], *now = cost[2]; /* rows */
    for (size_t column = 0; column <= columns; column++) {
        last[column] = column;
    }
    for (size_t row = 1; row <= rows; row++) {
        now[0] = row;
        for (size_t column = 1; column <= columns; column++) {
            bool same = left[row - 1] == right[column - 1];
            size_t change = last[column - 1] + (same ? 0 : 1);
            now[column] = least(change, least(last[column], now[column - 1]) + 1);
            if (row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1]) {
                now[column] = least(now[column], before[column - 2] + 1);
            }
        }
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[columns];
}

size_t csv_fold_nearest(const char *word, const char *const *names, size_t count)
{
    size_t length = strlen(word), best = count, best_distance = SIZE_MAX;
    size_t allowed = length / 3 > 2 ? length / 3 : 2;
    for (size_t at = 0; at < count; at++) {
        size_t other = strlen(names[at]), apart = length > other ? length - other : other - length;
        bool holds = length >= 3 && other >= 3 && (strstr(names[at], word) || strstr(word, names[at]));
        /* It takes at least as many changes as the lengths differ by. */
        if ((apart > allowed && !holds) || apart >= best_distance) {
            continue;
        }
        size_t distance = csv_fold_distance(word, names[at]);
        if ((distance <= allowed && distance < length) || holds) {
            if (distance < best_distance) {
                best = at;
                best_distance = distance;
            }
        }
    }
    return best;
}
