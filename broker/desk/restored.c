/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>

#include "broker/desk/keys.h"

/*
 * A store that was brought back from a copy goes on as another exchange: other keys, another origin, the same log. What was
 * agreed between keys does not hold for it: invitations are void, and nobody but a coordinator counts as confirmed until
 * the fingerprint, which covers the new exchange's keys, was compared again. Coordinators alone are served until one of them has
 * confirmed the list of parties.
 */

static int restored_party(const struct desk_entry *entry, Muster__PartyRecord *party)
{
    if (party->party->role == MUSTER__ROLE__ROLE_COORDINATOR)
        return STATUS_OK;
    int status = keys_forget(entry, party);
    if (status != STATUS_OK)
        return status;
    bool joined = party->keys != NULL;
    party->has_known = party->known = keys_are_to_wait(party);
    party->state_before = joined ? MUSTER__PARTY_STATE__PARTY_JOINED : MUSTER__PARTY_STATE__PARTY_INVITED;
    if (party->state != MUSTER__PARTY_STATE__PARTY_SUSPENDED)
        party->state = party->state_before;
    party->invitation_expiry = 0;
    party->version++;
    return state_put_party(entry->txn, party);
}

int restored_apply(const struct desk_entry *entry)
{
    Muster__ExchangeState *exchange = NULL;
    struct state_parties parties;
    int status = state_exchange(entry->txn, entry->arena, &exchange);
    if (status == STATUS_OK) {
        exchange->genesis = entry->submission->genesis;
        exchange->has_restored = true;
        exchange->restored = entry->position;
        status = state_put_exchange(entry->txn, exchange);
    }
    if (status == STATUS_OK)
        status = state_all_parties(entry->txn, entry->arena, &parties);
    for (size_t i = 0; status == STATUS_OK && i < parties.count; i++)
        status = restored_party(entry, parties.list[i]);
    return status;
}

int list_confirmed_check(struct desk_work *work)
{
    Muster__ExchangeState *exchange;
    uint64_t position = work->submission->list_confirmed->position;
    int status = state_exchange(work->txn, work->arena, &exchange);
    if (status != STATUS_OK || (exchange->has_restored && exchange->restored == position))
        return status;
    char *found = arena_format(work->arena, "%" PRIu64, position);
    desk_refuse(work, STATUS_STALE, "position", found != NULL ? found : "", "the restored exchange whose list waits to be confirmed",
                "look at muster status: nothing waits, or a later one does");
    return STATUS_OK;
}

int list_confirmed_apply(const struct desk_entry *entry)
{
    Muster__ExchangeState *exchange;
    int status = state_exchange(entry->txn, entry->arena, &exchange);
    if (status != STATUS_OK)
        return status;
    exchange->has_restored = false;
    return state_put_exchange(entry->txn, exchange);
}
