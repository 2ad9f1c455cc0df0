/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/submission.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "clients/link/head.h"
#include "clients/link/outbox.h"
#include "clients/link/receipts.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "proto/verbs.h"

int submission_fill(const struct profile *profile, const struct submission_marking *marking, const struct seam_random *random,
                    uint64_t now, struct submission_header *header, Muster__Submission *submission)
{
    char path[FILES_PATH_MOST];
    struct head kept;
    bool locked;
    *header = (struct submission_header){0};
    int status = profile_key_path(profile, "signing", path);
    status = status ? status : keys_peek(path, KEY_SIGNING, header->signing_key, &locked);
    status = status ? status : head_load(profile, &kept);
    if (status != STATUS_OK) {
        return status;
    }
    muster__head__init(&header->head);
    header->head.size = kept.head.size;
    if (kept.head.size) {
        memcpy(header->head_root, kept.head.root, sizeof header->head_root);
        memcpy(header->head_signature, kept.signature, sizeof header->head_signature);
        header->head.root = (ProtobufCBinaryData){.data = header->head_root, .len = sizeof header->head_root};
        header->head.signature = (ProtobufCBinaryData){.data = header->head_signature, .len = sizeof header->head_signature};
    }
    envelope_id_make(random, now, header->id);
    submission->protocol = PROTOCOL_VERSION;
    submission->origin = (char *)(uintptr_t)profile->log_key.name;
    submission->log_key = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)profile->log_key.public_key, .len = 32};
    submission->id = (ProtobufCBinaryData){.data = header->id, .len = sizeof header->id};
    submission->party = (char *)(uintptr_t)profile->party;
    submission->signing_key = (ProtobufCBinaryData){.data = header->signing_key, .len = sizeof header->signing_key};
    submission->not_after = now + SUBMISSION_LIFE;
    submission->head = &header->head;
    submission->marking = (char *)(uintptr_t)(marking && marking->marking ? marking->marking : profile->marking);
    submission->marked_by = (char *)(uintptr_t)(marking && marking->marked_by ? marking->marked_by : profile->marked_by);
    return STATUS_OK;
}

static int read_signing_key(const struct profile *profile, struct passphrase_source *source, struct key_pair *pair, enum submission_trouble *trouble)
{
    char path[FILES_PATH_MOST], prompt[PROFILE_NAME_MOST + 32];
    uint8_t public_key[KEYS_PUBLIC_SIZE];
    struct keys_passphrase passphrase = {0};
    bool locked = false;
    int status = profile_key_path(profile, "signing", path);
    status = status ? status : keys_peek(path, KEY_SIGNING, public_key, &locked);
    if (status == STATUS_OK && locked) {
        snprintf(prompt, sizeof prompt, "Passphrase of %s", profile->name);
        status = passphrase_get(source, prompt, false, false, &passphrase);
        if (status != STATUS_OK) {
            *trouble = status == STATUS_NO_MEMORY ? SUBMISSION_NO_TROUBLE : SUBMISSION_NO_PASSPHRASE;
            return status;
        }
    }
    status = status ? status : keys_read(path, KEY_SIGNING, locked ? &passphrase : NULL, pair);
    passphrase_wipe(&passphrase);
    if (status == STATUS_NOT_FOUND) {
        *trouble = SUBMISSION_NO_KEY;
    } else if (status == STATUS_DENIED) {
        *trouble = SUBMISSION_KEY_OPEN;
    } else if (status == STATUS_FORGED) {
        *trouble = SUBMISSION_WRONG_PASSPHRASE;
    }
    return status;
}

int submission_sign(const struct profile *profile, const Muster__Submission *submission, struct passphrase_source *source,
                    struct arena *arena, uint8_t **envelope, size_t *size, enum submission_trouble *trouble)
{
    struct key_pair pair = {0};
    *trouble = SUBMISSION_NO_TROUBLE;
    int status = read_signing_key(profile, source, &pair, trouble);
    if (status == STATUS_OK) {
        status = envelope_make(submission, &pair, arena, envelope, size);
        if (status == STATUS_TOO_LARGE) {
            *trouble = SUBMISSION_TOO_LONG;
        }
    }
    keys_drop(&pair);
    return status;
}

