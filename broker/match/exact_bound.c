/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/exact_tree.h"

#include <math.h>
#include <string.h>

#define RISK_MOST 1e36 /* of all products added up: below 2^120 */

/*
 * For prices Y of the rows, not negative unless a row is an equation, and every x within its bounds that keeps the rows A x <= b,
 *
 *     c x  <=  c x + Y (b - A x)  =  Y b + (c - Y A) x  <=  Y b + sum over columns of the more of (c - Y A) low and (c - Y A) high
 *
 * (weak duality: Geoffrion 1974, doi 10.1007/BFb0120690). Y is taken from the tableau, rounded to 2^-40 cents, so all of it is exact.
 */
static void round_prices(struct match_exact_tree *tree)
{
    const struct match_exact *program = &tree->program;
    double risk = 0;
    for (uint32_t r = 0; r < program->row_count; r++) {
        const struct match_exact_row *row = &program->rows[r];
        double price = tree->prices[r], most = fabs((double)row->right);
        if (!(price > 0 || price < 0) || (price < 0 && !row->equal) || isinf(price)) {
            tree->price[r] = 0;
            continue;
        }
        for (uint32_t e = row->first; e < row->first + row->count; e++) {
            most += fabs((double)program->entries[e].amount) * (double)program->columns[program->entries[e].column].high;
        }
        double scaled = ldexp(price, MATCH_EXACT_BITS);
        risk += fabs(scaled) * most;
        tree->price[r] = risk > RISK_MOST ? 0 : (__int128)nearbyint(scaled);
    }
}

static void reduce(struct match_exact_tree *tree)
{
    const struct match_exact *program = &tree->program;
    for (uint32_t c = 0; c < program->column_count; c++) {
        tree->reduced[c] = (__int128)program->columns[c].cost * ((__int128)1 << MATCH_EXACT_BITS);
    }
    for (uint32_t r = 0; r < program->row_count; r++) {
        const struct match_exact_row *row = &program->rows[r];
        for (uint32_t e = row->first; e < row->first + row->count && tree->price[r]; e++) {
            tree->reduced[program->entries[e].column] -= tree->price[r] * program->entries[e].amount;
        }
    }
}

static __int128 add_up(const struct match_exact_tree *tree)
{
    const struct match_exact *program = &tree->program;
    __int128 sum = 0;
    for (uint32_t r = 0; r < program->row_count; r++) {
        sum += tree->price[r] * program->rows[r].right;
    }
    for (uint32_t c = 0; c < program->column_count; c++) { /* of those fixed for good no row has a part */
        sum += tree->reduced[c] * (tree->reduced[c] > 0 ? tree->high[c] : tree->low[c]);
    }
    return sum;
}

__int128 match_exact_cutoff(const struct match_exact_tree *tree)
{
    return ((__int128)tree->search->best.objective + 1) << MATCH_EXACT_BITS;
}

void match_exact_evaluate(struct match_exact_tree *tree, enum match_tableau_end end)
{
    const struct match_exact *program = &tree->program;
    double fall = 0;
    if (end == MATCH_TABLEAU_EMPTY) {
        fall = 4; /* times the largest cost, and more below where it is not enough */
    }
    for (int round = 0; round < 4; round++) {
        match_tableau_prices(&tree->tableau, end, fall, tree->prices);
        for (int better = 0; better < 2; better++) {
            round_prices(tree);
            reduce(tree);
            tree->effort->work += program->entry_count + program->column_count;
            __int128 sum = add_up(tree);
            tree->bound = sum < tree->bound ? sum : tree->bound;
            if (better || end == MATCH_TABLEAU_EMPTY || tree->bound < match_exact_cutoff(tree)) {
                break;
            }
            for (uint32_t c = 0; c < program->active; c++) {
                tree->rest[c] = ldexp((double)tree->reduced[c], -MATCH_EXACT_BITS);
            }
            match_tableau_correct(&tree->tableau, tree->rest, tree->prices);
        }
        if (end != MATCH_TABLEAU_EMPTY || tree->bound < match_exact_cutoff(tree)) {
            return;
        }
        fall *= 1000;
    }
}

