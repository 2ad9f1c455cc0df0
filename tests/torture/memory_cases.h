/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_TORTURE_MEMORY_CASES_H
#define TESTS_TORTURE_MEMORY_CASES_H

#include <stddef.h>

/* What is done while memory runs out. All state is the case's own; one thread. */

struct memory_case {
    const char *name;
    /* With memory enough: makes what run() needs. NULL, or why it can't. May be NULL. */
    const char *(*begin)(void);
    /* With memory that runs out: does it. A status. */
    int (*run)(void);
    /* With memory enough again: what run() left, given its status. NULL, or what is wrong. */
    const char *(*judge)(int status);
    /* Takes all away. May be NULL. */
    void (*end)(void);
};

extern const struct memory_case memory_parsers[];
extern const size_t memory_parser_count;
extern const struct memory_case memory_stores[];
extern const size_t memory_store_count;

#endif
