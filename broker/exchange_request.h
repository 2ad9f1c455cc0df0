/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_REQUEST_H
#define BROKER_EXCHANGE_REQUEST_H

#include "broker/exchange_state.h"
#include "proto/entry.h"
#include "proto/fault.h"
#include "proto/hint.h"
#include "proto/tlog.h"

/*
 * One request on its way: from a box to what it asks, and from an answer to a box. Identifying (a look into the tables)
 * and sealing's session belong to the writer's thread; opening, verifying and sealing to any.
 */

enum request_stage {
    REQUEST_NEW,
    REQUEST_DROPPED,  /* nobody to answer, or a hint only */
    REQUEST_OPENED,   /* request and, with an envelope, submission are filled in */
    REQUEST_ANSWERED, /* answer is filled in */
    REQUEST_PARKED    /* waits for news or a plan */
};

struct session_party;

struct exchange_proofs {
    struct tlog_proof inclusion;
    ProtobufCBinaryData consistency;
};

struct exchange_request {
    uint64_t handle;
    const uint8_t *bytes;      /* the box; of the caller, until it was opened */
    size_t length;
    const char *claimed;       /* the party that the front named */
    enum request_stage stage;
    enum hint hint;            /* of a dropped one; 0: none */
    struct arena arena;
    struct exchange_session *session; /* counted; given back by request_free() */
    const struct session_party *known; /* the session's record of the party, as the request found it */
    uint64_t known_changes;           /* desk_party_changes() then */
    Muster__PartyRecord *party;       /* as of the batch's beginning */
    enum desk_keys which;             /* of its keys it came under */
    uint8_t request_id[BOX_REQUEST_ID_SIZE];
    Muster__Request *request;
    Muster__Submission *submission;   /* of submit, join and check; NULL otherwise */
    bool signed_by_party;             /* the envelope's signature holds: sha256 is filled in */
    bool other_key;                   /* by a key that is not the one it came under: an earlier one of the party, or not its own */
    uint8_t sha256[32];               /* of the envelope */
    bool unmarked;                    /* the scan for markings found nothing to say; else it is made again where it is answered */
    struct faults faults;
    Muster__Answer answer;
    bool accepted;                    /* stands in the log at position, now or from before */
    bool repeated;
    uint64_t position;
    struct exchange_proofs *proofs;   /* of an entry of the batch at hand, in arena; see broker/exchange_prove.h */
    bool ready;                       /* sealed during the commit, to be sent once it has succeeded */
    uint64_t time;                    /* of its entry; so nonce and body */
    uint8_t nonce[TLOG_NONCE_SIZE];
    uint8_t body[ENTRY_BODY_MOST];
    size_t body_size;
    uint8_t *sealed;                  /* in arena */
    size_t sealed_length;
    /* Parked ones. */
    struct exchange_request *next;
    uint64_t until;                   /* monotonic milliseconds */
    uint64_t cursor;                  /* of a watch */
    struct desk_job *job;             /* of a compare, in arena */
};

/* A request around a message. request_free() takes NULL. STATUS_NO_MEMORY. */
int request_new(const struct exchange_message *message, struct exchange_request **request);
void request_free(struct exchange_request *request);

/* Finds who asks, and the session of its box. Drops what belongs to nobody. Writer's thread. STATUS_OK, or the storage's
 * failure, STATUS_NO_MEMORY. */
int request_identify(struct exchange *exchange, struct store_txn *txn, struct exchange_request *request);

#define REQUEST_FOREIGN_KEY "the submission names another party or signing key than that of its sender"
#define REQUEST_KEYS_WAIT "your new keys do not bind yet: see until when with muster status"
#define REQUEST_KEYS_ENDED "your party is suspended, or its keys are no longer valid: ask the coordinator"

/*
 * The party as the tables hold it now, and which of its keys it came under, in context and the request's arena: an entry since may
 * have changed it. STATUS_DENIED: its keys are no longer valid, or it is suspended. Any thread, with its own transaction.
 */
int request_current_party(struct store_txn *txn, struct exchange_request *request, struct desk_context *context);

/* Opens the box, walks and unpacks; with an envelope: all checks that need no tables, the signature last. Any thread. */
void request_open(const struct exchange *exchange, struct exchange_request *request);

/* Sets the answer: an outcome and a sentence, with the faults found, without a body. */
void request_refuse(struct exchange_request *request, Muster__Outcome outcome, const char *text);

/* Sets the answer to a message, packed. STATUS_NO_MEMORY. */
int request_reply(struct exchange_request *request, const ProtobufCMessage *body);

/* Packs and boxes the answer, or the hint, into sealed. Any thread. */
void request_seal(const struct exchange *exchange, struct exchange_request *request);

/* Ends every session; at the exchange's end, when no request is left. */
void request_drop_sessions(struct exchange *exchange);

#endif
