/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/signals.h"

#include <stdlib.h>
#include <string.h>

#include "broker/signals_inside.h"
#include "proto/status.h"

/* Which cells there are, what each covers, and what becomes of it at a date. */

uint32_t signals_quarter(uint32_t month)
{
    return month / 100 * 10 + (month % 100 + 2) / 3;
}

uint32_t signals_first_month(uint32_t quarter)
{
    return quarter / 10 * 100 + (quarter % 10) * 3 - 2;
}

uint32_t signals_last_month(uint32_t quarter)
{
    return quarter / 10 * 100 + (quarter % 10) * 3;
}

uint64_t signals_round(uint64_t total, uint64_t base)
{
    uint64_t rest = total % base;
    return rest >= base - rest ? total - rest + base : total - rest;
}

bool signals_past(enum signals_width width, uint32_t from, uint32_t date)
{
    uint32_t now = signals_quarter(date / 100);
    return width == SIGNALS_YEAR ? from / 10 < now / 10 : from < now;
}

bool signals_same_cell(const struct signals_figure *left, const struct signals_figure *right)
{
    return left->width == right->width && left->from == right->from && strcmp(left->region, right->region) == 0;
}

const struct signals_figure *signals_newest(const struct signals_item *item, enum signals_width width, uint32_t from, const char *region)
{
    for (size_t at = item->history_count; at > 0; at--) {
        const struct signals_figure *figure = &item->history[at - 1];
        if (figure->width == width && figure->from == from && strcmp(figure->region, region) == 0)
            return figure;
    }
    return NULL;
}

/* Whether a quarter's region is published at a finer width than this one. */
static bool is_apart(const struct signals_item *item, enum signals_width width, uint32_t quarter, const char *region)
{
    bool apart = width > SIGNALS_REGION && signals_newest(item, SIGNALS_REGION, quarter, region) != NULL;
    return apart || (width > SIGNALS_QUARTER && signals_newest(item, SIGNALS_QUARTER, quarter, "") != NULL);
}

int signals_extent(const struct signals_item *item, enum signals_width width, uint32_t from, const char *region, struct arena *arena,
                   const struct signals_leaf **leaves, size_t *count)
{
    uint32_t last = width == SIGNALS_YEAR ? from / 10 * 10 + 4 : from;
    struct signals_leaf *list = arena_array(arena, 4 * item->region_count + 1, sizeof *list);
    *leaves = list;
    *count = 0;
    if (list == NULL)
        return STATUS_NO_MEMORY;
    for (uint32_t quarter = from; quarter <= last; quarter++) {
        for (size_t at = 0; at < item->region_count; at++) {
            bool wanted = width != SIGNALS_REGION || strcmp(item->regions[at], region) == 0;
            if (wanted && !is_apart(item, width, quarter, item->regions[at]))
                list[(*count)++] = (struct signals_leaf){.quarter = quarter, .region = item->regions[at]};
        }
    }
    return STATUS_OK;
}

static bool covers(const struct signals_leaf *leaves, size_t count, const struct signals_part *part)
{
    for (size_t at = 0; at < count; at++) {
        if (leaves[at].quarter == part->quarter && strcmp(leaves[at].region, part->region) == 0)
            return true;
    }
    return false;
}

static int by_nation(const void *left, const void *right)
{
    const struct signals_part *a = left, *b = right;
    int order = strcmp(a->country, b->country);
    return order != 0 ? order : (a->quarter > b->quarter) - (a->quarter < b->quarter);
}

static int take_parts(const struct signals_item *item, struct arena *arena, struct signals_figure *figure)
{
    struct signals_part *parts = arena_array(arena, item->part_count + 1, sizeof *parts);
    if (parts == NULL)
        return STATUS_NO_MEMORY;
    figure->part_count = 0;
    for (size_t at = 0; at < item->part_count; at++) {
        if (item->parts[at].quantity != 0 && covers(figure->leaves, figure->leaf_count, &item->parts[at]))
            parts[figure->part_count++] = item->parts[at];
    }
    qsort(parts, figure->part_count, sizeof *parts, by_nation);
    figure->parts = parts;
    return STATUS_OK;
}

/* --- one cell ----------------------------------------------------------------------------------------------------- */

