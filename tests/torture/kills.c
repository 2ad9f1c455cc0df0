/* SPDX-License-Identifier: EUPL-1.2 */
/* kill -9 of any of musterd's four processes, at any moment, under many clients. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/exchange.h"
#include "proto/status.h"
#include "store/log.h"
#include "tests/system/harness.h"
#include "tests/torture/clients.h"
#include "tests/torture/figures.h"
#include "tests/unit/scratch.h"

#define CONFIG                                                                        \
    "[front]\nrequests_per_second = 100000\nconnections_per_key = 256\n"              \
    "[planner]\nquiet_milliseconds = 20\n[store]\nverify_seconds = 1\n"
#define PATIENCE 60000       /* milliseconds in which somebody is acknowledged again, whatever else the machine does */
#define CHILD_KILLS_MOST 3u  /* of children between two of the parent: more often, and the parent waits longer before it starts one again */

enum victim { VICTIM_PARENT, VICTIM_FRONT, VICTIM_EXCHANGE, VICTIM_PLANNER };
static const char *const victims[] = {"parent", "front", "exchange", "planner"};

/* One exchange and its clients. */
struct run {
    struct torture *torture;
    struct harness harness;
    struct clients *clients;
    struct seeded seeded;
    uint64_t seed;
    uint64_t setup;        /* entries before the clients began */
    unsigned cycle;
    unsigned child_kills;  /* since the parent's last start */
    bool starting;         /* the parent may not listen yet */
};

static uint32_t roll(struct run *run, uint32_t below)
{
    uint32_t number = 0;
    run->seeded.random.fill(run->seeded.random.data, &number, sizeof number);
    return number % below;
}

static bool found(struct run *run, const char *what)
{
    return torture_finding(run->torture, "run with seed %" PRIu64 ", cycle %u: %s", run->seed, run->cycle, what);
}

/* The store as the processes left it, in this process. */
static int open_store(struct run *run, bool read_only, struct store **store)
{
    char path[HARNESS_PATH_MOST + 16];
    struct store_options options = {.read_only = read_only, .map_size = (uint64_t)65536 << 20};
    snprintf(path, sizeof path, "%s/" EXCHANGE_STORE, run->harness.directory);
    int status = STATUS_BUSY;
    /* Children of a parent that was killed end a moment after it. */
    for (unsigned tries = 0; tries < 200 && status == STATUS_BUSY; tries++) {
        status = store_open(path, &options, store);
        if (status == STATUS_BUSY)
            harness_pause(20);
    }
    return status;
}

static bool look(struct run *run)
{
    struct store *store = NULL;
    char text[256];
    int status = open_store(run, true, &store);
    if (status != STATUS_OK) {
        snprintf(text, sizeof text, "the store does not open: %s", status_name(status));
        return found(run, text);
    }
    const char *what = history_check_new(clients_history(run->clients), store, &run->harness.exchange.log_key, text, sizeof text);
    store_close(store);
    return what == NULL ? true : found(run, what);
}

/* True where pid is a process of this exchange: a number that was used again is somebody else's. */
static bool is_ours(const struct run *run, pid_t pid)
{
    char path[64];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = pid > 0 ? fopen(path, "re") : NULL;
    if (file == NULL)
        return false;
    bool read = fscanf(file, "%*d %*s %*c %d", &parent) == 1;
    fclose(file);
    return read && parent == run->harness.pid;
}

static bool kill_child(struct run *run, enum victim victim)
{
    pid_t pid = harness_child(&run->harness, victims[victim]);
    run->child_kills++;
    return is_ours(run, pid) && kill(pid, SIGKILL) == 0;
}

/* All of it: looked at while nobody has the store, then started again, or only launched and killed in its start. */
static bool kill_parent(struct run *run)
{
    if (harness_kill(&run->harness, "parent", SIGKILL) != STATUS_OK)
        return found(run, "the parent was gone already");
    run->child_kills = 0;
    if (!look(run))
        return false;
    run->starting = roll(run, 4) == 0;
    int status = run->starting ? harness_launch(&run->harness) : harness_start(&run->harness);
    return status == STATUS_OK ? true : found(run, "musterd does not start again");
}

