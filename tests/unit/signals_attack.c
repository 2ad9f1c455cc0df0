/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/signals_attack.h"

#include <glpk.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE 1e-6
#define PRIME UINT64_C(2147483647)

unsigned attack_unknown(struct attack *attack, unsigned nation, unsigned quarter, int64_t truth)
{
    for (unsigned at = 0; at < attack->unknown_count; at++) {
        const struct attack_unknown *unknown = &attack->unknowns[at];
        if (unknown->nation == nation && unknown->quarter == quarter && unknown->truth == truth)
            return at;
    }
    if (attack->unknown_count == ATTACK_UNKNOWNS_MOST)
        abort();
    attack->unknowns[attack->unknown_count] = (struct attack_unknown){nation, quarter, truth};
    return (unsigned)attack->unknown_count++;
}

static bool is_in(uint64_t set, unsigned nation)
{
    return set >> nation & 1;
}

static void note(struct attack_find *find, size_t found, struct attack_find what)
{
    if (find != NULL && found == 0)
        *find = what;
}

/* A nation's part of a figure: its truth, and how many unknowns it is made of. */
static int64_t part_of(const struct attack *attack, size_t figure, unsigned nation, size_t *count)
{
    int64_t sum = 0;
    *count = 0;
    for (size_t at = 0; at < attack->figures[figure].count; at++) {
        const struct attack_unknown *unknown = &attack->unknowns[attack->figures[figure].terms[at]];
        sum += unknown->nation == nation ? unknown->truth : 0;
        *count += unknown->nation == nation;
    }
    return sum;
}

static bool stands(const struct attack *attack, size_t figure, unsigned term)
{
    for (size_t at = 0; at < attack->figures[figure].count; at++) {
        if (attack->figures[figure].terms[at] == term)
            return true;
    }
    return false;
}

/* Whether a range lies too close to the truth on one side. */
static bool is_narrow(double low, double high, double truth, double least, unsigned percent)
{
    double size = truth < 0 ? -truth : truth, reach = size * percent / 100;
    bool from_below = low > truth - reach + CLOSE && low > least + CLOSE;
    return from_below || high < truth + reach - CLOSE;
}

/* --- linear programming ------------------------------------------------------------------------------------------- */

static glp_prob *make_program(const struct attack *attack, uint64_t known)
{
    glp_prob *program = glp_create_prob();
    int columns[ATTACK_TERMS_MOST + 1];
    double ones[ATTACK_TERMS_MOST + 1];
    glp_add_cols(program, (int)attack->unknown_count);
    glp_add_rows(program, (int)attack->figure_count);
    for (size_t at = 0; at < attack->unknown_count; at++) {
        const struct attack_unknown *unknown = &attack->unknowns[at];
        if (is_in(known, unknown->nation))
            glp_set_col_bnds(program, (int)at + 1, GLP_FX, (double)unknown->truth, (double)unknown->truth);
        else
            glp_set_col_bnds(program, (int)at + 1, GLP_LO, 1, 0);
    }
    for (size_t at = 0; at < attack->figure_count; at++) {
        const struct attack_figure *figure = &attack->figures[at];
        double half = (double)(attack->base / 2);
        for (size_t of = 0; of < figure->count; of++) {
            columns[of + 1] = (int)figure->terms[of] + 1;
            ones[of + 1] = 1;
        }
        glp_set_mat_row(program, (int)at + 1, (int)figure->count, columns, ones);
        if (half > 0)
            glp_set_row_bnds(program, (int)at + 1, GLP_DB, (double)figure->shown - half, (double)figure->shown + half);
        else
            glp_set_row_bnds(program, (int)at + 1, GLP_FX, (double)figure->shown, (double)figure->shown);
    }
    return program;
}

