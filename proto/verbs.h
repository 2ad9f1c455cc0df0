/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_VERBS_H
#define PROTO_VERBS_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/request.pb-c.h"

/*
 * The requests of the protocol: one row a verb, with the messages that its body and its answer hold. Both sides read
 * bodies by this table, so a verb without a row does not exist.
 */

/* The protocol version in every envelope and box. A new field raises it (PROTOCOL, "Messages and the log"). */
#define PROTOCOL_VERSION 1u

/* In place of a request descriptor: the body is an envelope's raw bytes. */
#define VERB_RAW NULL

struct verb {
    Muster__Verb verb;
    const char *name;
    const ProtobufCMessageDescriptor *request; /* VERB_RAW: an envelope */
    const ProtobufCMessageDescriptor *answer;
};

/* The row of a verb, or NULL where there is none. Thread-safe. */
const struct verb *verb_find(int verb);

/* All rows and their number; for tests that walk every verb. Thread-safe. */
const struct verb *verb_all(size_t *count);

#endif
