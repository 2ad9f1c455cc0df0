/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/world_build.h"

/*
 * Everybody does anything, in an order drawn from a seed: puts, changes, withdraws, releases, answers, takes back, rejects, extends,
 * suspends, resumes, cuts funds, ends commitments, lets days pass. After each step what must always hold is looked at; in the end the
 * clock runs on until no bundle binds anything, and the tables made again from the log are the same.
 */

#define STEPS 160
#define AGENCIES 4
#define SUPPLIERS 3
#define LOTS 2

static const char *const agencies[AGENCIES] = {"nl", "de", "es", "nl-navy"};
static const char *const countries[AGENCIES] = {"NL", "DE", "ES", "NL"};
static const char *const suppliers[SUPPLIERS] = {"sup", "alt", "oth"};
static const char *const lots[LOTS] = {"AAA", "BBB"};

struct dice {
    uint64_t state;
};

static uint64_t roll(struct dice *dice, uint64_t sides)
{
    dice->state = dice->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (dice->state >> 33) % sides;
}

/* What a step may be answered; anything else is a fault of the program. */
static void assert_answered(int status)
{
    assert_true(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_STALE || status == STATUS_NOT_FOUND || status == STATUS_DENIED);
}

static uint64_t version_of(struct world *world, enum table table, const char *party, const char *id)
{
    Muster__Stored *stored = NULL;
    struct store_txn *txn = world_look(world);
    int status = state_object(txn, table, party, id, &world->arena, &stored);
    store_abort(txn);
    return status == STATUS_OK ? stored->version : 0;
}

static void put_demand(struct world *world, struct dice *dice)
{
    size_t who = roll(dice, AGENCIES), lot = roll(dice, LOTS);
    char id[8];
    snprintf(id, sizeof id, "D%zu", lot);
    uint64_t version = version_of(world, TABLE_DEMANDS, agencies[who], id);
    if (roll(dice, 6) == 0) {
        assert_answered(world_withdraw_demand(world, agencies[who], id, version));
        return;
    }
    Muster__Demand *demand = world_demand(world, id, countries[who], lots[lot], 202706 + (uint32_t)roll(dice, 6), 10 + roll(dice, 60), 800000 + (int64_t)roll(dice, 400000));
    if (roll(dice, 2) == 0)
        world_line(world, demand, 202803, 5 + roll(dice, 30));
    if (roll(dice, 3) == 0)
        demand->fund = "POOL";
    if (roll(dice, 4) == 0)
        demand->release = MUSTER__RELEASE__RELEASE_SEALED;
    demand->single_supplier = roll(dice, 5) == 0;
    assert_answered(world_put_demand(world, agencies[who], demand, version));
}

static void put_offer(struct world *world, struct dice *dice)
{
    size_t who = roll(dice, SUPPLIERS), lot = roll(dice, LOTS);
    char id[8];
    snprintf(id, sizeof id, "O%zu", lot);
    uint64_t version = version_of(world, TABLE_OFFERS, suppliers[who], id);
    if (roll(dice, 6) == 0) {
        assert_answered(world_withdraw_offer(world, suppliers[who], id, version));
        return;
    }
    Muster__Offer *offer = world_offer(world, id, suppliers[who], lots[lot], 500000 + (int64_t)roll(dice, 200000), 20 + roll(dice, 60), roll(dice, 12));
    if (roll(dice, 2) == 0)
        world_tier(world, offer, 40, 450000 + (int64_t)roll(dice, 50000), (int64_t)roll(dice, 3000000), 60, 10);
    offer->max_quantity = roll(dice, 2) == 0 ? 0 : 100 + roll(dice, 100);
    assert_answered(world_put_offer(world, suppliers[who], offer, version));
}

static uint64_t any_bundle(struct world *world, struct dice *dice)
{
    struct state_bundles all;
    struct store_txn *txn = world_look(world);
    assert_int_equal(state_all_bundles(txn, &world->arena, &all), STATUS_OK);
    store_abort(txn);
    for (size_t at = 0; at < all.count; at++) {
        const Muster__BundleHead *head = all.list[all.count - 1 - at];
        if (bundle_is_open(head) && roll(dice, 2) == 0)
            return head->number;
    }
    return all.count == 0 ? 1 : 1 + roll(dice, all.count);
}

