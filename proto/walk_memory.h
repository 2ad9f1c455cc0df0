/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_WALK_MEMORY_H
#define PROTO_WALK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"
#include "proto/walk.h"

/*
 * What unpacking allocates, counted beforehand, and the allocator that keeps to it. Beside the objects themselves
 * protobuf-c 1.4 allocates lists of the members it has scanned in each message (16 on its stack, then slabs of 32, 64, ...
 * of 32 bytes) and frees them when that message is done. In an arena they would stay, and a message of many small
 * messages would take several times its size; so blocks of exactly a slab's size are kept for reuse.
 */

#define WALK_GROWTH_MOST 8u      /* bytes unpacked for a byte packed: a demand of one line takes 6, one in a list of messages that are empty 11 */
#define WALK_GROWTH_BASE 65536u  /* and as many more for small messages */
#define WALK_SLAB_CLASSES 27u    /* slabs of 32 << class members */
#define WALK_DEPTHS (WALK_DEPTH_MOST + 1)

struct walk_memory {
    size_t objects;
    uint32_t members[WALK_DEPTHS]; /* the most of a message at each depth; only one is unpacked there at a time */
};

/* Counts one allocation of size bytes. */
void walk_memory_add(struct walk_memory *memory, size_t size);

/* Counts a message of that many members at depth. */
void walk_memory_members(struct walk_memory *memory, unsigned depth, uint32_t members);

/* The bytes that the arena will hand out, at most. */
size_t walk_memory_need(const struct walk_memory *memory);

/* Hands out an arena's memory and takes slabs back. */
struct walk_allocator {
    ProtobufCAllocator functions;
    struct arena *arena;
    bool failed; /* then nothing more is taken back */
    void *free[WALK_SLAB_CLASSES];
};

void walk_allocator_init(struct walk_allocator *allocator, struct arena *arena);

#endif
