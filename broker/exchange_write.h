/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_WRITE_H
#define BROKER_EXCHANGE_WRITE_H

#include "broker/exchange_request.h"

#define WRITE_ARENA_CAP ((size_t)1 << 30) /* a proposal holds its market; a batch closes several rounds */

/*
 * The write transaction of one batch, at one log time: what is due, what the exchange itself has to say, the submissions
 * in order, the signed head, the commit. All of it stands in the log or nothing. Writer's thread.
 */

struct exchange_write {
    struct exchange *exchange;
    struct store_txn *txn;
    struct arena arena;
    uint64_t time;       /* log time of every entry of the batch */
    uint64_t size;       /* of the log: the next entry's position */
    uint64_t kept;       /* size when the transaction began: what can't be undone any more */
    unsigned entries;    /* written so far */
    unsigned planning;   /* of them, those that may change a plan */
    bool parties;        /* one of them changed who is let in */
    bool confirmed;      /* one of them confirmed the clock */
    bool opened;         /* one of them confirmed the list of parties of a restored exchange */
    bool redacted;       /* one of them says that another's body is gone */
    bool jumped;         /* one of them says that the clock jumped */
    bool full;           /* no submission fits */
    bool reserve;        /* only those of coordinators */
};

/* Begins, without a log time and without writing anything. */
int write_open(struct exchange *exchange, struct exchange_write *write);

/* Begins; a clock that jumped gets its entry first, then what is due is written. Ended by write_finish() or write_abort(). */
int write_begin(struct exchange *exchange, struct exchange_write *write);

/* Writes an entry of the exchange itself. submission has its noun alone; the rest is filled in here. */
int write_own(struct exchange_write *write, Muster__Submission *submission, uint64_t *position);

/*
 * Checks a submission in PROTOCOL's order and writes its entry, or fills in a refusal; a check writes nothing. STATUS_OK
 * (also where it was refused), STATUS_FORGED (rolled back), or a failure that ends the transaction.
 */
int write_request(struct exchange_write *write, struct exchange_request *request);

/* The record of a coordinator whose keys came by the operator's hand: it needs no invitation and no comparison. STATUS_NO_MEMORY. */
struct introduction_coordinator;
int exchange_coordinator_record(const struct introduction_coordinator *coordinator, struct arena *arena, Muster__PartyRecord **record);

/* Signs the head and commits. STATUS_NO_SPACE: nothing was written, and the same may succeed with less. */
int write_finish(struct exchange_write *write);
void write_abort(struct exchange_write *write);

/*
 * Writes a batch: as many transactions as it takes, so that a submission that does not fit refuses nobody else. Every
 * request that has a submission is answered after it, or accepted.
 */
int write_batch(struct exchange *exchange, struct exchange_request **requests, size_t count);

#endif
