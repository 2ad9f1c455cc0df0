/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_H
#define BROKER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/admission.h"
#include "proto/note.h"
#include "proto/seam.h"
#include "store/store.h"

/*
 * The exchange as a function of its store, a clock, randomness and a batch of messages: it knows no socket, no process
 * and no configuration file, so that a simulation can drive the whole of it in one process. broker/exchange_process
 * gives it pipes and the machine's clock.
 *
 * A batch: the boxes are opened and the signatures verified on helper threads; log time is taken once; what is due is
 * written, then each submission in order of arrival; the head is signed; one commit; then everybody is answered, the
 * readers from the state after it. Nothing is answered before it is durable.
 *
 * Errors: STATUS_IO and STATUS_CORRUPT mean that the storage can't be trusted, STATUS_FORGED that a client showed a later
 * head of our own key (the store was rolled back): the process ends with EXIT_CODE_IO until a person looks.
 * STATUS_NO_MEMORY ends the process, which is started again. All else is answered to who caused it.
 */

#define EXCHANGE_STORE "store"                /* in the exchange's folder */
#define EXCHANGE_LOG_KEY "keys/log.key"
#define EXCHANGE_SIGNING_KEY "keys/signing.key"
#define EXCHANGE_BOX_KEY "keys/box.key"
#define EXCHANGE_FRONT_KEY "keys/front.key"
#define EXCHANGE_CPV_LIST "cpv.csv"           /* the official vocabulary (proto/codes/cpv.h); may be missing */
#define EXCHANGE_BATCH_MOST 256u              /* messages of one batch */
#define EXCHANGE_PARKED_MOST 4096u            /* watches and compares that wait */

struct exchange;

struct exchange_options {
    const char *directory;
    uint64_t map_size;               /* bytes, as store/store.h */
    uint64_t floor;
    bool reader;                     /* a thread of its own answers who reads: exchange_collect() hands over what it has */
    unsigned helpers;                /* threads beside the writer; 0 in a simulation */
    const struct seam_clock *clock;
    const struct seam_random *random;
    const struct store_files *files; /* NULL: the machine's */
};

struct exchange_message {
    uint64_t handle;      /* whom to answer */
    const char *party;    /* as the front claims by the CURVE key; only compared */
    const uint8_t *bytes; /* a box; need not outlive the call */
    size_t length;
};

/*
 * Called for each answer, on the caller's thread, within the call that it belongs to; length 0: none will come. flush (may be NULL): what was
 * handed over should leave now, other work comes first.
 */
struct exchange_sink {
    void (*answer)(void *data, uint64_t handle, const uint8_t *bytes, size_t length);
    void (*flush)(void *data);
    void *data;
};

/*
 * Opens store and keys, rebuilds old tables, judges the clock. Nothing is written but by a rebuild. *why (may be NULL): a
 * static word on what failed. Freed with exchange_close(), which takes NULL.
 */
int exchange_open(const struct exchange_options *options, struct exchange **exchange, const char **why);
void exchange_close(struct exchange *exchange);

struct introduction_coordinator;

/* What a new exchange is called, where it is reached, and by which key of its front. */
struct exchange_founding {
    const char *origin;
    const char *address;
    uint8_t front_key[32];
    const struct introduction_coordinator *coordinator; /* NULL: a restored store has its own */
};

/*
 * Writes the genesis of a new exchange, whose keys lie in the options' folder and whose store is made; or, without a
 * coordinator, the genesis by which a restored store goes on under another origin. STATUS_EXISTS: there is one already;
 * else as exchange_open().
 */
int exchange_found(const struct exchange_options *options, const struct exchange_founding *founding);

/* Writes and commits the started entry; before it nobody is answered. STATUS_NO_SPACE: try again later. */
int exchange_start(struct exchange *exchange);

/* One batch of 0 to EXCHANGE_BATCH_MOST messages. */
int exchange_batch(struct exchange *exchange, const struct exchange_message *messages, size_t count,
                   const struct exchange_sink *sink);

/*
 * What time brings: rounds and lapses that are due, a clock that jumped, watches that waited long enough, invitations
 * that expired. To be called every second or oftener.
 */
int exchange_tick(struct exchange *exchange, const struct exchange_sink *sink);

/* A descriptor that can be read when exchange_collect() has answers; -1 where there is no such thread. */
int exchange_collect_fd(const struct exchange *exchange);
int exchange_collect(struct exchange *exchange, const struct exchange_sink *sink);

/* Forgets who waits: the front that knew their handles is gone. */
void exchange_forget(struct exchange *exchange);

/*
 * The list of keys for the front. *changed says whether it differs from what was last taken; only then are *bytes (the
 * caller's to free) and *length set.
 */
int exchange_admission(struct exchange *exchange, bool *changed, uint8_t **bytes, size_t *length);

/* The list is wanted whole again: there is a new front. */
void exchange_admission_again(struct exchange *exchange);

struct suspect_shown;

/* Which parties' keys the front refuses, each for so many milliseconds from now: coordinators are shown it. */
void exchange_note_refused(struct exchange *exchange, const struct suspect_shown *shown);

/*
 * The next question to the planner, as packed PlanRequest bytes that hold until exchange_planned() or the next call;
 * *length 0: nothing to plan. Compares come before lots. One question is under way at a time.
 */
int exchange_plan(struct exchange *exchange, const uint8_t **bytes, size_t *length, bool *compare);

/* Whether a compare waits for the planner, or a question that an earlier planner lost. */
bool exchange_has_question(struct exchange *exchange);

/* The planner's answer (packed PlanAnswer, untrusted). */
int exchange_planned(struct exchange *exchange, const uint8_t *bytes, size_t length, const struct exchange_sink *sink);

/*
 * The planner died with the question, or (stuck) took too long over it. One that died may have had nothing to do with the
 * market: exchange_plan() gives the same question once more. After that, and where it was stuck, the plan has failed.
 */
int exchange_plan_lost(struct exchange *exchange, bool stuck, const struct exchange_sink *sink);

/* The number of entries written since the last call that may change a plan. */
unsigned exchange_news(struct exchange *exchange);

/* Whether an entry was redacted: the process ends once its answers are out, and its next start takes the bytes out of the file. */
bool exchange_must_restart(const struct exchange *exchange);

/* The store, for its statistics. */
struct store *exchange_store(struct exchange *exchange);

/* What a verification of its log beside the exchange needs: the key, and as struct log_span. Hold as long as the exchange. */
const struct note_key *exchange_note_key(const struct exchange *exchange);
uint64_t exchange_signed_from(const struct exchange *exchange);

struct exchange_counts {
    uint64_t batches, entries, requests, refused, repeated, malformed, plans, plans_failed;
};
struct exchange_counts exchange_counted(const struct exchange *exchange);

/* Applies one entry of the log to the tables: the one function, live and in a rebuild. A store_apply; data is not used. */
int exchange_apply(void *data, struct store_txn *txn, const struct log_entry *entry);

#endif
