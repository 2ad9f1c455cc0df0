/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_DISK_H
#define TESTS_SIMULATE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/simulate/dice.h"

/*
 * The disk under the store: a real folder, best in memory, whose files are written through this program's own pwrite(), write(), writev(),
 * fsync(), fdatasync(), ftruncate(), rename() and unlink(), LMDB's too. What was not flushed is remembered as it was and as it became, so
 * that a power cut can take any of it back, whole or by the sector. Any call can be made to go wrong. Names of files last as they are given.
 */

#define DISK_SECTOR 512u

enum disk_how {
    DISK_FAIL,  /* nothing is done, and an error reported; what a flush did not reach may stay in memory alone, for good */
    DISK_SHORT, /* half is written, and said so */
    DISK_DONE   /* it is done, and reported as failed */
};

struct disk_change;

struct disk {
    char folder[256];
    bool (*effect)(void *data); /* asked before each call: false: who calls is dead, and nothing happens any more */
    void *data;
    struct disk_change *changes; /* since the last flush, oldest first */
    size_t count, capacity;
    struct {
        unsigned after;          /* calls until it goes wrong; 0: none is to */
        enum disk_how how;
        int error;
        bool always;             /* every call from then on */
        uint64_t fired;
    } fault;
    bool dying;                  /* whoever writes is killed in the middle of its next write */
    bool lies;                   /* it says flushed and flushes nothing: for the proof that a simulation notices */
    bool late;                   /* it says flushed, and has flushed what stood at the flush before */
    uint64_t writes, flushes, dropped;
};

/* The files below folder are this disk's from now on; one disk at a time. */
void disk_open(struct disk *disk, const char *folder, bool (*effect)(void *data), void *data);
void disk_close(struct disk *disk);

/* All that was written is on the disk: it was copied to another one, which was flushed. */
void disk_settle(struct disk *disk);

/* Takes back what was not flushed: each write stays, goes, or stays in part. No file of it may be open. */
void disk_power_cut(struct disk *disk, struct dice *dice);

/* The so-manieth call from now goes wrong. */
void disk_arm(struct disk *disk, unsigned after, enum disk_how how, int error, bool always);

#endif
