/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_HANDS_H
#define BROKER_DESK_HANDS_H

#include "broker/desk/noun.h"

/*
 * What takes two coordinators: a release above the policy's value, new keys that bind at once, a redaction. The first one's
 * deed is noted with its name; the second one's counts only where it is another's. A coordinator that has been suspended
 * meanwhile, or is none any more, has not acted: who comes next is the first.
 */

enum hands {
    HANDS_FIRST,  /* nobody has acted, or nobody that still counts */
    HANDS_SAME,   /* the sender itself was the first */
    HANDS_SECOND  /* another coordinator was */
};

/*
 * What a confirmed coordinator's deed is, after that of first ("" or NULL: nobody). Reads the tables alone, so check and apply
 * find the same. Errors of storage and memory.
 */
int hands_of(struct store_txn *txn, struct arena *arena, const char *first, const char *sender, enum hands *hands);

/* Adds the fault of a coordinator that would be both hands. what: "the release of B-0041". */
void hands_refuse_same(struct desk_work *work, const char *what);

/* Number of confirmed coordinators, but_of (may be NULL) left out. */
int hands_coordinators(struct store_txn *txn, struct arena *arena, const char *but_of, size_t *count);

#endif
