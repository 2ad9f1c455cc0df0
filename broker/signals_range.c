/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdlib.h>
#include <string.h>

#include "broker/signals_inside.h"
#include "proto/status.h"

/*
 * The range that all figures leave, by swaps between two nations (see signals.h). An unknown is what a nation lacks in one quarter;
 * its levels are the different quantities with which it stands in figures. A swap of two unknowns moves levels of the one up
 * and levels of the other down by the same amount, so that every figure that holds both stays as it is. Levels hang together where a
 * figure holds both; where a figure holds one of them without the other, nothing of that group can move.
 */

#define RANGE_ARENA_CAP ((size_t)256 << 20) /* 1,000 unknowns in 128 figures take a tenth */
#define NO_LEVEL UINT16_MAX

/* Two levels that somebody knows to move alike, or (second NO_LEVEL) one that can't move. */
struct tie {
    uint16_t first, second;
};

struct unknown {
    size_t country;
    uint32_t quarter;
    bool known;
    uint64_t *levels;
    size_t level_count;
    uint16_t *level_in; /* by figure; NO_LEVEL: not in it */
    struct tie *ties;
    size_t tie_count;
};

/* What a swap with one partner can do for one level. */
struct swap {
    uint64_t up, down;
    uint16_t group;
};

struct ranging {
    const struct signals_rules *rules;
    const struct signals_item *item;
    const struct signals_figure *const *figures;
    size_t count;
    struct arena *arena;
    const char **countries;
    size_t country_count;
    struct unknown *unknowns; /* by country, quarter */
    size_t unknown_count;
    uint64_t *sums;           /* of a nation in a figure: [country][figure] */
    struct swap *swaps;       /* of the target's unknowns: [own][unknown][level] */
    uint64_t *shares;         /* by country */
    uint16_t *parents;        /* groups of the levels of one pair */
    struct {
        bool fixed;
        uint64_t least_own, least_other;
    } *groups;
};

static size_t find_country(struct ranging *ranging, const char *country)
{
    size_t at = 0;
    while (at < ranging->country_count && strcmp(ranging->countries[at], country) != 0)
        at++;
    if (at == ranging->country_count)
        ranging->countries[ranging->country_count++] = country;
    return at;
}

static struct unknown *find_unknown(struct ranging *ranging, size_t country, uint32_t quarter)
{
    for (size_t at = 0; at < ranging->unknown_count; at++) {
        if (ranging->unknowns[at].country == country && ranging->unknowns[at].quarter == quarter)
            return &ranging->unknowns[at];
    }
    return NULL;
}

static int note_part(struct ranging *ranging, size_t figure, const struct signals_part *part)
{
    size_t country = find_country(ranging, part->country), level = 0;
    struct unknown *unknown = find_unknown(ranging, country, part->quarter);
    if (unknown == NULL) {
        unknown = &ranging->unknowns[ranging->unknown_count++];
        unknown->country = country;
        unknown->quarter = part->quarter;
        unknown->known = signals_known(ranging->item, part->country);
        unknown->levels = arena_array(ranging->arena, ranging->count, sizeof *unknown->levels);
        unknown->level_in = arena_array(ranging->arena, ranging->count, sizeof *unknown->level_in);
        if (unknown->levels == NULL || unknown->level_in == NULL)
            return STATUS_NO_MEMORY;
        memset(unknown->level_in, 0xff, ranging->count * sizeof *unknown->level_in);
    }
    while (level < unknown->level_count && unknown->levels[level] != part->quantity)
        level++;
    if (level == unknown->level_count)
        unknown->levels[unknown->level_count++] = part->quantity;
    unknown->level_in[figure] = (uint16_t)level;
    return STATUS_OK;
}

/* What a nation's quarters sum up to in a figure. */
static uint64_t sum_of(const struct ranging *ranging, size_t country, size_t figure)
{
    return ranging->sums[country * ranging->count + figure];
}

static int add_up(struct ranging *ranging)
{
    ranging->sums = arena_array(ranging->arena, ranging->country_count * ranging->count + 1, sizeof *ranging->sums);
    if (ranging->sums == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < ranging->unknown_count; at++) {
        const struct unknown *unknown = &ranging->unknowns[at];
        for (size_t of = 0; of < ranging->count; of++)
            ranging->sums[unknown->country * ranging->count + of] += unknown->level_in[of] != NO_LEVEL ? unknown->levels[unknown->level_in[of]] : 0;
    }
    return STATUS_OK;
}

