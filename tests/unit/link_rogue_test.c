/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A front that cheats, or is not there: the client takes an answer only from a box of the exchange that answers its outstanding
 * request; all else is no answer, and only words the message better.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "clients/link/link.h"
#include "proto/box.h"
#include "proto/hint.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "tests/unit/patience.h"

#define TRY_MILLISECONDS 1500    /* each cheat is given this long to convince the client */
#define WAIT_MILLISECONDS 20000  /* an honest answer comes long before, on a busy machine too */

enum cheat {
    HONEST,
    REFLECTS,        /* the party's own request comes back */
    REPLAYS,         /* an answer to an earlier request of the same party */
    CROSSES,         /* another party's answer */
    FLIPS_A_BIT,
    CUTS_SHORT,
    HINTS_BUSY,
    HINTS_UNKNOWN,
    SAYS_NOTHING,
    DOUBLES_FIRST    /* a cheat first, then the honest answer: the answer is taken */
};

static struct {
    void *context;
    void *router;
    char address[64];
    struct key_pair front, exchange_box, party_box, other_box, party_curve, stranger_curve;
    struct box_session exchange_session, other_session;
    volatile enum cheat cheat;
    volatile bool stop;
    pthread_t thread;
    uint8_t *old_answer;
    size_t old_size;
    struct profile profile;
    struct invitation_keys keys; /* the link under test: its box and CURVE key */
} rogue;

/* A boxed answer of verb head's kind, to one request. */
static size_t make_answer(const struct box_session *session, const uint8_t request_id[16], uint8_t **box)
{
    struct arena arena;
    uint8_t *plain = NULL;
    size_t size = 0;
    Muster__Answer answer = MUSTER__ANSWER__INIT;
    arena_init(&arena, 1 << 16);
    answer.protocol = PROTOCOL_VERSION;
    answer.outcome = MUSTER__OUTCOME__OUTCOME_NOT_FOUND;
    answer.text = (char *)(uintptr_t) "honest";
    walk_pack(&answer.base, &arena, &plain, &size);
    size_t sealed = box_sealed_size(size);
    *box = malloc(sealed);
    box_seal(session, request_id, plain, size, &seam_random_system, *box);
    arena_drop(&arena);
    return sealed;
}

static void reply(const uint8_t *route, size_t route_size, const void *bytes, size_t size)
{
    zmq_send(rogue.router, route, route_size, ZMQ_SNDMORE);
    zmq_send(rogue.router, bytes, size, 0);
}

static void serve_one(const uint8_t *route, size_t route_size, const uint8_t *request, size_t size)
{
    uint8_t hint[HINT_SIZE], request_id[16], *answer = NULL, *plain = malloc(size);
    size_t length = 0;
    if (box_open(&rogue.exchange_session, request, size, request_id, plain, &length) != STATUS_OK) {
        free(plain);
        return;
    }
    size_t answer_size = make_answer(rogue.cheat == CROSSES ? &rogue.other_session : &rogue.exchange_session, request_id, &answer);
    switch (rogue.cheat) {
    case REFLECTS:
        reply(route, route_size, request, size);
        break;
    case REPLAYS:
        reply(route, route_size, rogue.old_answer, rogue.old_size);
        break;
    case FLIPS_A_BIT:
        answer[answer_size - 1] ^= 1;
        reply(route, route_size, answer, answer_size);
        break;
    case CUTS_SHORT:
        reply(route, route_size, answer, answer_size / 2);
        break;
    case HINTS_BUSY:
    case HINTS_UNKNOWN:
        hint_write(rogue.cheat == HINTS_BUSY ? HINT_BUSY : HINT_UNKNOWN_KEY, hint);
        reply(route, route_size, hint, sizeof hint);
        break;
    case SAYS_NOTHING:
        break;
    case DOUBLES_FIRST:
        reply(route, route_size, request, size);
        reply(route, route_size, "nonsense", 8);
        reply(route, route_size, rogue.old_answer, rogue.old_size);
        reply(route, route_size, answer, answer_size);
        break;
    case HONEST:
    case CROSSES:
        reply(route, route_size, answer, answer_size);
        break;
    }
    free(answer);
    free(plain);
}

static void *serve(void *data)
{
    static uint8_t request[1 << 16];
    (void)data;
    while (!rogue.stop) {
        uint8_t route[256];
        zmq_pollitem_t item = {.socket = rogue.router, .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, 20) <= 0) {
            continue;
        }
        int route_size = zmq_recv(rogue.router, route, sizeof route, 0);
        int size = zmq_recv(rogue.router, request, sizeof request, 0);
        if (route_size > 0 && size > 0) {
            serve_one(route, (size_t)route_size, request, (size_t)size);
        }
    }
    return NULL;
}

