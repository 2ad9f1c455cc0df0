/* SPDX-License-Identifier: EUPL-1.2 */
/* Agencies and suppliers: they put and withdraw, look at bundles, answer, read, and change their keys. */
#include <stdio.h>
#include <string.h>

#include "broker/desk/terms.h"
#include "proto/new_keys.h"
#include "tests/simulate/canary.h"
#include "tests/simulate/deed.h"
#include "tests/simulate/run.h"

#define MONTH_FIRST 202712u
#define TIER_NEVER 100000000u /* units: nobody needs so many */

static Muster__Demand *make_demand(struct run *run, const struct client *client, const struct client_object *object)
{
    Muster__Demand *demand = deed_new(run, &muster__demand__descriptor);
    Muster__Line *line = deed_new(run, &muster__line__descriptor);
    line->month = dice_is(&run->dice, 500) ? MONTH_FIRST : MONTH_FIRST + 91;
    line->quantity = dice_between(&run->dice, 1, 60);
    demand->id = deed_text(run, object->id);
    demand->country = demand->place = deed_text(run, client->country);
    demand->item = deed_text(run, object->item);
    demand->n_lines = 1;
    demand->lines = deed_one(run, line);
    demand->min_quantity = dice_between(&run->dice, 1, line->quantity);
    demand->max_unit_price = canary_amount(CANARY_CEILING, client->index);
    demand->currency = deed_text(run, "EUR");
    demand->priority = (uint32_t)dice_between(&run->dice, 1, 5);
    demand->fund = deed_text(run, dice_is(&run->dice, 150) ? "POOL" : "");
    demand->release = (Muster__Release)dice_between(&run->dice, MUSTER__RELEASE__RELEASE_SEALED, MUSTER__RELEASE__RELEASE_OPEN);
    demand->single_supplier = dice_is(&run->dice, 200);
    return demand;
}

static Muster__Offer *make_offer(struct run *run, const struct client *client, const struct client_object *object)
{
    Muster__Offer *offer = deed_new(run, &muster__offer__descriptor);
    Muster__Tier *tiers[2];
    for (size_t at = 0; at < 2; at++) {
        tiers[at] = deed_new(run, &muster__tier__descriptor);
        tiers[at]->min_quantity = at == 0 ? 1 : TIER_NEVER;
        tiers[at]->unit_price = at == 0 ? (int64_t)dice_between(&run->dice, 250, 470) * 100000000 : canary_amount(CANARY_TIER, client->index);
        tiers[at]->one_off = at == 0 && dice_is(&run->dice, 300) ? 100000000 : 0;
        tiers[at]->first_month = 202706;
        tiers[at]->stock = dice_roll(&run->dice, 100);
        tiers[at]->monthly_rate = dice_between(&run->dice, 1, 20);
    }
    offer->id = deed_text(run, object->id);
    offer->supplier = deed_text(run, client->id);
    offer->item = deed_text(run, object->item);
    offer->n_tiers = 2;
    offer->tiers = (Muster__Tier **)(void *)deed_bytes(run, tiers, sizeof tiers).data;
    offer->currency = deed_text(run, "EUR");
    return offer;
}

static void put_object(struct run *run, struct client *client)
{
    size_t about = dice_roll(&run->dice, CLIENT_OBJECTS);
    struct client_object *object = &client->objects[about];
    bool withdraw = object->stands && dice_is(&run->dice, 200);
    /* Now and then on top of a version that no longer stands, as from another machine. */
    uint64_t replaces = dice_is(&run->dice, 100) ? dice_roll(&run->dice, object->version + 1) : object->version;
    Muster__ChangeKind kind = withdraw ? MUSTER__CHANGE_KIND__CHANGE_WITHDRAW : MUSTER__CHANGE_KIND__CHANGE_PUT;
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    if (client->role == MUSTER__ROLE__ROLE_AGENCY) {
        Muster__DemandChange *change = deed_new(run, &muster__demand_change__descriptor);
        change->kind = kind;
        change->id = deed_text(run, object->id);
        change->replaces = replaces;
        change->demand = withdraw ? NULL : make_demand(run, client, object);
        submission->n_demands = 1;
        submission->demands = deed_one(run, change);
    } else {
        Muster__OfferChange *change = deed_new(run, &muster__offer_change__descriptor);
        change->kind = kind;
        change->id = deed_text(run, object->id);
        change->replaces = replaces;
        change->offer = withdraw ? NULL : make_offer(run, client, object);
        submission->n_offers = 1;
        submission->offers = deed_one(run, change);
    }
    deed_submit(run, client, dice_is(&run->dice, 60) ? DEED_CHECK : DEED_OBJECT, submission, about, withdraw);
}

