/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_DEED_H
#define TESTS_SIMULATE_DEED_H

#include "proto/log.pb-c.h"
#include "proto/request.pb-c.h"
#include "tests/simulate/client.h"

/* What clients do, by role, and what they make of the answers. Each _next begins one deed; false: it has nothing to do. */

struct run;
struct submission_keys;

/* --- making them ---------------------------------------------------------------------------------------------- */

/* Signs a submission, whose noun is filled in, and begins its deed. */
void deed_submit(struct run *run, struct client *client, enum deed_kind kind, Muster__Submission *submission, size_t about, uint64_t number);

/* Asks. body: a packed message, or NULL: an empty one. */
void deed_ask(struct run *run, struct client *client, enum deed_kind kind, Muster__Verb verb, const ProtobufCMessage *body, size_t about,
              uint64_t number);

/* A message of this type, all fields at their defaults, in the run's arena; never NULL. */
void *deed_new(struct run *run, const ProtobufCMessageDescriptor *descriptor);
void *deed_one(struct run *run, void *element); /* a list of one */
char *deed_text(struct run *run, const char *text);
ProtobufCBinaryData deed_bytes(struct run *run, const void *bytes, size_t length);
Muster__PartyKeys *deed_keys(struct run *run, const struct key_pair *signing, const struct key_pair *box, const struct key_pair *curve);

/* The body of an answer that is done; NULL: it has none of this kind. */
void *deed_body(struct run *run, const Muster__Answer *answer, const ProtobufCMessageDescriptor *descriptor);

/* --- by role --------------------------------------------------------------------------------------------------- */

bool member_next(struct run *run, struct client *client);      /* agencies and suppliers */
bool coordinator_next(struct run *run, struct client *client);
bool foul_next(struct run *run, struct client *client);
void deed_join(struct run *run, struct client *client);
void deed_last(struct run *run, struct client *client);
bool deed_read_something(struct run *run, struct client *client);

/* An answer to the deed under way came. */
void deed_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer);
void member_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer);
void coordinator_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer);
void foul_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer);

#endif
