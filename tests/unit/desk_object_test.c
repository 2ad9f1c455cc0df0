/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/world_build.h"

/* Parties and objects: versions, whose they are, what they may name, what they cost of a day and a week. */

#define CEILING 1000000

static void start(struct world *world)
{
    world_item(world, "GEM");
    world_party(world, "nl", MUSTER__ROLE__ROLE_AGENCY, "NL", true);
    world_party(world, "sup", MUSTER__ROLE__ROLE_SUPPLIER, "FR", true);
}

static Muster__Stored *stored(struct world *world, enum table table, const char *party, const char *id)
{
    Muster__Stored *object = NULL;
    struct store_txn *txn = world_look(world);
    if (state_object(txn, table, party, id, &world->arena, &object) != STATUS_OK)
        object = NULL;
    store_abort(txn);
    return object;
}

static void versions_count_from_1_through_withdrawals(void **state)
{
    struct world *world = *state;
    start(world);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 4, CEILING), 1), STATUS_NOT_FOUND);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 4, CEILING), 0), STATUS_OK);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 5, CEILING), 0), STATUS_STALE);
    assert_true(world_fault_says(world, "D1 is at v1"));
    assert_true(world_fault_says(world, "due 2027-12: yours 5"));
    assert_true(world_fault_says(world, "there now 4 (2027-02-01 00:00 UTC)"));
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 5, CEILING), 1), STATUS_OK);
    assert_int_equal(world_withdraw_demand(world, "nl", "D1", 1), STATUS_STALE);
    assert_int_equal(world_withdraw_demand(world, "nl", "D1", 2), STATUS_OK);
    assert_int_equal(world_withdraw_demand(world, "nl", "D1", 3), STATUS_STALE);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 5, CEILING), 0), STATUS_STALE);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 5, CEILING), 3), STATUS_OK);
    assert_int_equal(stored(world, TABLE_DEMANDS, "nl", "D1")->version, 4);
    assert_false(stored(world, TABLE_DEMANDS, "nl", "D1")->withdrawn);
    assert_true(world_rebuilds_equal(world));
}

static void country_and_supplier_are_the_senders_own(void **state)
{
    struct world *world = *state;
    start(world);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "DE", "GEM", 202712, 4, CEILING), 0), STATUS_INVALID);
    world_party(world, "alt", MUSTER__ROLE__ROLE_SUPPLIER, "IT", true);
    assert_int_equal(world_put_offer(world, "sup", world_offer(world, "O1", "alt", "GEM", 5, 5, 0), 0), STATUS_INVALID);
    assert_int_equal(world_put_offer(world, "nl", world_offer(world, "O1", "nl", "GEM", 5, 5, 0), 0), STATUS_DENIED);
    assert_int_equal(world_put_demand(world, "sup", world_demand(world, "D1", "FR", "GEM", 202712, 4, CEILING), 0), STATUS_DENIED);
}

/* What is another's is answered word for word as what does not exist. */
static void anothers_object_is_answered_as_a_missing_one(void **state)
{
    struct world *world = *state;
    start(world);
    world_party(world, "de", MUSTER__ROLE__ROLE_AGENCY, "DE", true);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 4, CEILING), 0), STATUS_OK);
    assert_int_equal(world_withdraw_demand(world, "de", "D1", 1), STATUS_NOT_FOUND);
    struct fault others = world->faults.list[0];
    assert_int_equal(world_withdraw_demand(world, "de", "D2", 1), STATUS_NOT_FOUND);
    assert_string_equal(others.remedy, world->faults.list[0].remedy);
    assert_string_equal(others.expected, world->faults.list[0].expected);
    /* A fund that names other nations, too. */
    Muster__Submission *submission = world_submission(world);
    Muster__FundChange change = MUSTER__FUND_CHANGE__INIT, *list[] = {&change};
    Muster__Fund fund = MUSTER__FUND__INIT;
    char *countries[] = {"DE"};
    fund.id = "DE-ONLY";
    fund.currency = "EUR";
    fund.min_nations = 1;
    fund.countries = countries;
    fund.n_countries = 1;
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.id = fund.id;
    change.fund = &fund;
    submission->funds = list;
    submission->n_funds = 1;
    assert_int_equal(world_submit(world, "eda", submission), STATUS_OK);
    Muster__Demand *demand = world_demand(world, "D3", "NL", "GEM", 202712, 4, CEILING);
    demand->fund = "DE-ONLY";
    assert_int_equal(world_put_demand(world, "nl", demand, 0), STATUS_NOT_FOUND);
    struct fault of_fund = world->faults.list[0];
    demand->fund = "NO-FUND";
    assert_int_equal(world_put_demand(world, "nl", demand, 0), STATUS_NOT_FOUND);
    assert_string_equal(of_fund.remedy, world->faults.list[0].remedy);
    assert_string_equal(of_fund.expected, world->faults.list[0].expected);
    Muster__Demand *own = world_demand(world, "D3", "DE", "GEM", 202712, 4, CEILING);
    own->fund = "DE-ONLY";
    assert_int_equal(world_put_demand(world, "de", own, 0), STATUS_OK);
}

