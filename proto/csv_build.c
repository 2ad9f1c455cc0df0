/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv_number.h"
#include "proto/marking.h"
#include "proto/status.h"

#define REMEDY_SIZE 160u

char *csv_build_text(const struct csv_value *value, const char *otherwise)
{
    const char *text = value->text[0] ? value->text : otherwise ? otherwise : "";
    return (char *)(uintptr_t)text;
}

int csv_build_texts(const struct csv_build *build, const struct csv_value *value, char ***texts, size_t *count)
{
    *count = value->count;
    *texts = arena_array(build->arena, value->count, sizeof **texts);
    if (!*texts) {
        return STATUS_NO_MEMORY;
    }
    for (size_t at = 0; at < value->count; at++) {
        (*texts)[at] = (char *)(uintptr_t)value->pairs[at].name;
    }
    return STATUS_OK;
}

void **csv_build_messages(struct arena *arena, size_t count, size_t size)
{
    void **list = arena_array(arena, count, sizeof *list);
    unsigned char *messages = arena_array(arena, count, size);
    for (size_t at = 0; list && messages && at < count; at++) {
        list[at] = messages + at * size;
    }
    return messages ? list : NULL;
}

int csv_build_rows(const struct csv_build *build, const struct csv_object *object, struct csv_rows *rows)
{
    rows->first = csv_table_row(build->table, object, 0);
    rows->count = object->count;
    rows->own = arena_array(build->arena, object->count, sizeof *rows->own);
    for (uint32_t n = 0; rows->own && n < object->count; n++) {
        rows->own[n] = csv_table_row(build->table, object, n);
    }
    return rows->own ? STATUS_OK : STATUS_NO_MEMORY;
}

void csv_build_check_sign(const struct csv_build *build, const struct csv_object *object, uint32_t n, uint32_t column, const char *sign,
                          const char *currency)
{
    if (!sign[0] || !currency || !currency[0] || csv_number_means(sign, currency)) {
        return;
    }
    char expected[REMEDY_SIZE], remedy[REMEDY_SIZE];
    snprintf(expected, sizeof expected, "an amount in %.8s", currency);
    snprintf(remedy, sizeof remedy, "write the number alone, and its currency in column currency");
    csv_table_refuse(build->table, object, n, column, sign, expected, remedy, build->faults);
}

static uint32_t column_of(const struct csv_format *format, const char *field)
{
    for (uint32_t at = 0; at < format->count; at++) {
        if (strcmp(format->columns[at].name, field) == 0) {
            return at;
        }
    }
    return CSV_FORMAT_MOST;
}

static void count_out(struct faults *faults, const struct fault *fault)
{
    size_t *counter = fault->warning ? &faults->warnings : &faults->errors;
    *counter -= *counter > 0 ? 1 : 0;
}

/* Whether a cell, by row and column name, has a fault already. */
static bool is_faulty(const struct csv_table *table, uint32_t row, const char *field)
{
    uint32_t column = column_of(table->format, field);
    size_t record = csv_table_find(table, row);
    return column < table->format->count && record < table->count && (table->records[record].faulty >> column & 1u);
}

/* The field rules of a message; faults of cells that have one already are dropped. */
static void check(const struct csv_build *build, const struct csv_noun *noun, const void *message, const struct csv_rows *rows)
{
    struct faults *faults = build->faults;
    if (!noun->check || !build->options->check || faults->count >= FAULT_LIST_MOST) {
        return;
    }
    struct check_context context = *build->options->check;
    size_t kept = faults->count;
    context.rows = rows->own;
    context.row_count = rows->count;
    faults->row = rows->first;
    noun->check(message, &context, faults);
    for (size_t at = kept; at < faults->count; at++) {
        if (is_faulty(build->table, faults->list[at].row, faults->list[at].field)) {
            count_out(faults, &faults->list[at]);
        } else {
            faults->list[kept++] = faults->list[at];
        }
    }
    faults->count = kept;
    faults->row = 0;
}

