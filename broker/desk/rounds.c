/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/desk/bundle.h"
#include "broker/desk/keys.h"
#include "broker/desk/lots.h"
#include "broker/desk/redactions.h"
#include "broker/desk/signal.h"
#include "proto/settings.h"

/*
 * Rounds. Nations, then suppliers, are asked until a deadline. One entry closes a round: once all have answered, or at the
 * deadline. It names who is in and who leaves (noes, silences, answers taken back, suspensions), and what follows: the
 * next round, the commitment, or a re-plan of what is left.
 */

struct round {
    struct bundle_parties nations;
    struct bundle_parties suppliers;
    bool of_nations;
};

static int open_round(struct arena *arena, const Muster__BundleHead *head, const Muster__BundleVersion *version, struct round *round)
{
    round->of_nations = head->state == MUSTER__BUNDLE_STATE__BUNDLE_RELEASED;
    int status = bundle_askees(arena, version->plan, true, &round->nations);
    return status == STATUS_OK ? bundle_askees(arena, version->plan, false, &round->suppliers) : status;
}

static bool all_answered(const Muster__BundleHead *head, const struct bundle_parties *asked)
{
    for (size_t at = 0; at < asked->count; at++) {
        if (bundle_answer(head, asked->list[at]) == NULL)
            return false;
    }
    return true;
}

static void sort_out(const Muster__BundleHead *head, const struct bundle_parties *asked, Muster__RoundClosed *closed)
{
    for (size_t at = 0; at < asked->count; at++) {
        const Muster__BundleAnswer *answer = bundle_answer(head, asked->list[at]);
        char *party = (char *)(uintptr_t)asked->list[at];
        if (answer != NULL && answer->kind == MUSTER__ANSWER_KIND__ANSWER_YES)
            closed->yes[closed->n_yes++] = party;
        else
            closed->no[closed->n_no++] = party;
    }
}

static int close_round(struct store_txn *txn, const struct desk_context *context, struct arena *arena, const Muster__BundleHead *head,
                       const struct round *round, Muster__RoundClosed **out)
{
    Muster__RoundClosed *closed = arena_alloc(arena, sizeof *closed);
    size_t most = round->nations.count + round->suppliers.count + 1;
    uint64_t days;
    if (closed == NULL)
        return STATUS_NO_MEMORY;
    muster__round_closed__init(closed);
    closed->number = head->number;
    closed->version = head->version;
    closed->nations = round->of_nations;
    closed->yes = arena_array(arena, most, sizeof *closed->yes);
    closed->no = arena_array(arena, most, sizeof *closed->no);
    if (closed->yes == NULL || closed->no == NULL)
        return STATUS_NO_MEMORY;
    sort_out(head, &round->nations, closed);
    if (!round->of_nations) {
        sort_out(head, &round->suppliers, closed);
    } else {
        /* A supplier that was suspended, or changed what it offered, has said no before it is asked. */
        for (size_t at = 0; at < round->suppliers.count; at++) {
            const Muster__BundleAnswer *answer = bundle_answer(head, round->suppliers.list[at]);
            if (answer != NULL && answer->kind == MUSTER__ANSWER_KIND__ANSWER_NO)
                closed->no[closed->n_no++] = (char *)(uintptr_t)round->suppliers.list[at];
        }
    }
    int setting = SETTING_CONFIRM_DAYS;
    closed->next = round->of_nations ? MUSTER__BUNDLE_STATE__BUNDLE_AGREED : MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED;
    if (closed->n_no != 0) {
        closed->next = MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED;
        setting = SETTING_LAPSE_DAYS;
    }
    int status = desk_setting(txn, arena, setting, &days);
    if (closed->next != MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED)
        closed->deadline = context->log_time + days * DESK_DAY;
    *out = closed;
    return status;
}

