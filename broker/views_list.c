/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/views_inside.h"
#include "proto/status.h"

/*
 * Lists: the catalogue, rates and policy for all; parties, demands and offers to their owners and the coordinator; funds to the
 * nations that may draw on them. Another's object is not there.
 */

#define PAGE_MOST 1000u
#define LIMIT_ROWS 100000u /* of rates or policy: a cursor beyond it is none */

struct listing {
    struct view *view;
    const Muster__ListRequest *request;
    Muster__ListAnswer *answer;
    /* The bundle of the lot that was looked at last. */
    const char *item;
    Muster__BundleHead *head;
    Muster__BundleVersion *version;
};

static int add(struct listing *listing, Muster__Record *record)
{
    if (listing->answer->records == NULL)
        listing->answer->records = arena_array(listing->view->arena, listing->request->limit, sizeof *listing->answer->records);
    if (listing->answer->records == NULL)
        return STATUS_NO_MEMORY;
    listing->answer->records[listing->answer->n_records++] = record;
    return STATUS_OK;
}

static Muster__Record *new_record(struct listing *listing, const char *party, const char *id)
{
    Muster__Record *record = view_new(listing->view, &muster__record__descriptor);
    if (record == NULL)
        return NULL;
    record->party = (char *)(uintptr_t)party;
    record->id = (char *)(uintptr_t)id;
    record->bundle = "";
    return record;
}

/* --- what stands around an object --------------------------------------------------------------------------------- */

