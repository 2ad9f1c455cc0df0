/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_HOUSE_H
#define TESTS_UNIT_HOUSE_H

#include <stddef.h>

/*
 * Reads the C sources of the five rooms as text and holds them against the rules of the house. Each check returns the
 * number of findings and writes the first into `finding`.
 */
struct house_file {
    const char *path; /* from the top of the repository */
    const char *text;
};

struct house {
    struct house_file *files;
    size_t count;
};

/* Reads every .c and .h below root's rooms. Returns 0, or 1 where a folder or file can't be read. house_free frees it. */
int house_read(const char *root, struct house *house);
void house_free(struct house *house);

/* Includes of another room than the layers allow, and of a library's header by another room than its own. */
int house_bad_includes(const struct house *house, char *finding, size_t size);
/* Includes that lead back to where they started. */
int house_circles(const struct house *house, char *finding, size_t size);
/* Files over 600 lines and functions over 80. */
int house_too_long(const struct house *house, char *finding, size_t size);
/* Words in comments that say something is unfinished; tests are exempt. */
int house_unfinished(const struct house *house, char *finding, size_t size);

#endif
