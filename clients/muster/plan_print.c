/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/plan_work.h"

#include <string.h>

#include <jansson.h>

#include "broker/match/facts.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/table.h"
#include "proto/status.h"

void plan_print_faults(const struct plan_request *request, const struct faults *faults, struct arena *arena)
{
    if (request->json) {
        json_t *list = json_array();
        for (size_t n = 0; n < faults->count && list; n++) {
            const struct fault *f = &faults->list[n];
            json_array_append_new(list, json_pack("{s:s?, s:I, s:s, s:s, s:s, s:s}", "file", f->file, "row", (json_int_t)f->row,
                                                  "column", f->field, "found", f->found, "expected", f->expected, "do",
                                                  f->remedy));
        }
        json_t *object = json_pack("{s:o, s:I}", "faults", list, "errors", (json_int_t)faults->errors);
        json_dumpf(object, stderr, JSON_PRESERVE_ORDER);
        fputc('\n', stderr);
        json_decref(object);
        return;
    }
    static const struct table_column columns[] = {
        {"File", TABLE_ID, "file"},           {"Row", TABLE_FIGURE, "row"},        {"Column", TABLE_ID, "column"},
        {"Found", TABLE_TEXT, "found"},       {"Expected", TABLE_TEXT, "expected"}, {"Do", TABLE_TEXT, "do"},
    };
    struct output output;
    output_init(&output, stderr, false, true);
    struct table table;
    table_init(&table, arena, columns, sizeof columns / sizeof columns[0]);
    for (size_t n = 0; n < faults->count; n++) {
        const struct fault *f = &faults->list[n];
        table_add(&table, f->file ? f->file : "");
        table_add(&table, f->row ? figures_count(f->row).text : "");
        table_add(&table, f->field);
        table_add(&table, f->found);
        table_add(&table, f->expected);
        table_add(&table, f->remedy);
    }
    complain(EXIT_CODE_INPUT, "%zu %s in the scenario. Nothing was planned.", faults->errors,
             faults->errors == 1 ? "fault" : "faults");
    if (table_print(&table, &output)) {
        complain_memory();
    }
    if (faults->errors > faults->count) {
        advise("%zu more faults are not shown.", faults->errors - faults->count);
    }
}

/* What the table says of a lot or of all. */
struct sums {
    int64_t wanted, awarded, pays, saving, sme_value, value;
};

static void add_lot(const struct match_market *market, uint32_t index, const struct match_lot_plan *plan, struct sums *sums)
{
    const struct match_lot *lot = &market->lots[index];
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        for (uint32_t n = 0; n < lot->demands[d].line_count; n++) {
            sums->wanted += lot->demands[d].lines[n].quantity - lot->demands[d].lines[n].committed;
        }
    }
    for (uint32_t n = 0; n < plan->award_count; n++) {
        const struct match_award *a = &plan->awards[n];
        int64_t value = a->unit_price * a->quantity;
        sums->awarded += a->quantity;
        sums->value += value;
        sums->sme_value += market->suppliers[lot->offers[a->offer].supplier].sme ? value : 0;
        sums->pays += value + a->freight * a->quantity + a->one_off;
    }
    for (uint32_t n = 0; n < plan->nation_count; n++) {
        sums->saving += plan->nations[n].saving;
    }
}

static uint32_t nations_of(const struct match_lot_plan *plan)
{
    return plan->nation_count;
}

static void add_row(struct table *table, const char *name, const char *nations, bool units, const struct sums *sums, int64_t gap,
                    int64_t bound)
{
    table_add(table, name);
    table_add(table, nations);
    table_add_exact(table, units ? figures_of((uint64_t)sums->awarded, (uint64_t)sums->wanted).text : "",
                    units ? figures_exact(0).text : "");
    table_add_exact(table, figures_millions(sums->pays).text, figures_exact(sums->pays).text);
    table_add_exact(table, figures_millions(sums->saving).text, figures_exact(sums->saving).text);
    table_add(table, figures_percent(sums->sme_value, sums->value, -1, -1).text);
    table_add(table, figures_gap(gap, bound).text);
}

int plan_print_table(const struct plan_request *request, const struct plan_result *result, struct arena *arena)
{
    static const struct table_column columns[] = {
        {"Lot", TABLE_ID, "lot"},          {"Nations", TABLE_FIGURE, "nations"}, {"Covered", TABLE_FIGURE, "covered"},
        {"Pays m", TABLE_FIGURE, "pays"},  {"Saves", TABLE_FIGURE, "saves"},     {"SME %", TABLE_FIGURE, "sme_percent"},
        {"Gap at most", TABLE_FIGURE, "gap_percent"},
    };
    struct output output;
    output_init(&output, stdout, false, request->screen);
    struct table table;
    table_init(&table, arena, columns, sizeof columns / sizeof columns[0]);
    struct sums all = {0};
    for (uint32_t n = 0; n < result->plan->lot_count; n++) {
        const struct match_lot_plan *plan = &result->plan->lots[n];
        struct sums sums = {0};
        add_lot(result->market, n, plan, &sums);
        add_lot(result->market, n, plan, &all);
        add_row(&table, result->market->lots[n].item, figures_count(nations_of(plan)).text, true, &sums,
                plan->bound - plan->objective, plan->bound);
    }
    add_row(&table, "All", "", false, &all, result->plan->bound - result->plan->objective, result->plan->bound);
    return table_print(&table, &output);
}

int plan_print_compare(const struct plan_request *request, const struct plan_variant *variants,
                       const struct plan_result *results, size_t count, struct arena *arena)
{
    (void)request; (void)variants; (void)results; (void)count; (void)arena;
    return STATUS_OK;
}
