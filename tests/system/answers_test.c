/* SPDX-License-Identifier: EUPL-1.2 */
/* What the exchange answers to requests and submissions that are not as they should be, in PROTOCOL's order of checks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/envelope.h"
#include "proto/seam.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "tests/system/market.h"
#include "tests/unit/patience.h"

#define PATIENCE 8000
#define TEXT(text) ((char *)(uintptr_t)(text))
#define HOUR ((uint64_t)3600 * 1000)

static struct harness harness;
static struct market market;

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(120));
    if (harness_begin(&harness, "[front]\nrequests_per_second = 10000\n") == STATUS_OK &&
        market_open(&harness, &market) == STATUS_OK)
        return 0;
    harness_close(&harness);
    return -1;
}

static int teardown(void **state)
{
    (void)state;
    market_close(&market);
    harness_close(&harness);
    return 0;
}

/* One new item, unsigned; changed by a test before it is signed. */
struct draft {
    Muster__Submission submission;
    Muster__ItemChange change;
    Muster__ItemChange *changes[1];
    Muster__Item item;
    uint8_t id[16];
    struct arena arena;
    uint8_t *envelope;
    size_t size;
};

static void draft_begin(struct draft *draft, const char *item)
{
    *draft = (struct draft){0};
    muster__submission__init(&draft->submission);
    muster__item_change__init(&draft->change);
    muster__item__init(&draft->item);
    arena_init(&draft->arena, (size_t)64 << 20);
    draft->item.id = draft->change.id = TEXT(item);
    draft->item.title = draft->item.nsc = draft->item.cpv = TEXT("");
    draft->item.unit = TEXT("EA");
    draft->change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    draft->change.item = &draft->item;
    draft->changes[0] = &draft->change;
    draft->submission.n_items = 1;
    draft->submission.items = draft->changes;
    party_fill(&market.hq, &draft->submission, draft->id);
}

static void draft_sign(struct draft *draft)
{
    assert_int_equal(party_sign(&market.hq, &draft->submission, &draft->arena, &draft->envelope, &draft->size), STATUS_OK);
}

static Muster__Answer *send_to(struct party *party, Muster__Verb verb, const void *body, size_t length)
{
    Muster__Answer *answer = NULL;
    assert_int_equal(party_ask(party, verb, body, length, PATIENCE, &answer), STATUS_OK);
    return answer;
}

static void draft_answered(struct draft *draft, Muster__Verb verb, Muster__Outcome outcome)
{
    Muster__Answer *answer = send_to(&market.hq, verb, draft->envelope, draft->size);
    if (answer->outcome != outcome)
        fail_msg("outcome %d instead of %d: %s", (int)answer->outcome, (int)outcome, answer->text);
    if (outcome != MUSTER__OUTCOME__OUTCOME_DONE)
        assert_true(strlen(answer->text) > 0);
    arena_drop(&draft->arena);
}

static void another_exchange_s_submission_is_refused(void **state)
{
    (void)state;
    struct draft draft;
    draft_begin(&draft, "a");
    draft.submission.origin = TEXT("other.example/log");
    draft_sign(&draft);
    draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT);
    draft_begin(&draft, "a");
    draft.submission.log_key.data = market.hq.box.public_key;
    draft_sign(&draft);
    draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT);
}

static void another_party_s_name_or_key_is_refused(void **state)
{
    (void)state;
    struct draft draft;
    draft_begin(&draft, "a");
    draft.submission.party = TEXT("nl-agency");
    draft_sign(&draft);
    draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED);
    draft_begin(&draft, "a");
    draft.submission.party = TEXT("exchange");
    draft_sign(&draft);
    draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED);
    draft_begin(&draft, "a");
    draft.submission.signing_key.data = market.nl.signing.public_key;
    draft_sign(&draft);
    draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED);
    /* A signature that holds, by a key that is another party's, or nobody's. */
    struct key_pair stranger;
    assert_int_equal(keys_generate(KEY_SIGNING, &seam_random_system, &stranger), STATUS_OK);
    const struct key_pair *const foreign[] = {&market.nl.signing, &stranger};
    for (unsigned at = 0; at < 2; at++) {
        draft_begin(&draft, "a");
        draft.submission.signing_key.data = (uint8_t *)(uintptr_t)foreign[at]->public_key;
        assert_int_equal(envelope_make(&draft.submission, foreign[at], &draft.arena, &draft.envelope, &draft.size), STATUS_OK);
        draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED);
    }
    keys_drop(&stranger);
}

