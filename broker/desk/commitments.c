/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/desk/bundle.h"

/*
 * The end of a commitment: agreed by its agency and its supplier, each in a submission of its own, or by a coordinator for
 * default. Then its quantity and capacity are in the market again.
 */

static int find(struct store_txn *txn, const Muster__CommitmentEnd *end, struct arena *arena, Muster__StoredCommitment **found)
{
    Muster__BundleHead *head;
    struct state_commitments commitments;
    *found = NULL;
    int status = state_bundle(txn, end->number, arena, &head);
    if (status == STATUS_OK)
        status = state_commitments(txn, head->item, end->demand, arena, &commitments);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < commitments.count; at++) {
        Muster__StoredCommitment *one = commitments.list[at];
        if (one->number == end->number && one->version == end->version && one->commitment->month == end->month &&
            strcmp(one->commitment->offer, end->offer) == 0)
            *found = one;
    }
    return status;
}

static bool named_before(const Muster__Submission *submission, size_t at)
{
    const Muster__CommitmentEnd *end = submission->commitment_ends[at];
    for (size_t of = 0; of < at; of++) {
        const Muster__CommitmentEnd *other = submission->commitment_ends[of];
        if (other->number == end->number && other->month == end->month && strcmp(other->demand, end->demand) == 0 &&
            strcmp(other->offer, end->offer) == 0)
            return true;
    }
    return false;
}

int commitment_ends_check(struct desk_work *work)
{
    const Muster__Party *sender = work->context->party->party;
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < work->submission->n_commitment_ends; at++) {
        const Muster__CommitmentEnd *end = work->submission->commitment_ends[at];
        Muster__StoredCommitment *stands;
        work->faults->change = (uint32_t)at;
        status = find(work->txn, end, work->arena, &stands);
        if (status != STATUS_OK)
            break;
        bool coordinator = sender->role == MUSTER__ROLE__ROLE_COORDINATOR;
        bool agency = state_name_is_of(end->demand, sender->id), supplier = state_name_is_of(end->offer, sender->id);
        if (named_before(work->submission, at))
            desk_refuse(work, STATUS_INVALID, "demand", end->demand, "each commitment once in a submission", "remove one of the two");
        else if (stands == NULL || (!coordinator && !agency && !supplier))
            desk_refuse_missing(work, "demand", end->demand);
        else if ((agency && stands->agency_ends) || (supplier && stands->supplier_ends))
            desk_refuse(work, STATUS_STALE, "demand", end->demand, "a commitment whose end you have not signed", "wait for the other side to sign it");
    }
    return status;
}

int commitment_ends_apply(const struct desk_entry *entry)
{
    Muster__PartyRecord *sender;
    int status = state_party(entry->txn, entry->party, entry->arena, &sender);
    for (size_t at = 0; status == STATUS_OK && at < entry->submission->n_commitment_ends; at++) {
        const Muster__CommitmentEnd *end = entry->submission->commitment_ends[at];
        Muster__StoredCommitment *stands;
        status = find(entry->txn, end, entry->arena, &stands);
        if (status != STATUS_OK || stands == NULL)
            return status != STATUS_OK ? status : STATUS_CORRUPT;
        bool coordinator = sender->party->role == MUSTER__ROLE__ROLE_COORDINATOR;
        stands->agency_ends = stands->agency_ends || coordinator || state_name_is_of(end->demand, entry->party);
        stands->supplier_ends = stands->supplier_ends || coordinator || state_name_is_of(end->offer, entry->party);
        if (!stands->agency_ends || !stands->supplier_ends) {
            status = state_put_commitment(entry->txn, stands);
            continue;
        }
        status = state_drop_commitment(entry->txn, stands);
        if (status == STATUS_OK)
            status = state_touch(entry->txn, stands->item, entry->position, entry->arena);
        if (status == STATUS_OK)
            status = state_touch_all(entry->txn, entry->position);
    }
    return status;
}
