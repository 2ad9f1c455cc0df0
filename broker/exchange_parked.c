/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_parked.h"

#include <string.h>

#include "broker/exchange_answer.h"
#include "proto/status.h"
#include "proto/walk.h"

#define WATCH_BODY_MOST 64u /* bytes of a packed WatchRequest */

static uint64_t parked_monotonic(const struct exchange *exchange)
{
    return exchange->time.clock->monotonic(exchange->time.clock->data);
}

int parked_consider(struct exchange *exchange, uint64_t log_time, struct exchange_request *request)
{
    if (request->stage != REQUEST_OPENED || request->request->verb != MUSTER__VERB__VERB_WATCH)
        return STATUS_OK;
    ProtobufCMessage *message = NULL;
    const ProtobufCBinaryData *body = &request->request->body;
    if (walk_unpack(&muster__watch_request__descriptor, body->data, body->len, WATCH_BODY_MOST, &request->arena, &message,
                    NULL) != STATUS_OK)
        return STATUS_OK;
    const Muster__WatchRequest *watch = (const Muster__WatchRequest *)message;
    uint32_t wait = watch->wait < PARKED_WATCH_MOST ? watch->wait : PARKED_WATCH_MOST;
    if (wait == 0)
        return STATUS_OK;
    struct store_txn *txn = NULL;
    bool news = false;
    request->cursor = watch->cursor;
    int status = store_begin_look(exchange->store, &txn);
    if (status == STATUS_OK)
        status = answer_has_news(exchange, txn, log_time, request, &news);
    store_abort(txn);
    if (status == STATUS_OK && !news) {
        request->stage = REQUEST_PARKED;
        request->until = parked_monotonic(exchange) + (uint64_t)wait * 1000;
    }
    return status;
}

static size_t parked_of_party(const struct exchange *exchange, const struct exchange_request *request)
{
    size_t count = 0;
    for (const struct exchange_request *other = exchange->parked; other != NULL; other = other->next)
        count += strcmp(other->party->party->id, request->party->party->id) == 0;
    return count;
}

static void parked_unlink(struct exchange *exchange, struct exchange_request *request)
{
    struct exchange_request **link = &exchange->parked;
    while (*link != NULL && *link != request)
        link = &(*link)->next;
    if (*link == NULL)
        return;
    *link = request->next;
    request->next = NULL;
    exchange->parked_count--;
}

/* The same compare of the same party that waits already: a client that heard nothing connected anew and asked again. */
static struct exchange_request *parked_twin(const struct exchange *exchange, const struct exchange_request *request)
{
    const ProtobufCBinaryData *body = &request->request->body;
    for (struct exchange_request *other = exchange->parked; other != NULL && request->job != NULL; other = other->next)
        if (other->job != NULL && other->session == request->session && other->request->body.len == body->len &&
            memcmp(other->request->body.data, body->data, body->len) == 0)
            return other;
    return NULL;
}

/* The watch of the same party that waits longest: probably a connection that is gone. */
static struct exchange_request *parked_oldest_watch(const struct exchange *exchange, const struct exchange_request *request)
{
    struct exchange_request *oldest = NULL;
    for (struct exchange_request *other = exchange->parked; other != NULL && request->job == NULL; other = other->next)
        if (other->job == NULL && strcmp(other->party->party->id, request->party->party->id) == 0)
            oldest = other;
    return oldest;
}

static void parked_drop(struct exchange *exchange, struct exchange_request *request, const struct exchange_sink *sink)
{
    parked_unlink(exchange, request);
    sink->answer(sink->data, request->handle, NULL, 0);
    request_free(request);
}

void parked_add(struct exchange *exchange, struct exchange_request *request, const struct exchange_sink *sink)
{
    struct exchange_request *twin = parked_twin(exchange, request);
    if (request->job != NULL)
        request->until = parked_monotonic(exchange) + PARKED_COMPARE_SECONDS * 1000;
    if (twin != NULL) {
        /* It is planned once; its answer goes to the newer connection, the older one gets none. */
        sink->answer(sink->data, twin->handle, NULL, 0);
        twin->handle = request->handle;
        memcpy(twin->request_id, request->request_id, sizeof twin->request_id);
        twin->until = request->until;
        request_free(request);
        return;
    }
    struct exchange_request *oldest = parked_oldest_watch(exchange, request);
    if (oldest != NULL && parked_of_party(exchange, request) >= PARKED_EACH)
        parked_drop(exchange, oldest, sink);
    if (exchange->parked_count >= EXCHANGE_PARKED_MOST || parked_of_party(exchange, request) >= PARKED_EACH) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_BUSY, "too many of your requests wait already: try again later");
        request_seal(exchange, request);
        sink->answer(sink->data, request->handle, request->sealed, request->sealed_length);
        request_free(request);
        return;
    }
    request->next = exchange->parked;
    exchange->parked = request;
    exchange->parked_count++;
}

void parked_release(struct exchange *exchange, struct exchange_request *request, const struct exchange_sink *sink)
{
    parked_unlink(exchange, request);
    request_seal(exchange, request);
    sink->answer(sink->data, request->handle, request->sealed, request->sealed_length);
    request_free(request);
}

/* Looks at one that waits; *ready: its answer is filled in. */
static int parked_try(struct exchange *exchange, struct store_txn *txn, uint64_t log_time, uint64_t now,
                      struct exchange_request *request, bool *ready)
{
    bool over = now >= request->until;
    *ready = over;
    if (request->job != NULL) {
        /* One that the planner works on is answered by it, or when the planner is given up. */
        *ready = over && exchange->job.asker != request;
        if (*ready)
            request_refuse(request, MUSTER__OUTCOME__OUTCOME_BUSY, "the planner had no time for it: try again later");
        return STATUS_OK;
    }
    int status = over ? STATUS_OK : answer_has_news(exchange, txn, log_time, request, ready);
    if (status == STATUS_OK && *ready)
        status = answer_read(exchange, txn, log_time, request);
    return status;
}

int parked_look(struct exchange *exchange, const struct exchange_sink *sink)
{
    if (exchange->parked == NULL)
        return STATUS_OK;
    struct store_txn *txn = NULL;
    uint64_t log_time = exchange_time_now(&exchange->time, NULL);
    uint64_t now = parked_monotonic(exchange);
    int status = store_begin_look(exchange->store, &txn);
    struct exchange_request *next = NULL;
    for (struct exchange_request *request = exchange->parked; request != NULL && status == STATUS_OK; request = next) {
        bool ready = false;
        next = request->next;
        status = parked_try(exchange, txn, log_time, now, request, &ready);
        if (status == STATUS_OK && ready)
            parked_release(exchange, request, sink);
    }
    store_abort(txn);
    return status;
}

struct exchange_request *parked_next_compare(struct exchange *exchange)
{
    struct exchange_request *oldest = NULL;
    for (struct exchange_request *request = exchange->parked; request != NULL; request = request->next)
        if (request->job != NULL)
            oldest = request;
    return oldest;
}

void parked_drop_all(struct exchange *exchange)
{
    while (exchange->parked != NULL) {
        struct exchange_request *request = exchange->parked;
        parked_unlink(exchange, request);
        request_free(request);
    }
}
