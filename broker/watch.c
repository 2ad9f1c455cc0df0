/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/watch.h"

#include <inttypes.h>
#include <string.h>

#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/status.h"

/* A submission of more changes than this is one event that counts them. */
#define EVENTS_AN_ENTRY 20u

struct watching {
    struct view *view;
    const struct log_entry *entry;
    const char *party; /* whose entry it is */
    const Muster__Submission *submission;
    struct watch_events *events;
};

static int add(struct watching *watching, const char *kind, const char *id, char *text)
{
    struct watch_events *events = watching->events;
    Muster__Event *event = view_new(watching->view, &muster__event__descriptor);
    if (event == NULL || id == NULL || text == NULL)
        return STATUS_NO_MEMORY;
    if (events->count == events->room) {
        size_t room = events->room == 0 ? 16 : 2 * events->room;
        Muster__Event **wider = arena_array(watching->view->arena, room, sizeof *wider);
        if (wider == NULL)
            return STATUS_NO_MEMORY;
        if (events->room != 0)
            memcpy(wider, events->list, events->count * sizeof *wider);
        events->list = wider;
        events->room = room;
    }
    event->position = watching->entry->position;
    event->time = watching->entry->time;
    event->kind = arena_string(watching->view->arena, kind);
    event->id = arena_string(watching->view->arena, id);
    event->text = text;
    events->list[events->count++] = event;
    return event->kind != NULL && event->id != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int add_object(struct watching *watching, const char *kind, const char *id, bool withdrawn, uint64_t replaces)
{
    struct arena *arena = watching->view->arena;
    const char *name = view_is_coordinator(watching->view) && strcmp(watching->party, watching->view->asker->id) != 0
                           ? state_name(arena, watching->party, id)
                           : id;
    return add(watching, kind, name, arena_format(arena, "v%" PRIu64 " %s", replaces + 1, withdrawn ? "withdrawn" : "accepted"));
}

static int add_count(struct watching *watching, const char *kind, size_t count)
{
    return add(watching, kind, "", arena_format(watching->view->arena, "%zu changes accepted", count));
}

#define WITHDRAWN MUSTER__CHANGE_KIND__CHANGE_WITHDRAW

static int watch_objects(struct watching *watching)
{
    const Muster__Submission *all = watching->submission;
    size_t count = all->n_items + all->n_demands + all->n_offers;
    const char *kind = all->n_items != 0 ? "item" : all->n_demands != 0 ? "demand" : "offer";
    int status = STATUS_OK;
    if (count > EVENTS_AN_ENTRY)
        return add_count(watching, kind, count);
    for (size_t at = 0; status == STATUS_OK && at < all->n_items; at++)
        status = add(watching, kind, all->items[at]->id,
                     arena_format(watching->view->arena, "v%" PRIu64 " %s", all->items[at]->replaces + 1, all->items[at]->kind == WITHDRAWN ? "withdrawn" : "in the catalogue"));
    for (size_t at = 0; status == STATUS_OK && at < all->n_demands; at++)
        status = add_object(watching, kind, all->demands[at]->id, all->demands[at]->kind == WITHDRAWN, all->demands[at]->replaces);
    for (size_t at = 0; status == STATUS_OK && at < all->n_offers; at++)
        status = add_object(watching, kind, all->offers[at]->id, all->offers[at]->kind == WITHDRAWN, all->offers[at]->replaces);
    return status;
}

static int watch_funds(struct watching *watching)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < watching->submission->n_funds; at++) {
        const Muster__FundChange *change = watching->submission->funds[at];
        bool may = view_is_coordinator(watching->view);
        bool confirmed = watching->view->context->party->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED;
        if (!may && confirmed && watching->view->asker->role == MUSTER__ROLE__ROLE_AGENCY && change->fund != NULL) {
            may = change->fund->n_countries == 0;
            for (size_t of = 0; of < change->fund->n_countries; of++)
                may = may || strcmp(change->fund->countries[of], watching->view->asker->country) == 0;
        }
        if (may)
            status = add(watching, "fund", change->id, arena_format(watching->view->arena, "v%" PRIu64 " accepted", change->replaces + 1));
    }
    return status;
}

