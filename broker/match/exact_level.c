/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/exact_tree.h"

#include <math.h>

/*
 * What funds pay of one-off costs follows the level (MATCHING's 'One-off cost'), which is no linear rule. A column b says of a choice and a level:
 * b = 1, the choice's level is at least this one; b = 0, at most. An award of q units then carries at least, or at most, q * min(headroom, level), a
 * cent apart for rounding. Every plan is a solution for one of the two, so the rows hold in the whole tree with M to switch them off, and only a split
 * on b makes them bite: it is made where a whole solution is no plan since it shares costs otherwise.
 */

#define FINE 1024        /* levels are in parts of a cent */
#define BROKEN 0.5       /* cents, that a row is broken by at least to come in */
#define APART 1.0        /* cents beside rounding, that shares differ by at least where a split is worth it */


static int64_t headroom(const struct match_exact *program, uint32_t pair)
{
    return program->search->model.ceiling[program->whole.line[pair]] - program->whole.paid[pair];
}

/* The level of a choice in the solution at hand, in parts of a cent; negative where it is not used or its cost not carried. */
static double level_of(const struct match_exact_tree *tree, uint32_t choice)
{
    const struct match_exact *program = &tree->program;
    double cost = (double)program->search->model.choices[choice].one_off, low = 0, high = 0;
    for (uint32_t p = program->whole.first_pair[choice]; p < program->whole.first_pair[choice + 1]; p++) {
        high = match_exact_part(tree, p) > 1e-6 ? fmax(high, (double)headroom(program, p)) : high;
    }
    for (int round = 0; round < 60; round++) {
        double middle = (low + high) / 2, sum = 0;
        for (uint32_t p = program->whole.first_pair[choice]; p < program->whole.first_pair[choice + 1]; p++) {
            sum += match_exact_part(tree, p) * fmin(middle, (double)headroom(program, p));
        }
        if (sum < cost) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high * FINE;
}

/* Which of a choice's shares a pair belongs to: the column, or MATCH_NONE for what no fund with a balance pays. */
static uint32_t share_of(const struct match_exact *program, uint32_t choice, uint32_t pair)
{
    const struct match_model *model = &program->search->model;
    uint32_t fund = model->lot->demands[model->members[model->first_member[program->whole.line[pair]]].demand].fund;
    for (uint32_t n = program->share_first[choice]; n < program->share_first[choice] + program->share_count[choice]; n++) {
        if (program->columns[n].fund == fund) {
            return n;
        }
    }
    return MATCH_NONE;
}

/* Fewest cents a unit of a choice's level. */
static int64_t least_level(const struct match_model *model, uint32_t choice)
{
    return model->choices[choice].one_off / model->choices[choice].capacity[model->month_count - 1];
}

/* Cents by which a choice's shares in the solution at hand differ from those at a level by more than rounding makes. */
static double differs(const struct match_exact_tree *tree, uint32_t choice, double level)
{
    const struct match_exact *program = &tree->program;
    double off = 0;
    for (uint32_t n = program->share_first[choice]; n < program->share_first[choice] + program->share_count[choice]; n++) {
        double sum = 0;
        for (uint32_t p = program->whole.first_pair[choice]; p < program->whole.first_pair[choice + 1]; p++) {
            double units = match_exact_part(tree, p);
            if (units > 1e-6 && share_of(program, choice, p) == n) {
                sum += units * fmin(level / FINE, (double)headroom(program, p));
            }
        }
        struct match_exact_turn turn = {program->columns[n].fund, least_level(&program->search->model, choice), tree->levels[n] > sum, 0};
        sum = fabs(sum - tree->levels[n]);
        off += sum > APART ? fmax(0, sum - match_exact_rounding_at(tree, choice, &turn)) : 0;
    }
    return off;
}

bool match_exact_choose_level(struct match_exact_tree *tree, double part, struct match_exact_split *split)
{
    struct match_exact *program = &tree->program;
    double most = 0, best = 0;
    uint32_t choice = MATCH_NONE;
    for (uint32_t c = 0; c < program->search->model.choice_count; c++) {
        if (program->share_count[c] && tree->levels[program->choice_column[c]] > 0.5) {
            double level = level_of(tree, c), off = differs(tree, c, level);
            if (off > most && off > fmax(APART, part * (double)program->search->model.choices[c].one_off)) {
                most = off;
                best = level;
                choice = c;
            }
        }
    }
    if (choice == MATCH_NONE) {
        return false;
    }
    int64_t wanted = (int64_t)nearbyint(best);
    uint32_t column = MATCH_NONE;
    for (uint32_t k = 0; k < program->level_count; k++) {
        uint32_t own = program->level_column[k];
        if (program->columns[own].index == choice && program->level[k] == wanted) {
            if (tree->low[own] == tree->high[own]) {
                return false;
            }
            column = own;
        }
    }
    if (column == MATCH_NONE) {
        if (program->level_count == program->level_room) {
            return false;
        }
        column = program->level_column[program->level_count];
        program->columns[column].index = choice;
        program->level[program->level_count++] = wanted;
    }
    *split = (struct match_exact_split){column, 0, 0.5};
    return true;
}

static struct match_exact_turn turn_of(const struct match_exact *program, uint32_t k, uint32_t share, int side)
{
    int64_t least = side ? program->level[k] / FINE : least_level(&program->search->model, program->columns[program->level_column[k]].index);
    return (struct match_exact_turn){share == MATCH_NONE ? MATCH_NONE : program->columns[share].fund, least, !side, 0};
}

/*
 * Adds to a row of a level what rounding may make at a turn: the more of the awards early on the one side and late on the other, each no more than its
 * units. Awards of pairs that have as many units count in full; the others' are their units, which is more as more of them come. Returns those in full.
 */
static int64_t add_turn(struct match_exact_tree *tree, uint32_t choice, const struct match_exact_turn *turn)
{
    struct match_exact *program = &tree->program;
    int64_t sums[2] = {0, 0};
    for (uint32_t p = program->whole.first_pair[choice]; p < program->whole.first_pair[choice + 1]; p++) {
        bool early;
        uint32_t awards = match_exact_turned(program, p, turn, &early);
        bool full = match_exact_part(tree, p) > awards - 1e-6;
        sums[early] += full ? awards : 0;
        match_exact_units_add(program, p, full ? 0 : -FINE);
    }
    return sums[0] > sums[1] ? sums[0] : sums[1];
}

/*
 * One row of a level: side 1 at least, 0 at most; share: the column, or MATCH_NONE for what no fund with a balance pays. turn: rounding as it may be there,
 * NULL: as it may be at all.
 */
static bool bring_in(struct match_exact_tree *tree, uint32_t k, uint32_t share, int side, const struct match_exact_turn *turn, uint32_t link)
{
    struct match_exact *program = &tree->program;
    const struct match_model *model = &program->search->model;
    uint32_t column = program->level_column[k], choice = program->columns[column].index, before = program->row_count;
    int64_t level = program->level[k], sign = side ? 1 : -1, cost = model->choices[choice].one_off, rounding;
    __int128 most = 0;
    for (uint32_t p = program->whole.first_pair[choice]; p < program->whole.first_pair[choice + 1]; p++) {
        if (share_of(program, choice, p) == share) {
            int64_t a = FINE * headroom(program, p) < level ? FINE * headroom(program, p) : level;
            match_exact_units_add(program, p, sign * a);
            most += (__int128)a * match_exact_most(program, p);
        }
    }
    __int128 made = (__int128)level * model->choices[choice].capacity[model->month_count - 1];
    most = most < made ? most : made;
    if (most > MATCH_EXACT_RIGHT) {
        program->entry_count -= program->rows[before].count;
        program->rows[before].count = 0;
        return false;
    }
    if (share != MATCH_NONE) {
        match_exact_add(program, share, -sign * FINE);
    } else {
        match_exact_add(program, program->choice_column[choice], -sign * FINE * cost);
        for (uint32_t n = program->share_first[choice]; n < program->share_first[choice] + program->share_count[choice]; n++) {
            match_exact_add(program, n, sign * FINE);
        }
    }
    if (turn) {
        rounding = add_turn(tree, choice, turn);
    } else {
        struct match_exact_turn all = turn_of(program, k, share, side);
        rounding = match_exact_rounding(program, choice, all.fund, all.least, all.above);
    }
    /* at least: a x - W <= n + M (1 - b); at most: W - a x <= n + M b */
    int64_t off = side ? (int64_t)most : FINE * cost;
    match_exact_add(program, column, side ? off : -off);
    match_exact_close(program, FINE * rounding + (side ? off : 0), false, link);
    if (program->row_count == before || !match_exact_enter(tree)) {
        return false;
    }
    program->linked[link] = 1;
    return true;
}

/* What a row of a level without rounding is broken by in the solution at hand, in cents. */
static double broken_by(const struct match_exact_tree *tree, uint32_t k, uint32_t share, int side)
{
    const struct match_exact *program = &tree->program;
    const struct match_model *model = &program->search->model;
    uint32_t choice = program->columns[program->level_column[k]].index;
    double sum = 0, carried;
    for (uint32_t p = program->whole.first_pair[choice]; p < program->whole.first_pair[choice + 1]; p++) {
        if (share_of(program, choice, p) == share) {
            sum += match_exact_part(tree, p) * fmin((double)program->level[k] / FINE, (double)headroom(program, p));
        }
    }
    if (share != MATCH_NONE) {
        carried = tree->levels[share];
    } else {
        carried = (double)model->choices[choice].one_off * tree->levels[program->choice_column[choice]];
        for (uint32_t n = program->share_first[choice]; n < program->share_first[choice] + program->share_count[choice]; n++) {
            carried -= tree->levels[n];
        }
    }
    return side ? sum - carried : carried - sum;
}

/* Rows of one level for one share: as rounding may be at all; then, in a whole solution, as it may be with the awards at hand. */
static bool separate_level(struct match_exact_tree *tree, uint32_t k, uint32_t share, int side, uint32_t link, bool whole)
{
    struct match_exact *program = &tree->program;
    uint32_t choice = program->columns[program->level_column[k]].index, first = match_exact_turn_link(program, 0), n = 0;
    double by = broken_by(tree, k, share, side);
    if (by <= BROKEN) {
        return false;
    }
    struct match_exact_turn turn = turn_of(program, k, share, side);
    if (!program->linked[link] && by - (double)match_exact_rounding(program, choice, turn.fund, turn.least, turn.above) > BROKEN) {
        return bring_in(tree, k, share, side, NULL, link);
    }
    while (n < MATCH_EXACT_TURNS && program->linked[first + n]) {
        n++;
    }
    return whole && n < MATCH_EXACT_TURNS && by - match_exact_rounding_at(tree, choice, &turn) > BROKEN && bring_in(tree, k, share, side, &turn, first + n);
}

bool match_exact_separate_levels(struct match_exact_tree *tree)
{
    struct match_exact *program = &tree->program;
    bool came = false, whole = match_exact_is_whole(tree);
    for (uint32_t k = 0; k < program->level_count; k++) {
        uint32_t column = program->level_column[k], choice = program->columns[column].index;
        if (tree->low[column] < tree->high[column] || program->choice_column[choice] == MATCH_NONE) { /* a choice that went says nothing */
            continue;
        }
        int side = tree->low[column] > 0;
        for (uint32_t n = 0; n <= program->share_count[choice]; n++) {
            uint32_t share = n < program->share_count[choice] ? program->share_first[choice] + n : MATCH_NONE;
            uint32_t link = program->column_most + (k * (program->share_most + 1) + n) * 2 + (uint32_t)side;
            came = separate_level(tree, k, share, side, link, whole) || came;
        }
    }
    return came;
}
