/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/exact_program.h"

#include <string.h>

#include "proto/status.h"

#define ROWS_MOST 1600
#define ENTRIES_MOST 120000

bool match_exact_all(const struct match_exact *program, uint32_t lump)
{
    return program->search->model.lumps[lump].least == program->search->model.lumps[lump].total;
}

int64_t match_exact_most(const struct match_exact *program, uint32_t pair)
{
    const struct match_whole *whole = &program->whole;
    const struct match_model *model = &program->search->model;
    uint32_t choice = 0;
    while (whole->first_pair[choice + 1] <= pair) {
        choice++;
    }
    int64_t made = model->choices[choice].capacity[model->month[whole->line[pair]]];
    return whole->high[pair] < made ? whole->high[pair] : made;
}

uint32_t match_exact_column_add(struct match_exact *program, enum match_exact_kind kind, uint32_t index, int64_t cost, int64_t low, int64_t high)
{
    program->columns[program->column_count] = (struct match_exact_column){cost, low, high, kind, index, MATCH_NONE, false};
    return program->column_count++;
}

void match_exact_add(struct match_exact *program, uint32_t column, int64_t amount)
{
    if (program->entry_count == program->entry_most || program->row_count == program->row_most) {
        program->full = true;
    } else if (amount && column != MATCH_NONE) {
        struct match_exact_row *row = &program->rows[program->row_count];
        struct match_exact_entry *entry = &program->entries[program->entry_count];
        if (row->count && entry[-1].column == column) {
            entry[-1].amount += amount;
            return;
        }
        *entry = (struct match_exact_entry){column, amount};
        program->entry_count++;
        row->count++;
    }
}

/* A row that can't be broken is left out, and so is one whose right side is too large: without it the bound is only higher. */
void match_exact_close(struct match_exact *program, int64_t right, bool equal, uint32_t link)
{
    struct match_exact_row *row = &program->rows[program->row_count];
    __int128 most = 0, rest = right;
    if (program->full) {
        return;
    }
    row->first = program->entry_count - row->count;
    program->entry_count = row->first;
    for (uint32_t e = row->first; e < row->first + row->count; e++) {
        const struct match_exact_entry *entry = &program->entries[e];
        if (entry->column >= program->active) { /* fixed */
            rest -= (__int128)entry->amount * program->columns[entry->column].low;
            continue;
        }
        program->entries[program->entry_count++] = *entry;
        most += (__int128)entry->amount * (entry->amount > 0 ? program->columns[entry->column].high : program->columns[entry->column].low);
    }
    if ((!equal && most <= rest) || rest > MATCH_EXACT_RIGHT || rest < -MATCH_EXACT_RIGHT) {
        program->entry_count = row->first;
    } else {
        row->count = program->entry_count - row->first;
        row->right = (int64_t)rest;
        row->equal = equal;
        row->link = link;
        row->idle = 0;
        program->row_count++;
    }
    program->rows[program->row_count].count = 0;
}

static bool single(const struct match_model *model, uint32_t lump)
{
    return lump != MATCH_NONE && model->lumps[lump].single;
}

/* Whether a lump may come to an offer at all. */
static bool may_come(const struct match_search *search, uint32_t lump, uint32_t offer)
{
    const struct match_limits *limits = &search->strict;
    return limits->lump_state[lump] != MATCH_LUMP_OUT && (limits->only[lump] == MATCH_NONE || limits->only[lump] == offer) &&
           !limits->pair_barred[(size_t)lump * search->model.lot->offer_count + offer];
}

static void add_items(struct match_exact *program, uint32_t choice)
{
    const struct match_model *model = &program->search->model;
    const struct match_whole *whole = &program->whole;
    for (uint32_t n = whole->first_item[choice]; n < whole->first_item[choice + 1]; n++) {
        const struct match_whole_item *item = &whole->items[n];
        const struct match_lump *lump = &model->lumps[item->lump];
        int64_t cost = 0;
        bool all = match_exact_all(program, item->lump), fits = may_come(program->search, item->lump, model->choices[choice].offer);
        for (uint32_t p = item->first; p < item->first + item->count && all; p++) {
            cost += whole->gain[p] * model->quantity[whole->line[p]];
            fits = fits && match_exact_most(program, p) == model->quantity[whole->line[p]];
        }
        if (fits && (!all || item->count == lump->line_count)) {
            program->item_column[n] = match_exact_column_add(program, MATCH_EXACT_SUPPLIER, n, cost, 0, 1);
        }
    }
}

