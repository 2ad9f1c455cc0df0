/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SYSTEM_PARTY_H
#define TESTS_SYSTEM_PARTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/box.h"
#include "proto/log.pb-c.h"
#include "proto/request.pb-c.h"
#include "proto/tlog.h"
#include "tests/system/harness.h"

/*
 * A party that speaks the wire itself: one DEALER, boxes and envelopes made by hand, so that a test can send what no honest
 * client would. One thread.
 */

struct party {
    struct harness *harness;
    char id[33];
    struct key_pair signing; /* public halves and secrets; the party owns them unless they are the harness's */
    struct key_pair box;
    struct key_pair curve;
    bool owns_keys;
    struct box_session session;
    void *context;           /* libzmq's */
    void *socket;
    uint8_t request_id[BOX_REQUEST_ID_SIZE]; /* of the newest request */
    struct tlog_head head;   /* shown in submissions; size 0: none */
    uint8_t head_signature[64];
    int retry;               /* milliseconds without an answer until party_ask() connects anew; 2000 at first */
    struct arena arena;      /* of the newest answer */
};

/* The exchange's first coordinator. */
int party_coordinator(struct harness *harness, struct party *party);

/* A party that the coordinator invites, that joins, and is confirmed. role, country: its own. */
int party_join(struct party *coordinator, const char *id, Muster__Role role, const char *country, struct party *party);

/* A party with fresh keys that no exchange knows. */
int party_stranger(struct harness *harness, const char *id, struct party *party);

/* The same party on a connection of its own, for another thread; closed before the one whose keys it uses. */
int party_again(const struct party *party, struct party *again);

void party_close(struct party *party);

/* Ends its connection and begins another. */
int party_reconnect(struct party *party);

/* Packs, boxes and sends a request. */
int party_send(struct party *party, Muster__Verb verb, const void *body, size_t length);
int party_send_box(struct party *party, const void *plain, size_t length);

/* Receives one frame, whatever it is; *bytes is freed by the caller. STATUS_UNREACHABLE: none came in time. */
int party_receive_frame(struct party *party, int milliseconds, uint8_t **bytes, size_t *length);

/* Receives the answer to the newest request; others are dropped. *answer holds until the next. STATUS_BUSY: a hint came. */
int party_receive(struct party *party, int milliseconds, Muster__Answer **answer);

/* Sends and receives; again on a new connection after party->retry milliseconds of silence, until so many milliseconds have passed. */
int party_ask(struct party *party, Muster__Verb verb, const void *body, size_t length, int milliseconds, Muster__Answer **answer);

/* Fills in a submission's header (fresh id, valid for an hour); its noun is the caller's. */
void party_fill(struct party *party, Muster__Submission *submission, uint8_t id[16]);

/* Signs it; the envelope lies in arena. */
int party_sign(struct party *party, const Muster__Submission *submission, struct arena *arena, uint8_t **envelope, size_t *size);

/* Fills, signs, submits and waits for the answer; submit_answer (may be NULL) gets its body, in the party's arena. */
int party_submit(struct party *party, Muster__Submission *submission, Muster__Answer **answer, Muster__SubmitAnswer **submit_answer);

/* Submits a new item; the shortest thing that a coordinator may write. */
int party_put_item(struct party *coordinator, const char *id, Muster__Answer **answer);

#endif
