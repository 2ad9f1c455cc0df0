/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/session.h"
#include "clients/muster/table.h"
#include "clients/muster/view.h"
#include "proto/status.h"

/* Why a demand is not covered or an offer not used, and what would change that; and what industry may know of needs. */

/* The changes that were tried: those that cover all or win something first, then those that add some, then those that do not help. */
static void print_tried(struct context *context, Muster__Trial *const *tried, size_t count, const char *all, bool whole)
{
    const struct output *output = &context->output;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        bool wins = whole ? tried[i]->covers : tried[i]->adds > 0;
        if (wins) {
            if (!any) {
                output_wrap(output, "%s", all);
            }
            any = true;
            output_wrap_indented(output, 4, "  + %s", tried[i]->text);
        }
    }
    bool some = false;
    for (size_t i = 0; i < count && whole; i++) {
        if (!tried[i]->covers && tried[i]->adds > 0) {
            if (!some) {
                output_wrap(output, "Would cover some:");
            }
            some = true;
            output_wrap_indented(output, 4, "  + %s: %s more", tried[i]->text, figures_count((uint64_t)tried[i]->adds).text);
        }
    }
    const char *none = "";
    for (size_t i = 0; i < count && none; i++) {
        if (tried[i]->adds <= 0) {
            none = arena_format(&context->arena, "%s%s%s", none, *none ? "; " : "", tried[i]->text);
        }
    }
    if (none && *none) {
        if (any || some) {
            output_wrap(output, "Would not help: %s.", none);
        } else {
            output_wrap(output, "No single change tried %s it: %s.", whole ? "covers" : "wins", none);
        }
    }
}

static void print_unused(struct context *context, const Muster__WhyAnswer *answer)
{
    output_wrap(&context->output, "Got nothing. Reason: %s.%s%s", answer->unused->reason, *answer->text ? " " : "", answer->text);
    print_tried(context, answer->unused->tried, answer->unused->n_tried, "Would get an award (planned again):", false);
}

static void print_uncovered(struct context *context, const Muster__WhyAnswer *answer)
{
    const Muster__Uncovered *uncovered = answer->uncovered;
    output_wrap(&context->output, "%s of %s are not covered. Reason: %s.%s%s", figures_count(uncovered->quantity).text, figures_count(answer->wanted).text, uncovered->reason,
                *answer->text ? " " : "", answer->text);
    const char *all = arena_format(&context->arena, "Would cover all %s (planned again, each alone):", figures_count(uncovered->quantity).text);
    print_tried(context, uncovered->tried, uncovered->n_tried, all ? all : "", true);
}

/* A coordinator's "DE-GEMT-1" as "de-agency/DE-GEMT-1", where exactly one demand or offer has that id. */
static int complete_id(struct context *context, char **id)
{
    static const Muster__Noun nouns[] = {MUSTER__NOUN__NOUN_DEMAND, MUSTER__NOUN__NOUN_OFFER};
    if (strchr(*id, '/')) {
        return EXIT_CODE_DONE;
    }
    struct session_records records;
    int code = session_list(context, MUSTER__NOUN__NOUN_ITEM, "", *id, false, &records);
    bool item = !code && records.count > 0;
    const char *party = NULL;
    for (size_t i = 0; i < sizeof nouns / sizeof nouns[0] && !code && !item; i++) {
        code = session_list(context, nouns[i], "", "", false, &records);
        for (size_t k = 0; k < records.count && !code; k++) {
            if (strcmp(records.list[k]->id, *id) != 0) {
                continue;
            }
            if (party) {
                return complain(EXIT_CODE_INPUT, "several parties have a '%s'. Write PARTY/ID, as %s/%s.", *id, party, *id);
            }
            party = records.list[k]->party;
        }
    }
    if (party && !code) {
        char *whole = arena_format(&context->arena, "%s/%s", party, *id);
        *id = whole ? whole : *id;
        code = whole ? EXIT_CODE_DONE : complain_memory();
    }
    return code;
}

