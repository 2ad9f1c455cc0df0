/* SPDX-License-Identifier: EUPL-1.2 */
/* The parts of branch and cut: boxed programs are solved from any basis, valid plans are solutions of a lot's program, bounds lie above them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/exact_tree.h"
#include "broker/match/shares.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

#define MEMORY ((size_t)1 << 28)
#define PROGRAMS 300
#define ROWS 14
#define COLUMNS 18
#define NODES 25
#define LOTS 150
#define SIZED 40

static struct scenario_support s;

struct program {
    double cost[COLUMNS], low[COLUMNS], high[COLUMNS];
    double amount[ROWS][COLUMNS], right[ROWS];
    bool equal[ROWS];
    uint32_t rows;
};

static double draw(uint64_t *seed, unsigned most)
{
    return (double)scenario_support_random(seed, most);
}

static void add_row(struct program *program, struct match_tableau *tableau, uint64_t *seed)
{
    struct match_tableau_entry entries[COLUMNS];
    uint32_t count = 0, row = program->rows++;
    memset(program->amount[row], 0, sizeof program->amount[row]);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        if (scenario_support_random(seed, 3) == 0 || c == row) {
            program->amount[row][c] = draw(seed, 9) - 3;
            entries[count++] = (struct match_tableau_entry){c, program->amount[row][c]};
        }
    }
    program->equal[row] = scenario_support_random(seed, 6) == 0;
    program->right[row] = draw(seed, 40) - (program->equal[row] ? 0 : 8);
    match_tableau_row(tableau, entries, count, program->right[row], program->equal[row]);
}

/* What prices prove: see exact_bound.c. */
static double bound_of(const struct program *program, const double *prices)
{
    double sum = 0;
    for (uint32_t r = 0; r < program->rows; r++) {
        assert_true(program->equal[r] || prices[r] > -1e-4);
        sum += prices[r] * program->right[r];
    }
    for (uint32_t c = 0; c < COLUMNS; c++) {
        double gain = program->cost[c];
        for (uint32_t r = 0; r < program->rows; r++) {
            gain -= prices[r] * program->amount[r][c];
        }
        sum += fmax(gain * program->low[c], gain * program->high[c]);
    }
    return sum;
}

/* Levels keep all, and prices prove that none are worth more; or prices prove that there are none. */
static bool check_solution(const struct program *program, struct match_tableau *tableau)
{
    double levels[COLUMNS], prices[ROWS], worth = 0, least = 0;
    enum match_tableau_end end = match_tableau_solve(tableau, -INFINITY);
    match_tableau_prices(tableau, end, 1e6, prices);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        least += fmin(program->cost[c] * program->low[c], program->cost[c] * program->high[c]);
    }
    if (end == MATCH_TABLEAU_EMPTY) {
        assert_true(bound_of(program, prices) < least);
        return false;
    }
    assert_int_equal(end, MATCH_TABLEAU_SOLVED);
    match_tableau_levels(tableau, levels);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        assert_true(levels[c] > program->low[c] - 1e-6 && levels[c] < program->high[c] + 1e-6);
        worth += program->cost[c] * levels[c];
    }
    for (uint32_t r = 0; r < program->rows; r++) {
        double sum = 0;
        for (uint32_t c = 0; c < COLUMNS; c++) {
            sum += program->amount[r][c] * levels[c];
        }
        assert_true(sum < program->right[r] + 1e-5 && (!program->equal[r] || sum > program->right[r] - 1e-5));
    }
    assert_true(fabs(bound_of(program, prices) - worth) < 1e-4 * (1 + fabs(worth)));
    assert_true(fabs(match_tableau_worth(tableau) - worth) < 1e-4 * (1 + fabs(worth)));
    return true;
}

/* Takes out the rows that bind nothing. */
static void drop_rows(struct program *program, struct match_tableau *tableau)
{
    uint8_t drop[ROWS];
    uint32_t place[ROWS], kept = 0;
    for (uint32_t r = 0; r < program->rows; r++) {
        drop[r] = tableau->inside[COLUMNS + r] && r % 2;
    }
    match_tableau_drop(tableau, drop, place);
    for (uint32_t r = 0; r < program->rows; r++) {
        if (!drop[r]) {
            assert_int_equal(place[r], kept);
            memcpy(program->amount[kept], program->amount[r], sizeof program->amount[r]);
            program->right[kept] = program->right[r];
            program->equal[kept++] = program->equal[r];
        }
    }
    program->rows = kept;
}

