/* SPDX-License-Identifier: EUPL-1.2 */
/* Reasons that are no facts, held against planning again: with the one thing that they name changed, the demand gets more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/match/change.h"
#include "broker/match/facts.h"
#include "broker/match/reasons.h"
#include "proto/status.h"
#include "tests/unit/scenario_support.h"

#define ROUNDS 150

static enum match_change_kind change_of(enum match_reason reason)
{
    switch (reason) {
    case MATCH_REASON_MIN_NATIONS:
        return MATCH_CHANGE_MIN_NATIONS;
    case MATCH_REASON_BUNDLE_RULE:
        return MATCH_CHANGE_SHARES;
    case MATCH_REASON_FUND_EXHAUSTED:
        return MATCH_CHANGE_MONEY;
    case MATCH_REASON_MINIMUM_QUANTITY:
        return MATCH_CHANGE_ORDERS;
    case MATCH_REASON_CAPACITY:
        return MATCH_CHANGE_OUTPUT;
    default:
        return MATCH_CHANGE_NONE;
    }
}

/* What each fund may spend in the only lot: all that its balance leaves after commitments. */
static void money_of(const struct match_market *market, int64_t *money)
{
    struct match_lot_plan nothing = {0};
    const struct match_plan empty = {.lots = &nothing, .lot_count = 1};
    match_reasons_money(market, &empty, money);
}

static void stated_reasons_hold_when_planned_again(void **state)
{
    (void)state;
    unsigned stated = 0, held = 0, kinds[MATCH_REASON_OUTRANKED + 1] = {0};
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct scenario_support s;
        scenario_support_begin(&s);
        scenario_support_randomize(&s, seed, 8, 4);
        scenario_support_load(&s);
        const struct match_lot_plan *plan = &scenario_support_plan(&s)->lots[0];
        int64_t *money = arena_array(&s.arena, s.market->fund_count + 1, sizeof *money);
        assert_non_null(money);
        money_of(s.market, money);
        for (uint32_t n = 0; n < plan->uncovered_count; n++) {
            const struct match_uncovered *u = &plan->uncovered[n];
            struct match_change change = {.kind = change_of(u->reason), .demand = u->demand};
            struct match_outcome outcome;
            struct arena work;
            if (change.kind == MATCH_CHANGE_NONE) {
                continue;
            }
            change.index = s.market->lots[0].demands[u->demand].fund;
            change.value = change.kind == MATCH_CHANGE_MONEY ? INT64_MAX : 0;
            arena_init(&work, (size_t)1 << 30);
            assert_int_equal(match_change_plan(s.market, 0, &change, money, &work, &outcome), STATUS_OK);
            int64_t had = 0;
            for (uint32_t a = 0; a < plan->award_count; a++) {
                had += plan->awards[a].demand == u->demand ? plan->awards[a].quantity : 0;
            }
            stated++;
            held += match_outcome_demand(&outcome, u->demand) > had;
            kinds[u->reason]++;
            if (match_outcome_demand(&outcome, u->demand) <= had) {
                print_message("seed %u: %s of %s did not hold\n", (unsigned)seed, match_reason_name(u->reason),
                              s.market->lots[0].demands[u->demand].id);
            }
            arena_drop(&work);
        }
        scenario_support_end(&s);
    }
    print_message("%u of %u reasons held\n", held, stated);
    assert_true(stated > ROUNDS / 2);
    assert_int_equal(held, stated); /* small lots: each was planned again before it was stated */
    for (int n = MATCH_REASON_MIN_NATIONS; n <= MATCH_REASON_CAPACITY; n++) {
        assert_true(kinds[n] > 0); /* each kind is met */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stated_reasons_hold_when_planned_again)};
    return cmocka_run_group_tests_name("match_reasons", tests, NULL, NULL);
}
