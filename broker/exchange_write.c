/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_write.h"

#include <string.h>

#include "broker/exchange_prove.h"
#include "broker/exchange_submission.h"
#include "broker/metrics.h"
#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "proto/version.h"
#include "store/log.h"

#define HELPED 32u /* requests of a batch: for fewer, waking a helper takes longer than to prove and seal them */

struct desk_context exchange_context(const struct exchange *exchange, uint64_t log_time, uint64_t position)
{
    return (struct desk_context){
        .exchange = &exchange->facts,
        .log_time = log_time,
        .clock_doubted = exchange->time.doubted,
        .closed = exchange->closed,
        .deadlines_from = exchange->deadlines_from,
        .position = position,
        .refused = exchange->refused,
        .planned = exchange->planning != NULL ? desk_planning_idle(exchange->planning) : 0,
    };
}

/* One entry: leaf, body, envelope, and what it does to the tables. request (NULL: the exchange's own) keeps what its receipt needs. */
static int write_entry(struct exchange_write *write, const Muster__Submission *submission, const uint8_t *envelope,
                       size_t size, const uint8_t sha256[32], struct exchange_request *request)
{
    const char *kind = desk_kind(submission, NULL);
    if (kind == NULL)
        return STATUS_INVALID;
    struct entry_body body = {.time = write->time};
    memcpy(body.kind, kind, strlen(kind) + 1);
    memcpy(body.party, submission->party, strlen(submission->party) + 1);
    memcpy(body.submission, submission->id.data, sizeof body.submission);
    memcpy(body.envelope_sha256, sha256, sizeof body.envelope_sha256);
    uint8_t packed[ENTRY_BODY_MOST];
    uint8_t nonce[TLOG_NONCE_SIZE];
    struct log_entry entry = {.kind = kind, .time = write->time, .nonce = nonce, .body = packed, .envelope = envelope,
                              .envelope_size = size, .envelope_sha256 = sha256, .stated = &body};
    int status = entry_body_pack(&body, packed, &entry.body_size);
    if (status != STATUS_OK)
        return status;
    write->exchange->random->fill(write->exchange->random->data, nonce, sizeof nonce);
    if (request != NULL) {
        request->time = write->time;
        request->body_size = entry.body_size;
        memcpy(request->body, packed, entry.body_size);
        memcpy(request->nonce, nonce, sizeof nonce);
    }
    uint64_t position = 0;
    status = log_append(write->txn, &entry, &position);
    if (status == STATUS_OK)
        status = submission_apply(write->txn, position, &body, submission, &write->arena);
    if (status != STATUS_OK)
        return status;
    metrics_write(METRICS_DEBUG, "entry", "position=%llu kind=%s party=%s", (unsigned long long)position, kind, body.party);
    write->size = position + 1;
    write->entries++;
    if (desk_stirs(submission))
        write->exchange->due_from = 0;
    write->planning += submission->started == NULL && submission->n_exports == 0 && submission->signal == NULL;
    write->parties = write->parties || submission->n_parties > 0 || submission->join != NULL || submission->keys != NULL ||
                     submission->keys_bound != NULL || submission->coordinator_admitted != NULL;
    write->confirmed = write->confirmed || submission->clock_confirmed != NULL;
    write->opened = write->opened || submission->list_confirmed != NULL;
    write->redacted = write->redacted || submission->redacted != NULL;
    return STATUS_OK;
}

int write_own(struct exchange_write *write, Muster__Submission *submission, uint64_t *position)
{
    struct exchange *exchange = write->exchange;
    uint8_t *envelope = NULL;
    size_t size = 0;
    int status = submission_complete(exchange, write->time, submission, &write->arena);
    if (status == STATUS_OK)
        status = envelope_make(submission, &exchange->signing_key, &write->arena, &envelope, &size);
    if (status != STATUS_OK)
        return status;
    uint8_t sha256[32];
    envelope_sha256(envelope, size, sha256);
    if (position != NULL)
        *position = write->size;
    return write_entry(write, submission, envelope, size, sha256, NULL);
}

bool exchange_may_be_due(const struct exchange *exchange, uint64_t log_time)
{
    return log_time >= exchange->due_from;
}

/* Each look reads every open bundle: its memory is dropped before the next, so that many rounds may end at once. */
static int write_due(struct exchange_write *write)
{
    int status = STATUS_OK;
    struct exchange *exchange = write->exchange;
    bool more = exchange_may_be_due(exchange, write->time);
    while (status == STATUS_OK && more) {
        struct desk_context context = exchange_context(write->exchange, write->time, write->size);
        Muster__Submission *due = NULL;
        struct arena look;
        arena_init(&look, WRITE_ARENA_CAP);
        status = desk_next_due(write->txn, &context, &look, &due);
        more = due != NULL;
        if (status == STATUS_OK && !more)
            status = desk_next_deadline(write->txn, &context, &look, &exchange->due_from);
        if (status == STATUS_OK && more)
            status = write_own(write, due, NULL);
        arena_drop(&look);
    }
    return status;
}

