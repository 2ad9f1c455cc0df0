/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/muster/bundle.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/describe.h"
#include "clients/muster/figures.h"
#include "clients/muster/table.h"
#include "proto/status.h"

/* One bundle as a nation reads it, what it pays and what it saves; and as a supplier does, what it delivers and when. */

static const struct table_column statement_columns[] = {{"", TABLE_TEXT, NULL}, {"", TABLE_FIGURE, NULL}, {"", TABLE_FIGURE, NULL}};

/* A statement: lines of words, an amount to the right, and a percentage or note behind it. */
struct statement {
    struct context *context;
    struct table table;
    const char *currency; /* before the first amount; "" then */
};

static void statement_begin(struct statement *statement, struct context *context, const char *currency)
{
    *statement = (struct statement){.context = context, .currency = currency};
    table_init(&statement->table, &context->arena, statement_columns, 3);
}

static void statement_add(struct statement *statement, const char *words, int64_t cents, const char *note)
{
    table_add(&statement->table, words);
    table_add(&statement->table, arena_format(&statement->context->arena, "%s%s%s", statement->currency, *statement->currency ? " " : "", figures_money(cents).text));
    table_add(&statement->table, note);
    statement->currency = "";
}

static const char *supplier_name(const Muster__TermsLine *line)
{
    return *line->supplier_name ? line->supplier_name : line->offer;
}

static int widest_supplier(const Muster__Terms *terms)
{
    int widest = output_columns("You pay");
    for (size_t i = 0; i < terms->n_lines; i++) {
        int width = output_columns(supplier_name(terms->lines[i]));
        widest = width > widest ? width : widest;
    }
    return widest > 24 ? 24 : widest;
}

/* "Alfaco     80 due 2030-12 at 5,100,000.00" */
static const char *line_words(struct context *context, const Muster__TermsLine *line, int width)
{
    const char *name = supplier_name(line);
    int gap = width - output_columns(name);
    const char *text = arena_format(&context->arena, "%s%*s  %s due %s at" OUTPUT_TIE "%s", name, gap > 0 ? gap : 0, "", figures_count(line->quantity).text, figures_month(line->month).text,
                                    figures_money(line->unit_price).text);
    if (text && line->freight) {
        text = arena_format(&context->arena, "%s, freight %s", text, figures_money(line->freight).text);
    }
    return text ? text : "";
}

/* The shares of one-off costs, one line a supplier. */
static void add_one_off(struct statement *statement, const Muster__Terms *terms)
{
    for (size_t i = 0; i < terms->n_lines; i++) {
        int64_t share = 0;
        bool first = true;
        for (size_t k = 0; k < terms->n_lines; k++) {
            if (strcmp(terms->lines[k]->offer, terms->lines[i]->offer) == 0) {
                share += terms->lines[k]->one_off;
                first = first && k >= i;
            }
        }
        if (first && share) {
            statement_add(statement, arena_format(&statement->context->arena, "Your share of %s's one-off cost", supplier_name(terms->lines[i])), share, "");
        }
    }
}

static const char *padded(struct context *context, const char *name, int width, const char *words)
{
    const char *text = arena_format(&context->arena, "%-*s  %s", width, name, words);
    return text ? text : "";
}

/* The rows under the suppliers stay in line with short names, and near the edge with long ones. */
static int sum_width(int width)
{
    return width > 12 ? 12 : width;
}

static uint64_t total_quantity(const Muster__Terms *terms)
{
    uint64_t total = 0;
    for (size_t i = 0; i < terms->n_lines; i++) {
        total += terms->lines[i]->quantity;
    }
    return total;
}

