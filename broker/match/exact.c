/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/exact.h"

#include <math.h>
#include <string.h>

#include "broker/match/control.h"
#include "broker/match/exact_tree.h"
#include "proto/status.h"

#define ROUNDS_MOST 40
#define NODES_MOST 200000
#define COLUMNS_MOST 2500
#define TREE_MEMORY ((size_t)256 << 20)
#define SHORT 1e-9
#define SHARE_PART 0.02   /* of a one-off cost, that shares differ by where its level is split on before sums are whole */
#define PROPOSE_ALL 10    /* nodes that are all proposed */
#define PROPOSE 25        /* nodes for a proposal after them */

static bool before(const struct match_exact_node *a, const struct match_exact_node *b)
{
    return a->bound != b->bound ? a->bound > b->bound : a->number > b->number;
}

static void heap_push(struct match_exact_tree *tree, struct match_exact_node *node)
{
    uint32_t at = tree->heap_count++;
    while (at && before(node, tree->heap[(at - 1) / 2])) {
        tree->heap[at] = tree->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    tree->heap[at] = node;
}

static struct match_exact_node *heap_pop(struct match_exact_tree *tree)
{
    struct match_exact_node *top = tree->heap[0], *node = tree->heap[--tree->heap_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= tree->heap_count) {
            break;
        }
        if (child + 1 < tree->heap_count && before(tree->heap[child + 1], tree->heap[child])) {
            child++;
        }
        if (!before(tree->heap[child], node)) {
            break;
        }
        tree->heap[at] = tree->heap[child];
        at = child;
    }
    tree->heap[at] = node;
    return top;
}

static void give_up(struct match_exact_tree *tree, __int128 bound)
{
    tree->closed = bound > tree->closed ? bound : tree->closed;
}

static struct match_exact_node *node_make(struct match_exact_tree *tree, const struct match_exact_node *parent, const struct match_exact_split *split, bool up)
{
    uint32_t count = tree->change_count + (split != NULL);
    size_t size = sizeof(struct match_exact_node) + count * sizeof(struct match_exact_change);
    struct match_exact_node *node = NULL;
    struct match_exact_change *changes = NULL;
    if (tree->memory + size < TREE_MEMORY && tree->heap_count + 2 < tree->heap_most) {
        node = arena_alloc(tree->arena, sizeof *node);
        changes = arena_array(tree->arena, count, sizeof *changes);
    }
    if (!node || !changes) {
        give_up(tree, tree->bound);
        return NULL;
    }
    tree->memory += size;
    memcpy(changes, tree->changes, tree->change_count * sizeof *changes);
    *node = (struct match_exact_node){.parent = parent, .changes = changes, .change_count = count, .depth = parent ? parent->depth + 1 : 0,
                                      .bound = tree->bound, .number = tree->made++, .split = MATCH_NONE, .up = up};
    if (split) {
        uint32_t c = split->column;
        changes[count - 1] = (struct match_exact_change){c, up ? split->below + 1 : tree->low[c], up ? tree->high[c] : split->below};
        node->split = c;
        node->part = up ? (double)(split->below + 1) - split->level : split->level - (double)split->below;
    }
    return node;
}

/* Bounds only narrow on the way down, so the order does not matter. */
static void apply(struct match_exact_tree *tree, const struct match_exact_node *node)
{
    for (; node; node = node->parent) {
        for (uint32_t n = 0; n < node->change_count; n++) {
            const struct match_exact_change *change = &node->changes[n];
            tree->low[change->column] = change->low > tree->low[change->column] ? change->low : tree->low[change->column];
            tree->high[change->column] = change->high < tree->high[change->column] ? change->high : tree->high[change->column];
        }
        tree->effort->work += node->change_count;
    }
}