static void add_pairs(struct match_exact *program, uint32_t choice)
{
    const struct match_search *search = program->search;
    const struct match_whole *whole = &program->whole;
    for (uint32_t p = whole->first_pair[choice]; p < whole->first_pair[choice + 1]; p++) {
        uint32_t lump = search->model.lump_of[whole->line[p]];
        bool out = lump != MATCH_NONE && search->strict.lump_state[lump] == MATCH_LUMP_OUT;
        if (out || (single(&search->model, lump) && (match_exact_all(program, lump) || program->item_column[whole->item_of[p]] == MATCH_NONE))) {
            continue;
        }
        program->pair_column[p] = match_exact_column_add(program, MATCH_EXACT_UNITS, p, whole->gain[p], 0, match_exact_most(program, p));
    }
}

static bool limited(const struct match_search *search, uint32_t fund)
{
    return fund != MATCH_NONE && search->model.market->funds[fund].limited;
}

static uint32_t fund_of(const struct match_model *model, uint32_t line)
{
    return model->lot->demands[model->members[model->first_member[line]].demand].fund;
}

uint32_t match_exact_payer(const struct match_model *model, uint32_t line)
{
    uint32_t fund = fund_of(model, line);
    return fund != MATCH_NONE && model->market->funds[fund].limited ? fund : MATCH_NONE;
}

static void add_columns(struct match_exact *program)
{
    struct match_search *search = program->search;
    const struct match_model *model = &search->model;
    for (uint32_t c = 0; c < model->choice_count; c++) {
        if (!search->strict.barred[c] && program->whole.first_pair[c] < program->whole.first_pair[c + 1]) {
            program->choice_column[c] = match_exact_column_add(program, MATCH_EXACT_CHOICE, c, -model->choices[c].fixed, 0, 1);
        }
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        uint8_t state = search->strict.lump_state[d];
        if (!model->lumps[d].single && state != MATCH_LUMP_OUT) {
            program->lump_column[d] = match_exact_column_add(program, MATCH_EXACT_LUMP, d, 0, state == MATCH_LUMP_IN, 1);
        }
    }
    for (uint32_t c = 0; c < model->choice_count; c++) {
        if (program->choice_column[c] != MATCH_NONE) {
            add_items(program, c);
            add_pairs(program, c);
        }
    }
    for (uint32_t f = 0; f < model->market->fund_count; f++) {
        if (model->market->funds[f].min_nations > model->lot->rules.min_nations) {
            program->fund_column[f] = match_exact_column_add(program, MATCH_EXACT_FUND, f, 0, 0, 1);
        }
    }
}

void match_exact_units_add(struct match_exact *program, uint32_t pair, int64_t amount)
{
    const struct match_model *model = &program->search->model;
    uint32_t line = program->whole.line[pair], item = program->whole.item_of[pair];
    if (item != MATCH_NONE && match_exact_all(program, model->lump_of[line])) {
        __int128 all = (__int128)amount * model->quantity[line];
        program->full = program->full || all > MATCH_EXACT_RIGHT || all < -MATCH_EXACT_RIGHT;
        match_exact_add(program, program->item_column[item], (int64_t)all);
    } else {
        match_exact_add(program, program->pair_column[pair], amount);
    }
}

static void write_line(struct match_exact *program, uint32_t line)
{
    const struct match_model *model = &program->search->model;
    uint32_t lump = model->lump_of[line];
    if (single(model, lump)) {
        return;
    }
    for (uint32_t c = 0; c < model->choice_count; c++) {
        uint32_t pair = match_whole_pair(&program->whole, c, line);
        if (pair != MATCH_NONE) {
            match_exact_add(program, program->pair_column[pair], 1);
        }
    }
    if (lump == MATCH_NONE || program->lump_column[lump] == MATCH_NONE) {
        match_exact_close(program, model->quantity[line], false, MATCH_NONE);
        return;
    }
    match_exact_add(program, program->lump_column[lump], -model->quantity[line]);
    match_exact_close(program, 0, match_exact_all(program, lump), MATCH_NONE);
}

