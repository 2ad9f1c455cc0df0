/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdlib.h>
#include <string.h>

#include "broker/desk/state.h"
#include "broker/exchange_write.h"
#include "proto/introduction.h"
#include "proto/status.h"
#include "proto/version.h"
#include "store/log.h"

#define GENESIS_VERSION 1u

int exchange_coordinator_record(const struct introduction_coordinator *coordinator, struct arena *arena,
                                Muster__PartyRecord **record)
{
    Muster__PartyRecord *made = arena_alloc(arena, sizeof *made);
    Muster__Party *party = arena_alloc(arena, sizeof *party);
    Muster__PartyKeys *keys = arena_alloc(arena, sizeof *keys);
    uint8_t *signing = (uint8_t *)arena_copy(arena, coordinator->signing_key, 32);
    uint8_t *box = (uint8_t *)arena_copy(arena, coordinator->box_key, 32);
    uint8_t *curve = (uint8_t *)arena_copy(arena, coordinator->curve_key, 32);
    if (made == NULL || party == NULL || keys == NULL || signing == NULL || box == NULL || curve == NULL)
        return STATUS_NO_MEMORY;
    muster__party_record__init(made);
    muster__party__init(party);
    muster__party_keys__init(keys);
    party->id = arena_string(arena, coordinator->party);
    party->name = arena_string(arena, coordinator->name);
    party->country = arena_string(arena, coordinator->country);
    party->contact = arena_string(arena, coordinator->contact);
    party->ncage = arena_string(arena, "");
    party->role = MUSTER__ROLE__ROLE_COORDINATOR;
    party->size = MUSTER__SIZE__SIZE_LARGE;
    keys->signing_key = (ProtobufCBinaryData){32, signing};
    keys->box_key = (ProtobufCBinaryData){32, box};
    keys->curve_key = (ProtobufCBinaryData){32, curve};
    made->party = party;
    made->keys = keys;
    made->state = made->state_before = MUSTER__PARTY_STATE__PARTY_CONFIRMED;
    made->version = 1;
    *record = made;
    return STATUS_OK;
}

/* What a restored store goes on with: its first coordinator, its policy, and where its log stood. */
static int found_again(struct exchange_write *write, Muster__Genesis *genesis)
{
    Muster__ExchangeState *state = NULL;
    struct log_head head;
    int status = state_exchange(write->txn, &write->arena, &state);
    if (status == STATUS_OK)
        status = log_head_newest(write->txn, &head);
    if (status != STATUS_OK)
        return status;
    struct note_key old_key;
    struct tlog_head old_head;
    uint8_t signature[64];
    /* The copy must be what the old exchange signed. */
    if (note_vkey_parse(state->genesis->vkey, &old_key) != STATUS_OK ||
        tlog_head_open(&old_key, head.note, head.note_length, &old_head, signature) != STATUS_OK || old_head.size != write->size)
        return STATUS_CORRUPT;
    /* Heads below an earlier restoration were signed by a still older key, and verified then. */
    uint64_t from = state->genesis->previous != NULL ? state->genesis->previous->size : 0;
    status = log_verify(write->txn, from, &old_key, NULL, NULL, NULL, NULL);
    if (status != STATUS_OK)
        return status;
    genesis->coordinator = state->genesis->coordinator;
    genesis->previous_origin = state->genesis->origin;
    genesis->previous = arena_alloc(&write->arena, sizeof *genesis->previous);
    uint8_t *root = (uint8_t *)arena_copy(&write->arena, old_head.root, sizeof old_head.root);
    uint8_t *kept = (uint8_t *)arena_copy(&write->arena, signature, sizeof signature);
    if (genesis->previous == NULL || root == NULL || kept == NULL)
        return STATUS_NO_MEMORY;
    muster__head__init(genesis->previous);
    genesis->previous->size = old_head.size;
    genesis->previous->root = (ProtobufCBinaryData){sizeof old_head.root, root};
    genesis->previous->signature = (ProtobufCBinaryData){sizeof signature, kept};
    return STATUS_OK;
}

static int found_write(struct exchange_write *write, const struct exchange_founding *founding)
{
    struct exchange *exchange = write->exchange;
    Muster__Submission *submission = arena_alloc(&write->arena, sizeof *submission);
    Muster__Genesis *genesis = arena_alloc(&write->arena, sizeof *genesis);
    if (submission == NULL || genesis == NULL)
        return STATUS_NO_MEMORY;
    muster__submission__init(submission);
    muster__genesis__init(genesis);
    genesis->version = GENESIS_VERSION;
    genesis->origin = arena_string(&write->arena, exchange->note_key.name);
    genesis->vkey = arena_string(&write->arena, exchange->vkey);
    genesis->address = arena_string(&write->arena, founding->address);
    genesis->exchange_signing_key = (ProtobufCBinaryData){32, exchange->signing_key.public_key};
    genesis->exchange_box_key = (ProtobufCBinaryData){32, exchange->box_key.public_key};
    genesis->front_curve_key = (ProtobufCBinaryData){32, (uint8_t *)arena_copy(&write->arena, founding->front_key, 32)};
    submission->genesis = genesis;
    int status = founding->coordinator != NULL ? exchange_coordinator_record(founding->coordinator, &write->arena, &genesis->coordinator)
                                               : found_again(write, genesis);
    if (status == STATUS_OK && genesis->front_curve_key.data == NULL)
        status = STATUS_NO_MEMORY;
    return status == STATUS_OK ? write_own(write, submission, NULL) : status;
}

static int found_transaction(struct exchange *exchange, const struct exchange_options *options,
                             const struct exchange_founding *founding)
{
    struct exchange_write write;
    uint64_t last = 0;
    int status = write_open(exchange, &write);
    if (status == STATUS_OK)
        status = log_last_time(write.txn, &last);
    if (status == STATUS_OK && founding->coordinator != NULL && write.size != 0)
        status = STATUS_EXISTS;
    if (status == STATUS_OK) {
        exchange_time_start(&exchange->time, options->clock, last);
        write.time = exchange_time_now(&exchange->time, NULL);
        status = found_write(&write, founding);
    }
    /* Heads below were signed by the old key; they were verified with it just now. */
    if (status == STATUS_OK && founding->coordinator == NULL)
        status = log_set_verified(write.txn, write.size);
    if (status != STATUS_OK) {
        write_abort(&write);
        return status;
    }
    return write_finish(&write);
}

int exchange_found(const struct exchange_options *options, const struct exchange_founding *founding)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        return STATUS_NO_MEMORY;
    exchange->random = options->random;
    int status = pool_new(0, &exchange->pool);
    if (status == STATUS_OK)
        status = exchange_read_keys(exchange, options->directory);
    if (status == STATUS_OK)
        status = note_key_make(founding->origin, exchange->log_key.public_key, &exchange->note_key);
    if (status == STATUS_OK) {
        note_vkey_write(&exchange->note_key, exchange->vkey);
        exchange->facts = (struct desk_exchange){.origin = exchange->note_key.name, .vkey = exchange->vkey, .address = founding->address};
        status = exchange_open_store(exchange, options, founding->coordinator != NULL);
    }
    if (status == STATUS_OK)
        status = found_transaction(exchange, options, founding);
    exchange_close(exchange);
    return status;
}