static int check_changes(const struct signals_rules *rules, const struct signals_item *item, struct arena *arena, struct signals_cell *cell)
{
    const struct signals_figure *newest = signals_newest(item, cell->figure.width, cell->figure.from, cell->figure.region);
    enum signals_why why;
    for (size_t at = 0; at < item->history_count; at++) {
        if (!signals_same_cell(&item->history[at], &cell->figure))
            continue;
        int status = signals_check_change(rules, item, &cell->figure, &item->history[at], arena, &why);
        if (status != STATUS_OK)
            return status;
        if (why == SIGNALS_CHANGE)
            cell->why = SIGNALS_CHANGE;
        if (why == SIGNALS_SAME && &item->history[at] == newest) {
            cell->why = SIGNALS_SAME;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* Quarters that a figure has parts in: a bit each. */
static unsigned quarters_of(const struct signals_figure *figure)
{
    unsigned quarters = 0;
    for (size_t at = 0; at < figure->part_count; at++)
        quarters |= 1u << figure->parts[at].quarter % 10;
    return quarters;
}

/* The quarters of a year whose figures hang together with a cell's: by parts in the same quarter, also through others. */
static unsigned quarters_tied(const struct signals_item *item, const struct signals_figure *figure)
{
    unsigned tied = quarters_of(figure), before;
    do {
        before = tied;
        for (size_t at = 0; at < item->history_count; at++) {
            unsigned its = item->history[at].from / 10 == figure->from / 10 ? quarters_of(&item->history[at]) : 0;
            tied |= (its & tied) != 0 ? its : 0;
        }
    } while (tied != before);
    return tied;
}

static int check_range(const struct signals_rules *rules, const struct signals_item *item, struct arena *arena, struct signals_cell *cell)
{
    const struct signals_figure **figures = arena_array(arena, item->history_count + 1, sizeof *figures);
    size_t count = 0;
    if (figures == NULL)
        return STATUS_NO_MEMORY;
    unsigned tied = quarters_tied(item, &cell->figure);
    for (size_t at = 0; at < item->history_count; at++) {
        if (item->history[at].from / 10 == cell->figure.from / 10 && (quarters_of(&item->history[at]) & tied) != 0)
            figures[count++] = &item->history[at];
    }
    if (count >= SIGNALS_FIGURES_MOST) {
        cell->why = SIGNALS_FULL;
        return STATUS_OK;
    }
    figures[count++] = &cell->figure;
    int status = signals_range(rules, item, figures, count, &cell->figure.range);
    if (status == STATUS_OK && (cell->figure.range.quantity < rules->percent || cell->figure.range.change < rules->percent))
        cell->why = SIGNALS_NARROW;
    return status;
}

static int decide_cell(const struct signals_rules *rules, const struct signals_item *item, struct arena *arena, struct signals_cell *cell)
{
    struct signals_figure *figure = &cell->figure;
    int status = signals_extent(item, figure->width, figure->from, figure->region, arena, &figure->leaves, &figure->leaf_count);
    if (status == STATUS_OK)
        status = take_parts(item, arena, figure);
    if (status == STATUS_OK)
        status = signals_check_cell(rules, item, figure, arena, cell);
    figure->shown = signals_round(cell->total, rules->base);
    if (status == STATUS_OK && cell->why == SIGNALS_FRESH)
        status = check_changes(rules, item, arena, cell);
    if (status == STATUS_OK && cell->why == SIGNALS_FRESH)
        status = check_range(rules, item, arena, cell);
    return status;
}

/* --- all cells ---------------------------------------------------------------------------------------------------- */

struct deciding {
    const struct signals_rules *rules;
    struct signals_item item; /* its history grows */
    struct signals_figure *history;
    uint32_t date;
    struct arena *arena;
    struct signals_cell *cells;
    size_t count;
};

static int decide_one(struct deciding *deciding, enum signals_width width, uint32_t from, const char *region)
{
    struct signals_cell *cell = &deciding->cells[deciding->count++];
    *cell = (struct signals_cell){.figure = {.width = width, .from = from, .region = region, .date = deciding->date}};
    int status = decide_cell(deciding->rules, &deciding->item, deciding->arena, cell);
    if (status == STATUS_OK && cell->why == SIGNALS_FRESH)
        deciding->history[deciding->item.history_count++] = cell->figure;
    /* A cell that nobody needs anything of and that was never published is none. */
    if (cell->why == SIGNALS_NONE && signals_newest(&deciding->item, width, from, region) == NULL)
        deciding->count--;
    return status;
}

static int ascending(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* The quarters that need or history speaks of, each once, in order; room for whole years. */
static int list_quarters(const struct signals_item *item, struct arena *arena, uint32_t **quarters, size_t *count)
{
    size_t total = 0;
    uint32_t *list = arena_array(arena, item->part_count + item->history_count + 1, sizeof *list);
    if (list == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < item->part_count; at++)
        list[total++] = item->parts[at].quarter;
    for (size_t at = 0; at < item->history_count; at++)
        list[total++] = item->history[at].from;
    qsort(list, total, sizeof *list, ascending);
    *count = 0;
    for (size_t at = 0; at < total; at++) {
        if (*count == 0 || list[*count - 1] != list[at])
            list[(*count)++] = list[at];
    }
    *quarters = list;
    return STATUS_OK;
}

static int decide_quarters(struct deciding *deciding, const uint32_t *quarters, size_t count)
{
    int status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < count; at++) {
        if (signals_past(SIGNALS_REGION, quarters[at], deciding->date))
            continue;
        for (size_t of = 0; status == STATUS_OK && of < deciding->item.region_count; of++)
            status = decide_one(deciding, SIGNALS_REGION, quarters[at], deciding->item.regions[of]);
        /* With a single region there is nothing to pool. */
        if (status == STATUS_OK && deciding->item.region_count > 1)
            status = decide_one(deciding, SIGNALS_QUARTER, quarters[at], "");
    }
    for (size_t at = 0; status == STATUS_OK && at < count; at++) {
        bool first = at == 0 || quarters[at] / 10 != quarters[at - 1] / 10;
        if (first && !signals_past(SIGNALS_YEAR, quarters[at] / 10 * 10 + 1, deciding->date))
            status = decide_one(deciding, SIGNALS_YEAR, quarters[at] / 10 * 10 + 1, "");
    }
    return status;
}

int signals_decide(const struct signals_rules *rules, const struct signals_item *item, uint32_t date, struct arena *arena,
                   struct signals_cell **cells, size_t *count)
{
    uint32_t *quarters;
    size_t quarter_count;
    struct deciding deciding = {.rules = rules, .item = *item, .date = date, .arena = arena};
    int status = list_quarters(item, arena, &quarters, &quarter_count);
    if (status != STATUS_OK)
        return status;
    size_t most = quarter_count * (item->region_count + 2);
    deciding.cells = arena_array(arena, most + 1, sizeof *deciding.cells);
    deciding.history = arena_array(arena, item->history_count + most + 1, sizeof *deciding.history);
    if (deciding.cells == NULL || deciding.history == NULL)
        return STATUS_NO_MEMORY;
    if (item->history_count != 0)
        memcpy(deciding.history, item->history, item->history_count * sizeof *deciding.history);
    deciding.item.history = deciding.history;
    status = decide_quarters(&deciding, quarters, quarter_count);
    *cells = deciding.cells;
    *count = deciding.count;
    return status;
}

/* --- what is shown ------------------------------------------------------------------------------------------------ */

static bool same_leaves(const struct signals_leaf *left, size_t left_count, const struct signals_leaf *right, size_t right_count)
{
    bool same = left_count == right_count;
    for (size_t at = 0; same && at < left_count; at++)
        same = left[at].quarter == right[at].quarter && strcmp(left[at].region, right[at].region) == 0;
    return same;
}

static uint32_t since(const struct signals_item *item, const struct signals_figure *newest)
{
    uint32_t date = 0;
    for (size_t at = 0; at < item->history_count; at++) {
        const struct signals_figure *figure = &item->history[at];
        if (signals_same_cell(figure, newest))
            date = figure->shown == 0 ? 0 : date != 0 ? date : figure->date;
    }
    return date;
}

int signals_rows(const struct signals_rules *rules, const struct signals_item *item, uint32_t date, struct arena *arena,
                 struct signals_row **rows, size_t *count)
{
    *count = 0;
    *rows = arena_array(arena, item->history_count + 1, sizeof **rows);
    if (*rows == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < item->history_count; at++) {
        const struct signals_figure *figure = &item->history[at];
        const struct signals_leaf *leaves;
        size_t leaf_count;
        bool old = signals_months(figure->date, date) >= rules->keep;
        if (signals_newest(item, figure->width, figure->from, figure->region) != figure || figure->shown == 0 || old ||
            signals_past(figure->width, figure->from, date))
            continue;
        int status = signals_extent(item, figure->width, figure->from, figure->region, arena, &leaves, &leaf_count);
        if (status != STATUS_OK)
            return status;
        if (same_leaves(figure->leaves, figure->leaf_count, leaves, leaf_count))
            (*rows)[(*count)++] = (struct signals_row){.figure = figure, .since = since(item, figure)};
    }
    return STATUS_OK;
}

/* --- the calendar ------------------------------------------------------------------------------------------------- */

static uint32_t month_number(uint32_t date)
{
    return date / 10000 * 12 + date / 100 % 100 - 1;
}

static uint32_t first_of(uint32_t number)
{
    return number / 12 * 10000 + (number % 12 + 1) * 100 + 1;
}

uint32_t signals_due(uint32_t last, uint32_t today, uint64_t months)
{
    if (months == 0)
        return 0;
    uint32_t number = month_number(today);
    uint32_t date = first_of(number - number % (uint32_t)months);
    return date > last ? date : 0;
}

uint32_t signals_next(uint32_t today, uint64_t months)
{
    if (months == 0)
        return 0;
    uint32_t number = month_number(today);
    return first_of(number - number % (uint32_t)months + (uint32_t)months);
}

uint32_t signals_months(uint32_t from, uint32_t to)
{
    uint32_t first = month_number(from), last = month_number(to) - (to % 100 < from % 100 ? 1 : 0);
    return last > first ? last - first : 0;
}