/* Verifies the receipt of an accepted submission, takes its head, and keeps it. */
static int take_receipt(struct link *link, const uint8_t *envelope, size_t size, struct arena *arena, struct submission_result *result)
{
    const struct profile *profile = link_profile(link);
    const Muster__SubmitAnswer *answer = result->answer;
    const char *text = (const char *)answer->receipt.data, *note;
    size_t note_length;
    int status = receipt_verify(text, answer->receipt.len, envelope, size, &profile->log_key, &result->receipt, &result->why);
    if (status != STATUS_OK || receipts_note(text, answer->receipt.len, &note, &note_length) != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? status : STATUS_FORGED;
    }
    if (result->receipt.position != answer->position || result->receipt.body.time != answer->time) {
        result->why = "answer and receipt name different entries";
        return STATUS_FORGED;
    }
    status = head_accept(profile, result->shown, note, note_length, answer->consistency.data, answer->consistency.len);
    if (status == STATUS_STALE || status == STATUS_BUSY) {
        status = head_prove(link, note, note_length, arena);
        /* The receipt holds by itself; that its head lies on our branch can be proved another time. */
        status = status == STATUS_CORRUPT ? status : STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = receipts_keep(profile, result->id, envelope, size, text, answer->receipt.len);
    return status ? status : outbox_drop(profile, result->id);
}

/* The size of the head that an envelope shows: where the answer's proof begins. */
static int shown_size(const uint8_t *envelope, size_t size, struct arena *arena, uint64_t *shown)
{
    Muster__Submission *submission = NULL;
    int status = envelope_unpack(envelope, size, arena, &submission, NULL);
    *shown = status == STATUS_OK ? submission->head->size : 0;
    return status;
}

/* Whether an outcome ends the life of these bytes: nothing is gained by sending them again. */
static bool ends(Muster__Outcome outcome)
{
    return outcome != MUSTER__OUTCOME__OUTCOME_BUSY && outcome != MUSTER__OUTCOME__OUTCOME_NO_SPACE &&
           outcome != MUSTER__OUTCOME__OUTCOME_EXPIRED && outcome != MUSTER__OUTCOME__OUTCOME_FORKED;
}

int submission_send(struct link *link, Muster__Verb verb, const uint8_t *envelope, size_t size, struct arena *arena,
                    struct submission_result *result)
{
    const struct profile *profile = link_profile(link);
    struct envelope_peek peek;
    *result = (struct submission_result){0};
    int status = envelope_peek(envelope, size, &peek);
    status = status ? status : shown_size(envelope, size, arena, &result->shown);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(result->id, peek.id, sizeof result->id);
    status = outbox_keep(profile, result->id, envelope, size);
    if (status != STATUS_OK) {
        return status;
    }
    result->kept = true;
    status = link_ask(link, verb, envelope, size, arena, &result->reply);
    if (status != STATUS_OK) {
        return status;
    }
    Muster__Outcome outcome = result->reply.answer->outcome;
    if (outcome == MUSTER__OUTCOME__OUTCOME_DONE) {
        result->answer = (Muster__SubmitAnswer *)result->reply.body;
        if (!result->answer) {
            result->why = "the answer holds no receipt";
            return STATUS_FORGED;
        }
        status = take_receipt(link, envelope, size, arena, result);
        result->kept = status != STATUS_OK;
        return status;
    }
    if (outcome == MUSTER__OUTCOME__OUTCOME_EXPIRED) {
        return outbox_expire(profile, result->id);
    }
    if (ends(outcome)) {
        status = outbox_drop(profile, result->id);
        result->kept = status != STATUS_OK;
    }
    return status;
}

int submission_check(struct link *link, const uint8_t *envelope, size_t size, struct arena *arena, struct link_reply *reply)
{
    return link_ask(link, MUSTER__VERB__VERB_CHECK, envelope, size, arena, reply);
}
