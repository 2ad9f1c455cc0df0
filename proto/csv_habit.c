/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_habit.h"

struct evidence {
    bool day_first;
    bool month_first;
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

static void look_at_date(const char *cell, struct evidence *evidence)
{
    enum csv_date_order order = csv_date_order_of(cell);
    evidence->day_first |= order == CSV_ORDER_DAY_FIRST;
    evidence->month_first |= order == CSV_ORDER_MONTH_FIRST;
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
            look_at_date(row->cells[at], evidence);
            break;
        default:
            break;
        }
    }
}

void csv_habit_find(const struct csv_sheet *sheet, const struct csv_header *header, const struct csv_format *format,
                    struct faults *faults, struct csv_habit *habit)
{
    struct evidence evidence = {false, false};
    *habit = (struct csv_habit){.order = CSV_ORDER_UNKNOWN};
    for (size_t at = 1; at < sheet->count; at++) {
        faults->row = sheet->rows[at].number;
        look_at_row(&sheet->rows[at], header, format, faults, habit, &evidence);
    }
    faults->row = 0;
    bool customary = sheet->separator == ';' || (habit->comma && !habit->point);
    if (evidence.month_first != evidence.day_first) {
        habit->order = evidence.month_first ? CSV_ORDER_MONTH_FIRST : CSV_ORDER_DAY_FIRST;
    } else if (!evidence.month_first && customary) {
        habit->order = CSV_ORDER_DAY_FIRST;
    }
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
    const char *separator = sheet->separator == '\t' ? "a tab" : sheet->separator == ';' ? ";" : sheet->separator == ',' ? "," : "|";
    const char *mark = habit->comma && habit->point ? ", decimal comma and point" : habit->comma ? ", decimal comma" :
                       habit->point ? ", decimal point" : "";
    return arena_format(arena, "Read as %s, %s between columns%s%s.", encodings[sheet->encoding], separator, mark, orders[habit->order]);
}
