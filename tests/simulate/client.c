/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/client.h"

#include <stdlib.h>
#include <string.h>

#include "broker/exchange_request.h"
#include "proto/envelope.h"
#include "proto/hint.h"
#include "proto/receipt.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "tests/simulate/canary.h"
#include "tests/simulate/deed.h"
#include "tests/simulate/run.h"

#define PATIENCE_LEAST 800u
#define PATIENCE_MOST 2500u
#define PATIENCE_WATCH 15000u
#define THINK_MOST 1200u
#define SOON 50u
#define CROWD 10u

/* Many clients do less each. */
static uint64_t client_think(struct run *run, const struct client *client)
{
    bool busy = !run->chaos || client->stage == CLIENT_INVITED || client->bundle_count > 0 || (client->index == 0 && client->setup + 1 < run->client_count);
    bool steers = client->role == MUSTER__ROLE__ROLE_COORDINATOR;
    uint64_t crowd = busy ? 0 : steers ? 1 : 1 + run->client_count / CROWD;
    return dice_between(&run->dice, SOON, SOON + THINK_MOST * crowd);
}

static void keys_make(struct run *run, struct client_keys *keys)
{
    int status = keys_generate(KEY_SIGNING, &run->random, &keys->signing);
    if (status == STATUS_OK)
        status = keys_generate(KEY_BOX, &run->random, &keys->box);
    if (status == STATUS_OK)
        status = keys_generate(KEY_CURVE, &run->random, &keys->curve);
    if (status == STATUS_OK)
        status = box_session_party(&keys->box, run->node.public_file.box_key, &keys->session);
    if (status != STATUS_OK)
        run_finding(run, "setup", "keys: %s", status_name(status));
    keys->there = true;
}

static void keys_end(struct client_keys *keys)
{
    if (!keys->there)
        return;
    keys_drop(&keys->signing);
    keys_drop(&keys->box);
    keys_drop(&keys->curve);
    box_session_drop(&keys->session);
    *keys = (struct client_keys){0};
}

void client_make(struct run *run, struct client *client)
{
    keys_make(run, &client->keys);
}

void client_new_keys(struct run *run, struct client *client)
{
    keys_end(&client->next);
    keys_make(run, &client->next);
}

void client_take_keys(struct run *run, struct client *client)
{
    keys_end(&client->keys);
    client->keys = client->next;
    client->next = (struct client_keys){0};
    client->next_accepted = false;
    front_close(run, client->connection);
    client->connection = 0;
    run_note(run, "%s comes under its new keys", client->id);
}

void client_drop_new_keys(struct client *client)
{
    keys_end(&client->next);
    client->next_accepted = false;
}

void client_invited(struct run *run, struct client *client, const uint8_t seed[INVITATION_SEED_SIZE])
{
    int status = invitation_keys_make(seed, &client->once);
    if (status == STATUS_OK)
        status = box_session_party(&client->once.box, run->node.public_file.box_key, &client->once_session);
    if (status != STATUS_OK)
        run_finding(run, "setup", "invitation: %s", status_name(status));
    client->has_once = true;
}

static void deed_drop(struct client *client)
{
    free(client->deed.body);
    client->deed = (struct deed){.kind = DEED_NONE, .operation = SIZE_MAX};
    memset(client->attempts, 0, sizeof client->attempts);
}

void client_end(struct client *client)
{
    deed_drop(client);
    keys_end(&client->keys);
    keys_end(&client->next);
    if (client->has_once) {
        invitation_keys_drop(&client->once);
        box_session_drop(&client->once_session);
    }
    client->has_once = false;
}

bool client_is_live(const struct client *client)
{
    return client->stage == CLIENT_JOINED || client->stage == CLIENT_CONFIRMED;
}

bool client_is_idle(const struct client *client)
{
    return client->deed.kind == DEED_NONE;
}

