/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/keys.h"

#include <string.h>

#include "broker/desk/hands.h"
#include "broker/desk/join.h"
#include "proto/new_keys.h"

bool keys_are_to_wait(const Muster__PartyRecord *party)
{
    bool suspended = party->state == MUSTER__PARTY_STATE__PARTY_SUSPENDED;
    return party->known || party->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED ||
           (suspended && party->state_before == MUSTER__PARTY_STATE__PARTY_CONFIRMED);
}

static void due_key(struct store_key *key, uint64_t time, const char *party)
{
    key_u64(key, time);
    key_text(key, party);
}

int keys_wait(const struct desk_entry *entry, Muster__PartyRecord *party, Muster__PartyKeys *keys, const char *by)
{
    int status = keys_forget(entry, party);
    Muster__PendingKeys *pending = arena_alloc(entry->arena, sizeof *pending);
    struct store_key key = {0};
    if (status != STATUS_OK || pending == NULL)
        return status != STATUS_OK ? status : STATUS_NO_MEMORY;
    muster__pending_keys__init(pending);
    pending->keys = keys;
    pending->time = entry->time;
    pending->position = entry->position;
    pending->by = arena_string(entry->arena, by);
    party->pending = pending;
    party->has_known = party->known = true;
    if (pending->by == NULL)
        return STATUS_NO_MEMORY;
    due_key(&key, entry->time + KEYS_WAIT, party->party->id);
    status = tables_put(entry->txn, TABLE_KEYS_DUE, &key, "", 0);
    return status == STATUS_OK ? join_register_keys(entry->txn, keys, party->party->id) : status;
}

