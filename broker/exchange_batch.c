/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdlib.h>
#include <string.h>

#include "broker/exchange_answer.h"
#include "broker/exchange_parked.h"
#include "broker/exchange_reader.h"
#include "broker/exchange_write.h"
#include "broker/metrics.h"
#include "proto/status.h"

/* One batch at its stages; helper threads take a request each. */
struct batch {
    struct exchange *exchange;
    struct exchange_request **requests;
    size_t count;
    uint64_t log_time;
    int status; /* the first failure of a helper; written under no lock, since any of them will do */
};

static void batch_open(void *data, size_t item)
{
    struct batch *batch = data;
    request_open(batch->exchange, batch->requests[item]);
}

/* Answers from a snapshot of the helper's own, and seals. */
static void batch_answer(void *data, size_t item)
{
    struct batch *batch = data;
    struct exchange_request *request = batch->requests[item];
    struct store_txn *txn = NULL;
    int status = STATUS_OK;
    if (request == NULL)
        return;
    if (request->stage == REQUEST_OPENED) {
        status = store_begin_read(batch->exchange->store, &txn);
        if (status == STATUS_OK && request->accepted)
            status = answer_accepted(batch->exchange, txn, batch->log_time, request);
        else if (status == STATUS_OK)
            status = answer_read(batch->exchange, txn, batch->log_time, request);
        store_abort(txn);
    }
    if (status != STATUS_OK)
        __atomic_store_n(&batch->status, status, __ATOMIC_RELAXED);
    else if (request->stage != REQUEST_PARKED)
        request_seal(batch->exchange, request);
}

static int batch_identify(struct batch *batch, const struct exchange_message *messages, size_t count)
{
    struct store_txn *txn = NULL;
    int status = store_begin_look(batch->exchange->store, &txn);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = request_new(&messages[i], &batch->requests[i]);
        if (status != STATUS_OK)
            break;
        batch->count++;
        status = request_identify(batch->exchange, txn, batch->requests[i]);
    }
    store_abort(txn);
    return status;
}

static bool batch_writes(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->requests[i]->stage == REQUEST_OPENED && batch->requests[i]->signed_by_party)
            return true;
    return false;
}

static void batch_count(struct batch *batch)
{
    struct exchange_counts *counts = &batch->exchange->counts;
    counts->batches++;
    counts->requests += batch->count;
    for (size_t i = 0; i < batch->count; i++) {
        const struct exchange_request *request = batch->requests[i];
        counts->malformed += request->stage == REQUEST_DROPPED;
        counts->repeated += request->repeated;
        counts->refused += request->stage == REQUEST_ANSWERED && !request->accepted && request->submission != NULL;
    }
}

/* Watches without news are set aside; who reads is left to the reader's thread, where there is one; the rest is answered in parallel. */
static int batch_answer_all(struct batch *batch)
{
    int status = STATUS_OK;
    bool alone = false;
    struct reader *reader = batch->exchange->reader;
    const struct desk_context context = exchange_context(batch->exchange, batch->log_time, 0);
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        struct exchange_request *request = batch->requests[i];
        if (request == NULL)
            continue;
        status = parked_consider(batch->exchange, batch->log_time, request);
        /* Other threads read what is in its place: all that was acknowledged. Without room for it this one answers alone. */
        if (status == STATUS_OK && request->stage == REQUEST_OPENED && !alone)
            status = store_settle(batch->exchange->store);
        alone = alone || status == STATUS_NO_SPACE;
        status = status == STATUS_NO_SPACE ? STATUS_OK : status;
        if (status == STATUS_OK && reader != NULL && !alone && request->stage == REQUEST_OPENED && request->submission == NULL &&
            reader_push(reader, request, &context))
            batch->requests[i] = NULL;
    }
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < batch->count && alone; i++)
        batch_answer(batch, i);
    if (!alone)
        pool_run(batch->exchange->pool, batch->count, batch_answer, batch);
    return batch->status;
}

/* Hands the answers over; who is parked is kept. */
static void batch_deliver(struct batch *batch, const struct exchange_sink *sink)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct exchange_request *request = batch->requests[i];
        if (request == NULL)
            continue;
        if (request->stage == REQUEST_PARKED) {
            parked_add(batch->exchange, request, sink);
        } else {
            sink->answer(sink->data, request->handle, request->sealed, request->sealed_length);
            request_free(request);
        }
        batch->requests[i] = NULL;
    }
}

