/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "broker/desk/planning.h"
#include "proto/status.h"
#include "tests/unit/world_build.h"

/* What is planned, when, and what is written of it; and that every state has a way out by the clock. */

#define PROPOSED MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED
#define REJECTED MUSTER__BUNDLE_STATE__BUNDLE_REJECTED
#define LAPSED MUSTER__BUNDLE_STATE__BUNDLE_LAPSED
#define CEILING 1000000
#define REJECT MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT

static void assert_state(struct world *world, uint64_t number, Muster__BundleState state)
{
    assert_non_null(world_bundle(world, number));
    assert_string_equal(bundle_state_word(world_bundle(world, number)->state), bundle_state_word(state));
}

static void nothing_is_written_where_the_result_is_the_same(void **state)
{
    struct world *world = *state;
    world_usual(world);
    uint64_t position = world->position, jobs = world->jobs;
    assert_int_equal(world_plan(world), 0);
    assert_int_equal(world->jobs, jobs);
    /* A new day plans nothing again where no month begins and no offer expires. */
    world_days(world, 3);
    assert_int_equal(world_plan(world), 0);
    assert_int_equal(world->jobs, jobs);
    /* An offer that changes nothing of the result is planned, and not written. */
    Muster__Offer *dear = world_offer(world, "O2", "alt", "GEM", 600000, 501, 0);
    assert_int_equal(world_put_offer(world, "alt", dear, 1), STATUS_OK);
    position = world->position;
    world_plan(world);
    assert_int_equal(world->jobs, jobs + 1);
    assert_int_equal(world->position, position);
    /* A month that begins is planned. */
    world_days(world, 28);
    world_plan(world);
    assert_int_equal(world->jobs, jobs + 2);
}

static void a_new_day_plans_where_an_offer_expired(void **state)
{
    struct world *world = *state;
    world_usual(world);
    Muster__Offer *offer = world_offer(world, "O1", "sup", "GEM", 500000, 500, 0);
    offer->valid_until = 20270205;
    assert_int_equal(world_put_offer(world, "sup", offer, 1), STATUS_OK);
    world_plan(world);
    assert_string_equal(world_version(world, 1)->plan->awards[0]->offer, "sup/O1");
    uint64_t jobs = world->jobs;
    world_days(world, 4);
    world_plan(world);
    assert_int_equal(world->jobs, jobs);
    world_days(world, 1);
    world_plan(world);
    assert_int_equal(world->jobs, jobs + 1);
    assert_string_equal(world_version(world, 1)->plan->awards[0]->offer, "alt/O2");
}

static void after_a_start_nothing_is_written_twice(void **state)
{
    struct world *world = *state;
    world_usual(world);
    desk_planning_free(world->planning);
    assert_int_equal(desk_planning_new(&world->planning), STATUS_OK);
    uint64_t jobs = world->jobs;
    assert_int_equal(world_plan(world), 0);
    assert_int_equal(world->jobs, jobs);
}

static void a_rejected_result_comes_again_only_with_other_inputs_or_when_asked_for(void **state)
{
    struct world *world = *state;
    world_usual(world);
    assert_int_equal(world_bundle_do(world, "eda", 1, REJECT), STATUS_OK);
    assert_state(world, 1, REJECTED);
    world_plan(world);
    assert_null(world_bundle(world, 2));
    desk_planning_free(world->planning);
    assert_int_equal(desk_planning_new(&world->planning), STATUS_OK);
    world_plan(world);
    assert_null(world_bundle(world, 2));
    assert_int_equal(world_replan(world, "GEM"), STATUS_OK);
    world_plan(world);
    assert_state(world, 2, PROPOSED);
    assert_int_equal(world_awarded(world, 2, NULL), 150);
    assert_int_equal(world_bundle_do(world, "eda", 2, REJECT), STATUS_OK);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 41, CEILING), 1), STATUS_OK);
    world_plan(world);
    assert_state(world, 3, PROPOSED);
    assert_int_equal(world_replan(world, "NOTHING"), STATUS_NOT_FOUND);
}

