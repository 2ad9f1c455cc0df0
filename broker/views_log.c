/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/views_inside.h"
#include "proto/status.h"
#include "store/log.h"

/* The log for anybody: its newest signed head, and proofs. */

static int put_proof(struct view *view, const struct tlog_proof *proof, ProtobufCBinaryData *out)
{
    out->len = proof->count * TLOG_HASH_SIZE;
    out->data = (uint8_t *)arena_copy(view->arena, proof->hashes, out->len);
    return out->data != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int refuse_size(struct view *view)
{
    return view_refuse(view, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "the log has no such position or size");
}

int view_head(struct view *view)
{
    const Muster__HeadRequest *request = (const Muster__HeadRequest *)view->body;
    Muster__HeadAnswer *answer = view_new(view, &muster__head_answer__descriptor);
    struct log_head head;
    struct tlog_proof proof = {0};
    if (answer == NULL)
        return STATUS_NO_MEMORY;
    int status = log_head_newest(view->txn, &head);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? refuse_size(view) : status;
    if (request->old_size > head.head.size)
        return view_refuse(view, MUSTER__OUTCOME__OUTCOME_FORKED, "this log is shorter than the head you hold: tell your coordinator");
    answer->checkpoint.len = head.note_length;
    answer->checkpoint.data = (uint8_t *)arena_copy(view->arena, head.note, head.note_length);
    answer->time = view->context->log_time;
    if (answer->checkpoint.data == NULL)
        return STATUS_NO_MEMORY;
    if (request->old_size != 0 && request->old_size < head.head.size)
        status = log_consistency(view->txn, request->old_size, head.head.size, &proof);
    if (status == STATUS_OK)
        status = put_proof(view, &proof, &answer->consistency);
    return status == STATUS_OK ? view_done(view, &answer->base) : status;
}

int view_proof(struct view *view)
{
    const Muster__ProofRequest *request = (const Muster__ProofRequest *)view->body;
    Muster__ProofAnswer *answer = view_new(view, &muster__proof_answer__descriptor);
    uint8_t *leaf = arena_alloc(view->arena, TLOG_HASH_SIZE);
    struct tlog_proof proof = {0};
    uint64_t size;
    if (answer == NULL || leaf == NULL)
        return STATUS_NO_MEMORY;
    int status = log_size(view->txn, &size);
    if (status != STATUS_OK)
        return status;
    if (request->size == 0 || request->size > size || request->old_size > request->size || (request->old_size == 0 && request->position >= request->size))
        return refuse_size(view);
    if (request->old_size != 0) {
        status = log_consistency(view->txn, request->old_size, request->size, &proof);
    } else {
        status = log_inclusion(view->txn, request->position, request->size, &proof);
        if (status == STATUS_OK)
            status = log_leaf(view->txn, request->position, leaf);
        answer->leaf = (ProtobufCBinaryData){.data = leaf, .len = TLOG_HASH_SIZE};
    }
    if (status == STATUS_OK)
        status = put_proof(view, &proof, &answer->hashes);
    if (status == STATUS_INVALID || status == STATUS_NOT_FOUND)
        return refuse_size(view);
    return status == STATUS_OK ? view_done(view, &answer->base) : status;
}
