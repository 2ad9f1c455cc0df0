/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_value.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv_amount.h"
#include "proto/csv_fold.h"
#include "proto/csv_list.h"
#include "proto/demand.pb-c.h"
#include "proto/party.pb-c.h"
#include "proto/status.h"

#define REMEDY_SIZE 160u

struct word {
    const char *name;
    uint64_t value;
};

static const struct word yes_words[] = {
#define CSV_WORD(name, value) {name, value},
#include "proto/csv_words.def"
#undef CSV_WORD
};

static const struct word releases[] = {
    {"sealed", MUSTER__RELEASE__RELEASE_SEALED},
    {"pooled", MUSTER__RELEASE__RELEASE_POOLED},
    {"open", MUSTER__RELEASE__RELEASE_OPEN},
};

static const struct word sizes[] = {
    {"micro", MUSTER__SIZE__SIZE_MICRO},
    {"small", MUSTER__SIZE__SIZE_SMALL},
    {"medium", MUSTER__SIZE__SIZE_MEDIUM},
    {"large", MUSTER__SIZE__SIZE_LARGE},
};

static int refuse(const struct csv_value_reader *reader, const struct csv_column *column, const char *found, const char *expected,
                  const char *remedy, struct csv_value *value)
{
    faults_add(reader->faults, column->name, found, expected, remedy);
    value->faulty = true;
    return STATUS_OK;
}

static int read_word(const struct csv_value_reader *reader, const struct csv_column *column, const char *cell, const struct word *words,
                     size_t count, const char *expected, struct csv_value *value)
{
    char folded[CSV_FOLD_MOST], remedy[REMEDY_SIZE];
    csv_fold(cell, folded);
    const char *names[32];
    for (size_t at = 0; at < count; at++) {
        if (strcmp(folded, words[at].name) == 0) {
            value->number = words[at].value;
            return STATUS_OK;
        }
        names[at] = words[at].name;
    }
    size_t nearest = csv_fold_nearest(folded, names, count);
    snprintf(remedy, sizeof remedy, "write %s", nearest < count ? names[nearest] : expected);
    return refuse(reader, column, cell, expected, remedy, value);
}

static int read_number(const struct csv_value_reader *reader, const struct csv_column *column, const char *cell, struct csv_value *value)
{
    struct csv_amount_advice advice;
    char sign[CSV_NUMBER_TEXT];
    if (!csv_amount_read(column->kind, cell, &value->number, sign, &advice)) {
        return refuse(reader, column, cell, advice.expected, advice.remedy, value);
    }
    if (sign[0]) {
        value->text = arena_string(reader->arena, sign);
    }
    return value->text ? STATUS_OK : STATUS_NO_MEMORY;
}

static int read_time(const struct csv_value_reader *reader, const struct csv_column *column, const char *cell, struct csv_value *value)
{
    char remedy[CSV_DATE_REMEDY];
    uint32_t number = 0;
    bool month = column->kind == CSV_KIND_MONTH;
    bool good = month ? csv_date_read_month(cell, reader->order, &number, remedy) : csv_date_read_day(cell, reader->order, &number, remedy);
    if (!good) {
        return refuse(reader, column, cell, month ? "YYYY-MM" : "YYYY-MM-DD", remedy, value);
    }
    value->number = number;
    return STATUS_OK;
}

/* Line breaks and tabs that a spreadsheet allows in a cell, as one blank each run. */
static int read_text(const struct csv_value_reader *reader, const char *cell, struct csv_value *value)
{
    value->text = cell;
    if (!strpbrk(cell, "\r\n\t\v\f")) {
        return STATUS_OK;
    }
    char *copy = arena_string(reader->arena, cell), *to = copy;
    for (const char *at = copy; at && *at; at++) {
        bool broken = strchr("\r\n\t\v\f", *at) != NULL;
        if (broken && to > copy && to[-1] == ' ') {
            continue;
        }
        *to++ = broken ? ' ' : *at;
    }
    if (!copy) {
        return STATUS_NO_MEMORY;
    }
    *to = '\0';
    value->text = copy;
    return STATUS_OK;
}

/* "1,37E+12": what a spreadsheet makes of a long number, or of an id such as 12E10. */
static bool is_shortened(const char *cell)
{
    size_t at = strspn(cell, "0123456789");
    if (at == 0 || (cell[at] != ',' && cell[at] != '.')) {
        return false;
    }
    at++;
    at += strspn(cell + at, "0123456789");
    return (cell[at] == 'E' || cell[at] == 'e') && (cell[at + 1] == '+' || cell[at + 1] == '-') && isdigit((unsigned char)cell[at + 2]);
}