static int look_at_lot(struct listing *listing, const char *item)
{
    struct view *view = listing->view;
    Muster__LotState *lot;
    if (listing->item != NULL && strcmp(listing->item, item) == 0)
        return STATUS_OK;
    listing->item = item;
    listing->head = NULL;
    listing->version = NULL;
    int status = state_lot(view->txn, item, view->arena, &lot);
    if (status != STATUS_OK || lot->bundle == 0)
        return status;
    status = state_bundle(view->txn, lot->bundle, view->arena, &listing->head);
    if (status == STATUS_OK)
        status = view_visible(view, listing->head, 0, &listing->version);
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static int note_bundle(struct listing *listing, Muster__Record *record, const char *item, const char *name)
{
    int status = look_at_lot(listing, item);
    if (status != STATUS_OK || listing->version == NULL)
        return status;
    struct stands_on on = {.version = listing->version};
    if (!stands_awards_demand(&on, name) && !stands_awards_offer(&on, name))
        return STATUS_OK;
    char *number = bundle_name(listing->view->arena, listing->head->number);
    record->bundle = number != NULL ? arena_format(listing->view->arena, "%s %s", number, bundle_state_word(listing->head->state)) : NULL;
    return record->bundle != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int note_covered(struct listing *listing, Muster__Record *record, const char *item, const char *name, bool demand)
{
    struct state_commitments bound;
    int status = state_commitments(listing->view->txn, item, demand ? name : NULL, listing->view->arena, &bound);
    for (size_t at = 0; status == STATUS_OK && at < bound.count; at++) {
        const Muster__Commitment *one = bound.list[at]->commitment;
        record->covered += strcmp(demand ? one->demand : one->offer, name) == 0 ? one->quantity : 0;
    }
    return status;
}

static int note_fund(struct listing *listing, Muster__Record *record, const char *fund)
{
    struct view *view = listing->view;
    struct state_commitments all;
    int status = state_held(view->txn, fund, 0, &record->fund_held);
    if (status == STATUS_OK)
        status = state_drawn(view->txn, fund, view->arena, &record->fund_committed);
    if (status == STATUS_OK)
        status = state_commitments(view->txn, NULL, NULL, view->arena, &all);
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++) {
        const Muster__Commitment *one = all.list[at]->commitment;
        if (strcmp(all.list[at]->fund, fund) == 0 && state_name_is_of(one->demand, view->asker->id))
            record->own_draws += state_cost(one->quantity, one->unit_price, one->freight, one->one_off);
    }
    record->has_fund_held = record->has_fund_committed = record->has_own_draws = true;
    return status;
}

/* --- objects ------------------------------------------------------------------------------------------------------ */

static bool fund_is_for(const struct view *view, const Muster__Fund *fund)
{
    for (size_t at = 0; at < fund->n_countries; at++) {
        if (strcmp(fund->countries[at], view->asker->country) == 0)
            return true;
    }
    return fund->n_countries == 0;
}

static bool is_wanted(const struct listing *listing, const struct state_object *object)
{
    const Muster__Stored *stored = object->stored;
    const char *item = stored->demand != NULL ? stored->demand->item : stored->offer != NULL ? stored->offer->item : NULL;
    if (stored->withdrawn && !listing->request->withdrawn)
        return false;
    if (stored->item != NULL)
        item = stored->item->id;
    if (listing->request->item[0] != '\0' && (item == NULL || strcmp(item, listing->request->item) != 0))
        return false;
    return stored->fund == NULL || view_is_coordinator(listing->view) || fund_is_for(listing->view, stored->fund);
}

static int add_object(struct listing *listing, const struct state_object *object)
{
    Muster__Record *record = new_record(listing, object->party, object->id);
    char *name = state_name(listing->view->arena, object->party, object->id);
    if (record == NULL || name == NULL)
        return STATUS_NO_MEMORY;
    record->version = object->stored->version;
    record->withdrawn = object->stored->withdrawn;
    record->time = object->stored->time;
    record->item = object->stored->item;
    record->demand = object->stored->demand;
    record->offer = object->stored->offer;
    record->fund = object->stored->fund;
    int status = STATUS_OK;
    const char *item = record->demand != NULL ? record->demand->item : record->offer != NULL ? record->offer->item : NULL;
    if (item != NULL) {
        status = note_covered(listing, record, item, name, record->demand != NULL);
        if (status == STATUS_OK)
            status = note_bundle(listing, record, item, name);
    } else if (record->fund != NULL) {
        status = note_fund(listing, record, record->fund->id);
    }
    return status == STATUS_OK ? add(listing, record) : status;
}

/* One object by its id: "party/id", or just the id of one's own. */
static int list_one(struct listing *listing, enum table table, bool owned)
{
    struct view *view = listing->view;
    struct state_object object = {.party = "", .id = listing->request->id};
    if (owned && !state_name_split(view->arena, listing->request->id, &object.party, &object.id)) {
        object.party = view->asker->id;
        object.id = listing->request->id;
    }
    if (owned && !view_is_coordinator(view) && strcmp(object.party, view->asker->id) != 0)
        return STATUS_OK;
    int status = state_object(view->txn, table, object.party, object.id, view->arena, &object.stored);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    return status == STATUS_OK && is_wanted(listing, &object) ? add_object(listing, &object) : status;
}

static int list_objects(struct listing *listing, enum table table, bool owned)
{
    struct view *view = listing->view;
    const Muster__ListRequest *request = listing->request;
    if (request->id[0] != '\0')
        return list_one(listing, table, owned);
    const char *party = owned && !view_is_coordinator(view) ? view->asker->id : NULL;
    struct state_object last = {.party = "", .id = request->after}, *after = request->after[0] != '\0' ? &last : NULL;
    if (after != NULL && owned && !state_name_split(view->arena, request->after, &last.party, &last.id))
        return STATUS_INVALID;
    for (;;) {
        struct state_objects page;
        int status = state_all_objects(view->txn, table, party, after, request->limit, view->arena, &page);
        for (size_t at = 0; status == STATUS_OK && at < page.count; at++) {
            if (listing->answer->n_records == request->limit) {
                listing->answer->after = state_name(view->arena, last.party, last.id);
                return listing->answer->after != NULL ? STATUS_OK : STATUS_NO_MEMORY;
            }
            last = page.list[at];
            if (is_wanted(listing, &page.list[at]))
                status = add_object(listing, &page.list[at]);
        }
        if (status != STATUS_OK || page.count < request->limit)
            return status;
        after = &last;
    }
}

static int list_parties(struct listing *listing)
{
    struct view *view = listing->view;
    struct state_parties all;
    int status = state_all_parties(view->txn, view->arena, &all);
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++) {
        Muster__PartyRecord *party = all.list[at];
        if (!view_is_coordinator(view) && strcmp(party->party->id, view->asker->id) != 0)
            continue;
        if ((listing->request->id[0] != '\0' && strcmp(party->party->id, listing->request->id) != 0) ||
            strcmp(party->party->id, listing->request->after) <= 0)
            continue;
        if (listing->answer->n_records == listing->request->limit) {
            listing->answer->after = listing->answer->records[listing->answer->n_records - 1]->id;
            return STATUS_OK;
        }
        Muster__Record *record = new_record(listing, party->party->id, party->party->id);
        if (record == NULL)
            return STATUS_NO_MEMORY;
        record->version = party->version;
        record->party_record = party;
        status = add(listing, record);
    }
    return status;
}

