/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"

/*
 * Fuzz targets: each parser and decoder is one, with a name, its own seeds and its own count of executions. They are grouped by what they
 * link, so that a program that libFuzzer drives watches little more than what it tests. The same targets run under libFuzzer
 * (driver.c, `make fuzz`) and, from seeds and a fixed sequence of mutations, in `make test` (tests/unit/fuzz_test.c).
 * What does not hold ends the process (fuzz_require), as a sanitizer's finding does. One thread.
 */

#define FUZZ_INPUT_MOST ((size_t)1 << 16)

struct fuzz_target {
    const char *name; /* also the folder of its seeds under tests/fuzz/seeds */
    void (*run)(const struct fuzz_target *target, const uint8_t *data, size_t size);
    size_t most; /* bytes of an input that is worth trying, at most FUZZ_INPUT_MOST */
    /* The seed of a number, made by the program, into FUZZ_INPUT_MOST bytes; returns its length, 0 behind the last. NULL: files alone. */
    size_t (*seed)(const struct fuzz_target *target, unsigned number, uint8_t *bytes);
    const ProtobufCMessageDescriptor *message; /* of targets that decode one message; else NULL */
    unsigned slow; /* mutations tried in `make test` are divided by this; 0 counts as 1 */
};

struct fuzz_group {
    const char *name;
    const struct fuzz_target *targets;
    size_t count;
};

extern const struct fuzz_group fuzz_group_messages, fuzz_group_contract, fuzz_group_keys, fuzz_group_sheets, fuzz_group_daemon, fuzz_group_market,
    fuzz_group_client, fuzz_group_store;

/* Ends the process with what is said where condition is false. */
#define fuzz_require(condition) ((condition) ? (void)0 : fuzz_die(#condition, __FILE__, __LINE__))
void fuzz_die(const char *condition, const char *file, int line) __attribute__((noreturn));

/* An empty arena of 64 MiB at most that this run may use; what was in it before is gone. Never NULL. */
struct arena *fuzz_arena(void);

/* A copy of the bytes with a NUL behind them, exactly as long, so that a read beyond it is seen; freed by the caller. Never NULL. */
char *fuzz_text(const uint8_t *data, size_t size);

/* A sequence of choices that the input's bytes make: each takes as many as it needs, zeros behind the end. */
struct fuzz_bytes {
    const uint8_t *at;
    size_t left;
};
uint8_t fuzz_byte(struct fuzz_bytes *bytes);
/* A number below bound, which is at least 1. */
uint64_t fuzz_below(struct fuzz_bytes *bytes, uint64_t bound);

/* The next of a fixed sequence of numbers (splitmix64), whose state moves on. */
uint64_t fuzz_random(uint64_t *random);

/* A message made from its descriptor alone: its required fields, or with a variant above 0 all, and as many of each repeated one. In arena; never NULL. */
ProtobufCMessage *fuzz_message_fill(const ProtobufCMessageDescriptor *descriptor, unsigned variant, struct arena *arena);

/* A message of every field of the descriptor, each with a value that its form allows, packed: a seed. variant 0 to 2: fuller with the number. */
size_t fuzz_message_seed(const struct fuzz_target *target, unsigned number, uint8_t *bytes);

/*
 * Changes input in place, at most `most` bytes of it afterwards: bytes flipped, taken out, doubled, put in, or a piece of another seed. The same for the same
 * state of random, which moves on. Returns the new length.
 */
size_t fuzz_mutate(uint64_t *random, uint8_t *input, size_t length, size_t most, const uint8_t *other, size_t other_length);

/* Calls each with every seed of a target, the files' in the order of their names, then those made. Returns how many there were. */
unsigned fuzz_seeds_each(const struct fuzz_target *target, void (*each)(void *data, const char *name, const uint8_t *bytes, size_t size), void *data);

/* A text as a file that a reader takes by its path: its path, good until the next call. Kept in memory, mode 0600. */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
