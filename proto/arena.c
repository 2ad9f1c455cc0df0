/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK_LEAST ((size_t)16384) /* small work needs one block */
#define ARENA_BLOCK_MOST ((size_t)4 << 20) /* blocks double up to this, so large work needs few */

/*
 * With the address sanitizer a piece that is handed out has poisoned bytes behind it, and all that is not handed out is poisoned, so that an
 * overrun within a block is found as one of malloc()'s would be. The gap counts for no cap: what fits is the same in every build.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONED
#endif
#ifdef ARENA_POISONED
/* As in sanitizer/asan_interface.h, whose pointers to const make gcc ask for what was never set. */
void __asan_poison_memory_region(volatile void *bytes, size_t size);
void __asan_unpoison_memory_region(volatile void *bytes, size_t size);
#define ARENA_GAP ((size_t)16)
#define poison(bytes, size) __asan_poison_memory_region(bytes, size)
#define unpoison(bytes, size) __asan_unpoison_memory_region(bytes, size)
#else
#define ARENA_GAP ((size_t)0)
#define poison(bytes, size) ((void)0)
#define unpoison(bytes, size) ((void)0)
#endif

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

static void *allocator_alloc(void *data, size_t size)
{
    return arena_alloc(data, size);
}

static void allocator_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

void arena_init(struct arena *arena, size_t cap)
{
    *arena = (struct arena){.cap = cap};
    arena->allocator = (ProtobufCAllocator){allocator_alloc, allocator_free, arena};
}

static struct arena_block *block_for(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->blocks;
    if (block && block->size - block->used >= size) {
        return block;
    }
    size_t want = block ? block->size * 2 : ARENA_BLOCK_LEAST;
    if (want > ARENA_BLOCK_MOST) {
        want = ARENA_BLOCK_MOST;
    }
    if (want < size) {
        want = size;
    }
    block = malloc(sizeof *block + want);
    if (!block) {
        return NULL;
    }
    poison(block->bytes, want);
    block->next = arena->blocks;
    block->size = want;
    block->used = 0;
    arena->blocks = block;
    return block;
}

/* Room that is not zeroed, or NULL. */
static void *take(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size_t rounded = size ? (size + align - 1) / align * align : align;
    if (rounded > arena->cap - arena->used) {
        return NULL;
    }
    struct arena_block *block = block_for(arena, rounded + ARENA_GAP);
    if (!block) {
        return NULL;
    }
    void *result = block->bytes + block->used;
    block->used += rounded + ARENA_GAP;
    arena->used += rounded;
    unpoison(result, size);
    return result;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *result = take(arena, size);
    return result ? memset(result, 0, size) : NULL;
}

void *arena_raw(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        return NULL;
    }
    return take(arena, count * size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        return NULL;
    }
    return arena_alloc(arena, count * size);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    if (length == SIZE_MAX) {
        return NULL;
    }
    char *copy = arena_alloc(arena, length + 1);
    if (copy && length) {
        memcpy(copy, bytes, length);
    }
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (text) {
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

static void free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_drop(struct arena *arena)
{
    free_blocks(arena->blocks);
    arena->blocks = NULL;
    arena->used = 0;
}

void arena_rewind(struct arena *arena)
{
    if (arena->blocks) {
        free_blocks(arena->blocks->next);
        arena->blocks->next = NULL;
        poison(arena->blocks->bytes, arena->blocks->used);
        arena->blocks->used = 0;
    }
    arena->used = 0;
}
