/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_SIGNALS_H
#define BROKER_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"

/*
 * What industry may know of the need that nations pooled: which totals may be published without showing what one nation lacks.
 * Pure functions over plain structs: no store, no clock, no message. The desk (broker/desk/signals.c) feeds them and keeps what they
 * decide.
 *
 * A cell is one item in one quarter and one region. Nations, not demands, are its contributors. A total is a figure once it passes
 *   the cell rule     enough nations, and the p% rule against every coalition of so many others: what the target and the coalition
 *                     leave of the total is at least p % of the target (Handbook on Statistical Disclosure Control, chapter 4);
 *   the change rule   against every earlier figure of the same cell, the nations that changed pass the cell rule with their changes;
 *   the range         all figures ever published together leave every nation's quantity, and every change of it, a range that reaches
 *                     at least p % above and below the truth (see signals_range).
 * Cells that fail the cell rule are pooled upward: all regions of a quarter that were never published by themselves, then all such of a
 * year. A cell that was published by itself is never pooled again, so what is published is a disjoint partition at every date. A figure that may
 * not be renewed is repeated with its date. Rounding comes last and nothing relies on it.
 *
 * Not promised: larger coalitions; what somebody knows from elsewhere; that a nation takes part; what the rules' own decisions tell
 * somebody who knows them (a published total says that the rules held).
 */

#define SIGNALS_FIGURES_MOST 128u /* of one item that hang together, a year's at most: bounds the work of the range; beyond it figures are repeated, never renewed */
#define SIGNALS_REGIONS_MOST 33u  /* named ones, and one for all other nations */
#define SIGNALS_PERCENT_MOST 100u /* ranges are told up to the whole quantity */

/* The policy's rules. */
struct signals_rules {
    uint64_t nations;   /* contributors that a figure needs */
    uint64_t insiders;  /* others that may join forces against one */
    uint64_t percent;   /* p */
    uint64_t base;      /* figures are rounded to multiples of it */
    uint64_t keep;      /* months after which a figure that was not renewed is shown no more */
};

/* A quarter is year * 10 + 1 to 4: 20284. */
uint32_t signals_quarter(uint32_t month);            /* of YYYYMM */
uint32_t signals_first_month(uint32_t quarter);      /* YYYYMM */
uint32_t signals_last_month(uint32_t quarter);

/* What one nation lacks of the item in one quarter. */
struct signals_part {
    const char *country;
    const char *region;
    uint32_t quarter;
    uint64_t quantity; /* above 0 */
};

struct signals_leaf {
    uint32_t quarter;
    const char *region;
};

enum signals_width {
    SIGNALS_REGION = 1, /* one quarter, one region */
    SIGNALS_QUARTER,    /* one quarter, all regions not published by themselves */
    SIGNALS_YEAR,       /* one year, all that is not published by itself */
    SIGNALS_WIDTHS = SIGNALS_YEAR
};

struct signals_range {
    uint32_t figures;    /* of the item that hang together by nations and quarters, this one included */
    uint32_t nations;    /* in them, less those whose part is known anyway */
    uint32_t coalitions; /* of nations, each held against every nation outside it */
    uint32_t quantity;   /* least percent of a nation's quantity that the range reaches to either side */
    uint32_t change;     /* the same of a change between two figures of a cell; SIGNALS_PERCENT_MOST where there was none */
};

/* A total as published. parts are by country, quarter; leaves by quarter, region. */
struct signals_figure {
    enum signals_width width;
    uint32_t from;      /* its quarter; the first of its year */
    const char *region; /* "" where pooled */
    uint32_t date;      /* YYYYMMDD of the publication */
    const struct signals_leaf *leaves;
    size_t leaf_count;
    const struct signals_part *parts;
    size_t part_count;
    uint64_t shown;     /* rounded total */
    struct signals_range range;
};

enum signals_why {
    SIGNALS_FRESH = 1, /* published */
    SIGNALS_SAME,      /* nobody changed: the last figure stands */
    SIGNALS_NONE,      /* no need */
    SIGNALS_FEW,       /* too few nations */
    SIGNALS_DOMINATED, /* the p% rule */
    SIGNALS_CHANGE,    /* the change since an earlier figure would show too much */
    SIGNALS_NARROW,    /* the range of all figures together would be too narrow */
    SIGNALS_FULL       /* SIGNALS_FIGURES_MOST */
};

