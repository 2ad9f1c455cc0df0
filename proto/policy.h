/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_POLICY_H
#define PROTO_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/fault.h"
#include "proto/fund.pb-c.h"
#include "proto/names.h"

/*
 * The policy of a market as values: its entries (key, value, item) checked and merged. An entry with an item holds for that lot
 * alone; an empty value is the key's default, there too. base_currency, as_of and european_countries hold for the whole market.
 * Keys, defaults and limits are those of the matching model's table of policy keys.
 */

#define POLICY_PRIORITIES 5u
#define POLICY_WEIGHT_MOST 1000u

enum policy_key {
    POLICY_BASE_CURRENCY,
    POLICY_AS_OF,
    POLICY_EUROPEAN_COUNTRIES,
    POLICY_WEIGHTS,
    POLICY_SME_PREFERENCE,
    POLICY_CONTRACT_OVERHEAD,
    POLICY_MIN_NATIONS,
    POLICY_SME_MIN_SHARE,
    POLICY_EUROPEAN_MIN_SHARE,
    POLICY_EUROPEAN_MAX_SHARE,
    POLICY_SUPPLIER_MAX_SHARE,
    POLICY_EXCLUDED_ORIGINS,
    POLICY_KEYS
};

struct policy_list {
    char **texts; /* as written, trimmed, in the order written */
    size_t count;
};

/* The rules of one lot. Shares and the preference in whole percent, the overhead in base cents. */
struct policy_rules {
    int64_t weights[POLICY_PRIORITIES]; /* by priority - 1; none above the one before */
    int64_t sme_preference;
    int64_t contract_overhead;
    int64_t min_nations;
    int64_t sme_min_share;
    int64_t european_min_share;
    int64_t european_max_share;
    int64_t supplier_max_share;
    struct policy_list excluded_origins;
};

struct policy {
    const char *base_currency;
    uint32_t as_of; /* YYYYMMDD */
    struct policy_list european_countries;
    struct policy_rules common;
    struct names items;               /* of entries with an item: where in own */
    struct policy_rules *own;         /* common rules with the item's entries put in */
};

/* The key's name ("min_nations"), default ("" where none) and form for a fault ("a whole number from 0 to 100"). */
const char *policy_key_name(enum policy_key key);
const char *policy_key_default(enum policy_key key);
const char *policy_key_form(enum policy_key key);

/* Finds a key by name. */
bool policy_key_find(const char *name, enum policy_key *key);

/* Whether the key holds for the whole market only. */
bool policy_key_is_common(enum policy_key key);

/*
 * Checks and merges the entries. Every fault goes to faults, at row_number[n] of entry n where row_number is given, else with change n.
 * Everything lies in arena; texts of entries are shared. STATUS_INVALID where a fault was added, STATUS_NO_MEMORY.
 */
int policy_read(Muster__PolicyEntry *const *entries, size_t count, const uint32_t *row_number, struct arena *arena,
                struct faults *faults, struct policy *policy);

/* The rules of one lot. Never NULL. */
const struct policy_rules *policy_rules_of(const struct policy *policy, const char *item);

#endif
