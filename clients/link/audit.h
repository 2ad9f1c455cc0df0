/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_AUDIT_H
#define CLIENTS_LINK_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "clients/link/profile.h"
#include "proto/arena.h"
#include "proto/entry.h"
#include "proto/request.pb-c.h"
#include "proto/tlog_tree.h"

/*
 * Following the log from a client: every leaf hash is kept, so the whole history is hashed against each signed head that is
 * shown, and where it is not what it was, the first entry that differs is named. A client reads hashes and heads of all entries, and
 * bodies of those that the exchange's tables let it read; it trusts none of it before it is hashed. What was followed is kept in
 * the profile's state folder (`audit/leaves`, `audit/head`, `audit/redacted`), so the next audit goes on where this one ended.
 * One thread at a time; commands that run side by side take turns by the caller's lock.
 */

struct audit {
    struct tlog_tree tree;    /* all that was followed; of head.size leaves between two calls */
    struct tlog_head head;    /* that it was found to hold under; size 0: none yet */
};

/* Where stretches of the log come from: an exchange, or a test's hostile one. */
struct audit_source {
    /* The answer to LogRequest{from, size}, in arena. Its status ends the audit where it is not STATUS_OK. */
    int (*read)(void *data, uint64_t from, uint64_t size, struct arena *arena, const Muster__LogAnswer **answer);
    /* Told of each body that was read and found to be the one that its leaf commits to; may be NULL. */
    int (*body)(void *data, uint64_t position, const struct entry_body *body);
    /* Told of each entry that says that another one is redacted; may be NULL. */
    int (*redaction)(void *data, const Muster__LogRedaction *redaction);
    void *data;
};

enum audit_fault {
    AUDIT_HOLDS,
    AUDIT_SHORTER,   /* entries [from, to) that were followed before are not in the log that is shown */
    AUDIT_REWRITTEN, /* from: the first entry that is another than before: rewritten, put in another order, or one before it dropped */
    AUDIT_UNCOVERED, /* entries [from, to) as shown are not those that the signed head over them covers */
    AUDIT_UNSIGNED,  /* from: the head over this entry is not one of this log, although it says so */
    AUDIT_BODY,      /* from: the body shown of it is not the one that its leaf commits to */
    AUDIT_TIME,      /* from: its log time lies before that of an earlier entry */
    AUDIT_MALFORMED  /* from: what was shown from there on has not the form of a stretch of a log */
};

struct audit_report {
    enum audit_fault fault;
    uint64_t from, to;
    uint64_t known;          /* entries followed before */
    uint64_t added;          /* followed now */
    uint64_t heads;          /* of batches, each found to cover its entries */
    uint64_t foreign_heads;  /* signed by another log's key: of the exchange that a restored one goes on from */
    uint64_t bodies;         /* read, and found to be what their leaves commit to */
};

/*
 * Follows the log up to head, whose signature by key was checked. STATUS_OK: report says what was found, and audit has moved on where it
 * holds; else the source's status or STATUS_NO_MEMORY, and audit is as before.
 */
int audit_follow(struct audit *audit, const struct note_key *key, const struct tlog_head *head, const struct audit_source *source,
                 struct audit_report *report);

/*
 * Whether another's head is of the same history: its root must be that of as many entries as were followed.
 * STATUS_OK; STATUS_CORRUPT: it is not: two histories; STATUS_NOT_FOUND: it is larger than what was followed.
 */
int audit_compare(const struct audit *audit, const struct tlog_head *head);

/* Reads what is kept; nothing kept is an empty audit. STATUS_CORRUPT: the files were altered or cut; STATUS_IO, STATUS_NO_MEMORY. */
int audit_load(const struct profile *profile, struct audit *audit);

/* Keeps it: the leaves from `known` on, then the head under which they hold. note: the signed head. STATUS_IO, STATUS_NO_SPACE. */
int audit_save(const struct profile *profile, const struct audit *audit, uint64_t known, const char *note, size_t note_length);

/* The path of a file that is kept, "leaves", "head" or "redacted". STATUS_TOO_LARGE. */
int audit_path(const struct profile *profile, const char *name, char *path);

/* Holds other audits of the profile off; a descriptor to close, -1 where none can be had. */
int audit_lock(const struct profile *profile);

void audit_drop(struct audit *audit);

#endif
