/* SPDX-License-Identifier: EUPL-1.2 */
/* Power cuts under a whole exchange: its writes are recorded while clients are answered, and every state that the disk may have been in is opened. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/exchange.h"
#include "proto/status.h"
#include "store/log.h"
#include "tests/system/disk.h"
#include "tests/torture/clients.h"
#include "tests/torture/faulty.h"
#include "tests/torture/figures.h"
#include "tests/torture/record.h"
#include "tests/unit/patience.h"
#include "tests/unit/scratch.h"

#define CLIENTS 16u
#define PATIENCE 60000
#define BASE_CALLS 5u /* of the files as they were before */

struct replay {
    struct torture *torture;
    struct harness harness;
    struct clients *clients;
    char record[HARNESS_PATH_MOST + 16];
    char store[HARNESS_PATH_MOST + 16]; /* folder */
};

static bool found(struct replay *replay, const char *what)
{
    return torture_finding(replay->torture, "replay, seed %" PRIu64 ": %s", replay->torture->seed, what);
}

static bool put_record(FILE *file, enum record_kind kind, uint64_t which, const void *bytes, size_t length)
{
    const struct record_head head = {.kind = (uint32_t)kind, .length = (uint32_t)length, .file = which};
    return fwrite(&head, sizeof head, 1, file) == 1 && fwrite(bytes, 1, length, file) == length;
}

/* The recording begins with the files as they are: all of them on the disk. */
static bool record_file(struct replay *replay, FILE *file, uint64_t which, const char *name)
{
    char path[HARNESS_PATH_MOST + 32];
    size_t length = 0;
    snprintf(path, sizeof path, "%s/%s", replay->store, name);
    char *bytes = scratch_read(path, &length);
    bool good = bytes != NULL && put_record(file, RECORD_WRITE, which, bytes, length) && put_record(file, RECORD_FLUSH, which, "", 0);
    free(bytes);
    return good;
}

static bool record_base(struct replay *replay)
{
    FILE *file = fopen(replay->record, "we");
    bool good = file != NULL && record_file(replay, file, 0, "data.mdb") && put_record(file, RECORD_PLACED, 0, "", 0) &&
                record_file(replay, file, 1, "journal");
    return file != NULL && fclose(file) == 0 && good;
}

/* Clients at work until so many are acknowledged, then the end in the middle of it. */
static bool record_run(struct replay *replay, unsigned acknowledged)
{
    snprintf(replay->record, sizeof replay->record, "%s/record", replay->harness.folder);
    snprintf(replay->store, sizeof replay->store, "%s/" EXCHANGE_STORE, replay->harness.directory);
    if (clients_open(&replay->harness, CLIENTS, replay->torture->seed, &replay->clients) != STATUS_OK ||
        harness_stop(&replay->harness, NULL) != STATUS_OK)
        return found(replay, "no clients");
    const struct faulty faulty = {.record = replay->record};
    if (!record_base(replay) || clients_record(replay->clients, replay->record) != STATUS_OK)
        return found(replay, "no recording");
    int status = faulty_set(&replay->harness, &faulty);
    status = status == STATUS_OK ? harness_start(&replay->harness) : status;
    faulty_clear();
    if (status != STATUS_OK || clients_start(replay->clients) != STATUS_OK)
        return found(replay, "musterd does not start");
    bool good = clients_await(replay->clients, acknowledged, PATIENCE);
    good = harness_kill(&replay->harness, "parent", SIGKILL) == STATUS_OK && good;
    clients_stop(replay->clients, false);
    return good ? true : found(replay, "nobody is acknowledged");
}

/* The log and the tables of a state, before anything is written to it. */
static const char *judge_store(struct replay *replay, uint64_t acknowledged)
{
    const struct store_options options = {.map_size = (uint64_t)65536 << 20};
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    uint64_t size = 0;
    uint8_t left[32], right[32];
    const char *wrong = NULL;
    if (store_open(replay->store, &options, &store) != STATUS_OK)
        return "the store does not open";
    int status = store_begin_read(store, &txn);
    status = status == STATUS_OK ? log_size(txn, &size) : status;
    status = status == STATUS_OK ? log_verify(txn, 0, &replay->harness.exchange.log_key, NULL, NULL, NULL, NULL) : status;
    store_abort(txn);
    if (status != STATUS_OK)
        wrong = "the log does not verify";
    else if (size < acknowledged)
        wrong = "an acknowledged entry is lost";
    else if (store_rebuild(store, exchange_apply, NULL, left, right) != STATUS_OK || memcmp(left, right, sizeof left) != 0)
        wrong = "the tables are not what the log makes";
    store_close(store);
    return wrong;
}

