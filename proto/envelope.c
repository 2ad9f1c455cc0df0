/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/envelope.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proto/sha256.h"
#include "proto/status.h"
#include "proto/varint.h"

static const char context[] = "muster/submission/v1\n";
#define CONTEXT_SIZE (sizeof context - 1)

/* Numbers of the fields that a peek reads. */
enum { FIELD_PROTOCOL = 1, FIELD_ID = 4, FIELD_PARTY = 5, FIELD_SIGNING_KEY = 6 };

int envelope_make(const Muster__Submission *submission, const struct key_pair *signing_key, struct arena *arena, uint8_t **envelope,
                  size_t *size)
{
    if (!protobuf_c_message_check(&submission->base)) {
        return STATUS_INVALID;
    }
    size_t length = protobuf_c_message_get_packed_size(&submission->base);
    if (length > ENVELOPE_MOST - ENVELOPE_SIGNATURE_SIZE) {
        return STATUS_TOO_LARGE;
    }
    /* The context stands before the signed bytes for the signature alone, then gives way to it. */
    size_t room = CONTEXT_SIZE > ENVELOPE_SIGNATURE_SIZE ? CONTEXT_SIZE : ENVELOPE_SIGNATURE_SIZE;
    uint8_t *bytes = arena_alloc(arena, room + length);
    if (!bytes) {
        return STATUS_NO_MEMORY;
    }
    memcpy(bytes + room - CONTEXT_SIZE, context, CONTEXT_SIZE);
    protobuf_c_message_pack(&submission->base, bytes + room);
    uint8_t signature[ENVELOPE_SIGNATURE_SIZE];
    keys_sign(signing_key, bytes + room - CONTEXT_SIZE, CONTEXT_SIZE + length, signature);
    *envelope = bytes + room - ENVELOPE_SIGNATURE_SIZE;
    *size = ENVELOPE_SIGNATURE_SIZE + length;
    memcpy(*envelope, signature, sizeof signature);
    return STATUS_OK;
}

static int size_check(size_t size)
{
    return size > ENVELOPE_MOST ? STATUS_TOO_LARGE : size <= ENVELOPE_SIGNATURE_SIZE ? STATUS_INVALID : STATUS_OK;
}

bool envelope_party_valid(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return length >= 1 && length <= ENVELOPE_PARTY_MOST;
}

/* Takes the fixed-size field number out of the walk into bytes; true where it is that field and of that size. */
static bool peek_field(struct wire value, uint8_t *bytes, size_t size)
{
    if (value.left != size) {
        return false;
    }
    memcpy(bytes, value.at, size);
    return true;
}

int envelope_peek(const uint8_t *envelope, size_t size, struct envelope_peek *peek)
{
    uint32_t number;
    uint64_t protocol;
    enum wire_type type;
    unsigned found = 0;
    int status = size_check(size);
    *peek = (struct envelope_peek){0};
    if (status != STATUS_OK) {
        return status;
    }
    struct wire wire = {envelope + ENVELOPE_SIGNATURE_SIZE, size - ENVELOPE_SIGNATURE_SIZE};
    if (!wire_tag(&wire, &number, &type) || number != FIELD_PROTOCOL || type != WIRE_VARINT || !wire_varint(&wire, &protocol) ||
        !protocol || protocol > UINT32_MAX) {
        return STATUS_INVALID;
    }
    peek->protocol = (uint32_t)protocol;
    if (protocol != ENVELOPE_PROTOCOL) {
        return STATUS_NEWER;
    }
    while (wire.left && found != 7) {
        struct wire value = {0};
        if (!wire_tag(&wire, &number, &type) || !(type == WIRE_BYTES ? wire_bytes(&wire, &value) : wire_skip(&wire, type))) {
            return STATUS_INVALID;
        }
        bool good = true;
        if (number == FIELD_ID) {
            good = peek_field(value, peek->id, sizeof peek->id);
            found |= 1;
        } else if (number == FIELD_PARTY) {
            good = envelope_party_valid((const char *)value.at, value.left);
            good = good && peek_field(value, (uint8_t *)peek->party, value.left);
            found |= 2;
        } else if (number == FIELD_SIGNING_KEY) {
            good = peek_field(value, peek->signing_key, sizeof peek->signing_key);
            found |= 4;
        }
        if (!good) {
            return STATUS_INVALID;
        }
    }
    return found == 7 ? STATUS_OK : STATUS_INVALID;
}

