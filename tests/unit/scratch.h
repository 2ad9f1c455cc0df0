/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

#include "proto/seam.h"

/* What tests share: a folder of their own under $TMPDIR or /tmp, and randomness from a seed. */

struct scratch {
    char path[256];
};

/* Makes an empty folder; ends the program where it can't. */
void scratch_make(struct scratch *scratch);

/* Path of a name in it, in a static buffer that the next calls but three overwrite. */
const char *scratch_path(const struct scratch *scratch, const char *name);

/* Removes it and all in it. */
void scratch_remove(const struct scratch *scratch);

/* Reads a whole file into malloc'd memory with a NUL behind it; NULL where it can't. */
char *scratch_read(const char *path, size_t *length);

/* Writes a whole file. */
void scratch_write(const char *path, const void *bytes, size_t length);

/* The same bytes for the same seed. */
struct seeded {
    uint64_t state;
    struct seam_random random;
};

void seeded_start(struct seeded *seeded, uint64_t seed);

#endif
