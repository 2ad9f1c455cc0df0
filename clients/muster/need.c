/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/session.h"
#include "clients/muster/table.h"
#include "clients/muster/view.h"
#include "proto/regions.h"
#include "proto/settings.h"
#include "proto/status.h"

/* What industry may know of the need: published totals of what nations pooled, and what they opened. */

struct needs {
    Muster__Item **items;
    size_t item_count;
    Muster__Demand **demands;
    size_t demand_count;
    Muster__Signal **signals;
    size_t signal_count;
    Muster__SignalHeld **held;
    size_t held_count;
    uint32_t published, next;
};

/* Appends a page to a list that grows in the arena. */
static bool append(struct arena *arena, void ***list, size_t *count, void *const *page, size_t more)
{
    void **larger = arena_array(arena, *count + more, sizeof *larger);
    if (!larger) {
        return false;
    }
    if (*count) {
        memcpy(larger, *list, *count * sizeof *larger);
    }
    if (more) {
        memcpy(larger + *count, page, more * sizeof *larger);
    }
    *list = larger;
    *count += more;
    return true;
}

static bool add_page(struct arena *arena, struct needs *needs, const Muster__NeedAnswer *page)
{
    needs->published = page->published;
    needs->next = page->next;
    return append(arena, (void ***)&needs->items, &needs->item_count, (void *const *)page->items, page->n_items) &&
           append(arena, (void ***)&needs->demands, &needs->demand_count, (void *const *)page->demands, page->n_demands) &&
           append(arena, (void ***)&needs->signals, &needs->signal_count, (void *const *)page->signals, page->n_signals) &&
           append(arena, (void ***)&needs->held, &needs->held_count, (void *const *)page->held, page->n_held);
}

/* Rows of an item by time, regions before the rest. */
static int by_time(const void *left, const void *right)
{
    const Muster__Signal *a = *(Muster__Signal *const *)left, *b = *(Muster__Signal *const *)right;
    int order = strcmp(a->item, b->item);
    order = order ? order : (a->first_month > b->first_month) - (a->first_month < b->first_month);
    order = order ? order : (a->last_month > b->last_month) - (a->last_month < b->last_month);
    return order ? order : strcmp(b->region, a->region) * (!*a->region || !*b->region ? 1 : -1);
}

static int fetch_needs(struct context *context, struct needs *needs)
{
    Muster__NeedRequest request = MUSTER__NEED_REQUEST__INIT;
    *needs = (struct needs){0};
    request.item = (char *)(uintptr_t)(context->value[OPTION_ITEM] ? context->value[OPTION_ITEM] : "");
    request.after = (char *)(uintptr_t) "";
    for (;;) {
        ProtobufCMessage *body = NULL;
        int code = session_ask(context, MUSTER__VERB__VERB_NEED, &request.base, &body);
        if (code) {
            return code;
        }
        const Muster__NeedAnswer *answer = (const Muster__NeedAnswer *)body;
        if (!add_page(&context->arena, needs, answer)) {
            return complain_memory();
        }
        if (!*answer->after || strcmp(answer->after, request.after) == 0) {
            if (needs->signal_count) {
                qsort(needs->signals, needs->signal_count, sizeof *needs->signals, by_time);
            }
            return EXIT_CODE_DONE;
        }
        request.after = answer->after;
    }
}

/* "2027-Q4", or the year where a row covers it whole. */
static const char *due_of(struct context *context, uint32_t first_month, uint32_t last_month)
{
    if (last_month - first_month > 2) {
        return arena_format(&context->arena, "%04u", first_month / 100);
    }
    return arena_format(&context->arena, "%04u-Q%u", first_month / 100, (last_month % 100) / 3);
}

