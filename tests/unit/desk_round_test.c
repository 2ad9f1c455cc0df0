/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/world_build.h"

/* Rounds: who is asked, what ends a round, who leaves, what a re-plan keeps, and what yes and no are worth. */

#define PROPOSED MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED
#define RELEASED MUSTER__BUNDLE_STATE__BUNDLE_RELEASED
#define AGREED MUSTER__BUNDLE_STATE__BUNDLE_AGREED
#define COMMITTED MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED
#define REJECTED MUSTER__BUNDLE_STATE__BUNDLE_REJECTED
#define LAPSED MUSTER__BUNDLE_STATE__BUNDLE_LAPSED

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

static void agree_usual(struct world *world)
{
    release_usual(world);
    say(world, "nl", true);
    say(world, "de", true);
    say(world, "es", true);
    world_tick(world);
    assert_state(world, 1, AGREED);
}

static void a_nation_that_says_no_leaves_and_the_rest_is_planned_again(void **state)
{
    struct world *world = *state;
    release_usual(world);
    say(world, "nl", true);
    say(world, "de", false);
    say(world, "es", true);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_int_equal(world_bundle(world, 1)->version, 2);
    assert_int_equal(world_awarded(world, 1, "de/D1"), 0);
    assert_int_equal(world_awarded(world, 1, NULL), 90);
    /* Both yes hold: the same quantity from the same offer for no more. So the next round closes by itself. */
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_tick(world), 1);
    assert_state(world, 1, AGREED);
    say(world, "sup", true);
    world_tick(world);
    assert_state(world, 1, COMMITTED);
    assert_int_equal(world_committed(world, NULL), 90);
    /* The one that left is still in the market: alone it is no bundle, since the rule asks for two nations; commitments count. */
    world_plan(world);
    assert_state(world, 2, PROPOSED);
    assert_int_equal(world_awarded(world, 2, "de/D1"), 60);
    assert_true(world_rebuilds_equal(world));
}

static void several_noes_and_a_silence_leave_together(void **state)
{
    struct world *world = *state;
    world_usual(world);
    world_party(world, "se", MUSTER__ROLE__ROLE_AGENCY, "SE", true);
    assert_int_equal(world_put_demand(world, "se", world_demand(world, "D1", "SE", "GEM", 202712, 10, 1000000), 0), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    say(world, "nl", true);
    say(world, "de", false);
    say(world, "es", false);
    /* The round goes on until the deadline, since se has not answered. */
    world_days(world, 13);
    assert_int_equal(world_tick(world), 0);
    assert_state(world, 1, RELEASED);
    world_days(world, 1);
    uint64_t jobs = world->jobs;
    world_plan(world);
    assert_int_equal(world->jobs, jobs + 1);
    /* nl alone is left: fewer than two nations, so no plan is left. */
    assert_state(world, 1, LAPSED);
    assert_int_equal(world_bundle(world, 1)->n_left, 3);
}

static void a_deadline_can_be_extended_and_then_silence_is_a_no(void **state)
{
    struct world *world = *state;
    release_usual(world);
    say(world, "nl", true);
    say(world, "de", true);
    world_days(world, 10);
    assert_int_equal(world_extend(world, 1, world->now + 10 * DESK_DAY), STATUS_OK);
    assert_int_equal(world_extend(world, 1, world->now + 9 * DESK_DAY), STATUS_INVALID);
    world_days(world, 9);
    assert_int_equal(world_tick(world), 0);
    world_days(world, 1);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_int_equal(world_awarded(world, 1, "es/D1"), 0);
}

static void no_deadline_passes_while_the_clock_is_in_doubt(void **state)
{
    struct world *world = *state;
    release_usual(world);
    world->clock_doubted = true;
    world_days(world, 400);
    assert_int_equal(world_tick(world), 0);
    world->clock_doubted = false;
    world->deadlines_from = world->now + DESK_DAY;
    assert_int_equal(world_tick(world), 0);
    world_days(world, 1);
    /* Then all were silent: the round closes, nobody is left, and the bundle lapses; and the publication of pooled need is due. */
    assert_int_equal(world_tick(world), 3);
    assert_state(world, 1, LAPSED);
}

static void a_yes_can_be_taken_back_until_committed_and_not_after(void **state)
{
    struct world *world = *state;
    agree_usual(world);
    /* In the suppliers' round: the agency's yes is gone, so at its end it leaves. */
    assert_int_equal(world_bundle_do(world, "nl", 1, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK), STATUS_OK);
    assert_int_equal(world_bundle_do(world, "nl", 1, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK), STATUS_STALE);
    say(world, "sup", true);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_int_equal(world_awarded(world, 1, "nl/D1"), 0);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    world_tick(world);
    assert_state(world, 1, AGREED);
    /* The supplier's confirm was for other quantities: it is asked again. */
    assert_null(bundle_answer(world_bundle(world, 1), "sup"));
    say(world, "sup", true);
    world_tick(world);
    assert_state(world, 1, COMMITTED);
    assert_int_equal(world_bundle_do(world, "de", 1, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK), STATUS_NOT_FOUND);
}

static void a_yes_taken_back_and_given_again_counts(void **state)
{
    struct world *world = *state;
    agree_usual(world);
    assert_int_equal(world_bundle_do(world, "nl", 1, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK), STATUS_OK);
    say(world, "nl", true);
    say(world, "sup", true);
    world_tick(world);
    assert_state(world, 1, COMMITTED);
}

/* Takes back by the version that the party was shown. */
static int take_back(struct world *world, const char *party, uint64_t shown)
{
    Muster__Submission *submission = world_submission(world);
    Muster__BundleChange *change = arena_alloc(&world->arena, sizeof *change);
    submission->bundles = arena_array(&world->arena, 1, sizeof *submission->bundles);
    assert_non_null(submission->bundles);
    muster__bundle_change__init(change);
    change->kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK;
    change->number = 1;
    change->version = shown;
    submission->bundles[submission->n_bundles++] = change;
    return world_submit(world, party, submission);
}

static void a_yes_that_holds_for_a_version_unseen_can_be_taken_back(void **state)
{
    struct world *world = *state;
    release_usual(world);
    say(world, "nl", true);
    say(world, "de", true);
    say(world, "es", false);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_non_null(bundle_answer(world_bundle(world, 1), "nl"));
    assert_int_equal(take_back(world, "nl", 1), STATUS_OK);
    assert_null(bundle_answer(world_bundle(world, 1), "nl"));
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_tick(world), 0);
    assert_true(world_rebuilds_equal(world));
}

