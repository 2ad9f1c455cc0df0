/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/simplex.h"

#include <math.h>
#include <string.h>

#include "proto/status.h"

#define GAIN_LEAST 1e-10   /* a column that gains less a unit stays out */
#define PIVOT_LEAST 1e-8
#define SLIP 1e-9          /* that the ratio test allows */
#define SHIFT 1e-6         /* of rights: the largest */
#define REFRESH 64         /* pivots between two makings of the inverse */
#define STEPS_MOST 4000

/* A variable of the basis: 2 * row is its slack, 2 * row + 1 what makes good for a row that can't hold, 2 * row_most + column a column. */
static uint32_t slack_of(uint32_t row)
{
    return 2 * row;
}

static uint32_t lack_of(uint32_t row)
{
    return 2 * row + 1;
}

int match_simplex_init(struct match_simplex *simplex, uint32_t row_most, uint32_t column_most, uint32_t entry_most, double forbid,
                       struct arena *arena)
{
    *simplex = (struct match_simplex){.row_most = row_most, .column_most = column_most, .entry_most = entry_most, .forbid = forbid, .stale = true, .step_most = STEPS_MOST};
    simplex->right = arena_array(arena, row_most, sizeof(double));
    simplex->shift = arena_array(arena, row_most, sizeof(double));
    simplex->equal = arena_array(arena, row_most, 1);
    simplex->column = arena_array(arena, column_most, sizeof *simplex->column);
    simplex->entry = arena_array(arena, entry_most, sizeof *simplex->entry);
    simplex->inverse = arena_array(arena, (size_t)row_most * row_most, sizeof(double));
    simplex->matrix = arena_array(arena, (size_t)row_most * row_most, sizeof(double));
    simplex->basis = arena_array(arena, row_most, sizeof(uint32_t));
    simplex->level = arena_array(arena, row_most, sizeof(double));
    simplex->dual = arena_array(arena, row_most, sizeof(double));
    simplex->step = arena_array(arena, row_most, sizeof(double));
    simplex->work = arena_array(arena, row_most, sizeof(double));
    bool whole = simplex->right && simplex->shift && simplex->equal && simplex->column && simplex->entry && simplex->inverse && simplex->matrix &&
                 simplex->basis && simplex->level && simplex->dual && simplex->step && simplex->work;
    return whole ? STATUS_OK : STATUS_NO_MEMORY;
}

uint32_t match_simplex_row(struct match_simplex *simplex, double right)
{
    uint32_t row = simplex->rows++;
    uint32_t mixed = (row + 1) * UINT32_C(2654435761);
    simplex->right[row] = right;
    simplex->shift[row] = SHIFT * (1 + (double)(mixed >> 8) / (double)(1 << 24)) / 2;
    simplex->basis[row] = right < 0 ? lack_of(row) : slack_of(row);
    simplex->stale = true;
    return row;
}

uint32_t match_simplex_add(struct match_simplex *simplex, double cost, const struct match_simplex_entry *entries, uint32_t count)
{
    if (simplex->columns == simplex->column_most || simplex->entry_most - simplex->entries < count) {
        return UINT32_MAX;
    }
    simplex->column[simplex->columns] = (struct match_simplex_column){.first = simplex->entries, .count = count, .cost = cost, .allowed = true};
    memcpy(simplex->entry + simplex->entries, entries, count * sizeof *entries);
    simplex->entries += count;
    return simplex->columns++;
}

void match_simplex_extend(struct match_simplex *simplex, uint32_t row, const double *amounts)
{
    uint32_t added = 0;
    for (uint32_t c = 0; c < simplex->columns; c++) {
        added += amounts[c] > 0 || amounts[c] < 0;
    }
    if (simplex->entry_most - simplex->entries < added) {
        return;
    }
    uint32_t end = simplex->entries + added;
    simplex->entries = end;
    for (uint32_t c = simplex->columns; c-- > 0;) { /* from the last, so that nothing is written over before it has moved */
        struct match_simplex_column *column = &simplex->column[c];
        bool has = amounts[c] > 0 || amounts[c] < 0;
        if (has) {
            simplex->entry[--end] = (struct match_simplex_entry){row, amounts[c]};
        }
        end -= column->count;
        memmove(simplex->entry + end, simplex->entry + column->first, column->count * sizeof *simplex->entry);
        column->first = end;
        column->count += has;
    }
    simplex->stale = true;
}

