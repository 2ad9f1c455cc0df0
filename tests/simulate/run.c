/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/status.h"
#include "store/log.h"
#include "tests/simulate/canary.h"
#include "tests/simulate/reading.h"

#define BEGIN UINT64_C(1801440000000) /* 2027-02-01 00:00 UTC */
#define CHAOS_LEAST 150u
#define CHAOS_MOST 450u
#define PEACE_MOST 120u  /* steps before the chaos */
#define CALM_MOST 1200u /* steps in which all must come to an end */
#define HOUR ((uint64_t)3600 * 1000)
#define DAY (24 * HOUR)
#define ARENA_CAP ((size_t)512 << 20)

struct run *run_current;

void run_note(struct run *run, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    trace_note(&run->trace, run->step, format, arguments);
    va_end(arguments);
}

void run_finding(struct run *run, const char *invariant, const char *format, ...)
{
    va_list arguments;
    if (run->found)
        return;
    run->found = true;
    run->found_step = run->step;
    snprintf(run->invariant, sizeof run->invariant, "%s", invariant);
    va_start(arguments, format);
    vsnprintf(run->finding, sizeof run->finding, format, arguments);
    va_end(arguments);
    run_note(run, "FINDING %s: %s", run->invariant, run->finding);
}

static uint64_t tell_wall(void *data)
{
    const struct run *run = data;
    return run->wall + (uint64_t)run->skew;
}

static uint64_t tell_monotonic(void *data)
{
    const struct run *run = data;
    return run->monotonic;
}

/* --- the cast -------------------------------------------------------------------------------------------------- */

static size_t cast_size(struct dice *dice)
{
    uint64_t roll = dice_roll(dice, 100);
    return roll < 60 ? dice_between(dice, 6, 24) : roll < 92 ? dice_between(dice, 25, 70) : dice_between(dice, 71, 300);
}

static void cast_one(struct run *run, size_t index)
{
    static const char *const countries[] = {"NL", "DE", "ES", "FR", "RO", "IT", "PL", "NO"};
    struct client *client = &run->clients[index];
    uint64_t roll = dice_roll(&run->dice, 100);
    bool steers = index == 0 || index == 1 || (index < 6 && roll < 20);
    bool sells = !steers && (index % 3 == 2 || roll < 10);
    const char *word = steers ? "office" : sells ? "supplier" : "agency";
    *client = (struct client){.index = index, .deed = {.operation = SIZE_MAX}, .foul = !steers && roll >= 82};
    client->role = steers ? MUSTER__ROLE__ROLE_COORDINATOR : sells ? MUSTER__ROLE__ROLE_SUPPLIER : MUSTER__ROLE__ROLE_AGENCY;
    snprintf(client->id, sizeof client->id, "%s-%zu", word, index);
    memcpy(client->country, countries[dice_roll(&run->dice, sizeof countries / sizeof countries[0])], 3);
    client->stage = index == 0 ? CLIENT_CONFIRMED : CLIENT_UNKNOWN;
    for (unsigned at = 0; at < CLIENT_OBJECTS && !steers; at++) {
        char id[CANARY_TEXT];
        canary_text(sells ? CANARY_OFFER : CANARY_DEMAND, index, at, id);
        memcpy(client->objects[at].id, id, sizeof client->objects[at].id);
        snprintf(client->objects[at].item, sizeof client->objects[at].item, "item-%u", (unsigned)(index / 3 + at) % run->lots);
    }
}

