/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/desk/redactions.h"
#include "broker/planner.h"
#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"

#define WORLD_ARENA_CAP ((size_t)2 << 30)
#define WORLD_MAP ((uint64_t)256 << 20)

#define MUST(expression)                                                                                                       \
    do {                                                                                                                       \
        int must_status = (expression);                                                                                        \
        if (must_status != STATUS_OK) {                                                                                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #expression, status_name(must_status));                     \
            abort();                                                                                                           \
        }                                                                                                                      \
    } while (0)

static void make_keys(struct world *world)
{
    seeded_start(&world->seeded, 7);
    MUST(seam_start());
    MUST(keys_generate(KEY_LOG, &world->seeded.random, &world->log_key));
    MUST(keys_generate(KEY_SIGNING, &world->seeded.random, &world->signing_key));
    MUST(keys_generate(KEY_BOX, &world->seeded.random, &world->box_key));
    MUST(note_key_make("world.example/log", world->log_key.public_key, &world->key));
    note_vkey_write(&world->key, world->vkey);
    world->facts = (struct desk_exchange){.origin = "world.example/log", .vkey = world->vkey, .address = "tcp://127.0.0.1:7100"};
    memcpy(world->facts.signing_key, world->signing_key.public_key, 32);
    memcpy(world->facts.box_key, world->box_key.public_key, 32);
    memset(world->facts.curve_key, 'c', 32);
}

Muster__Submission *world_submission(struct world *world)
{
    Muster__Submission *submission = arena_alloc(&world->arena, sizeof *submission);
    Muster__Head *head = arena_alloc(&world->arena, sizeof *head);
    uint8_t *id = arena_alloc(&world->arena, 16);
    muster__submission__init(submission);
    muster__head__init(head);
    memcpy(id, &world->next_id, sizeof world->next_id);
    world->next_id++;
    submission->protocol = PROTOCOL_VERSION;
    submission->origin = "world.example/log";
    submission->log_key = (ProtobufCBinaryData){.data = world->log_key.public_key, .len = 32};
    submission->id = (ProtobufCBinaryData){.data = id, .len = 16};
    submission->signing_key = (ProtobufCBinaryData){.data = world->signing_key.public_key, .len = 32};
    submission->not_after = world->now + DESK_HOUR;
    submission->head = head;
    submission->marking = "UNCLASSIFIED";
    submission->marked_by = "NL";
    submission->party = "";
    return submission;
}

static struct desk_context context_of(struct world *world, struct store_txn *txn)
{
    struct desk_context context = {.exchange = &world->facts,
                                   .log_time = world->now,
                                   .clock_doubted = world->clock_doubted,
                                   .deadlines_from = world->deadlines_from,
                                   .planned = world->planning != NULL ? desk_planning_idle(world->planning) : 0};
    MUST(log_size(txn, &context.position));
    return context;
}

static void write_entry(struct world *world, struct store_txn *txn, const char *party, Muster__Submission *submission)
{
    uint8_t *envelope;
    size_t size;
    struct entry_body body = {.time = world->now};
    uint8_t packed[ENTRY_BODY_MOST], nonce[TLOG_NONCE_SIZE] = {0};
    submission->party = (char *)(uintptr_t)party;
    MUST(envelope_make(submission, &world->signing_key, &world->arena, &envelope, &size));
    snprintf(body.kind, sizeof body.kind, "%s", desk_kind(submission, NULL));
    snprintf(body.party, sizeof body.party, "%s", party);
    memcpy(body.submission, submission->id.data, 16);
    envelope_sha256(envelope, size, body.envelope_sha256);
    struct log_entry entry = {.kind = body.kind, .time = world->now, .nonce = nonce, .body = packed, .envelope = envelope, .envelope_size = size};
    MUST(entry_body_pack(&body, packed, &entry.body_size));
    MUST(log_append(txn, &entry, &world->position));
    /* Applied from its bytes, as a rebuild does. */
    Muster__Submission *read;
    MUST(envelope_unpack(envelope, size, &world->arena, &read, NULL));
    Muster__EntryBody message = MUSTER__ENTRY_BODY__INIT;
    message.kind = body.kind;
    message.time = body.time;
    message.party = body.party;
    message.submission = (ProtobufCBinaryData){.data = body.submission, .len = 16};
    message.envelope_sha256 = (ProtobufCBinaryData){.data = body.envelope_sha256, .len = 32};
    MUST(desk_apply(txn, world->position, &message, read, &world->arena));
    if (desk_stirs(read))
        world->due_from = 0;
}

