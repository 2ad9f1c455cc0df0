/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Memory stays flat while an exchange works: one agency amends a demand without a pause, lists it and asks for its state, connections come and go.
 * SOAK_SECONDS (6 by default; 3600 for the hour) says how long, SOAK_PAUSE how many milliseconds between two rounds (0 by default; so that an hour
 * can run beside other work). The log grows in its file; what the processes hold of their own must not.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "tests/system/market.h"
#include "tests/unit/patience.h"

#define KIBIBYTE ((size_t)1 << 10)
#define TELL_EVERY 300000 /* milliseconds between two lines on how it stands */
#define GROWTH_MOST (6 * 1024 * KIBIBYTE) /* from the end of the first third to the end: caches of a fixed size fill, the allocator rounds */
#define TEXT(text) ((char *)(uintptr_t)(text))

static const char *const roles[] = {"front", "exchange", "planner"};
static struct harness harness;
static struct market market;
static uint64_t version;

static unsigned number_asked(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text == NULL || atoi(text) <= 0 ? otherwise : (unsigned)atoi(text);
}

static unsigned soak_seconds(void)
{
    return number_asked("SOAK_SECONDS", 6);
}

static int setup(void **state)
{
    (void)state;
    alarm(soak_seconds() + (unsigned)patience(120));
    /* What a sanitizer keeps back to see it used again is no growth. */
    setenv("ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=64", 0);
    if (harness_begin(&harness, "[front]\nrequests_per_second = 10000\n[planner]\nquiet_milliseconds = 100\n") == STATUS_OK &&
        market_open(&harness, &market) == STATUS_OK)
        return 0;
    harness_close(&harness);
    return -1;
}

static int teardown(void **state)
{
    (void)state;
    market_close(&market);
    harness_close(&harness);
    return 0;
}

/* Bytes that a process holds of its own: what it maps of the store's file is the kernel's to take back. */
static size_t own_memory(const char *role)
{
    char path[64];
    char line[256];
    unsigned long kibibytes = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)harness_child(&harness, role));
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            kibibytes = strtoul(line + 8, NULL, 10);
    fclose(file);
    assert_true(kibibytes > 0);
    return kibibytes * KIBIBYTE;
}

static void raise_quota(void)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__PolicyChange change = MUSTER__POLICY_CHANGE__INIT;
    Muster__PolicyEntry entry = MUSTER__POLICY_ENTRY__INIT;
    Muster__PolicyEntry *entries[] = {&entry};
    Muster__Answer *answer = NULL;
    entry.key = TEXT("mebibytes_a_day");
    entry.value = TEXT("65536");
    entry.item = TEXT("");
    change.replaces = 1;
    change.n_entries = 1;
    change.entries = entries;
    submission.policy = &change;
    assert_int_equal(party_submit(&market.hq, &submission, &answer, NULL), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
}

/* The same demand with another quantity: the tables keep their size. */
static void amend(uint64_t quantity)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__DemandChange change = MUSTER__DEMAND_CHANGE__INIT;
    Muster__Demand demand = MUSTER__DEMAND__INIT;
    Muster__Line line = MUSTER__LINE__INIT;
    Muster__DemandChange *changes[] = {&change};
    Muster__Line *lines[] = {&line};
    Muster__Answer *answer = NULL;
    line.month = 202806;
    line.quantity = quantity;
    demand.id = change.id = TEXT("NL-1");
    demand.country = demand.place = TEXT("NL");
    demand.item = TEXT("shell-155");
    demand.n_lines = 1;
    demand.lines = lines;
    demand.min_quantity = 1;
    demand.max_unit_price = 10000;
    demand.currency = TEXT("EUR");
    demand.priority = 3;
    demand.fund = TEXT("");
    demand.release = MUSTER__RELEASE__RELEASE_POOLED;
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.replaces = version;
    change.demand = &demand;
    submission.n_demands = 1;
    submission.demands = changes;
    assert_int_equal(party_submit(&market.nl, &submission, &answer, NULL), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    version++;
}

static void work_until(uint64_t begun, uint64_t until, uint64_t *rounds)
{
    Muster__Answer *answer = NULL;
    struct timespec pause = {.tv_nsec = (long)(number_asked("SOAK_PAUSE", 0) % 1000) * 1000000};
    uint64_t now = 0, told = 0;
    while ((now = seam_clock_system.monotonic(seam_clock_system.data)) < until) {
        nanosleep(&pause, NULL);
        /* The exchange's clock runs on, and what is signed expires by it. */
        harness.now = HARNESS_START + now - begun;
        if (now - told >= TELL_EVERY) {
            told = now;
            fprintf(stderr, "%llu s, %llu submissions: front %zu, exchange %zu, planner %zu KiB\n", (unsigned long long)(now - begun) / 1000, (unsigned long long)*rounds,
                    own_memory("front") / KIBIBYTE, own_memory("exchange") / KIBIBYTE, own_memory("planner") / KIBIBYTE);
        }
        amend(10 + ++*rounds % 90);
        assert_int_equal(party_ask(&market.de, MUSTER__VERB__VERB_STATUS, NULL, 0, 20000, &answer), STATUS_OK);
        assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
        if (*rounds % 50 == 0)
            assert_int_equal(party_reconnect(&market.de), STATUS_OK);
    }
}

static void memory_stays_flat(void **state)
{
    (void)state;
    size_t before[3];
    uint64_t rounds = 0;
    uint64_t begun = seam_clock_system.monotonic(seam_clock_system.data);
    uint64_t all = (uint64_t)soak_seconds() * 1000;
    Muster__Answer *answer = NULL;
    raise_quota();
    assert_int_equal(market_offer(&market.supplier, "FR-1", &answer), STATUS_OK);
    work_until(begun, begun + all / 3, &rounds);
    for (unsigned i = 0; i < 3; i++)
        before[i] = own_memory(roles[i]);
    uint64_t warm = rounds;
    work_until(begun, begun + all, &rounds);
    for (unsigned i = 0; i < 3; i++) {
        size_t after = own_memory(roles[i]);
        print_message("%s: %zu KiB after %llu submissions, %zu KiB after %llu\n", roles[i], before[i] / KIBIBYTE, (unsigned long long)warm,
                      after / KIBIBYTE, (unsigned long long)rounds);
        assert_in_range(after, 0, before[i] + GROWTH_MOST);
    }
    assert_false(harness_logged(&harness, "event=child-ended", NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_stays_flat, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
