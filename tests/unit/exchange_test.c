/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The exchange as a function, in one process with a clock and storage of the test's own: one commit a batch, nothing
 * answered before it, nothing answered when it fails.
 */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/exchange.h"
#include "broker/init.h"
#include "proto/box.h"
#include "proto/envelope.h"
#include "proto/introduction.h"
#include "proto/receipt.h"
#include "proto/request.pb-c.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "store/log.h"
#include "tests/unit/patience.h"

#define TEXT(text) ((char *)(uintptr_t)(text))
#define BEGIN UINT64_C(1801396800000)
#define MESSAGES 8u
#define ARENA ((size_t)64 << 20)

/* The storage's faults, set by a test. */
static struct {
    int commit_error;      /* before: refused so */
    int after_error;       /* after: done, but reported so */
    unsigned commits;
    uint64_t free_bytes;
} disk;

static uint64_t now;
static uint64_t jump; /* the wall clock, against the monotonic one */
static char folder[64];
static char directory[96];
static struct exchange *exchange;
static struct introduction_exchange public_file;
static struct key_pair signing, box, curve;
static struct box_session session;
static struct arena arena;

/* What the sink was given, by handle. */
static struct {
    uint8_t *bytes;
    size_t length;
    unsigned times;
} answers[MESSAGES];

static int disk_space(void *data, const char *path, uint64_t *free_bytes, uint64_t *all_bytes)
{
    (void)data;
    (void)path;
    *free_bytes = disk.free_bytes;
    *all_bytes = (uint64_t)1 << 40;
    return 0;
}

static int disk_before(void *data, enum store_call call)
{
    (void)data;
    disk.commits += call == STORE_CALL_COMMIT;
    return call == STORE_CALL_COMMIT ? disk.commit_error : 0;
}

static int disk_after(void *data, enum store_call call, int error)
{
    (void)data;
    return call == STORE_CALL_COMMIT && error == 0 ? disk.after_error : error;
}

static const struct store_files files = {disk_space, disk_before, disk_after, NULL};

static uint64_t tell(void *data)
{
    (void)data;
    return now;
}

static uint64_t tell_wall(void *data)
{
    return tell(data) + jump;
}

static const struct seam_clock clock_of_test = {tell_wall, tell, NULL};

static void take_answer(void *data, uint64_t handle, const uint8_t *bytes, size_t length)
{
    (void)data;
    assert_true(handle < MESSAGES);
    answers[handle].times++;
    answers[handle].length = length;
    answers[handle].bytes = (uint8_t *)arena_copy(&arena, bytes, length);
}

static const struct exchange_sink sink = {.answer = take_answer};