static size_t write_due(struct world *world, struct store_txn *txn)
{
    size_t count = 0;
    for (;; count++) {
        struct desk_context context = context_of(world, txn);
        Muster__Submission *due, *whole = world_submission(world);
        MUST(desk_next_due(txn, &context, &world->arena, &due));
        /* An exchange would not have looked: what it would have missed is a fault of desk_stirs() or desk_next_deadline(). */
        bool passes = !world->clock_doubted && world->now >= world->deadlines_from;
        MUST(due != NULL && passes && world->now < world->due_from ? STATUS_CORRUPT : STATUS_OK);
        if (due == NULL)
            MUST(desk_next_deadline(txn, &context, &world->arena, &world->due_from));
        if (due == NULL)
            return count;
        whole->round_closed = due->round_closed;
        whole->lapsed = due->lapsed;
        whole->keys_bound = due->keys_bound;
        whole->signal = due->signal;
        whole->redacted = due->redacted;
        write_entry(world, txn, ENVELOPE_EXCHANGE_PARTY, whole);
    }
}

static void commit(struct world *world, struct store_txn *txn)
{
    MUST(log_sign_head(txn, &world->key, &world->log_key));
    MUST(store_keep(txn));
}

size_t world_tick(struct world *world)
{
    struct store_txn *txn;
    MUST(store_begin_write(world->store, &txn));
    size_t count = write_due(world, txn);
    commit(world, txn);
    return count;
}

static int judge(struct world *world, struct store_txn *txn, const char *party, Muster__Submission *submission)
{
    struct desk_context context = context_of(world, txn);
    Muster__PartyRecord *record;
    uint8_t sha256[32] = {0};
    submission->party = (char *)(uintptr_t)party;
    faults_init(&world->faults, &world->arena);
    MUST(state_party(txn, party, &world->arena, &record));
    context.party = record;
    context.one_time = submission->join != NULL;
    context.envelope_sha256 = sha256;
    int status = gate_check_verb(&context, context.one_time ? MUSTER__VERB__VERB_JOIN : MUSTER__VERB__VERB_SUBMIT);
    if (status == STATUS_OK)
        status = gate_check_marking(submission, &world->arena, &world->faults);
    if (status == STATUS_OK)
        status = gate_check_submission(&context, submission, &world->faults);
    return status == STATUS_OK ? desk_check(txn, &context, submission, &world->arena, &world->faults) : status;
}

int world_submit(struct world *world, const char *party, Muster__Submission *submission)
{
    struct store_txn *txn;
    MUST(store_begin_write(world->store, &txn));
    write_due(world, txn);
    int status = judge(world, txn, party, submission);
    if (status == STATUS_OK)
        write_entry(world, txn, party, submission);
    commit(world, txn);
    return status;
}

int world_check(struct world *world, const char *party, Muster__Submission *submission)
{
    struct store_txn *txn;
    MUST(store_begin_write(world->store, &txn));
    int status = judge(world, txn, party, submission);
    store_abort(txn);
    return status;
}

static const Muster__PlanAnswer *ask_planner(struct world *world, struct desk_job *job)
{
    uint8_t *bytes, *answer;
    size_t size, answer_size;
    ProtobufCMessage *message;
    world->jobs++;
    job->request.ticket = world->jobs;
    MUST(walk_pack(&job->request.base, &world->arena, &bytes, &size));
    if (world->planner_dead)
        return NULL;
    MUST(planner_answer(bytes, size, &seam_clock_system, 0, &world->arena, &answer, &answer_size));
    MUST(walk_unpack(&muster__plan_answer__descriptor, answer, answer_size, (size_t)64 << 20, &world->arena, &message, NULL));
    const Muster__PlanAnswer *plan = (const Muster__PlanAnswer *)message;
    if (plan->failed)
        fprintf(stderr, "the planner failed: %s\n", plan->text);
    return plan;
}

