/* SPDX-License-Identifier: EUPL-1.2 */
/* make bench-broker: how many submissions a second the broker makes durable and acknowledges, beside a bare loop of the same libraries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "tests/bench/attacked.h"
#include "tests/bench/beside.h"
#include "tests/bench/figures.h"
#include "tests/bench/loop.h"
#include "tests/bench/traffic.h"

#define SETTINGS                                                                                                               \
    "[front]\nconnections_per_key = 64\nconnections = 2000\nrequests_per_second = 100000\n[planner]\nquiet_milliseconds = 600000\n"
#define FIRST_RATE 600.0 /* a second and client: a guess for the first slice */
#define RATE_LEAST 20.0

static const unsigned client_counts[] = {1, 8, 64, 512};

/* A loop and an exchange that are measured by turns, both with signatures or both without. */
struct pair {
    const char *name;
    struct loop loop;
    struct traffic *traffic;
    struct key_pair signing; /* of what the loop is sent */
    struct parcel parcel;
};

static unsigned slice_milliseconds = 1000;
static unsigned slice_count = 3;
static unsigned only_clients; /* measure this row alone; 0: all */
static bool only_unsigned;    /* and it without signatures alone */

static unsigned bench_number(const char *name, unsigned standard)
{
    const char *text = getenv(name);
    return text == NULL || atoi(text) <= 0 ? standard : (unsigned)atoi(text);
}

static int bench_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return STATUS_IO;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 8192 ? STATUS_OK : STATUS_NO_SPACE;
}

static const struct parcel *bench_same(void *data, size_t client)
{
    (void)client;
    return data;
}

static void bench_add(struct figures_side *side, const struct load_result *result, uint64_t processor)
{
    double rate = result->seconds > 0 ? (double)result->acknowledged / result->seconds : 0;
    if (side->slices < FIGURES_SLICES_MOST)
        side->rates[side->slices++] = rate;
    side->acknowledged += result->acknowledged;
    side->p50 += result->p50;
    side->p99 += result->p99;
    side->processor += (double)processor / 1000.0;
}

static int bench_loop_slice(struct pair *pair, struct load *load, struct figures_side *side)
{
    struct load_result result;
    uint64_t used = load_processor_time(pair->loop.pid);
    int status = load_run(load, slice_milliseconds, bench_same, &pair->parcel, &result);
    bench_add(side, &result, load_processor_time(pair->loop.pid) - used);
    return status;
}

/* Every answer of the slice must be an acknowledgement: the log grew by as many entries, and no answer was a hint. */
static int bench_exchange_slice(struct pair *pair, struct load *load, size_t demands, struct figures_side *side)
{
    struct load_result result;
    struct traffic *traffic = pair->traffic;
    uint64_t before = 0;
    uint64_t after = 0;
    int status = traffic_highest(traffic, load, &before);
    uint64_t used = traffic_processor_time(traffic);
    if (status == STATUS_OK)
        status = load_run(load, slice_milliseconds, traffic_next, traffic, &result);
    uint64_t processor = traffic_processor_time(traffic) - used;
    if (status == STATUS_OK)
        status = traffic_highest(traffic, load, &after);
    if (status == STATUS_OK && (result.hints != 0 || (before != 0 && after - before < result.acknowledged)))
        status = STATUS_DENIED;
    (void)demands;
    if (status == STATUS_OK)
        bench_add(side, &result, processor);
    return status;
}

static double bench_rate(const struct figures_side *side)
{
    return side->slices == 0 ? 0 : side->rates[side->slices - 1];
}

/* Makes enough for one slice at the pace of the last, and a quarter more. */
static int bench_make(struct pair *pair, unsigned count, double rate, size_t demands)
{
    unsigned parties = count < TRAFFIC_PARTIES ? count : TRAFFIC_PARTIES;
    double each = rate * slice_milliseconds / 1000.0 * 1.25 / parties + 4 + (double)count / parties;
    return traffic_make(pair->traffic, parties, (size_t)each, demands);
}