/* A region in words: the rest is all where nothing of the item is shown by itself. */
static const char *region_of(const struct needs *needs, const Muster__Signal *signal)
{
    if (*signal->region && strcmp(signal->region, REGIONS_OTHER) != 0) {
        return signal->region;
    }
    for (size_t i = 0; i < needs->signal_count; i++) {
        const Muster__Signal *other = needs->signals[i];
        bool apart = other->first_month >= signal->first_month && other->last_month <= signal->last_month && strcmp(other->region, signal->region) != 0;
        if (apart && strcmp(other->item, signal->item) == 0) {
            return "others";
        }
    }
    return "all";
}

static bool has_regions(const struct needs *needs)
{
    for (size_t i = 0; i < needs->signal_count; i++) {
        if (strcmp(region_of(needs, needs->signals[i]), "all") != 0) {
            return true;
        }
    }
    return false;
}

static const char *exact_of(struct context *context, uint64_t count)
{
    return arena_format(&context->arena, "%" PRIu64, count);
}

static json_t *list_json(ProtobufCMessage *const *messages, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, view_message(messages[i]));
    }
    return list;
}

static int print_json(struct context *context, const struct needs *needs)
{
    json_t *demands = list_json((ProtobufCMessage *const *)needs->demands, needs->demand_count);
    /* Sealed towards a supplier: the contract needs the fields, a reader must not take their zeros for figures. */
    for (size_t i = 0; i < needs->demand_count; i++) {
        json_object_del(json_array_get(demands, i), "max_unit_price");
        json_object_del(json_array_get(demands, i), "priority");
        json_object_del(json_array_get(demands, i), "fund");
    }
    json_t *whole = json_pack("{s:o, s:o, s:o, s:s, s:s}", "items", list_json((ProtobufCMessage *const *)needs->items, needs->item_count),
                              "signals", list_json((ProtobufCMessage *const *)needs->signals, needs->signal_count), "demands", demands,
                              "published", figures_date(needs->published).text, "next", figures_date(needs->next).text);
    if (whole && !needs->published) {
        json_object_set_new(whole, "published", json_null());
    }
    if (whole && !needs->next) {
        json_object_set_new(whole, "next", json_null());
    }
    if (whole && context->profile.role == MUSTER__ROLE__ROLE_COORDINATOR) {
        json_object_set_new(whole, "held", list_json((ProtobufCMessage *const *)needs->held, needs->held_count));
    }
    output_value(&context->output, whole);
    return EXIT_CODE_DONE;
}

/* --- into a pipe: one table of both ------------------------------------------------------------------------------- */

static const struct table_column pipe_columns[] = {
    {"Item", TABLE_ID, "item"},       {"Due", TABLE_ID, "due"},   {"Need", TABLE_FIGURE, "quantity"}, {"Region", TABLE_ID, "region"}, {"As of", TABLE_ID, "as_of"},
    {"Months", TABLE_FIGURE, "months"}, {"Nation", TABLE_ID, "country"}, {"To", TABLE_ID, "place"}, {"Yours", TABLE_FIGURE, "own"},
};

