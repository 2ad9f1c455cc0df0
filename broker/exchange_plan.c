/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/exchange_parked.h"
#include "broker/exchange_write.h"
#include "broker/metrics.h"
#include "broker/views.h"
#include "proto/pipe.pb-c.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "store/log.h"

#define JOB_ARENA_CAP ((size_t)1 << 30)    /* the market packed, its inputs, and the same once more as a frame */
#define PLANNERS_A_QUESTION 2u             /* a market that ends two of them is not given to a third */
#define PLAN_MOST ((size_t)256 << 20)      /* bytes of a packed plan, as a pipe's frame */

static void plan_end(struct exchange *exchange)
{
    arena_drop(&exchange->job.arena);
    exchange->job = (struct exchange_job){0};
}

/* Takes the next job: a compare that waits, else lots that changed. */
static int plan_take(struct exchange *exchange)
{
    struct exchange_job *job = &exchange->job;
    job->asker = parked_next_compare(exchange);
    if (job->asker != NULL) {
        job->job = job->asker->job;
        return STATUS_OK;
    }
    struct store_txn *txn = NULL;
    int status = store_begin_read(exchange->store, &txn);
    if (status != STATUS_OK)
        return status;
    struct desk_context context = exchange_context(exchange, exchange_time_now(&exchange->time, NULL), 0);
    status = log_size(txn, &context.position);
    if (status == STATUS_OK)
        status = desk_planning_next(exchange->planning, txn, &context, &job->arena, &job->job);
    store_abort(txn);
    return status;
}

/* A full store, or a market larger than the memory for it, loses the plan and not the exchange: the lots stay marked. */
static int plan_survive(int status)
{
    if (status != STATUS_NO_SPACE && status != STATUS_NO_MEMORY)
        return status;
    metrics_write(METRICS_WARNING, "plan-lost", "reason=%s", status_name(status));
    return STATUS_OK;
}

int exchange_plan(struct exchange *exchange, const uint8_t **bytes, size_t *length, bool *compare)
{
    struct exchange_job *job = &exchange->job;
    *length = 0;
    if (job->job != NULL && job->again) {
        job->again = false;
        *bytes = job->packed;
        *length = job->packed_length;
        *compare = job->asker != NULL;
        return STATUS_OK;
    }
    if (job->job != NULL)
        return STATUS_OK;
    arena_init(&job->arena, JOB_ARENA_CAP);
    int status = plan_take(exchange);
    if (status != STATUS_OK || job->job == NULL) {
        plan_end(exchange);
        return plan_survive(status);
    }
    uint8_t *packed = NULL;
    job->ticket = ++exchange->last_ticket;
    job->job->request.ticket = job->ticket;
    status = walk_pack(&job->job->request.base, &job->arena, &packed, length);
    *bytes = job->packed = packed;
    job->packed_length = *length;
    *compare = job->asker != NULL;
    return status;
}

bool exchange_has_question(struct exchange *exchange)
{
    return exchange->job.again || (exchange->job.job == NULL && parked_next_compare(exchange) != NULL);
}

/* The answer to this job's ticket, in arena; NULL: none, or not of the form. */
static Muster__PlanAnswer *plan_read(const struct exchange *exchange, const uint8_t *bytes, size_t length, struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    if (bytes == NULL || walk_unpack(&muster__plan_answer__descriptor, bytes, length, PLAN_MOST, arena, &message, NULL) != STATUS_OK)
        return NULL;
    Muster__PlanAnswer *answer = (Muster__PlanAnswer *)message;
    return answer->ticket == exchange->job.ticket ? answer : NULL;
}

/* Writes what comes of a plan: proposals, lots without a bundle. */
static int plan_write(struct exchange *exchange, const Muster__PlanAnswer *answer)
{
    struct exchange_write write;
    int status = write_begin(exchange, &write);
    if (status != STATUS_OK)
        return status;
    size_t cursor = 0;
    for (;;) {
        struct desk_context context = exchange_context(exchange, write.time, write.size);
        Muster__Submission *next = NULL;
        status = desk_planning_done(exchange->planning, write.txn, &context, exchange->job.job, answer, &cursor, &write.arena,
                                    &next);
        if (status == STATUS_OK && next == NULL)
            return write_finish(&write);
        if (status == STATUS_OK)
            status = write_own(&write, next, NULL);
        if (status != STATUS_OK) {
            write_abort(&write);
            return status;
        }
    }
}

static int plan_answer_compare(struct exchange *exchange, const Muster__PlanAnswer *answer, const struct exchange_sink *sink)
{
    struct exchange_request *asker = exchange->job.asker;
    struct store_txn *txn = NULL;
    struct desk_context context = exchange_context(exchange, exchange_time_now(&exchange->time, NULL), 0);
    request_refuse(asker, MUSTER__OUTCOME__OUTCOME_BUSY, "");
    int status = store_begin_read(exchange->store, &txn);
    if (status == STATUS_OK)
        status = log_size(txn, &context.position);
    if (status == STATUS_OK)
        status = request_current_party(txn, asker, &context);
    if (status == STATUS_OK)
        status = views_compare(txn, &context, asker->request, asker->job, answer, &asker->arena, &asker->answer);
    store_abort(txn);
    /* Planning took its time: who asked may have been suspended since. */
    if (status == STATUS_DENIED) {
        request_refuse(asker, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED, REQUEST_KEYS_ENDED);
        status = STATUS_OK;
    }
    if (status == STATUS_NO_MEMORY) {
        request_refuse(asker, MUSTER__OUTCOME__OUTCOME_BUSY, "the answer takes more memory than one may have");
        status = STATUS_OK;
    }
    if (status == STATUS_OK)
        parked_release(exchange, asker, sink);
    return status;
}

int exchange_plan_lost(struct exchange *exchange, bool stuck, const struct exchange_sink *sink)
{
    struct exchange_job *job = &exchange->job;
    if (job->job == NULL)
        return STATUS_OK;
    job->lost++;
    job->again = !stuck && job->lost < PLANNERS_A_QUESTION;
    return job->again ? STATUS_OK : exchange_planned(exchange, NULL, 0, sink);
}

int exchange_planned(struct exchange *exchange, const uint8_t *bytes, size_t length, const struct exchange_sink *sink)
{
    struct exchange_job *job = &exchange->job;
    if (job->job == NULL)
        return STATUS_OK;
    Muster__PlanAnswer *answer = plan_read(exchange, bytes, length, &job->arena);
    exchange->counts.plans++;
    exchange->counts.plans_failed += answer == NULL || answer->failed;
    uint64_t entries = exchange->counts.entries;
    int status = job->asker != NULL ? plan_answer_compare(exchange, answer, sink) : plan_write(exchange, answer);
    plan_end(exchange);
    if (status != STATUS_OK)
        return plan_survive(status);
    if (exchange->counts.entries != entries)
        status = parked_look(exchange, sink);
    return status;
}