static int watch_parties(struct watching *watching)
{
    static const char *const words[] = {"", "invited", "confirmed", "suspended", "resumed", "described anew", "keys voided"};
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < watching->submission->n_parties; at++) {
        const Muster__PartyChange *change = watching->submission->parties[at];
        if (view_is_coordinator(watching->view) || strcmp(change->party, watching->view->asker->id) == 0)
            status = add(watching, "party", change->party, arena_string(watching->view->arena, words[change->kind]));
    }
    return status;
}

/* A party's new keys: its own and the coordinators' to know. The exchange's own, and a coordinator that its operator let in: all's. */
static int watch_keys(struct watching *watching)
{
    const Muster__Submission *all = watching->submission;
    struct arena *arena = watching->view->arena;
    if (all->coordinator_admitted != NULL)
        return add(watching, "coordinator", view_is_coordinator(watching->view) ? all->coordinator_admitted->coordinator->party->id : "",
                   arena_format(arena, "%s: let in by the operator of the exchange, not by a coordinator", all->coordinator_admitted->coordinator->party->name));
    if (all->exchange_keys != NULL)
        return add(watching, "exchange", "", arena_string(arena, "the exchange has new keys"));
    const char *party = all->keys_bound != NULL ? all->keys_bound->party : watching->party;
    if (!view_is_coordinator(watching->view) && strcmp(party, watching->view->asker->id) != 0)
        return STATUS_OK;
    const char *text = all->keys_bound != NULL                                          ? "new keys are in force"
                       : all->keys->kind == MUSTER__KEYS_CHANGE_KIND__KEYS_ANNOUNCE ? "new keys announced: they bind in 24 hours, or once a coordinator confirms them"
                                                                                       : "new keys cancelled";
    return add(watching, "keys", party, arena_string(arena, text));
}

#define BUNDLE_ARENA_CAP ((size_t)512 << 20) /* one version of a bundle */