static bool run_begin(struct run *run, uint64_t seed, const char *folder, const char *mutation, bool talks)
{
    *run = (struct run){.seed = seed, .mutation = mutation, .dice = dice_of(seed, 1), .secrets = dice_of(seed, 2), };
    run->random = (struct seam_random){.fill = dice_fill, .data = &run->secrets};
    run->clock = (struct seam_clock){.wall = tell_wall, .monotonic = tell_monotonic, .data = run};
    run->monotonic = 1000000;
    run->wall = BEGIN;
    run->front.pipe.fd = run->planning.pipe.fd = -1;
    trace_start(&run->trace, talks);
    arena_init(&run->arena, ARENA_CAP);
    arena_init(&run->look, ARENA_CAP);
    dice_rule_libsodium(&run->secrets);
    snprintf(run->folder, sizeof run->folder, "%s", folder);
    char store[300];
    snprintf(store, sizeof store, "%s/exchange/store", folder);
    disk_open(&run->disk, store, node_effect, run);
    run->disk.lies = mutation != NULL && strcmp(mutation, "unflushed") == 0;
    run->disk.late = mutation != NULL && strcmp(mutation, "late-flush") == 0;
    run_current = run;
    run->client_count = cast_size(&run->dice);
    run->lots = 1 + (unsigned)run->client_count / 9;
    run->heat = (unsigned)dice_roll(&run->dice, 5) * 15;
    run->node.wire_most = (size_t)1 << dice_between(&run->dice, 14, 18);
    run->front.hostile = dice_is(&run->dice, 600);
    run->clients = calloc(run->client_count, sizeof *run->clients);
    if (run->clients == NULL)
        abort();
    for (size_t at = 0; at < run->client_count; at++)
        cast_one(run, at);
    run_note(run, "seed %" PRIu64 ": %zu clients, %u lots, heat %u", seed, run->client_count, run->lots, run->heat);
    int status = node_found(run);
    if (status != STATUS_OK)
        run_finding(run, "setup", "the exchange can't be made: %s", status_name(status));
    return status == STATUS_OK;
}

/* --- what goes wrong ------------------------------------------------------------------------------------------- */

static void mishap_disk(struct run *run)
{
    bool error = dice_is(&run->dice, 700);
    enum disk_how how = error ? (enum disk_how)dice_between(&run->dice, DISK_FAIL, DISK_DONE) : DISK_FAIL;
    if (dice_is(&run->dice, 250)) {
        run->node.store_error = EIO;
        run->node.store_done = dice_is(&run->dice, 500);
    } else {
        disk_arm(&run->disk, (unsigned)dice_between(&run->dice, 1, 40), how, error ? EIO : ENOSPC, dice_is(&run->dice, 300));
    }
    run_note(run, "disk fault is armed");
}

static void mishap_time(struct run *run)
{
    uint64_t roll = dice_roll(&run->dice, 4);
    if (roll == 0) {
        run->skew = (int64_t)dice_between(&run->dice, 0, 6 * HOUR) - (int64_t)(3 * HOUR);
        run->figures.clock_jumps++;
    } else if (roll == 1) {
        run->skew = 0;
    } else {
        uint64_t passed = dice_is(&run->dice, 700) ? dice_between(&run->dice, HOUR, 3 * DAY) : dice_between(&run->dice, DAY, 16 * DAY);
        run->monotonic += passed;
        run->wall += passed;
        run->figures.days += passed / DAY;
    }
    run_note(run, "time: wall %" PRIu64 ", skew %" PRId64, run->wall, run->skew);
}

static void mishap(struct run *run)
{
    switch (dice_roll(&run->dice, 11)) {
    case 0:
    case 1:
    case 2:
        node_kill_in(run, (unsigned)dice_between(&run->dice, 1, 80), dice_is(&run->dice, 500));
        break;
    case 3:
        mishap_disk(run);
        break;
    case 4:
        run->node.full_until = run->monotonic + dice_between(&run->dice, 100, 5000);
        run->figures.disks_full++;
        break;
    case 5:
        if (run->node.state == NODE_UP) {
            planning_lose(run);
            run->figures.planner_faults++;
        }
        break;
    case 6:
        client_forget(run, &run->clients[dice_roll(&run->dice, run->client_count)]);
        break;
    case 7:
        mishap_time(run);
        break;
    case 8:
        node_end_gently(run);
        break;
    default:
        front_misfortune(run);
        break;
    }
}

/* --- what must hold -------------------------------------------------------------------------------------------- */