static double cost_of(const struct match_simplex *simplex, uint32_t variable)
{
    if (variable < 2 * simplex->row_most) {
        return variable % 2 || simplex->equal[variable / 2] ? -simplex->forbid : 0;
    }
    const struct match_simplex_column *column = &simplex->column[variable - 2 * simplex->row_most];
    return column->allowed ? column->cost : -simplex->forbid;
}

/* Entries of a variable: its own or one made up. */
static const struct match_simplex_entry *entries_of(const struct match_simplex *simplex, uint32_t variable, struct match_simplex_entry *made, uint32_t *count)
{
    if (variable < 2 * simplex->row_most) {
        *made = (struct match_simplex_entry){variable / 2, variable % 2 ? -1.0 : 1.0};
        *count = 1;
        return made;
    }
    const struct match_simplex_column *column = &simplex->column[variable - 2 * simplex->row_most];
    *count = column->count;
    return simplex->entry + column->first;
}

/* Inverts the basis; where it is singular the rows that are left over get their slack back. False where that does not help either. */
static bool factor(struct match_simplex *simplex)
{
    uint32_t rows = simplex->rows, most = simplex->row_most;
    double *matrix = simplex->matrix, *inverse = simplex->inverse;
    memset(matrix, 0, (size_t)rows * most * sizeof *matrix);
    memset(inverse, 0, (size_t)rows * most * sizeof *inverse);
    for (uint32_t n = 0; n < rows; n++) {
        struct match_simplex_entry made;
        uint32_t count;
        const struct match_simplex_entry *entries = entries_of(simplex, simplex->basis[n], &made, &count);
        for (uint32_t k = 0; k < count; k++) {
            matrix[(size_t)entries[k].row * most + n] = entries[k].amount;
        }
        inverse[(size_t)n * most + n] = 1;
    }
    for (uint32_t n = 0; n < rows; n++) { /* Gauss and Jordan; rows are exchanged so that column n is solved by row n */
        uint32_t best = n;
        for (uint32_t r = n + 1; r < rows; r++) {
            best = fabs(matrix[(size_t)r * most + n]) > fabs(matrix[(size_t)best * most + n]) ? r : best;
        }
        double pivot = matrix[(size_t)best * most + n];
        if (fabs(pivot) < PIVOT_LEAST / 100) {
            return false;
        }
        for (uint32_t k = 0; k < rows; k++) {
            double a = matrix[(size_t)best * most + k], b = inverse[(size_t)best * most + k];
            matrix[(size_t)best * most + k] = matrix[(size_t)n * most + k];
            inverse[(size_t)best * most + k] = inverse[(size_t)n * most + k];
            matrix[(size_t)n * most + k] = a / pivot;
            inverse[(size_t)n * most + k] = b / pivot;
        }
        for (uint32_t r = 0; r < rows; r++) {
            double by = matrix[(size_t)r * most + n];
            if (r == n || (by >= 0 && by <= 0)) {
                continue;
            }
            for (uint32_t k = n; k < rows; k++) {
                matrix[(size_t)r * most + k] -= by * matrix[(size_t)n * most + k];
            }
            for (uint32_t k = 0; k < rows; k++) {
                inverse[(size_t)r * most + k] -= by * inverse[(size_t)n * most + k];
            }
        }
        simplex->work_done += 2 * (uint64_t)rows * rows;
    }
    simplex->since = 0;
    simplex->stale = false;
    return true;
}

