/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_submission.h"

#include <string.h>

#include "broker/desk/redactions.h"
#include "broker/gate.h"
#include "broker/metrics.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "store/log.h"

#define APPLY_ARENA_CAP ((size_t)512 << 20)
#define OWN_MARKING "UNCLASSIFIED"
#define OWN_MARKED_BY "EU"

/* Whether (party, id) stands in the log. *go: it does not. */
static int submission_find(const struct exchange_write *write, struct exchange_request *request, bool *go)
{
    uint8_t sha256[32];
    uint64_t position = 0;
    int status = log_find_submission(write->txn, request->submission->party, request->submission->id.data, &position, sha256);
    *go = status == STATUS_NOT_FOUND;
    if (status != STATUS_OK)
        return *go ? STATUS_OK : status;
    if (memcmp(sha256, request->sha256, sizeof sha256) != 0) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_ID_USED, "this submission id was used for other bytes");
        return STATUS_OK;
    }
    struct log_redacted redacted;
    status = log_redacted(write->txn, position, &redacted);
    if (status == STATUS_OK)
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_ID_USED, "that submission was redacted: its id stays refused");
    if (status != STATUS_NOT_FOUND)
        return status;
    request->accepted = true;
    request->repeated = true;
    request->position = position;
    return STATUS_OK;
}

/* What an earlier key of the party signed and the log does not hold is to be signed anew; any other key is not the party's. */
static int submission_refuse_key(const struct exchange_write *write, struct exchange_request *request, bool *go)
{
    bool was = false;
    int status = desk_key_was(write->txn, request->submission->signing_key.data, request->submission->party, &was);
    *go = false;
    if (was)
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_EXPIRED,
                       "it was signed by a key that is no longer in force: sign the same changes anew with muster outbox send");
    else
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED, REQUEST_FOREIGN_KEY);
    return status;
}

/* The sender as the tables hold it now: an entry of this batch may have changed it. */
static int submission_party(const struct exchange_write *write, struct desk_context *context,
                            struct exchange_request *request, bool *go)
{
    int status = request_current_party(write->txn, request, context);
    *go = status == STATUS_OK;
    context->envelope_sha256 = request->sha256;
    context->envelope_size = request->request->body.len;
    if (status == STATUS_DENIED) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED, REQUEST_KEYS_ENDED);
        return STATUS_OK;
    }
    return status == STATUS_OK && request->other_key ? submission_refuse_key(write, request, go) : status;
}

/* A log time in doubt may lie behind by any time: then a sender's clock is right where it agrees with the machine's, or nobody could confirm. */
static uint64_t submission_latest(const struct exchange_write *write)
{
    const struct exchange_time *time = &write->exchange->time;
    uint64_t wall = time->doubted ? time->clock->wall(time->clock->data) : 0;
    return (wall > write->time ? wall : write->time) + ENVELOPE_NOT_AFTER_MOST;
}

static bool submission_is_valid_now(const struct exchange_write *write, struct exchange_request *request)
{
    uint64_t log_time = write->time;
    uint64_t not_after = request->submission->not_after;
    if (not_after < log_time) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_EXPIRED,
                       "the submission's time has passed: sign the same changes anew with muster outbox send");
        return false;
    }
    if (not_after > submission_latest(write)) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT,
                       "the submission would be valid for more than 24 hours: set your computer's clock right");
        return false;
    }
    return true;
}