void csv_build_place(const struct csv_build *build, size_t first, const struct csv_rows *rows, size_t count)
{
    struct faults *faults = build->faults;
    size_t kept = first;
    for (size_t at = first; at < faults->count; at++) {
        struct fault *fault = &faults->list[at];
        fault->row = fault->change < count ? rows[fault->change].first : fault->row;
        if (is_faulty(build->table, fault->row, fault->field)) {
            count_out(faults, fault);
        } else {
            faults->list[kept++] = *fault;
        }
    }
    faults->count = kept;
}

struct sortable {
    struct fault fault;
    size_t at;
};

static int by_row(const void *left, const void *right)
{
    const struct sortable *a = left, *b = right;
    if (a->fault.row != b->fault.row) {
        return a->fault.row < b->fault.row ? -1 : 1;
    }
    return (a->at > b->at) - (a->at < b->at);
}

static void sort(struct faults *faults, size_t first)
{
    size_t count = faults->count - first;
    struct sortable *list = count > 1 ? arena_array(faults->arena, count, sizeof *list) : NULL;
    if (!list) {
        return;
    }
    for (size_t at = 0; at < count; at++) {
        list[at] = (struct sortable){faults->list[first + at], at};
    }
    qsort(list, count, sizeof *list, by_row);
    for (size_t at = 0; at < count; at++) {
        faults->list[first + at] = list[at].fault;
    }
}

int csv_build_finish(struct faults *faults, size_t first, size_t errors, int status)
{
    faults->row = 0;
    faults->change = 0;
    sort(faults, first);
    for (size_t at = first; at < faults->count; at++) {
        struct fault *fault = &faults->list[at];
        /* A header names columns: "Nr." there is no short form of a marking. */
        enum marking_kind kind = fault->row == 1 ? MARKING_CODE : MARKING_TEXT;
        if (marking_scan_text(fault->found, strlen(fault->found), kind)) {
            fault->found = "";
        }
        if (marking_scan_text(fault->remedy, strlen(fault->remedy), kind)) {
            fault->remedy = "the cell may carry a security marking: it is not repeated here";
        }
        if (marking_scan_text(fault->field, strlen(fault->field), kind)) {
            fault->field = "";
        }
    }
    return status == STATUS_OK && faults->errors > errors ? STATUS_INVALID : status;
}

static int make_all(const struct csv_build *build, const struct csv_noun *noun, struct csv_result *result)
{
    size_t count = build->table->object_count;
    result->list = csv_build_messages(build->arena, count, noun->size);
    result->rows = arena_array(build->arena, count, sizeof *result->rows);
    if (!result->list || !result->rows) {
        return STATUS_NO_MEMORY;
    }
    for (size_t at = 0; at < count; at++) {
        const struct csv_object *object = &build->table->objects[at];
        build->faults->change = (uint32_t)at;
        int status = noun->make(build, object, result->list[at], &result->rows[at]);
        if (status != STATUS_OK) {
            return status;
        }
        check(build, noun, result->list[at], &result->rows[at]);
    }
    build->faults->change = 0;
    result->count = count;
    return noun->settle ? noun->settle(build, result) : STATUS_OK;
}

int csv_build_read(const struct csv_noun *noun, const void *bytes, size_t length, uint32_t own, size_t least,
                   const struct csv_options *options, struct arena *arena, struct faults *faults, struct csv_result *result)
{
    struct csv_table table;
    struct csv_build build = {.options = options, .table = &table, .arena = arena, .faults = faults};
    size_t first = faults->count, errors = faults->errors;
    const char *file = faults->file;
    *result = (struct csv_result){.count = 0};
    faults->file = options->file;
    int status = csv_table_read(bytes, length, noun->format, own, arena, faults, &table);
    result->told = table.told;
    result->row_count = table.count;
    if (table.told && (status == STATUS_OK || status == STATUS_INVALID)) {
        if (table.count < least) {
            faults_add(faults, "", "only a header", "at least one row beneath it", "see the template");
        }
        int made = make_all(&build, noun, result);
        status = made == STATUS_OK ? status : made;
    }
    status = csv_build_finish(faults, first, errors, status);
    faults->file = file;
    return status;
}
