/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_ARENA_H
#define PROTO_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/*
 * Memory that is dropped whole. Work on one request, one file or one plan allocates from an arena with a hard cap;
 * nothing is freed singly. The cap is what keeps a hostile megabyte from becoming a hundred (protobuf-c can grow
 * its input up to 76-fold): when it is reached, allocations return NULL and the work is refused.
 * An arena belongs to one thread at a time.
 */
struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes handed out, with alignment */
    size_t cap;                 /* most bytes that may be handed out */
    ProtobufCAllocator allocator; /* unpack into this arena; its free does nothing */
};

/* Prepares an empty arena. cap: most bytes that it hands out. Never fails; allocates nothing yet. */
void arena_init(struct arena *arena, size_t cap);

/* size zeroed bytes aligned for any type, or NULL where the cap or the machine's memory is reached. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/*
 * The same for an object of a size that tells its alignment, as those of protobuf-c do: aligned to the greatest power of two that divides the size, to
 * ARENA_PIECE_ALIGN at most, so that a text takes its bytes and no more. Counts for arena_piece_charge() bytes, at most so many.
 */
#define ARENA_PIECE_ALIGN ((size_t)8)
void *arena_piece(struct arena *arena, size_t size);
size_t arena_piece_charge(size_t size);

/* The same as arena_alloc, not zeroed: for large room of which little may be used, so that what is not touched costs nothing. */
void *arena_raw(struct arena *arena, size_t count, size_t size);

/* The same as arena_alloc for count elements of size each; NULL on overflow too. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A copy of length bytes, with a NUL behind them; NULL as above. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length);

/* A copy of a string; NULL as above. */
char *arena_string(struct arena *arena, const char *text);

/* printf into the arena; NULL as above. */
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Frees all that was handed out; the arena can be used again. */
void arena_drop(struct arena *arena);

/* The same, but keeps the newest block, mostly the largest, for what comes next: for like work that is done over and over. */
void arena_rewind(struct arena *arena);

#endif
