/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_EXACT_PROGRAM_H
#define BROKER_MATCH_EXACT_PROGRAM_H

#include "broker/match/search.h"
#include "broker/match/whole.h"

/*
 * A lot as one integer program, column by column, for lots small enough to be solved so.
 *
 *   y  a choice is used                       x  units of a line from a choice
 *   z  a lump of several suppliers comes      s  a lump of a single supplier comes to a choice; its x stand for it where it comes whole or not at all
 *   w  what a fund pays of a choice's one-off cost       u  a fund is drawn on that asks for more nations than the lot does
 *
 *   t  units of a choice                      g  of a group of its lines with one freight and fund       l  of a line
 *   v  units of all lines of one value                 p  of those of one value and fund
 *
 * The last five are sums, to be split on: objective, funds and shares hang on them alone, while units may change places within them.
 *
 * Rows: lines and lumps get no more than they want and lumps their least; a choice makes no more by any month than it can, and its minimum
 * order; one choice an offer; headroom carries one-off costs; funds and shares. Rows x <= most * y, those on output and those on nations come in where a
 * solution breaks them. All figures are whole. Every plan better than the one known is a solution, so a bound of the program is one of the lot:
 *
 * Shares of one-off costs are free here within these rows, while a plan's follow the level (MATCHING's 'One-off cost'): with Q units at most
 * from a choice the level is at least cost / Q, so an award of q units carries q * min(headroom, floor(cost / Q)) at least, but for rounding.
 *
 * Rounding: with L the level, an award with headroom h <= L carries q * h. Of the others each carries floor(q * L), and of all the choice's awards in
 * the order of their demands the first D one cent more, with D the sum of all fractions. With a of the first D its own, what a payer carries
 * together is a - (its fractions) away from the sum of its q * L. Its fractions are no more than its awards nor D, so it is short by D - a at most,
 * which are others' before the D-th, and by no more than its own after it. By the same count for the others, who make up for it, it is over
 * by no more than its own before some award, nor others' after it. What may be awarded at all is at least what is, so counting that is safe.
 * So it is for any one turn in that order no more than the larger of both counts, each award counted with its units where they are less than one:
 * that is linear but for the larger and the less, and comes in as a row where a solution's own awards leave less than all that may be.
 */

enum match_exact_kind {
    MATCH_EXACT_CHOICE, MATCH_EXACT_LUMP, MATCH_EXACT_SUPPLIER, MATCH_EXACT_UNITS, MATCH_EXACT_SHARE, MATCH_EXACT_FUND, MATCH_EXACT_TOTAL,
    MATCH_EXACT_GROUP, MATCH_EXACT_LINE, MATCH_EXACT_LEVEL, MATCH_EXACT_POOL,
    MATCH_EXACT_VALUE
};

#define MATCH_EXACT_LEVELS 40 /* most levels that are split on */
#define MATCH_EXACT_RIGHT ((__int128)1 << 60) /* most of a right side, and least with a minus */
#define MATCH_EXACT_TURNS 100 /* most rows on rounding with the awards at hand */

struct match_exact_column {
    int64_t cost;       /* what a unit of it adds to the objective */
    int64_t low, high;  /* of every plan that is better than the one known */
    enum match_exact_kind kind;
    uint32_t index;     /* choice, lump, item of whole, pair of whole, choice, fund, choice, cost of a group, line, choice, line that is the first of its kind */
    uint32_t fund;      /* of a share */
    bool paid;          /* all units that a choice has at one freight of one fund with a balance, be they a sum or a single pair */
};

struct match_exact_entry {
    uint32_t column;
    int64_t amount;
};

struct match_exact_row {
    uint32_t first, count;
    int64_t right;
    bool equal;
    uint32_t link;      /* its place in linked, of a row that comes and goes, or MATCH_NONE */
    uint32_t idle;      /* solutions in a row that it did not bind */
};

