/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/tied.h"

#include <math.h>
#include <string.h>

#include "broker/match/retune.h"
#include "proto/status.h"

#define FUND_MOST 64.0   /* highest price of a cent of a fund's money, in cents of value */
#define SHARE_MOST 16.0  /* the same of a share's row, whose sums are times 100 */
#define ENOUGH 5e-6      /* gap between prices and mix that ends the search */
#define BUILDS_LINES 32000 /* flows made in a lot, times its lines */
#define BUILDS_SQUARE 5000000 /* the same, times their square, which is how the time of one grows */
#define BUILDS_LEAST 4
#define REACH_LEAST 0.5

static double price_most(const struct match_tie *tie)
{
    return tie->kind == MATCH_TIE_FUND ? FUND_MOST : SHARE_MOST;
}

/* Multipliers as prices in cents. */
static double price_of(const struct match_tie *tie)
{
    return (double)tie->multiplier / (double)(INT64_C(1) << MATCH_FUND_BITS);
}

int match_tied_init(struct match_search *search, struct arena *arena, struct match_tied *tied)
{
    const struct match_model *model = &search->model;
    uint32_t offers = model->lot->offer_count, ties = search->ties.count;
    uint32_t lines = model->line_count + 1, builds = BUILDS_LINES / lines, fewer = (uint32_t)(BUILDS_SQUARE / ((uint64_t)lines * lines));
    *tied = (struct match_tied){.search = search, .right = search->repair.right,
                                .build_most = (builds < fewer ? builds : fewer) + BUILDS_LEAST,
                                .part_most = 3 * model->line_count + 8 * offers + 16};
    tied->choices = arena_array(arena, offers, sizeof *tied->choices);
    tied->lumps = arena_array(arena, model->lump_count, sizeof *tied->lumps);
    tied->suppliers = arena_array(arena, model->lump_count, sizeof *tied->suppliers);
    tied->sum = arena_array(arena, (size_t)MATCH_MASTER_COLUMNS * ties, sizeof *tied->sum);
    tied->center = arena_array(arena, ties, sizeof *tied->center);
    tied->reach = arena_array(arena, ties, sizeof *tied->reach);
    tied->mix = arena_array(arena, (size_t)model->line_count * offers, sizeof *tied->mix);
    tied->place = arena_array(arena, offers, sizeof *tied->place);
    bool whole = tied->choices && tied->lumps && tied->suppliers && tied->sum && tied->center && tied->reach && tied->mix && tied->place;
    for (uint32_t n = 0; n < MATCH_MASTER_COLUMNS && whole; n++) {
        whole = (tied->parts[n] = arena_raw(arena, tied->part_most, sizeof *tied->parts[n])) != NULL;
    }
    return whole ? STATUS_OK : STATUS_NO_MEMORY;
}

void match_tied_take(struct match_tied *tied, const struct match_flow *flow)
{
    tied->choice_count = 0;
    tied->lump_count = 0;
    tied->column_count = 0;
    for (uint32_t o = 0; o < flow->model->lot->offer_count; o++) {
        if (flow->slot_of[o] != MATCH_NONE) {
            tied->place[o] = tied->choice_count;
            tied->choices[tied->choice_count++] = flow->slot_choice[flow->slot_of[o]];
        }
    }
    for (uint32_t d = 0; d < flow->model->lump_count; d++) {
        if (flow->lump_in[d]) {
            tied->lumps[tied->lump_count] = d;
            tied->suppliers[tied->lump_count++] = flow->lump_supplier[d];
        }
    }
}

/* Whether a flow is one of the choices and lumps in hand, under whatever multipliers. */
static bool holds_set(const struct match_tied *tied, const struct match_flow *flow)
{
    const struct match_model *model = flow->model;
    uint32_t open = 0, in = 0;
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        open += flow->slot_choice[s] != MATCH_NONE;
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        in += flow->lump_in[d];
    }
    bool same = open == tied->choice_count && in == tied->lump_count;
    for (uint32_t n = 0; n < tied->choice_count && same; n++) {
        uint32_t slot = flow->slot_of[model->choices[tied->choices[n]].offer];
        same = slot != MATCH_NONE && flow->slot_choice[slot] == tied->choices[n];
    }
    for (uint32_t n = 0; n < tied->lump_count && same; n++) {
        same = flow->lump_in[tied->lumps[n]] && flow->lump_supplier[tied->lumps[n]] == tied->suppliers[n];
    }
    return same;
}

