/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv.h"
#include "proto/csv_build.h"
#include "proto/status.h"

static int make(const struct csv_build *build, const struct csv_object *object, void *message, struct csv_rows *rows)
{
    Muster__Fund *fund = message;
    const struct csv_value *values = csv_table_value(build->table, object, 0, 0);
    muster__fund__init(fund);
    fund->id = csv_build_text(&values[CSV_FUND_ID], NULL);
    fund->limited = values[CSV_FUND_BALANCE].given;
    fund->balance = (int64_t)values[CSV_FUND_BALANCE].number;
    fund->currency = csv_build_text(&values[CSV_FUND_CURRENCY], build->options->currency);
    fund->min_nations = values[CSV_FUND_MIN_NATIONS].number;
    uint64_t content = values[CSV_FUND_MIN_EUROPEAN_CONTENT].number;
    fund->min_european_content = content > UINT32_MAX ? UINT32_MAX : (uint32_t)content;
    csv_build_check_sign(build, object, 0, CSV_FUND_BALANCE, values[CSV_FUND_BALANCE].text, fund->currency);
    if (csv_build_texts(build, &values[CSV_FUND_COUNTRIES], &fund->countries, &fund->n_countries) != STATUS_OK ||
        csv_build_rows(build, object, rows) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    return check_normalise_fund(build->arena, fund);
}

static void check(const void *message, const struct check_context *context, struct faults *faults)
{
    check_fund(message, context, faults);
}

int csv_read_funds(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                   struct csv_funds *funds)
{
    static const struct csv_noun noun = {&csv_format_fund, sizeof(Muster__Fund), make, check, NULL};
    struct csv_result result;
    int status = csv_build_read(&noun, bytes, length, 0, 1, options, arena, faults, &result);
    *funds = (struct csv_funds){(Muster__Fund **)result.list, result.rows, result.count, result.told, result.row_count};
    return status;
}
