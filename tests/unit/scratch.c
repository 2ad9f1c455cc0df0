/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void give_up(const char *what)
{
    perror(what);
    _exit(70);
}

void scratch_make(struct scratch *scratch)
{
    const char *base = getenv("TMPDIR");
    snprintf(scratch->path, sizeof scratch->path, "%s/muster-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(scratch->path)) {
        give_up("mkdtemp");
    }
}

const char *scratch_path(const struct scratch *scratch, const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", scratch->path, name);
    return path;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about;
    (void)type;
    (void)where;
    return remove(path);
}

void scratch_remove(const struct scratch *scratch)
{
    nftw(scratch->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

char *scratch_read(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    if (!file) {
        return NULL;
    }
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        rewind(file);
        bytes = size < 0 ? NULL : calloc(1, (size_t)size + 1);
        *length = bytes ? fread(bytes, 1, (size_t)size, file) : 0;
    }
    fclose(file);
    return bytes;
}

void scratch_write(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        give_up(path);
    }
}

/* splitmix64 */
static void seeded_fill(void *data, void *bytes, size_t length)
{
    struct seeded *seeded = data;
    uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++) {
        seeded->state += 0x9e3779b97f4a7c15u;
        uint64_t z = seeded->state;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        at[i] = (uint8_t)(z ^ z >> 31);
    }
}

void seeded_start(struct seeded *seeded, uint64_t seed)
{
    seeded->state = seed;
    seeded->random = (struct seam_random){.fill = seeded_fill, .data = seeded};
}
