/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_NAMES_H
#define PROTO_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"

/*
 * Finds things by name. The names are sorted bytewise once and searched by halving: no hash that a hostile file could
 * flood, and the sorted order is the canonical order in which lots, demands and offers are planned.
 * Names are kept by pointer, not copied. After the sort any number of threads may look up.
 */

#define NAMES_NONE SIZE_MAX

struct names_entry {
    const char *name;
    uint32_t at; /* position in the caller's list */
};

struct names {
    struct names_entry *entries; /* by name, equal names by position */
    size_t count;
    size_t capacity;
};

/* Room for capacity names in arena. STATUS_NO_MEMORY where there is none. */
int names_init(struct names *names, struct arena *arena, size_t capacity);

/* Appends a name at a position of the caller's list; the capacity must not be exceeded. */
void names_add(struct names *names, const char *name, uint32_t at);

/* Sorts what was added. Cheap where it is sorted already. */
void names_sort(struct names *names);

/* The least position under that name, or NAMES_NONE. Only after names_sort. */
size_t names_find(const struct names *names, const char *name);

#endif
