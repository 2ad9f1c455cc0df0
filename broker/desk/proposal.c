/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/desk/bundle.h"
#include "proto/names.h"

/* What planning wrote: a new version of a bundle, or that a lot has no bundle; and the reasons that either gives. */

/* What one planning has found out of a lot. */
struct findings {
    const Muster__LotPlan *plan;
    Muster__InputVersion *const *inputs;
    size_t n_inputs;
    Muster__Unused *const *unused; /* the reasons that suppliers may be told */
    size_t n_unused;
    /* Where each name stands: a lot has thousands of demands. */
    struct names uncovered_at, unused_at, told_at, awarded_at;
};

static int index_findings(struct arena *arena, struct findings *found)
{
    const Muster__LotPlan *plan = found->plan;
    int status = names_init(&found->uncovered_at, arena, plan->n_uncovered);
    if (status == STATUS_OK)
        status = names_init(&found->unused_at, arena, plan->n_unused);
    if (status == STATUS_OK)
        status = names_init(&found->told_at, arena, found->n_unused);
    if (status == STATUS_OK)
        status = names_init(&found->awarded_at, arena, plan->n_awards);
    if (status != STATUS_OK)
        return status;
    for (size_t at = 0; at < plan->n_uncovered; at++)
        names_add(&found->uncovered_at, plan->uncovered[at]->demand, (uint32_t)at);
    for (size_t at = 0; at < plan->n_unused; at++)
        names_add(&found->unused_at, plan->unused[at]->offer, (uint32_t)at);
    for (size_t at = 0; at < found->n_unused; at++)
        names_add(&found->told_at, found->unused[at]->offer, (uint32_t)at);
    for (size_t at = 0; at < plan->n_awards; at++)
        names_add(&found->awarded_at, plan->awards[at]->offer, (uint32_t)at);
    names_sort(&found->uncovered_at);
    names_sort(&found->unused_at);
    names_sort(&found->told_at);
    names_sort(&found->awarded_at);
    return STATUS_OK;
}

static const Muster__Uncovered *uncovered_of(const struct findings *found, const char *demand)
{
    size_t at = names_find(&found->uncovered_at, demand);
    return at != NAMES_NONE ? found->plan->uncovered[at] : NULL;
}

static const Muster__Unused *unused_of(const struct findings *found, const char *offer)
{
    size_t at = names_find(&found->unused_at, offer);
    return at != NAMES_NONE ? found->plan->unused[at] : NULL;
}

static const Muster__Unused *told_of(const struct findings *found, const char *offer)
{
    size_t at = names_find(&found->told_at, offer);
    return at != NAMES_NONE ? found->unused[at] : NULL;
}

/* Keeps a reason as the newest, and as the day's first where the day had none. */
static int note_reason(const struct desk_entry *entry, enum table table, const char *name, const struct findings *found)
{
    Muster__StoredReason fresh = MUSTER__STORED_REASON__INIT, *reason = &fresh;
    const Muster__Uncovered *uncovered = table == TABLE_DEMANDS ? uncovered_of(found, name) : NULL;
    const Muster__Unused *unused = NULL, *told = NULL;
    if (table == TABLE_OFFERS) {
        /* Told as if sealed demands did not exist, also where one of them gives the offer an award: silence would tell of it. */
        told = told_of(found, name);
        unused = names_find(&found->awarded_at, name) != NAMES_NONE ? NULL : unused_of(found, name);
    }
    int status = state_reason(entry->txn, table, name, entry->arena, &reason);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    reason = status == STATUS_NOT_FOUND ? &fresh : reason;
    reason->newest_time = entry->time;
    reason->newest_uncovered = (Muster__Uncovered *)(uintptr_t)uncovered;
    reason->newest_unused = (Muster__Unused *)(uintptr_t)unused;
    reason->told_unused = (Muster__Unused *)(uintptr_t)told;
    if (reason->first_time == 0 || desk_date(reason->first_time) != desk_date(entry->time)) {
        reason->first_time = entry->time;
        reason->first_uncovered = reason->newest_uncovered;
        reason->first_unused = reason->told_unused;
    }
    return state_put_reason(entry->txn, table, name, reason);
}

