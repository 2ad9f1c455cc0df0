/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/faults.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/table.h"
#include "proto/status.h"

static const struct table_column file_columns[] = {
    {"Row", TABLE_FIGURE, NULL},
    {"Column", TABLE_ID, NULL},
    {"Found", TABLE_TEXT, NULL},
    {"Expected", TABLE_TEXT, NULL},
    {"Do", TABLE_TEXT, NULL},
};

static const struct table_column named_columns[] = {
    {"Of", TABLE_ID, NULL},
    {"Field", TABLE_ID, NULL},
    {"Found", TABLE_TEXT, NULL},
    {"Expected", TABLE_TEXT, NULL},
    {"Do", TABLE_TEXT, NULL},
};

static json_t *fault_json(const char *file, uint32_t row, const char *id, const char *field, const char *found, const char *expected, const char *remedy,
                          bool warning)
{
    json_t *value = json_pack("{s:s, s:s, s:s, s:s, s:b}", "column", field, "found", found, "expected", expected, "do", remedy, "warning", (int)warning);
    if (value && file) {
        json_object_set_new(value, "file", json_string(file));
    }
    if (value && row) {
        json_object_set_new(value, "row", json_integer((json_int_t)row));
    }
    if (value && id) {
        json_object_set_new(value, "id", json_string(id));
    }
    return value;
}

/* Data rows with an error; the header is none. The list is in the order of the rows. */
static size_t faulty_rows(const struct faults *faults)
{
    size_t rows = 0;
    uint32_t last = 0;
    for (size_t i = 0; i < faults->count; i++) {
        if (!faults->list[i].warning && faults->list[i].row != 1 && (rows == 0 || faults->list[i].row != last)) {
            rows++;
            last = faults->list[i].row;
        }
    }
    return rows;
}

/* The sentence over the table: on the screen with it, else on standard error. */
static void print_heading(struct context *context, const char *file, uint32_t rows, const struct faults *faults, const char *became)
{
    const char *kind = faults->errors ? "fault" : "warning";
    size_t count = faults->errors ? faults->errors : faults->warnings;
    size_t at_fault = faulty_rows(faults);
    const char *place = "";
    if (at_fault && rows) {
        place = arena_format(&context->arena, " in %s of %s row%s", figures_count(at_fault).text, figures_count(rows).text, rows == 1 ? "" : "s");
    }
    const char *text = arena_format(&context->arena, "%s: %s %s%s%s. %s", file, figures_count(count).text, kind, count == 1 ? "" : "s", place, became);
    if (context->output.form == OUTPUT_SCREEN) {
        output_wrap(&context->output, "%s", text);
    } else {
        advise("%s", text);
    }
}

static void print_table(struct context *context, const struct output *output, const struct faults *faults)
{
    struct table table;
    table_init(&table, &context->arena, file_columns, sizeof file_columns / sizeof file_columns[0]);
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->list[i];
        char row[16] = "";
        if (fault->row) {
            snprintf(row, sizeof row, "%" PRIu32, fault->row);
        }
        table_add_exact(&table, fault->row ? figures_count(fault->row).text : "", row);
        table_add(&table, fault->field);
        table_add(&table, fault->found);
        table_paint(&table, PAINT_BAD);
        table_add(&table, fault->expected);
        table_add(&table, fault->warning ? arena_format(&context->arena, "%s (warning)", fault->remedy) : fault->remedy);
    }
    table_print(&table, output);
}

int faults_print(struct context *context, const char *file, uint32_t rows, const struct faults *faults, const char *became, const char *advice)
{
    int code = faults->errors ? EXIT_CODE_INPUT : EXIT_CODE_DONE;
    if (context->output.form == OUTPUT_JSON) {
        json_t *list = json_array();
        for (size_t i = 0; i < faults->count; i++) {
            const struct fault *fault = &faults->list[i];
            json_array_append_new(list, fault_json(file, fault->row, NULL, fault->field, fault->found, fault->expected, fault->remedy, fault->warning));
        }
        output_value(&context->output, json_pack("{s:s, s:I, s:I, s:I, s:s, s:o}", "file", file, "rows", (json_int_t)rows, "errors",
                                                 (json_int_t)faults->errors, "warnings", (json_int_t)faults->warnings, "became", became, "faults", list));
        return code;
    }
    print_heading(context, file, rows, faults, became);
    print_table(context, &context->output, faults);
    if (faults->errors + faults->warnings > faults->count) {
        output_wrap(&context->output, "And %s more.", figures_count(faults->errors + faults->warnings - faults->count).text);
    }
    if (advice) {
        output_wrap(&context->output, "%s", advice);
    }
    return code;
}

void faults_print_warnings(struct context *context, const char *file, const struct faults *faults)
{
    struct output output;
    if (!faults->warnings) {
        return;
    }
    output_init(&output, stderr, false, true);
    advise("%s: %s warning%s.", file, figures_count(faults->warnings).text, faults->warnings == 1 ? "" : "s");
    print_table(context, &output, faults);
}

/* A fault of an answer with its row. */
struct told {
    const Muster__Fault *fault;
    uint32_t row;
};

static int by_row(const void *left, const void *right)
{
    const struct told *one = left, *other = right;
    if (one->row != other->row) {
        return one->row < other->row ? -1 : 1;
    }
    return one->fault->change < other->fault->change ? -1 : one->fault->change > other->fault->change;
}

/* The faults in the order of the rows, as the sheet has them. */
static struct told *in_order(struct context *context, const Muster__Answer *answer, const struct session_naming *naming)
{
    struct told *list = arena_array(&context->arena, answer->n_faults, sizeof *list);
    for (size_t i = 0; list && i < answer->n_faults; i++) {
        const Muster__Fault *fault = answer->faults[i];
        list[i] = (struct told){.fault = fault, .row = naming && naming->row ? naming->row(naming->data, fault->change, fault->field, fault->found) : 0};
    }
    if (list && answer->n_faults > 1) {
        qsort(list, answer->n_faults, sizeof *list, by_row);
    }
    return list;
}

void faults_print_answer(struct context *context, const Muster__Answer *answer, const struct session_naming *naming)
{
    bool rows = naming && naming->row;
    struct told *told = in_order(context, answer, naming);
    json_t *list = json_array();
    struct table table;
    table_init(&table, &context->arena, rows ? file_columns : named_columns, sizeof file_columns / sizeof file_columns[0]);
    for (size_t i = 0; told && i < answer->n_faults; i++) {
        const Muster__Fault *fault = told[i].fault;
        const char *id = naming && naming->id ? naming->id(naming->data, fault->change) : NULL;
        json_array_append_new(list, fault_json(naming ? naming->file : NULL, told[i].row, id, fault->field, fault->found, fault->expected, fault->remedy, fault->warning));
        table_add(&table, told[i].row ? figures_count(told[i].row).text : id ? id : "");
        table_add(&table, fault->field);
        table_add(&table, fault->found);
        table_paint(&table, PAINT_BAD);
        table_add(&table, fault->expected);
        table_add(&table, fault->warning ? arena_format(&context->arena, "%s (warning)", fault->remedy) : fault->remedy);
    }
    if (context->output.form == OUTPUT_JSON) {
        output_value(&context->output, json_pack("{s:s, s:O}", "text", answer->text, "faults", list));
    } else if (answer->n_faults) {
        table_print(&table, &context->output);
    }
    json_decref(list);
}
