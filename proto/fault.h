/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_FAULT_H
#define PROTO_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"

/*
 * A list of faults: everything that is wrong with a file or a submission, found in one go, each with its place and
 * its remedy. Field rules, the spreadsheet reader and the desk all add to one such list; the command prints it as a
 * table, the exchange sends it back as Fault messages. Texts are copied into the list's arena. One thread at a time.
 */

#define FAULT_LIST_MOST 10000u /* more faults than a person can read; the rest is only counted */
#define FAULT_FOUND_MOST 60u   /* bytes of what was found that are repeated, cut at a character */

struct fault {
    uint32_t change;      /* index of the change (object) in the submission or file, from 0 */
    uint32_t row;         /* row of the file, the header being 1; 0: not known */
    const char *file;     /* name of the file, or NULL */
    const char *field;    /* column or field; "" for the whole */
    const char *found;    /* as written, shortened; "" where it must not be repeated (markings) */
    const char *expected; /* "YYYY-MM" */
    const char *remedy;   /* "write 2028-12" */
    bool warning;         /* does not refuse the input */
};

struct faults {
    struct arena *arena;
    struct fault *list;
    size_t count;    /* in list */
    size_t capacity;
    size_t errors;   /* faults that refuse the input, also those beyond FAULT_LIST_MOST */
    size_t warnings;
    /* Where the next fault is: set by whoever walks the rows or the changes. */
    const char *file;
    uint32_t row;
    uint32_t change;
};

/* An empty list that copies into arena, which must outlive it. */
void faults_init(struct faults *faults, struct arena *arena);

/* Adds an error at the list's present place. Texts are copied; found is shortened. Out of memory still counts it. */
void faults_add(struct faults *faults, const char *field, const char *found, const char *expected, const char *remedy);

/* The same, as a warning. */
void faults_warn(struct faults *faults, const char *field, const char *found, const char *expected, const char *remedy);

#endif
