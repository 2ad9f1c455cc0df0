/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/plan_work.h"

#include "broker/match/facts.h"
#include "clients/muster/figures.h"
#include "clients/muster/table.h"
#include "proto/status.h"

/* What each nation of a bundle gets, pays and saves. */
static int print_nations(const struct output *output, const struct plan_result *result, const struct match_lot_plan *plan,
                         struct arena *arena)
{
    struct table_column columns[] = {
        {"Nation", TABLE_ID, "nation"}, {"Units", TABLE_FIGURE, "units"}, {NULL, TABLE_FIGURE, "pays"},
        {"Alone", TABLE_FIGURE, "alone"}, {"Saves", TABLE_FIGURE, "saves"}, {"", TABLE_FIGURE, "saves_percent"},
        {"Note", TABLE_TEXT, "note"},
    };
    columns[2].header = arena_format(arena, "Pays %s m", plan_currency(result));
    struct table table;
    table_init(&table, arena, columns, sizeof columns / sizeof columns[0]);
    for (uint32_t n = 0; n < plan->nation_count; n++) {
        const struct match_nation *nation = &plan->nations[n];
        char note[256] = "";
        if (nation->alone_quantity < nation->quantity) {
            snprintf(note, sizeof note, "alone %s of %s, only together %s", figures_count((uint64_t)nation->alone_quantity).text,
                     figures_count((uint64_t)nation->quantity).text,
                     figures_count((uint64_t)(nation->quantity - nation->alone_quantity)).text);
        }
        table_add(&table, nation->country);
        table_add(&table, figures_of((uint64_t)nation->quantity, (uint64_t)nation->wanted).text);
        table_add_exact(&table, figures_millions(nation->pays).text, figures_exact(nation->pays).text);
        table_add_exact(&table, figures_millions(nation->alone_pays).text, figures_exact(nation->alone_pays).text);
        table_add_exact(&table, figures_millions(nation->saving).text, figures_exact(nation->saving).text);
        const struct figure percent = figures_percent(nation->saving, nation->alone_pays, -1, -1);
        char with_sign[80];
        snprintf(with_sign, sizeof with_sign, "%s %%", percent.text);
        table_add_exact(&table, with_sign, percent.text);
        table_add(&table, note);
    }
    return plan->nation_count ? table_print(&table, output) : STATUS_OK;
}

static void print_tried(const struct output *output, const struct match_trial *tried, uint32_t count, bool covering,
                        const char *heading, const char *unit)
{
    bool headed = false;
    for (uint32_t n = 0; n < count; n++) {
        if (tried[n].covers != covering || tried[n].adds == 0) {
            continue;
        }
        if (!headed) {
            output_say(output, "    %s\n", heading);
        }
        headed = true;
        if (covering) {
            output_wrap_indented(output, 8, "      + %s", tried[n].text);
        } else {
            output_wrap_indented(output, 8, "      + %s: %s %s", tried[n].text, figures_count((uint64_t)tried[n].adds).text, unit);
        }
    }
}

static void print_helpless(const struct output *output, const struct match_trial *tried, uint32_t count)
{
    bool headed = false;
    for (uint32_t n = 0; n < count; n++) {
        if (tried[n].adds == 0) {
            if (!headed) {
                output_say(output, "    Would not help:\n");
            }
            headed = true;
            output_wrap_indented(output, 8, "      - %s", tried[n].text);
        }
    }
}

static void print_lot(const struct output *output, const struct plan_result *result, uint32_t index)
{
    const struct match_lot *lot = &result->market->lots[index];
    const struct match_lot_plan *plan = &result->plan->lots[index];
    for (uint32_t n = 0; n < plan->uncovered_count; n++) {
        const struct match_uncovered *u = &plan->uncovered[n];
        output_wrap_indented(output, 4, "  %s: %s not covered. Reason: %s. %s", lot->demands[u->demand].id,
                             figures_count((uint64_t)u->quantity).text, match_reason_name(u->reason), u->text ? u->text : "");
        print_tried(output, u->tried, u->tried_count, true, "Would cover all (planned again, each alone):", "more");
        print_tried(output, u->tried, u->tried_count, false, "Would add some (planned again, each alone):", "more");
        print_helpless(output, u->tried, u->tried_count);
    }
    for (uint32_t n = 0; n < plan->unused_count; n++) {
        const struct match_unused *u = &plan->unused[n];
        output_wrap_indented(output, 4, "  Offer %s: nothing new. Reason: %s. %s", lot->offers[u->offer].id,
                             match_reason_name(u->reason), u->text ? u->text : "");
        print_tried(output, u->tried, u->tried_count, true, "Would win an award (planned again, each alone):", "units");
        print_tried(output, u->tried, u->tried_count, false, "Would win an award (planned again, each alone):", "units");
        print_helpless(output, u->tried, u->tried_count);
    }
}

/* One table of all that is explained, for programs. */
static int print_tabs(const struct output *output, const struct plan_result *result, struct arena *arena)
{
    static const struct table_column columns[] = {
        {"lot", TABLE_ID, NULL},    {"noun", TABLE_ID, NULL},   {"id", TABLE_ID, NULL},         {"missing", TABLE_FIGURE, NULL},
        {"reason", TABLE_ID, NULL}, {"change", TABLE_ID, NULL}, {"to", TABLE_ID, NULL},         {"adds", TABLE_FIGURE, NULL},
        {"covers", TABLE_ID, NULL},
    };
    struct table table;
    table_init(&table, arena, columns, sizeof columns / sizeof columns[0]);
    for (uint32_t l = 0; l < result->plan->lot_count; l++) {
        const struct match_lot *lot = &result->market->lots[l];
        const struct match_lot_plan *plan = &result->plan->lots[l];
        for (uint32_t n = 0; n < plan->uncovered_count + plan->unused_count; n++) {
            bool demand = n < plan->uncovered_count;
            const struct match_uncovered *u = demand ? &plan->uncovered[n] : NULL;
            const struct match_unused *o = demand ? NULL : &plan->unused[n - plan->uncovered_count];
            const struct match_trial *tried = demand ? u->tried : o->tried;
            uint32_t count = demand ? u->tried_count : o->tried_count;
            for (uint32_t t = 0; t == 0 || t < count; t++) {
                char text[2][32];
                snprintf(text[0], sizeof text[0], "%lld", demand ? (long long)u->quantity : 0);
                snprintf(text[1], sizeof text[1], "%lld", t < count ? (long long)tried[t].adds : 0);
                table_add(&table, lot->item);
                table_add(&table, demand ? "demand" : "offer");
                table_add(&table, demand ? lot->demands[u->demand].id : lot->offers[o->offer].id);
                table_add(&table, text[0]);
                table_add(&table, match_reason_name(demand ? u->reason : o->reason));
                table_add(&table, t < count ? tried[t].kind : "");
                table_add(&table, t < count ? tried[t].detail : "");
                table_add(&table, text[1]);
                table_add(&table, t < count && tried[t].covers ? "yes" : "no");
            }
        }
    }
    return table_print(&table, output);
}

int plan_print_explanations(const struct output *output, const struct plan_result *result, struct arena *arena)
{
    if (output->form != OUTPUT_SCREEN) {
        return print_tabs(output, result, arena);
    }
    for (uint32_t n = 0; n < result->plan->lot_count; n++) {
        output_say(output, "\n");
        output_text(output, result->market->lots[n].item, PAINT_STRONG);
        output_say(output, "\n");
        int status = print_nations(output, result, &result->plan->lots[n], arena);
        if (status) {
            return status;
        }
        print_lot(output, result, n);
    }
    return STATUS_OK;
}