void match_exact_change(struct match_exact_tree *tree, uint32_t column, int64_t low, int64_t high)
{
    tree->low[column] = low;
    tree->high[column] = high;
    match_tableau_bound(&tree->tableau, column, (double)low, (double)high);
    if (tree->change_count < tree->change_most) { /* children find out again what has no room */
        tree->changes[tree->change_count++] = (struct match_exact_change){column, low, high};
    }
}

void match_exact_fix(struct match_exact_tree *tree)
{
    const struct match_exact *program = &tree->program;
    /* reduced belongs to the last prices, whose own bound may lie above the best one known */
    __int128 slack = add_up(tree) - match_exact_cutoff(tree);
    if (slack < 0) {
        return;
    }
    for (uint32_t c = 0; c < program->column_count; c++) {
        __int128 gain = tree->reduced[c], span = (__int128)tree->high[c] - tree->low[c];
        __int128 loss = gain < 0 ? -gain : gain;
        if (!span || !gain || slack / loss >= span) {
            continue;
        }
        int64_t steps = (int64_t)(slack / loss);
        if (gain < 0) {
            match_exact_change(tree, c, tree->low[c], tree->low[c] + steps);
        } else {
            match_exact_change(tree, c, tree->high[c] - steps, tree->high[c]);
        }
    }
}

/* None of a column. False where it has to be more. */
static bool close_column(struct match_exact_tree *tree, uint32_t column)
{
    if (column == MATCH_NONE || !tree->high[column]) {
        return true;
    }
    if (tree->low[column]) {
        return false;
    }
    match_exact_change(tree, column, 0, 0);
    return true;
}

static bool raise_column(struct match_exact_tree *tree, uint32_t column)
{
    if (column == MATCH_NONE || tree->low[column]) {
        return column != MATCH_NONE;
    }
    if (!tree->high[column]) {
        return false;
    }
    match_exact_change(tree, column, 1, tree->high[column]);
    return true;
}

/* Nothing comes from a choice that is not used. Rows that say so come in only where they are broken, so a smaller program must not depend on them. */
static bool close_unused(struct match_exact_tree *tree)
{
    const struct match_exact *program = &tree->program;
    const struct match_whole *whole = &program->whole;
    bool fits = true;
    for (uint32_t c = 0; c < tree->search->model.choice_count && fits; c++) {
        bool unused = program->choice_column[c] != MATCH_NONE && !tree->high[program->choice_column[c]];
        for (uint32_t p = whole->first_pair[c]; p < whole->first_pair[c + 1] && fits && unused; p++) {
            fits = close_column(tree, program->pair_column[p]);
        }
        for (uint32_t n = whole->first_item[c]; n < whole->first_item[c + 1] && fits && unused; n++) {
            fits = close_column(tree, program->item_column[n]);
        }
    }
    return fits;
}

/* What is decided of a choice: whether its units need it, and the offer's other choices. */
static bool carry_choice(struct match_exact_tree *tree, uint32_t choice)
{
    const struct match_exact *program = &tree->program;
    const struct match_model *model = &tree->search->model;
    const struct match_whole *whole = &program->whole;
    uint32_t column = program->choice_column[choice];
    bool fits = true;
    if (column == MATCH_NONE) {
        return true;
    }
    for (uint32_t p = whole->first_pair[choice]; p < whole->first_pair[choice + 1] && fits; p++) {
        if (program->pair_column[p] != MATCH_NONE && tree->low[program->pair_column[p]]) {
            fits = raise_column(tree, column);
        }
    }
    for (uint32_t n = whole->first_item[choice]; n < whole->first_item[choice + 1] && fits; n++) {
        if (program->item_column[n] != MATCH_NONE && tree->low[program->item_column[n]]) {
            fits = raise_column(tree, column);
        }
    }
    uint32_t offer = model->choices[choice].offer;
    for (uint32_t c = model->first_choice[offer]; c < model->first_choice[offer + 1] && fits && tree->low[column]; c++) {
        fits = c == choice || close_column(tree, program->choice_column[c]);
    }
    return fits;
}