static void boxed_programs_are_solved_from_any_basis(void **state)
{
    (void)state;
    unsigned solved = 0, empty = 0;
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        uint64_t next = seed;
        double most[COLUMNS];
        struct program program = {.rows = 0};
        struct match_tableau tableau;
        struct arena arena;
        arena_init(&arena, MEMORY);
        for (uint32_t c = 0; c < COLUMNS; c++) {
            program.cost[c] = draw(&next, 60) - 20;
            program.high[c] = most[c] = 1 + draw(&next, 9);
        }
        assert_int_equal(match_tableau_init(&tableau, program.cost, most, COLUMNS, ROWS, ROWS * COLUMNS, &arena), STATUS_OK);
        for (int node = 0; node < NODES; node++) {
            if (program.rows < ROWS && node % 2 == 0) {
                add_row(&program, &tableau, &next);
            } else if (node % 7 == 1) {
                drop_rows(&program, &tableau);
            }
            uint32_t c = (uint32_t)scenario_support_random(&next, COLUMNS);
            program.low[c] = draw(&next, (unsigned)most[c]);
            program.high[c] = fmin(most[c], program.low[c] + draw(&next, 4));
            match_tableau_bound(&tableau, c, program.low[c], program.high[c]);
            bool has = check_solution(&program, &tableau);
            solved += has;
            empty += !has;
            if (!has) { /* on from a program that has a solution again, mostly */
                for (c = 0; c < COLUMNS; c++) {
                    program.low[c] = 0;
                    program.high[c] = most[c];
                    match_tableau_bound(&tableau, c, 0, most[c]);
                }
            }
        }
        arena_drop(&arena);
    }
    assert_true(solved > PROGRAMS * NODES / 3);
    assert_true(empty > PROGRAMS);
}

/* A plan as levels of a program's columns. */
static void set_levels(const struct match_exact *program, const struct match_lot_plan *plan, __int128 *levels)
{
    const struct match_model *model = &program->search->model;
    const struct match_whole *whole = &program->whole;
    for (uint32_t n = 0; n < plan->award_count; n++) {
        const struct match_award *award = &plan->awards[n];
        uint32_t line = MATCH_NONE, choice = MATCH_NONE, lump;
        for (uint32_t l = 0; l < model->line_count; l++) {
            for (uint32_t m = model->first_member[l]; m < model->first_member[l + 1]; m++) {
                line = model->members[m].demand == award->demand && model->members[m].line == award->line ? l : line;
            }
        }
        for (uint32_t c = 0; c < model->choice_count; c++) {
            choice = model->choices[c].offer == award->offer && model->choices[c].tier == award->tier ? c : choice;
        }
        uint32_t pair = match_whole_pair(whole, choice, line), fund = model->lot->demands[award->demand].fund;
        assert_int_not_equal(pair, MATCH_NONE);
        levels[program->choice_column[choice]] = 1;
        lump = model->lump_of[line];
        if (program->pair_column[pair] != MATCH_NONE) {
            levels[program->pair_column[pair]] += award->quantity;
        }
        if (lump != MATCH_NONE && program->lump_column[lump] != MATCH_NONE) {
            levels[program->lump_column[lump]] = 1;
        }
        if (whole->item_of[pair] != MATCH_NONE) {
            levels[program->item_column[whole->item_of[pair]]] = 1;
        }
        for (uint32_t w = program->share_first[choice]; w < program->share_first[choice] + program->share_count[choice]; w++) {
            levels[w] += program->columns[w].fund == fund ? award->one_off : 0;
        }
        if (fund != MATCH_NONE && program->fund_column[fund] != MATCH_NONE) {
            levels[program->fund_column[fund]] = 1;
        }
    }
}

/* The sums: each is the one column of its equation that is no part of it. */
static void set_sums(const struct match_exact *program, __int128 *levels)
{
    for (uint32_t r = 0; r < program->row_count; r++) {
        const struct match_exact_row *row = &program->rows[r];
        const struct match_exact_entry *last = &program->entries[row->first + row->count - 1];
        enum match_exact_kind kind = program->columns[last->column].kind;
        if (row->equal && last->amount == -1 && (kind >= MATCH_EXACT_TOTAL)) {
            levels[last->column] = 0;
            for (uint32_t e = row->first; e < row->first + row->count - 1; e++) {
                levels[last->column] += program->entries[e].amount * levels[program->entries[e].column];
            }
        }
    }
}

