/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_request.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "broker/gate.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "proto/varint.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "store/tables.h"

/* The box's plain text, its request, its envelope unpacked, and as much again for faults and the answer. */
#define REQUEST_ARENA_CAP (4 * BOX_MOST + ENVELOPE_ARENA_CAP)
#define READ_BODY_MOST ((size_t)64 << 10) /* bytes of a reading request: a compare with many rules takes a few hundred */
#define PARTY_ARENA_CAP ((size_t)1 << 20)
#define SESSIONS_KEPT 1024u               /* each holds guarded pages; an idle one costs 0.1 ms to make again */

/* A party's record, unpacked once for as long as its bytes stay the same. */
struct session_party {
    struct session_party *older;
    struct arena arena;
    Muster__PartyRecord *record;
    enum desk_keys which;
    size_t length;
    uint8_t *bytes;
};

/* The keys between one party and the exchange. */
struct exchange_session {
    uint8_t box_key[32];
    struct box_session box;
    unsigned users;
    uint64_t changes; /* desk_party_changes() when party was what stood */
    struct session_party *party; /* as it was read last; older ones behind it, which requests may still point to */
    UT_hash_handle hh;
};

int request_new(const struct exchange_message *message, struct exchange_request **request)
{
    struct exchange_request *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->handle = message->handle;
    made->bytes = message->bytes;
    made->length = message->length;
    made->claimed = message->party;
    arena_init(&made->arena, REQUEST_ARENA_CAP);
    faults_init(&made->faults, &made->arena);
    *request = made;
    return STATUS_OK;
}

void request_free(struct exchange_request *request)
{
    if (request == NULL)
        return;
    if (request->session != NULL)
        request->session->users--;
    arena_drop(&request->arena);
    free(request);
}

static void session_forget_party(struct exchange_session *session)
{
    while (session->party != NULL) {
        struct session_party *party = session->party;
        session->party = party->older;
        arena_drop(&party->arena);
        free(party);
    }
}

/* Reads the party anew. Nobody else points to the older ones where this request is the session's only one. */
static int session_read_party(struct exchange_session *session, struct store_txn *txn, const struct store_value *record)
{
    if (session->users == 1)
        session_forget_party(session);
    struct session_party *party = calloc(1, sizeof *party);
    if (party == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&party->arena, PARTY_ARENA_CAP);
    party->length = record->length;
    party->bytes = (uint8_t *)arena_copy(&party->arena, record->bytes, record->length);
    int status = party->bytes == NULL
                     ? STATUS_NO_MEMORY
                     : desk_party_by_box(txn, session->box_key, &party->arena, &party->record, &party->which);
    if (status != STATUS_OK) {
        arena_drop(&party->arena);
        free(party);
        return status;
    }
    party->older = session->party;
    session->party = party;
    return STATUS_OK;
}

static bool session_knows(const struct session_party *known, const struct store_value *record)
{
    return known != NULL && known->length == record->length && memcmp(known->bytes, record->bytes, record->length) == 0;
}

static void session_drop(struct exchange *exchange, struct exchange_session *session)
{
    session_forget_party(session);
    HASH_DEL(exchange->sessions, session);
    exchange->session_count--;
    box_session_drop(&session->box);
    free(session);
}

/* Makes room: ends sessions that nobody uses, oldest first. */
static void sessions_trim(struct exchange *exchange)
{
    struct exchange_session *session;
    struct exchange_session *next;
    HASH_ITER(hh, exchange->sessions, session, next)
    {
        if (exchange->session_count < SESSIONS_KEPT)
            return;
        if (session->users == 0)
            session_drop(exchange, session);
    }
}

void request_drop_sessions(struct exchange *exchange)
{
    struct exchange_session *session;
    struct exchange_session *next;
    HASH_ITER(hh, exchange->sessions, session, next) session_drop(exchange, session);
}

static int session_take(struct exchange *exchange, const uint8_t box_key[32], struct exchange_session *session,
                        struct exchange_session **taken)
{
    if (session == NULL) {
        sessions_trim(exchange);
        session = calloc(1, sizeof *session);
        if (session == NULL)
            return STATUS_NO_MEMORY;
        int status = box_session_exchange(&exchange->box_key, box_key, &session->box);
        if (status != STATUS_OK) {
            free(session);
            return status;
        }
        memcpy(session->box_key, box_key, 32);
        HASH_ADD(hh, exchange->sessions, box_key, 32, session);
        exchange->session_count++;
    }
    session->users++;
    *taken = session;
    return STATUS_OK;
}

static void request_drop(struct exchange_request *request, enum hint hint)
{
    request->stage = REQUEST_DROPPED;
    request->hint = hint;
}

