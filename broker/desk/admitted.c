/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/desk/join.h"
#include "broker/desk/keys.h"

/*
 * What the operator does with the daemon stopped, as entries that everybody can see: a coordinator where none is left that could
 * let another in, and new keys of the exchange itself.
 */

int coordinator_admitted_apply(const struct desk_entry *entry)
{
    Muster__PartyRecord *admitted = entry->submission->coordinator_admitted->coordinator, *stands;
    int status = state_party(entry->txn, admitted->party->id, entry->arena, &stands);
    if (status == STATUS_NOT_FOUND) {
        stands = admitted;
        status = STATUS_OK;
    } else if (status == STATUS_OK) {
        status = keys_forget(entry, stands);
        stands->party = admitted->party;
        stands->keys = admitted->keys;
        stands->invitation_expiry = 0;
        stands->state = MUSTER__PARTY_STATE__PARTY_CONFIRMED;
        stands->version++;
    }
    stands->has_known = stands->known = true;
    if (status == STATUS_OK)
        status = join_register_keys(entry->txn, admitted->keys, admitted->party->id);
    return status == STATUS_OK ? state_put_party(entry->txn, stands) : status;
}

int exchange_keys_apply(const struct desk_entry *entry)
{
    const Muster__ExchangeKeys *keys = entry->submission->exchange_keys;
    Muster__ExchangeState *exchange;
    struct state_parties parties;
    int status = state_exchange(entry->txn, entry->arena, &exchange);
    if (status == STATUS_OK)
        status = state_all_parties(entry->txn, entry->arena, &parties);
    if (status != STATUS_OK)
        return status;
    exchange->genesis->exchange_signing_key = keys->signing_key;
    exchange->genesis->exchange_box_key = keys->box_key;
    exchange->genesis->front_curve_key = keys->front_key;
    status = state_put_exchange(entry->txn, exchange);
    /* An invitation names the old keys: nobody can use it any more. */
    for (size_t at = 0; status == STATUS_OK && at < parties.count; at++) {
        if (parties.list[at]->invitation_expiry == 0)
            continue;
        parties.list[at]->invitation_expiry = 0;
        parties.list[at]->version++;
        status = state_put_party(entry->txn, parties.list[at]);
    }
    return status;
}
