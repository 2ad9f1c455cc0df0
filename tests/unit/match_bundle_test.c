/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/dive.h"
#include "broker/match/lot.h"
#include "broker/match/search.h"
#include "tests/unit/scenario_support.h"

#define SEEDS 60
#define STEPS 120

struct lab {
    struct scenario_support scenario;
    struct arena arena;
    struct match_search search;
};

static void begin(struct lab *lab, uint64_t seed)
{
    scenario_support_begin(&lab->scenario);
    scenario_support_randomize(&lab->scenario, seed, 9, 6);
    scenario_support_load(&lab->scenario);
    arena_init(&lab->arena, (size_t)1 << 30);
    assert_int_equal(match_search_init(lab->scenario.market, 0, false, &lab->arena, &lab->search), 0);
}

static void end(struct lab *lab)
{
    arena_drop(&lab->arena);
    scenario_support_end(&lab->scenario);
}

/* A line's price, a row's multiplier, or the bonus of offers. */
static double price_of(const struct match_search *search, uint32_t dimension)
{
    const struct match_bundle *bundle = &search->ascent.bundle;
    if (dimension < bundle->lines) {
        return (double)search->dual.price[dimension];
    }
    return dimension == bundle->dimensions - 1 ? (double)search->dual.bonus
                                               : (double)search->ties.ties[dimension - bundle->lines].multiplier / (1 << MATCH_FUND_BITS);
}

/* The mixture of each block is one, and every answer that is kept lies under the bound at the prices that were found. */
static void check_answers(const struct match_search *search)
{
    const struct match_bundle *bundle = &search->ascent.bundle;
    double sums[256] = {0}, height = 0, best[256];
    assert_true(bundle->blocks <= 256);
    for (uint32_t b = 0; b < bundle->blocks; b++) {
        best[b] = -1e300;
    }
    for (uint32_t n = 0; n < bundle->answer_count; n++) {
        const struct match_answer *answer = &bundle->answers[n];
        assert_true(answer->share >= 0);
        sums[answer->block] += answer->share;
        double worth = answer->constant;
        for (uint32_t k = 0; k < answer->count; k++) {
            const struct match_part_answer *part = &bundle->parts[answer->first + k];
            worth += part->amount * price_of(search, part->dimension);
        }
        for (uint32_t t = 0; t < search->ties.count && answer->units > 0; t++) {
            worth -= answer->units * bundle->charge[(size_t)answer->choice * search->ties.count + t] *
                     (double)search->ties.ties[t].multiplier / (1 << MATCH_FUND_BITS);
        }
        best[answer->block] = worth > best[answer->block] ? worth : best[answer->block];
    }
    for (uint32_t b = 0; b < bundle->blocks; b++) {
        assert_true(sums[b] > 0.999 && sums[b] < 1.001);
        height += best[b];
    }
    for (uint32_t d = 0; d < bundle->dimensions; d++) {
        height += bundle->base[d] * price_of(search, d);
    }
    double bound = (double)search->dual.bound, cent = (double)(INT64_C(1) << search->model.shift);
    assert_true(height <= bound + 1e-6 * bound + 1e3 * cent);
}

static void answers_lie_under_the_bound(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lab lab;
        begin(&lab, seed);
        match_lot_prices(&lab.search, STEPS);
        check_answers(&lab.search);
        end(&lab);
    }
}

/* More steps never leave a higher bound, and no bound falls below a plan. */
static void bounds_fall_and_hold(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lab few, many;
        begin(&few, seed);
        begin(&many, seed);
        match_lot_prices(&few.search, 4);
        match_lot_prices(&many.search, STEPS);
        assert_true(many.search.dual.bound <= few.search.dual.bound);
        const struct match_plan *plan = scenario_support_plan(&many.scenario);
        assert_true(match_bound_cents(&many.search.model, many.search.dual.bound) >= plan->lots[0].objective);
        end(&few);
        end(&many);
    }
}

/* A dive leaves a flow that no offer is short in, and lumps as its limits have them. */
static void dives_end_in_plans(void **state)
{
    (void)state;
    uint32_t found = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lab lab;
        struct match_dive dive;
        begin(&lab, seed);
        struct match_search *search = &lab.search;
        match_lot_prices(search, STEPS);
        assert_int_equal(match_dive_init(&search->model, &search->ties, &lab.arena, &dive), 0);
        if (match_dive_run(search, &dive, 0)) {
            found++;
            assert_true(match_flow_short(&search->trial) == MATCH_NONE);
            for (uint32_t d = 0; d < search->model.lump_count; d++) {
                int64_t total = search->trial.lump_total[d];
                assert_true(search->trial.lump_in[d] ? total >= search->model.lumps[d].least : total == 0);
            }
        }
        end(&lab);
    }
    assert_true(found > SEEDS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_lie_under_the_bound),
        cmocka_unit_test(bounds_fall_and_hold),
        cmocka_unit_test(dives_end_in_plans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
