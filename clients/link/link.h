/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_LINK_H
#define CLIENTS_LINK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/link/passphrase.h"
#include "clients/link/profile.h"
#include "proto/arena.h"
#include "proto/invitation.h"
#include "proto/request.pb-c.h"
#include "proto/seam.h"

/*
 * The line to an exchange: a request in a box, its answer in a box, and all that lies between. A lost message is sent
 * again over a new connection, the same bytes under a fresh request id, until the time is over. Only an answer whose box opens under
 * the exchange's key and whose id is the outstanding one is an answer; what comes outside a box (refused keys, busy) is a hint
 * that only words the message to the person better. One thread at a time.
 */

struct link;

/* What stood in the way, by hint, when no answer came. */
enum link_hint {
    LINK_NO_HINT,      /* nobody answers at the address */
    LINK_SILENT,       /* the front answers the handshake, the exchange does not answer */
    LINK_KEY_REFUSED,  /* the front says that it knows no such key */
    LINK_KEY_FOREIGN,  /* whoever answers is not the front of the invitation */
    LINK_BUSY          /* the front says that it is busy */
};

struct link_reply {
    Muster__Answer *answer;     /* NULL where none came */
    ProtobufCMessage *body;     /* the verb's answer message; NULL where answer.body is empty */
    enum link_hint hint;
    bool sent;                  /* the request may have reached the exchange */
};

/* How long to try, in milliseconds; 0: the verb's own time (10 s; longer for watch, compare and long messages). */
struct link_options {
    int total;
    const struct seam_random *random; /* NULL: the system's */
    const struct seam_clock *clock;   /* NULL: clock_client() */
    void (*progress)(void *data, int seconds); /* called about four times a second while waiting; may be NULL */
    void *progress_data;
};

/* A link of a joined party: reads its box and CURVE keys. Errors are those of keys_read(), STATUS_NO_MEMORY, STATUS_FORGED (a key of the profile is unusable). */
int link_open(const struct profile *profile, const struct link_options *options, struct link **link);

/* A link under the one-time keys of an invitation, for join alone. keys must outlive it. */
int link_open_invited(const struct profile *profile, const struct invitation_keys *keys, const struct link_options *options, struct link **link);

void link_close(struct link *link);

/*
 * Asks. body: the request's bytes (an envelope for submit, join and check; else the packed message). The answer lies in arena.
 * STATUS_OK: an answer came, whatever its outcome; STATUS_UNREACHABLE: none came (reply: hint, and whether it was sent);
 * STATUS_TOO_LARGE: body; STATUS_INVALID: the address; STATUS_CANCELLED: interrupted; STATUS_NO_MEMORY, STATUS_IO.
 */
int link_ask(struct link *link, Muster__Verb verb, const void *body, size_t size, struct arena *arena, struct link_reply *reply);

/* Packs a message and asks. */
int link_ask_message(struct link *link, Muster__Verb verb, const ProtobufCMessage *message, struct arena *arena, struct link_reply *reply);

/* From now on tries for so many milliseconds (0: the verb's own time). Returns what was set before. */
int link_limit(struct link *link, int total);

const struct profile *link_profile(const struct link *link);
const struct seam_random *link_random(const struct link *link);
const struct seam_clock *link_clock(const struct link *link);

/* From now on an interrupt (SIGINT, SIGTERM) ends a wait for an answer with STATUS_CANCELLED, and anything else with exit code 130. */
void link_catch_interrupts(void);

#endif
