/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_SIGNALS_ATTACK_H
#define TESTS_UNIT_SIGNALS_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Somebody who wants to know what one nation lacks. Written from the published rules alone and using none of the exchange's code: what is
 * published (rounded totals, each with its date and who is in it), which nations changed between dates and which did not, and the
 * quantities of nations that join forces. It never reads a target's truth but to judge what it found.
 *
 * An unknown is a nation's quantity in one quarter at one of its values; a figure is a sum of unknowns, known to half a rounding base.
 */

#define ATTACK_UNKNOWNS_MOST 512
#define ATTACK_FIGURES_MOST 128
#define ATTACK_TERMS_MOST 96

struct attack_unknown {
    unsigned nation;
    unsigned quarter;
    int64_t truth;
};

struct attack_figure {
    int64_t shown;
    unsigned cell; /* figures of one number are versions of one cell */
    unsigned terms[ATTACK_TERMS_MOST];
    size_t count;
};

struct attack {
    int64_t base;       /* of rounding */
    unsigned nations;
    uint64_t public;    /* nations whose quantities are open: a bit each */
    struct attack_unknown unknowns[ATTACK_UNKNOWNS_MOST];
    size_t unknown_count;
    struct attack_figure figures[ATTACK_FIGURES_MOST];
    size_t figure_count;
};

/* The unknown of that nation, quarter and quantity; made where there is none yet. */
unsigned attack_unknown(struct attack *attack, unsigned nation, unsigned quarter, int64_t truth);

/* What was found: a target whose range is narrower than percent of the truth to one side. */
struct attack_find {
    const char *method;
    unsigned nation;
    size_t figure, then; /* then: SIZE_MAX, or the figure from which the change was found */
    uint64_t coalition;
    double low, high, truth;
};

/*
 * Linear programming over all figures, for one coalition (a bit each): every nation's part of every figure, and every change of it between two
 * figures of a cell (pairs: all of them, else neighbours). Number of finds; *find (may be NULL) is the first.
 */
size_t attack_by_programs(const struct attack *attack, uint64_t coalition, unsigned percent, bool all_pairs, struct attack_find *find);

/* Linear algebra, exact totals assumed: what sums and differences of figures pin down to one nation. */
size_t attack_by_algebra(const struct attack *attack, uint64_t coalition, struct attack_find *find);

/* All pairs of versions of a cell: one less the other, less what the coalition knows of it; and bounds from each by itself. */
size_t attack_by_pairs(const struct attack *attack, uint64_t coalition, unsigned percent, struct attack_find *find);

/* Averages: the mean of all versions in which a nation and the same others stand unchanged, against the mean of those without it. */
size_t attack_by_averages(const struct attack *attack, uint64_t coalition, unsigned percent, struct attack_find *find);

/* Writes the attack as one line of JSON, for an attacker in another language. */
void attack_print(const struct attack *attack, FILE *out);

#endif
