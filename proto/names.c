/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

int names_init(struct names *names, struct arena *arena, size_t capacity)
{
    *names = (struct names){.entries = arena_array(arena, capacity, sizeof *names->entries), .capacity = capacity};
    return names->entries ? STATUS_OK : STATUS_NO_MEMORY;
}

void names_add(struct names *names, const char *name, uint32_t at)
{
    assert(names->count < names->capacity);
    names->entries[names->count++] = (struct names_entry){name, at};
}

static int compare(const void *left, const void *right)
{
    const struct names_entry *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

void names_sort(struct names *names)
{
    for (size_t n = 1; n < names->count; n++) {
        if (compare(&names->entries[n - 1], &names->entries[n]) > 0) {
            qsort(names->entries, names->count, sizeof *names->entries, compare);
            return;
        }
    }
}

size_t names_find(const struct names *names, const char *name)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names->entries[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == names->count || strcmp(names->entries[low].name, name) != 0) {
        return NAMES_NONE;
    }
    return names->entries[low].at;
}
