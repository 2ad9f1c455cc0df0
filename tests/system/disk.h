/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SYSTEM_DISK_H
#define TESTS_SYSTEM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a disk may hold after a power cut, made from a recording of the calls that reached it (tests/torture/shim.c).
 * Writes are on the disk after the next flush, or at once where they went through O_DSYNC; of the others any may be, whole or in
 * part, in units of 512 bytes. A call that was under way at the cut counts as one of those.
 */

struct disk; /* a recording */

/* Reads a recording; NULL where there is none. */
struct disk *disk_read(const char *path);
void disk_free(struct disk *disk);

/* Number of calls in it: a cut can come during each, and after the last. */
size_t disk_calls(const struct disk *disk);

enum disk_cut {
    DISK_NONE,   /* nothing that was not flushed is there */
    DISK_ALL,    /* everything is there */
    DISK_SOME,   /* each write is there or not, by the seed */
    DISK_TORN    /* each 512 bytes of each write are there or not, by the seed */
};

/*
 * Writes to folder/journal, and to folder/data.mdb, or folder/store.new/data.mdb before the file got its place, what the disk holds when the power fails during call number at (disk_calls(): after the last). no_flush: as if flushes and
 * O_DSYNC did nothing. acknowledged (8 bytes of it; UINT64_MAX where there is none) gets the greatest acknowledgement before.
 */
void disk_image(const struct disk *disk, size_t at, enum disk_cut cut, uint64_t seed, bool no_flush, const char *folder,
                uint64_t *acknowledged);

#endif