struct match_exact {
    struct match_search *search;
    struct match_whole whole;
    uint32_t column_count, row_count, entry_count;
    uint32_t active;          /* columns that are not fixed for good; those come after them, and stand in no row */
    uint32_t column_most, row_most, entry_most;
    struct match_exact_column *columns;
    struct match_exact_row *rows;
    struct match_exact_entry *entries;
    uint32_t *choice_column;  /* by choice, or MATCH_NONE */
    uint32_t *lump_column;    /* by lump: z, or MATCH_NONE */
    uint32_t *item_column;    /* by item of whole: s, or MATCH_NONE */
    uint32_t *pair_column;    /* by pair of whole: x, or MATCH_NONE */
    uint32_t *fund_column;    /* by fund: u, or MATCH_NONE */
    uint32_t *total_column;   /* by choice: t, or MATCH_NONE */
    uint32_t *group_column;   /* by cost, see model.h: g, or MATCH_NONE */
    uint32_t *line_column;    /* by line: l, or MATCH_NONE */
    uint32_t *share_first, *share_count; /* by choice: its columns w */
    uint32_t share_most;
    uint32_t *tie_row;        /* by tie, or MATCH_NONE */
    uint32_t level_column[MATCH_EXACT_LEVELS]; /* kept for levels, see exact_level.c */
    uint32_t level_count, level_room; /* of them in use, and in all */
    int64_t level[MATCH_EXACT_LEVELS];
    uint32_t *awards;         /* by demand: scratch */
    uint8_t *linked;          /* by column: its row x <= most * y is in; then by row of a level, of output, on rounding */
    bool full;                /* rows or entries had no room */
};

/* Everything that names a column, a row of it moved by to; what went is MATCH_NONE. */
void match_exact_rename(struct match_exact *program, const uint32_t *to);

/* Rows that can come and go: places in linked. */
size_t match_exact_links(const struct match_exact *program);

/* The place of the row that a choice makes so many units by a month. */
uint32_t match_exact_output_link(const struct match_exact *program, uint32_t choice, uint32_t month);

/* The place of a row on rounding. */
uint32_t match_exact_turn_link(const struct match_exact *program, uint32_t index);

/* A copy to be made smaller, in an arena of its own. STATUS_NO_MEMORY. */
int match_exact_copy(const struct match_exact *program, struct arena *arena, struct match_exact *copy);

/* Compiles the lot under search->strict. STATUS_NO_MEMORY. program->full: too large. */
int match_exact_build(struct match_search *search, struct arena *arena, struct match_exact *program);

/* A new column; its index. */
uint32_t match_exact_column_add(struct match_exact *program, enum match_exact_kind kind, uint32_t index, int64_t cost, int64_t low, int64_t high);

/* The columns that are sums, and their equations. */
void match_exact_write_sums(struct match_exact *program);

/* Adds a column to the row at hand unless it has it. */
void match_exact_add_once(struct match_exact *program, uint32_t column, int64_t amount);

/* A new row, built entry by entry. */
void match_exact_add(struct match_exact *program, uint32_t column, int64_t amount);
void match_exact_close(struct match_exact *program, int64_t right, bool equal, uint32_t link);

/* Adds the units of a pair: its own column's, or those that its lump's stands for. */
void match_exact_units_add(struct match_exact *program, uint32_t pair, int64_t amount);

/* The most units of a pair. */
int64_t match_exact_most(const struct match_exact *program, uint32_t pair);

/* The fund with a balance that pays for a line, or MATCH_NONE. */
uint32_t match_exact_payer(const struct match_model *model, uint32_t line);

/*
 * Most cents by which rounding puts what a payer carries of a choice's cost above the units' sum at its level, or below it. least: whole cents
 * that the level is at least; who has no more headroom carries it exactly.
 */
int64_t match_exact_rounding(const struct match_exact *program, uint32_t choice, uint32_t fund, int64_t least, bool above);

/* Where a payer's awards are looked at in the order of demands. */
struct match_exact_turn {
    uint32_t fund;   /* the payer */
    int64_t least;   /* whole cents that the level is at least */
    bool above;      /* what it carries more, else less */
    uint32_t demand; /* the first after the turn */
};

/* Awards of a pair that count at a turn; early: those before it, else those after it. */
uint32_t match_exact_turned(const struct match_exact *program, uint32_t pair, const struct match_exact_turn *turn, bool *early);

/* Whether a lump comes whole or not at all. */
bool match_exact_all(const struct match_exact *program, uint32_t lump);

#endif
