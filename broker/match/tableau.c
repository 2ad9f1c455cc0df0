/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/tableau.h"

#include <math.h>
#include <string.h>

#include "proto/status.h"

#define PIVOT_LEAST 1e-7   /* of a cell that is stepped on */
#define PIVOT_SAFE 1e-4    /* below it the tableau is made anew first */
#define BREACH_LEAST 1e-9  /* of a bound, scaled */
#define BREACH_SLIGHT 1e-7 /* that no step mends and nobody minds */
#define NOTHING 1e-13      /* a cell below it is 0 */
#define TIE 1e-9           /* ratios so near are one */
#define LOOKS 6            /* rows whose lengths are compared */
#define REFRESH 400        /* pivots between two makings */
#define STEPS_MOST 3000

static double power_of_two(double size)
{
    int exponent;
    frexp(size > 0 ? size : 1, &exponent);
    return ldexp(1, exponent);
}

int match_tableau_init(struct match_tableau *tableau, const double *cost, const double *most, uint32_t columns, uint32_t row_most,
                       uint32_t entry_most, struct arena *arena)
{
    size_t variables = (size_t)columns + row_most;
    *tableau = (struct match_tableau){
        .columns = columns, .row_most = row_most, .entry_most = entry_most, .step_most = STEPS_MOST,
        .cost = arena_array(arena, columns, sizeof(double)), .column_scale = arena_array(arena, columns, sizeof(double)),
        .row_scale = arena_array(arena, row_most, sizeof(double)), .first = arena_array(arena, (size_t)row_most + 1, sizeof(uint32_t)),
        .entries = arena_array(arena, entry_most, sizeof(struct match_tableau_entry)), .right = arena_array(arena, row_most, sizeof(double)),
        .low = arena_array(arena, variables, sizeof(double)), .high = arena_array(arena, variables, sizeof(double)),
        .cell = arena_raw(arena, (size_t)row_most * columns, sizeof(double)), .level = arena_array(arena, row_most, sizeof(double)),
        .constant = arena_array(arena, row_most, sizeof(double)), .gain = arena_array(arena, columns, sizeof(double)),
        .basic = arena_array(arena, row_most, sizeof(uint32_t)), .outside = arena_array(arena, columns, sizeof(uint32_t)),
        .place = arena_array(arena, variables, sizeof(uint32_t)), .inside = arena_array(arena, variables, 1),
        .upper = arena_array(arena, variables, 1), .ray = arena_array(arena, row_most, sizeof(double)),
        .nonzero = arena_array(arena, columns, sizeof(uint32_t)), .candidate = arena_array(arena, columns, sizeof(uint32_t))};
    if (!tableau->cost || !tableau->column_scale || !tableau->row_scale || !tableau->first || !tableau->entries || !tableau->right ||
        !tableau->low || !tableau->high || !tableau->cell || !tableau->level || !tableau->constant || !tableau->gain || !tableau->basic ||
        !tableau->outside || !tableau->place || !tableau->inside || !tableau->upper || !tableau->ray || !tableau->nonzero || !tableau->candidate) {
        return STATUS_NO_MEMORY;
    }
    double largest = 0;
    for (uint32_t c = 0; c < columns; c++) {
        tableau->column_scale[c] = power_of_two(most[c]) / 2;
        largest = fmax(largest, fabs(cost[c]) * tableau->column_scale[c]);
    }
    tableau->cost_scale = 1 / power_of_two(largest);
    for (uint32_t c = 0; c < columns; c++) {
        tableau->cost[c] = tableau->gain[c] = cost[c] * tableau->column_scale[c] * tableau->cost_scale;
        tableau->high[c] = most[c] / tableau->column_scale[c];
        tableau->outside[c] = tableau->place[c] = c;
    }
    return STATUS_OK;
}

bool match_tableau_room(const struct match_tableau *tableau, uint32_t count)
{
    return tableau->rows < tableau->row_most && tableau->entry_most - tableau->first[tableau->rows] >= count;
}

