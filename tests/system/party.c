/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/system/party.h"

#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "proto/envelope.h"
#include "proto/fingerprint.h"
#include "proto/hint.h"
#include "proto/invitation.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "tests/unit/patience.h"

#define ANSWER_ARENA_CAP ((size_t)256 << 20)
#define RETRY_MILLISECONDS 2000
#define PATIENCE 10000

static int party_connect(struct party *party)
{
    int zero = 0;
    party->socket = zmq_socket(party->context, ZMQ_DEALER);
    if (party->socket == NULL || zmq_setsockopt(party->socket, ZMQ_LINGER, &zero, sizeof zero) != 0 ||
        zmq_setsockopt(party->socket, ZMQ_CURVE_SERVERKEY, party->harness->exchange.front_key, 32) != 0 ||
        zmq_setsockopt(party->socket, ZMQ_CURVE_PUBLICKEY, party->curve.public_key, 32) != 0 ||
        zmq_setsockopt(party->socket, ZMQ_CURVE_SECRETKEY, party->curve.secret, 32) != 0 ||
        zmq_connect(party->socket, party->harness->address) != 0)
        return STATUS_IO;
    return STATUS_OK;
}

int party_reconnect(struct party *party)
{
    if (party->socket != NULL)
        zmq_close(party->socket);
    return party_connect(party);
}

static int party_begin(struct harness *harness, const char *id, struct party *party)
{
    strncpy(party->id, id, sizeof party->id - 1);
    party->harness = harness;
    party->retry = RETRY_MILLISECONDS;
    arena_init(&party->arena, ANSWER_ARENA_CAP);
    party->context = zmq_ctx_new();
    if (party->context == NULL || box_session_party(&party->box, harness->exchange.box_key, &party->session) != STATUS_OK)
        return STATUS_NO_MEMORY;
    return party_connect(party);
}

int party_coordinator(struct harness *harness, struct party *party)
{
    *party = (struct party){.signing = harness->signing, .box = harness->box, .curve = harness->curve};
    return party_begin(harness, harness->coordinator.party, party);
}

int party_again(const struct party *party, struct party *again)
{
    *again = (struct party){.signing = party->signing, .box = party->box, .curve = party->curve};
    return party_begin(party->harness, party->id, again);
}

int party_stranger(struct harness *harness, const char *id, struct party *party)
{
    *party = (struct party){.owns_keys = true};
    int status = keys_generate(KEY_SIGNING, &seam_random_system, &party->signing);
    if (status == STATUS_OK)
        status = keys_generate(KEY_BOX, &seam_random_system, &party->box);
    if (status == STATUS_OK)
        status = keys_generate(KEY_CURVE, &seam_random_system, &party->curve);
    return status == STATUS_OK ? party_begin(harness, id, party) : status;
}

void party_close(struct party *party)
{
    if (party->socket != NULL)
        zmq_close(party->socket);
    if (party->context != NULL)
        zmq_ctx_term(party->context);
    if (party->session.keys != NULL)
        box_session_drop(&party->session);
    if (party->owns_keys) {
        keys_drop(&party->signing);
        keys_drop(&party->box);
        keys_drop(&party->curve);
    }
    arena_drop(&party->arena);
    *party = (struct party){0};
}

int party_send_box(struct party *party, const void *plain, size_t length)
{
    size_t size = box_sealed_size(length);
    uint8_t *box = malloc(size);
    box_request_id(&seam_random_system, party->request_id);
    int status = box == NULL ? STATUS_NO_MEMORY : box_seal(&party->session, party->request_id, plain, length, &seam_random_system, box);
    /* A connection that was refused takes nothing any more: the caller makes another. */
    if (status == STATUS_OK && zmq_send(party->socket, box, size, ZMQ_DONTWAIT) < 0)
        status = STATUS_UNREACHABLE;
    free(box);
    return status;
}