static int note_reasons(const struct desk_entry *entry, struct findings *found)
{
    int status = index_findings(entry->arena, found);
    for (size_t at = 0; status == STATUS_OK && at < found->n_inputs; at++) {
        const Muster__InputVersion *input = found->inputs[at];
        bool demand = strcmp(input->noun, "demand") == 0;
        if (!demand && strcmp(input->noun, "offer") != 0)
            continue;
        char *name = state_name(entry->arena, input->party, input->id);
        if (name == NULL)
            return STATUS_NO_MEMORY;
        status = note_reason(entry, demand ? TABLE_DEMANDS : TABLE_OFFERS, name, found);
    }
    return status;
}

static int note_number(const struct desk_entry *entry, uint64_t number)
{
    Muster__ExchangeState *exchange;
    int status = state_exchange(entry->txn, entry->arena, &exchange);
    if (status != STATUS_OK || exchange->last_bundle >= number)
        return status;
    exchange->last_bundle = number;
    return state_put_exchange(entry->txn, exchange);
}

static int put_head(const struct desk_entry *entry, const Muster__BundleVersion *version)
{
    Muster__BundleHead fresh = MUSTER__BUNDLE_HEAD__INIT, *head = &fresh;
    int status = state_bundle(entry->txn, version->number, entry->arena, &head);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    head = status == STATUS_NOT_FOUND ? &fresh : head;
    head->number = version->number;
    head->item = version->item;
    head->state = MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED;
    head->version = version->version;
    head->deadline = 0;
    head->replanning = false;
    head->answers = version->answers;
    head->n_answers = version->n_answers;
    head->reason = "";
    head->changed = entry->time;
    head->variant = version->variant;
    if (head->first_released != 0) {
        Muster__Market *market = (Muster__Market *)protobuf_c_message_unpack(&muster__market__descriptor, &entry->arena->allocator,
                                                                              version->market.len, version->market.data);
        Muster__FundDraw **draws;
        size_t count;
        if (market == NULL)
            return STATUS_NO_MEMORY;
        status = bundle_draws(entry->arena, version->plan, market, &draws, &count);
        if (status == STATUS_OK)
            status = bundle_hold(entry->txn, head, draws, count);
        if (status != STATUS_OK)
            return status;
    }
    return state_put_bundle(entry->txn, head);
}

/* The lot's newest plan, of a bundle (its number) or without one (0: the lot's bundle, if any, stays). */
static int note_plan(const struct desk_entry *entry, Muster__LotPlan *plan, uint64_t bundle, uint32_t as_of, ProtobufCBinaryData inputs_sha256)
{
    Muster__LotState *lot;
    Muster__LotPlans *plans;
    int status = state_lot(entry->txn, plan->item, entry->arena, &lot);
    if (status == STATUS_OK)
        status = state_plans(entry->txn, plan->item, entry->arena, &plans);
    if (status != STATUS_OK)
        return status;
    lot->bundle = bundle != 0 ? bundle : lot->bundle;
    lot->asked = 0;
    lot->planned = entry->time;
    lot->as_of = as_of;
    lot->inputs_sha256 = inputs_sha256;
    plans->newest = plan;
    status = state_put_lot(entry->txn, lot);
    return status == STATUS_OK ? state_put_plans(entry->txn, plan->item, plans) : status;
}

int proposal_apply(const struct desk_entry *entry)
{
    Muster__BundleVersion *version = entry->submission->proposal->bundle;
    version->position = entry->position;
    version->proposed = entry->time;
    int status = put_head(entry, version);
    if (status == STATUS_OK)
        status = state_put_version(entry->txn, version);
    if (status == STATUS_OK)
        status = note_number(entry, version->number);
    if (status == STATUS_OK)
        status = note_plan(entry, version->plan, version->number, version->as_of, version->inputs_sha256);
    struct findings found = {.plan = version->plan,
                             .inputs = version->inputs,
                             .n_inputs = version->n_inputs,
                             .unused = version->open_view ? version->unused_open : version->plan->unused,
                             .n_unused = version->open_view ? version->n_unused_open : version->plan->n_unused};
    return status == STATUS_OK ? note_reasons(entry, &found) : status;
}

int lot_planned_apply(const struct desk_entry *entry)
{
    Muster__LotPlanned *planned = entry->submission->lot_planned;
    int status = note_plan(entry, planned->plan, 0, planned->as_of, planned->inputs_sha256);
    struct findings found = {.plan = planned->plan,
                             .inputs = planned->inputs,
                             .n_inputs = planned->n_inputs,
                             .unused = planned->open_view ? planned->unused_open : planned->plan->unused,
                             .n_unused = planned->open_view ? planned->n_unused_open : planned->plan->n_unused};
    return status == STATUS_OK ? note_reasons(entry, &found) : status;
}
