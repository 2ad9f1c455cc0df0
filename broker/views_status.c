/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <string.h>

#include "broker/desk/four_eyes.h"
#include "broker/desk/keys.h"
#include "broker/desk/redactions.h"
#include "broker/views_inside.h"
#include "proto/status.h"

/* What waits for the asker, and until when. */

struct waits {
    struct view *view;
    Muster__StatusAnswer *answer;
    size_t room;
};

static int add(struct waits *waits, const char *what, const char *id, const char *text, uint64_t until)
{
    Muster__Waiting *waiting = view_new(waits->view, &muster__waiting__descriptor);
    if (waiting == NULL || id == NULL || text == NULL)
        return STATUS_NO_MEMORY;
    if (waits->answer->n_waiting == waits->room) {
        size_t room = waits->room == 0 ? 16 : 2 * waits->room;
        Muster__Waiting **wider = arena_array(waits->view->arena, room, sizeof *wider);
        if (wider == NULL)
            return STATUS_NO_MEMORY;
        if (waits->room != 0)
            memcpy(wider, waits->answer->waiting, waits->room * sizeof *wider);
        waits->answer->waiting = wider;
        waits->room = room;
    }
    waiting->what = (char *)(uintptr_t)what;
    waiting->id = (char *)(uintptr_t)id;
    waiting->text = (char *)(uintptr_t)text;
    waiting->until = until;
    waits->answer->waiting[waits->answer->n_waiting++] = waiting;
    return STATUS_OK;
}

static int for_coordinator(struct waits *waits, const Muster__BundleHead *head)
{
    char *name = bundle_name(waits->view->arena, head->number);
    const Muster__ReleaseHand *first = four_eyes_first(head);
    bool open = head->state == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED && !head->replanning;
    if (open && first != NULL && strcmp(first->party, waits->view->asker->id) != 0)
        return add(waits, "bundle", name, arena_format(waits->view->arena, "%s has released it; it takes a second coordinator: release or reject it", first->party), head->lapses);
    if (open && first != NULL)
        return STATUS_OK;
    if (open)
        return add(waits, "bundle", name, head->first_released != 0 ? "planned again: release or reject it" : "release or reject it", head->lapses);
    if (head->state == MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED)
        return add(waits, "bundle", name, "committed: export the orders, then mark it ordered", 0);
    return STATUS_OK;
}

static int for_party(struct waits *waits, const Muster__BundleHead *head)
{
    struct view *view = waits->view;
    bool nation = view->asker->role == MUSTER__ROLE__ROLE_AGENCY;
    Muster__BundleState asked = nation ? MUSTER__BUNDLE_STATE__BUNDLE_RELEASED : MUSTER__BUNDLE_STATE__BUNDLE_AGREED;
    bool also = nation && head->state == MUSTER__BUNDLE_STATE__BUNDLE_AGREED; /* a yes taken back may be given again */
    if ((head->state != asked && !also) || bundle_answer(head, view->asker->id) != NULL)
        return STATUS_OK;
    Muster__BundleVersion *version;
    int status = view_visible(view, head, 0, &version);
    if (status != STATUS_OK || version == NULL)
        return status;
    return add(waits, "bundle", bundle_name(view->arena, head->number),
               nation ? "answer yes or no; silence means no" : "confirm or decline; silence means no", head->deadline);
}

static int add_bundles(struct waits *waits)
{
    struct state_bundles all;
    int status = state_all_bundles(waits->view->txn, waits->view->arena, &all);
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++)
        status = view_is_coordinator(waits->view) ? for_coordinator(waits, all.list[at]) : for_party(waits, all.list[at]);
    return status;
}

