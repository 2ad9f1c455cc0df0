/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "broker/desk/keys.h"
#include "proto/new_keys.h"
#include "proto/status.h"
#include "tests/unit/world_build.h"

/* New keys of known parties: who begins them, how long they wait, who can bind, cancel and void them, and who comes in as coordinator. */

static Muster__Submission *announcement(struct world *world, const char *party, const struct invitation_keys *keys, bool forged)
{
    Muster__Submission *submission = world_submission(world);
    Muster__KeysChange *change = arena_alloc(&world->arena, sizeof *change);
    uint8_t *signature = arena_alloc(&world->arena, 64);
    const struct new_keys_party covered = {.old_signing_key = world_record(world, party)->keys->signing_key.data,
                                           .curve_key = keys->curve.public_key,
                                           .box_key = keys->box.public_key,
                                           .signing_key = keys->signing.public_key,
                                           .exchange_box_key = world->facts.box_key};
    muster__keys_change__init(change);
    change->kind = MUSTER__KEYS_CHANGE_KIND__KEYS_ANNOUNCE;
    change->keys = world_public_keys(world, keys);
    new_keys_sign(&covered, &keys->signing, signature);
    signature[0] ^= forged;
    change->has_new_signature = true;
    change->new_signature = (ProtobufCBinaryData){64, signature};
    submission->keys = change;
    return submission;
}

static int announce(struct world *world, const char *party, struct invitation_keys *keys)
{
    world_new_keys(world, keys);
    return world_submit(world, party, announcement(world, party, keys, false));
}

static int cancel(struct world *world, const char *party, const struct invitation_keys *keys)
{
    Muster__Submission *submission = world_submission(world);
    Muster__KeysChange *change = arena_alloc(&world->arena, sizeof *change);
    muster__keys_change__init(change);
    change->kind = MUSTER__KEYS_CHANGE_KIND__KEYS_CANCEL;
    change->has_cancels = true;
    change->cancels = world_public_keys(world, keys)->signing_key;
    submission->keys = change;
    return world_submit(world, party, submission);
}

static int void_key(struct world *world, const char *coordinator, const char *party, ProtobufCBinaryData key)
{
    Muster__Submission *submission = world_submission(world);
    Muster__PartyChange *change = arena_alloc(&world->arena, sizeof *change);
    muster__party_change__init(change);
    change->kind = MUSTER__PARTY_CHANGE_KIND__PARTY_VOID;
    change->party = arena_string(&world->arena, party);
    change->replaces = world_record(world, party)->version;
    change->has_void_key = true;
    change->void_key = key;
    change->reason = "stolen";
    submission->parties = arena_array(&world->arena, 1, sizeof *submission->parties);
    submission->parties[0] = change;
    submission->n_parties = 1;
    return world_submit(world, coordinator, submission);
}

/* Which of its keys a party has by a box key; -1: none. */
static int found_by(struct world *world, const uint8_t box_key[32])
{
    struct store_txn *txn = world_look(world);
    Muster__PartyRecord *party;
    enum desk_keys which;
    int status = desk_party_by_box(txn, box_key, &world->arena, &party, &which);
    store_abort(txn);
    return status == STATUS_OK ? (int)which : -1;
}

static bool is_admitted(struct world *world, const uint8_t curve_key[32])
{
    struct store_txn *txn = world_look(world);
    struct desk_admitted *list;
    size_t count;
    bool found = false;
    assert_int_equal(desk_admitted(txn, world->now, &world->arena, &list, &count), STATUS_OK);
    store_abort(txn);
    for (size_t at = 0; at < count; at++)
        found = found || memcmp(list[at].curve_key, curve_key, 32) == 0;
    return found;
}

