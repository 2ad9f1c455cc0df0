/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_prove.h"

#include <string.h>

#include "proto/receipt.h"
#include "proto/status.h"
#include "store/log.h"

struct prove_source {
    struct tlog_nodes stored;
    struct prove_nodes *kept;
};

static int prove_read(void *data, unsigned level, uint64_t index, uint8_t hash[TLOG_HASH_SIZE])
{
    struct prove_source *source = data;
    uint64_t name = (index << 6 | level) + 1;
    size_t slot = (size_t)(name * UINT64_C(0x9e3779b97f4a7c15) >> 32) % PROVE_NODES;
    if (source->kept->kept[slot].name == name) {
        memcpy(hash, source->kept->kept[slot].hash, TLOG_HASH_SIZE);
        return STATUS_OK;
    }
    int status = source->stored.read(source->stored.data, level, index, hash);
    if (status == STATUS_OK) {
        source->kept->kept[slot].name = name;
        memcpy(source->kept->kept[slot].hash, hash, TLOG_HASH_SIZE);
    }
    return status;
}

/* Proofs from the head that a request showed; those of one batch mostly show few different ones. */
struct prove_consistency {
    uint64_t size;
    struct tlog_proof proof;
};

static int prove_one(const struct tlog_nodes *nodes, uint64_t size, struct exchange_request *request, struct prove_consistency *last)
{
    struct tlog_proof proof;
    uint64_t shown = request->submission->head->size;
    int status = tlog_inclusion_make(nodes, request->position, size, &proof);
    if (status == STATUS_OK && shown != 0 && shown < size && last->size != shown) {
        last->size = 0;
        status = tlog_consistency_make(nodes, shown, size, &last->proof);
        last->size = status == STATUS_OK ? shown : 0;
    }
    if (status != STATUS_OK)
        return status;
    struct exchange_proofs *proofs = arena_alloc(&request->arena, sizeof *proofs);
    if (proofs == NULL)
        return STATUS_NO_MEMORY;
    proofs->inclusion.count = proof.count;
    memcpy(proofs->inclusion.hashes, proof.hashes, proof.count * TLOG_HASH_SIZE);
    if (shown != 0 && shown < size) {
        proofs->consistency.len = last->proof.count * TLOG_HASH_SIZE;
        proofs->consistency.data = (uint8_t *)arena_copy(&request->arena, last->proof.hashes, proofs->consistency.len);
        if (proofs->consistency.data == NULL)
            return STATUS_NO_MEMORY;
    }
    request->proofs = proofs;
    return STATUS_OK;
}

int prove_batch(struct exchange_write *write, struct exchange_request **requests, size_t count)
{
    struct exchange *exchange = write->exchange;
    struct tlog_ranges ranges = {0};
    struct prove_source source = {.stored = log_tree(write->txn), .kept = &exchange->nodes};
    const struct tlog_nodes nodes = {.read = prove_read, .data = &source, .ranges = &ranges};
    struct prove_consistency last = {0};
    int status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        if (requests[i]->accepted && !requests[i]->repeated && requests[i]->submission->n_exports == 0)
            status = prove_one(&nodes, exchange->newest.head.size, requests[i], &last);
    return status;
}

void prove_seal(const struct exchange *exchange, struct exchange_request *request)
{
    Muster__SubmitAnswer answer = MUSTER__SUBMIT_ANSWER__INIT;
    const struct exchange_proofs *proofs = request->proofs;
    char *receipt = NULL;
    int status = receipt_make(request->position, request->nonce, request->body, request->body_size, &proofs->inclusion,
                              exchange->newest.note, exchange->newest.note_length, &request->arena, &receipt, &answer.receipt.len);
    answer.receipt.data = (uint8_t *)receipt;
    answer.position = request->position;
    answer.time = request->time;
    answer.consistency = proofs->consistency;
    if (status == STATUS_OK)
        status = request_reply(request, &answer.base);
    if (status == STATUS_OK)
        request_seal(exchange, request);
    /* What has no room here is answered after the commit, from the store. */
    request->ready = status == STATUS_OK;
}

void prove_forget(struct exchange *exchange, struct exchange_request **requests, size_t count)
{
    memset(&exchange->nodes, 0, sizeof exchange->nodes);
    for (size_t i = 0; i < count; i++) {
        requests[i]->ready = false;
        requests[i]->proofs = NULL;
        requests[i]->sealed = NULL;
        requests[i]->sealed_length = 0;
    }
}