/* Writes a row's cells: its entries with basic columns put in terms of what is outside. */
static void make_cells(struct match_tableau *tableau, uint32_t row)
{
    double *cell = tableau->cell + (size_t)row * tableau->columns;
    memset(cell, 0, tableau->columns * sizeof *cell);
    tableau->constant[row] = tableau->right[row];
    for (uint32_t e = tableau->first[row]; e < tableau->first[row + 1]; e++) {
        const struct match_tableau_entry *entry = &tableau->entries[e];
        uint32_t place = tableau->place[entry->column];
        if (!tableau->inside[entry->column]) {
            cell[place] += entry->amount;
            continue;
        }
        const double *other = tableau->cell + (size_t)place * tableau->columns;
        for (uint32_t n = 0; n < tableau->columns; n++) {
            cell[n] -= entry->amount * other[n];
        }
        tableau->constant[row] -= entry->amount * tableau->constant[place];
        tableau->work += tableau->columns;
    }
}

uint32_t match_tableau_row(struct match_tableau *tableau, const struct match_tableau_entry *entries, uint32_t count, double right, bool equal)
{
    uint32_t row = tableau->rows++, slack = tableau->columns + row, at = tableau->first[row];
    double largest = 0;
    for (uint32_t n = 0; n < count; n++) {
        largest = fmax(largest, fabs(entries[n].amount) * tableau->column_scale[entries[n].column]);
    }
    double scale = 1 / power_of_two(largest);
    for (uint32_t n = 0; n < count; n++) {
        tableau->entries[at++] = (struct match_tableau_entry){entries[n].column, entries[n].amount * tableau->column_scale[entries[n].column] * scale};
    }
    tableau->first[row + 1] = at;
    tableau->row_scale[row] = scale;
    tableau->right[row] = right * scale;
    tableau->low[slack] = 0;
    tableau->high[slack] = equal ? 0 : INFINITY;
    tableau->basic[row] = slack;
    tableau->place[slack] = row;
    tableau->inside[slack] = 1;
    make_cells(tableau, row);
    return row;
}

void match_tableau_bound(struct match_tableau *tableau, uint32_t column, double low, double high)
{
    tableau->low[column] = low / tableau->column_scale[column];
    tableau->high[column] = high / tableau->column_scale[column];
}

static double level_outside(const struct match_tableau *tableau, uint32_t place)
{
    uint32_t variable = tableau->outside[place];
    return tableau->upper[variable] ? tableau->high[variable] : tableau->low[variable];
}

/* Changes the variable of a row for that of a place. */
static void pivot(struct match_tableau *tableau, uint32_t row, uint32_t place)
{
    uint32_t columns = tableau->columns, count = 0;
    double *at = tableau->cell + (size_t)row * columns, by = at[place];
    at[place] = 1;
    for (uint32_t n = 0; n < columns; n++) {
        if (fabs(at[n]) > NOTHING) {
            at[n] /= by;
            tableau->nonzero[count++] = n;
        } else {
            at[n] = 0;
        }
    }
    tableau->constant[row] /= by;
    for (uint32_t r = 0; r < tableau->rows; r++) {
        double *other = tableau->cell + (size_t)r * columns, factor = other[place];
        if (r == row || fabs(factor) <= NOTHING) {
            if (r != row) {
                other[place] = 0;
            }
            continue;
        }
        other[place] = 0;
        if (count > columns / 2) {
            for (uint32_t n = 0; n < columns; n++) {
                other[n] -= factor * at[n];
            }
        } else {
            for (uint32_t n = 0; n < count; n++) {
                other[tableau->nonzero[n]] -= factor * at[tableau->nonzero[n]];
            }
        }
        tableau->constant[r] -= factor * tableau->constant[row];
        tableau->work += count > columns / 2 ? columns : count + count / 2;
    }
    double factor = tableau->gain[place];
    tableau->gain[place] = 0;
    for (uint32_t n = 0; n < count; n++) {
        tableau->gain[tableau->nonzero[n]] -= factor * at[tableau->nonzero[n]];
    }
    tableau->value += factor * tableau->constant[row];
    uint32_t in = tableau->outside[place], out = tableau->basic[row];
    tableau->basic[row] = in;
    tableau->outside[place] = out;
    tableau->place[in] = row;
    tableau->place[out] = place;
    tableau->inside[in] = 1;
    tableau->inside[out] = 0;
    tableau->since++;
    tableau->pivots++;
    tableau->work += 2 * columns;
}