static size_t write_plan(struct world *world, struct desk_job *job, const Muster__PlanAnswer *answer)
{
    struct store_txn *txn;
    size_t cursor = 0, count = 0;
    MUST(store_begin_write(world->store, &txn));
    count += write_due(world, txn);
    for (;; count++) {
        struct desk_context context = context_of(world, txn);
        Muster__Submission *next, *whole = world_submission(world);
        MUST(desk_planning_done(world->planning, txn, &context, job, answer, &cursor, &world->arena, &next));
        if (next == NULL)
            break;
        whole->proposal = next->proposal;
        whole->lapsed = next->lapsed;
        whole->lot_planned = next->lot_planned;
        write_entry(world, txn, ENVELOPE_EXCHANGE_PARTY, whole);
    }
    commit(world, txn);
    return count;
}

size_t world_plan(struct world *world)
{
    size_t count = world_tick(world);
    for (;;) {
        struct store_txn *txn;
        struct desk_job *job;
        MUST(store_begin_read(world->store, &txn));
        struct desk_context context = context_of(world, txn);
        MUST(desk_planning_next(world->planning, txn, &context, &world->arena, &job));
        store_abort(txn);
        if (job == NULL)
            return count;
        count += write_plan(world, job, ask_planner(world, job));
    }
}

bool world_fault_says(const struct world *world, const char *text)
{
    for (size_t at = 0; at < world->faults.count; at++) {
        const struct fault *fault = &world->faults.list[at];
        if (strstr(fault->field, text) != NULL || strstr(fault->expected, text) != NULL || strstr(fault->remedy, text) != NULL ||
            strstr(fault->found, text) != NULL)
            return true;
    }
    return false;
}

size_t world_warnings(const struct world *world)
{
    return world->faults.warnings;
}

static int apply_again(void *data, struct store_txn *txn, const struct log_entry *entry)
{
    struct world *world = data;
    struct entry_body body;
    Muster__Submission *submission;
    struct log_redacted redacted;
    int status = entry->body == NULL ? redactions_replay(txn, entry->position, &world->arena, &redacted, &submission)
                                     : entry_body_parse(entry->body, entry->body_size, &body);
    if (entry->body == NULL)
        body = redacted.body;
    else if (status == STATUS_OK)
        status = envelope_unpack(entry->envelope, entry->envelope_size, &world->arena, &submission, NULL);
    if (status != STATUS_OK)
        return status;
    Muster__EntryBody message = MUSTER__ENTRY_BODY__INIT;
    message.kind = body.kind;
    message.time = body.time;
    message.party = body.party;
    message.submission = (ProtobufCBinaryData){.data = body.submission, .len = 16};
    message.envelope_sha256 = (ProtobufCBinaryData){.data = body.envelope_sha256, .len = 32};
    return desk_apply(txn, entry->position, &message, submission, &world->arena);
}

bool world_rebuilds_equal(struct world *world)
{
    uint8_t before[32], after[32];
    MUST(store_rebuild(world->store, apply_again, world, before, after));
    return memcmp(before, after, sizeof before) == 0;
}

struct store_txn *world_look(struct world *world)
{
    struct store_txn *txn;
    MUST(store_begin_read(world->store, &txn));
    return txn;
}

