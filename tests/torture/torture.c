/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * torture [--cycles N] [--seed N] [--clients N] [--json FILE] [PART...]
 * Everything that may happen to an exchange, happens. Without PART all of them; the figures go to standard output and FILE. A finding
 * ends it with exit code 1 and names the seed: the same seed with as many cycles makes the same choices again.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "tests/system/crash.h"
#include "tests/torture/figures.h"
#include "tests/torture/memory.h"

#define CYCLES 150u
#define CLIENTS 64u
#define CYCLES_A_RUN 50u
#define BATCHES 4u  /* of the scripted run */
#define LONGER 500u /* cycles for which it is one batch longer */

struct wanted {
    unsigned cycles;
    unsigned clients;
};

static bool part_kills(struct torture *torture, const struct wanted *wanted)
{
    return torture_kills(torture, wanted->cycles, wanted->clients, CYCLES_A_RUN);
}

static bool part_flips(struct torture *torture, const struct wanted *wanted)
{
    return torture_flips(torture, wanted->cycles);
}

static bool part_faults(struct torture *torture, const struct wanted *wanted)
{
    return torture_faults(torture, BATCHES + wanted->cycles / LONGER, 1);
}

static bool part_copies(struct torture *torture, const struct wanted *wanted)
{
    (void)wanted;
    return torture_copies(torture);
}

static bool part_power(struct torture *torture, const struct wanted *wanted)
{
    return torture_power(torture, BATCHES + wanted->cycles / LONGER, 1 + wanted->cycles / LONGER, 2);
}

static bool part_replay(struct torture *torture, const struct wanted *wanted)
{
    return torture_replay(torture, 40 + wanted->cycles / 10, 1);
}

static bool part_daemon(struct torture *torture, const struct wanted *wanted)
{
    return torture_daemon(torture, 1 + wanted->cycles / 10);
}

static bool part_full(struct torture *torture, const struct wanted *wanted)
{
    (void)wanted;
    return torture_full(torture);
}

static bool part_memory(struct torture *torture, const struct wanted *wanted)
{
    (void)wanted;
    return torture_memory(torture, 1);
}

static const struct part {
    const char *name;
    bool (*run)(struct torture *torture, const struct wanted *wanted);
} parts[] = {
    {"kills", part_kills},
    {"flips", part_flips},
    {"faults", part_faults},
    {"copies", part_copies},
    {"power", part_power},
    {"replay", part_replay},
    {"daemon", part_daemon},
    {"full", part_full},
    {"memory", part_memory},
};

#define PARTS (sizeof parts / sizeof parts[0])

static bool is_chosen(const char *name, int count, char *const *names)
{
    bool chosen = count == 0;
    for (int i = 0; i < count; i++)
        chosen = chosen || strcmp(names[i], name) == 0;
    return chosen;
}

static bool take_number(const char *text, uint64_t most, uint64_t *number)
{
    char *end = NULL;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && *number <= most;
}

/* False: the command line is wrong. */
static bool take_options(int count, char **values, struct torture *torture, struct wanted *wanted)
{
    static const struct option options[] = {{"cycles", required_argument, NULL, 'c'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"clients", required_argument, NULL, 'n'},
                                            {"json", required_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    uint64_t number = 0;
    int option;
    bool good = true;
    while (good && (option = getopt_long(count, values, "", options, NULL)) != -1) {
        good = option == 'j' || (option != '?' && take_number(optarg, option == 's' ? UINT64_MAX : 1000000, &number));
        if (option == 'c')
            wanted->cycles = (unsigned)number;
        else if (option == 's')
            torture->seed = number;
        else if (option == 'n')
            wanted->clients = (unsigned)number;
        else if (option == 'j')
            torture->json = optarg;
    }
    return good && wanted->clients > 0;
}

int main(int count, char **values)
{
    /* Processes of its own, behind a shim. */
    if (count == 4 && strcmp(values[1], "--script") == 0)
        return crash_script(values[2], (unsigned)atoi(values[3]));
    if (count == 3 && strcmp(values[1], "--memory") == 0)
        return memory_main((unsigned)atoi(values[2]));
    struct torture torture = {.talks = true};
    struct wanted wanted = {.cycles = CYCLES, .clients = CLIENTS};
    bool good = seam_start() == STATUS_OK;
    torture.began = torture_seconds(&torture);
    signal(SIGPIPE, SIG_IGN);
    seam_random_system.fill(seam_random_system.data, &torture.seed, 4);
    if (!take_options(count, values, &torture, &wanted)) {
        fprintf(stderr, "torture [--cycles N] [--seed N] [--clients N] [--json FILE] [PART...]\n");
        return EXIT_CODE_USAGE;
    }
    /* Memory where there is such a place: what is tested is the order of calls, not the machine's disk. */
    if (access("/dev/shm", W_OK) == 0 && getenv("TMPDIR") == NULL)
        setenv("TMPDIR", "/dev/shm", 1);
    torture_say(&torture, "torture: seed %" PRIu64, torture.seed);
    for (size_t i = 0; i < PARTS && good; i++) {
        if (!is_chosen(parts[i].name, count - optind, values + optind))
            continue;
        torture_say(&torture, "--- %s", parts[i].name);
        good = parts[i].run(&torture, &wanted);
        if (torture_write(&torture) != STATUS_OK)
            fprintf(stderr, "%s can't be written\n", torture.json);
    }
    torture_say(&torture,
                "%" PRIu64 " cycles, %" PRIu64 " acknowledged, %" PRIu64 " faults injected, %" PRIu64 " allocations failed, %" PRIu64
                " prefixes replayed, %" PRIu64 " bytes flipped, lost: %" PRIu64 " (%.0f s)",
                torture.cycles, torture.acknowledged, torture.faults_injected, torture.memory_faults, torture.prefixes_replayed,
                torture.bytes_flipped, torture.lost, torture_seconds(&torture));
    return good && torture.lost == 0 ? 0 : 1;
}
