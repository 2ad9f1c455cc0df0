/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/desk.h"

#include <inttypes.h>
#include <string.h>

#include "broker/desk/noun.h"
#include "broker/desk/sums.h"
#include "proto/check.h"
#include "proto/codes/amount.h"
#include "proto/settings.h"

/* One noun: the field that a submission fills, its check (NULL: the exchange's own) and apply. */
struct noun_row {
    bool (*filled)(const Muster__Submission *submission);
    int (*check)(struct desk_work *work);
    int (*apply)(const struct desk_entry *entry);
};

#define LIST_FILLED(field)                                                                                                     \
    static bool filled_##field(const Muster__Submission *submission)                                                           \
    {                                                                                                                          \
        return submission->n_##field != 0;                                                                                     \
    }
#define ONE_FILLED(field)                                                                                                      \
    static bool filled_##field(const Muster__Submission *submission)                                                           \
    {                                                                                                                          \
        return submission->field != NULL;                                                                                      \
    }
LIST_FILLED(parties)
LIST_FILLED(items)
LIST_FILLED(demands)
LIST_FILLED(offers)
LIST_FILLED(funds)
LIST_FILLED(bundles)
LIST_FILLED(commitment_ends)
LIST_FILLED(exports)
LIST_FILLED(redactions)
ONE_FILLED(join)
ONE_FILLED(rates)
ONE_FILLED(policy)
ONE_FILLED(genesis)
ONE_FILLED(started)
ONE_FILLED(proposal)
ONE_FILLED(round_closed)
ONE_FILLED(lapsed)
ONE_FILLED(lot_planned)
ONE_FILLED(clock_confirmed)
ONE_FILLED(keys)
ONE_FILLED(keys_bound)
ONE_FILLED(coordinator_admitted)
ONE_FILLED(exchange_keys)
ONE_FILLED(signal)
ONE_FILLED(list_confirmed)
ONE_FILLED(redacted)

static int started_apply(const struct desk_entry *entry)
{
    Muster__ExchangeState *exchange;
    int status = state_exchange(entry->txn, entry->arena, &exchange);
    if (status != STATUS_OK)
        return status;
    exchange->started = entry->position;
    exchange->clock_doubted = entry->submission->started->clock_doubted;
    return state_put_exchange(entry->txn, exchange);
}

static int clock_check(struct desk_work *work)
{
    Muster__ExchangeState *exchange;
    int status = state_exchange(work->txn, work->arena, &exchange);
    if (status != STATUS_OK)
        return status;
    if (exchange->clock_doubted && exchange->started == work->submission->clock_confirmed->position)
        return STATUS_OK;
    char *found = arena_format(work->arena, "%" PRIu64, work->submission->clock_confirmed->position);
    desk_refuse(work, STATUS_STALE, "position", found != NULL ? found : "", "the start whose clock is in doubt",
                "look at muster status: the clock needs no confirmation, or of a later start");
    return STATUS_OK;
}

static int clock_apply(const struct desk_entry *entry)
{
    Muster__ExchangeState *exchange;
    int status = state_exchange(entry->txn, entry->arena, &exchange);
    if (status != STATUS_OK)
        return status;
    exchange->clock_doubted = false;
    return state_put_exchange(entry->txn, exchange);
}

static int nothing_apply(const struct desk_entry *entry)
{
    (void)entry;
    return STATUS_OK;
}

