/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_SIMPLEX_H
#define BROKER_MATCH_SIMPLEX_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/arena.h"

/*
 * A linear program that grows: maximise cost * level with sum of entry * level at most right in each row, levels from 0.
 *
 * Primal simplex with an explicit inverse of the basis (Dantzig 1963, Linear Programming and Extensions), for some hundred rows and some
 * thousand sparse columns that come in while it is solved again and again. What a caller forbids (columns, slack of a row) only gets a cost
 * that no solution carries if it can help it, so that the basis of the last solution always serves as a start. Figures are doubles: what
 * they find is checked in integers elsewhere. Rights are shifted by tiny amounts of their own against running in circles.
 */

struct match_simplex_entry {
    uint32_t row;
    double amount;
};

struct match_simplex_column {
    uint32_t first, count;
    double cost;
    bool allowed;
};

struct match_simplex {
    uint32_t rows, row_most;
    uint32_t columns, column_most;
    uint32_t entries, entry_most;
    double *right, *shift; /* by row */
    uint8_t *equal;        /* by row: 1 no slack */
    struct match_simplex_column *column;
    struct match_simplex_entry *entry;
    double *inverse;       /* rows * row_most */
    uint32_t *basis;       /* by row: variable, see simplex.c */
    double *level;         /* by row: of its basic variable */
    double *dual;          /* by row, of the last solution */
    double *step, *work;   /* by row: scratch */
    double *matrix;        /* scratch of factoring */
    uint32_t step_most;    /* pivots of a solution, at most */
    double forbid;         /* cost of what is forbidden, above 0 */
    uint32_t since;        /* pivots since the inverse was made */
    bool stale;            /* the inverse has to be made */
    uint64_t pivots;       /* counter */
    uint64_t work_done;    /* counter: steps of the inner loops, nearly */
};

/* STATUS_NO_MEMORY. */
int match_simplex_init(struct match_simplex *simplex, uint32_t row_most, uint32_t column_most, uint32_t entry_most, double forbid,
                       struct arena *arena);

/* A new row, empty; its index. There must be room. */
uint32_t match_simplex_row(struct match_simplex *simplex, double right);

/* A new column; its index, or UINT32_MAX where there is no room. */
uint32_t match_simplex_add(struct match_simplex *simplex, double cost, const struct match_simplex_entry *entries, uint32_t count);

/* Gives the columns there are their amounts in a new row, where these are not 0. Does nothing where there is no room. */
void match_simplex_extend(struct match_simplex *simplex, uint32_t row, const double *amounts);

/* Solves again. False where it did not end within its steps; level and dual are then those of where it stood. */
bool match_simplex_solve(struct match_simplex *simplex);

/* What the last solution gains a unit of a column; above 0: it should come in. */
double match_simplex_gain(const struct match_simplex *simplex, double cost, const struct match_simplex_entry *entries, uint32_t count);

/* Levels of columns in the last solution, by column. */
void match_simplex_levels(const struct match_simplex *simplex, double *levels);

/* Drops columns: those with drop set, none of them basic; others keep their order. place: by old column, gets the new one or UINT32_MAX. */
void match_simplex_drop(struct match_simplex *simplex, const uint8_t *drop, uint32_t *place);

/* Whether a column is in the basis, by column. */
void match_simplex_basic(const struct match_simplex *simplex, uint8_t *basic);

#endif
