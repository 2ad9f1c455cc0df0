/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/invitation.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "proto/envelope.h"
#include "proto/lines.h"
#include "proto/note.h"
#include "proto/status.h"
#include "proto/walk.h"

#define CHECK_SIZE 4u
#define PACKED_MOST 1400u /* what base64url of it and the prefix leave within INVITATION_MOST */
#define ADDRESS_MOST 255u

static bool address_valid(const char *address)
{
    size_t length = strnlen(address, ADDRESS_MOST + 1);
    for (size_t i = 0; i < length; i++) {
        if (address[i] <= ' ' || address[i] > '~') {
            return false;
        }
    }
    return length >= 1 && length <= ADDRESS_MOST;
}

static bool invitation_valid(const Muster__Invitation *invitation)
{
    struct note_key key;
    return address_valid(invitation->address) && invitation->exchange_signing_key.len == 32 && invitation->exchange_box_key.len == 32 &&
           invitation->front_curve_key.len == 32 && invitation->seed.len == INVITATION_SEED_SIZE &&
           note_vkey_parse(invitation->vkey, &key) == STATUS_OK &&
           envelope_party_valid(invitation->party, strlen(invitation->party)) &&
           strcmp(invitation->party, ENVELOPE_EXCHANGE_PARTY) != 0 && invitation->expiry > 0;
}