static int make_lapse(struct arena *arena, const Muster__BundleHead *head, const char *reason, Muster__Submission *due)
{
    Muster__Lapsed *lapsed = arena_alloc(arena, sizeof *lapsed);
    if (lapsed == NULL)
        return STATUS_NO_MEMORY;
    muster__lapsed__init(lapsed);
    lapsed->number = head->number;
    lapsed->version = head->version;
    lapsed->reason = (char *)(uintptr_t)reason;
    due->lapsed = lapsed;
    return STATUS_OK;
}

/* Whether anything is left that a plan could serve; of a bundle planned again, of those who have not left. */
static int plan_is_left(struct store_txn *txn, const Muster__BundleHead *head, struct arena *arena, bool *left)
{
    Muster__Market *market;
    if (head->first_released == 0)
        return lots_has_demand(txn, head->item, arena, left);
    *left = true;
    if (!head->replanning)
        return STATUS_OK;
    int status = state_market(txn, head->number, head->first_released, arena, &market);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    *left = false;
    for (size_t at = 0; at < market->n_demands && !*left; at++) {
        bool stays = strcmp(market->demands[at]->item, head->item) == 0;
        for (size_t of = 0; of < head->n_left; of++)
            stays = stays && !state_name_is_of(market->demands[at]->id, head->left[of]);
        *left = stays;
    }
    return STATUS_OK;
}

static int due_of(struct store_txn *txn, const struct desk_context *context, struct arena *arena, const Muster__BundleHead *head,
                  Muster__Submission *due)
{
    bool left = true;
    if (head->state == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED && desk_may_pass(context, head->lapses))
        return make_lapse(arena, head, "not released again in time", due);
    if (head->state == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED) {
        int status = plan_is_left(txn, head, arena, &left);
        return status == STATUS_OK && !left ? make_lapse(arena, head, "no plan is left", due) : status;
    }
    if (head->state != MUSTER__BUNDLE_STATE__BUNDLE_RELEASED && head->state != MUSTER__BUNDLE_STATE__BUNDLE_AGREED)
        return STATUS_OK;
    Muster__BundleVersion *version;
    struct round round;
    int status = state_version(txn, head->number, head->version, arena, &version);
    if (status == STATUS_OK)
        status = open_round(arena, head, version, &round);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    if (all_answered(head, round.of_nations ? &round.nations : &round.suppliers) || desk_may_pass(context, head->deadline))
        return close_round(txn, context, arena, head, &round, &due->round_closed);
    return STATUS_OK;
}

#define LOOK_PERIOD 10000u                  /* milliseconds */
#define LOOK_ARENA_CAP ((size_t)512 << 20) /* one bundle's version, or the market it began with */

/* Whether a bundle has something due; what that took is dropped, since a look goes over all bundles and mostly finds none. */
static int is_due(struct store_txn *txn, const struct desk_context *context, const Muster__BundleHead *head, bool *due)
{
    struct arena arena;
    Muster__Submission found;
    muster__submission__init(&found);
    arena_init(&arena, LOOK_ARENA_CAP);
    int status = due_of(txn, context, &arena, head, &found);
    *due = status == STATUS_OK && (found.round_closed != NULL || found.lapsed != NULL);
    arena_drop(&arena);
    return status;
}

int desk_next_due(struct store_txn *txn, const struct desk_context *context, struct arena *arena, Muster__Submission **due)
{
    struct state_bundles all;
    Muster__Submission *next = arena_alloc(arena, sizeof *next);
    *due = NULL;
    if (next == NULL)
        return STATUS_NO_MEMORY;
    muster__submission__init(next);
    int status = keys_next_due(txn, context, arena, next);
    if (status == STATUS_OK && next->keys_bound == NULL)
        status = redactions_due(txn, arena, next);
    if (status != STATUS_OK || next->keys_bound != NULL || next->redacted != NULL) {
        *due = status == STATUS_OK ? next : NULL;
        return status;
    }
    status = state_open_bundles(txn, arena, &all);
    for (size_t at = 0; status == STATUS_OK && at < all.count; at++) {
        bool found;
        status = is_due(txn, context, all.list[at], &found);
        if (status != STATUS_OK || !found)
            continue;
        status = due_of(txn, context, arena, all.list[at], next);
        *due = status == STATUS_OK ? next : NULL;
        return status;
    }
    if (status == STATUS_OK)
        status = signal_due(txn, context, arena, &next->signal);
    *due = status == STATUS_OK && next->signal != NULL ? next : NULL;
    return status;
}

