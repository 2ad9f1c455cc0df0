/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/proof.h"

#include <math.h>
#include <string.h>

#include "broker/match/control.h"
#include "broker/match/proof_tree.h"
#include "proto/status.h"

#define ROWS_MOST 400       /* of the program */
#define STEPS_ROOT 300      /* evaluations of a node */
#define STEPS_NODE 60
#define PROPOSE 8           /* nodes between two plans from what is not whole */
#define IDLE 1e-16          /* score of a split that costs nothing */
#define PLAN_WORK 2000000   /* that a plan under ties counts for */
#define WALK_WORK 500       /* steps that a walk through a choice's lines counts for */
#define TREE_MEMORY ((size_t)256 << 20)
#define NODES_MOST (1U << 16)
#define PRICE_MOST (INT64_C(1) << 56) /* of a unit, scaled */

static bool node_before(const struct match_proof_node *a, const struct match_proof_node *b)
{
    return a->bound != b->bound ? a->bound > b->bound : a->number > b->number;
}

static void heap_push(struct match_proof *proof, struct match_proof_node *node)
{
    uint32_t at = proof->count++;
    while (at && node_before(node, proof->heap[(at - 1) / 2])) {
        proof->heap[at] = proof->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    proof->heap[at] = node;
}

static struct match_proof_node *heap_pop(struct match_proof *proof)
{
    struct match_proof_node *top = proof->heap[0], *node = proof->heap[--proof->count];
    uint32_t at = 0;
    for (uint32_t child; (child = 2 * at + 1) < proof->count; at = child) {
        child += child + 1 < proof->count && node_before(proof->heap[child + 1], proof->heap[child]);
        if (!node_before(proof->heap[child], node)) {
            break;
        }
        proof->heap[at] = proof->heap[child];
    }
    proof->heap[at] = node;
    return top;
}

static void copy_piece(unsigned char **at, void *own, size_t size, bool save)
{
    memcpy(save ? *at : own, save ? own : *at, size);
    *at += size;
}

/* Limits, prices and ranges of the node at hand into its data, or back. */
static void node_copy(struct match_proof *proof, struct match_proof_node *node, bool save)
{
    const struct match_model *model = &proof->search->model;
    unsigned char *at = node->data;
    copy_piece(&at, proof->center.entry, model->lump_count * sizeof(__int128), save);
    copy_piece(&at, proof->center.price, model->line_count * sizeof(int64_t), save);
    copy_piece(&at, proof->center.bonus, model->lump_count * sizeof(int64_t), save);
    copy_piece(&at, proof->center.multiplier, proof->search->ties.count * sizeof(int64_t), save);
    copy_piece(&at, proof->center.cut, sizeof proof->center.cut, save);
    copy_piece(&at, proof->limits.only, model->lump_count * sizeof(uint32_t), save);
    copy_piece(&at, proof->limits.barred, model->choice_count, save);
    copy_piece(&at, proof->limits.forced, model->lot->offer_count, save);
    copy_piece(&at, proof->limits.lump_state, model->lump_count, save);
    copy_piece(&at, proof->limits.pair_barred, match_limits_pairs(model), save);
    size_t ranges = (size_t)model->line_count * model->lot->offer_count * sizeof(int64_t);
    if (save) {
        node->ranged = proof->dual.ranged;
    } else {
        match_proof_unrange(&proof->dual);
        proof->dual.ranged = node->ranged;
    }
    if (node->ranged) {
        copy_piece(&at, proof->dual.low, ranges, save);
        copy_piece(&at, proof->dual.high, ranges, save);
        copy_piece(&at, proof->dual.total_low, model->lot->offer_count * sizeof(int64_t), save);
        copy_piece(&at, proof->dual.total_high, model->lot->offer_count * sizeof(int64_t), save);
    }
}

static size_t node_size(const struct match_model *model, uint32_t ties)
{
    return model->lump_count * (sizeof(__int128) + sizeof(int64_t) + sizeof(uint32_t) + 1) + (model->line_count + (size_t)ties) * sizeof(int64_t) +
           MATCH_PROOF_CUTS * sizeof(int64_t) + model->choice_count + model->lot->offer_count + match_limits_pairs(model);
}

static void give_up(struct match_proof *proof, __int128 bound)
{
    proof->closed = bound > proof->closed ? bound : proof->closed;
}

static struct match_proof_node *node_make(struct match_proof *proof, __int128 bound)
{
    if (bound < match_proof_cutoff(proof)) {
        return NULL;
    }
    const struct match_model *model = &proof->search->model;
    size_t size = proof->data_size + 2 * ((size_t)model->line_count + 1) * model->lot->offer_count * sizeof(int64_t);
    struct match_proof_node *node = NULL;
    if (proof->count + 2 < proof->most && proof->memory + size < TREE_MEMORY) {
        node = arena_alloc(proof->search->arena, sizeof *node);
        if (node && !(node->data = arena_alloc(proof->search->arena, size))) {
            node = NULL;
        }
    }
    if (!node) {
        give_up(proof, bound);
        return NULL;
    }
    proof->memory += size;
    node->bound = bound;
    node->number = proof->made++;
    node_copy(proof, node, true);
    return node;
}

static struct match_proof_node *open_child(struct match_proof *proof, const struct match_proof_split *split, int child, __int128 bound)
{
    if (split->range) {
        bool total = split->line == MATCH_NONE, ranged = proof->dual.ranged;
        size_t at = total ? split->offer : (size_t)split->offer * proof->search->model.line_count + split->line;
        int64_t *low = (total ? proof->dual.total_low : proof->dual.low) + at, *high = (total ? proof->dual.total_high : proof->dual.high) + at;
        int64_t units = (int64_t)floor(split->units), was_low = *low, was_high = *high;
        *low = child && units + 1 > was_low ? units + 1 : was_low;
        *high = child || units > was_high ? was_high : units;
        proof->dual.ranged = true;
        struct match_proof_node *node = node_make(proof, bound);
        *low = was_low;
        *high = was_high;
        proof->dual.ranged = ranged;
        return node;
    }
    struct match_undo undo;
    match_node_apply(proof->search, &proof->limits, &split->on, child, &undo);
    struct match_proof_node *node = node_make(proof, bound);
    match_node_undo(proof->search, &proof->limits, &undo);
    return node;
}

static int nearer_child(const struct match_proof *proof, const struct match_proof_split *split)
{
    const struct match_model *model = &proof->search->model;
    float used = 0;
    if (split->range) {
        return split->units - floor(split->units) > 0.5;
    }
    switch (split->on.kind) {
    case MATCH_SPLIT_OFFER:
        for (uint32_t c = model->first_choice[split->on.index]; c < model->first_choice[split->on.index + 1]; c++) {
            used += (float)proof->master.used[c];
        }
        return used < 0.5F;
    case MATCH_SPLIT_LUMP:
        return proof->master.lump_used[split->on.index] < 0.5F;
    case MATCH_SPLIT_SUPPLIER:
        return (int)split->on.offer;
    case MATCH_SPLIT_CHOICE:
        break;
    }
    return 0;
}

static struct match_proof_node *open_children(struct match_proof *proof, const struct match_proof_split *split, __int128 bound)
{
    struct match_search *search = proof->search;
    bool suppliers = !split->range && split->on.kind == MATCH_SPLIT_SUPPLIER;
    int first = suppliers ? MATCH_CHILD_OUT : 0, last = suppliers ? (int)search->model.lot->offer_count - 1 : 1, nearer = nearer_child(proof, split);
    struct match_proof_node *next = NULL;
    for (int child = first; child <= last; child++) {
        if (suppliers && (child == MATCH_CHILD_OUT ? proof->limits.lump_state[split->on.index] != MATCH_LUMP_FREE
                                                   : !match_node_supplies(search, &proof->limits, split->on.index, (uint32_t)child))) {
            continue;
        }
        struct match_proof_node *node = open_child(proof, split, child, bound);
        if (child == nearer && !split->range) { /* of ranges the best comes first: there are many, and plans are not found at their ends */
            next = node;
        } else if (node) {
            heap_push(proof, node);
        }
    }
    return next;
}

/* A whole solution: its plan is taken; true where the node is closed by it, else split says what to split on. */
static int close_whole(struct match_proof *proof, __int128 bound, struct match_proof_split *split, bool *closed, bool *again)
{
    *again = false;
    struct match_proof_split units;
    bool ranged = proof->dual.ranged && match_proof_choose_units(proof, &units) && units.line == MATCH_NONE;
    int status = ranged ? STATUS_OK : match_proof_plan(proof, true); /* between whole totals the plan was tried further up */
    *closed = status || bound < match_proof_cutoff(proof);
    if (*closed || (*again = match_proof_cut(proof))) {
        return status;
    }
    if (proof->search->ties.count) {
        if (proof->dual.bound == proof->center_bound) {
            match_proof_narrow(&proof->dual, &proof->limits, match_proof_cutoff(proof));
        }
        if (match_proof_choose_units(proof, split)) {
            return STATUS_OK;
        }
    }
    if (!match_proof_choose_free(proof, split)) {
        give_up(proof, bound); /* a rule that the program leaves out stands between the two */
        *closed = true;
    }
    return STATUS_OK;
}

/* Works on a node; *next is the child to go on with, or NULL. */
static int process(struct match_proof *proof, struct match_proof_node *node, struct match_proof_node **next)
{
    struct match_search *search = proof->search;
    bool root = node->number == 0;
    *next = NULL;
    node_copy(proof, node, false);
    proof->center_bound = MATCH_NET_NEVER;
    match_proof_point_copy(&proof->dual, &proof->dual.point, &proof->center);
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        if (proof->limits.lump_state[d] != MATCH_LUMP_IN && proof->dual.point.entry[d] < 0) {
            proof->dual.point.entry[d] = 0;
        }
    }
    match_proof_look(proof);
    if (proof->dual.bound == MATCH_NET_NEVER || proof->dual.bound < match_proof_cutoff(proof)) {
        return STATUS_OK;
    }
    match_proof_learn(proof, true);
    if (match_proof_price(proof, root ? STEPS_ROOT : STEPS_NODE)) {
        return STATUS_OK;
    }
    __int128 bound = proof->center_bound < node->bound ? proof->center_bound : node->bound;
    struct match_proof_split split = {.range = false};
    int status = STATUS_OK;
    if (!match_proof_choose(proof, &split)) {
        bool closed, again;
        status = close_whole(proof, bound, &split, &closed, &again);
        if (status || closed || again) {
            *next = again ? node_make(proof, bound) : NULL;
            return status;
        }
    } else if (search->ties.count && split.score < IDLE && match_proof_choose_units(proof, &split) && split.line == MATCH_NONE) {
        split.range = true; /* no split of things costs anything, so units do it */
    } else if (root || search->nodes_done % PROPOSE == 0) {
        split.range = false;
        status = match_proof_plan(proof, false);
        if (status || bound < match_proof_cutoff(proof)) {
            return status;
        }
    }
    *next = open_children(proof, &split, bound);
    return STATUS_OK;
}