static int bench_warm(struct pair *pair, struct load *loop, struct load *exchange)
{
    struct load_result result;
    int status = load_run(loop, 1, bench_same, &pair->parcel, &result);
    return status == STATUS_OK ? load_run(exchange, 1, traffic_next, pair->traffic, &result) : status;
}

static int bench_row(struct pair *pair, unsigned count, struct figures_side *loop_side, struct figures_side *exchange_side)
{
    struct load loop = {.epoll = -1};
    struct load exchange = {.epoll = -1};
    const struct introduction_exchange *known = &pair->traffic->harness.exchange;
    double rate = FIRST_RATE * (count > 16 ? 16 : count);
    int status = load_open(&loop, pair->loop.address, pair->loop.key.public_key, pair->traffic->curves, TRAFFIC_PARTIES, count);
    if (status == STATUS_OK)
        status = load_open(&exchange, pair->traffic->harness.address, known->front_key, pair->traffic->curves, TRAFFIC_PARTIES, count);
    if (status == STATUS_OK)
        status = bench_make(pair, count, rate, 1);
    if (status == STATUS_OK)
        status = bench_warm(pair, &loop, &exchange);
    for (unsigned i = 0; i < slice_count && status == STATUS_OK; i++) {
        status = bench_loop_slice(pair, &loop, loop_side);
        if (status == STATUS_OK)
            status = bench_exchange_slice(pair, &exchange, 1, exchange_side);
        if (status == STATUS_OK && i + 1 < slice_count)
            status = bench_make(pair, count, bench_rate(exchange_side) * 1.3, 1);
    }
    load_close(&loop);
    load_close(&exchange);
    if (status != STATUS_OK)
        fprintf(stderr, "bench: %s, %u clients: %s\n", pair->name, count, status_name(status));
    return status;
}

static int bench_pair_open(struct pair *pair, struct traffic *traffic, const char *program)
{
    int status = traffic_open(traffic, program, SETTINGS);
    if (status != STATUS_OK) {
        fprintf(stderr, "bench: the exchange (%s) did not come up: %s\n", pair->name, status_name(status));
        return status;
    }
    pair->traffic = traffic;
    status = traffic_make(traffic, 1, 1, 1);
    if (status == STATUS_OK)
        status = keys_generate(KEY_SIGNING, &seam_random_system, &pair->signing);
    return status == STATUS_OK ? loop_parcel(traffic_length(traffic), &pair->signing, &pair->parcel) : status;
}

static void bench_pair_close(struct pair *pair)
{
    if (pair->traffic != NULL)
        traffic_close(pair->traffic);
    keys_drop(&pair->signing);
    free(pair->parcel.bytes);
    loop_stop(&pair->loop);
}

static int bench_pair(struct pair *pair, struct traffic *traffic, const char *program, struct figures *figures, bool signatures)
{
    int status = bench_pair_open(pair, traffic, program);
    for (unsigned i = 0; i < FIGURES_ROWS && status == STATUS_OK; i++) {
        struct figures_row *row = &figures->rows[i];
        row->clients = client_counts[i];
        if (only_clients != 0 && row->clients != only_clients)
            continue;
        status = signatures ? bench_row(pair, row->clients, &row->loop_signed, &row->exchange_signed)
                            : bench_row(pair, row->clients, &row->loop_unsigned, &row->exchange_unsigned);
    }
    return status;
}

