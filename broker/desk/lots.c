/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/lots.h"

#include <string.h>

#include "proto/status.h"

static bool has_balance(const struct state_objects *funds, const char *fund)
{
    for (size_t at = 0; at < funds->count; at++) {
        if (strcmp(funds->list[at].id, fund) == 0)
            return funds->list[at].stored->fund->limited;
    }
    return false;
}

static bool known(const struct lots_ties *ties, const char *fund, const char *item)
{
    for (size_t at = 0; at < ties->count; at++) {
        if (strcmp(ties->list[at].fund, fund) == 0 && strcmp(ties->list[at].item, item) == 0)
            return true;
    }
    return false;
}

int lots_ties(struct store_txn *txn, struct arena *arena, struct lots_ties *ties)
{
    struct state_objects funds, demands = {0};
    bool any = false;
    *ties = (struct lots_ties){0};
    int status = state_all_objects(txn, TABLE_FUNDS, NULL, NULL, 0, arena, &funds);
    for (size_t at = 0; status == STATUS_OK && at < funds.count; at++)
        any = any || funds.list[at].stored->fund->limited;
    if (status == STATUS_OK && any)
        status = state_all_objects(txn, TABLE_DEMANDS, NULL, NULL, 0, arena, &demands);
    if (status != STATUS_OK || !any)
        return status;
    ties->list = arena_array(arena, demands.count + 1, sizeof *ties->list);
    if (ties->list == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < demands.count; at++) {
        const Muster__Demand *demand = demands.list[at].stored->demand;
        if (demands.list[at].stored->withdrawn || demand->fund[0] == '\0' || !has_balance(&funds, demand->fund) ||
            known(ties, demand->fund, demand->item))
            continue;
        ties->list[ties->count++] = (struct lots_tie){.fund = demand->fund, .item = demand->item};
    }
    return STATUS_OK;
}

static bool holds(const char *const *list, size_t count, const char *item)
{
    for (size_t at = 0; at < count; at++) {
        if (strcmp(list[at], item) == 0)
            return true;
    }
    return false;
}

static bool among(const struct state_lots *may, const char *item)
{
    for (size_t at = 0; at < may->count; at++) {
        if (strcmp(may->list[at]->item, item) == 0)
            return true;
    }
    return false;
}

size_t lots_tied(const struct lots_ties *ties, const struct state_lots *may, const char *item, const char **list)
{
    size_t count = 0;
    list[count++] = item;
    /* Lots are added behind those already looked at: breadth first. */
    for (size_t from = 0; from < count; from++) {
        for (size_t at = 0; at < ties->count; at++) {
            if (strcmp(ties->list[at].item, list[from]) != 0)
                continue;
            for (size_t of = 0; of < ties->count; of++) {
                const struct lots_tie *tie = &ties->list[of];
                if (strcmp(tie->fund, ties->list[at].fund) == 0 && !holds(list, count, tie->item) && among(may, tie->item))
                    list[count++] = tie->item;
            }
        }
    }
    return count;
}

int lots_has_demand(struct store_txn *txn, const char *item, struct arena *arena, bool *has)
{
    struct store_key prefix = {0}, key;
    struct table_cursor *cursor = NULL;
    key_text(&prefix, item);
    *has = false;
    int status = tables_seek(txn, TABLE_DEMANDS_BY_ITEM, &prefix, NULL, &cursor);
    while (status == STATUS_OK && !*has && (status = tables_next(cursor, &key, NULL)) == STATUS_OK) {
        struct key_reader reader = {.bytes = key.bytes + prefix.length, .left = key.length - prefix.length};
        const char *party, *id;
        Muster__Stored *stored;
        Muster__PartyRecord *owner;
        if (!key_take_text(&reader, &party) || !key_take_text(&reader, &id))
            status = STATUS_CORRUPT;
        if (status == STATUS_OK)
            status = state_object(txn, TABLE_DEMANDS, party, id, arena, &stored);
        if (status == STATUS_OK)
            status = state_party(txn, party, arena, &owner);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_CORRUPT;
        *has = status == STATUS_OK && !stored->withdrawn && owner->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED;
    }
    tables_end(cursor);
    if (status == STATUS_OK && *has)
        return STATUS_OK;
    struct state_commitments bound;
    if (status == STATUS_NOT_FOUND)
        status = state_commitments(txn, item, NULL, arena, &bound);
    *has = status == STATUS_OK && bound.count != 0;
    return status;
}