/* Whether the asker has an award in a version that it was shown: by the newest version it may see, which is dropped at once. */
static int is_in_bundle(struct watching *watching, uint64_t number, bool *in)
{
    struct arena scratch;
    struct view view = *watching->view;
    Muster__BundleHead *head;
    Muster__BundleVersion *version;
    *in = false;
    arena_init(&scratch, BUNDLE_ARENA_CAP);
    view.arena = &scratch;
    int status = state_bundle(view.txn, number, &scratch, &head);
    if (status == STATUS_OK)
        status = view_visible(&view, head, 0, &version);
    *in = status == STATUS_OK && version != NULL;
    arena_drop(&scratch);
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static const char *deed_of(const Muster__BundleChange *change)
{
    switch (change->kind) {
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE:
        return "released: its nations are asked";
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT:
        return "rejected";
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_EXTEND:
        return "its deadline is extended";
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER:
        return change->answer == MUSTER__ANSWER_KIND__ANSWER_YES ? "answered yes" : "answered no";
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK:
        return "answer taken back";
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER:
        return "ordered";
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ADOPT:
        return "a variant was adopted";
    default:
        return "to be planned again";
    }
}

/* What its nations and, once they were asked, its suppliers may know of a deed. */
static bool is_told(const struct watching *watching, const Muster__BundleChange *change)
{
    bool supplier = watching->view->asker->role == MUSTER__ROLE__ROLE_SUPPLIER;
    switch (change->kind) {
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE:
        return !supplier;
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT:
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_EXTEND:
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER:
        return true;
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER:
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK:
        return strcmp(watching->party, watching->view->asker->id) == 0;
    default:
        return false;
    }
}

/* Whether this entry was the first of two releases: its nations were not asked. */
static int is_first_of_two(struct watching *watching, const Muster__BundleChange *change, bool *first)
{
    Muster__BundleHead *head;
    *first = false;
    if (change->kind != MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE)
        return STATUS_OK;
    int status = state_bundle(watching->view->txn, change->number, watching->view->arena, &head);
    for (size_t at = 0; status == STATUS_OK && at < head->n_first_positions; at++)
        *first = *first || head->first_positions[at] == watching->entry->position;
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static int watch_bundles(struct watching *watching)
{
    struct arena *arena = watching->view->arena;
    bool coordinator = view_is_coordinator(watching->view);
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < watching->submission->n_bundles; at++) {
        const Muster__BundleChange *change = watching->submission->bundles[at];
        bool in = coordinator, first;
        status = is_first_of_two(watching, change, &first);
        if (status == STATUS_OK && !coordinator && !first && is_told(watching, change))
            status = is_in_bundle(watching, change->number, &in);
        if (status != STATUS_OK || !in)
            continue;
        bool by_other = coordinator && (change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER || change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK);
        char *text = first ? arena_format(arena, "v%" PRIu64 " released by %s: it takes a second coordinator", change->version, watching->party)
                     : by_other ? arena_format(arena, "v%" PRIu64 " %s: %s", change->version, watching->party, deed_of(change))
                              : arena_format(arena, "v%" PRIu64 " %s", change->version, deed_of(change));
        const char *id = change->number != 0 ? bundle_name(arena, change->number) : change->item;
        status = add(watching, "bundle", id, text);
    }
    return status;
}

static int watch_round(struct watching *watching, const Muster__RoundClosed *closed)
{
    struct arena *arena = watching->view->arena;
    bool coordinator = view_is_coordinator(watching->view), in = coordinator;
    bool supplier = watching->view->asker->role == MUSTER__ROLE__ROLE_SUPPLIER;
    int status = STATUS_OK;
    /* Suppliers hear of a bundle when they are asked, and of what became of that. */
    if (supplier && closed->nations && closed->next != MUSTER__BUNDLE_STATE__BUNDLE_AGREED)
        return STATUS_OK;
    if (!coordinator)
        status = is_in_bundle(watching, closed->number, &in);
    if (status != STATUS_OK || !in)
        return status;
    const char *word = closed->next == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED ? "is planned again without those who left" : bundle_state_word(closed->next);
    char *text = coordinator && closed->n_no != 0 ? arena_format(arena, "v%" PRIu64 " %s: %zu left", closed->version, word, closed->n_no)
                                                  : arena_format(arena, "v%" PRIu64 " %s", closed->version, word);
    return add(watching, "bundle", bundle_name(arena, closed->number), text);
}

static int watch_lapsed(struct watching *watching, const Muster__Lapsed *lapsed)
{
    bool in = view_is_coordinator(watching->view);
    int status = STATUS_OK;
    if (!in)
        status = is_in_bundle(watching, lapsed->number, &in);
    if (status != STATUS_OK || !in)
        return status;
    char *text = arena_format(watching->view->arena, "lapsed: %s", lapsed->reason);
    return add(watching, "bundle", bundle_name(watching->view->arena, lapsed->number), text);
}

static int watch_proposal(struct watching *watching, const Muster__BundleVersion *version)
{
    uint64_t units = 0;
    for (size_t at = 0; at < version->plan->n_awards; at++)
        units += version->plan->awards[at]->quantity;
    return add(watching, "bundle", bundle_name(watching->view->arena, version->number),
               arena_format(watching->view->arena, "v%" PRIu64 " proposed: %s, %" PRIu64 " units", version->version, version->item, units));
}

static int watch_ends(struct watching *watching)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < watching->submission->n_commitment_ends; at++) {
        const Muster__CommitmentEnd *end = watching->submission->commitment_ends[at];
        const char *asker = watching->view->asker->id;
        if (view_is_coordinator(watching->view) || state_name_is_of(end->demand, asker) || state_name_is_of(end->offer, asker))
            status = add(watching, "commitment", bundle_name(watching->view->arena, end->number), arena_string(watching->view->arena, "the end of a commitment was signed"));
    }
    return status;
}

