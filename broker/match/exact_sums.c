/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/exact_program.h"

static bool lump_is_single(const struct match_model *model, uint32_t lump)
{
    return lump != MATCH_NONE && model->lumps[lump].single;
}

/* Adds a column to a row that may have it. */
void match_exact_add_once(struct match_exact *program, uint32_t column, int64_t amount)
{
    for (uint32_t n = 0; n < program->rows[program->row_count].count; n++) {
        if (program->entries[program->entry_count - 1 - n].column == column) {
            return;
        }
    }
    match_exact_add(program, column, amount);
}

/* A sum of units as a column of its own: at most what its parts allow, so that figures of the tableau are as fine as those of the parts. */
static void write_sum(struct match_exact *program, uint32_t *column, enum match_exact_kind kind, uint32_t index, int64_t most)
{
    const struct match_exact_row *row = &program->rows[program->row_count];
    __int128 parts = 0;
    if (program->full || row->count < 2) { /* a single column is its own sum */
        *column = row->count == 1 && program->entries[program->entry_count - 1].amount == 1 ? program->entries[program->entry_count - 1].column : MATCH_NONE;
        program->entry_count -= row->count;
        program->rows[program->row_count].count = 0;
        return;
    }
    for (uint32_t n = 1; n <= row->count; n++) {
        const struct match_exact_entry *entry = &program->entries[program->entry_count - n];
        parts += (__int128)entry->amount * program->columns[entry->column].high;
    }
    *column = match_exact_column_add(program, kind, index, 0, 0, parts < most ? (int64_t)parts : most);
    match_exact_add(program, *column, -1);
    match_exact_close(program, 0, true, MATCH_NONE);
}

static bool is_limited(const struct match_model *model, uint32_t fund)
{
    return fund != MATCH_NONE && model->market->funds[fund].limited;
}

static void write_sums(struct match_exact *program)
{
    const struct match_model *model = &program->search->model;
    const struct match_whole *whole = &program->whole;
    for (uint32_t c = 0; c < model->choice_count; c++) {
        uint32_t offer = model->choices[c].offer, groups = model->first_group[offer + 1] - model->first_group[offer];
        int64_t most = model->choices[c].capacity[model->month_count - 1];
        for (uint32_t g = 0; g <= groups && program->choice_column[c] != MATCH_NONE; g++) {
            for (uint32_t p = whole->first_pair[c]; p < whole->first_pair[c + 1]; p++) {
                if (g == groups || match_model_group(model, offer, model->class_of[whole->line[p]]) == g) {
                    match_exact_units_add(program, p, 1);
                }
            }
            bool all = g == groups;
            uint32_t *column = all ? &program->total_column[c] : &program->group_column[model->first_cost[c] + g];
            write_sum(program, column, all ? MATCH_EXACT_TOTAL : MATCH_EXACT_GROUP, all ? c : model->first_cost[c] + g, most);
            if (!all && *column != MATCH_NONE && is_limited(model, model->group_fund[model->first_group[offer] + g])) {
                program->columns[*column].paid = true;
            }
        }
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        for (uint32_t c = 0; c < model->choice_count && !lump_is_single(model, model->lump_of[l]); c++) {
            uint32_t pair = match_whole_pair(whole, c, l);
            match_exact_add(program, pair == MATCH_NONE ? MATCH_NONE : program->pair_column[pair], 1);
        }
        write_sum(program, &program->line_column[l], MATCH_EXACT_LINE, l, model->quantity[l]);
    }
}

static uint32_t fund_of(const struct match_model *model, uint32_t line)
{
    return model->lot->demands[model->members[model->first_member[line]].demand].fund;
}

static bool alike(const struct match_model *model, uint32_t a, uint32_t b, bool funds)
{
    return model->value[a] == model->value[b] && (!funds || fund_of(model, a) == fund_of(model, b));
}

/* Adds all units of a line. */
static void add_line(struct match_exact *program, uint32_t line)
{
    if (program->line_column[line] != MATCH_NONE) {
        match_exact_add_once(program, program->line_column[line], 1);
        return;
    }
    for (uint32_t c = 0; c < program->search->model.choice_count; c++) {
        uint32_t pair = match_whole_pair(&program->whole, c, line);
        if (pair != MATCH_NONE && program->choice_column[c] != MATCH_NONE) {
            match_exact_units_add(program, pair, 1);
        }
    }
}

/* Lines of one value; funds: and of one fund. */
static void write_values(struct match_exact *program, bool funds)
{
    const struct match_model *model = &program->search->model;
    for (uint32_t first = 0; first < model->line_count; first++) {
        bool known = false;
        __int128 most = 0;
        uint32_t column;
        for (uint32_t l = 0; l < first; l++) {
            known = known || alike(model, l, first, funds);
        }
        for (uint32_t l = first; l < model->line_count && !known; l++) {
            if (alike(model, l, first, funds)) {
                add_line(program, l);
                most += model->quantity[l];
            }
        }
        if (!known) {
            write_sum(program, &column, funds ? MATCH_EXACT_POOL : MATCH_EXACT_VALUE, first, (int64_t)most);
        }
    }
}

void match_exact_write_sums(struct match_exact *program)
{
    bool funds = false;
    for (uint32_t t = 0; t < program->search->ties.count; t++) {
        funds = funds || program->search->ties.ties[t].kind == MATCH_TIE_FUND;
    }
    write_sums(program);
    write_values(program, false);
    if (funds) {
        write_values(program, true);
    }
}