/* A nation that is known not to have changed in sum, though the quarters of its sum differ: its sum moves alike in both figures. */
static int tie_sums(struct ranging *ranging, struct unknown *unknown)
{
    struct tie *ties = NULL;
    size_t room = 0;
    for (size_t left = 0; left < ranging->count; left++) {
        for (size_t right = left + 1; right < ranging->count; right++) {
            uint16_t first = unknown->level_in[left], second = unknown->level_in[right];
            if (first == second || !signals_same_cell(ranging->figures[left], ranging->figures[right]) ||
                sum_of(ranging, unknown->country, left) != sum_of(ranging, unknown->country, right))
                continue;
            if (unknown->tie_count == room) {
                size_t wider = room == 0 ? 8 : 2 * room;
                struct tie *more = arena_array(ranging->arena, wider, sizeof *more);
                if (more == NULL)
                    return STATUS_NO_MEMORY;
                if (room != 0)
                    memcpy(more, ties, room * sizeof *more);
                ties = more;
                room = wider;
            }
            ties[unknown->tie_count++] = first != NO_LEVEL ? (struct tie){first, second} : (struct tie){second, NO_LEVEL};
        }
    }
    unknown->ties = ties;
    return STATUS_OK;
}

static int by_country(const void *left, const void *right)
{
    const struct unknown *a = left, *b = right;
    return a->country != b->country ? (a->country > b->country) - (a->country < b->country) : (a->quarter > b->quarter) - (a->quarter < b->quarter);
}

static int list_unknowns(struct ranging *ranging)
{
    size_t parts = 0, most = 0;
    for (size_t at = 0; at < ranging->count; at++)
        parts += ranging->figures[at]->part_count;
    ranging->countries = arena_array(ranging->arena, parts + 1, sizeof *ranging->countries);
    ranging->unknowns = arena_array(ranging->arena, parts + 1, sizeof *ranging->unknowns);
    int status = ranging->countries != NULL && ranging->unknowns != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    for (size_t at = 0; at < ranging->count; at++) {
        for (size_t of = 0; status == STATUS_OK && of < ranging->figures[at]->part_count; of++)
            status = note_part(ranging, at, &ranging->figures[at]->parts[of]);
    }
    if (status == STATUS_OK)
        status = add_up(ranging);
    if (status != STATUS_OK)
        return status;
    qsort(ranging->unknowns, ranging->unknown_count, sizeof *ranging->unknowns, by_country);
    for (size_t at = 0; status == STATUS_OK && at < ranging->unknown_count; at++)
        status = tie_sums(ranging, &ranging->unknowns[at]);
    /* The unknowns of one nation, at most. */
    for (size_t first = 0, at = 0; at < ranging->unknown_count; at++) {
        first = ranging->unknowns[at].country == ranging->unknowns[first].country ? first : at;
        most = at - first + 1 > most ? at - first + 1 : most;
    }
    ranging->swaps = arena_array(ranging->arena, most * ranging->unknown_count * ranging->count + 1, sizeof *ranging->swaps);
    ranging->shares = arena_array(ranging->arena, ranging->country_count + 1, sizeof *ranging->shares);
    ranging->parents = arena_array(ranging->arena, 2 * ranging->count + 2, sizeof *ranging->parents);
    ranging->groups = arena_array(ranging->arena, 2 * ranging->count + 2, sizeof *ranging->groups);
    bool whole = ranging->swaps != NULL && ranging->shares != NULL && ranging->parents != NULL && ranging->groups != NULL;
    return status != STATUS_OK || whole ? status : STATUS_NO_MEMORY;
}

/* --- one pair --------------------------------------------------------------------------------------------------- */

static uint16_t group_of(uint16_t *parents, uint16_t at)
{
    while (parents[at] != at)
        at = parents[at] = parents[parents[at]];
    return at;
}

static void join(struct ranging *ranging, size_t left, size_t right)
{
    uint16_t a = group_of(ranging->parents, (uint16_t)left), b = group_of(ranging->parents, (uint16_t)right);
    ranging->parents[b] = a;
    ranging->groups[a].fixed = ranging->groups[a].fixed || ranging->groups[b].fixed;
}

static void fix(struct ranging *ranging, size_t level)
{
    ranging->groups[group_of(ranging->parents, (uint16_t)level)].fixed = true;
}

static void apply_ties(struct ranging *ranging, const struct unknown *unknown, size_t offset)
{
    for (size_t at = 0; at < unknown->tie_count; at++) {
        if (unknown->ties[at].second == NO_LEVEL)
            fix(ranging, offset + unknown->ties[at].first);
        else
            join(ranging, offset + unknown->ties[at].first, offset + unknown->ties[at].second);
    }
}

