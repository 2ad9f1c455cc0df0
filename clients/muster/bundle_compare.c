/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/muster/bundle.h"
#include "clients/muster/bundle_act.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/suggest.h"
#include "clients/muster/table.h"
#include "proto/check.h"
#include "proto/policy.h"
#include "proto/status.h"

/*
 * A bundle beside what it would be otherwise: two versions of it, or planned again with another rule or without a party. The first column is
 * the bundle itself; each other shows its figure and the change. Nothing is stored unless one is adopted.
 */

#define COLUMNS_MOST 5u /* more don't fit side by side: ask twice */
#define ROWS_MOST 500u  /* sums, rules, and the suppliers of all variants */

struct comparison {
    struct context *context;
    const Muster__BundleView *const *views;
    size_t count;
    const char *titles[COLUMNS_MOST];
    struct row *rows;
    size_t row_count;
    struct table table;
};

/* One figure of each view, with its change against the first; value NULL: the view has none. */
struct cell {
    const char *value;
    const char *change;
    const char *exact;        /* for a pipe, where they differ */
    const char *exact_change;
};

/* A row of the comparison, kept until the widths of all are known. */
struct row {
    const char *name;
    struct cell cells[COLUMNS_MOST];
};

static void add_row(struct comparison *comparison, const char *name, const struct cell *cells)
{
    if (comparison->row_count == ROWS_MOST) {
        comparison->table.failed = true;
        return;
    }
    struct row *row = &comparison->rows[comparison->row_count++];
    row->name = name;
    memcpy(row->cells, cells, sizeof row->cells);
}

static int wider(int width, const char *text)
{
    int columns = output_columns(text ? text : "");
    return columns > width ? columns : width;
}

/* "927/1,000     -29": figure and change in one cell, each to the right, so that one title stands over both. */
static const char *joined(struct comparison *comparison, const struct cell *cell, int value_width, int change_width)
{
    const char *value = cell->value ? cell->value : "-", *change = cell->change ? cell->change : "";
    const char *text = arena_format(&comparison->context->arena, "%*s%s %*s%s", value_width - output_columns(value), "", value, change_width - output_columns(change), "", change);
    return text ? text : "";
}

static void fill_table(struct comparison *comparison)
{
    int values[COLUMNS_MOST] = {0}, changes[COLUMNS_MOST] = {0};
    bool screen = comparison->context->output.form == OUTPUT_SCREEN;
    for (size_t r = 0; r < comparison->row_count; r++) {
        for (size_t i = 0; i < comparison->count; i++) {
            values[i] = wider(values[i], comparison->rows[r].cells[i].value);
            changes[i] = wider(changes[i], comparison->rows[r].cells[i].change);
        }
    }
    for (size_t r = 0; r < comparison->row_count; r++) {
        const struct row *row = &comparison->rows[r];
        table_add(&comparison->table, row->name);
        for (size_t i = 0; i < comparison->count; i++) {
            const struct cell *cell = &row->cells[i];
            const char *value = cell->value ? cell->value : "-", *change = cell->change ? cell->change : "";
            if (!screen || i == 0) {
                table_add_exact(&comparison->table, value, cell->exact ? cell->exact : value);
            }
            if (!screen && i) {
                table_add_exact(&comparison->table, change, cell->exact_change ? cell->exact_change : change);
            }
            if (screen && i) {
                table_add(&comparison->table, joined(comparison, &row->cells[i], values[i], changes[i]));
            }
        }
    }
}

static const char *keep(struct comparison *comparison, struct figure figure)
{
    return arena_string(&comparison->context->arena, figure.text);
}

static void add_units(struct comparison *comparison)
{
    struct cell cells[COLUMNS_MOST] = {0};
    for (size_t i = 0; i < comparison->count; i++) {
        const Muster__BundleView *view = comparison->views[i], *first = comparison->views[0];
        cells[i].value = keep(comparison, figures_of(view->quantity, view->wanted));
        cells[i].change = keep(comparison, figures_change((int64_t)view->quantity - (int64_t)first->quantity));
        cells[i].exact = arena_format(&comparison->context->arena, "%" PRIu64 "/%" PRIu64, view->quantity, view->wanted);
        cells[i].exact_change = arena_format(&comparison->context->arena, "%" PRId64, (int64_t)view->quantity - (int64_t)first->quantity);
    }
    add_row(comparison, "units", cells);
}

