/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_AUDIT_H
#define CLIENTS_MUSTER_AUDIT_H

#include <jansson.h>

#include "clients/muster/command.h"
#include "proto/note.h"
#include "proto/tlog.h"

/* What the commands about the log share. */

/* Asks for the newest head, has it proved and keeps it. An exit code; a fork, and all else, has then been told. */
int audit_newest(struct context *context);

/* The log's key: --vkey, else the profile's. An exit code. */
int log_key(struct context *context, struct note_key *key);

/* The eight groups that two people read to each other; in the context's arena. */
const char *log_head_words(struct context *context, const struct note_key *key, const struct tlog_head *head);

/* The same with origin, size and root. A new reference. */
json_t *log_head_json(struct context *context, const struct note_key *key, const struct tlog_head *head);

#endif
