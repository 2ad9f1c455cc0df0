/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <string.h>

#include "broker/desk/bundle.h"
#include "broker/desk/prices.h"
#include "broker/desk/signal.h"
#include "broker/desk/totals.h"

/*
 * Demands: an agency's own. What a commitment names is frozen: a line can't fall below it or change its month, and item
 * and fund stay; withdrawing such a demand withdraws what is not committed.
 */

static int check_item(struct desk_work *work, const char *item)
{
    Muster__Stored *stored;
    int status = state_object(work->txn, TABLE_ITEMS, "", item, work->arena, &stored);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && stored->withdrawn)) {
        desk_refuse_missing(work, "item", item);
        return STATUS_OK;
    }
    return status;
}

/* A fund on which the nation may not draw is answered as one that does not exist. */
static int check_fund_of(struct desk_work *work, const Muster__Demand *demand)
{
    if (demand->fund[0] == '\0')
        return STATUS_OK;
    Muster__Stored *stored;
    int status = state_object(work->txn, TABLE_FUNDS, "", demand->fund, work->arena, &stored);
    bool may = status == STATUS_OK && !stored->withdrawn;
    if (may && stored->fund->n_countries != 0) {
        may = false;
        for (size_t at = 0; at < stored->fund->n_countries; at++)
            may = may || strcmp(stored->fund->countries[at], demand->country) == 0;
    }
    if ((status == STATUS_OK || status == STATUS_NOT_FOUND) && !may) {
        desk_refuse_missing(work, "fund", demand->fund);
        return STATUS_OK;
    }
    return status;
}

static uint64_t line_of(const Muster__Demand *demand, uint32_t month)
{
    for (size_t at = 0; at < demand->n_lines; at++) {
        if (demand->lines[at]->month == month)
            return demand->lines[at]->quantity;
    }
    return 0;
}

static void check_frozen_line(struct desk_work *work, const Muster__Demand *demand, uint32_t month, uint64_t committed)
{
    uint64_t now = line_of(demand, month);
    if (now >= committed)
        return;
    char *found = arena_format(work->arena, "%" PRIu64 " due %04u-%02u", now, month / 100, month % 100);
    char *expected = arena_format(work->arena, "at least %" PRIu64 ", which are committed", committed);
    desk_refuse(work, STATUS_INVALID, "quantity", found != NULL ? found : "", expected != NULL ? expected : "",
                "keep the line at what is committed, or above");
}

static int check_frozen(struct desk_work *work, const Muster__Stored *stored, const char *name, const Muster__Demand *demand)
{
    struct state_commitments bound;
    int status = state_commitments(work->txn, stored->demand->item, name, work->arena, &bound);
    if (status != STATUS_OK || bound.count == 0 || demand == NULL)
        return status;
    if (strcmp(demand->item, stored->demand->item) != 0)
        desk_refuse(work, STATUS_INVALID, "item", demand->item, "the item that is committed", "keep the item, or write another demand");
    if (strcmp(demand->fund, stored->demand->fund) != 0)
        desk_refuse(work, STATUS_INVALID, "fund", demand->fund, "the fund that pays what is committed", "keep the fund, or write another demand");
    for (size_t at = 0; at < bound.count;) {
        uint32_t month = bound.list[at]->commitment->month;
        uint64_t committed = 0;
        for (; at < bound.count && bound.list[at]->commitment->month == month; at++)
            committed += bound.list[at]->commitment->quantity;
        check_frozen_line(work, demand, month, committed);
    }
    return STATUS_OK;
}

/* What stands in the place of the version that was to be replaced: the sender's own figures, beside its new ones. */
static void show_differences(struct desk_work *work, const Muster__Stored *stored, const Muster__Demand *demand)
{
    uint32_t day = desk_date(stored->time);
    unsigned minutes = (unsigned)(stored->time % DESK_DAY / 60000);
    for (size_t at = 0; at < stored->demand->n_lines; at++) {
        uint32_t month = stored->demand->lines[at]->month;
        uint64_t there = stored->demand->lines[at]->quantity, yours = line_of(demand, month);
        if (there == yours)
            continue;
        char *found = arena_format(work->arena, "due %04u-%02u: yours %" PRIu64, month / 100, month % 100, yours);
        char *expected = arena_format(work->arena, "there now %" PRIu64 " (%04u-%02u-%02u %02u:%02u UTC)", there, day / 10000, day / 100 % 100,
                                      day % 100, minutes / 60, minutes % 60);
        desk_refuse(work, STATUS_STALE, "quantity", found != NULL ? found : "", expected != NULL ? expected : "", "look at what stands before you replace it");
    }
}

