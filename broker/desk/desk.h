/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_DESK_H
#define BROKER_DESK_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/suspect.h"
#include "proto/arena.h"
#include "proto/codes/cpv.h"
#include "proto/fault.h"
#include "proto/log.pb-c.h"
#include "proto/pipe.pb-c.h"
#include "proto/request.pb-c.h"
#include "store/store.h"

/*
 * The desk: what a submission may do to the state, one noun a file behind these functions. The exchange process
 * (broker/exchange*) opens boxes, verifies signatures, orders a batch, writes entries and receipts; it knows no noun.
 * The desk knows every noun and no box, signature, socket, key, clock or file.
 *
 * One batch, as the exchange calls it, all inside one write transaction at one log time:
 *
 *     while (desk_next_due(...) gives one)    write it as an entry, desk_apply
 *     for each submission in order of arrival:
 *         gate (broker/gate.h), desk_check    refused: its faults are answered, nothing is written
 *         entry appended, desk_apply
 *     commit once, answer all
 *
 * check runs before an entry is written and never in a replay. apply is called live and by a rebuild with the same
 * bytes and must make the same tables: it reads the tables and its arguments, no clock, code list, configuration or
 * default, and cannot refuse: anything but STATUS_OK is a failure of storage or memory and aborts the transaction.
 *
 * Threads: the write transaction's functions run on the exchange's one writer thread. Those that take a read
 * transaction may run on any thread that owns it.
 */

/* What the desk is told about the exchange that it works for; the same for the whole life of the store. */
struct desk_exchange {
    const char *origin;
    const char *vkey;
    uint8_t signing_key[32];
    uint8_t box_key[32];
    uint8_t curve_key[32]; /* of the front */
    const char *address;
    const struct cpv_list *cpv; /* the official vocabulary, or NULL for the built-in codes */
};

/* The circumstances of one check or answer. */
struct desk_context {
    const struct desk_exchange *exchange;
    uint64_t log_time;        /* milliseconds UTC, never falls */
    bool clock_doubted;       /* nothing lapses and no deadline passes until a coordinator confirms */
    bool closed;              /* restored, and the list of parties is not confirmed yet: coordinators alone are served */
    uint64_t deadlines_from;  /* no deadline passes while log_time is below this (24 h after a long silence); 0: none */
    uint64_t position;        /* of the entry that would be written; the log's size towards a reader */
    const Muster__PartyRecord *party; /* the sender as the tables hold it; NULL: the exchange itself */
    bool one_time;            /* the sender came under the one-time keys of its invitation */
    bool waiting;             /* it came under new keys that do not bind yet */
    const uint8_t *envelope_sha256;   /* 32 bytes, of the whole envelope; NULL towards a reader */
    size_t envelope_size;     /* bytes of it; 0: to be found by packing the submission */
    uint64_t planned;         /* desk_planning_idle() towards a reader; 0: not known */
    struct suspect_shown refused;     /* keys that the front refuses, until log time */
    struct desk_sums *sums;   /* of the writer's thread, broker/desk/sums.h; NULL towards a reader */
};

/*
 * Whether a submission may be written: the field rules of its noun (proto/check), then the rules that need the tables.
 * Gate, marking, keys, not_after, head and desk_kind() were checked before. Adds every fault of every change to faults.
 * Returns STATUS_OK, STATUS_INVALID (see faults), STATUS_STALE, STATUS_DENIED, STATUS_NOT_FOUND, or a failure of
 * storage or memory. Changes within one submission are checked as if those before it had been applied.
 */
int desk_check(struct store_txn *txn, const struct desk_context *context, const Muster__Submission *submission,
               struct arena *arena, struct faults *faults);

/*
 * Applies an entry to the tables. position: of the entry; body: as hashed into the log (its time and party);
 * submission: what the envelope holds. STATUS_OK or a failure of storage or memory.
 */
int desk_apply(struct store_txn *txn, uint64_t position, const Muster__EntryBody *body,
               const Muster__Submission *submission, struct arena *arena);

/*
 * The kind of the entry that a submission makes, as body and leaf name it; NULL where it does not fill exactly one noun.
 * *own (may be NULL): only the exchange itself may write it. The kinds are final: join, party, item, demand, offer, fund,
 * rates, policy, bundle, commitment-end, export, keys, genesis, started, proposal, round-closed, lapsed, lot-planned,
 * clock-confirmed, keys-bound, coordinator-admitted, exchange-keys, signal, redaction, redacted, list-confirmed. Pure.
 */
const char *desk_kind(const Muster__Submission *submission, bool *own);

/*
 * The next thing that is due at context's log time: new keys that bind, a redaction that two coordinators want; the end of a round,
 * a lapse, by bundle number; then a publication of signals. *due is NULL where
 * nothing is; else it is in arena, with only its noun (keys_bound, redacted, round_closed, lapsed, signal) filled in: the exchange adds the rest,
 * writes it, applies it and asks again. Takes a read or a write transaction. Must come to an end: what was applied is
 * not due again.
 */