static bool cycle(struct run *run)
{
    struct history *history = clients_history(run->clients);
    uint64_t before = history_total(history);
    bool waits = !run->starting && roll(run, 3) != 0;
    uint32_t delay = roll(run, run->starting ? 60 : 120), choice = roll(run, 10);
    enum victim victim = run->child_kills >= CHILD_KILLS_MOST || choice < 4 ? VICTIM_PARENT
                         : choice < 6                                      ? VICTIM_FRONT
                         : choice < 8                                      ? VICTIM_EXCHANGE
                                                                           : VICTIM_PLANNER;
    if (waits && !clients_await(run->clients, before, PATIENCE))
        return found(run, "nobody is acknowledged any more");
    harness_pause((int)delay);
    bool struck = true;
    if (victim == VICTIM_PARENT) {
        if (!kill_parent(run))
            return false;
    } else {
        /* One that is just being started again can't be struck. */
        struck = kill_child(run, victim);
    }
    if (struck) {
        run->cycle++;
        run->torture->cycles++;
        run->torture->killed[victim]++;
    }
    return true;
}

/* Everything that was said is held against everything that is there; then the tables against the log. */
static bool check_whole(struct run *run)
{
    struct store *store = NULL;
    struct history *history = clients_history(run->clients);
    char text[256] = "the store does not open";
    uint8_t before[32], after[32];
    uint64_t entries = 0;
    if (open_store(run, false, &store) != STATUS_OK)
        return found(run, text);
    const char *what = history_check_all(history, store, &run->harness.exchange.log_key, run->setup, &entries, text, sizeof text);
    if (what == NULL && (store_rebuild(store, exchange_apply, NULL, before, after) != STATUS_OK || memcmp(before, after, sizeof before) != 0))
        what = "the tables are not what the log makes";
    store_close(store);
    uint64_t acknowledged = history_total(history), sent = 0;
    for (unsigned i = 0; i < history->count; i++)
        sent += history->clients[i].count;
    run->torture->acknowledged += acknowledged;
    run->torture->unacknowledged += sent - acknowledged;
    run->torture->entries += entries;
    run->torture->runs++;
    return what == NULL ? true : found(run, what);
}

static bool begin(struct run *run, unsigned clients)
{
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    seeded_start(&run->seeded, run->seed);
    if (harness_begin(&run->harness, CONFIG) != STATUS_OK)
        return found(run, "no exchange");
    int status = clients_open(&run->harness, clients, run->seed, &run->clients);
    if (status != STATUS_OK) {
        char text[64];
        snprintf(text, sizeof text, "the clients could not join: %s", status_name(status));
        return found(run, text);
    }
    if (open_store(run, true, &store) == STATUS_OK && store_begin_read(store, &txn) == STATUS_OK)
        log_size(txn, &run->setup);
    store_abort(txn);
    store_close(store);
    return clients_start(run->clients) == STATUS_OK ? true : found(run, "no threads for the clients");
}

/* Every other run ends with its clients cut off in the middle, so that some never learn what became of their last submission. */
static bool finish(struct run *run, bool patient)
{
    size_t offset = 0;
    if (run->starting && !harness_logged(&run->harness, "event=listening", &offset, PATIENCE))
        return found(run, "musterd does not start again");
    if (!clients_await(run->clients, history_total(clients_history(run->clients)), PATIENCE))
        return found(run, "nobody is acknowledged any more");
    if (!patient && harness_kill(&run->harness, "parent", SIGKILL) != STATUS_OK)
        return found(run, "the parent was gone already");
    const char *problem = clients_stop(run->clients, patient);
    if (problem != NULL)
        return found(run, problem);
    if (patient && harness_stop(&run->harness, NULL) != STATUS_OK)
        return found(run, "musterd does not stop");
    return check_whole(run);
}

static bool torture_run(struct torture *torture, uint64_t seed, unsigned cycles, unsigned clients)
{
    struct run run = {.torture = torture, .seed = seed};
    bool begun = begin(&run, clients), good = begun;
    while (good && run.cycle < cycles)
        good = cycle(&run);
    if (good)
        good = finish(&run, seed % 2 == 0);
    else if (begun)
        clients_stop(run.clients, false);
    if (!good)
        harness_show(&run.harness);
    if (good)
        torture_say(torture, "kills: seed %" PRIu64 ": %u cycles, %" PRIu64 " acknowledged", seed, run.cycle,
                    history_total(clients_history(run.clients)));
    clients_close(run.clients);
    harness_close(&run.harness);
    return good;
}

bool torture_kills(struct torture *torture, unsigned cycles, unsigned clients, unsigned cycles_a_run)
{
    bool good = true;
    for (uint64_t run = 0; good && torture->cycles < cycles; run++) {
        unsigned left = cycles - (unsigned)torture->cycles;
        good = torture_run(torture, torture->seed + run, left < cycles_a_run ? left : cycles_a_run, clients);
        torture_write(torture);
    }
    return good;
}