/* Rates or policy: the cursor is the number of the row behind which to go on. */
static int list_set(struct listing *listing, enum table table)
{
    struct view *view = listing->view;
    Muster__StoredSet *set;
    size_t from = 0;
    int status = state_set(view->txn, table, view->arena, &set);
    if (status != STATUS_OK)
        return status;
    for (const char *at = listing->request->after; *at >= '0' && *at <= '9' && from < LIMIT_ROWS; at++)
        from = 10 * from + (size_t)(*at - '0');
    size_t count = table == TABLE_RATES ? set->n_rates : set->n_policy;
    listing->answer->set_version = set->version;
    for (size_t at = from; status == STATUS_OK && at < count; at++) {
        if (listing->answer->n_records == listing->request->limit) {
            listing->answer->after = arena_format(view->arena, "%zu", at);
            return listing->answer->after != NULL ? STATUS_OK : STATUS_NO_MEMORY;
        }
        Muster__Record *record = new_record(listing, "", table == TABLE_RATES ? set->rates[at]->currency : set->policy[at]->key);
        if (record == NULL)
            return STATUS_NO_MEMORY;
        record->version = set->version;
        record->time = set->time;
        record->rate = table == TABLE_RATES ? set->rates[at] : NULL;
        record->policy = table == TABLE_RATES ? NULL : set->policy[at];
        status = add(listing, record);
    }
    return status;
}

static int list_noun(struct listing *listing)
{
    Muster__Role role = listing->view->asker->role;
    bool coordinator = view_is_coordinator(listing->view);
    bool confirmed = listing->view->context->party->state == MUSTER__PARTY_STATE__PARTY_CONFIRMED;
    switch (listing->request->noun) {
    case MUSTER__NOUN__NOUN_PARTY:
        return list_parties(listing);
    case MUSTER__NOUN__NOUN_ITEM:
        return list_objects(listing, TABLE_ITEMS, false);
    case MUSTER__NOUN__NOUN_DEMAND:
        return coordinator || role == MUSTER__ROLE__ROLE_AGENCY ? list_objects(listing, TABLE_DEMANDS, true) : STATUS_OK;
    case MUSTER__NOUN__NOUN_OFFER:
        return coordinator || role == MUSTER__ROLE__ROLE_SUPPLIER ? list_objects(listing, TABLE_OFFERS, true) : STATUS_OK;
    case MUSTER__NOUN__NOUN_FUND:
        /* Until its fingerprint was compared, it is not known whose nation asks. */
        return coordinator || (role == MUSTER__ROLE__ROLE_AGENCY && confirmed) ? list_objects(listing, TABLE_FUNDS, false) : STATUS_OK;
    case MUSTER__NOUN__NOUN_RATES:
        return list_set(listing, TABLE_RATES);
    default:
        return list_set(listing, TABLE_POLICY);
    }
}

int view_list(struct view *view)
{
    struct listing listing = {.view = view,
                              .request = (const Muster__ListRequest *)view->body,
                              .answer = view_new(view, &muster__list_answer__descriptor)};
    if (listing.answer == NULL)
        return STATUS_NO_MEMORY;
    listing.answer->after = "";
    if (listing.request->limit == 0 || listing.request->limit > PAGE_MOST)
        return view_refuse(view, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "a page has 1 to 1000 rows");
    int status = list_noun(&listing);
    if (status == STATUS_INVALID)
        return view_refuse(view, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "the cursor is not one that an answer gave");
    return status == STATUS_OK ? view_done(view, &listing.answer->base) : status;
}