int desk_next_due(struct store_txn *txn, const struct desk_context *context, struct arena *arena,
                  Muster__Submission **due);

/*
 * The log time at which something may come to be due although no entry is written until then; UINT64_MAX: never. To be asked
 * where nothing is due now: until that time, or an entry that stirs, nothing is, and nobody need look. While the clock is in
 * doubt nothing passes; the entry that confirms it stirs.
 */
int desk_next_deadline(struct store_txn *txn, const struct desk_context *context, struct arena *arena, uint64_t *time);

/* Whether an entry may make something due: all do but those that only add what is new, read, or tell of a start. Pure. */
bool desk_stirs(const Muster__Submission *submission);

/*
 * What an export entry hands to its sender beside the receipt (SubmitAnswer.data): the market, the orders. In arena;
 * empty where the submission is no export, and for a backup.
 */
int desk_export(struct store_txn *txn, const struct desk_context *context, const Muster__Submission *submission,
                struct arena *arena, ProtobufCBinaryData *data);

/* --- who is let in ------------------------------------------------------------------------------------------- */

/* Under which of its keys a party comes. */
enum desk_keys {
    DESK_KEYS_OWN,      /* those in force */
    DESK_KEYS_ONE_TIME, /* of its invitation: they may join, and nothing else */
    DESK_KEYS_WAITING   /* new ones that do not bind yet: they may ask for status and head, and nothing else */
};

/* A party's keys of that kind, or NULL. */
const Muster__PartyKeys *desk_keys_of(const Muster__PartyRecord *party, enum desk_keys which);

/*
 * The party that a box key belongs to, in arena, and which of its keys that is. STATUS_NOT_FOUND where no party has it, or
 * had it once. A suspended party is found: its state says so.
 */
int desk_party_by_box(struct store_txn *txn, const uint8_t box_key[32], struct arena *arena,
                      Muster__PartyRecord **party, enum desk_keys *which);

/* Whether a signing key is, or ever was, one of the party's. */
int desk_key_was(struct store_txn *txn, const uint8_t signing_key[32], const char *party, bool *was);

/* The same record packed, as the tables hold it: two that are equal byte for byte say the same. Points into the map. */
struct store_value;
int desk_party_bytes(struct store_txn *txn, const uint8_t box_key[32], struct store_value *record);

/* A number that stays the same for as long as every party's record and box keys do; 0: unknown (store/tables.h). */
uint64_t desk_party_changes(const struct store_txn *txn);

/* A CURVE key that the front lets in. */
struct desk_admitted {
    uint8_t curve_key[32];
    const char *party;
    bool join_only;   /* of an invitation that still stands */
    uint64_t expiry;  /* milliseconds UTC, of the invitation; 0: none */
};

/* Every CURVE key to let in at log_time, in arena, waiting ones included. Suspended parties and expired invitations are left out. */
int desk_admitted(struct store_txn *txn, uint64_t log_time, struct arena *arena, struct desk_admitted **list,
                  size_t *count);

/* --- planning ------------------------------------------------------------------------------------------------ */

/* What the desk remembers between plans: which lots were planned at which state, so that none is planned twice. */
struct desk_planning;

/* STATUS_OK or STATUS_NO_MEMORY. Freed with desk_planning_free, which takes NULL. After a start every marked lot is
 * planned once. */
int desk_planning_new(struct desk_planning **planning);
void desk_planning_free(struct desk_planning *planning);

/* 1 + the log's size at which nothing was left to plan last; 0: that was never so since the start. Any thread. */
uint64_t desk_planning_idle(const struct desk_planning *planning);

/* One question to the planner. In an arena. */
struct desk_job {
    Muster__PlanRequest request; /* all but the ticket */
    void *notes;                 /* the desk's own: which lots, inputs and versions, or which bundle it plans again */
};

/*
 * The next lots to plan (lots tied by a fund with a balance together, and re-plans of bundles before new lots), packed
 * from txn's state; *job is NULL where nothing changed. The job lives in arena until it is done or given up.
 * The exchange has one such job under way at a time.
 */
int desk_planning_next(struct desk_planning *planning, struct store_txn *txn, const struct desk_context *context,
                       struct arena *arena, struct desk_job **job);

/*
 * What the planner's answer gives to write, one entry a call: a proposal, a lapse, lot_planned, as a submission with only
 * its noun filled; the exchange writes and applies it inside txn and calls again, until *next is NULL. *cursor starts
 * at 0 and is the desk's own. The plan is checked against all rules on the job's market before anything is given: a
 * plan that breaks one counts as a failure. answer NULL or failed: the planner died, took too long or refused; the lots
 * are remembered and tried again after a change, or at context's next day.
 * What changed since the job was packed may mean that nothing is written and the lots are planned again.
 */
int desk_planning_done(struct desk_planning *planning, struct store_txn *txn, const struct desk_context *context,
                       struct desk_job *job, const Muster__PlanAnswer *answer, size_t *cursor, struct arena *arena,
                       Muster__Submission **next);

#endif