int keys_forget(const struct desk_entry *entry, Muster__PartyRecord *party)
{
    struct store_key key = {0};
    if (party->pending == NULL)
        return STATUS_OK;
    due_key(&key, party->pending->time + KEYS_WAIT, party->party->id);
    party->pending = NULL;
    int status = tables_delete(entry->txn, TABLE_KEYS_DUE, &key);
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

int keys_bind(const struct desk_entry *entry, Muster__PartyRecord *party)
{
    Muster__PendingKeys *pending = party->pending;
    if (pending == NULL)
        return STATUS_CORRUPT;
    party->keys = pending->keys;
    bool confirmed = pending->compared || party->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED;
    party->state = confirmed ? MUSTER__PARTY_STATE__PARTY_CONFIRMED : MUSTER__PARTY_STATE__PARTY_JOINED;
    return keys_forget(entry, party);
}

int keys_are_compared_by(struct store_txn *txn, struct arena *arena, const Muster__PartyRecord *party, const char *sender, bool *at_once,
                         bool *same)
{
    const Muster__PendingKeys *pending = party->pending;
    enum hands hands;
    if (strcmp(pending->by, party->party->id) == 0) {
        *same = strcmp(sender, pending->by) == 0;
        *at_once = !*same;
        return STATUS_OK;
    }
    int status = hands_of(txn, arena, pending->by, sender, &hands);
    *at_once = hands == HANDS_SECOND;
    *same = hands == HANDS_SAME && pending->compared;
    return status;
}

static bool is_key(const ProtobufCBinaryData *one, const ProtobufCBinaryData *other)
{
    return one->len == other->len && memcmp(one->data, other->data, one->len) == 0;
}

/* Whether the party's waiting keys bind by their age; those of an invitation only where they were compared. */
static bool may_bind(const struct desk_context *context, const Muster__PartyRecord *party)
{
    const Muster__PendingKeys *pending = party->pending;
    bool own = pending != NULL && strcmp(pending->by, party->party->id) == 0;
    return pending != NULL && (own || pending->compared) && desk_may_pass(context, pending->time + KEYS_WAIT);
}

static int due_of(struct store_txn *txn, const struct desk_context *context, struct arena *arena, const struct store_key *key,
                  Muster__Submission *due)
{
    struct key_reader reader = {.bytes = key->bytes, .left = key->length};
    Muster__PartyRecord *party;
    uint64_t time;
    const char *id;
    if (!key_take_u64(&reader, &time) || !key_take_text(&reader, &id))
        return STATUS_CORRUPT;
    int status = state_party(txn, id, arena, &party);
    if (status != STATUS_OK || !may_bind(context, party))
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    Muster__KeysBound *bound = arena_alloc(arena, sizeof *bound);
    if (bound == NULL)
        return STATUS_NO_MEMORY;
    muster__keys_bound__init(bound);
    bound->party = party->party->id;
    bound->signing_key = party->pending->keys->signing_key;
    due->keys_bound = bound;
    return STATUS_OK;
}

int keys_next_due(struct store_txn *txn, const struct desk_context *context, struct arena *arena, Muster__Submission *due)
{
    struct table_cursor *cursor = NULL;
    struct store_key prefix = {0}, key;
    int status = tables_seek(txn, TABLE_KEYS_DUE, &prefix, NULL, &cursor);
    while (status == STATUS_OK && due->keys_bound == NULL && (status = tables_next(cursor, &key, NULL)) == STATUS_OK)
        status = due_of(txn, context, arena, &key, due);
    tables_end(cursor);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int keys_next_deadline(struct store_txn *txn, const struct desk_context *context, uint64_t *time)
{
    struct table_cursor *cursor = NULL;
    struct store_key prefix = {0}, key;
    uint64_t waits = 0;
    *time = UINT64_MAX;
    int status = tables_seek(txn, TABLE_KEYS_DUE, &prefix, NULL, &cursor);
    /* What waits although its time is over waits for an entry, or for the time from which deadlines pass. */
    while (status == STATUS_OK && waits <= context->log_time && (status = tables_next(cursor, &key, NULL)) == STATUS_OK) {
        struct key_reader reader = {.bytes = key.bytes, .left = key.length};
        if (!key_take_u64(&reader, &waits))
            status = STATUS_CORRUPT;
        else if (waits > context->log_time || context->log_time < context->deadlines_from)
            *time = waits < *time ? waits : *time;
    }
    tables_end(cursor);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int keys_bound_apply(const struct desk_entry *entry)
{
    const Muster__KeysBound *bound = entry->submission->keys_bound;
    Muster__PartyRecord *party;
    int status = state_party(entry->txn, bound->party, entry->arena, &party);
    if (status == STATUS_OK)
        status = keys_bind(entry, party);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    party->version++;
    status = state_put_party(entry->txn, party);
    return status == STATUS_OK ? state_touch_all(entry->txn, entry->position) : status;
}

/* --- what a party does with its own keys ------------------------------------------------------------------------- */

static int check_announce(struct desk_work *work, const Muster__KeysChange *change)
{
    const Muster__PartyRecord *party = work->context->party;
    if (party->pending != NULL) {
        desk_refuse(work, STATUS_STALE, "keys", "", "no new keys that wait already", "cancel those that wait first: muster keys cancel");
        return STATUS_OK;
    }
    if (new_keys_verify(change, party->keys->signing_key.data, work->context->exchange->box_key) != STATUS_OK) {
        desk_refuse(work, STATUS_DENIED, "new_signature", "", "a signature by the new key over the keys in force and the new ones",
                    "make the new keys with muster keys new");
        return STATUS_OK;
    }
    return join_check_unused(work, change->keys);
}

int keys_check(struct desk_work *work)
{
    const Muster__KeysChange *change = work->submission->keys;
    const Muster__PartyRecord *party = work->context->party;
    if (change->kind == MUSTER__KEYS_CHANGE_KIND__KEYS_ANNOUNCE)
        return check_announce(work, change);
    if (party->pending == NULL || !is_key(&party->pending->keys->signing_key, &change->cancels))
        desk_refuse(work, STATUS_STALE, "cancels", "", "keys that wait", "look at muster status: none of that kind wait any more");
    return STATUS_OK;
}

int keys_apply(const struct desk_entry *entry)
{
    const Muster__KeysChange *change = entry->submission->keys;
    Muster__PartyRecord *party;
    int status = state_party(entry->txn, entry->party, entry->arena, &party);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    status = change->kind == MUSTER__KEYS_CHANGE_KIND__KEYS_ANNOUNCE ? keys_wait(entry, party, change->keys, entry->party)
                                                                     : keys_forget(entry, party);
    party->version++;
    return status == STATUS_OK ? state_put_party(entry->txn, party) : status;
}
