/* SPDX-License-Identifier: EUPL-1.2 */
/* The daemon as its operator sees it: settings, stop, copies, a log that does not hold, a full store, a clock that jumps. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "proto/tlog.h"
#include "proto/walk.h"
#include "tests/system/party.h"
#include "tests/unit/patience.h"
#include "tests/unit/scratch.h"

#define PATIENCE 8000
#define TEXT(text) ((char *)(uintptr_t)(text))
#define HOUR ((uint64_t)3600 * 1000)

static struct harness harness;
static struct party hq;

static int setup_stopped(void **state)
{
    (void)state;
    alarm((unsigned)patience(120));
    return harness_open(&harness, "[log]\nlevel = debug\n") == STATUS_OK ? 0 : -1;
}

static int setup(void **state)
{
    return setup_stopped(state) == 0 && harness_start(&harness) == STATUS_OK && party_coordinator(&harness, &hq) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    party_close(&hq);
    harness_close(&harness);
    return 0;
}

static const Muster__StatusAnswer *ask_status(void)
{
    Muster__Answer *answer = NULL;
    ProtobufCMessage *message = NULL;
    assert_int_equal(party_ask(&hq, MUSTER__VERB__VERB_STATUS, NULL, 0, PATIENCE, &answer), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(walk_unpack(&muster__status_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &hq.arena,
                                 &message, NULL),
                     STATUS_OK);
    return (const Muster__StatusAnswer *)message;
}

static int put_item(const char *id)
{
    Muster__Answer *answer = NULL;
    assert_int_equal(party_put_item(&hq, id, &answer), STATUS_OK);
    return (int)answer->outcome;
}

/* Keeps the log's head, as a client does. */
static void keep_head(void)
{
    Muster__Answer *answer = NULL;
    ProtobufCMessage *message = NULL;
    uint8_t body[8];
    Muster__HeadRequest request = MUSTER__HEAD_REQUEST__INIT;
    size_t length = muster__head_request__pack(&request, body);
    assert_int_equal(party_ask(&hq, MUSTER__VERB__VERB_HEAD, body, length, PATIENCE, &answer), STATUS_OK);
    assert_int_equal(walk_unpack(&muster__head_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &hq.arena,
                                 &message, NULL),
                     STATUS_OK);
    const ProtobufCBinaryData *note = &((const Muster__HeadAnswer *)message)->checkpoint;
    assert_int_equal(tlog_head_open(&harness.exchange.log_key, (const char *)note->data, note->len, &hq.head, hq.head_signature), STATUS_OK);
}