int envelope_verify(const uint8_t *envelope, size_t size, const uint8_t signing_key[32])
{
    int status = size_check(size);
    if (status != STATUS_OK) {
        return status;
    }
    size_t length = size - ENVELOPE_SIGNATURE_SIZE;
    uint8_t *covered = malloc(CONTEXT_SIZE + length);
    if (!covered) {
        return STATUS_NO_MEMORY;
    }
    memcpy(covered, context, CONTEXT_SIZE);
    memcpy(covered + CONTEXT_SIZE, envelope + ENVELOPE_SIGNATURE_SIZE, length);
    status = keys_verify(signing_key, covered, CONTEXT_SIZE + length, envelope) ? STATUS_OK : STATUS_FORGED;
    free(covered);
    return status;
}

/* The rules that concern the envelope itself. NULL, or what is broken. */
static const char *submission_breaks(const Muster__Submission *submission)
{
    const Muster__Head *head = submission->head;
    if (submission->log_key.len != 32 || submission->signing_key.len != 32) {
        return "a key that is not 32 bytes long";
    }
    if (submission->id.len != ENVELOPE_ID_SIZE) {
        return "an id that is not 16 bytes long";
    }
    if (!envelope_party_valid(submission->party, strlen(submission->party))) {
        return "a party that is not 1 to 32 of a-z, 0-9 and hyphen";
    }
    if (head->size ? head->root.len != 32 || head->signature.len != 64 : head->root.len || head->signature.len) {
        return "a head that is not whole";
    }
    return NULL;
}

int envelope_unpack(const uint8_t *envelope, size_t size, struct arena *arena, Muster__Submission **submission, struct walk_fault *fault)
{
    struct envelope_peek peek;
    ProtobufCMessage *message = NULL;
    int peeked = envelope_peek(envelope, size, &peek);
    if (peeked == STATUS_TOO_LARGE || peeked == STATUS_NEWER) {
        if (fault) {
            *fault = (struct walk_fault){.rule = peeked == STATUS_NEWER ? "another protocol version" : "more bytes than allowed"};
        }
        return peeked;
    }
    if (size <= ENVELOPE_SIGNATURE_SIZE) {
        if (fault) {
            *fault = (struct walk_fault){.rule = "fewer bytes than a signature"};
        }
        return STATUS_INVALID;
    }
    /* What a peek finds amiss the walk finds too, and names its place; all but the order of fields. */
    int status = walk_unpack(&muster__submission__descriptor, envelope + ENVELOPE_SIGNATURE_SIZE, size - ENVELOPE_SIGNATURE_SIZE,
                         ENVELOPE_MOST, arena, &message, fault);
    if (status != STATUS_OK) {
        return status;
    }
    Muster__Submission *unpacked = (Muster__Submission *)message;
    const char *rule = submission_breaks(unpacked);
    if (!rule && peeked != STATUS_OK) {
        rule = "the protocol version must come first";
    }
    if (rule) {
        if (fault) {
            *fault = (struct walk_fault){.rule = rule};
        }
        return STATUS_INVALID;
    }
    *submission = unpacked;
    return STATUS_OK;
}

void envelope_sha256(const uint8_t *envelope, size_t size, uint8_t sha256[32])
{
    sha256_of(envelope, size, sha256);
}

void envelope_id_make(const struct seam_random *random, uint64_t now, uint8_t id[ENVELOPE_ID_SIZE])
{
    for (unsigned i = 0; i < ENVELOPE_ID_SIZE - ENVELOPE_ID_RANDOM; i++) {
        id[i] = (uint8_t)(now >> (8 * (5 - i)));
    }
    random->fill(random->data, id + ENVELOPE_ID_SIZE - ENVELOPE_ID_RANDOM, ENVELOPE_ID_RANDOM);
}