int why_run(struct context *context, int count, char **words)
{
    Muster__WhyRequest request = MUSTER__WHY_REQUEST__INIT;
    ProtobufCMessage *body = NULL;
    (void)count;
    request.id = words[0];
    int code = session_profile(context);
    if (!code && context->profile.role == MUSTER__ROLE__ROLE_COORDINATOR) {
        code = complete_id(context, &request.id);
    }
    code = code ? code : session_ask(context, MUSTER__VERB__VERB_WHY, &request.base, &body);
    if (code || output_value(&context->output, view_message(body))) {
        return code;
    }
    Muster__WhyAnswer *answer = (Muster__WhyAnswer *)body;
    const char *marked = figures_marked(&context->arena, answer->text);
    answer->text = marked ? (char *)(uintptr_t)marked : answer->text;
    if (answer->uncovered) {
        print_uncovered(context, answer);
    } else if (answer->unused) {
        print_unused(context, answer);
    } else if (answer->covered) {
        output_wrap(&context->output, "%s", *answer->text ? answer->text : "Nothing is missing.");
    } else {
        output_wrap(&context->output, "%s", *answer->text ? answer->text : "It was not planned yet.");
    }
    if (answer->time) {
        output_wrap(&context->output, "As planned %s.", figures_time(answer->time).text);
    }
    return EXIT_CODE_DONE;
}

static const struct table_column need_columns[] = {
    {"Item", TABLE_ID, "item"}, {"Title", TABLE_TEXT, "title"}, {"Unit", TABLE_ID, "unit"}, {"Due", TABLE_ID, "month"}, {"Need", TABLE_FIGURE, "quantity"}, {"Nation", TABLE_ID, "country"},
    {"To", TABLE_ID, "place"},
};

/* The rows of one item: each open delivery, or one row that says that none is open. */
static void add_item(struct context *context, struct table *table, const Muster__Item *item, Muster__Demand *const *demands, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(demands[i]->item, item->id) != 0) {
            continue;
        }
        for (size_t k = 0; k < demands[i]->n_lines; k++) {
            table_add_exact(table, any ? "" : item->id, item->id);
            table_add_exact(table, any ? "" : item->title, item->title);
            table_add_exact(table, any ? "" : item->unit, item->unit);
            table_add(table, figures_month(demands[i]->lines[k]->month).text);
            table_add_exact(table, figures_count(demands[i]->lines[k]->quantity).text, arena_format(&context->arena, "%" PRIu64, demands[i]->lines[k]->quantity));
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

struct needs {
    Muster__Item **items;
    size_t item_count;
    Muster__Demand **demands;
    size_t demand_count;
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
        if (!append(&context->arena, (void ***)&needs->items, &needs->item_count, (void *const *)answer->items, answer->n_items) ||
            !append(&context->arena, (void ***)&needs->demands, &needs->demand_count, (void *const *)answer->demands, answer->n_demands)) {
            return complain_memory();
        }
        if (!*answer->after || strcmp(answer->after, request.after) == 0) {
            return EXIT_CODE_DONE;
        }
        request.after = answer->after;
    }
}

static int print_json(struct context *context, const struct needs *needs)
{
    json_t *items = json_array(), *demands = json_array();
    for (size_t i = 0; i < needs->item_count; i++) {
        json_array_append_new(items, view_message(&needs->items[i]->base));
    }
    for (size_t i = 0; i < needs->demand_count; i++) {
        json_t *demand = view_message(&needs->demands[i]->base);
        /* Sealed towards a supplier: the contract needs the fields, a reader must not take their zeros for figures. */
        json_object_del(demand, "max_unit_price");
        json_object_del(demand, "priority");
        json_object_del(demand, "fund");
        json_array_append_new(demands, demand);
    }
    output_value(&context->output, json_pack("{s:o, s:o}", "items", items, "demands", demands));
    return EXIT_CODE_DONE;
}

int need_list_run(struct context *context, int count, char **words)
{
    struct needs needs;
    struct table table;
    (void)count;
    (void)words;
    int code = fetch_needs(context, &needs);
    if (code) {
        return code;
    }
    if (context->output.form == OUTPUT_JSON) {
        return print_json(context, &needs);
    }
    if (!needs.item_count && context->output.form == OUTPUT_SCREEN) {
        output_wrap(&context->output, "The catalogue is empty.");
        return EXIT_CODE_DONE;
    }
    table_init(&table, &context->arena, need_columns, sizeof need_columns / sizeof need_columns[0]);
    for (size_t i = 0; i < needs.item_count; i++) {
        add_item(context, &table, needs.items[i], needs.demands, needs.demand_count);
    }
    if (table_print(&table, &context->output) != STATUS_OK) {
        return complain_memory();
    }
    output_wrap(&context->output, "Only what nations have opened is shown. An absent row means \"not published\", not \"no need\".");
    return EXIT_CODE_DONE;
}