/* Makes the tableau anew for the basis at hand; columns that can't come in again stay outside. */
static void make_anew(struct match_tableau *tableau)
{
    uint32_t columns = tableau->columns;
    uint64_t pivots = tableau->pivots;
    uint8_t *wanted = tableau->inside; /* of columns */
    for (uint32_t v = 0; v < columns; v++) {
        tableau->candidate[v] = wanted[v];
        tableau->outside[v] = tableau->place[v] = v;
        tableau->gain[v] = tableau->cost[v];
        tableau->inside[v] = 0;
    }
    tableau->value = 0;
    for (uint32_t r = 0; r < tableau->rows; r++) {
        tableau->ray[r] = tableau->inside[columns + r] ? 0 : 1; /* 1: its slack has to leave */
        tableau->basic[r] = columns + r;
        tableau->place[columns + r] = r;
        tableau->inside[columns + r] = 1;
    }
    for (uint32_t r = 0; r < tableau->rows; r++) {
        make_cells(tableau, r);
    }
    for (uint32_t v = 0; v < columns; v++) {
        uint32_t best = UINT32_MAX, place = tableau->place[v];
        double most = PIVOT_LEAST;
        for (uint32_t r = 0; r < tableau->rows && tableau->candidate[v]; r++) {
            double size = fabs(tableau->cell[(size_t)r * columns + place]);
            if (tableau->ray[r] > 0 && size > most) {
                most = size;
                best = r;
            }
        }
        if (best != UINT32_MAX) {
            tableau->ray[best] = 0;
            pivot(tableau, best, place);
        }
    }
    tableau->since = 0;
    tableau->pivots = pivots;
}

/* Puts what is outside at the bounds that its gains ask for, and adds up the levels. */
static void settle(struct match_tableau *tableau)
{
    uint32_t columns = tableau->columns;
    for (uint32_t n = 0; n < columns; n++) {
        uint32_t variable = tableau->outside[n];
        if (isinf(tableau->high[variable])) {
            tableau->upper[variable] = 0;
        } else if (tableau->gain[n] > NOTHING || tableau->gain[n] < -NOTHING) {
            tableau->upper[variable] = tableau->gain[n] > 0;
        }
    }
    uint32_t count = 0;
    for (uint32_t n = 0; n < columns; n++) {
        double level = level_outside(tableau, n);
        if (level > 0 || level < 0) {
            tableau->nonzero[count++] = n;
        }
    }
    for (uint32_t r = 0; r < tableau->rows; r++) {
        const double *cell = tableau->cell + (size_t)r * columns;
        double level = tableau->constant[r];
        for (uint32_t n = 0; n < count; n++) {
            level -= cell[tableau->nonzero[n]] * level_outside(tableau, tableau->nonzero[n]);
        }
        tableau->level[r] = level;
    }
    tableau->work += (uint64_t)count * tableau->rows;
}

double match_tableau_worth(const struct match_tableau *tableau)
{
    double worth = tableau->value;
    for (uint32_t n = 0; n < tableau->columns; n++) {
        worth += tableau->gain[n] * level_outside(tableau, n);
    }
    return worth / tableau->cost_scale;
}

static double breach(const struct match_tableau *tableau, uint32_t row)
{
    uint32_t variable = tableau->basic[row];
    double below = tableau->low[variable] - tableau->level[row], above = tableau->level[row] - tableau->high[variable];
    return below > above ? below : above;
}