/* What leaving would cost: the same lines bought alone. Alone can get less: then the saving holds on that, and the rest comes only together. */
static void add_alone(struct statement *statement, const Muster__BundleNation *own, int width)
{
    struct context *context = statement->context;
    if (!own->has_alone_pays || !own->has_alone_quantity || !own->has_saving) {
        return;
    }
    bool less = own->has_quantity && own->alone_quantity < own->quantity;
    const char *alone = less ? arena_format(&context->arena, "%s of %s, same offers", figures_count(own->alone_quantity).text, figures_count(own->quantity).text) : "your demand only, same offers";
    if (own->alone_quantity == 0) {
        output_wrap(&context->output, "Alone you would get none of these: %s come only together.", figures_count(own->quantity).text);
        return;
    }
    statement_add(statement, padded(context, "Alone", width, alone ? alone : ""), own->alone_pays, "");
    const char *percent = arena_format(&context->arena, "%s %%", figures_percent(own->saving, own->alone_pays, -1, -1).text);
    const char *words = own->saving < 0 ? "It costs more" : less ? arena_format(&context->arena, "You save on %s", figures_count(own->alone_quantity).text) : "You save";
    statement_add(statement, words ? words : "", own->saving < 0 ? -own->saving : own->saving, percent ? percent : "");
    if (less) {
        table_add(&statement->table, padded(context, "Only together", width, figures_count(own->quantity - own->alone_quantity).text));
        table_add(&statement->table, "");
        table_add(&statement->table, "");
    }
}

/* "With you: DE 456, ES 180. All rules met." */
static void print_company(struct context *context, const struct bundle *bundle, const Muster__BundleNation *own)
{
    const char *text = "";
    const Muster__BundleView *view = bundle->view;
    for (size_t i = 0; i < view->n_nations && text; i++) {
        const Muster__BundleNation *nation = view->nations[i];
        if (nation != own && nation->has_quantity) {
            text = arena_format(&context->arena, "%s%s%s %s", text, *text ? ", " : "", nation->country, figures_count(nation->quantity).text);
        }
    }
    const char *broken = "";
    for (size_t i = 0; i < view->n_rules && broken; i++) {
        if (!view->rules[i]->met) {
            broken = arena_format(&context->arena, "%s%s%s", broken, *broken ? ", " : "", bundle_rule_name(bundle, view->rules[i]));
        }
    }
    if (text && *text) {
        text = arena_format(&context->arena, "With you: %s. ", text);
    }
    output_wrap(&context->output, "%s%s%s", text ? text : "", broken && *broken ? "NOT MET: " : view->n_rules ? "All rules met." : "", broken ? broken : "");
}

static int by_month(const void *left, const void *right)
{
    const Muster__TermsLine *one = *(Muster__TermsLine *const *)left, *other = *(Muster__TermsLine *const *)right;
    if (one->month != other->month) {
        return one->month < other->month ? -1 : 1;
    }
    int order = strcmp(one->country, other->country);
    return order ? order : strcmp(one->offer, other->offer);
}

/* Terms are signed as they were served; only their copy for the eye is put in the order of the months. */
static void sort_lines(const Muster__Terms *terms)
{
    if (terms->n_lines > 1) {
        qsort(terms->lines, terms->n_lines, sizeof *terms->lines, by_month);
    }
}

/* The first line: what it is and until when it can be answered. */
static void print_heading(struct context *context, const struct bundle *bundle, const char *more)
{
    const Muster__BundleView *view = bundle->view;
    const struct figure until = figures_day(view->deadline);
    const char *open = "";
    if (view->state == MUSTER__BUNDLE_STATE__BUNDLE_RELEASED && view->deadline) {
        open = arena_format(&context->arena, "; answer by %s, silence means no", until.text);
    } else if (view->state == MUSTER__BUNDLE_STATE__BUNDLE_AGREED && view->deadline) {
        open = arena_format(&context->arena, context->profile.role == MUSTER__ROLE__ROLE_SUPPLIER ? "; confirm by %s" : "; suppliers confirm by %s", until.text);
    }
    output_wrap(&context->output, "%s v%" PRIu64 "  %s  %s%s%s", figures_bundle(view->number).text, view->version, view->item, bundle_state_name(view), open ? open : "", more);
}

