/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Every fuzz target without a fuzzer: its seeds, and the same mutations of them each time. FUZZ_MUTATIONS says how many (1500 by default). What breaks ends
 * the program; the input lies in the file that it names.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "tests/fuzz/target.h"
#include "tests/unit/patience.h"

#define SEEDS_MOST 32u
#define TARGETS_MOST 160u
#define FINDING "build/fuzz-finding"

static const struct fuzz_group *const groups[] = {&fuzz_group_messages, &fuzz_group_contract, &fuzz_group_keys, &fuzz_group_sheets,
                                                  &fuzz_group_daemon, &fuzz_group_market, &fuzz_group_client, &fuzz_group_store};
#define GROUPS (sizeof groups / sizeof groups[0])

struct seeds {
    uint8_t *bytes[SEEDS_MOST];
    size_t sizes[SEEDS_MOST];
    unsigned count;
};

static const struct fuzz_target *running;
static uint8_t input[FUZZ_INPUT_MOST];
static size_t input_size;

/* Only what may be called in a signal's handler. */
static void keep_finding(int number)
{
    static const char told[] = ": the input of this target is in " FINDING "\n";
    int fd = open(FINDING, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool kept = fd >= 0 && write(fd, input, input_size) == (ssize_t)input_size;
    kept = write(STDERR_FILENO, running->name, strlen(running->name)) > 0 && write(STDERR_FILENO, told, sizeof told - 1) > 0 && kept;
    _exit(kept && number == SIGALRM ? 2 : 1);
}

static void run(const struct fuzz_target *target)
{
    /* Exactly as long, so that a sanitizer sees a read beyond it. */
    uint8_t *exact = malloc(input_size > 0 ? input_size : 1);
    assert_non_null(exact);
    memcpy(exact, input, input_size);
    target->run(target, exact, input_size);
    free(exact);
}

static void replay(void *data, const char *name, const uint8_t *bytes, size_t size)
{
    struct seeds *seeds = data;
    (void)name;
    assert_true(seeds->count < SEEDS_MOST);
    seeds->bytes[seeds->count] = malloc(size + 1);
    assert_non_null(seeds->bytes[seeds->count]);
    memcpy(seeds->bytes[seeds->count], bytes, size);
    seeds->sizes[seeds->count++] = size;
}

static unsigned mutations_of(const struct fuzz_target *target)
{
    const char *text = getenv("FUZZ_MUTATIONS");
    unsigned wanted = text != NULL && atoi(text) > 0 ? (unsigned)atoi(text) : 1500;
    return target->slow > 1 ? wanted / target->slow : wanted;
}

static void seeds_and_mutations_of_them_hold(void **state)
{
    const struct fuzz_target *target = *state;
    struct seeds seeds = {.count = 0};
    uint64_t random = 1;
    running = target;
    signal(SIGABRT, keep_finding);
    signal(SIGSEGV, keep_finding);
    signal(SIGALRM, keep_finding);
    alarm((unsigned)patience(240));
    fuzz_seeds_each(target, replay, &seeds);
    assert_true(seeds.count > 0);
    for (unsigned n = 0; n < seeds.count; n++) {
        input_size = seeds.sizes[n];
        memcpy(input, seeds.bytes[n], input_size);
        run(target);
    }
    for (unsigned n = 0, all = mutations_of(target); n < all; n++) {
        unsigned at = n % seeds.count, other = (n / seeds.count) % seeds.count;
        /* A walk away from the seed: sixteen steps, then from another. */
        if (n / seeds.count % 16 == 0) {
            input_size = seeds.sizes[at] < target->most ? seeds.sizes[at] : target->most;
            memcpy(input, seeds.bytes[at], input_size);
        }
        input_size = fuzz_mutate(&random, input, input_size, target->most, seeds.bytes[other], seeds.sizes[other]);
        run(target);
    }
    alarm(0);
    for (unsigned n = 0; n < seeds.count; n++)
        free(seeds.bytes[n]);
}

/* A message that a verb asks or answers with has its target, or a new one would go without. */
static void every_message_of_a_verb_has_a_target(void **state)
{
    size_t count = 0;
    const struct verb *verbs = verb_all(&count);
    (void)state;
    for (size_t n = 0; n < 2 * count; n++) {
        const ProtobufCMessageDescriptor *wanted = n < count ? verbs[n].request : verbs[n - count].answer;
        bool found = wanted == NULL;
        for (size_t at = 0; at < fuzz_group_messages.count; at++)
            found = found || fuzz_group_messages.targets[at].message == wanted;
        if (!found)
            fail_msg("%s has no target in tests/fuzz/messages.def", wanted->name);
    }
}

/* The machinery itself: a fault is reported where it is, and mutations stay within their room. */
static void mutations_stay_within_their_room(void **state)
{
    (void)state;
    uint8_t bytes[64 + 1];
    uint64_t random = 7;
    size_t size = 0, longest = 0, shortest = 64;
    bytes[64] = 0xa5;
    for (unsigned n = 0; n < 20000; n++) {
        size = fuzz_mutate(&random, bytes, size, 64, (const uint8_t *)"another", 7);
        assert_in_range(size, 0, 64);
        longest = size > longest ? size : longest;
        shortest = size < shortest ? size : shortest;
    }
    assert_int_equal(bytes[64], 0xa5);
    assert_int_equal(longest, 64);
    assert_int_equal(shortest, 0);
}

int main(void)
{
    static struct CMUnitTest tests[TARGETS_MOST];
    size_t count = 0;
    if (seam_start() != STATUS_OK)
        return 1;
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_message_of_a_verb_has_a_target);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(mutations_stay_within_their_room);
    for (size_t group = 0; group < GROUPS; group++)
        for (size_t n = 0; n < groups[group]->count && count < TARGETS_MOST; n++)
            tests[count++] = (struct CMUnitTest){groups[group]->targets[n].name, seeds_and_mutations_of_them_hold, NULL, NULL,
                                                 (void *)(uintptr_t)&groups[group]->targets[n]};
    return _cmocka_run_group_tests("fuzz", tests, count, NULL, NULL);
}