static bool is_told(struct world *world, const char *party, const char *text)
{
    const Muster__StatusAnswer *status = (const Muster__StatusAnswer *)world_read(world, party, MUSTER__VERB__VERB_STATUS, NULL);
    for (size_t at = 0; status != NULL && at < status->n_waiting; at++) {
        if (strcmp(status->waiting[at]->what, "keys") == 0 && strstr(status->waiting[at]->text, text) != NULL)
            return true;
    }
    return false;
}

static uint8_t old_box[32];
static uint8_t old_curve[32];

static void begin(struct world *world)
{
    world_party(world, "nl", MUSTER__ROLE__ROLE_AGENCY, "NL", true);
    const Muster__PartyKeys *keys = world_record(world, "nl")->keys;
    memcpy(old_box, keys->box_key.data, 32);
    memcpy(old_curve, keys->curve_key.data, 32);
}

static void announced_keys_bind_after_a_day_and_the_old_are_strangers(void **state)
{
    struct world *world = *state;
    struct invitation_keys keys;
    begin(world);
    assert_int_equal(announce(world, "nl", &keys), STATUS_OK);
    assert_int_equal(found_by(world, old_box), DESK_KEYS_OWN);
    assert_int_equal(found_by(world, keys.box.public_key), DESK_KEYS_WAITING);
    assert_true(is_admitted(world, old_curve) && is_admitted(world, keys.curve.public_key));
    assert_true(is_told(world, "nl", "muster keys cancel"));
    assert_true(is_told(world, "eda", "begun by nl"));
    world->now += KEYS_WAIT - 1;
    assert_int_equal(world_tick(world), 0);
    world->now += 1;
    assert_int_equal(world_tick(world), 1);
    assert_int_equal(world_tick(world), 0);
    assert_int_equal(found_by(world, old_box), -1);
    assert_int_equal(found_by(world, keys.box.public_key), DESK_KEYS_OWN);
    assert_false(is_admitted(world, old_curve));
    assert_true(is_admitted(world, keys.curve.public_key));
    assert_int_equal(world_record(world, "nl")->state, MUSTER__PARTY_STATE__PARTY_CONFIRMED);
    assert_true(world_rebuilds_equal(world));
    invitation_keys_drop(&keys);
}

static void nothing_binds_while_the_clock_is_in_doubt(void **state)
{
    struct world *world = *state;
    struct invitation_keys keys;
    begin(world);
    assert_int_equal(announce(world, "nl", &keys), STATUS_OK);
    world->now += 2 * KEYS_WAIT;
    world->clock_doubted = true;
    assert_int_equal(world_tick(world), 0);
    world->clock_doubted = false;
    world->deadlines_from = world->now + DESK_DAY;
    assert_int_equal(world_tick(world), 0);
    world->now += DESK_DAY;
    assert_int_equal(world_tick(world), 1);
    world->deadlines_from = 0;
    invitation_keys_drop(&keys);
}

static void what_is_announced_must_be_whole_and_new(void **state)
{
    struct world *world = *state;
    struct invitation_keys keys, other;
    begin(world);
    world_new_keys(world, &keys);
    assert_int_equal(world_submit(world, "nl", announcement(world, "nl", &keys, true)), STATUS_DENIED);
    world_party(world, "de", MUSTER__ROLE__ROLE_AGENCY, "DE", true);
    assert_int_equal(announce(world, "de", &other), STATUS_OK);
    /* A key that waits is as registered as any. */
    assert_int_equal(world_submit(world, "nl", announcement(world, "nl", &other, false)), STATUS_INVALID);
    assert_int_equal(world_submit(world, "nl", announcement(world, "nl", &keys, false)), STATUS_OK);
    invitation_keys_drop(&other);
    assert_int_equal(announce(world, "nl", &other), STATUS_STALE);
    invitation_keys_drop(&other);
    invitation_keys_drop(&keys);
}

