/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/world_build.h"

/* Changes while a bundle binds a lot: those that wait, those that count as a no, suspension; and what a commitment freezes. */

#define PROPOSED MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED
#define RELEASED MUSTER__BUNDLE_STATE__BUNDLE_RELEASED
#define AGREED MUSTER__BUNDLE_STATE__BUNDLE_AGREED
#define COMMITTED MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED
#define CEILING 1000000

static void assert_state(struct world *world, uint64_t number, Muster__BundleState state)
{
    assert_non_null(world_bundle(world, number));
    assert_string_equal(bundle_state_word(world_bundle(world, number)->state), bundle_state_word(state));
}

static void say(struct world *world, const char *party, bool yes)
{
    assert_int_equal(world_answer(world, party, 1, yes), STATUS_OK);
}

static void release_usual(struct world *world)
{
    world_usual(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
}

static void commit_usual(struct world *world)
{
    release_usual(world);
    say(world, "nl", true);
    say(world, "de", true);
    say(world, "es", true);
    world_tick(world);
    say(world, "sup", true);
    world_tick(world);
    assert_state(world, 1, COMMITTED);
}

static void a_change_that_hurts_nothing_waits(void **state)
{
    struct world *world = *state;
    release_usual(world);
    /* More units, another ceiling that still carries the price, another priority: the version stands. */
    Muster__Demand *demand = world_demand(world, "D1", "NL", "GEM", 202712, 90, 700000);
    demand->priority = 1;
    assert_int_equal(world_check(world, "nl", world_demand_change(world, "D1", demand, 1)), STATUS_OK);
    assert_int_equal(world_warnings(world), 0);
    assert_int_equal(world_put_demand(world, "nl", demand, 1), STATUS_OK);
    assert_null(bundle_answer(world_bundle(world, 1), "nl"));
    /* A new demand of the same agency waits too, and nothing is planned meanwhile. */
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D2", "NL", "GEM", 202801, 5, CEILING), 0), STATUS_OK);
    uint64_t jobs = world->jobs;
    world_plan(world);
    assert_int_equal(world->jobs, jobs);
    say(world, "nl", true);
    say(world, "de", true);
    say(world, "es", true);
    world_tick(world);
    say(world, "sup", true);
    world_plan(world);
    assert_state(world, 1, COMMITTED);
    assert_int_equal(world_committed(world, "nl/D1"), 40);
    /* Now it is planned: 50 more of D1, and D2. */
    assert_int_equal(world_awarded(world, 2, "nl/D1"), 50);
    assert_int_equal(world_awarded(world, 2, "nl/D2"), 5);
}

static void a_change_under_which_the_version_falls_is_a_no_and_its_owner_is_told(void **state)
{
    struct world *world = *state;
    release_usual(world);
    say(world, "nl", true);
    Muster__Demand *less = world_demand(world, "D1", "NL", "GEM", 202712, 39, CEILING);
    assert_int_equal(world_check(world, "nl", world_demand_change(world, "D1", less, 1)), STATUS_OK);
    assert_int_equal(world_warnings(world), 1);
    assert_true(world_fault_says(world, "B-0001"));
    assert_true(world_fault_says(world, "counts as your no"));
    assert_int_equal(world_put_demand(world, "nl", less, 1), STATUS_OK);
    assert_int_equal(bundle_answer(world_bundle(world, 1), "nl")->kind, MUSTER__ANSWER_KIND__ANSWER_NO);
    say(world, "de", true);
    say(world, "es", true);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_int_equal(world_awarded(world, 1, "nl/D1"), 0);
    assert_true(world_rebuilds_equal(world));
}

/* Each such change of a demand in turn makes the version fall. */
static void every_worse_term_of_a_demand_counts_as_a_no(void **state)
{
    struct world *world = *state;
    release_usual(world);
    for (int kind = 0; kind < 8; kind++) {
        Muster__Demand *demand = world_demand(world, "D1", "NL", "GEM", 202712, 40, CEILING);
        char *texts[] = {kind == 2 ? "FR" : kind == 3 ? "AQAP-2110" : "range_km>=30"};
        if (kind == 0)
            demand->max_unit_price = 499999;
        else if (kind == 1)
            demand->lines[0]->month = 202711;
        else if (kind == 2)
            demand->exclude_origins = texts, demand->n_exclude_origins = 1;
        else if (kind == 3)
            demand->certificates = texts, demand->n_certificates = 1;
        else if (kind == 4)
            demand->requires = texts, demand->n_requires = 1;
        else if (kind == 5)
            demand->place = "NLRTM";
        else if (kind == 6)
            demand->min_quantity = 41, demand->lines[0]->quantity = 41;
        else
            demand = NULL;
        assert_int_equal(world_check(world, "nl", world_demand_change(world, "D1", demand, 1)), STATUS_OK);
        assert_int_equal(world_warnings(world), 1);
    }
}

static void a_worse_offer_is_a_no_once_its_supplier_is_asked(void **state)
{
    struct world *world = *state;
    release_usual(world);
    Muster__Offer *dearer = world_offer(world, "O1", "sup", "GEM", 500001, 500, 0);
    /* Before it is asked, its supplier is told the same for any change: nothing that it must not know. */
    assert_int_equal(world_check(world, "sup", world_offer_change(world, "O1", dearer, 1)), STATUS_OK);
    size_t warned = world_warnings(world);
    assert_false(world_fault_says(world, "B-0001"));
    assert_int_equal(world_check(world, "alt", world_offer_change(world, "O2", world_offer(world, "O2", "alt", "GEM", 600001, 500, 0), 1)), STATUS_OK);
    assert_int_equal(world_warnings(world), warned);
    assert_int_equal(world_put_offer(world, "sup", dearer, 1), STATUS_OK);
    say(world, "nl", true);
    say(world, "de", true);
    say(world, "es", true);
    world_plan(world);
    /* The nations' round closes with the supplier gone: it is planned again at once. */
    assert_state(world, 1, PROPOSED);
    assert_string_equal(world_version(world, 1)->plan->awards[0]->offer, "alt/O2");
}

static void a_suspension_in_the_middle_is_a_no(void **state)
{
    struct world *world = *state;
    release_usual(world);
    say(world, "nl", true);
    say(world, "de", true);
    say(world, "es", true);
    world_tick(world);
    assert_state(world, 1, AGREED);
    assert_int_equal(world_party_change(world, "es", MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND), STATUS_OK);
    assert_int_equal(world_answer(world, "es", 1, true), STATUS_DENIED);
    say(world, "sup", true);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_int_equal(world_awarded(world, 1, NULL), 100);
    /* Suspended while it waits for its release: planned again without it, at once. */
    assert_int_equal(world_party_change(world, "sup", MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND), STATUS_OK);
    assert_int_equal(world_release(world, 1), STATUS_STALE);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_int_equal(world_bundle(world, 1)->version, 3);
    assert_string_equal(world_version(world, 1)->plan->awards[0]->offer, "alt/O2");
    /* Resumed, its objects are in the market again, but it does not join a bundle that it left. */
    assert_int_equal(world_party_change(world, "sup", MUSTER__PARTY_CHANGE_KIND__PARTY_RESUME), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_bundle(world, 1)->version, 3);
    assert_true(world_rebuilds_equal(world));
}

static void a_proposal_is_released_only_where_it_is_still_valid(void **state)
{
    struct world *world = *state;
    world_usual(world);
    assert_int_equal(world_withdraw_demand(world, "es", "D1", 1), STATUS_OK);
    assert_int_equal(world_release(world, 1), STATUS_INVALID);
    assert_true(world_fault_says(world, "es/D1"));
    world_plan(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
}

static void other_changes_do_not_hinder_a_release(void **state)
{
    struct world *world = *state;
    world_usual(world);
    world_party(world, "se", MUSTER__ROLE__ROLE_AGENCY, "SE", true);
    assert_int_equal(world_put_demand(world, "se", world_demand(world, "D1", "SE", "GEM", 202712, 10, CEILING), 0), STATUS_OK);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 50, CEILING), 1), STATUS_OK);
    assert_int_equal(world_release(world, 1), STATUS_OK);
}

