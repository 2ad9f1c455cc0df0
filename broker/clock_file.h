/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_CLOCK_FILE_H
#define BROKER_CLOCK_FILE_H

#include "proto/seam.h"

/*
 * A clock that a test sets: a file with milliseconds since 1970 UTC in decimal, and behind a blank, where the test wants
 * the clock to jump against it, the monotonic clock's; without one both are the same. From when the file was written it runs
 * on as time does, in every process that reads it. It is read at each question, so the test writes in place. Never for real use: the configuration refuses it
 * unless told twice. One thread.
 */

struct clock_file {
    int fd;
    uint64_t set_wall;      /* as the file says */
    uint64_t set_monotonic;
    uint64_t set_at;        /* the machine's clock when it was written */
    uint64_t highest;       /* monotonic time that was told */
};

/* Opens the file and fills clock with functions on file, which must outlive it. STATUS_NOT_FOUND, STATUS_INVALID. */
int clock_file_open(const char *path, struct clock_file *file, struct seam_clock *clock);

#endif