int request_identify(struct exchange *exchange, struct store_txn *txn, struct exchange_request *request)
{
    struct box_header header;
    if (box_peek(request->bytes, request->length, &header) != STATUS_OK || header.answer ||
        memcmp(header.recipient, exchange->box_key.public_key, 32) != 0) {
        request_drop(request, HINT_MALFORMED);
        return STATUS_OK;
    }
    struct exchange_session *session = NULL;
    struct store_value record;
    uint64_t changes = desk_party_changes(txn);
    HASH_FIND(hh, exchange->sessions, header.sender, 32, session);
    bool same = session != NULL && session->party != NULL && changes != 0 && session->changes == changes;
    int status = same ? STATUS_OK : desk_party_bytes(txn, header.sender, &record);
    if (status == STATUS_OK)
        status = session_take(exchange, header.sender, session, &request->session);
    if (status == STATUS_OK && !same && !session_knows(request->session->party, &record))
        status = session_read_party(request->session, txn, &record);
    if (status == STATUS_OK) {
        request->session->changes = request->known_changes = changes;
        request->known = request->session->party;
        request->party = request->known->record;
        request->which = request->known->which;
        if (strcmp(request->party->party->id, request->claimed) != 0)
            status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_NOT_FOUND || status == STATUS_FORGED) {
        request_drop(request, HINT_UNKNOWN_KEY);
        return STATUS_OK;
    }
    return status;
}

int request_current_party(struct store_txn *txn, struct exchange_request *request, struct desk_context *context)
{
    Muster__PartyRecord *party = NULL;
    enum desk_keys which = DESK_KEYS_OWN;
    const Muster__PartyKeys *keys = desk_keys_of(request->party, request->which);
    struct store_value record;
    uint64_t changes = desk_party_changes(txn);
    bool same = changes != 0 && request->known_changes == changes;
    int status = same ? STATUS_OK : desk_party_bytes(txn, request->session->box_key, &record);
    if (status == STATUS_OK && (same || session_knows(request->known, &record))) {
        party = request->known->record;
        which = request->known->which;
    } else if (status == STATUS_OK) {
        status = desk_party_by_box(txn, request->session->box_key, &request->arena, &party, &which);
    }
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_DENIED : status;
    const Muster__PartyKeys *now = desk_keys_of(party, which);
    bool valid = party->state != MUSTER__PARTY_STATE__PARTY_SUSPENDED && now != NULL && keys != NULL &&
                 memcmp(now->signing_key.data, keys->signing_key.data, 32) == 0;
    context->party = party;
    context->one_time = which == DESK_KEYS_ONE_TIME;
    context->waiting = which == DESK_KEYS_WAITING;
    return valid ? STATUS_OK : STATUS_DENIED;
}

void request_refuse(struct exchange_request *request, Muster__Outcome outcome, const char *text)
{
    Muster__Answer *answer = &request->answer;
    muster__answer__init(answer);
    answer->protocol = PROTOCOL_VERSION;
    answer->outcome = outcome;
    answer->text = arena_string(&request->arena, text);
    request->stage = REQUEST_ANSWERED;
    size_t count = request->faults.count;
    if (count == 0)
        return;
    Muster__Fault *faults = arena_array(&request->arena, count, sizeof *faults);
    answer->faults = arena_array(&request->arena, count, sizeof *answer->faults);
    if (faults == NULL || answer->faults == NULL)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct fault *fault = &request->faults.list[i];
        muster__fault__init(&faults[i]);
        faults[i].change = fault->change;
        faults[i].field = arena_string(&request->arena, fault->field);
        faults[i].found = arena_string(&request->arena, fault->found);
        faults[i].expected = arena_string(&request->arena, fault->expected);
        faults[i].remedy = arena_string(&request->arena, fault->remedy);
        faults[i].warning = fault->warning;
        answer->faults[i] = &faults[i];
    }
    answer->n_faults = count;
}

int request_reply(struct exchange_request *request, const ProtobufCMessage *body)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    int status = walk_pack(body, &request->arena, &bytes, &length);
    if (status != STATUS_OK)
        return status;
    request_refuse(request, MUSTER__OUTCOME__OUTCOME_DONE, "");
    request->answer.body.data = bytes;
    request->answer.body.len = length;
    return STATUS_OK;
}

/* Version and verb, read before the walk: an unknown one of either gets its own refusal. False: refused. */
static bool request_known(struct exchange_request *request, const uint8_t *plain, size_t length)
{
    struct wire wire = {plain, length};
    uint32_t number = 0;
    enum wire_type type;
    uint64_t value = 0;
    if (!wire_tag(&wire, &number, &type) || number != 1 || type != WIRE_VARINT || !wire_varint(&wire, &value)) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_MALFORMED, "the request does not begin with a protocol version");
        return false;
    }
    if (value != PROTOCOL_VERSION) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_UNKNOWN_VERSION,
                       "this exchange speaks protocol version 1: use the program version that goes with it");
        return false;
    }
    if (wire_tag(&wire, &number, &type) && number == 2 && type == WIRE_VARINT && wire_varint(&wire, &value) &&
        (value > INT32_MAX || verb_find((int)value) == NULL)) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_UNKNOWN_VERB,
                       "this exchange does not know that request: it may be older than the program");
        return false;
    }
    return true;
}

static bool request_is_own_key(const Muster__Submission *submission, const Muster__PartyKeys *keys)
{
    return submission->signing_key.len == keys->signing_key.len &&
           memcmp(submission->signing_key.data, keys->signing_key.data, keys->signing_key.len) == 0;
}

