/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "broker/audit.h"
#include "broker/desk/bundle.h"
#include "broker/desk/planning.h"
#include "broker/desk/terms.h"
#include "proto/walk.h"

/*
 * What comes of a plan. It is audited against all rules on the market that it was made from; then each lot gets a proposal
 * (a new bundle, or the next version of one that was never released), a note that it has no bundle and why, or nothing, where
 * the result is what stands. A lot that a bundle came to bind meanwhile gets nothing.
 */

struct outcome {
    struct store_txn *txn;
    const struct desk_context *context;
    struct planning_notes *notes;
    const Muster__Plan *plan;
    const Muster__Plan *open; /* the suppliers' view; NULL: none was made */
    struct arena *arena;
    Muster__Submission *next; /* what is to be written, or NULL */
};

static int is_same_plan(struct arena *arena, const Muster__LotPlan *a, const Muster__LotPlan *b, bool *same)
{
    *same = false;
    if (a == NULL || b == NULL)
        return STATUS_OK;
    Muster__LotPlan x = *a, y = *b;
    x.bound = y.bound = 0;
    uint8_t *x_bytes, *y_bytes;
    size_t x_size, y_size;
    int status = walk_pack(&x.base, arena, &x_bytes, &x_size);
    if (status == STATUS_OK)
        status = walk_pack(&y.base, arena, &y_bytes, &y_size);
    *same = status == STATUS_OK && x_size == y_size && memcmp(x_bytes, y_bytes, x_size) == 0;
    return status;
}

static bool same_awards(const Muster__LotPlan *a, const Muster__LotPlan *b)
{
    bool same = a != NULL && b != NULL && a->n_awards == b->n_awards;
    for (size_t at = 0; same && at < a->n_awards; at++) {
        const Muster__Award *x = a->awards[at], *y = b->awards[at];
        same = strcmp(x->demand, y->demand) == 0 && x->month == y->month && strcmp(x->offer, y->offer) == 0 && x->tier == y->tier &&
               x->quantity == y->quantity && x->unit_price == y->unit_price && x->freight == y->freight && x->one_off == y->one_off;
    }
    return same;
}

static Muster__LotPlan *lot_in(const Muster__Plan *plan, const char *item)
{
    for (size_t at = 0; plan != NULL && at < plan->n_lots; at++) {
        if (strcmp(plan->lots[at]->item, item) == 0)
            return plan->lots[at];
    }
    return NULL;
}

static int new_submission(struct outcome *outcome)
{
    outcome->next = arena_alloc(outcome->arena, sizeof *outcome->next);
    if (outcome->next == NULL)
        return STATUS_NO_MEMORY;
    muster__submission__init(outcome->next);
    return STATUS_OK;
}

static int write_lapse(struct outcome *outcome, const Muster__BundleHead *head)
{
    Muster__Lapsed *lapsed = arena_alloc(outcome->arena, sizeof *lapsed);
    int status = lapsed != NULL ? new_submission(outcome) : STATUS_NO_MEMORY;
    if (status != STATUS_OK)
        return status;
    muster__lapsed__init(lapsed);
    lapsed->number = head->number;
    lapsed->version = head->version;
    lapsed->reason = "no plan is left";
    outcome->next->lapsed = lapsed;
    return STATUS_OK;
}

static int write_without(struct outcome *outcome, Muster__LotPlan *plan)
{
    Muster__LotPlanned *planned = arena_alloc(outcome->arena, sizeof *planned);
    int status = planned != NULL ? new_submission(outcome) : STATUS_NO_MEMORY;
    struct pack cut;
    if (status == STATUS_OK)
        status = pack_cut(&outcome->notes->pack, plan->item, outcome->arena, &cut);
    if (status != STATUS_OK)
        return status;
    const Muster__LotPlan *open = lot_in(outcome->open, plan->item);
    muster__lot_planned__init(planned);
    planned->plan = plan;
    planned->inputs = cut.inputs;
    planned->n_inputs = cut.n_inputs;
    planned->as_of = outcome->notes->as_of;
    planned->has_inputs_sha256 = true;
    planned->inputs_sha256 = (ProtobufCBinaryData){.data = outcome->notes->pack.inputs_sha256, .len = 32};
    planned->has_open_view = true;
    planned->open_view = outcome->notes->pack.sealed;
    planned->unused_open = open != NULL ? open->unused : NULL;
    planned->n_unused_open = open != NULL ? open->n_unused : 0;
    outcome->next->lot_planned = planned;
    return STATUS_OK;
}