/* The next node: the child to go on with, or else the one with the highest bound; NULL where none can be better. */
static struct match_proof_node *next_node(struct match_proof *proof, struct match_proof_node *next)
{
    if (next || !proof->count) {
        return next;
    }
    next = heap_pop(proof);
    if (next->bound < match_proof_cutoff(proof)) {
        proof->count = 0;
        return NULL;
    }
    return next;
}

/* The plan's flow as answers to begin with. */
static void add_flow(struct match_proof *proof)
{
    struct match_search *search = proof->search;
    const struct match_model *model = &search->model;
    const struct match_flow *flow = &search->flow;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        uint32_t slot = flow->slot_of[o], count = 0;
        for (uint32_t l = 0; l < model->line_count && slot != MATCH_NONE; l++) {
            int64_t quantity = 0;
            for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
                quantity += flow->entries[e].slot == slot ? flow->entries[e].quantity : 0;
            }
            if (quantity) {
                proof->uses[count++] = (struct match_use){l, quantity};
            }
        }
        if (count) {
            match_proof_master_add(&proof->master, flow->slot_choice[slot], proof->uses, count, true);
        }
    }
}

static int64_t within(__int128 price)
{
    return price > PRICE_MOST ? PRICE_MOST : price < -PRICE_MOST ? -PRICE_MOST : (int64_t)price;
}

