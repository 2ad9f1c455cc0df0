/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/exact_tree.h"

#include <math.h>
#include <string.h>

/* What rounding to the cent may move between those who pay a one-off cost: see exact_program.h. */

static int64_t headroom(const struct match_exact *program, uint32_t pair)
{
    return program->search->model.ceiling[program->whole.line[pair]] - program->whole.paid[pair];
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

/* Awards that a pair may make of demands before the turn, or from it on. */
static uint32_t awards_of(const struct match_model *model, uint32_t line, uint32_t turn, bool before)
{
    uint32_t count = 0;
    for (uint32_t m = model->first_member[line]; m < model->first_member[line + 1]; m++) {
        count += (model->members[m].demand < turn) == before;
    }
    return count;
}

uint32_t match_exact_turned(const struct match_exact *program, uint32_t pair, const struct match_exact_turn *turn, bool *early)
{
    const struct match_model *model = &program->search->model;
    uint32_t line = program->whole.line[pair];
    *early = (match_exact_payer(model, line) == turn->fund) == turn->above;
    return headroom(program, pair) > turn->least && pair_is_live(program, pair) ? awards_of(model, line, turn->demand, *early) : 0;
}

/* What rounding is at most by a turn: the more of the awards before it on the one side and of those after it on the other. */
static double most_by(const struct match_exact_tree *tree, uint32_t choice, const struct match_exact_turn *turn)
{
    const struct match_exact *program = &tree->program;
    double sums[2] = {0, 0};
    for (uint32_t p = program->whole.first_pair[choice]; p < program->whole.first_pair[choice + 1]; p++) {
        double units = match_exact_part(tree, p);
        if (units > 1e-6) {
            bool early;
            uint32_t awards = match_exact_turned(program, p, turn, &early);
            sums[early] += fmin(units, (double)awards);
        }
    }
    return fmax(sums[0], sums[1]);
}

double match_exact_rounding_at(const struct match_exact_tree *tree, uint32_t choice, struct match_exact_turn *turn)
{
    double least = INFINITY;
    uint32_t best = 0;
    for (turn->demand = 0; turn->demand <= tree->search->model.lot->demand_count; turn->demand++) {
        double most = most_by(tree, choice, turn);
        if (most < least) {
            least = most;
            best = turn->demand;
        }
    }
    turn->demand = best;
    return least;
}
