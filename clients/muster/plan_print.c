/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/plan_work.h"

#include <string.h>

#include "broker/match/facts.h"
#include "clients/muster/figures.h"
#include "clients/muster/table.h"
#include "proto/status.h"

#define COLUMNS 7
#define CURRENCY_KEY "base_currency"

const char *plan_currency(const struct plan_result *result)
{
    for (size_t n = 0; n < result->message->n_policy; n++) {
        const Muster__PolicyEntry *entry = result->message->policy[n];
        if (strcmp(entry->key, CURRENCY_KEY) == 0 && *entry->value) {
            return entry->value;
        }
    }
    return "EUR";
}

void plan_figures_add(const struct plan_result *result, uint32_t index, bool *scratch, struct plan_figures *figures)
{
    const struct match_market *market = result->market;
    const struct match_lot *lot = &market->lots[index];
    const struct match_lot_plan *plan = &result->plan->lots[index];
    for (uint32_t n = 0; n < market->supplier_count; n++) {
        scratch[n] = false;
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        for (uint32_t n = 0; n < lot->demands[d].line_count; n++) {
            figures->wanted += lot->demands[d].lines[n].quantity - lot->demands[d].lines[n].committed;
        }
    }
    for (uint32_t n = 0; n < plan->award_count; n++) {
        const struct match_award *a = &plan->awards[n];
        const struct match_offer *offer = &lot->offers[a->offer];
        bool sme = market->suppliers[offer->supplier].sme;
        int64_t value = a->unit_price * a->quantity;
        figures->awarded += a->quantity;
        figures->value += value;
        figures->sme_value += sme ? value : 0;
        figures->european_value += (__int128)value * offer->european_content;
        figures->pays += value + a->freight * a->quantity + a->one_off;
        figures->suppliers += !scratch[offer->supplier];
        figures->smes += sme && !scratch[offer->supplier];
        scratch[offer->supplier] = true;
    }
    figures->nations += plan->nation_count;
    for (uint32_t n = 0; n < plan->nation_count; n++) {
        figures->saving += plan->nations[n].saving;
    }
}

/* One row of the table, as text; cells of a lot without a bundle end with note. */
struct row {
    char *cell[COLUMNS];
    const char *note; /* "no bundle: ..." in the place of the last cells, or NULL */
};

/* Nations whose demands nothing but the rule on nations leaves uncovered. */
static uint32_t nations_ready(const struct plan_result *result, uint32_t index)
{
    const struct match_lot *lot = &result->market->lots[index];
    const struct match_lot_plan *plan = &result->plan->lots[index];
    uint32_t count = 0;
    for (uint32_t n = 0; n < plan->uncovered_count; n++) {
        bool first = plan->uncovered[n].reason == MATCH_REASON_MIN_NATIONS;
        for (uint32_t before = 0; before < n && first; before++) {
            first = plan->uncovered[before].reason != MATCH_REASON_MIN_NATIONS ||
                    strcmp(lot->demands[plan->uncovered[before].demand].country, lot->demands[plan->uncovered[n].demand].country) != 0;
        }
        count += first;
    }
    return count;
}

/* Why a lot has no bundle: the reason that most of its missing units share. */
static const char *no_bundle(const struct plan_result *result, uint32_t lot, struct arena *arena)
{
    const struct match_lot_plan *plan = &result->plan->lots[lot];
    int64_t units[MATCH_REASON_OUTRANKED + 1] = {0};
    int best = 0;
    for (uint32_t n = 0; n < plan->uncovered_count; n++) {
        units[plan->uncovered[n].reason] += plan->uncovered[n].quantity;
    }
    for (int n = 0; n <= MATCH_REASON_OUTRANKED; n++) {
        best = units[n] > units[best] ? n : best;
    }
    const char *name = match_reason_name((enum match_reason)best);
    if (plan->uncovered_count == 0) {
        return "nothing left to buy";
    }
    if (best != MATCH_REASON_MIN_NATIONS) {
        return arena_format(arena, "no bundle: %s", name);
    }
    return arena_format(arena, "no bundle: %s, %u of %lld", name, nations_ready(result, lot),
                        (long long)result->market->lots[lot].rules.min_nations);
}

