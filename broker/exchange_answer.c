/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_answer.h"

#include <string.h>

#include "broker/gate.h"
#include "broker/views.h"
#include "proto/entry.h"
#include "proto/status.h"
#include "store/log.h"

/* The proof that the log's head of a receipt extends the one that the submission showed. */
static int answer_consistency(struct store_txn *txn, const struct exchange_request *request, uint64_t size,
                              struct arena *arena, ProtobufCBinaryData *hashes)
{
    uint64_t shown = request->submission->head->size;
    struct tlog_proof proof;
    if (shown == 0 || shown >= size)
        return STATUS_OK;
    int status = log_consistency(txn, shown, size, &proof);
    if (status != STATUS_OK)
        return status;
    hashes->len = proof.count * TLOG_HASH_SIZE;
    hashes->data = (uint8_t *)arena_copy(arena, proof.hashes, hashes->len);
    return hashes->data == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

int answer_accepted(const struct exchange *exchange, struct store_txn *txn, uint64_t log_time,
                    struct exchange_request *request)
{
    struct log_head head;
    struct log_entry entry;
    char *receipt = NULL;
    Muster__SubmitAnswer answer = MUSTER__SUBMIT_ANSWER__INIT;
    int status = log_receipt(txn, request->position, &request->arena, &receipt, &answer.receipt.len);
    if (status == STATUS_NOT_FOUND) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NOT_FOUND, "that submission was redacted: its id stays refused");
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = log_head_of(txn, request->position, &head);
    if (status == STATUS_OK)
        status = log_read(txn, request->position, &entry);
    if (status == STATUS_OK)
        status = answer_consistency(txn, request, head.head.size, &request->arena, &answer.consistency);
    if (status != STATUS_OK)
        return status;
    answer.receipt.data = (uint8_t *)receipt;
    answer.position = request->position;
    answer.time = entry.time;
    if (request->submission->n_exports > 0 && !request->repeated) {
        struct desk_context context = exchange_context(exchange, log_time, request->position);
        context.party = request->party;
        status = desk_export(txn, &context, request->submission, &request->arena, &answer.data);
        if (status == STATUS_NO_MEMORY) {
            request_refuse(request, MUSTER__OUTCOME__OUTCOME_BUSY,
                           "the export stands in the log, but takes more memory than one answer may have: export one bundle at a time");
            return STATUS_OK;
        }
    }
    return status == STATUS_OK ? request_reply(request, &answer.base) : status;
}

int answer_read(const struct exchange *exchange, struct store_txn *txn, uint64_t log_time, struct exchange_request *request)
{
    struct desk_context context = exchange_context(exchange, log_time, 0);
    return answer_read_in(txn, &context, exchange->backups, request);
}

int answer_read_in(struct store_txn *txn, const struct desk_context *circumstances, struct exchange_backups *backups, struct exchange_request *request)
{
    uint64_t size = 0;
    int status = log_size(txn, &size);
    struct desk_context context = *circumstances;
    context.position = size;
    if (status == STATUS_OK)
        status = request_current_party(txn, request, &context);
    if (status == STATUS_DENIED) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED, REQUEST_KEYS_ENDED);
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    if (gate_check_open(&context) != STATUS_OK) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED, GATE_CLOSED_TEXT);
        return STATUS_OK;
    }
    if (gate_check_verb(&context, request->request->verb) != STATUS_OK) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED, context.waiting ? REQUEST_KEYS_WAIT : "your role may not ask this");
        return STATUS_OK;
    }
    if (request->request->verb == MUSTER__VERB__VERB_BACKUP)
        return backups_answer(backups, txn, request, context.party->party);
    /* The view fills the answer; a refusal first gives it a form. */
    request_refuse(request, MUSTER__OUTCOME__OUTCOME_BUSY, "");
    request->job = NULL;
    status = views_answer(txn, &context, request->request, &request->arena, &request->answer, &request->job);
    if (status == STATUS_OK && request->job != NULL)
        request->stage = REQUEST_PARKED;
    if (status == STATUS_NO_MEMORY) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_BUSY, "the answer takes more memory than one may have: ask for less at once");
        return STATUS_OK;
    }
    return status;
}

int answer_has_news(const struct exchange *exchange, struct store_txn *txn, uint64_t log_time,
                    struct exchange_request *request, bool *news)
{
    uint64_t size = 0;
    int status = log_size(txn, &size);
    *news = false;
    /* Views only look at what lies behind the cursor; what was looked at before need not be again. */
    if (status != STATUS_OK || size <= request->cursor)
        return status;
    struct desk_context context = exchange_context(exchange, log_time, size);
    context.party = request->party;
    context.one_time = request->which == DESK_KEYS_ONE_TIME;
    context.waiting = request->which == DESK_KEYS_WAITING;
    struct arena arena;
    arena_init(&arena, ANSWER_NEWS_ARENA);
    status = views_watch_news(txn, &context, request->cursor, &arena, news);
    arena_drop(&arena);
    /* What does not fit into a look is left to the answer, which has more, and which may be refused alone. */
    if (status == STATUS_NO_MEMORY) {
        *news = true;
        return STATUS_OK;
    }
    if (status == STATUS_OK && !*news)
        request->cursor = size;
    return status;
}
