/* SPDX-License-Identifier: EUPL-1.2 */
/* A whole exchange on a bad disk: a call of its storage fails under many clients. Nobody is answered for it, and musterd ends and says why. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker/exchange.h"
#include "proto/status.h"
#include "store/log.h"
#include "tests/torture/clients.h"
#include "tests/torture/faulty.h"
#include "tests/torture/figures.h"
#include "tests/unit/scratch.h"

#define CLIENTS 16u
#define PATIENCE 60000
#define CALLS_MOST 200u               /* a start takes some fifteen, each batch some six */

struct daemon {
    struct torture *torture;
    struct harness harness;
    struct clients *clients;
    struct seeded seeded;
    uint64_t setup;
    char fired[HARNESS_PATH_MOST + 16];
    char what[96];
};

static bool found(struct daemon *daemon, const char *what)
{
    return torture_finding(daemon->torture, "exchange on a bad disk, seed %" PRIu64 ", %s: %s", daemon->torture->seed, daemon->what, what);
}

static uint32_t roll(struct daemon *daemon, uint32_t below)
{
    uint32_t number = 0;
    daemon->seeded.random.fill(daemon->seeded.random.data, &number, sizeof number);
    return number % below;
}

static int open_store(struct daemon *daemon, struct store **store)
{
    char path[HARNESS_PATH_MOST + 16];
    const struct store_options options = {.map_size = (uint64_t)65536 << 20};
    snprintf(path, sizeof path, "%s/" EXCHANGE_STORE, daemon->harness.directory);
    int status = STATUS_BUSY;
    for (unsigned tries = 0; tries < 200 && status == STATUS_BUSY; tries++) {
        status = store_open(path, &options, store);
        if (status == STATUS_BUSY)
            harness_pause(20);
    }
    return status;
}

/* What everybody was told holds in the store that the failure left, before anything mends it. */
static bool look(struct daemon *daemon, bool whole)
{
    struct store *store = NULL;
    char text[256];
    uint8_t left[32], right[32];
    uint64_t entries = 0;
    struct history *history = clients_history(daemon->clients);
    const struct note_key *key = &daemon->harness.exchange.log_key;
    int status = open_store(daemon, &store);
    if (status != STATUS_OK)
        return found(daemon, status_name(status));
    const char *wrong = whole ? history_check_all(history, store, key, daemon->setup, &entries, text, sizeof text)
                              : history_check_new(history, store, key, text, sizeof text);
    if (wrong == NULL && (store_rebuild(store, exchange_apply, NULL, left, right) != STATUS_OK || memcmp(left, right, sizeof left) != 0))
        wrong = "the tables are not what the log makes";
    store_close(store);
    daemon->torture->entries += entries;
    return wrong == NULL ? true : found(daemon, wrong);
}

/* One start with a fault to come; *fired: it came. */
static bool fault_once(struct daemon *daemon, bool *fired)
{
    static const char *const ways[] = {"fail", "short", "done"};
    const char *how = ways[roll(daemon, 3)];
    bool always = roll(daemon, 2) != 0;
    unsigned at = 1 + roll(daemon, CALLS_MOST);
    int code = 0;
    snprintf(daemon->what, sizeof daemon->what, "%s%s at call %u", how, always ? " for ever" : "", at);
    const struct faulty faulty = {.how = how, .always = always, .at = at, .fired = daemon->fired};
    unlink(daemon->fired);
    int status = faulty_set(&daemon->harness, &faulty);
    if (status == STATUS_OK)
        status = harness_launch(&daemon->harness);
    faulty_clear();
    if (status != STATUS_OK)
        return found(daemon, "musterd does not start");
    for (int waited = 0; waited < PATIENCE && !faulty_has_fired(daemon->fired); waited += 5)
        harness_pause(5);
    *fired = faulty_has_fired(daemon->fired);
    if (!*fired)
        return found(daemon, "the clients do not come to that call");
    daemon->torture->faults_injected++;
    if (harness_wait(&daemon->harness, PATIENCE, &code) != STATUS_OK)
        return found(daemon, "musterd goes on after its storage failed");
    if (code != EXIT_CODE_IO)
        return found(daemon, "musterd does not say that its storage failed");
    return look(daemon, false);
}

static uint64_t entries_now(struct daemon *daemon)
{
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    uint64_t size = 0;
    if (open_store(daemon, &store) == STATUS_OK && store_begin_read(store, &txn) == STATUS_OK)
        log_size(txn, &size);
    store_abort(txn);
    store_close(store);
    return size;
}

static bool begin(struct daemon *daemon)
{
    daemon->what[0] = '\0';
    seeded_start(&daemon->seeded, daemon->torture->seed);
    if (harness_begin(&daemon->harness, "[front]\nrequests_per_second = 100000\nconnections_per_key = 256\n[store]\nverify_seconds = 1\n") !=
        STATUS_OK)
        return found(daemon, "no exchange");
    snprintf(daemon->fired, sizeof daemon->fired, "%s/fired", daemon->harness.folder);
    if (clients_open(&daemon->harness, CLIENTS, daemon->torture->seed, &daemon->clients) != STATUS_OK ||
        harness_stop(&daemon->harness, NULL) != STATUS_OK)
        return found(daemon, "no clients");
    daemon->setup = entries_now(daemon);
    return clients_start(daemon->clients) == STATUS_OK ? true : found(daemon, "no threads for the clients");
}

static bool finish(struct daemon *daemon)
{
    struct history *history = clients_history(daemon->clients);
    if (harness_start(&daemon->harness) != STATUS_OK || !clients_await(daemon->clients, history_total(history), PATIENCE))
        return found(daemon, "it does not go on on a good disk");
    const char *problem = clients_stop(daemon->clients, true);
    if (problem != NULL)
        return found(daemon, problem);
    bool good = harness_stop(&daemon->harness, NULL) == STATUS_OK && look(daemon, true);
    daemon->torture->acknowledged += history_total(history);
    return good;
}

bool torture_daemon(struct torture *torture, unsigned faults)
{
    struct daemon daemon = {.torture = torture};
    bool begun = begin(&daemon), good = begun, fired = false;
    for (unsigned i = 0; i < faults && good; i++)
        good = fault_once(&daemon, &fired);
    if (good)
        good = finish(&daemon);
    else if (begun)
        clients_stop(daemon.clients, false);
    if (good)
        torture_say(torture, "exchange on a bad disk: %u faults, each ended it with its reason; %" PRIu64 " acknowledged", faults,
                    history_total(clients_history(daemon.clients)));
    else
        harness_show(&daemon.harness);
    clients_close(daemon.clients);
    harness_close(&daemon.harness);
    return good;
}
