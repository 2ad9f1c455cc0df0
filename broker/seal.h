/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_SEAL_H
#define BROKER_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"
#include "proto/party.pb-c.h"

/*
 * Who sees which field of which answer: one table (seal.def), and every answer passes through it. Views build what they
 * know; this takes away what the asker may not see. A field without a row is seen by nobody.
 *
 * What depends on a bundle's state is decided before: a view of a bundle is built for a nation only once a version of it was released,
 * for a supplier only once one was agreed, and for those with an award in that version. A field that is taken away is absent; where
 * the contract requires it, it is 0, false or empty. Enumerations that are required have no such value and must be open.
 */

/* What the asker is to the message at hand. */
enum seal_relation {
    SEAL_OWNER,       /* it is the asker's own */
    SEAL_NATION,      /* of a bundle: the asker is one of its agencies */
    SEAL_SUPPLIER,    /* of a bundle: the asker is one of its suppliers; of the need: any supplier */
    SEAL_COORDINATOR,
    SEAL_OTHER,
    SEAL_RELATIONS
};

struct seal_asker {
    Muster__Role role;
    const char *party;
    const char *country;
};

/*
 * Seals an answer in place; new texts lie in arena. STATUS_OK or STATUS_NO_MEMORY (then nothing of it may be sent).
 */
int seal_answer(const struct seal_asker *asker, ProtobufCMessage *answer, struct arena *arena);

/* Whether the table has a row for a field of a message: for the test that walks every answer. */
bool seal_has_row(const ProtobufCMessageDescriptor *descriptor, const char *field);

#endif