/* Submissions of 500 objects, signatures checked. */
static int bench_objects(struct pair *pair, struct figures *figures)
{
    struct load load = {.epoll = -1};
    struct figures_side side = {0};
    const struct introduction_exchange *known = &pair->traffic->harness.exchange;
    traffic_clear(pair->traffic);
    int status = load_open(&load, pair->traffic->harness.address, known->front_key, pair->traffic->curves, TRAFFIC_PARTIES,
                           FIGURES_BULK_CLIENTS);
    double rate = 40;
    for (unsigned i = 0; i < 3 && status == STATUS_OK; i++) {
        status = bench_make(pair, FIGURES_BULK_CLIENTS, rate, FIGURES_BULK_OBJECTS);
        if (status == STATUS_OK)
            status = bench_exchange_slice(pair, &load, FIGURES_BULK_OBJECTS, &side);
        rate = bench_rate(&side) * 1.2;
    }
    load_close(&load);
    figures->bulk = side;
    return status;
}

int main(int count, char **values)
{
    static struct traffic with, without;
    static struct figures figures;
    char folder[512];
    char base[256];
    struct pair unsigned_pair = {.name = "signatures not checked"};
    struct pair signed_pair = {.name = "signatures checked"};
    if (count != 3) {
        fprintf(stderr, "usage: broker MUSTERD-WITHOUT-SIGNATURES FOLDER\n");
        return EXIT_CODE_USAGE;
    }
    slice_milliseconds = bench_number("SLICE_MILLISECONDS", slice_milliseconds);
    slice_count = bench_number("SLICES", slice_count);
    only_clients = bench_number("CLIENTS", 0);
    only_unsigned = bench_number("ONLY_UNSIGNED", 0) != 0;
    slice_count = slice_count > FIGURES_SLICES_MOST ? FIGURES_SLICES_MOST : slice_count;
    if (access(values[1], X_OK) != 0) {
        fprintf(stderr, "bench: %s is missing: make bench-broker builds it\n", values[1]);
        return EXIT_CODE_USAGE;
    }
    if (seam_start() != STATUS_OK || bench_descriptors() != STATUS_OK) {
        fprintf(stderr, "bench: 8192 file descriptors are needed: ulimit -n\n");
        return EXIT_CODE_INTERNAL;
    }
    /* On the disk that the build lies on: what is measured is durable. */
    snprintf(base, sizeof base, "%s/broker-XXXXXX", values[2]);
    if (mkdtemp(base) == NULL || setenv("TMPDIR", base, 1) != 0 || setenv(HARNESS_MACHINE_CLOCK, "1", 1) != 0)
        return EXIT_CODE_IO;
    snprintf(folder, sizeof folder, "%s/loop-unsigned", base);
    int status = loop_start(&unsigned_pair.loop, folder, false);
    snprintf(folder, sizeof folder, "%s/loop-signed", base);
    if (status == STATUS_OK)
        status = loop_start(&signed_pair.loop, folder, true);
    if (status == STATUS_OK)
        status = bench_pair(&unsigned_pair, &without, values[1], &figures, false);
    if (status == STATUS_OK && !only_unsigned)
        status = bench_pair(&signed_pair, &with, NULL, &figures, true);
    if (status == STATUS_OK && only_clients == 0)
        status = bench_objects(&signed_pair, &figures);
    bench_pair_close(&unsigned_pair);
    bench_pair_close(&signed_pair);
    if (status == STATUS_OK && only_clients == 0 && (status = beside_measure(3 * slice_milliseconds, &figures.beside)) != STATUS_OK)
        fprintf(stderr, "bench: beside readers and planner: %s\n", status_name(status));
    if (status == STATUS_OK && only_clients == 0 && (status = attacked_measure(2 * slice_milliseconds, &figures.attacked)) != STATUS_OK)
        fprintf(stderr, "bench: under attack: %s\n", status_name(status));
    if (status == STATUS_OK && only_clients == 0)
        status = figures_write(&figures, values[2]);
    else if (status == STATUS_OK)
        figures_print(&figures);
    snprintf(folder, sizeof folder, "rm -rf '%s'", base);
    if (system(folder) != 0)
        fprintf(stderr, "bench: %s was not removed\n", base);
    return status == STATUS_OK ? EXIT_CODE_DONE : EXIT_CODE_INTERNAL;
}
