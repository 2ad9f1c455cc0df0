/* SPDX-License-Identifier: EUPL-1.2 */
/* The store on a bad disk: every call goes wrong in turn, in every way; and every state that a power cut can leave is opened. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/crash.h"
#include "tests/system/disk.h"
#include "tests/torture/figures.h"
#include "tests/unit/scratch.h"

#define BATCH 3u /* entries of a batch of the scripted run */

/* A folder for one run, inside a scratch folder that is removed in the end. */
struct bench {
    struct torture *torture;
    struct scratch scratch;
    struct scratch run;
};

static void bench_start(struct bench *bench, struct torture *torture)
{
    *bench = (struct bench){.torture = torture};
    scratch_make(&bench->scratch);
}

static const char *fresh_folder(struct bench *bench)
{
    if (bench->run.path[0] != '\0')
        scratch_remove(&bench->run);
    snprintf(bench->run.path, sizeof bench->run.path, "%.240s/run", bench->scratch.path);
    mkdir(bench->run.path, 0700);
    return bench->run.path;
}

static void bench_end(struct bench *bench)
{
    scratch_remove(&bench->scratch);
}

static const char *judge_folder(const char *folder)
{
    char path[300];
    snprintf(path, sizeof path, "%s/store", folder);
    return crash_judge(path, crash_acknowledged(folder));
}

/* --- calls that go wrong --------------------------------------------------------------------------------------- */

struct way {
    const char *how;
    bool always;
};

/* The scripted run with one fault, then once more on a good disk. *fired: the fault came to pass. */
static bool fault_once(struct bench *bench, const struct way *way, unsigned long at, unsigned batches, bool *fired)
{
    const struct crash_fault fault = {.at = at, .how = way->how, .always = way->always}, none = {0};
    const char *folder = fresh_folder(bench), *wrong = NULL;
    bool again = false;
    int ended = crash_run(folder, batches, &fault, fired);
    bool killed = strcmp(way->how, "kill") == 0 && *fired;
    uint64_t acknowledged = crash_acknowledged(folder);
    if (killed ? !WIFSIGNALED(ended) : !WIFEXITED(ended))
        wrong = "the process did not end as it should";
    else if (!killed && !*fired && WEXITSTATUS(ended) != 0)
        wrong = "it failed without a fault";
    else if (!killed && *fired && WEXITSTATUS(ended) != 0 && WEXITSTATUS(ended) <= CRASH_FAILED)
        wrong = "it ended without saying why";
    int after = wrong == NULL ? crash_run(folder, 2, &none, &again) : 0;
    if (wrong == NULL && (!WIFEXITED(after) || WEXITSTATUS(after) != 0))
        wrong = "the next start does not work";
    if (wrong == NULL && crash_acknowledged(folder) < acknowledged + 2 * (uint64_t)BATCH)
        wrong = "the next start did not go on from what was acknowledged";
    if (wrong == NULL)
        wrong = judge_folder(folder);
    bench->torture->faults_injected += *fired;
    bench->torture->acknowledged += crash_acknowledged(folder);
    return wrong == NULL ? true
                         : torture_finding(bench->torture, "storage: %s%s, call %lu: %s", way->how, way->always ? " for ever" : "", at, wrong);
}

bool torture_faults(struct torture *torture, unsigned batches, unsigned step)
{
    static const struct way ways[] = {{"fail", false}, {"fail", true}, {"short", false}, {"short", true},
                                      {"done", false}, {"done", true}, {"kill", false}};
    struct bench bench;
    bool good = true;
    bench_start(&bench, torture);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        bool fired = true;
        unsigned long at = 1;
        for (; good && fired; at += step)
            good = fault_once(&bench, &ways[i], at, batches, &fired);
        if (good)
            torture_say(torture, "storage: %s%s at each of %lu calls", ways[i].how, ways[i].always ? " for ever" : "", (at - 1) / step - 1);
    }
    bench_end(&bench);
    return good;
}

/* --- a copy ---------------------------------------------------------------------------------------------------- */

/* A copy on a bad disk: it is there, whole, and said to be; or it is said not to be, and nothing is left of it. */
static bool copy_once(struct bench *bench, const struct way *way, unsigned long at, bool *fired)
{
    const struct crash_fault fault = {.at = at, .how = way->how, .always = way->always, .file = "/copy/data.mdb"}, none = {0};
    const char *folder = fresh_folder(bench), *wrong = NULL;
    char copy[300];
    bool again = false;
    snprintf(copy, sizeof copy, "%s/copy", folder);
    int made = crash_run(folder, 3, &none, &again);
    int ended = crash_run(folder, 0, &fault, fired);
    bool done = WIFEXITED(ended) && WEXITSTATUS(ended) == 0;
    if (!WIFEXITED(made) || WEXITSTATUS(made) != 0 || !WIFEXITED(ended) || (!done && WEXITSTATUS(ended) <= CRASH_FAILED))
        wrong = "the process did not end as it should";
    else if (!*fired && !done)
        wrong = "it failed without a fault";
    else if (*fired && done)
        wrong = "a copy that failed is said to be done";
    else if (!done && access(copy, F_OK) == 0)
        wrong = "a copy that failed is left";
    else if (done)
        wrong = crash_judge(copy, crash_acknowledged(folder));
    wrong = wrong == NULL ? judge_folder(folder) : wrong;
    bench->torture->faults_injected += *fired;
    return wrong == NULL ? true : torture_finding(bench->torture, "copy: %s%s, call %lu: %s", way->how, way->always ? " for ever" : "", at, wrong);
}

