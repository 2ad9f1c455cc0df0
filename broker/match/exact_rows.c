/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/exact_tree.h"

#define BREACH 1e-6      /* of a row's most, that brings it in */
#define COME_MOST 60     /* rows a time */
#define IDLE_MOST 12     /* solutions in a row that a row may be idle */

bool match_exact_enter(struct match_exact_tree *tree)
{
    struct match_exact *program = &tree->program;
    const struct match_exact_row *row = &program->rows[program->row_count - 1];
    struct match_tableau_entry *entries = arena_array(tree->arena, row->count, sizeof *entries);
    if (!entries || !match_tableau_room(&tree->tableau, row->count)) {
        program->row_count--;
        program->entry_count = row->first;
        program->rows[program->row_count].count = 0; /* the next row begins here, with no entry of this one */
        return false;
    }
    for (uint32_t e = 0; e < row->count; e++) {
        const struct match_exact_entry *entry = &program->entries[row->first + e];
        entries[e] = (struct match_tableau_entry){entry->column, (double)entry->amount};
    }
    match_tableau_row(&tree->tableau, entries, row->count, (double)row->right, row->equal);
    return true;
}

/* The choice whose mark a column of units hangs on, or MATCH_NONE. */
static uint32_t choice_of(const struct match_exact *program, uint32_t column)
{
    const struct match_model *model = &program->search->model;
    const struct match_exact_column *of = &program->columns[column];
    const uint32_t *first = of->kind == MATCH_EXACT_UNITS ? program->whole.first_pair : model->first_cost;
    uint32_t low = 0, high = model->choice_count;
    if (of->kind == MATCH_EXACT_TOTAL) {
        return of->index;
    }
    if (of->kind != MATCH_EXACT_UNITS && of->kind != MATCH_EXACT_GROUP) {
        return MATCH_NONE;
    }
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (first[middle] <= of->index) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* A row just written goes into the tableau; link: its place in linked. False where there is no room, or where it can't be broken. */
static bool enter_linked(struct match_exact_tree *tree, int64_t right, uint32_t link)
{
    struct match_exact *program = &tree->program;
    uint32_t before = program->row_count;
    match_exact_close(program, right, false, link);
    if (program->row_count == before || !match_exact_enter(tree)) {
        return false;
    }
    program->linked[link] = 1;
    return true;
}

/* Units of a choice or group, or of a pair, only with the choice. */
static bool separate_marks(struct match_exact_tree *tree)
{
    struct match_exact *program = &tree->program;
    uint32_t came = 0;
    for (uint32_t column = 0; column < program->active && came < COME_MOST; column++) {
        if (program->linked[column] || !(tree->levels[column] > 0)) {
            continue;
        }
        uint32_t choice = choice_of(program, column), mark = choice == MATCH_NONE ? MATCH_NONE : program->choice_column[choice];
        int64_t most = program->columns[column].high;
        if (mark == MATCH_NONE || mark >= program->active || tree->levels[column] <= (double)most * (tree->levels[mark] + BREACH)) {
            continue;
        }
        match_exact_add(program, column, 1);
        match_exact_add(program, mark, -most);
        if (!enter_linked(tree, 0, column)) {
            return came > 0;
        }
        came++;
    }
    return came > 0;
}

/* Units due by a month: no more than are made by then. */
static bool bring_output(struct match_exact_tree *tree, uint32_t choice, uint32_t month, uint32_t link)
{
    struct match_exact *program = &tree->program;
    const struct match_model *model = &tree->search->model;
    for (uint32_t p = program->whole.first_pair[choice]; p < program->whole.first_pair[choice + 1]; p++) {
        if (model->month[program->whole.line[p]] <= month) {
            match_exact_units_add(program, p, 1);
        }
    }
    match_exact_add(program, program->choice_column[choice], -model->choices[choice].capacity[month]);
    return enter_linked(tree, 0, link);
}

/* What choices make by months in which something is due. */
static bool separate_output(struct match_exact_tree *tree)
{
    struct match_exact *program = &tree->program;
    const struct match_model *model = &tree->search->model;
    const struct match_whole *whole = &program->whole;
    bool came = false;
    for (uint32_t c = 0; c < model->choice_count; c++) {
        double mark = program->choice_column[c] == MATCH_NONE ? -1 : tree->levels[program->choice_column[c]], *due = tree->due;
        for (uint32_t m = 0; m < model->month_count; m++) {
            due[m] = 0;
        }
        for (uint32_t p = whole->first_pair[c]; p < whole->first_pair[c + 1] && mark >= 0; p++) {
            due[model->month[whole->line[p]]] += match_exact_part(tree, p);
        }
        double sum = 0;
        for (uint32_t m = 0; m < model->month_count && mark >= 0; m++) {
            uint32_t link = match_exact_output_link(program, c, m);
            double made = (double)model->choices[c].capacity[m];
            sum += due[m];
            if (due[m] > 0 && !program->linked[link] && sum > made * mark + BREACH * (1 + made)) {
                came = bring_output(tree, c, m, link) || came;
            }
        }
    }
    return came;
}

bool match_exact_separate(struct match_exact_tree *tree)
{
    bool output = separate_output(tree);
    return separate_marks(tree) || output;
}

void match_exact_forget(struct match_exact_tree *tree)
{
    struct match_exact *program = &tree->program;
    uint32_t dropped = 0, kept = 0, entries = 0;
    for (uint32_t r = 0; r < program->row_count; r++) {
        struct match_exact_row *row = &program->rows[r];
        bool idle = tree->tableau.inside[tree->tableau.columns + r];
        row->idle = idle ? row->idle + 1 : 0;
        tree->drop[r] = row->link != MATCH_NONE && row->idle > IDLE_MOST;
        dropped += tree->drop[r];
    }
    if (dropped < 20) {
        return;
    }
    match_tableau_drop(&tree->tableau, tree->drop, tree->place);
    for (uint32_t r = 0; r < program->row_count; r++) {
        struct match_exact_row row = program->rows[r];
        if (tree->place[r] == MATCH_NONE) {
            program->linked[row.link] = 0;
            continue;
        }
        for (uint32_t e = 0; e < row.count; e++) {
            program->entries[entries + e] = program->entries[row.first + e];
        }
        row.first = entries;
        entries += row.count;
        program->rows[kept++] = row;
    }
    program->row_count = kept;
    program->entry_count = entries;
    program->rows[kept].count = 0;
}
