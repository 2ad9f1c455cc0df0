/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/desk/bundle.h"
#include "broker/desk/four_eyes.h"
#include "proto/settings.h"

/* What becomes of a bundle by the deeds of coordinators, agencies and suppliers. */

/* A release without a deadline under a policy without one lasts so long, whatever a later program's default is. */
#define RELEASE_DAYS_UNSTATED 14u

static int days_of_round(const struct desk_entry *entry, uint64_t *days)
{
    Muster__StoredSet *policy;
    int status = state_set(entry->txn, TABLE_POLICY, entry->arena, &policy);
    *days = RELEASE_DAYS_UNSTATED;
    for (size_t at = 0; status == STATUS_OK && at < policy->n_policy; at++) {
        uint64_t stated;
        const Muster__PolicyEntry *row = policy->policy[at];
        if (strcmp(row->key, settings_name(SETTING_ANSWER_DAYS)) == 0 && row->value[0] != '\0' &&
            settings_read(SETTING_ANSWER_DAYS, row->value, &stated))
            *days = stated;
    }
    return status;
}

static int apply_release(const struct desk_entry *entry, Muster__BundleHead *head, const Muster__BundleChange *change)
{
    Muster__BundleVersion *version;
    Muster__Market *market;
    Muster__FundDraw **draws;
    size_t count;
    uint64_t days, deadline;
    bool waits;
    int status = days_of_round(entry, &days);
    if (status == STATUS_OK)
        status = state_version(entry->txn, head->number, head->version, entry->arena, &version);
    if (status == STATUS_OK)
        status = four_eyes_apply(entry, head, version, change, &waits, &deadline);
    if (status == STATUS_OK && waits)
        return state_put_bundle(entry->txn, head);
    if (status == STATUS_OK)
        status = state_market(entry->txn, head->number, head->version, entry->arena, &market);
    if (status == STATUS_OK)
        status = bundle_draws(entry->arena, version->plan, market, &draws, &count);
    if (status == STATUS_OK)
        status = bundle_hold(entry->txn, head, draws, count);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    head->state = MUSTER__BUNDLE_STATE__BUNDLE_RELEASED;
    head->deadline = deadline > entry->time ? deadline : entry->time + days * DESK_DAY;
    head->lapses = 0;
    head->released = head->version;
    if (head->first_released == 0)
        head->first_released = head->version;
    return state_put_bundle(entry->txn, head);
}

static int apply_reject(const struct desk_entry *entry, Muster__BundleHead *head, const Muster__BundleChange *change)
{
    Muster__LotState *lot;
    Muster__LotPlans *plans;
    Muster__BundleVersion *version;
    int status = state_version(entry->txn, head->number, head->version, entry->arena, &version);
    if (status == STATUS_OK)
        status = state_lot(entry->txn, head->item, entry->arena, &lot);
    if (status == STATUS_OK)
        status = state_plans(entry->txn, head->item, entry->arena, &plans);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    /* An equal result from equal inputs isn't written again. */
    plans->rejected = version->plan;
    lot->rejected_inputs_sha256 = lot->inputs_sha256;
    status = state_put_lot(entry->txn, lot);
    if (status == STATUS_OK)
        status = state_put_plans(entry->txn, head->item, plans);
    head->state = MUSTER__BUNDLE_STATE__BUNDLE_REJECTED;
    head->reason = change->reason;
    head->deadline = head->lapses = 0;
    head->replanning = false;
    if (status == STATUS_OK)
        status = bundle_let_go(entry, head);
    return status == STATUS_OK ? state_put_bundle(entry->txn, head) : status;
}

static int apply_answer(const struct desk_entry *entry, Muster__BundleHead *head, const Muster__BundleChange *change)
{
    Muster__BundleAnswer answer = MUSTER__BUNDLE_ANSWER__INIT;
    answer.party = (char *)(uintptr_t)entry->party;
    answer.kind = change->answer;
    answer.version = head->version;
    answer.terms_sha256 = change->terms_sha256;
    answer.reason = change->reason != NULL ? change->reason : "";
    answer.time = entry->time;
    answer.counts = true;
    int status = bundle_set_answer(entry->arena, head, &answer);
    return status == STATUS_OK ? state_put_bundle(entry->txn, head) : status;
}

static int apply_take_back(const struct desk_entry *entry, Muster__BundleHead *head)
{
    for (size_t at = 0; at < head->n_answers; at++) {
        if (strcmp(head->answers[at]->party, entry->party) == 0) {
            head->answers[at]->counts = false;
            head->answers[at]->time = entry->time;
        }
    }
    return state_put_bundle(entry->txn, head);
}

static int apply_ask(const struct desk_entry *entry, const char *item, const Muster__Variant *variant)
{
    Muster__LotState *lot;
    int status = state_lot(entry->txn, item, entry->arena, &lot);
    if (status != STATUS_OK)
        return status;
    lot->asked = entry->position + 1;
    lot->touched = entry->position + 1;
    if (variant != NULL)
        lot->variant = (Muster__Variant *)(uintptr_t)variant;
    return state_put_lot(entry->txn, lot);
}

static int apply_change(const struct desk_entry *entry, const Muster__BundleChange *change)
{
    if (change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REPLAN && change->item != NULL)
        return apply_ask(entry, change->item, NULL);
    Muster__BundleHead *head;
    int status = state_bundle(entry->txn, change->number, entry->arena, &head);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    head->changed = entry->time;
    switch (change->kind) {
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE:
        return apply_release(entry, head, change);
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT:
        return apply_reject(entry, head, change);
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_EXTEND:
        head->deadline = change->deadline;
        return state_put_bundle(entry->txn, head);
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER:
        return apply_answer(entry, head, change);
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK:
        return apply_take_back(entry, head);
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER:
        head->state = MUSTER__BUNDLE_STATE__BUNDLE_ORDERED;
        return state_put_bundle(entry->txn, head);
    case MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ADOPT:
        return apply_ask(entry, head->item, change->variant);
    default:
        return apply_ask(entry, head->item, NULL);
    }
}

int bundles_apply(const struct desk_entry *entry)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < entry->submission->n_bundles; at++)
        status = apply_change(entry, entry->submission->bundles[at]);
    return status;
}
