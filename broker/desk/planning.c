/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/planning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "broker/desk/bundle.h"
#include "broker/desk/lots.h"
#include "proto/limits.h"

/*
 * Which lots are to be planned. The tables say which lots an entry touched; memory says which of them were looked at
 * since. A lot is planned where what its plan would be made from is not what its newest plan was made from. After a start every
 * lot is looked at once, and on each new day, since a month may have begun or an offer expired.
 */

#define PLANNING_ARENA_CAP ((size_t)1 << 30)

struct memo {
    char *key;         /* an item, or a bundle's name for a re-plan */
    uint64_t seen;     /* 1 + position up to which the lot was looked at */
    uint32_t day;
    bool tried;
    uint8_t inputs[32]; /* of the newest try; nothing need be written where it gave what stands, or failed */
    uint64_t bundle;    /* what stood at the try: where that changed since, it says nothing */
    uint64_t planned;
    UT_hash_handle hh;
};

struct desk_planning {
    struct memo *memos;
    struct arena arena;              /* notes of the job under way, and of one that waits for its second half */
    struct planning_notes *pending;  /* planned; the suppliers' view of it is to be planned still */
    char last[LIMIT_ID_MOST + 1];    /* lot that was planned last: the next look begins behind it, so that none waits for ever */
    _Atomic uint64_t idle_at;        /* 1 + position at which nothing was left to plan; read by readers' threads */
    uint32_t idle_day;
};

int desk_planning_new(struct desk_planning **planning)
{
    *planning = calloc(1, sizeof **planning);
    if (*planning == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&(*planning)->arena, PLANNING_ARENA_CAP);
    return STATUS_OK;
}

void desk_planning_free(struct desk_planning *planning)
{
    if (planning == NULL)
        return;
    struct memo *memo, *next;
    HASH_ITER(hh, planning->memos, memo, next) {
        HASH_DEL(planning->memos, memo);
        free(memo->key);
        free(memo);
    }
    arena_drop(&planning->arena);
    free(planning);
}

uint64_t desk_planning_idle(const struct desk_planning *planning)
{
    return planning->idle_at;
}

struct arena *planning_arena(struct desk_planning *planning)
{
    return &planning->arena;
}

static struct memo *memo_of(struct desk_planning *planning, const char *key)
{
    struct memo *memo;
    HASH_FIND_STR(planning->memos, key, memo);
    if (memo != NULL)
        return memo;
    memo = calloc(1, sizeof *memo);
    if (memo == NULL)
        return NULL;
    memo->key = strdup(key);
    if (memo->key == NULL) {
        free(memo);
        return NULL;
    }
    HASH_ADD_KEYPTR(hh, planning->memos, memo->key, strlen(memo->key), memo);
    return memo;
}

/* A lot that may be planned, and whether anything touched it since it was looked at. */
static int is_fresh(struct desk_planning *planning, const Muster__LotState *lot, uint64_t touched_all, uint32_t day, bool *fresh)
{
    struct memo *memo = memo_of(planning, lot->item);
    if (memo == NULL)
        return STATUS_NO_MEMORY;
    uint64_t touched = lot->touched > touched_all ? lot->touched : touched_all;
    *fresh = memo->day != day || memo->seen < touched || (memo->seen == 0 && touched == 0);
    return STATUS_OK;
}

static int note_seen(struct desk_planning *planning, const char *item, uint64_t touched, uint32_t day)
{
    struct memo *memo = memo_of(planning, item);
    if (memo == NULL)
        return STATUS_NO_MEMORY;
    memo->seen = touched;
    memo->day = day;
    return STATUS_OK;
}

static int new_job(struct arena *arena, struct planning_notes *notes, const ProtobufCBinaryData *market, struct desk_job **job)
{
    *job = arena_alloc(arena, sizeof **job);
    if (*job == NULL)
        return STATUS_NO_MEMORY;
    muster__plan_request__init(&(*job)->request);
    (*job)->request.task = MUSTER__PLAN_TASK__PLAN_PROPOSE;
    (*job)->request.market = *market;
    (*job)->request.lots = (char **)(uintptr_t)notes->items;
    (*job)->request.n_lots = notes->count;
    (*job)->request.explain = true;
    (*job)->notes = notes;
    return STATUS_OK;
}

/* --- lots ------------------------------------------------------------------------------------------------------- */

struct looking {
    struct desk_planning *planning;
    struct store_txn *txn;
    uint32_t as_of;
    struct state_lots free; /* lots that no bundle binds */
    struct lots_ties ties;
    uint64_t touched_all;
};

static const Muster__LotState *lot_of(const struct looking *looking, const char *item)
{
    for (size_t at = 0; at < looking->free.count; at++) {
        if (strcmp(looking->free.list[at]->item, item) == 0)
            return looking->free.list[at];
    }
    return NULL;
}

