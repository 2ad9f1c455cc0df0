/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/desk/noun.h"
#include "proto/codes/amount.h"

/*
 * Funds: a coordinator's. A balance can't be cut below what bundles hold and commitments draw; a fund that a demand or a
 * commitment names can't be withdrawn.
 */

static int in_use(struct desk_work *work, const char *fund, bool *used)
{
    struct state_objects demands;
    int status = state_all_objects(work->txn, TABLE_DEMANDS, NULL, NULL, 0, work->arena, &demands);
    *used = false;
    for (size_t at = 0; status == STATUS_OK && at < demands.count; at++)
        *used = *used || (!demands.list[at].stored->withdrawn && strcmp(demands.list[at].stored->demand->fund, fund) == 0);
    return status;
}

static int check_balance(struct desk_work *work, const Muster__Fund *fund, int64_t bound)
{
    Muster__StoredSet *rates, *policy;
    int status = state_set(work->txn, TABLE_RATES, work->arena, &rates);
    if (status == STATUS_OK)
        status = state_set(work->txn, TABLE_POLICY, work->arena, &policy);
    if (status != STATUS_OK || !fund->limited)
        return status;
    const char *base = desk_base_currency(policy);
    int64_t balance;
    if (desk_to_base(fund->balance, fund->currency, base, rates->rates, rates->n_rates, &balance) != STATUS_OK) {
        desk_refuse(work, STATUS_INVALID, "currency", fund->currency, "a currency with a rate", "set its rate first: muster rates submit FILE");
        return STATUS_OK;
    }
    if (balance >= bound)
        return STATUS_OK;
    char least[AMOUNT_TEXT_SIZE], now[AMOUNT_TEXT_SIZE];
    amount_write(bound, least);
    amount_write(balance, now);
    char *expected = arena_format(work->arena, "at least %s %s, which bundles hold and commitments draw", base, least);
    desk_refuse(work, STATUS_INVALID, "balance", now, expected != NULL ? expected : "", "write that balance or a higher one");
    return STATUS_OK;
}

static int check_change(struct desk_work *work, const Muster__FundChange *change)
{
    bool withdraw = change->kind == MUSTER__CHANGE_KIND__CHANGE_WITHDRAW, used = false;
    Muster__Stored *stored = NULL;
    int64_t held = 0, drawn = 0;
    int status = state_object(work->txn, TABLE_FUNDS, "", change->id, work->arena, &stored);
    if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK;
        stored = NULL;
    }
    if (status != STATUS_OK || !desk_check_version(work, stored, withdraw, change->replaces, change->id))
        return status;
    status = state_held(work->txn, change->id, 0, &held);
    if (status == STATUS_OK)
        status = state_drawn(work->txn, change->id, work->arena, &drawn);
    if (status != STATUS_OK)
        return status;
    if (!withdraw)
        return check_balance(work, change->fund, held > INT64_MAX - drawn ? INT64_MAX : held + drawn);
    status = in_use(work, change->id, &used);
    if (status == STATUS_OK && (used || held != 0 || drawn != 0))
        desk_refuse(work, STATUS_INVALID, "fund", change->id, "a fund that no demand, bundle or commitment draws on", "leave it until none does");
    return status;
}

int funds_check(struct desk_work *work)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < work->submission->n_funds; at++) {
        work->faults->change = (uint32_t)at;
        status = check_change(work, work->submission->funds[at]);
    }
    return status;
}

int funds_apply(const struct desk_entry *entry)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < entry->submission->n_funds; at++) {
        const Muster__FundChange *change = entry->submission->funds[at];
        Muster__Stored fresh = MUSTER__STORED__INIT, *stored = &fresh;
        status = state_object(entry->txn, TABLE_FUNDS, "", change->id, entry->arena, &stored);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            break;
        stored = status == STATUS_NOT_FOUND ? &fresh : stored;
        stored->version++;
        stored->withdrawn = change->kind == MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
        stored->time = entry->time;
        stored->position = entry->position;
        if (change->fund != NULL)
            stored->fund = change->fund;
        status = state_put_object(entry->txn, TABLE_FUNDS, "", change->id, stored, NULL);
    }
    return status == STATUS_OK ? state_touch_all(entry->txn, entry->position) : status;
}