/* A lump's least, or its one supplier. */
static void write_lump(struct match_exact *program, uint32_t lump)
{
    const struct match_model *model = &program->search->model;
    const struct match_whole *whole = &program->whole;
    const struct match_lump *of = &model->lumps[lump];
    bool in = program->search->strict.lump_state[lump] == MATCH_LUMP_IN;
    if (!of->single) {
        for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
            for (uint32_t c = 0; c < model->choice_count; c++) {
                uint32_t pair = match_whole_pair(whole, c, l);
                if (pair != MATCH_NONE) {
                    match_exact_add(program, program->pair_column[pair], -1);
                }
            }
        }
        match_exact_add(program, program->lump_column[lump], of->least);
        match_exact_close(program, 0, false, MATCH_NONE);
        return;
    }
    for (uint32_t n = 0; n < whole->first_item[model->choice_count]; n++) {
        if (whole->items[n].lump == lump) {
            match_exact_add(program, program->item_column[n], 1);
        }
    }
    match_exact_close(program, 1, in, MATCH_NONE);
}

/* A single-supplier lump at a choice: not without the choice, and its units within its bounds. */
static void write_item(struct match_exact *program, uint32_t choice, uint32_t item)
{
    const struct match_whole_item *of = &program->whole.items[item];
    uint32_t column = program->item_column[item];
    if (column == MATCH_NONE) {
        return;
    }
    match_exact_add(program, column, 1);
    match_exact_add(program, program->choice_column[choice], -1);
    match_exact_close(program, 0, false, MATCH_NONE);
    if (match_exact_all(program, of->lump)) {
        return;
    }
    for (uint32_t p = of->first; p < of->first + of->count; p++) {
        match_exact_add(program, program->pair_column[p], 1);
        match_exact_add(program, column, -match_exact_most(program, p));
        match_exact_close(program, 0, false, MATCH_NONE);
    }
    for (uint32_t p = of->first; p < of->first + of->count; p++) {
        match_exact_add(program, program->pair_column[p], -1);
    }
    match_exact_add(program, column, program->search->model.lumps[of->lump].least);
    match_exact_close(program, 0, false, MATCH_NONE);
}

static int64_t headroom(const struct match_exact *program, uint32_t pair)
{
    return program->search->model.ceiling[program->whole.line[pair]] - program->whole.paid[pair];
}

/* What a fund pays of a choice's one-off cost: between what the level is at least and the headroom. */
static void write_share(struct match_exact *program, uint32_t choice, uint32_t fund)
{
    const struct match_model *model = &program->search->model;
    const struct match_whole *whole = &program->whole;
    const struct match_choice *of = &model->choices[choice];
    int64_t level = of->one_off / of->capacity[model->month_count - 1];
    uint32_t first = whole->first_pair[choice], last = whole->first_pair[choice + 1], column = MATCH_NONE;
    for (uint32_t p = first; p < last; p++) {
        if (fund_of(model, whole->line[p]) == fund) {
            if (column == MATCH_NONE) {
                column = match_exact_column_add(program, MATCH_EXACT_SHARE, choice, 0, 0, of->one_off);
                program->columns[column].fund = fund;
            }
            match_exact_units_add(program, p, -headroom(program, p));
        }
    }
    if (column == MATCH_NONE) {
        return;
    }
    match_exact_add(program, column, 1);
    match_exact_close(program, 0, false, MATCH_NONE);
    for (uint32_t p = first; p < last; p++) {
        uint32_t line = whole->line[p];
        if (fund_of(model, line) == fund) {
            match_exact_units_add(program, p, headroom(program, p) < level ? headroom(program, p) : level);
        }
    }
    match_exact_add(program, column, -1);
    match_exact_close(program, match_exact_rounding(program, choice, fund, level, false), false, MATCH_NONE);
}

/* The one-off cost is carried: by headroom, and by each fund what it pays. */
static void write_cover(struct match_exact *program, uint32_t choice)
{
    const struct match_search *search = program->search;
    const struct match_model *model = &search->model;
    const struct match_whole *whole = &program->whole;
    int64_t cost = model->choices[choice].one_off;
    uint32_t first = whole->first_pair[choice], last = whole->first_pair[choice + 1], from = program->column_count;
    if (!cost) {
        return;
    }
    for (uint32_t p = first; p < last; p++) {
        match_exact_units_add(program, p, -headroom(program, p));
    }
    match_exact_add(program, program->choice_column[choice], cost);
    match_exact_close(program, 0, false, MATCH_NONE);
    for (uint32_t f = 0; f < model->market->fund_count; f++) {
        if (limited(search, f)) {
            write_share(program, choice, f);
        }
    }
    program->share_first[choice] = from;
    program->share_count[choice] = program->column_count - from;
    program->share_most = program->share_count[choice] > program->share_most ? program->share_count[choice] : program->share_most;
    if (program->column_count == from) {
        return;
    }
    for (uint32_t p = first; p < last; p++) {
        if (!limited(search, fund_of(model, whole->line[p]))) {
            match_exact_units_add(program, p, -headroom(program, p));
        }
    }
    for (uint32_t column = from; column < program->column_count; column++) {
        match_exact_add(program, column, -1);
    }
    match_exact_add(program, program->choice_column[choice], cost);
    match_exact_close(program, 0, false, MATCH_NONE);
    for (uint32_t column = from; column < program->column_count; column++) {
        match_exact_add(program, column, 1);
    }
    match_exact_add(program, program->choice_column[choice], -cost);
    match_exact_close(program, 0, false, MATCH_NONE);
}