/* The best flow of the set under the multipliers as they are: from the one at hand where that is one of the set, which is quicker. */
static bool rebuild(struct match_tied *tied, struct match_flow *flow)
{
    tied->builds++;
    if (holds_set(tied, flow) && match_flow_retune(flow) && match_flow_short(flow) == MATCH_NONE) {
        return true;
    }
    match_flow_clear(flow);
    if (!match_flow_open_all(flow, tied->choices, tied->choice_count)) {
        return false;
    }
    for (uint32_t n = 0; n < tied->lump_count; n++) {
        if (!match_flow_lump_in(flow, tied->lumps[n], tied->suppliers[n], MATCH_GAIN_NEVER)) {
            return false;
        }
    }
    return match_flow_short(flow) == MATCH_NONE;
}

/* Makes room: what the last mix did not use goes, oldest first, until half of the places are free. */
static void drop_columns(struct match_tied *tied)
{
    uint32_t kept = 0, ties = tied->search->ties.count, excess = MATCH_MASTER_COLUMNS / 2;
    for (uint32_t n = 0; n < tied->column_count; n++) {
        bool used = n < tied->master.column_count && tied->master.share[n] > 0;
        if (!used && excess) {
            excess--;
            continue;
        }
        struct match_part *parts = tied->parts[kept];
        tied->parts[kept] = tied->parts[n];
        tied->parts[n] = parts;
        tied->part_count[kept] = tied->part_count[n];
        tied->master.profit[kept] = tied->master.profit[n];
        memmove(tied->sum + (size_t)kept * ties, tied->sum + (size_t)n * ties, ties * sizeof *tied->sum);
        kept++;
    }
    tied->column_count = kept;
}

/* Keeps the flow as a column: who gets what, what it is worth, what the rows sum up to. False where there is no room. */
static bool keep_column(struct match_tied *tied, struct match_flow *flow)
{
    const struct match_model *model = flow->model;
    struct match_repair *repair = &tied->search->repair;
    if (tied->column_count == MATCH_MASTER_COLUMNS) {
        drop_columns(tied);
    }
    uint32_t count = 0, column = tied->column_count;
    for (uint32_t l = 0; l < model->line_count; l++) {
        for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            if (count == tied->part_most) {
                return false;
            }
            uint32_t offer = model->choices[flow->slot_choice[flow->entries[e].slot]].offer;
            tied->parts[column][count++] = (struct match_part){l, offer, flow->entries[e].quantity};
        }
    }
    match_repair_start(repair, flow);
    for (uint32_t t = 0; t < repair->ties->count; t++) {
        tied->sum[column * repair->ties->count + t] = (double)repair->sum[t];
    }
    tied->part_count[column] = count;
    tied->master.profit[column] = (double)match_flow_objective(flow);
    for (uint32_t t = 0; t < repair->ties->count; t++) {
        const struct match_tie *tie = &repair->ties->ties[t];
        tied->master.profit[column] -= tie->outside ? price_of(tie) * (double)repair->sum[t] : 0; /* a price that stays is a cost */
    }
    tied->column_count++;
    return true;
}

/* What a column is worth at the multipliers: an upper bound on every mix, if it is the flow that is best at them. */
static double worth_of(const struct match_tied *tied, uint32_t column)
{
    const struct match_ties *ties = &tied->search->ties;
    double worth = tied->master.profit[column];
    for (uint32_t t = 0; t < ties->count; t++) {
        worth -= ties->ties[t].outside ? 0 : price_of(&ties->ties[t]) * (tied->sum[column * ties->count + t] - (double)tied->right[t]);
    }
    return worth;
}

