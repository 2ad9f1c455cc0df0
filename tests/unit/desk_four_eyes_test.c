/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "broker/desk/four_eyes.h"
#include "proto/status.h"
#include "tests/unit/world_build.h"

/* A release above the policy's value takes two different coordinators; nobody else sees the first of them. */

#define RELEASE MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE

/* The usual bundle costs 150 units at 5,000.00. */
static int begin(void **state)
{
    static struct world world;
    world_start(&world);
    *state = &world;
    world_usual(&world);
    return 0;
}

static void second_coordinator(struct world *world, const char *id)
{
    world_party(world, id, MUSTER__ROLE__ROLE_COORDINATOR, "BE", true);
}

static Muster__BundleView *shown(struct world *world, const char *party)
{
    Muster__BundlesRequest request = MUSTER__BUNDLES_REQUEST__INIT;
    request.number = 1;
    const Muster__BundlesAnswer *answer = (const Muster__BundlesAnswer *)world_read(world, party, MUSTER__VERB__VERB_BUNDLES, &request.base);
    return answer != NULL && answer->n_bundles == 1 ? answer->bundles[0] : NULL;
}

static size_t events(struct world *world, const char *party, const char *text)
{
    Muster__WatchRequest request = MUSTER__WATCH_REQUEST__INIT;
    size_t count = 0;
    const Muster__WatchAnswer *answer = (const Muster__WatchAnswer *)world_read(world, party, MUSTER__VERB__VERB_WATCH, &request.base);
    assert_non_null(answer);
    for (size_t at = 0; at < answer->n_events; at++)
        count += strstr(answer->events[at]->text, text) != NULL;
    return count;
}

static void two_different_coordinators_release_what_costs_more(void **state)
{
    struct world *world = *state;
    second_coordinator(world, "hq");
    world_plan(world);
    assert_int_equal(world_policy(world, 1, "four_eyes_above", "749999", NULL), STATUS_OK);
    world_plan(world);
    assert_int_equal(shown(world, "eda")->four_eyes_above, 749999);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED);
    assert_null(shown(world, "nl"));
    assert_string_equal(shown(world, "eda")->first_hand->party, "eda");
    assert_string_equal(shown(world, "eda")->waiting_for, "a second coordinator");
    assert_string_equal(shown(world, "hq")->waiting_for, "you");
    assert_int_equal(world_release(world, 1), STATUS_DENIED);
    assert_true(world_fault_says(world, "another coordinator than eda"));
    assert_int_equal(events(world, "hq", "released by eda: it takes a second coordinator"), 1);
    assert_int_equal(events(world, "nl", "released"), 0);
    assert_int_equal(world_bundle_do(world, "hq", 1, RELEASE), STATUS_OK);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_RELEASED);
    const Muster__BundleView *view = shown(world, "eda");
    assert_int_equal(view->n_released_by, 2);
    assert_string_equal(view->released_by[0]->party, "eda");
    assert_string_equal(view->released_by[1]->party, "hq");
    assert_null(view->first_hand);
    assert_int_equal(shown(world, "nl")->n_released_by, 0);
    assert_int_equal(events(world, "nl", "released: its nations are asked"), 1);
    assert_true(world_rebuilds_equal(world));
}

static void one_is_enough_up_to_the_value(void **state)
{
    struct world *world = *state;
    second_coordinator(world, "hq");
    assert_int_equal(world_policy(world, 1, "four_eyes_above", "750000", NULL), STATUS_OK);
    world_plan(world);
    assert_false(shown(world, "eda")->has_four_eyes_above);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_RELEASED);
    assert_int_equal(shown(world, "eda")->n_released_by, 1);
}

static void a_suspended_coordinator_was_no_first(void **state)
{
    struct world *world = *state;
    second_coordinator(world, "hq");
    assert_int_equal(world_policy(world, 1, "four_eyes_above", "1", NULL), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_bundle_do(world, "hq", 1, RELEASE), STATUS_OK);
    assert_int_equal(world_party_change(world, "hq", MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND), STATUS_OK);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED);
    assert_string_equal(four_eyes_first(world_bundle(world, 1))->party, "eda");
    assert_true(world_rebuilds_equal(world));
}

static void the_rule_needs_two_and_is_not_lifted_in_one_go(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_policy(world, 1, "four_eyes_above", "1", NULL), STATUS_INVALID);
    assert_true(world_fault_says(world, "two confirmed coordinators"));
    second_coordinator(world, "hq");
    assert_int_equal(world_policy(world, 1, "four_eyes_above", "1", NULL), STATUS_OK);
    assert_int_equal(world_policy(world, 2, "min_nations", "2", NULL), STATUS_OK);
    world_plan(world);
    assert_int_equal(shown(world, "eda")->four_eyes_above, 1);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED);
    world->now += DESK_DAY;
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_RELEASED);
    assert_true(world_rebuilds_equal(world));
}

/* Who left a bundle and why is the coordinator's to know, of a version that was planned again since, too. */
static void the_reason_of_a_no_is_shown_to_the_coordinator_alone(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "es", 1, false), STATUS_OK);
    world_plan(world);
    const Muster__BundleView *view = shown(world, "eda");
    assert_int_equal(view->n_left, 1);
    assert_string_equal(view->left[0]->party, "es");
    assert_true(view->left[0]->counts && view->left[0]->reason[0] != '\0');
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(shown(world, "nl")->n_left, 0);
    /* Silence is told as such. */
    world_days(world, 20);
    world_plan(world);
    view = shown(world, "eda");
    for (size_t at = 1; at < view->n_left; at++)
        assert_false(view->left[at]->counts);
    assert_true(world_rebuilds_equal(world));
}

int main(void)
{
#define EYES_TEST(test) cmocka_unit_test_setup_teardown(test, begin, world_teardown)
    const struct CMUnitTest tests[] = {
        EYES_TEST(two_different_coordinators_release_what_costs_more),
        EYES_TEST(one_is_enough_up_to_the_value),
        EYES_TEST(a_suspended_coordinator_was_no_first),
        EYES_TEST(the_rule_needs_two_and_is_not_lifted_in_one_go),
        EYES_TEST(the_reason_of_a_no_is_shown_to_the_coordinator_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