/* Levels of the basis for the shifted rights. A slack below 0 changes places with what makes good for its row. */
static void set_levels(struct match_simplex *simplex)
{
    for (uint32_t n = 0; n < simplex->rows; n++) {
        double sum = 0;
        for (uint32_t r = 0; r < simplex->rows; r++) {
            sum += simplex->inverse[(size_t)n * simplex->row_most + r] * (simplex->right[r] + simplex->shift[r]);
        }
        if (sum < 0 && simplex->basis[n] < 2 * simplex->row_most) {
            simplex->basis[n] ^= 1;
            sum = -sum;
            for (uint32_t r = 0; r < simplex->rows; r++) {
                simplex->inverse[(size_t)n * simplex->row_most + r] *= -1;
            }
        }
        simplex->level[n] = sum;
    }
}

/* dual = costs of the basis times inverse, once corrected by what it leaves. */
static void set_duals(struct match_simplex *simplex)
{
    uint32_t rows = simplex->rows, most = simplex->row_most;
    memset(simplex->dual, 0, rows * sizeof(double));
    for (int round = 0; round < 2; round++) {
        for (uint32_t n = 0; n < rows; n++) {
            struct match_simplex_entry made;
            uint32_t count;
            const struct match_simplex_entry *entries = entries_of(simplex, simplex->basis[n], &made, &count);
            double left = cost_of(simplex, simplex->basis[n]);
            for (uint32_t k = 0; k < count; k++) {
                left -= simplex->dual[entries[k].row] * entries[k].amount;
            }
            simplex->work[n] = left;
        }
        for (uint32_t n = 0; n < rows; n++) {
            double by = simplex->work[n];
            const double *row = simplex->inverse + (size_t)n * most;
            for (uint32_t r = 0; r < rows && (by > 0 || by < 0); r++) {
                simplex->dual[r] += by * row[r];
            }
        }
    }
    simplex->work_done += 2 * (uint64_t)rows * rows;
}

double match_simplex_gain(const struct match_simplex *simplex, double cost, const struct match_simplex_entry *entries, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        cost -= simplex->dual[entries[k].row] * entries[k].amount;
    }
    return cost;
}

static uint32_t entering(struct match_simplex *simplex, double *gain)
{
    uint32_t best = UINT32_MAX;
    *gain = GAIN_LEAST;
    for (uint32_t c = 0; c < simplex->columns; c++) {
        const struct match_simplex_column *column = &simplex->column[c];
        if (!column->allowed) {
            continue;
        }
        double own = match_simplex_gain(simplex, column->cost, simplex->entry + column->first, column->count);
        if (own > *gain) {
            *gain = own;
            best = 2 * simplex->row_most + c;
        }
    }
    for (uint32_t r = 0; r < simplex->rows; r++) {
        if (!simplex->equal[r] && -simplex->dual[r] > *gain) {
            *gain = -simplex->dual[r];
            best = slack_of(r);
        }
    }
    simplex->work_done += simplex->entries;
    return best;
}

static void set_step(struct match_simplex *simplex, uint32_t variable)
{
    struct match_simplex_entry made;
    uint32_t count;
    const struct match_simplex_entry *entries = entries_of(simplex, variable, &made, &count);
    for (uint32_t n = 0; n < simplex->rows; n++) {
        const double *row = simplex->inverse + (size_t)n * simplex->row_most;
        double sum = 0;
        for (uint32_t k = 0; k < count; k++) {
            sum += row[entries[k].row] * entries[k].amount;
        }
        simplex->step[n] = sum;
    }
}

/* The row that limits the step first, by Harris's two looks: of those that nearly do, the one with the largest pivot. */
static uint32_t leaving(const struct match_simplex *simplex)
{
    double least = INFINITY, most = 0;
    uint32_t best = UINT32_MAX;
    for (uint32_t n = 0; n < simplex->rows; n++) {
        if (simplex->step[n] > PIVOT_LEAST) {
            double level = simplex->level[n] > 0 ? simplex->level[n] : 0;
            least = fmin(least, (level + SLIP) / simplex->step[n]);
        }
    }
    for (uint32_t n = 0; n < simplex->rows; n++) {
        if (simplex->step[n] > PIVOT_LEAST && simplex->level[n] <= least * simplex->step[n] && simplex->step[n] > most) {
            most = simplex->step[n];
            best = n;
        }
    }
    return best;
}