static void valid_plans_are_solutions(void **state)
{
    (void)state;
    unsigned bundles = 0, shared = 0;
    for (uint64_t seed = 1; seed <= LOTS; seed++) {
        struct arena arena;
        struct match_exact program;
        scenario_support_randomize(&s, seed, 6, 4);
        scenario_support_load(&s);
        const struct match_lot_plan *plan = &scenario_support_plan(&s)->lots[0];
        arena_init(&arena, MEMORY);
        struct match_search *search = arena_alloc(&arena, sizeof *search);
        assert_non_null(search);
        assert_int_equal(match_search_init(s.market, 0, false, &arena, search), STATUS_OK);
        if (plan->award_count) {
            assert_int_equal(match_exact_build(search, &arena, &program), STATUS_OK);
            assert_false(program.full);
            __int128 *levels = arena_array(&arena, program.column_count, sizeof *levels), worth = 0;
            assert_non_null(levels);
            set_levels(&program, plan, levels);
            set_sums(&program, levels);
            for (uint32_t c = 0; c < program.column_count; c++) {
                const struct match_exact_column *column = &program.columns[c];
                assert_true(levels[c] >= column->low && levels[c] <= column->high);
                worth += levels[c] * column->cost;
                shared += column->kind == MATCH_EXACT_SHARE && levels[c] > 0;
            }
            for (uint32_t r = 0; r < program.row_count; r++) {
                const struct match_exact_row *row = &program.rows[r];
                __int128 sum = 0;
                for (uint32_t e = row->first; e < row->first + row->count; e++) {
                    sum += program.entries[e].amount * levels[program.entries[e].column];
                }
                assert_true(sum <= row->right && (!row->equal || sum == row->right));
            }
            assert_true(worth == plan->objective);
            bundles++;
        }
        arena_drop(&arena);
    }
    assert_true(bundles > LOTS / 5);
    assert_true(shared > 3);
}

#define AWARDS 400

/* Awards of one choice in the order of demands, drawn at random. */
struct draw {
    uint32_t pair[AWARDS], count;
    struct match_share shares[AWARDS];
};

static void draw_awards(const struct match_exact *program, uint32_t choice, uint64_t *seed, struct draw *draw)
{
    const struct match_model *model = &program->search->model;
    draw->count = 0;
    for (uint32_t d = 0; d < model->lot->demand_count; d++) {
        for (uint32_t n = 0; n < model->lot->demands[d].line_count; n++) {
            for (uint32_t p = program->whole.first_pair[choice]; p < program->whole.first_pair[choice + 1]; p++) {
                uint32_t line = program->whole.line[p];
                for (uint32_t m = model->first_member[line]; m < model->first_member[line + 1]; m++) {
                    bool own = model->members[m].demand == d && model->members[m].line == n && program->pair_column[p] != MATCH_NONE;
                    if (own && draw->count < AWARDS && scenario_support_random(seed, 4)) {
                        draw->pair[draw->count] = p;
                        draw->shares[draw->count++] = (struct match_share){
                            1 + (int64_t)scenario_support_random(seed, 30), model->ceiling[line] - program->whole.paid[p], 0};
                    }
                }
            }
        }
    }
}

static double sum_at(const struct draw *draw, double level)
{
    double sum = 0;
    for (uint32_t n = 0; n < draw->count; n++) {
        sum += (double)draw->shares[n].quantity * fmin(level, (double)draw->shares[n].headroom);
    }
    return sum;
}

/* What rounding is at most by the best turn, with the awards drawn. */
static double most_by_turns(const struct match_exact *program, const struct draw *draw, struct match_exact_turn turn)
{
    double least = INFINITY;
    for (turn.demand = 0; turn.demand <= program->search->model.lot->demand_count; turn.demand++) {
        double sums[2] = {0, 0};
        for (uint32_t n = 0; n < draw->count; n++) {
            bool early, first = true;
            double units = 0, awards = match_exact_turned(program, draw->pair[n], &turn, &early);
            for (uint32_t k = 0; k < draw->count; k++) { /* of alike lines */
                units += draw->pair[k] == draw->pair[n] ? (double)draw->shares[k].quantity : 0;
                first = first && (draw->pair[k] != draw->pair[n] || k >= n);
            }
            sums[early] += first ? fmin(units, awards) : 0;
        }
        least = fmin(least, fmax(sums[0], sums[1]));
    }
    return least;
}

