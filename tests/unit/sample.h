/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_SAMPLE_H
#define TESTS_UNIT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/keys.h"
#include "proto/log.pb-c.h"

/* Submissions for tests: whole, valid, and different by number. All lie in the arena, which must have room; never NULL. */

/* A submission of party "nl-dmo" with count demands; its id and texts follow from number. */
Muster__Submission *sample_submission(struct arena *arena, const struct key_pair *signing_key, uint64_t number, size_t count);

/* The same, as an envelope. */
uint8_t *sample_envelope(struct arena *arena, const struct key_pair *signing_key, uint64_t number, size_t count, size_t *size);

#endif