int invitation_encode(const Muster__Invitation *invitation, struct arena *arena, char **line)
{
    uint8_t packed[PACKED_MOST + CHECK_SIZE];
    uint8_t sha256[32];
    if (!protobuf_c_message_check(&invitation->base) || !invitation_valid(invitation)) {
        return STATUS_INVALID;
    }
    size_t size = muster__invitation__get_packed_size(invitation);
    if (size > PACKED_MOST) {
        return STATUS_TOO_LARGE;
    }
    muster__invitation__pack(invitation, packed);
    crypto_hash_sha256(sha256, packed, size);
    memcpy(packed + size, sha256, CHECK_SIZE);
    size_t room = sizeof INVITATION_PREFIX + sodium_base64_encoded_len(size + CHECK_SIZE, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    *line = arena_alloc(arena, room);
    if (*line) {
        memcpy(*line, INVITATION_PREFIX, sizeof INVITATION_PREFIX - 1);
        sodium_bin2base64(*line + sizeof INVITATION_PREFIX - 1, room - (sizeof INVITATION_PREFIX - 1), packed, size + CHECK_SIZE,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    }
    sodium_memzero(packed, sizeof packed);
    return *line ? STATUS_OK : STATUS_NO_MEMORY;
}

/* The line without white space. False where it is too long. */
static bool squeeze(const char *line, char *bare)
{
    size_t length = 0;
    for (; *line; line++) {
        if (*line == ' ' || *line == '\t' || *line == '\r' || *line == '\n') {
            continue;
        }
        if (length == INVITATION_MOST) {
            bare[0] = '\0';
            return false;
        }
        bare[length++] = *line;
    }
    bare[length] = '\0';
    return true;
}

int invitation_decode(const char *line, struct arena *arena, Muster__Invitation **invitation)
{
    char bare[INVITATION_MOST + 1];
    uint8_t packed[PACKED_MOST + CHECK_SIZE];
    uint8_t sha256[32];
    size_t size = 0;
    ProtobufCMessage *message = NULL;
    int status = squeeze(line, bare) ? STATUS_OK : STATUS_TOO_LARGE;
    struct line rest = {bare, strlen(bare)};
    if (status == STATUS_OK && (!line_skip(&rest, INVITATION_PREFIX) || !line_base64_url(rest, packed, sizeof packed, &size) ||
                                size <= CHECK_SIZE)) {
        status = STATUS_INVALID;
    }
    if (status == STATUS_OK) {
        size -= CHECK_SIZE;
        crypto_hash_sha256(sha256, packed, size);
        status = memcmp(sha256, packed + size, CHECK_SIZE) == 0 ? STATUS_OK : STATUS_FORGED;
    }
    if (status == STATUS_OK) {
        status = walk_unpack(&muster__invitation__descriptor, packed, size, PACKED_MOST, arena, &message, NULL);
    }
    if (status == STATUS_OK && !invitation_valid((const Muster__Invitation *)message)) {
        status = STATUS_INVALID;
    }
    if (status == STATUS_OK) {
        *invitation = (Muster__Invitation *)message;
    }
    sodium_memzero(packed, sizeof packed);
    sodium_memzero(bare, sizeof bare);
    return status;
}

int invitation_keys_make(const uint8_t seed[INVITATION_SEED_SIZE], struct invitation_keys *keys)
{
    static const char context[crypto_kdf_CONTEXTBYTES + 1] = "musterJ1";
    const enum key_kind kinds[] = {KEY_CURVE, KEY_BOX, KEY_SIGNING};
    struct key_pair *const pairs[] = {&keys->curve, &keys->box, &keys->signing};
    *keys = (struct invitation_keys){0};
    uint8_t *derived = sodium_malloc(32);
    int status = derived ? STATUS_OK : STATUS_NO_MEMORY;
    for (unsigned i = 0; i < 3 && status == STATUS_OK; i++) {
        crypto_kdf_derive_from_key(derived, 32, i + 1, context, seed);
        status = keys_from_seed(kinds[i], derived, pairs[i]);
    }
    sodium_free(derived);
    if (status != STATUS_OK) {
        invitation_keys_drop(keys);
    }
    return status;
}

void invitation_keys_drop(struct invitation_keys *keys)
{
    keys_drop(&keys->curve);
    keys_drop(&keys->box);
    keys_drop(&keys->signing);
}

#define JOIN_CONTEXT "muster/join/v1\n"
#define JOIN_SIZE (sizeof JOIN_CONTEXT - 1 + 5 * 32)

static void join_bytes(const struct join_keys *keys, uint8_t bytes[JOIN_SIZE])
{
    const uint8_t *const parts[] = {keys->one_time_signing_key, keys->curve_key, keys->box_key, keys->signing_key, keys->exchange_box_key};
    memcpy(bytes, JOIN_CONTEXT, sizeof JOIN_CONTEXT - 1);
    for (size_t i = 0; i < 5; i++) {
        memcpy(bytes + sizeof JOIN_CONTEXT - 1 + i * 32, parts[i], 32);
    }
}

void join_sign(const struct join_keys *keys, const struct key_pair *pair, uint8_t signature[64])
{
    uint8_t bytes[JOIN_SIZE];
    join_bytes(keys, bytes);
    keys_sign(pair, bytes, sizeof bytes, signature);
}

int join_verify(const Muster__Join *join, const uint8_t one_time_signing_key[32], const uint8_t exchange_box_key[32])
{
    const Muster__PartyKeys *new_keys = join->keys;
    if (join->one_time_signing_key.len != 32 || new_keys->signing_key.len != 32 || new_keys->box_key.len != 32 ||
        new_keys->curve_key.len != 32 || join->one_time_signature.len != 64 || join->new_signature.len != 64) {
        return STATUS_INVALID;
    }
    if (memcmp(join->one_time_signing_key.data, one_time_signing_key, 32) != 0) {
        return STATUS_DENIED;
    }
    const struct join_keys keys = {one_time_signing_key, new_keys->curve_key.data, new_keys->box_key.data, new_keys->signing_key.data,
                                   exchange_box_key};
    uint8_t bytes[JOIN_SIZE];
    join_bytes(&keys, bytes);
    return keys_verify(one_time_signing_key, bytes, sizeof bytes, join->one_time_signature.data) &&
                   keys_verify(new_keys->signing_key.data, bytes, sizeof bytes, join->new_signature.data)
               ? STATUS_OK
               : STATUS_FORGED;
}
