/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdlib.h>
#include <string.h>

#include "broker/signals_inside.h"
#include "proto/status.h"

/* The cell rule and the change rule: contributors, and p% against every coalition. */

static int descending(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a < b) - (a > b);
}

/*
 * The target that is worst off is the largest nation, and the coalition that leaves it least are the largest of the others; every
 * other pair of target and coalition leaves more and asks for less.
 */
enum signals_why signals_safe(const struct signals_rules *rules, uint64_t *quantities, size_t count)
{
    __int128 rest = 0;
    size_t kept = 0;
    for (size_t at = 0; at < count; at++) {
        if (quantities[at] != 0)
            quantities[kept++] = quantities[at];
    }
    if (kept == 0)
        return SIGNALS_NONE;
    if (kept < rules->nations)
        return SIGNALS_FEW;
    qsort(quantities, kept, sizeof *quantities, descending);
    for (size_t at = 1 + (size_t)rules->insiders; at < kept; at++)
        rest += quantities[at];
    return rest > 0 && 100 * rest >= (__int128)rules->percent * quantities[0] ? SIGNALS_FRESH : SIGNALS_DOMINATED;
}

bool signals_known(const struct signals_item *item, const char *country)
{
    for (size_t at = 0; at < item->known_count; at++) {
        if (strcmp(item->known[at], country) == 0)
            return true;
    }
    return false;
}

/* Adds up a figure's parts by nation, into the place of each nation in names; signed by sign. */
static size_t add_up(const struct signals_figure *figure, int sign, const char **names, __int128 *sums, size_t count)
{
    for (size_t at = 0; at < figure->part_count; at++) {
        size_t of = 0;
        while (of < count && strcmp(names[of], figure->parts[at].country) != 0)
            of++;
        if (of == count) {
            names[count] = figure->parts[at].country;
            sums[count++] = 0;
        }
        sums[of] += sign * (__int128)figure->parts[at].quantity;
    }
    return count;
}

struct sums {
    const char **names;
    __int128 *sums;
    uint64_t *sizes;
};

static int make_sums(struct arena *arena, size_t most, struct sums *sums)
{
    sums->names = arena_array(arena, most + 1, sizeof *sums->names);
    sums->sums = arena_array(arena, most + 1, sizeof *sums->sums);
    sums->sizes = arena_array(arena, most + 1, sizeof *sums->sizes);
    return sums->names != NULL && sums->sums != NULL && sums->sizes != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

int signals_check_cell(const struct signals_rules *rules, const struct signals_item *item, const struct signals_figure *figure,
                       struct arena *arena, struct signals_cell *cell)
{
    struct sums sums;
    size_t unknown = 0;
    int status = make_sums(arena, figure->part_count, &sums);
    if (status != STATUS_OK)
        return status;
    size_t count = add_up(figure, 1, sums.names, sums.sums, 0);
    cell->total = 0;
    for (size_t at = 0; at < count; at++) {
        cell->total += (uint64_t)sums.sums[at];
        if (!signals_known(item, sums.names[at]))
            sums.sizes[unknown++] = (uint64_t)sums.sums[at];
    }
    cell->nations = count;
    cell->why = signals_safe(rules, sums.sizes, unknown);
    if (cell->why == SIGNALS_NONE && count != 0)
        cell->why = SIGNALS_FEW;
    return STATUS_OK;
}

int signals_check_change(const struct signals_rules *rules, const struct signals_item *item, const struct signals_figure *now,
                         const struct signals_figure *then, struct arena *arena, enum signals_why *why)
{
    struct sums sums;
    size_t unknown = 0;
    bool changed = false;
    int status = make_sums(arena, now->part_count + then->part_count, &sums);
    if (status != STATUS_OK)
        return status;
    size_t count = add_up(now, 1, sums.names, sums.sums, 0);
    count = add_up(then, -1, sums.names, sums.sums, count);
    for (size_t at = 0; at < count; at++) {
        __int128 size = sums.sums[at] < 0 ? -sums.sums[at] : sums.sums[at];
        changed = changed || size != 0;
        if (!signals_known(item, sums.names[at]))
            sums.sizes[unknown++] = (uint64_t)size;
    }
    *why = !changed ? SIGNALS_SAME : signals_safe(rules, sums.sizes, unknown) == SIGNALS_FRESH ? SIGNALS_FRESH : SIGNALS_CHANGE;
    return STATUS_OK;
}
