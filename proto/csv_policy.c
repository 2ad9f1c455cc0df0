/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv.h"
#include "proto/csv_amount.h"
#include "proto/csv_build.h"
#include "proto/csv_fold.h"
#include "proto/csv_header.h"
#include "proto/csv_list.h"
#include "proto/policy.h"
#include "proto/settings.h"
#include "proto/status.h"

#define REMEDY_SIZE 160u
#define NAMES_COUNT ((size_t)POLICY_KEYS + (size_t)SETTING_COUNT)

/* All keys: the matching model's first, then the exchange's own. */
static void list_names(const char *names[NAMES_COUNT])
{
    for (size_t at = 0; at < POLICY_KEYS; at++) {
        names[at] = policy_key_name((enum policy_key)at);
    }
    for (size_t at = 0; at < SETTING_COUNT; at++) {
        names[POLICY_KEYS + at] = settings_name((enum setting)at);
    }
}

/* The kind of a key's value. */
static enum csv_kind kind_of(size_t key)
{
    if (key >= POLICY_KEYS && settings_is_list((enum setting)(key - POLICY_KEYS))) {
        return CSV_KIND_LIST;
    }
    switch (key) {
    case POLICY_BASE_CURRENCY:
        return CSV_KIND_CODE;
    case POLICY_AS_OF:
        return CSV_KIND_DATE;
    case POLICY_EUROPEAN_COUNTRIES:
    case POLICY_EXCLUDED_ORIGINS:
    case POLICY_WEIGHTS:
        return CSV_KIND_LIST;
    case POLICY_SME_PREFERENCE:
    case POLICY_SME_MIN_SHARE:
    case POLICY_EUROPEAN_MIN_SHARE:
    case POLICY_EUROPEAN_MAX_SHARE:
    case POLICY_SUPPLIER_MAX_SHARE:
        return CSV_KIND_PERCENT;
    default:
        return CSV_KIND_NUMBER;
    }
}

/* A list with the `;` that the policy stores. */
static char *join(struct arena *arena, const struct csv_value *value)
{
    size_t length = 1;
    for (size_t at = 0; at < value->count; at++) {
        length += strlen(value->pairs[at].name) + 1;
    }
    char *text = arena_alloc(arena, length), *to = text;
    for (size_t at = 0; text && at < value->count; at++) {
        to += snprintf(to, length - (size_t)(to - text), "%s%s", at ? ";" : "", value->pairs[at].name);
    }
    return text;
}

/* The value in the form that the policy stores: 5 % as "5", 16|8|4 as "16;8;4". NULL where memory is out. */
static char *read_value(const struct csv_build *build, const struct csv_object *object, size_t key, const char *cell)
{
    struct csv_column column = {"value", kind_of(key), 0, "", key < POLICY_KEYS ? policy_key_default((enum policy_key)key) : "14", ""};
    struct csv_value value;
    struct csv_value_reader reader = {.arena = build->arena, .faults = build->faults, .order = CSV_ORDER_UNKNOWN};
    build->faults->row = csv_table_row(build->table, object, 0);
    int status = csv_value_read(&reader, &column, cell, &value);
    build->faults->row = 0;
    if (status != STATUS_OK) {
        return NULL;
    }
    if (value.faulty) {
        build->table->records[object->records[0]].faulty |= 1u << CSV_POLICY_VALUE;
        return arena_string(build->arena, cell);
    }
    switch (column.kind) {
    case CSV_KIND_LIST:
        return join(build->arena, &value);
    case CSV_KIND_DATE:
        return arena_format(build->arena, "%04" PRIu64 "-%02" PRIu64 "-%02" PRIu64, value.number / 10000, value.number / 100 % 100,
                            value.number % 100);
    case CSV_KIND_CODE:
        return arena_string(build->arena, value.text);
    default:
        return arena_format(build->arena, "%" PRIu64, value.number);
    }
}