/* The search's prices as a first center. */
static void set_center(struct match_proof *proof)
{
    struct match_search *search = proof->search;
    const struct match_model *model = &search->model;
    int up = proof->dual.bits - model->shift;
    for (uint32_t l = 0; l < model->line_count; l++) {
        __int128 price = up >= 0 ? (__int128)search->dual.price[l] * ((__int128)1 << up) : search->dual.price[l] >> -up;
        bool plain = model->lump_of[l] == MATCH_NONE;
        proof->center.price[l] = plain && price < 0 ? 0 : within(price);
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        __int128 pays = model->lumps[d].single ? match_lump_pays(model, d, MATCH_LUMP_FREE, search->dual.price, search->probe.wanted) : 0;
        proof->center.entry[d] = up >= 0 ? pays * ((__int128)1 << up) : pays >> -up;
        proof->center.bonus[d] = 0;
    }
    for (uint32_t t = 0; t < search->ties.count; t++) {
        int64_t multiplier = search->ties.ties[t].multiplier, most = proof->dual.multiplier_most[t] >> (MATCH_PROOF_TIE_BITS - MATCH_FUND_BITS);
        proof->center.multiplier[t] = (multiplier < most ? multiplier : most) << (MATCH_PROOF_TIE_BITS - MATCH_FUND_BITS);
    }
}

