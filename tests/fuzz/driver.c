/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One group of targets under libFuzzer: FUZZ_TARGET names the one that is run; with FUZZ_SEEDS its seeds are first written into that folder. Without a name it
 * lists them, each with the longest input that is worth trying.
 * Compiled once a group, with FUZZ_GROUP as the group's symbol.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerInitialize(int *count, char ***values);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fuzz_target *chosen;

static void write_seed(void *data, const char *name, const uint8_t *bytes, size_t size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", (const char *)data, name);
    FILE *file = fopen(path, "wbe");
    fuzz_require(file != NULL);
    fuzz_require(fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

int LLVMFuzzerInitialize(int *count, char ***values)
{
    (void)count;
    (void)values;
    const char *name = getenv("FUZZ_TARGET");
    char *folder = getenv("FUZZ_SEEDS");
    for (size_t at = 0; at < FUZZ_GROUP.count; at++)
        if (name != NULL && strcmp(FUZZ_GROUP.targets[at].name, name) == 0)
            chosen = &FUZZ_GROUP.targets[at];
    if (chosen == NULL || seam_start() != STATUS_OK) {
        fprintf(stderr, "FUZZ_TARGET must be one of:");
        for (size_t at = 0; at < FUZZ_GROUP.count; at++)
            fprintf(stderr, " %s=%zu", FUZZ_GROUP.targets[at].name, FUZZ_GROUP.targets[at].most);
        fputc('\n', stderr);
        exit(2);
    }
    if (folder != NULL)
        fuzz_seeds_each(chosen, write_seed, folder);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chosen->run(chosen, data, size);
    return 0;
}