/* Of the three keys of a message each must be the same party's: a box under another's CURVE key is no request at all. */
static void a_box_under_another_party_s_curve_key_is_dropped(void **state)
{
    (void)state;
    struct key_pair own = market.nl.box;
    struct box_session own_session = market.nl.session;
    Muster__StatusRequest request = MUSTER__STATUS_REQUEST__INIT;
    uint8_t body[16];
    size_t size = muster__status_request__pack(&request, body);
    Muster__Answer *answer = NULL;
    market.nl.box = market.supplier.box;
    market.nl.session = market.supplier.session;
    assert_int_equal(party_send(&market.nl, MUSTER__VERB__VERB_STATUS, body, size), STATUS_OK);
    assert_int_equal(party_receive(&market.nl, PATIENCE, &answer), STATUS_BUSY); /* a hint, no answer */
    market.nl.box = own;
    market.nl.session = own_session;
    assert_int_equal(send_to(&market.nl, MUSTER__VERB__VERB_STATUS, body, size)->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
}

static void a_signature_must_hold(void **state)
{
    (void)state;
    for (unsigned at = 0; at < 2; at++) {
        struct draft draft;
        draft_begin(&draft, "a");
        draft_sign(&draft);
        draft.envelope[at == 0 ? 5 : draft.size - 1] ^= 1;
        Muster__Answer *answer = send_to(&market.hq, MUSTER__VERB__VERB_SUBMIT, draft.envelope, draft.size);
        assert_int_not_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
        arena_drop(&draft.arena);
    }
}

static void validity_ends_and_is_at_most_a_day(void **state)
{
    (void)state;
    struct draft draft;
    draft_begin(&draft, "a");
    draft.submission.not_after = HARNESS_START - 1;
    draft_sign(&draft);
    draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_EXPIRED);
    draft_begin(&draft, "a");
    draft.submission.not_after = HARNESS_START + 25 * HOUR;
    draft_sign(&draft);
    draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT);
}

/* What was accepted keeps its receipt when its time has passed; other bytes under its id are refused. */
static void an_id_stands_for_its_bytes_for_ever(void **state)
{
    (void)state;
    struct draft first;
    struct draft second;
    draft_begin(&first, "a");
    draft_sign(&first);
    Muster__Answer *answer = send_to(&market.hq, MUSTER__VERB__VERB_SUBMIT, first.envelope, first.size);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    struct arena kept;
    arena_init(&kept, (size_t)1 << 20);
    size_t length = answer->body.len;
    const char *body = arena_copy(&kept, answer->body.data, length);
    draft_begin(&second, "b");
    second.submission.id.data = first.id;
    draft_sign(&second);
    draft_answered(&second, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_ID_USED);
    harness_set_clock(&harness, HARNESS_START + 2 * HOUR);
    harness_pause(50);
    answer = send_to(&market.hq, MUSTER__VERB__VERB_SUBMIT, first.envelope, first.size);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(answer->body.len, length);
    assert_memory_equal(answer->body.data, body, length);
    arena_drop(&kept);
    arena_drop(&first.arena);
}

static void a_marking_above_unclassified_is_refused_and_not_logged(void **state)
{
    (void)state;
    struct draft draft;
    draft_begin(&draft, "a");
    draft.submission.marking = TEXT("NATO SECRET");
    draft_sign(&draft);
    draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_MARKED);
    draft_begin(&draft, "a");
    draft.item.title = TEXT("launcher (NATO SECRET) type 3");
    draft_sign(&draft);
    Muster__Answer *answer = send_to(&market.hq, MUSTER__VERB__VERB_SUBMIT, draft.envelope, draft.size);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_MARKED);
    for (size_t i = 0; i < answer->n_faults; i++)
        assert_null(strstr(answer->faults[i]->found, "SECRET"));
    arena_drop(&draft.arena);
    assert_false(harness_logged(&harness, "SECRET", NULL, 0));
}