static int open_exchange(void)
{
    struct exchange_options options = {.directory = directory, .map_size = (uint64_t)64 << 20, .floor = 1 << 20, .helpers = 1,
                                       .clock = &clock_of_test, .random = &seam_random_system, .files = &files};
    const char *why = NULL;
    int status = exchange_open(&options, &exchange, &why);
    return status == STATUS_OK ? exchange_start(exchange) : status;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_exchange(void)
{
    struct introduction_coordinator coordinator = {.party = "hq", .country = "NL", .name = "office"};
    char text[INTRODUCTION_SIZE];
    char path[128];
    char clock[128];
    memcpy(coordinator.signing_key, signing.public_key, 32);
    memcpy(coordinator.box_key, box.public_key, 32);
    memcpy(coordinator.curve_key, curve.public_key, 32);
    assert_int_equal(introduction_write_coordinator(&coordinator, text), STATUS_OK);
    snprintf(path, sizeof path, "%s/hq.pub", folder);
    write_text(path, text);
    snprintf(clock, sizeof clock, "file:%s/clock", folder);
    write_text(clock + 5, "1801396700000\n");
    snprintf(directory, sizeof directory, "%s/exchange", folder);
    struct init_options options = {.directory = directory, .coordinator = path, .origin = "test.example/log", .address = "tcp://127.0.0.1:1", .test_clock = clock};
    assert_int_equal(init_create(&options), EXIT_CODE_DONE);
    snprintf(path, sizeof path, "%s/exchange.pub", directory);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_int_equal(introduction_read_exchange(text, length, &public_file), STATUS_OK);
}

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(120));
    memset(&disk, 0, sizeof disk);
    memset(answers, 0, sizeof answers);
    disk.free_bytes = (uint64_t)1 << 39;
    now = BEGIN;
    jump = 0;
    strcpy(folder, "/tmp/muster-exchange-XXXXXX");
    arena_init(&arena, ARENA);
    if (mkdtemp(folder) == NULL || seam_start() != STATUS_OK || keys_generate(KEY_SIGNING, &seam_random_system, &signing) != STATUS_OK ||
        keys_generate(KEY_BOX, &seam_random_system, &box) != STATUS_OK || keys_generate(KEY_CURVE, &seam_random_system, &curve) != STATUS_OK)
        return -1;
    make_exchange();
    return box_session_party(&box, public_file.box_key, &session) == STATUS_OK && open_exchange() == STATUS_OK ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *entry, int flag, struct FTW *place)
{
    (void)entry;
    (void)flag;
    (void)place;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    exchange_close(exchange);
    exchange = NULL;
    box_session_drop(&session);
    keys_drop(&signing);
    keys_drop(&box);
    keys_drop(&curve);
    arena_drop(&arena);
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static struct exchange_message seal_request(uint64_t handle, Muster__Verb verb, const uint8_t *body, size_t length)
{
    Muster__Request request = MUSTER__REQUEST__INIT;
    uint8_t *plain = NULL;
    size_t size = 0;
    uint8_t id[BOX_REQUEST_ID_SIZE] = {(uint8_t)handle};
    request.protocol = PROTOCOL_VERSION;
    request.verb = verb;
    request.body = (ProtobufCBinaryData){length, (uint8_t *)(uintptr_t)body};
    assert_int_equal(walk_pack(&request.base, &arena, &plain, &size), STATUS_OK);
    uint8_t *sealed = arena_alloc(&arena, box_sealed_size(size));
    assert_non_null(sealed);
    assert_int_equal(box_seal(&session, id, plain, size, &seam_random_system, sealed), STATUS_OK);
    return (struct exchange_message){handle, "hq", sealed, box_sealed_size(size)};
}

/* An envelope around a submission that holds its noun. */
static uint8_t *make_envelope(Muster__Submission *submission, size_t *size)
{
    Muster__Head head = MUSTER__HEAD__INIT;
    uint8_t id[16];
    uint8_t *envelope = NULL;
    seam_random_system.fill(seam_random_system.data, id, sizeof id);
    submission->protocol = PROTOCOL_VERSION;
    submission->origin = public_file.log_key.name;
    submission->log_key = (ProtobufCBinaryData){32, public_file.log_key.public_key};
    submission->id = (ProtobufCBinaryData){16, id};
    submission->party = TEXT("hq");
    submission->signing_key = (ProtobufCBinaryData){32, signing.public_key};
    submission->not_after = now + jump + 23 * 3600000;
    submission->head = &head;
    submission->marking = TEXT("UNCLASSIFIED");
    submission->marked_by = TEXT("NATO");
    assert_int_equal(envelope_make(submission, &signing, &arena, &envelope, size), STATUS_OK);
    return envelope;
}

/* An envelope around one new item. */
static uint8_t *make_item(const char *item_id, size_t *size)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ItemChange change = MUSTER__ITEM_CHANGE__INIT;
    Muster__Item item = MUSTER__ITEM__INIT;
    Muster__ItemChange *changes[] = {&change};
    item.id = change.id = TEXT(item_id);
    item.title = item.nsc = item.cpv = TEXT("");
    item.unit = TEXT("EA");
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.item = &item;
    submission.n_items = 1;
    submission.items = changes;
    return make_envelope(&submission, size);
}

static struct exchange_message submit(uint64_t handle, const char *item)
{
    size_t size = 0;
    uint8_t *envelope = make_item(item, &size);
    return seal_request(handle, MUSTER__VERB__VERB_SUBMIT, envelope, size);
}

/* The answer to a handle, opened. */
static Muster__Answer *answer_of(uint64_t handle)
{
    uint8_t id[BOX_REQUEST_ID_SIZE];
    ProtobufCMessage *message = NULL;
    size_t size = 0;
    assert_int_equal(answers[handle].times, 1);
    uint8_t *plain = arena_alloc(&arena, answers[handle].length);
    assert_int_equal(box_open(&session, answers[handle].bytes, answers[handle].length, id, plain, &size), STATUS_OK);
    assert_int_equal(id[0], handle);
    assert_int_equal(walk_unpack(&muster__answer__descriptor, plain, size, BOX_PLAIN_MOST, &arena, &message, NULL), STATUS_OK);
    return (Muster__Answer *)message;
}

