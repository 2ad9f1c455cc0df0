/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/plan_work.h"

#include <string.h>

#include "clients/muster/figures.h"
#include "clients/muster/table.h"
#include "proto/status.h"

#define CHANGED_MOST 12 /* who wins and loses most, a lot and variant */

/* The comparison being printed. */
struct comparison {
    const struct plan_result *results;
    size_t count;
    struct arena *arena;
    struct table table;
    struct plan_figures *figures; /* of one lot, by variant */
};

static void start_row(struct comparison *c, const char *lot, const char *name)
{
    table_add(&c->table, lot);
    table_add(&c->table, name);
}

/* A figure and, behind it, how it differs from the first variant. */
static void add_units(struct comparison *c, size_t variant, int64_t value, int64_t before)
{
    char screen[160], exact[32];
    struct figure change = figures_change(value - before);
    snprintf(screen, sizeof screen, "%s%s%s", figures_count((uint64_t)value).text, variant && *change.text ? " " : "",
             variant ? change.text : "");
    snprintf(exact, sizeof exact, "%lld", (long long)value);
    table_add_exact(&c->table, screen, exact);
}

static void add_money(struct comparison *c, size_t variant, int64_t value, int64_t before)
{
    char screen[160];
    if (variant && value != before) {
        snprintf(screen, sizeof screen, "%s %s", figures_millions(value).text, figures_millions_change(value - before).text);
    } else {
        snprintf(screen, sizeof screen, "%s", figures_millions(value).text);
    }
    table_add_exact(&c->table, screen, figures_exact(value).text);
}

static int64_t european_cents(const struct plan_figures *f)
{
    return (int64_t)(f->european_value / 100);
}

static void add_summary(struct comparison *c, const char *lot)
{
    const struct plan_figures *f = c->figures;
    start_row(c, lot, "units");
    for (size_t n = 0; n < c->count; n++) {
        add_units(c, n, f[n].awarded, f[0].awarded);
    }
    start_row(c, lot, "pays m");
    for (size_t n = 0; n < c->count; n++) {
        add_money(c, n, f[n].pays, f[0].pays);
    }
    start_row(c, lot, "saves m");
    for (size_t n = 0; n < c->count; n++) {
        add_money(c, n, f[n].saving, f[0].saving);
    }
    start_row(c, lot, "nations");
    for (size_t n = 0; n < c->count; n++) {
        add_units(c, n, f[n].nations, f[0].nations);
    }
    start_row(c, lot, "suppliers");
    for (size_t n = 0; n < c->count; n++) {
        add_units(c, n, f[n].suppliers, f[0].suppliers);
    }
    start_row(c, lot, "of these SMEs");
    for (size_t n = 0; n < c->count; n++) {
        add_units(c, n, f[n].smes, f[0].smes);
    }
    start_row(c, lot, "SME %");
    for (size_t n = 0; n < c->count; n++) {
        table_add(&c->table, figures_percent(f[n].sme_value, f[n].value, -1, -1).text);
    }
    start_row(c, lot, "European %");
    for (size_t n = 0; n < c->count; n++) {
        table_add(&c->table, figures_percent(european_cents(&f[n]), f[n].value, -1, -1).text);
    }
}

/* The lot of that item in a variant, or MATCH_NONE: a variant without some demands may lack it. */
static uint32_t lot_of(const struct plan_result *result, const char *item)
{
    for (uint32_t n = 0; n < result->market->lot_count; n++) {
        if (strcmp(result->market->lots[n].item, item) == 0) {
            return n;
        }
    }
    return MATCH_NONE;
}