static bool fill_row(struct row *row, const char *name, const struct plan_figures *f, int64_t gap, int64_t bound, bool units,
                     struct arena *arena)
{
    const struct figure percent = figures_gap(gap, bound);
    row->cell[0] = arena_string(arena, name);
    row->cell[1] = arena_string(arena, !units ? "" : f->nations ? figures_count(f->nations).text : "-");
    row->cell[2] = arena_string(arena, units ? figures_of((uint64_t)f->awarded, (uint64_t)f->wanted).text : "");
    row->cell[3] = arena_string(arena, figures_millions(f->pays).text);
    row->cell[4] = arena_string(arena, figures_millions(f->saving).text);
    row->cell[5] = arena_string(arena, figures_percent(f->sme_value, f->value, -1, -1).text);
    row->cell[6] = arena_format(arena, strcmp(percent.text, "-") == 0 ? "%s" : "%s %%", percent.text);
    for (int n = 0; n < COLUMNS; n++) {
        if (!row->cell[n]) {
            return false;
        }
    }
    return true;
}

/* Whether the rows fit; widths of the columns. */
static bool measure(const struct row *rows, size_t count, int width, int *widths)
{
    int total = 2 * (COLUMNS - 1), longest = 0;
    for (int c = 0; c < COLUMNS; c++) {
        widths[c] = 0;
        for (size_t n = 0; n < count; n++) {
            int columns = output_columns(rows[n].cell[c]);
            widths[c] = columns > widths[c] && (c < 3 || !rows[n].note) ? columns : widths[c];
        }
        total += widths[c];
    }
    for (size_t n = 0; n < count; n++) {
        int note = rows[n].note ? widths[0] + widths[1] + widths[2] + 6 + output_columns(rows[n].note) : 0;
        longest = note > longest ? note : longest;
    }
    return total <= width && longest <= width;
}

static void print_row(const struct output *output, const struct row *row, const int *widths)
{
    int cells = row->note ? 3 : COLUMNS;
    for (int c = 0; c < cells; c++) {
        int blanks = widths[c] - output_columns(row->cell[c]);
        fprintf(output->out, "%*s", c == 0 ? 0 : blanks + 2, "");
        output_text(output, row->cell[c], PAINT_NONE);
        fprintf(output->out, "%*s", c == 0 ? blanks : 0, "");
    }
    if (row->note) {
        fputs("  ", output->out);
        output_text(output, row->note, PAINT_NONE);
    }
    fputc('\n', output->out);
}

/* Too wide for the screen: the general table makes blocks of it. */
static int print_blocks(const struct output *output, const struct row *rows, size_t count, struct arena *arena)
{
    struct table_column columns[COLUMNS + 1];
    for (int c = 0; c < COLUMNS; c++) {
        columns[c] = (struct table_column){rows[0].cell[c], c ? TABLE_FIGURE : TABLE_ID, NULL};
    }
    columns[COLUMNS] = (struct table_column){"Note", TABLE_TEXT, NULL};
    struct table table;
    table_init(&table, arena, columns, COLUMNS + 1);
    for (size_t n = 1; n < count; n++) {
        for (int c = 0; c < COLUMNS; c++) {
            table_add(&table, rows[n].note && c > 2 ? "" : rows[n].cell[c]);
        }
        table_add(&table, rows[n].note ? rows[n].note : "");
    }
    return table_print(&table, output);
}

static int print_screen(const struct output *output, const struct plan_result *result, struct arena *arena)
{
    const struct match_plan *plan = result->plan;
    size_t count = (size_t)plan->lot_count + 2;
    struct row *rows = arena_array(arena, count, sizeof *rows);
    bool *scratch = arena_array(arena, result->market->supplier_count, sizeof *scratch);
    if (!rows || !scratch) {
        return STATUS_NO_MEMORY;
    }
    static char *const headers[COLUMNS] = {"Lot", "Nations", "Covered", NULL, "Saves", "SME %", "Gap at most"};
    memcpy(rows[0].cell, headers, sizeof headers);
    rows[0].cell[3] = arena_format(arena, "Pays %s m", plan_currency(result));
    struct plan_figures all = {0};
    bool filled = rows[0].cell[3] != NULL;
    for (uint32_t n = 0; n < plan->lot_count && filled; n++) {
        struct plan_figures figures = {0};
        const struct match_lot_plan *lot = &plan->lots[n];
        plan_figures_add(result, n, scratch, &figures);
        plan_figures_add(result, n, scratch, &all);
        filled = fill_row(&rows[n + 1], result->market->lots[n].item, &figures, lot->bound - lot->objective, lot->bound, true, arena);
        rows[n + 1].note = lot->award_count ? NULL : no_bundle(result, n, arena);
    }
    if (!filled || !fill_row(&rows[count - 1], "All", &all, plan->bound - plan->objective, plan->bound, false, arena)) {
        return STATUS_NO_MEMORY;
    }
    int widths[COLUMNS];
    if (!measure(rows, count, output->width, widths)) {
        return print_blocks(output, rows, count, arena);
    }
    for (size_t n = 0; n < count; n++) {
        print_row(output, &rows[n], widths);
    }
    return STATUS_OK;
}

