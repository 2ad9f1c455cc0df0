/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/deed.h"

#include <stdlib.h>
#include <string.h>

#include "proto/envelope.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "tests/simulate/run.h"

#define HOUR ((uint64_t)3600 * 1000)

/* --- making them ---------------------------------------------------------------------------------------------- */

static void *must_have(void *made)
{
    if (made == NULL)
        abort();
    return made;
}

void *deed_new(struct run *run, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = must_have(arena_alloc(&run->arena, descriptor->sizeof_message));
    protobuf_c_message_init(descriptor, message);
    return message;
}

void *deed_one(struct run *run, void *element)
{
    void **list = must_have(arena_alloc(&run->arena, sizeof *list));
    list[0] = element;
    return list;
}

char *deed_text(struct run *run, const char *text)
{
    return must_have(arena_string(&run->arena, text));
}

ProtobufCBinaryData deed_bytes(struct run *run, const void *bytes, size_t length)
{
    return (ProtobufCBinaryData){length, (uint8_t *)must_have(arena_copy(&run->arena, bytes, length))};
}

Muster__PartyKeys *deed_keys(struct run *run, const struct key_pair *signing, const struct key_pair *box, const struct key_pair *curve)
{
    Muster__PartyKeys *keys = deed_new(run, &muster__party_keys__descriptor);
    keys->signing_key = deed_bytes(run, signing->public_key, 32);
    keys->box_key = deed_bytes(run, box->public_key, 32);
    keys->curve_key = deed_bytes(run, curve->public_key, 32);
    return keys;
}

void *deed_body(struct run *run, const Muster__Answer *answer, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = NULL;
    if (walk_unpack(descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &run->look, &message, NULL) != STATUS_OK)
        return NULL;
    return message;
}

