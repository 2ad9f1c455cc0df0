/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * kill -9 at any moment: what was acknowledged stands, whole, with the receipt that was given. MUSTER_KILL_CYCLES sets how
 * often all of musterd is killed (1000 is the claim; a test run takes 25).
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/receipt.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/system/party.h"
#include "tests/unit/patience.h"

#define WRITERS 4u
#define CYCLES 25u
#define PATIENCE 300000 /* milliseconds: a machine with much else to do may leave one writer out for many cycles */
#define RETRY 150

/* One submission and the receipt that it got. */
struct acknowledged {
    struct acknowledged *next;
    uint8_t *envelope;
    size_t size;
    char *receipt;
    size_t receipt_length;
};

struct writer {
    pthread_t thread;
    unsigned number;
    struct party party;
    struct acknowledged *list;
    unsigned count;
    const char *problem;
};

static struct harness harness;
static bool stopping;
static unsigned acknowledged_count; /* of all writers */

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(3600));
    return harness_begin(&harness, "[front]\nrequests_per_second = 10000\nconnections_per_key = 64\n") == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    harness_close(&harness);
    return 0;
}

static int write_one(struct writer *writer, struct arena *arena, struct acknowledged *made)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ItemChange change = MUSTER__ITEM_CHANGE__INIT;
    Muster__Item item = MUSTER__ITEM__INIT;
    Muster__ItemChange *changes[] = {&change};
    char id_text[32];
    uint8_t id[16];
    snprintf(id_text, sizeof id_text, "item-%u-%u", writer->number, writer->count);
    item.id = change.id = id_text;
    item.title = item.nsc = item.cpv = (char *)(uintptr_t)"";
    item.unit = (char *)(uintptr_t)"EA";
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.item = &item;
    submission.n_items = 1;
    submission.items = changes;
    party_fill(&writer->party, &submission, id);
    return party_sign(&writer->party, &submission, arena, &made->envelope, &made->size);
}

static Muster__SubmitAnswer *read_answer(struct party *party, const Muster__Answer *answer)
{
    ProtobufCMessage *message = NULL;
    if (answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE ||
        walk_unpack(&muster__submit_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &party->arena, &message,
                    NULL) != STATUS_OK)
        return NULL;
    return (Muster__SubmitAnswer *)message;
}

static void *keep(const void *bytes, size_t length)
{
    void *copy = malloc(length);
    if (copy != NULL)
        memcpy(copy, bytes, length);
    return copy;
}

/* Submits one item after the other, each until it is acknowledged. Runs as a thread: no assertion here. */
static void *write_on(void *data)
{
    struct writer *writer = data;
    while (!__atomic_load_n(&stopping, __ATOMIC_RELAXED) && writer->problem == NULL) {
        struct acknowledged *made = calloc(1, sizeof *made);
        struct arena arena;
        Muster__Answer *answer = NULL;
        Muster__SubmitAnswer *submitted = NULL;
        arena_init(&arena, (size_t)16 << 20);
        if (write_one(writer, &arena, made) != STATUS_OK)
            writer->problem = "not signed";
        else if (party_ask(&writer->party, MUSTER__VERB__VERB_SUBMIT, made->envelope, made->size, PATIENCE, &answer) != STATUS_OK)
            writer->problem = "not answered";
        else if ((submitted = read_answer(&writer->party, answer)) == NULL)
            writer->problem = "refused";
        if (submitted != NULL) {
            made->envelope = keep(made->envelope, made->size);
            made->receipt_length = submitted->receipt.len;
            made->receipt = keep(submitted->receipt.data, submitted->receipt.len);
            made->next = writer->list;
            writer->list = made;
            writer->count++;
            __atomic_add_fetch(&acknowledged_count, 1, __ATOMIC_RELAXED);
        } else {
            free(made);
        }
        arena_drop(&arena);
    }
    return NULL;
}

static void start_writers(struct writer *writers)
{
    __atomic_store_n(&stopping, false, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.number = i};
        assert_int_equal(party_coordinator(&harness, &writers[i].party), STATUS_OK);
        writers[i].party.retry = RETRY;
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_on, &writers[i]), 0);
    }
}