/* A deadline, or what puts all deadlines off. */
static void sooner(const struct desk_context *context, uint64_t deadline, uint64_t *time)
{
    if (deadline != 0 && deadline < context->deadlines_from)
        deadline = context->deadlines_from;
    if (deadline != 0 && deadline < *time)
        *time = deadline;
}

int desk_next_deadline(struct store_txn *txn, const struct desk_context *context, struct arena *arena, uint64_t *time)
{
    struct state_bundles open;
    uint64_t keys = UINT64_MAX;
    /* A day may bring a publication; and nothing is left alone for long, whoever forgets to name it here. */
    *time = (context->log_time / DESK_DAY + 1) * DESK_DAY;
    sooner(context, context->log_time + LOOK_PERIOD, time);
    int status = keys_next_deadline(txn, context, &keys);
    sooner(context, keys, time);
    if (status == STATUS_OK)
        status = state_open_bundles(txn, arena, &open);
    for (size_t at = 0; status == STATUS_OK && at < open.count; at++) {
        const Muster__BundleHead *head = open.list[at];
        sooner(context, head->state == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED ? head->lapses : head->deadline, time);
    }
    return status;
}

static bool new_demands(const Muster__Submission *submission)
{
    for (size_t at = 0; at < submission->n_demands; at++) {
        if (submission->demands[at]->kind != MUSTER__CHANGE_KIND__CHANGE_PUT || submission->demands[at]->replaces != 0)
            return false;
    }
    return submission->n_demands != 0;
}

static bool new_offers(const Muster__Submission *submission)
{
    for (size_t at = 0; at < submission->n_offers; at++) {
        if (submission->offers[at]->kind != MUSTER__CHANGE_KIND__CHANGE_PUT || submission->offers[at]->replaces != 0)
            return false;
    }
    return submission->n_offers != 0;
}

bool desk_stirs(const Muster__Submission *submission)
{
    return submission->started == NULL && submission->n_exports == 0 && !new_demands(submission) && !new_offers(submission);
}

/* --- apply ----------------------------------------------------------------------------------------------------- */

static int commit_award(const struct desk_entry *entry, const Muster__BundleVersion *version, const Muster__Market *market, Muster__Award *award)
{
    const Muster__Demand *demand = stands_find_demand(market, award->demand);
    const Muster__Offer *offer = stands_find_offer(market, award->offer);
    if (demand == NULL || offer == NULL || award->tier == 0 || award->tier > offer->n_tiers)
        return STATUS_CORRUPT;
    Muster__Commitment commitment = MUSTER__COMMITMENT__INIT;
    commitment.demand = award->demand;
    commitment.month = award->month;
    commitment.offer = award->offer;
    commitment.tier = award->tier;
    commitment.quantity = award->quantity;
    commitment.unit_price = award->unit_price;
    commitment.freight = award->freight;
    commitment.one_off = award->one_off;
    Muster__StoredCommitment stored = MUSTER__STORED_COMMITMENT__INIT;
    stored.number = version->number;
    stored.version = version->version;
    stored.item = version->item;
    stored.fund = demand->fund;
    stored.commitment = &commitment;
    stored.currency = offer->currency;
    stored.currency_price = offer->tiers[award->tier - 1]->unit_price;
    stored.time = entry->time;
    stored.position = entry->position;
    return state_put_commitment(entry->txn, &stored);
}