static const Muster__SubmitAnswer *submitted(uint64_t handle)
{
    ProtobufCMessage *message = NULL;
    Muster__Answer *answer = answer_of(handle);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(walk_unpack(&muster__submit_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &arena, &message,
                                 NULL),
                     STATUS_OK);
    return (const Muster__SubmitAnswer *)message;
}

static const Muster__StatusAnswer *status_of(uint64_t handle)
{
    ProtobufCMessage *message = NULL;
    Muster__Answer *answer = answer_of(handle);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(walk_unpack(&muster__status_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &arena, &message,
                                 NULL),
                     STATUS_OK);
    return (const Muster__StatusAnswer *)message;
}

static void forget_answers(void)
{
    memset(answers, 0, sizeof answers);
}

static void a_batch_is_one_commit_in_order_of_arrival(void **state)
{
    (void)state;
    struct exchange_message messages[MESSAGES];
    for (unsigned i = 0; i < MESSAGES; i++) {
        char id[16];
        snprintf(id, sizeof id, "item-%u", i);
        messages[i] = submit(i, id);
    }
    unsigned before = disk.commits;
    assert_int_equal(exchange_batch(exchange, messages, MESSAGES, &sink), STATUS_OK);
    assert_int_equal(disk.commits, before + 1);
    uint64_t last = 0;
    for (unsigned i = 0; i < MESSAGES; i++) {
        uint64_t position = submitted(i)->position;
        assert_true(position > last);
        last = position;
    }
}

