/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_WALK_H
#define PROTO_WALK_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"

/*
 * Bytes from outside, measured against the schema before anything is unpacked. protobuf-c by itself accepts what would let
 * a small message grow 76-fold, overflow the stack, or mean one thing here and another there; so every message from a peer
 * or a file passes this walker first. It allocates nothing, and refuses:
 * more bytes than allowed; unknown fields; a singular field twice; a required field missing; a wrong wire type (packed too);
 * a tag or varint longer than it need be; 64 bits where the field has 32; a bool other than 0 or 1; an enum value that is 0 or
 * not in the schema; text that is not UTF-8 or holds a NUL; nesting over WALK_DEPTH_MOST; more elements in a repeated field than
 * walk_limits.def allows it (WALK_REPEATED_MOST where it says nothing); an inner length that passes its message's end.
 * It also sums what unpacking will allocate, so a message that would not fit its arena is refused before the first allocation.
 * Pure functions, thread-safe.
 */

#define WALK_DEPTH_MOST 16u       /* the contract nests 6 deep */
#define WALK_REPEATED_MOST 20000u /* elements of one repeated field, unless walk_limits.def says otherwise */
#define WALK_FIELDS_MOST 64u      /* fields of one message type: bounds the walker's own stack */

/* Where and why a message was refused, for an error text that repeats nothing of its content. */
struct walk_fault {
    const char *rule; /* "unknown field", static text */
    char path[160];   /* "demands[7300].lines[2].month" */
    uint32_t change;  /* index in the outermost repeated field, or 0 */
};

/*
 * Measures size bytes against descriptor. most: bytes allowed. need (may be NULL) gets the bytes that unpacking takes of an arena.
 * fault may be NULL. STATUS_OK, STATUS_TOO_LARGE (bytes, depth, counts), STATUS_INVALID (all else).
 */
int walk_check(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size, size_t most, size_t *need,
               struct walk_fault *fault);

/*
 * Walks, then unpacks into arena; *message belongs to the arena and is never freed singly. Nothing is allocated where the walk refuses
 * or the arena's cap leaves too little. Errors as walk_check(), STATUS_NO_MEMORY.
 */
int walk_unpack(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size, size_t most, struct arena *arena,
                ProtobufCMessage **message, struct walk_fault *fault);

/*
 * Packs a message into arena. STATUS_NO_MEMORY; STATUS_INVALID where the message is not whole (a required pointer is NULL).
 * For messages that the program made; never to pack again what was received.
 */
int walk_pack(const ProtobufCMessage *message, struct arena *arena, uint8_t **bytes, size_t *size);

#endif
