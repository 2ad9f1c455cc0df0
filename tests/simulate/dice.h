/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_DICE_H
#define TESTS_SIMULATE_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Chance from a seed: the one source of all that is random in a simulation, keys and nonces included. Streams of their own keep one use from
 * changing the draws of another.
 */

struct dice {
    uint64_t state;
};

/* A stream of its own of a seed. */
struct dice dice_of(uint64_t seed, uint64_t stream);

/* A number below sides, which is above 0. */
uint64_t dice_roll(struct dice *dice, uint64_t sides);

/* A number from least to most. */
uint64_t dice_between(struct dice *dice, uint64_t least, uint64_t most);

/* True so many times of a thousand. */
bool dice_is(struct dice *dice, unsigned per_mille);

/* Fills bytes; data: a struct dice. Of the form that struct seam_random wants. */
void dice_fill(void *data, void *bytes, size_t length);

/* From here on libsodium draws from dice too; before seam_start() the first time. */
void dice_rule_libsodium(struct dice *dice);

#endif
