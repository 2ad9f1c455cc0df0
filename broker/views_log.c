/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/views_inside.h"
#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "store/log.h"

/* The log for anybody: its newest signed head, proofs, and stretches of it to audit. */

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

/* --- a stretch to audit ------------------------------------------------------------------------------------------ */

#define ENTRIES_A_STRETCH 1024u
#define STRETCH_ARENA_CAP ((size_t)512 << 20) /* one entry that says that another is redacted */

/* The heads of the batches that end in [from, to]. */
static int put_heads(struct view *view, uint64_t from, uint64_t to, Muster__LogAnswer *answer)
{
    answer->heads = arena_array(view->arena, (size_t)(to - from) + 1, sizeof *answer->heads);
    if (answer->heads == NULL)
        return STATUS_NO_MEMORY;
    for (uint64_t position = from; position < to;) {
        struct log_head head;
        int status = log_head_of(view->txn, position, &head);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
        if (head.head.size > to)
            return STATUS_OK;
        ProtobufCBinaryData *note = &answer->heads[answer->n_heads++];
        note->len = head.note_length;
        note->data = (uint8_t *)arena_copy(view->arena, head.note, head.note_length);
        if (note->data == NULL)
            return STATUS_NO_MEMORY;
        position = head.head.size;
    }
    return STATUS_OK;
}

/* A body with its nonce where the asker may read it: its own; a coordinator all. What is added still passes the seal. */
static int put_body(struct view *view, const struct log_entry *entry, Muster__LogAnswer *answer)
{
    struct entry_body body;
    if (entry->body == NULL)
        return STATUS_OK;
    if (entry_body_parse(entry->body, entry->body_size, &body) != STATUS_OK)
        return STATUS_CORRUPT;
    if (!view_is_coordinator(view) && strcmp(body.party, view->asker->id) != 0)
        return STATUS_OK;
    Muster__LogBody *out = view_new(view, &muster__log_body__descriptor);
    if (out == NULL)
        return STATUS_NO_MEMORY;
    out->position = entry->position;
    out->nonce = (ProtobufCBinaryData){TLOG_NONCE_SIZE, (uint8_t *)arena_copy(view->arena, entry->nonce, TLOG_NONCE_SIZE)};
    out->body = (ProtobufCBinaryData){entry->body_size, (uint8_t *)arena_copy(view->arena, entry->body, entry->body_size)};
    answer->bodies[answer->n_bodies++] = out;
    return out->nonce.data != NULL && out->body.data != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Who wrote an entry, and the reason that its redaction of position states. */
static int read_order(struct view *view, uint64_t at, uint64_t position, char **party, char **reason)
{
    struct log_entry entry;
    struct entry_body body;
    struct arena arena;
    Muster__Submission *submission = NULL;
    *party = *reason = (char *)(uintptr_t)"";
    int status = log_read(view->txn, at, &entry);
    if (status != STATUS_OK || entry.body == NULL)
        return status == STATUS_OK || status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    arena_init(&arena, STRETCH_ARENA_CAP);
    status = entry_body_parse(entry.body, entry.body_size, &body);
    if (status == STATUS_OK)
        status = envelope_unpack(entry.envelope, entry.envelope_size, &arena, &submission, NULL);
    if (status == STATUS_OK) {
        *party = arena_string(view->arena, body.party);
        /* A copy of the exchange's own is named by nobody: the order's first reason stands for it. */
        for (size_t of = 0; of < submission->n_redactions && *reason != NULL; of++) {
            if (of == 0 || submission->redactions[of]->position == position)
                *reason = arena_string(view->arena, submission->redactions[of]->reason);
        }
        status = *party != NULL && *reason != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    arena_drop(&arena);
    return status == STATUS_INVALID ? STATUS_CORRUPT : status;
}

static int put_redaction(struct view *view, const struct log_entry *entry, Muster__LogAnswer *answer)
{
    struct arena arena;
    Muster__Submission *submission = NULL;
    char *unasked;
    Muster__LogRedaction *out = view_new(view, &muster__log_redaction__descriptor);
    if (out == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, STRETCH_ARENA_CAP);
    int status = envelope_unpack(entry->envelope, entry->envelope_size, &arena, &submission, NULL);
    if (status == STATUS_OK && submission->redacted == NULL)
        status = STATUS_CORRUPT;
    if (status == STATUS_OK) {
        out->entry = entry->position;
        out->position = submission->redacted->position;
        out->time = entry->time;
        out->proposed = submission->redacted->proposed;
        out->confirmed = submission->redacted->confirmed;
        status = read_order(view, out->proposed, out->position, &out->proposed_by, &out->reason);
    }
    if (status == STATUS_OK)
        status = read_order(view, out->confirmed, out->position, &out->confirmed_by, &unasked);
    arena_drop(&arena);
    answer->redactions[answer->n_redactions++] = out;
    return status == STATUS_INVALID ? STATUS_CORRUPT : status;
}

static int put_stretch(struct view *view, uint64_t from, uint64_t to, Muster__LogAnswer *answer)
{
    size_t count = (size_t)(to - from);
    answer->leaves.len = count * TLOG_HASH_SIZE;
    answer->leaves.data = arena_alloc(view->arena, answer->leaves.len + 1);
    answer->bodies = arena_array(view->arena, count + 1, sizeof *answer->bodies);
    answer->redactions = arena_array(view->arena, count + 1, sizeof *answer->redactions);
    if (answer->leaves.data == NULL || answer->bodies == NULL || answer->redactions == NULL)
        return STATUS_NO_MEMORY;
    int status = STATUS_OK;
    for (uint64_t position = from; position < to && status == STATUS_OK; position++) {
        struct log_entry entry;
        status = log_leaf(view->txn, position, answer->leaves.data + (position - from) * TLOG_HASH_SIZE);
        if (status == STATUS_OK)
            status = log_read(view->txn, position, &entry);
        if (status == STATUS_OK)
            status = put_body(view, &entry, answer);
        if (status == STATUS_OK && entry.envelope != NULL && strcmp(entry.kind, "redacted") == 0)
            status = put_redaction(view, &entry, answer);
    }
    return status == STATUS_OK ? put_heads(view, from, to, answer) : status;
}

int view_log(struct view *view)
{
    const Muster__LogRequest *request = (const Muster__LogRequest *)view->body;
    Muster__LogAnswer *answer = view_new(view, &muster__log_answer__descriptor);
    uint64_t size;
    if (answer == NULL)
        return STATUS_NO_MEMORY;
    int status = log_size(view->txn, &size);
    if (status != STATUS_OK)
        return status;
    if (request->size > size || request->from >= request->size)
        return refuse_size(view);
    uint64_t to = request->size - request->from > ENTRIES_A_STRETCH ? request->from + ENTRIES_A_STRETCH : request->size;
    status = put_stretch(view, request->from, to, answer);
    return status == STATUS_OK ? view_done(view, &answer->base) : status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}
