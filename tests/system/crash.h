/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SYSTEM_CRASH_H
#define TESTS_SYSTEM_CRASH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A scripted run of the store in a process of its own, behind the faulty disk of tests/torture/shim.c, and the judgement of
 * what it left. None of these use cmocka.
 */

#define CRASH_FAILED 100 /* exit code of a script that stopped with a status: 100 + status */

struct crash_fault {
    unsigned long at;   /* number of the call, from 1; 0: none */
    const char *how;    /* fail, short, done, kill */
    bool always;        /* and all calls behind it */
    const char *record; /* file for a recording, or NULL */
    const char *file;   /* end of the path of the file that it strikes; NULL: the store's */
};

/*
 * Runs "self --script folder batches" with the fault: a store in folder/store, acknowledgements in folder/acks. *fired: the fault came to pass.
 * Returns what waitpid() gave.
 */
int crash_run(const char *folder, unsigned batches, const struct crash_fault *fault, bool *fired);

/*
 * The script itself: batches of 3 entries, each acknowledged once it is committed, and a rebuild half way. batches 0: instead, the store in
 * folder/store is copied to folder/copy. The exit code.
 */
int crash_script(const char *folder, unsigned batches);

/* The size of the log last acknowledged in a folder; 0: none. */
uint64_t crash_acknowledged(const char *folder);

/*
 * Opens the store at path and judges it: it holds all that was acknowledged, whole batches only, its log verifies, and its tables equal a
 * rebuild. NULL, or what is wrong. A store that was never made is right where nothing was acknowledged.
 */
const char *crash_judge(const char *path, uint64_t acknowledged);

/* The same in a process of its own, which a damaged file may bring down. True where all is right. */
bool crash_judge_apart(const char *path, uint64_t acknowledged);

#endif