void client_forget(struct run *run, struct client *client)
{
    const struct deed *deed = &client->deed;
    if (deed->kind == DEED_NONE || client->index == 0 || deed->kind == DEED_JOIN || deed->kind == DEED_KEYS || deed->kind == DEED_PARTY ||
        deed->kind == DEED_REDACT)
        return;
    if (deed->kind == DEED_OBJECT)
        client->objects[deed->about].unknown = true;
    for (size_t at = 0; deed->kind == DEED_CONFIRM && at < run->client_count; at++)
        if (run->clients[at].asked_for == client->index + 1)
            run->clients[at].asked_for = 0;
    run_note(run, "%s forgets what it was about", client->id);
    run->figures.forgotten++;
    deed_drop(client);
    front_close(run, client->connection);
    client->connection = 0;
    client->wake = run->monotonic + dice_between(&run->dice, SOON, PATIENCE_MOST);
}

/* --- sending --------------------------------------------------------------------------------------------------- */

static const struct box_session *deed_session(const struct client *client)
{
    return client->deed.own_keys_once ? &client->once_session : client->deed.waiting_keys ? &client->next.session : &client->keys.session;
}

/* A connection under the keys of the deed; false: there is none now. */
static bool client_connect(struct run *run, struct client *client)
{
    const struct deed *deed = &client->deed;
    bool fits = client->connection_once == deed->own_keys_once && client->connection_next == deed->waiting_keys;
    if (client->connection != 0 && fits && front_is_open(run, client->connection))
        return true;
    front_close(run, client->connection);
    const struct key_pair *curve = deed->own_keys_once ? &client->once.curve : deed->waiting_keys ? &client->next.curve : &client->keys.curve;
    client->connection = front_connect(run, client, curve->public_key);
    client->connection_once = deed->own_keys_once;
    client->connection_next = deed->waiting_keys;
    return client->connection != 0;
}

static void client_send(struct run *run, struct client *client)
{
    const struct deed *deed = &client->deed;
    Muster__Request request = MUSTER__REQUEST__INIT;
    uint8_t *plain = NULL;
    size_t size = 0;
    client->wake = run->monotonic + client->patience + dice_roll(&run->dice, 200);
    if (!client_connect(run, client)) {
        client->wake = run->monotonic + dice_between(&run->dice, SOON, PATIENCE_LEAST);
        return;
    }
    request.protocol = PROTOCOL_VERSION;
    request.verb = deed->verb;
    request.body = (ProtobufCBinaryData){deed->length, deed->body};
    arena_rewind(&run->arena);
    int status = walk_pack(&request.base, &run->arena, &plain, &size);
    uint8_t *box = status == STATUS_OK ? arena_alloc(&run->arena, box_sealed_size(size)) : NULL;
    unsigned slot = client->attempt++ % CLIENT_ATTEMPTS;
    box_request_id(&run->random, client->attempts[slot].id);
    client->attempts[slot].sent = run->step + 1;
    if (box == NULL || box_seal(deed_session(client), client->attempts[slot].id, plain, size, &run->random, box) != STATUS_OK) {
        run_finding(run, "setup", "a request can't be boxed");
        return;
    }
    front_send(run, client->connection, box, box_sealed_size(size));
    run->figures.sent++;
}

void client_begin(struct run *run, struct client *client, const struct deed *deed)
{
    deed_drop(client);
    client->deed = *deed;
    client->begun = run->step;
    client->patience = deed->kind == DEED_WATCH ? PATIENCE_WATCH : dice_between(&run->dice, PATIENCE_LEAST, PATIENCE_MOST);
    run_note(run, "%s: deed %d, %s, %zu bytes", client->id, (int)deed->kind, verb_find((int)deed->verb)->name, deed->length);
    client_send(run, client);
}

