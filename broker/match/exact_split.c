/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/exact_tree.h"

#include <math.h>

#define NEARLY 1e-6      /* of a unit: whole */
#define THING 6          /* rank of what stands for a choice, a lump and the like */
#define CANDIDATES 10    /* to split on, looked at */
#define TRIAL_STEPS 15   /* of a trial's solution */
#define TRUSTED 3        /* trials of a column, after which what was learnt is believed */
#define BEHIND_MOST 4    /* candidates in a row that are no better than the best */

static double fraction_of(const struct match_exact_tree *tree, uint32_t column)
{
    double level = tree->levels[column], off = fabs(level - nearbyint(level));
    double most = NEARLY * (1 + (double)tree->program.columns[column].high / 1000);
    enum match_exact_kind kind = tree->program.columns[column].kind;
    bool whole = kind != MATCH_EXACT_SHARE && kind != MATCH_EXACT_LEVEL;
    return whole && tree->tableau.inside[column] && tree->low[column] < tree->high[column] && off > most ? off : 0;
}

bool match_exact_is_whole(const struct match_exact_tree *tree)
{
    uint32_t c = 0;
    while (c < tree->program.active && !(fraction_of(tree, c) > 0)) {
        c++;
    }
    return c == tree->program.active;
}

/* What the bound is thought to fall by: the first step, or what it fell before. */
static double estimate(const struct match_exact_tree *tree, uint32_t column, int side, double part, double step)
{
    double fell = tree->falls[side][column] ? tree->fell[side][column] / tree->falls[side][column] * part : 0;
    return fmax(fell, step);
}

/*
 * What is split on first: what stands for things; then the units of one value, which the objective hangs on, and those of one value and fund; then what
 * is served from a choice at one price out of one fund, where money that does not come out even leaves parts of a unit; then other sums; then units.
 * Units change places within a sum for nothing, so a split further down leaves the bound where it was.
 */
static int rank_of(const struct match_exact_column *column)
{
    if (column->paid) {
        return 3;
    }
    switch (column->kind) {
    case MATCH_EXACT_UNITS: return 0;
    case MATCH_EXACT_GROUP:
    case MATCH_EXACT_LINE: return 1;
    case MATCH_EXACT_TOTAL: return 2;
    case MATCH_EXACT_POOL: return 4;
    case MATCH_EXACT_VALUE: return 5;
    default: return THING;
    }
}

bool match_exact_is_thing(const struct match_exact_tree *tree, uint32_t column)
{
    return rank_of(&tree->program.columns[column]) == THING;
}

static double score_of(double down, double up, double room)
{
    return (fmin(down, up) + room * 1e-6) * (fmax(down, up) + room * 1e-6);
}

struct candidate {
    uint32_t column;
    double level, score;
};

/* The columns that promise most by their first steps and by what was learnt, best first. */
static uint32_t list_candidates(const struct match_exact_tree *tree, double room, struct candidate *list)
{
    uint32_t count = 0;
    int rank = -1;
    for (uint32_t c = 0; c < tree->program.active; c++) {
        int own = rank_of(&tree->program.columns[c]);
        if (own < rank || !(fraction_of(tree, c) > 0)) {
            continue;
        }
        double level = tree->levels[c], below = floor(level), down, up;
        match_tableau_penalties(&tree->tableau, c, below, below + 1, &down, &up);
        down = fmin(estimate(tree, c, 0, level - below, down), room);
        up = fmin(estimate(tree, c, 1, below + 1 - level, up), room);
        struct candidate one = {c, level, score_of(down, up, room)};
        count = own > rank ? 0 : count;
        rank = own;
        uint32_t at = count < CANDIDATES ? count++ : CANDIDATES;
        while (at && list[at - 1].score < one.score) {
            if (at < CANDIDATES) {
                list[at] = list[at - 1];
            }
            at--;
        }
        if (at < CANDIDATES) {
            list[at] = one;
        }
    }
    return count;
}

/* What the bound falls by with a column down or up, nearly: a few steps of the solution that follows. */
static double try_side(struct match_exact_tree *tree, const struct candidate *one, int side, double room)
{
    struct match_tableau *tableau = &tree->tableau;
    uint32_t c = one->column, steps = tableau->step_most;
    double below = floor(one->level), worth = ldexp((double)tree->bound, -MATCH_EXACT_BITS), part = side ? below + 1 - one->level : one->level - below;
    match_tableau_bound(tableau, c, side ? below + 1 : (double)tree->low[c], side ? (double)tree->high[c] : below);
    tableau->step_most = TRIAL_STEPS;
    enum match_tableau_end end = match_tableau_solve(tableau, worth - room);
    double fell = worth - match_tableau_worth(tableau);
    tableau->step_most = steps;
    match_tableau_bound(tableau, c, (double)tree->low[c], (double)tree->high[c]);
    fell = end == MATCH_TABLEAU_CUT || end == MATCH_TABLEAU_EMPTY ? room : fmax(0, fmin(fell, room));
    tree->fell[side][c] += fell / part;
    tree->falls[side][c]++;
    return fell;
}

bool match_exact_choose(struct match_exact_tree *tree, struct match_exact_split *split)
{
    double room = ldexp((double)(tree->bound - match_exact_cutoff(tree)), -MATCH_EXACT_BITS) + 1, best = -1;
    struct candidate list[CANDIDATES];
    uint32_t count = list_candidates(tree, room, list), behind = 0;
    for (uint32_t n = 0; n < count && behind < BEHIND_MOST; n++) {
        struct candidate *one = &list[n];
        bool known = tree->falls[0][one->column] >= TRUSTED && tree->falls[1][one->column] >= TRUSTED;
        double score = one->score;
        if (!known && count > 1) {
            double down = try_side(tree, one, 0, room);
            score = score_of(down, try_side(tree, one, 1, room), room);
        }
        behind++;
        if (score > best) {
            best = score;
            behind = 0;
            *split = (struct match_exact_split){one->column, (int64_t)floor(one->level), one->level};
        }
    }
    return count > 0;
}

bool match_exact_choose_free(const struct match_exact_tree *tree, struct match_exact_split *split)
{
    for (uint32_t c = 0; c < tree->program.active; c++) {
        enum match_exact_kind kind = tree->program.columns[c].kind;
        if (tree->low[c] < tree->high[c] && kind != MATCH_EXACT_SHARE && kind != MATCH_EXACT_LEVEL) {
            int64_t level = (int64_t)nearbyint(tree->levels[c]);
            level = level < tree->low[c] ? tree->low[c] : level < tree->high[c] ? level : tree->high[c] - 1; /* levels may be of no solution */
            *split = (struct match_exact_split){c, level, tree->levels[c]};
            return true;
        }
    }
    return false;
}
