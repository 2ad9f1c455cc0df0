/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_NOUN_H
#define BROKER_DESK_NOUN_H

#include "broker/desk/desk.h"
#include "broker/desk/state.h"
#include "proto/status.h"

/*
 * What the files of the desk share: the work of checking one submission, and of applying one entry. One file a noun,
 * each with a check and an apply; desk.c calls the one whose noun the submission fills.
 */

/* Bundles that bind a lot, looked up once for all changes of one submission; see bundle.h. */
struct bundle_cached;
struct desk_cache {
    struct bundle_cached *bounds;
};

/* One submission being checked. */
struct desk_work {
    struct store_txn *txn;
    const struct desk_context *context;
    const Muster__Submission *submission;
    struct arena *arena;
    struct faults *faults;
    struct desk_cache *cache;
    int refused; /* STATUS_OK; the kind of the faults found by the desk where all are of one, else STATUS_INVALID */
};

/* One entry being applied. */
struct desk_entry {
    struct store_txn *txn;
    uint64_t position;
    uint64_t time; /* log time */
    const char *party;
    const uint8_t *envelope_sha256; /* 32 bytes */
    const Muster__Submission *submission;
    struct arena *arena;
    struct desk_cache *cache;
};

/* Adds a fault of a kind (STATUS_INVALID, STATUS_STALE, STATUS_NOT_FOUND, STATUS_DENIED, STATUS_EXPIRED). */
void desk_refuse(struct desk_work *work, int kind, const char *field, const char *found, const char *expected, const char *remedy);

/* The same for a missing object; another party's is answered with the same words. */
void desk_refuse_missing(struct desk_work *work, const char *field, const char *id);

/*
 * Whether a change may replace what stands (stored NULL: nothing does): a new object replaces 0, a change names the version
 * that stands, and only what was not withdrawn can be withdrawn. Adds the fault; true where it may.
 */
bool desk_check_version(struct desk_work *work, const Muster__Stored *stored, bool withdraw, uint64_t replaces, const char *id);

/* Day of a log time, YYYYMMDD in UTC, and its month, YYYYMM. */
uint32_t desk_date(uint64_t time);
uint32_t desk_month(uint64_t time);

/* Whether a deadline has passed: not while the clock is in doubt, nor within a day after a long silence. */
bool desk_may_pass(const struct desk_context *context, uint64_t deadline);

#define DESK_HOUR UINT64_C(3600000)
#define DESK_DAY (24 * DESK_HOUR)

/* The base currency that the policy names, EUR where it names none. In the policy's arena. */
const char *desk_base_currency(const Muster__StoredSet *policy);

/* Base cents of an amount by the rates given. STATUS_NOT_FOUND: no rate; STATUS_TOO_LARGE. */
int desk_to_base(int64_t amount, const char *currency, const char *base, Muster__Rate *const *rates, size_t rate_count, int64_t *cents);

/* The value a policy's common entry gives a key of the exchange, by proto/settings.h. */
int desk_setting(struct store_txn *txn, struct arena *arena, int setting, uint64_t *number);
/* The same within a check. */
int desk_setting_of(struct desk_work *work, int setting, uint64_t *number);

int parties_check(struct desk_work *work);
int parties_apply(const struct desk_entry *entry);
int keys_check(struct desk_work *work);
int keys_apply(const struct desk_entry *entry);
int keys_bound_apply(const struct desk_entry *entry);
int coordinator_admitted_apply(const struct desk_entry *entry);
int exchange_keys_apply(const struct desk_entry *entry);
int join_check(struct desk_work *work);
int join_apply(const struct desk_entry *entry);
int restored_apply(const struct desk_entry *entry); /* a genesis by which a restored store goes on */
int genesis_apply(const struct desk_entry *entry);

int items_check(struct desk_work *work);
int items_apply(const struct desk_entry *entry);
int demands_check(struct desk_work *work);
int demands_apply(const struct desk_entry *entry);
int offers_check(struct desk_work *work);
int offers_apply(const struct desk_entry *entry);
int funds_check(struct desk_work *work);
int funds_apply(const struct desk_entry *entry);
int rates_check(struct desk_work *work);
int rates_apply(const struct desk_entry *entry);
int policy_check(struct desk_work *work);
int policy_apply(const struct desk_entry *entry);

int bundles_check(struct desk_work *work);
int bundles_apply(const struct desk_entry *entry);
int proposal_apply(const struct desk_entry *entry);
int lot_planned_apply(const struct desk_entry *entry);
int round_closed_apply(const struct desk_entry *entry);
int lapsed_apply(const struct desk_entry *entry);
int signal_apply(const struct desk_entry *entry);
int commitment_ends_check(struct desk_work *work);
int commitment_ends_apply(const struct desk_entry *entry);
int exports_check(struct desk_work *work);
int redactions_check(struct desk_work *work);
int redactions_apply(const struct desk_entry *entry);
int redacted_apply(const struct desk_entry *entry);
int list_confirmed_check(struct desk_work *work);
int list_confirmed_apply(const struct desk_entry *entry);

/* What a party may write: bytes a day, changes of prices a week. */
int limits_check(struct desk_work *work);
int limits_apply(const struct desk_entry *entry);
/* Whether party may change prices in the lot once more; adds the fault. */
int limits_check_prices(struct desk_work *work, const char *party, const char *item);
/* Notes that party changed prices in the lot, and forgets what lies more than a week back. */
int limits_note_prices(const struct desk_entry *entry, const char *party, const char *item);

#endif
