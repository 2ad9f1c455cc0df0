/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/exact_tree.h"

#include <math.h>
#include <string.h>

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

static bool pair_is_live(const struct match_exact *program, uint32_t pair)
{
    uint32_t column = program->pair_column[pair], item = program->whole.item_of[pair];
    if (column == MATCH_NONE && item != MATCH_NONE && match_exact_all(program, program->whole.items[item].lump)) {
        column = program->item_column[item];
    }
    return column != MATCH_NONE && program->columns[column].high > 0;
}

int64_t match_exact_rounding(const struct match_exact *program, uint32_t choice, uint32_t fund, int64_t least, bool above)
{
    const struct match_model *model = &program->search->model;
    uint32_t *awards = program->awards, before = 0, after = 0, most = 0;
    memset(awards, 0, model->lot->demand_count * sizeof *awards);
    for (uint32_t p = program->whole.first_pair[choice]; p < program->whole.first_pair[choice + 1]; p++) {
        uint32_t line = program->whole.line[p];
        for (uint32_t m = model->first_member[line]; m < model->first_member[line + 1] && headroom(program, p) > least && pair_is_live(program, p); m++) {
            awards[model->members[m].demand]++;
            after += (match_exact_payer(model, line) == fund) != above;
        }
    }
    for (uint32_t d = 0; d < model->lot->demand_count; d++) {
        uint32_t payer = model->lot->demands[d].fund;
        bool own = (payer != MATCH_NONE && model->market->funds[payer].limited ? payer : MATCH_NONE) == fund;
        before += own == above ? awards[d] : 0;
        after -= own == above ? 0 : awards[d];
        uint32_t moves = before < after ? before : after;
        most = moves > most ? moves : most;
    }
    return most;
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
        bool above = tree->levels[n] > sum;
        sum = fabs(sum - tree->levels[n]);
        off += sum > APART ? fmax(0, sum - (double)match_exact_rounding(program, choice, program->columns[n].fund, least_level(&program->search->model, choice), above)) : 0;
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

/* What rounding may make of a level's share, on either side. */
static int64_t rounding_of(const struct match_exact *program, uint32_t k, uint32_t share, int side)
{
    uint32_t choice = program->columns[program->level_column[k]].index;
    int64_t least = side ? program->level[k] / FINE : least_level(&program->search->model, choice);
    return match_exact_rounding(program, choice, share == MATCH_NONE ? MATCH_NONE : program->columns[share].fund, least, !side);
}

/* One row of a level: side 1 at least, 0 at most; share: the column, or MATCH_NONE for what no fund with a balance pays. */
static bool bring_in(struct match_exact_tree *tree, uint32_t k, uint32_t share, int side, uint32_t link)
{
    struct match_exact *program = &tree->program;
    const struct match_model *model = &program->search->model;
    uint32_t column = program->level_column[k], choice = program->columns[column].index, before = program->row_count;
    int64_t level = program->level[k], sign = side ? 1 : -1, cost = model->choices[choice].one_off;
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
    /* at least: a x - W <= n + M (1 - b); at most: W - a x <= n + M b */
    int64_t off = side ? (int64_t)most : FINE * cost;
    match_exact_add(program, column, side ? off : -off);
    match_exact_close(program, FINE * rounding_of(program, k, share, side) + (side ? off : 0), false, link);
    if (program->row_count == before || !match_exact_enter(tree)) {
        return false;
    }
    program->linked[link] = 1;
    return true;
}

/* What a row of a level is broken by in the solution at hand, in cents. */
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
    double by = side ? sum - carried : carried - sum;
    return by > BROKEN ? by - (double)rounding_of(program, k, share, side) : 0;
}

bool match_exact_separate_levels(struct match_exact_tree *tree)
{
    struct match_exact *program = &tree->program;
    bool came = false;
    for (uint32_t k = 0; k < program->level_count; k++) {
        uint32_t column = program->level_column[k], choice = program->columns[column].index;
        if (tree->low[column] < tree->high[column] || program->choice_column[choice] == MATCH_NONE) { /* a choice that went says nothing */
            continue;
        }
        int side = tree->low[column] > 0;
        for (uint32_t n = 0; n <= program->share_count[choice]; n++) {
            uint32_t share = n < program->share_count[choice] ? program->share_first[choice] + n : MATCH_NONE;
            uint32_t link = program->column_most + (k * (program->share_most + 1) + n) * 2 + (uint32_t)side;
            if (!program->linked[link] && broken_by(tree, k, share, side) > BROKEN) {
                came = bring_in(tree, k, share, side, link) || came;
            }
        }
    }
    return came;
}
