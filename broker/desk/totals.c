/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/totals.h"

#include <string.h>

#include "broker/desk/sums.h"
#include "proto/limits.h"
#include "proto/names.h"

/*
 * The core's bound is on the sum over lines of quantity x the larger of (highest weight x reference value) and the ceiling, below
 * 2^62 for a lot and for all lots planned together. The reference value is a ceiling of the lot, so quantity x highest ceiling x the
 * highest weight there can be is never less. Sixteen lots at this bound stay within the core's; in euros it is about
 * three million millions a lot.
 */
#define LOT_TOTAL_BELOW ((__int128)1 << 58)

struct totals {
    struct desk_work *work;
    struct names changed; /* ids that the submission changes */
    Muster__StoredSet *rates;
    const char *base;
    uint64_t policy; /* its version */
};

static void add(const struct totals *totals, const Muster__Demand *demand, struct desk_sum *total)
{
    int64_t ceiling;
    if (desk_to_base(demand->max_unit_price, demand->currency, totals->base, totals->rates->rates, totals->rates->n_rates, &ceiling) != STATUS_OK)
        ceiling = LIMIT_AMOUNT_MOST;
    total->ceiling = ceiling > total->ceiling ? ceiling : total->ceiling;
    for (size_t at = 0; at < demand->n_lines; at++)
        total->quantity += demand->lines[at]->quantity;
}

/* What stands in a lot; left: less what the submission replaces. */
static int add_stored(struct totals *totals, const char *item, struct desk_sum *all, struct desk_sum *left)
{
    const char *sender = totals->work->context->party->party->id;
    struct state_objects stored;
    int status = state_lot_objects(totals->work->txn, TABLE_DEMANDS, item, totals->work->arena, &stored);
    for (size_t at = 0; status == STATUS_OK && at < stored.count; at++) {
        bool own = strcmp(stored.list[at].party, sender) == 0;
        if (stored.list[at].stored->withdrawn)
            continue;
        add(totals, stored.list[at].stored->demand, all);
        if (!own || names_find(&totals->changed, stored.list[at].id) == NAMES_NONE)
            add(totals, stored.list[at].stored->demand, left);
    }
    return status;
}

static void add_submitted(const struct totals *totals, size_t first, struct desk_sum *total)
{
    const Muster__Submission *submission = totals->work->submission;
    const char *item = submission->demands[first]->demand->item;
    for (size_t at = first; at < submission->n_demands; at++) {
        const Muster__Demand *demand = submission->demands[at]->demand;
        if (demand != NULL && strcmp(demand->item, item) == 0)
            add(totals, demand, total);
    }
}

/* The quantity is cut at what is refused anyway, so that the product stays within 128 bits. */
static bool too_large(const struct desk_sum *total)
{
    __int128 quantity = total->quantity < LOT_TOTAL_BELOW ? total->quantity : LOT_TOTAL_BELOW;
    return quantity * total->ceiling >= LOT_TOTAL_BELOW / LIMIT_WEIGHT_MOST;
}

static int check_lot(struct totals *totals, size_t first)
{
    const char *item = totals->work->submission->demands[first]->demand->item;
    struct desk_sums *sums = totals->work->context->sums;
    struct desk_sum all = {0}, total;
    bool known = desk_sums_find(sums, item, totals->rates->version, totals->policy, &all);
    total = all;
    add_submitted(totals, first, &total);
    if (!known || too_large(&total)) {
        all = total = (struct desk_sum){0};
        int status = add_stored(totals, item, &all, &total);
        if (status != STATUS_OK)
            return status;
        add_submitted(totals, first, &total);
    }
    if (too_large(&total)) {
        totals->work->faults->change = (uint32_t)first;
        desk_refuse(totals->work, STATUS_INVALID, "quantity", item, "quantities and ceilings that can be planned", "look for a figure that is far too large");
        return STATUS_OK;
    }
    /* What is replaced stays in: the submission may yet be refused. */
    add_submitted(totals, first, &all);
    desk_sums_keep(sums, item, totals->rates->version, totals->policy, &all);
    return STATUS_OK;
}

static bool seen_before(const Muster__Submission *submission, size_t at)
{
    for (size_t of = 0; of < at; of++) {
        if (submission->demands[of]->demand != NULL && strcmp(submission->demands[of]->demand->item, submission->demands[at]->demand->item) == 0)
            return true;
    }
    return false;
}

int totals_check(struct desk_work *work)
{
    const Muster__Submission *submission = work->submission;
    struct totals totals = {.work = work};
    Muster__StoredSet *policy;
    int status = desk_sums_set(work->context->sums, work->txn, TABLE_RATES, work->arena, &totals.rates);
    if (status == STATUS_OK)
        status = desk_sums_set(work->context->sums, work->txn, TABLE_POLICY, work->arena, &policy);
    if (status == STATUS_OK)
        status = names_init(&totals.changed, work->arena, submission->n_demands);
    if (status != STATUS_OK)
        return status;
    totals.base = desk_base_currency(policy);
    totals.policy = policy->version;
    for (size_t at = 0; at < submission->n_demands; at++)
        names_add(&totals.changed, submission->demands[at]->id, (uint32_t)at);
    names_sort(&totals.changed);
    for (size_t at = 0; status == STATUS_OK && at < submission->n_demands; at++) {
        if (submission->demands[at]->demand != NULL && !seen_before(submission, at))
            status = check_lot(&totals, at);
    }
    return status;
}