static void enter_node(struct match_exact_tree *tree, const struct match_exact_node *node)
{
    const struct match_exact *program = &tree->program;
    for (uint32_t c = 0; c < program->column_count; c++) {
        tree->low[c] = program->columns[c].low;
        tree->high[c] = program->columns[c].high;
        tree->levels[c] = (double)tree->low[c];
    }
    apply(tree, node);
    for (uint32_t c = 0; c < program->active; c++) {
        match_tableau_bound(&tree->tableau, c, (double)tree->low[c], (double)tree->high[c]);
    }
    tree->change_count = 0;
    tree->bound = node->bound;
}

/* Learns from how much the bound fell with the split that made the node. */
static void learn(struct match_exact_tree *tree, const struct match_exact_node *node)
{
    if (node->split == MATCH_NONE || !(node->part > 1e-6)) {
        return;
    }
    __int128 bound = tree->bound < match_exact_cutoff(tree) ? match_exact_cutoff(tree) : tree->bound;
    double fell = ldexp((double)(node->bound - bound), -MATCH_EXACT_BITS) / node->part;
    tree->fell[node->up][node->split] += fell > 0 ? fell : 0;
    tree->falls[node->up][node->split]++;
}

/* Solves the node at hand, with rows brought in and columns narrowed. True where it is closed. */
static bool solve_node(struct match_exact_tree *tree, const struct match_exact_node *node, bool *solved)
{
    *solved = false;
    if (!match_exact_carry(tree)) {
        tree->bound = MATCH_EXACT_NEVER;
        return true;
    }
    for (int round = 0; round < ROUNDS_MOST; round++) {
        double best = (double)tree->search->best.objective, cut = best + 1 - SHORT * best;
        enum match_tableau_end end = match_tableau_solve(&tree->tableau, cut);
        match_exact_evaluate(tree, end);
        if (end == MATCH_TABLEAU_CUT && tree->bound >= match_exact_cutoff(tree)) {
            end = match_tableau_solve(&tree->tableau, -INFINITY);
            match_exact_evaluate(tree, end);
        }
        if (!round) {
            learn(tree, node);
        }
        if (tree->bound < match_exact_cutoff(tree)) {
            return true;
        }
        match_exact_fix(tree);
        match_tableau_levels(&tree->tableau, tree->levels);
        *solved = end == MATCH_TABLEAU_SOLVED;
        if (!*solved) {
            break;
        }
        bool links = match_exact_separate(tree), levels = match_exact_separate_levels(tree);
        if (!links && !levels) {
            break;
        }
        *solved = false; /* rows are broken yet */
    }
    return false;
}

static bool merged(const struct match_model *model)
{
    return model->first_member[model->line_count] > model->line_count;
}

static int run_tree(struct match_exact_tree *tree);
static int tree_init(struct match_exact_tree *tree);

/* Columns that the node at hand has not fixed. */
static uint32_t count_free(const struct match_exact_tree *tree)
{
    uint32_t free_columns = 0;
    for (uint32_t c = 0; c < tree->program.active; c++) {
        free_columns += tree->low[c] < tree->high[c];
    }
    return free_columns;
}

/* A node that has fixed most of the program becomes a tree of its own over what is left, in which each step costs less. */
static int plant(struct match_exact_tree *tree)
{
    struct arena arena;
    arena_init(&arena, TREE_MEMORY);
    struct match_exact_tree *child = arena_alloc(&arena, sizeof *child);
    int status = child ? match_exact_copy(&tree->program, &arena, &child->program) : STATUS_NO_MEMORY;
    if (!status) {
        child->search = tree->search;
        child->effort = tree->effort;
        child->arena = &arena;
        child->bound = tree->bound;
        status = tree_init(child);
    }
    if (!status) {
        memcpy(child->low, tree->low, tree->program.column_count * sizeof *child->low);
        memcpy(child->high, tree->high, tree->program.column_count * sizeof *child->high);
        status = match_exact_shrink(child);
    }
    if (!status) {
        status = run_tree(child);
        give_up(tree, child->closed);
    } else if (status == STATUS_NO_MEMORY) {
        give_up(tree, tree->bound);
        status = STATUS_OK;
    }
    arena_drop(&arena);
    return status;
}

