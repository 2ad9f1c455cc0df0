/* SPDX-License-Identifier: EUPL-1.2 */
/* The bound holds at any prices, and the plan does not depend on threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/bound.h"
#include "broker/match/match.h"
#include "tests/unit/scenario_support.h"

static struct scenario_support s;

/* Offers that a lot's plan takes. */
static uint32_t offers_taken(const struct match_lot_plan *plan, uint32_t offer_count)
{
    uint32_t count = 0;
    for (uint32_t o = 0; o < offer_count; o++) {
        bool taken = false;
        for (uint32_t n = 0; n < plan->award_count; n++) {
            taken = taken || plan->awards[n].offer == o;
        }
        count += taken;
    }
    return count;
}

/* What it costs to take up the first choice of a lot, and as much again, at random: a price of too few offers. */
static int64_t some_bonus(const struct match_model *model, uint64_t *seed)
{
    int64_t fixed = model->choice_count ? model->choices[0].fixed : 0;
    return (int64_t)scenario_support_random(seed, 2 * (uint64_t)fixed + 1) << model->shift;
}

static void no_prices_bound_below_a_plan(void **state)
{
    (void)state;
    uint32_t plans = 0, capped = 0;
    for (uint64_t round = 1; round <= 60; round++) {
        uint64_t seed = round;
        scenario_support_randomize(&s, round, 8, 5);
        scenario_support_load(&s);
        struct match_plan *plan;
        assert_int_equal(match_plan(s.market, NULL, &s.arena, &plan), 0);
        assert_true(plan->bound >= plan->objective);
        plans += plan->objective > 0;
        struct match_model model;
        struct match_terms terms;
        struct match_walk walk;
        struct match_dual dual;
        assert_int_equal(match_model_build(s.market, &s.market->lots[0], &s.arena, &model), 0);
        assert_int_equal(match_terms_init(&model, &s.arena, &terms), 0);
        assert_int_equal(match_walk_init(&model, &terms, &s.arena, &walk), 0);
        assert_int_equal(match_dual_init(&model, &s.arena, &dual), 0);
        assert_true(!plan->lots[0].award_count || offers_taken(&plan->lots[0], model.lot->offer_count) >= model.offers_least);
        capped += plan->lots[0].award_count && model.offers_least > 1;
        for (int n = 0; n < 20; n++) {
            dual.bonus = n % 2 ? some_bonus(&model, &seed) : 0;
            for (uint32_t l = 0; l < model.line_count; l++) {
                dual.price[l] = (int64_t)scenario_support_random(&seed, (uint64_t)model.value[l] + 1);
            }
            match_dual_evaluate(&walk, NULL, &dual);
            assert_true(match_bound_cents(&model, dual.bound) >= plan->lots[0].objective);
        }
    }
    assert_true(plans > 20 && capped > 5);
}

static void threads_and_repetition_change_nothing(void **state)
{
    (void)state;
    for (uint64_t round = 200; round < 230; round++) {
        scenario_support_randomize(&s, round, 10, 6);
        scenario_support_load(&s);
        struct match_plan *first, *second;
        struct match_options one = {.threads = 1}, many = {.threads = 4};
        assert_int_equal(match_plan(s.market, &one, &s.arena, &first), 0);
        assert_int_equal(match_plan(s.market, &many, &s.arena, &second), 0);
        assert_true(first->objective == second->objective && first->bound == second->bound);
        for (uint32_t l = 0; l < first->lot_count; l++) {
            assert_int_equal(first->lots[l].award_count, second->lots[l].award_count);
            if (first->lots[l].award_count) {
                assert_memory_equal(first->lots[l].awards, second->lots[l].awards,
                                    first->lots[l].award_count * sizeof *first->lots[l].awards);
            }
        }
    }
}

static bool stop_at_once(void *context, const struct match_progress *progress)
{
    (void)progress;
    (*(int *)context)++;
    return true;
}

static void a_stopped_search_keeps_an_honest_plan(void **state)
{
    (void)state;
    for (uint64_t round = 300; round < 320; round++) {
        int asked = 0;
        scenario_support_randomize(&s, round, 10, 6);
        scenario_support_load(&s);
        struct match_plan *whole, *stopped;
        struct match_options options = {.stop = stop_at_once, .context = &asked};
        assert_int_equal(match_plan(s.market, NULL, &s.arena, &whole), 0);
        assert_int_equal(match_plan(s.market, &options, &s.arena, &stopped), 0);
        assert_true(asked > 0);
        assert_true(stopped->bound >= whole->objective && stopped->objective <= whole->bound);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO_SUPPORT_TEST(no_prices_bound_below_a_plan, s),
        SCENARIO_SUPPORT_TEST(threads_and_repetition_change_nothing, s),
        SCENARIO_SUPPORT_TEST(a_stopped_search_keeps_an_honest_plan, s),
    };
    return cmocka_run_group_tests_name("match_bound", tests, NULL, NULL);
}