static const struct noun_row rows[] = {
    {filled_join, join_check, join_apply},
    {filled_parties, parties_check, parties_apply},
    {filled_items, items_check, items_apply},
    {filled_demands, demands_check, demands_apply},
    {filled_offers, offers_check, offers_apply},
    {filled_funds, funds_check, funds_apply},
    {filled_rates, rates_check, rates_apply},
    {filled_policy, policy_check, policy_apply},
    {filled_bundles, bundles_check, bundles_apply},
    {filled_commitment_ends, commitment_ends_check, commitment_ends_apply},
    {filled_exports, exports_check, nothing_apply},
    {filled_clock_confirmed, clock_check, clock_apply},
    {filled_redactions, redactions_check, redactions_apply},
    {filled_list_confirmed, list_confirmed_check, list_confirmed_apply},
    {filled_genesis, NULL, genesis_apply},
    {filled_started, NULL, started_apply},
    {filled_proposal, NULL, proposal_apply},
    {filled_round_closed, NULL, round_closed_apply},
    {filled_lapsed, NULL, lapsed_apply},
    {filled_lot_planned, NULL, lot_planned_apply},
    {filled_keys, keys_check, keys_apply},
    {filled_keys_bound, NULL, keys_bound_apply},
    {filled_coordinator_admitted, NULL, coordinator_admitted_apply},
    {filled_exchange_keys, NULL, exchange_keys_apply},
    {filled_signal, NULL, signal_apply},
    {filled_redacted, NULL, redacted_apply},
};

static const struct noun_row *row_of(const Muster__Submission *submission)
{
    const struct noun_row *found = NULL;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        if (!rows[at].filled(submission))
            continue;
        if (found != NULL)
            return NULL;
        found = &rows[at];
    }
    return found;
}

/* The field rules of proto/check, with what the tables know: today, base currency, rates, and whose objects these are. */
static int check_fields(struct desk_work *work)
{
    Muster__StoredSet *rates, *policy;
    struct desk_sums *sums = work->context->sums;
    int status = desk_sums_set(sums, work->txn, TABLE_RATES, work->arena, &rates);
    if (status == STATUS_OK)
        status = desk_sums_set(sums, work->txn, TABLE_POLICY, work->arena, &policy);
    if (status != STATUS_OK)
        return status;
    const Muster__Party *sender = work->context->party->party;
    static Muster__Rate *const none[1];
    struct check_context context = {
        .as_of = desk_date(work->context->log_time),
        .base_currency = desk_base_currency(policy),
        .rates = rates->rates != NULL ? rates->rates : none,
        .rate_count = rates->n_rates,
        .cpv = work->context->exchange->cpv,
        .own_country = sender->role == MUSTER__ROLE__ROLE_AGENCY ? sender->country : NULL,
        .own_party = sender->role == MUSTER__ROLE__ROLE_SUPPLIER ? sender->id : NULL,
    };
    check_submission(work->submission, &context, work->faults);
    return STATUS_OK;
}

int desk_check(struct store_txn *txn, const struct desk_context *context, const Muster__Submission *submission,
               struct arena *arena, struct faults *faults)
{
    struct desk_cache cache = {0};
    struct desk_work work = {.txn = txn, .context = context, .submission = submission, .arena = arena, .faults = faults, .cache = &cache};
    const struct noun_row *row = row_of(submission);
    if (row == NULL || row->check == NULL || context->party == NULL) {
        faults_add(faults, "", "", "one list of changes", "write changes of one noun, and of no other, in a submission");
        return STATUS_INVALID;
    }
    int status = check_fields(&work);
    if (status != STATUS_OK || faults->errors != 0)
        return status != STATUS_OK ? status : STATUS_INVALID;
    faults->change = 0;
    status = limits_check(&work);
    if (status == STATUS_OK)
        status = row->check(&work);
    return status != STATUS_OK ? status : work.refused;
}

int desk_apply(struct store_txn *txn, uint64_t position, const Muster__EntryBody *body, const Muster__Submission *submission,
               struct arena *arena)
{
    const struct noun_row *row = row_of(submission);
    if (row == NULL)
        return STATUS_CORRUPT;
    struct desk_cache cache = {0};
    struct desk_entry entry = {.txn = txn,
                               .position = position,
                               .time = body->time,
                               .party = body->party,
                               .envelope_sha256 = body->envelope_sha256.data,
                               .submission = submission,
                               .arena = arena,
                               .cache = &cache};
    int status = limits_apply(&entry);
    return status == STATUS_OK ? row->apply(&entry) : status;
}

void desk_refuse(struct desk_work *work, int kind, const char *field, const char *found, const char *expected, const char *remedy)
{
    faults_add(work->faults, field, found, expected, remedy);
    work->refused = work->refused == STATUS_OK || work->refused == kind ? kind : STATUS_INVALID;
}

