/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/muster/bundle.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/table.h"
#include "proto/status.h"

/* One bundle as its coordinator reviews it: nations, suppliers, months, rules, what stays uncovered, how good it is proved to be. */

#define BAR_MOST 40u
#define SHOWN_CHANGES 10u

static const char *const digits_note = "Digits may not add up: sums are made from exact cents.";

static void print_heading(struct context *context, const Muster__BundleView *view)
{
    const struct figure name = figures_bundle(view->number), until = figures_day(view->deadline), proposed = figures_day(view->proposed + 1);
    const char *more = "";
    switch (view->state) {
    case MUSTER__BUNDLE_STATE__BUNDLE_RELEASED:
        more = arena_format(&context->arena, "; nations answer by %s", until.text);
        break;
    case MUSTER__BUNDLE_STATE__BUNDLE_AGREED:
        more = arena_format(&context->arena, "; suppliers confirm by %s", until.text);
        break;
    case MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED:
        more = arena_format(&context->arena, " %s", proposed.text);
        break;
    default:
        break;
    }
    output_wrap(&context->output, "%s v%" PRIu64 "  %s  %s%s, from log entry %s", name.text, view->version, view->item, bundle_state_name(view), more ? more : "",
                figures_count(view->position).text);
    if (view->reason && *view->reason) {
        output_wrap(&context->output, "Because: %s", view->reason);
    }
}

static const struct table_column nation_columns[] = {
    {"Nation", TABLE_ID, NULL}, {"Units", TABLE_FIGURE, NULL}, {NULL, TABLE_FIGURE, NULL}, {"Alone", TABLE_FIGURE, NULL}, {"Saves", TABLE_FIGURE, NULL}, {"", TABLE_FIGURE, NULL}, {"", TABLE_ID, NULL},
};

static void add_nation(struct context *context, struct table *table, const char *name, uint64_t quantity, uint64_t wanted, int64_t pays, int64_t alone, int64_t saving,
                       const char *note)
{
    table_add(table, name);
    table_add(table, figures_of(quantity, wanted).text);
    table_add(table, figures_millions(pays).text);
    table_add(table, figures_millions(alone).text);
    table_add(table, figures_millions(saving).text);
    table_add(table, alone > 0 ? arena_format(&context->arena, "%s %%", figures_percent(saving, alone, -1, -1).text) : "");
    table_add(table, note);
}

/* An answer that was given; that one is awaited shows only while it is asked for. */
static const char *answer_shown(const Muster__BundleView *view, const char *answer, Muster__BundleState asked)
{
    if (!answer || (view->state != asked && strcmp(answer, "waiting") == 0)) {
        return "";
    }
    return answer;
}

/* "alone 443 of 456", and what it answered. */
static const char *nation_note(struct context *context, const Muster__BundleView *view, const Muster__BundleNation *nation)
{
    const char *answer = answer_shown(view, nation->answer, MUSTER__BUNDLE_STATE__BUNDLE_RELEASED);
    if (nation->alone_quantity < nation->quantity) {
        const char *text = arena_format(&context->arena, "%s%salone %s of %s", answer, *answer ? ", " : "", figures_count(nation->alone_quantity).text,
                                        figures_count(nation->quantity).text);
        return text ? text : answer;
    }
    return answer;
}