static void pivot(struct match_simplex *simplex, uint32_t variable, uint32_t row, double gain)
{
    uint32_t rows = simplex->rows;
    double *at = simplex->inverse + (size_t)row * simplex->row_most, by = 1 / simplex->step[row];
    double length = simplex->level[row] > 0 ? simplex->level[row] * by : 0;
    for (uint32_t r = 0; r < rows; r++) {
        simplex->dual[r] += gain * by * at[r];
        at[r] *= by;
    }
    for (uint32_t n = 0; n < rows; n++) {
        double factor_of = simplex->step[n];
        if (n == row || (factor_of >= 0 && factor_of <= 0)) {
            continue;
        }
        double *other = simplex->inverse + (size_t)n * simplex->row_most;
        for (uint32_t r = 0; r < rows; r++) {
            other[r] -= factor_of * at[r];
        }
        simplex->level[n] -= length * factor_of;
        simplex->work_done += rows;
    }
    simplex->level[row] = length;
    simplex->basis[row] = variable;
    simplex->since++;
    simplex->pivots++;
}

/* Starts over from slacks where the basis can't be inverted. */
static void reset(struct match_simplex *simplex)
{
    for (uint32_t r = 0; r < simplex->rows; r++) {
        simplex->basis[r] = simplex->right[r] < 0 ? lack_of(r) : slack_of(r);
    }
    factor(simplex);
}

bool match_simplex_solve(struct match_simplex *simplex)
{
    for (uint32_t steps = 0; steps < simplex->step_most; steps++) {
        if (simplex->stale || simplex->since >= REFRESH || !steps) {
            if ((simplex->stale || simplex->since >= REFRESH) && !factor(simplex)) {
                reset(simplex);
            }
            set_levels(simplex);
            set_duals(simplex);
        }
        double gain;
        uint32_t variable = entering(simplex, &gain);
        if (variable == UINT32_MAX) {
            set_duals(simplex);
            return true;
        }
        set_step(simplex, variable);
        uint32_t row = leaving(simplex);
        if (row == UINT32_MAX) {
            return false; /* numbers have run away: rows bound every column */
        }
        pivot(simplex, variable, row, gain);
    }
    return false;
}

void match_simplex_levels(const struct match_simplex *simplex, double *levels)
{
    memset(levels, 0, simplex->columns * sizeof *levels);
    for (uint32_t n = 0; n < simplex->rows; n++) {
        double sum = 0;
        if (simplex->basis[n] < 2 * simplex->row_most) {
            continue;
        }
        for (uint32_t r = 0; r < simplex->rows; r++) {
            sum += simplex->inverse[(size_t)n * simplex->row_most + r] * simplex->right[r];
        }
        levels[simplex->basis[n] - 2 * simplex->row_most] = sum > 0 ? sum : 0;
    }
}

void match_simplex_basic(const struct match_simplex *simplex, uint8_t *basic)
{
    memset(basic, 0, simplex->columns);
    for (uint32_t n = 0; n < simplex->rows; n++) {
        if (simplex->basis[n] >= 2 * simplex->row_most) {
            basic[simplex->basis[n] - 2 * simplex->row_most] = 1;
        }
    }
}

void match_simplex_drop(struct match_simplex *simplex, const uint8_t *drop, uint32_t *place)
{
    uint32_t kept = 0, entries = 0;
    for (uint32_t c = 0; c < simplex->columns; c++) {
        struct match_simplex_column column = simplex->column[c];
        place[c] = UINT32_MAX;
        if (drop[c]) {
            continue;
        }
        memmove(simplex->entry + entries, simplex->entry + column.first, column.count * sizeof *simplex->entry);
        column.first = entries;
        entries += column.count;
        simplex->column[kept] = column;
        place[c] = kept++;
    }
    simplex->columns = kept;
    simplex->entries = entries;
    for (uint32_t n = 0; n < simplex->rows; n++) {
        if (simplex->basis[n] >= 2 * simplex->row_most) {
            simplex->basis[n] = 2 * simplex->row_most + place[simplex->basis[n] - 2 * simplex->row_most];
        }
    }
}
