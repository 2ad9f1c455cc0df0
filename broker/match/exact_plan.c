/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/exact_tree.h"

#include <math.h>
#include <string.h>

#include "broker/match/finish.h"
#include "broker/match/split.h"
#include "proto/status.h"

#define PROPOSE_WORK 500000 /* that a proposal counts for */

static bool among(const char *const *countries, uint32_t count, const char *country)
{
    for (uint32_t n = 0; n < count; n++) {
        if (strcmp(countries[n], country) == 0) {
            return true;
        }
    }
    return false;
}

double match_exact_part(const struct match_exact_tree *tree, uint32_t pair)
{
    const struct match_exact *program = &tree->program;
    uint32_t item = program->whole.item_of[pair], line = program->whole.line[pair];
    if (program->pair_column[pair] != MATCH_NONE) {
        return tree->levels[program->pair_column[pair]];
    }
    if (item != MATCH_NONE && program->item_column[item] != MATCH_NONE && match_exact_all(program, program->whole.items[item].lump)) {
        return tree->levels[program->item_column[item]] * (double)tree->search->model.quantity[line];
    }
    return 0;
}

/* A column's level as a whole number within its bounds, which a level in doubles may miss by a unit where units are very many. */
static int64_t whole_level(const struct match_exact_tree *tree, uint32_t column)
{
    int64_t level = (int64_t)nearbyint(tree->levels[column]);
    return level < tree->low[column] ? tree->low[column] : level > tree->high[column] ? tree->high[column] : level;
}

int64_t match_exact_units(const struct match_exact_tree *tree, uint32_t pair)
{
    const struct match_exact *program = &tree->program;
    uint32_t item = program->whole.item_of[pair];
    if (program->pair_column[pair] != MATCH_NONE) {
        return whole_level(tree, program->pair_column[pair]);
    }
    if (item != MATCH_NONE && program->item_column[item] != MATCH_NONE && match_exact_all(program, program->whole.items[item].lump)) {
        return whole_level(tree, program->item_column[item]) * tree->search->model.quantity[program->whole.line[pair]];
    }
    return 0;
}

/* Nations of commitments and awards. */
static uint32_t list_nations(const struct match_model *model, const struct match_split_part *parts, uint32_t part_count, const char **countries)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < model->lot->commitment_count; n++) {
        const char *country = model->lot->demands[model->lot->commitments[n].demand].country;
        if (!among(countries, count, country)) {
            countries[count++] = country;
        }
    }
    for (uint32_t p = 0; p < part_count; p++) {
        for (uint32_t n = model->first_member[parts[p].line]; n < model->first_member[parts[p].line + 1]; n++) {
            const char *country = model->lot->demands[model->members[n].demand].country;
            if (!among(countries, count, country)) {
                countries[count++] = country;
            }
        }
    }
    return count;
}

/*
 * With S any set of nations, a plan of N nations serves N - |S| others at least, a unit each: so many units of lines in which others have a
 * part. mark: of a fund that is drawn on, or MATCH_NONE.
 */
static bool cut_nations(struct match_exact_tree *tree, const char *const *countries, uint32_t count, int64_t needed, uint32_t mark)
{
    struct match_exact *program = &tree->program;
    const struct match_model *model = &tree->search->model;
    const struct match_whole *whole = &program->whole;
    for (uint32_t c = 0; c < model->choice_count; c++) {
        for (uint32_t p = whole->first_pair[c]; p < whole->first_pair[c + 1]; p++) {
            bool other = false;
            uint32_t line = whole->line[p];
            for (uint32_t n = model->first_member[line]; n < model->first_member[line + 1]; n++) {
                other = other || !among(countries, count, model->lot->demands[model->members[n].demand].country);
            }
            if (other) {
                match_exact_units_add(program, p, -1);
            }
        }
    }
    uint32_t before = program->row_count;
    match_exact_add(program, mark, needed - count);
    match_exact_close(program, mark == MATCH_NONE ? count - needed : 0, false, MATCH_NONE);
    return program->row_count > before && match_exact_enter(tree);
}