static void a_coordinator_that_compares_them_binds_announced_keys_at_once(void **state)
{
    struct world *world = *state;
    struct invitation_keys keys;
    begin(world);
    assert_int_equal(announce(world, "nl", &keys), STATUS_OK);
    assert_int_equal(world_confirm(world, "eda", "nl"), STATUS_OK);
    assert_int_equal(found_by(world, keys.box.public_key), DESK_KEYS_OWN);
    assert_int_equal(found_by(world, old_box), -1);
    invitation_keys_drop(&keys);
    /* A coordinator's own are not its own to bind. */
    world_party(world, "hq", MUSTER__ROLE__ROLE_COORDINATOR, "BE", true);
    assert_int_equal(announce(world, "hq", &keys), STATUS_OK);
    assert_int_equal(world_confirm(world, "hq", "hq"), STATUS_DENIED);
    assert_true(world_fault_says(world, "another coordinator than hq"));
    assert_int_equal(found_by(world, keys.box.public_key), DESK_KEYS_WAITING);
    assert_int_equal(world_confirm(world, "eda", "hq"), STATUS_OK);
    assert_int_equal(found_by(world, keys.box.public_key), DESK_KEYS_OWN);
    assert_true(world_rebuilds_equal(world));
    invitation_keys_drop(&keys);
}

static void the_keys_in_force_cancel_those_that_wait(void **state)
{
    struct world *world = *state;
    struct invitation_keys keys, none;
    begin(world);
    world_new_keys(world, &none);
    assert_int_equal(cancel(world, "nl", &none), STATUS_STALE);
    assert_int_equal(announce(world, "nl", &keys), STATUS_OK);
    assert_int_equal(cancel(world, "nl", &none), STATUS_STALE);
    assert_int_equal(cancel(world, "nl", &keys), STATUS_OK);
    assert_int_equal(found_by(world, keys.box.public_key), -1);
    assert_false(is_admitted(world, keys.curve.public_key));
    world->now += 2 * KEYS_WAIT;
    assert_int_equal(world_tick(world), 0);
    assert_int_equal(found_by(world, old_box), DESK_KEYS_OWN);
    assert_true(world_rebuilds_equal(world));
    invitation_keys_drop(&keys);
    invitation_keys_drop(&none);
}

static void reinvite(struct world *world, const char *coordinator, struct invitation_keys *keys)
{
    struct invitation_keys once;
    world_new_keys(world, &once);
    world_new_keys(world, keys);
    assert_int_equal(world_invite(world, coordinator, "nl", MUSTER__ROLE__ROLE_AGENCY, "NL", &once), STATUS_OK);
    assert_int_equal(world_join(world, "nl", &once, keys), STATUS_OK);
    invitation_keys_drop(&once);
}

static void one_coordinator_alone_takes_a_party_over_for_nobody_in_a_day(void **state)
{
    struct world *world = *state;
    struct invitation_keys keys;
    begin(world);
    reinvite(world, "eda", &keys);
    /* The party's own keys hold on, and see it. */
    assert_int_equal(found_by(world, old_box), DESK_KEYS_OWN);
    assert_int_equal(found_by(world, keys.box.public_key), DESK_KEYS_WAITING);
    assert_true(is_told(world, "nl", "muster keys cancel"));
    world->now += 2 * KEYS_WAIT;
    assert_int_equal(world_tick(world), 0); /* nobody has compared them */
    assert_int_equal(world_confirm(world, "eda", "nl"), STATUS_OK);
    assert_int_equal(world_tick(world), 1);
    assert_int_equal(found_by(world, old_box), -1);
    assert_int_equal(found_by(world, keys.box.public_key), DESK_KEYS_OWN);
    invitation_keys_drop(&keys);
    reinvite(world, "eda", &keys);
    assert_int_equal(world_confirm(world, "eda", "nl"), STATUS_OK);
    assert_int_equal(found_by(world, keys.box.public_key), DESK_KEYS_WAITING);
    assert_int_equal(world_confirm(world, "eda", "nl"), STATUS_DENIED);
    world->now += KEYS_WAIT - 1;
    assert_int_equal(world_tick(world), 0);
    assert_int_equal(cancel(world, "nl", &keys), STATUS_OK);
    world->now += KEYS_WAIT;
    assert_int_equal(world_tick(world), 0);
    assert_true(world_rebuilds_equal(world));
    invitation_keys_drop(&keys);
}