/* New keys that wait, as their own party and a coordinator are told of them. */
static int add_waiting_keys(struct waits *waits, const Muster__PartyRecord *party)
{
    struct view *view = waits->view;
    const Muster__PendingKeys *pending = party->pending;
    bool own = strcmp(party->party->id, view->asker->id) == 0, announced = strcmp(pending->by, party->party->id) == 0;
    uint64_t until = announced || pending->compared ? pending->time + KEYS_WAIT : 0;
    if (own && view->context->waiting)
        return add(waits, "keys", party->party->id,
                   until != 0 ? "your new keys bind by then, or once another coordinator confirms them" : "your new keys wait until a coordinator has compared their fingerprint", until);
    if (own)
        return add(waits, "keys", party->party->id, "new keys of yours were announced; if that was not you, cancel them: muster keys cancel", until);
    char *text = arena_format(view->arena, "new keys, begun by %s: compare their fingerprint, then confirm them; at once by another coordinator than %s", pending->by,
                              pending->by);
    return add(waits, "keys", party->party->id, text, until);
}

static int add_parties(struct waits *waits)
{
    struct view *view = waits->view;
    struct state_parties all;
    int status = state_all_parties(view->txn, view->arena, &all);
    if (status != STATUS_OK)
        return status;
    waits->answer->coordinators = arena_array(view->arena, all.count + 1, sizeof *waits->answer->coordinators);
    if (waits->answer->coordinators == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++) {
        const Muster__PartyRecord *party = all.list[at];
        if (party->party->role == MUSTER__ROLE__ROLE_COORDINATOR && party->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED)
            waits->answer->coordinators[waits->answer->n_coordinators++] = party->party->name;
        if (view_is_coordinator(view) && view->context->party->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED && !view->context->waiting &&
            party->state == MUSTER__PARTY_STATE__PARTY_JOINED)
            status = add(waits, "party", party->party->id, "joined: compare its fingerprint by another channel, then: muster party confirm", 0);
        bool mine = strcmp(party->party->id, view->asker->id) == 0;
        bool coordinates = view_is_coordinator(view) && view->context->party->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED && !view->context->waiting;
        if (status == STATUS_OK && coordinates && party->state == MUSTER__PARTY_STATE__PARTY_INVITED && party->invitation_expiry <= view->context->log_time)
            status = add(waits, "party", party->party->id, "its invitation expired unused: muster party invite, or party suspend to leave it", 0);
        if (status == STATUS_OK && party->pending != NULL && (mine || coordinates))
            status = add_waiting_keys(waits, party);
    }
    return status;
}

/* Ends of commitments that the other side has signed. */
static int add_ends(struct waits *waits)
{
    struct view *view = waits->view;
    struct state_commitments all;
    int status = state_commitments(view->txn, NULL, NULL, view->arena, &all);
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++) {
        const Muster__StoredCommitment *one = all.list[at];
        bool mine = (state_name_is_of(one->commitment->demand, view->asker->id) && one->supplier_ends && !one->agency_ends) ||
                    (state_name_is_of(one->commitment->offer, view->asker->id) && one->agency_ends && !one->supplier_ends);
        if (mine)
            status = add(waits, "commitment", bundle_name(view->arena, one->number), "the other side has signed the end of a commitment", 0);
    }
    return status;
}

/* Lots touched since nothing was left to plan, and bundles that are planned again. */
static int count_lots(struct view *view, Muster__StatusAnswer *answer)
{
    struct state_lots lots;
    struct state_bundles bundles;
    uint64_t touched_all, planned = view->context->planned;
    int status = state_all_lots(view->txn, view->arena, &lots);
    if (status == STATUS_OK)
        status = state_all_bundles(view->txn, view->arena, &bundles);
    if (status == STATUS_OK)
        status = state_touched_all(view->txn, &touched_all);
    if (status != STATUS_OK)
        return status;
    /* The planning's mark is 1 + a size, a lot's 1 + a position: one that was touched below that size was looked at. */
    for (size_t at = 0; at < lots.count; at++)
        answer->lots_to_plan += lots.list[at]->touched >= planned || touched_all >= planned;
    for (size_t at = 0; at < bundles.count; at++)
        answer->lots_to_plan += bundle_is_bound(bundles.list[at]) && bundles.list[at]->replanning;
    answer->has_lots_to_plan = true;
    return STATUS_OK;
}