/* An exchange starts on it, and writes. */
static const char *judge_start(struct replay *replay)
{
    const struct exchange_options options = {.directory = replay->harness.directory, .map_size = (uint64_t)65536 << 20,
                                             .clock = &seam_clock_system, .random = &seam_random_system};
    struct exchange *exchange = NULL;
    int status = exchange_open(&options, &exchange, NULL);
    status = status == STATUS_OK ? exchange_start(exchange) : status;
    exchange_close(exchange);
    return status == STATUS_OK ? NULL : "no exchange starts on it";
}

static const char *judge_image(struct replay *replay, const struct disk *disk, size_t at, enum disk_cut cut, uint64_t seed)
{
    uint64_t acknowledged = 0;
    disk_image(disk, at, cut, seed, false, replay->store, &acknowledged);
    acknowledged = acknowledged == UINT64_MAX ? 0 : acknowledged;
    replay->torture->prefixes_replayed++;
    const char *wrong = judge_store(replay, acknowledged);
    return wrong == NULL ? judge_start(replay) : wrong;
}

static bool cut_everywhere(struct replay *replay, const struct disk *disk, unsigned seeds)
{
    for (size_t at = BASE_CALLS; at <= disk_calls(disk); at++)
        for (unsigned variant = 0; variant < 2 + 2 * seeds; variant++) {
            enum disk_cut cut = variant == 0 ? DISK_NONE : variant == 1 ? DISK_ALL : variant % 2 != 0 ? DISK_SOME : DISK_TORN;
            const char *wrong = judge_image(replay, disk, at, cut, replay->torture->seed + at * 64 + variant);
            if (wrong != NULL)
                return torture_finding(replay->torture, "replay, seed %" PRIu64 ", cut at call %zu, variant %u: %s", replay->torture->seed, at,
                                       variant, wrong);
        }
    return true;
}

/* In a process of its own, which a damaged file may bring down. */
static bool is_wrong_apart(struct replay *replay, const struct disk *disk, size_t at)
{
    int how = 0;
    pid_t child = fork();
    if (child == 0) {
        uint64_t acknowledged = 0;
        alarm((unsigned)patience(20));
        disk_image(disk, at, DISK_SOME, at, true, replay->store, &acknowledged);
        _exit(judge_store(replay, acknowledged == UINT64_MAX ? 0 : acknowledged) != NULL);
    }
    while (child > 0 && waitpid(child, &how, 0) < 0) {
    }
    return child > 0 && !(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

/* The control: on a disk that flushes nothing, cuts must be found that are wrong, or nothing was tested. */
static bool control_fails(struct replay *replay, const struct disk *disk)
{
    for (size_t at = disk_calls(disk); at > BASE_CALLS; at--)
        if (is_wrong_apart(replay, disk, at))
            return true;
    return found(replay, "a disk that flushes nothing was found right everywhere");
}

bool torture_replay(struct torture *torture, unsigned acknowledged, unsigned seeds)
{
    struct replay replay = {.torture = torture};
    uint64_t before = torture->prefixes_replayed;
    if (harness_begin(&replay.harness, "[front]\nrequests_per_second = 100000\nconnections_per_key = 256\n[planner]\nquiet_milliseconds = 20\n") !=
        STATUS_OK)
        return found(&replay, "no exchange");
    bool good = record_run(&replay, acknowledged);
    struct disk *disk = good ? disk_read(replay.record) : NULL;
    good = good && (disk != NULL ? cut_everywhere(&replay, disk, seeds) && control_fails(&replay, disk) : found(&replay, "nothing was recorded"));
    if (good) {
        torture->acknowledged += history_total(clients_history(replay.clients));
        torture_say(torture, "replay: %" PRIu64 " states of an exchange's disk opened, of %zu calls", torture->prefixes_replayed - before,
                    disk_calls(disk));
    } else {
        harness_show(&replay.harness);
    }
    disk_free(disk);
    clients_close(replay.clients);
    harness_close(&replay.harness);
    return good;
}
