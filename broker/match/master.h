/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_MASTER_H
#define BROKER_MATCH_MASTER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A small linear program: which mix of known plans is worth most while the mix keeps a few common rows.
 *
 *     most  sum profit[n] * share[n]  +  sum least[r] * slack[r]  -  sum most[r] * broken[r]
 *     with  sum excess[n][r] * share[n] + slack[r] - broken[r] = 0,   sum share[n] = 1,   all at least 0
 *
 * It is the master problem of Dantzig and Wolfe (1960, Oper. Res. 8(1), doi 10.1287/opre.8.1.101) with the prices of the rows held
 * in a box from least to most, so that they move from where they are by steps (Marsten, Hogan, Blankenship 1975, Oper. Res. 23(3),
 * doi 10.1287/opre.23.3.389). Dense primal simplex in floating point: it only proposes prices and mixes, others judge them.
 */

#define MATCH_MASTER_ROWS 12
#define MATCH_MASTER_COLUMNS 40

struct match_master {
    uint32_t row_count, column_count; /* at least one column */
    double profit[MATCH_MASTER_COLUMNS];
    double excess[MATCH_MASTER_COLUMNS][MATCH_MASTER_ROWS];
    double least[MATCH_MASTER_ROWS], most[MATCH_MASTER_ROWS];
    double share[MATCH_MASTER_COLUMNS]; /* result */
    double price[MATCH_MASTER_ROWS];    /* result */
    double value;                       /* result */
};

/* False where it did not end within its budget of steps; the results are then undefined. */
bool match_master_solve(struct match_master *master);

#endif
