/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/branch.h"

#include <string.h>

#include "broker/match/control.h"
#include "broker/match/finish.h"
#include "broker/match/screen.h"
#include "broker/match/node.h"
#include "broker/match/target.h"
#include "proto/status.h"

#define FAR_TARGET 24       /* a proposed plan that differs in more offers and lumps is not tried */
#define TRIES 12            /* of the screened search after a better plan was found */
#define OFTEN 0.5F          /* averaged share from which a proposal opens an offer */
#define SETTLED 0.02F       /* a node with nothing less decided has a whole solution */
#define PROPOSE 8           /* nodes between two proposals from what is not whole */
#define TRIED 1024
#define WIDE 200             /* splits by supplier that there is room for */
#define OPEN_MOST (1U << 20) /* nodes that there is room for at a time */
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
    int64_t *multipliers;         /* by tie: of the node at hand */
    int64_t *root_multipliers;    /* by tie: of the plan's flow */
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
    COPY(tree->multipliers, tree->search->ties.count * sizeof(int64_t));
    COPY(tree->limits.only, model->lump_count * sizeof(uint32_t));
    COPY(tree->limits.barred, (size_t)model->choice_count);
    COPY(tree->limits.forced, (size_t)model->lot->offer_count);
    COPY(tree->limits.lump_state, (size_t)model->lump_count);
    COPY(tree->limits.pair_barred, match_limits_pairs(model));
#undef COPY
}

static size_t node_size(const struct match_model *model, uint32_t ties)
{
    return (model->line_count + (size_t)ties) * sizeof(int64_t) + model->lump_count * sizeof(uint32_t) + model->choice_count + model->lot->offer_count +
           model->lump_count + match_limits_pairs(model);
}

__int128 match_branch_cutoff(const struct match_search *search)
{
    if (search->joint) {
        return search->worth + 1;
    }
    return ((__int128)search->best.objective + 1) << search->model.shift;
}

static void give_up(struct tree *tree, __int128 bound)
{
    tree->closed = bound > tree->closed ? bound : tree->closed;
}

/* Saves limits and prices as a new node; NULL where it can hold nothing better, or memory ends. */
static struct node *node_make(struct tree *tree, __int128 bound)
{
    if (bound < match_branch_cutoff(tree->search)) {
        return NULL;
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
        return NULL;
    }
    node->bound = bound;
    node->number = tree->made++;
    node_copy(tree, node, true);
    return node;
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
    return search->joint ? STATUS_OK : match_finish_keep(search, false);
}

/* A number that differs for different sets of choices, most likely. */
static uint64_t target_mark(const struct match_search *search, const struct match_target *target)
{
    uint64_t mark = UINT64_C(0xcbf29ce484222325);
    for (uint32_t o = 0; o < search->model.lot->offer_count; o++) {
        mark = (mark ^ target->choice[o]) * UINT64_C(0x100000001b3);
    }
    for (uint32_t d = 0; d < search->model.lump_count; d++) {
        mark = (mark ^ (target->in[d] ? target->supplier[d] : MATCH_NONE - 1)) * UINT64_C(0x100000001b3);
    }
    return mark ^ mark >> 31;
}

/* The open offer that the averages give most of a single-supplier lump, MATCH_NONE where none has half of it. */
static uint32_t averaged_supplier(const struct tree *tree, uint32_t lump)
{
    const struct match_search *search = tree->search;
    const struct match_model *model = &search->model;
    uint32_t best = MATCH_NONE, offers = model->lot->offer_count;
    float most = search->ascent.lump_used[lump] / 2;
    for (uint32_t o = 0; o < offers && search->ascent.keeps_pairs; o++) {
        float used = search->ascent.pair_used[(size_t)lump * offers + o];
        uint32_t choice = tree->target.choice[o];
        if (used > most && choice != MATCH_NONE && !model->lump_barred[(size_t)lump * model->choice_count + choice]) {
            most = used;
            best = o;
        }
    }
    return best;
}

