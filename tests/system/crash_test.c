/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The store on a bad disk: every call failing once and for ever, short, done but reported as failed; killed at every call; and
 * every state in which a power cut can leave the file. Nothing acknowledged is lost, nothing is half there, the log
 * verifies, and the tables are what it makes. CRASH_BATCHES makes the scripted run longer than it is for every day.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/system/crash.h"
#include "tests/system/disk.h"
#include "tests/unit/scratch.h"

/* Sanitizers make a start of the script several times as long: then every third call stands for its neighbours. */
#if defined(__SANITIZE_ADDRESS__)
#define STEP 3u
#else
#define STEP 1u
#endif

static struct scratch scratch;
static unsigned batches = 4;

static int start(void **state)
{
    (void)state;
    const char *wanted = getenv("CRASH_BATCHES");
    batches = wanted && atoi(wanted) > 1 ? (unsigned)atoi(wanted) : batches;
    /* In memory where there is such a place: what is tested is the order of calls, not the machine's disk. */
    if (access("/dev/shm", W_OK) == 0 && !getenv("TMPDIR")) {
        setenv("TMPDIR", "/dev/shm", 1);
    }
    scratch_make(&scratch);
    return 0;
}

static int end(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

/* A fresh folder for each run; the one before is removed. */
static const char *fresh_folder(void)
{
    static struct scratch folder;
    if (folder.path[0]) {
        scratch_remove(&folder);
    }
    snprintf(folder.path, sizeof folder.path, "%s", scratch_path(&scratch, "run"));
    assert_int_equal(mkdir(folder.path, 0700), 0);
    return folder.path;
}

static void judge(const char *folder, uint64_t acknowledged, const char *what, unsigned long at)
{
    char path[300];
    snprintf(path, sizeof path, "%s/store", folder);
    const char *wrong = crash_judge(path, acknowledged);
    if (wrong) {
        fail_msg("%s, call %lu: %s (%llu acknowledged)", what, at, wrong, (unsigned long long)acknowledged);
    }
}

/* Every call in turn goes wrong so, until a run has none left; after each the script is run once more on a good disk. */
static void each_call_in_turn(const char *how, bool always)
{
    unsigned long at = 1;
    bool fired = true;
    for (; fired; at += STEP) {
        const struct crash_fault fault = {.at = at, .how = how, .always = always}, none = {0};
        const char *folder = fresh_folder();
        bool again = false;
        int ended = crash_run(folder, batches, &fault, &fired);
        if (strcmp(how, "kill") == 0 && fired) {
            assert_true(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL);
        } else if (!WIFEXITED(ended) ||
                   (WEXITSTATUS(ended) && (WEXITSTATUS(ended) <= CRASH_FAILED || WEXITSTATUS(ended) > CRASH_FAILED + STATUS_UNREACHABLE))) {
            fail_msg("%s, call %lu: ended with %x", how, at, (unsigned)ended);
        }
        uint64_t acknowledged = crash_acknowledged(folder);
        int after = crash_run(folder, 2, &none, &again);
        if (!WIFEXITED(after) || WEXITSTATUS(after)) {
            fail_msg("%s, call %lu: the next start ended with %x", how, at, (unsigned)after);
        }
        assert_true(crash_acknowledged(folder) >= acknowledged + 6);
        judge(folder, crash_acknowledged(folder), how, at);
    }
    assert_true(at > 3 * batches); /* a flush, pages and a head for each */
}

static void every_call_may_fail(void **state)
{
    (void)state;
    each_call_in_turn("fail", false);
}

static void every_call_may_fail_and_all_behind_it(void **state)
{
    (void)state;
    each_call_in_turn("fail", true);
}

static void every_write_may_be_short(void **state)
{
    (void)state;
    each_call_in_turn("short", false);
}

static void every_call_may_be_done_and_reported_failed(void **state)
{
    (void)state;
    each_call_in_turn("done", false);
}

static void the_process_may_be_killed_at_every_call(void **state)
{
    (void)state;
    each_call_in_turn("kill", false);
}

/* Images of a recording at every cut; the number of those that are wrong, the first of them in first. */
static unsigned judge_images(const struct disk *disk, bool no_flush, unsigned seeds, unsigned *images, char *first, size_t room)
{
    unsigned wrong = 0;
    for (size_t at = 0; at <= disk_calls(disk); at++) {
        for (unsigned variant = 0; variant < 2 + 2 * seeds; variant++) {
            enum disk_cut cut = variant == 0 ? DISK_NONE : variant == 1 ? DISK_ALL : variant % 2 ? DISK_SOME : DISK_TORN;
            const char *folder = fresh_folder();
            char path[300];
            uint64_t acknowledged = 0;
            snprintf(path, sizeof path, "%s/store", folder);
            assert_int_equal(mkdir(path, 0700), 0);
            disk_image(disk, at, cut, at * 64 + variant, no_flush, path, &acknowledged);
            acknowledged = acknowledged == UINT64_MAX ? 0 : acknowledged;
            const char *what = !no_flush ? crash_judge(path, acknowledged) : crash_judge_apart(path, acknowledged) ? NULL : "control";
            (*images)++;
            if (what && !wrong++) {
                snprintf(first, room, "cut at call %zu, variant %u: %s", at, variant, what);
            }
        }
    }
    return wrong;
}

static struct disk *record_run(const char *folder, const struct crash_fault *fault, unsigned count, bool *fired)
{
    int ended = crash_run(folder, count, fault, fired);
    assert_true(WIFEXITED(ended));
    if (!fault->at) {
        assert_int_equal(WEXITSTATUS(ended), 0);
    }
    return disk_read(fault->record);
}

static void a_power_cut_at_any_moment_loses_nothing(void **state)
{
    (void)state;
    char record[300], first[200] = "";
    unsigned images = 0;
    bool fired;
    snprintf(record, sizeof record, "%s", scratch_path(&scratch, "record"));
    const struct crash_fault fault = {.record = record};
    struct disk *disk = record_run(fresh_folder(), &fault, batches, &fired);
    assert_non_null(disk);
    unsigned wrong = judge_images(disk, false, STEP == 1 ? 2 : 1, &images, first, sizeof first);
    if (wrong) {
        fail_msg("%u of %u images; first %s", wrong, images, first);
    }
    assert_true(images > 100);
    /* The control: on a disk that flushes nothing the same images must be found wrong, or nothing was tested. */
    images = 0;
    assert_true(judge_images(disk, true, 1, &images, first, sizeof first) > 0);
    disk_free(disk);
    unlink(record);
}

/* A head that reached the disk although the call failed; then a start, commits and a power cut. */
static void a_failed_commit_a_restart_and_a_power_cut_lose_nothing(void **state)
{
    (void)state;
    char record[300], first[200] = "";
    unsigned images = 0, rounds = 0;
    bool fired = true, again;
    snprintf(record, sizeof record, "%s", scratch_path(&scratch, "record"));
    for (unsigned long at = 1; fired; at += 3 * STEP) {
        const struct crash_fault fault = {.at = at, .how = "done", .record = record}, none = {.record = record};
        const char *folder = fresh_folder();
        unlink(record);
        disk_free(record_run(folder, &fault, 3, &fired));
        struct disk *disk = record_run(folder, &none, 2, &again);
        assert_non_null(disk);
        unsigned wrong = judge_images(disk, false, 0, &images, first, sizeof first);
        if (wrong) {
            fail_msg("failure at call %lu: %u images; first %s", at, wrong, first);
        }
        disk_free(disk);
        rounds++;
    }
    assert_true(rounds > 1);
    unlink(record);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--script") == 0) {
        return crash_script(argv[2], (unsigned)atoi(argv[3]));
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_may_fail),
        cmocka_unit_test(every_call_may_fail_and_all_behind_it),
        cmocka_unit_test(every_write_may_be_short),
        cmocka_unit_test(every_call_may_be_done_and_reported_failed),
        cmocka_unit_test(the_process_may_be_killed_at_every_call),
        cmocka_unit_test(a_power_cut_at_any_moment_loses_nothing),
        cmocka_unit_test(a_failed_commit_a_restart_and_a_power_cut_lose_nothing),
    };
    return cmocka_run_group_tests(tests, start, end);
}