static void write_choice(struct match_exact *program, uint32_t choice)
{
    const struct match_whole *whole = &program->whole;
    if (program->choice_column[choice] == MATCH_NONE) {
        return;
    }
    for (uint32_t n = whole->first_item[choice]; n < whole->first_item[choice + 1]; n++) {
        write_item(program, choice, n);
    }
    for (uint32_t p = whole->first_pair[choice]; p < whole->first_pair[choice + 1]; p++) {
        match_exact_units_add(program, p, -1);
    }
    match_exact_add(program, program->choice_column[choice], program->search->model.choices[choice].least);
    match_exact_close(program, 0, false, MATCH_NONE);
    write_cover(program, choice);
}

static void write_offer(struct match_exact *program, uint32_t offer)
{
    const struct match_model *model = &program->search->model;
    for (uint32_t c = model->first_choice[offer]; c < model->first_choice[offer + 1]; c++) {
        match_exact_add(program, program->choice_column[c], 1);
    }
    match_exact_close(program, 1, program->search->strict.forced[offer], MATCH_NONE);
}

/* A fund or a share rule. */
static void write_tie(struct match_exact *program, uint32_t t)
{
    const struct match_search *search = program->search;
    const struct match_model *model = &search->model;
    const struct match_tie *tie = &search->ties.ties[t];
    const struct match_whole *whole = &program->whole;
    bool money = tie->kind == MATCH_TIE_FUND;
    for (uint32_t c = 0; c < model->choice_count; c++) {
        const struct match_choice *choice = &model->choices[c];
        if (!money && program->total_column[c] != MATCH_NONE) {
            match_exact_add(program, program->total_column[c], match_tie_weight(&search->ties, tie, choice, 0, 0));
            continue;
        }
        for (uint32_t p = whole->first_pair[c]; p < whole->first_pair[c + 1] && program->choice_column[c] != MATCH_NONE; p++) {
            uint32_t fund = fund_of(model, whole->line[p]), group = match_model_group(model, choice->offer, model->class_of[whole->line[p]]);
            uint32_t sum = program->group_column[model->first_cost[c] + group];
            if (money && fund != tie->index) {
                continue;
            }
            int64_t weight = match_tie_weight(&search->ties, tie, choice, whole->paid[p], fund);
            if (money && sum != MATCH_NONE) {
                match_exact_add_once(program, sum, weight);
            } else {
                match_exact_units_add(program, p, weight);
            }
        }
    }
    __int128 right = search->rights[t];
    program->full = program->full || right > MATCH_EXACT_RIGHT || right < -MATCH_EXACT_RIGHT;
    for (uint32_t n = 0; n < program->column_count && money; n++) {
        const struct match_exact_column *column = &program->columns[n];
        if (column->kind == MATCH_EXACT_SHARE && column->fund == tie->index) {
            match_exact_add(program, n, 1);
        }
    }
    uint32_t before = program->row_count;
    match_exact_close(program, (int64_t)right, false, MATCH_NONE);
    program->tie_row[t] = program->row_count > before ? before : MATCH_NONE;
}

/* A fund that asks for more nations than the lot is drawn on only with its mark. */
static void write_mark(struct match_exact *program, uint32_t fund)
{
    const struct match_model *model = &program->search->model;
    const struct match_whole *whole = &program->whole;
    __int128 most = 0;
    if (program->fund_column[fund] == MATCH_NONE) {
        return;
    }
    for (uint32_t c = 0; c < model->choice_count; c++) {
        for (uint32_t p = whole->first_pair[c]; p < whole->first_pair[c + 1] && program->choice_column[c] != MATCH_NONE; p++) {
            if (fund_of(model, whole->line[p]) == fund) {
                match_exact_units_add(program, p, 1);
                most += match_exact_most(program, p);
            }
        }
    }
    program->full = program->full || most > MATCH_EXACT_RIGHT;
    match_exact_add(program, program->fund_column[fund], -(int64_t)most);
    match_exact_close(program, 0, false, MATCH_NONE);
}