static int print_nations(struct context *context, const Muster__BundleView *view, bool *adds_up)
{
    struct table_column columns[7];
    struct table table;
    struct arena *arena = &context->arena;
    memcpy(columns, nation_columns, sizeof columns);
    columns[2].header = arena_format(arena, "Pays %s m", view->base_currency);
    if (!columns[2].header) {
        return complain_memory();
    }
    table_init(&table, arena, columns, sizeof columns / sizeof columns[0]);
    int64_t *pays = arena_array(arena, view->n_nations + 1, sizeof *pays), *saves = arena_array(arena, view->n_nations + 1, sizeof *saves);
    if (!pays || !saves) {
        return complain_memory();
    }
    for (size_t i = 0; i < view->n_nations; i++) {
        const Muster__BundleNation *nation = view->nations[i];
        add_nation(context, &table, nation->country, nation->quantity, nation->wanted, nation->pays, nation->alone_pays, nation->saving, nation_note(context, view, nation));
        pays[i] = nation->pays;
        saves[i] = nation->saving;
    }
    add_nation(context, &table, "Total", view->quantity, view->wanted, view->pays, view->alone_pays, view->saving, "");
    *adds_up = figures_millions_add_up(pays, (unsigned)view->n_nations) && figures_millions_add_up(saves, (unsigned)view->n_nations);
    return table_print(&table, &context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

static const struct table_column supplier_columns[] = {
    {"Supplier", TABLE_TEXT, NULL}, {"SME", TABLE_ID, NULL},       {"Tier", TABLE_ID, NULL},      {"Units", TABLE_FIGURE, NULL},
    {NULL, TABLE_FIGURE, NULL},     {"Share", TABLE_FIGURE, NULL}, {"Origin %", TABLE_TEXT, NULL}, {"", TABLE_ID, NULL},
};

static bool is_sme(const char *size)
{
    return size && (strcmp(size, "micro") == 0 || strcmp(size, "small") == 0 || strcmp(size, "medium") == 0);
}

static int print_suppliers(struct context *context, const Muster__BundleView *view)
{
    struct table_column columns[8];
    struct table table;
    struct arena *arena = &context->arena;
    memcpy(columns, supplier_columns, sizeof columns);
    columns[4].header = arena_format(arena, "Value %s m", view->base_currency);
    if (!columns[4].header) {
        return complain_memory();
    }
    table_init(&table, arena, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < view->n_suppliers; i++) {
        const Muster__BundleSupplier *supplier = view->suppliers[i];
        table_add(&table, supplier->name && *supplier->name ? supplier->name : supplier->party ? supplier->party : "");
        table_add(&table, is_sme(supplier->size) ? "yes" : "no");
        table_add(&table, arena_format(arena, "%u, from %s", supplier->tier, figures_count(supplier->tier_minimum).text));
        table_add(&table, figures_count(supplier->quantity).text);
        table_add(&table, figures_millions(supplier->value).text);
        table_add(&table, arena_format(arena, "%s %%", figures_percent(supplier->value, view->value, -1, -1).text));
        table_add(&table, supplier->origin ? supplier->origin : "");
        table_add(&table, answer_shown(view, supplier->answer, MUSTER__BUNDLE_STATE__BUNDLE_AGREED));
    }
    return table_print(&table, &context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

/* "One-off 30.00, shared by quantity: 4,386.00 + 523.20 + 30.00 = 4,939.20" */
static void print_sum(struct context *context, const Muster__BundleView *view, bool adds_up)
{
    const char *text = "";
    int64_t freight = view->pays - view->value - view->one_off;
    for (size_t i = 0; i < view->n_suppliers && text; i++) {
        text = arena_format(&context->arena, "%s%s%s", text, i ? " + " : "", figures_millions(view->suppliers[i]->value).text);
    }
    if (freight && text) {
        text = arena_format(&context->arena, "%s + freight %s", text, figures_millions(freight).text);
    }
    if (view->one_off && text) {
        output_wrap(&context->output, "One-off %s, shared by quantity: %s + %s = %s", figures_millions(view->one_off).text, text, figures_millions(view->one_off).text,
                    figures_millions(view->pays).text);
    } else if (text && (view->n_suppliers > 1 || freight)) {
        output_wrap(&context->output, "%s = %s", text, figures_millions(view->pays).text);
    }
    int64_t *parts = arena_array(&context->arena, view->n_suppliers + 2, sizeof *parts);
    if (!parts) {
        return;
    }
    for (size_t i = 0; i < view->n_suppliers; i++) {
        parts[i] = view->suppliers[i]->value;
    }
    parts[view->n_suppliers] = freight;
    parts[view->n_suppliers + 1] = view->one_off;
    if (!adds_up || !figures_millions_add_up(parts, (unsigned)view->n_suppliers + 2)) {
        output_wrap(&context->output, "%s", digits_note);
    }
}

/* The least of 1, 2, 5, 10, 20, 50 ... units a sign with which the longest bar fits. */
static uint64_t scale_of(const Muster__BundleView *view)
{
    static const uint64_t steps[] = {1, 2, 5};
    uint64_t longest = 1;
    for (size_t i = 0; i < view->n_months; i++) {
        longest = view->months[i]->need > longest ? view->months[i]->need : longest;
    }
    for (uint64_t power = 1;; power *= 10) {
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            if ((longest + steps[i] * power - 1) / (steps[i] * power) <= BAR_MOST) {
                return steps[i] * power;
            }
        }
    }
}

/* Whole need rounded to signs; something awarded shows, and something missing shows. */
static const char *bar_of(struct context *context, const Muster__BundleMonth *month, uint64_t scale)
{
    char bar[BAR_MOST + 4];
    uint64_t all = (month->need + scale / 2) / scale, given = (month->award + scale / 2) / scale;
    all = all == 0 && month->need ? 1 : all;
    given = given == 0 && month->award ? 1 : given;
    if (month->award < month->need && given >= all) {
        given = all > 1 ? all - 1 : 1;
        all = given + 1;
    }
    size_t length = 0;
    for (; length < all && length < BAR_MOST + 2; length++) {
        bar[length] = length < given ? '#' : '.';
    }
    bar[length] = '\0';
    return arena_string(&context->arena, bar);
}

static int print_months(struct context *context, const Muster__BundleView *view)
{
    struct table table;
    if (!view->n_months) {
        return EXIT_CODE_DONE;
    }
    uint64_t scale = scale_of(view);
    const struct figure unit = figures_count(scale);
    const char *legend = arena_format(&context->arena, "(# %s awarded, . %s short)", unit.text, unit.text);
    const struct table_column columns[] = {{"Due", TABLE_ID, NULL}, {"Need", TABLE_FIGURE, NULL}, {"Award", TABLE_FIGURE, NULL}, {legend ? legend : "", TABLE_ID, NULL}};
    table_init(&table, &context->arena, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < view->n_months; i++) {
        if (!view->months[i]->need && !view->months[i]->award) { /* all of it is committed already */
            continue;
        }
        table_add(&table, figures_month(view->months[i]->month).text);
        table_add(&table, figures_count(view->months[i]->need).text);
        table_add(&table, figures_count(view->months[i]->award).text);
        table_add(&table, bar_of(context, view->months[i], scale));
    }
    return table_print(&table, &context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

/* The exchange's texts hold plain figures: long ones get their thousands marks here. */
static const char *with_marks(struct context *context, const char *text)
{
    const char *marked = figures_marked(&context->arena, text);
    return marked ? marked : text;
}

static const struct table_column rule_columns[] = {{"Rule", TABLE_TEXT, NULL}, {"Figure", TABLE_FIGURE, NULL}, {"Allowed", TABLE_ID, NULL}, {"", TABLE_ID, NULL}};

static void add_rule(struct context *context, struct table *table, const struct bundle *bundle, const Muster__BundleRule *rule)
{
    table_add(table, bundle_rule_name(bundle, rule));
    table_add(table, rule->figure ? with_marks(context, rule->figure) : "");
    table_add(table, with_marks(context, rule->allowed));
    table_add(table, rule->met ? "met" : "NOT MET");
    table_paint(table, rule->met ? PAINT_GOOD : PAINT_BAD);
}

static int print_rules(struct context *context, const struct bundle *bundle)
{
    struct table table;
    const Muster__BundleView *view = bundle->view;
    if (!view->n_rules) {
        return EXIT_CODE_DONE;
    }
    table_init(&table, &context->arena, rule_columns, sizeof rule_columns / sizeof rule_columns[0]);
    /* What is broken first: it decides. */
    for (int met = 0; met <= 1; met++) {
        for (size_t i = 0; i < view->n_rules; i++) {
            if (view->rules[i]->met == met) {
                add_rule(context, &table, bundle, view->rules[i]);
            }
        }
    }
    return table_print(&table, &context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

static void print_proof(struct context *context, const Muster__BundleView *view)
{
    if (!view->has_bound || !view->has_objective) {
        return;
    }
    int64_t gap = view->bound - view->objective;
    if (gap <= 0) {
        output_wrap(&context->output, "Proved: no valid plan scores more than this one by the published measure: urgent need first, then cost, SMEs preferred.");
        return;
    }
    /* An amount that rounds to nothing is told to the cent. */
    const struct figure amount = gap < 1000000 ? figures_money(gap) : figures_millions(gap + 500000 - 1);
    output_wrap(&context->output,
                "Proved: no valid plan can score more than %s %s%s (%s %%) above this one by the published measure: urgent need first, then cost, SMEs preferred.",
                view->base_currency, amount.text, gap < 1000000 ? "" : " m", figures_gap(gap, view->objective).text);
}

/* Who said no and why, who left, and who released it: what a coordinator has to answer for. */
static void print_people(struct context *context, const Muster__BundleView *view)
{
    const struct output *output = &context->output;
    for (size_t i = 0; i < view->n_left; i++) {
        const Muster__BundleAnswer *left = view->left[i];
        const char *reason = !left->counts ? "no answer in time" : *left->reason ? left->reason : "no, without a reason";
        output_wrap(output, "Left after v%" PRIu64 ": %s, %s: %s", left->version, left->party, figures_day(left->time).text, reason);
    }
    for (size_t i = 0; i < view->n_answers; i++) {
        const Muster__BundleAnswer *answer = view->answers[i];
        if (answer->counts && answer->kind == MUSTER__ANSWER_KIND__ANSWER_NO) {
            output_wrap(output, "No: %s, %s: %s", answer->party, figures_day(answer->time).text, *answer->reason ? answer->reason : "without a reason");
        }
    }
    for (size_t i = 0; i < view->n_released_by; i++) {
        output_wrap(output, "Released%s by %s, %s, log entry %s", view->n_released_by > 1 && i ? " second" : "", view->released_by[i]->party,
                    figures_time(view->released_by[i]->time).text, figures_count(view->released_by[i]->position).text);
    }
    if (view->first_hand) {
        output_wrap(output, "Released by %s, %s: it takes a second coordinator, since it costs more than %s %s.", view->first_hand->party,
                    figures_time(view->first_hand->time).text, view->base_currency, figures_count(view->four_eyes_above).text);
    } else if (view->has_four_eyes_above) {
        output_wrap(output, "Its release takes two coordinators: it costs more than %s %s.", view->base_currency, figures_count(view->four_eyes_above).text);
    }
}

static void print_next(struct context *context, const Muster__BundleView *view)
{
    const struct figure name = figures_bundle(view->number);
    switch (view->state) {
    case MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED:
        if (view->first_hand && strcmp(view->first_hand->party, context->profile.party) == 0) {
            output_wrap(&context->output, "Waiting for a second coordinator. To stop it: muster bundle reject %s --reason TEXT", name.text);
            break;
        }
        output_wrap(&context->output, "Next: muster bundle release %s", name.text);
        output_wrap(&context->output, "Or: muster bundle compare %s %s %s; muster bundle reject %s --reason TEXT", name.text, view->n_nations > 1 ? "--without" : "--rule",
                    view->n_nations > 1 ? view->nations[view->n_nations - 1]->country : "sme_min_share=30", name.text);
        break;
    case MUSTER__BUNDLE_STATE__BUNDLE_RELEASED:
    case MUSTER__BUNDLE_STATE__BUNDLE_AGREED:
        output_wrap(&context->output, "Waiting for %s. Next: muster watch", *view->waiting_for ? view->waiting_for : "answers");
        output_wrap(&context->output, "Or: muster bundle extend %s --until DATE; muster bundle reject %s --reason TEXT", name.text, name.text);
        break;
    case MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED:
        output_wrap(&context->output, "Next: muster order export %s orders", name.text);
        output_wrap(&context->output, "Then, once its contracts are signed: muster bundle order %s", name.text);
        break;
    default:
        break;
    }
}

int bundle_print_coordinator(struct context *context, const struct bundle *bundle)
{
    const Muster__BundleView *view = bundle->view;
    bool adds_up = true;
    print_heading(context, view);
    int code = print_nations(context, view, &adds_up);
    code = code ? code : print_suppliers(context, view);
    if (code) {
        return code;
    }
    print_sum(context, view, adds_up);
    code = print_months(context, view);
    code = code ? code : print_rules(context, bundle);
    for (size_t i = 0; i < view->n_uncovered && !code; i++) {
        output_wrap(&context->output, "Uncovered: %s", bundle_uncovered_text(context, view->uncovered[i]));
    }
    for (size_t i = 0; i < view->n_changes && i < SHOWN_CHANGES && !code; i++) {
        output_wrap(&context->output, "%s%s", i ? "  and " : "Changed since: ", view->changes[i]);
    }
    if (view->n_changes > SHOWN_CHANGES && !code) {
        output_wrap(&context->output, "  and %s more", figures_count(view->n_changes - SHOWN_CHANGES).text);
    }
    print_proof(context, view);
    print_people(context, view);
    print_next(context, view);
    return code;
}
