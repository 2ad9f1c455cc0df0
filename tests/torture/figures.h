/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_TORTURE_FIGURES_H
#define TESTS_TORTURE_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a torture counts, over all its parts; and where it says what it does. */

#define TORTURE_PATH_MOST 512u
#define TORTURE_PROBLEM_MOST 1024u

struct torture {
    uint64_t seed;             /* of the whole; each run of cycles has its own, made from it */
    bool talks;                /* a line for each run and part to standard output */
    uint64_t cycles;           /* processes killed */
    uint64_t killed[4];        /* parent, front, exchange, planner */
    uint64_t runs;             /* exchanges that were made, tortured and checked whole */
    uint64_t acknowledged;     /* submissions, checked one by one */
    uint64_t unacknowledged;   /* sent and never answered: in the log whole, or not at all */
    uint64_t entries;          /* of logs that were verified whole */
    uint64_t lost;             /* findings: acknowledged and not there, or anything else that does not hold */
    uint64_t faults_injected;  /* calls of the storage that went wrong, kills at a call among them */
    uint64_t memory_faults;    /* allocations that failed */
    uint64_t prefixes_replayed; /* states after a power cut that were opened */
    uint64_t bytes_flipped;    /* in the file of a store */
    uint64_t flips_named;      /* of them, found by the hashes, with the position */
    uint64_t flips_refused;    /* of them, found by the storage itself: a page that is none */
    uint64_t flips_repaired;   /* of them, in derived tables, made again from the log */
    uint64_t flips_late;       /* of them, in the lists of free pages: named once a writer had used them */
    uint64_t disks_filled;
    double began;              /* seconds, monotonic */
    const char *json;          /* file that all figures are written to now and then, or NULL */
    char problem[TORTURE_PROBLEM_MOST]; /* the first finding; empty: none */
};

/* Notes a finding, with the seed that shows it again. Returns false. */
bool torture_finding(struct torture *torture, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line of progress, where it talks. */
void torture_say(const struct torture *torture, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Seconds since it began. */
double torture_seconds(const struct torture *torture);

/* Writes all figures to its file, whole or not at all; nothing where it has none. A status. */
int torture_write(const struct torture *torture);

/* The parts. Each returns false after a finding. */

/* Exchanges under 64 clients whose processes are killed, together so many times; a whole check after each run. */
bool torture_kills(struct torture *torture, unsigned cycles, unsigned clients, unsigned cycles_a_run);

/* A byte of the store's file flipped, so many times while the broker is stopped, once while it runs. */
bool torture_flips(struct torture *torture, unsigned count);

/* Every call of the storage goes wrong, in each way, in a scripted run of so many batches; every step-th call. */
bool torture_faults(struct torture *torture, unsigned batches, unsigned step);

/* The same for a copy of a store: it is whole, or said to have failed and gone. */
bool torture_copies(struct torture *torture);

/* Every prefix of the run's writes, with what was not flushed dropped, kept, or so many times any of it; the same after failed calls. */
bool torture_power(struct torture *torture, unsigned batches, unsigned seeds, unsigned step);

/* The same for a whole exchange: the writes of some batches under clients, every prefix opened as an exchange. */
bool torture_replay(struct torture *torture, unsigned acknowledged, unsigned seeds);

/* A whole exchange under clients whose storage fails so many times. */
bool torture_daemon(struct torture *torture, unsigned faults);

/* A full disk, where this machine gives one. */
bool torture_full(struct torture *torture);

/* Each allocation of the parsers and the store fails (every step-th). */
bool torture_memory(struct torture *torture, unsigned step);

#endif
