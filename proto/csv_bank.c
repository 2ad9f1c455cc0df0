/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_bank.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/codes/code.h"
#include "proto/csv_amount.h"
#include "proto/csv_build.h"
#include "proto/csv_cells.h"
#include "proto/csv_date.h"
#include "proto/status.h"

#define ONE UINT64_C(1000000)          /* a rate of 1 in millionths */
#define COARSE UINT64_C(1000)          /* a rate with fewer than four figures left */
#define TEXT_SIZE 160u

struct bank {
    const struct csv_sheet *sheet;
    const struct csv_row *row; /* of the day */
    uint32_t date;
    uint64_t base;             /* millionths of the base currency for one euro */
    struct arena *arena;
    struct faults *faults;
};

bool csv_bank_recognise(const void *bytes, size_t length)
{
    const char *at = bytes;
    if (length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
        at += 3;
        length -= 3;
    }
    char head[16] = "";
    memcpy(head, at, length < sizeof head - 1 ? length : sizeof head - 1);
    if (strncasecmp(head, "date", 4) != 0 || (head[4] != ',' && head[4] != ';' && head[4] != '\t')) {
        return false;
    }
    char *code = head + 5 + strspn(head + 5, " ");
    code[strlen(code) < 3 ? strlen(code) : 3] = '\0';
    return code_is_upper(code, 3);
}