/* It is answered from the state after it, for which the batch is put in its place. */
static void who_reads_beside_a_submission_sees_it(void **state)
{
    (void)state;
    struct exchange_message messages[] = {submit(0, "seen"), seal_request(1, MUSTER__VERB__VERB_STATUS, NULL, 0)};
    unsigned before = disk.commits;
    struct store_txn *txn = NULL;
    uint64_t size = 0;
    assert_int_equal(exchange_batch(exchange, messages, 2, &sink), STATUS_OK);
    assert_int_equal(answer_of(1)->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(disk.commits, before + 2);
    assert_int_equal(store_begin_read(exchange_store(exchange), &txn), STATUS_OK);
    assert_int_equal(log_size(txn, &size), STATUS_OK);
    store_abort(txn);
    assert_int_equal(size, submitted(0)->position + 1);
    assert_int_equal(disk.commits, before + 2);
}

static void readers_commit_nothing(void **state)
{
    (void)state;
    struct exchange_message message = seal_request(0, MUSTER__VERB__VERB_STATUS, NULL, 0);
    unsigned before = disk.commits;
    assert_int_equal(exchange_batch(exchange, &message, 1, &sink), STATUS_OK);
    assert_int_equal(exchange_tick(exchange, &sink), STATUS_OK);
    assert_int_equal(disk.commits, before);
    assert_int_equal(answers[0].times, 1);
}

/* The machine's clock is set forward by days, and somebody reads before anything is written: parties go on, and a coordinator can confirm. */
static void a_clock_that_jumped_can_be_confirmed(void **state)
{
    (void)state;
    jump = UINT64_C(9) * 24 * 3600000;
    struct exchange_message read = seal_request(0, MUSTER__VERB__VERB_STATUS, NULL, 0);
    assert_int_equal(exchange_batch(exchange, &read, 1, &sink), STATUS_OK);
    assert_int_equal(exchange_tick(exchange, &sink), STATUS_OK);
    struct exchange_message messages[] = {submit(1, "a"), seal_request(2, MUSTER__VERB__VERB_STATUS, NULL, 0)};
    assert_int_equal(exchange_batch(exchange, messages, 2, &sink), STATUS_OK);
    assert_true(submitted(1)->time < now + jump);
    const Muster__StatusAnswer *doubted = status_of(2);
    assert_true(doubted->clock_doubted);
    assert_int_equal(doubted->n_waiting, 1);
    assert_string_equal(doubted->waiting[0]->what, "clock");
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ClockConfirmed confirmed = MUSTER__CLOCK_CONFIRMED__INIT;
    confirmed.position = strtoull(doubted->waiting[0]->id, NULL, 10);
    submission.clock_confirmed = &confirmed;
    size_t size = 0;
    uint8_t *envelope = make_envelope(&submission, &size);
    struct exchange_message confirm[] = {seal_request(3, MUSTER__VERB__VERB_SUBMIT, envelope, size),
                                         seal_request(4, MUSTER__VERB__VERB_STATUS, NULL, 0)};
    assert_int_equal(exchange_batch(exchange, confirm, 2, &sink), STATUS_OK);
    submitted(3);
    assert_false(status_of(4)->clock_doubted);
    assert_int_equal(status_of(4)->time, now + jump);
}

/* The storage failed: nobody hears of anything, not even the reader beside it. */
static void nothing_is_answered_when_the_commit_fails(void **state)
{
    (void)state;
    struct exchange_message messages[] = {submit(0, "a"), seal_request(1, MUSTER__VERB__VERB_STATUS, NULL, 0)};
    disk.commit_error = EIO;
    assert_int_equal(exchange_batch(exchange, messages, 2, &sink), STATUS_IO);
    assert_int_equal(answers[0].times + answers[1].times, 0);
}

/* Done, but reported as failed: after a new start the same bytes get one receipt, whichever way it went. */
static void a_commit_that_reported_failure_is_settled_by_a_new_start(void **state)
{
    (void)state;
    size_t size = 0;
    uint8_t *envelope = make_item("a", &size);
    struct exchange_message message = seal_request(0, MUSTER__VERB__VERB_SUBMIT, envelope, size);
    disk.after_error = EIO;
    assert_int_equal(exchange_batch(exchange, &message, 1, &sink), STATUS_IO);
    assert_int_equal(answers[0].times, 0);
    exchange_close(exchange);
    exchange = NULL;
    disk.after_error = 0;
    assert_int_equal(open_exchange(), STATUS_OK);
    struct exchange_message again[] = {seal_request(0, MUSTER__VERB__VERB_SUBMIT, envelope, size),
                                       seal_request(1, MUSTER__VERB__VERB_SUBMIT, envelope, size)};
    assert_int_equal(exchange_batch(exchange, again, 2, &sink), STATUS_OK);
    const Muster__SubmitAnswer *first = submitted(0);
    const Muster__SubmitAnswer *second = submitted(1);
    assert_int_equal(first->position, second->position);
    assert_int_equal(first->receipt.len, second->receipt.len);
    assert_memory_equal(first->receipt.data, second->receipt.data, first->receipt.len);
    struct receipt receipt;
    assert_int_equal(receipt_verify((const char *)first->receipt.data, first->receipt.len, envelope, size, &public_file.log_key, &receipt,
                                    NULL),
                     STATUS_OK);
}

static void a_full_disk_refuses_submissions_and_answers_readers(void **state)
{
    (void)state;
    struct exchange_message messages[] = {submit(0, "a"), seal_request(1, MUSTER__VERB__VERB_STATUS, NULL, 0), submit(2, "b")};
    disk.free_bytes = 0;
    assert_int_equal(exchange_batch(exchange, messages, 3, &sink), STATUS_OK);
    assert_int_equal(answer_of(0)->outcome, MUSTER__OUTCOME__OUTCOME_NO_SPACE);
    assert_int_equal(answer_of(1)->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(answer_of(2)->outcome, MUSTER__OUTCOME__OUTCOME_NO_SPACE);
    forget_answers();
    disk.free_bytes = (uint64_t)1 << 39;
    messages[0] = submit(0, "a");
    assert_int_equal(exchange_batch(exchange, messages, 1, &sink), STATUS_OK);
    assert_int_equal(submitted(0)->position, 2);
}

/* A disk that is full at the commit only: the batch falls back to one at a time, all refused, none half done. */
static void a_disk_full_at_the_commit_refuses_each(void **state)
{
    (void)state;
    struct exchange_message messages[] = {submit(0, "a"), submit(1, "b")};
    disk.commit_error = ENOSPC;
    assert_int_equal(exchange_batch(exchange, messages, 2, &sink), STATUS_OK);
    assert_int_equal(answer_of(0)->outcome, MUSTER__OUTCOME__OUTCOME_NO_SPACE);
    assert_int_equal(answer_of(1)->outcome, MUSTER__OUTCOME__OUTCOME_NO_SPACE);
    forget_answers();
    disk.commit_error = 0;
    messages[0] = submit(0, "a");
    assert_int_equal(exchange_batch(exchange, messages, 1, &sink), STATUS_OK);
    assert_int_equal(submitted(0)->position, 2);
}

/* What was acknowledged waits in the journal while the disk fills: readers see it all the same, and nothing ends. */
static void a_disk_full_before_what_was_kept_has_its_place_ends_nothing(void **state)
{
    (void)state;
    struct exchange_message first = submit(0, "kept");
    assert_int_equal(exchange_batch(exchange, &first, 1, &sink), STATUS_OK);
    uint64_t position = submitted(0)->position;
    disk.commit_error = ENOSPC;
    for (unsigned turn = 0; turn < 2; turn++) {
        Muster__ListRequest list;
        uint8_t *body = NULL;
        size_t size = 0;
        ProtobufCMessage *message = NULL;
        muster__list_request__init(&list);
        list.noun = MUSTER__NOUN__NOUN_ITEM;
        list.item = list.id = list.after = TEXT("");
        list.limit = 10;
        assert_int_equal(walk_pack(&list.base, &arena, &body, &size), STATUS_OK);
        struct exchange_message messages[] = {seal_request(1, MUSTER__VERB__VERB_LIST, body, size), submit(2, "more")};
        forget_answers();
        assert_int_equal(exchange_batch(exchange, messages, 2, &sink), STATUS_OK);
        assert_int_equal(exchange_tick(exchange, &sink), STATUS_OK);
        assert_int_equal(answer_of(2)->outcome, MUSTER__OUTCOME__OUTCOME_NO_SPACE);
        Muster__Answer *answer = answer_of(1);
        assert_int_equal(walk_unpack(&muster__list_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &arena, &message, NULL),
                         STATUS_OK);
        assert_int_equal(((const Muster__ListAnswer *)message)->n_records, 1);
    }
    disk.commit_error = 0;
    forget_answers();
    first = submit(0, "more");
    assert_int_equal(exchange_batch(exchange, &first, 1, &sink), STATUS_OK);
    assert_int_equal(submitted(0)->position, position + 1);
}

static void a_faulty_submission_harms_none_beside_it(void **state)
{
    (void)state;
    struct exchange_message messages[] = {submit(0, "good-1"), submit(1, "no good id"), submit(2, "good-1"), submit(3, "good-2")};
    assert_int_equal(exchange_batch(exchange, messages, 4, &sink), STATUS_OK);
    assert_int_equal(submitted(0)->position, 2);
    assert_int_equal(answer_of(1)->outcome, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT);
    assert_true(answer_of(1)->n_faults > 0);
    /* The same item again in the same batch is checked against what the first one made. */
    assert_int_not_equal(answer_of(2)->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(submitted(3)->position, 3);
}

/* Boxes cut, flipped or of another direction: a hint or nothing, and the next is served. */
static void boxes_that_do_not_open_are_dropped(void **state)
{
    (void)state;
    struct exchange_message good = submit(0, "a");
    for (size_t at = 0; at < good.length; at += 37) {
        uint8_t *bent = (uint8_t *)arena_copy(&arena, good.bytes, good.length);
        struct exchange_message messages[] = {{1, "hq", bent, good.length}, {2, "hq", bent, at}, {3, "other", good.bytes, good.length}};
        bent[at] ^= 1;
        assert_int_equal(exchange_batch(exchange, messages, 3, &sink), STATUS_OK);
        for (unsigned i = 1; i < 4; i++)
            assert_in_range(answers[i].length, 0, 5);
        forget_answers();
    }
    assert_int_equal(exchange_batch(exchange, &good, 1, &sink), STATUS_OK);
    assert_int_equal(submitted(0)->position, 2);
}

#define EXCHANGE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXCHANGE_TEST(a_batch_is_one_commit_in_order_of_arrival),
        EXCHANGE_TEST(who_reads_beside_a_submission_sees_it),
        EXCHANGE_TEST(readers_commit_nothing),
        EXCHANGE_TEST(a_clock_that_jumped_can_be_confirmed),
        EXCHANGE_TEST(nothing_is_answered_when_the_commit_fails),
        EXCHANGE_TEST(a_commit_that_reported_failure_is_settled_by_a_new_start),
        EXCHANGE_TEST(a_full_disk_refuses_submissions_and_answers_readers),
        EXCHANGE_TEST(a_disk_full_at_the_commit_refuses_each),
        EXCHANGE_TEST(a_disk_full_before_what_was_kept_has_its_place_ends_nothing),
        EXCHANGE_TEST(a_faulty_submission_harms_none_beside_it),
        EXCHANGE_TEST(boxes_that_do_not_open_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