/* The head that the client verified last must be a prefix of the log. */
static int submission_head(const struct exchange_write *write, struct exchange_request *request, bool *go)
{
    const Muster__Head *shown = request->submission->head;
    *go = true;
    if (shown->size == 0)
        return STATUS_OK;
    struct tlog_head head = {.size = shown->size};
    memcpy(head.root, shown->root.data, sizeof head.root);
    if (heads_has(&write->exchange->heads, &head, shown->signature.data))
        return STATUS_OK;
    if (tlog_head_verify(&write->exchange->note_key, &head, shown->signature.data) != STATUS_OK) {
        *go = false;
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_FORKED, "the head of the log that you hold was not signed by this exchange");
        return STATUS_OK;
    }
    uint8_t root[TLOG_HASH_SIZE];
    int status = head.size > write->size ? STATUS_NOT_FOUND : log_root(write->txn, head.size, root);
    /* Its own key signed a head that this log does not have, larger or not: an older store was put back and written on. */
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && memcmp(root, head.root, sizeof root) != 0)) {
        metrics_write(METRICS_ERROR, "rolled-back", "size=%llu shown=%llu", (unsigned long long)write->size,
                      (unsigned long long)head.size);
        return STATUS_FORGED;
    }
    if (status == STATUS_OK && head.size <= write->kept)
        heads_add(&write->exchange->heads, &head, shown->signature.data);
    return status;
}

static bool submission_has_space(const struct exchange_write *write, const struct desk_context *context,
                                 struct exchange_request *request)
{
    bool coordinator = context->party->party->role == MUSTER__ROLE__ROLE_COORDINATOR;
    if (!write->full && (!write->reserve || coordinator))
        return true;
    request_refuse(request, MUSTER__OUTCOME__OUTCOME_NO_SPACE,
                   "the exchange has no space for it: nothing was written, try again later");
    return false;
}

static void submission_refuse_desk(struct exchange_request *request, int status)
{
    switch (status) {
    case STATUS_STALE:
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_STALE, "a newer version stands: look at it and submit again");
        break;
    case STATUS_DENIED:
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED, "it is not allowed, for the reason given: nothing was written");
        break;
    case STATUS_NOT_FOUND:
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NOT_FOUND, "there is no such object for you");
        break;
    case STATUS_EXPIRED:
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_EXPIRED, "its time has passed");
        break;
    case STATUS_BUSY:
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_LIMITED, "a limit of the exchange is reached, see which: nothing was written");
        break;
    default:
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "nothing was written: see the faults");
        break;
    }
}

/* Statuses that say something about the submission, not about the machine. */
static bool submission_is_refusal(int status)
{
    return status == STATUS_INVALID || status == STATUS_STALE || status == STATUS_DENIED || status == STATUS_NOT_FOUND ||
           status == STATUS_EXISTS || status == STATUS_EXPIRED || status == STATUS_TOO_LARGE || status == STATUS_BUSY;
}

/* Marking, gate, desk. */
static int submission_content(const struct exchange_write *write, struct desk_context *context,
                              struct exchange_request *request, bool *go)
{
    const Muster__Submission *submission = request->submission;
    bool join = request->request->verb == MUSTER__VERB__VERB_JOIN;
    *go = false;
    if (gate_check_open(context) != STATUS_OK) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED, GATE_CLOSED_TEXT);
        return STATUS_OK;
    }
    int status = request->unmarked ? STATUS_OK : gate_check_marking(submission, &request->arena, &request->faults);
    if (status == STATUS_DENIED) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_MARKED,
                       "the submission is not explicitly unclassified: nothing of it was kept; see what to do about it");
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    if (gate_check_verb(context, request->request->verb) != STATUS_OK || join != (submission->join != NULL) ||
        gate_check_submission(context, submission, &request->faults) != STATUS_OK) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED, context->waiting ? REQUEST_KEYS_WAIT : "your role may not do this");
        return STATUS_OK;
    }
    status = desk_check(write->txn, context, submission, &request->arena, &request->faults);
    if (submission_is_refusal(status)) {
        submission_refuse_desk(request, status);
        return STATUS_OK;
    }
    /* A check writes nothing: what does not fit into one request's memory is refused, and nobody else pays for it. */
    if (status == STATUS_NO_MEMORY) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_BUSY, "the submission needs more memory than one may have: submit less at once");
        return STATUS_OK;
    }
    *go = status == STATUS_OK;
    return status;
}

