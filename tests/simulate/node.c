/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/node.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/keys.h"
#include "proto/status.h"
#include "tests/simulate/run.h"

#define MAP_BYTES ((uint64_t)64 << 20)
#define DISK_BYTES ((uint64_t)1 << 40)
#define FLOOR_BYTES ((uint64_t)1 << 20)
#define ORIGIN "simulated.example/log"
#define RESTART_LEAST 100u
#define RESTART_MOST 3000u
#define OPERATOR_MOST 20000u /* milliseconds until a person looks */
#define QUIET_MILLISECONDS 250u
#define PLANNER_SECONDS 1u

bool node_effect(void *data)
{
    struct run *run = data;
    struct node *node = &run->node;
    if (node->dead)
        return false;
    node->effects++;
    if (node->kill_at != 0 && node->effects >= node->kill_at)
        node->dead = true;
    /* A write that was begun may reach the disk, whole or in part. */
    run->disk.dying = node->dead && (node->effects & 1) != 0;
    return !node->dead;
}

/* --- the store's questions ------------------------------------------------------------------------------------- */

static int node_space(void *data, const char *path, uint64_t *free_bytes, uint64_t *all_bytes)
{
    const struct run *run = data;
    (void)path;
    *all_bytes = DISK_BYTES;
    *free_bytes = run->monotonic < run->node.full_until ? FLOOR_BYTES / 2 : DISK_BYTES / 2;
    return 0;
}

static int node_before(void *data, enum store_call call)
{
    struct run *run = data;
    if (!node_effect(run))
        return EIO;
    if (call != STORE_CALL_COMMIT || run->node.store_error == 0 || run->node.store_done)
        return 0;
    int error = run->node.store_error;
    run->node.store_error = 0;
    run->disk.fault.fired++;
    return error;
}

static int node_after(void *data, enum store_call call, int error)
{
    struct run *run = data;
    if (!node_effect(run))
        return EIO;
    if (call != STORE_CALL_COMMIT || run->node.store_error == 0 || error != 0)
        return error;
    run->disk.fault.fired++;
    error = run->node.store_error;
    run->node.store_error = 0;
    return error;
}

/* --- making it ------------------------------------------------------------------------------------------------- */

static int node_key(struct run *run, const char *name, enum key_kind kind, struct key_pair *pair)
{
    char path[400];
    int status = keys_generate(kind, &run->random, pair);
    snprintf(path, sizeof path, "%s/%s", run->node.directory, name);
    return status == STATUS_OK ? keys_write(path, pair, NULL, &run->random, false) : status;
}

static int node_keys(struct run *run)
{
    struct introduction_exchange *file = &run->node.public_file;
    struct key_pair log = {0}, signing = {0}, box = {0};
    int status = node_key(run, EXCHANGE_LOG_KEY, KEY_LOG, &log);
    if (status == STATUS_OK)
        status = node_key(run, EXCHANGE_SIGNING_KEY, KEY_SIGNING, &signing);
    if (status == STATUS_OK)
        status = node_key(run, EXCHANGE_BOX_KEY, KEY_BOX, &box);
    if (status == STATUS_OK)
        status = note_key_make(ORIGIN, log.public_key, &file->log_key);
    memcpy(file->signing_key, signing.public_key, 32);
    memcpy(file->box_key, box.public_key, 32);
    run->random.fill(run->random.data, file->front_key, 32);
    keys_drop(&log);
    keys_drop(&signing);
    keys_drop(&box);
    return status;
}