static int propose(struct match_exact_tree *tree)
{
    if (tree->effort->nodes > PROPOSE_ALL && tree->effort->nodes - tree->effort->proposed < PROPOSE) {
        return STATUS_OK;
    }
    tree->effort->proposed = tree->effort->nodes;
    return match_exact_propose(tree);
}

static int split_node(struct match_exact_tree *tree, const struct match_exact_node *node, const struct match_exact_split *split,
                      struct match_exact_node **next)
{
    bool up = split->level - (double)split->below > 0.5;
    *next = node_make(tree, node, split, up);
    struct match_exact_node *other = node_make(tree, node, split, !up);
    if (other) {
        heap_push(tree, other);
    }
    return STATUS_OK;
}

/* Works on a node; *next is the child to go on with, or NULL. */
static int process(struct match_exact_tree *tree, const struct match_exact_node *node, struct match_exact_node **next)
{
    struct match_exact_split split;
    bool again = true, solved, found = false;
    int status = STATUS_OK;
    *next = NULL;
    enter_node(tree, node);
    match_exact_forget(tree);
    while (again) {
        if (solve_node(tree, node, &solved)) {
            return STATUS_OK;
        }
        again = false;
        found = solved && match_exact_choose(tree, &split);
        if (solved && !found && ((status = match_exact_plan(tree, &again)) || tree->bound < match_exact_cutoff(tree))) {
            return status;
        }
    }
    if (solved && ((status = propose(tree)) || tree->bound < match_exact_cutoff(tree))) {
        return status;
    }
    uint32_t free_columns = count_free(tree);
    if (free_columns && free_columns * 2 < tree->program.active) {
        return match_exact_carry(tree) ? plant(tree) : STATUS_OK;
    }
    if (solved && (!found || !match_exact_is_thing(tree, split.column))) {
        found = match_exact_choose_level(tree, found ? SHARE_PART : 0, &split) || found;
    }
    if (!found && !match_exact_choose_free(tree, &split)) {
        if (!solved || merged(&tree->search->model)) { /* of alike lines other splits may make one */
            give_up(tree, tree->bound);
        }
        return STATUS_OK; /* nothing is free, and its one plan is none */
    }
    return split_node(tree, node, &split, next);
}

static struct match_exact_node *next_node(struct match_exact_tree *tree, struct match_exact_node *next)
{
    if (next || !tree->heap_count) {
        return next;
    }
    next = heap_pop(tree);
    if (next->bound < match_exact_cutoff(tree)) {
        tree->heap_count = 0;
        return NULL;
    }
    return next;
}

/* Room for a tree over its program. */
static int tree_init(struct match_exact_tree *tree)
{
    const struct match_search *search = tree->search;
    struct arena *arena = tree->arena;
    uint32_t columns = tree->program.column_count, rows = tree->program.row_most;
    tree->closed = MATCH_EXACT_NEVER;
    tree->heap_most = NODES_MOST;
    tree->change_most = 20 * columns;
    tree->low = arena_array(arena, columns, sizeof *tree->low);
    tree->high = arena_array(arena, columns, sizeof *tree->high);
    tree->levels = arena_array(arena, columns, sizeof *tree->levels);
    tree->rest = arena_array(arena, columns, sizeof *tree->rest);
    tree->prices = arena_array(arena, rows, sizeof *tree->prices);
    tree->price = arena_array(arena, rows, sizeof *tree->price);
    tree->reduced = arena_array(arena, columns, sizeof *tree->reduced);
    tree->changes = arena_raw(arena, tree->change_most, sizeof *tree->changes);
    tree->heap = arena_raw(arena, tree->heap_most, sizeof *tree->heap);
    tree->due = arena_array(arena, search->model.month_count, sizeof *tree->due);
    tree->drop = arena_array(arena, rows, 1);
    tree->place = arena_array(arena, rows, sizeof *tree->place);
    tree->parts = arena_raw(arena, (size_t)search->model.line_count * search->model.lot->offer_count, sizeof *tree->parts);
    for (int side = 0; side < 2; side++) {
        tree->fell[side] = arena_array(arena, columns, sizeof(double));
        tree->falls[side] = arena_array(arena, columns, sizeof(uint32_t));
    }
    int status = match_target_init(&search->model, arena, &tree->target);
    return !status && tree->parts && tree->low && tree->high && tree->levels && tree->rest && tree->prices && tree->price && tree->reduced &&
                   tree->changes && tree->heap && tree->due && tree->drop && tree->place && tree->fell[0] && tree->fell[1] && tree->falls[0] && tree->falls[1]
               ? STATUS_OK : STATUS_NO_MEMORY;
}