int party_send(struct party *party, Muster__Verb verb, const void *body, size_t length)
{
    Muster__Request request = MUSTER__REQUEST__INIT;
    struct arena arena;
    uint8_t *plain = NULL;
    size_t size = 0;
    arena_init(&arena, ANSWER_ARENA_CAP);
    request.protocol = PROTOCOL_VERSION;
    request.verb = verb;
    request.body = (ProtobufCBinaryData){length, (uint8_t *)(uintptr_t)body};
    int status = walk_pack(&request.base, &arena, &plain, &size);
    if (status == STATUS_OK)
        status = party_send_box(party, plain, size);
    arena_drop(&arena);
    return status;
}

int party_receive_frame(struct party *party, int milliseconds, uint8_t **bytes, size_t *length)
{
    zmq_pollitem_t item = {.socket = party->socket, .events = ZMQ_POLLIN};
    if (zmq_poll(&item, 1, milliseconds) <= 0)
        return STATUS_UNREACHABLE;
    zmq_msg_t message;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, party->socket, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&message);
        return STATUS_UNREACHABLE;
    }
    *length = zmq_msg_size(&message);
    *bytes = malloc(*length + 1);
    if (*bytes != NULL)
        memcpy(*bytes, zmq_msg_data(&message), *length);
    zmq_msg_close(&message);
    return *bytes == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static int party_open(struct party *party, const uint8_t *bytes, size_t length, Muster__Answer **answer)
{
    uint8_t request_id[BOX_REQUEST_ID_SIZE];
    ProtobufCMessage *message = NULL;
    size_t size = 0;
    if (hint_read(bytes, length) != 0)
        return STATUS_BUSY;
    uint8_t *plain = arena_alloc(&party->arena, length);
    if (plain == NULL)
        return STATUS_NO_MEMORY;
    int status = box_open(&party->session, bytes, length, request_id, plain, &size);
    if (status == STATUS_OK && memcmp(request_id, party->request_id, sizeof request_id) != 0)
        status = STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        status = walk_unpack(&muster__answer__descriptor, plain, size, BOX_PLAIN_MOST, &party->arena, &message, NULL);
    *answer = (Muster__Answer *)message;
    return status;
}

int party_receive(struct party *party, int milliseconds, Muster__Answer **answer)
{
    uint64_t until = seam_clock_system.monotonic(seam_clock_system.data) + (uint64_t)patience(milliseconds);
    for (;;) {
        uint64_t now = seam_clock_system.monotonic(seam_clock_system.data);
        uint8_t *bytes = NULL;
        size_t length = 0;
        int status = now >= until ? STATUS_UNREACHABLE : party_receive_frame(party, (int)(until - now), &bytes, &length);
        if (status != STATUS_OK)
            return status;
        arena_drop(&party->arena);
        status = party_open(party, bytes, length, answer);
        free(bytes);
        if (status != STATUS_NOT_FOUND)
            return status;
    }
}

int party_ask(struct party *party, Muster__Verb verb, const void *body, size_t length, int milliseconds, Muster__Answer **answer)
{
    uint64_t until = seam_clock_system.monotonic(seam_clock_system.data) + (uint64_t)patience(milliseconds);
    int status = STATUS_UNREACHABLE;
    for (bool first = true; status == STATUS_UNREACHABLE || status == STATUS_BUSY; first = false) {
        uint64_t now = seam_clock_system.monotonic(seam_clock_system.data);
        if (now >= until)
            break;
        if (!first && party_reconnect(party) != STATUS_OK)
            return STATUS_IO;
        int left = (int)(until - now);
        status = party_send(party, verb, body, length);
        /* A socket that takes nothing yet is given the same time. */
        if (status == STATUS_OK)
            status = party_receive(party, left < party->retry ? left : party->retry, answer);
        else if (status == STATUS_UNREACHABLE)
            harness_pause(left < party->retry ? left : party->retry);
    }
    return status;
}

