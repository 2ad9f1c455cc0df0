/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_REDACT_H
#define PROTO_REDACT_H

#include <stdbool.h>

#include "proto/arena.h"
#include "proto/log.pb-c.h"

/*
 * What a redaction leaves of an entry: its figures, codes and ids, by which the tables are made again, and none of its texts (titles,
 * names, contacts, reasons, places, requirements, certificates, attributes). Ids and figures stay: they are the exchange's bookkeeping,
 * not a place for text. Pure functions, thread-safe on different messages.
 */

/* Whether an entry with these changes can be redacted: it holds texts that a party wrote. Keys, rules and what the exchange decides can't. */
bool redact_is_possible(const Muster__Submission *submission);

/* Takes every text out of a party's submission, in place. */
void redact_texts(Muster__Submission *submission);

/*
 * Whether an entry of the exchange (a proposal, a note that a lot has no bundle) holds a copy of what party wrote in source: the
 * market that it was made from has the same object at the same version, or the same title or name. STATUS_NO_MEMORY.
 */
int redact_find_copy(const Muster__Submission *own, const Muster__Submission *source, const char *party, struct arena *arena, bool *holds);

/* Takes the texts of source's objects, and all reasons, out of such an entry, in place; new bytes lie in arena. STATUS_NO_MEMORY. */
int redact_copy(Muster__Submission *own, const Muster__Submission *source, const char *party, struct arena *arena);

#endif