static void what_is_committed_is_frozen(void **state)
{
    struct world *world = *state;
    commit_usual(world);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 39, CEILING), 1), STATUS_INVALID);
    assert_true(world_fault_says(world, "at least 40"));
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202801, 40, CEILING), 1), STATUS_INVALID);
    world_item(world, "OTHER");
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "OTHER", 202712, 40, CEILING), 1), STATUS_INVALID);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 60, CEILING), 1), STATUS_OK);
    assert_int_equal(world_put_offer(world, "sup", world_offer(world, "O1", "sup", "GEM", 490000, 500, 0), 1), STATUS_INVALID);
    Muster__Offer *smaller = world_offer(world, "O1", "sup", "GEM", 500000, 500, 0);
    smaller->max_quantity = 149;
    assert_int_equal(world_put_offer(world, "sup", smaller, 1), STATUS_INVALID);
    smaller->max_quantity = 150;
    assert_int_equal(world_put_offer(world, "sup", smaller, 1), STATUS_OK);
    /* Withdrawn is only the rest: the commitments stand, in the tables and in the next market. */
    assert_int_equal(world_withdraw_demand(world, "de", "D1", 1), STATUS_OK);
    assert_int_equal(world_withdraw_offer(world, "sup", "O1", 2), STATUS_OK);
    assert_int_equal(world_committed(world, NULL), 150);
    world_plan(world);
    assert_int_equal(world_awarded(world, 2, "nl/D1"), 20);
    assert_string_equal(world_version(world, 2)->plan->awards[0]->offer, "alt/O2");
    assert_int_equal(world_awarded(world, 2, "de/D1"), 0);
}

