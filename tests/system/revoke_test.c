/* SPDX-License-Identifier: EUPL-1.2 */
/* Keys that end while their party is connected: what takes their place is served, they themselves get nothing more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/envelope.h"
#include "proto/fingerprint.h"
#include "proto/new_keys.h"
#include "proto/note.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "tests/system/curve.h"
#include "tests/system/market.h"
#include "tests/unit/patience.h"

#define PATIENCE 8000
#define TEXT(text) ((char *)(uintptr_t)(text))

static struct harness harness;
static struct market market;
static struct arena arena;

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(120));
    arena_init(&arena, (size_t)256 << 20);
    return harness_begin(&harness, NULL) == STATUS_OK && market_open(&harness, &market) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    market_close(&market);
    harness_close(&harness);
    arena_drop(&arena);
    return 0;
}

static Muster__Outcome change_party(Muster__PartyChange *change)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__PartyChange *changes[] = {change};
    Muster__Answer *answer = NULL;
    submission.n_parties = 1;
    submission.parties = changes;
    assert_int_equal(party_submit(&market.hq, &submission, &answer, NULL), STATUS_OK);
    return answer->outcome;
}

static ProtobufCBinaryData bytes_of(const uint8_t *bytes, size_t size)
{
    return (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)bytes, .len = size};
}

static int ask(struct party *party, Muster__Verb verb, const ProtobufCMessage *message, int patience, Muster__Answer **answer)
{
    uint8_t *body;
    size_t size;
    assert_int_equal(walk_pack(message, &arena, &body, &size), STATUS_OK);
    return party_ask(party, verb, body, size, patience, answer);
}

static Muster__Outcome list(struct party *party)
{
    Muster__ListRequest request = MUSTER__LIST_REQUEST__INIT;
    Muster__Answer *answer = NULL;
    request.noun = MUSTER__NOUN__NOUN_DEMAND;
    request.item = request.id = request.after = TEXT("");
    request.limit = 10;
    assert_int_equal(ask(party, MUSTER__VERB__VERB_LIST, &request.base, PATIENCE, &answer), STATUS_OK);
    return answer->outcome;
}

/* A watch that waits, and a second connection, both live when the keys are voided: neither hears anything again. */
static void voided_keys_get_no_further_answer(void **state)
{
    (void)state;
    Muster__WatchRequest watch = MUSTER__WATCH_REQUEST__INIT;
    Muster__PartyChange change = MUSTER__PARTY_CHANGE__INIT;
    struct curve curve;
    uint8_t *body, *frame = NULL;
    size_t size, length = 0;
    assert_int_equal(list(&market.de), MUSTER__OUTCOME__OUTCOME_DONE);
    watch.cursor = 1000000;
    watch.wait = 30;
    assert_int_equal(walk_pack(&watch.base, &arena, &body, &size), STATUS_OK);
    assert_int_equal(party_send(&market.de, MUSTER__VERB__VERB_WATCH, body, size), STATUS_OK);
    assert_int_equal(curve_open(&market.de, NULL, 0, &curve), STATUS_OK);
    assert_int_equal(curve_send(&curve, "not a box", 9, false), STATUS_OK);
    assert_true(curve_hears(curve.fd, 2000));
    harness_pause(300);
    change.kind = MUSTER__PARTY_CHANGE_KIND__PARTY_VOID;
    change.party = market.de.id;
    change.replaces = 3;
    change.has_void_key = 1;
    change.void_key = bytes_of(market.de.signing.public_key, 32);
    change.reason = TEXT("stolen");
    assert_int_equal(change_party(&change), MUSTER__OUTCOME__OUTCOME_DONE);
    assert_true(curve_is_cut(curve.fd, 1000));
    curve_close(&curve);
    assert_int_equal(party_receive_frame(&market.de, 1500, &frame, &length), STATUS_UNREACHABLE);
    assert_int_equal(curve_open(&market.de, NULL, 0, &curve), STATUS_DENIED);
    curve_close(&curve);
}

static Muster__Outcome announce(struct party *party, const struct party *fresh)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__KeysChange change = MUSTER__KEYS_CHANGE__INIT;
    Muster__PartyKeys keys = MUSTER__PARTY_KEYS__INIT;
    Muster__Answer *answer = NULL;
    uint8_t signature[64];
    const struct new_keys_party covered = {party->signing.public_key, fresh->curve.public_key, fresh->box.public_key, fresh->signing.public_key,
                                           harness.exchange.box_key};
    new_keys_sign(&covered, &fresh->signing, signature);
    keys.signing_key = bytes_of(fresh->signing.public_key, 32);
    keys.box_key = bytes_of(fresh->box.public_key, 32);
    keys.curve_key = bytes_of(fresh->curve.public_key, 32);
    change.kind = MUSTER__KEYS_CHANGE_KIND__KEYS_ANNOUNCE;
    change.keys = &keys;
    change.has_new_signature = 1;
    change.new_signature = bytes_of(signature, 64);
    submission.keys = &change;
    assert_int_equal(party_submit(party, &submission, &answer, NULL), STATUS_OK);
    return answer->outcome;
}

