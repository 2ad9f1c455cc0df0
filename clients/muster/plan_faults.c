/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/plan_work.h"

#include <jansson.h>

#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/table.h"
#include "proto/status.h"

static void print_json(const struct faults *faults)
{
    json_t *list = json_array();
    for (size_t n = 0; n < faults->count && list; n++) {
        const struct fault *f = &faults->list[n];
        json_array_append_new(list, json_pack("{s:s?, s:I, s:s, s:s, s:s, s:s}", "file", f->file, "row", (json_int_t)f->row,
                                              "column", f->field, "found", f->found, "expected", f->expected, "do", f->remedy));
    }
    json_t *object = json_pack("{s:o, s:I}", "faults", list, "errors", (json_int_t)faults->errors);
    if (!object || json_dumpf(object, stderr, JSON_PRESERVE_ORDER)) {
        complain_memory();
    }
    fputc('\n', stderr);
    json_decref(object);
}

void plan_print_faults(const struct plan_request *request, const struct faults *faults, struct arena *arena)
{
    static const struct table_column columns[] = {
        {"File", TABLE_ID, "file"},     {"Row", TABLE_FIGURE, "row"},         {"Column", TABLE_TEXT, "column"},
        {"Found", TABLE_TEXT, "found"}, {"Expected", TABLE_TEXT, "expected"}, {"Do", TABLE_TEXT, "do"},
    };
    if (request->json) {
        print_json(faults);
        return;
    }
    struct output output;
    output_init(&output, stderr, false, true);
    struct table table;
    table_init(&table, arena, columns, sizeof columns / sizeof columns[0]);
    for (size_t n = 0; n < faults->count; n++) {
        const struct fault *f = &faults->list[n];
        table_add(&table, f->file ? f->file : "");
        table_add(&table, f->row ? figures_count(f->row).text : "");
        table_add(&table, f->field);
        table_add(&table, f->found);
        table_add(&table, f->expected);
        table_add(&table, f->remedy);
    }
    complain(EXIT_CODE_INPUT, "%zu %s in the scenario. Nothing was planned.", faults->errors,
             faults->errors == 1 ? "fault" : "faults");
    if (table_print(&table, &output)) {
        complain_memory();
    }
    if (faults->errors > faults->count) {
        advise("%s more faults are not shown.", figures_count(faults->errors - faults->count).text);
    }
}
