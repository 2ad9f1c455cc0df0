/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdlib.h>
#include <string.h>

#include "proto/csv.h"
#include "proto/csv_bank.h"
#include "proto/csv_build.h"
#include "proto/status.h"

static int make(const struct csv_build *build, const struct csv_object *object, void *message, struct csv_rows *rows)
{
    Muster__Rate *rate = message;
    const struct csv_value *values = csv_table_value(build->table, object, 0, 0);
    muster__rate__init(rate);
    rate->currency = csv_build_text(&values[CSV_RATE_CURRENCY], NULL);
    rate->millionths = values[CSV_RATE_RATE].number;
    rate->date = (uint32_t)values[CSV_RATE_DATE].number;
    return csv_build_rows(build, object, rows);
}

struct placed {
    Muster__Rate *rate;
    struct csv_rows rows;
};

static int by_currency(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    int order = strcmp(a->rate->currency, b->rate->currency);
    return order ? order : (a->rows.first > b->rows.first) - (a->rows.first < b->rows.first);
}

/* Sorts the rates as they are stored, and checks them as a whole. */
static int settle(const struct csv_build *build, struct csv_result *result)
{
    Muster__Rate **rates = (Muster__Rate **)result->list;
    struct placed *placed = arena_array(build->arena, result->count, sizeof *placed);
    if (!placed) {
        return STATUS_NO_MEMORY;
    }
    for (size_t at = 0; at < result->count; at++) {
        placed[at] = (struct placed){rates[at], result->rows[at]};
    }
    qsort(placed, result->count, sizeof *placed, by_currency);
    for (size_t at = 0; at < result->count; at++) {
        rates[at] = placed[at].rate;
        result->rows[at] = placed[at].rows;
    }
    Muster__RatesChange change = MUSTER__RATES_CHANGE__INIT;
    change.rates = rates;
    change.n_rates = result->count;
    int status = check_normalise_rates(build->arena, &change);
    if (status == STATUS_OK && build->options->check) {
        size_t first = build->faults->count;
        check_rates(&change, build->options->check, build->faults);
        csv_build_place(build, first, result->rows, result->count);
    }
    return status;
}

int csv_read_rates(const void *bytes, size_t length, const struct csv_options *options, uint32_t on, struct arena *arena,
                   struct faults *faults, struct csv_rates *rates)
{
    static const struct csv_noun noun = {&csv_format_rate, sizeof(Muster__Rate), make, NULL, settle};
    struct csv_result result;
    if (csv_bank_recognise(bytes, length)) {
        return csv_bank_read(bytes, length, options, on, arena, faults, rates);
    }
    int status = csv_build_read(&noun, bytes, length, 0, 0, options, arena, faults, &result);
    *rates = (struct csv_rates){(Muster__Rate **)result.list, result.rows, result.count, result.told, result.row_count};
    return status;
}
