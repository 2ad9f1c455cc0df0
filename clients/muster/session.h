/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_SESSION_H
#define CLIENTS_MUSTER_SESSION_H

#include "clients/link/submission.h"
#include "clients/muster/command.h"
#include "proto/request.pb-c.h"

/*
 * What commands share when they speak to the exchange: the profile, the link, one question with its refusals told to the person,
 * one submission from its changes to its receipt. Every function returns an exit code, 0 to go on; a failure has then been told.
 */

/* Loads the profile (once). */
int session_profile(struct context *context);

/* Whether this is a coordinator's profile: before a passphrase is asked for in vain. what: "takes a backup"; instead: what others may do, or "". */
int session_coordinators_only(struct context *context, const char *what, const char *instead);

/* Opens the link (once). asking_only: status, which may be asked before the fingerprint was compared. */
int session_link(struct context *context, bool asking_only);

/* Asks; *body gets the verb's answer message. All refusals are told. */
int session_ask(struct context *context, Muster__Verb verb, const ProtobufCMessage *request, ProtobufCMessage **body);

/* Fetches all records of a noun, page after page. filters may be "". */
struct session_records {
    Muster__Record **list;
    size_t count;
    uint64_t set_version;
};
int session_list(struct context *context, Muster__Noun noun, const char *item, const char *id, bool withdrawn, struct session_records *records);

/*
 * "de-agency/DE-GEMT-1" of a coordinator's "DE-GEMT-1", where exactly one party has a demand (or offer) of that id; else id as it is, also
 * where it names the party already. Exit code: several parties have it.
 */
int session_whole_id(struct context *context, Muster__Noun noun, const char *id, const char **whole);

/* How faults of a submission are named to the person: the file, and a change's row and first column. */
struct session_naming {
    const char *file; /* NULL: there is none */
    uint32_t (*row)(void *data, uint32_t change, const char *field, const char *found); /* NULL: no rows */
    const char *(*id)(void *data, uint32_t change);  /* NULL: no names */
    void *data;
    const char *receipt; /* file for the receipt, or NULL: none is written beside the kept one */
};

/*
 * Scans, fills, signs and sends a submission of which the caller has filled the changes (or has it checked, with --dry-run).
 * naming may be NULL. *result (may be NULL) gets the outcome where it was accepted. Refusals are told.
 */
int session_submit(struct context *context, Muster__Submission *submission, const struct session_naming *naming,
                   struct submission_result *result);

/* Sends an envelope that was signed before; as above. */
int session_send(struct context *context, const uint8_t *envelope, size_t size, const struct session_naming *naming, struct submission_result *result);

/* So many digits of a kept submission's id as tell it from all others in the outbox, in the arena: "01a20f6bddf3". */
const char *session_kept_id(struct context *context, const Muster__Submission *submission);

/* The words after "Accepted ": time and entry, in the arena. */
const char *session_accepted(struct context *context, const struct submission_result *result);

/* What is told, and the exit code, of an answer whose outcome is not DONE; naming may be NULL. */
int session_refused(struct context *context, const Muster__Answer *answer, const struct session_naming *naming, const char *became);

/* What is told where no answer came. status: of link_ask() or submission_send(). submission: a submission was under way. */
int session_unanswered(struct context *context, int status, const struct link_reply *reply, bool submission);

#endif