static void write_rows(struct match_exact *program)
{
    const struct match_search *search = program->search;
    const struct match_model *model = &search->model;
    for (uint32_t l = 0; l < model->line_count; l++) {
        write_line(program, l);
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        write_lump(program, d);
    }
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        write_offer(program, o);
    }
    for (uint32_t c = 0; c < model->choice_count; c++) {
        write_choice(program, c);
    }
    match_exact_write_sums(program);
    for (uint32_t t = 0; t < search->ties.count; t++) {
        write_tie(program, t);
    }
    for (uint32_t f = 0; f < model->market->fund_count; f++) {
        write_mark(program, f);
    }
}

static uint32_t *none_of(struct arena *arena, size_t count)
{
    uint32_t *array = arena_array(arena, count, sizeof *array);
    if (array) {
        memset(array, 0xff, count * sizeof *array);
    }
    return array;
}

size_t match_exact_links(const struct match_exact *program)
{
    return match_exact_turn_link(program, MATCH_EXACT_TURNS);
}

uint32_t match_exact_turn_link(const struct match_exact *program, uint32_t index)
{
    return match_exact_output_link(program, program->search->model.choice_count, 0) + index;
}

uint32_t match_exact_output_link(const struct match_exact *program, uint32_t choice, uint32_t month)
{
    const struct match_model *model = &program->search->model;
    return program->column_most + MATCH_EXACT_LEVELS * (model->market->fund_count + 1) * 2 + choice * model->month_count + month;
}

int match_exact_build(struct match_search *search, struct arena *arena, struct match_exact *program)
{
    const struct match_model *model = &search->model;
    *program = (struct match_exact){.search = search, .row_most = ROWS_MOST, .entry_most = ENTRIES_MOST};
    int status = match_whole_init(model, arena, &program->whole);
    if (status) {
        return status;
    }
    uint32_t pairs = program->whole.first_pair[model->choice_count], items = program->whole.first_item[model->choice_count];
    uint32_t funds = model->market->fund_count;
    uint32_t costs = model->first_cost[model->choice_count];
    program->active = UINT32_MAX;
    program->column_most = model->choice_count * (1 + funds) + model->lump_count + items + pairs + funds + model->choice_count + costs + 3 * model->line_count + MATCH_EXACT_LEVELS;
    program->columns = arena_array(arena, program->column_most, sizeof *program->columns);
    program->rows = arena_array(arena, (size_t)ROWS_MOST + 1, sizeof *program->rows);
    program->entries = arena_array(arena, ENTRIES_MOST, sizeof *program->entries);
    program->choice_column = none_of(arena, model->choice_count);
    program->lump_column = none_of(arena, model->lump_count);
    program->item_column = none_of(arena, items);
    program->pair_column = none_of(arena, pairs);
    program->fund_column = none_of(arena, funds);
    program->total_column = none_of(arena, model->choice_count);
    program->group_column = none_of(arena, costs);
    program->line_column = none_of(arena, model->line_count);
    program->share_first = arena_array(arena, model->choice_count, sizeof(uint32_t));
    program->share_count = arena_array(arena, model->choice_count, sizeof(uint32_t));
    program->tie_row = arena_array(arena, search->ties.count, sizeof(uint32_t));
    program->awards = arena_array(arena, model->lot->demand_count, sizeof(uint32_t));
    program->linked = arena_array(arena, match_exact_links(program), 1);
    if (!program->columns || !program->rows || !program->entries || !program->choice_column || !program->lump_column || !program->item_column ||
        !program->pair_column || !program->fund_column || !program->total_column || !program->group_column ||
        !program->line_column || !program->share_first || !program->share_count || !program->tie_row || !program->awards || !program->linked) {
        return STATUS_NO_MEMORY;
    }
    add_columns(program);
    write_rows(program);
    for (; program->level_room < MATCH_EXACT_LEVELS && program->share_most; program->level_room++) {
        program->level_column[program->level_room] = match_exact_column_add(program, MATCH_EXACT_LEVEL, MATCH_NONE, 0, 0, 1);
    }
    program->active = program->column_count;
    return STATUS_OK;
}
