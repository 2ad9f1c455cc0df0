/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/walk_memory.h"

#include <stdalign.h>
#include <string.h>

#define MEMBER_SIZE ((size_t)32)  /* sizeof(ScannedMember) of protobuf-c 1.4 on 64-bit machines */
#define FIRST_CLASS_MEMBERS 32u   /* members of the first slab behind the 16 on the stack */
#define ALIGNMENT alignof(max_align_t)
#define SLAB_HEADER ALIGNMENT     /* holds the slab's class, and keeps it aligned */

/* Which class of slab has exactly size bytes; WALK_SLAB_CLASSES: none. */
static unsigned slab_class(size_t size)
{
    for (unsigned class = 0; class < WALK_SLAB_CLASSES; class++) {
        if (size == MEMBER_SIZE * FIRST_CLASS_MEMBERS << class) {
            return class;
        }
    }
    return WALK_SLAB_CLASSES;
}

static bool may_be_slab(size_t size)
{
    return size >= MEMBER_SIZE * FIRST_CLASS_MEMBERS && !(size & (size - 1)) && slab_class(size) < WALK_SLAB_CLASSES;
}

void walk_memory_add(struct walk_memory *memory, size_t size)
{
    memory->objects += may_be_slab(size) ? size + SLAB_HEADER : arena_piece_charge(size);
}

void walk_memory_members(struct walk_memory *memory, unsigned depth, uint32_t members)
{
    if (depth < WALK_DEPTHS && members > memory->members[depth]) {
        memory->members[depth] = members;
    }
}

size_t walk_memory_need(const struct walk_memory *memory)
{
    size_t need = memory->objects;
    for (unsigned depth = 0; depth < WALK_DEPTHS; depth++) {
        size_t slab = FIRST_CLASS_MEMBERS;
        for (size_t held = FIRST_CLASS_MEMBERS / 2; held < memory->members[depth]; held += slab / 2) {
            need += MEMBER_SIZE * slab + SLAB_HEADER;
            slab *= 2;
        }
    }
    return need;
}

static void *walk_alloc(void *data, size_t size)
{
    struct walk_allocator *allocator = data;
    if (!may_be_slab(size)) {
        void *object = arena_piece(allocator->arena, size);
        allocator->failed |= !object;
        return object;
    }
    unsigned class = slab_class(size);
    unsigned char *block = allocator->free[class];
    if (block) {
        memcpy(&allocator->free[class], block + SLAB_HEADER, sizeof(void *));
        return block + SLAB_HEADER;
    }
    block = arena_alloc(allocator->arena, size + SLAB_HEADER);
    if (!block) {
        allocator->failed = true;
        return NULL;
    }
    memcpy(block, &class, sizeof class);
    return block + SLAB_HEADER;
}

/* protobuf-c frees slabs alone, unless an allocation failed: then it frees all, and the arena is given up anyway. */
static void walk_free(void *data, void *pointer)
{
    struct walk_allocator *allocator = data;
    if (!pointer || allocator->failed) {
        return;
    }
    unsigned char *block = (unsigned char *)pointer - SLAB_HEADER;
    unsigned class;
    memcpy(&class, block, sizeof class);
    memcpy(pointer, &allocator->free[class], sizeof(void *));
    allocator->free[class] = block;
}

void walk_allocator_init(struct walk_allocator *allocator, struct arena *arena)
{
    *allocator = (struct walk_allocator){.arena = arena, .functions = {walk_alloc, walk_free, allocator}};
}
