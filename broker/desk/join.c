/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/join.h"

#include <string.h>

#include "broker/desk/keys.h"
#include "broker/desk/noun.h"
#include "broker/desk/signal.h"
#include "proto/invitation.h"

/* How a party comes in: the genesis' coordinator, an invitation used once, and the keys by which parties are found. */

int join_register_keys(struct store_txn *txn, const Muster__PartyKeys *keys, const char *party)
{
    const ProtobufCBinaryData *bytes[] = {&keys->box_key, &keys->curve_key, &keys->signing_key};
    const enum table tables[] = {TABLE_BOX_KEYS, TABLE_CURVE_KEYS, TABLE_SIGNING_KEYS};
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < 3; at++) {
        struct store_key key = {0};
        key_bytes(&key, bytes[at]->data, bytes[at]->len);
        status = tables_put(txn, tables[at], &key, party, strlen(party));
    }
    return status;
}

static int check_unused(struct desk_work *work, enum table table, const ProtobufCBinaryData *bytes, const char *field)
{
    struct store_key key = {0};
    struct store_value value;
    key_bytes(&key, bytes->data, bytes->len);
    int status = tables_get(work->txn, table, &key, &value);
    if (status == STATUS_OK)
        desk_refuse(work, STATUS_INVALID, field, "", "a key that nobody has used", "make fresh keys: these were used before");
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int join_check_unused(struct desk_work *work, const Muster__PartyKeys *keys)
{
    int status = check_unused(work, TABLE_BOX_KEYS, &keys->box_key, "box_key");
    if (status == STATUS_OK)
        status = check_unused(work, TABLE_CURVE_KEYS, &keys->curve_key, "curve_key");
    return status == STATUS_OK ? check_unused(work, TABLE_SIGNING_KEYS, &keys->signing_key, "signing_key") : status;
}

int join_check(struct desk_work *work)
{
    const Muster__PartyRecord *party = work->context->party;
    const Muster__Join *join = work->submission->join;
    if (!work->context->one_time || party->one_time_keys == NULL || party->has_join_sha256) {
        desk_refuse(work, STATUS_DENIED, "", "", "an invitation that nobody has used", "ask the coordinator for a new one");
        return STATUS_OK;
    }
    if (party->invitation_expiry <= work->context->log_time) {
        desk_refuse(work, STATUS_EXPIRED, "", "", "an invitation that has not expired", "ask the coordinator for a new one");
        return STATUS_OK;
    }
    if (join_verify(join, party->one_time_keys->signing_key.data, work->context->exchange->box_key) != STATUS_OK) {
        desk_refuse(work, STATUS_DENIED, "", "", "signatures by the invitation's key and the new one", "paste the invitation again, whole");
        return STATUS_OK;
    }
    return join_check_unused(work, join->keys);
}

/* The first keys of a party are its own at once; they count for nothing until a coordinator has compared them. */
static int take_first_keys(const struct desk_entry *entry, Muster__PartyRecord *party)
{
    party->keys = entry->submission->join->keys;
    if (party->state == MUSTER__PARTY_STATE__PARTY_SUSPENDED)
        party->state_before = MUSTER__PARTY_STATE__PARTY_JOINED;
    else
        party->state = MUSTER__PARTY_STATE__PARTY_JOINED;
    return join_register_keys(entry->txn, party->keys, entry->party);
}

int join_apply(const struct desk_entry *entry)
{
    Muster__PartyRecord *party;
    int status = state_party(entry->txn, entry->party, entry->arena, &party);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    party->has_join_sha256 = true;
    party->join_sha256 = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)entry->envelope_sha256, .len = 32};
    party->version++;
    status = keys_are_to_wait(party) ? keys_wait(entry, party, entry->submission->join->keys, party->invited_by != NULL ? party->invited_by : "")
                                     : take_first_keys(entry, party);
    if (status == STATUS_OK)
        status = state_put_party(entry->txn, party);
    return status == STATUS_OK ? state_touch_all(entry->txn, entry->position) : status;
}

int genesis_apply(const struct desk_entry *entry)
{
    Muster__Genesis *genesis = entry->submission->genesis;
    if (genesis->previous != NULL)
        return restored_apply(entry);
    Muster__ExchangeState exchange = MUSTER__EXCHANGE_STATE__INIT;
    exchange.genesis = genesis;
    int status = state_put_exchange(entry->txn, &exchange);
    if (status == STATUS_OK)
        status = state_put_party(entry->txn, genesis->coordinator);
    if (status == STATUS_OK && genesis->coordinator->keys != NULL)
        status = join_register_keys(entry->txn, genesis->coordinator->keys, genesis->coordinator->party->id);
    if (status == STATUS_OK && genesis->coordinator->one_time_keys != NULL)
        status = join_register_keys(entry->txn, genesis->coordinator->one_time_keys, genesis->coordinator->party->id);
    if (status != STATUS_OK)
        return status;
    Muster__StoredSet policy = MUSTER__STORED_SET__INIT;
    policy.version = 1;
    policy.time = entry->time;
    policy.position = entry->position;
    policy.policy = genesis->policy;
    policy.n_policy = genesis->n_policy;
    status = state_put_set(entry->txn, TABLE_POLICY, &policy);
    return status == STATUS_OK ? signal_begin(entry) : status;
}

