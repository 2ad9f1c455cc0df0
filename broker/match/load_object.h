/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_LOAD_OBJECT_H
#define BROKER_MATCH_LOAD_OBJECT_H

#include "broker/match/market.h"
#include "proto/arena.h"
#include "proto/fault.h"
#include "proto/market.pb-c.h"
#include "proto/names.h"
#include "proto/policy.h"

/*
 * Shared by the parts of match_load alone: what is known of the market while its objects are converted one by one.
 */
#define MATCH_POOL 1024 /* texts that many objects share; of more, as of ids, each object has its own */

struct match_pool {
    const char *texts[MATCH_POOL]; /* by hash, at one of the next places that was free */
};

struct match_loading {
    const Muster__Market *message;
    struct arena *arena;
    struct faults *faults;
    struct policy policy;
    struct match_texts european; /* sorted */
    struct names suppliers;      /* at: index in market->suppliers; likewise below */
    struct names funds;
    struct names rates;          /* at: index in message->rates */
    struct match_market *market;
    const struct match_demand *demand_list; /* of all lots */
    const struct match_offer *offer_list;   /* of all lots, with gaps */
    struct match_pool *pool;
};

/* Adds a fault for one object: "demand NL-1", found "", what is expected. STATUS_INVALID for the caller to return. */
int match_load_fault(const struct match_loading *loading, const char *noun, const char *id, const char *expected);

/* hundredths of a currency as base cents. STATUS_INVALID without a fault where the currency has no rate or a limit is exceeded. */
int match_load_cents(const struct match_loading *loading, int64_t hundredths, const char *currency, int64_t *cents);

/*
 * The same text as an earlier object had, where there was one: countries, certificates and the like then lie in one place, and not all over
 * the memory, for those who compare them lot by lot. Never fails: the text itself where there is no room.
 */
const char *match_load_text(const struct match_loading *loading, const char *text);

/* A sorted list of texts without repetitions; texts are shared. */
int match_load_texts(const struct match_loading *loading, char *const *list, size_t count, struct match_texts *texts);

/* One demand or offer; lines have nothing committed yet. STATUS_INVALID with a fault, STATUS_NO_MEMORY. */
int match_load_demand(const struct match_loading *loading, const Muster__Demand *message, struct match_demand *demand);
int match_load_offer(const struct match_loading *loading, const Muster__Offer *message, const struct match_rules *rules,
                     struct match_offer *offer);

#endif