static int setup(void **state)
{
    (void)state;
    int one = 1, zero = 0;
    size_t size = sizeof rogue.address;
    uint8_t request_id[16] = {7};
    if (seam_start() != STATUS_OK || keys_generate(KEY_CURVE, &seam_random_system, &rogue.front) || keys_generate(KEY_BOX, &seam_random_system, &rogue.exchange_box) ||
        keys_generate(KEY_BOX, &seam_random_system, &rogue.party_box) || keys_generate(KEY_BOX, &seam_random_system, &rogue.other_box) ||
        keys_generate(KEY_CURVE, &seam_random_system, &rogue.party_curve) || keys_generate(KEY_CURVE, &seam_random_system, &rogue.stranger_curve) ||
        box_session_exchange(&rogue.exchange_box, rogue.party_box.public_key, &rogue.exchange_session) ||
        box_session_exchange(&rogue.exchange_box, rogue.other_box.public_key, &rogue.other_session)) {
        return -1;
    }
    rogue.old_size = make_answer(&rogue.exchange_session, request_id, &rogue.old_answer);
    rogue.context = zmq_ctx_new();
    rogue.router = zmq_socket(rogue.context, ZMQ_ROUTER);
    zmq_setsockopt(rogue.router, ZMQ_CURVE_SERVER, &one, sizeof one);
    zmq_setsockopt(rogue.router, ZMQ_CURVE_SECRETKEY, rogue.front.secret, 32);
    zmq_setsockopt(rogue.router, ZMQ_LINGER, &zero, sizeof zero);
    if (zmq_bind(rogue.router, "tcp://127.0.0.1:*") != 0 || zmq_getsockopt(rogue.router, ZMQ_LAST_ENDPOINT, rogue.address, &size) != 0) {
        return -1;
    }
    memcpy(rogue.profile.front_key, rogue.front.public_key, 32);
    memcpy(rogue.profile.exchange_box_key, rogue.exchange_box.public_key, 32);
    snprintf(rogue.profile.address, sizeof rogue.profile.address, "%s", rogue.address);
    rogue.keys.box = rogue.party_box;
    rogue.keys.curve = rogue.party_curve;
    return pthread_create(&rogue.thread, NULL, serve, NULL);
}

static int teardown(void **state)
{
    (void)state;
    rogue.stop = true;
    pthread_join(rogue.thread, NULL);
    zmq_close(rogue.router);
    zmq_ctx_term(rogue.context);
    free(rogue.old_answer);
    box_session_drop(&rogue.exchange_session);
    box_session_drop(&rogue.other_session);
    keys_drop(&rogue.front);
    keys_drop(&rogue.exchange_box);
    keys_drop(&rogue.party_box);
    keys_drop(&rogue.other_box);
    keys_drop(&rogue.party_curve);
    keys_drop(&rogue.stranger_curve);
    return 0;
}

/* Asks once under a cheat. */
static int ask_for(int milliseconds, const struct profile *profile, enum cheat cheat, struct link_reply *reply_out, char *text, size_t text_size)
{
    struct arena arena;
    struct link *link = NULL;
    const struct link_options options = {.total = milliseconds};
    Muster__HeadRequest request = MUSTER__HEAD_REQUEST__INIT;
    rogue.cheat = cheat;
    arena_init(&arena, 1 << 20);
    int status = link_open_invited(profile, &rogue.keys, &options, &link);
    if (status == STATUS_OK) {
        status = link_ask_message(link, MUSTER__VERB__VERB_HEAD, &request.base, &arena, reply_out);
    }
    text[0] = '\0';
    if (status == STATUS_OK) {
        snprintf(text, text_size, "%s", reply_out->answer->text);
    }
    link_close(link);
    arena_drop(&arena);
    return status;
}

static int ask(const struct profile *profile, enum cheat cheat, struct link_reply *reply_out, char *text, size_t text_size)
{
    return ask_for(cheat == HONEST || cheat == DOUBLES_FIRST ? WAIT_MILLISECONDS : TRY_MILLISECONDS, profile, cheat, reply_out, text, text_size);
}

static void expect_no_answer(enum cheat cheat, enum link_hint hint)
{
    struct link_reply got;
    char text[32];
    assert_int_equal(ask(&rogue.profile, cheat, &got, text, sizeof text), STATUS_UNREACHABLE);
    assert_null(got.answer);
    assert_true(got.sent);
    assert_int_equal(got.hint, hint);
}

static void an_honest_answer_is_taken(void **state)
{
    struct link_reply got;
    char text[32];
    (void)state;
    assert_int_equal(ask(&rogue.profile, HONEST, &got, text, sizeof text), STATUS_OK);
    assert_string_equal(text, "honest");
}