/* What swaps of own and other can do for each level of own. */
static void look_at_pair(struct ranging *ranging, const struct unknown *own, const struct unknown *other, struct swap *swaps)
{
    size_t own_count = own->level_count, nodes = own_count + other->level_count;
    for (size_t at = 0; at < nodes; at++) {
        ranging->parents[at] = (uint16_t)at;
        ranging->groups[at].fixed = false;
        ranging->groups[at].least_own = ranging->groups[at].least_other = UINT64_MAX;
    }
    for (size_t at = 0; at < ranging->count; at++) {
        uint16_t of_own = own->level_in[at], of_other = other->level_in[at];
        if (of_own != NO_LEVEL && of_other != NO_LEVEL)
            join(ranging, of_own, own_count + of_other);
        else if (of_own != NO_LEVEL)
            fix(ranging, of_own);
        else if (of_other != NO_LEVEL)
            fix(ranging, own_count + of_other);
    }
    apply_ties(ranging, own, 0);
    apply_ties(ranging, other, own_count);
    for (size_t at = 0; at < nodes; at++) {
        uint16_t group = group_of(ranging->parents, (uint16_t)at);
        uint64_t *least = at < own_count ? &ranging->groups[group].least_own : &ranging->groups[group].least_other;
        uint64_t quantity = at < own_count ? own->levels[at] : other->levels[at - own_count];
        *least = quantity < *least ? quantity : *least;
    }
    for (size_t at = 0; at < own_count; at++) {
        uint16_t group = group_of(ranging->parents, (uint16_t)at);
        bool moves = !ranging->groups[group].fixed;
        /* Who takes part may be known, so nobody goes down to nothing. */
        swaps[at] = (struct swap){.up = moves ? ranging->groups[group].least_other - 1 : 0,
                                  .down = moves ? ranging->groups[group].least_own - 1 : 0,
                                  .group = group};
    }
}

/* --- one nation ------------------------------------------------------------------------------------------------- */

/* The target: a nation's unknowns first to last - 1. */
struct target {
    size_t first, last;
};

static const struct swap *swap_of(const struct ranging *ranging, const struct target *target, size_t own, size_t other, uint16_t level)
{
    return &ranging->swaps[((own - target->first) * ranging->unknown_count + other) * ranging->count + level];
}

/* The swap of own's level in a figure that leaves its level in another figure (apart; SIZE_MAX: none) where it is; NULL: there is none. */
static const struct swap *swap_in(const struct ranging *ranging, const struct target *target, size_t own, size_t other, size_t figure, size_t apart)
{
    const struct unknown *unknown = &ranging->unknowns[own];
    uint16_t level = unknown->level_in[figure], against = apart != SIZE_MAX ? unknown->level_in[apart] : NO_LEVEL;
    if (level == NO_LEVEL)
        return NULL;
    const struct swap *swap = swap_of(ranging, target, own, other, level);
    return against != NO_LEVEL && swap_of(ranging, target, own, other, against)->group == swap->group ? NULL : swap;
}

static int descending(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a < b) - (a > b);
}

static bool is_partner(const struct ranging *ranging, const struct target *target, size_t other)
{
    return (other < target->first || other >= target->last) && !ranging->unknowns[other].known;
}

/* How far the target's part of a figure can rise: what all partners can give, less the largest givers. A partner gives once. */
static uint64_t rise(struct ranging *ranging, const struct target *target, size_t figure, size_t apart)
{
    uint64_t sum = 0;
    memset(ranging->shares, 0, ranging->country_count * sizeof *ranging->shares);
    for (size_t other = 0; other < ranging->unknown_count; other++) {
        uint64_t best = 0;
        for (size_t own = target->first; own < target->last && is_partner(ranging, target, other); own++) {
            const struct swap *swap = swap_in(ranging, target, own, other, figure, apart);
            best = swap != NULL && swap->up > best ? swap->up : best;
        }
        ranging->shares[ranging->unknowns[other].country] += best;
    }
    qsort(ranging->shares, ranging->country_count, sizeof *ranging->shares, descending);
    for (size_t at = (size_t)ranging->rules->insiders; at < ranging->country_count; at++)
        sum += ranging->shares[at];
    return sum;
}