static int watch_submission(struct watching *watching)
{
    const Muster__Submission *all = watching->submission;
    struct arena *arena = watching->view->arena;
    if (all->n_items + all->n_demands + all->n_offers != 0)
        return watch_objects(watching);
    if (all->n_funds != 0)
        return watch_funds(watching);
    if (all->n_parties != 0)
        return watch_parties(watching);
    if (all->n_bundles != 0)
        return watch_bundles(watching);
    if (all->n_commitment_ends != 0)
        return watch_ends(watching);
    if (all->round_closed != NULL)
        return watch_round(watching, all->round_closed);
    if (all->lapsed != NULL)
        return watch_lapsed(watching, all->lapsed);
    if (all->rates != NULL || all->policy != NULL)
        return add(watching, all->rates != NULL ? "rates" : "policy", "",
                   arena_format(arena, "v%" PRIu64 " accepted", (all->rates != NULL ? all->rates->replaces : all->policy->replaces) + 1));
    if (all->keys != NULL || all->keys_bound != NULL || all->coordinator_admitted != NULL || all->exchange_keys != NULL)
        return watch_keys(watching);
    if (all->join != NULL)
        return add(watching, "party", watching->party, arena_string(arena, "joined"));
    if (all->proposal != NULL)
        return watch_proposal(watching, all->proposal->bundle);
    if (all->lot_planned != NULL)
        return add(watching, "lot", all->lot_planned->plan->item, arena_string(arena, "planned: no bundle"));
    if (all->signal != NULL)
        return all->signal->after[0] == '\0' ? add(watching, "need", "", arena_string(arena, "pooled need was published")) : STATUS_OK;
    if (all->n_exports != 0)
        return add(watching, "export", watching->party, arena_string(arena, "exported"));
    return all->started != NULL ? add(watching, "started", "", arena_string(arena, "the exchange started")) : STATUS_OK;
}

/* What only a coordinator or its own party may see: told by the leaf's kind and the body's party, before anything large is unpacked. */
static bool is_for_nobody_else(const char *kind, const char *party, const char *asker)
{
    static const char *const own[] = {"demand", "offer", "join", "keys"};
    static const char *const coordinators[] = {"proposal", "lot-planned", "export", "started", "genesis", "clock-confirmed"};
    for (size_t at = 0; at < sizeof own / sizeof own[0]; at++) {
        if (strcmp(kind, own[at]) == 0)
            return strcmp(party, asker) != 0;
    }
    for (size_t at = 0; at < sizeof coordinators / sizeof coordinators[0]; at++) {
        if (strcmp(kind, coordinators[at]) == 0)
            return true;
    }
    return false;
}

int watch_entry(struct view *view, const struct log_entry *entry, struct watch_events *events)
{
    struct entry_body body;
    struct arena scratch; /* a proposal holds its market: dropped at once */
    Muster__Submission *submission;
    int status = entry_body_parse(entry->body, entry->body_size, &body);
    if (status != STATUS_OK)
        return STATUS_CORRUPT;
    if (!view_is_coordinator(view) && is_for_nobody_else(entry->kind, body.party, view->asker->id))
        return STATUS_OK;
    arena_init(&scratch, ENVELOPE_ARENA_CAP);
    status = envelope_unpack(entry->envelope, entry->envelope_size, &scratch, &submission, NULL);
    if (status != STATUS_OK && status != STATUS_NO_MEMORY)
        status = STATUS_CORRUPT;
    struct watching watching = {.view = view, .entry = entry, .party = body.party, .submission = submission, .events = events};
    if (status == STATUS_OK)
        status = watch_submission(&watching);
    arena_drop(&scratch);
    return status;
}
