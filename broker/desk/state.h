/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_STATE_H
#define BROKER_DESK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/state.pb-c.h"
#include "store/tables.h"

/*
 * The exchange's state as messages: one function a record, so that no other file builds a key. An object of a party is
 * (party, id); its full name, as markets, plans and people write it, is "party/id". Items and funds are the exchange's own: their
 * party is "".
 *
 * Everything read lies in the arena that was passed. Every function returns STATUS_OK, STATUS_NOT_FOUND where it says so, or a
 * failure of storage or memory. Threads: as the transaction.
 */

/* "party/id" in arena; just the id where party is "". NULL where memory is out. */
char *state_name(struct arena *arena, const char *party, const char *id);

/* Takes a full name apart; false where it has no party before a slash, or memory is out. */
bool state_name_split(struct arena *arena, const char *name, const char **party, const char **id);

/* Whether a full name belongs to a party. */
bool state_name_is_of(const char *name, const char *party);

/* A party. STATUS_NOT_FOUND. */
int state_party(struct store_txn *txn, const char *id, struct arena *arena, Muster__PartyRecord **party);
int state_put_party(struct store_txn *txn, const Muster__PartyRecord *party);

struct state_parties {
    Muster__PartyRecord **list; /* by id */
    size_t count;
};
int state_all_parties(struct store_txn *txn, struct arena *arena, struct state_parties *parties);

/* An object: table is TABLE_ITEMS, TABLE_DEMANDS, TABLE_OFFERS or TABLE_FUNDS. STATUS_NOT_FOUND. */
int state_object(struct store_txn *txn, enum table table, const char *party, const char *id, struct arena *arena,
                 Muster__Stored **stored);

/* Writes an object, and its place in its lot's index: item_before (may be NULL) is the lot it stood in so far. */
int state_put_object(struct store_txn *txn, enum table table, const char *party, const char *id, const Muster__Stored *stored,
                     const char *item_before);

struct state_object {
    const char *party; /* "" for items and funds */
    const char *id;
    Muster__Stored *stored;
};
struct state_objects {
    struct state_object *list; /* by party, id */
    size_t count;
};

/* All demands (TABLE_DEMANDS) or offers (TABLE_OFFERS) of a lot, withdrawn ones included. */
int state_lot_objects(struct store_txn *txn, enum table table, const char *item, struct arena *arena, struct state_objects *objects);

/* All objects of a table; party NULL: of everyone; after NULL or the (party, id) to begin behind; at most limit (0: all). */
int state_all_objects(struct store_txn *txn, enum table table, const char *party, const struct state_object *after, size_t limit,
                      struct arena *arena, struct state_objects *objects);

/* Rates (TABLE_RATES) or policy (TABLE_POLICY); version 0 and empty where none was ever set. */
int state_set(struct store_txn *txn, enum table table, struct arena *arena, Muster__StoredSet **set);
int state_put_set(struct store_txn *txn, enum table table, const Muster__StoredSet *set);

/* The exchange itself. STATUS_NOT_FOUND before its genesis. */
int state_exchange(struct store_txn *txn, struct arena *arena, Muster__ExchangeState **exchange);
int state_put_exchange(struct store_txn *txn, const Muster__ExchangeState *exchange);

/* A bundle, one of its versions, and the market that version was planned from. STATUS_NOT_FOUND. */
int state_bundle(struct store_txn *txn, uint64_t number, struct arena *arena, Muster__BundleHead **bundle);
int state_put_bundle(struct store_txn *txn, const Muster__BundleHead *bundle);
int state_version(struct store_txn *txn, uint64_t number, uint64_t version, struct arena *arena, Muster__BundleVersion **bundle);
int state_put_version(struct store_txn *txn, const Muster__BundleVersion *bundle);
int state_market(struct store_txn *txn, uint64_t number, uint64_t version, struct arena *arena, Muster__Market **market);
int state_market_bytes(struct store_txn *txn, uint64_t number, uint64_t version, struct arena *arena, ProtobufCBinaryData *market);

struct state_bundles {
    Muster__BundleHead **list; /* by number */
    size_t count;
};
int state_all_bundles(struct store_txn *txn, struct arena *arena, struct state_bundles *bundles);
/* Those in which a round or a lapse may come to be due: proposed, released or agreed. */
int state_open_bundles(struct store_txn *txn, struct arena *arena, struct state_bundles *bundles);

/* A lot's planning record; an empty one where there is none yet. */
int state_lot(struct store_txn *txn, const char *item, struct arena *arena, Muster__LotState **lot);
int state_put_lot(struct store_txn *txn, const Muster__LotState *lot);

/* A lot's plans; an empty record where there is none yet. */
int state_plans(struct store_txn *txn, const char *item, struct arena *arena, Muster__LotPlans **plans);
int state_put_plans(struct store_txn *txn, const char *item, const Muster__LotPlans *plans);

struct state_lots {
    Muster__LotState **list; /* by item */
    size_t count;
};
int state_all_lots(struct store_txn *txn, struct arena *arena, struct state_lots *lots);

/* Notes that an input of the lot, or of every lot, was changed by the entry at position. */
int state_touch(struct store_txn *txn, const char *item, uint64_t position, struct arena *arena);
int state_touch_all(struct store_txn *txn, uint64_t position);
int state_touched_all(struct store_txn *txn, uint64_t *position);

struct state_commitments {
    Muster__StoredCommitment **list; /* by item, demand, month, offer, number */
    size_t count;
};

/* Commitments that stand: of a lot, or of a demand (full name) of it; item NULL: all there are. */
int state_commitments(struct store_txn *txn, const char *item, const char *demand, struct arena *arena,
                      struct state_commitments *commitments);
int state_put_commitment(struct store_txn *txn, const Muster__StoredCommitment *commitment);
int state_drop_commitment(struct store_txn *txn, const Muster__StoredCommitment *commitment);

/* The reasons of a demand (TABLE_DEMANDS) or an offer (TABLE_OFFERS) by its full name. STATUS_NOT_FOUND. */
int state_reason(struct store_txn *txn, enum table table, const char *name, struct arena *arena, Muster__StoredReason **reason);
int state_put_reason(struct store_txn *txn, enum table table, const char *name, const Muster__StoredReason *reason);

/* What bundles hold of a fund, base cents; but_of: the bundle whose own hold is left out (0: none). */
int state_held(struct store_txn *txn, const char *fund, uint64_t but_of, int64_t *held);
/* Sets what a bundle holds of a fund; 0 drops the hold. */
int state_put_hold(struct store_txn *txn, const char *fund, uint64_t number, int64_t amount);
/* What the commitments of a fund draw, base cents; overflow is STATUS_TOO_LARGE. */
int state_drawn(struct store_txn *txn, const char *fund, struct arena *arena, int64_t *drawn);

/* Base cents that an award or commitment costs in all. */
int64_t state_cost(uint64_t quantity, int64_t unit_price, int64_t freight, int64_t one_off);

#endif