static void a_proposal_lapses_where_no_plan_is_left(void **state)
{
    struct world *world = *state;
    world_usual(world);
    assert_int_equal(world_withdraw_demand(world, "nl", "D1", 1), STATUS_OK);
    assert_int_equal(world_withdraw_demand(world, "de", "D1", 1), STATUS_OK);
    world_plan(world);
    /* One nation is left: the rule forbids a bundle, and the lot says so. */
    assert_state(world, 1, LAPSED);
    Muster__LotPlans *plans;
    struct store_txn *txn = world_look(world);
    assert_int_equal(state_plans(txn, "GEM", &world->arena, &plans), STATUS_OK);
    store_abort(txn);
    assert_int_equal(plans->newest->n_awards, 0);
    assert_int_equal(plans->newest->n_uncovered, 1);
    assert_string_equal(plans->newest->uncovered[0]->reason, "min-nations");
    assert_int_equal(world_withdraw_demand(world, "es", "D1", 1), STATUS_OK);
    world_plan(world);
    assert_null(world_bundle(world, 2));
    assert_true(world_rebuilds_equal(world));
}

static void with_its_last_demand_a_proposal_lapses_without_a_plan(void **state)
{
    struct world *world = *state;
    world_usual(world);
    world->planner_dead = true;
    assert_int_equal(world_withdraw_demand(world, "nl", "D1", 1), STATUS_OK);
    assert_int_equal(world_withdraw_demand(world, "de", "D1", 1), STATUS_OK);
    assert_int_equal(world_withdraw_demand(world, "es", "D1", 1), STATUS_OK);
    world_tick(world);
    assert_state(world, 1, LAPSED);
}

/* Every state's way out by the clock: released by its deadline, agreed by its own, planned again by the policy's days. */
static void every_bound_state_ends_by_the_clock(void **state)
{
    struct world *world = *state;
    world_usual(world);
    assert_int_equal(world_policy(world, 1, "confirm_days", "5", "lapse_days", "3", NULL), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    world_days(world, 14);
    /* Released: silence of es is a no; the re-plan comes back as proposed. */
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    world_tick(world);
    assert_string_equal(bundle_state_word(world_bundle(world, 1)->state), "agreed");
    assert_int_equal(world_bundle(world, 1)->deadline, world->now + 5 * DESK_DAY);
    world_days(world, 5);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    /* Not released again within the policy's days: it lapses, and the lot is free. */
    world_days(world, 2);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    world_days(world, 1);
    world_plan(world);
    assert_state(world, 1, LAPSED);
    assert_string_equal(world_bundle(world, 1)->reason, "not released again in time");
    assert_state(world, 2, PROPOSED);
    assert_int_equal(world_awarded(world, 2, NULL), 150);
    assert_true(world_rebuilds_equal(world));
}

static void a_bundle_whose_replan_never_comes_lapses_too(void **state)
{
    struct world *world = *state;
    world_usual(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "es", 1, false), STATUS_OK);
    world->planner_dead = true;
    world_plan(world);
    assert_true(world_bundle(world, 1)->replanning);
    assert_int_equal(world_release(world, 1), STATUS_STALE);
    uint64_t jobs = world->jobs;
    world_plan(world);
    assert_int_equal(world->jobs, jobs);
    /* Tried again on another day. */
    world_days(world, 1);
    world_plan(world);
    assert_int_equal(world->jobs, jobs + 1);
    world_days(world, 13);
    world_tick(world);
    assert_state(world, 1, LAPSED);
}

static void a_coordinator_may_reject_a_bundle_until_it_is_committed(void **state)
{
    struct world *world = *state;
    world_usual(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_bundle_do(world, "eda", 1, REJECT), STATUS_OK);
    assert_state(world, 1, REJECTED);
    assert_int_equal(world_bundle_do(world, "eda", 1, REJECT), STATUS_STALE);
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_NOT_FOUND);
}

static void a_variant_is_adopted_as_the_next_version(void **state)
{
    struct world *world = *state;
    Muster__Variant *variant = arena_alloc(&world->arena, sizeof *variant);
    char *without[] = {"es"};
    world_usual(world);
    muster__variant__init(variant);
    variant->without = without;
    variant->n_without = 1;
    assert_int_equal(world_adopt(world, 1, variant), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_bundle(world, 1)->version, 2);
    assert_int_equal(world_awarded(world, 1, NULL), 100);
    /* It holds for what is planned of this bundle from now on. */
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 41, CEILING), 1), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_awarded(world, 1, NULL), 101);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_adopt(world, 1, variant), STATUS_STALE);
}