/* A version with everything but its bundle's number and version, variant and answers. */
static int new_version(struct outcome *outcome, Muster__LotPlan *plan, const struct pack *pack, Muster__BundleVersion **out)
{
    struct arena *arena = outcome->arena;
    Muster__BundleVersion *version = arena_alloc(arena, sizeof *version);
    Muster__Variant *variant = arena_alloc(arena, sizeof *variant);
    uint8_t *sha256 = arena_alloc(arena, 32);
    if (version == NULL || variant == NULL || sha256 == NULL)
        return STATUS_NO_MEMORY;
    muster__bundle_version__init(version);
    muster__variant__init(variant);
    int status = pack_bytes(pack->market, arena, &version->market, sha256);
    const Muster__LotPlan *open = lot_in(outcome->open, plan->item);
    version->variant = variant;
    version->state = MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED;
    version->item = plan->item;
    version->plan = plan;
    version->inputs = pack->inputs;
    version->n_inputs = pack->n_inputs;
    version->market_sha256 = (ProtobufCBinaryData){.data = sha256, .len = 32};
    version->engine = outcome->plan->engine;
    version->as_of = outcome->notes->as_of;
    version->proposed = outcome->context->log_time;
    version->position = outcome->context->position;
    version->reason = "";
    version->has_inputs_sha256 = true;
    version->inputs_sha256 = (ProtobufCBinaryData){.data = outcome->notes->pack.inputs_sha256, .len = 32};
    version->has_open_view = true;
    version->open_view = outcome->notes->pack.sealed;
    version->unused_open = open != NULL ? open->unused : NULL;
    version->n_unused_open = open != NULL ? open->n_unused : 0;
    *out = version;
    return status;
}

static int write_version(struct outcome *outcome, Muster__BundleVersion *version)
{
    Muster__Proposal *proposal = arena_alloc(outcome->arena, sizeof *proposal);
    int status = proposal != NULL ? new_submission(outcome) : STATUS_NO_MEMORY;
    if (status != STATUS_OK)
        return status;
    muster__proposal__init(proposal);
    proposal->bundle = version;
    outcome->next->proposal = proposal;
    return STATUS_OK;
}

static int write_proposal(struct outcome *outcome, Muster__LotPlan *plan, const Muster__LotState *lot, const Muster__BundleHead *head)
{
    struct pack cut;
    Muster__BundleVersion *version;
    Muster__ExchangeState *exchange;
    int status = pack_cut(&outcome->notes->pack, plan->item, outcome->arena, &cut);
    if (status == STATUS_OK)
        status = new_version(outcome, plan, &cut, &version);
    if (status == STATUS_OK)
        status = state_exchange(outcome->txn, outcome->arena, &exchange);
    if (status != STATUS_OK)
        return status;
    version->number = head != NULL ? head->number : exchange->last_bundle + 1;
    version->version = head != NULL ? head->version + 1 : 1;
    version->variant = lot->variant;
    return write_version(outcome, version);
}

/* Whether the result is one that stands already, or that a coordinator rejected. */
static int stands_already(struct outcome *outcome, const Muster__LotPlan *plan, const Muster__LotState *lot, const Muster__BundleHead *head,
                          bool *stands)
{
    Muster__LotPlans *plans;
    *stands = false;
    if (lot->asked != 0)
        return STATUS_OK;
    int status = state_plans(outcome->txn, plan->item, outcome->arena, &plans);
    if (status != STATUS_OK)
        return status;
    bool equal_inputs = lot->rejected_inputs_sha256.len == 32 &&
                        memcmp(lot->rejected_inputs_sha256.data, outcome->notes->pack.inputs_sha256, 32) == 0;
    if (head == NULL && plan->n_awards != 0 && equal_inputs && same_awards(plan, plans->rejected)) {
        *stands = true;
        return STATUS_OK;
    }
    /* What stands is the newest plan where it is of the bundle that stands, or without awards where none does. */
    if ((head != NULL) != (plan->n_awards != 0))
        return STATUS_OK;
    if (head == NULL && plans->newest != NULL && plans->newest->n_awards != 0)
        return STATUS_OK;
    return is_same_plan(outcome->arena, plan, plans->newest, stands);
}

/* What one lot of the job gets. *again: there is more to write for it. */
static int lot_outcome(struct outcome *outcome, const char *item, bool *again)
{
    Muster__LotPlan *plan = lot_in(outcome->plan, item);
    Muster__LotState *lot;
    Muster__BundleHead *head = NULL;
    bool stands;
    *again = false;
    if (plan == NULL)
        return STATUS_OK;
    int status = state_lot(outcome->txn, item, outcome->arena, &lot);
    if (status == STATUS_OK && lot->bundle != 0)
        status = state_bundle(outcome->txn, lot->bundle, outcome->arena, &head);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    if (head != NULL && bundle_is_bound(head))
        return STATUS_OK;
    status = stands_already(outcome, plan, lot, head, &stands);
    if (status != STATUS_OK || stands)
        return status;
    if (plan->n_awards != 0)
        return write_proposal(outcome, plan, lot, head);
    *again = head != NULL;
    return head != NULL ? write_lapse(outcome, head) : write_without(outcome, plan);
}

/* --- a bundle that was planned again --------------------------------------------------------------------------- */

