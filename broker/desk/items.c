/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/desk/noun.h"

/* The catalogue. An item that a demand, an offer or a commitment names can't be withdrawn, nor change its unit. */

static int in_use(struct desk_work *work, const char *item, bool *used)
{
    *used = false;
    const enum table tables[] = {TABLE_DEMANDS, TABLE_OFFERS};
    for (size_t at = 0; at < 2; at++) {
        struct state_objects objects;
        int status = state_lot_objects(work->txn, tables[at], item, work->arena, &objects);
        if (status != STATUS_OK)
            return status;
        for (size_t of = 0; of < objects.count; of++)
            *used = *used || !objects.list[of].stored->withdrawn;
    }
    struct state_commitments commitments;
    int status = state_commitments(work->txn, item, NULL, work->arena, &commitments);
    *used = *used || commitments.count != 0;
    return status;
}

static int check_change(struct desk_work *work, const Muster__ItemChange *change)
{
    bool withdraw = change->kind == MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    Muster__Stored *stored = NULL;
    int status = state_object(work->txn, TABLE_ITEMS, "", change->id, work->arena, &stored);
    if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK;
        stored = NULL;
    }
    if (status != STATUS_OK || !desk_check_version(work, stored, withdraw, change->replaces, change->id) || stored == NULL)
        return status;
    if (!withdraw && strcmp(stored->item->unit, change->item->unit) == 0)
        return STATUS_OK;
    bool used;
    status = in_use(work, change->id, &used);
    if (status == STATUS_OK && used)
        desk_refuse(work, STATUS_INVALID, withdraw ? "item" : "unit", change->id, "an item that no demand, offer or commitment names",
                    withdraw ? "leave it until they are withdrawn" : "keep the unit, or add another item");
    return status;
}

int items_check(struct desk_work *work)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < work->submission->n_items; at++) {
        work->faults->change = (uint32_t)at;
        status = check_change(work, work->submission->items[at]);
    }
    return status;
}

int items_apply(const struct desk_entry *entry)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < entry->submission->n_items; at++) {
        const Muster__ItemChange *change = entry->submission->items[at];
        Muster__Stored fresh = MUSTER__STORED__INIT, *stored = &fresh;
        status = state_object(entry->txn, TABLE_ITEMS, "", change->id, entry->arena, &stored);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            break;
        stored = status == STATUS_NOT_FOUND ? &fresh : stored;
        stored->version++;
        stored->withdrawn = change->kind == MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
        stored->time = entry->time;
        stored->position = entry->position;
        if (change->item != NULL)
            stored->item = change->item;
        status = state_put_object(entry->txn, TABLE_ITEMS, "", change->id, stored, NULL);
    }
    return status;
}