void desk_refuse_missing(struct desk_work *work, const char *field, const char *id)
{
    const char *remedy = strcmp(field, "item") == 0   ? "write an id of the catalogue: muster item list"
                         : strcmp(field, "fund") == 0 ? "write the id of a fund: muster fund list"
                                                      : "look at the list: nothing of that name is there for you";
    desk_refuse(work, STATUS_NOT_FOUND, field, id, "one that the exchange knows", remedy);
}

bool desk_check_version(struct desk_work *work, const Muster__Stored *stored, bool withdraw, uint64_t replaces, const char *id)
{
    if (stored == NULL && (withdraw || replaces != 0)) {
        desk_refuse_missing(work, "id", id);
        return false;
    }
    if (stored == NULL)
        return true;
    char *found = arena_format(work->arena, "v%" PRIu64, replaces);
    char *expected = arena_format(work->arena, "v%" PRIu64, stored->version);
    if (found == NULL || expected == NULL)
        return false;
    if (withdraw && stored->withdrawn) {
        desk_refuse(work, STATUS_STALE, "id", id, "an object that stands", "nothing to do: it is withdrawn already");
        return false;
    }
    if (stored->version == replaces)
        return true;
    char *remedy = arena_format(work->arena, "%s is at v%" PRIu64 "%s: look at it, then submit again with --replaces v%" PRIu64, id,
                                stored->version, stored->withdrawn ? ", withdrawn" : "", stored->version);
    desk_refuse(work, STATUS_STALE, "version", found, expected, remedy != NULL ? remedy : "");
    return false;
}

bool desk_may_pass(const struct desk_context *context, uint64_t deadline)
{
    return deadline != 0 && deadline <= context->log_time && !context->clock_doubted && context->log_time >= context->deadlines_from;
}

/* Days since 1970-01-01 to a date of the proleptic Gregorian calendar (civil_from_days, by whole eras of 400 years). */
uint32_t desk_date(uint64_t time)
{
    uint64_t days = time / DESK_DAY + 719468;
    uint64_t era = days / 146097, of_era = days % 146097;
    uint64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t shifted = (5 * of_year + 2) / 153;
    uint64_t day = of_year - (153 * shifted + 2) / 5 + 1;
    uint64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    uint64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    return (uint32_t)(year * 10000 + month * 100 + day);
}

uint32_t desk_month(uint64_t time)
{
    return desk_date(time) / 100;
}

const char *desk_base_currency(const Muster__StoredSet *policy)
{
    for (size_t at = 0; at < policy->n_policy; at++) {
        const Muster__PolicyEntry *entry = policy->policy[at];
        if (strcmp(entry->key, "base_currency") == 0 && entry->item[0] == '\0' && entry->value[0] != '\0')
            return entry->value;
    }
    return "EUR";
}

int desk_to_base(int64_t amount, const char *currency, const char *base, Muster__Rate *const *rates, size_t rate_count, int64_t *cents)
{
    if (strcmp(currency, base) == 0) {
        *cents = amount;
        return STATUS_OK;
    }
    for (size_t at = 0; at < rate_count; at++) {
        if (strcmp(rates[at]->currency, currency) == 0)
            return amount_to_base(amount, rates[at]->millionths, cents);
    }
    return STATUS_NOT_FOUND;
}

int desk_setting_of(struct desk_work *work, int setting, uint64_t *number)
{
    Muster__StoredSet *policy;
    int status = desk_sums_set(work->context->sums, work->txn, TABLE_POLICY, work->arena, &policy);
    if (status == STATUS_OK)
        *number = settings_of(policy->policy, policy->n_policy, (enum setting)setting);
    return status;
}

int desk_setting(struct store_txn *txn, struct arena *arena, int setting, uint64_t *number)
{
    Muster__StoredSet *policy;
    int status = state_set(txn, TABLE_POLICY, arena, &policy);
    if (status == STATUS_OK)
        *number = settings_of(policy->policy, policy->n_policy, (enum setting)setting);
    return status;
}
