/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_habit.h"

/* The months that an order makes of the cells of a month column: two different ones are evidence, one is chance. */
struct votes {
    uint32_t month;
    bool several;
};

struct evidence {
    bool day_first; /* proven by a cell */
    bool month_first;
    struct votes for_day_first;
    struct votes for_month_first;
    bool open; /* a cell needs the order */
};

static void look_at_number(const char *cell, const char *column, struct faults *faults, struct csv_habit *habit)
{
    struct csv_number number;
    csv_number_read(cell, true, &number);
    if (number.form != CSV_NUMBER_GOOD || number.mark == CSV_MARK_NONE) {
        return;
    }
    bool comma = number.mark == CSV_MARK_COMMA, both = habit->comma && habit->point;
    habit->comma |= comma;
    habit->point |= !comma;
    if (!both && habit->comma && habit->point) {
        faults_warn(faults, column, cell, "one decimal mark in a file",
                    comma ? "above it is a point, here a comma: look whether it is right"
                          : "above it is a comma, here a point: look whether it is right");
    }
}

static void vote(struct votes *votes, uint32_t month)
{
    votes->several |= votes->month && votes->month != month;
    votes->month = month;
}

static void look_at_date(const char *cell, bool is_month, struct evidence *evidence)
{
    struct csv_date_sign sign;
    csv_date_look(cell, &sign);
    evidence->open |= sign.open;
    evidence->day_first |= sign.proven == CSV_ORDER_DAY_FIRST;
    evidence->month_first |= sign.proven == CSV_ORDER_MONTH_FIRST;
    if (is_month && sign.first == CSV_ORDER_DAY_FIRST) {
        vote(&evidence->for_day_first, sign.month);
    } else if (is_month && sign.first == CSV_ORDER_MONTH_FIRST) {
        vote(&evidence->for_month_first, sign.month);
    }
}

/*
 * Programs turn a month into its first day, so in a column of months the order that makes firsts of all of them is the
 * file's, if there are several months; the order of custom holds where no month speaks against it.
 */
static enum csv_date_order conclude(const struct evidence *evidence, bool customary)
{
    if (evidence->day_first != evidence->month_first) {
        return evidence->day_first ? CSV_ORDER_DAY_FIRST : CSV_ORDER_MONTH_FIRST;
    }
    bool any_day = evidence->for_day_first.month, any_month = evidence->for_month_first.month;
    if (evidence->day_first || (any_day && any_month)) {
        return CSV_ORDER_UNKNOWN;
    }
    if (evidence->for_day_first.several || (customary && !any_month)) {
        return CSV_ORDER_DAY_FIRST;
    }
    return evidence->for_month_first.several && !customary ? CSV_ORDER_MONTH_FIRST : CSV_ORDER_UNKNOWN;
}

static void look_at_row(const struct csv_row *row, const struct csv_header *header, const struct csv_format *format,
                        struct faults *faults, struct csv_habit *habit, struct evidence *evidence)
{
    for (uint32_t at = 0; at < row->count && at < header->count; at++) {
        if (header->columns[at] == CSV_HEADER_NONE || !row->cells[at][0]) {
            continue;
        }
        const struct csv_column *column = &format->columns[header->columns[at]];
        switch (column->kind) {
        case CSV_KIND_AMOUNT:
        case CSV_KIND_QUANTITY:
        case CSV_KIND_COUNT:
            look_at_number(row->cells[at], column->name, faults, habit);
            break;
        case CSV_KIND_MONTH:
        case CSV_KIND_DATE:
            look_at_date(row->cells[at], column->kind == CSV_KIND_MONTH, evidence);
            break;
        default:
            break;
        }
    }
}

void csv_habit_find(const struct csv_sheet *sheet, const struct csv_header *header, const struct csv_format *format,
                    struct faults *faults, struct csv_habit *habit)
{
    struct evidence evidence = {.open = false};
    *habit = (struct csv_habit){.order = CSV_ORDER_UNKNOWN};
    for (size_t at = 1; at < sheet->count; at++) {
        faults->row = sheet->rows[at].number;
        look_at_row(&sheet->rows[at], header, format, faults, habit, &evidence);
    }
    faults->row = 0;
    habit->order = conclude(&evidence, sheet->separator == ';' || (habit->comma && !habit->point));
    habit->open = evidence.open;
}

const char *csv_habit_tell(const struct csv_habit *habit, const struct csv_sheet *sheet, struct arena *arena)
{
    static const char *const encodings[] = {
        [CSV_ENCODING_UTF8] = "UTF-8",
        [CSV_ENCODING_UTF16] = "UTF-16",
        [CSV_ENCODING_WINDOWS_1252] = "Windows-1252 (it is not UTF-8: look at letters with accents)",
    };
    static const char *const orders[] = {
        [CSV_ORDER_UNKNOWN] = "",
        [CSV_ORDER_DAY_FIRST] = ", day before month",
        [CSV_ORDER_MONTH_FIRST] = ", month before day",
    };
    const char *separator = sheet->separator == '\t' ? "tab" : sheet->separator == ';' ? "semicolon" :
                            sheet->separator == ',' ? "comma" : "bar";
    const char *mark = habit->comma && habit->point ? ", decimal comma and point" : habit->comma ? ", decimal comma" :
                       habit->point ? ", decimal point" : "";
    return arena_format(arena, "Read as %s, %s between columns%s%s.", encodings[sheet->encoding], separator, mark,
                        habit->open ? orders[habit->order] : "");
}