static int commit_bundle(const struct desk_entry *entry, Muster__BundleHead *head)
{
    Muster__BundleVersion *version;
    Muster__Market *market;
    int status = state_version(entry->txn, head->number, head->version, entry->arena, &version);
    if (status == STATUS_OK)
        status = state_market(entry->txn, head->number, head->version, entry->arena, &market);
    if (status == STATUS_NOT_FOUND)
        return STATUS_CORRUPT;
    for (size_t at = 0; status == STATUS_OK && at < version->plan->n_awards; at++)
        status = commit_award(entry, version, market, version->plan->awards[at]);
    return status == STATUS_OK ? bundle_let_go(entry, head) : status;
}

/* The noes of those who leave, for the coordinator: a re-plan drops the answers of its version. Who did not answer is noted as silent. */
static int note_left_answers(const struct desk_entry *entry, Muster__BundleHead *head, const Muster__RoundClosed *closed)
{
    Muster__BundleAnswer **list = arena_array(entry->arena, head->n_left_answers + closed->n_no + 1, sizeof *list);
    Muster__BundleAnswer *silent = arena_array(entry->arena, closed->n_no + 1, sizeof *silent);
    if (list == NULL || silent == NULL)
        return STATUS_NO_MEMORY;
    if (head->n_left_answers != 0)
        memcpy(list, head->left_answers, head->n_left_answers * sizeof *list);
    for (size_t at = 0; at < closed->n_no; at++) {
        const Muster__BundleAnswer *answer = bundle_answer(head, closed->no[at]);
        muster__bundle_answer__init(&silent[at]);
        silent[at].party = closed->no[at];
        silent[at].kind = MUSTER__ANSWER_KIND__ANSWER_NO;
        silent[at].version = closed->version;
        silent[at].reason = "";
        silent[at].time = entry->time;
        list[head->n_left_answers++] = answer != NULL ? (Muster__BundleAnswer *)(uintptr_t)answer : &silent[at];
    }
    head->left_answers = list;
    return STATUS_OK;
}

static int note_left(const struct desk_entry *entry, Muster__BundleHead *head, const Muster__RoundClosed *closed)
{
    char **left = arena_array(entry->arena, head->n_left + closed->n_no + 1, sizeof *left);
    if (left == NULL)
        return STATUS_NO_MEMORY;
    size_t count = 0;
    for (size_t at = 0; at < head->n_left; at++)
        left[count++] = head->left[at];
    for (size_t at = 0; at < closed->n_no; at++)
        left[count++] = closed->no[at];
    head->left = left;
    head->n_left = count;
    return note_left_answers(entry, head, closed);
}

int round_closed_apply(const struct desk_entry *entry)
{
    const Muster__RoundClosed *closed = entry->submission->round_closed;
    Muster__BundleHead *head;
    int status = state_bundle(entry->txn, closed->number, entry->arena, &head);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    head->state = closed->next;
    head->changed = entry->time;
    head->deadline = closed->next == MUSTER__BUNDLE_STATE__BUNDLE_AGREED ? closed->deadline : 0;
    if (closed->next == MUSTER__BUNDLE_STATE__BUNDLE_AGREED)
        head->agreed = head->version;
    if (closed->next == MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED) {
        head->lapses = closed->deadline;
        head->replanning = true;
        status = note_left(entry, head, closed);
    } else if (closed->next == MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED) {
        status = commit_bundle(entry, head);
    }
    return status == STATUS_OK ? state_put_bundle(entry->txn, head) : status;
}

int lapsed_apply(const struct desk_entry *entry)
{
    const Muster__Lapsed *lapsed = entry->submission->lapsed;
    Muster__BundleHead *head;
    int status = state_bundle(entry->txn, lapsed->number, entry->arena, &head);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    head->state = MUSTER__BUNDLE_STATE__BUNDLE_LAPSED;
    head->changed = entry->time;
    head->reason = lapsed->reason;
    head->deadline = head->lapses = 0;
    head->replanning = false;
    status = bundle_let_go(entry, head);
    return status == STATUS_OK ? state_put_bundle(entry->txn, head) : status;
}
