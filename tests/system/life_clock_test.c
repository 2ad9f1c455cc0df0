/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/status.h"
#include "proto/walk.h"
#include "tests/system/market.h"
#include "tests/unit/patience.h"

/*
 * The life of a bundle in a real daemon, driven by its clock: rounds that close by themselves at their deadline, a restart in
 * the middle of one, a re-plan that lapses, and tables that a rebuild makes again.
 */

#define DAY UINT64_C(86400000)
#define PATIENCE 10000
#define TEXT(text) ((char *)(uintptr_t)(text))

static struct harness harness;
static struct market market;
static struct party es;

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(240));
    Muster__Answer *answer;
    if (harness_open(&harness, NULL) != STATUS_OK || harness_start(&harness) != STATUS_OK || market_open(&harness, &market) != STATUS_OK ||
        party_join(&market.hq, "es-agency", MUSTER__ROLE__ROLE_AGENCY, "ES", &es) != STATUS_OK)
        return -1;
    if (market_demand(&market.nl, "D1", 3000, &answer) != STATUS_OK || market_demand(&market.de, "D1", 2000, &answer) != STATUS_OK ||
        market_demand(&es, "D1", 1000, &answer) != STATUS_OK || market_offer(&market.supplier, "O1", &answer) != STATUS_OK)
        return -1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    party_close(&es);
    market_close(&market);
    harness_close(&harness);
    return 0;
}

/* Bundle 1 as a party sees it; NULL: it is not there for it. Holds until its next question. */
static Muster__BundleView *view_of(struct party *party)
{
    Muster__BundlesRequest request = MUSTER__BUNDLES_REQUEST__INIT;
    Muster__Answer *answer = NULL;
    ProtobufCMessage *message = NULL;
    uint8_t bytes[32];
    request.number = 1;
    size_t length = muster__bundles_request__pack(&request, bytes);
    assert_int_equal(party_ask(party, MUSTER__VERB__VERB_BUNDLES, bytes, length, PATIENCE, &answer), STATUS_OK);
    if (answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE)
        return NULL;
    assert_int_equal(walk_unpack(&muster__bundles_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &party->arena, &message, NULL),
                     STATUS_OK);
    return ((Muster__BundlesAnswer *)message)->bundles[0];
}

/* Waits until the coordinator sees the bundle in a state, at least at a version. */
static void await(Muster__BundleState state, uint64_t version)
{
    for (int tries = 0; tries < 200; tries++) {
        Muster__BundleView *view = view_of(&market.hq);
        if (view != NULL && view->state == state && view->version >= version && strcmp(view->waiting_for, "the engine") != 0)
            return;
        harness_pause(50);
    }
    harness_show(&harness);
    fail_msg("the bundle never came to state %d", (int)state);
}

/* Waits until the engine has nothing left to plan. */
static void await_idle(void)
{
    Muster__Answer *answer = NULL;
    ProtobufCMessage *message = NULL;
    uint64_t left = 1;
    for (int tries = 0; tries < 400 && left != 0; tries++) {
        assert_int_equal(party_ask(&market.hq, MUSTER__VERB__VERB_STATUS, NULL, 0, PATIENCE, &answer), STATUS_OK);
        assert_int_equal(walk_unpack(&muster__status_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &market.hq.arena, &message, NULL),
                         STATUS_OK);
        assert_true(((Muster__StatusAnswer *)message)->has_lots_to_plan);
        left = ((Muster__StatusAnswer *)message)->lots_to_plan;
        if (left != 0)
            harness_pause(50);
    }
    assert_int_equal(left, 0);
}

static Muster__Outcome submit(struct party *party, Muster__BundleChange *change)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__BundleChange *changes[] = {change};
    Muster__Answer *answer = NULL;
    submission.bundles = changes;
    submission.n_bundles = 1;
    change->number = 1;
    assert_int_equal(party_submit(party, &submission, &answer, NULL), STATUS_OK);
    return answer->outcome;
}

static void release(void)
{
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT;
    change.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE;
    change.version = view_of(&market.hq)->version;
    assert_int_equal(submit(&market.hq, &change), MUSTER__OUTCOME__OUTCOME_DONE);
}

static Muster__Outcome answer(struct party *party, Muster__AnswerKind kind)
{
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT;
    Muster__BundleView *view = view_of(party);
    uint8_t sha256[32];
    if (view == NULL)
        return MUSTER__OUTCOME__OUTCOME_NOT_FOUND;
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    crypto_hash_sha256_update(&hash, (const uint8_t *)"muster/terms/v1\n", 16);
    crypto_hash_sha256_update(&hash, view->terms.data, view->terms.len);
    crypto_hash_sha256_final(&hash, sha256);
    change.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER;
    change.version = view->version;
    change.has_answer = true;
    change.answer = kind;
    change.has_terms_sha256 = true;
    change.terms_sha256 = (ProtobufCBinaryData){.data = sha256, .len = sizeof sha256};
    if (kind == MUSTER__ANSWER_KIND__ANSWER_NO)
        change.reason = TEXT("for a test");
    return submit(party, &change);
}

static void yes(struct party *party)
{
    assert_int_equal(answer(party, MUSTER__ANSWER_KIND__ANSWER_YES), MUSTER__OUTCOME__OUTCOME_DONE);
}

static void silence_ends_at_the_deadline_without_anybody_asking(void **state)
{
    (void)state;
    await(MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED, 1);
    await_idle();
    assert_int_equal(answer(&market.nl, MUSTER__ANSWER_KIND__ANSWER_YES), MUSTER__OUTCOME__OUTCOME_NOT_FOUND);
    release();
    yes(&market.nl);
    yes(&market.de);
    harness_set_clock(&harness, harness.now + 13 * DAY);
    await(MUSTER__BUNDLE_STATE__BUNDLE_RELEASED, 1);
    harness_set_clock(&harness, harness.now + 2 * DAY);
    await(MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED, 2);
    assert_int_equal(view_of(&market.hq)->quantity, 5000);
}

static void a_restart_in_the_middle_of_a_round_loses_nothing(void **state)
{
    (void)state;
    release();
    await(MUSTER__BUNDLE_STATE__BUNDLE_AGREED, 2);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    await(MUSTER__BUNDLE_STATE__BUNDLE_AGREED, 2);
    assert_int_equal(answer(&market.supplier, MUSTER__ANSWER_KIND__ANSWER_NO), MUSTER__OUTCOME__OUTCOME_DONE);
    /* Its only supplier gone, no plan is left. */
    await(MUSTER__BUNDLE_STATE__BUNDLE_LAPSED, 2);
}

static void a_rebuild_makes_the_same_tables(void **state)
{
    (void)state;
    const char *const rebuild[] = {"--rebuild", NULL};
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    assert_int_equal(harness_task(&harness, rebuild), 0);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    await(MUSTER__BUNDLE_STATE__BUNDLE_LAPSED, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_ends_at_the_deadline_without_anybody_asking),
        cmocka_unit_test(a_restart_in_the_middle_of_a_round_loses_nothing),
        cmocka_unit_test(a_rebuild_makes_the_same_tables),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