static void add_money(struct comparison *comparison, const char *name, int64_t (*of)(const Muster__BundleView *view))
{
    struct cell cells[COLUMNS_MOST] = {0};
    bool screen = comparison->context->output.form == OUTPUT_SCREEN;
    const char *label = arena_format(&comparison->context->arena, "%s %s%s", name, comparison->views[0]->base_currency, screen ? " m" : "");
    for (size_t i = 0; i < comparison->count; i++) {
        int64_t change = of(comparison->views[i]) - of(comparison->views[0]);
        cells[i].value = keep(comparison, figures_millions(of(comparison->views[i])));
        cells[i].change = change ? keep(comparison, figures_millions_change(change)) : "";
        cells[i].exact = keep(comparison, figures_exact(of(comparison->views[i])));
        cells[i].exact_change = keep(comparison, figures_exact(change));
    }
    add_row(comparison, label ? label : name, cells);
}

static int64_t pays_of(const Muster__BundleView *view)
{
    return view->pays;
}

static int64_t saves_of(const Muster__BundleView *view)
{
    return view->saving;
}

/* The same rule in another view. */
static const Muster__BundleRule *rule_of(const Muster__BundleView *view, const char *name)
{
    for (size_t i = 0; i < view->n_rules; i++) {
        if (strcmp(view->rules[i]->name, name) == 0) {
            return view->rules[i];
        }
    }
    return NULL;
}

static void add_rules(struct comparison *comparison)
{
    const Muster__BundleView *first = comparison->views[0];
    for (size_t r = 0; r < first->n_rules; r++) {
        struct cell cells[COLUMNS_MOST] = {0};
        const struct bundle bundle = {.view = first};
        for (size_t i = 0; i < comparison->count; i++) {
            const Muster__BundleRule *rule = rule_of(comparison->views[i], first->rules[r]->name);
            cells[i].value = rule ? figures_marked(&comparison->context->arena, rule->figure) : NULL;
            cells[i].exact = rule ? rule->figure : NULL;
            cells[i].change = rule && !rule->met ? "!" : "";
        }
        add_row(comparison, bundle_rule_name(&bundle, first->rules[r]), cells);
    }
}

static const char *supplier_key(const Muster__BundleSupplier *supplier)
{
    return supplier->offer ? supplier->offer : supplier->party ? supplier->party : "";
}

static const Muster__BundleSupplier *supplier_of(const Muster__BundleView *view, const char *key)
{
    for (size_t i = 0; i < view->n_suppliers; i++) {
        if (strcmp(supplier_key(view->suppliers[i]), key) == 0) {
            return view->suppliers[i];
        }
    }
    return NULL;
}

static const char *supplier_words(const Muster__BundleSupplier *supplier)
{
    return supplier->name && *supplier->name ? supplier->name : supplier_key(supplier);
}

static bool same_party(const Muster__BundleSupplier *left, const Muster__BundleSupplier *right)
{
    return left->party && right->party && strcmp(left->party, right->party) == 0;
}

/* "Alfaco tier"; with the offer's id where the supplier has more than one in what is compared. */
static const char *tier_name(struct comparison *comparison, const Muster__BundleSupplier *supplier)
{
    const char *key = supplier_key(supplier), *slash = strchr(key, '/');
    bool several = false;
    for (size_t i = 0; i < comparison->count; i++) {
        for (size_t k = 0; k < comparison->views[i]->n_suppliers; k++) {
            const Muster__BundleSupplier *other = comparison->views[i]->suppliers[k];
            several = several || (same_party(supplier, other) && strcmp(key, supplier_key(other)) != 0);
        }
    }
    const char *name = several && slash ? arena_format(&comparison->context->arena, "%s %s tier", supplier_words(supplier), slash + 1)
                                        : arena_format(&comparison->context->arena, "%s tier", supplier_words(supplier));
    return name ? name : "tier";
}