uint64_t match_proof_work(const struct match_proof *proof)
{
    return proof->master.simplex.work_done + proof->dual.whole.walks * WALK_WORK +
           (proof->search->ties.count ? proof->plans * PLAN_WORK : 0);
}

bool match_proof_fits(const struct match_search *search)
{
    for (uint32_t t = 0; t < search->ties.count; t++) {
        if (search->ties.ties[t].kind == MATCH_TIE_FUND) {
            return false; /* what funds pay of one-off costs is no sum of a's, and units of each line matter: the tree of branch.h does better */
        }
    }
    return search->proves && !search->joint && search->model.line_count && search->best.bound > 0 &&
           match_proof_rows(&search->model, search->ties.count) <= ROWS_MOST;
}

static int proof_init(struct match_search *search, struct match_proof *proof)
{
    const struct match_model *model = &search->model;
    struct arena *arena = search->arena;
    *proof = (struct match_proof){.search = search, .closed = MATCH_NET_NEVER, .most = NODES_MOST, .work_most = search->work_most, .data_size = node_size(model, search->ties.count)};
    int status = match_proof_dual_init(model, &search->ties, arena, &proof->dual);
    status = status ? status : match_proof_master_init(&proof->dual, (double)search->best.bound, arena, &proof->master);
    status = status ? status : match_limits_init(model, arena, &proof->limits);
    status = status ? status : match_proof_point_init(model, search->ties.count, arena, &proof->center);
    status = status ? status : match_target_init(model, arena, &proof->target);
    proof->heap = arena_array(arena, proof->most, sizeof(struct match_proof_node *));
    proof->trials = arena_array(arena, model->lot->offer_count + 2 * (size_t)model->lump_count + model->choice_count, sizeof *proof->trials);
    proof->uses = arena_array(arena, model->line_count, sizeof *proof->uses);
    proof->held = arena_array(arena, model->choice_count, sizeof *proof->held);
    proof->held_capacity = arena_array(arena, (size_t)model->lot->offer_count * model->month_count, sizeof(int64_t));
    proof->parts = arena_array(arena, (size_t)model->line_count * model->lot->offer_count, sizeof *proof->parts);
    return status ? status : proof->heap && proof->uses && proof->trials && proof->parts && proof->held && proof->held_capacity ? STATUS_OK : STATUS_NO_MEMORY;
}

int match_proof_run(struct match_search *search)
{
    struct match_proof *proof = arena_alloc(search->arena, sizeof *proof);
    int status = proof ? proof_init(search, proof) : STATUS_NO_MEMORY;
    if (status) {
        return status;
    }
    set_center(proof);
    add_flow(proof);
    struct match_proof_node *node = node_make(proof, (((__int128)search->best.bound + 1) << proof->dual.bits) - 1);
    while (!status && search->nodes_done < search->nodes && match_proof_work(proof) < proof->work_most && (node = next_node(proof, node))) {
        search->nodes_done++;
        status = process(proof, node, &node);
        if (match_control_asks(search->control)) {
            break;
        }
    }
    if (node) {
        give_up(proof, node->bound);
    }
    __int128 bound = proof->count && proof->heap[0]->bound > proof->closed ? proof->heap[0]->bound : proof->closed;
    int64_t cents = bound <= 0 ? 0 : (int64_t)(bound >> proof->dual.bits);
    search->best.bound = cents < search->best.bound ? cents : search->best.bound;
    search->best.bound = search->best.bound < search->best.objective ? search->best.objective : search->best.bound;
    return status;
}