/* No payer's shares are farther from the level's than the rounding that the program allows for. Returns those that are some way off. */
static unsigned check_rounding(const struct match_exact *program, uint32_t choice, int64_t cost, struct draw *draw)
{
    const struct match_model *model = &program->search->model;
    uint32_t scratch[AWARDS];
    double low = 0, high = 1e13, least;
    unsigned off = 0;
    if (!match_shares_compute(cost, draw->shares, draw->count, scratch)) {
        return 0;
    }
    for (int round = 0; round < 120; round++) {
        double middle = (low + high) / 2;
        *(sum_at(draw, middle) < (double)cost ? &low : &high) = middle;
    }
    least = floor(high - 1e-6);
    for (uint32_t f = 0; f <= model->market->fund_count; f++) {
        uint32_t payer = f < model->market->fund_count ? f : MATCH_NONE;
        double over = 0;
        for (uint32_t n = 0; n < draw->count; n++) {
            if (match_exact_payer(model, program->whole.line[draw->pair[n]]) == payer) {
                over += (double)draw->shares[n].share - (double)draw->shares[n].quantity * fmin(high, (double)draw->shares[n].headroom);
            }
        }
        for (int above = 0; above < 2; above++) {
            struct match_exact_turn turn = {payer, (int64_t)least, above != 0, 0};
            double most = most_by_turns(program, draw, turn), all = (double)match_exact_rounding(program, choice, payer, (int64_t)least, above != 0);
            assert_true(most <= all);
            assert_true((above ? over : -over) < most + 1e-3);
        }
        off += fabs(over) > 0.3;
    }
    return off;
}

static void rounding_of_shares_stays_within_what_is_allowed_for(void **state)
{
    (void)state;
    unsigned off = 0;
    struct draw draw;
    for (uint64_t seed = 1; seed <= LOTS; seed++) {
        struct arena arena;
        struct match_exact program;
        uint64_t next = seed;
        scenario_support_randomize(&s, seed, 14, 5);
        scenario_support_load(&s);
        arena_init(&arena, MEMORY);
        struct match_search *search = arena_alloc(&arena, sizeof *search);
        assert_non_null(search);
        assert_int_equal(match_search_init(s.market, 0, false, &arena, search), STATUS_OK);
        assert_int_equal(match_exact_build(search, &arena, &program), STATUS_OK);
        for (uint32_t c = 0; c < search->model.choice_count; c++) {
            for (int times = 0; times < 20; times++) {
                draw_awards(&program, c, &next, &draw);
                off += draw.count ? check_rounding(&program, c, 1 + (int64_t)scenario_support_random(&next, 3000), &draw) : 0;
            }
        }
        arena_drop(&arena);
    }
    assert_true(off > LOTS);
}

/* Tiny lots are compared with trying all in match_oracle_test; here those with funds, shares, nations and lumps of some size are closed. */
static void small_lots_are_proved(void **state)
{
    (void)state;
    unsigned planned = 0, proved = 0;
    for (uint64_t seed = 1; seed <= SIZED; seed++) {
        scenario_support_randomize(&s, seed, 14, 7);
        scenario_support_load(&s);
        const struct match_plan *plan = scenario_support_plan(&s);
        planned += plan->objective > 0;
        proved += plan->objective > 0 && plan->objective == plan->bound;
        assert_true(plan->bound >= plan->objective);
    }
    assert_true(planned > SIZED / 4);
    assert_true(proved * 20 >= planned * 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxed_programs_are_solved_from_any_basis),
        SCENARIO_SUPPORT_TEST(valid_plans_are_solutions, s),
        SCENARIO_SUPPORT_TEST(rounding_of_shares_stays_within_what_is_allowed_for, s),
        SCENARIO_SUPPORT_TEST(small_lots_are_proved, s),
    };
    return cmocka_run_group_tests_name("match_exact", tests, NULL, NULL);
}
