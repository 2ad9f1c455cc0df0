/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/world_build.h"

/* Money: a fund that several lots draw on, what bundles hold of it, and two bundles after the same capacity. */

#define PROPOSED MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED
#define RELEASED MUSTER__BUNDLE_STATE__BUNDLE_RELEASED
#define COMMITTED MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED
#define PRICE 500000
#define CEILING 1000000

static void put(struct world *world, const char *party, const char *country, const char *id, const char *item, uint64_t quantity, const char *fund)
{
    Muster__Demand *demand = world_demand(world, id, country, item, 202712, quantity, CEILING);
    demand->fund = (char *)(uintptr_t)fund;
    assert_int_equal(world_put_demand(world, party, demand, 0), STATUS_OK);
}

/* Two lots, each wanted by nl (from the fund, 40 units) and de (from no fund, 60). The fund carries 60 units in all. */
static void two_lots(struct world *world)
{
    static const char *const items[] = {"AAA", "BBB"};
    world_party(world, "nl", MUSTER__ROLE__ROLE_AGENCY, "NL", true);
    world_party(world, "de", MUSTER__ROLE__ROLE_AGENCY, "DE", true);
    world_party(world, "sup", MUSTER__ROLE__ROLE_SUPPLIER, "FR", true);
    assert_int_equal(world_fund(world, "POOL", 60 * PRICE, 0), STATUS_OK);
    for (size_t at = 0; at < 2; at++) {
        world_item(world, items[at]);
        put(world, "nl", "NL", items[at], items[at], 40, "POOL");
        put(world, "de", "DE", items[at], items[at], 60, "");
        assert_int_equal(world_put_offer(world, "sup", world_offer(world, items[at], "sup", items[at], PRICE, 500, 0), 0), STATUS_OK);
    }
    world_plan(world);
}

static int64_t drawn_by(struct world *world, uint64_t number)
{
    int64_t sum = 0;
    Muster__BundleVersion *version = world_version(world, number);
    for (size_t at = 0; version != NULL && at < version->plan->n_awards; at++) {
        const Muster__Award *award = version->plan->awards[at];
        if (strncmp(award->demand, "nl/", 3) == 0)
            sum += state_cost(award->quantity, award->unit_price, award->freight, award->one_off);
    }
    return sum;
}

static int64_t held(struct world *world)
{
    int64_t amount;
    struct store_txn *txn = world_look(world);
    assert_int_equal(state_held(txn, "POOL", 0, &amount), STATUS_OK);
    store_abort(txn);
    return amount;
}

static void lots_tied_by_a_fund_are_planned_together(void **state)
{
    struct world *world = *state;
    two_lots(world);
    assert_non_null(world_bundle(world, 1));
    assert_non_null(world_bundle(world, 2));
    assert_int_equal(drawn_by(world, 1) + drawn_by(world, 2), 60 * PRICE);
    /* One question for both: a change in one lot asks for both again, in one. */
    uint64_t jobs = world->jobs;
    put(world, "de", "DE", "D9", "AAA", 5, "");
    world_plan(world);
    assert_int_equal(world->jobs, jobs + 1);
}

static void a_released_bundle_holds_its_money_and_a_fund_cannot_be_cut_below(void **state)
{
    struct world *world = *state;
    two_lots(world);
    int64_t first = drawn_by(world, 1);
    assert_true(first > 0);
    assert_int_equal(held(world), 0);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(held(world), first);
    assert_int_equal(world_fund(world, "POOL", first - 1, 1), STATUS_INVALID);
    assert_true(world_fault_says(world, "hold"));
    assert_int_equal(world_fund(world, "POOL", first, 1), STATUS_OK);
    /* The other lot is planned with what is free: nothing of the fund, so one nation is left, which is no bundle. */
    world_plan(world);
    assert_string_equal(bundle_state_word(world_bundle(world, 2)->state), "lapsed");
    /* Rejected, the money is free again, and both lots are planned with it. */
    assert_int_equal(world_bundle_do(world, "eda", 1, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT), STATUS_OK);
    assert_int_equal(held(world), 0);
    world_plan(world);
    uint64_t last = 0;
    for (uint64_t number = 1; world_bundle(world, number) != NULL; number++)
        last = number;
    int64_t sum = 0;
    for (uint64_t number = 1; number <= last; number++)
        sum += world_bundle(world, number)->state == PROPOSED ? drawn_by(world, number) : 0;
    assert_int_equal(sum, first);
    assert_true(world_rebuilds_equal(world));
}