/* Rows of the program: what has a price or is broken by a column. */
static void choose_rows(struct match_tied *tied)
{
    const struct match_ties *ties = &tied->search->ties;
    struct match_master *master = &tied->master;
    master->row_count = 0;
    master->column_count = tied->column_count;
    for (uint32_t t = 0; t < ties->count && master->row_count < MATCH_MASTER_ROWS; t++) {
        const struct match_tie *tie = &ties->ties[t];
        bool takes_part = tied->center[t] > 0;
        for (uint32_t n = 0; n < tied->column_count && !takes_part; n++) {
            takes_part = tied->sum[n * ties->count + t] > (double)tied->right[t];
        }
        if (!takes_part || tie->outside) {
            continue;
        }
        uint32_t row = master->row_count++;
        tied->rows[row] = t;
        for (uint32_t n = 0; n < tied->column_count; n++) {
            master->excess[n][row] = tied->sum[n * ties->count + t] - (double)tied->right[t];
        }
        master->least[row] = fmax(0, tied->center[t] - tied->reach[t]);
        master->most[row] = fmin(price_most(tie), tied->center[t] + tied->reach[t]);
    }
}

/* Widens the box where the prices press against it. False where they do not. */
static bool widen(struct match_tied *tied)
{
    const struct match_master *master = &tied->master;
    bool widened = false;
    for (uint32_t r = 0; r < master->row_count; r++) {
        uint32_t t = tied->rows[r];
        double price = master->price[r], slip = 1e-6 * (1 + price), most = price_most(&tied->search->ties.ties[t]);
        if ((price <= master->least[r] + slip && master->least[r] > 0) || (price >= master->most[r] - slip && master->most[r] < most)) {
            tied->center[t] = price;
            tied->reach[t] *= 6;
            widened = true;
        }
    }
    return widened;
}

static void set_multipliers(struct match_tied *tied, bool of_master)
{
    struct match_ties *ties = &tied->search->ties;
    for (uint32_t t = 0; t < ties->count; t++) {
        if (!ties->ties[t].outside) {
            ties->ties[t].multiplier = of_master ? 0 : (int64_t)(tied->center[t] * (double)(INT64_C(1) << MATCH_FUND_BITS));
        }
    }
    for (uint32_t r = 0; of_master && r < tied->master.row_count; r++) {
        double price = tied->master.price[r] > 0 ? tied->master.price[r] : 0;
        ties->ties[tied->rows[r]].multiplier = (int64_t)(price * (double)(INT64_C(1) << MATCH_FUND_BITS));
    }
    match_ties_apply(ties);
}

static void center_box(struct match_tied *tied, bool reset)
{
    const struct match_ties *ties = &tied->search->ties;
    for (uint32_t t = 0; t < ties->count; t++) {
        tied->center[t] = price_of(&ties->ties[t]);
        double least = ties->ties[t].kind == MATCH_TIE_FUND ? REACH_LEAST : REACH_LEAST / 20;
        if (reset) {
            tied->reach[t] = tied->center[t] > 0 ? fmax(tied->center[t] / 5, least / 20) : least;
        }
    }
}

bool match_tied_solve(struct match_tied *tied, struct match_flow *flow, double cut, uint32_t steps)
{
    struct match_master *master = &tied->master;
    bool at_center = false;
    center_box(tied, true);
    if (!tied->column_count) {
        if (match_flow_short(flow) != MATCH_NONE || !keep_column(tied, flow)) {
            return false;
        }
        at_center = true;
    }
    double best = -INFINITY; /* the flow for these multipliers is one of the columns: the one that is best at them */
    for (uint32_t n = 0; n < tied->column_count; n++) {
        best = fmax(best, worth_of(tied, n));
    }
    for (uint32_t step = 0; best > cut; step++) {
        choose_rows(tied);
        if (!match_master_solve(master)) {
            break;
        }
        bool met = best - master->value <= ENOUGH * (1 + fabs(best));
        if (step >= steps || tied->builds >= tied->build_most || (met && !widen(tied))) {
            break;
        }
        if (met) {
            continue;
        }
        set_multipliers(tied, true);
        if (!rebuild(tied, flow)) {
            return false;
        }
        if (!keep_column(tied, flow)) {
            break;
        }
        double worth = worth_of(tied, tied->column_count - 1);
        at_center = worth < best;
        if (worth < best) {
            best = worth;
            center_box(tied, false);
        }
    }
    if (best <= cut || master->value <= cut) {
        return false;
    }
    set_multipliers(tied, false);
    tied->value = master->value;
    return at_center || rebuild(tied, flow);
}