static Muster__Outcome confirm(const struct party *fresh, uint64_t version)
{
    Muster__PartyChange change = MUSTER__PARTY_CHANGE__INIT;
    char vkey[NOTE_VKEY_SIZE], print[FINGERPRINT_TEXT_SIZE];
    note_vkey_write(&harness.exchange.log_key, vkey);
    const struct fingerprint_input input = {.party = fresh->id,
                                            .signing_key = fresh->signing.public_key,
                                            .box_key = fresh->box.public_key,
                                            .curve_key = fresh->curve.public_key,
                                            .exchange_signing_key = harness.exchange.signing_key,
                                            .exchange_box_key = harness.exchange.box_key,
                                            .vkey = vkey};
    assert_int_equal(fingerprint_make(&input, print), STATUS_OK);
    change.kind = MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM;
    change.party = TEXT(fresh->id);
    change.replaces = version;
    change.fingerprint = print;
    return change_party(&change);
}

/* An envelope of a demand, signed by whatever key the party holds now. */
static void demand(struct party *agency, const char *id, uint8_t **envelope, size_t *size)
{
    static Muster__Submission submission;
    static Muster__DemandChange change, *changes[1];
    uint8_t submission_id[16];
    muster__submission__init(&submission);
    muster__demand_change__init(&change);
    change.kind = MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    change.id = TEXT(id);
    change.replaces = 1;
    changes[0] = &change;
    submission.demands = changes;
    submission.n_demands = 1;
    party_fill(agency, &submission, submission_id);
    assert_int_equal(party_sign(agency, &submission, &arena, envelope, size), STATUS_OK);
}

static void replaced_keys_get_no_further_answer_and_old_receipts_are_given_again(void **state)
{
    (void)state;
    struct party fresh;
    struct curve curve;
    Muster__Answer *answer = NULL;
    Muster__StatusRequest request = MUSTER__STATUS_REQUEST__INIT;
    uint8_t *accepted, *unsent;
    size_t accepted_size, unsent_size;
    assert_int_equal(market_demand(&market.nl, "D1", 10, &answer), STATUS_OK);
    assert_int_equal(market_demand(&market.nl, "D2", 10, &answer), STATUS_OK);
    demand(&market.nl, "D1", &accepted, &accepted_size);
    demand(&market.nl, "D2", &unsent, &unsent_size);
    assert_int_equal(party_ask(&market.nl, MUSTER__VERB__VERB_SUBMIT, accepted, accepted_size, PATIENCE, &answer), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    uint8_t *receipt = (uint8_t *)arena_copy(&arena, answer->body.data, answer->body.len);
    size_t receipt_size = answer->body.len;
    assert_int_equal(party_stranger(&harness, market.nl.id, &fresh), STATUS_OK);
    assert_int_equal(announce(&market.nl, &fresh), MUSTER__OUTCOME__OUTCOME_DONE);
    /* New keys that wait may look, and nothing else. */
    assert_int_equal(ask(&fresh, MUSTER__VERB__VERB_STATUS, &request.base, PATIENCE, &answer), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(list(&fresh), MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED);
    assert_int_equal(list(&market.nl), MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(curve_open(&market.nl, NULL, 0, &curve), STATUS_OK);
    assert_int_equal(curve_send(&curve, "not a box", 9, false), STATUS_OK);
    assert_true(curve_hears(curve.fd, 2000));
    assert_int_equal(confirm(&fresh, 4), MUSTER__OUTCOME__OUTCOME_DONE);
    assert_true(curve_is_cut(curve.fd, 1000));
    curve_close(&curve);
    assert_int_equal(curve_open(&market.nl, NULL, 0, &curve), STATUS_DENIED);
    curve_close(&curve);
    assert_int_equal(list(&fresh), MUSTER__OUTCOME__OUTCOME_DONE);
    /* The same bytes, the same receipt, whatever was replaced since; what was never accepted is to be signed anew. */
    assert_int_equal(party_ask(&fresh, MUSTER__VERB__VERB_SUBMIT, accepted, accepted_size, PATIENCE, &answer), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(answer->body.len, receipt_size);
    assert_memory_equal(answer->body.data, receipt, receipt_size);
    assert_int_equal(party_ask(&fresh, MUSTER__VERB__VERB_SUBMIT, unsent, unsent_size, PATIENCE, &answer), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_EXPIRED);
    demand(&fresh, "D2", &unsent, &unsent_size);
    assert_int_equal(party_ask(&fresh, MUSTER__VERB__VERB_SUBMIT, unsent, unsent_size, PATIENCE, &answer), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    party_close(&fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(voided_keys_get_no_further_answer),
        cmocka_unit_test(replaced_keys_get_no_further_answer_and_old_receipts_are_given_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
