/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/csv.h"
#include "proto/csv_build.h"
#include "proto/limits.h"
#include "proto/status.h"

static const struct csv_value *whole(const struct csv_build *build, const struct csv_object *object, enum csv_demand_column column)
{
    return csv_table_value(build->table, object, 0, column);
}

/* Lines in the order of their months, each with its row; those of a demand with too many stay as they are. */
static int make_lines(const struct csv_build *build, const struct csv_object *object, Muster__Demand *demand, struct csv_rows *rows)
{
    demand->n_lines = object->count;
    demand->lines = (Muster__Line **)csv_build_messages(build->arena, object->count, sizeof **demand->lines);
    if (!demand->lines || csv_build_rows(build, object, rows) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < object->count; n++) {
        const struct csv_value *month = csv_table_value(build->table, object, n, CSV_DEMAND_MONTH);
        uint32_t at = n, row = rows->own[n];
        Muster__Line *line = demand->lines[n];
        muster__line__init(line);
        line->month = (uint32_t)month->number;
        line->quantity = csv_table_value(build->table, object, n, CSV_DEMAND_QUANTITY)->number;
        for (; object->count <= LIMIT_LINES_MOST && at > 0 && demand->lines[at - 1]->month > line->month; at--) {
            demand->lines[at] = demand->lines[at - 1];
            rows->own[at] = rows->own[at - 1];
        }
        demand->lines[at] = line;
        rows->own[at] = row;
    }
    return STATUS_OK;
}

static int make_lists(const struct csv_build *build, const struct csv_object *object, Muster__Demand *demand)
{
    int status = csv_build_texts(build, whole(build, object, CSV_DEMAND_REQUIRES), &demand->requires, &demand->n_requires);
    if (status == STATUS_OK) {
        status = csv_build_texts(build, whole(build, object, CSV_DEMAND_CERTIFICATES), &demand->certificates, &demand->n_certificates);
    }
    if (status == STATUS_OK) {
        status = csv_build_texts(build, whole(build, object, CSV_DEMAND_EXCLUDE_ORIGINS), &demand->exclude_origins,
                                 &demand->n_exclude_origins);
    }
    return status;
}

static int make(const struct csv_build *build, const struct csv_object *object, void *message, struct csv_rows *rows)
{
    Muster__Demand *demand = message;
    const struct csv_options *options = build->options;
    muster__demand__init(demand);
    demand->id = csv_build_text(whole(build, object, CSV_DEMAND_ID), NULL);
    demand->country = csv_build_text(whole(build, object, CSV_DEMAND_COUNTRY), options->country);
    demand->item = csv_build_text(whole(build, object, CSV_DEMAND_ITEM), NULL);
    demand->min_quantity = whole(build, object, CSV_DEMAND_MIN_QUANTITY)->number;
    demand->max_unit_price = (int64_t)whole(build, object, CSV_DEMAND_MAX_UNIT_PRICE)->number;
    demand->currency = csv_build_text(whole(build, object, CSV_DEMAND_CURRENCY), options->currency);
    uint64_t priority = whole(build, object, CSV_DEMAND_PRIORITY)->number;
    demand->priority = priority > UINT32_MAX ? UINT32_MAX : (uint32_t)priority;
    demand->place = csv_build_text(whole(build, object, CSV_DEMAND_PLACE), demand->country);
    demand->single_supplier = whole(build, object, CSV_DEMAND_SINGLE_SUPPLIER)->number != 0;
    demand->fund = csv_build_text(whole(build, object, CSV_DEMAND_FUND), NULL);
    uint64_t release = whole(build, object, CSV_DEMAND_RELEASE)->number;
    demand->release = release ? (Muster__Release)release : MUSTER__RELEASE__RELEASE_POOLED;
    if (!whole(build, object, CSV_DEMAND_PLACE)->given) {
        build->table->records[object->records[0]].faulty |= 1u << CSV_DEMAND_PLACE; /* it is named as the country's */
    }
    csv_build_check_sign(build, object, 0, CSV_DEMAND_MAX_UNIT_PRICE, whole(build, object, CSV_DEMAND_MAX_UNIT_PRICE)->text,
                         demand->currency);
    int status = make_lists(build, object, demand);
    if (status == STATUS_OK) {
        status = make_lines(build, object, demand, rows);
    }
    return status == STATUS_OK ? check_normalise_demand(build->arena, demand) : status;
}

static void check(const void *message, const struct check_context *context, struct faults *faults)
{
    check_demand(message, context, faults);
}

int csv_read_demands(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                     struct csv_demands *demands)
{
    static const struct csv_noun noun = {&csv_format_demand, sizeof(Muster__Demand), make, check, NULL};
    struct csv_result result;
    uint32_t own = options->country ? 1u << CSV_DEMAND_COUNTRY : 0;
    int status = csv_build_read(&noun, bytes, length, own, 1, options, arena, faults, &result);
    *demands = (struct csv_demands){(Muster__Demand **)result.list, result.rows, result.count, result.told, result.row_count};
    return status;
}

uint32_t csv_demand_row(const Muster__Demand *demand, const struct csv_rows *rows, const char *field, const char *found)
{
    for (size_t at = 0; found && at < demand->n_lines && at < rows->count; at++) {
        char month[16], quantity[32];
        snprintf(month, sizeof month, "%04" PRIu32 "-%02" PRIu32, demand->lines[at]->month / 100, demand->lines[at]->month % 100);
        snprintf(quantity, sizeof quantity, "%" PRIu64, demand->lines[at]->quantity);
        if ((strcmp(field, "month") == 0 && strncmp(found, month, strlen(month)) == 0) ||
            (strcmp(field, "quantity") == 0 && strcmp(found, quantity) == 0)) {
            return rows->own[at];
        }
    }
    return rows->first;
}
