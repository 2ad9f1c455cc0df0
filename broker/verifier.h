/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_VERIFIER_H
#define BROKER_VERIFIER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/note.h"
#include "store/store.h"

/*
 * The whole log hashed again on a schedule, beside the exchange's work: LMDB has no checksums, so this is what finds a byte that the disk
 * changed. A thread of its own, of the least priority, looks at the log in short steps, each from a snapshot of its own (a long one would
 * keep pages from being used again), and rests as long as it worked. It only reads; the writer never waits for it.
 *
 * The first pass begins at once, the next ones a period after the one before has ended.
 */

struct verifier;

struct verifier_progress {
    uint64_t passes;    /* that ended, and everything held */
    uint64_t verified;  /* entries of the pass under way, or of the last one */
    uint64_t size;      /* of the log, as it was seen last */
    uint64_t took;      /* milliseconds of the last pass that ended */
    int status;         /* STATUS_OK; else what ended the thread: STATUS_CORRUPT and such */
    uint64_t bad;       /* with STATUS_CORRUPT: the first position that does not hold; UINT64_MAX: none in particular */
    const char *why;    /* with STATUS_CORRUPT: a static sentence */
};

/*
 * Starts the thread; it has made all the calls that a confined process may not make when this returns. store and key must outlive it.
 * signed_from: see struct log_span. seconds: the period, not 0. Freed with verifier_free(), which takes NULL and waits for the thread
 * (a step takes milliseconds). STATUS_NO_MEMORY.
 */
int verifier_new(struct store *store, const struct note_key *key, uint64_t signed_from, uint32_t seconds, struct verifier **verifier);
void verifier_free(struct verifier *verifier);

/* How far it is; any thread. */
void verifier_look(struct verifier *verifier, struct verifier_progress *progress);

#endif