static void a_plan_that_breaks_a_rule_is_not_written(void **state)
{
    struct world *world = *state;
    world_usual(world);
    struct store_txn *txn = world_look(world);
    Muster__LotPlans *plans;
    assert_int_equal(state_plans(txn, "GEM", &world->arena, &plans), STATUS_OK);
    store_abort(txn);
    assert_int_equal(world_replan(world, "GEM"), STATUS_OK);
    /* The planner's answer, with one unit more than the line asks for. */
    struct desk_context context = {.exchange = &world->facts, .log_time = world->now, .position = world->position + 1};
    struct desk_job *job;
    txn = world_look(world);
    assert_int_equal(desk_planning_next(world->planning, txn, &context, &world->arena, &job), STATUS_OK);
    assert_non_null(job);
    Muster__Plan plan = MUSTER__PLAN__INIT;
    Muster__PlanAnswer answer = MUSTER__PLAN_ANSWER__INIT;
    Muster__Submission *next;
    size_t cursor = 0;
    plan.objective = plans->newest->objective;
    plan.bound = plans->newest->bound;
    plan.lots = &plans->newest;
    plan.n_lots = 1;
    plan.engine = "forged";
    answer.text = "";
    answer.plan = &plan;
    plans->newest->awards[0]->quantity++;
    assert_int_equal(desk_planning_done(world->planning, txn, &context, job, &answer, &cursor, &world->arena, &next), STATUS_OK);
    assert_null(next);
    /* The same plan as it was is written, since it was asked for. */
    ((struct planning_notes *)job->notes)->looked = false;
    plans->newest->awards[0]->quantity--;
    assert_int_equal(desk_planning_done(world->planning, txn, &context, job, &answer, &cursor, &world->arena, &next), STATUS_OK);
    assert_non_null(next);
    assert_non_null(next->proposal);
    store_abort(txn);
}

/* A lot that is changed all the time does not keep the others from being planned. */
static void no_lot_waits_for_ever(void **state)
{
    struct world *world = *state;
    world_usual(world);
    world_item(world, "ZZZ");
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "Z1", "NL", "ZZZ", 202712, 5, CEILING), 0), STATUS_OK);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 41, CEILING), 1), STATUS_OK);
    struct desk_context context = {.exchange = &world->facts, .log_time = world->now, .position = world->position + 1};
    struct desk_job *job;
    struct store_txn *txn = world_look(world);
    assert_int_equal(desk_planning_next(world->planning, txn, &context, &world->arena, &job), STATUS_OK);
    store_abort(txn);
    const char *first = arena_string(&world->arena, job->request.lots[0]);
    /* The lot just asked about is changed again: still the other one comes first. */
    if (strcmp(first, "GEM") == 0)
        assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D1", "NL", "GEM", 202712, 42, CEILING), 2), STATUS_OK);
    context.position = world->position + 1;
    txn = world_look(world);
    assert_int_equal(desk_planning_next(world->planning, txn, &context, &world->arena, &job), STATUS_OK);
    store_abort(txn);
    assert_string_equal(job->request.lots[0], strcmp(first, "GEM") == 0 ? "ZZZ" : "GEM");
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(nothing_is_written_where_the_result_is_the_same),
        IN_A_WORLD(a_new_day_plans_where_an_offer_expired),
        IN_A_WORLD(after_a_start_nothing_is_written_twice),
        IN_A_WORLD(a_rejected_result_comes_again_only_with_other_inputs_or_when_asked_for),
        IN_A_WORLD(a_proposal_lapses_where_no_plan_is_left),
        IN_A_WORLD(with_its_last_demand_a_proposal_lapses_without_a_plan),
        IN_A_WORLD(every_bound_state_ends_by_the_clock),
        IN_A_WORLD(a_bundle_whose_replan_never_comes_lapses_too),
        IN_A_WORLD(a_coordinator_may_reject_a_bundle_until_it_is_committed),
        IN_A_WORLD(a_variant_is_adopted_as_the_next_version),
        IN_A_WORLD(a_plan_that_breaks_a_rule_is_not_written),
        IN_A_WORLD(no_lot_waits_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
