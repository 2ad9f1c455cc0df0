/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/beside.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/status.h"
#include "proto/walk.h"
#include "tests/bench/traffic.h"

#define SETTINGS                                                                                                               \
    "[front]\nconnections_per_key = 64\nconnections = 2000\nrequests_per_second = 100000\n[planner]\nquiet_milliseconds = 50\n"     \
    "[log]\nmetrics_seconds = 1\n"
#define TEXT(text) ((char *)(uintptr_t)(text))
#define OFFERS 256u
#define PACE 0.4 /* submissions a millisecond and client that are made ready; where they do not last, the slice is shorter */

struct beside_offers {
    Muster__OfferChange change[OFFERS];
    Muster__OfferChange *changes[OFFERS];
    Muster__Offer offer[OFFERS];
    Muster__Tier tier[OFFERS];
    Muster__Tier *tiers[OFFERS][1];
    char ids[OFFERS][16];
    char items[OFFERS][16];
};

/* Offers for the first lots, so that every new demand in them is planned. */
static int beside_offer(struct traffic *traffic)
{
    static struct beside_offers offers;
    struct party supplier;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__Answer *answer = NULL;
    int status = party_join(&traffic->hq, "supplier", MUSTER__ROLE__ROLE_SUPPLIER, "FR", &supplier);
    for (unsigned i = 0; i < OFFERS; i++) {
        muster__offer_change__init(&offers.change[i]);
        muster__offer__init(&offers.offer[i]);
        muster__tier__init(&offers.tier[i]);
        snprintf(offers.ids[i], sizeof offers.ids[i], "O-%u", i);
        snprintf(offers.items[i], sizeof offers.items[i], "item-%04u", i);
        offers.tier[i].min_quantity = 1;
        offers.tier[i].unit_price = 5000;
        offers.tier[i].first_month = 202706;
        offers.tier[i].monthly_rate = 1000;
        offers.tiers[i][0] = &offers.tier[i];
        offers.offer[i].id = offers.change[i].id = offers.ids[i];
        offers.offer[i].supplier = supplier.id;
        offers.offer[i].item = offers.items[i];
        offers.offer[i].n_tiers = 1;
        offers.offer[i].tiers = offers.tiers[i];
        offers.offer[i].currency = TEXT("EUR");
        offers.change[i].kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
        offers.change[i].offer = &offers.offer[i];
        offers.changes[i] = &offers.change[i];
    }
    submission.n_offers = OFFERS;
    submission.offers = offers.changes;
    if (status == STATUS_OK)
        status = party_submit(&supplier, &submission, &answer, NULL);
    if (status == STATUS_OK && answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE)
        status = STATUS_DENIED;
    party_close(&supplier);
    return status;
}

/* In a process of its own: lists all demands, again and again. */
static void beside_read(struct harness *harness, volatile uint64_t *count)
{
    struct party reader;
    Muster__ListRequest request = MUSTER__LIST_REQUEST__INIT;
    Muster__Answer *answer = NULL;
    struct arena arena;
    uint8_t *body = NULL;
    size_t length = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    arena_init(&arena, 1 << 20);
    request.noun = MUSTER__NOUN__NOUN_DEMAND;
    request.item = request.id = request.after = TEXT("");
    request.limit = 1000;
    if (walk_pack(&request.base, &arena, &body, &length) != STATUS_OK || party_coordinator(harness, &reader) != STATUS_OK)
        _exit(1);
    for (;;)
        if (party_ask(&reader, MUSTER__VERB__VERB_LIST, body, length, 10000, &answer) != STATUS_OK ||
            answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE)
            _exit(1);
        else
            ++*count;
}

/* The newest number behind a word of the daemon's log. */
static uint64_t beside_counted(const struct harness *harness, const char *word)
{
    char line[1024];
    unsigned long long number = 0;
    FILE *file = fopen(harness->log, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *at = strstr(line, word);
        if (at != NULL)
            number = strtoull(at + strlen(word), NULL, 10);
    }
    if (file != NULL)
        fclose(file);
    return number;
}

static int beside_slice(struct traffic *traffic, struct load *load, unsigned milliseconds, double *p50, double *p99)
{
    struct load_result result;
    int status = traffic_make(traffic, BESIDE_CLIENTS, (size_t)(milliseconds * PACE) + 8, 1);
    if (status == STATUS_OK)
        status = load_run(load, milliseconds, traffic_next, traffic, &result);
    *p50 = result.p50;
    *p99 = result.p99;
    return status == STATUS_OK && result.hints > 0 ? STATUS_DENIED : status;
}

static int beside_busy(struct traffic *traffic, struct load *load, unsigned milliseconds, struct figures_beside *beside)
{
    volatile uint64_t *count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (count == MAP_FAILED)
        return STATUS_NO_MEMORY;
    int status = beside_offer(traffic);
    uint64_t plans = beside_counted(&traffic->harness, " plans=");
    pid_t child = status == STATUS_OK ? fork() : -1;
    if (child == 0)
        beside_read(&traffic->harness, count);
    harness_pause(300);
    uint64_t before = *count;
    if (child > 0)
        status = beside_slice(traffic, load, milliseconds, &beside->busy_p50, &beside->busy_p99);
    beside->reads = (double)(*count - before) * 1000.0 / milliseconds;
    harness_pause(1100);
    beside->plans = beside_counted(&traffic->harness, " plans=") - plans;
    if (child > 0 && kill(child, SIGKILL) == 0)
        waitpid(child, NULL, 0);
    munmap((void *)(uintptr_t)count, sizeof *count);
    return child < 0 && status == STATUS_OK ? STATUS_NO_MEMORY : status;
}

int beside_measure(unsigned milliseconds, struct figures_beside *beside)
{
    static struct traffic traffic;
    struct load load = {.epoll = -1};
    double unused = 0;
    int status = traffic_open(&traffic, NULL, SETTINGS);
    if (status != STATUS_OK)
        return status;
    status = load_open(&load, traffic.harness.address, traffic.harness.exchange.front_key, traffic.curves, TRAFFIC_PARTIES, BESIDE_CLIENTS);
    if (status == STATUS_OK)
        status = beside_slice(&traffic, &load, 200, &unused, &unused);
    if (status == STATUS_OK)
        status = beside_slice(&traffic, &load, milliseconds, &beside->idle_p50, &beside->idle_p99);
    if (status == STATUS_OK)
        status = beside_busy(&traffic, &load, milliseconds, beside);
    load_close(&load);
    traffic_close(&traffic);
    return status;
}