static bool key_is(const Muster__PartyKeys *keys, const uint8_t box_key[32])
{
    return keys != NULL && keys->box_key.len == 32 && memcmp(keys->box_key.data, box_key, 32) == 0;
}

const Muster__PartyKeys *desk_keys_of(const Muster__PartyRecord *party, enum desk_keys which)
{
    if (which == DESK_KEYS_WAITING)
        return party->pending != NULL ? party->pending->keys : NULL;
    return which == DESK_KEYS_OWN ? party->keys : party->one_time_keys;
}

int desk_party_bytes(struct store_txn *txn, const uint8_t box_key[32], struct store_value *record)
{
    char id[KEY_MOST + 1];
    struct store_key key = {0}, place = {0};
    struct store_value value;
    key_bytes(&key, box_key, 32);
    int status = tables_get(txn, TABLE_BOX_KEYS, &key, &value);
    if (status != STATUS_OK)
        return status;
    if (value.length >= sizeof id)
        return STATUS_CORRUPT;
    memcpy(id, value.bytes, value.length);
    id[value.length] = '\0';
    key_text(&place, id);
    return tables_get(txn, TABLE_PARTIES, &place, record);
}

uint64_t desk_party_changes(const struct store_txn *txn)
{
    uint64_t keys = tables_changes(txn, TABLE_BOX_KEYS);
    return keys == 0 ? 0 : keys + tables_changes(txn, TABLE_PARTIES);
}

int desk_party_by_box(struct store_txn *txn, const uint8_t box_key[32], struct arena *arena, Muster__PartyRecord **party, enum desk_keys *which)
{
    struct store_key key = {0};
    struct store_value value;
    key_bytes(&key, box_key, 32);
    int status = tables_get_copy(txn, TABLE_BOX_KEYS, &key, arena, &value);
    if (status != STATUS_OK)
        return status;
    char *id = arena_copy(arena, value.bytes, value.length);
    status = id != NULL ? state_party(txn, id, arena, party) : STATUS_NO_MEMORY;
    if (status != STATUS_OK)
        return status;
    static const enum desk_keys all[] = {DESK_KEYS_OWN, DESK_KEYS_WAITING, DESK_KEYS_ONE_TIME};
    for (size_t at = 0; at < sizeof all / sizeof all[0]; at++) {
        *which = all[at];
        if (key_is(desk_keys_of(*party, *which), box_key))
            return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

int desk_key_was(struct store_txn *txn, const uint8_t signing_key[32], const char *party, bool *was)
{
    struct store_key key = {0};
    struct store_value value;
    key_bytes(&key, signing_key, 32);
    int status = tables_get(txn, TABLE_SIGNING_KEYS, &key, &value);
    *was = status == STATUS_OK && value.length == strlen(party) && memcmp(value.bytes, party, value.length) == 0;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void admit(struct desk_admitted *admitted, const Muster__PartyRecord *party, const Muster__PartyKeys *keys, bool join_only)
{
    *admitted = (struct desk_admitted){.party = party->party->id, .join_only = join_only};
    admitted->expiry = join_only ? party->invitation_expiry : 0;
    memcpy(admitted->curve_key, keys->curve_key.data, sizeof admitted->curve_key);
}

int desk_admitted(struct store_txn *txn, uint64_t log_time, struct arena *arena, struct desk_admitted **list, size_t *count)
{
    struct state_parties all;
    int status = state_all_parties(txn, arena, &all);
    if (status != STATUS_OK)
        return status;
    *count = 0;
    *list = arena_array(arena, 3 * all.count + 1, sizeof **list);
    if (*list == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < all.count; at++) {
        const Muster__PartyRecord *party = all.list[at];
        if (party->state == MUSTER__PARTY_STATE__PARTY_SUSPENDED)
            continue;
        if (party->keys != NULL && party->keys->curve_key.len == 32)
            admit(&(*list)[(*count)++], party, party->keys, false);
        if (party->pending != NULL && party->pending->keys->curve_key.len == 32)
            admit(&(*list)[(*count)++], party, party->pending->keys, false);
        if (party->one_time_keys != NULL && party->one_time_keys->curve_key.len == 32 && party->invitation_expiry > log_time)
            admit(&(*list)[(*count)++], party, party->one_time_keys, true);
    }
    return STATUS_OK;
}
