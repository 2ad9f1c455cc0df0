/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <string.h>

#include "broker/desk/four_eyes.h"
#include "broker/desk/release.h"
#include "broker/desk/terms.h"

/*
 * What coordinators, agencies and suppliers may do to a bundle. A bundle that a party takes no part in is answered as
 * one that does not exist.
 */

#define DEADLINE_YEARS_MOST 2u
#define DEADLINE_MOST (DEADLINE_YEARS_MOST * 366 * DESK_DAY)

struct on_bundle {
    Muster__BundleHead *head;
    Muster__BundleVersion *version;
    Muster__Market *market;
    char *name;
};

static void refuse_state(struct desk_work *work, const struct on_bundle *on, const char *expected, const char *remedy)
{
    desk_refuse(work, STATUS_STALE, "bundle", bundle_state_word(on->head->state), expected, remedy);
}

static bool check_version(struct desk_work *work, const struct on_bundle *on, uint64_t version)
{
    if (on->head->version == version && !on->head->replanning)
        return true;
    char *found = arena_format(work->arena, "v%" PRIu64, version);
    char *expected = arena_format(work->arena, "v%" PRIu64, on->head->version);
    char *remedy = on->head->replanning
                       ? arena_format(work->arena, "%s is being planned again: look at it in a moment", on->name)
                       : arena_format(work->arena, "%s is at v%" PRIu64 ": look at it, then say so again", on->name, on->head->version);
    desk_refuse(work, STATUS_STALE, "version", found != NULL ? found : "", expected != NULL ? expected : "", remedy != NULL ? remedy : "");
    return false;
}

static bool check_deadline(struct desk_work *work, uint64_t deadline, uint64_t later_than)
{
    if (deadline > later_than && deadline < work->context->log_time + DEADLINE_MOST)
        return true;
    desk_refuse(work, STATUS_INVALID, "deadline", "", "a time to come, later than the deadline that stands, within two years",
                "give a date such as 2027-02-15: it ends at 24:00 UTC");
    return false;
}

static int check_release(struct desk_work *work, const struct on_bundle *on, const Muster__BundleChange *change)
{
    if (on->head->state != MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED) {
        refuse_state(work, on, "proposed", "look at it: it was released or has ended");
        return STATUS_OK;
    }
    if (change->has_deadline && change->deadline != 0)
        check_deadline(work, change->deadline, work->context->log_time);
    int status = four_eyes_check(work, on->head, on->version, on->name);
    return status == STATUS_OK ? release_check(work, on->head, on->version, on->market) : status;
}

/* Whether a party is asked in the round that runs, or was in one before; a supplier's confirm can be taken back in any later one. */
static int may_answer(struct desk_work *work, const struct on_bundle *on, bool take_back, bool *may)
{
    const Muster__Party *party = work->context->party->party;
    bool nation = party->role == MUSTER__ROLE__ROLE_AGENCY;
    bool open = on->head->state == MUSTER__BUNDLE_STATE__BUNDLE_AGREED || (nation && bundle_is_bound(on->head)) ||
                (!nation && take_back && bundle_is_bound(on->head) && bundle_answer(on->head, party->id) != NULL);
    struct bundle_parties asked;
    int status = bundle_askees(work->arena, on->version->plan, nation, &asked);
    *may = status == STATUS_OK && open && bundle_parties_hold(&asked, party->id);
    return status;
}

static int check_terms(struct desk_work *work, const struct on_bundle *on, const Muster__BundleChange *change)
{
    Muster__Terms *message;
    ProtobufCBinaryData terms;
    int status = terms_make(work->txn, on->head, on->version, on->market, work->context->party->party->id, work->arena, &message, &terms);
    if (status != STATUS_OK)
        return status;
    uint8_t expected[32];
    terms_hash(&terms, expected);
    if (change->terms_sha256.len != sizeof expected || memcmp(change->terms_sha256.data, expected, sizeof expected) != 0)
        desk_refuse(work, STATUS_STALE, "terms_sha256", "", "the terms as they now stand", "look at the bundle again: what you were shown has changed");
    return STATUS_OK;
}