/* Lumps as the plan has them, but for what the node has fixed, and single suppliers as the averages mostly have them. */
static void propose_lumps(struct tree *tree)
{
    struct match_search *search = tree->search;
    const struct match_model *model = &search->model;
    for (uint32_t d = 0; d < model->lump_count; d++) {
        enum match_lump_state state = (enum match_lump_state)tree->limits.lump_state[d];
        bool in = state == MATCH_LUMP_IN || (state == MATCH_LUMP_FREE && search->flow.lump_in[d]);
        uint32_t supplier = tree->limits.only[d];
        if (model->lumps[d].single && state != MATCH_LUMP_OUT && supplier == MATCH_NONE) {
            supplier = averaged_supplier(tree, d);
            in = in || (supplier != MATCH_NONE && search->ascent.lump_used[d] >= 0.5F);
            supplier = supplier == MATCH_NONE && search->flow.lump_in[d] ? search->flow.lump_supplier[d] : supplier;
        }
        in = in && (!model->lumps[d].single || (supplier != MATCH_NONE && tree->target.choice[supplier] != MATCH_NONE));
        tree->target.in[d] = in;
        tree->target.supplier[d] = model->lumps[d].single ? supplier : MATCH_NONE;
    }
}

/* The plan that the averaged choices of this node propose. */
static int propose(struct tree *tree, bool *made)
{
    struct match_search *search = tree->search;
    const struct match_model *model = &search->model;
    *made = false;
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
        tree->target.choice[o] = used >= OFTEN || tree->limits.forced[o] ? best : MATCH_NONE;
    }
    propose_lumps(tree);
    uint32_t distance = match_target_distance(search, &tree->target);
    uint64_t mark = target_mark(search, &tree->target), *seen = &tree->tried[mark % TRIED];
    if (distance == 0 || distance > FAR_TARGET || *seen == mark) {
        return STATUS_OK;
    }
    *seen = mark;
    search->tries++;
    *made = match_target_reach(search, &tree->target, false);
    return *made ? take_over(search) : STATUS_OK;
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
    if (bound < match_branch_cutoff(search)) {
        return STATUS_OK;
    }
    match_flow_copy(&search->flow, &search->trial);
    search->worth = worth;
    int status = search->joint ? STATUS_OK : match_finish_keep(search, false);
    if (bound >= match_branch_cutoff(search)) {
        give_up(tree, bound); /* a rule left out of the flow stands between the two */
    }
    return status;
}

/* The child that the averages lean to. */
static int nearer_child(const struct match_search *search, const struct match_split_on *on)
{
    const struct match_model *model = &search->model;
    float used = 0;
    switch (on->kind) {
    case MATCH_SPLIT_OFFER:
        for (uint32_t c = model->first_choice[on->index]; c < model->first_choice[on->index + 1]; c++) {
            used += search->ascent.used[c];
        }
        return used < 0.5F;
    case MATCH_SPLIT_LUMP:
        return search->ascent.lump_used[on->index] < 0.5F;
    case MATCH_SPLIT_CHOICE:
    case MATCH_SPLIT_SUPPLIER:
        break;
    }
    return 0;
}

static struct node *open_child(struct tree *tree, const struct match_split_on *on, int child, __int128 bound)
{
    struct match_undo undo;
    match_node_apply(tree->search, &tree->limits, on, child, &undo);
    struct node *node = node_make(tree, bound);
    match_node_undo(tree->search, &tree->limits, &undo);
    return node;
}

/* Children by what was chosen to branch on; the nearest one is handed back to go on with, the others wait. */
static struct node *open_children(struct tree *tree, const struct match_split_on *on, __int128 bound)
{
    struct match_search *search = tree->search;
    bool suppliers = on->kind == MATCH_SPLIT_SUPPLIER;
    int first = suppliers ? MATCH_CHILD_OUT : 0, last = suppliers ? (int)search->model.lot->offer_count - 1 : 1;
    int nearer = suppliers ? (int)on->offer : nearer_child(search, on);
    struct node *next = NULL;
    for (int child = first; child <= last; child++) {
        if (suppliers && (child == MATCH_CHILD_OUT ? tree->limits.lump_state[on->index] != MATCH_LUMP_FREE
                                                   : !match_node_supplies(search, &tree->limits, on->index, (uint32_t)child))) {
            continue;
        }
        struct node *node = open_child(tree, on, child, bound);
        if (child == nearer) {
            next = node;
        } else if (node) {
            heap_push(tree, node);
        }
    }
    return next;
}

static void set_multipliers(struct match_search *search, const int64_t *multipliers)
{
    bool moved = false;
    for (uint32_t t = 0; t < search->ties.count; t++) {
        moved = moved || search->ties.ties[t].multiplier != multipliers[t];
        search->ties.ties[t].multiplier = multipliers[t];
    }
    if (moved) {
        match_ties_apply(&search->ties);
    }
}

static void get_multipliers(const struct match_search *search, int64_t *multipliers)
{
    for (uint32_t t = 0; t < search->ties.count; t++) {
        multipliers[t] = search->ties.ties[t].multiplier;
    }
}