static void list_own(struct run *run, struct client *client)
{
    Muster__ListRequest *list = deed_new(run, &muster__list_request__descriptor);
    list->noun = client->role == MUSTER__ROLE__ROLE_AGENCY ? MUSTER__NOUN__NOUN_DEMAND : MUSTER__NOUN__NOUN_OFFER;
    list->item = list->id = list->after = deed_text(run, "");
    list->limit = 100;
    list->withdrawn = true;
    deed_ask(run, client, DEED_OWN, MUSTER__VERB__VERB_LIST, &list->base, 0, 0);
}

static void ask_bundles(struct run *run, struct client *client, enum deed_kind kind, uint64_t number)
{
    Muster__BundlesRequest *request = deed_new(run, &muster__bundles_request__descriptor);
    request->number = number;
    deed_ask(run, client, kind, MUSTER__VERB__VERB_BUNDLES, &request->base, 0, number);
}

static void answer_bundle(struct run *run, struct client *client, const struct client_bundle *bundle)
{
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__BundleChange *change = deed_new(run, &muster__bundle_change__descriptor);
    bool yes = dice_is(&run->dice, 940), back = bundle->answered;
    char reason[CANARY_TEXT];
    change->kind = back ? MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK : MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER;
    change->number = bundle->number;
    change->version = bundle->version;
    if (!back) {
        change->has_answer = true;
        change->answer = yes ? MUSTER__ANSWER_KIND__ANSWER_YES : MUSTER__ANSWER_KIND__ANSWER_NO;
        change->has_terms_sha256 = true;
        change->terms_sha256 = deed_bytes(run, bundle->terms_sha256, 32);
    }
    if (!back && !yes) {
        canary_text(CANARY_REASON, client->index, 0, reason);
        change->reason = deed_text(run, reason);
    }
    submission->n_bundles = 1;
    submission->bundles = deed_one(run, change);
    deed_submit(run, client, DEED_ANSWER, submission, 0, bundle->number);
}

static void announce_keys(struct run *run, struct client *client)
{
    uint8_t signature[64];
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__KeysChange *change = deed_new(run, &muster__keys_change__descriptor);
    client_new_keys(run, client);
    const struct new_keys_party named = {client->keys.signing.public_key, client->next.curve.public_key, client->next.box.public_key,
                                         client->next.signing.public_key, run->node.public_file.box_key};
    new_keys_sign(&named, &client->next.signing, signature);
    change->kind = MUSTER__KEYS_CHANGE_KIND__KEYS_ANNOUNCE;
    change->keys = deed_keys(run, &client->next.signing, &client->next.box, &client->next.curve);
    change->has_new_signature = true;
    change->new_signature = deed_bytes(run, signature, 64);
    submission->keys = change;
    deed_submit(run, client, DEED_KEYS, submission, 0, 0);
}

static void cancel_keys(struct run *run, struct client *client)
{
    Muster__Submission *submission = deed_new(run, &muster__submission__descriptor);
    Muster__KeysChange *change = deed_new(run, &muster__keys_change__descriptor);
    change->kind = MUSTER__KEYS_CHANGE_KIND__KEYS_CANCEL;
    change->has_cancels = true;
    change->cancels = deed_bytes(run, client->next.signing.public_key, 32);
    submission->keys = change;
    deed_submit(run, client, DEED_READ, submission, 0, 0);
}

/* A bundle that it is asked about, or could take its answer back from. */
static bool look_at_bundles(struct run *run, struct client *client)
{
    for (size_t at = 0; at < client->bundle_count; at++) {
        struct client_bundle *bundle = &client->bundles[at];
        if (!bundle->read) {
            bundle->read = true;
            ask_bundles(run, client, DEED_BUNDLE, bundle->number);
            return true;
        }
        if (bundle->has_terms && (!bundle->answered || dice_is(&run->dice, 60))) {
            bundle->has_terms = false;
            answer_bundle(run, client, bundle);
            return true;
        }
    }
    client->bundle_count = 0;
    ask_bundles(run, client, DEED_BUNDLES, 0);
    return true;
}