static uint8_t *deed_copy(const void *bytes, size_t length)
{
    uint8_t *copy = must_have(malloc(length + 1));
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

/* All but the noun. */
static void deed_fill(struct run *run, const struct client *client, const struct key_pair *signing, Muster__Submission *submission)
{
    uint8_t id[ENVELOPE_ID_SIZE];
    Muster__Head *head = deed_new(run, &muster__head__descriptor);
    head->size = client->head.size;
    if (head->size != 0) {
        head->root = deed_bytes(run, client->head.root, sizeof client->head.root);
        head->signature = deed_bytes(run, client->head_signature, sizeof client->head_signature);
    }
    envelope_id_make(&run->random, run->wall, id);
    submission->protocol = PROTOCOL_VERSION;
    submission->origin = run->node.public_file.log_key.name;
    submission->log_key = deed_bytes(run, run->node.public_file.log_key.public_key, 32);
    submission->id = deed_bytes(run, id, sizeof id);
    submission->party = deed_text(run, client->id);
    submission->signing_key = deed_bytes(run, signing->public_key, 32);
    submission->not_after = run->wall + dice_between(&run->dice, 6, 23) * HOUR;
    submission->head = head;
    submission->marking = deed_text(run, "UNCLASSIFIED");
    submission->marked_by = deed_text(run, "NATO");
}

void deed_submit(struct run *run, struct client *client, enum deed_kind kind, Muster__Submission *submission, size_t about, uint64_t number)
{
    bool join = kind == DEED_JOIN, check = kind == DEED_CHECK;
    const struct key_pair *signing = join ? &client->once.signing : &client->keys.signing;
    uint8_t *envelope = NULL;
    size_t size = 0;
    deed_fill(run, client, signing, submission);
    if (envelope_make(submission, signing, &run->arena, &envelope, &size) != STATUS_OK) {
        run_finding(run, "setup", "a submission can't be signed");
        return;
    }
    struct deed deed = {.kind = kind, .verb = join ? MUSTER__VERB__VERB_JOIN : check ? MUSTER__VERB__VERB_CHECK : MUSTER__VERB__VERB_SUBMIT, .length = size, .shown = client->head,
                        .own_keys_once = join, .about = about, .number = number};
    deed.operation = history_sent(run, client->index, submission->id.data, envelope, size, kind == DEED_FOUL || check);
    run->history.operations[deed.operation].object = kind == DEED_OBJECT;
    deed.body = deed_copy(envelope, size);
    if (client->bends)
        deed.body[dice_roll(&run->dice, size)] ^= (uint8_t)(1u << dice_roll(&run->dice, 8));
    client_begin(run, client, &deed);
}

void deed_ask(struct run *run, struct client *client, enum deed_kind kind, Muster__Verb verb, const ProtobufCMessage *body, size_t about,
              uint64_t number)
{
    uint8_t *packed = NULL;
    size_t size = 0;
    if (body != NULL && walk_pack(body, &run->arena, &packed, &size) != STATUS_OK) {
        run_finding(run, "setup", "a question can't be packed");
        return;
    }
    struct deed deed = {.kind = kind, .verb = verb, .length = size, .operation = SIZE_MAX, .shown = client->head, .about = about,
                        .number = number};
    deed.body = deed_copy(packed, size);
    client_begin(run, client, &deed);
}

/* --- what everybody does --------------------------------------------------------------------------------------- */

void deed_join(struct run *run, struct client *client)
{
    uint8_t signatures[2][64];
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__Join *join = deed_new(run, &muster__join__descriptor);
    if (!client->keys.there)
        client_make(run, client);
    const struct join_keys named = {client->once.signing.public_key, client->keys.curve.public_key, client->keys.box.public_key,
                                    client->keys.signing.public_key, run->node.public_file.box_key};
    join_sign(&named, &client->once.signing, signatures[0]);
    join_sign(&named, &client->keys.signing, signatures[1]);
    join->one_time_signing_key = deed_bytes(run, client->once.signing.public_key, 32);
    join->keys = deed_keys(run, &client->keys.signing, &client->keys.box, &client->keys.curve);
    join->one_time_signature = deed_bytes(run, signatures[0], 64);
    join->new_signature = deed_bytes(run, signatures[1], 64);
    submission->join = join;
    deed_submit(run, client, DEED_JOIN, submission, 0, 0);
}

static void ask_head(struct run *run, struct client *client, enum deed_kind kind)
{
    Muster__HeadRequest *request = deed_new(run, &muster__head_request__descriptor);
    request->old_size = client->head.size;
    deed_ask(run, client, kind, MUSTER__VERB__VERB_HEAD, &request->base, 0, 0);
}

void deed_last(struct run *run, struct client *client)
{
    if (!client->last_done && client_is_live(client))
        ask_head(run, client, DEED_LAST);
}

/* That an entry stands in the log as its head was shown. */
static void ask_proof(struct run *run, struct client *client)
{
    Muster__ProofRequest *request = deed_new(run, &muster__proof_request__descriptor);
    request->size = client->head.size;
    request->position = client->head.size > 0 ? dice_roll(&run->dice, client->head.size) : 0;
    deed_ask(run, client, DEED_READ, MUSTER__VERB__VERB_PROOF, &request->base, 0, request->position);
}

bool deed_read_something(struct run *run, struct client *client)
{
    Muster__WatchRequest *watch;
    Muster__LogRequest *log;
    Muster__ListRequest *list;
    Muster__WhyRequest *why;
    Muster__NeedRequest *need;
    switch (dice_roll(&run->dice, 9)) {
    case 6:
        ask_proof(run, client);
        return true;
    case 0:
        ask_head(run, client, DEED_HEAD);
        return true;
    case 1:
        watch = deed_new(run, &muster__watch_request__descriptor);
        watch->cursor = client->cursor;
        watch->wait = (uint32_t)dice_roll(&run->dice, 10);
        deed_ask(run, client, DEED_WATCH, MUSTER__VERB__VERB_WATCH, &watch->base, 0, 0);
        return true;
    case 2:
        log = deed_new(run, &muster__log_request__descriptor);
        log->size = client->head.size;
        log->from = log->size > 0 ? dice_roll(&run->dice, log->size) : 0;
        deed_ask(run, client, DEED_READ, MUSTER__VERB__VERB_LOG, &log->base, 0, log->from);
        return true;
    case 3:
        list = deed_new(run, &muster__list_request__descriptor);
        list->noun = (Muster__Noun)dice_between(&run->dice, MUSTER__NOUN__NOUN_PARTY, MUSTER__NOUN__NOUN_POLICY);
        list->item = list->id = list->after = deed_text(run, "");
        list->limit = (uint32_t)dice_between(&run->dice, 1, 100);
        list->withdrawn = dice_is(&run->dice, 300);
        deed_ask(run, client, DEED_READ, MUSTER__VERB__VERB_LIST, &list->base, 0, 0);
        return true;
    case 4:
        why = deed_new(run, &muster__why_request__descriptor);
        why->id = deed_text(run, client->objects[dice_roll(&run->dice, CLIENT_OBJECTS)].id);
        deed_ask(run, client, DEED_READ, MUSTER__VERB__VERB_WHY, &why->base, 0, 0);
        return true;
    case 5:
        need = deed_new(run, &muster__need_request__descriptor);
        need->item = need->after = deed_text(run, "");
        deed_ask(run, client, DEED_READ, MUSTER__VERB__VERB_NEED, &need->base, 0, 0);
        return true;
    default:
        deed_ask(run, client, DEED_STATUS, MUSTER__VERB__VERB_STATUS, NULL, 0, 0);
        return true;
    }
}

/* --- what comes of them ---------------------------------------------------------------------------------------- */

static void head_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer)
{
    const Muster__HeadAnswer *body = deed_body(run, answer, &muster__head_answer__descriptor);
    struct tlog_head head;
    uint8_t signature[64];
    if (body == NULL || tlog_head_open(&run->node.public_file.log_key, (const char *)body->checkpoint.data, body->checkpoint.len, &head,
                                       signature) != STATUS_OK) {
        run_finding(run, "heads", "%s is shown a head that nobody signed", client->id);
        return;
    }
    client_take_head(run, client, &deed->shown, &head, signature, &body->consistency);
}

