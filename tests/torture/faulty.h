/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_TORTURE_FAULTY_H
#define TESTS_TORTURE_FAULTY_H

#include <stdbool.h>

#include "tests/system/harness.h"

/* The disk of tests/torture/shim.c under an exchange's store, for the next musterd that is started. */

struct faulty {
    const char *how;    /* fail, short, done, kill; NULL: nothing goes wrong */
    bool always;        /* at the call and at all behind it */
    unsigned at;        /* number of the call, from 1 */
    const char *fired;  /* file that gets a byte when it happens, or NULL */
    const char *record; /* file for a recording, or NULL */
};

/* From now on what this process starts has the disk; until faulty_clear(). A status. */
int faulty_set(const struct harness *harness, const struct faulty *faulty);
void faulty_clear(void);

/* Whether it happened. */
bool faulty_has_fired(const char *fired);

#endif
