/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_EXACT_TREE_H
#define BROKER_MATCH_EXACT_TREE_H

#include "broker/match/exact_program.h"
#include "broker/match/tableau.h"
#include "broker/match/target.h"
#include "broker/match/tied.h"

/* The state of a branch and cut over a lot's integer program: exact.c runs it, the files exact_*.c are its parts. */

#define MATCH_EXACT_BITS 40 /* bounds and prices are in 2^-40 cents */
#define MATCH_EXACT_NEVER (-((__int128)1 << 120))

struct match_exact_change {
    uint32_t column;
    int64_t low, high;
};

struct match_exact_node {
    const struct match_exact_node *parent;
    const struct match_exact_change *changes; /* to bounds, on top of the parent's */
    uint32_t change_count;
    uint32_t depth;
    __int128 bound;
    uint64_t number;
    uint32_t split;      /* the column it was split on, MATCH_NONE at the root */
    bool up;
    double part;         /* of a unit that the split moved the column at least */
};

struct match_exact_split {
    uint32_t column;
    int64_t below;       /* the children: at most below; at least below + 1 */
    double level;
};

/* What all trees of a lot share. */
struct match_exact_effort {
    uint64_t work, most; /* steps of the inner loops */
    uint64_t nodes;
    uint64_t proposed;   /* nodes at the last proposal */
};

struct match_exact_tree {
    struct match_search *search;
    struct arena *arena; /* of this tree */
    struct match_exact_effort *effort;
    uint64_t counted;    /* of the tableau's work */
    struct match_exact program;
    struct match_tableau tableau;
    int64_t *low, *high; /* by column: of the node at hand */
    double *levels;      /* by column */
    double *prices;      /* by row */
    double *rest;        /* by column */
    __int128 *price;     /* by row, whole */
    __int128 *reduced;   /* by column: what a unit of it adds at these prices */
    __int128 bound;      /* of the node at hand */
    struct match_exact_change *changes; /* of the node at hand, beyond its own */
    uint32_t change_count, change_most;
    struct match_exact_node **heap;
    uint32_t heap_count, heap_most;
    double *fell[2];     /* by column: what the bound fell by a unit down, up, in all */
    uint32_t *falls[2];
    double *due;         /* scratch: by month */
    uint8_t *drop;       /* scratch: by row */
    uint32_t *place;
    uint64_t made;       /* nodes */
    __int128 closed;     /* the highest bound of what was given up */
    size_t memory;
    struct match_target target;  /* scratch of proposals */
    struct match_part *parts;
};

/* The bound that the tableau's prices prove for the node at hand, in whole numbers; fills reduced. MATCH_EXACT_NEVER: nothing is left of it. */
void match_exact_evaluate(struct match_exact_tree *tree, enum match_tableau_end end);

/* The least bound, in 2^-40 cents, of what is better than the plan known. */
__int128 match_exact_cutoff(const struct match_exact_tree *tree);

/* A bound of a column changes at the node at hand. */
void match_exact_change(struct match_exact_tree *tree, uint32_t column, int64_t low, int64_t high);

/* Narrows columns by what leaving their bound would cost. */
void match_exact_fix(struct match_exact_tree *tree);

/* Carries what bounds mean for other columns. False where nothing is left. */
bool match_exact_carry(struct match_exact_tree *tree);

/* Brings in rows that the solution breaks. Says whether any came in. */
bool match_exact_separate(struct match_exact_tree *tree);

/*
 * Where a solution whose choices are whole shares one-off costs as no plan does, by more than a part of a cost: a level to split on. False where
 * shares are not what is wrong.
 */
bool match_exact_choose_level(struct match_exact_tree *tree, double part, struct match_exact_split *split);

/* Brings in the rows of levels that the node has split on. Says whether any came in. */
bool match_exact_separate_levels(struct match_exact_tree *tree);

/* The least that rounding is by any turn with the awards at hand, and that turn. */
double match_exact_rounding_at(const struct match_exact_tree *tree, uint32_t choice, struct match_exact_turn *turn);

/* Units of a pair in the solution at hand, as they are, and rounded. */
double match_exact_part(const struct match_exact_tree *tree, uint32_t pair);
int64_t match_exact_units(const struct match_exact_tree *tree, uint32_t pair);

/* Drops rows that have not bound for long. */
void match_exact_forget(struct match_exact_tree *tree);

/* Copies the program's last row into the tableau. False where there is no room. */
bool match_exact_enter(struct match_exact_tree *tree);

/* Puts the program into a tableau of its own size. STATUS_NO_MEMORY. */
int match_exact_load(struct match_exact_tree *tree);

/* Makes the program smaller by what the node at hand, a root, has fixed, and loads it. STATUS_NO_MEMORY. */
int match_exact_shrink(struct match_exact_tree *tree);

/* The column to split on; false where every one is whole. */
bool match_exact_choose(struct match_exact_tree *tree, struct match_exact_split *split);

/* Whether every column that has to be is whole in the solution at hand. */
bool match_exact_is_whole(const struct match_exact_tree *tree);

/* Whether a column stands for a choice, a lump or the like, not for units. */
bool match_exact_is_thing(const struct match_exact_tree *tree, uint32_t column);

/* A column that is not fixed though every one is whole; false where there is none. */
bool match_exact_choose_free(const struct match_exact_tree *tree, struct match_exact_split *split);

/* Takes the plan that a whole solution is. *again: rows came in that it breaks. STATUS_NO_MEMORY. */
int match_exact_plan(struct match_exact_tree *tree, bool *again);

/* Makes a plan of the solution at hand, whole or not: its choices and lumps rounded, its units rounded down and mended. STATUS_NO_MEMORY. */
int match_exact_propose(struct match_exact_tree *tree);

#endif