bool torture_copies(struct torture *torture)
{
    static const struct way ways[] = {{"fail", false}, {"fail", true}, {"short", false}, {"done", false}};
    struct bench bench;
    bool good = true;
    bench_start(&bench, torture);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        bool fired = true;
        unsigned long at = 1;
        for (; good && fired; at++)
            good = copy_once(&bench, &ways[i], at, &fired);
        if (good)
            torture_say(torture, "copy: %s%s at each of %lu calls", ways[i].how, ways[i].always ? " for ever" : "", at - 2);
    }
    bench_end(&bench);
    return good;
}

/* --- power cuts ------------------------------------------------------------------------------------------------ */

/* One state of the disk, opened. NULL, or what is wrong. */
static const char *judge_image(struct bench *bench, const struct disk *disk, size_t at, enum disk_cut cut, uint64_t seed, bool no_flush)
{
    const char *folder = fresh_folder(bench);
    char path[300];
    uint64_t acknowledged = 0;
    snprintf(path, sizeof path, "%s/store", folder);
    if (mkdir(path, 0700) != 0)
        return "no folder";
    disk_image(disk, at, cut, seed, no_flush, path, &acknowledged);
    acknowledged = acknowledged == UINT64_MAX ? 0 : acknowledged;
    if (!no_flush)
        return crash_judge(path, acknowledged);
    return crash_judge_apart(path, acknowledged) ? NULL : "a disk that flushes nothing";
}

/* Every cut of a recording: nothing that was not flushed is there, all of it, and so many times any of it, torn or not. */
static bool cut_everywhere(struct bench *bench, const struct disk *disk, unsigned seeds, const char *what)
{
    for (size_t at = 0; at <= disk_calls(disk); at++)
        for (unsigned variant = 0; variant < 2 + 2 * seeds; variant++) {
            enum disk_cut cut = variant == 0 ? DISK_NONE : variant == 1 ? DISK_ALL : variant % 2 != 0 ? DISK_SOME : DISK_TORN;
            const char *wrong = judge_image(bench, disk, at, cut, bench->torture->seed + at * 64 + variant, false);
            bench->torture->prefixes_replayed++;
            if (wrong != NULL)
                return torture_finding(bench->torture, "power: %s, cut at call %zu, variant %u, seed %" PRIu64 ": %s", what, at, variant,
                                       bench->torture->seed, wrong);
        }
    return true;
}

/* The control: the same cuts on a disk that flushes nothing must be found wrong, or nothing was tested. */
static bool control_fails(struct bench *bench, const struct disk *disk)
{
    for (size_t at = 0; at <= disk_calls(disk); at++)
        for (unsigned seed = 0; seed < 2; seed++)
            if (judge_image(bench, disk, at, DISK_SOME, seed, true) != NULL)
                return true;
    return torture_finding(bench->torture, "power: a disk that flushes nothing was found right everywhere");
}

static struct disk *record(struct bench *bench, const char *folder, const struct crash_fault *fault, unsigned batches, bool *fired)
{
    int ended = crash_run(folder, batches, fault, fired);
    bool good = WIFEXITED(ended) && (*fired || WEXITSTATUS(ended) == 0);
    struct disk *disk = good ? disk_read(fault->record) : NULL;
    if (disk == NULL)
        torture_finding(bench->torture, "power: nothing was recorded");
    return disk;
}

/* A call that was done and reported as failed, the end of the process, a start, commits: then the power fails. */
static bool cut_after_failures(struct bench *bench, const char *path, unsigned step)
{
    bool fired = true, again = false, good = true;
    for (unsigned long at = 1; fired && good; at += step) {
        const struct crash_fault fault = {.at = at, .how = "done", .record = path}, none = {.record = path};
        const char *folder = fresh_folder(bench);
        char folder_kept[300], what[64];
        snprintf(folder_kept, sizeof folder_kept, "%s", folder);
        snprintf(what, sizeof what, "after a failure at call %lu", at);
        unlink(path);
        disk_free(record(bench, folder_kept, &fault, 3, &fired));
        struct disk *disk = record(bench, folder_kept, &none, 2, &again);
        bench->torture->faults_injected += fired;
        good = disk != NULL && cut_everywhere(bench, disk, 0, what);
        disk_free(disk);
    }
    return good;
}

bool torture_power(struct torture *torture, unsigned batches, unsigned seeds, unsigned step)
{
    struct bench bench;
    char path[300];
    bool fired = false;
    bench_start(&bench, torture);
    snprintf(path, sizeof path, "%.240s/record", bench.scratch.path);
    const struct crash_fault fault = {.record = path};
    struct disk *disk = record(&bench, fresh_folder(&bench), &fault, batches, &fired);
    bool good = disk != NULL && cut_everywhere(&bench, disk, seeds, "in a run") && control_fails(&bench, disk);
    disk_free(disk);
    good = good && cut_after_failures(&bench, path, step);
    if (good)
        torture_say(torture, "power: %" PRIu64 " states after a power cut opened", torture->prefixes_replayed);
    bench_end(&bench);
    return good;
}
