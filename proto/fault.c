/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/fault.h"

#include <string.h>

void faults_init(struct faults *faults, struct arena *arena)
{
    *faults = (struct faults){.arena = arena};
}

/* At most FAULT_FOUND_MOST bytes, never half a UTF-8 character. */
static const char *shortened(struct arena *arena, const char *text)
{
    size_t length = strlen(text);
    if (length <= FAULT_FOUND_MOST) {
        return arena_copy(arena, text, length);
    }
    size_t cut = FAULT_FOUND_MOST - 3;
    while (cut > 0 && ((unsigned char)text[cut] & 0xC0u) == 0x80u) {
        cut--;
    }
    char *copy = arena_alloc(arena, cut + 4);
    if (copy) {
        memcpy(copy, text, cut);
        memcpy(copy + cut, "...", 4);
    }
    return copy;
}

static struct fault *next_slot(struct faults *faults)
{
    if (faults->count == FAULT_LIST_MOST) {
        return NULL;
    }
    if (faults->count == faults->capacity) {
        size_t capacity = faults->capacity ? faults->capacity * 2 : 16;
        struct fault *list = arena_array(faults->arena, capacity, sizeof *list);
        if (!list) {
            return NULL;
        }
        if (faults->count) {
            memcpy(list, faults->list, faults->count * sizeof *list);
        }
        faults->list = list;
        faults->capacity = capacity;
    }
    return &faults->list[faults->count];
}

static void add(struct faults *faults, bool warning, const char *const text[4])
{
    if (warning) {
        faults->warnings++;
    } else {
        faults->errors++;
    }
    struct fault *slot = next_slot(faults);
    if (!slot) {
        return;
    }
    *slot = (struct fault){
        .change = faults->change,
        .row = faults->row,
        .file = faults->file,
        .field = arena_string(faults->arena, text[0]),
        .found = shortened(faults->arena, text[1]),
        .expected = arena_string(faults->arena, text[2]),
        .remedy = arena_string(faults->arena, text[3]),
        .warning = warning,
    };
    if (slot->field && slot->found && slot->expected && slot->remedy) {
        faults->count++;
    }
}

void faults_add(struct faults *faults, const char *field, const char *found, const char *expected, const char *remedy)
{
    add(faults, false, (const char *const[]){field, found, expected, remedy});
}

void faults_warn(struct faults *faults, const char *field, const char *found, const char *expected, const char *remedy)
{
    add(faults, true, (const char *const[]){field, found, expected, remedy});
}