/* A yes to what one's own demands and offers, as they now stand, no longer carry would bind to what cannot be done. */
static int check_own_objects(struct desk_work *work, const struct on_bundle *on)
{
    struct stands_on stands = {.version = on->version, .market = on->market, .month = on->version->as_of / 100};
    const char *sender = work->context->party->party->id;
    bool nation = work->context->party->party->role == MUSTER__ROLE__ROLE_AGENCY;
    for (size_t at = 0; at < on->version->plan->n_awards; at++) {
        const char *name = nation ? on->version->plan->awards[at]->demand : on->version->plan->awards[at]->offer, *party, *id;
        Muster__Stored *stored;
        if (!state_name_is_of(name, sender))
            continue;
        if (!state_name_split(work->arena, name, &party, &id))
            return STATUS_NO_MEMORY;
        int status = state_object(work->txn, nation ? TABLE_DEMANDS : TABLE_OFFERS, party, id, work->arena, &stored);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
        bool carries = nation ? stands_with_demand(&stands, name, stored->withdrawn ? NULL : stored->demand)
                              : stands_with_offer(&stands, name, stored->withdrawn ? NULL : stored->offer);
        if (!carries) {
            desk_refuse(work, STATUS_INVALID, nation ? "demand" : "offer", id, "what the bundle is built on",
                        "you changed it since: put it back as it was, then say yes");
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* An answer is taken back from the version that stands, or from the one that its party was shown: a yes may hold for a later one unseen. */
static bool check_taken_back(struct desk_work *work, const struct on_bundle *on, uint64_t version)
{
    bool nation = work->context->party->party->role == MUSTER__ROLE__ROLE_AGENCY;
    return version == (nation ? on->head->released : on->head->agreed) || check_version(work, on, version);
}

static int check_answer(struct desk_work *work, const struct on_bundle *on, const Muster__BundleChange *change)
{
    bool may, take_back = change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK;
    int status = may_answer(work, on, take_back, &may);
    if (status != STATUS_OK)
        return status;
    if (!may) {
        desk_refuse_missing(work, "bundle", on->name);
        return STATUS_OK;
    }
    if (take_back ? !check_taken_back(work, on, change->version) : !check_version(work, on, change->version))
        return STATUS_OK;
    if (take_back) {
        if (bundle_answer(on->head, work->context->party->party->id) == NULL)
            desk_refuse(work, STATUS_STALE, "bundle", on->name, "an answer of yours that stands", "nothing to do: there is none");
        return STATUS_OK;
    }
    if (on->head->state == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED) {
        refuse_state(work, on, "released", "wait until it is released again");
        return STATUS_OK;
    }
    status = check_terms(work, on, change);
    return status == STATUS_OK && change->answer == MUSTER__ANSWER_KIND__ANSWER_YES ? check_own_objects(work, on) : status;
}

static int check_replan(struct desk_work *work, const Muster__BundleChange *change)
{
    Muster__Stored *item;
    struct bundle_bound bound;
    int status = state_object(work->txn, TABLE_ITEMS, "", change->item, work->arena, &item);
    if (status == STATUS_NOT_FOUND) {
        desk_refuse_missing(work, "item", change->item);
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = bundle_bound(work->txn, change->item, work->arena, &bound);
    if (status == STATUS_OK && bound.bundle != NULL)
        desk_refuse(work, STATUS_STALE, "item", change->item, "a lot without a released bundle", "it gets no other proposal until that is committed or ends");
    return status;
}

static int check_adopt(struct desk_work *work, const struct on_bundle *on, const Muster__BundleChange *change)
{
    if (on->head->state != MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED || on->head->first_released != 0) {
        refuse_state(work, on, "proposed, never released", "reject it first: a released bundle is planned again from its first inputs alone");
        return STATUS_OK;
    }
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < change->variant->n_without; at++) {
        Muster__PartyRecord *party;
        status = state_party(work->txn, change->variant->without[at], work->arena, &party);
        if (status == STATUS_NOT_FOUND) {
            desk_refuse_missing(work, "without", change->variant->without[at]);
            status = STATUS_OK;
        }
    }
    for (size_t at = 0; at < change->variant->n_rules; at++) {
        const Muster__PolicyEntry *rule = change->variant->rules[at];
        if (rule->item[0] != '\0' && strcmp(rule->item, on->head->item) != 0)
            desk_refuse(work, STATUS_INVALID, "rules", rule->item, "rules of this lot alone", "leave the item out");
    }
    return status;
}

static int check_coordinator(struct desk_work *work, const struct on_bundle *on, const Muster__BundleChange *change)
{
    bool asked = on->head->state == MUSTER__BUNDLE_STATE__BUNDLE_RELEASED || on->head->state == MUSTER__BUNDLE_STATE__BUNDLE_AGREED;
    switch (change->kind) {
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE:
        return check_version(work, on, change->version) ? check_release(work, on, change) : STATUS_OK;
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT:
        if (!bundle_is_open(on->head))
            refuse_state(work, on, "proposed, released or agreed", "it is committed or has ended");
        else if (!on->head->replanning)
            check_version(work, on, change->version);
        return STATUS_OK;
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_EXTEND:
        if (!asked)
            refuse_state(work, on, "released or agreed", "no round runs: there is no deadline");
        else if (check_version(work, on, change->version))
            check_deadline(work, change->deadline, on->head->deadline);
        return STATUS_OK;
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER:
        if (on->head->state != MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED)
            refuse_state(work, on, "committed", "only a committed bundle is ordered");
        else
            check_version(work, on, change->version);
        return STATUS_OK;
    default:
        return check_version(work, on, change->version) ? check_adopt(work, on, change) : STATUS_OK;
    }
}

static bool is_answer(const Muster__BundleChange *change)
{
    return change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER || change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK;
}

static int check_change(struct desk_work *work, const Muster__BundleChange *change)
{
    if (change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REPLAN && change->item != NULL)
        return check_replan(work, change);
    struct on_bundle on = {.name = bundle_name(work->arena, change->number)};
    int status = on.name != NULL ? state_bundle(work->txn, change->number, work->arena, &on.head) : STATUS_NO_MEMORY;
    if (status == STATUS_NOT_FOUND) {
        desk_refuse_missing(work, "bundle", on.name);
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = state_version(work->txn, change->number, on.head->version, work->arena, &on.version);
    if (status == STATUS_OK)
        status = state_market(work->txn, change->number, on.head->version, work->arena, &on.market);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    if (is_answer(change))
        return check_answer(work, &on, change);
    if (change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REPLAN) {
        Muster__BundleChange of_lot = *change;
        of_lot.item = on.head->item;
        return check_replan(work, &of_lot);
    }
    return check_coordinator(work, &on, change);
}

/* Several answers may come at once, to as many bundles; whatever else is done to a bundle may change what the next check sees. */
static bool check_alone(struct desk_work *work)
{
    const Muster__Submission *submission = work->submission;
    for (size_t at = 1; at < submission->n_bundles; at++) {
        bool alone = !is_answer(submission->bundles[at]) || !is_answer(submission->bundles[0]);
        for (size_t of = 0; of < at; of++)
            alone = alone || submission->bundles[of]->number == submission->bundles[at]->number;
        if (!alone)
            continue;
        work->faults->change = (uint32_t)at;
        desk_refuse(work, STATUS_INVALID, "bundle", "", "one change of a bundle in a submission", "send one after the other");
        return false;
    }
    return true;
}

int bundles_check(struct desk_work *work)
{
    int status = STATUS_OK;
    if (!check_alone(work))
        return STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < work->submission->n_bundles; at++) {
        work->faults->change = (uint32_t)at;
        status = check_change(work, work->submission->bundles[at]);
    }
    return status;
}