void client_step(struct run *run, struct client *client)
{
    if (run->monotonic < client->wake)
        return;
    if (client->deed.kind != DEED_NONE) {
        /* No answer: a new connection now and then, perhaps under the keys that wait, which may bind by now; the same bytes. */
        if (client->next.there && !client->deed.own_keys_once && dice_is(&run->dice, 400)) {
            client->deed.waiting_keys = !client->deed.waiting_keys;
            memset(client->attempts, 0, sizeof client->attempts);
        }
        if (dice_is(&run->dice, 500)) {
            front_close(run, client->connection);
            client->connection = 0;
        }
        client_send(run, client);
        return;
    }
    client->wake = run->monotonic + client_think(run, client);
    if (client->stage == CLIENT_UNKNOWN || (client->stage == CLIENT_OUT && !front_is_open(run, client->connection)))
        return;
    if (client->stage == CLIENT_INVITED)
        deed_join(run, client);
    else if (run->ending)
        deed_last(run, client);
    else if (client->foul && dice_is(&run->dice, 500))
        foul_next(run, client);
    else if (client->role == MUSTER__ROLE__ROLE_COORDINATOR)
        coordinator_next(run, client);
    else
        member_next(run, client);
}

/* --- receiving ------------------------------------------------------------------------------------------------- */

static bool client_asked(const struct client *client, const uint8_t id[BOX_REQUEST_ID_SIZE])
{
    for (unsigned at = 0; at < CLIENT_ATTEMPTS; at++)
        if (client->attempts[at].sent != 0 && memcmp(client->attempts[at].id, id, BOX_REQUEST_ID_SIZE) == 0)
            return true;
    return false;
}

/* A head that the exchange showed, proved to extend the one that it was asked with. */
void client_take_head(struct run *run, struct client *client, const struct tlog_head *shown, const struct tlog_head *head,
                      const uint8_t signature[64], const ProtobufCBinaryData *proof)
{
    if (shown->size != 0 && head->size >= shown->size &&
        tlog_consistency_verify(shown, head, proof->data, proof->len) != STATUS_OK) {
        run_finding(run, "heads", "%s: the head of size %llu is not proved to extend the one of size %llu", client->id,
                    (unsigned long long)head->size, (unsigned long long)shown->size);
        return;
    }
    ledger_shown(run, client->index, head);
    if (head->size <= client->head.size)
        return;
    client->head = *head;
    memcpy(client->head_signature, signature, sizeof client->head_signature);
}

static void client_acknowledged(struct run *run, struct client *client, const Muster__Answer *answer)
{
    const struct deed *deed = &client->deed;
    const Muster__SubmitAnswer *submitted = deed_body(run, answer, &muster__submit_answer__descriptor);
    struct receipt receipt;
    const char *why = NULL;
    if (submitted == NULL) {
        run_finding(run, "receipts", "%s: an accepted submission has no answer of the form", client->id);
        return;
    }
    if (deed->verb == MUSTER__VERB__VERB_CHECK)
        return;
    if (receipt_verify((const char *)submitted->receipt.data, submitted->receipt.len, deed->body, deed->length,
                       &run->node.public_file.log_key, &receipt, &why) != STATUS_OK ||
        receipt.position != submitted->position) {
        run_finding(run, "receipts", "%s: a receipt does not verify: %s", client->id, why != NULL ? why : "another position");
        return;
    }
    history_acknowledged(run, deed->operation, submitted->position, submitted->receipt.data, submitted->receipt.len);
    client_take_head(run, client, &deed->shown, &receipt.head, receipt.head_signature, &submitted->consistency);
}

/* Under keys that waited when it announced them. True: they still do, or never will be, and it tries again under the old ones. */
static bool client_keys_wait(struct client *client, const Muster__Answer *answer)
{
    struct deed *deed = &client->deed;
    if (!deed->waiting_keys)
        return false;
    bool ended = strcmp(answer->text, REQUEST_KEYS_ENDED) == 0;
    if (answer->outcome == MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED && (ended || strcmp(answer->text, REQUEST_KEYS_WAIT) == 0)) {
        deed->waiting_keys = false;
        memset(client->attempts, 0, sizeof client->attempts);
        return true;
    }
    /* What was accepted before is answered to both; whether they are in force is what its status tells. */
    return false;
}

