/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/desk/state.h"
#include "proto/status.h"

/* Records read many at a time: walks over tables that end in arrays. */

/* Room for one element more in an array of the arena that doubles as it grows; NULL where memory is out. */
static void *grown(struct arena *arena, void *list, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return list;
    void *wider = arena_array(arena, count == 0 ? 1 : 2 * count, size);
    if (wider != NULL && count != 0)
        memcpy(wider, list, count * size);
    return wider;
}

/* Every message of a table under a prefix, in order. */
struct message_list {
    ProtobufCMessage **list;
    size_t count;
};

static int unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, const struct store_value *value,
                  ProtobufCMessage **message)
{
    *message = protobuf_c_message_unpack(descriptor, &arena->allocator, value->length, value->bytes);
    return *message != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int all_messages(struct store_txn *txn, enum table table, const struct store_key *prefix,
                        const ProtobufCMessageDescriptor *descriptor, struct arena *arena, struct message_list *messages)
{
    *messages = (struct message_list){0};
    struct table_cursor *cursor = NULL;
    struct store_value value;
    int status = tables_seek(txn, table, prefix, NULL, &cursor);
    while (status == STATUS_OK && (status = tables_next(cursor, NULL, &value)) == STATUS_OK) {
        messages->list = grown(arena, messages->list, messages->count, sizeof *messages->list);
        if (messages->list == NULL)
            status = STATUS_NO_MEMORY;
        else
            status = unpack(arena, descriptor, &value, &messages->list[messages->count++]);
    }
    tables_end(cursor);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int state_all_parties(struct store_txn *txn, struct arena *arena, struct state_parties *parties)
{
    struct store_key prefix = {0};
    struct message_list messages;
    int status = all_messages(txn, TABLE_PARTIES, &prefix, &muster__party_record__descriptor, arena, &messages);
    *parties = (struct state_parties){.list = (Muster__PartyRecord **)messages.list, .count = messages.count};
    return status;
}

int state_all_bundles(struct store_txn *txn, struct arena *arena, struct state_bundles *bundles)
{
    struct store_key prefix = {0};
    struct message_list messages;
    int status = all_messages(txn, TABLE_BUNDLES, &prefix, &muster__bundle_head__descriptor, arena, &messages);
    *bundles = (struct state_bundles){.list = (Muster__BundleHead **)messages.list, .count = messages.count};
    return status;
}

int state_open_bundles(struct store_txn *txn, struct arena *arena, struct state_bundles *bundles)
{
    struct store_key prefix = {0}, key;
    struct table_cursor *cursor = NULL;
    *bundles = (struct state_bundles){0};
    int status = tables_seek(txn, TABLE_OPEN_BUNDLES, &prefix, NULL, &cursor);
    while (status == STATUS_OK && (status = tables_next(cursor, &key, NULL)) == STATUS_OK) {
        struct key_reader reader = {.bytes = key.bytes, .left = key.length};
        uint64_t number;
        bundles->list = grown(arena, bundles->list, bundles->count, sizeof(Muster__BundleHead *));
        if (bundles->list == NULL)
            status = STATUS_NO_MEMORY;
        else if (!key_take_u64(&reader, &number))
            status = STATUS_CORRUPT;
        else
            status = state_bundle(txn, number, arena, &bundles->list[bundles->count++]);
        status = status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    }
    tables_end(cursor);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int state_all_lots(struct store_txn *txn, struct arena *arena, struct state_lots *lots)
{
    struct store_key prefix = {0};
    struct message_list messages;
    int status = all_messages(txn, TABLE_LOTS, &prefix, &muster__lot_state__descriptor, arena, &messages);
    *lots = (struct state_lots){.list = (Muster__LotState **)messages.list, .count = messages.count};
    return status;
}

int state_commitments(struct store_txn *txn, const char *item, const char *demand, struct arena *arena,
                      struct state_commitments *commitments)
{
    struct store_key prefix = {0};
    if (item != NULL)
        key_text(&prefix, item);
    if (item != NULL && demand != NULL)
        key_text(&prefix, demand);
    struct message_list messages;
    int status = all_messages(txn, TABLE_COMMITMENTS, &prefix, &muster__stored_commitment__descriptor, arena, &messages);
    *commitments = (struct state_commitments){.list = (Muster__StoredCommitment **)messages.list, .count = messages.count};
    return status;
}

/* Reads a key's last one or two texts into an object; the texts are copied. */
static int read_name(struct arena *arena, const struct store_key *key, bool skip_item, bool with_party, struct state_object *object)
{
    struct key_reader reader = {.bytes = key->bytes, .left = key->length};
    const char *party = "", *id;
    if ((skip_item && !key_take_text(&reader, &id)) || (with_party && !key_take_text(&reader, &party)) ||
        !key_take_text(&reader, &id))
        return STATUS_CORRUPT;
    object->party = arena_string(arena, party);
    object->id = arena_string(arena, id);
    return object->party != NULL && object->id != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int add_object(struct arena *arena, struct state_objects *objects, struct state_object **object)
{
    objects->list = grown(arena, objects->list, objects->count, sizeof *objects->list);
    if (objects->list == NULL)
        return STATUS_NO_MEMORY;
    *object = &objects->list[objects->count++];
    **object = (struct state_object){0};
    return STATUS_OK;
}

int state_lot_objects(struct store_txn *txn, enum table table, const char *item, struct arena *arena, struct state_objects *objects)
{
    *objects = (struct state_objects){0};
    struct store_key prefix = {0}, key;
    key_text(&prefix, item);
    struct table_cursor *cursor = NULL;
    enum table index = table == TABLE_DEMANDS ? TABLE_DEMANDS_BY_ITEM : TABLE_OFFERS_BY_ITEM;
    int status = tables_seek(txn, index, &prefix, NULL, &cursor);
    while (status == STATUS_OK && (status = tables_next(cursor, &key, NULL)) == STATUS_OK) {
        struct state_object *object = NULL;
        status = add_object(arena, objects, &object);
        if (status == STATUS_OK)
            status = read_name(arena, &key, true, true, object);
        if (status == STATUS_OK)
            status = state_object(txn, table, object->party, object->id, arena, &object->stored);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_CORRUPT;
    }
    tables_end(cursor);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int state_all_objects(struct store_txn *txn, enum table table, const char *party, const struct state_object *after, size_t limit,
                      struct arena *arena, struct state_objects *objects)
{
    *objects = (struct state_objects){0};
    bool with_party = table == TABLE_DEMANDS || table == TABLE_OFFERS;
    struct store_key prefix = {0}, behind = {0}, key;
    if (party != NULL && with_party)
        key_text(&prefix, party);
    if (after != NULL && with_party)
        key_text(&behind, after->party);
    if (after != NULL)
        key_text(&behind, after->id);
    struct table_cursor *cursor = NULL;
    struct store_value value;
    int status = tables_seek(txn, table, &prefix, after != NULL ? &behind : NULL, &cursor);
    while (status == STATUS_OK && (limit == 0 || objects->count < limit) &&
           (status = tables_next(cursor, &key, &value)) == STATUS_OK) {
        struct state_object *object = NULL;
        status = add_object(arena, objects, &object);
        if (status == STATUS_OK)
            status = unpack(arena, &muster__stored__descriptor, &value, (ProtobufCMessage **)&object->stored);
        if (status == STATUS_OK)
            status = read_name(arena, &key, false, with_party, object);
    }
    tables_end(cursor);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int state_held(struct store_txn *txn, const char *fund, uint64_t but_of, int64_t *held)
{
    struct store_key prefix = {0}, key;
    key_text(&prefix, fund);
    struct table_cursor *cursor = NULL;
    __int128 sum = 0;
    int status = tables_seek(txn, TABLE_HOLDS, &prefix, NULL, &cursor);
    while (status == STATUS_OK && (status = tables_next(cursor, &key, NULL)) == STATUS_OK) {
        struct key_reader reader = {.bytes = key.bytes, .left = key.length};
        const char *text;
        uint64_t number, amount;
        if (!key_take_text(&reader, &text) || !key_take_u64(&reader, &number)) {
            status = STATUS_CORRUPT;
        } else if (number != but_of) {
            status = tables_get_u64(txn, TABLE_HOLDS, &key, &amount);
            sum += status == STATUS_OK ? (__int128)amount : 0;
        }
    }
    tables_end(cursor);
    if (status != STATUS_NOT_FOUND)
        return status;
    *held = sum > INT64_MAX ? INT64_MAX : (int64_t)sum;
    return STATUS_OK;
}

int state_drawn(struct store_txn *txn, const char *fund, struct arena *arena, int64_t *drawn)
{
    struct state_commitments all;
    int status = state_commitments(txn, NULL, NULL, arena, &all);
    __int128 sum = 0;
    for (size_t i = 0; status == STATUS_OK && i < all.count; i++) {
        const Muster__Commitment *one = all.list[i]->commitment;
        if (strcmp(all.list[i]->fund, fund) == 0)
            sum += state_cost(one->quantity, one->unit_price, one->freight, one->one_off);
    }
    if (status == STATUS_OK && sum > INT64_MAX)
        return STATUS_TOO_LARGE;
    *drawn = (int64_t)sum;
    return status;
}
