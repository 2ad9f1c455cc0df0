/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_PROOF_TREE_H
#define BROKER_MATCH_PROOF_TREE_H

#include "broker/match/node.h"
#include "broker/match/proof_master.h"
#include "broker/match/target.h"
#include "broker/match/tied.h"

/* What the parts of a proof share: the node at hand, the program, the tree of open nodes. See proof.h. */

#define MATCH_PROOF_CANDIDATES 12
#define MATCH_PROOF_WHOLE 1e-5 /* a share nearer to 0 or 1 is whole */

struct match_proof_node {
    __int128 bound;
    uint64_t number; /* in the order of making, for ties */
    unsigned char *data; /* limits and prices, and ranges where there are any */
    bool ranged;
};

/* What a node is split on. */
struct match_proof_split {
    bool range; /* units of an offer, in all or of a line, or: */
    struct match_split_on on;
    uint32_t line, offer; /* MATCH_NONE: all lines */
    double units;
    double score; /* product of what children lose, nearly */
};

/* What splitting on a thing has cost so far: averages of what the bound lost in each child, in parts of the lot's bound. */
struct match_proof_trial {
    float lost[2];
    uint32_t count;
};

struct match_proof {
    struct match_search *search;
    struct match_proof_dual dual;
    struct match_proof_master master;
    struct match_limits limits;      /* of the node at hand */
    struct match_proof_point center; /* the best prices known of it */
    __int128 center_bound;
    struct match_target target;
    struct match_proof_node **heap;
    uint32_t count, most;
    size_t data_size, memory;
    uint64_t made;
    uint64_t plans;                  /* counter: plans tried */
    uint64_t work_most;              /* budget, see match_proof_work */
    __int128 closed;                 /* highest bound of nodes given up unproved */
    struct match_use *uses;          /* scratch: by line */
    struct match_part *parts;        /* scratch: awards of a solution */
    struct match_choice *held;       /* scratch: by choice, see proof_plan.c */
    int64_t *held_capacity;          /* offer * months + month */
    struct match_proof_trial *trials; /* by offer, lump, lump's supplier, choice */
    struct match_split_on candidates[MATCH_PROOF_CANDIDATES]; /* the most open first */
    float weight[MATCH_PROOF_CANDIDATES];
    uint32_t candidate_count;
};

/* Scaled: what a plan better than the one known is worth at least. */
__int128 match_proof_cutoff(const struct match_proof *proof);

/* Evaluates the point in dual; keeps it as the center where it is the best of the node. */
void match_proof_look(struct match_proof *proof);

/* Adds what offers answered at the point to the program; says whether any gains at its prices. all: adds them anyway. */
bool match_proof_learn(struct match_proof *proof, bool all);

/* Prices the node at hand, fixes what that proves, and reads the program's solution. True where the node is closed. */
bool match_proof_price(struct match_proof *proof, uint32_t steps);

/* Chooses what to split the node on. False where all is whole. */
bool match_proof_choose(struct match_proof *proof, struct match_proof_split *split);

/* Under ties: the offer whose units in all are least whole, or else those of a line. False where all are. */
bool match_proof_choose_units(const struct match_proof *proof, struct match_proof_split *split);

/* Units that an offer makes in the solution. */
double match_proof_total(const struct match_proof *proof, uint32_t offer);

/* A thing that is whole but not fixed. False where all is fixed. */
bool match_proof_choose_free(struct match_proof *proof, struct match_proof_split *split);

/*
 * Makes the plan of the choices and lumps that the solution leans to, and keeps it where it is better. exact: the solution is whole, and no
 * other plan of these choices and lumps is worth more; else lumps are settled as they fit and the screened search follows. STATUS_NO_MEMORY.
 */
int match_proof_plan(struct match_proof *proof, bool exact);

/* Adds cuts on nations and on covers that the solution, which is whole in its choices, breaks. Says whether it did. */
bool match_proof_cut(struct match_proof *proof);

/* Steps of inner loops so far, nearly: what budgets count. */
uint64_t match_proof_work(const struct match_proof *proof);

#endif
