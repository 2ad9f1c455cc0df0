/* SPDX-License-Identifier: EUPL-1.2 */
/* All that hostile clients do, at once: memory stays under its limit, nothing ends, honest clients are served on. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "tests/system/attack.h"
#include "tests/system/market.h"
#include "tests/unit/patience.h"

#define MEBIBYTE ((size_t)1 << 20)
/* What SECURITY.md states; a sanitizer's own bookkeeping comes on top. */
#if defined(__SANITIZE_ADDRESS__)
#define FRONT_MOST (1024 * MEBIBYTE)
#define EXCHANGE_MOST (1024 * MEBIBYTE)
#else
#define FRONT_MOST (256 * MEBIBYTE)
#define EXCHANGE_MOST (256 * MEBIBYTE)
#endif
#define ATTACK_MILLISECONDS 4000
/* Milliseconds between two answers to an honest client, and until a front is back: bounds that hold on a machine that does much else as well. The
 * pace that is kept is measured by make bench-broker; what it took here is printed. */
#define SILENCE_MOST 15000
#define BACK_MOST 5000

static struct harness harness;
static struct market market;

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(150));
    if (harness_begin(&harness, "[front]\nconnections = 400\nsilence_seconds = 2\n") == STATUS_OK && market_open(&harness, &market) == STATUS_OK)
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

static uint64_t now(void)
{
    return seam_clock_system.monotonic(seam_clock_system.data);
}

static size_t memory_of(const char *role)
{
    char path[64];
    unsigned long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)harness_child(&harness, role));
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*u %lu", &pages), 1);
    fclose(file);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* An honest member goes on submitting; the longest time that it waited, and what the two processes held at most. */
struct watched {
    unsigned acknowledged;
    uint64_t longest;
    size_t front, exchange;
};

static void go_on(struct party *honest, unsigned milliseconds, struct watched *watched)
{
    uint64_t begun = now();
    uint64_t last = begun;
    while (now() - begun < milliseconds) {
        Muster__Answer *answer = NULL;
        char id[32];
        snprintf(id, sizeof id, "D-%u-%u", watched->acknowledged, (unsigned)(now() % 1000000));
        int status = market_demand(honest, id, 5, &answer);
        /* A second demand in the lot counts as a change of prices, which are limited: an answer is an answer. */
        if (status == STATUS_OK)
            watched->acknowledged++;
        uint64_t waited = now() - last;
        watched->longest = waited > watched->longest ? waited : watched->longest;
        last = now();
        size_t front = memory_of("front"), exchange = memory_of("exchange");
        watched->front = front > watched->front ? front : watched->front;
        watched->exchange = exchange > watched->exchange ? exchange : watched->exchange;
    }
}

static void nothing_ended(void)
{
    bool ended = harness_logged(&harness, "event=child-ended", NULL, 0);
    if (ended)
        harness_show(&harness);
    assert_false(ended);
}

/* One attack at a time: what each does to memory is told where it is too much. */
static void each_attack_stays_below_the_limits(void **state)
{
    (void)state;
    uint8_t box[600] = "MSB1";
    for (enum attack attack = 0; attack < ATTACK_COUNT; attack++) {
        struct watched watched = {0};
        pid_t pid = attack_start(attack, &market.nl, box, sizeof box);
        assert_true(pid > 0);
        go_on(&market.de, ATTACK_MILLISECONDS / 4, &watched);
        attack_stop(pid);
        if (watched.acknowledged == 0 || watched.front > FRONT_MOST || watched.exchange > EXCHANGE_MOST)
            print_message("%s: %u answers, longest wait %llu ms, front %zu MiB, exchange %zu MiB\n", attack_name(attack), watched.acknowledged,
                          (unsigned long long)watched.longest, watched.front / MEBIBYTE, watched.exchange / MEBIBYTE);
        assert_true(watched.acknowledged > 0);
        assert_in_range(watched.front, 1, FRONT_MOST);
        assert_in_range(watched.exchange, 1, EXCHANGE_MOST);
    }
    nothing_ended();
}

