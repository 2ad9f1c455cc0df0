/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_TABLEAU_H
#define BROKER_MATCH_TABLEAU_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/arena.h"

/*
 * A linear program of a few hundred rows and columns whose bounds change from node to node: maximise cost * x with each row at most its
 * right side and each x between bounds.
 *
 * Dual simplex on a condensed tableau (Lemke 1954, Nav. Res. Logist. Q. 1, doi 10.1002/nav.3800010107), with steps over several breakpoints
 * where variables can change from one bound to the other (Maros 2003, Comput. Optim. Appl. 26, "long step"). Every variable has two bounds,
 * so any basis becomes dual feasible by putting each column outside it at the bound that its gain asks for: no bound that changes and no row
 * that comes in ever needs a first phase, and the basis of any other node serves as a start. Figures are doubles: prices that are found are
 * checked in integers elsewhere.
 */

enum match_tableau_end { MATCH_TABLEAU_SOLVED, MATCH_TABLEAU_CUT, MATCH_TABLEAU_EMPTY, MATCH_TABLEAU_TIRED };

struct match_tableau_entry {
    uint32_t column;
    double amount;
};

struct match_tableau {
    uint32_t columns, rows, row_most;
    double *cost;        /* by column, scaled */
    double *column_scale;/* x = scale * what the tableau holds; powers of two */
    double *row_scale;
    double cost_scale;
    uint32_t *first;     /* by row; row_most + 1: of its entries */
    struct match_tableau_entry *entries; /* scaled */
    uint32_t entry_most;
    double *right;       /* by row, scaled */
    double *low, *high;  /* by variable: columns, then slacks of rows */
    double *cell;        /* row_most * columns */
    double *level;       /* by row: of its basic variable */
    double *constant;    /* by row: the same with all others at 0 */
    double *gain;        /* by place outside the basis: what a unit of it adds */
    double value;        /* of the objective with all outside the basis at 0, scaled */
    uint32_t *basic;     /* by row: variable */
    uint32_t *outside;   /* by place: variable */
    uint32_t *place;     /* by variable: row or place */
    uint8_t *inside;     /* by variable: 1 in the basis */
    uint8_t *upper;      /* by variable outside: 1 at its high */
    double *ray;         /* by row: what makes an empty program's bound fall without end */
    uint32_t *nonzero;   /* scratch: places */
    uint32_t *candidate; /* scratch: places */
    uint32_t since;      /* pivots since the tableau was made anew */
    uint32_t step_most;  /* pivots of a solution, at most */
    uint64_t pivots;     /* counter */
    uint64_t work;       /* counter: steps of the inner loops */
};

/* costs and the largest x by column give the scales. All columns are outside the basis. STATUS_NO_MEMORY. */
int match_tableau_init(struct match_tableau *tableau, const double *cost, const double *most, uint32_t columns, uint32_t row_most,
                       uint32_t entry_most, struct arena *arena);

/* Whether a row of so many entries can still come in. */
bool match_tableau_room(const struct match_tableau *tableau, uint32_t count);

/* A new row; equal: exactly its right side. */
uint32_t match_tableau_row(struct match_tableau *tableau, const struct match_tableau_entry *entries, uint32_t count, double right, bool equal);

void match_tableau_bound(struct match_tableau *tableau, uint32_t column, double low, double high);

/*
 * Solves from the basis at hand. CUT: no solution is worth more than cut; EMPTY: there is none, and match_tableau_prices gives prices that show it;
 * TIRED: it went on for too long.
 */
enum match_tableau_end match_tableau_solve(struct match_tableau *tableau, double cut);

/* Worth of where it stands: an upper bound, nearly. */
double match_tableau_worth(const struct match_tableau *tableau);

/* x by column. */
void match_tableau_levels(const struct match_tableau *tableau, double *levels);

/* Prices by row, at least 0 unless equal; after EMPTY those moved so far along the ray that the bound falls by more than fall. */
void match_tableau_prices(const struct match_tableau *tableau, enum match_tableau_end end, double fall, double *prices);

/* Corrects prices by what basic columns' costs still differ from them: rest by column, of those in the basis. */
void match_tableau_correct(const struct match_tableau *tableau, const double *rest, double *prices);

/*
 * What at least is lost when a basic column has to go down to below, or up to above: the first step of the solution that would follow
 * (Driebeek 1966, Manage. Sci. 12, doi 10.1287/mnsc.12.7.576).
 */
void match_tableau_penalties(const struct match_tableau *tableau, uint32_t column, double below, double above, double *down, double *up);

/* Drops rows: those with drop set whose slack is basic. place: by old row, gets the new one or UINT32_MAX. */
void match_tableau_drop(struct match_tableau *tableau, const uint8_t *drop, uint32_t *place);

#endif