static void one_fault_refuses_all_and_every_fault_is_listed(void **state)
{
    struct world *world = *state;
    start(world);
    Muster__Submission *submission = world_submission(world);
    Muster__DemandChange changes[4], *list[4];
    for (size_t at = 0; at < 4; at++) {
        muster__demand_change__init(&changes[at]);
        list[at] = &changes[at];
        changes[at].kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
        changes[at].id = arena_format(&world->arena, "D%zu", at);
        changes[at].demand = world_demand(world, changes[at].id, "NL", at == 1 || at == 3 ? "NONE" : "GEM", 202712, 4, CEILING);
    }
    submission->demands = list;
    submission->n_demands = 4;
    assert_int_equal(world_submit(world, "nl", submission), STATUS_NOT_FOUND);
    assert_int_equal(world->faults.errors, 2);
    assert_int_equal(world->faults.list[0].change, 1);
    assert_int_equal(world->faults.list[1].change, 3);
    assert_null(stored(world, TABLE_DEMANDS, "nl", "D0"));
    changes[1].demand->item = changes[3].demand->item = "GEM";
    changes[3].id = changes[3].demand->id = "D0";
    assert_int_equal(world_submit(world, "nl", submission), STATUS_INVALID);
    changes[3].id = changes[3].demand->id = "D3";
    assert_int_equal(world_submit(world, "nl", submission), STATUS_OK);
    assert_non_null(stored(world, TABLE_DEMANDS, "nl", "D3"));
}

static void an_item_in_use_stays(void **state)
{
    struct world *world = *state;
    start(world);
    Muster__Submission *submission = world_submission(world);
    Muster__ItemChange change = MUSTER__ITEM_CHANGE__INIT, *list[] = {&change};
    change.kind = MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    change.id = "GEM";
    change.replaces = 1;
    submission->items = list;
    submission->n_items = 1;
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 4, CEILING), 0), STATUS_OK);
    assert_int_equal(world_submit(world, "eda", submission), STATUS_INVALID);
    assert_int_equal(world_withdraw_demand(world, "nl", "D1", 1), STATUS_OK);
    assert_int_equal(world_submit(world, "eda", submission), STATUS_OK);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D2", "NL", "GEM", 202712, 4, CEILING), 0), STATUS_NOT_FOUND);
}