bool member_next(struct run *run, struct client *client)
{
    arena_rewind(&run->arena);
    for (size_t at = 0; at < CLIENT_OBJECTS; at++)
        if (client->objects[at].unknown) {
            list_own(run, client);
            return true;
        }
    if (client->next_accepted && dice_is(&run->dice, 300)) {
        deed_ask(run, client, DEED_STATUS, MUSTER__VERB__VERB_STATUS, NULL, 0, 0);
        return true;
    }
    uint64_t roll = dice_roll(&run->dice, 100);
    bool stands = client->objects[0].stands || client->objects[1].stands;
    if (roll < (stands ? 5u : 60u))
        put_object(run, client);
    else if (roll < 80 && client->stage == CLIENT_CONFIRMED)
        return look_at_bundles(run, client);
    else if (roll < 82 && client->stage == CLIENT_CONFIRMED && !client->next.there)
        announce_keys(run, client);
    else if (roll < 83 && client->next_accepted)
        cancel_keys(run, client);
    else
        return deed_read_something(run, client);
    return true;
}

/* --- answers --------------------------------------------------------------------------------------------------- */

static void object_answered(struct client *client, const struct deed *deed, const Muster__Answer *answer)
{
    struct client_object *object = &client->objects[deed->about];
    if (answer->outcome == MUSTER__OUTCOME__OUTCOME_DONE) {
        object->version++;
        object->stands = deed->number == 0;
    } else {
        object->unknown = true;
    }
}

static void own_answered(struct run *run, struct client *client, const Muster__Answer *answer)
{
    const Muster__ListAnswer *body = deed_body(run, answer, &muster__list_answer__descriptor);
    for (size_t at = 0; at < CLIENT_OBJECTS; at++) {
        struct client_object *object = &client->objects[at];
        object->unknown = false;
        object->version = 0;
        object->stands = false;
        for (size_t of = 0; body != NULL && of < body->n_records; of++) {
            const Muster__Record *record = body->records[of];
            if (strcmp(record->party, client->id) != 0)
                run_finding(run, "sealed", "%s is listed what belongs to %s", client->id, record->party);
            if (strcmp(record->id, object->id) != 0)
                continue;
            object->version = record->version;
            object->stands = !record->withdrawn;
        }
    }
}

static void bundles_answered(struct run *run, struct client *client, const Muster__Answer *answer)
{
    const Muster__BundlesAnswer *body = deed_body(run, answer, &muster__bundles_answer__descriptor);
    client->bundle_count = 0;
    for (size_t at = 0; body != NULL && at < body->n_bundles && client->bundle_count < CLIENT_BUNDLES; at++) {
        const Muster__BundleView *view = body->bundles[body->n_bundles - 1 - at];
        struct client_bundle *bundle = &client->bundles[client->bundle_count++];
        *bundle = (struct client_bundle){.number = view->number, .version = view->version, .state = view->state};
        snprintf(bundle->item, sizeof bundle->item, "%s", view->item);
        bundle->read = view->state != MUSTER__BUNDLE_STATE__BUNDLE_RELEASED && view->state != MUSTER__BUNDLE_STATE__BUNDLE_AGREED &&
                       !dice_is(&run->dice, 100);
    }
}

static void bundle_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer)
{
    const Muster__BundlesAnswer *body = deed_body(run, answer, &muster__bundles_answer__descriptor);
    if (body == NULL || body->n_bundles != 1)
        return;
    const Muster__BundleView *view = body->bundles[0];
    for (size_t at = 0; at < client->bundle_count; at++) {
        struct client_bundle *bundle = &client->bundles[at];
        if (bundle->number != deed->number)
            continue;
        bundle->version = view->version;
        bundle->has_terms = view->has_terms;
        bundle->answered = view->own_answer != NULL && view->own_answer[0] != '\0' && strcmp(view->own_answer, "waiting") != 0;
        if (view->has_terms)
            terms_hash(&view->terms, bundle->terms_sha256);
    }
}

void member_answered(struct run *run, struct client *client, const struct deed *deed, const Muster__Answer *answer)
{
    bool done = answer->outcome == MUSTER__OUTCOME__OUTCOME_DONE;
    if (deed->kind == DEED_OBJECT)
        object_answered(client, deed, answer);
    else if (deed->kind == DEED_OWN && done)
        own_answered(run, client, answer);
    else if (deed->kind == DEED_BUNDLES && done)
        bundles_answered(run, client, answer);
    else if (deed->kind == DEED_BUNDLE && done)
        bundle_answered(run, client, deed, answer);
}
