/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_LEDGER_H
#define TESTS_SIMULATE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/keys.h"
#include "proto/state.pb-c.h"
#include "proto/tlog.h"

/*
 * What the log says, read entry by entry by somebody who trusts neither gate nor desk: who wrote it and whether he may, under which key,
 * whether versions follow each other, what state each bundle is in, and whether the plan of each proposal keeps all rules. And every head that
 * any client was shown, which must be a prefix of the log for ever.
 */

struct run;
struct store_txn;

struct ledger_entry {
    uint8_t leaf[TLOG_HASH_SIZE];
    uint64_t time;
};

struct ledger_key {
    char party[33];
    uint8_t signing_key[KEYS_PUBLIC_SIZE];
    bool waits;
    bool once;   /* of an invitation */
    bool ended;
};

struct ledger_party {
    char id[33];
    int role;
    bool suspended;
};

struct ledger_object {
    char name[112]; /* noun, party, id */
    uint64_t version;
    uint64_t position; /* of the entry that put it */
    bool stands;
};

struct ledger_bundle {
    uint64_t number, version;
    int state;
    bool asked;      /* a release was written: it is released, or has one of two hands */
};

struct ledger_head {
    struct tlog_head head;
    size_t client;   /* who was shown it first */
};

struct ledger {
    struct ledger_entry *entries;
    size_t size, capacity;
    struct ledger_key *keys;
    size_t key_count, key_capacity;
    struct ledger_party *parties;
    size_t party_count, party_capacity;
    struct ledger_object *objects;
    size_t object_count, object_capacity;
    struct ledger_bundle *bundles;
    size_t bundle_count, bundle_capacity;
    struct ledger_head *heads;
    size_t head_count, head_capacity;
    size_t verified;  /* entries whose signatures were looked at */
    bool may_shrink;  /* the power was cut: what nobody was told of may be gone */
};

/* What is known of a key, or NULL; of a party, an object, a bundle, made where it is new. */
struct ledger_key *ledger_key(struct ledger *ledger, const char *party, const uint8_t signing_key[32]);
struct ledger_key *ledger_add_key(struct ledger *ledger, const char *party, const uint8_t signing_key[32]);
struct ledger_party *ledger_party(struct ledger *ledger, const char *id);
struct ledger_object *ledger_object(struct ledger *ledger, const char *name);
struct ledger_bundle *ledger_bundle(struct ledger *ledger, uint64_t number);

/* Reads what is new. To be called after every turn. */
void ledger_follow(struct run *run, struct store_txn *txn);

/* A client was shown a head. */
void ledger_shown(struct run *run, size_t client, const struct tlog_head *head);

/* Every head that was shown against the log as it is. */
void ledger_check_heads(struct run *run, struct store_txn *txn);

void ledger_end(struct ledger *ledger);

#endif
