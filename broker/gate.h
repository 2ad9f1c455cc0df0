/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_GATE_H
#define BROKER_GATE_H

#include "broker/desk/desk.h"

/*
 * Who may ask what: one table, role x request. And the marking, which comes before it: what is not explicitly
 * unclassified is refused, not kept, and its text is repeated nowhere.
 */

/*
 * Whether context's party may send this verb at all (state and role; one-time keys: join alone).
 * STATUS_OK or STATUS_DENIED.
 */
int gate_check_verb(const struct desk_context *context, Muster__Verb verb);

/* Whether context's party is served at all: a restored exchange serves coordinators alone until its list of parties is confirmed. */
int gate_check_open(const struct desk_context *context);
#define GATE_CLOSED_TEXT "the exchange was brought back from a backup and opens once a coordinator has confirmed its list of parties"

/*
 * Marking and text scan of a submission (proto/marking), confirmations of false alarms included.
 * STATUS_OK, or STATUS_DENIED with faults that say what to do about the spill and repeat nothing of it.
 */
int gate_check_marking(const Muster__Submission *submission, struct arena *arena, struct faults *faults);

/* Whether context's party may send this noun, and these kinds of change. STATUS_OK, or STATUS_DENIED with a fault. */
int gate_check_submission(const struct desk_context *context, const Muster__Submission *submission,
                          struct faults *faults);

#endif
