/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/branch.h"

#include <string.h>

#include "broker/match/finish.h"
#include "broker/match/screen.h"
#include "broker/match/node.h"
#include "broker/match/target.h"
#include "proto/status.h"

#define FAR_TARGET 6        /* a proposed plan that differs in more offers is not tried */
#define TRIES 12            /* of the screened search after a better plan was found */
#define TRIED 1024
#define TREE_MEMORY ((size_t)192 << 20) /* of open nodes; beyond it the tree stops */

struct node {
    __int128 bound;
    uint64_t number;  /* in the order of making, for ties */
    uint8_t *data;    /* limits and prices, see node_save */
    struct node *next_free;
};

struct tree {
    struct match_search *search;
    struct match_limits limits;   /* of the node at hand */
    struct match_target target;
    struct node **heap;
    uint32_t count, most;
    struct node *free;
    size_t data_size;
    uint64_t made;
    __int128 closed;              /* highest bound of nodes that were given up unproved */
    size_t memory;
    uint64_t tried[TRIED];        /* marks of proposals that were tried */
};

static bool node_before(const struct node *a, const struct node *b)
{
    return a->bound != b->bound ? a->bound > b->bound : a->number > b->number;
}

static void heap_push(struct tree *tree, struct node *node)
{
    uint32_t at = tree->count++;
    while (at && node_before(node, tree->heap[(at - 1) / 2])) {
        tree->heap[at] = tree->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    tree->heap[at] = node;
}

static struct node *heap_pop(struct tree *tree)
{
    struct node *top = tree->heap[0], *last = tree->heap[--tree->count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= tree->count) {
            break;
        }
        if (child + 1 < tree->count && node_before(tree->heap[child + 1], tree->heap[child])) {
            child++;
        }
        if (!node_before(tree->heap[child], last)) {
            break;
        }
        tree->heap[at] = tree->heap[child];
        at = child;
    }
    if (tree->count) {
        tree->heap[at] = last;
    }
    return top;
}

/* Copies limits and prices into a node's data, or out of it. */
static void node_copy(struct tree *tree, struct node *node, bool save)
{
    const struct match_model *model = &tree->search->model;
    uint8_t *at = node->data;
#define COPY(field, size)                          \
    do {                                           \
        if (save) {                                \
            memcpy(at, (field), (size));           \
        } else {                                   \
            memcpy((field), at, (size));           \
        }                                          \
        at += (size);                              \
    } while (0)
    COPY(tree->search->dual.price, model->line_count * sizeof(int64_t));
    COPY(tree->limits.only, model->lump_count * sizeof(uint32_t));
    COPY(tree->limits.barred, (size_t)model->choice_count);
    COPY(tree->limits.forced, (size_t)model->lot->offer_count);
    COPY(tree->limits.lump_state, (size_t)model->lump_count);
    COPY(tree->limits.pair_barred, match_limits_pairs(model));
#undef COPY
}

static size_t node_size(const struct match_model *model)
{
    return model->line_count * sizeof(int64_t) + model->lump_count * sizeof(uint32_t) + model->choice_count + model->lot->offer_count +
           model->lump_count + match_limits_pairs(model);
}

/* The bound from which on a node can hold a better plan. */
static __int128 cutoff(const struct match_search *search)
{
    return ((__int128)search->best.objective + 1) << search->model.shift;
}

static void give_up(struct tree *tree, __int128 bound)
{
    tree->closed = bound > tree->closed ? bound : tree->closed;
}

/* Saves limits and prices as a new open node. */
static void node_open(struct tree *tree, __int128 bound)
{
    if (bound < cutoff(tree->search)) {
        return;
    }
    struct node *node = tree->free;
    if (node) {
        tree->free = node->next_free;
    } else if (tree->count < tree->most && tree->memory + tree->data_size < TREE_MEMORY) {
        node = arena_alloc(tree->search->arena, sizeof *node);
        if (node && !(node->data = arena_alloc(tree->search->arena, tree->data_size))) {
            node = NULL;
        }
        tree->memory += tree->data_size;
    }
    if (!node) {
        give_up(tree, bound);
        return;
    }
    node->bound = bound;
    node->number = tree->made++;
    node_copy(tree, node, true);
    heap_push(tree, node);
}

/* Takes a plan in search->trial over if it is better. */
static int take_over(struct match_search *search)
{
    __int128 worth = match_flow_worth(&search->trial);
    if (worth <= search->worth) {
        return STATUS_OK;
    }
    match_flow_copy(&search->flow, &search->trial);
    search->worth = worth;
    match_screen_improve(search, TRIES);
    return match_finish_keep(search, false);
}

/* A number that differs for different sets of choices, most likely. */
static uint64_t target_mark(const struct match_search *search, const struct match_target *target)
{
    uint64_t mark = UINT64_C(0xcbf29ce484222325);
    for (uint32_t o = 0; o < search->model.lot->offer_count; o++) {
        mark = (mark ^ target->choice[o]) * UINT64_C(0x100000001b3);
    }
    return mark ^ mark >> 31;
}