/* Whether the newest plan of every lot was made from the same, and nobody asked for a fresh one. */
static int made_before(const struct looking *looking, const struct planning_notes *notes, bool *before)
{
    *before = true;
    for (size_t at = 0; at < notes->count; at++) {
        const Muster__LotState *lot = lot_of(looking, notes->items[at]);
        struct memo *memo = memo_of(looking->planning, notes->items[at]);
        if (memo == NULL)
            return STATUS_NO_MEMORY;
        bool stored = lot->inputs_sha256.len == 32 && memcmp(lot->inputs_sha256.data, notes->pack.inputs_sha256, 32) == 0;
        bool tried = memo->tried && memo->bundle == lot->bundle && memo->planned == lot->planned &&
                     memcmp(memo->inputs, notes->pack.inputs_sha256, 32) == 0;
        *before = *before && lot->asked == 0 && (stored || tried);
    }
    return STATUS_OK;
}

static int note_tried(const struct looking *looking, const struct planning_notes *notes)
{
    for (size_t at = 0; at < notes->count; at++) {
        struct memo *memo = memo_of(looking->planning, notes->items[at]);
        if (memo == NULL)
            return STATUS_NO_MEMORY;
        memo->tried = true;
        memo->bundle = lot_of(looking, notes->items[at])->bundle;
        memo->planned = lot_of(looking, notes->items[at])->planned;
        memcpy(memo->inputs, notes->pack.inputs_sha256, sizeof memo->inputs);
    }
    return STATUS_OK;
}

static int pack_tied(const struct looking *looking, const char *const *items, size_t count, struct planning_notes **out)
{
    struct arena *arena = &looking->planning->arena;
    struct planning_notes *notes = arena_alloc(arena, sizeof *notes);
    struct pack_lot *lots = arena_array(arena, count, sizeof *lots);
    *out = notes;
    if (notes == NULL || lots == NULL)
        return STATUS_NO_MEMORY;
    notes->items = arena_array(arena, count, sizeof *notes->items);
    if (notes->items == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < count; at++)
        lots[at] = (struct pack_lot){.item = items[at], .variant = lot_of(looking, items[at])->variant};
    struct pack_order order = {.lots = lots, .lot_count = count, .as_of = looking->as_of};
    int status = pack_market(looking->txn, &order, arena, &notes->pack);
    for (size_t at = 0; status == STATUS_OK && at < count; at++) {
        if (pack_has_lot(notes->pack.market, items[at]))
            notes->items[notes->count++] = items[at];
    }
    notes->as_of = looking->as_of;
    if (status != STATUS_OK || !notes->pack.sealed)
        return status;
    struct pack open;
    order.without_sealed = true;
    status = pack_market(looking->txn, &order, arena, &open);
    return status == STATUS_OK ? pack_bytes(open.market, arena, &notes->open, NULL) : status;
}

static int look_at(const struct looking *looking, const Muster__LotState *lot, struct arena *arena, struct desk_job **job)
{
    const char **items = arena_array(arena, looking->free.count, sizeof *items);
    struct planning_notes *notes;
    ProtobufCBinaryData market;
    bool before;
    if (items == NULL)
        return STATUS_NO_MEMORY;
    arena_drop(&looking->planning->arena);
    size_t count = lots_tied(&looking->ties, &looking->free, lot->item, items);
    /* Names outlive the look in the planning's arena. */
    for (size_t at = 0; at < count; at++) {
        items[at] = arena_string(&looking->planning->arena, items[at]);
        if (items[at] == NULL)
            return STATUS_NO_MEMORY;
    }
    int status = pack_tied(looking, items, count, &notes);
    for (size_t at = 0; status == STATUS_OK && at < count; at++) {
        const Muster__LotState *one = lot_of(looking, items[at]);
        status = note_seen(looking->planning, items[at], one->touched > looking->touched_all ? one->touched : looking->touched_all, looking->as_of);
    }
    if (status == STATUS_OK)
        status = made_before(looking, notes, &before);
    if (status != STATUS_OK || before || notes->count == 0)
        return status;
    status = note_tried(looking, notes);
    if (status == STATUS_OK)
        status = pack_bytes(notes->pack.market, &looking->planning->arena, &market, NULL);
    return status == STATUS_OK ? new_job(arena, notes, &market, job) : status;
}

