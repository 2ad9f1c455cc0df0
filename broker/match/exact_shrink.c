/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/exact_tree.h"

#include <string.h>

#include "proto/status.h"

#define ROWS_SPARE 200
#define ENTRIES_SPARE 8000
#define LEVELS_SPARE 12 /* kept for levels not split on yet */

enum lot { GOES, FIXED, ACTIVE };

static bool used(const struct match_exact *program, uint32_t column, uint32_t spare)
{
    for (uint32_t k = 0; k < program->level_count + spare && k < program->level_room; k++) {
        if (program->level_column[k] == column) {
            return true;
        }
    }
    return false;
}

/* What can't be anything but 0 goes. Those of shares stand together and stay with their choice; a few are kept for levels. */
static enum lot lot_of(const struct match_exact_tree *tree, uint32_t column)
{
    const struct match_exact *program = &tree->program;
    const struct match_exact_column *of = &program->columns[column];
    if (of->kind == MATCH_EXACT_LEVEL) {
        return !used(program, column, LEVELS_SPARE) ? GOES : tree->low[column] < tree->high[column] ? ACTIVE : FIXED;
    }
    if (of->kind == MATCH_EXACT_SHARE) {
        uint32_t mark = program->choice_column[of->index];
        return mark != MATCH_NONE && tree->high[mark] > 0 ? ACTIVE : GOES;
    }
    return tree->low[column] < tree->high[column] ? ACTIVE : tree->high[column] != 0 ? FIXED : GOES;
}

static void move_places(uint32_t *places, size_t count, const uint32_t *to)
{
    for (size_t n = 0; n < count; n++) {
        places[n] = places[n] == MATCH_NONE ? MATCH_NONE : to[places[n]];
    }
}

void match_exact_rename(struct match_exact *program, const uint32_t *to)
{
    const struct match_model *model = &program->search->model;
    for (uint32_t c = 0; c < model->choice_count; c++) {
        uint32_t first = program->share_first[c];
        program->share_count[c] = program->share_count[c] && to[first] != MATCH_NONE ? program->share_count[c] : 0;
        program->share_first[c] = program->share_count[c] ? to[first] : 0;
    }
    move_places(program->choice_column, model->choice_count, to);
    move_places(program->lump_column, model->lump_count, to);
    move_places(program->item_column, program->whole.first_item[model->choice_count], to);
    move_places(program->pair_column, program->whole.first_pair[model->choice_count], to);
    move_places(program->fund_column, model->market->fund_count, to);
    move_places(program->total_column, model->choice_count, to);
    move_places(program->group_column, model->first_cost[model->choice_count], to);
    move_places(program->line_column, model->line_count, to);
    move_places(program->level_column, program->level_room, to);
    while (program->level_room > program->level_count && program->level_column[program->level_room - 1] == MATCH_NONE) {
        program->level_room--;
    }
}

/* Rewrites the rows; those that bounds keep by themselves go, and those that come in where they are needed, to come back tighter. */
static void move_rows(struct match_exact_tree *tree, const uint32_t *to)
{
    struct match_exact *program = &tree->program;
    uint32_t rows = 0, entries = 0, ties = tree->search->ties.count;
    uint32_t *moved = tree->place;
    for (uint32_t r = 0; r < program->row_count; r++) {
        struct match_exact_row row = program->rows[r];
        uint32_t first = entries;
        __int128 most = 0, right = row.right;
        for (uint32_t e = row.first; e < row.first + row.count; e++) {
            struct match_exact_entry entry = program->entries[e];
            if (to[entry.column] != MATCH_NONE && to[entry.column] >= program->active) {
                right -= (__int128)entry.amount * program->columns[to[entry.column]].low;
            } else if (to[entry.column] != MATCH_NONE) {
                entry.column = to[entry.column];
                const struct match_exact_column *column = &program->columns[entry.column];
                most += (__int128)entry.amount * (entry.amount > 0 ? column->high : column->low);
                program->entries[entries++] = entry;
            }
        }
        bool link = row.link != MATCH_NONE;
        moved[r] = MATCH_NONE;
        bool large = right > MATCH_EXACT_RIGHT || right < -MATCH_EXACT_RIGHT; /* without it the bound is only higher */
        if (link || large || (!row.equal && most <= right) || (row.equal && first == entries && !right)) {
            entries = first;
            continue;
        }
        row.right = (int64_t)right;
        row.first = first;
        row.count = entries - first;
        moved[r] = rows;
        program->rows[rows++] = row;
    }
    move_places(program->tie_row, ties, moved);
    program->row_count = rows;
    program->entry_count = entries;
    program->rows[rows].count = 0;
    memset(program->linked, 0, match_exact_links(program));
}