static bool is_digits(const char *text, size_t length)
{
    return strlen(text) == length && strspn(text, "0123456789") == length;
}

/* Codes that lose zeros when a program takes them for numbers. There is a reading, but a mistyped code looks the same. */
static int read_code(const struct csv_value_reader *reader, const struct csv_column *column, const char *cell, struct csv_value *value)
{
    char remedy[REMEDY_SIZE];
    size_t length = strlen(cell);
    value->text = cell;
    if (is_shortened(cell)) {
        return refuse(reader, column, cell, "all digits", "the program shortened it: format the cells as text, type it again", value);
    }
    if (strcmp(column->name, "cpv") == 0 && (is_digits(cell, 7) || (length == 9 && strspn(cell, "0123456789") == 7 && cell[7] == '-'))) {
        snprintf(remedy, sizeof remedy, "write 0%s if a spreadsheet dropped the zero; format the cells as text", cell);
        return refuse(reader, column, cell, "8 digits", remedy, value);
    }
    if (strcmp(column->name, "ncage") == 0 && length >= 2 && length < 5 && is_digits(cell, length)) {
        snprintf(remedy, sizeof remedy, "write %05lu if a spreadsheet dropped the zeros; format the cells as text", strtoul(cell, NULL, 10));
        return refuse(reader, column, cell, "5 characters", remedy, value);
    }
    return STATUS_OK;
}

/* What a spreadsheet shows instead of a value: ####, #REF!, #N/A, #WAARDE!, #NV. */
static bool is_error_value(const char *cell)
{
    size_t length = strlen(cell);
    if (cell[0] != '#' || length < 2) {
        return false;
    }
    return strspn(cell, "#") == length || (strspn(cell + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/!?") == length - 1 && length <= 12);
}

static int read_kind(const struct csv_value_reader *reader, const struct csv_column *column, const char *cell, struct csv_value *value)
{
    switch (column->kind) {
    case CSV_KIND_QUANTITY:
    case CSV_KIND_COUNT:
    case CSV_KIND_NUMBER:
    case CSV_KIND_AMOUNT:
    case CSV_KIND_RATE:
    case CSV_KIND_PERCENT:
        return read_number(reader, column, cell, value);
    case CSV_KIND_MONTH:
    case CSV_KIND_DATE:
        return read_time(reader, column, cell, value);
    case CSV_KIND_YES:
        return read_word(reader, column, cell, yes_words, sizeof yes_words / sizeof yes_words[0], "yes or no", value);
    case CSV_KIND_RELEASE:
        return read_word(reader, column, cell, releases, sizeof releases / sizeof releases[0], "sealed, pooled or open", value);
    case CSV_KIND_SIZE:
        return read_word(reader, column, cell, sizes, sizeof sizes / sizeof sizes[0], "micro, small, medium or large", value);
    case CSV_KIND_LIST:
    case CSV_KIND_REQUIRES:
    case CSV_KIND_PROVIDES:
    case CSV_KIND_FREIGHT:
    case CSV_KIND_ORIGIN:
        return csv_list_read(reader, column, cell, value);
    case CSV_KIND_ID:
    case CSV_KIND_CODE:
        return read_code(reader, column, cell, value);
    default:
        return read_text(reader, cell, value);
    }
}

int csv_value_read(const struct csv_value_reader *reader, const struct csv_column *column, const char *cell, struct csv_value *value)
{
    *value = (struct csv_value){.given = cell[0] != '\0', .text = ""};
    if (!value->given) {
        return column->fallback[0] ? read_kind(reader, column, column->fallback, value) : STATUS_OK;
    }
    if (is_error_value(cell)) {
        bool narrow = strspn(cell, "#") == strlen(cell);
        return refuse(reader, column, cell, "a value",
                      narrow ? "the column was too narrow when it was saved: widen it, save again"
                             : "the spreadsheet shows an error here: mend the formula, or type the value",
                      value);
    }
    return read_kind(reader, column, cell, value);
}

bool csv_value_equals(enum csv_kind kind, const struct csv_value *left, const struct csv_value *right)
{
    bool texts = kind == CSV_KIND_AMOUNT || strcmp(left->text, right->text) == 0; /* of an amount it is only the sign */
    if (left->number != right->number || left->count != right->count || !texts) {
        return false;
    }
    for (size_t at = 0; at < left->count; at++) {
        const struct csv_pair *a = &left->pairs[at], *b = &right->pairs[at];
        if (a->number != b->number || strcmp(a->name, b->name) != 0 || strcmp(a->text, b->text) != 0) {
            return false;
        }
    }
    return true;
}