static void the_own_request_is_no_answer(void **state)
{
    (void)state;
    expect_no_answer(REFLECTS, LINK_SILENT);
}

static void an_old_answer_is_no_answer(void **state)
{
    (void)state;
    expect_no_answer(REPLAYS, LINK_SILENT);
}

static void the_answer_of_another_party_is_no_answer(void **state)
{
    (void)state;
    expect_no_answer(CROSSES, LINK_SILENT);
}

static void an_altered_answer_is_no_answer(void **state)
{
    (void)state;
    expect_no_answer(FLIPS_A_BIT, LINK_SILENT);
    expect_no_answer(CUTS_SHORT, LINK_SILENT);
}

static void a_refusal_outside_a_box_is_only_a_hint(void **state)
{
    (void)state;
    expect_no_answer(HINTS_BUSY, LINK_BUSY);
    expect_no_answer(HINTS_UNKNOWN, LINK_KEY_REFUSED);
    expect_no_answer(SAYS_NOTHING, LINK_SILENT);
}

static void a_key_that_is_refused_thrice_is_told_before_the_time_is_up(void **state)
{
    struct link_reply got;
    char text[32];
    struct timespec began, ended;
    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &began);
    assert_int_equal(ask_for(WAIT_MILLISECONDS, &rogue.profile, HINTS_UNKNOWN, &got, text, sizeof text), STATUS_UNREACHABLE);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_int_equal(got.hint, LINK_KEY_REFUSED);
    assert_true((ended.tv_sec - began.tv_sec) * 1000 < WAIT_MILLISECONDS / 2);
}

static void cheats_before_the_answer_are_dropped(void **state)
{
    struct link_reply got;
    char text[32];
    (void)state;
    assert_int_equal(ask(&rogue.profile, DOUBLES_FIRST, &got, text, sizeof text), STATUS_OK);
    assert_string_equal(text, "honest");
}

static void a_front_with_another_key_is_told_from_a_dead_one(void **state)
{
    struct link_reply got;
    char text[32];
    struct profile other = rogue.profile, dead = rogue.profile;
    (void)state;
    memcpy(other.front_key, rogue.stranger_curve.public_key, 32);
    assert_int_equal(ask(&other, SAYS_NOTHING, &got, text, sizeof text), STATUS_UNREACHABLE);
    assert_int_equal(got.hint, LINK_KEY_FOREIGN);
    assert_false(got.sent);
    /* Port 1 of the loopback: nobody listens there. */
    snprintf(dead.address, sizeof dead.address, "tcp://127.0.0.1:1");
    assert_int_equal(ask(&dead, SAYS_NOTHING, &got, text, sizeof text), STATUS_UNREACHABLE);
    assert_int_equal(got.hint, LINK_NO_HINT);
    assert_false(got.sent);
    snprintf(dead.address, sizeof dead.address, "http://muster.example");
    assert_int_equal(ask(&dead, HONEST, &got, text, sizeof text), STATUS_INVALID);
}

static void a_request_that_no_box_holds_is_refused(void **state)
{
    struct arena arena;
    struct link *link = NULL;
    struct link_reply got;
    const struct link_options options = {.total = TRY_MILLISECONDS};
    (void)state;
    arena_init(&arena, (size_t)64 << 20);
    uint8_t *body = arena_alloc(&arena, BOX_MOST);
    assert_non_null(body);
    assert_int_equal(link_open_invited(&rogue.profile, &rogue.keys, &options, &link), STATUS_OK);
    assert_int_equal(link_ask(link, MUSTER__VERB__VERB_SUBMIT, body, BOX_MOST, &arena, &got), STATUS_TOO_LARGE);
    assert_int_equal(link_ask(link, (Muster__Verb)99, body, 1, &arena, &got), STATUS_INVALID);
    link_close(link);
    arena_drop(&arena);
}

int main(void)
{
    alarm((unsigned)patience(60));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_answer_is_taken),
        cmocka_unit_test(the_own_request_is_no_answer),
        cmocka_unit_test(an_old_answer_is_no_answer),
        cmocka_unit_test(the_answer_of_another_party_is_no_answer),
        cmocka_unit_test(an_altered_answer_is_no_answer),
        cmocka_unit_test(a_refusal_outside_a_box_is_only_a_hint),
        cmocka_unit_test(a_key_that_is_refused_thrice_is_told_before_the_time_is_up),
        cmocka_unit_test(cheats_before_the_answer_are_dropped),
        cmocka_unit_test(a_front_with_another_key_is_told_from_a_dead_one),
        cmocka_unit_test(a_request_that_no_box_holds_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