int node_found(struct run *run)
{
    struct node *node = &run->node;
    struct introduction_coordinator first = {.country = "NL", .name = "office", .contact = "office@example.org"};
    struct exchange_founding founding = {.origin = ORIGIN, .address = "tcp://127.0.0.1:1", .coordinator = &first};
    char path[400];
    node->files = (struct store_files){.space = node_space, .before = node_before, .after = node_after, .data = run};
    node->options = (struct exchange_options){.directory = node->directory, .map_size = MAP_BYTES, .floor = FLOOR_BYTES,
                                              .clock = &run->clock, .random = &run->random, .files = &node->files};
    node->turn = (struct exchange_turn){.front = {.fd = -1}, .planner = {.fd = -1}};
    snprintf(node->directory, sizeof node->directory, "%s/exchange", run->folder);
    snprintf(path, sizeof path, "%s/keys", node->directory);
    if (mkdir(node->directory, 0700) != 0 || mkdir(path, 0700) != 0)
        return STATUS_IO;
    int status = node_keys(run);
    if (status != STATUS_OK)
        return status;
    client_make(run, &run->clients[0]);
    memcpy(first.party, run->clients[0].id, sizeof first.party);
    memcpy(first.signing_key, run->clients[0].keys.signing.public_key, 32);
    memcpy(first.box_key, run->clients[0].keys.box.public_key, 32);
    memcpy(first.curve_key, run->clients[0].keys.curve.public_key, 32);
    memcpy(founding.front_key, node->public_file.front_key, 32);
    status = exchange_found(&node->options, &founding);
    disk_settle(&run->disk);
    return status;
}

/* --- its life -------------------------------------------------------------------------------------------------- */

static void node_end_planner(void *data)
{
    struct run *run = data;
    if (!run->node.dead)
        planning_lose(run);
}

void node_new_front(struct run *run)
{
    struct node *node = &run->node;
    struct pipe pipe;
    front_lose(run);
    wire_open(&node->front_wire, node->wire_most, node_effect, run);
    pipe_open_line(&pipe, &node->front_wire.line, WIRE_EXCHANGE, PIPE_FRAME_MOST);
    exchange_turn_take_front(&node->turn, &pipe);
    pipe_open_line(&run->front.pipe, &node->front_wire.line, WIRE_OUTER, PIPE_FRAME_MOST);
}

void node_new_planner(struct run *run)
{
    struct node *node = &run->node;
    struct pipe pipe;
    planning_end(run);
    wire_open(&node->planner_wire, node->wire_most, node_effect, run);
    pipe_open_line(&pipe, &node->planner_wire.line, WIRE_EXCHANGE, PIPE_FRAME_MOST);
    if (exchange_turn_take_planner(&node->turn, &pipe) != STATUS_OK && !node->dead)
        run_finding(run, "planner", "a new planner ends the exchange");
    pipe_open_line(&run->planning.pipe, &node->planner_wire.line, WIRE_OUTER, PIPE_FRAME_MOST);
}

/* What is left of the process is put away; what its disk had not flushed may go too. */
static void node_bury(struct run *run)
{
    struct node *node = &run->node;
    uint64_t wait = dice_between(&run->dice, RESTART_LEAST, run->chaos ? RESTART_MOST : RESTART_LEAST);
    bool power = node->dead && node->power;
    exchange_turn_end(&node->turn);
    exchange_close(node->turn.exchange);
    node->turn.exchange = NULL;
    node->state = NODE_DOWN;
    if (dice_is(&run->dice, 600))
        front_last_words(run);
    front_lose(run);
    planning_end(run);
    wire_cut(&node->front_wire);
    wire_cut(&node->planner_wire);
    disk_arm(&run->disk, 0, DISK_FAIL, 0, false);
    node->store_error = 0;
    run->disk.dying = false;
    run->figures.kills += node->dead;
    node->dead = false;
    node->kill_at = 0;
    node->start_at = run->monotonic + wait;
    if (!power)
        return;
    uint64_t dropped = run->disk.dropped;
    disk_power_cut(&run->disk, &run->dice);
    run->ledger.may_shrink = true;
    run->figures.power_cuts++;
    run_note(run, "power cut, writes lost: %u", (unsigned)(run->disk.dropped - dropped));
}