/* Whether the yes that a party gave to one version holds for the next. */
static int answer_holds(struct outcome *outcome, const Muster__BundleHead *head, const Muster__BundleAnswer *answer,
                        const Muster__BundleVersion *next, const Muster__Market *market, bool *holds)
{
    Muster__BundleVersion *then;
    Muster__Market *then_market;
    Muster__Terms *answered, *now;
    ProtobufCBinaryData bytes;
    *holds = false;
    int status = state_version(outcome->txn, head->number, answer->version, outcome->arena, &then);
    if (status == STATUS_OK)
        status = state_market(outcome->txn, head->number, answer->version, outcome->arena, &then_market);
    if (status == STATUS_OK)
        status = terms_make(outcome->txn, head, then, then_market, answer->party, outcome->arena, &answered, &bytes);
    if (status == STATUS_OK)
        status = terms_make(outcome->txn, head, next, market, answer->party, outcome->arena, &now, &bytes);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    bool supplier = answered->n_lines != 0 && state_name_is_of(answered->lines[0]->offer, answer->party);
    *holds = answered->n_lines != 0 && terms_hold(answered, now, supplier);
    return STATUS_OK;
}

static int carry_answers(struct outcome *outcome, const Muster__BundleHead *head, Muster__BundleVersion *next, const Muster__Market *market)
{
    next->answers = arena_array(outcome->arena, head->n_answers + 1, sizeof *next->answers);
    if (next->answers == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < head->n_answers; at++) {
        bool holds;
        if (!head->answers[at]->counts || head->answers[at]->kind != MUSTER__ANSWER_KIND__ANSWER_YES)
            continue;
        int status = answer_holds(outcome, head, head->answers[at], next, market, &holds);
        if (status != STATUS_OK)
            return status;
        if (holds)
            next->answers[next->n_answers++] = head->answers[at];
    }
    return STATUS_OK;
}

static int bundle_outcome(struct outcome *outcome)
{
    struct planning_notes *notes = outcome->notes;
    Muster__BundleHead *head;
    Muster__BundleVersion *version;
    int status = state_bundle(outcome->txn, notes->bundle, outcome->arena, &head);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    /* Rejected, lapsed or left by another meanwhile: this plan is of no use. */
    if (!bundle_is_bound(head) || !head->replanning || head->version != notes->version || head->n_left != notes->n_left)
        return STATUS_OK;
    Muster__LotPlan *plan = lot_in(outcome->plan, head->item);
    if (plan == NULL || plan->n_awards == 0)
        return write_lapse(outcome, head);
    status = new_version(outcome, plan, &notes->pack, &version);
    if (status != STATUS_OK)
        return status;
    version->number = head->number;
    version->version = head->version + 1;
    version->first_released = head->first_released;
    version->variant->keep_out = notes->keep_out;
    version->variant->n_keep_out = notes->n_keep_out;
    status = carry_answers(outcome, head, version, notes->pack.market);
    return status == STATUS_OK ? write_version(outcome, version) : status;
}

/* Keeps the plan for the second job, in which suppliers' reasons are found as if sealed demands did not exist. */
static int wait_for_open(struct desk_planning *planning, struct planning_notes *notes, const Muster__PlanAnswer *answer)
{
    struct arena *arena = planning_arena(planning);
    uint8_t *bytes;
    size_t size;
    int status = walk_pack(&answer->base, arena, &bytes, &size);
    if (status != STATUS_OK)
        return status;
    Muster__PlanAnswer *kept =
        (Muster__PlanAnswer *)protobuf_c_message_unpack(&muster__plan_answer__descriptor, &arena->allocator, size, bytes);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    planning_keep(planning, notes, kept);
    return STATUS_OK;
}

int desk_planning_done(struct desk_planning *planning, struct store_txn *txn, const struct desk_context *context, struct desk_job *job,
                       const Muster__PlanAnswer *answer, size_t *cursor, struct arena *arena, Muster__Submission **next)
{
    struct planning_notes *notes = job->notes;
    struct outcome outcome = {.txn = txn, .context = context, .notes = notes, .arena = arena};
    bool came = answer != NULL && !answer->failed && answer->plan != NULL;
    *next = NULL;
    if (notes->main == NULL && !came)
        return STATUS_OK;
    outcome.plan = notes->main != NULL ? notes->main->plan : answer->plan;
    outcome.open = notes->main != NULL && came ? answer->plan : NULL;
    if (!notes->looked) {
        const char *fault;
        notes->looked = true;
        int status = audit_plan(notes->pack.market, outcome.plan, arena, &fault);
        if (status != STATUS_OK && status != STATUS_INVALID)
            return status;
        notes->valid = status == STATUS_OK;
    }
    if (!notes->valid)
        return STATUS_OK;
    if (notes->main == NULL && notes->open.len != 0 && notes->bundle == 0)
        return wait_for_open(planning, notes, answer);
    int status = STATUS_OK;
    if (notes->bundle != 0 && *cursor == 0) {
        *cursor = 1;
        status = bundle_outcome(&outcome);
    }
    while (status == STATUS_OK && notes->bundle == 0 && outcome.next == NULL && *cursor < notes->count) {
        bool again;
        status = lot_outcome(&outcome, notes->items[*cursor], &again);
        *cursor += again ? 0 : 1;
    }
    *next = outcome.next;
    return status;
}
