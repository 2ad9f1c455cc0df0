/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/state.h"

#include <string.h>

#include "proto/status.h"

char *state_name(struct arena *arena, const char *party, const char *id)
{
    return party[0] != '\0' ? arena_format(arena, "%s/%s", party, id) : arena_string(arena, id);
}

bool state_name_split(struct arena *arena, const char *name, const char **party, const char **id)
{
    const char *slash = strchr(name, '/');
    if (slash == NULL || slash == name)
        return false;
    *party = arena_copy(arena, name, (size_t)(slash - name));
    *id = slash + 1;
    return *party != NULL;
}

bool state_name_is_of(const char *name, const char *party)
{
    size_t length = strlen(party);
    return strncmp(name, party, length) == 0 && name[length] == '/';
}

int64_t state_cost(uint64_t quantity, int64_t unit_price, int64_t freight, int64_t one_off)
{
    __int128 cost = (__int128)quantity * ((__int128)unit_price + freight) + one_off;
    return cost > INT64_MAX ? INT64_MAX : (int64_t)cost;
}

int state_party(struct store_txn *txn, const char *id, struct arena *arena, Muster__PartyRecord **party)
{
    struct store_key key = {0};
    key_text(&key, id);
    return tables_get_message(txn, TABLE_PARTIES, &key, &muster__party_record__descriptor, arena, (ProtobufCMessage **)party);
}

int state_put_party(struct store_txn *txn, const Muster__PartyRecord *party)
{
    struct store_key key = {0};
    key_text(&key, party->party->id);
    return tables_put_message(txn, TABLE_PARTIES, &key, &party->base);
}

static void object_key(struct store_key *key, enum table table, const char *party, const char *id)
{
    if (table == TABLE_DEMANDS || table == TABLE_OFFERS)
        key_text(key, party);
    key_text(key, id);
}

static enum table index_of(enum table table)
{
    return table == TABLE_DEMANDS ? TABLE_DEMANDS_BY_ITEM : TABLE_OFFERS_BY_ITEM;
}

int state_object(struct store_txn *txn, enum table table, const char *party, const char *id, struct arena *arena,
                 Muster__Stored **stored)
{
    struct store_key key = {0};
    object_key(&key, table, party, id);
    return tables_get_message(txn, table, &key, &muster__stored__descriptor, arena, (ProtobufCMessage **)stored);
}

int state_put_object(struct store_txn *txn, enum table table, const char *party, const char *id, const Muster__Stored *stored,
                     const char *item_before)
{
    struct store_key key = {0};
    object_key(&key, table, party, id);
    int status = tables_put_message(txn, table, &key, &stored->base);
    if (status != STATUS_OK || (table != TABLE_DEMANDS && table != TABLE_OFFERS))
        return status;
    const char *item = stored->demand != NULL ? stored->demand->item : stored->offer->item;
    if (item_before != NULL && strcmp(item_before, item) != 0) {
        struct store_key old = {0};
        key_text(&old, item_before);
        object_key(&old, table, party, id);
        status = tables_delete(txn, index_of(table), &old);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
    }
    struct store_key place = {0};
    key_text(&place, item);
    object_key(&place, table, party, id);
    return tables_put(txn, index_of(table), &place, "", 0);
}

int state_set(struct store_txn *txn, enum table table, struct arena *arena, Muster__StoredSet **set)
{
    struct store_key key = {0};
    key_text(&key, "set");
    int status = tables_get_message(txn, table, &key, &muster__stored_set__descriptor, arena, (ProtobufCMessage **)set);
    if (status != STATUS_NOT_FOUND)
        return status;
    *set = arena_alloc(arena, sizeof **set);
    if (*set == NULL)
        return STATUS_NO_MEMORY;
    muster__stored_set__init(*set);
    return STATUS_OK;
}

int state_put_set(struct store_txn *txn, enum table table, const Muster__StoredSet *set)
{
    struct store_key key = {0};
    key_text(&key, "set");
    return tables_put_message(txn, table, &key, &set->base);
}