static void all_attacks_at_once_delay_and_end_nobody(void **state)
{
    (void)state;
    pid_t pids[ATTACK_COUNT];
    uint8_t box[600] = "MSB1";
    struct watched watched = {0};
    for (enum attack attack = 0; attack < ATTACK_COUNT; attack++)
        pids[attack] = attack_start(attack, &market.nl, box, sizeof box);
    go_on(&market.de, ATTACK_MILLISECONDS, &watched);
    for (enum attack attack = 0; attack < ATTACK_COUNT; attack++)
        attack_stop(pids[attack]);
    print_message("%u answers, longest wait %llu ms, front %zu MiB, exchange %zu MiB\n", watched.acknowledged, (unsigned long long)watched.longest,
                  watched.front / MEBIBYTE, watched.exchange / MEBIBYTE);
    assert_true(watched.acknowledged > 1);
    assert_in_range(watched.longest, 0, SILENCE_MOST);
    assert_in_range(watched.front, 1, FRONT_MOST);
    assert_in_range(watched.exchange, 1, EXCHANGE_MOST);
    nothing_ended();
    /* When they are gone all is as before. */
    struct watched after = {0};
    harness_pause(1000);
    go_on(&market.de, 1000, &after);
    assert_true(after.acknowledged > 0);
}

/* The right box of a right submission, a thousand times over two connections: one entry, the log grows by no other. */
static void a_replayed_box_changes_nothing(void **state)
{
    (void)state;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ItemChange change = MUSTER__ITEM_CHANGE__INIT;
    Muster__Item item = MUSTER__ITEM__INIT;
    Muster__ItemChange *changes[] = {&change};
    Muster__Request request = MUSTER__REQUEST__INIT;
    Muster__Answer *answer = NULL;
    Muster__SubmitAnswer *submitted = NULL;
    struct arena arena;
    uint8_t id[16];
    uint8_t *envelope = NULL, *plain = NULL;
    size_t size = 0;
    arena_init(&arena, MEBIBYTE);
    item.id = change.id = (char *)(uintptr_t)"replayed";
    item.title = item.nsc = item.cpv = (char *)(uintptr_t)"";
    item.unit = (char *)(uintptr_t)"EA";
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.item = &item;
    submission.n_items = 1;
    submission.items = changes;
    party_fill(&market.hq, &submission, id);
    assert_int_equal(party_sign(&market.hq, &submission, &arena, &envelope, &size), STATUS_OK);
    request.protocol = PROTOCOL_VERSION;
    request.verb = MUSTER__VERB__VERB_SUBMIT;
    request.body = (ProtobufCBinaryData){size, envelope};
    assert_int_equal(walk_pack(&request.base, &arena, &plain, &size), STATUS_OK);
    size_t length = box_sealed_size(size);
    uint8_t *box = arena_alloc(&arena, length);
    assert_non_null(box);
    box_request_id(&seam_random_system, market.hq.request_id);
    assert_int_equal(box_seal(&market.hq.session, market.hq.request_id, plain, size, &seam_random_system, box), STATUS_OK);
    pid_t pid = attack_start(ATTACK_REPLAY, &market.hq, box, length);
    assert_true(pid > 0);
    harness_pause(1500);
    attack_stop(pid);
    harness_pause(1200);
    /* Two entries of its own stand side by side: nothing was written between. */
    item.id = change.id = (char *)(uintptr_t)"after-1";
    assert_int_equal(party_submit(&market.hq, &submission, &answer, &submitted), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    uint64_t first = submitted->position;
    assert_int_equal(zmq_send(market.hq.socket, box, length, ZMQ_DONTWAIT), (int)length);
    item.id = change.id = (char *)(uintptr_t)"after-2";
    assert_int_equal(party_submit(&market.hq, &submission, &answer, &submitted), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(submitted->position, first + 1);
    arena_drop(&arena);
    nothing_ended();
}

/* Killed as a fault in libzmq would kill it: another serves within a second, and what was acknowledged stands. */
static void a_front_that_fell_is_back_within_a_second(void **state)
{
    (void)state;
    Muster__Answer *answer = NULL;
    size_t offset = harness_log_size(&harness);
    assert_int_equal(harness_kill(&harness, "front", SIGSEGV), STATUS_OK);
    uint64_t begun = now();
    assert_true(harness_logged(&harness, "process=front event=listening", &offset, BACK_MOST));
    uint64_t back = now() - begun;
    print_message("the front listened again after %llu ms\n", (unsigned long long)back);
    assert_in_range(back, 0, BACK_MOST);
    market.hq.retry = 300;
    assert_int_equal(party_ask(&market.hq, MUSTER__VERB__VERB_STATUS, NULL, 0, 10000, &answer), STATUS_OK);
    assert_false(harness_logged(&harness, "event=child-ended child=exchange", NULL, 0));
}

#define HOSTILE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTILE_TEST(each_attack_stays_below_the_limits),
        HOSTILE_TEST(all_attacks_at_once_delay_and_end_nobody),
        HOSTILE_TEST(a_replayed_box_changes_nothing),
        HOSTILE_TEST(a_front_that_fell_is_back_within_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