/* The plan that the averaged choices of this node propose. */
static int propose(struct tree *tree)
{
    struct match_search *search = tree->search;
    const struct match_model *model = &search->model;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        float used = 0, most = 0;
        uint32_t best = MATCH_NONE;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            if (!tree->limits.barred[c] && !search->avoid[c]) {
                used += search->ascent.used[c];
                best = best == MATCH_NONE || search->ascent.used[c] > most ? c : best;
                most = search->ascent.used[c] > most ? search->ascent.used[c] : most;
            }
        }
        tree->target.choice[o] = used >= 0.5F || tree->limits.forced[o] ? best : MATCH_NONE;
    }
    uint32_t distance = match_target_distance(search, &tree->target);
    uint64_t mark = target_mark(search, &tree->target), *seen = &tree->tried[mark % TRIED];
    if (distance == 0 || distance > FAR_TARGET || *seen == mark) {
        return STATUS_OK;
    }
    *seen = mark;
    search->tries++;
    return match_target_reach(search, &tree->target, false) ? take_over(search) : STATUS_OK;
}

/* A node with all fixed: the flow for it is the best there is in it. */
static int close_leaf(struct tree *tree)
{
    struct match_search *search = tree->search;
    const struct match_model *model = &search->model;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        tree->target.choice[o] = MATCH_NONE;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1] && tree->limits.forced[o]; c++) {
            tree->target.choice[o] = tree->limits.barred[c] ? tree->target.choice[o] : c;
        }
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        tree->target.in[d] = tree->limits.lump_state[d] == MATCH_LUMP_IN;
        tree->target.supplier[d] = tree->limits.only[d];
    }
    if (!match_target_reach(search, &tree->target, true)) {
        return STATUS_OK;
    }
    __int128 worth = match_flow_worth(&search->trial), bound = worth + match_ties_constant(&search->ties);
    if (bound < cutoff(search)) {
        return STATUS_OK;
    }
    match_flow_copy(&search->flow, &search->trial);
    search->worth = worth;
    int status = match_finish_keep(search, false);
    if (bound >= cutoff(search)) {
        give_up(tree, bound); /* a rule left out of the flow stands between the two */
    }
    return status;
}

/* Two children by what was chosen to branch on. */
static void open_children(struct tree *tree, const struct match_split_on *on, __int128 bound)
{
    struct match_search *search = tree->search;
    for (int child = 0; child < 2; child++) {
        struct match_undo undo;
        match_node_apply(search, &tree->limits, on, child, &undo);
        node_open(tree, bound);
        match_node_undo(search, &tree->limits, &undo);
    }
}

static int process(struct tree *tree, struct node *node)
{
    struct match_search *search = tree->search;
    node_copy(tree, node, false);
    node->next_free = tree->free;
    tree->free = node;
    match_ascent_restart(&search->ascent);
    match_ascent_run(&search->walk, &tree->limits, &search->ties, cutoff(search) - 1, search->node_steps, &search->dual,
                     &search->ascent);
    __int128 bound = search->dual.bound < node->bound ? search->dual.bound : node->bound;
    if (bound < cutoff(search) || search->dual.bound == MATCH_NET_NEVER) {
        return STATUS_OK;
    }
    int status = propose(tree);
    if (status || bound < cutoff(search)) {
        return status;
    }
    match_node_fix(search, &tree->limits, cutoff(search));
    struct match_split_on on;
    if (!match_node_choose(search, &tree->limits, &on)) {
        return close_leaf(tree);
    }
    open_children(tree, &on, bound);
    return STATUS_OK;
}

int match_branch_run(struct match_search *search)
{
    const struct match_model *model = &search->model;
    struct tree tree = {.search = search, .most = 1U << 20, .data_size = node_size(model), .closed = MATCH_NET_NEVER};
    int status = match_limits_init(model, search->arena, &tree.limits);
    if (status || (status = match_target_init(model, search->arena, &tree.target))) {
        return status;
    }
    tree.heap = arena_array(search->arena, search->nodes * 2 + 2, sizeof(struct node *));
    tree.most = (uint32_t)search->nodes * 2 + 2;
    if (!tree.heap) {
        return STATUS_NO_MEMORY;
    }
    match_ties_hold(&search->ties, true);
    node_open(&tree, (((__int128)search->best.bound + 1) << model->shift) - 1);
    while (!status && tree.count && search->nodes_done < search->nodes) {
        search->nodes_done++;
        struct node *node = heap_pop(&tree);
        if (node->bound < cutoff(search)) {
            tree.count = 0; /* the highest bound: no node is better */
            break;
        }
        status = process(&tree, node);
    }
    __int128 bound = tree.count && tree.heap[0]->bound > tree.closed ? tree.heap[0]->bound : tree.closed;
    match_ties_hold(&search->ties, false);
    if (!status) {
        match_search_bound(search, bound);
        search->best.bound = search->best.bound < search->best.objective ? search->best.objective : search->best.bound;
    }
    return status;
}