static void act_on_bundle(struct world *world, struct dice *dice)
{
    uint64_t number = any_bundle(world, dice);
    switch (roll(dice, 12)) {
    case 0:
    case 1:
    case 2:
        assert_answered(world_release(world, number));
        break;
    case 3:
        if (roll(dice, 4) == 0)
            assert_answered(world_bundle_do(world, "eda", number, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT));
        break;
    case 4:
        assert_answered(world_extend(world, number, world->now + (1 + roll(dice, 20)) * DESK_DAY));
        break;
    case 5:
        assert_answered(world_bundle_do(world, agencies[roll(dice, AGENCIES)], number, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK));
        break;
    case 6:
        assert_answered(world_bundle_do(world, "eda", number, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER));
        break;
    default:
        for (size_t at = 0; at < AGENCIES; at++) {
            if (roll(dice, 4) != 0)
                assert_answered(world_answer(world, agencies[at], number, roll(dice, 8) != 0));
        }
        for (size_t at = 0; at < SUPPLIERS; at++) {
            if (roll(dice, 3) != 0)
                assert_answered(world_answer(world, suppliers[at], number, roll(dice, 8) != 0));
        }
        break;
    }
}

static void act_on_party(struct world *world, struct dice *dice)
{
    const char *party = roll(dice, 2) == 0 ? agencies[roll(dice, AGENCIES)] : suppliers[roll(dice, SUPPLIERS)];
    assert_answered(world_party_change(world, party, MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND));
    if (roll(dice, 3) == 0)
        world_plan(world);
    assert_answered(world_party_change(world, party, MUSTER__PARTY_CHANGE_KIND__PARTY_RESUME));
}

static void end_commitment(struct world *world, struct dice *dice)
{
    struct state_commitments all;
    struct store_txn *txn = world_look(world);
    assert_int_equal(state_commitments(txn, NULL, NULL, &world->arena, &all), STATUS_OK);
    store_abort(txn);
    if (all.count == 0)
        return;
    const Muster__StoredCommitment *one = all.list[roll(dice, all.count)];
    const Muster__Commitment *bound = one->commitment;
    assert_answered(world_end_commitment(world, "eda", one->number, bound->demand, bound->offer, bound->month));
}

static void step(struct world *world, struct dice *dice)
{
    switch (roll(dice, 12)) {
    case 0:
    case 1:
    case 2:
        put_demand(world, dice);
        break;
    case 3:
    case 4:
        put_offer(world, dice);
        break;
    case 5:
        world_days(world, 1 + roll(dice, 9));
        break;
    case 6:
        if (roll(dice, 3) == 0)
            act_on_party(world, dice);
        break;
    case 7:
        assert_answered(world_fund(world, "POOL", (int64_t)(20000000 + roll(dice, 80000000)), version_of(world, TABLE_FUNDS, "", "POOL")));
        break;
    case 8:
        if (roll(dice, 4) == 0)
            end_commitment(world, dice);
        break;
    default:
        act_on_bundle(world, dice);
        break;
    }
    if (roll(dice, 3) != 0)
        world_plan(world);
    else
        world_tick(world);
}

/* --- what must always hold ---------------------------------------------------------------------------------------- */

static void funds_are_never_overdrawn(struct world *world, struct store_txn *txn)
{
    Muster__Stored *fund;
    int64_t held, drawn;
    assert_int_equal(state_object(txn, TABLE_FUNDS, "", "POOL", &world->arena, &fund), STATUS_OK);
    assert_int_equal(state_held(txn, "POOL", 0, &held), STATUS_OK);
    assert_int_equal(state_drawn(txn, "POOL", &world->arena, &drawn), STATUS_OK);
    if (held + drawn > fund->fund->balance)
        fail_msg("the fund is overdrawn: held %" PRId64 ", drawn %" PRId64 ", balance %" PRId64, held, drawn, fund->fund->balance);
}