int submission_judge(const struct exchange_write *write, struct desk_context *context, struct exchange_request *request,
                     bool *go)
{
    bool own = false;
    int status = submission_find(write, request, go);
    if (status == STATUS_OK && *go)
        status = submission_party(write, context, request, go);
    if (status != STATUS_OK || !*go)
        return status;
    *go = submission_is_valid_now(write, request);
    if (*go)
        status = submission_head(write, request, go);
    if (status != STATUS_OK || !*go)
        return status;
    *go = submission_has_space(write, context, request);
    if (*go && (desk_kind(request->submission, &own) == NULL || own)) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_MALFORMED, "a submission holds changes of exactly one noun");
        *go = false;
    }
    return *go ? submission_content(write, context, request, go) : STATUS_OK;
}

int submission_answer_check(struct exchange_request *request)
{
    Muster__SubmitAnswer answer = MUSTER__SUBMIT_ANSWER__INIT;
    return request_reply(request, &answer.base);
}

int submission_complete(struct exchange *exchange, uint64_t log_time, Muster__Submission *submission, struct arena *arena)
{
    Muster__Head *none = arena_alloc(arena, sizeof *none);
    uint8_t *id = arena_alloc(arena, ENVELOPE_ID_SIZE);
    submission->origin = arena_string(arena, exchange->facts.origin);
    submission->party = arena_string(arena, ENVELOPE_EXCHANGE_PARTY);
    submission->marking = arena_string(arena, OWN_MARKING);
    submission->marked_by = arena_string(arena, OWN_MARKED_BY);
    if (none == NULL || id == NULL || submission->origin == NULL || submission->party == NULL ||
        submission->marking == NULL || submission->marked_by == NULL)
        return STATUS_NO_MEMORY;
    muster__head__init(none);
    envelope_id_make(exchange->random, log_time, id);
    submission->protocol = PROTOCOL_VERSION;
    submission->log_key = (ProtobufCBinaryData){32, exchange->note_key.public_key};
    submission->id = (ProtobufCBinaryData){ENVELOPE_ID_SIZE, id};
    submission->signing_key = (ProtobufCBinaryData){32, exchange->signing_key.public_key};
    submission->not_after = log_time + ENVELOPE_NOT_AFTER_MOST;
    submission->head = none;
    return STATUS_OK;
}

int submission_apply(struct store_txn *txn, uint64_t position, const struct entry_body *body,
                     const Muster__Submission *submission, struct arena *arena)
{
    struct entry_body copy = *body;
    Muster__EntryBody message = MUSTER__ENTRY_BODY__INIT;
    message.kind = copy.kind;
    message.time = copy.time;
    message.party = copy.party;
    message.submission = (ProtobufCBinaryData){sizeof copy.submission, copy.submission};
    message.envelope_sha256 = (ProtobufCBinaryData){sizeof copy.envelope_sha256, copy.envelope_sha256};
    return desk_apply(txn, position, &message, submission, arena);
}

int exchange_apply(void *data, struct store_txn *txn, const struct log_entry *entry)
{
    (void)data;
    struct entry_body body;
    Muster__Submission *submission = NULL;
    struct arena arena;
    arena_init(&arena, APPLY_ARENA_CAP);
    /* Of a redacted entry, what is left without its texts. */
    if (entry->body == NULL) {
        struct log_redacted redacted;
        int replayed = redactions_replay(txn, entry->position, &arena, &redacted, &submission);
        if (replayed == STATUS_OK)
            replayed = submission_apply(txn, entry->position, &redacted.body, submission, &arena);
        arena_drop(&arena);
        return replayed;
    }
    int status = entry_body_parse(entry->body, entry->body_size, &body);
    if (status == STATUS_OK)
        status = envelope_unpack(entry->envelope, entry->envelope_size, &arena, &submission, NULL);
    if (status == STATUS_OK)
        status = submission_apply(txn, entry->position, &body, submission, &arena);
    arena_drop(&arena);
    return status == STATUS_INVALID ? STATUS_CORRUPT : status;
}