static int print_tabs(const struct output *output, const struct plan_result *result, struct arena *arena)
{
    static const struct table_column columns[] = {
        {"lot", TABLE_ID, NULL},      {"nations", TABLE_FIGURE, NULL}, {"covered", TABLE_FIGURE, NULL},
        {"wanted", TABLE_FIGURE, NULL}, {"pays", TABLE_FIGURE, NULL},   {"saves", TABLE_FIGURE, NULL},
        {"sme_percent", TABLE_FIGURE, NULL}, {"objective", TABLE_FIGURE, NULL}, {"bound", TABLE_FIGURE, NULL},
        {"forbidden_by", TABLE_ID, NULL},
    };
    struct table table;
    table_init(&table, arena, columns, sizeof columns / sizeof columns[0]);
    bool *scratch = arena_array(arena, result->market->supplier_count, sizeof *scratch);
    if (!scratch) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < result->plan->lot_count; n++) {
        const struct match_lot_plan *lot = &result->plan->lots[n];
        struct plan_figures figures = {0};
        char text[2][32];
        plan_figures_add(result, n, scratch, &figures);
        table_add(&table, result->market->lots[n].item);
        snprintf(text[0], sizeof text[0], "%u", figures.nations);
        table_add(&table, text[0]);
        snprintf(text[0], sizeof text[0], "%lld", (long long)figures.awarded);
        snprintf(text[1], sizeof text[1], "%lld", (long long)figures.wanted);
        table_add(&table, text[0]);
        table_add(&table, text[1]);
        table_add(&table, figures_exact(figures.pays).text);
        table_add(&table, figures_exact(figures.saving).text);
        table_add(&table, figures_percent(figures.sme_value, figures.value, -1, -1).text);
        table_add(&table, figures_exact(lot->objective).text);
        table_add(&table, figures_exact(lot->bound).text);
        table_add(&table, lot->forbidden_by ? lot->forbidden_by : "");
    }
    return table_print(&table, output);
}

/* Lots that share a fund can't all spend its money: their own gaps then add up to more than the whole plan's, and that is said. */
static void print_gaps(const struct output *output, const struct plan_result *result)
{
    const struct match_plan *plan = result->plan;
    __int128 own = 0, whole = (__int128)plan->bound - plan->objective;
    for (uint32_t n = 0; n < plan->lot_count; n++) {
        own += (__int128)plan->lots[n].bound - plan->lots[n].objective;
    }
    if (own > whole && own <= INT64_MAX) {
        output_wrap(output, "Added up the lots' gaps come to %s %s m: each takes all money of its funds for itself. All counts that money once: %s m.", plan_currency(result),
                    figures_millions((int64_t)own).text, figures_millions(whole > 0 ? (int64_t)whole : 0).text);
    }
}

/* The gap in words a minister can use. */
static void print_proof(const struct output *output, const struct plan_result *result)
{
    const struct match_plan *plan = result->plan;
    static const char measure_in_words[] = "urgent need first, then cost, SMEs preferred";
    if (plan->bound <= plan->objective) {
        output_wrap(output, "Proved: no valid plan can score more than this one by the published measure: %s.", measure_in_words);
        return;
    }
    if (plan->objective <= 0) {
        output_wrap(output, "Proved: no valid plan can score more than %s %s m by the published measure: %s.", plan_currency(result),
                    figures_millions(plan->bound).text, measure_in_words);
        return;
    }
    output_wrap(output, "Proved: no valid plan can score more than %s %s m above this one, a gap of %s %%, by the published measure: %s.",
                plan_currency(result), figures_millions(plan->bound - plan->objective).text,
                figures_gap(plan->bound - plan->objective, plan->bound).text, measure_in_words);
}

int plan_print_table(const struct plan_request *request, const struct plan_result *result, struct arena *arena)
{
    struct output output;
    output_init(&output, stdout, false, request->screen);
    int status = output.form == OUTPUT_SCREEN ? print_screen(&output, result, arena) : print_tabs(&output, result, arena);
    if (status) {
        return status;
    }
    print_proof(&output, result);
    print_gaps(&output, result);
    if (request->explain) {
        return plan_print_explanations(&output, result, arena);
    }
    output_say(&output, "Unlike units are not added up. Reasons: add --explain\n");
    return STATUS_OK;
}