/* A store's log, and its tables against a rebuild. */
static void look_at_store(struct run *run, struct store *store)
{
    struct store_txn *txn = NULL;
    uint8_t before[32] = {0}, after[32] = {0};
    uint64_t bad = 0;
    const char *why = NULL;
    if (store_begin_read(store, &txn) != STATUS_OK) {
        run_finding(run, "store", "it can't be read");
        return;
    }
    if (log_verify(txn, 0, &run->node.public_file.log_key, NULL, NULL, &bad, &why) != STATUS_OK)
        run_finding(run, "log", "it does not verify at %" PRIu64 ": %s", bad, why != NULL ? why : "");
    store_abort(txn);
    if (!run->found && (store_rebuild(store, exchange_apply, NULL, before, after) != STATUS_OK || memcmp(before, after, 32) != 0))
        run_finding(run, "tables", "they are not what the log makes");
    trace_bytes(&run->trace, after, sizeof after);
}

static bool copy_file(const char *from_folder, const char *to_folder, const char *name)
{
    char from[500], to[500], bytes[1 << 14];
    size_t length;
    snprintf(from, sizeof from, "%s/%s", from_folder, name);
    snprintf(to, sizeof to, "%s/%s", to_folder, name);
    FILE *source = fopen(from, "re"), *target = source != NULL ? fopen(to, "we") : NULL;
    bool good = source == NULL || target != NULL;
    while (good && source != NULL && (length = fread(bytes, 1, sizeof bytes, source)) > 0)
        good = fwrite(bytes, 1, length, target) == length;
    if (source != NULL)
        fclose(source);
    return (target == NULL || fclose(target) == 0) && good;
}

/* The files as they lie there while the exchange runs: a copy of them opens, and holds the same. */
static void look_at_copy(struct run *run)
{
    char store_folder[400], folder[400];
    struct store *store = NULL;
    const struct store_options options = {.map_size = run->node.options.map_size};
    snprintf(store_folder, sizeof store_folder, "%s/%s", run->node.directory, EXCHANGE_STORE);
    snprintf(folder, sizeof folder, "%s/copy-%" PRIu64, run->folder, run->step);
    bool copied = mkdir(folder, 0700) == 0 && copy_file(store_folder, folder, "data.mdb") && copy_file(store_folder, folder, "journal");
    int status = copied ? store_open(folder, &options, &store) : STATUS_IO;
    if (status != STATUS_OK) {
        run_finding(run, "store", "a copy of its files can't be opened: %s", status_name(status));
        return;
    }
    look_at_store(run, store);
    store_close(store);
}

/* After a start: whatever anybody was told is still so. */
static void look_whole(struct run *run, struct store_txn *txn)
{
    history_check(run, txn);
    ledger_check_heads(run, txn);
}

static void look(struct run *run)
{
    struct store_txn *txn = NULL;
    if (run->node.state != NODE_UP)
        return;
    size_t before = run->ledger.size;
    bool started = run->looked_at != run->figures.restarts;
    int status = store_begin_look(exchange_store(run->node.turn.exchange), &txn);
    /* After a fault of its disk the exchange ends with its next turn. */
    if (status == STATUS_IO && run->disk.fault.fired != run->node.fired)
        return;
    if (status != STATUS_OK) {
        run_finding(run, "store", "it can't be read: %s", status_name(status));
        return;
    }
    run->looking = true;
    ledger_follow(run, txn);
    if (!run->found && (run->ledger.size != before || started))
        reading_tables(run, txn);
    if (!run->found && started)
        look_whole(run, txn);
    run->looked_at = run->figures.restarts;
    store_abort(txn);
    if (!run->found && started && dice_is(&run->dice, 150))
        look_at_copy(run);
    run->looking = false;
}

/* In the end: all of it once more. */
static void look_at_end(struct run *run)
{
    char path[400];
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    const struct store_options options = {.map_size = run->node.options.map_size, .files = &run->node.files};
    snprintf(path, sizeof path, "%s/%s", run->node.directory, EXCHANGE_STORE);
    int status = store_open(path, &options, &store);
    if (status == STATUS_OK)
        status = store_begin_read(store, &txn);
    if (status != STATUS_OK) {
        run_finding(run, "store", "it can't be opened in the end: %s", status_name(status));
        return;
    }
    ledger_follow(run, txn);
    look_whole(run, txn);
    store_abort(txn);
    if (!run->found)
        look_at_store(run, store);
    store_close(store);
}

