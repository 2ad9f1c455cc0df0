/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv.h"
#include "proto/csv_build.h"
#include "proto/status.h"

static int make(const struct csv_build *build, const struct csv_object *object, void *message, struct csv_rows *rows)
{
    Muster__Item *item = message;
    const struct csv_value *values = csv_table_value(build->table, object, 0, 0);
    muster__item__init(item);
    item->id = csv_build_text(&values[CSV_ITEM_ID], NULL);
    item->title = csv_build_text(&values[CSV_ITEM_TITLE], NULL);
    item->nsc = csv_build_text(&values[CSV_ITEM_NSC], NULL);
    item->cpv = csv_build_text(&values[CSV_ITEM_CPV], NULL);
    item->unit = csv_build_text(&values[CSV_ITEM_UNIT], NULL);
    if (csv_build_rows(build, object, rows) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    return check_normalise_item(build->arena, build->options->check ? build->options->check->cpv : NULL, item);
}

static void check(const void *message, const struct check_context *context, struct faults *faults)
{
    check_item(message, context, faults);
}

int csv_read_items(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                   struct csv_items *items)
{
    static const struct csv_noun noun = {&csv_format_item, sizeof(Muster__Item), make, check, NULL};
    struct csv_result result;
    int status = csv_build_read(&noun, bytes, length, 0, 1, options, arena, faults, &result);
    *items = (struct csv_items){(Muster__Item **)result.list, result.rows, result.count, result.told, result.row_count};
    return status;
}
