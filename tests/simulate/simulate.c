/* SPDX-License-Identifier: EUPL-1.2 */
/* make simulate: a whole broker from a seed, seed after seed. See README, "What is acknowledged stays". */
#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "tests/simulate/mutate.h"
#include "tests/simulate/run.h"
#include "tests/simulate/sum.h"

#define SEEDS 100u

struct wanted {
    uint64_t first, seeds;
    bool talks, twice, list;
    const char *mutation, *json;
};

static int remove_entry(const char *path, const struct stat *entry, int flag, struct FTW *place)
{
    (void)entry;
    (void)flag;
    (void)place;
    return remove(path);
}

/* Memory where there is such a place: what is tested is the order of calls, not the machine's disk. */
static bool make_folder(char folder[64])
{
    const char *place = getenv("TMPDIR");
    if (place == NULL || strlen(place) > 40)
        place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, 64, "%s/simulate-XXXXXX", place);
    return mkdtemp(folder) != NULL;
}

/* One seed in a folder of its own. */
static bool run_one(struct run *run, uint64_t seed, const struct wanted *wanted, bool talks)
{
    char folder[64];
    if (!make_folder(folder)) {
        perror(folder);
        exit(EXIT_CODE_INTERNAL);
    }
    mutate_choose(wanted->mutation);
    bool good = run_seed(run, seed, folder, wanted->mutation, talks);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return good;
}

static void say_finding(const struct run *run)
{
    printf("FINDING seed %" PRIu64 ", step %" PRIu64 ", %s: %s\n", run->seed, run->found_step, run->invariant, run->finding);
    printf("  again, with every step: make simulate SEED=%" PRIu64 " VERBOSE=1\n", run->seed);
}

static bool take_options(int count, char **values, struct wanted *wanted)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 's'}, {"from", required_argument, NULL, 'f'}, {"seed", required_argument, NULL, 'o'},
        {"verbose", no_argument, NULL, 'v'}, {"twice", no_argument, NULL, 't'}, {"mutation", required_argument, NULL, 'm'},
        {"mutations", no_argument, NULL, 'l'}, {"json", required_argument, NULL, 'j'}, {0},
    };
    int option;
    while ((option = getopt_long(count, values, "", options, NULL)) != -1) {
        switch (option) {
        case 's':
            wanted->seeds = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            wanted->first = strtoull(optarg, NULL, 10);
            break;
        case 'o':
            wanted->first = strtoull(optarg, NULL, 10);
            wanted->seeds = 1;
            break;
        case 'v':
            wanted->talks = true;
            break;
        case 't':
            wanted->twice = true;
            break;
        case 'l':
            wanted->list = true;
            break;
        case 'm':
            wanted->mutation = optarg;
            break;
        case 'j':
            wanted->json = optarg;
            break;
        default:
            return false;
        }
    }
    return optind == count && (wanted->mutation == NULL || mutate_choose(wanted->mutation));
}

/* A seed, and where it is wanted the same once more: both must be the same to the byte. */
static bool simulate(uint64_t seed, const struct wanted *wanted, struct sum *sum)
{
    static struct run run;
    char hash[TRACE_HEX];
    bool good = run_one(&run, seed, wanted, wanted->talks);
    if (!good)
        say_finding(&run);
    sum_add(sum, &run);
    memcpy(hash, run.hash, sizeof hash);
    if (good && wanted->twice) {
        good = run_one(&run, seed, wanted, false) && strcmp(hash, run.hash) == 0;
        if (!good)
            printf("FINDING seed %" PRIu64 ": it does not replay: %s, then %s\n", seed, hash, run.hash);
        sum->findings += !good;
    }
    printf("seed %" PRIu64 " %s %s\n", seed, hash, good ? "ok" : "FOUND");
    fflush(stdout);
    return good;
}

/* Memory that is kept: a run gives back and takes as much again all the time. */
static void keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 256 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

int main(int count, char **values)
{
    struct wanted wanted = {.first = 1, .seeds = SEEDS};
    struct sum sum = {0};
    struct dice first = dice_of(0, 0);
    dice_rule_libsodium(&first);
    if (!take_options(count, values, &wanted)) {
        fprintf(stderr, "simulate [--seeds N] [--from N] [--seed N] [--verbose] [--twice] [--mutation NAME] [--mutations] [--json FILE]\n");
        return EXIT_CODE_USAGE;
    }
    if (wanted.list) {
        mutate_list();
        return 0;
    }
    if (seam_start() != STATUS_OK)
        return EXIT_CODE_INTERNAL;
    keep_memory();
    sum_begin(&sum);
    for (uint64_t at = 0; at < wanted.seeds; at++)
        if (!simulate(wanted.first + at, &wanted, &sum) && wanted.mutation != NULL)
            break;
    sum_say(&sum);
    if (wanted.json != NULL && sum_write(&sum, wanted.json) != STATUS_OK)
        fprintf(stderr, "%s can't be written\n", wanted.json);
    return sum.findings == 0 ? 0 : 1;
}
