/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK_LEAST ((size_t)16384) /* small work needs one block */
#define ARENA_BLOCK_MOST ((size_t)4 << 20) /* blocks double up to this, so large work needs few */
#define ARENA_ALONE ((size_t)256 << 10) /* from here on a piece that does not fit has a block of its own */

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

static size_t up_to(size_t size, size_t step)
{
    return (size + step - 1) / step * step;
}

/* A block with room for size bytes behind what is used of it, from a multiple of align on. */
static struct arena_block *block_for(struct arena *arena, size_t size, size_t align)
{
    struct arena_block *block = arena->blocks;
    if (block && up_to(block->used, align) <= block->size && block->size - up_to(block->used, align) >= size) {
        return block;
    }
    bool alone = block && size >= ARENA_ALONE; /* what is large leaves the room of the last block to what comes next */
    size_t want = alone ? size : block ? block->size * 2 : ARENA_BLOCK_LEAST;
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
    block->size = want;
    block->used = 0;
    struct arena_block **place = alone ? &arena->blocks->next : &arena->blocks;
    block->next = *place;
    *place = block;
    return block;
}

/* Room that is not zeroed, or NULL. charge: what it counts towards the cap, whatever gap goes before it. */
static void *take_aligned(struct arena *arena, size_t size, size_t align, size_t charge)
{
    if (charge > arena->cap - arena->used) {
        return NULL;
    }
    /* A poisoned gap begins where the sanitizer's eight bytes do. */
    size_t step = ARENA_GAP ? alignof(max_align_t) : align;
    struct arena_block *block = block_for(arena, size + ARENA_GAP, step);
    if (!block) {
        return NULL;
    }
    size_t at = up_to(block->used, step);
    block->used = at + size + ARENA_GAP;
    arena->used += charge;
    unpoison(block->bytes + at, size);
    return block->bytes + at;
}

static void *take(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size_t rounded = size ? up_to(size, align) : align;
    void *result = take_aligned(arena, rounded, align, rounded);
    if (result && ARENA_GAP) {
        poison((unsigned char *)result + size, rounded - size);
    }
    return result;
}

/* What a size says of an alignment: no type's is more than the greatest power of two that divides its size. */
static size_t alignment_of(size_t size)
{
    size_t bit = size & (~size + 1);
    return bit < ARENA_PIECE_ALIGN ? bit : ARENA_PIECE_ALIGN;
}

size_t arena_piece_charge(size_t size)
{
    return size == 0 ? 1 : size + alignment_of(size) - 1;
}

void *arena_piece(struct arena *arena, size_t size)
{
    size_t taken = size == 0 ? 1 : size;
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    void *result = take_aligned(arena, taken, alignment_of(taken), arena_piece_charge(size));
    return result ? memset(result, 0, taken) : NULL;
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