static int print_pipe(struct context *context, const struct needs *needs)
{
    struct table table;
    table_init(&table, &context->arena, pipe_columns, sizeof pipe_columns / sizeof pipe_columns[0]);
    for (size_t i = 0; i < needs->signal_count; i++) {
        const Muster__Signal *signal = needs->signals[i];
        table_add(&table, signal->item);
        table_add(&table, due_of(context, signal->first_month, signal->last_month));
        table_add(&table, exact_of(context, signal->need));
        table_add(&table, region_of(needs, signal));
        table_add(&table, figures_date(signal->date).text);
        table_add(&table, exact_of(context, signal->months));
        table_add(&table, "");
        table_add(&table, "");
        table_add(&table, signal->has_own ? exact_of(context, signal->own) : "");
    }
    for (size_t i = 0; i < needs->demand_count; i++) {
        const Muster__Demand *demand = needs->demands[i];
        for (size_t k = 0; k < demand->n_lines; k++) {
            table_add(&table, demand->item);
            table_add(&table, figures_month(demand->lines[k]->month).text);
            table_add(&table, exact_of(context, demand->lines[k]->quantity));
            table_add(&table, "");
            table_add(&table, "");
            table_add(&table, "");
            table_add(&table, demand->country);
            table_add(&table, demand->place);
            table_add(&table, "");
        }
    }
    return table_print(&table, &context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

/* --- on a screen -------------------------------------------------------------------------------------------------- */

enum column { COLUMN_ITEM, COLUMN_REGION, COLUMN_DUE, COLUMN_NEED, COLUMN_STOOD, COLUMN_DATE, COLUMN_OWN, COLUMN_TOTAL, COLUMN_NATIONS, COLUMN_RANGE, COLUMNS };

static const struct table_column all_columns[COLUMNS] = {
    [COLUMN_ITEM] = {"Item", TABLE_ID, NULL},          [COLUMN_REGION] = {"Region", TABLE_ID, NULL}, [COLUMN_DUE] = {"Quarter", TABLE_ID, NULL},
    [COLUMN_NEED] = {"Need", TABLE_FIGURE, NULL},      [COLUMN_STOOD] = {"Stood unmet", TABLE_FIGURE, NULL}, [COLUMN_DATE] = {"As of", TABLE_ID, NULL},
    [COLUMN_OWN] = {"Yours", TABLE_FIGURE, NULL},      [COLUMN_TOTAL] = {"Exact", TABLE_FIGURE, NULL}, [COLUMN_NATIONS] = {"Nations", TABLE_FIGURE, NULL},
    [COLUMN_RANGE] = {"Range %", TABLE_FIGURE, NULL},
};

static uint32_t range_of(const Muster__SignalCertificate *certificate)
{
    return certificate->quantity < certificate->change ? certificate->quantity : certificate->change;
}

static void add_cell(struct context *context, struct table *table, const struct needs *needs, const Muster__Signal *signal, enum column column)
{
    switch (column) {
    case COLUMN_ITEM:
        table_add(table, signal->item);
        break;
    case COLUMN_REGION:
        table_add(table, region_of(needs, signal));
        break;
    case COLUMN_DUE:
        table_add(table, due_of(context, signal->first_month, signal->last_month));
        break;
    case COLUMN_NEED:
        table_add(table, figures_count(signal->need).text);
        break;
    case COLUMN_STOOD:
        table_add(table, signal->months == 0 ? "" : arena_format(&context->arena, "%u month%s", signal->months, signal->months == 1 ? "" : "s"));
        break;
    case COLUMN_DATE:
        table_add(table, figures_date(signal->date).text);
        break;
    case COLUMN_OWN:
        table_add(table, figures_count(signal->own).text);
        break;
    case COLUMN_TOTAL:
        table_add(table, figures_count(signal->total).text);
        break;
    case COLUMN_NATIONS:
        table_add(table, figures_count(signal->nations).text);
        break;
    case COLUMN_RANGE:
        table_add(table, signal->certificate ? exact_of(context, range_of(signal->certificate)) : "");
        break;
    case COLUMNS:
        break;
    }
}

/* Columns that say nothing are left out: one region, one date. */
static size_t choose_columns(const struct context *context, const struct needs *needs, enum column chosen[COLUMNS])
{
    bool repeated = false, coordinator = context->profile.role == MUSTER__ROLE__ROLE_COORDINATOR;
    for (size_t i = 0; i < needs->signal_count; i++) {
        repeated = repeated || needs->signals[i]->date != needs->published;
    }
    const bool shown[COLUMNS] = {[COLUMN_ITEM] = true, [COLUMN_REGION] = has_regions(needs), [COLUMN_DUE] = true, [COLUMN_NEED] = true,
                                 [COLUMN_STOOD] = true, [COLUMN_DATE] = repeated, [COLUMN_OWN] = context->profile.role == MUSTER__ROLE__ROLE_AGENCY,
                                 [COLUMN_TOTAL] = coordinator, [COLUMN_NATIONS] = coordinator, [COLUMN_RANGE] = coordinator};
    size_t count = 0;
    for (enum column column = 0; column < COLUMNS; column++) {
        if (shown[column]) {
            chosen[count++] = column;
        }
    }
    return count;
}

static uint64_t setting_of(const struct session_records *policy, enum setting setting)
{
    uint64_t number = settings_default(setting);
    for (size_t i = 0; i < policy->count; i++) {
        const Muster__PolicyEntry *entry = policy->list[i]->policy;
        if (entry && strcmp(entry->key, settings_name(setting)) == 0 && !settings_read(setting, entry->value, &number)) {
            number = settings_default(setting);
        }
    }
    return number;
}

static const char *rhythm_of(struct context *context, uint64_t months)
{
    return months == 1 ? "monthly" : months == 12 ? "yearly" : arena_format(&context->arena, "every %" PRIu64 " months", months);
}

static int print_signals(struct context *context, const struct needs *needs)
{
    struct table table;
    struct session_records policy;
    enum column chosen[COLUMNS];
    struct table_column columns[COLUMNS];
    size_t count = choose_columns(context, needs, chosen);
    int code = session_list(context, MUSTER__NOUN__NOUN_POLICY, "", "", false, &policy);
    if (code) {
        return code;
    }
    for (size_t i = 0; i < count; i++) {
        columns[i] = all_columns[chosen[i]];
    }
    table_init(&table, &context->arena, columns, count);
    for (size_t i = 0; i < needs->signal_count; i++) {
        for (size_t k = 0; k < count; k++) {
            add_cell(context, &table, needs, needs->signals[i], chosen[k]);
        }
    }
    if (needs->signal_count && table_print(&table, &context->output) != STATUS_OK) {
        return complain_memory();
    }
    if (!needs->published) {
        output_wrap(&context->output, "No pooled need was published yet.%s%s%s", needs->next ? " The first publication is on " : "",
                    needs->next ? figures_date(needs->next).text : "", needs->next ? "." : "");
        return EXIT_CODE_DONE;
    }
    output_wrap(&context->output, "%sublished %s, %s, to the nearest %s, from %s nations or more.", needs->signal_count ? "P" : "Nothing stands. P",
                figures_date(needs->published).text, rhythm_of(context, setting_of(&policy, SETTING_SIGNAL_MONTHS)),
                figures_count(setting_of(&policy, SETTING_SIGNAL_BASE)).text, figures_count(setting_of(&policy, SETTING_SIGNAL_NATIONS)).text);
    return EXIT_CODE_DONE;
}

static const char *why_of(const Muster__SignalHeld *held)
{
    switch (held->why) {
    case MUSTER__SIGNAL_WHY__SIGNAL_FEW:
        return "too few nations";
    case MUSTER__SIGNAL_WHY__SIGNAL_DOMINATED:
        return "one nation has nearly all of it";
    case MUSTER__SIGNAL_WHY__SIGNAL_CHANGE:
        return "too few nations changed since an earlier figure";
    case MUSTER__SIGNAL_WHY__SIGNAL_NARROW:
        return "all figures together would show too much of one nation";
    case MUSTER__SIGNAL_WHY__SIGNAL_FULL:
        return "as many figures as can be checked together";
    default:
        return "";
    }
}

/* What is too small by itself was pooled, and shows there: only a cell that stands published, or the widest, is told of. */
static bool is_final(const struct needs *needs, const Muster__SignalHeld *held)
{
    bool pooled = held->why == MUSTER__SIGNAL_WHY__SIGNAL_FEW || held->why == MUSTER__SIGNAL_WHY__SIGNAL_DOMINATED;
    bool final = !pooled || held->width == MUSTER__SIGNAL_WIDTH__SIGNAL_YEAR;
    for (size_t i = 0; i < needs->signal_count && !final; i++) {
        const Muster__Signal *signal = needs->signals[i];
        uint32_t quarter = signal->first_month / 100 * 10 + (signal->first_month % 100 + 2) / 3;
        final = quarter == held->from && signal->last_month - signal->first_month == 2 && strcmp(signal->item, held->item) == 0 &&
                strcmp(signal->region, held->region) == 0;
    }
    return final;
}

static const struct table_column held_columns[] = {
    {"Item", TABLE_ID, NULL}, {"Region", TABLE_ID, NULL}, {"Quarter", TABLE_ID, NULL}, {"Nations", TABLE_FIGURE, NULL}, {"Exact", TABLE_FIGURE, NULL}, {"Not published anew", TABLE_TEXT, NULL},
};

static int print_held(struct context *context, const struct needs *needs)
{
    struct table table;
    table_init(&table, &context->arena, held_columns, sizeof held_columns / sizeof held_columns[0]);
    for (size_t i = 0; i < needs->held_count; i++) {
        const Muster__SignalHeld *held = needs->held[i];
        bool year = held->width == MUSTER__SIGNAL_WIDTH__SIGNAL_YEAR;
        if (!is_final(needs, held)) {
            continue;
        }
        table_add(&table, held->item);
        table_add(&table, *held->region ? held->region : "pooled");
        table_add(&table, year ? arena_format(&context->arena, "%04u", held->from / 10) : arena_format(&context->arena, "%04u-Q%u", held->from / 10, held->from % 10));
        table_add(&table, figures_count(held->nations).text);
        table_add(&table, figures_count(held->total).text);
        table_add(&table, why_of(held));
    }
    return table_rows(&table) == 0 ? EXIT_CODE_DONE : table_print(&table, &context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

static const struct table_column open_columns[] = {
    {"Item", TABLE_ID, NULL}, {"Title", TABLE_TEXT, NULL}, {"Unit", TABLE_ID, NULL}, {"Due", TABLE_ID, NULL}, {"Need", TABLE_FIGURE, NULL}, {"Nation", TABLE_ID, NULL}, {"To", TABLE_ID, NULL},
};

/* The rows of one item: each open delivery, or one row that says that none is open. */
static void add_item(struct table *table, const Muster__Item *item, Muster__Demand *const *demands, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < demands[i]->n_lines && strcmp(demands[i]->item, item->id) == 0; k++) {
            table_add(table, any ? "" : item->id);
            table_add(table, any ? "" : item->title);
            table_add(table, any ? "" : item->unit);
            table_add(table, figures_month(demands[i]->lines[k]->month).text);
            table_add(table, figures_count(demands[i]->lines[k]->quantity).text);
            table_add(table, demands[i]->country);
            table_add(table, demands[i]->place);
            any = true;
        }
    }
    if (!any) {
        table_add(table, item->id);
        table_add(table, item->title);
        table_add(table, item->unit);
        for (int i = 0; i < 4; i++) {
            table_add(table, "");
        }
    }
}

static int print_open(struct context *context, const struct needs *needs)
{
    struct table table;
    table_init(&table, &context->arena, open_columns, sizeof open_columns / sizeof open_columns[0]);
    for (size_t i = 0; i < needs->item_count; i++) {
        add_item(&table, needs->items[i], needs->demands, needs->demand_count);
    }
    return table_print(&table, &context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

int need_list_run(struct context *context, int count, char **words)
{
    struct needs needs;
    (void)count;
    (void)words;
    int code = fetch_needs(context, &needs);
    if (code) {
        return code;
    }
    if (context->output.form == OUTPUT_JSON) {
        return print_json(context, &needs);
    }
    if (context->output.form == OUTPUT_TABS) {
        return print_pipe(context, &needs);
    }
    if (!needs.item_count) {
        output_wrap(&context->output, "The catalogue is empty.");
        return EXIT_CODE_DONE;
    }
    code = print_signals(context, &needs);
    code = code ? code : print_held(context, &needs);
    if (!code && context->profile.role != MUSTER__ROLE__ROLE_AGENCY) {
        output_wrap(&context->output, "The catalogue, and what nations opened by themselves:");
        code = print_open(context, &needs);
    }
    if (!code) {
        output_wrap(&context->output, "An absent row means \"not published\", not \"no need\".");
    }
    return code;
}