/* The row of the last day not after on (0: of the last day). */
static int find_day(struct bank *bank, uint32_t on)
{
    for (size_t at = 1; at < bank->sheet->count; at++) {
        const struct csv_row *row = &bank->sheet->rows[at];
        char remedy[CSV_DATE_REMEDY];
        uint32_t date;
        bank->faults->row = row->number;
        if (!csv_date_read_day(row->cells[0], CSV_ORDER_UNKNOWN, &date, remedy)) {
            faults_add(bank->faults, "date", row->cells[0], "YYYY-MM-DD", remedy);
        } else if ((!on || date <= on) && date > bank->date) {
            bank->date = date;
            bank->row = row;
        }
    }
    bank->faults->row = 0;
    if (!bank->row) {
        faults_add(bank->faults, "date", "no day", "rates of the day asked for or before", "load a newer or longer file of rates");
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

/* Units of a column's currency for one euro, in millionths; 0 where the Bank has none that day. */
static uint64_t quoted(const struct bank *bank, uint32_t column)
{
    const char *cell = column < bank->row->count ? bank->row->cells[column] : "";
    if (!cell[0] || strcasecmp(cell, "n/a") == 0) {
        return 0;
    }
    struct csv_amount_advice advice;
    char sign[CSV_NUMBER_TEXT];
    uint64_t value = 0;
    bank->faults->row = bank->row->number;
    if (!csv_amount_read(CSV_KIND_RATE, cell, &value, sign, &advice)) {
        faults_add(bank->faults, bank->sheet->rows[0].cells[column], cell, advice.expected, advice.remedy);
    }
    bank->faults->row = 0;
    return value;
}

static int find_base(struct bank *bank, const char *base)
{
    bank->base = ONE;
    if (!base || strcmp(base, "EUR") == 0) {
        return STATUS_OK;
    }
    const struct csv_row *header = &bank->sheet->rows[0];
    for (uint32_t at = 1; at < header->count; at++) {
        if (strcmp(header->cells[at], base) == 0 && quoted(bank, at)) {
            bank->base = quoted(bank, at);
            return STATUS_OK;
        }
    }
    faults_add(bank->faults, "currency", base, "a rate of the base currency", "write the rates by hand: currency,rate");
    return STATUS_INVALID;
}

/* Base units for one unit: base / quoted, rounded half to even. */
static uint64_t inverse(uint64_t base, uint64_t quote)
{
    unsigned __int128 product = (unsigned __int128)base * ONE;
    uint64_t whole = (uint64_t)(product / quote), rest = (uint64_t)(product % quote);
    bool up = rest > quote - rest || (rest == quote - rest && whole % 2 == 1);
    return whole + (up ? 1 : 0);
}

static int add_rate(const struct bank *bank, const char *currency, uint64_t millionths, struct csv_rates *rates)
{
    Muster__Rate *rate = arena_alloc(bank->arena, sizeof *rate);
    uint32_t *row = arena_alloc(bank->arena, sizeof *row);
    if (!rate || !row) {
        return STATUS_NO_MEMORY;
    }
    muster__rate__init(rate);
    rate->currency = (char *)(uintptr_t)currency;
    rate->millionths = millionths;
    rate->date = bank->date;
    *row = bank->row->number;
    size_t at = rates->count++;
    for (; at > 0 && strcmp(rates->list[at - 1]->currency, currency) > 0; at--) {
        rates->list[at] = rates->list[at - 1];
        rates->rows[at] = rates->rows[at - 1];
    }
    rates->list[at] = rate;
    rates->rows[at] = (struct csv_rows){bank->row->number, row, 1};
    return STATUS_OK;
}

static int add_all(const struct bank *bank, const char *base, struct csv_rates *rates)
{
    const struct csv_row *header = &bank->sheet->rows[0];
    rates->list = arena_array(bank->arena, (size_t)header->count + 1, sizeof *rates->list);
    rates->rows = arena_array(bank->arena, (size_t)header->count + 1, sizeof *rates->rows);
    int status = rates->list && rates->rows ? STATUS_OK : STATUS_NO_MEMORY;
    for (uint32_t at = 1; status == STATUS_OK && at < header->count; at++) {
        const char *currency = header->cells[at];
        uint64_t quote = code_is_upper(currency, 3) && strcmp(currency, base) != 0 ? quoted(bank, at) : 0;
        uint64_t millionths = quote ? inverse(bank->base, quote) : 0;
        if (millionths == 0) {
            continue;
        }
        if (millionths < COARSE) {
            char found[TEXT_SIZE];
            snprintf(found, sizeof found, "%s 0.%06" PRIu64, currency, millionths);
            bank->faults->row = bank->row->number;
            faults_warn(bank->faults, currency, found, "four figures or more", "six places leave few figures: let prices be quoted in another currency");
            bank->faults->row = 0;
        }
        status = add_rate(bank, currency, millionths, rates);
    }
    if (status == STATUS_OK && strcmp(base, "EUR") != 0) {
        status = add_rate(bank, "EUR", bank->base, rates);
    }
    return status;
}

static int convert(struct bank *bank, const char *base, uint32_t on, struct csv_rates *rates)
{
    int status = find_day(bank, on);
    if (status == STATUS_OK) {
        status = find_base(bank, base);
    }
    if (status == STATUS_OK) {
        status = add_all(bank, base, rates);
    }
    if (status == STATUS_OK) {
        rates->row_count = 1;
        rates->told = arena_format(bank->arena, "Reference rates of the European Central Bank of %04" PRIu32 "-%02" PRIu32 "-%02" PRIu32
                                   ", turned into %s for one unit.", bank->date / 10000, bank->date / 100 % 100, bank->date % 100, base);
        status = rates->told ? STATUS_OK : STATUS_NO_MEMORY;
    }
    return status;
}

int csv_bank_read(const void *bytes, size_t length, const struct csv_options *options, uint32_t on, struct arena *arena,
                  struct faults *faults, struct csv_rates *rates)
{
    static const char *const names[] = {"date", "usd"};
    struct csv_sheet sheet;
    struct bank bank = {.sheet = &sheet, .arena = arena, .faults = faults};
    size_t first = faults->count, errors = faults->errors;
    const char *file = faults->file;
    *rates = (struct csv_rates){.count = 0};
    faults->file = options->file;
    int status = csv_cells_read(bytes, length, names, sizeof names / sizeof names[0], arena, faults, &sheet);
    if (status == STATUS_OK) {
        status = convert(&bank, options->currency ? options->currency : "EUR", on, rates);
    }
    if (status == STATUS_OK && options->check) {
        Muster__RatesChange change = MUSTER__RATES_CHANGE__INIT;
        change.rates = rates->list;
        change.n_rates = rates->count;
        faults->row = bank.row->number;
        check_rates(&change, options->check, faults);
    }
    status = csv_build_finish(faults, first, errors, status);
    faults->file = file;
    return status;
}