/*
 * The bound of the node at the prices of the plan in trial. Where the relaxation's solution is whole that plan solves it, and its prices are
 * exact where those of the search are only near.
 */
static __int128 bound_by_plan(struct tree *tree)
{
    struct match_search *search = tree->search;
    match_screen_relaxed_prices(search, &search->trial, search->probe.price);
    match_dual_evaluate(&search->walk, &tree->limits, &search->probe);
    return search->probe.bound == MATCH_NET_NEVER ? MATCH_NET_NEVER : search->probe.bound + match_ties_constant(&search->ties);
}

/* Works on a node; *next is the child to go on with, or NULL. */
static int process(struct tree *tree, struct node *node, struct node **next)
{
    struct match_search *search = tree->search;
    *next = NULL;
    node_copy(tree, node, false);
    node->next_free = tree->free;
    tree->free = node;
    set_multipliers(search, tree->multipliers);
    match_ascent_run(&search->walk, &tree->limits, &search->ties, match_branch_cutoff(search) - 1, search->node_steps, &search->dual,
                     &search->ascent);
    get_multipliers(search, tree->multipliers);
    __int128 bound = search->dual.bound < node->bound ? search->dual.bound : node->bound;
    if (bound < match_branch_cutoff(search) || search->dual.bound == MATCH_NET_NEVER) {
        set_multipliers(search, tree->root_multipliers);
        return STATUS_OK;
    }
    match_node_fix(search, &tree->limits, match_branch_cutoff(search));
    set_multipliers(search, tree->root_multipliers);
    struct match_split_on on;
    float open = match_node_choose(search, &tree->limits, &on);
    if (open < 0) {
        return close_leaf(tree);
    }
    if (open < SETTLED || search->nodes_done % PROPOSE == 1) {
        bool made;
        int status = propose(tree, &made);
        __int128 exact = made && open < SETTLED ? bound_by_plan(tree) : bound;
        bound = exact < bound ? exact : bound;
        if (status || bound < match_branch_cutoff(search)) {
            return status;
        }
        if (open < SETTLED && !search->persists) {
            give_up(tree, bound); /* whole already: what is left is rules that the relaxation leaves out */
            return STATUS_OK;
        }
    }
    *next = open_children(tree, &on, bound);
    return STATUS_OK;
}

/* The next node: the child to go on with, or else the one with the highest bound; NULL where none can be better. */
static struct node *next_node(struct tree *tree, struct node *next)
{
    if (next || !tree->count) {
        return next;
    }
    next = heap_pop(tree);
    if (next->bound < match_branch_cutoff(tree->search)) {
        tree->count = 0;
        return NULL;
    }
    return next;
}

int match_branch_run(struct match_search *search)
{
    const struct match_model *model = &search->model;
    struct tree tree = {.search = search, .data_size = node_size(model, search->ties.count), .closed = MATCH_NET_NEVER};
    int status = match_limits_init(model, search->arena, &tree.limits);
    if (status || (status = match_target_init(model, search->arena, &tree.target))) {
        return status;
    }
    uint32_t nodes = search->nodes < OPEN_MOST ? (uint32_t)search->nodes : OPEN_MOST;
    tree.most = nodes * 2 + WIDE * model->lot->offer_count + 2;
    tree.heap = arena_raw(search->arena, tree.most, sizeof(struct node *));
    tree.multipliers = arena_array(search->arena, search->ties.count, sizeof *tree.multipliers);
    tree.root_multipliers = arena_array(search->arena, search->ties.count, sizeof *tree.root_multipliers);
    if (!tree.heap || !tree.multipliers || !tree.root_multipliers) {
        return STATUS_NO_MEMORY;
    }
    get_multipliers(search, tree.root_multipliers);
    get_multipliers(search, tree.multipliers);
    __int128 root = search->joint ? search->joint_bound : (((__int128)search->best.bound + 1) << model->shift) - 1;
    struct node *node = node_make(&tree, root);
    while (!status && search->nodes_done < search->nodes && (node = next_node(&tree, node))) {
        search->nodes_done++;
        status = process(&tree, node, &node);
        if (match_control_asks(search->control)) {
            break;
        }
    }
    if (node) { /* the budget ended under way */
        give_up(&tree, node->bound);
    }
    __int128 bound = tree.count && tree.heap[0]->bound > tree.closed ? tree.heap[0]->bound : tree.closed;
    if (!status && search->joint) {
        search->joint_bound = bound > search->worth ? bound : search->worth;
    } else if (!status) {
        match_search_bound(search, bound);
        search->best.bound = search->best.bound < search->best.objective ? search->best.objective : search->best.bound;
    }
    return status;
}