/* The storage failed: the process ended with the code after which only a person starts it again. */
static void node_stop(struct run *run, int status)
{
    struct node *node = &run->node;
    bool reason = run->disk.fault.fired != node->fired;
    node_bury(run);
    node->state = NODE_STOPPED;
    node->start_at = run->monotonic + dice_between(&run->dice, RESTART_LEAST, OPERATOR_MOST);
    run_note(run, "exchange stopped: %s", status_name(status));
    if (status != STATUS_IO || !reason)
        run_finding(run, "end", "the exchange ended with '%s' and no fault of its disk", status_name(status));
}

/* The operator copies the files to another disk; or the machine lost its power before. */
static void node_operator(struct run *run)
{
    struct node *node = &run->node;
    if (dice_is(&run->dice, 400)) {
        disk_power_cut(&run->disk, &run->dice);
        run->ledger.may_shrink = true;
        run->figures.power_cuts++;
    }
    disk_settle(&run->disk);
    node->state = NODE_DOWN;
    run_note(run, "operator");
}

static void node_start(struct run *run)
{
    struct node *node = &run->node;
    const char *why = NULL;
    node->fired = run->disk.fault.fired;
    int status = exchange_open(&node->options, &node->turn.exchange, &why);
    if (status == STATUS_OK)
        status = exchange_start(node->turn.exchange);
    run->figures.restarts++;
    run_note(run, "start: %s %s", status_name(status), status != STATUS_OK && why != NULL ? why : "");
    if (node->dead || status == STATUS_NO_SPACE) {
        node_bury(run);
        return;
    }
    if (status != STATUS_OK) {
        node_stop(run, status);
        return;
    }
    struct exchange *exchange = node->turn.exchange;
    node->turn = (struct exchange_turn){.exchange = exchange, .clock = &run->clock, .quiet_milliseconds = QUIET_MILLISECONDS,
                                        .planner_seconds = PLANNER_SECONDS, .end_planner = node_end_planner, .data = run,
                                        .front = {.fd = -1}, .planner = {.fd = -1}};
    node->state = NODE_UP;
    node_new_front(run);
    node_new_planner(run);
}

static void node_turn(struct run *run)
{
    struct node *node = &run->node;
    uint64_t entries = exchange_counted(node->turn.exchange).entries;
    int status = exchange_turn_run(&node->turn);
    if (node->dead) {
        run_note(run, "killed at effect %llu", (unsigned long long)node->effects);
        node_bury(run);
    } else if (status != STATUS_OK) {
        node_stop(run, status);
    } else if (exchange_must_restart(node->turn.exchange) && exchange_turn_is_answered(&node->turn)) {
        run_note(run, "restarts: redaction");
        node_bury(run);
    } else if (exchange_counted(node->turn.exchange).entries != entries) {
        run_note(run, "entries: %llu", (unsigned long long)(exchange_counted(node->turn.exchange).entries - entries));
    }
}

void node_step(struct run *run)
{
    struct node *node = &run->node;
    if (node->state != NODE_UP && run->monotonic < node->start_at)
        return;
    if (node->state == NODE_STOPPED)
        node_operator(run);
    if (node->state == NODE_DOWN)
        node_start(run);
    else
        node_turn(run);
}

void node_kill_in(struct run *run, unsigned effects, bool power)
{
    run->node.kill_at = run->node.effects + effects;
    run->node.power = power;
}

void node_end_gently(struct run *run)
{
    if (run->node.state != NODE_UP)
        return;
    run_note(run, "the exchange is asked to end");
    node_bury(run);
}

void node_end(struct run *run)
{
    struct node *node = &run->node;
    exchange_turn_end(&node->turn);
    exchange_close(node->turn.exchange);
    node->turn.exchange = NULL;
    front_lose(run);
    planning_end(run);
    wire_cut(&node->front_wire);
    wire_cut(&node->planner_wire);
}