/* Units that an offer or demand of that id gets in a variant, and the tier of the offer (from 1; 0 none). */
static int64_t units_of(const struct plan_result *result, const char *item, const char *id, bool offer, uint32_t *tier)
{
    uint32_t index = lot_of(result, item);
    int64_t total = 0;
    *tier = 0;
    if (index == MATCH_NONE) {
        return 0;
    }
    const struct match_lot *lot = &result->market->lots[index];
    const struct match_lot_plan *plan = &result->plan->lots[index];
    for (uint32_t n = 0; n < plan->award_count; n++) {
        const struct match_award *a = &plan->awards[n];
        if (strcmp(offer ? lot->offers[a->offer].id : lot->demands[a->demand].id, id) == 0) {
            total += a->quantity;
            *tier = a->tier + 1;
        }
    }
    return total;
}

/* A row for each offer or demand whose units or tier differ in some variant. */
static void add_changed(struct comparison *c, const struct match_lot *lot, bool offers)
{
    uint32_t count = offers ? lot->offer_count : lot->demand_count, shown = 0;
    for (uint32_t n = 0; n < count && shown < CHANGED_MOST; n++) {
        const char *id = offers ? lot->offers[n].id : lot->demands[n].id;
        uint32_t tier, first_tier;
        int64_t first = units_of(&c->results[0], lot->item, id, offers, &first_tier);
        bool differs = false;
        for (size_t v = 1; v < c->count; v++) {
            differs = differs || units_of(&c->results[v], lot->item, id, offers, &tier) != first ||
                      (offers && tier != first_tier);
        }
        if (!differs) {
            continue;
        }
        shown++;
        start_row(c, lot->item, id);
        for (size_t v = 0; v < c->count; v++) {
            int64_t units = units_of(&c->results[v], lot->item, id, offers, &tier);
            char screen[96], exact[64];
            const char *mark = v && units < first ? " !" : "";
            if (offers && tier) {
                snprintf(screen, sizeof screen, "%s, tier %u%s", figures_count((uint64_t)units).text, tier, mark);
            } else {
                snprintf(screen, sizeof screen, "%s%s", figures_count((uint64_t)units).text, mark);
            }
            snprintf(exact, sizeof exact, "%lld", (long long)units);
            table_add_exact(&c->table, screen, exact);
        }
    }
}

static void add_lot(struct comparison *c, const struct match_lot *lot, bool *scratch)
{
    memset(c->figures, 0, c->count * sizeof *c->figures);
    for (size_t v = 0; v < c->count; v++) {
        uint32_t index = lot_of(&c->results[v], lot->item);
        if (index != MATCH_NONE) {
            plan_figures_add(&c->results[v], index, scratch, &c->figures[v]);
        }
    }
    add_summary(c, lot->item);
    add_changed(c, lot, true);
    add_changed(c, lot, false);
}

int plan_print_compare(const struct plan_request *request, const struct plan_variant *variants,
                       const struct plan_result *results, size_t count, struct arena *arena)
{
    struct comparison c = {.results = results, .count = count, .arena = arena};
    struct table_column columns[PLAN_CHANGES_MOST + 3] = {{"Lot", TABLE_ID, "lot"}, {"", TABLE_ID, "figure"}};
    struct output output;
    output_init(&output, stdout, false, request->screen);
    for (size_t v = 0; v < count; v++) {
        char *header = arena_format(arena, "%c %s", (char)('A' + v), variants[v].name);
        if (!header) {
            return STATUS_NO_MEMORY;
        }
        columns[v + 2] = (struct table_column){header, TABLE_FIGURE, header};
    }
    table_init(&c.table, arena, columns, count + 2);
    c.figures = arena_array(arena, count, sizeof *c.figures);
    uint32_t suppliers = results[0].market->supplier_count;
    bool *scratch = arena_array(arena, suppliers, sizeof *scratch);
    if (!c.figures || !scratch) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < results[0].market->lot_count; l++) {
        add_lot(&c, &results[0].market->lots[l], scratch);
    }
    int status = table_print(&c.table, &output);
    if (!status && output.form == OUTPUT_SCREEN) {
        output_say(&output, "Money in %s m; ! fewer units than A. Nothing is stored.\n", plan_currency(&results[0]));
    }
    return status;
}