/* What the machine's clock says, as an entry: at a start, and when it jumped. */
static int write_started(struct exchange_write *write)
{
    struct exchange *exchange = write->exchange;
    Muster__Submission *submission = arena_alloc(&write->arena, sizeof *submission);
    Muster__Started *started = arena_alloc(&write->arena, sizeof *started);
    if (submission == NULL || started == NULL)
        return STATUS_NO_MEMORY;
    muster__submission__init(submission);
    muster__started__init(started);
    started->clock = exchange->time.clock->wall(exchange->time.clock->data);
    started->program = arena_string(&write->arena, "musterd " MUSTER_VERSION);
    started->clock_doubted = exchange->time.doubted;
    submission->started = started;
    return write_own(write, submission, &exchange->started);
}

int write_open(struct exchange *exchange, struct exchange_write *write)
{
    *write = (struct exchange_write){.exchange = exchange};
    arena_init(&write->arena, WRITE_ARENA_CAP);
    struct store_space space;
    int status = store_space(exchange->store, &space);
    if (status == STATUS_OK)
        status = store_begin_write(exchange->store, &write->txn);
    if (status == STATUS_OK) {
        write->full = space.full;
        write->reserve = space.reserve;
        status = log_size(write->txn, &write->size);
        write->kept = write->size;
    }
    return status;
}

int write_begin(struct exchange *exchange, struct exchange_write *write)
{
    int status = write_open(exchange, write);
    if (status == STATUS_OK) {
        write->time = exchange_time_now(&exchange->time, &write->jumped);
        if (write->jumped)
            status = write_started(write);
        if (status == STATUS_OK && !write->full)
            status = write_due(write);
    }
    if (status != STATUS_OK)
        write_abort(write);
    return status;
}

int exchange_start(struct exchange *exchange)
{
    struct exchange_write write;
    int status = write_open(exchange, &write);
    if (status == STATUS_OK) {
        write.time = exchange_time_now(&exchange->time, NULL);
        status = write_started(&write);
    }
    /* What this start has verified, the next need not. */
    if (status == STATUS_OK)
        status = log_set_verified(write.txn, exchange->verified);
    if (status != STATUS_OK) {
        write_abort(&write);
        return status;
    }
    status = write_finish(&write);
    if (status != STATUS_OK)
        return status;
    /* It is durable; where there is no room, it goes to its place later. */
    status = store_settle(exchange->store);
    return status == STATUS_NO_SPACE ? STATUS_OK : status;
}

int write_request(struct exchange_write *write, struct exchange_request *request)
{
    struct desk_context context = exchange_context(write->exchange, write->time, write->size);
    bool go = false;
    context.sums = write->exchange->sums;
    int status = submission_judge(write, &context, request, &go);
    if (status != STATUS_OK || !go)
        return status;
    if (request->request->verb == MUSTER__VERB__VERB_CHECK)
        return submission_answer_check(request);
    uint64_t position = write->size;
    status = write_entry(write, request->submission, request->request->body.data, request->request->body.len,
                         request->sha256, request);
    if (status != STATUS_OK)
        return status;
    request->accepted = true;
    request->position = position;
    return STATUS_OK;
}

/* A confirmed clock may leap ahead: as after a silence, no deadline passes at once. */
static void write_confirm_clock(struct exchange *exchange)
{
    uint64_t before = exchange_time_now(&exchange->time, NULL);
    exchange_time_confirm(&exchange->time);
    uint64_t after = exchange_time_now(&exchange->time, NULL);
    if (after - before >= TIME_SILENCE)
        exchange->deadlines_from = after + TIME_GRACE;
}

static int write_commit(struct exchange_write *write)
{
    struct exchange *exchange = write->exchange;
    int status = store_keep(write->txn);
    write->txn = NULL;
    if (status != STATUS_OK) {
        write_abort(write);
        return status;
    }
    arena_drop(&write->arena);
    heads_add(&exchange->heads, &exchange->newest.head, exchange->newest.signature);
    exchange->counts.entries += write->entries;
    exchange->news += write->planning;
    exchange->admission_changed = exchange->admission_changed || write->parties;
    if (write->confirmed)
        write_confirm_clock(exchange);
    exchange->closed = exchange->closed && !write->opened;
    exchange->redacted = exchange->redacted || write->redacted;
    return STATUS_OK;
}