static int check_change(struct desk_work *work, const Muster__DemandChange *change)
{
    const char *party = work->context->party->party->id;
    bool withdraw = change->kind == MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    Muster__Stored *stored = NULL;
    int status = state_object(work->txn, TABLE_DEMANDS, party, change->id, work->arena, &stored);
    if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK;
        stored = NULL;
    }
    if (status != STATUS_OK)
        return status;
    if (!desk_check_version(work, stored, withdraw, change->replaces, change->id)) {
        if (stored != NULL && !withdraw)
            show_differences(work, stored, change->demand);
        return STATUS_OK;
    }
    if (!withdraw)
        status = check_item(work, change->demand->item);
    if (status == STATUS_OK && !withdraw)
        status = check_fund_of(work, change->demand);
    if (status != STATUS_OK || stored == NULL)
        return status;
    char *name = state_name(work->arena, party, change->id);
    if (name == NULL)
        return STATUS_NO_MEMORY;
    status = check_frozen(work, stored, name, withdraw ? NULL : change->demand);
    if (status == STATUS_OK)
        status = bundle_warn_change(work, TABLE_DEMANDS, name, stored->demand->item, withdraw ? NULL : change->demand, NULL);
    return status;
}

int demands_check(struct desk_work *work)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < work->submission->n_demands; at++) {
        work->faults->change = (uint32_t)at;
        status = check_change(work, work->submission->demands[at]);
    }
    struct prices_lots lots;
    const char *party = work->context->party->party->id;
    if (status == STATUS_OK && work->faults->errors == 0)
        status = totals_check(work);
    if (status == STATUS_OK)
        status = prices_lots(work->txn, work->submission, party, work->arena, &lots);
    work->faults->change = 0;
    for (size_t at = 0; status == STATUS_OK && at < lots.count; at++)
        status = limits_check_prices(work, party, lots.items[at]);
    return status;
}

/* A demand that is open at one time and not at another: who saw it open knows this nation's part of what was pooled. */
static int note_opened(const struct desk_entry *entry, const Muster__Demand *before, const Muster__Demand *now)
{
    bool was = before->release == MUSTER__RELEASE__RELEASE_OPEN, is = now->release == MUSTER__RELEASE__RELEASE_OPEN;
    if (was == is)
        return STATUS_OK;
    int status = signal_note_known(entry->txn, before->item, before->country);
    return status == STATUS_OK ? signal_note_known(entry->txn, now->item, now->country) : status;
}

static int apply_change(const struct desk_entry *entry, const Muster__DemandChange *change)
{
    Muster__Stored fresh = MUSTER__STORED__INIT, *stored = &fresh;
    int status = state_object(entry->txn, TABLE_DEMANDS, entry->party, change->id, entry->arena, &stored);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    stored = status == STATUS_NOT_FOUND ? &fresh : stored;
    const char *item_before = stored->demand != NULL ? stored->demand->item : NULL;
    const Muster__Demand *before = stored->demand;
    bool stood = stored->demand != NULL && !stored->withdrawn;
    stored->version++;
    stored->withdrawn = change->kind == MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    stored->time = entry->time;
    stored->position = entry->position;
    if (change->demand != NULL)
        stored->demand = change->demand;
    status = state_put_object(entry->txn, TABLE_DEMANDS, entry->party, change->id, stored, item_before);
    if (status == STATUS_OK && item_before != NULL && strcmp(item_before, stored->demand->item) != 0)
        status = state_touch(entry->txn, item_before, entry->position, entry->arena);
    if (status == STATUS_OK)
        status = state_touch(entry->txn, stored->demand->item, entry->position, entry->arena);
    if (status == STATUS_OK && before != NULL)
        status = note_opened(entry, before, stored->demand);
    if (status != STATUS_OK || !stood)
        return status;
    char *name = state_name(entry->arena, entry->party, change->id);
    return name != NULL ? bundle_object_changed(entry, TABLE_DEMANDS, name, item_before, stored) : STATUS_NO_MEMORY;
}

int demands_apply(const struct desk_entry *entry)
{
    struct prices_lots lots;
    int status = prices_lots(entry->txn, entry->submission, entry->party, entry->arena, &lots);
    for (size_t at = 0; status == STATUS_OK && at < lots.count; at++)
        status = limits_note_prices(entry, entry->party, lots.items[at]);
    for (size_t at = 0; status == STATUS_OK && at < entry->submission->n_demands; at++)
        status = apply_change(entry, entry->submission->demands[at]);
    return status;
}