static int free_lots(struct store_txn *txn, struct arena *arena, struct state_lots *lots)
{
    int status = state_all_lots(txn, arena, lots);
    size_t kept = 0;
    for (size_t at = 0; status == STATUS_OK && at < lots->count; at++) {
        Muster__BundleHead *head = NULL;
        if (lots->list[at]->bundle != 0)
            status = state_bundle(txn, lots->list[at]->bundle, arena, &head);
        if (status == STATUS_OK && (head == NULL || !bundle_is_bound(head)))
            lots->list[kept++] = lots->list[at];
    }
    lots->count = kept;
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static int look_at_lots(struct looking *looking, struct arena *arena, struct desk_job **job)
{
    int status = free_lots(looking->txn, arena, &looking->free);
    size_t first = 0;
    bool tied = false;
    if (status == STATUS_OK)
        status = state_touched_all(looking->txn, &looking->touched_all);
    while (status == STATUS_OK && first < looking->free.count && strcmp(looking->free.list[first]->item, looking->planning->last) <= 0)
        first++;
    for (size_t at = 0; status == STATUS_OK && at < looking->free.count && *job == NULL; at++) {
        const Muster__LotState *lot = looking->free.list[(first + at) % looking->free.count];
        bool fresh;
        status = is_fresh(looking->planning, lot, looking->touched_all, looking->as_of, &fresh);
        if (status != STATUS_OK || !fresh)
            continue;
        if (!tied)
            status = lots_ties(looking->txn, arena, &looking->ties);
        tied = true;
        if (status == STATUS_OK)
            status = look_at(looking, lot, arena, job);
        if (*job != NULL)
            snprintf(looking->planning->last, sizeof looking->planning->last, "%s", lot->item);
    }
    return status;
}

/* --- bundles that are planned again ----------------------------------------------------------------------------- */

static int replan_of(struct desk_planning *planning, struct store_txn *txn, const Muster__BundleHead *head, struct planning_notes **out)
{
    struct arena *arena = &planning->arena;
    struct planning_notes *notes = arena_alloc(arena, sizeof *notes);
    Muster__BundleVersion *first;
    Muster__Market *market;
    if (notes == NULL)
        return STATUS_NO_MEMORY;
    int status = state_version(txn, head->number, head->first_released, arena, &first);
    if (status == STATUS_OK)
        status = state_market(txn, head->number, head->first_released, arena, &market);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    struct pack_again again = {.first = market,
                               .inputs = first->inputs,
                               .n_inputs = first->n_inputs,
                               .item = first->item,
                               .left = head->left,
                               .n_left = head->n_left,
                               .bundle = head->number,
                               .as_of = first->as_of};
    status = pack_market_again(txn, &again, arena, &notes->pack, &notes->keep_out, &notes->n_keep_out);
    notes->items = arena_array(arena, 1, sizeof *notes->items);
    if (status != STATUS_OK || notes->items == NULL)
        return status != STATUS_OK ? status : STATUS_NO_MEMORY;
    notes->items[0] = first->item;
    notes->count = pack_has_lot(notes->pack.market, first->item) ? 1 : 0;
    notes->as_of = first->as_of;
    notes->bundle = head->number;
    notes->version = head->version;
    notes->n_left = head->n_left;
    *out = notes;
    return STATUS_OK;
}

static int look_at_bundle(struct looking *looking, const Muster__BundleHead *head, struct arena *arena, struct desk_job **job)
{
    struct planning_notes *notes;
    ProtobufCBinaryData market;
    char *key = bundle_name(arena, head->number);
    struct memo *memo = key != NULL ? memo_of(looking->planning, key) : NULL;
    if (memo == NULL)
        return STATUS_NO_MEMORY;
    arena_drop(&looking->planning->arena);
    int status = replan_of(looking->planning, looking->txn, head, &notes);
    /* One that failed is tried again on another day, or once something else left. */
    if (status != STATUS_OK || notes->count == 0 ||
        (memo->tried && memo->day == looking->as_of && memcmp(memo->inputs, notes->pack.inputs_sha256, 32) == 0 && memo->seen == head->version))
        return status;
    memo->tried = true;
    memo->day = looking->as_of;
    memo->seen = head->version;
    memcpy(memo->inputs, notes->pack.inputs_sha256, sizeof memo->inputs);
    status = pack_bytes(notes->pack.market, &looking->planning->arena, &market, NULL);
    return status == STATUS_OK ? new_job(arena, notes, &market, job) : status;
}

static int look_at_bundles(struct looking *looking, struct arena *arena, struct desk_job **job)
{
    struct state_bundles all;
    int status = state_all_bundles(looking->txn, arena, &all);
    for (size_t at = 0; status == STATUS_OK && at < all.count && *job == NULL; at++) {
        if (bundle_is_bound(all.list[at]) && all.list[at]->replanning)
            status = look_at_bundle(looking, all.list[at], arena, job);
    }
    return status;
}

int desk_planning_next(struct desk_planning *planning, struct store_txn *txn, const struct desk_context *context, struct arena *arena,
                       struct desk_job **job)
{
    struct looking looking = {.planning = planning, .txn = txn, .as_of = desk_date(context->log_time)};
    *job = NULL;
    if (planning->pending != NULL) {
        struct planning_notes *notes = planning->pending;
        planning->pending = NULL;
        return new_job(arena, notes, &notes->open, job);
    }
    if (planning->idle_at == context->position + 1 && planning->idle_day == looking.as_of)
        return STATUS_OK;
    int status = look_at_bundles(&looking, arena, job);
    if (status == STATUS_OK && *job == NULL)
        status = look_at_lots(&looking, arena, job);
    if (status == STATUS_OK && *job == NULL) {
        planning->idle_at = context->position + 1;
        planning->idle_day = looking.as_of;
    }
    return status;
}

void planning_keep(struct desk_planning *planning, struct planning_notes *notes, Muster__PlanAnswer *answer)
{
    notes->main = answer;
    notes->looked = false;
    planning->pending = notes;
}