static void two_coordinators_bring_lost_keys_back_at_once(void **state)
{
    struct world *world = *state;
    struct invitation_keys keys;
    begin(world);
    world_party(world, "hq", MUSTER__ROLE__ROLE_COORDINATOR, "BE", true);
    assert_int_equal(void_key(world, "eda", "nl", world_record(world, "nl")->keys->signing_key), STATUS_OK);
    assert_int_equal(found_by(world, old_box), -1);
    assert_false(is_admitted(world, old_curve));
    assert_int_equal(world_record(world, "nl")->state, MUSTER__PARTY_STATE__PARTY_INVITED);
    reinvite(world, "eda", &keys);
    assert_int_equal(world_confirm(world, "hq", "nl"), STATUS_OK);
    assert_int_equal(found_by(world, keys.box.public_key), DESK_KEYS_OWN);
    assert_int_equal(world_record(world, "nl")->state, MUSTER__PARTY_STATE__PARTY_CONFIRMED);
    assert_true(world_rebuilds_equal(world));
    invitation_keys_drop(&keys);
}

static void a_void_ends_keys_at_once_and_is_a_no_to_open_bundles(void **state)
{
    struct world *world = *state;
    struct invitation_keys keys, other;
    world_usual(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(announce(world, "nl", &keys), STATUS_OK);
    ProtobufCBinaryData waiting = world_record(world, "nl")->pending->keys->signing_key;
    assert_int_equal(void_key(world, "eda", "nl", waiting), STATUS_OK);
    assert_null(world_record(world, "nl")->pending);
    assert_int_equal(world_record(world, "nl")->state, MUSTER__PARTY_STATE__PARTY_CONFIRMED);
    assert_int_equal(void_key(world, "eda", "nl", waiting), STATUS_STALE);
    /* What the stolen keys announced ends with them. */
    assert_int_equal(announce(world, "nl", &other), STATUS_OK);
    assert_int_equal(void_key(world, "eda", "nl", world_record(world, "nl")->keys->signing_key), STATUS_OK);
    assert_null(world_record(world, "nl")->pending);
    assert_null(world_record(world, "nl")->keys);
    const Muster__BundleAnswer *answer = bundle_answer(world_bundle(world, 1), "nl");
    assert_non_null(answer);
    assert_int_equal(answer->kind, MUSTER__ANSWER_KIND__ANSWER_NO);
    world->now += 2 * KEYS_WAIT;
    world_tick(world);
    assert_null(world_record(world, "nl")->keys);
    assert_true(world_rebuilds_equal(world));
    invitation_keys_drop(&keys);
    invitation_keys_drop(&other);
}

static void a_suspension_ends_keys_that_wait(void **state)
{
    struct world *world = *state;
    struct invitation_keys keys;
    begin(world);
    assert_int_equal(announce(world, "nl", &keys), STATUS_OK);
    assert_int_equal(world_party_change(world, "nl", MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND), STATUS_OK);
    assert_false(is_admitted(world, old_curve));
    assert_int_equal(found_by(world, keys.box.public_key), -1);
    assert_int_equal(world_party_change(world, "nl", MUSTER__PARTY_CHANGE_KIND__PARTY_RESUME), STATUS_OK);
    world->now += 2 * KEYS_WAIT;
    assert_int_equal(world_tick(world), 0);
    assert_int_equal(found_by(world, old_box), DESK_KEYS_OWN);
    assert_true(world_rebuilds_equal(world));
    invitation_keys_drop(&keys);
}

static void an_invitation_works_once_for_one_party_until_its_day(void **state)
{
    struct world *world = *state;
    struct invitation_keys once, again, keys, other;
    begin(world);
    world_new_keys(world, &once);
    world_new_keys(world, &again);
    world_new_keys(world, &keys);
    world_new_keys(world, &other);
    assert_int_equal(world_invite(world, "eda", "se", MUSTER__ROLE__ROLE_AGENCY, "SE", &once), STATUS_OK);
    assert_int_equal(world_invite(world, "eda", "fi", MUSTER__ROLE__ROLE_AGENCY, "FI", &again), STATUS_OK);
    assert_int_equal(world_join(world, "fi", &once, &keys), STATUS_DENIED); /* another's */
    world->now += 7 * DESK_DAY;
    assert_false(is_admitted(world, once.curve.public_key));
    assert_int_equal(world_join(world, "se", &once, &keys), STATUS_EXPIRED);
    invitation_keys_drop(&once);
    world_new_keys(world, &once);
    assert_int_equal(world_invite(world, "eda", "se", MUSTER__ROLE__ROLE_AGENCY, "SE", &once), STATUS_OK);
    assert_true(is_admitted(world, once.curve.public_key));
    assert_int_equal(world_join(world, "se", &once, &keys), STATUS_OK);
    assert_int_equal(world_join(world, "se", &once, &other), STATUS_DENIED); /* used */
    assert_true(memcmp(world_record(world, "se")->keys->box_key.data, keys.box.public_key, 32) == 0);
    assert_int_equal(world_record(world, "se")->state, MUSTER__PARTY_STATE__PARTY_JOINED);
    invitation_keys_drop(&once);
    invitation_keys_drop(&again);
    invitation_keys_drop(&keys);
    invitation_keys_drop(&other);
}

static void the_last_coordinator_is_not_voided_and_a_third_takes_two(void **state)
{
    struct world *world = *state;
    struct invitation_keys once, keys;
    world_party(world, "hq", MUSTER__ROLE__ROLE_COORDINATOR, "BE", true);
    world_new_keys(world, &once);
    world_new_keys(world, &keys);
    assert_int_equal(world_invite(world, "eda", "third", MUSTER__ROLE__ROLE_COORDINATOR, "NL", &once), STATUS_OK);
    assert_int_equal(world_join(world, "third", &once, &keys), STATUS_OK);
    assert_int_equal(world_confirm(world, "eda", "third"), STATUS_DENIED);
    assert_true(world_fault_says(world, "two different coordinators"));
    assert_int_equal(world_confirm(world, "hq", "third"), STATUS_OK);
    assert_int_equal(world_party_change(world, "third", MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND), STATUS_OK);
    assert_int_equal(void_key(world, "eda", "hq", world_record(world, "hq")->keys->signing_key), STATUS_OK);
    assert_int_equal(world_party_change(world, "eda", MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND), STATUS_INVALID);
    assert_true(world_rebuilds_equal(world));
    invitation_keys_drop(&once);
    invitation_keys_drop(&keys);
}

int main(void)
{
#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        WORLD_TEST(announced_keys_bind_after_a_day_and_the_old_are_strangers),
        WORLD_TEST(nothing_binds_while_the_clock_is_in_doubt),
        WORLD_TEST(what_is_announced_must_be_whole_and_new),
        WORLD_TEST(a_coordinator_that_compares_them_binds_announced_keys_at_once),
        WORLD_TEST(the_keys_in_force_cancel_those_that_wait),
        WORLD_TEST(one_coordinator_alone_takes_a_party_over_for_nobody_in_a_day),
        WORLD_TEST(two_coordinators_bring_lost_keys_back_at_once),
        WORLD_TEST(a_void_ends_keys_at_once_and_is_a_no_to_open_bundles),
        WORLD_TEST(a_suspension_ends_keys_that_wait),
        WORLD_TEST(an_invitation_works_once_for_one_party_until_its_day),
        WORLD_TEST(the_last_coordinator_is_not_voided_and_a_third_takes_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
