/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/hands.h"

#include <string.h>

static bool is_confirmed_coordinator(const Muster__PartyRecord *party)
{
    return party->party->role == MUSTER__ROLE__ROLE_COORDINATOR && party->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED;
}

int hands_of(struct store_txn *txn, struct arena *arena, const char *first, const char *sender, enum hands *hands)
{
    Muster__PartyRecord *party;
    *hands = HANDS_FIRST;
    if (first == NULL || first[0] == '\0')
        return STATUS_OK;
    int status = state_party(txn, first, arena, &party);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    if (is_confirmed_coordinator(party))
        *hands = strcmp(first, sender) == 0 ? HANDS_SAME : HANDS_SECOND;
    return STATUS_OK;
}

void hands_refuse_same(struct desk_work *work, const char *what)
{
    const char *sender = work->context->party->party->id;
    char *expected = arena_format(work->arena, "another coordinator than %s, which was the first", sender);
    char *remedy = arena_format(work->arena, "nothing more for you to do: %s takes two different coordinators, and waits for the second", what);
    desk_refuse(work, STATUS_DENIED, "party", sender, expected != NULL ? expected : "", remedy != NULL ? remedy : "");
}

int hands_coordinators(struct store_txn *txn, struct arena *arena, const char *but_of, size_t *count)
{
    struct state_parties all;
    int status = state_all_parties(txn, arena, &all);
    *count = 0;
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++)
        *count += is_confirmed_coordinator(all.list[at]) && (but_of == NULL || strcmp(all.list[at]->party->id, but_of) != 0);
    return status;
}