int state_exchange(struct store_txn *txn, struct arena *arena, Muster__ExchangeState **exchange)
{
    struct store_key key = {0};
    key_text(&key, "state");
    return tables_get_message(txn, TABLE_EXCHANGE, &key, &muster__exchange_state__descriptor, arena, (ProtobufCMessage **)exchange);
}

int state_put_exchange(struct store_txn *txn, const Muster__ExchangeState *exchange)
{
    struct store_key key = {0};
    key_text(&key, "state");
    return tables_put_message(txn, TABLE_EXCHANGE, &key, &exchange->base);
}

int state_bundle(struct store_txn *txn, uint64_t number, struct arena *arena, Muster__BundleHead **bundle)
{
    struct store_key key = {0};
    key_u64(&key, number);
    return tables_get_message(txn, TABLE_BUNDLES, &key, &muster__bundle_head__descriptor, arena, (ProtobufCMessage **)bundle);
}

int state_put_bundle(struct store_txn *txn, const Muster__BundleHead *bundle)
{
    struct store_key key = {0};
    key_u64(&key, bundle->number);
    bool open = bundle->state == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED || bundle->state == MUSTER__BUNDLE_STATE__BUNDLE_RELEASED ||
                bundle->state == MUSTER__BUNDLE_STATE__BUNDLE_AGREED;
    int status = open ? tables_put(txn, TABLE_OPEN_BUNDLES, &key, "", 0) : tables_delete(txn, TABLE_OPEN_BUNDLES, &key);
    if (status != STATUS_OK && (open || status != STATUS_NOT_FOUND))
        return status;
    return tables_put_message(txn, TABLE_BUNDLES, &key, &bundle->base);
}

int state_version(struct store_txn *txn, uint64_t number, uint64_t version, struct arena *arena, Muster__BundleVersion **bundle)
{
    struct store_key key = {0};
    key_u64(&key, number);
    key_u64(&key, version);
    return tables_get_message(txn, TABLE_BUNDLE_VERSIONS, &key, &muster__bundle_version__descriptor, arena,
                              (ProtobufCMessage **)bundle);
}

int state_put_version(struct store_txn *txn, const Muster__BundleVersion *bundle)
{
    struct store_key key = {0};
    key_u64(&key, bundle->number);
    key_u64(&key, bundle->version);
    int status = tables_put(txn, TABLE_BUNDLE_MARKETS, &key, bundle->market.data, bundle->market.len);
    if (status != STATUS_OK)
        return status;
    Muster__BundleVersion lean = *bundle;
    lean.market = (ProtobufCBinaryData){0};
    return tables_put_message(txn, TABLE_BUNDLE_VERSIONS, &key, &lean.base);
}

int state_market(struct store_txn *txn, uint64_t number, uint64_t version, struct arena *arena, Muster__Market **market)
{
    struct store_key key = {0};
    key_u64(&key, number);
    key_u64(&key, version);
    return tables_get_message(txn, TABLE_BUNDLE_MARKETS, &key, &muster__market__descriptor, arena, (ProtobufCMessage **)market);
}

int state_market_bytes(struct store_txn *txn, uint64_t number, uint64_t version, struct arena *arena, ProtobufCBinaryData *market)
{
    struct store_key key = {0};
    key_u64(&key, number);
    key_u64(&key, version);
    struct store_value value;
    int status = tables_get_copy(txn, TABLE_BUNDLE_MARKETS, &key, arena, &value);
    if (status == STATUS_OK)
        *market = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)value.bytes, .len = value.length};
    return status;
}

int state_lot(struct store_txn *txn, const char *item, struct arena *arena, Muster__LotState **lot)
{
    struct store_key key = {0};
    key_text(&key, item);
    int status = tables_get_message(txn, TABLE_LOTS, &key, &muster__lot_state__descriptor, arena, (ProtobufCMessage **)lot);
    if (status != STATUS_NOT_FOUND)
        return status;
    *lot = arena_alloc(arena, sizeof **lot);
    Muster__Variant *variant = arena_alloc(arena, sizeof *variant);
    char *name = arena_string(arena, item);
    if (*lot == NULL || variant == NULL || name == NULL)
        return STATUS_NO_MEMORY;
    muster__lot_state__init(*lot);
    muster__variant__init(variant);
    (*lot)->item = name;
    (*lot)->variant = variant;
    return STATUS_OK;
}