/* Who was boxed while the commit flushed is answered before anything else is looked at. */
static void batch_deliver_ready(struct batch *batch, const struct exchange_sink *sink)
{
    bool any = false;
    for (size_t i = 0; i < batch->count; i++) {
        struct exchange_request *request = batch->requests[i];
        if (!request->ready)
            continue;
        any = true;
        sink->answer(sink->data, request->handle, request->sealed, request->sealed_length);
        request_free(request);
        batch->requests[i] = NULL;
    }
    if (any && sink->flush != NULL)
        sink->flush(sink->data);
}

int exchange_batch(struct exchange *exchange, const struct exchange_message *messages, size_t count,
                   const struct exchange_sink *sink)
{
    if (count > EXCHANGE_BATCH_MOST)
        return STATUS_TOO_LARGE;
    struct exchange_request *requests[EXCHANGE_BATCH_MOST] = {NULL};
    struct batch batch = {.exchange = exchange, .requests = requests};
    uint64_t entries = exchange->counts.entries;
    int status = batch_identify(&batch, messages, count);
    if (status == STATUS_OK) {
        pool_run(exchange->pool, batch.count, batch_open, &batch);
        if (batch_writes(&batch))
            status = write_batch(exchange, requests, batch.count);
        batch_count(&batch);
    }
    if (status == STATUS_OK) {
        batch_deliver_ready(&batch, sink);
        batch.log_time = exchange_time_now(&exchange->time, NULL);
        status = batch_answer_all(&batch);
    }
    if (status == STATUS_OK)
        batch_deliver(&batch, sink);
    for (size_t i = 0; i < batch.count; i++)
        request_free(requests[i]);
    if (status == STATUS_OK && exchange->counts.entries != entries)
        status = parked_look(exchange, sink);
    return status;
}

/* Whether something is due, or the clock jumped: then a write transaction is worth its while. */
static int tick_is_due(struct exchange *exchange, bool *due)
{
    struct store_txn *txn = NULL;
    struct arena arena;
    Muster__Submission *submission = NULL;
    struct exchange_time time = exchange->time;
    uint64_t log_time = exchange_time_now(&time, due);
    if (*due || !exchange_may_be_due(exchange, log_time))
        return STATUS_OK;
    int status = store_begin_look(exchange->store, &txn);
    if (status != STATUS_OK)
        return status;
    struct desk_context context = exchange_context(exchange, log_time, 0);
    arena_init(&arena, WRITE_ARENA_CAP);
    status = desk_next_due(txn, &context, &arena, &submission);
    *due = status == STATUS_OK && submission != NULL;
    if (status == STATUS_OK && !*due)
        status = desk_next_deadline(txn, &context, &arena, &exchange->due_from);
    arena_drop(&arena);
    store_abort(txn);
    return status;
}

/* Others who open the store see what was kept within a tick. Without room for it, it stays in the journal. */
static int tick_settle(struct exchange *exchange)
{
    int status = store_settle(exchange->store);
    if (status != STATUS_NO_SPACE)
        return status;
    metrics_write(METRICS_WARNING, "not-settled", "reason=%s", status_name(status));
    return STATUS_OK;
}

int exchange_tick(struct exchange *exchange, const struct exchange_sink *sink)
{
    bool due = false;
    int status = tick_settle(exchange);
    if (status == STATUS_OK)
        status = tick_is_due(exchange, &due);
    if (status == STATUS_OK && due)
        status = write_batch(exchange, NULL, 0);
    /* On a new day a month may have begun, or an offer expired. */
    uint64_t day = exchange_time_now(&exchange->time, NULL) / TIME_DAY;
    exchange->news += day != exchange->day;
    exchange->day = day;
    if (status == STATUS_OK && exchange->admission_expires != 0 &&
        exchange_time_now(&exchange->time, NULL) >= exchange->admission_expires)
        exchange->admission_changed = true;
    return status == STATUS_OK ? parked_look(exchange, sink) : status;
}