/* Who is known not to have changed in sum, though its quarters differ, has the same sum in both figures. */
static void add_unchanged_sums(glp_prob *program, const struct attack *attack, uint64_t known)
{
    int columns[2 * ATTACK_TERMS_MOST + 1];
    double signs[2 * ATTACK_TERMS_MOST + 1];
    for (size_t now = 0; now < attack->figure_count; now++) {
        for (size_t then = 0; then < now; then++) {
            for (unsigned nation = 0; nation < attack->nations && attack->figures[now].cell == attack->figures[then].cell; nation++) {
                size_t count, before, length = 0;
                if (is_in(known, nation) || part_of(attack, now, nation, &count) != part_of(attack, then, nation, &before) || count == 0)
                    continue;
                for (unsigned term = 0; term < attack->unknown_count; term++) {
                    int sign = (int)stands(attack, now, term) - (int)stands(attack, then, term);
                    if (attack->unknowns[term].nation != nation || sign == 0)
                        continue;
                    columns[++length] = (int)term + 1;
                    signs[length] = sign;
                }
                if (length == 0)
                    continue;
                int row = glp_add_rows(program, 1);
                glp_set_mat_row(program, row, (int)length, columns, signs);
                glp_set_row_bnds(program, row, GLP_FX, 0, 0);
            }
        }
    }
}

static void aim(glp_prob *program, const struct attack *attack, size_t figure, unsigned nation, double sign)
{
    for (size_t at = 0; at < attack->figures[figure].count; at++) {
        unsigned term = attack->figures[figure].terms[at];
        if (attack->unknowns[term].nation == nation)
            glp_set_obj_coef(program, (int)term + 1, glp_get_obj_coef(program, (int)term + 1) + sign);
    }
}

/* The end of a range; the last basis is the start, so most take a few steps. */
static double solve(glp_prob *program, int direction)
{
    glp_smcp options;
    glp_init_smcp(&options);
    options.msg_lev = GLP_MSG_OFF;
    glp_set_obj_dir(program, direction);
    int failed = glp_simplex(program, &options);
    if (failed == GLP_ESING || failed == GLP_EBADB || failed == GLP_ECOND) {
        glp_adv_basis(program, 0);
        failed = glp_simplex(program, &options);
    }
    int status = glp_get_status(program);
    if (status == GLP_UNBND)
        return direction == GLP_MAX ? 1e18 : -1e18;
    if (failed != 0 || status != GLP_OPT) {
        fprintf(stderr, "the program has no answer: %d %d\n", failed, status);
        abort();
    }
    return glp_get_obj_val(program);
}

size_t attack_by_programs(const struct attack *attack, uint64_t coalition, unsigned percent, bool all_pairs, struct attack_find *find)
{
    uint64_t known = coalition | attack->public;
    size_t found = 0;
    glp_prob *program = make_program(attack, known);
    add_unchanged_sums(program, attack, known);
    for (size_t at = 0; at < attack->figure_count; at++) {
        for (unsigned nation = 0; nation < attack->nations; nation++) {
            size_t count, before_count;
            int64_t truth = part_of(attack, at, nation, &count);
            if (is_in(known, nation) || count == 0)
                continue;
            bool neighbour = false;
            for (size_t then = at + 1; then-- > 0 && (all_pairs || !neighbour);) {
                bool change = then != at;
                int64_t before = change ? part_of(attack, then, nation, &before_count) : 0;
                if (change && (attack->figures[then].cell != attack->figures[at].cell || before_count == 0))
                    continue;
                neighbour = change;
                if (change && before == truth)
                    continue;
                aim(program, attack, at, nation, 1);
                if (change)
                    aim(program, attack, then, nation, -1);
                double low = solve(program, GLP_MIN), high = solve(program, GLP_MAX);
                for (size_t of = 1; of <= attack->unknown_count; of++)
                    glp_set_obj_coef(program, (int)of, 0);
                if (!is_narrow(low, high, (double)(truth - before), change ? -1e18 : (double)count, percent))
                    continue;
                note(find, found, (struct attack_find){"programs", nation, at, change ? then : SIZE_MAX, coalition, low, high, (double)(truth - before)});
                found++;
            }
        }
    }
    glp_delete_prob(program);
    return found;
}

/* --- linear algebra ----------------------------------------------------------------------------------------------- */