/* A row that breaks a bound: of the most broken the one with the largest breach by its length. */
static uint32_t leaving(struct match_tableau *tableau)
{
    uint32_t rows[LOOKS], count = 0, best = UINT32_MAX;
    double sizes[LOOKS], most = 0;
    for (uint32_t r = 0; r < tableau->rows; r++) {
        double size = breach(tableau, r);
        if (size <= BREACH_LEAST || (count == LOOKS && size <= sizes[LOOKS - 1])) {
            continue;
        }
        uint32_t at = count < LOOKS ? count++ : LOOKS - 1;
        while (at && sizes[at - 1] < size) {
            sizes[at] = sizes[at - 1];
            rows[at] = rows[at - 1];
            at--;
        }
        sizes[at] = size;
        rows[at] = r;
    }
    for (uint32_t k = 0; k < count; k++) {
        const double *cell = tableau->cell + (size_t)rows[k] * tableau->columns;
        double length = 1;
        for (uint32_t n = 0; n < tableau->columns && count > 1; n++) {
            length += cell[n] * cell[n];
        }
        double score = sizes[k] * sizes[k] / length;
        if (score > most) {
            most = score;
            best = rows[k];
        }
    }
    tableau->work += (uint64_t)count * tableau->columns;
    return best;
}

/* Places that can mend a row: sign 1 where its variable has to rise. */
static uint32_t list_candidates(struct match_tableau *tableau, uint32_t row, double sign)
{
    const double *cell = tableau->cell + (size_t)row * tableau->columns;
    uint32_t count = 0;
    for (uint32_t n = 0; n < tableau->columns; n++) {
        uint32_t variable = tableau->outside[n];
        double amount = sign * cell[n];
        if (fabs(amount) > PIVOT_LEAST && tableau->low[variable] < tableau->high[variable] && (amount > 0) == (tableau->upper[variable] != 0)) {
            tableau->candidate[count++] = n;
        }
    }
    return count;
}

static double ratio_of(const struct match_tableau *tableau, const double *cell, uint32_t place, double sign)
{
    double ratio = tableau->gain[place] / (sign * cell[place]);
    return ratio > 0 ? ratio : 0;
}

/*
 * The place to step on: breakpoints are passed as long as the row stays broken when those passed have changed to their other bound.
 * Those passed end up at the front of the candidates; *passed of them.
 */
static uint32_t entering(struct match_tableau *tableau, uint32_t row, double sign, uint32_t count, uint32_t *passed)
{
    const double *cell = tableau->cell + (size_t)row * tableau->columns;
    double left = breach(tableau, row);
    *passed = 0;
    for (;;) {
        double least = INFINITY, most = 0;
        uint32_t best = *passed;
        for (uint32_t k = *passed; k < count; k++) {
            double ratio = ratio_of(tableau, cell, tableau->candidate[k], sign);
            least = ratio < least ? ratio : least;
        }
        for (uint32_t k = *passed; k < count; k++) {
            uint32_t place = tableau->candidate[k];
            if (ratio_of(tableau, cell, place, sign) <= least + TIE * (1 + least) && fabs(cell[place]) > most) {
                most = fabs(cell[place]);
                best = k;
            }
        }
        tableau->work += 2 * (count - *passed);
        uint32_t place = tableau->candidate[best], variable = tableau->outside[place];
        left -= fabs(cell[place]) * (tableau->high[variable] - tableau->low[variable]);
        if (left <= BREACH_SLIGHT || *passed + 1 == count) {
            return left > BREACH_SLIGHT ? UINT32_MAX : place;
        }
        tableau->candidate[best] = tableau->candidate[*passed];
        tableau->candidate[(*passed)++] = place;
    }
}

/* Moves to the other bound what was passed. */
static void change_sides(struct match_tableau *tableau, uint32_t passed)
{
    uint32_t columns = tableau->columns;
    for (uint32_t k = 0; k < passed; k++) {
        uint32_t place = tableau->candidate[k], variable = tableau->outside[place];
        double by = (tableau->high[variable] - tableau->low[variable]) * (tableau->upper[variable] ? -1 : 1);
        tableau->upper[variable] ^= 1;
        for (uint32_t r = 0; r < tableau->rows; r++) {
            tableau->level[r] -= tableau->cell[(size_t)r * columns + place] * by;
        }
        tableau->work += 4 * (uint64_t)tableau->rows;
    }
}