static void watch_answered(struct run *run, struct client *client, const Muster__Answer *answer)
{
    const Muster__WatchAnswer *body = deed_body(run, answer, &muster__watch_answer__descriptor);
    struct tlog_head head;
    if (body == NULL || tlog_head_open(&run->node.public_file.log_key, (const char *)body->checkpoint.data, body->checkpoint.len, &head,
                                       NULL) != STATUS_OK) {
        run_finding(run, "heads", "%s watches a head that nobody signed", client->id);
        return;
    }
    ledger_shown(run, client->index, &head);
    client->cursor = body->cursor;
}

/* Every leaf of the stretch is the one that stands in the log. */
static void log_answered(struct run *run, const struct client *client, const struct deed *deed, const Muster__Answer *answer)
{
    const Muster__LogAnswer *body = deed_body(run, answer, &muster__log_answer__descriptor);
    for (size_t at = 0; body != NULL && at * TLOG_HASH_SIZE < body->leaves.len; at++) {
        const uint8_t *leaf = body->leaves.data + at * TLOG_HASH_SIZE;
        if (deed->number + at < run->ledger.size && memcmp(leaf, run->ledger.entries[deed->number + at].leaf, TLOG_HASH_SIZE) != 0)
            run_finding(run, "fork", "%s is shown another entry %llu", client->id, (unsigned long long)(deed->number + at));
    }
    for (size_t at = 0; body != NULL && at < body->n_bodies && client->role != MUSTER__ROLE__ROLE_COORDINATOR; at++)
        if (memmem(body->bodies[at]->body.data, body->bodies[at]->body.len, client->id, strlen(client->id)) == NULL)
            run_finding(run, "sealed", "%s is shown another's entry", client->id);
}

static void proof_answered(struct run *run, const struct client *client, const struct deed *deed, const Muster__Answer *answer)
{
    const Muster__ProofAnswer *body = deed_body(run, answer, &muster__proof_answer__descriptor);
    if (body == NULL || body->leaf.len != TLOG_HASH_SIZE ||
        tlog_inclusion_verify(deed->number, body->leaf.data, body->hashes.data, body->hashes.len, &deed->shown) != STATUS_OK)
        run_finding(run, "heads", "%s is not proved that entry %llu stands in the log that it was shown", client->id,
                    (unsigned long long)deed->number);
}

static bool is_key(const Muster__PartyKeys *keys, const struct client_keys *own)
{
    return keys != NULL && own->there && memcmp(keys->signing_key.data, own->signing.public_key, 32) == 0;
}

/* Which of its keys are in force, and whether the clock is to be confirmed. */
static void status_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer)
{
    const Muster__StatusAnswer *body = deed_body(run, answer, &muster__status_answer__descriptor);
    if (body == NULL || strcmp(body->self->party->id, client->id) != 0) {
        run_finding(run, "answers", "%s asks for its status and gets another's", client->id);
        return;
    }
    if (is_key(body->self->keys, &client->next))
        client_take_keys(run, client);
    else if (client->next_accepted && !deed->waiting_keys && body->self->pending == NULL)
        client_drop_new_keys(client);
    client->clock_doubted = 0;
    for (size_t at = 0; at < body->n_waiting; at++)
        if (strcmp(body->waiting[at]->what, "clock") == 0)
            client->clock_doubted = strtoull(body->waiting[at]->id, NULL, 10);
}

void deed_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer)
{
    bool done = answer->outcome == MUSTER__OUTCOME__OUTCOME_DONE;
    if (deed->kind == DEED_FOUL) {
        foul_answered(run, client, deed, answer);
        return;
    }
    if (deed->kind == DEED_LAST && !done)
        run_finding(run, "liveness", "%s is refused the head in the end: %s", client->id, answer->text);
    if (deed->kind == DEED_LAST)
        client->last_done = true;
    if (done && deed->verb == MUSTER__VERB__VERB_HEAD)
        head_answered(run, client, deed, answer);
    else if (done && deed->verb == MUSTER__VERB__VERB_LOG)
        log_answered(run, client, deed, answer);
    else if (done && deed->verb == MUSTER__VERB__VERB_PROOF)
        proof_answered(run, client, deed, answer);
    else if (done && deed->kind == DEED_WATCH)
        watch_answered(run, client, answer);
    else if (done && deed->kind == DEED_STATUS)
        status_answered(run, client, deed, answer);
    else if (done && deed->kind == DEED_JOIN)
        client->stage = CLIENT_JOINED;
    else if (deed->kind == DEED_KEYS && done)
        client->next_accepted = true;
    else if (deed->kind == DEED_KEYS)
        client_drop_new_keys(client);
    else if (client->role == MUSTER__ROLE__ROLE_COORDINATOR)
        coordinator_answered(run, client, deed, answer);
    else
        member_answered(run, client, deed, answer);
}
