/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_VIEW_H
#define CLIENTS_MUSTER_VIEW_H

#include <stdbool.h>

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

/*
 * A message of the contract as JSON, read off its descriptor, so that every answer has its JSON form without a line of
 * its own: names as in the matching model, money in integer cents, months "2028-12", dates and times in ISO 8601 and
 * UTC, enum values in lower case, keys and hashes in hexadecimal. A field that the answer does not hold is absent
 * (sealed); a time, date or month of 0 is null (unknown). Pure; thread-safe.
 */

/* A new reference, or NULL where memory is out. */
json_t *view_message(const ProtobufCMessage *message);

/* The value of an enum as people read it: "proposed" of BUNDLE_PROPOSED, "take-back" of BUNDLE_TAKE_BACK. Static; never NULL. */
const char *view_enum(const ProtobufCEnumDescriptor *descriptor, int value);

/* Whether a field of that name holds money in cents. */
bool view_is_money(const char *field);

#endif