int match_exact_load(struct match_exact_tree *tree)
{
    struct match_exact *program = &tree->program;
    uint32_t rows = program->row_count, spare = rows + program->active + MATCH_EXACT_LEVELS;
    double *cost = arena_array(tree->arena, program->active, sizeof *cost), *most = arena_array(tree->arena, program->active, sizeof *most);
    if (!cost || !most) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t c = 0; c < program->active; c++) {
        cost[c] = (double)program->columns[c].cost;
        most[c] = (double)program->columns[c].high;
    }
    spare = spare < program->row_most ? spare : program->row_most;
    int status = match_tableau_init(&tree->tableau, cost, most, program->active, spare, program->entry_most, tree->arena);
    tree->counted = 0;
    for (uint32_t r = 0; r < rows && !status; r++) {
        program->row_count = r + 1;
        status = match_exact_enter(tree) ? STATUS_OK : STATUS_NO_MEMORY;
    }
    return status;
}

bool match_exact_fits(const struct match_search *search)
{
    return search->proves && !search->joint && search->model.line_count && search->best.bound > 0;
}

static void count_work(struct match_exact_tree *tree)
{
    tree->effort->work += tree->tableau.work - tree->counted;
    tree->counted = tree->tableau.work;
}

/* Runs a tree to its end, or until the work is used up; closed is then the highest bound that was left. */
static int run_tree(struct match_exact_tree *tree)
{
    struct match_exact_effort *effort = tree->effort;
    struct match_exact_node *node = node_make(tree, NULL, NULL, false);
    int status = STATUS_OK;
    while (!status && effort->work < effort->most && (node = next_node(tree, node))) {
        effort->nodes++;
        status = process(tree, node, &node);
        count_work(tree);
        if (match_control_asks(tree->search->control)) {
            break;
        }
    }
    if (node) {
        give_up(tree, node->bound);
    }
    if (tree->heap_count) {
        give_up(tree, tree->heap[0]->bound);
    }
    return status;
}

int match_exact_run(struct match_search *search)
{
    struct match_exact_effort effort = {.most = search->exact_most};
    struct match_exact_tree *tree = arena_alloc(search->arena, sizeof *tree);
    int status = tree ? match_exact_build(search, search->arena, &tree->program) : STATUS_NO_MEMORY;
    if (status || tree->program.full || tree->program.column_count > COLUMNS_MOST) {
        return status;
    }
    struct match_tied *tied = search->tied, *own = tied ? tied : arena_alloc(search->arena, sizeof *own);
    if (!own || (!tied && match_tied_init(search, search->arena, own))) {
        return STATUS_NO_MEMORY;
    }
    search->tied = own; /* proposals are rounded and mended by it, rows or none */
    tree->search = search;
    tree->arena = search->arena;
    tree->effort = &effort;
    tree->bound = ((__int128)search->best.bound + 1) << MATCH_EXACT_BITS;
    status = tree_init(tree);
    status = status ? status : match_exact_load(tree);
    status = status ? status : run_tree(tree);
    search->tied = tied;
    if (status) {
        return status;
    }
    search->exact_nodes += effort.nodes;
    int64_t cents = tree->closed <= 0 ? 0 : (int64_t)(tree->closed >> MATCH_EXACT_BITS);
    search->best.bound = cents < search->best.bound ? cents : search->best.bound;
    search->best.bound = search->best.bound < search->best.objective ? search->best.objective : search->best.bound;
    return STATUS_OK;
}