int state_put_lot(struct store_txn *txn, const Muster__LotState *lot)
{
    struct store_key key = {0};
    key_text(&key, lot->item);
    return tables_put_message(txn, TABLE_LOTS, &key, &lot->base);
}

int state_plans(struct store_txn *txn, const char *item, struct arena *arena, Muster__LotPlans **plans)
{
    struct store_key key = {0};
    key_text(&key, item);
    int status = tables_get_message(txn, TABLE_LOT_PLANS, &key, &muster__lot_plans__descriptor, arena, (ProtobufCMessage **)plans);
    if (status != STATUS_NOT_FOUND)
        return status;
    *plans = arena_alloc(arena, sizeof **plans);
    if (*plans == NULL)
        return STATUS_NO_MEMORY;
    muster__lot_plans__init(*plans);
    return STATUS_OK;
}

int state_put_plans(struct store_txn *txn, const char *item, const Muster__LotPlans *plans)
{
    struct store_key key = {0};
    key_text(&key, item);
    return tables_put_message(txn, TABLE_LOT_PLANS, &key, &plans->base);
}

int state_touch(struct store_txn *txn, const char *item, uint64_t position, struct arena *arena)
{
    Muster__LotState *lot;
    int status = state_lot(txn, item, arena, &lot);
    if (status != STATUS_OK)
        return status;
    lot->touched = position + 1;
    return state_put_lot(txn, lot);
}

int state_touch_all(struct store_txn *txn, uint64_t position)
{
    struct store_key key = {0};
    key_text(&key, "touched");
    return tables_put_u64(txn, TABLE_COUNTERS, &key, position + 1);
}

int state_touched_all(struct store_txn *txn, uint64_t *position)
{
    struct store_key key = {0};
    key_text(&key, "touched");
    return tables_get_u64(txn, TABLE_COUNTERS, &key, position);
}

static void commitment_key(struct store_key *key, const Muster__StoredCommitment *stored)
{
    key_text(key, stored->item);
    key_text(key, stored->commitment->demand);
    key_u32(key, stored->commitment->month);
    key_text(key, stored->commitment->offer);
    key_u64(key, stored->number);
}

int state_put_commitment(struct store_txn *txn, const Muster__StoredCommitment *commitment)
{
    struct store_key key = {0};
    commitment_key(&key, commitment);
    return tables_put_message(txn, TABLE_COMMITMENTS, &key, &commitment->base);
}

int state_drop_commitment(struct store_txn *txn, const Muster__StoredCommitment *commitment)
{
    struct store_key key = {0};
    commitment_key(&key, commitment);
    return tables_delete(txn, TABLE_COMMITMENTS, &key);
}

static void reason_key(struct store_key *key, enum table table, const char *name)
{
    key_text(key, table == TABLE_DEMANDS ? "demand" : "offer");
    key_text(key, name);
}

int state_reason(struct store_txn *txn, enum table table, const char *name, struct arena *arena, Muster__StoredReason **reason)
{
    struct store_key key = {0};
    reason_key(&key, table, name);
    return tables_get_message(txn, TABLE_REASONS, &key, &muster__stored_reason__descriptor, arena, (ProtobufCMessage **)reason);
}

int state_put_reason(struct store_txn *txn, enum table table, const char *name, const Muster__StoredReason *reason)
{
    struct store_key key = {0};
    reason_key(&key, table, name);
    return tables_put_message(txn, TABLE_REASONS, &key, &reason->base);
}

int state_put_hold(struct store_txn *txn, const char *fund, uint64_t number, int64_t amount)
{
    struct store_key key = {0};
    key_text(&key, fund);
    key_u64(&key, number);
    if (amount != 0)
        return tables_put_u64(txn, TABLE_HOLDS, &key, (uint64_t)amount);
    int status = tables_delete(txn, TABLE_HOLDS, &key);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
