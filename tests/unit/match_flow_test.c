/* SPDX-License-Identifier: EUPL-1.2 */
/* The flow stays optimal under any sequence of changes: complementary slackness holds, and its worth equals its dual's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/bound.h"
#include "broker/match/flow.h"
#include "broker/match/retune.h"
#include "tests/unit/scenario_support.h"

#define STEPS 120

static struct scenario_support s;

/* One random change of the flow; false where it could not be made. */
static bool change(struct match_flow *flow, uint64_t *seed)
{
    const struct match_model *model = flow->model;
    if (model->lump_count && scenario_support_random(seed, 2)) {
        uint32_t lump = (uint32_t)scenario_support_random(seed, model->lump_count);
        if (flow->lump_in[lump]) {
            return match_flow_lump_out(flow, lump);
        }
        uint32_t offer = (uint32_t)scenario_support_random(seed, model->lot->offer_count);
        return match_flow_lump_in(flow, lump, model->lumps[lump].single ? offer : MATCH_NONE, MATCH_GAIN_NEVER);
    }
    uint32_t choice = (uint32_t)scenario_support_random(seed, model->choice_count);
    uint32_t offer = model->choices[choice].offer;
    return flow->slot_of[offer] == MATCH_NONE ? match_flow_open(flow, choice) : match_flow_close(flow, offer);
}

/* Moves the price of every choice a little, up or down. */
static void change_terms(const struct match_model *model, struct match_terms *terms, uint64_t *seed)
{
    uint64_t span = UINT64_C(1) << ((uint64_t)model->shift + 2 * scenario_support_random(seed, 6));
    for (uint32_t c = 0; c < model->choice_count; c++) {
        terms->markup[c] += (int64_t)scenario_support_random(seed, 2 * span + 1) - (int64_t)span;
    }
    match_terms_update(model, terms);
}

/* What the flow's prices say that it is worth: every line's and lump's part, and every open offer's best at these prices. */
static __int128 dual_worth(const struct match_flow *flow, struct match_walk *walk, struct match_dual *dual, uint32_t *only)
{
    const struct match_model *model = flow->model;
    __int128 worth = 0;
    for (uint32_t l = 0; l < model->line_count; l++) {
        worth += model->lump_of[l] == MATCH_NONE ? (__int128)flow->price[l] * model->quantity[l] : 0;
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        worth += flow->lump_in[d] ? match_lump_pays(model, d, MATCH_LUMP_IN, flow->price, dual->wanted) : 0;
        only[d] = flow->lump_in[d] && model->lumps[d].single ? flow->lump_supplier[d] : MATCH_NONE;
    }
    walk->active = flow->active;
    walk->only = only;
    match_walk_sort(walk, flow->price);
    for (uint32_t slot = 0; slot < *flow->slot_limit; slot++) {
        if (flow->slot_choice[slot] != MATCH_NONE) {
            __int128 value;
            const struct match_choice *choice = &model->choices[flow->slot_choice[slot]];
            match_walk_start(walk, choice->offer);
            assert_true(match_walk_value(walk, flow->slot_choice[slot], &value));
            worth += value - ((__int128)choice->fixed << model->shift);
        }
    }
    return worth;
}

static void changes_keep_the_flow_optimal(void **state)
{
    (void)state;
    uint32_t compared = 0;
    for (uint64_t round = 1; round <= 40; round++) {
        uint64_t seed = round;
        scenario_support_randomize(&s, round, 8, 5);
        scenario_support_load(&s);
        struct match_model model;
        struct match_terms terms;
        struct match_flow flow, before;
        struct match_walk walk;
        struct match_dual dual;
        assert_int_equal(match_model_build(s.market, &s.market->lots[0], &s.arena, &model), 0);
        if (!model.choice_count) {
            continue;
        }
        assert_int_equal(match_terms_init(&model, &s.arena, &terms), 0);
        assert_int_equal(match_flow_init(&model, &terms, model.lot->offer_count, &s.arena, &flow), 0);
        assert_int_equal(match_flow_init(&model, &terms, model.lot->offer_count, &s.arena, &before), 0);
        assert_int_equal(match_walk_init(&model, &terms, &s.arena, &walk), 0);
        assert_int_equal(match_dual_init(&model, &s.arena, &dual), 0);
        uint32_t *only = arena_array(&s.arena, model.lump_count, sizeof *only);
        for (int step = 0; step < STEPS; step++) {
            match_flow_copy(&before, &flow);
            if (step % 5 == 4) {
                change_terms(&model, &terms, &seed);
                assert_true(match_flow_retune(&flow));
            } else if (!change(&flow, &seed)) {
                match_flow_copy(&flow, &before);
            }
            assert_true(match_flow_holds(&flow));
            if (match_flow_short(&flow) == MATCH_NONE) {
                assert_true(match_flow_worth(&flow) == dual_worth(&flow, &walk, &dual, only));
                compared++;
            }
        }
    }
    assert_true(compared > 500);
}

static void all_at_once_is_as_good_as_one_by_one(void **state)
{
    (void)state;
    for (uint64_t round = 100; round < 140; round++) {
        scenario_support_randomize(&s, round, 8, 5);
        scenario_support_load(&s);
        struct match_model model;
        struct match_terms terms;
        struct match_flow one, all;
        uint32_t choices[32], count = 0;
        assert_int_equal(match_model_build(s.market, &s.market->lots[0], &s.arena, &model), 0);
        assert_int_equal(match_terms_init(&model, &s.arena, &terms), 0);
        assert_int_equal(match_flow_init(&model, &terms, model.lot->offer_count, &s.arena, &one), 0);
        assert_int_equal(match_flow_init(&model, &terms, model.lot->offer_count, &s.arena, &all), 0);
        for (uint32_t o = 0; o < model.lot->offer_count; o++) {
            if (model.first_choice[o] < model.first_choice[o + 1]) {
                choices[count++] = model.first_choice[o];
                assert_true(match_flow_open(&one, model.first_choice[o]));
            }
        }
        assert_true(match_flow_open_all(&all, choices, count));
        assert_true(match_flow_holds(&all));
        assert_true(match_flow_worth(&one) == match_flow_worth(&all));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO_SUPPORT_TEST(changes_keep_the_flow_optimal, s),
        SCENARIO_SUPPORT_TEST(all_at_once_is_as_good_as_one_by_one, s),
    };
    return cmocka_run_group_tests_name("match_flow", tests, NULL, NULL);
}