static void append(const char *text)
{
    FILE *file = fopen(harness.config, "ae");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void replace_config(const char *text)
{
    FILE *file = fopen(harness.config, "we");
    assert_non_null(file);
    fprintf(file, "[store]\ndirectory = .\n[front]\naddress = %s\n[test]\nclock = file:%s\nallow_test_clock = yes\n%s", harness.address,
            harness.clock, text);
    fclose(file);
}

static int check(void)
{
    static const char *const arguments[] = {"--check", NULL};
    return harness_task(&harness, arguments);
}

static void check_accepts_what_init_made(void **state)
{
    (void)state;
    size_t offset = 0;
    assert_int_equal(check(), EXIT_CODE_DONE);
    assert_true(harness_logged(&harness, "exchange test.example/log", &offset, 0));
}

static void a_wrong_setting_is_named_and_stops_everything(void **state)
{
    (void)state;
    int code = 0;
    size_t offset = 0;
    append("[front]\ntypo = 1\n");
    assert_int_equal(check(), EXIT_CODE_INPUT);
    assert_true(harness_logged(&harness, "unknown key 'typo' in section [front]", &offset, 0));
    /* Started all the same, it ends with the same code instead of trying for ever. */
    assert_int_equal(harness_start(&harness), STATUS_UNREACHABLE);
    assert_int_equal(harness_wait(&harness, 0, &code), STATUS_OK);
    assert_int_equal(code, EXIT_CODE_INPUT);
}

static void check_misses_a_key_that_others_may_read(void **state)
{
    (void)state;
    char path[HARNESS_PATH_MOST + 32];
    snprintf(path, sizeof path, "%s/keys/log.key", harness.directory);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(check(), EXIT_CODE_NOT_ALLOWED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(check(), EXIT_CODE_INPUT);
}

static void arguments_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][3] = {{"--nonsense", NULL}, {"--check", "--rebuild", NULL}, {"--init", "x", NULL}, {"extra", NULL}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(harness_task(&harness, wrong[i]), EXIT_CODE_USAGE);
    static const char *const right[][2] = {{"--version", NULL}, {"--help", NULL}};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_int_equal(harness_task(&harness, right[i]), EXIT_CODE_DONE);
}

static void an_exchange_is_not_made_over_another(void **state)
{
    (void)state;
    char file[HARNESS_PATH_MOST + 32];
    snprintf(file, sizeof file, "%s/coordinator.pub", harness.folder);
    const char *const arguments[] = {"--init", harness.directory, "--coordinator", file, "--origin", "x.example/log", "--address",
                                     harness.address, NULL};
    assert_int_equal(harness_task(&harness, arguments), EXIT_CODE_INPUT);
    assert_int_equal(check(), EXIT_CODE_DONE);
}

static void a_second_daemon_on_the_same_store_does_not_serve(void **state)
{
    (void)state;
    static const char *const rebuild[] = {"--rebuild", NULL};
    assert_int_equal(harness_task(&harness, rebuild), EXIT_CODE_TRY_AGAIN);
    assert_int_equal(put_item("still-served"), MUSTER__OUTCOME__OUTCOME_DONE);
}

/* A second musterd says which process has the store and ends; the first serves on. */
static void a_second_daemon_names_the_process_that_holds_the_store_and_ends(void **state)
{
    (void)state;
    struct harness second = harness;
    char text[64];
    size_t offset = harness_log_size(&harness);
    int code = 0;
    pid_t holder = harness_child(&harness, "exchange");
    second.pid = 0;
    assert_int_equal(harness_start(&second), STATUS_UNREACHABLE);
    if (second.pid > 0)
        assert_int_equal(harness_wait(&second, 20000, &code), STATUS_OK);
    assert_int_equal(code, EXIT_CODE_TRY_AGAIN);
    snprintf(text, sizeof text, "event=store-held by_pid=%d ", (int)holder);
    assert_true(harness_logged(&harness, text, &offset, 0));
    assert_int_equal(put_item("served-all-the-while"), MUSTER__OUTCOME__OUTCOME_DONE);
}

static void a_restore_that_fails_leaves_nothing(void **state)
{
    (void)state;
    char restored[HARNESS_PATH_MOST + 16], file[HARNESS_PATH_MOST + 32];
    snprintf(restored, sizeof restored, "%s/restored", harness.folder);
    snprintf(file, sizeof file, "%s/here", restored);
    char key[HARNESS_PATH_MOST + 32];
    snprintf(key, sizeof key, "%s/recovery.key", harness.directory);
    const char *const wrong[] = {"--restore", harness.folder, restored, "--recovery", key, "--address", harness.address, NULL};
    assert_int_not_equal(harness_task(&harness, wrong), EXIT_CODE_DONE);
    assert_int_equal(access(restored, F_OK), -1);
    /* A folder that was there is left as it was: empty, or not touched at all. */
    assert_int_equal(mkdir(restored, 0700), 0);
    assert_int_not_equal(harness_task(&harness, wrong), EXIT_CODE_DONE);
    assert_int_equal(rmdir(restored), 0);
    assert_int_equal(mkdir(restored, 0700), 0);
    FILE *here = fopen(file, "we");
    assert_non_null(here);
    fclose(here);
    assert_int_equal(harness_task(&harness, wrong), EXIT_CODE_INPUT);
    assert_int_equal(access(file, F_OK), 0);
}

static void sigterm_stops_it_clean(void **state)
{
    (void)state;
    int code = -1;
    assert_int_equal(put_item("before"), MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(harness_stop(&harness, &code), STATUS_OK);
    assert_int_equal(code, EXIT_CODE_DONE);
}

static void a_copy_made_while_it_runs_goes_on_under_another_origin(void **state)
{
    (void)state;
    char copy[HARNESS_PATH_MOST + 16];
    char key[HARNESS_PATH_MOST + 16];
    char restored[HARNESS_PATH_MOST + 16];
    char clock[HARNESS_PATH_MOST + 16];
    snprintf(copy, sizeof copy, "%s/copy", harness.folder);
    snprintf(key, sizeof key, "%s/recovery.key", harness.directory);
    snprintf(restored, sizeof restored, "%s/restored", harness.folder);
    snprintf(clock, sizeof clock, "file:%s", harness.clock);
    assert_int_equal(put_item("kept"), MUSTER__OUTCOME__OUTCOME_DONE);
    const char *const backup[] = {"--backup", copy, NULL};
    assert_int_equal(harness_task(&harness, backup), EXIT_CODE_DONE);
    assert_int_equal(harness_task(&harness, backup), EXIT_CODE_INPUT);
    assert_int_equal(put_item("after-the-copy"), MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    const char *const restore[] = {"--restore", copy, restored, "--recovery", key, "--address", harness.address, "--test-clock", clock, NULL};
    assert_int_equal(harness_task(&harness, restore), EXIT_CODE_DONE);
    /* From here on the harness runs the restored one. */
    struct note_key old = harness.exchange.log_key;
    char text[INTRODUCTION_SIZE];
    char path[HARNESS_PATH_MOST + 32];
    snprintf(path, sizeof path, "%s/exchange.pub", restored);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_int_equal(introduction_read_exchange(text, length, &harness.exchange), STATUS_OK);
    assert_memory_not_equal(harness.exchange.log_key.public_key, old.public_key, 32);
    assert_int_equal(strncmp(harness.exchange.log_key.name, "test.example/log/r-", 19), 0);
    assert_true(strlen(restored) + strlen("/musterd.conf") < sizeof harness.config);
    strcpy(harness.directory, restored);
    strcpy(harness.config, restored);
    strcat(harness.config, "/musterd.conf");
    assert_int_equal(harness_start(&harness), STATUS_OK);
    party_close(&hq);
    assert_int_equal(party_coordinator(&harness, &hq), STATUS_OK);
    assert_string_equal(ask_status()->origin, harness.exchange.log_key.name);
    /* What was written after the copy is not there: its name is free. */
    assert_int_equal(put_item("after-the-copy"), MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_not_equal(put_item("kept"), MUSTER__OUTCOME__OUTCOME_DONE);
    static const char *const verify[] = {"--verify", NULL};
    assert_int_equal(harness_task(&harness, verify), EXIT_CODE_DONE);
}

static const char *copied_from;
static const char *copied_to;

static int copy_entry(const char *path, const struct stat *entry, int flag, struct FTW *place)
{
    (void)place;
    char to[2 * HARNESS_PATH_MOST];
    snprintf(to, sizeof to, "%s%s", copied_to, path + strlen(copied_from));
    if (flag == FTW_D)
        return mkdir(to, 0700);
    FILE *in = fopen(path, "re");
    FILE *out = fopen(to, "we");
    char block[65536];
    for (size_t got; in != NULL && out != NULL && (got = fread(block, 1, sizeof block, in)) > 0;)
        fwrite(block, 1, got, out);
    if (in != NULL)
        fclose(in);
    return out != NULL && fclose(out) == 0 && chmod(to, entry->st_mode & 0777) == 0 ? 0 : -1;
}

static void copy_folder(const char *from, const char *to)
{
    copied_from = from;
    copied_to = to;
    assert_int_equal(nftw(from, copy_entry, 16, FTW_PHYS), 0);
}

/* An older store in the place of one with so many entries more: the first client that shows its head ends it for good. */
static void expect_rollback_noticed(unsigned entries)
{
    char older[HARNESS_PATH_MOST + 16];
    char newer[HARNESS_PATH_MOST + 16];
    int code = 0;
    size_t offset = harness_log_size(&harness);
    snprintf(older, sizeof older, "%s/older", harness.folder);
    snprintf(newer, sizeof newer, "%s/newer", harness.folder);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    copy_folder(harness.directory, older);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    for (unsigned i = 0; i < entries; i++) {
        char id[16];
        snprintf(id, sizeof id, "item-%u", i);
        assert_int_equal(put_item(id), MUSTER__OUTCOME__OUTCOME_DONE);
    }
    keep_head();
    assert_int_equal(put_item("with-a-head"), MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    assert_int_equal(rename(harness.directory, newer), 0);
    assert_int_equal(rename(older, harness.directory), 0);
    assert_int_equal(harness_start(&harness), STATUS_OK);
    Muster__Answer *answer = NULL;
    assert_int_not_equal(party_put_item(&hq, "on-the-older", &answer), STATUS_OK);
    assert_int_equal(harness_wait(&harness, 20000, &code), STATUS_OK);
    assert_int_equal(code, EXIT_CODE_IO);
    assert_true(harness_logged(&harness, "event=rolled-back", &offset, 0));
}

static void a_store_that_was_rolled_back_ends_it_for_good(void **state)
{
    (void)state;
    expect_rollback_noticed(5);
}

/* The `started` entry of the older store stands where the newer had its own: the sizes agree, the roots don't. */
static void a_rollback_is_not_masked_by_the_entry_of_the_start(void **state)
{
    (void)state;
    expect_rollback_noticed(0);
}

static void a_head_that_nobody_signed_is_refused_as_forked(void **state)
{
    (void)state;
    keep_head();
    hq.head.root[0] ^= 1;
    assert_int_equal(put_item("x"), MUSTER__OUTCOME__OUTCOME_FORKED);
    hq.head.root[0] ^= 1;
    assert_int_equal(put_item("x"), MUSTER__OUTCOME__OUTCOME_DONE);
}

/* A log with a changed byte is found by --verify, and the daemon does not serve from it. */
static void a_changed_byte_is_found(void **state)
{
    (void)state;
    static const char *const verify[] = {"--verify", NULL};
    char path[HARNESS_PATH_MOST + 32];
    assert_int_equal(put_item("marker-of-this-test"), MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(harness_task(&harness, verify), EXIT_CODE_DONE);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    snprintf(path, sizeof path, "%s/store/data.mdb", harness.directory);
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    char *bytes = malloc((size_t)4 << 20);
    assert_non_null(bytes);
    size_t length = fread(bytes, 1, (size_t)4 << 20, file);
    unsigned changed = 0;
    for (size_t at = 0; at + 19 < length; at++)
        if (memcmp(bytes + at, "marker-of-this-test", 19) == 0) {
            fseek(file, (long)at, SEEK_SET);
            fputc('M', file);
            changed++;
        }
    free(bytes);
    fclose(file);
    assert_true(changed > 0);
    assert_int_equal(harness_task(&harness, verify), EXIT_CODE_IO);
}

/* The log's key stands in the tables as well: changed there, wherever a copy of it lies, it is the store that is refused, and nobody's input. */
static void a_changed_key_of_the_log_is_named(void **state)
{
    (void)state;
    static const char *const verify[] = {"--verify", NULL};
    static const char vkey[] = "test.example/log+";
    char path[HARNESS_PATH_MOST + 32];
    size_t length = 0, copies = 0, offset = 0;
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    snprintf(path, sizeof path, "%s/store/data.mdb", harness.directory);
    char *bytes = scratch_read(path, &length);
    assert_non_null(bytes);
    offset = harness_log_size(&harness);
    for (size_t at = 0; at + sizeof vkey < length; at++)
        if (memcmp(bytes + at, vkey, sizeof vkey - 1) == 0) {
            bytes[at + sizeof vkey - 1] ^= 1;
            scratch_write(path, bytes, length);
            int code = harness_task(&harness, verify);
            assert_true(code == EXIT_CODE_IO || code == EXIT_CODE_DONE); /* a page that is free holds a copy as well */
            bytes[at + sizeof vkey - 1] ^= 1;
            copies++;
        }
    free(bytes);
    assert_true(copies > 1);
    assert_true(harness_logged(&harness, "musterd: the log's key in the tables is damaged", &offset, 0));
}

/* A submission of many items with long titles. */
static int put_many(unsigned first, unsigned count)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__Answer *answer = NULL;
    Muster__ItemChange *changes = calloc(count, sizeof *changes);
    Muster__Item *items = calloc(count, sizeof *items);
    Muster__ItemChange **list = calloc(count, sizeof *list);
    char(*ids)[16] = calloc(count, sizeof *ids);
    assert_true(changes != NULL && items != NULL && list != NULL && ids != NULL);
    for (unsigned i = 0; i < count; i++) {
        muster__item_change__init(&changes[i]);
        muster__item__init(&items[i]);
        snprintf(ids[i], sizeof ids[i], "i-%u", first + i);
        items[i].id = changes[i].id = ids[i];
        items[i].title = TEXT("a title that is as long as it needs to be to fill a small store within the time that a test may take");
        items[i].nsc = items[i].cpv = TEXT("");
        items[i].unit = TEXT("EA");
        changes[i].kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
        changes[i].item = &items[i];
        list[i] = &changes[i];
    }
    submission.items = list;
    submission.n_items = count;
    int status = party_submit(&hq, &submission, &answer, NULL);
    free(changes);
    free(items);
    free(list);
    free(ids);
    assert_int_equal(status, STATUS_OK);
    return (int)answer->outcome;
}

static void a_full_store_refuses_and_reads_go_on(void **state)
{
    (void)state;
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    replace_config("[store]\nmap_megabytes = 16\n");
    assert_int_equal(harness_start(&harness), STATUS_OK);
    unsigned count = 0;
    int outcome = MUSTER__OUTCOME__OUTCOME_DONE;
    for (; count < 60000 && outcome == MUSTER__OUTCOME__OUTCOME_DONE; count += 2000)
        outcome = put_many(count, 2000);
    assert_int_equal(outcome, MUSTER__OUTCOME__OUTCOME_NO_SPACE);
    assert_string_equal(ask_status()->self->party->id, "hq");
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    replace_config("[store]\nmap_megabytes = 64\n");
    assert_int_equal(harness_start(&harness), STATUS_OK);
    assert_int_equal(put_many(count, 2000), MUSTER__OUTCOME__OUTCOME_DONE);
}

/* Log time runs on from before the jump until a coordinator confirms the clock. */
static void a_clock_that_jumps_is_doubted_until_confirmed(void **state)
{
    (void)state;
    size_t offset = harness_log_size(&harness);
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ClockConfirmed confirmed = MUSTER__CLOCK_CONFIRMED__INIT;
    Muster__Answer *answer = NULL;
    assert_in_range(ask_status()->time, HARNESS_START, HARNESS_START + HOUR);
    harness_jump_clock(&harness, HARNESS_START + 30 * 24 * HOUR);
    if (!harness_logged(&harness, "kind=started", &offset, 20000)) {
        harness_show(&harness);
        fail();
    }
    assert_in_range(ask_status()->time, HARNESS_START, HARNESS_START + HOUR);
    harness.now = HARNESS_START;
    /* The exchange's start was entry 1, the doubt is entry 2. */
    confirmed.position = 1;
    submission.clock_confirmed = &confirmed;
    assert_int_equal(party_submit(&hq, &submission, &answer, NULL), STATUS_OK);
    assert_int_not_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    confirmed.position = 2;
    assert_int_equal(party_submit(&hq, &submission, &answer, NULL), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_in_range(ask_status()->time, HARNESS_START + 30 * 24 * HOUR, HARNESS_START + 30 * 24 * HOUR + HOUR);
}

#define DAEMON_TEST(name, begin) cmocka_unit_test_setup_teardown(name, begin, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DAEMON_TEST(check_accepts_what_init_made, setup_stopped),
        DAEMON_TEST(a_wrong_setting_is_named_and_stops_everything, setup_stopped),
        DAEMON_TEST(check_misses_a_key_that_others_may_read, setup_stopped),
        DAEMON_TEST(arguments_that_make_no_sense_are_refused, setup_stopped),
        DAEMON_TEST(an_exchange_is_not_made_over_another, setup_stopped),
        DAEMON_TEST(a_second_daemon_on_the_same_store_does_not_serve, setup),
        DAEMON_TEST(a_second_daemon_names_the_process_that_holds_the_store_and_ends, setup),
        DAEMON_TEST(a_restore_that_fails_leaves_nothing, setup_stopped),
        DAEMON_TEST(sigterm_stops_it_clean, setup),
        DAEMON_TEST(a_copy_made_while_it_runs_goes_on_under_another_origin, setup),
        DAEMON_TEST(a_store_that_was_rolled_back_ends_it_for_good, setup),
        DAEMON_TEST(a_rollback_is_not_masked_by_the_entry_of_the_start, setup),
        DAEMON_TEST(a_head_that_nobody_signed_is_refused_as_forked, setup),
        DAEMON_TEST(a_changed_byte_is_found, setup),
        DAEMON_TEST(a_changed_key_of_the_log_is_named, setup),
        DAEMON_TEST(a_full_store_refuses_and_reads_go_on, setup),
        DAEMON_TEST(a_clock_that_jumps_is_doubted_until_confirmed, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