/* How far it can fall: each of its unknowns by what the best partner outside any coalition allows; a partner takes any amount. */
static uint64_t fall(struct ranging *ranging, const struct target *target, size_t figure, size_t apart)
{
    uint64_t sum = 0;
    for (size_t own = target->first; own < target->last; own++) {
        memset(ranging->shares, 0, ranging->country_count * sizeof *ranging->shares);
        for (size_t other = 0; other < ranging->unknown_count; other++) {
            const struct swap *swap = is_partner(ranging, target, other) ? swap_in(ranging, target, own, other, figure, apart) : NULL;
            uint64_t *share = &ranging->shares[ranging->unknowns[other].country];
            *share = swap != NULL && swap->down > *share ? swap->down : *share;
        }
        qsort(ranging->shares, ranging->country_count, sizeof *ranging->shares, descending);
        sum += ranging->rules->insiders < ranging->country_count ? ranging->shares[ranging->rules->insiders] : 0;
    }
    return sum;
}

/* Number of the target's quarters in a figure: as many units it keeps. */
static uint64_t least_sum(const struct ranging *ranging, const struct target *target, size_t figure)
{
    uint64_t least = 0;
    for (size_t own = target->first; own < target->last; own++)
        least += ranging->unknowns[own].level_in[figure] != NO_LEVEL;
    return least;
}

/* Down to one unit a quarter is all that there can be. */
static uint64_t fall_whole(struct ranging *ranging, const struct target *target, size_t figure, uint64_t sum)
{
    uint64_t down = fall(ranging, target, figure, SIZE_MAX);
    return down >= sum - least_sum(ranging, target, figure) ? sum : down;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Percent of size that lies between it and the nearer end of its range. */
static void narrow(uint32_t *percent, uint64_t up, uint64_t down, uint64_t size)
{
    __int128 reach = 100 * (__int128)(up < down ? up : down) / size;
    if (reach < *percent)
        *percent = (uint32_t)reach;
}

static void look_at_nation(struct ranging *ranging, const struct target *target, struct signals_range *range)
{
    size_t country = ranging->unknowns[target->first].country;
    for (size_t own = target->first; own < target->last; own++) {
        for (size_t other = 0; other < ranging->unknown_count; other++) {
            if (is_partner(ranging, target, other))
                look_at_pair(ranging, &ranging->unknowns[own], &ranging->unknowns[other],
                             &ranging->swaps[((own - target->first) * ranging->unknown_count + other) * ranging->count]);
        }
    }
    for (size_t now = 0; now < ranging->count; now++) {
        uint64_t sum = sum_of(ranging, country, now);
        if (sum != 0)
            narrow(&range->quantity, rise(ranging, target, now, SIZE_MAX), fall_whole(ranging, target, now, sum), sum);
        for (size_t then = 0; then < now; then++) {
            uint64_t before = sum_of(ranging, country, then);
            /* From nothing or to nothing a change is a quantity, seen above. */
            if (before == sum || before == 0 || sum == 0 || !signals_same_cell(ranging->figures[now], ranging->figures[then]))
                continue;
            uint64_t up = larger(rise(ranging, target, now, then), fall(ranging, target, then, now));
            uint64_t down = larger(fall(ranging, target, now, then), rise(ranging, target, then, now));
            narrow(&range->change, up, down, before > sum ? before - sum : sum - before);
        }
    }
}

static uint32_t choose(uint64_t of, uint64_t size)
{
    uint64_t ways = 1;
    for (uint64_t at = 1; at <= size; at++)
        ways = of >= at && ways < UINT32_MAX ? ways * (of - at + 1) / at : ways;
    return of < size ? 0 : ways < UINT32_MAX ? (uint32_t)ways : UINT32_MAX;
}

int signals_range(const struct signals_rules *rules, const struct signals_item *item, const struct signals_figure *const *figures,
                  size_t count, struct signals_range *range)
{
    struct arena scratch;
    struct ranging ranging = {.rules = rules, .item = item, .figures = figures, .count = count, .arena = &scratch};
    *range = (struct signals_range){.figures = (uint32_t)count, .quantity = SIGNALS_PERCENT_MOST, .change = SIGNALS_PERCENT_MOST};
    arena_init(&scratch, RANGE_ARENA_CAP);
    int status = list_unknowns(&ranging);
    struct target target = {0};
    for (; status == STATUS_OK && target.first < ranging.unknown_count; target.first = target.last) {
        target.last = target.first;
        while (target.last < ranging.unknown_count && ranging.unknowns[target.last].country == ranging.unknowns[target.first].country)
            target.last++;
        if (ranging.unknowns[target.first].known)
            continue;
        range->nations++;
        look_at_nation(&ranging, &target, range);
    }
    arena_drop(&scratch);
    range->coalitions = choose(range->nations, rules->insiders);
    return status;
}
