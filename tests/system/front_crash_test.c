/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A member whose messages bring the front down, by a fault that nobody knows yet (tests/torture/front_shim.c puts some in): the front is back within a
 * second, whose message it surely was is cut off, and nobody else ever is.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/box.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/system/attack.h"
#include "tests/system/curve.h"
#include "tests/system/market.h"
#include "tests/unit/patience.h"

#define PATIENCE 8000
#define SECOND 1000
#define PROGRAM "/bin/musterd"
#define SHIM "/tests/torture/front_shim.so"

static struct harness harness;
static struct market market; /* de is the attacker, nl and the others are honest */
static size_t seen;          /* of the log */

static int setup(void **state)
{
    char shim[HARNESS_PATH_MOST + sizeof SHIM];
    (void)state;
    alarm((unsigned)patience(120));
    seen = 0;
    if (harness_open(&harness, NULL) != STATUS_OK)
        return -1;
    size_t length = strlen(harness.program) - strlen(PROGRAM);
    snprintf(shim, sizeof shim, "%.*s" SHIM, (int)length, harness.program);
    setenv("LD_PRELOAD", shim, 1);
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0:handle_segv=0:handle_abort=0", 1);
    int status = access(shim, R_OK) == 0 ? harness_start(&harness) : STATUS_NOT_FOUND;
    unsetenv("LD_PRELOAD");
    unsetenv("ASAN_OPTIONS");
    return status == STATUS_OK && market_open(&harness, &market) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    market_close(&market);
    harness_close(&harness);
    return 0;
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Whether somebody's key is let in. */
static int visit(struct party *party)
{
    struct curve curve;
    int status = curve_open(party, NULL, 0, &curve);
    curve_close(&curve);
    return status;
}

/* Brings the front down as somebody; it is back within a second, for somebody else. */
static void crash(struct party *attacker, const char *message, struct party *honest)
{
    struct curve curve;
    assert_true(harness_logged(&harness, "event=listening", &seen, patience(PATIENCE)));
    int64_t begun = now();
    int status = curve_open(attacker, NULL, 0, &curve);
    while (status != STATUS_OK && now() - begun < patience(PATIENCE)) { /* a new front may hear others first */
        curve_close(&curve);
        harness_pause(10);
        status = curve_open(attacker, NULL, 0, &curve);
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(curve_send(&curve, message, strlen(message), false), STATUS_OK);
    assert_true(curve_is_cut(curve.fd, patience(PATIENCE)));
    begun = now();
    curve_close(&curve);
    while (visit(honest) != STATUS_OK && now() - begun < patience(SECOND))
        harness_pause(10);
    assert_true(now() - begun < patience(SECOND));
}

static const Muster__StatusAnswer *ask_status(struct party *party)
{
    Muster__Answer *answer = NULL;
    ProtobufCMessage *body = NULL;
    assert_int_equal(party_ask(party, MUSTER__VERB__VERB_STATUS, NULL, 0, patience(PATIENCE), &answer), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(walk_unpack(&muster__status_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &party->arena, &body, NULL), STATUS_OK);
    return (const Muster__StatusAnswer *)body;
}

/* Whether a party is told that the front refuses another. */
static bool is_told(struct party *party, const char *refused)
{
    const Muster__StatusAnswer *answer = ask_status(party);
    for (size_t at = 0; at < answer->n_waiting; at++)
        if (strcmp(answer->waiting[at]->what, "front") == 0 && strcmp(answer->waiting[at]->id, refused) == 0 && answer->waiting[at]->until > answer->time)
            return true;
    return false;
}

static bool anybody_was_refused(void)
{
    return harness_logged(&harness, "event=key-refused", NULL, 0);
}

static void who_brings_it_down_twice_is_cut_off_and_nobody_else(void **state)
{
    (void)state;
    ask_status(&market.nl);
    crash(&market.de, "crash own", &market.nl);
    assert_false(anybody_was_refused());
    assert_false(is_told(&market.hq, market.de.id));
    crash(&market.de, "crash own", &market.nl);
    assert_true(harness_logged(&harness, "event=key-refused key=de-", NULL, patience(PATIENCE)));
    pid_t front = harness_child(&harness, "front");
    for (unsigned n = 0; n < 5; n++)
        assert_int_equal(visit(&market.de), STATUS_DENIED);
    assert_true(is_told(&market.hq, market.de.id));
    assert_false(is_told(&market.nl, market.de.id));
    assert_int_equal(visit(&market.supplier), STATUS_OK);
    assert_int_equal(harness_child(&harness, "front"), front);
    /* A front that ends otherwise, and a new exchange, change nothing of it; the operator's restart lifts it. */
    assert_int_equal(harness_kill(&harness, "exchange", SIGKILL), STATUS_OK);
    assert_true(is_told(&market.hq, market.de.id));
    assert_int_equal(visit(&market.de), STATUS_DENIED);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    ask_status(&market.de);
    assert_false(is_told(&market.hq, market.de.id));
}

/* On a thread of libzmq, and inside libzmq on the front's own: it can be anybody's bytes, so nobody is held to have done it. */
static void a_crash_in_the_library_is_nobodys(void **state)
{
    (void)state;
    pid_t flood = attack_start(ATTACK_FLOOD, &market.nl, NULL, 0); /* somebody's message is always in hand */
    assert_true(flood > 0);
    for (unsigned n = 0; n < 3; n++) {
        crash(&market.de, "crash thread", &market.supplier);
        assert_true(harness_logged(&harness, "event=front-crashed signal=6 thread=library suspect=none", &seen, patience(PATIENCE)));
    }
    for (unsigned n = 0; n < 2; n++) {
        crash(&market.de, "crash close", &market.supplier);
        assert_true(harness_logged(&harness, "event=front-crashed signal=11 thread=own suspect=none", &seen, patience(PATIENCE)));
        crash(&market.de, "crash abort", &market.supplier);
        assert_true(harness_logged(&harness, "event=front-crashed signal=6 thread=aborted suspect=none", &seen, patience(PATIENCE)));
    }
    attack_stop(flood);
    assert_false(anybody_was_refused());
    assert_int_equal(visit(&market.de), STATUS_OK);
    ask_status(&market.nl);
}

static void a_signal_from_outside_is_nobodys(void **state)
{
    (void)state;
    pid_t flood = attack_start(ATTACK_FLOOD, &market.nl, NULL, 0);
    assert_true(flood > 0);
    for (unsigned n = 0; n < 4; n++) {
        assert_true(harness_logged(&harness, "event=listening", &seen, patience(PATIENCE)));
        harness_pause(50);
        assert_int_equal(harness_kill(&harness, "front", n % 2 ? SIGKILL : SIGSEGV), STATUS_OK);
    }
    assert_true(harness_logged(&harness, "event=listening", &seen, patience(PATIENCE)));
    attack_stop(flood);
    assert_true(harness_logged(&harness, "event=front-crashed signal=11 thread=outside suspect=none", NULL, 0));
    assert_false(anybody_was_refused());
    ask_status(&market.nl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_brings_it_down_twice_is_cut_off_and_nobody_else, setup, teardown),
        cmocka_unit_test_setup_teardown(a_crash_in_the_library_is_nobodys, setup, teardown),
        cmocka_unit_test_setup_teardown(a_signal_from_outside_is_nobodys, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