static uint64_t power(uint64_t value, uint64_t exponent)
{
    uint64_t result = 1;
    for (; exponent != 0; exponent >>= 1, value = value * value % PRIME)
        result = exponent & 1 ? result * value % PRIME : result;
    return result;
}

/* Rows reduced modulo a prime; a rank lost to the prime is as unlikely as guessing. */
static size_t reduce(uint64_t *rows, size_t height, size_t width)
{
    size_t rank = 0;
    for (size_t column = 0; column < width && rank < height; column++) {
        size_t pivot = rank;
        while (pivot < height && rows[pivot * width + column] == 0)
            pivot++;
        if (pivot == height)
            continue;
        uint64_t inverse = power(rows[pivot * width + column], PRIME - 2);
        for (size_t at = 0; at < width; at++) {
            uint64_t swap = rows[pivot * width + at];
            rows[pivot * width + at] = rows[rank * width + at];
            rows[rank * width + at] = swap * inverse % PRIME;
        }
        for (size_t of = 0; of < height; of++) {
            uint64_t factor = rows[of * width + column];
            for (size_t at = 0; of != rank && factor != 0 && at < width; at++)
                rows[of * width + at] = (rows[of * width + at] + (PRIME - factor) * rows[rank * width + at]) % PRIME;
        }
        rank++;
    }
    return rank;
}

size_t attack_by_algebra(const struct attack *attack, uint64_t coalition, struct attack_find *find)
{
    uint64_t known = coalition | attack->public;
    size_t width = attack->unknown_count, found = 0;
    uint64_t *rows = calloc(attack->figure_count * width + 1, sizeof *rows);
    if (rows == NULL)
        abort();
    for (size_t at = 0; at < attack->figure_count; at++) {
        for (size_t of = 0; of < attack->figures[at].count; of++) {
            unsigned term = attack->figures[at].terms[of];
            rows[at * width + term] = !is_in(known, attack->unknowns[term].nation);
        }
    }
    size_t rank = reduce(rows, attack->figure_count, width);
    for (size_t at = 0; at < rank; at++) {
        unsigned nation = 0, others = 0;
        size_t terms = 0;
        for (size_t of = 0; of < width; of++) {
            if (rows[at * width + of] == 0)
                continue;
            others += terms != 0 && attack->unknowns[of].nation != nation;
            nation = attack->unknowns[of].nation;
            terms++;
        }
        if (terms == 0 || others != 0)
            continue;
        note(find, found, (struct attack_find){"algebra", nation, at, SIZE_MAX, coalition, 0, 0, 0});
        found++;
    }
    free(rows);
    return found;
}

/* --- pairs, averages ---------------------------------------------------------------------------------------------- */

/* What is known of a figure, and who of the unknown stands in it. */
static int64_t known_of(const struct attack *attack, size_t figure, uint64_t known)
{
    int64_t sum = 0;
    for (size_t at = 0; at < attack->figures[figure].count; at++) {
        const struct attack_unknown *unknown = &attack->unknowns[attack->figures[figure].terms[at]];
        sum += is_in(known, unknown->nation) ? unknown->truth : 0;
    }
    return sum;
}

/* The only unknown nation whose terms differ between two figures; -1: none or several. */
static int only_changed(const struct attack *attack, size_t now, size_t then, uint64_t known)
{
    int only = -1;
    for (unsigned term = 0; term < attack->unknown_count; term++) {
        unsigned nation = attack->unknowns[term].nation;
        if (is_in(known, nation) || stands(attack, now, term) == stands(attack, then, term))
            continue;
        if (only >= 0 && only != (int)nation)
            return -1;
        only = (int)nation;
    }
    return only;
}