static void lines_and_offers_are_never_oversold(struct world *world, struct store_txn *txn)
{
    struct state_commitments all;
    assert_int_equal(state_commitments(txn, NULL, NULL, &world->arena, &all), STATUS_OK);
    for (size_t at = 0; at < all.count; at++) {
        const Muster__Commitment *one = all.list[at]->commitment;
        const char *party, *id;
        Muster__Stored *stored;
        uint64_t line = 0, committed = 0, sold = 0;
        assert_true(state_name_split(&world->arena, one->demand, &party, &id));
        assert_int_equal(state_object(txn, TABLE_DEMANDS, party, id, &world->arena, &stored), STATUS_OK);
        for (size_t of = 0; of < stored->demand->n_lines; of++)
            line += stored->demand->lines[of]->month == one->month ? stored->demand->lines[of]->quantity : 0;
        for (size_t of = 0; of < all.count; of++) {
            const Muster__Commitment *other = all.list[of]->commitment;
            committed += strcmp(other->demand, one->demand) == 0 && other->month == one->month ? other->quantity : 0;
            sold += strcmp(other->offer, one->offer) == 0 ? other->quantity : 0;
            if (strcmp(other->offer, one->offer) == 0)
                assert_int_equal(other->tier, one->tier);
        }
        assert_true(committed <= line);
        assert_true(state_name_split(&world->arena, one->offer, &party, &id));
        assert_int_equal(state_object(txn, TABLE_OFFERS, party, id, &world->arena, &stored), STATUS_OK);
        assert_true(stored->offer->max_quantity == 0 || sold <= stored->offer->max_quantity);
    }
}

static void one_bundle_binds_a_lot(struct world *world, struct store_txn *txn)
{
    struct state_bundles all;
    assert_int_equal(state_all_bundles(txn, &world->arena, &all), STATUS_OK);
    for (size_t at = 0; at < all.count; at++) {
        const Muster__BundleHead *head = all.list[at];
        Muster__LotState *lot;
        assert_int_equal(state_lot(txn, head->item, &world->arena, &lot), STATUS_OK);
        assert_int_equal(bundle_is_open(head), lot->bundle == head->number);
        if (!bundle_is_bound(head))
            assert_int_equal(head->n_holds, 0);
        bool asked = head->state == MUSTER__BUNDLE_STATE__BUNDLE_RELEASED || head->state == MUSTER__BUNDLE_STATE__BUNDLE_AGREED;
        assert_int_equal(asked, head->deadline != 0);
        if (bundle_is_bound(head) && !asked)
            assert_true(head->lapses != 0);
    }
}

static void look(struct world *world)
{
    struct store_txn *txn = world_look(world);
    funds_are_never_overdrawn(world, txn);
    lines_and_offers_are_never_oversold(world, txn);
    one_bundle_binds_a_lot(world, txn);
    store_abort(txn);
}

static size_t bound_bundles(struct world *world)
{
    struct state_bundles all;
    struct store_txn *txn = world_look(world);
    size_t count = 0;
    assert_int_equal(state_all_bundles(txn, &world->arena, &all), STATUS_OK);
    for (size_t at = 0; at < all.count; at++)
        count += bundle_is_bound(all.list[at]);
    store_abort(txn);
    return count;
}

static void play(struct world *world, uint64_t seed)
{
    struct dice dice = {.state = seed};
    for (size_t at = 0; at < LOTS; at++)
        world_item(world, lots[at]);
    assert_int_equal(world_policy(world, 1, "contract_overhead", "100000", "mebibytes_a_day", "64", "price_changes_a_week", "1000", NULL), STATUS_OK);
    assert_int_equal(world_fund(world, "POOL", 50000000, 0), STATUS_OK);
    for (size_t at = 0; at < AGENCIES; at++)
        world_party(world, agencies[at], MUSTER__ROLE__ROLE_AGENCY, countries[at], true);
    for (size_t at = 0; at < SUPPLIERS; at++)
        world_party(world, suppliers[at], MUSTER__ROLE__ROLE_SUPPLIER, "FR", true);
    for (size_t at = 0; at < 12; at++) {
        put_demand(world, &dice);
        put_offer(world, &dice);
    }
    for (size_t at = 0; at < STEPS; at++) {
        step(world, &dice);
        look(world);
    }
    for (unsigned days = 0; days < 60 && bound_bundles(world) != 0; days += 2) {
        world_days(world, 2);
        world_plan(world);
        look(world);
    }
    assert_int_equal(bound_bundles(world), 0);
    assert_true(world_rebuilds_equal(world));
}

static void whatever_is_done_what_must_hold_holds(void **state)
{
    (void)state;
    uint64_t committed = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        static struct world world;
        world_start(&world);
        play(&world, seed);
        committed += world_committed(&world, NULL);
        world_end(&world);
    }
    /* The play reaches the end of the road often enough to mean something. */
    assert_true(committed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_is_done_what_must_hold_holds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