/* What became of one cell at one date. */
struct signals_cell {
    struct signals_figure figure; /* as it would be now */
    enum signals_why why;
    uint64_t nations;
    uint64_t total;
};

/* All of one item. */
struct signals_item {
    const struct signals_figure *history; /* every figure ever published, in order */
    size_t history_count;
    const struct signals_part *parts;     /* need now: one row a country and quarter */
    size_t part_count;
    const char *const *known;             /* nations whose part somebody outside may know: they count for nothing */
    size_t known_count;
    const char *const *regions;           /* every region that there is */
    size_t region_count;
};

/*
 * The cell rule for quantities of nations, one each. SIGNALS_FRESH where it holds, else SIGNALS_NONE, SIGNALS_FEW or SIGNALS_DOMINATED.
 * Sorts quantities.
 */
enum signals_why signals_safe(const struct signals_rules *rules, uint64_t *quantities, size_t count);

/* The cell rule for a figure's parts. STATUS_OK or STATUS_NO_MEMORY. */
int signals_check_cell(const struct signals_rules *rules, const struct signals_item *item, const struct signals_figure *figure,
                       struct arena *arena, struct signals_cell *cell);

/*
 * The change rule between two figures: SIGNALS_FRESH where it holds, SIGNALS_SAME where nobody changed, SIGNALS_CHANGE where it does
 * not. STATUS_OK or STATUS_NO_MEMORY.
 */
int signals_check_change(const struct signals_rules *rules, const struct signals_item *item, const struct signals_figure *now,
                         const struct signals_figure *then, struct arena *arena, enum signals_why *why);

/*
 * The range that figures leave, a lower bound of it that holds for certain. It is found by swaps. A nation's quantity can be larger by d
 * without any figure changing where another's is smaller by d in the same figures; how much that other can give is the least of its
 * quantities in them. A coalition knows its own quantities, so what its members could give does not count: of all that could give
 * the largest so many are left out, and the rest must be able to give p % of the quantity. Down likewise, and for a change between two figures of a
 * cell with the swaps that move one and not the other. Whole numbers only; every swap is a world that the same figures would have
 * come from, so the range is there whatever method an attacker uses. All quantities that a nation repeats count as known to be the same.
 * The bound is not tight: worlds that take three nations to make are not looked for, so of the figures that it holds back a linear
 * program would let most pass. It was chosen before one since it is exact, small, and needs no tolerance.
 * STATUS_OK or STATUS_NO_MEMORY.
 */
int signals_range(const struct signals_rules *rules, const struct signals_item *item, const struct signals_figure *const *figures,
                  size_t count, struct signals_range *range);

/* Decides every cell of an item at a date (YYYYMMDD). cells are in arena, by width, time, region. STATUS_OK or STATUS_NO_MEMORY. */
int signals_decide(const struct signals_rules *rules, const struct signals_item *item, uint32_t date, struct arena *arena,
                   struct signals_cell **cells, size_t *count);

/* A row that industry is shown. */
struct signals_row {
    const struct signals_figure *figure;
    uint32_t since; /* date from which on the cell's need was published without a break */
};

/*
 * What an item's history shows after the publication of a date: the newest figure of each cell, but of none that rounds to 0, is past, was
 * not renewed for keep months, or has another extent by now. parts and known of item are not read. STATUS_OK or STATUS_NO_MEMORY.
 */
int signals_rows(const struct signals_rules *rules, const struct signals_item *item, uint32_t date, struct arena *arena,
                 struct signals_row **rows, size_t *count);

/*
 * The date (YYYYMMDD) of the publication that is due on a day: the first of a month, every so many months from January on; 0 where it is
 * not after the last one, or months is 0. No change of any object has a part in it.
 */
uint32_t signals_due(uint32_t last, uint32_t today, uint64_t months);

/* The next date after a day; 0 where months is 0. */
uint32_t signals_next(uint32_t today, uint64_t months);

/* Whole months from one date to a later one. */
uint32_t signals_months(uint32_t from, uint32_t to);

/* What a pooled row's total is rounded to. */
uint64_t signals_round(uint64_t total, uint64_t base);

#endif