size_t attack_by_pairs(const struct attack *attack, uint64_t coalition, unsigned percent, struct attack_find *find)
{
    uint64_t known = coalition | attack->public;
    size_t found = 0, count;
    for (size_t now = 0; now < attack->figure_count; now++) {
        double most = (double)(attack->figures[now].shown + attack->base / 2 - known_of(attack, now, known));
        for (unsigned nation = 0; nation < attack->nations; nation++) {
            double truth = (double)part_of(attack, now, nation, &count);
            if (is_in(known, nation) || count == 0 || !is_narrow(1, most, truth, 1, percent))
                continue;
            note(find, found, (struct attack_find){"bounds", nation, now, SIZE_MAX, coalition, 1, most, truth});
            found++;
        }
        for (size_t then = 0; then < attack->figure_count; then++) {
            int only = then == now ? -1 : only_changed(attack, now, then, known);
            if (only < 0)
                continue;
            double difference = (double)(attack->figures[now].shown - known_of(attack, now, known) - attack->figures[then].shown +
                                         known_of(attack, then, known));
            double truth = (double)(part_of(attack, now, (unsigned)only, &count) - part_of(attack, then, (unsigned)only, &count));
            double low = difference - (double)attack->base, high = difference + (double)attack->base;
            if (truth == 0 || !is_narrow(low, high, truth, -1e18, percent))
                continue;
            note(find, found, (struct attack_find){"pairs", (unsigned)only, now, then, coalition, low, high, truth});
            found++;
        }
    }
    return found;
}

/*
 * Two groups of figures that differ, for the unknown, by one nation's terms alone: the difference of their means is that nation's part,
 * and rounding averages out of it. A guess, taken for a find where it lies within percent of the truth.
 */
size_t attack_by_averages(const struct attack *attack, uint64_t coalition, unsigned percent, struct attack_find *find)
{
    uint64_t known = coalition | attack->public;
    size_t found = 0, count;
    for (unsigned nation = 0; nation < attack->nations; nation++) {
        for (size_t now = 0; now < attack->figure_count; now++) {
            double with = 0, without = 0;
            size_t with_count = 0, without_count = 0;
            int64_t truth = part_of(attack, now, nation, &count);
            if (is_in(known, nation) || count == 0)
                continue;
            for (size_t of = 0; of < attack->figure_count; of++) {
                double rest = (double)(attack->figures[of].shown - known_of(attack, of, known));
                bool same = only_changed(attack, now, of, known) < 0;
                for (unsigned term = 0; same && term < attack->unknown_count; term++)
                    same = is_in(known, attack->unknowns[term].nation) || stands(attack, now, term) == stands(attack, of, term);
                with += same ? rest : 0;
                with_count += same;
                size_t its;
                bool gone = only_changed(attack, now, of, known) == (int)nation && part_of(attack, of, nation, &its) == 0 && its == 0;
                without += gone ? rest : 0;
                without_count += gone;
            }
            if (with_count == 0 || without_count == 0)
                continue;
            double guess = with / (double)with_count - without / (double)without_count, reach = (double)truth * percent / 100;
            if (guess < (double)truth - reach || guess > (double)truth + reach)
                continue;
            note(find, found, (struct attack_find){"averages", nation, now, SIZE_MAX, coalition, guess, guess, (double)truth});
            found++;
        }
    }
    return found;
}

void attack_print(const struct attack *attack, FILE *out)
{
    fprintf(out, "{\"base\":%lld,\"nations\":%u,\"public\":%llu,\"unknowns\":[", (long long)attack->base, attack->nations, (unsigned long long)attack->public);
    for (size_t at = 0; at < attack->unknown_count; at++)
        fprintf(out, "%s[%u,%u,%lld]", at ? "," : "", attack->unknowns[at].nation, attack->unknowns[at].quarter, (long long)attack->unknowns[at].truth);
    fprintf(out, "],\"figures\":[");
    for (size_t at = 0; at < attack->figure_count; at++) {
        const struct attack_figure *figure = &attack->figures[at];
        fprintf(out, "%s{\"shown\":%lld,\"cell\":%u,\"terms\":[", at ? "," : "", (long long)figure->shown, figure->cell);
        for (size_t of = 0; of < figure->count; of++)
            fprintf(out, "%s%u", of ? "," : "", figure->terms[of]);
        fprintf(out, "]}");
    }
    fprintf(out, "]}\n");
}