void party_fill(struct party *party, Muster__Submission *submission, uint8_t id[16])
{
    static uint8_t empty[1];
    static _Thread_local Muster__Head head;
    muster__head__init(&head);
    head.size = party->head.size;
    head.root = (ProtobufCBinaryData){party->head.size == 0 ? 0 : 32, party->head.size == 0 ? empty : party->head.root};
    head.signature = (ProtobufCBinaryData){party->head.size == 0 ? 0 : 64, party->head.size == 0 ? empty : party->head_signature};
    envelope_id_make(&seam_random_system, seam_clock_system.wall(seam_clock_system.data), id);
    submission->protocol = PROTOCOL_VERSION;
    submission->origin = party->harness->exchange.log_key.name;
    submission->log_key = (ProtobufCBinaryData){32, party->harness->exchange.log_key.public_key};
    submission->id = (ProtobufCBinaryData){16, id};
    submission->party = party->id;
    submission->signing_key = (ProtobufCBinaryData){32, party->signing.public_key};
    submission->not_after = party->harness->now + (uint64_t)3600 * 1000;
    submission->head = &head;
    submission->marking = (char *)(uintptr_t)"UNCLASSIFIED";
    submission->marked_by = (char *)(uintptr_t)"NATO";
}

int party_sign(struct party *party, const Muster__Submission *submission, struct arena *arena, uint8_t **envelope, size_t *size)
{
    return envelope_make(submission, &party->signing, arena, envelope, size);
}

static int party_submit_as(struct party *party, Muster__Verb verb, Muster__Submission *submission, Muster__Answer **answer,
                           Muster__SubmitAnswer **submit_answer)
{
    struct arena arena;
    uint8_t id[16];
    uint8_t *envelope = NULL;
    size_t size = 0;
    ProtobufCMessage *body = NULL;
    arena_init(&arena, ANSWER_ARENA_CAP);
    party_fill(party, submission, id);
    int status = party_sign(party, submission, &arena, &envelope, &size);
    if (status == STATUS_OK)
        status = party_ask(party, verb, envelope, size, PATIENCE, answer);
    arena_drop(&arena);
    if (status == STATUS_OK && submit_answer != NULL && (*answer)->outcome == MUSTER__OUTCOME__OUTCOME_DONE) {
        status = walk_unpack(&muster__submit_answer__descriptor, (*answer)->body.data, (*answer)->body.len, BOX_PLAIN_MOST, &party->arena,
                             &body, NULL);
        *submit_answer = (Muster__SubmitAnswer *)body;
    }
    return status;
}

int party_submit(struct party *party, Muster__Submission *submission, Muster__Answer **answer, Muster__SubmitAnswer **submit_answer)
{
    return party_submit_as(party, MUSTER__VERB__VERB_SUBMIT, submission, answer, submit_answer);
}

int party_put_item(struct party *coordinator, const char *id, Muster__Answer **answer)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ItemChange change = MUSTER__ITEM_CHANGE__INIT;
    Muster__Item item = MUSTER__ITEM__INIT;
    Muster__ItemChange *changes[] = {&change};
    item.id = change.id = (char *)(uintptr_t)id;
    item.title = item.nsc = item.cpv = (char *)(uintptr_t)"";
    item.unit = (char *)(uintptr_t)"EA";
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.item = &item;
    submission.n_items = 1;
    submission.items = changes;
    return party_submit(coordinator, &submission, answer, NULL);
}

static void party_keys_message(Muster__PartyKeys *message, struct key_pair *signing, struct key_pair *box, struct key_pair *curve)
{
    muster__party_keys__init(message);
    message->signing_key = (ProtobufCBinaryData){32, signing->public_key};
    message->box_key = (ProtobufCBinaryData){32, box->public_key};
    message->curve_key = (ProtobufCBinaryData){32, curve->public_key};
}

/* One change to a party by the coordinator. */
static int party_change(struct party *coordinator, Muster__PartyChange *change)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__PartyChange *changes[] = {change};
    Muster__Answer *answer = NULL;
    submission.n_parties = 1;
    submission.parties = changes;
    int status = party_submit(coordinator, &submission, &answer, NULL);
    return status == STATUS_OK && answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE ? STATUS_DENIED : status;
}