int match_exact_plan(struct match_exact_tree *tree, bool *again)
{
    struct match_search *search = tree->search;
    struct match_exact *program = &tree->program;
    const struct match_model *model = &search->model;
    struct match_split_part *parts = arena_array(tree->arena, (size_t)model->line_count * model->lot->offer_count, sizeof *parts);
    const char **countries = arena_array(tree->arena, model->lot->demand_count, sizeof *countries);
    uint32_t count = 0;
    int64_t lacks;
    *again = false;
    if (!parts || !countries) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        for (uint32_t c = 0; c < model->choice_count; c++) {
            uint32_t pair = match_whole_pair(&program->whole, c, l);
            int64_t quantity = pair == MATCH_NONE ? 0 : match_exact_units(tree, pair);
            if (quantity > 0) {
                parts[count++] = (struct match_split_part){l, c, quantity};
            }
        }
    }
    int status = match_finish_list(search, parts, count, &lacks);
    if (status || lacks <= 0) {
        return status;
    }
    uint32_t nations = list_nations(model, parts, count, countries);
    if (nations < model->lot->rules.min_nations) {
        *again = cut_nations(tree, countries, nations, model->lot->rules.min_nations, MATCH_NONE);
    }
    for (uint32_t f = 0; f < model->market->fund_count; f++) {
        uint32_t mark = program->fund_column[f];
        if (mark != MATCH_NONE && tree->levels[mark] > 0.5 && nations < model->market->funds[f].min_nations) {
            *again = cut_nations(tree, countries, nations, model->market->funds[f].min_nations, mark) || *again;
        }
    }
    return STATUS_OK;
}

static void set_target(struct match_exact_tree *tree)
{
    const struct match_exact *program = &tree->program;
    const struct match_model *model = &tree->search->model;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        double most = 0.5;
        tree->target.choice[o] = MATCH_NONE;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            if (program->choice_column[c] != MATCH_NONE && tree->levels[program->choice_column[c]] > most) {
                most = tree->levels[program->choice_column[c]];
                tree->target.choice[o] = c;
            }
        }
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        uint32_t column = program->lump_column[d];
        tree->target.in[d] = column != MATCH_NONE && tree->levels[column] > 0.5;
        tree->target.supplier[d] = MATCH_NONE;
    }
    for (uint32_t n = 0; n < program->whole.first_item[model->choice_count]; n++) {
        uint32_t choice = model->choice_count - 1, column = program->item_column[n];
        while (program->whole.first_item[choice] > n) {
            choice--;
        }
        if (column != MATCH_NONE && tree->levels[column] > 0.5 && tree->target.choice[model->choices[choice].offer] == choice) {
            tree->target.in[program->whole.items[n].lump] = 1;
            tree->target.supplier[program->whole.items[n].lump] = model->choices[choice].offer;
        }
    }
}

/* The rows' prices are the multipliers. */
static void set_multipliers(struct match_exact_tree *tree)
{
    struct match_ties *ties = &tree->search->ties;
    for (uint32_t t = 0; t < ties->count; t++) {
        uint32_t row = tree->program.tie_row[t];
        double price = row == MATCH_NONE ? 0 : ldexp(tree->prices[row], MATCH_FUND_BITS);
        ties->ties[t].multiplier = !(price > 0) ? 0 : price > (double)MATCH_FUND_PRICE_MOST ? MATCH_FUND_PRICE_MOST : (int64_t)price;
    }
    match_ties_apply(ties);
}

int match_exact_propose(struct match_exact_tree *tree)
{
    struct match_search *search = tree->search;
    const struct match_exact *program = &tree->program;
    const struct match_model *model = &search->model;
    uint32_t count = 0;
    tree->effort->work += PROPOSE_WORK;
    set_target(tree);
    set_multipliers(tree);
    if (!match_target_reach(search, &tree->target, true)) {
        return STATUS_OK;
    }
    match_flow_copy(&search->flow, &search->trial);
    search->worth = match_flow_worth(&search->flow);
    for (uint32_t l = 0; l < model->line_count; l++) {
        for (uint32_t o = 0; o < model->lot->offer_count; o++) {
            uint32_t pair = tree->target.choice[o] == MATCH_NONE ? MATCH_NONE : match_whole_pair(&program->whole, tree->target.choice[o], l);
            int64_t quantity = pair == MATCH_NONE ? 0 : (int64_t)(match_exact_part(tree, pair) + 1e-6);
            if (quantity > 0) {
                tree->parts[count++] = (struct match_part){l, o, quantity};
            }
        }
    }
    return match_finish_parts(search, tree->parts, count);
}
