/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/views_inside.h"
#include "proto/status.h"

/*
 * What industry may know of the need: the catalogue, what was published of pooled need, and the demands of confirmed agencies that were released as
 * open. Agencies are shown the same but the open demands.
 */

#define ITEMS_A_PAGE 200u

static int add_demand(struct view *view, Muster__NeedAnswer *answer, size_t *room, Muster__Demand *demand)
{
    if (answer->n_demands == *room) {
        size_t wider_room = *room == 0 ? 64 : 2 * *room;
        Muster__Demand **wider = arena_array(view->arena, wider_room, sizeof *wider);
        if (wider == NULL)
            return STATUS_NO_MEMORY;
        if (*room != 0)
            memcpy(wider, answer->demands, *room * sizeof *wider);
        answer->demands = wider;
        *room = wider_room;
    }
    answer->demands[answer->n_demands++] = demand;
    return STATUS_OK;
}

static int add_open(struct view *view, Muster__NeedAnswer *answer, size_t *room, const char *item)
{
    struct state_objects demands;
    int status = state_lot_objects(view->txn, TABLE_DEMANDS, item, view->arena, &demands);
    for (size_t at = 0; status == STATUS_OK && at < demands.count; at++) {
        const Muster__Stored *stored = demands.list[at].stored;
        Muster__PartyRecord *party;
        if (stored->withdrawn || stored->demand->release != MUSTER__RELEASE__RELEASE_OPEN)
            continue;
        status = state_party(view->txn, demands.list[at].party, view->arena, &party);
        if (status == STATUS_OK && party->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED)
            status = add_demand(view, answer, room, stored->demand);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_CORRUPT;
    }
    return status;
}

int view_need(struct view *view)
{
    const Muster__NeedRequest *request = (const Muster__NeedRequest *)view->body;
    Muster__NeedAnswer *answer = view_new(view, &muster__need_answer__descriptor);
    struct state_object after = {.party = "", .id = request->after};
    struct state_objects items;
    struct signal_view *signals = NULL;
    size_t room = 0;
    if (answer == NULL)
        return STATUS_NO_MEMORY;
    answer->after = "";
    int status = signal_view_new(view, answer, &signals);
    if (status != STATUS_OK)
        return status;
    status = state_all_objects(view->txn, TABLE_ITEMS, NULL, request->after[0] != '\0' ? &after : NULL, ITEMS_A_PAGE, view->arena, &items);
    if (status != STATUS_OK)
        return status;
    if (items.count == ITEMS_A_PAGE)
        answer->after = (char *)(uintptr_t)items.list[items.count - 1].id;
    answer->items = arena_array(view->arena, items.count + 1, sizeof *answer->items);
    if (answer->items == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; status == STATUS_OK && at < items.count; at++) {
        const struct state_object *item = &items.list[at];
        if (item->stored->withdrawn || (request->item[0] != '\0' && strcmp(request->item, item->id) != 0))
            continue;
        answer->items[answer->n_items++] = item->stored->item;
        if (view->asker->role != MUSTER__ROLE__ROLE_AGENCY)
            status = add_open(view, answer, &room, item->id);
        if (status == STATUS_OK)
            status = signal_view_item(signals, item->id);
    }
    return status == STATUS_OK ? view_done(view, &answer->base) : status;
}
