/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/muster/bundle.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/table.h"
#include "proto/status.h"

/* The bundles that a reader may see, each on a line; a coordinator with the figures of all, others with their own. */

static const struct table_column coordinator_columns[] = {
    {"Bundle", TABLE_ID, "bundle"},          {"Item", TABLE_ID, "item"},          {"State", TABLE_ID, "state"}, {"Nations", TABLE_FIGURE, "nations"},
    {"Units", TABLE_FIGURE, "units"}, {NULL, TABLE_FIGURE, "pays"}, {"Saves", TABLE_FIGURE, "saves"}, {"SME %", TABLE_FIGURE, "sme_percent"},
};

static const struct table_column party_columns[] = {
    {"Bundle", TABLE_ID, "bundle"}, {"Item", TABLE_ID, "item"},   {"State", TABLE_ID, "state"},  {"Units", TABLE_FIGURE, "units"},
    {NULL, TABLE_FIGURE, "amount"}, {"Saves", TABLE_FIGURE, "saves"}, {"You said", TABLE_ID, "answer"}, {"Until", TABLE_ID, "until"},
};

static const char *with_currency(struct context *context, const char *words, const Muster__BundlesAnswer *answer, const char *unit)
{
    const char *currency = answer->n_bundles ? answer->bundles[0]->base_currency : "EUR";
    const char *text = arena_format(&context->arena, "%s %s%s", words, currency, unit);
    return text ? text : words;
}

static void add_coordinator_row(struct context *context, struct table *table, const Muster__BundleView *view)
{
    struct arena *arena = &context->arena;
    uint64_t nations = view->has_number_of_nations ? view->number_of_nations : view->n_nations;
    table_add(table, figures_bundle(view->number).text);
    table_add(table, view->item);
    table_add(table, bundle_state_name(view));
    table_add_exact(table, figures_count(nations).text, arena_format(arena, "%" PRIu64, nations));
    table_add_exact(table, figures_of(view->quantity, view->wanted).text, arena_format(arena, "%" PRIu64 "/%" PRIu64, view->quantity, view->wanted));
    table_add_exact(table, figures_millions(view->pays).text, figures_exact(view->pays).text);
    table_add_exact(table, figures_millions(view->saving).text, figures_exact(view->saving).text);
    table_add(table, view->has_sme_percent_tenths ? arena_format(arena, "%" PRId64 ".%d", view->sme_percent_tenths / 10, (int)(view->sme_percent_tenths % 10)) : "");
}

/* A party is told its own units and its own sum. */
static void add_party_row(struct context *context, struct table *table, const Muster__BundleView *view)
{
    const Muster__BundleNation *own = bundle_own_nation(view);
    bool saves = own && own->has_saving;
    table_add(table, figures_bundle(view->number).text);
    table_add(table, view->item);
    table_add(table, bundle_state_name(view));
    table_add_exact(table, figures_count(view->quantity).text, arena_format(&context->arena, "%" PRIu64, view->quantity));
    table_add_exact(table, figures_money(view->pays).text, figures_exact(view->pays).text);
    table_add_exact(table, saves ? figures_money(own->saving).text : "", saves ? figures_exact(own->saving).text : "");
    table_add(table, view->own_answer ? view->own_answer : "");
    table_add(table, view->deadline ? figures_day(view->deadline).text : "");
}

/* "For you: B-0041, B-0042. Waiting for 2 nations: B-0036." */
static void print_waiting(struct context *context, const Muster__BundlesAnswer *answer)
{
    const char *text = "";
    for (int pass = 0; pass < 2 && text; pass++) {
        for (size_t i = 0; i < answer->n_bundles && text; i++) {
            const Muster__BundleView *view = answer->bundles[i];
            bool own = strcmp(view->waiting_for, "you") == 0;
            if (!*view->waiting_for || own != (pass == 0)) {
                continue;
            }
            /* The first of those that wait for the same names what for, and all of them. */
            const char *names = "";
            bool first = true;
            for (size_t k = 0; k < answer->n_bundles && names; k++) {
                if (strcmp(answer->bundles[k]->waiting_for, view->waiting_for) == 0) {
                    first = first && k >= i;
                    names = arena_format(&context->arena, "%s%s%s", names, *names ? ", " : "", figures_bundle(answer->bundles[k]->number).text);
                }
            }
            if (first && names) {
                text = arena_format(&context->arena, "%s%s%s%s: %s.", text, *text ? " " : "", own ? "For you" : "Waiting for ", own ? "" : view->waiting_for, names);
            }
        }
    }
    if (text && *text) {
        output_wrap(&context->output, "%s", text);
    }
}

/* Who said no, and why: a coordinator need not open each bundle to learn it. */
static void print_refusals(struct context *context, const Muster__BundlesAnswer *answer)
{
    for (size_t i = 0; i < answer->n_bundles; i++) {
        const Muster__BundleView *view = answer->bundles[i];
        for (size_t n = 0; n < view->n_answers; n++) {
            const Muster__BundleAnswer *each = view->answers[n];
            if (each->counts && each->kind == MUSTER__ANSWER_KIND__ANSWER_NO) {
                output_wrap(&context->output, "%s: %s said no, %s", figures_bundle(view->number).text, each->party,
                            *each->reason ? each->reason : "without a reason");
            }
        }
    }
}

int bundle_list_run(struct context *context, int count, char **words)
{
    Muster__BundlesRequest request = MUSTER__BUNDLES_REQUEST__INIT;
    ProtobufCMessage *body = NULL;
    struct table table;
    struct table_column columns[8];
    (void)count;
    (void)words;
    int code = session_ask(context, MUSTER__VERB__VERB_BUNDLES, &request.base, &body);
    if (code) {
        return code;
    }
    const Muster__BundlesAnswer *answer = (const Muster__BundlesAnswer *)body;
    if (context->output.form == OUTPUT_JSON) {
        json_t *list = json_array();
        for (size_t i = 0; i < answer->n_bundles; i++) {
            const struct bundle bundle = {.view = answer->bundles[i]};
            json_array_append_new(list, bundle_json(&bundle));
        }
        output_value(&context->output, list);
        return EXIT_CODE_DONE;
    }
    bool coordinator = context->profile.role == MUSTER__ROLE__ROLE_COORDINATOR;
    if (!answer->n_bundles && context->output.form == OUTPUT_SCREEN) {
        output_wrap(&context->output, coordinator ? "No bundle yet. Why an item has none: muster why ITEM" : "No bundle yet that you may see.");
        return EXIT_CODE_DONE;
    }
    bool supplier = context->profile.role == MUSTER__ROLE__ROLE_SUPPLIER;
    memcpy(columns, coordinator ? coordinator_columns : party_columns, sizeof columns);
    columns[coordinator ? 5 : 4].header = coordinator ? with_currency(context, "Pays", answer, " m") : with_currency(context, supplier ? "Value" : "You pay", answer, "");
    table_init(&table, &context->arena, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < answer->n_bundles; i++) {
        if (coordinator) {
            add_coordinator_row(context, &table, answer->bundles[i]);
        } else {
            add_party_row(context, &table, answer->bundles[i]);
        }
    }
    if (table_print(&table, &context->output) != STATUS_OK) {
        return complain_memory();
    }
    print_waiting(context, answer);
    if (coordinator && context->output.form == OUTPUT_SCREEN) {
        print_refusals(context, answer);
    }
    return EXIT_CODE_DONE;
}