/* The row can't be mended: what its cells say of prices. */
static void keep_ray(struct match_tableau *tableau, uint32_t row, double sign)
{
    memset(tableau->ray, 0, tableau->rows * sizeof *tableau->ray);
    const double *cell = tableau->cell + (size_t)row * tableau->columns;
    for (uint32_t n = 0; n < tableau->columns; n++) {
        if (tableau->outside[n] >= tableau->columns) {
            tableau->ray[tableau->outside[n] - tableau->columns] = sign * cell[n];
        }
    }
    if (tableau->basic[row] >= tableau->columns) {
        tableau->ray[tableau->basic[row] - tableau->columns] = sign;
    }
}

enum match_tableau_end match_tableau_solve(struct match_tableau *tableau, double cut)
{
    if (tableau->since >= REFRESH) {
        make_anew(tableau);
    }
    settle(tableau);
    for (uint32_t steps = 0; steps < tableau->step_most; steps++) {
        uint32_t row = leaving(tableau), passed;
        if (row == UINT32_MAX) {
            return MATCH_TABLEAU_SOLVED;
        }
        if (match_tableau_worth(tableau) < cut) {
            return MATCH_TABLEAU_CUT;
        }
        uint32_t variable = tableau->basic[row];
        bool rises = tableau->level[row] < tableau->low[variable];
        double sign = rises ? 1 : -1;
        uint32_t count = list_candidates(tableau, row, sign);
        uint32_t place = count ? entering(tableau, row, sign, count, &passed) : UINT32_MAX;
        double size = place == UINT32_MAX ? 0 : fabs(tableau->cell[(size_t)row * tableau->columns + place]);
        if (size < PIVOT_SAFE && tableau->since > 20) {
            make_anew(tableau);
            settle(tableau);
            continue;
        }
        if (place == UINT32_MAX && breach(tableau, row) < BREACH_SLIGHT) { /* rounding */
            tableau->level[row] = rises ? tableau->low[variable] : tableau->high[variable];
            continue;
        }
        if (place == UINT32_MAX) {
            keep_ray(tableau, row, sign);
            return MATCH_TABLEAU_EMPTY;
        }
        change_sides(tableau, passed);
        double target = rises ? tableau->low[variable] : tableau->high[variable];
        double length = (tableau->level[row] - target) / tableau->cell[(size_t)row * tableau->columns + place];
        double from = level_outside(tableau, place);
        for (uint32_t r = 0; r < tableau->rows; r++) {
            tableau->level[r] -= tableau->cell[(size_t)r * tableau->columns + place] * length;
        }
        tableau->upper[variable] = !rises;
        pivot(tableau, row, place);
        tableau->level[row] = from + length;
    }
    return MATCH_TABLEAU_TIRED;
}

void match_tableau_levels(const struct match_tableau *tableau, double *levels)
{
    for (uint32_t c = 0; c < tableau->columns; c++) {
        uint32_t place = tableau->place[c];
        levels[c] = tableau->column_scale[c] * (tableau->inside[c] ? tableau->level[place] : level_outside(tableau, place));
    }
}

void match_tableau_prices(const struct match_tableau *tableau, enum match_tableau_end end, double fall, double *prices)
{
    for (uint32_t r = 0; r < tableau->rows; r++) {
        uint32_t slack = tableau->columns + r;
        double price = tableau->inside[slack] ? 0 : -tableau->gain[tableau->place[slack]];
        prices[r] = price * tableau->row_scale[r] / tableau->cost_scale;
        if (end == MATCH_TABLEAU_EMPTY) {
            prices[r] += tableau->ray[r] * fall * tableau->row_scale[r] / tableau->cost_scale;
        }
    }
}

