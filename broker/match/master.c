/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/master.h"

#include <math.h>
#include <string.h>

#define STEPS 600
#define WIDE (MATCH_MASTER_COLUMNS + 2 * MATCH_MASTER_ROWS)
#define TOLERANCE 1e-9

/* Columns: shares, then a slack and a breach for each row. The last row says that shares make one. */
struct tableau {
    uint32_t rows, columns;
    double cell[MATCH_MASTER_ROWS + 1][WIDE + 1]; /* right sides last */
    double gain[WIDE];                            /* reduced profit by column */
    uint32_t basis[MATCH_MASTER_ROWS + 1];
};

/* Sizes of rows and of profits, so that one tolerance serves. */
struct sizes {
    double row[MATCH_MASTER_ROWS];
    double profit;
};

static struct sizes find_sizes(const struct match_master *master)
{
    struct sizes sizes = {.profit = 1};
    for (uint32_t n = 0; n < master->column_count; n++) {
        sizes.profit = fmax(sizes.profit, fabs(master->profit[n] - master->profit[0]));
    }
    for (uint32_t r = 0; r < master->row_count; r++) {
        sizes.row[r] = 1;
        for (uint32_t n = 0; n < master->column_count; n++) {
            sizes.row[r] = fmax(sizes.row[r], fabs(master->excess[n][r]));
        }
    }
    return sizes;
}

/* The first plan alone, with slack or breach as it comes, is the first basis. */
static void fill(const struct match_master *master, const struct sizes *sizes, struct tableau *table)
{
    uint32_t rows = master->row_count, count = master->column_count;
    memset(table, 0, sizeof *table);
    table->rows = rows + 1;
    table->columns = count + 2 * rows;
    for (uint32_t n = 0; n < count; n++) {
        table->gain[n] = (master->profit[n] - master->profit[0]) / sizes->profit;
        table->cell[rows][n] = 1;
    }
    table->cell[rows][table->columns] = 1;
    table->basis[rows] = 0;
    for (uint32_t r = 0; r < rows; r++) {
        double *row = table->cell[r], first = master->excess[0][r] / sizes->row[r], sign = first > 0 ? -1 : 1;
        uint32_t slack = count + 2 * r, breach = slack + 1;
        for (uint32_t n = 0; n < count; n++) {
            row[n] = sign * (master->excess[n][r] / sizes->row[r] - first);
        }
        row[slack] = sign;
        row[breach] = -sign;
        row[table->columns] = -sign * first;
        table->gain[slack] = master->least[r] * sizes->row[r] / sizes->profit;
        table->gain[breach] = -master->most[r] * sizes->row[r] / sizes->profit;
        table->basis[r] = first > 0 ? breach : slack;
    }
    for (uint32_t r = 0; r < rows; r++) {
        double profit = table->gain[table->basis[r]];
        for (uint32_t c = 0; c < table->columns; c++) {
            table->gain[c] -= profit * table->cell[r][c];
        }
    }
}

static void pivot(struct tableau *table, uint32_t row, uint32_t column)
{
    double *by = table->cell[row], at = by[column];
    for (uint32_t c = 0; c <= table->columns; c++) {
        by[c] /= at;
    }
    for (uint32_t r = 0; r < table->rows; r++) {
        double factor = table->cell[r][column];
        for (uint32_t c = 0; r != row && factor != 0 && c <= table->columns; c++) {
            table->cell[r][c] -= factor * by[c];
        }
    }
    double factor = table->gain[column];
    for (uint32_t c = 0; c < table->columns; c++) {
        table->gain[c] -= factor * by[c];
    }
    table->basis[row] = column;
}

/* Column to come in: the one that gains most a unit; late in the run the first that gains, which can't go round in circles. */
static uint32_t entering(const struct tableau *table, bool first)
{
    uint32_t best = UINT32_MAX;
    double most = TOLERANCE;
    for (uint32_t c = 0; c < table->columns; c++) {
        if (table->gain[c] > most) {
            best = c;
            most = table->gain[c];
            if (first) {
                break;
            }
        }
    }
    return best;
}

static uint32_t leaving(const struct tableau *table, uint32_t column)
{
    uint32_t best = UINT32_MAX;
    double least = 0;
    for (uint32_t r = 0; r < table->rows; r++) {
        double at = table->cell[r][column];
        if (at <= TOLERANCE) {
            continue;
        }
        double ratio = table->cell[r][table->columns] / at;
        if (best == UINT32_MAX || ratio < least || (ratio == least && table->basis[r] < table->basis[best])) {
            best = r;
            least = ratio;
        }
    }
    return best;
}

bool match_master_solve(struct match_master *master)
{
    struct tableau table;
    struct sizes sizes = find_sizes(master);
    fill(master, &sizes, &table);
    uint32_t column = 0, count = master->column_count;
    for (uint32_t step = 0; (column = entering(&table, step > STEPS / 2)) != UINT32_MAX; step++) {
        uint32_t row = leaving(&table, column);
        if (row == UINT32_MAX || step == STEPS) {
            return false;
        }
        pivot(&table, row, column);
    }
    memset(master->share, 0, sizeof master->share);
    master->value = 0;
    for (uint32_t r = 0; r < table.rows; r++) {
        uint32_t basic = table.basis[r];
        double level = table.cell[r][table.columns] > 0 ? table.cell[r][table.columns] : 0;
        if (basic < count) {
            master->share[basic] = level;
            master->value += level * master->profit[basic];
        } else {
            uint32_t of = (basic - count) / 2;
            master->value += level * sizes.row[of] * ((basic - count) % 2 ? -master->most[of] : master->least[of]);
        }
    }
    for (uint32_t r = 0; r < master->row_count; r++) {
        master->price[r] = master->least[r] - table.gain[count + 2 * r] * sizes.profit / sizes.row[r];
    }
    return true;
}
