/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "proto/csv.h"
#include "proto/csv_build.h"
#include "proto/status.h"

static int make(const struct csv_build *build, const struct csv_object *object, void *message, struct csv_rows *rows)
{
    Muster__Party *party = message;
    const struct csv_value *values = csv_table_value(build->table, object, 0, 0);
    muster__party__init(party);
    party->id = csv_build_text(&values[CSV_SUPPLIER_ID], NULL);
    party->role = MUSTER__ROLE__ROLE_SUPPLIER;
    party->name = csv_build_text(&values[CSV_SUPPLIER_NAME], NULL);
    party->country = csv_build_text(&values[CSV_SUPPLIER_COUNTRY], NULL);
    party->ncage = csv_build_text(&values[CSV_SUPPLIER_NCAGE], NULL);
    party->contact = (char *)(uintptr_t)"";
    uint64_t size = values[CSV_SUPPLIER_SIZE].number;
    party->size = size ? (Muster__Size)size : MUSTER__SIZE__SIZE_LARGE;
    if (csv_build_rows(build, object, rows) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    return check_normalise_party(build->arena, party);
}

static void check(const void *message, const struct check_context *context, struct faults *faults)
{
    size_t first = faults->count;
    check_party(message, context, faults);
    for (size_t at = first; at < faults->count; at++) {
        if (strcmp(faults->list[at].field, "party") == 0) {
            faults->list[at].field = csv_format_supplier.columns[CSV_SUPPLIER_ID].name;
        }
    }
}

int csv_read_suppliers(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                       struct csv_suppliers *suppliers)
{
    static const struct csv_noun noun = {&csv_format_supplier, sizeof(Muster__Party), make, check, NULL};
    struct csv_result result;
    int status = csv_build_read(&noun, bytes, length, 0, 1, options, arena, faults, &result);
    *suppliers = (struct csv_suppliers){(Muster__Party **)result.list, result.rows, result.count, result.told, result.row_count};
    return status;
}