int write_finish(struct exchange_write *write)
{
    struct exchange *exchange = write->exchange;
    int status = STATUS_OK;
    if (write->entries > 0)
        status = log_sign_head_told(write->txn, &exchange->note_key, &exchange->log_key, &exchange->newest);
    if (status == STATUS_OK && write->entries > 0)
        status = log_check_signed(&exchange->note_key, &exchange->newest);
    if (status == STATUS_OK && write->entries > 0)
        return write_commit(write);
    write_abort(write);
    return status;
}

void write_abort(struct exchange_write *write)
{
    store_abort(write->txn);
    write->txn = NULL;
    arena_drop(&write->arena);
    if (write->entries > 0) {
        desk_sums_clear(write->exchange->sums);
        write->exchange->due_from = 0;
    }
    /* The jump's entry was lost with the transaction: the next one has to write it. */
    if (write->jumped)
        exchange_time_tell_again(&write->exchange->time);
    write->jumped = false;
}

struct write_answers {
    struct exchange *exchange;
    struct exchange_request **requests;
};

static void write_seal(void *data, size_t item)
{
    struct write_answers *answers = data;
    if (answers->requests[item]->proofs != NULL)
        prove_seal(answers->exchange, answers->requests[item]);
}

static void write_check_head(void *data, size_t item)
{
    struct exchange *exchange = data;
    (void)item;
    exchange->newest_status = log_check_signed(&exchange->note_key, &exchange->newest);
}

/* Signs the head; a helper thread checks it while the proofs are made, where there are enough of them. */
static int write_prove(struct exchange_write *write, struct exchange_request **requests, size_t count)
{
    struct exchange *exchange = write->exchange;
    int status = log_sign_head_told(write->txn, &exchange->note_key, &exchange->log_key, &exchange->newest);
    if (status != STATUS_OK)
        return status;
    if (count < HELPED)
        write_check_head(exchange, 0);
    else
        pool_start(exchange->pool, 1, write_check_head, exchange);
    status = prove_batch(write, requests, count);
    if (count >= HELPED)
        pool_finish(exchange->pool);
    return exchange->newest_status == STATUS_OK ? status : exchange->newest_status;
}

/* Commits, while helper threads pack and box the receipts. */
static int write_finish_answering(struct exchange_write *write, struct exchange_request **requests, size_t count)
{
    struct exchange *exchange = write->exchange;
    struct write_answers answers = {exchange, requests};
    if (write->entries == 0 || count == 0)
        return write_finish(write);
    int status = write_prove(write, requests, count);
    if (status != STATUS_OK) {
        write_abort(write);
        prove_forget(exchange, requests, count);
        return status;
    }
    if (count >= HELPED)
        pool_start(exchange->pool, count, write_seal, &answers);
    for (size_t i = 0; i < count && count < HELPED; i++)
        write_seal(&answers, i);
    status = write_commit(write);
    if (count >= HELPED)
        pool_finish(exchange->pool);
    if (status != STATUS_OK)
        prove_forget(exchange, requests, count);
    return status;
}

/* All requests in one transaction. */
static int write_together(struct exchange *exchange, struct exchange_request **requests, size_t count)
{
    struct exchange_write write;
    int status = write_begin(exchange, &write);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        if (requests[i]->stage == REQUEST_OPENED && requests[i]->signed_by_party)
            status = write_request(&write, requests[i]);
    if (status != STATUS_OK) {
        write_abort(&write);
        return status;
    }
    return write_finish_answering(&write, requests, count);
}

/* What the failed transaction accepted, it did not; what it refused, it refused on a state that was not kept. */
static void write_forget(struct exchange_request **requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct exchange_request *request = requests[i];
        if (!request->signed_by_party)
            continue;
        request->accepted = request->repeated = false;
        request->stage = REQUEST_OPENED;
        faults_init(&request->faults, &request->arena);
    }
}

static bool write_may_fit_alone(int status)
{
    return status == STATUS_NO_SPACE || status == STATUS_NO_MEMORY;
}

static void write_refuse(struct exchange_request *request, int status)
{
    write_forget(&request, 1);
    if (status == STATUS_NO_SPACE)
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NO_SPACE,
                       "the exchange has no space for it: nothing was written, try again later");
    else
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_BUSY,
                       "the exchange has no memory for it: nothing was written, try again later");
}

int write_batch(struct exchange *exchange, struct exchange_request **requests, size_t count)
{
    int status = write_together(exchange, requests, count);
    if (!write_may_fit_alone(status))
        return status;
    write_forget(requests, count);
    metrics_write(METRICS_WARNING, "batch-refused", "reason=%s requests=%zu", status_name(status), count);
    for (size_t i = 0; i < count; i++) {
        if (requests[i]->stage != REQUEST_OPENED || !requests[i]->signed_by_party)
            continue;
        if (count > 1)
            status = write_together(exchange, &requests[i], 1);
        if (write_may_fit_alone(status))
            write_refuse(requests[i], status);
        else if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