static void put_certified(struct world *world, const char *supplier, const char *certificate, int64_t price)
{
    Muster__Offer *offer = world_offer(world, "O", supplier, "GEM", price, 500, 0);
    world_party(world, supplier, MUSTER__ROLE__ROLE_SUPPLIER, "FR", true);
    offer->certificates = arena_array(&world->arena, 1, sizeof *offer->certificates);
    offer->certificates[offer->n_certificates++] = (char *)(uintptr_t)certificate;
    assert_int_equal(world_put_offer(world, supplier, offer, 0), STATUS_OK);
}

static void want_certified(struct world *world, const char *party, const char *country, const char *certificate)
{
    Muster__Demand *demand = world_demand(world, "D", country, "GEM", 202712, 40, 1000000);
    world_party(world, party, MUSTER__ROLE__ROLE_AGENCY, country, true);
    demand->certificates = arena_array(&world->arena, 1, sizeof *demand->certificates);
    demand->certificates[demand->n_certificates++] = (char *)(uintptr_t)certificate;
    assert_int_equal(world_put_demand(world, party, demand, 0), STATUS_OK);
}

/* Another supplier declines, and the first one's confirm holds for the next version: it is still its own to take back. */
static void a_confirm_can_be_taken_back_until_committed(void **state)
{
    struct world *world = *state;
    world_item(world, "GEM");
    want_certified(world, "nl", "NL", "one");
    want_certified(world, "de", "DE", "two");
    put_certified(world, "sup", "one", 500000);
    put_certified(world, "alt", "two", 500000);
    put_certified(world, "oth", "two", 600000);
    world_plan(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    say(world, "nl", true);
    say(world, "de", true);
    world_tick(world);
    say(world, "sup", true);
    assert_int_equal(take_back(world, "oth", 1), STATUS_NOT_FOUND);
    say(world, "alt", false);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_non_null(bundle_answer(world_bundle(world, 1), "sup"));
    assert_int_equal(take_back(world, "alt", 1), STATUS_NOT_FOUND);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(take_back(world, "sup", 1), STATUS_OK);
    assert_int_equal(take_back(world, "sup", 1), STATUS_NOT_FOUND);
    say(world, "de", true);
    world_tick(world);
    assert_state(world, 1, AGREED);
    say(world, "oth", true);
    world_tick(world);
    assert_state(world, 1, AGREED);
    say(world, "sup", true);
    world_tick(world);
    assert_state(world, 1, COMMITTED);
    assert_int_equal(take_back(world, "sup", 2), STATUS_NOT_FOUND);
    assert_true(world_rebuilds_equal(world));
}

static void a_supplier_that_declines_is_planned_around(void **state)
{
    struct world *world = *state;
    agree_usual(world);
    say(world, "sup", false);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_string_equal(world_version(world, 1)->plan->awards[0]->offer, "alt/O2");
    assert_int_equal(world_awarded(world, 1, NULL), 150);
    /* Another supplier at a higher price: no yes holds. */
    assert_int_equal(world_bundle(world, 1)->n_answers, 0);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_tick(world), 0);
    say(world, "nl", true);
    say(world, "de", true);
    say(world, "es", true);
    world_tick(world);
    say(world, "alt", true);
    world_tick(world);
    assert_state(world, 1, COMMITTED);
}

static void a_silent_supplier_leaves_at_the_deadline(void **state)
{
    struct world *world = *state;
    agree_usual(world);
    world_days(world, 14);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_string_equal(world_version(world, 1)->plan->awards[0]->offer, "alt/O2");
}