static int party_invite(struct party *coordinator, const char *id, Muster__Role role, const char *country, struct invitation_keys *once)
{
    Muster__PartyChange change = MUSTER__PARTY_CHANGE__INIT;
    Muster__Party details = MUSTER__PARTY__INIT;
    Muster__PartyKeys keys;
    details.id = change.party = (char *)(uintptr_t)id;
    details.name = (char *)(uintptr_t)id;
    details.country = (char *)(uintptr_t)country;
    details.ncage = (char *)(uintptr_t)"";
    details.contact = (char *)(uintptr_t)"office@example.org";
    details.role = role;
    details.size = role == MUSTER__ROLE__ROLE_SUPPLIER ? MUSTER__SIZE__SIZE_SMALL : MUSTER__SIZE__SIZE_LARGE;
    party_keys_message(&keys, &once->signing, &once->box, &once->curve);
    change.kind = MUSTER__PARTY_CHANGE_KIND__PARTY_INVITE;
    change.details = &details;
    change.one_time_keys = &keys;
    change.has_invitation_expiry = true;
    change.invitation_expiry = coordinator->harness->now + (uint64_t)24 * 3600 * 1000;
    return party_change(coordinator, &change);
}

/* The join, under the one-time keys. */
static int party_send_join(struct harness *harness, struct party *party, struct invitation_keys *once)
{
    struct party guest = {.signing = once->signing, .box = once->box, .curve = once->curve};
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__Join join = MUSTER__JOIN__INIT;
    Muster__PartyKeys keys;
    Muster__Answer *answer = NULL;
    uint8_t signatures[2][64];
    int status = party_begin(harness, party->id, &guest);
    struct join_keys signed_keys = {once->signing.public_key, party->curve.public_key, party->box.public_key, party->signing.public_key,
                                    harness->exchange.box_key};
    join_sign(&signed_keys, &once->signing, signatures[0]);
    join_sign(&signed_keys, &party->signing, signatures[1]);
    party_keys_message(&keys, &party->signing, &party->box, &party->curve);
    join.keys = &keys;
    join.one_time_signing_key = (ProtobufCBinaryData){32, once->signing.public_key};
    join.one_time_signature = (ProtobufCBinaryData){64, signatures[0]};
    join.new_signature = (ProtobufCBinaryData){64, signatures[1]};
    submission.join = &join;
    if (status == STATUS_OK)
        status = party_submit_as(&guest, MUSTER__VERB__VERB_JOIN, &submission, &answer, NULL);
    if (status == STATUS_OK && answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE)
        status = STATUS_DENIED;
    party_close(&guest);
    return status;
}

static int party_confirm(struct party *coordinator, const struct party *party)
{
    const struct introduction_exchange *exchange = &coordinator->harness->exchange;
    Muster__PartyChange change = MUSTER__PARTY_CHANGE__INIT;
    char vkey[NOTE_VKEY_SIZE];
    char fingerprint[FINGERPRINT_TEXT_SIZE];
    note_vkey_write(&exchange->log_key, vkey);
    struct fingerprint_input input = {party->id, party->signing.public_key, party->box.public_key, party->curve.public_key,
                                      exchange->signing_key, exchange->box_key, vkey};
    int status = fingerprint_make(&input, fingerprint);
    change.kind = MUSTER__PARTY_CHANGE_KIND__PARTY_CONFIRM;
    change.party = (char *)(uintptr_t)party->id;
    change.replaces = 2; /* invited, joined */
    change.fingerprint = fingerprint;
    return status == STATUS_OK ? party_change(coordinator, &change) : status;
}

int party_join(struct party *coordinator, const char *id, Muster__Role role, const char *country, struct party *party)
{
    uint8_t seed[INVITATION_SEED_SIZE];
    struct invitation_keys once;
    int status = party_stranger(coordinator->harness, id, party);
    seam_random_system.fill(seam_random_system.data, seed, sizeof seed);
    if (status == STATUS_OK)
        status = invitation_keys_make(seed, &once);
    if (status != STATUS_OK)
        return status;
    status = party_invite(coordinator, id, role, country, &once);
    if (status == STATUS_OK)
        status = party_send_join(coordinator->harness, party, &once);
    if (status == STATUS_OK)
        status = party_confirm(coordinator, party);
    /* Its first connection was refused: its key was not known yet. */
    if (status == STATUS_OK)
        status = party_reconnect(party);
    invitation_keys_drop(&once);
    return status;
}