/* A redaction that another coordinator proposed, and a restored exchange's list of parties. */
static int add_coordinators_duties(struct waits *waits)
{
    struct view *view = waits->view;
    Muster__StoredRedaction **list;
    Muster__ExchangeState *exchange;
    size_t count;
    int status = redactions_open(view->txn, view->arena, &list, &count);
    for (size_t at = 0; status == STATUS_OK && at < count; at++) {
        if (list[at]->confirmed_by[0] != '\0')
            continue;
        bool own = strcmp(list[at]->proposed_by, view->asker->id) == 0;
        status = add(waits, "redaction", arena_format(view->arena, "%" PRIu64, list[at]->position),
                     own ? arena_format(view->arena, "you propose to redact it; another coordinator confirms or keeps it. Reason: %s", list[at]->reason)
                         : arena_format(view->arena, "%s proposes to redact it: confirm it, or keep it. Reason: %s", list[at]->proposed_by, list[at]->reason), 0);
    }
    if (status == STATUS_OK && view->context->closed) {
        status = state_exchange(view->txn, view->arena, &exchange);
        if (status == STATUS_OK)
            status = add(waits, "parties", arena_format(view->arena, "%" PRIu64, exchange->restored),
                         "restored from a backup: look at the list of parties, then confirm it; nobody else is served until then", 0);
    }
    return status;
}

/* Members whose keys the front refuses, since their messages brought it down. */
static int add_refused(struct waits *waits)
{
    const struct suspect_shown *refused = &waits->view->context->refused;
    int status = STATUS_OK;
    for (uint32_t at = 0; status == STATUS_OK && at < refused->count; at++)
        if (refused->list[at].until > waits->view->context->log_time)
            status = add(waits, "front", refused->list[at].party,
                         "a key of this party is refused: its messages brought the front down; suspend it, or have the operator look", refused->list[at].until);
    return status;
}

int view_status(struct view *view)
{
    Muster__StatusAnswer *answer = view_new(view, &muster__status_answer__descriptor);
    struct waits waits = {.view = view, .answer = answer};
    Muster__StoredSet *policy;
    Muster__PartyRecord *self = arena_alloc(view->arena, sizeof *self);
    Muster__ExchangeState *exchange;
    if (answer == NULL || self == NULL)
        return STATUS_NO_MEMORY;
    *self = *view->context->party;
    answer->self = self;
    answer->time = view->context->log_time;
    answer->origin = (char *)(uintptr_t)view->context->exchange->origin;
    answer->clock_doubted = view->context->clock_doubted;
    int status = state_set(view->txn, TABLE_POLICY, view->arena, &policy);
    if (status != STATUS_OK)
        return status;
    answer->base_currency = (char *)(uintptr_t)desk_base_currency(policy);
    status = view_is_coordinator(view) && !view->context->waiting ? count_lots(view, answer) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    bool confirmed = self->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED && !view->context->waiting;
    status = add_parties(&waits);
    if (status == STATUS_OK && !confirmed && !view->context->waiting)
        status = add(&waits, "party", view->asker->id, "read the coordinator your fingerprint; until it is confirmed nothing of yours enters the market", 0);
    if (status == STATUS_OK && confirmed)
        status = add_bundles(&waits);
    if (status == STATUS_OK && confirmed && !view_is_coordinator(view))
        status = add_ends(&waits);
    if (status == STATUS_OK && confirmed && view_is_coordinator(view))
        status = add_coordinators_duties(&waits);
    if (status == STATUS_OK && confirmed && view_is_coordinator(view))
        status = add_refused(&waits);
    if (status == STATUS_OK && confirmed && view_is_coordinator(view) && view->context->clock_doubted) {
        status = state_exchange(view->txn, view->arena, &exchange);
        if (status == STATUS_OK)
            status = add(&waits, "clock", arena_format(view->arena, "%" PRIu64, exchange->started), "confirm the exchange's clock: nothing lapses until then", 0);
    }
    return status == STATUS_OK ? view_done(view, &answer->base) : status;
}
