/* SPDX-License-Identifier: EUPL-1.2 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/target.h"

#define ARENA_CAP ((size_t)64 << 20)
#define SEEDS "tests/fuzz/seeds/"

void fuzz_die(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

struct arena *fuzz_arena(void)
{
    static struct arena arena;
    if (arena.cap == 0)
        arena_init(&arena, ARENA_CAP);
    arena_rewind(&arena);
    return &arena;
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    fuzz_require(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

uint8_t fuzz_byte(struct fuzz_bytes *bytes)
{
    if (bytes->left == 0)
        return 0;
    bytes->left--;
    return *bytes->at++;
}

uint64_t fuzz_below(struct fuzz_bytes *bytes, uint64_t bound)
{
    uint64_t value = fuzz_byte(bytes);
    for (uint64_t room = bound >> 8; room > 0; room >>= 8)
        value = value << 8 | fuzz_byte(bytes);
    return value % bound;
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        fuzz_require(fd >= 0 && fchmod(fd, 0600) == 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    fuzz_require(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static size_t read_seed(const char *folder, const char *name, uint8_t *bytes)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rbe");
    fuzz_require(file != NULL);
    size_t size = fread(bytes, 1, FUZZ_INPUT_MOST, file);
    fclose(file);
    return size;
}

unsigned fuzz_seeds_each(const struct fuzz_target *target, void (*each)(void *data, const char *name, const uint8_t *bytes, size_t size), void *data)
{
    static uint8_t bytes[FUZZ_INPUT_MOST];
    char folder[256];
    struct dirent **entries = NULL;
    unsigned seeds = 0;
    snprintf(folder, sizeof folder, SEEDS "%s", target->name);
    int count = scandir(folder, &entries, NULL, by_name);
    for (int at = 0; at < count; at++) {
        if (entries[at]->d_name[0] != '.') {
            each(data, entries[at]->d_name, bytes, read_seed(folder, entries[at]->d_name, bytes));
            seeds++;
        }
        free(entries[at]);
    }
    free(entries);
    size_t size = 0;
    for (unsigned number = 0; target->seed != NULL && (size = target->seed(target, number, bytes)) > 0; number++) {
        char name[16];
        snprintf(name, sizeof name, "made-%u", number);
        each(data, name, bytes, size);
        seeds++;
    }
    return seeds;
}

uint64_t fuzz_random(uint64_t *random)
{
    uint64_t value = *random += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

/* Puts size bytes in at a place, as many as there is room for. bytes may lie in input. */
static size_t put_in(uint8_t *input, size_t length, size_t most, size_t at, const uint8_t *bytes, size_t size)
{
    uint8_t piece[256];
    size = size > sizeof piece ? sizeof piece : size;
    size = size > most - length ? most - length : size;
    memcpy(piece, bytes, size);
    memmove(input + at + size, input + at, length - at);
    memcpy(input + at, piece, size);
    return length + size;
}

static size_t mutate_once(uint64_t *random, uint8_t *input, size_t length, size_t most, const uint8_t *other, size_t other_length)
{
    static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, '\n', ' ', '"', ',', ';', '=', '0', '9', '-'};
    size_t at = length > 0 ? (size_t)(fuzz_random(random) % length) : 0;
    size_t span = 1 + (size_t)(fuzz_random(random) % 32);
    uint8_t byte = (uint8_t)fuzz_random(random);
    span = span > length - at ? length - at : span;
    switch (fuzz_random(random) % 8) {
    case 0:
        if (length > 0)
            input[at] ^= (uint8_t)(1u << byte % 8);
        return length;
    case 1:
        if (length > 0)
            input[at] = byte;
        return length;
    case 2:
        if (length > 0)
            input[at] = telling[byte % sizeof telling];
        return length;
    case 3:
        if (length > 0)
            input[at] = (uint8_t)(input[at] + byte % 9 - 4);
        return length;
    case 4: /* a piece less */
        memmove(input + at, input + at + span, length - at - span);
        return length - span;
    case 5: /* a piece twice */
        return put_in(input, length, most, (size_t)(fuzz_random(random) % (length + 1)), input + at, span);
    case 6:
        return put_in(input, length, most, at, &telling[byte % sizeof telling], 1);
    default: /* a piece of another */
        if (other_length == 0)
            return length;
        size_t from = (size_t)(fuzz_random(random) % other_length);
        span = 1 + (size_t)(fuzz_random(random) % 128);
        return put_in(input, length, most, at, other + from, span > other_length - from ? other_length - from : span);
    }
}

size_t fuzz_mutate(uint64_t *random, uint8_t *input, size_t length, size_t most, const uint8_t *other, size_t other_length)
{
    uint64_t changes = 1 + fuzz_random(random) % 4;
    length = length > most ? most : length;
    while (changes-- > 0)
        length = mutate_once(random, input, length, most, other, other_length);
    return length;
}