/* All checks of a submission, and nothing written: the same item can still be submitted. */
static void a_check_writes_nothing(void **state)
{
    (void)state;
    struct draft draft;
    draft_begin(&draft, "checked");
    draft_sign(&draft);
    Muster__Answer *answer = send_to(&market.hq, MUSTER__VERB__VERB_CHECK, draft.envelope, draft.size);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_DONE);
    draft_begin(&draft, "Not an id!");
    draft_sign(&draft);
    draft_answered(&draft, MUSTER__VERB__VERB_CHECK, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT);
}

static void only_the_exchange_writes_its_own_entries(void **state)
{
    (void)state;
    struct draft draft;
    Muster__Started started = MUSTER__STARTED__INIT;
    started.clock = 1;
    started.program = TEXT("x");
    draft_begin(&draft, "a");
    draft.submission.n_items = 0;
    draft.submission.items = NULL;
    draft.submission.started = &started;
    draft_sign(&draft);
    draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_MALFORMED);
    /* Two nouns in one submission are none. */
    draft_begin(&draft, "a");
    draft.submission.started = &started;
    draft_sign(&draft);
    draft_answered(&draft, MUSTER__VERB__VERB_SUBMIT, MUSTER__OUTCOME__OUTCOME_MALFORMED);
}

static void a_role_that_may_not_is_refused(void **state)
{
    (void)state;
    Muster__Answer *answer = NULL;
    assert_int_equal(party_put_item(&market.nl, "not-mine", &answer), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED);
}

static Muster__Outcome plain_answered(const void *plain, size_t length)
{
    Muster__Answer *answer = NULL;
    assert_int_equal(party_send_box(&market.hq, plain, length), STATUS_OK);
    assert_int_equal(party_receive(&market.hq, PATIENCE, &answer), STATUS_OK);
    return answer->outcome;
}

static void versions_verbs_and_forms_that_are_not_known_get_their_own_refusal(void **state)
{
    (void)state;
    assert_int_equal(plain_answered("\x08\x02\x10\x03\x1a\x00", 6), MUSTER__OUTCOME__OUTCOME_UNKNOWN_VERSION);
    assert_int_equal(plain_answered("\x08\x01\x10\x63\x1a\x00", 6), MUSTER__OUTCOME__OUTCOME_UNKNOWN_VERB);
    assert_int_equal(plain_answered("\x08\x01\x10\x00\x1a\x00", 6), MUSTER__OUTCOME__OUTCOME_UNKNOWN_VERB);
    assert_int_equal(plain_answered("\x08\x01\x10\x03\x1a\x00\x22\x00", 8), MUSTER__OUTCOME__OUTCOME_MALFORMED);
    assert_int_equal(plain_answered("\x08\x01\x10\x03\x10\x03\x1a\x00", 8), MUSTER__OUTCOME__OUTCOME_MALFORMED);
    assert_int_equal(plain_answered("\x08\x81\x00\x10\x03\x1a\x00", 7), MUSTER__OUTCOME__OUTCOME_MALFORMED);
    assert_int_equal(plain_answered("rubbish", 7), MUSTER__OUTCOME__OUTCOME_MALFORMED);
    assert_int_equal(plain_answered("\x08\x01\x10\x03\x1a\x00", 6), MUSTER__OUTCOME__OUTCOME_DONE);
    /* The body of a reading request is walked too. */
    assert_int_equal(plain_answered("\x08\x01\x10\x04\x1a\x02zz", 8), MUSTER__OUTCOME__OUTCOME_MALFORMED);
    assert_int_equal(plain_answered("\x08\x01\x10\x01\x1a\x02zz", 8), MUSTER__OUTCOME__OUTCOME_MALFORMED);
}

static void watch_body(uint8_t *bytes, size_t *length, uint64_t cursor, uint32_t wait)
{
    Muster__WatchRequest request = MUSTER__WATCH_REQUEST__INIT;
    request.cursor = cursor;
    request.wait = wait;
    *length = muster__watch_request__pack(&request, bytes);
}