/* Columns in their new order, those active first. */
static void move_columns(struct match_exact_tree *tree, const uint32_t *to, uint32_t kept, struct match_exact_column *moved)
{
    struct match_exact *program = &tree->program;
    for (uint32_t c = 0; c < program->column_count; c++) {
        if (to[c] != MATCH_NONE) {
            moved[to[c]] = program->columns[c];
            moved[to[c]].low = tree->low[c];
            moved[to[c]].high = tree->high[c];
        }
    }
    memcpy(program->columns, moved, kept * sizeof *moved);
    program->column_count = kept;
}

int match_exact_shrink(struct match_exact_tree *tree)
{
    struct match_exact *program = &tree->program;
    uint32_t kept = 0, *to = arena_array(tree->arena, program->column_count, sizeof *to);
    struct match_exact_column *moved = arena_array(tree->arena, program->column_count, sizeof *moved);
    if (!to || !moved) {
        return STATUS_NO_MEMORY;
    }
    for (int lot = ACTIVE; lot >= GOES; lot--) {
        for (uint32_t c = 0; c < program->column_count; c++) {
            if ((int)lot_of(tree, c) == lot) {
                to[c] = lot == GOES ? MATCH_NONE : kept++;
            }
        }
        program->active = lot == ACTIVE ? kept : program->active;
    }
    match_exact_rename(program, to);
    move_columns(tree, to, kept, moved);
    move_rows(tree, to);
    for (uint32_t c = 0; c < kept; c++) {
        tree->low[c] = program->columns[c].low;
        tree->high[c] = program->columns[c].high;
        for (int side = 0; side < 2; side++) {
            tree->fell[side][c] = 0;
            tree->falls[side][c] = 0;
        }
    }
    return match_exact_load(tree);
}

static void *copy_of(struct arena *arena, const void *from, size_t count, size_t size)
{
    void *to = arena_array(arena, count, size);
    if (to) {
        memcpy(to, from, count * size);
    }
    return to;
}

int match_exact_copy(const struct match_exact *program, struct arena *arena, struct match_exact *copy)
{
    const struct match_model *model = &program->search->model;
    uint32_t choices = model->choice_count, costs = model->first_cost[choices];
    *copy = *program;
    copy->row_most = program->row_count + ROWS_SPARE < program->row_most ? program->row_count + ROWS_SPARE : program->row_most;
    copy->entry_most = program->entry_count + ENTRIES_SPARE < program->entry_most ? program->entry_count + ENTRIES_SPARE : program->entry_most;
    copy->columns = copy_of(arena, program->columns, program->column_count, sizeof *copy->columns);
    copy->rows = arena_array(arena, (size_t)copy->row_most + 1, sizeof *copy->rows);
    copy->entries = arena_array(arena, copy->entry_most, sizeof *copy->entries);
    copy->choice_column = copy_of(arena, program->choice_column, choices, sizeof(uint32_t));
    copy->lump_column = copy_of(arena, program->lump_column, model->lump_count, sizeof(uint32_t));
    copy->item_column = copy_of(arena, program->item_column, program->whole.first_item[choices], sizeof(uint32_t));
    copy->pair_column = copy_of(arena, program->pair_column, program->whole.first_pair[choices], sizeof(uint32_t));
    copy->fund_column = copy_of(arena, program->fund_column, model->market->fund_count, sizeof(uint32_t));
    copy->total_column = copy_of(arena, program->total_column, choices, sizeof(uint32_t));
    copy->group_column = copy_of(arena, program->group_column, costs, sizeof(uint32_t));
    copy->line_column = copy_of(arena, program->line_column, model->line_count, sizeof(uint32_t));
    copy->share_first = copy_of(arena, program->share_first, choices, sizeof(uint32_t));
    copy->share_count = copy_of(arena, program->share_count, choices, sizeof(uint32_t));
    copy->tie_row = copy_of(arena, program->tie_row, program->search->ties.count, sizeof(uint32_t));
    copy->linked = copy_of(arena, program->linked, match_exact_links(program), 1);
    if (!copy->columns || !copy->rows || !copy->entries || !copy->choice_column || !copy->lump_column || !copy->item_column || !copy->pair_column ||
        !copy->fund_column || !copy->total_column || !copy->group_column || !copy->line_column || !copy->share_first || !copy->share_count ||
        !copy->tie_row || !copy->linked) {
        return STATUS_NO_MEMORY;
    }
    memcpy(copy->rows, program->rows, program->row_count * sizeof *copy->rows);
    memcpy(copy->entries, program->entries, program->entry_count * sizeof *copy->entries);
    return STATUS_OK;
}