/* The checks of an envelope that need no tables. */
static void request_open_envelope(const struct exchange *exchange, struct exchange_request *request)
{
    const uint8_t *envelope = request->request->body.data;
    size_t size = request->request->body.len;
    struct walk_fault fault = {0};
    int status = envelope_unpack(envelope, size, &request->arena, &request->submission, &fault);
    if (status == STATUS_NEWER) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_UNKNOWN_VERSION,
                       "the submission is of another protocol version than this exchange's");
        return;
    }
    if (status != STATUS_OK) {
        request->faults.change = fault.change;
        faults_add(&request->faults, fault.path, "", fault.rule != NULL ? fault.rule : status_name(status),
                   "submit with the program that belongs to this exchange");
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_MALFORMED, "the submission has not the form of the contract");
        return;
    }
    const Muster__Submission *submission = request->submission;
    const Muster__PartyKeys *keys = desk_keys_of(request->party, request->which);
    if (strcmp(submission->origin, exchange->facts.origin) != 0 ||
        memcmp(submission->log_key.data, exchange->note_key.public_key, 32) != 0)
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "the submission was signed for another exchange");
    else if (strcmp(submission->party, request->party->party->id) != 0 || keys == NULL || submission->signing_key.len != keys->signing_key.len)
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED, REQUEST_FOREIGN_KEY);
    else if (envelope_verify(envelope, size, submission->signing_key.data) != STATUS_OK) {
        bool own = request_is_own_key(submission, keys);
        request_refuse(request, own ? MUSTER__OUTCOME__OUTCOME_MALFORMED : MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED,
                       own ? "the submission's signature does not hold" : REQUEST_FOREIGN_KEY);
    } else {
        envelope_sha256(envelope, size, request->sha256);
        request->signed_by_party = true;
        request->unmarked = gate_check_marking(submission, &request->arena, &request->faults) == STATUS_OK && request->faults.count == 0;
        faults_init(&request->faults, &request->arena);
        /* What was accepted under an earlier key is answered again: only the tables tell whether it was the party's. */
        request->other_key = !request_is_own_key(submission, keys);
    }
}

void request_open(const struct exchange *exchange, struct exchange_request *request)
{
    if (request->stage != REQUEST_NEW)
        return;
    uint8_t *plain = arena_raw(&request->arena, request->length, 1);
    size_t length = 0;
    if (plain == NULL || box_open(&request->session->box, request->bytes, request->length, request->request_id, plain,
                                  &length) != STATUS_OK) {
        request_drop(request, HINT_MALFORMED);
        return;
    }
    request->bytes = NULL;
    request->stage = REQUEST_OPENED;
    if (!request_known(request, plain, length))
        return;
    ProtobufCMessage *message = NULL;
    if (walk_unpack(&muster__request__descriptor, plain, length, BOX_PLAIN_MOST, &request->arena, &message, NULL) !=
        STATUS_OK) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_MALFORMED, "the request has not the form of the contract");
        return;
    }
    request->request = (Muster__Request *)message;
    const struct verb *verb = verb_find((int)request->request->verb);
    if (verb->request == VERB_RAW)
        request_open_envelope(exchange, request);
    else if (walk_check(verb->request, request->request->body.data, request->request->body.len, READ_BODY_MOST, NULL,
                        NULL) != STATUS_OK)
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_MALFORMED, "the request's body has not the form of the contract");
}

static void request_seal_hint(struct exchange_request *request)
{
    if (request->hint == 0)
        return;
    request->sealed = arena_alloc(&request->arena, HINT_SIZE);
    if (request->sealed == NULL)
        return;
    hint_write(request->hint, request->sealed);
    request->sealed_length = HINT_SIZE;
}

/* Boxes packed bytes; false where there is no memory, or they are too long for a box. */
static bool request_box(const struct exchange *exchange, struct exchange_request *request, const uint8_t *plain,
                        size_t length)
{
    size_t size = box_sealed_size(length);
    uint8_t *box = size == 0 ? NULL : arena_raw(&request->arena, size, 1);
    if (box == NULL || box_seal(&request->session->box, request->request_id, plain, length, exchange->random, box) != STATUS_OK)
        return false;
    request->sealed = box;
    request->sealed_length = size;
    return true;
}

void request_seal(const struct exchange *exchange, struct exchange_request *request)
{
    if (request->stage == REQUEST_DROPPED) {
        request_seal_hint(request);
        return;
    }
    uint8_t *plain = NULL;
    size_t length = 0;
    if (walk_pack(&request->answer.base, &request->arena, &plain, &length) == STATUS_OK &&
        request_box(exchange, request, plain, length))
        return;
    /* The answer is longer than a box, or than the memory that one request may have: say that instead. */
    request->faults.count = 0;
    request_refuse(request, MUSTER__OUTCOME__OUTCOME_BUSY, "the answer is too long for one message: ask for less at once");
    if (walk_pack(&request->answer.base, &request->arena, &plain, &length) != STATUS_OK ||
        !request_box(exchange, request, plain, length))
        request->sealed_length = 0;
}