static void a_proposal_whose_money_another_took_is_not_released(void **state)
{
    struct world *world = *state;
    two_lots(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    /* Raised by less than the second needs more than is free: released as it stands it would overdraw. */
    assert_int_equal(world_fund(world, "POOL", drawn_by(world, 1), 1), STATUS_OK);
    assert_int_equal(world_release(world, 2), drawn_by(world, 2) > 0 ? STATUS_INVALID : STATUS_OK);
    if (drawn_by(world, 2) > 0)
        assert_true(world_fault_says(world, "POOL"));
}

static void a_replan_may_use_its_own_hold(void **state)
{
    struct world *world = *state;
    two_lots(world);
    world_party(world, "es", MUSTER__ROLE__ROLE_AGENCY, "ES", true);
    put(world, "es", "ES", "E1", "AAA", 10, "");
    world_plan(world);
    uint64_t number = strcmp(world_bundle(world, 1)->item, "AAA") == 0 ? 1 : 2;
    int64_t first = drawn_by(world, number);
    uint64_t version = world_bundle(world, number)->version;
    assert_int_equal(world_release(world, number), STATUS_OK);
    assert_int_equal(world_answer(world, "nl", number, true), STATUS_OK);
    assert_int_equal(world_answer(world, "de", number, true), STATUS_OK);
    assert_int_equal(world_answer(world, "es", number, false), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_bundle(world, number)->version, version + 1);
    /* nl gets at least what it had from the fund: its own hold was free for it. */
    assert_true(drawn_by(world, number) >= first);
    assert_int_equal(held(world), drawn_by(world, number));
    assert_true(held(world) <= 60 * PRICE);
}

static void commitments_draw_and_stay_in_every_market_of_their_fund(void **state)
{
    struct world *world = *state;
    two_lots(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    world_tick(world);
    assert_int_equal(world_answer(world, "sup", 1, true), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_bundle(world, 1)->state, COMMITTED);
    assert_int_equal(held(world), 0);
    /* The second lot's market has the first's commitments, and leaves the fund's balance whole for them. */
    Muster__BundleHead *second = world_bundle(world, 2);
    Muster__Market *market;
    struct store_txn *txn = world_look(world);
    assert_int_equal(state_market(txn, 2, second->version, &world->arena, &market), STATUS_OK);
    store_abort(txn);
    assert_true(drawn_by(world, 1) + drawn_by(world, 2) <= 60 * PRICE);
    put(world, "de", "DE", "D9", "BBB", 5, "");
    world_plan(world);
    assert_int_equal(world_bundle(world, 2)->version, second->version + 1);
    txn = world_look(world);
    assert_int_equal(state_market(txn, 2, second->version + 1, &world->arena, &market), STATUS_OK);
    store_abort(txn);
    assert_int_equal(market->n_commitments, 1);
    assert_int_equal(market->funds[0]->balance, 60 * PRICE);
    assert_true(drawn_by(world, 1) + drawn_by(world, 2) <= 60 * PRICE);
    assert_int_equal(world_fund(world, "POOL", drawn_by(world, 1) - 1, 1), STATUS_INVALID);
}

/* One lot: the first bundle takes most of the only supplier; the second has what it leaves. */
static void two_bundles_after_the_same_capacity(void **state)
{
    struct world *world = *state;
    world_item(world, "GEM");
    world_party(world, "nl", MUSTER__ROLE__ROLE_AGENCY, "NL", true);
    world_party(world, "de", MUSTER__ROLE__ROLE_AGENCY, "DE", true);
    world_party(world, "sup", MUSTER__ROLE__ROLE_SUPPLIER, "FR", true);
    put(world, "nl", "NL", "D1", "GEM", 40, "");
    put(world, "de", "DE", "D1", "GEM", 40, "");
    assert_int_equal(world_put_offer(world, "sup", world_offer(world, "O1", "sup", "GEM", PRICE, 100, 0), 0), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    put(world, "de", "DE", "D2", "GEM", 50, "");
    world_plan(world);
    assert_null(world_bundle(world, 2));
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    world_tick(world);
    assert_int_equal(world_answer(world, "sup", 1, true), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_bundle(world, 1)->state, COMMITTED);
    assert_int_equal(world_awarded(world, 2, NULL), 20);
    assert_int_equal(world_release(world, 2), STATUS_OK);
    assert_true(world_rebuilds_equal(world));
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(lots_tied_by_a_fund_are_planned_together),
        IN_A_WORLD(a_released_bundle_holds_its_money_and_a_fund_cannot_be_cut_below),
        IN_A_WORLD(a_proposal_whose_money_another_took_is_not_released),
        IN_A_WORLD(a_replan_may_use_its_own_hold),
        IN_A_WORLD(commitments_draw_and_stay_in_every_market_of_their_fund),
        IN_A_WORLD(two_bundles_after_the_same_capacity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