Muster__Answer *world_ask(struct world *world, const char *party, Muster__Verb verb, const ProtobufCMessage *body)
{
    struct store_txn *txn = world_look(world);
    struct desk_context context = context_of(world, txn);
    Muster__PartyRecord *record;
    Muster__Answer *answer = arena_alloc(&world->arena, sizeof *answer);
    Muster__Request *request = arena_alloc(&world->arena, sizeof *request);
    struct desk_job *job = NULL;
    muster__answer__init(answer);
    muster__request__init(request);
    request->protocol = PROTOCOL_VERSION;
    request->verb = verb;
    if (body != NULL)
        MUST(walk_pack(body, &world->arena, &request->body.data, &request->body.len));
    MUST(state_party(txn, party, &world->arena, &record));
    context.party = record;
    if (gate_check_verb(&context, verb) != STATUS_OK) {
        answer->outcome = MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED;
        answer->text = "";
        store_abort(txn);
        return answer;
    }
    MUST(views_answer(txn, &context, request, &world->arena, answer, &job));
    store_abort(txn);
    if (job == NULL)
        return answer;
    const Muster__PlanAnswer *plan = ask_planner(world, job);
    txn = world_look(world);
    MUST(views_compare(txn, &context, request, job, plan, &world->arena, answer));
    store_abort(txn);
    return answer;
}

ProtobufCMessage *world_read(struct world *world, const char *party, Muster__Verb verb, const ProtobufCMessage *body)
{
    Muster__Answer *answer = world_ask(world, party, verb, body);
    ProtobufCMessage *message;
    if (answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE)
        return NULL;
    MUST(walk_unpack(verb_find((int)verb)->answer, answer->body.data, answer->body.len, (size_t)64 << 20, &world->arena, &message, NULL));
    return message;
}

static void write_genesis(struct world *world)
{
    struct store_txn *txn;
    Muster__Submission *submission = world_submission(world);
    Muster__Genesis *genesis = arena_alloc(&world->arena, sizeof *genesis);
    Muster__PartyRecord *record = arena_alloc(&world->arena, sizeof *record);
    Muster__Party *party = arena_alloc(&world->arena, sizeof *party);
    muster__genesis__init(genesis);
    muster__party_record__init(record);
    muster__party__init(party);
    party->id = "eda";
    party->role = MUSTER__ROLE__ROLE_COORDINATOR;
    party->name = "Coordinator";
    party->country = "BE";
    party->ncage = "";
    party->size = MUSTER__SIZE__SIZE_LARGE;
    party->contact = "coordinator@example.org";
    record->party = party;
    record->state = record->state_before = MUSTER__PARTY_STATE__PARTY_CONFIRMED;
    record->version = 1;
    genesis->version = 1;
    genesis->origin = "world.example/log";
    genesis->vkey = world->vkey;
    genesis->exchange_signing_key = (ProtobufCBinaryData){.data = world->facts.signing_key, .len = 32};
    genesis->exchange_box_key = (ProtobufCBinaryData){.data = world->facts.box_key, .len = 32};
    genesis->front_curve_key = (ProtobufCBinaryData){.data = world->facts.curve_key, .len = 32};
    genesis->coordinator = record;
    genesis->address = "tcp://127.0.0.1:7100";
    submission->genesis = genesis;
    MUST(store_begin_write(world->store, &txn));
    write_entry(world, txn, ENVELOPE_EXCHANGE_PARTY, submission);
    commit(world, txn);
}

void world_start(struct world *world)
{
    *world = (struct world){.now = WORLD_START, .next_id = 1};
    arena_init(&world->arena, WORLD_ARENA_CAP);
    scratch_make(&world->scratch);
    snprintf(world->path, sizeof world->path, "%s/store", world->scratch.path);
    world->options = (struct store_options){.map_size = WORLD_MAP, .create = true, .keep = true};
    make_keys(world);
    MUST(store_open(world->path, &world->options, &world->store));
    MUST(desk_planning_new(&world->planning));
    write_genesis(world);
}

void world_end(struct world *world)
{
    desk_planning_free(world->planning);
    store_close(world->store);
    keys_drop(&world->log_key);
    keys_drop(&world->signing_key);
    keys_drop(&world->box_key);
    arena_drop(&world->arena);
    scratch_remove(&world->scratch);
}

int world_setup(void **state)
{
    static struct world world;
    world_start(&world);
    *state = &world;
    return 0;
}

int world_teardown(void **state)
{
    world_end(*state);
    return 0;
}
