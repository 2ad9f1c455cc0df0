/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_REDACTIONS_H
#define BROKER_DESK_REDACTIONS_H

#include "broker/desk/desk.h"
#include "broker/desk/state.h"

/*
 * Redactions that are under way, and what is left of an entry whose body is gone. Everything lies in the arena that was passed.
 * Threads: as the transaction.
 */

/* Those that are not done: proposed, or confirmed and about to be done; by position. A failure of storage or memory. */
int redactions_open(struct store_txn *txn, struct arena *arena, Muster__StoredRedaction ***list, size_t *count);

/* Fills due->redacted with the next entry to drop; leaves it NULL where none is. A failure of storage or memory. */
int redactions_due(struct store_txn *txn, struct arena *arena, Muster__Submission *due);

/* The submission that a rebuild applies in the place of the one that is gone. STATUS_CORRUPT, STATUS_NO_MEMORY. */
int redactions_remains(const Muster__Redacted *redacted, struct arena *arena, Muster__Submission **remains);

/*
 * The same by the entry's position, with what is left of its body: for a rebuild, in which the entry that says so still lies ahead.
 * STATUS_CORRUPT where nothing says so.
 */
struct log_redacted;
int redactions_replay(struct store_txn *txn, uint64_t position, struct arena *arena, struct log_redacted *redacted, Muster__Submission **remains);

#endif