static int make(const struct csv_build *build, const struct csv_object *object, void *message, struct csv_rows *rows)
{
    Muster__PolicyEntry *entry = message;
    const struct csv_value *values = csv_table_value(build->table, object, 0, 0);
    const char *names[NAMES_COUNT], *cell = values[CSV_POLICY_VALUE].text;
    list_names(names);
    muster__policy_entry__init(entry);
    entry->key = csv_build_text(&values[CSV_POLICY_KEY], NULL);
    entry->item = csv_build_text(&values[CSV_POLICY_ITEM], NULL);
    entry->value = (char *)(uintptr_t)cell;
    size_t key = csv_header_find(entry->key, names, NAMES_COUNT);
    if (key < NAMES_COUNT) {
        entry->key = (char *)(uintptr_t)names[key];
        entry->value = cell[0] ? read_value(build, object, key, cell) : entry->value;
    } else if (entry->key[0]) {
        char folded[CSV_FOLD_MOST], remedy[REMEDY_SIZE];
        csv_fold(entry->key, folded);
        size_t nearest = csv_fold_nearest(folded, names, NAMES_COUNT);
        snprintf(remedy, sizeof remedy, "write %s", nearest < NAMES_COUNT ? names[nearest] : "one of the documented keys, such as min_nations");
        csv_table_refuse(build->table, object, 0, CSV_POLICY_KEY, entry->key, "a policy key", remedy, build->faults);
    }
    return entry->value ? csv_build_rows(build, object, rows) : STATUS_NO_MEMORY;
}

struct placed {
    Muster__PolicyEntry *entry;
    struct csv_rows rows;
};

static int by_key(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    int order = strcmp(a->entry->key, b->entry->key);
    order = order ? order : strcmp(a->entry->item, b->entry->item);
    return order ? order : (a->rows.first > b->rows.first) - (a->rows.first < b->rows.first);
}

/* A scenario's policy names the date of its plan; an exchange dates each plan itself, so the row is left out, and said so. */
static bool is_date_of_plan(const struct csv_build *build, const struct placed *placed)
{
    if (!build->options->check || strcmp(placed->entry->key, policy_key_name(POLICY_AS_OF)) != 0) {
        return false;
    }
    build->faults->row = placed->rows.first;
    faults_warn(build->faults, "key", placed->entry->key, "a key of an exchange", "no action: the row is not sent, each plan has its own date");
    build->faults->row = 0;
    return true;
}

/* Sorts the entries as the policy is stored, and checks them as a whole. */
static int settle(const struct csv_build *build, struct csv_result *result)
{
    Muster__PolicyEntry **entries = (Muster__PolicyEntry **)result->list;
    struct placed *placed = arena_array(build->arena, result->count, sizeof *placed);
    if (!placed) {
        return STATUS_NO_MEMORY;
    }
    for (size_t at = 0; at < result->count; at++) {
        placed[at] = (struct placed){entries[at], result->rows[at]};
    }
    qsort(placed, result->count, sizeof *placed, by_key);
    size_t kept = 0;
    for (size_t at = 0; at < result->count; at++) {
        if (is_date_of_plan(build, &placed[at])) {
            continue;
        }
        entries[kept] = placed[at].entry;
        result->rows[kept++] = placed[at].rows;
    }
    result->count = kept;
    Muster__PolicyChange change = MUSTER__POLICY_CHANGE__INIT;
    change.entries = entries;
    change.n_entries = result->count;
    int status = check_normalise_policy(build->arena, &change);
    if (status == STATUS_OK && build->options->check) {
        size_t first = build->faults->count;
        check_policy(&change, build->options->check, build->faults);
        csv_build_place(build, first, result->rows, result->count);
    }
    return status;
}

int csv_read_policy(const void *bytes, size_t length, const struct csv_options *options, struct arena *arena, struct faults *faults,
                    struct csv_policy *policy)
{
    static const struct csv_noun noun = {&csv_format_policy, sizeof(Muster__PolicyEntry), make, NULL, settle};
    struct csv_result result;
    int status = csv_build_read(&noun, bytes, length, 0, 0, options, arena, faults, &result);
    *policy = (struct csv_policy){(Muster__PolicyEntry **)result.list, result.rows, result.count, result.told, result.row_count};
    return status;
}