/* --- the steps ------------------------------------------------------------------------------------------------- */

static void step(struct run *run)
{
    uint64_t passed = run->chaos ? dice_between(&run->dice, 5, 250) : dice_between(&run->dice, 50, 150);
    run->step++;
    run->monotonic += passed;
    run->wall += passed;
    if (run->chaos && dice_is(&run->dice, run->heat))
        mishap(run);
    front_deliver_up(run);
    node_step(run);
    front_deliver_down(run);
    planning_step(run);
    size_t first = dice_roll(&run->dice, run->client_count);
    for (size_t at = 0; at < run->client_count; at++)
        client_step(run, &run->clients[(first + at) % run->client_count]);
    look(run);
}

static void calm(struct run *run)
{
    run->chaos = false;
    run->ending = true;
    run->skew = 0;
    run->node.full_until = 0;
    run->node.kill_at = 0;
    run->node.store_error = 0;
    disk_arm(&run->disk, 0, DISK_FAIL, 0, false);
    if (run->node.start_at > run->monotonic)
        run->node.start_at = run->monotonic;
    run->planning.stuck = false;
    run_note(run, "calm");
}

static bool all_done(const struct run *run)
{
    for (size_t at = 0; at < run->client_count; at++) {
        const struct client *client = &run->clients[at];
        if (client_is_live(client) && (!client_is_idle(client) || !client->last_done))
            return false;
    }
    return run->node.state == NODE_UP;
}

static void name_the_waiting(struct run *run)
{
    for (size_t at = 0; at < run->client_count; at++) {
        const struct client *client = &run->clients[at];
        if (client_is_live(client) && (!client_is_idle(client) || !client->last_done))
            run_finding(run, "liveness", "%s waits since step %" PRIu64 " for deed %d, though all is calm", client->id, client->begun,
                        (int)client->deed.kind);
    }
    run_finding(run, "liveness", "the exchange does not come up, though all is calm");
}

static void run_end(struct run *run)
{
    run->figures.steps = run->step;
    run->figures.changes_dropped = run->disk.dropped;
    run->figures.disk_faults = run->disk.fault.fired;
    /* Half of them end like that: what was kept is not in its place. */
    run->node.dead = dice_is(&run->dice, 500);
    node_end(run);
    run->node.dead = false;
    if (!run->found)
        look_at_end(run);
    front_end(run);
    for (size_t at = 0; at < run->client_count; at++)
        client_end(&run->clients[at]);
    free(run->clients);
    history_end(&run->history);
    ledger_end(&run->ledger);
    disk_close(&run->disk);
    arena_drop(&run->arena);
    arena_drop(&run->look);
    trace_end(&run->trace, run->hash);
    run_current = NULL;
}

/* Whether nearly all have come in. */
static bool is_settled(const struct run *run)
{
    size_t in = 0;
    for (size_t at = 0; at < run->client_count; at++)
        in += run->clients[at].stage == CLIENT_CONFIRMED;
    return in * 10 >= run->client_count * 9;
}

bool run_seed(struct run *run, uint64_t seed, const char *folder, const char *mutation, bool talks)
{
    uint64_t steps = 0;
    if (run_begin(run, seed, folder, mutation, talks)) {
        uint64_t peace = dice_is(&run->dice, 700) ? PEACE_MOST : 0;
        while (run->step < peace && !run->found && !is_settled(run))
            step(run);
        run->chaos = true;
        run_note(run, "chaos");
        steps = run->step + dice_between(&run->dice, CHAOS_LEAST, CHAOS_MOST) * (run->client_count < 25 ? 2 : 1);
        while (run->step < steps && !run->found)
            step(run);
        calm(run);
        while (!run->found && !all_done(run) && run->step < steps + CALM_MOST)
            step(run);
        if (!run->found && !all_done(run))
            name_the_waiting(run);
    }
    run_end(run);
    return !run->found;
}