void match_tableau_correct(const struct match_tableau *tableau, const double *rest, double *prices)
{
    for (uint32_t r = 0; r < tableau->rows; r++) {
        uint32_t variable = tableau->basic[r];
        if (variable >= tableau->columns) {
            continue;
        }
        double by = rest[variable] * tableau->column_scale[variable];
        const double *cell = tableau->cell + (size_t)r * tableau->columns;
        for (uint32_t n = 0; n < tableau->columns && (by > 0 || by < 0); n++) {
            if (tableau->outside[n] >= tableau->columns) {
                uint32_t row = tableau->outside[n] - tableau->columns;
                prices[row] += by * cell[n] * tableau->row_scale[row];
            }
        }
    }
}

void match_tableau_penalties(const struct match_tableau *tableau, uint32_t column, double below, double above, double *down, double *up)
{
    uint32_t row = tableau->place[column];
    const double *cell = tableau->cell + (size_t)row * tableau->columns;
    double least_up = INFINITY, least_down = INFINITY;
    for (uint32_t n = 0; n < tableau->columns; n++) {
        uint32_t variable = tableau->outside[n];
        if (fabs(cell[n]) <= PIVOT_LEAST || tableau->low[variable] >= tableau->high[variable]) {
            continue;
        }
        double ratio = fabs(tableau->gain[n] / cell[n]);
        if ((cell[n] > 0) == (tableau->upper[variable] != 0)) {
            least_up = fmin(least_up, ratio);
        } else {
            least_down = fmin(least_down, ratio);
        }
    }
    double scale = tableau->column_scale[column], level = tableau->level[row];
    *up = least_up * (above / scale - level) / tableau->cost_scale;
    *down = least_down * (level - below / scale) / tableau->cost_scale;
}

void match_tableau_drop(struct match_tableau *tableau, const uint8_t *drop, uint32_t *place)
{
    uint32_t kept = 0, entries = 0, columns = tableau->columns;
    for (uint32_t r = 0; r < tableau->rows; r++) { /* rows of the program and of the tableau: a slack to drop is basic, in any row */
        place[r] = drop[r] && tableau->inside[columns + r] ? UINT32_MAX : kept++;
    }
    uint32_t left = kept;
    kept = 0;
    for (uint32_t r = 0; r < tableau->rows; r++) { /* rows of the tableau */
        uint32_t variable = tableau->basic[r];
        if (variable >= columns && place[variable - columns] == UINT32_MAX) {
            continue;
        }
        if (kept != r) {
            memcpy(tableau->cell + (size_t)kept * columns, tableau->cell + (size_t)r * columns, columns * sizeof(double));
        }
        tableau->level[kept] = tableau->level[r];
        tableau->constant[kept] = tableau->constant[r];
        tableau->basic[kept++] = variable >= columns ? columns + place[variable - columns] : variable;
    }
    for (uint32_t n = 0; n < columns; n++) {
        uint32_t variable = tableau->outside[n];
        tableau->outside[n] = variable >= columns ? columns + place[variable - columns] : variable;
    }
    for (uint32_t r = 0; r < tableau->rows; r++) { /* rows of the program */
        uint32_t to = place[r], first = tableau->first[r], count = tableau->first[r + 1] - first;
        if (to == UINT32_MAX) {
            continue;
        }
        memmove(tableau->entries + entries, tableau->entries + first, count * sizeof *tableau->entries);
        tableau->first[to] = entries;
        entries += count;
        tableau->right[to] = tableau->right[r];
        tableau->row_scale[to] = tableau->row_scale[r];
        tableau->low[columns + to] = tableau->low[columns + r];
        tableau->high[columns + to] = tableau->high[columns + r];
        tableau->upper[columns + to] = tableau->upper[columns + r];
    }
    tableau->first[left] = entries;
    tableau->rows = left;
    for (uint32_t r = 0; r < left; r++) {
        tableau->place[tableau->basic[r]] = r;
        tableau->inside[tableau->basic[r]] = 1;
    }
    for (uint32_t n = 0; n < columns; n++) {
        tableau->place[tableau->outside[n]] = n;
        tableau->inside[tableau->outside[n]] = 0;
    }
}
