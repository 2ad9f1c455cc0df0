/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_PROOF_MASTER_H
#define BROKER_MATCH_PROOF_MASTER_H

#include "broker/match/proof_dual.h"
#include "broker/match/simplex.h"

/*
 * The linear program over answers: each offer mixes what it has answered (a choice and whom it serves), lines and single-supplier
 * lumps are served once, ties and cuts hold. Its prices ask for the next answers; where none gains, its value is the bound, and its solution
 * has few parts that are not whole (Dantzig, Wolfe 1960, Oper. Res. 8(1), doi 10.1287/opre.8.1.101; with branching: Barnhart and others
 * 1998, Oper. Res. 46(3), doi 10.1287/opre.46.3.316).
 */

struct match_proof_answer {
    uint32_t choice; /* MATCH_NONE: lump is in, which more than one offer may serve */
    uint32_t lump;
    uint32_t first, count; /* of its uses */
};

struct match_proof_master {
    const struct match_model *model;
    struct match_proof_dual *dual;
    struct match_simplex simplex;
    double unit; /* cents that a cost of 1 stands for */
    uint32_t *line_row;  /* by line; MATCH_NONE of a single-supplier lump's */
    uint32_t *entry_row, *bonus_row, *least_row, *in_row; /* by lump, or MATCH_NONE */
    uint32_t *offer_row;
    uint32_t *tie_row;
    double *tie_scale;
    uint32_t cut_row[MATCH_PROOF_CUTS];
    struct match_proof_answer *answers; /* by column */
    struct match_use *uses;
    uint32_t use_count, use_most;
    double *level;       /* by column */
    uint8_t *flag;       /* twice by column: scratch */
    uint32_t *place;     /* by column: scratch */
    struct match_simplex_entry *made; /* scratch: a column's entries */
    double *used;        /* solution, by choice */
    float *lump_used;    /* by lump: that it is in */
    float *pair_used;    /* lump * offers + offer: single-supplier lumps */
    double *served;      /* line * offers + offer: units */
    bool short_of_answers; /* the solution needs what the limits forbid */
};

/* Rows that a lot needs. */
uint32_t match_proof_rows(const struct match_model *model, uint32_t ties);

/* unit: of the size of the lot's bound. STATUS_NO_MEMORY. */
int match_proof_master_init(struct match_proof_dual *dual, double unit, struct arena *arena, struct match_proof_master *master);

/* Adds an answer where it gains at the last prices (all: anyway). Says whether it did. */
bool match_proof_master_add(struct match_proof_master *master, uint32_t choice, const struct match_use *uses, uint32_t count, bool all);

/* A row for the cut that was just added to the dual. */
void match_proof_master_cut(struct match_proof_master *master);

/* Lets what keeps the limits and the dual's ranges take part. */
void match_proof_master_set(struct match_proof_master *master, const struct match_limits *limits);

/* Solves. False where the program could not be solved. */
bool match_proof_master_solve(struct match_proof_master *master);

/* Prices of the last solution. */
void match_proof_master_point(const struct match_proof_master *master, struct match_proof_point *point);

/* Value of the last solution in cents. */
double match_proof_master_value(struct match_proof_master *master);

/* Fills the solution in. */
void match_proof_master_read(struct match_proof_master *master);

#endif
