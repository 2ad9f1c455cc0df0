/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_SUGGEST_H
#define CLIENTS_MUSTER_SUGGEST_H

#include <stddef.h>

/*
 * The known word nearest to a mistyped one: the fewest letters added, left out, changed or swapped with their neighbour. Pure.
 */

struct suggest {
    const char *typed;
    const char *nearest; /* NULL: none is near enough to be meant */
    size_t distance;
};

/* Prepares to look for the nearest to typed, which must outlive it. */
void suggest_begin(struct suggest *suggest, const char *typed);

/* Considers one known word; the first of equals wins. */
void suggest_offer(struct suggest *suggest, const char *known);

/* Letters to change to make one word the other (words over 63 bytes count as far apart). */
size_t suggest_distance(const char *left, const char *right);

#endif