static void an_unconfirmed_party_writes_but_does_not_enter_the_market(void **state)
{
    struct world *world = *state;
    world_usual(world);
    world_party(world, "se", MUSTER__ROLE__ROLE_AGENCY, "SE", false);
    assert_int_equal(world_put_demand(world, "se", world_demand(world, "D1", "SE", "GEM", 202712, 10, CEILING), 0), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_awarded(world, 1, NULL), 150);
    assert_int_equal(world_party_change(world, "se", MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_awarded(world, 1, NULL), 160);
    assert_int_equal(world_party_change(world, "eda", MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND), STATUS_INVALID);
}

static void prices_of_a_lot_change_three_times_a_week(void **state)
{
    struct world *world = *state;
    start(world);
    Muster__Demand *demand = world_demand(world, "D1", "NL", "GEM", 202712, 4, CEILING);
    assert_int_equal(world_put_demand(world, "nl", demand, 0), STATUS_OK);
    for (uint64_t version = 1; version <= 3; version++) {
        demand->max_unit_price++;
        assert_int_equal(world_put_demand(world, "nl", demand, version), STATUS_OK);
    }
    demand->max_unit_price++;
    assert_int_equal(world_put_demand(world, "nl", demand, 4), STATUS_BUSY);
    /* Neither by a new object nor by withdrawing one; what has no new ceiling passes, and so does another lot. */
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D2", "NL", "GEM", 202712, 4, CEILING), 0), STATUS_BUSY);
    assert_int_equal(world_withdraw_demand(world, "nl", "D1", 4), STATUS_BUSY);
    demand->max_unit_price--;
    demand->priority = 1;
    assert_int_equal(world_put_demand(world, "nl", demand, 4), STATUS_OK);
    world_item(world, "OTHER");
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D3", "NL", "OTHER", 202712, 4, CEILING), 0), STATUS_OK);
    world_days(world, 8);
    demand->max_unit_price++;
    assert_int_equal(world_put_demand(world, "nl", demand, 5), STATUS_OK);
    assert_true(world_rebuilds_equal(world));
}

static void a_party_writes_so_much_a_day(void **state)
{
    struct world *world = *state;
    start(world);
    assert_int_equal(world_policy(world, 1, "mebibytes_a_day", "1", NULL), STATUS_OK);
    Muster__Submission *submission = NULL;
    int status = STATUS_OK;
    unsigned sent = 0;
    for (unsigned round = 0; status == STATUS_OK && round < 40; round++) {
        submission = world_submission(world);
        submission->demands = arena_array(&world->arena, 500, sizeof *submission->demands);
        for (size_t at = 0; at < 500; at++) {
            Muster__DemandChange *change = arena_alloc(&world->arena, sizeof *change);
            muster__demand_change__init(change);
            change->kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
            change->id = arena_format(&world->arena, "D%zu", at);
            change->replaces = round;
            change->demand = world_demand(world, change->id, "NL", "GEM", 202712, 4 + round, CEILING);
            submission->demands[submission->n_demands++] = change;
        }
        status = world_submit(world, "nl", submission);
        sent += status == STATUS_OK;
    }
    assert_int_equal(status, STATUS_BUSY);
    assert_true(sent > 5);
    assert_true(world_fault_says(world, "1 MiB a day"));
    world_days(world, 1);
    submission->not_after = world->now + 1;
    assert_int_equal(world_submit(world, "nl", submission), STATUS_OK);
}

static void a_rate_that_is_needed_stays_and_a_policy_is_checked(void **state)
{
    struct world *world = *state;
    start(world);
    Muster__Submission *submission = world_submission(world), *without = world_submission(world);
    Muster__RatesChange change = MUSTER__RATES_CHANGE__INIT, none = MUSTER__RATES_CHANGE__INIT;
    Muster__Rate rate = MUSTER__RATE__INIT, *rates[] = {&rate};
    rate.currency = "SEK";
    rate.millionths = 90000;
    change.rates = rates;
    change.n_rates = 1;
    submission->rates = &change;
    Muster__Demand *demand = world_demand(world, "D1", "NL", "GEM", 202712, 4, CEILING);
    demand->currency = "SEK";
    assert_int_equal(world_put_demand(world, "nl", demand, 0), STATUS_INVALID);
    assert_int_equal(world_submit(world, "eda", submission), STATUS_OK);
    assert_int_equal(world_put_demand(world, "nl", demand, 0), STATUS_OK);
    none.replaces = 1;
    without->rates = &none;
    assert_int_equal(world_submit(world, "eda", without), STATUS_INVALID);
    assert_int_equal(world_policy(world, 1, "answer_days", "400", NULL), STATUS_INVALID);
    assert_int_equal(world_policy(world, 1, "answer_days", "7", "min_nations", "3", NULL), STATUS_OK);
    assert_int_equal(world_policy(world, 1, "min_nations", "2", NULL), STATUS_STALE);
}

/* One absurd figure would keep a lot from being planned for all. */
static void a_figure_that_no_plan_can_hold_is_refused(void **state)
{
    struct world *world = *state;
    start(world);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 1000000000, INT64_C(10000000000000)), 0), STATUS_INVALID);
    /* Nor in two halves. */
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 1000000000, 200000), 0), STATUS_OK);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D2", "NL", "GEM", 202712, 1, INT64_C(10000000000000)), 0), STATUS_INVALID);
    assert_true(world_fault_says(world, "far too large"));
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D2", "NL", "GEM", 202712, 1, 250000), 0), STATUS_OK);
}

static void a_marking_above_unclassified_leaves_no_trace(void **state)
{
    struct world *world = *state;
    start(world);
    uint64_t position = world->position;
    Muster__Submission *submission = world_demand_change(world, "D1", world_demand(world, "D1", "NL", "GEM", 202712, 4, CEILING), 0);
    submission->marking = "NATO SECRET";
    submission->marked_by = "NATO";
    assert_int_equal(world_submit(world, "nl", submission), STATUS_DENIED);
    assert_false(world_fault_says(world, "SECRET"));
    Muster__Demand *demand = world_demand(world, "D1", "NL", "GEM", 202712, 4, CEILING);
    char *texts[] = {"note=NATO SECRET"};
    demand->requires = texts;
    demand->n_requires = 1;
    assert_int_equal(world_put_demand(world, "nl", demand, 0), STATUS_DENIED);
    assert_false(world_fault_says(world, "NATO"));
    assert_true(world_fault_says(world, "security officer"));
    assert_int_equal(world->position, position);
    assert_null(stored(world, TABLE_DEMANDS, "nl", "D1"));
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(versions_count_from_1_through_withdrawals),
        IN_A_WORLD(country_and_supplier_are_the_senders_own),
        IN_A_WORLD(anothers_object_is_answered_as_a_missing_one),
        IN_A_WORLD(one_fault_refuses_all_and_every_fault_is_listed),
        IN_A_WORLD(an_item_in_use_stays),
        IN_A_WORLD(an_unconfirmed_party_writes_but_does_not_enter_the_market),
        IN_A_WORLD(prices_of_a_lot_change_three_times_a_week),
        IN_A_WORLD(a_party_writes_so_much_a_day),
        IN_A_WORLD(a_rate_that_is_needed_stays_and_a_policy_is_checked),
        IN_A_WORLD(a_figure_that_no_plan_can_hold_is_refused),
        IN_A_WORLD(a_marking_above_unclassified_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