static void add_supplier(struct comparison *comparison, const Muster__BundleSupplier *supplier)
{
    struct cell cells[COLUMNS_MOST] = {0};
    uint32_t base = 0;
    for (size_t i = 0; i < comparison->count; i++) {
        const Muster__BundleSupplier *there = supplier_of(comparison->views[i], supplier_key(supplier));
        uint32_t tier = there ? there->tier : 0;
        base = i ? base : tier;
        cells[i].value = tier ? keep(comparison, figures_count(tier)) : NULL;
        cells[i].change = i && tier < base ? "!" : i && tier > base ? "+" : "";
    }
    add_row(comparison, tier_name(comparison, supplier), cells);
}

/* Every supplier of any view, once. */
static void add_suppliers(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->count; i++) {
        for (size_t k = 0; k < comparison->views[i]->n_suppliers; k++) {
            const Muster__BundleSupplier *supplier = comparison->views[i]->suppliers[k];
            bool shown = false;
            for (size_t j = 0; j < i; j++) {
                shown = shown || supplier_of(comparison->views[j], supplier_key(supplier));
            }
            if (!shown) {
                add_supplier(comparison, supplier);
            }
        }
    }
}

static int print_table(struct comparison *comparison)
{
    struct table_column columns[2 * COLUMNS_MOST] = {{"", TABLE_TEXT, "figure"}};
    bool screen = comparison->context->output.form == OUTPUT_SCREEN;
    size_t count = 1;
    for (size_t i = 0; i < comparison->count; i++) {
        columns[count++] = (struct table_column){.header = comparison->titles[i], .kind = i ? TABLE_ID : TABLE_FIGURE};
        if (i && !screen) {
            columns[count++] = (struct table_column){.header = "change", .kind = TABLE_FIGURE};
        }
    }
    comparison->rows = arena_array(&comparison->context->arena, ROWS_MOST, sizeof *comparison->rows);
    if (!comparison->rows) {
        return complain_memory();
    }
    table_init(&comparison->table, &comparison->context->arena, columns, count);
    add_units(comparison);
    add_money(comparison, "pays", pays_of);
    add_money(comparison, "saves", saves_of);
    add_rules(comparison);
    add_suppliers(comparison);
    fill_table(comparison);
    return table_print(&comparison->table, &comparison->context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

/* Whether a supplier of the first view has an award in another one, under whichever of its offers. */
static bool still_supplies(const Muster__BundleView *view, const Muster__BundleSupplier *before)
{
    bool found = supplier_of(view, supplier_key(before)) != NULL;
    for (size_t k = 0; k < view->n_suppliers; k++) {
        found = found || same_party(view->suppliers[k], before);
    }
    return found;
}

/* One sentence a supplier, whatever the number of its offers. */
static bool is_first_offer(const Muster__BundleView *view, size_t at)
{
    for (size_t k = 0; k < at; k++) {
        if (same_party(view->suppliers[k], view->suppliers[at])) {
            return false;
        }
    }
    return true;
}

/* In words: what is lost, and why. */
static void print_words(struct comparison *comparison)
{
    struct arena *arena = &comparison->context->arena;
    const Muster__BundleView *first = comparison->views[0];
    for (size_t i = 1; i < comparison->count; i++) {
        const Muster__BundleView *view = comparison->views[i];
        const char *text = arena_format(arena, "%c:", (int)('A' + i));
        if (view->quantity == 0) {
            const char *reason = view->reason && *view->reason ? figures_marked(arena, view->reason) : NULL;
            text = reason ? arena_format(arena, "%s no bundle. Reason: %s", text, reason) : arena_format(arena, "%s no bundle.", text);
        } else if (view->quantity < first->quantity && view->wanted == first->wanted) {
            text = arena_format(arena, "%s %s more stay uncovered.", text, figures_count(first->quantity - view->quantity).text);
        } else if (view->quantity > first->quantity) {
            text = arena_format(arena, "%s %s more are covered.", text, figures_count(view->quantity - first->quantity).text);
        }
        for (size_t k = 0; k < first->n_suppliers && text; k++) {
            const Muster__BundleSupplier *before = first->suppliers[k], *after = supplier_of(view, supplier_key(before));
            const char *name = supplier_words(before);
            if (after && after->tier < before->tier) {
                text = arena_format(arena, "%s %s's order is %s, under %s: tier %u is lost.", text, name, figures_count(after->quantity).text,
                                    figures_count(before->tier_minimum).text, before->tier);
            } else if (!still_supplies(view, before) && view->quantity && is_first_offer(first, k)) {
                text = arena_format(arena, "%s %s gets nothing.", text, name);
            }
        }
        if (view->quantity && view->saving < 0 && text) {
            text = arena_format(arena, "%s Joining costs more than buying alone.", text);
        }
        if (text && strlen(text) > 2) {
            output_wrap(&comparison->context->output, "%s", text);
        }
    }
}

/* Whether a policy entry is a rule of a plan, with a value of its form: what the exchange could not plan is said before it is asked. */
static int check_rule(struct context *context, const Muster__PolicyEntry *entry)
{
    struct check_context check = {.base_currency = context->profile.base_currency[0] ? context->profile.base_currency : "EUR"};
    struct faults faults;
    enum policy_key key;
    if (!policy_key_find(entry->key, &key) || policy_key_is_common(key)) {
        struct suggest suggest;
        suggest_begin(&suggest, entry->key);
        for (unsigned i = 0; i < POLICY_KEYS; i++) {
            if (!policy_key_is_common(i)) {
                suggest_offer(&suggest, policy_key_name(i));
            }
        }
        return complain(EXIT_CODE_INPUT, "--rule: '%s' is no rule of a lot.%s%s%s Nothing was planned.\nAll: muster policy list", entry->key, suggest.nearest ? " Nearest: " : "",
                        suggest.nearest ? suggest.nearest : "", suggest.nearest ? "." : "");
    }
    faults_init(&faults, &context->arena);
    check_policy_entry(entry, &check, &faults);
    if (faults.errors) {
        return complain(EXIT_CODE_INPUT, "--rule %s: found %s, expected %s. Nothing was planned.", entry->key, *entry->value ? entry->value : "nothing",
                        faults.count ? faults.list[0].expected : "another value");
    }
    return EXIT_CODE_DONE;
}

/* Whether somebody to be left out is there: a party, or the country of one. */
static int check_without(const struct session_records *parties, const char *word)
{
    struct suggest suggest;
    suggest_begin(&suggest, word);
    for (size_t i = 0; i < parties->count; i++) {
        const Muster__PartyRecord *record = parties->list[i]->party_record;
        if (record && (strcmp(record->party->id, word) == 0 || strcmp(record->party->country, word) == 0)) {
            return EXIT_CODE_DONE;
        }
        if (record) {
            suggest_offer(&suggest, record->party->id);
        }
    }
    return complain(EXIT_CODE_INPUT, "--without: no party or nation '%s'.%s%s%s Nothing was planned.\nAll: muster party list", word, suggest.nearest ? " Nearest: " : "",
                    suggest.nearest ? suggest.nearest : "", suggest.nearest ? "." : "");
}

/* "european_min_share=60" becomes the entry, holding for this lot. */
static int read_rule(struct context *context, const char *word, const char *item, Muster__PolicyEntry *entry)
{
    const char *equals = strchr(word, '=');
    if (!equals || equals == word) {
        return complain(EXIT_CODE_USAGE, "--rule: found %s, expected KEY=VALUE, as european_min_share=60. Nothing changed.", word);
    }
    muster__policy_entry__init(entry);
    entry->key = arena_copy(&context->arena, word, (size_t)(equals - word));
    entry->value = arena_string(&context->arena, equals + 1);
    entry->item = arena_string(&context->arena, item);
    return entry->key && entry->value && entry->item ? check_rule(context, entry) : complain_memory();
}

/* "European 60 %" of "european_min_share=60": a title that fits over a column. */
static const char *rule_title(struct context *context, const Muster__PolicyEntry *entry)
{
    if (strcmp(entry->key, "european_min_share") == 0) {
        return arena_format(&context->arena, "European %s %%", entry->value);
    }
    if (strcmp(entry->key, "sme_min_share") == 0) {
        return arena_format(&context->arena, "SME %s %%", entry->value);
    }
    if (strcmp(entry->key, "supplier_max_share") == 0) {
        return arena_format(&context->arena, "supplier %s %%", entry->value);
    }
    if (strcmp(entry->key, "min_nations") == 0) {
        return arena_format(&context->arena, "%s nations", entry->value);
    }
    return arena_format(&context->arena, "%s=%s", entry->key, entry->value);
}

/* Each --rule and --without is a variant of its own. */
static int read_variants(struct context *context, const char *item, Muster__Variant ***list, const char **titles)
{
    size_t count = context->word_count;
    struct session_records parties = {0};
    Muster__Variant **variants = arena_array(&context->arena, count, sizeof *variants);
    if (!variants) {
        return complain_memory();
    }
    for (size_t i = 0; i < count; i++) {
        Muster__Variant *variant = arena_alloc(&context->arena, sizeof *variant);
        Muster__PolicyEntry *entry = arena_alloc(&context->arena, sizeof *entry);
        Muster__PolicyEntry **rules = arena_array(&context->arena, 1, sizeof *rules);
        char **without = arena_array(&context->arena, 1, sizeof *without);
        const char *word = context->words[i].value;
        if (!variant || !entry || !rules || !without) {
            return complain_memory();
        }
        muster__variant__init(variant);
        if (context->words[i].option == OPTION_RULE) {
            int code = read_rule(context, word, item, entry);
            if (code) {
                return code;
            }
            rules[0] = entry;
            variant->rules = rules;
            variant->n_rules = 1;
            const char *title = rule_title(context, entry);
            titles[i + 1] = arena_format(&context->arena, "%c %s", (int)('B' + i), title ? title : word);
        } else {
            int code = parties.list ? EXIT_CODE_DONE : session_list(context, MUSTER__NOUN__NOUN_PARTY, "", "", false, &parties);
            code = code ? code : check_without(&parties, word);
            if (code) {
                return code;
            }
            without[0] = arena_string(&context->arena, word);
            variant->without = without;
            variant->n_without = 1;
            titles[i + 1] = arena_format(&context->arena, "%c without %s", (int)('B' + i), word);
        }
        variants[i] = variant;
    }
    *list = variants;
    return EXIT_CODE_DONE;
}

static int compare_versions(struct context *context, char **words, Muster__CompareRequest *request, const char **titles)
{
    if (figures_read_version(words[1], &request->version) != STATUS_OK || figures_read_version(words[2], &request->other_version) != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "two versions are expected, as: muster bundle compare B-0041 v1 v2");
    }
    titles[0] = arena_format(&context->arena, "A v%" PRIu64, request->version);
    titles[1] = arena_format(&context->arena, "B v%" PRIu64, request->other_version);
    return EXIT_CODE_DONE;
}

static int print_comparison(struct context *context, const Muster__CompareAnswer *answer, const char **titles)
{
    struct comparison comparison = {.context = context, .views = (const Muster__BundleView *const *)answer->views, .count = answer->n_views};
    if (context->output.form == OUTPUT_JSON) {
        json_t *list = json_array();
        for (size_t i = 0; i < answer->n_views; i++) {
            const struct bundle bundle = {.view = answer->views[i]};
            json_t *value = bundle_json(&bundle);
            json_object_set_new(value, "title", json_string(titles[i] ? titles[i] : ""));
            json_array_append_new(list, value);
        }
        output_value(&context->output, list);
        return EXIT_CODE_DONE;
    }
    if (answer->n_views < 2 || answer->n_views > COLUMNS_MOST) {
        return complain(EXIT_CODE_INTERNAL, "the exchange compared %zu, two to %u were expected.", answer->n_views, COLUMNS_MOST);
    }
    for (size_t i = 0; i < comparison.count; i++) {
        comparison.titles[i] = titles[i] ? titles[i] : "";
    }
    int code = print_table(&comparison);
    print_words(&comparison);
    return code;
}

/* What can be adopted: the variants that give a bundle. "B", "B or D"; "" where none does. */
static const char *adoptable(struct context *context, const Muster__CompareAnswer *answer)
{
    const char *text = "";
    for (size_t i = 1; i < answer->n_views && text; i++) {
        if (answer->views[i]->quantity) {
            text = arena_format(&context->arena, "%s%s%c", text, *text ? " or " : "", (int)('A' + i));
        }
    }
    return text ? text : "";
}

/* A variant is adopted only where planning it gives a bundle: adopting nothing would end the one that stands. */
static int adopt(struct context *context, const struct bundle *bundle, const Muster__CompareRequest *request)
{
    const char *letter = context->value[OPTION_ADOPT];
    Muster__CompareRequest one = *request;
    ProtobufCMessage *body = NULL;
    size_t at = 0;
    int code = bundle_adopted(letter, request->n_variants, &at);
    if (code) {
        return code;
    }
    one.variants = &request->variants[at];
    one.n_variants = 1;
    code = session_ask(context, MUSTER__VERB__VERB_COMPARE, &one.base, &body);
    if (code) {
        return code;
    }
    const Muster__CompareAnswer *answer = (const Muster__CompareAnswer *)body;
    const Muster__BundleView *view = answer->n_views == 2 ? answer->views[1] : NULL;
    if (view && view->quantity == 0) {
        const char *reason = view->reason && *view->reason ? figures_marked(&context->arena, view->reason) : NULL;
        return complain(EXIT_CODE_INPUT, "%s gives no bundle, so there is nothing to adopt. %s%s%sNothing changed.", letter, reason ? "Reason: " : "", reason ? reason : "", reason ? "\n" : "");
    }
    return bundle_adopt(context, bundle, request->variants[at]);
}

int bundle_compare_run(struct context *context, int count, char **words)
{
    Muster__CompareRequest request = MUSTER__COMPARE_REQUEST__INIT;
    ProtobufCMessage *body = NULL;
    const char *titles[COLUMNS_MOST] = {NULL};
    struct bundle bundle;
    uint64_t version = 0;
    if (count == 2 || (count == 3 && context->word_count) || (count == 1 && !context->word_count)) {
        return complain(EXIT_CODE_USAGE, "with what? Two versions, or --rule KEY=VALUE or --without PARTY.\nAs: muster bundle compare %s v1 v2\nOr: muster bundle compare %s --rule european_min_share=60 --without NL",
                        words[0], words[0]);
    }
    if (context->word_count >= COLUMNS_MOST) {
        return complain(EXIT_CODE_USAGE, "at most %u variants at a time. Nothing was planned.", COLUMNS_MOST - 1);
    }
    int code = bundle_version_option(context, &version);
    code = code ? code : bundle_fetch(context, words[0], version, &bundle);
    if (code) {
        return code;
    }
    request.number = bundle.view->number;
    request.version = bundle.view->version;
    titles[0] = arena_format(&context->arena, "A %s", figures_bundle(request.number).text);
    code = count == 3 ? compare_versions(context, words, &request, titles) : read_variants(context, bundle.view->item, &request.variants, titles);
    if (code) {
        return code;
    }
    request.n_variants = context->word_count;
    if (context->value[OPTION_ADOPT]) {
        return adopt(context, &bundle, &request);
    }
    context->missing = arena_format(&context->arena, "%s has not both of these versions: its newest is v%" PRIu64 ". Nothing changed.", figures_bundle(request.number).text, bundle.view->version);
    code = session_ask(context, MUSTER__VERB__VERB_COMPARE, &request.base, &body);
    code = code ? code : print_comparison(context, (const Muster__CompareAnswer *)body, titles);
    if (!code && count == 1) {
        const char *letters = adoptable(context, (const Muster__CompareAnswer *)body);
        output_wrap(&context->output, *letters ? "Nothing is stored. To adopt: repeat with --adopt %s" : "Nothing is stored, and there is nothing to adopt: no variant gives a bundle.", letters);
    }
    return code;
}
