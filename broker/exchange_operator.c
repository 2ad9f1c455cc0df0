/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_operator.h"

#include <stdio.h>
#include <string.h>

#include "broker/desk/state.h"
#include "broker/exchange_write.h"
#include "proto/status.h"

int exchange_public(struct exchange *exchange, struct introduction_exchange *public_keys)
{
    *public_keys = (struct introduction_exchange){.log_key = exchange->note_key};
    if (strlen(exchange->address) > INTRODUCTION_TEXT_MOST)
        return STATUS_TOO_LARGE;
    memcpy(public_keys->address, exchange->address, strlen(exchange->address) + 1);
    memcpy(public_keys->signing_key, exchange->facts.signing_key, 32);
    memcpy(public_keys->box_key, exchange->facts.box_key, 32);
    memcpy(public_keys->front_key, exchange->facts.curve_key, 32);
    return STATUS_OK;
}

/* One entry of the operator's, in a transaction of its own. */
static int operator_write(struct exchange_write *write, Muster__Submission *submission, uint64_t *position)
{
    write->time = exchange_time_now(&write->exchange->time, NULL);
    int status = write_own(write, submission, position);
    if (status == STATUS_OK)
        return write_finish(write);
    write_abort(write);
    return status;
}

static int key_is_free(struct store_txn *txn, enum table table, const uint8_t bytes[32])
{
    struct store_key key = {0};
    struct store_value value;
    key_bytes(&key, bytes, 32);
    int status = tables_get(txn, table, &key, &value);
    return status == STATUS_OK ? STATUS_EXISTS : status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static int admit_check(struct exchange_write *write, const struct introduction_coordinator *coordinator)
{
    Muster__PartyRecord *stands;
    int status = state_party(write->txn, coordinator->party, &write->arena, &stands);
    if (status == STATUS_OK && stands->party->role != MUSTER__ROLE__ROLE_COORDINATOR)
        return STATUS_DENIED;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        status = key_is_free(write->txn, TABLE_BOX_KEYS, coordinator->box_key);
    if (status == STATUS_OK)
        status = key_is_free(write->txn, TABLE_CURVE_KEYS, coordinator->curve_key);
    return status == STATUS_OK ? key_is_free(write->txn, TABLE_SIGNING_KEYS, coordinator->signing_key) : status;
}

int exchange_admit(struct exchange *exchange, const struct introduction_coordinator *coordinator, char fingerprint[FINGERPRINT_TEXT_SIZE],
                   uint64_t *position)
{
    struct exchange_write write;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__CoordinatorAdmitted admitted = MUSTER__COORDINATOR_ADMITTED__INIT;
    const struct fingerprint_input input = {.party = coordinator->party,
                                            .signing_key = coordinator->signing_key,
                                            .box_key = coordinator->box_key,
                                            .curve_key = coordinator->curve_key,
                                            .exchange_signing_key = exchange->facts.signing_key,
                                            .exchange_box_key = exchange->facts.box_key,
                                            .vkey = exchange->vkey};
    int status = fingerprint_make(&input, fingerprint);
    if (status == STATUS_OK)
        status = write_open(exchange, &write);
    if (status != STATUS_OK)
        return status;
    status = admit_check(&write, coordinator);
    if (status == STATUS_OK)
        status = exchange_coordinator_record(coordinator, &write.arena, &admitted.coordinator);
    if (status != STATUS_OK) {
        write_abort(&write);
        return status;
    }
    submission.coordinator_admitted = &admitted;
    return operator_write(&write, &submission, position);
}

int exchange_rekey(struct exchange *exchange, const struct key_pair *signing, struct new_keys_exchange *keys, bool sign_only,
                   uint64_t *position)
{
    struct exchange_write write;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ExchangeKeys entry = MUSTER__EXCHANGE_KEYS__INIT;
    snprintf(keys->origin, sizeof keys->origin, "%s", exchange->facts.origin);
    memcpy(keys->old_signing_key, exchange->signing_key.public_key, 32);
    memcpy(keys->signing_key, signing->public_key, 32);
    int status = new_keys_exchange_sign(keys, &exchange->log_key, &exchange->signing_key, signing);
    if (status != STATUS_OK || sign_only)
        return status;
    entry.signing_key = (ProtobufCBinaryData){32, keys->signing_key};
    entry.box_key = (ProtobufCBinaryData){32, keys->box_key};
    entry.front_key = (ProtobufCBinaryData){32, keys->front_key};
    entry.log_signature = (ProtobufCBinaryData){64, keys->log_signature};
    entry.old_signature = (ProtobufCBinaryData){64, keys->old_signature};
    entry.new_signature = (ProtobufCBinaryData){64, keys->new_signature};
    submission.exchange_keys = &entry;
    status = write_open(exchange, &write);
    return status == STATUS_OK ? operator_write(&write, &submission, position) : status;
}
