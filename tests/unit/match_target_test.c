/* SPDX-License-Identifier: EUPL-1.2 */
/* A leaf of the tree is closed by its flow: that must be the best under the multipliers in force, whatever the plan's flow was made under. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/target.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

#define LOTS 80
#define MEMORY ((size_t)1 << 28)

static struct scenario_support s;

/* A random choice, or none, of each offer; no lump in. */
static void draw_target(const struct match_search *search, struct match_target *target, uint64_t *seed)
{
    const struct match_model *model = &search->model;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        uint32_t count = model->first_choice[o + 1] - model->first_choice[o];
        uint32_t drawn = (uint32_t)scenario_support_random(seed, count + 1);
        target->choice[o] = drawn == count ? MATCH_NONE : model->first_choice[o] + drawn;
    }
    memset(target->in, 0, model->lump_count);
}

/* Worth of the exact flow of a target, from the flow at hand or from nothing. False where there is none. */
static bool worth_of(struct match_search *search, const struct match_target *target, bool afresh, __int128 *worth)
{
    if (afresh) {
        match_flow_clear(&search->flow);
    }
    bool reached = match_target_reach(search, target, true);
    *worth = reached ? match_flow_worth(&search->trial) : 0;
    return reached;
}

static void an_exact_flow_is_the_best_under_the_terms_in_force(void **state)
{
    (void)state;
    unsigned moved = 0;
    for (uint64_t seed = 1; seed <= LOTS; seed++) {
        uint64_t draw = seed;
        struct arena arena;
        struct match_target target;
        scenario_support_randomize(&s, seed, 6, 4);
        scenario_support_load(&s);
        arena_init(&arena, MEMORY);
        struct match_search *search = arena_alloc(&arena, sizeof *search);
        assert_non_null(search);
        assert_int_equal(match_search_init(s.market, 0, false, &arena, search), STATUS_OK);
        assert_int_equal(match_target_init(&search->model, &arena, &target), STATUS_OK);
        __int128 before, kept, afresh;
        draw_target(search, &target, &draw);
        if (search->ties.count && worth_of(search, &target, true, &before)) {
            match_flow_copy(&search->flow, &search->trial); /* the plan's flow, at multipliers of 0 */
            for (uint32_t t = 0; t < search->ties.count; t++) {
                search->ties.ties[t].multiplier = (int64_t)scenario_support_random(&draw, UINT64_C(1) << (MATCH_FUND_BITS - 2));
            }
            match_ties_apply(&search->ties);
            bool reached = worth_of(search, &target, false, &kept);
            assert_int_equal(reached, worth_of(search, &target, true, &afresh));
            assert_true(kept == afresh);
            moved += afresh != before;
        }
        arena_drop(&arena);
    }
    assert_true(moved > LOTS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO_SUPPORT_TEST(an_exact_flow_is_the_best_under_the_terms_in_force, s)};
    return cmocka_run_group_tests_name("match_target", tests, NULL, NULL);
}
