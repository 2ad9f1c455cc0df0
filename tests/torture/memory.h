/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_TORTURE_MEMORY_H
#define TESTS_TORTURE_MEMORY_H

#include <stdbool.h>

/*
 * Each allocation of the parsers (contract, spreadsheet, configuration, scenario) and of the store fails in turn, once and for ever from it on,
 * until a run has none left: nothing crashes, the status says what happened, nothing is half done, and the same works the next time.
 * The runs take place in a process of their own behind tests/torture/memory_shim.c.
 */

/* Of the shim: the at-th allocation from now on fails (always: and all behind it). */
typedef void memory_arm_function(unsigned long at, bool always);
/* Ends that; whether one failed. */
typedef bool memory_disarm_function(void);

/* The process's own main, for "PROGRAM --memory STEP": every STEP-th allocation. Prints a line before each run. Its exit code. */
int memory_main(unsigned step);

#endif
