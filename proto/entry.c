/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/entry.h"

#include <string.h>

#include "proto/envelope.h"
#include "proto/status.h"
#include "proto/walk.h"

static bool kind_valid(const char *kind)
{
    size_t length = strspn(kind, "abcdefghijklmnopqrstuvwxyz-");
    return length >= 1 && length <= TLOG_KIND_MOST && !kind[length];
}

int entry_body_pack(const struct entry_body *body, uint8_t *bytes, size_t *size)
{
    if (!kind_valid(body->kind) || !envelope_party_valid(body->party, strlen(body->party))) {
        return STATUS_INVALID;
    }
    /* protobuf-c's structs hold pointers to what may change; nothing is written through these. */
    struct entry_body copy = *body;
    Muster__EntryBody message = MUSTER__ENTRY_BODY__INIT;
    message.kind = copy.kind;
    message.time = copy.time;
    message.party = copy.party;
    message.submission = (ProtobufCBinaryData){sizeof copy.submission, copy.submission};
    message.envelope_sha256 = (ProtobufCBinaryData){sizeof copy.envelope_sha256, copy.envelope_sha256};
    *size = muster__entry_body__pack(&message, bytes);
    return STATUS_OK;
}

int entry_body_parse(const uint8_t *bytes, size_t size, struct entry_body *body)
{
    struct arena arena;
    ProtobufCMessage *message = NULL;
    arena_init(&arena, 4096);
    int status = walk_unpack(&muster__entry_body__descriptor, bytes, size, ENTRY_BODY_MOST, &arena, &message, NULL);
    if (status == STATUS_OK) {
        const Muster__EntryBody *read = (const Muster__EntryBody *)message;
        if (!kind_valid(read->kind) || !envelope_party_valid(read->party, strlen(read->party)) || read->submission.len != 16 ||
            read->envelope_sha256.len != 32) {
            status = STATUS_INVALID;
        } else {
            *body = (struct entry_body){.time = read->time};
            memcpy(body->kind, read->kind, strlen(read->kind));
            memcpy(body->party, read->party, strlen(read->party));
            memcpy(body->submission, read->submission.data, 16);
            memcpy(body->envelope_sha256, read->envelope_sha256.data, 32);
        }
    }
    arena_drop(&arena);
    return status;
}