static const Muster__WatchAnswer *read_watch(struct party *party, const Muster__Answer *answer)
{
    ProtobufCMessage *message = NULL;
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(walk_unpack(&muster__watch_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &party->arena,
                                 &message, NULL),
                     STATUS_OK);
    return (const Muster__WatchAnswer *)message;
}

/* A watch waits, is answered when there is something new, and at its end in any case. */
static void a_watch_waits_for_news(void **state)
{
    (void)state;
    uint8_t body[32];
    size_t length = 0;
    struct party watcher;
    Muster__Answer *answer = NULL;
    assert_int_equal(party_coordinator(&harness, &watcher), STATUS_OK);
    watch_body(body, &length, 0, 0);
    uint64_t cursor = read_watch(&watcher, send_to(&watcher, MUSTER__VERB__VERB_WATCH, body, length))->cursor;
    watch_body(body, &length, cursor, 1);
    uint64_t begun = seam_clock_system.monotonic(seam_clock_system.data);
    assert_int_equal(read_watch(&watcher, send_to(&watcher, MUSTER__VERB__VERB_WATCH, body, length))->n_events, 0);
    assert_in_range(seam_clock_system.monotonic(seam_clock_system.data) - begun, 900, 1900);
    watch_body(body, &length, cursor, 30);
    assert_int_equal(party_send(&watcher, MUSTER__VERB__VERB_WATCH, body, length), STATUS_OK);
    assert_int_equal(party_receive(&watcher, 300, &answer), STATUS_UNREACHABLE);
    assert_int_equal(party_put_item(&market.hq, "news", &answer), STATUS_OK);
    assert_int_equal(party_receive(&watcher, 2000, &answer), STATUS_OK);
    assert_true(read_watch(&watcher, answer)->n_events > 0);
    party_close(&watcher);
}

/* A watcher that connects anew again and again leaves its old watches behind: the oldest make room. */
static void the_oldest_watch_makes_room(void **state)
{
    (void)state;
    uint8_t body[32];
    size_t length = 0;
    struct party watcher;
    Muster__Answer *answer = NULL;
    assert_int_equal(party_coordinator(&harness, &watcher), STATUS_OK);
    watch_body(body, &length, 0, 0);
    uint64_t cursor = read_watch(&watcher, send_to(&watcher, MUSTER__VERB__VERB_WATCH, body, length))->cursor;
    watch_body(body, &length, cursor, 30);
    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(party_reconnect(&watcher), STATUS_OK);
        assert_int_equal(party_send(&watcher, MUSTER__VERB__VERB_WATCH, body, length), STATUS_OK);
        assert_int_equal(party_receive(&watcher, 150, &answer), STATUS_UNREACHABLE);
    }
    assert_int_equal(party_put_item(&market.hq, "news", &answer), STATUS_OK);
    assert_int_equal(party_receive(&watcher, 2000, &answer), STATUS_OK);
    assert_true(read_watch(&watcher, answer)->n_events > 0);
    party_close(&watcher);
}

#define ANSWER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ANSWER_TEST(another_exchange_s_submission_is_refused),
        ANSWER_TEST(another_party_s_name_or_key_is_refused),
        ANSWER_TEST(a_box_under_another_party_s_curve_key_is_dropped),
        ANSWER_TEST(a_signature_must_hold),
        ANSWER_TEST(validity_ends_and_is_at_most_a_day),
        ANSWER_TEST(an_id_stands_for_its_bytes_for_ever),
        ANSWER_TEST(a_marking_above_unclassified_is_refused_and_not_logged),
        ANSWER_TEST(a_check_writes_nothing),
        ANSWER_TEST(only_the_exchange_writes_its_own_entries),
        ANSWER_TEST(a_role_that_may_not_is_refused),
        ANSWER_TEST(versions_verbs_and_forms_that_are_not_known_get_their_own_refusal),
        ANSWER_TEST(a_watch_waits_for_news),
        ANSWER_TEST(the_oldest_watch_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