static void a_commitment_ends_by_both_or_by_a_coordinator(void **state)
{
    struct world *world = *state;
    commit_usual(world);
    assert_int_equal(world_end_commitment(world, "alt", 1, "nl/D1", "sup/O1", 202712), STATUS_NOT_FOUND);
    assert_int_equal(world_end_commitment(world, "nl", 1, "nl/D1", "sup/O1", 202712), STATUS_OK);
    assert_int_equal(world_committed(world, "nl/D1"), 40);
    assert_int_equal(world_end_commitment(world, "nl", 1, "nl/D1", "sup/O1", 202712), STATUS_STALE);
    assert_int_equal(world_end_commitment(world, "sup", 1, "nl/D1", "sup/O1", 202712), STATUS_OK);
    assert_int_equal(world_committed(world, "nl/D1"), 0);
    assert_int_equal(world_end_commitment(world, "eda", 1, "de/D1", "sup/O1", 202712), STATUS_OK);
    assert_int_equal(world_committed(world, NULL), 50);
    /* Quantity and capacity are in the market again. */
    world_plan(world);
    assert_int_equal(world_awarded(world, 2, NULL), 100);
    assert_true(world_rebuilds_equal(world));
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_change_that_hurts_nothing_waits),
        IN_A_WORLD(a_change_under_which_the_version_falls_is_a_no_and_its_owner_is_told),
        IN_A_WORLD(every_worse_term_of_a_demand_counts_as_a_no),
        IN_A_WORLD(a_worse_offer_is_a_no_once_its_supplier_is_asked),
        IN_A_WORLD(a_suspension_in_the_middle_is_a_no),
        IN_A_WORLD(a_proposal_is_released_only_where_it_is_still_valid),
        IN_A_WORLD(other_changes_do_not_hinder_a_release),
        IN_A_WORLD(what_is_committed_is_frozen),
        IN_A_WORLD(a_commitment_ends_by_both_or_by_a_coordinator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