static int print_statement(struct statement *statement)
{
    return table_print(&statement->table, &statement->context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

static void print_answer(struct context *context, const struct bundle *bundle, Muster__BundleState asked)
{
    const Muster__BundleView *view = bundle->view;
    const struct figure name = figures_bundle(view->number);
    const char *own = view->own_answer ? view->own_answer : "";
    bool answered = strcmp(own, "yes") == 0 || strcmp(own, "no") == 0;
    bool bound = view->state == MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED || view->state == MUSTER__BUNDLE_STATE__BUNDLE_ORDERED;
    bool over = view->state == MUSTER__BUNDLE_STATE__BUNDLE_LAPSED || view->state == MUSTER__BUNDLE_STATE__BUNDLE_REJECTED;
    if (over) {
        output_wrap(&context->output, "%s is %s%s%s: nothing of it binds you.", name.text, bundle_state_name(view), view->reason && *view->reason ? ", because " : "",
                    view->reason ? view->reason : "");
    } else if (bound) {
        output_wrap(&context->output, "It binds you. To end a part of it, both sides sign: muster commitment end %s", name.text);
    } else if (answered) {
        output_wrap(&context->output, "Your answer: %s. Until it is committed: muster bundle take-back %s", own, name.text);
    } else if (view->state == asked && bundle->terms) {
        output_wrap(&context->output, "Next: muster bundle answer %s yes", name.text);
        output_wrap(&context->output, "Or no, which first shows what it costs: muster bundle answer %s no", name.text);
    }
}

int bundle_print_agency(struct context *context, const struct bundle *bundle)
{
    const Muster__Terms *terms = bundle->terms;
    const Muster__BundleNation *own = bundle_own_nation(bundle->view);
    struct statement statement;
    print_heading(context, bundle, "");
    if (!terms) {
        output_wrap(&context->output, "You have no part in this version.");
        return EXIT_CODE_DONE;
    }
    sort_lines(terms);
    int width = widest_supplier(terms);
    statement_begin(&statement, context, bundle->view->base_currency);
    for (size_t i = 0; i < terms->n_lines; i++) {
        const Muster__TermsLine *line = terms->lines[i];
        statement_add(&statement, line_words(context, line, width), bundle_value(line->quantity, line->unit_price, line->freight), "");
    }
    add_one_off(&statement, terms);
    uint64_t quantity = total_quantity(terms);
    const char *of = arena_format(&context->arena, "%s of %s", figures_count(quantity).text, figures_count(own && own->has_wanted ? own->wanted : quantity).text);
    statement_add(&statement, padded(context, "You pay", sum_width(width), of ? of : ""), bundle_terms_value(terms), "");
    if (own) {
        add_alone(&statement, own, sum_width(width));
    }
    int code = print_statement(&statement);
    print_company(context, bundle, own);
    print_answer(context, bundle, MUSTER__BUNDLE_STATE__BUNDLE_RELEASED);
    return code;
}

/* The supplier's own offer, to say what it can have made by a month; NULL where it is not there. */
static const Muster__Offer *own_offer(struct context *context, const Muster__Terms *terms)
{
    struct session_records records;
    const char *slash = strchr(terms->lines[0]->offer, '/');
    if (session_list(context, MUSTER__NOUN__NOUN_OFFER, "", slash ? slash + 1 : terms->lines[0]->offer, true, &records) != EXIT_CODE_DONE || records.count != 1) {
        return NULL;
    }
    return records.list[0]->offer;
}

static const struct table_column supplier_columns[] = {
    {"", TABLE_ID, NULL}, {"", TABLE_FIGURE, NULL}, {"", TABLE_ID, NULL}, {"", TABLE_FIGURE, NULL}, {"", TABLE_TEXT, NULL}};

static const char *made_by(struct context *context, const Muster__Terms *terms, const Muster__Offer *offer, uint32_t month)
{
    if (!offer || !terms->tier || terms->tier > offer->n_tiers) {
        return "";
    }
    const char *text = arena_format(&context->arena, "you make %s by then", figures_count(describe_made_by(offer, offer->tiers[terms->tier - 1], month)).text);
    return text ? text : "";
}

static void add_delivery(struct context *context, struct table *table, const struct bundle *bundle, const Muster__TermsLine *line, bool first, const char *note)
{
    int64_t value = bundle_value(line->quantity, line->unit_price, line->freight);
    table_add(table, line->country);
    table_add(table, figures_count(line->quantity).text);
    table_add(table, arena_format(&context->arena, "due %s%s%s", figures_month(line->month).text, strcmp(line->place, line->country) ? " to " : "",
                                  strcmp(line->place, line->country) ? line->place : ""));
    table_add(table, arena_format(&context->arena, "%s%s%s", first ? bundle->view->base_currency : "", first ? " " : "", figures_money(value).text));
    table_add(table, note);
}

static void add_sum(struct context *context, struct table *table, const char *name, const char *units, int64_t cents)
{
    (void)context;
    table_add(table, name);
    table_add(table, units);
    table_add(table, "");
    table_add(table, figures_money(cents).text);
    table_add(table, "");
}

int bundle_print_supplier(struct context *context, const struct bundle *bundle)
{
    const Muster__Terms *terms = bundle->terms;
    struct table table;
    if (!terms || !terms->n_lines) {
        print_heading(context, bundle, "");
        output_wrap(&context->output, "You have no part in this version.");
        return EXIT_CODE_DONE;
    }
    const char *tier = "";
    if (terms->tier) {
        uint64_t least = 0;
        for (size_t i = 0; i < bundle->view->n_suppliers; i++) {
            least = bundle->view->suppliers[i]->has_tier_minimum ? bundle->view->suppliers[i]->tier_minimum : least;
        }
        tier = least ? arena_format(&context->arena, ". Your tier %u, from %s", terms->tier, figures_count(least).text) : arena_format(&context->arena, ". Your tier %u", terms->tier);
    }
    print_heading(context, bundle, tier ? tier : "");
    sort_lines(terms);
    const Muster__Offer *offer = own_offer(context, terms);
    table_init(&table, &context->arena, supplier_columns, sizeof supplier_columns / sizeof supplier_columns[0]);
    uint32_t last = 0;
    for (size_t i = 0; i < terms->n_lines; i++) {
        const Muster__TermsLine *line = terms->lines[i];
        add_delivery(context, &table, bundle, line, i == 0, line->month == last ? "" : made_by(context, terms, offer, line->month));
        last = line->month;
    }
    if (terms->one_off) {
        add_sum(context, &table, "One-off", "", terms->one_off);
    }
    add_sum(context, &table, "Total", figures_count(total_quantity(terms)).text, bundle_terms_value(terms));
    int code = table_print(&table, &context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
    for (size_t i = 0; i < terms->n_lines; i++) {
        bool told = !*terms->lines[i]->contact;
        for (size_t k = 0; k < i; k++) {
            told = told || strcmp(terms->lines[k]->contact, terms->lines[i]->contact) == 0;
        }
        if (!told) {
            output_wrap(&context->output, "%s: %s", terms->lines[i]->country, terms->lines[i]->contact);
        }
    }
    print_answer(context, bundle, MUSTER__BUNDLE_STATE__BUNDLE_AGREED);
    return code;
}

int bundle_show_run(struct context *context, int count, char **words)
{
    struct bundle bundle;
    uint64_t version = 0;
    (void)count;
    int code = bundle_version_option(context, &version);
    code = code ? code : bundle_fetch(context, words[0], version, &bundle);
    if (code || output_value(&context->output, bundle_json(&bundle))) {
        return code;
    }
    switch (context->profile.role) {
    case MUSTER__ROLE__ROLE_AGENCY:
        return bundle_print_agency(context, &bundle);
    case MUSTER__ROLE__ROLE_SUPPLIER:
        return bundle_print_supplier(context, &bundle);
    default:
        return bundle_print_coordinator(context, &bundle);
    }
}
