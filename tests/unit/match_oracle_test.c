/* SPDX-License-Identifier: EUPL-1.2 */
/* The planner against a brute-force twin: on tiny random lots every choice of tiers and quantities is tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/oracle.h"
#include "tests/unit/scenario_support.h"

#define PLANS_MOST 60000u /* of one lot; larger ones are passed over */
#define ROUNDS 120

static void finds_the_best_plan_of_tiny_lots(void **state)
{
    (void)state;
    unsigned compared = 0, bundles = 0, proved = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct scenario_support s;
        int64_t best = 0;
        uint32_t valid = 0;
        scenario_support_begin(&s);
        scenario_support_randomize(&s, seed, 3, ORACLE_OFFERS_MOST);
        scenario_support_load(&s);
        if (oracle_best(s.market, PLANS_MOST, &best, &valid)) {
            const struct match_plan *plan = scenario_support_plan(&s);
            if (plan->bound < best) {
                fail_msg("seed %u: bound %lld is below the optimum %lld", (unsigned)seed, (long long)plan->bound, (long long)best);
            }
            if (plan->objective != best) {
                fail_msg("seed %u: objective %lld, best %lld", (unsigned)seed, (long long)plan->objective, (long long)best);
            }
            compared++;
            proved += plan->bound == plan->objective;
            bundles += valid > 0;
        }
        scenario_support_end(&s);
    }
    assert_true(compared > ROUNDS / 3);
    assert_true(bundles > compared / 5);
    assert_true(proved * 5 > compared * 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_best_plan_of_tiny_lots)};
    return cmocka_run_group_tests_name("match_oracle", tests, NULL, NULL);
}
