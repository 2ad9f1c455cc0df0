/* SPDX-License-Identifier: EUPL-1.2 */
/* Changes are planned in a process of their own, a burst once; one that is killed or stuck delays nobody. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/system/market.h"
#include "tests/unit/patience.h"

static struct harness harness;
static struct market market;

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(120));
    if (harness_begin(&harness, "[log]\nlevel = debug\n[planner]\nseconds = 1\n") == STATUS_OK &&
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

static void is_accepted(int status, const Muster__Answer *answer)
{
    assert_int_equal(status, STATUS_OK);
    if (answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE)
        fail_msg("outcome %d: %s; %s %s", (int)answer->outcome, answer->text, answer->n_faults > 0 ? answer->faults[0]->field : "",
                 answer->n_faults > 0 ? answer->faults[0]->expected : "");
}

/* The call fills in answer, so it comes first. */
#define accepted(call, answer)                                                                                                  \
    do {                                                                                                                       \
        int status_of_call = (call);                                                                                           \
        is_accepted(status_of_call, answer);                                                                                   \
    } while (0)

static void put_market(void)
{
    Muster__Answer *answer = NULL;
    accepted(market_demand(&market.nl, "NL-1", 300, &answer), answer);
    accepted(market_demand(&market.de, "DE-1", 500, &answer), answer);
    accepted(market_offer(&market.supplier, "FR-1", &answer), answer);
}

static bool logged(const char *text, size_t *offset)
{
    bool found = harness_logged(&harness, text, offset, 15000);
    if (!found)
        harness_show(&harness);
    return found;
}

static unsigned count_logged(const char *text, size_t offset)
{
    unsigned count = 0;
    while (harness_logged(&harness, text, &offset, 0))
        count++;
    return count;
}

static void demands_and_an_offer_become_one_proposal(void **state)
{
    (void)state;
    size_t offset = harness_log_size(&harness);
    size_t from = offset;
    put_market();
    assert_true(logged("kind=proposal party=exchange", &offset));
    /* The three changes came within the quiet time: they were planned together, and nothing is planned again. */
    harness_pause(1000);
    assert_int_equal(count_logged("kind=proposal", from), 1);
}

/* Changes that never pause are planned all the same: others have waited long enough. */
static void changes_that_never_cease_are_planned_all_the_same(void **state)
{
    (void)state;
    size_t offset = harness_log_size(&harness);
    bool planned = false;
    put_market();
    for (unsigned i = 0; i < 300 && !planned; i++) {
        Muster__Answer *answer = NULL;
        char id[16];
        snprintf(id, sizeof id, "steady-%u", i);
        accepted(party_put_item(&market.hq, id, &answer), answer);
        planned = harness_logged(&harness, "kind=proposal party=exchange", &offset, 0);
        harness_pause(50);
    }
    assert_true(planned);
}

/* What the first start planned needs no plan at the second: the same result is not written twice. */
static void a_restart_writes_nothing_anew(void **state)
{
    (void)state;
    size_t offset = harness_log_size(&harness);
    put_market();
    assert_true(logged("kind=proposal party=exchange", &offset));
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    offset = harness_log_size(&harness);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    harness_pause(1000);
    assert_int_equal(count_logged("kind=proposal", offset), 0);
    assert_int_equal(count_logged("kind=lot-planned", offset), 0);
}

static void a_planner_killed_is_started_again_and_plans(void **state)
{
    (void)state;
    size_t offset = harness_log_size(&harness);
    assert_int_equal(harness_kill(&harness, "planner", SIGKILL), STATUS_OK);
    put_market();
    assert_true(logged("event=child-started child=planner", &offset));
    assert_true(logged("kind=proposal party=exchange", &offset));
}

/* One that dies over a question costs nobody a plan: the next planner is asked the same. */
static void a_question_whose_planner_died_is_asked_again(void **state)
{
    (void)state;
    size_t offset = harness_log_size(&harness);
    /* Stopped, it holds the question; killed, it loses it. */
    assert_int_equal(harness_kill(&harness, "planner", SIGSTOP), STATUS_OK);
    put_market();
    harness_pause(800);
    assert_int_equal(harness_kill(&harness, "planner", SIGKILL), STATUS_OK);
    assert_true(logged("event=child-started child=planner", &offset));
    assert_true(logged("kind=proposal party=exchange", &offset));
}

/* Acknowledgements are undelayed while the planner hangs; then it is replaced, and the next change is planned. */
static void a_stuck_planner_delays_nobody_and_is_replaced(void **state)
{
    (void)state;
    Muster__Answer *answer = NULL;
    size_t offset = harness_log_size(&harness);
    assert_int_equal(harness_kill(&harness, "planner", SIGSTOP), STATUS_OK);
    put_market();
    harness_pause(500);
    for (unsigned i = 0; i < 20; i++) {
        char id[16];
        snprintf(id, sizeof id, "item-%u", i);
        uint64_t begun = seam_clock_system.monotonic(NULL);
        accepted(party_put_item(&market.hq, id, &answer), answer);
        assert_in_range(seam_clock_system.monotonic(NULL) - begun, 0, 1000);
    }
    assert_true(logged("event=planner-stuck", &offset));
    assert_true(logged("event=child-started child=planner", &offset));
    accepted(market_demand(&market.nl, "NL-2", 100, &answer), answer);
    assert_true(logged("kind=proposal party=exchange", &offset));
}

/* A what-if waits for its plan, is answered, and writes nothing. */
static void a_compare_is_planned_and_writes_nothing(void **state)
{
    (void)state;
    Muster__CompareRequest request = MUSTER__COMPARE_REQUEST__INIT;
    Muster__Variant variant = MUSTER__VARIANT__INIT;
    Muster__Variant *variants[] = {&variant};
    char *without[] = {market.nl.id};
    uint8_t body[128];
    Muster__Answer *answer = NULL;
    ProtobufCMessage *message = NULL;
    size_t offset = harness_log_size(&harness);
    put_market();
    assert_true(logged("kind=proposal party=exchange", &offset));
    harness_pause(500);
    offset = harness_log_size(&harness);
    variant.n_without = 1;
    variant.without = without;
    request.number = request.version = 1;
    request.n_variants = 1;
    request.variants = variants;
    size_t length = muster__compare_request__pack(&request, body);
    accepted(party_ask(&market.hq, MUSTER__VERB__VERB_COMPARE, body, length, 10000, &answer), answer);
    assert_int_equal(walk_unpack(&muster__compare_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST,
                                 &market.hq.arena, &message, NULL),
                     STATUS_OK);
    assert_int_equal(((Muster__CompareAnswer *)message)->n_views, 2);
    assert_int_equal(count_logged("event=entry", offset), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(demands_and_an_offer_become_one_proposal, setup, teardown),
        cmocka_unit_test_setup_teardown(a_restart_writes_nothing_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(changes_that_never_cease_are_planned_all_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(a_planner_killed_is_started_again_and_plans, setup, teardown),
        cmocka_unit_test_setup_teardown(a_question_whose_planner_died_is_asked_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_compare_is_planned_and_writes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stuck_planner_delays_nobody_and_is_replaced, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