static void two_agencies_of_one_nation_answer_each_for_itself(void **state)
{
    struct world *world = *state;
    world_usual(world);
    world_party(world, "nl-navy", MUSTER__ROLE__ROLE_AGENCY, "NL", true);
    assert_int_equal(world_put_demand(world, "nl-navy", world_demand(world, "D1", "NL", "GEM", 202712, 20, 1000000), 0), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_awarded(world, 1, NULL), 170);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    say(world, "nl", false);
    say(world, "nl-navy", true);
    say(world, "de", true);
    say(world, "es", true);
    world_plan(world);
    assert_state(world, 1, PROPOSED);
    assert_int_equal(world_awarded(world, 1, "nl/D1"), 0);
    assert_int_equal(world_awarded(world, 1, "nl-navy/D1"), 20);
}

static void a_late_joiner_is_planned_after_the_commitment(void **state)
{
    struct world *world = *state;
    agree_usual(world);
    world_party(world, "se", MUSTER__ROLE__ROLE_AGENCY, "SE", true);
    assert_int_equal(world_put_demand(world, "se", world_demand(world, "D1", "SE", "GEM", 202712, 400, 1000000), 0), STATUS_OK);
    /* From its release on the lot gets no other proposal. */
    uint64_t jobs = world->jobs;
    world_plan(world);
    assert_int_equal(world->jobs, jobs);
    assert_null(world_bundle(world, 2));
    say(world, "sup", true);
    world_plan(world);
    assert_state(world, 1, COMMITTED);
    assert_state(world, 2, PROPOSED);
    /* sup has 500 - 150 = 350 left; the other 50 come from alt. */
    assert_int_equal(world_awarded(world, 2, "se/D1"), 400);
    uint64_t of_sup = 0;
    Muster__BundleVersion *version = world_version(world, 2);
    for (size_t at = 0; at < version->plan->n_awards; at++)
        of_sup += strcmp(version->plan->awards[at]->offer, "sup/O1") == 0 ? version->plan->awards[at]->quantity : 0;
    assert_int_equal(of_sup, 350);
    assert_true(world_rebuilds_equal(world));
}

static void answers_sign_what_was_shown(void **state)
{
    struct world *world = *state;
    release_usual(world);
    Muster__Submission *submission = world_submission(world);
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT, *list[] = {&change};
    uint8_t other[32] = {1};
    change.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER;
    change.number = 1;
    change.version = 1;
    change.has_answer = true;
    change.answer = MUSTER__ANSWER_KIND__ANSWER_YES;
    change.has_terms_sha256 = true;
    change.terms_sha256 = (ProtobufCBinaryData){.data = other, .len = 32};
    submission->bundles = list;
    submission->n_bundles = 1;
    assert_int_equal(world_submit(world, "nl", submission), STATUS_STALE);
    assert_true(world_fault_says(world, "terms"));
    /* Suppliers are not asked yet, and one without an award never is: the bundle is not there for them. */
    assert_int_equal(world_answer(world, "sup", 1, true), STATUS_NOT_FOUND);
    say(world, "nl", true);
    say(world, "de", true);
    say(world, "es", true);
    world_tick(world);
    assert_int_equal(world_answer(world, "alt", 1, true), STATUS_NOT_FOUND);
    assert_int_equal(world_answer(world, "sup", 7, true), STATUS_NOT_FOUND);
}

/* One submission can't release two bundles, nor do two things to one: each is checked on what stands before it. */
static void a_submission_does_one_thing_to_a_bundle(void **state)
{
    struct world *world = *state;
    world_usual(world);
    Muster__Submission *submission = world_submission(world);
    Muster__BundleChange reject = MUSTER__BUNDLE_CHANGE__INIT, release = MUSTER__BUNDLE_CHANGE__INIT, *list[] = {&reject, &release};
    reject.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT;
    reject.reason = "for a test";
    release.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE;
    reject.number = reject.version = release.number = release.version = 1;
    submission->bundles = list;
    submission->n_bundles = 2;
    assert_int_equal(world_submit(world, "eda", submission), STATUS_INVALID);
    assert_state(world, 1, PROPOSED);
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_nation_that_says_no_leaves_and_the_rest_is_planned_again),
        IN_A_WORLD(several_noes_and_a_silence_leave_together),
        IN_A_WORLD(a_deadline_can_be_extended_and_then_silence_is_a_no),
        IN_A_WORLD(no_deadline_passes_while_the_clock_is_in_doubt),
        IN_A_WORLD(a_yes_can_be_taken_back_until_committed_and_not_after),
        IN_A_WORLD(a_yes_taken_back_and_given_again_counts),
        IN_A_WORLD(a_yes_that_holds_for_a_version_unseen_can_be_taken_back),
        IN_A_WORLD(a_confirm_can_be_taken_back_until_committed),
        IN_A_WORLD(a_supplier_that_declines_is_planned_around),
        IN_A_WORLD(a_silent_supplier_leaves_at_the_deadline),
        IN_A_WORLD(two_agencies_of_one_nation_answer_each_for_itself),
        IN_A_WORLD(a_late_joiner_is_planned_after_the_commitment),
        IN_A_WORLD(answers_sign_what_was_shown),
        IN_A_WORLD(a_submission_does_one_thing_to_a_bundle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