static void client_answered(struct run *run, struct client *client, const Muster__Answer *answer)
{
    if (client_keys_wait(client, answer))
        return;
    struct deed deed = client->deed;
    bool done = answer->outcome == MUSTER__OUTCOME__OUTCOME_DONE;
    run_note(run, "%s: %s answered %d %s", client->id, verb_find((int)deed.verb)->name, (int)answer->outcome, done ? "" : answer->text);
    for (size_t at = 0; at < answer->n_faults; at++)
        run_note(run, "  %s: found %s, expected %s", answer->faults[at]->field, answer->faults[at]->found, answer->faults[at]->expected);
    if (deed.operation != SIZE_MAX && done)
        client_acknowledged(run, client, answer);
    run->figures.refused += !done;
    run->figures.read += done && deed.operation == SIZE_MAX;
    if (answer->outcome == MUSTER__OUTCOME__OUTCOME_FORKED && deed.kind != DEED_FOUL)
        run_finding(run, "heads", "%s is told that its own head was not signed by the exchange", client->id);
    if (answer->outcome == MUSTER__OUTCOME__OUTCOME_MALFORMED && deed.kind != DEED_FOUL)
        run_finding(run, "answers", "%s is told that an honest request is malformed", client->id);
    /* The same receipt again: now and then the client asks once more for what it has. */
    client->deed.done_before++;
    client->wake = run->monotonic + client_think(run, client);
    if (done && deed.operation != SIZE_MAX && deed.done_before < 2 && run->chaos && dice_is(&run->dice, 100)) {
        memset(client->attempts, 0, sizeof client->attempts);
        return;
    }
    client->deed.body = NULL;
    deed_drop(client);
    deed_answered(run, client, &deed, answer);
    free(deed.body);
}

/* What was meant for another must not open. */
static void client_try_foreign(struct run *run, struct client *client, const uint8_t *bytes, size_t length, uint8_t *plain)
{
    const struct box_session *sessions[] = {client->keys.there ? &client->keys.session : NULL, client->next.there ? &client->next.session : NULL,
                                            client->has_once ? &client->once_session : NULL};
    uint8_t id[BOX_REQUEST_ID_SIZE];
    size_t size = 0;
    for (size_t at = 0; at < sizeof sessions / sizeof sessions[0]; at++)
        if (sessions[at] != NULL && box_open(sessions[at], bytes, length, id, plain, &size) == STATUS_OK)
            run_finding(run, "secrecy", "%s can open an answer that is meant for another", client->id);
}

void client_receive(struct run *run, struct client *client, const uint8_t *bytes, size_t length, bool foreign)
{
    uint8_t id[BOX_REQUEST_ID_SIZE];
    ProtobufCMessage *message = NULL;
    size_t size = 0;
    arena_rewind(&run->look);
    if (hint_read(bytes, length) != 0)
        return;
    uint8_t *plain = arena_alloc(&run->look, length);
    if (plain == NULL)
        abort();
    if (foreign) {
        client_try_foreign(run, client, bytes, length, plain);
        return;
    }
    if (client->deed.kind == DEED_NONE)
        return;
    int status = box_open(deed_session(client), bytes, length, id, plain, &size);
    if (status != STATUS_OK) {
        /* It may be one to what it asked under other keys of its own, before. */
        if (status != STATUS_DENIED || (!client->has_once && !client->next.there))
            run_finding(run, "answers", "%s can't open its answer: %s", client->id, status_name(status));
        return;
    }
    run->figures.opened++;
    canary_look(run, client, plain, size);
    if (!client_asked(client, id))
        return;
    status = walk_unpack(&muster__answer__descriptor, plain, size, BOX_PLAIN_MOST, &run->look, &message, NULL);
    if (status != STATUS_OK) {
        run_finding(run, "answers", "%s is answered in another form: %s", client->id, status_name(status));
        return;
    }
    client_answered(run, client, (const Muster__Answer *)message);
}