static unsigned stop_writers(struct writer *writers)
{
    unsigned total = 0;
    __atomic_store_n(&stopping, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        total += writers[i].count;
    }
    for (unsigned i = 0; i < WRITERS; i++)
        if (writers[i].problem != NULL) {
            harness_show(&harness);
            fail_msg("writer %u after %u: %s", i, writers[i].count, writers[i].problem);
        }
    return total;
}

/* Sends every acknowledged submission again: each must get the very receipt that it got, and that must verify. */
static void check_writers(struct writer *writers)
{
    for (unsigned i = 0; i < WRITERS; i++) {
        struct party *party = &writers[i].party;
        while (writers[i].list != NULL) {
            struct acknowledged *made = writers[i].list;
            Muster__Answer *answer = NULL;
            struct receipt receipt;
            assert_int_equal(party_ask(party, MUSTER__VERB__VERB_SUBMIT, made->envelope, made->size, PATIENCE, &answer), STATUS_OK);
            Muster__SubmitAnswer *again = read_answer(party, answer);
            assert_non_null(again);
            assert_int_equal(again->receipt.len, made->receipt_length);
            assert_memory_equal(again->receipt.data, made->receipt, made->receipt_length);
            assert_int_equal(receipt_verify(made->receipt, made->receipt_length, made->envelope, made->size, &harness.exchange.log_key,
                                            &receipt, NULL),
                             STATUS_OK);
            writers[i].list = made->next;
            free(made->envelope);
            free(made->receipt);
            free(made);
        }
        party_close(party);
    }
}

/* The whole log holds, and the tables are what it makes. */
static void check_store(void)
{
    static const char *const verify[] = {"--verify", NULL};
    static const char *const rebuild[] = {"--rebuild", NULL};
    size_t offset = harness_log_size(&harness);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    assert_int_equal(harness_task(&harness, verify), EXIT_CODE_DONE);
    assert_int_equal(harness_task(&harness, rebuild), EXIT_CODE_DONE);
    assert_true(harness_logged(&harness, "the tables were what the log makes", &offset, 0));
    assert_int_equal(harness_start(&harness), STATUS_OK);
}

/* Every cycle has something to lose: one more is acknowledged before the next blow. */
static void await_one(void)
{
    unsigned before = __atomic_load_n(&acknowledged_count, __ATOMIC_RELAXED);
    for (unsigned waited = 0; waited < 20000 && __atomic_load_n(&acknowledged_count, __ATOMIC_RELAXED) == before; waited += 5)
        harness_pause(5);
}

static void all_of_musterd_killed_loses_nothing_acknowledged(void **state)
{
    (void)state;
    const char *wanted = getenv("MUSTER_KILL_CYCLES");
    unsigned cycles = wanted != NULL ? (unsigned)atoi(wanted) : CYCLES;
    struct writer writers[WRITERS];
    start_writers(writers);
    srand(1);
    for (unsigned cycle = 0; cycle < cycles; cycle++) {
        await_one();
        harness_pause(rand() % 200);
        assert_int_equal(harness_kill(&harness, "parent", SIGKILL), STATUS_OK);
        assert_int_equal(harness_start(&harness), STATUS_OK);
    }
    unsigned total = stop_writers(writers);
    print_message("%u cycles, %u submissions acknowledged\n", cycles, total);
    assert_true(total >= cycles);
    check_store();
    check_writers(writers);
}

static void a_child_killed_is_started_again_within_a_second_and_nothing_is_lost(void **state)
{
    (void)state;
    static const char *const roles[] = {"front", "planner", "exchange"};
    struct writer writers[WRITERS];
    start_writers(writers);
    for (unsigned i = 0; i < 3; i++) {
        char text[64];
        size_t offset = harness_log_size(&harness);
        snprintf(text, sizeof text, "event=child-started child=%s", roles[i]);
        harness_pause(100);
        assert_int_equal(harness_kill(&harness, roles[i], SIGKILL), STATUS_OK);
        assert_true(harness_logged(&harness, text, &offset, 1000));
        /* With the exchange all three go; with another it alone. */
        if (i == 2)
            assert_true(harness_logged(&harness, "event=listening", &offset, 5000));
        harness_pause(300);
    }
    assert_true(stop_writers(writers) > 0);
    check_store();
    check_writers(writers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_of_musterd_killed_loses_nothing_acknowledged, setup, teardown),
        cmocka_unit_test_setup_teardown(a_child_killed_is_started_again_within_a_second_and_nothing_is_lost, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