/* What is decided of a lump. */
static bool carry_lump(struct match_exact_tree *tree, uint32_t lump)
{
    const struct match_exact *program = &tree->program;
    const struct match_model *model = &tree->search->model;
    const struct match_whole *whole = &program->whole;
    uint32_t column = program->lump_column[lump], in = MATCH_NONE;
    if (column != MATCH_NONE && !tree->high[column]) {
        for (uint32_t p = 0; p < whole->first_pair[model->choice_count]; p++) {
            if (model->lump_of[whole->line[p]] == lump && !close_column(tree, program->pair_column[p])) {
                return false;
            }
        }
    }
    for (uint32_t n = 0; n < whole->first_item[model->choice_count] && model->lumps[lump].single; n++) {
        uint32_t item = program->item_column[n];
        if (whole->items[n].lump != lump || item == MATCH_NONE) {
            continue;
        }
        in = tree->low[item] ? n : in;
        for (uint32_t p = whole->items[n].first; p < whole->items[n].first + whole->items[n].count && !tree->high[item]; p++) {
            if (!close_column(tree, program->pair_column[p])) {
                return false;
            }
        }
    }
    for (uint32_t n = 0; n < whole->first_item[model->choice_count] && in != MATCH_NONE; n++) {
        if (whole->items[n].lump == lump && n != in && !close_column(tree, program->item_column[n])) {
            return false;
        }
    }
    return true;
}

/*
 * What an equation leaves each of its columns, by the bounds of the others. The tableau's rounding may take a small sum for none, where a column
 * that nothing else holds would be split on without end.
 */
static bool carry_equation(struct match_exact_tree *tree, const struct match_exact_row *row)
{
    const struct match_exact_entry *entries = tree->program.entries + row->first;
    __int128 least = 0, most = 0;
    for (uint32_t e = 0; e < row->count; e++) {
        int64_t low = tree->low[entries[e].column], high = tree->high[entries[e].column];
        least += (__int128)entries[e].amount * (entries[e].amount > 0 ? low : high);
        most += (__int128)entries[e].amount * (entries[e].amount > 0 ? high : low);
    }
    if (least > row->right || most < row->right) {
        return false;
    }
    for (uint32_t e = 0; e < row->count; e++) {
        int64_t amount = entries[e].amount, low = tree->low[entries[e].column], high = tree->high[entries[e].column];
        __int128 size = amount > 0 ? amount : -(__int128)amount, rise = (row->right - least) / size, fall = (most - row->right) / size;
        __int128 to = low + (amount > 0 ? rise : fall), from = high - (amount > 0 ? fall : rise);
        from = from > low ? from : low;
        to = to < high ? to : high;
        if (from > to) {
            return false;
        }
        if (from > low || to < high) {
            match_exact_change(tree, entries[e].column, (int64_t)from, (int64_t)to);
            least += amount * (amount > 0 ? from - low : to - high);
            most += amount * (amount > 0 ? to - high : from - low);
        }
    }
    return true;
}

static bool carry_equations(struct match_exact_tree *tree)
{
    for (uint32_t r = 0; r < tree->program.row_count; r++) {
        if (tree->program.rows[r].equal && !carry_equation(tree, &tree->program.rows[r])) {
            return false;
        }
    }
    tree->effort->work += tree->program.entry_count;
    return true;
}

bool match_exact_carry(struct match_exact_tree *tree)
{
    for (int round = 0; round < 2; round++) {
        for (uint32_t d = 0; d < tree->search->model.lump_count; d++) {
            if (!carry_lump(tree, d)) {
                return false;
            }
        }
        for (uint32_t c = 0; c < tree->search->model.choice_count; c++) {
            if (!carry_choice(tree, c)) {
                return false;
            }
        }
        if (!close_unused(tree) || !carry_equations(tree)) {
            return false;
        }
    }
    return close_unused(tree);
}
