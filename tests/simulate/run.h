/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_RUN_H
#define TESTS_SIMULATE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/note.h"
#include "proto/seam.h"
#include "tests/simulate/client.h"
#include "tests/simulate/dice.h"
#include "tests/simulate/disk.h"
#include "tests/simulate/front.h"
#include "tests/simulate/history.h"
#include "tests/simulate/ledger.h"
#include "tests/simulate/node.h"
#include "tests/simulate/planning.h"
#include "tests/simulate/trace.h"

/*
 * One seed: an exchange, its front, planner, disk and clock, and all its clients, in one process and one thread. A run begins in peace, or
 * not; it is chaos for so many steps, then calm, in which everybody must come to an end. Whatever does not hold is a finding, which ends it.
 */

#define RUN_TEXT 512u

struct run_figures {
    uint64_t steps, restarts, kills, power_cuts, disk_faults, disks_full, planner_faults, front_kills, clock_jumps, days;
    uint64_t cut_connections, duplicated, misdelivered, forged, forgotten;
    uint64_t redactions;
    uint64_t sent, acknowledged, repeated, refused, read, entries, bundles, committed, opened;
    uint64_t changes_dropped; /* of the disk, by power cuts */
};

/* A redaction that one coordinator has asked for, and told the others of. */
struct run_redaction {
    bool open;
    size_t by;
    uint64_t position;
    size_t operation;
};

struct run {
    uint64_t seed;
    const char *mutation;      /* what is broken on purpose; NULL: nothing */
    struct trace trace;
    struct dice dice;          /* what happens */
    struct dice secrets;       /* keys, nonces, ids */
    struct seam_random random; /* over secrets */
    uint64_t step;
    uint64_t monotonic;        /* milliseconds */
    uint64_t wall;
    int64_t skew;              /* of the exchange's wall clock */
    bool chaos;                /* things go wrong */
    bool ending;               /* nothing new is begun */
    unsigned heat;             /* how much goes wrong: per mille a step */
    struct seam_clock clock;
    char folder[256];
    struct disk disk;
    struct node node;
    struct front front;
    struct planning planning;
    struct client *clients;    /* the first is the first coordinator */
    size_t client_count;
    unsigned lots;
    struct run_redaction redaction;
    struct history history;
    struct ledger ledger;
    struct arena arena;        /* of what is made to be sent */
    struct arena look;         /* of what is looked at */
    struct run_figures figures;
    uint64_t looked_at;        /* starts after which the whole log was looked at */
    bool looking;              /* the checks' own calls, not the exchange's */
    bool found;                /* something does not hold */
    uint64_t found_step;
    char invariant[64];
    char finding[RUN_TEXT];
    char hash[TRACE_HEX];
};

/* Runs a seed in a fresh folder below folder. False: a finding, or (STATUS in invariant "setup") it could not begin. */
bool run_seed(struct run *run, uint64_t seed, const char *folder, const char *mutation, bool talks);

/* A line of the trace. */
void run_note(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Something does not hold: invariant in a word or two, and what. The first one counts. */
void run_finding(struct run *run, const char *invariant, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The run under way: for what is called by the exchange without being told whose it is. NULL: none. */
extern struct run *run_current;

#endif
