/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/split.h"

#include <stdlib.h>
#include <string.h>

#include "broker/match/shares.h"
#include "proto/status.h"

struct remainder {
    int64_t left;    /* numerator of the fraction over the lines' sum */
    uint32_t member;
    bool first;      /* a unit brings in a nation that is wanted */
};

/* Nations that take part; only where too few do is it asked who brings in another. */
struct nations {
    const char **list;
    uint32_t count;
};

static int compare_remainders(const void *a, const void *b)
{
    const struct remainder *x = a, *y = b;
    if (x->first != y->first) {
        return x->first ? -1 : 1;
    }
    if (x->left != y->left) {
        return x->left > y->left ? -1 : 1;
    }
    return (x->member > y->member) - (x->member < y->member);
}

static bool takes_part(const struct nations *nations, const char *country)
{
    for (uint32_t n = 0; n < nations->count; n++) {
        if (strcmp(nations->list[n], country) == 0) {
            return true;
        }
    }
    return false;
}

static void take_part(struct nations *nations, const char *country)
{
    if (!takes_part(nations, country)) {
        nations->list[nations->count++] = country;
    }
}

static const char *country_of(const struct match_model *model, uint32_t line, uint32_t member)
{
    return model->lot->demands[model->members[model->first_member[line] + member].demand].country;
}

/*
 * What each member of a line gets of total units. nations (may be NULL): those that take part already; units left over go first to others, which
 * come in with them: any member with a remainder may have one.
 */
static void split_line(const struct match_model *model, uint32_t line, int64_t total, struct nations *nations, struct remainder *scratch, int64_t *gets)
{
    uint32_t first = model->first_member[line], count = model->first_member[line + 1] - first;
    int64_t given = 0;
    for (uint32_t n = 0; n < count; n++) {
        __int128 product = (__int128)total * model->members[first + n].lacked;
        gets[n] = (int64_t)(product / model->quantity[line]);
        scratch[n] = (struct remainder){(int64_t)(product % model->quantity[line]), n, false};
        scratch[n].first = nations && scratch[n].left && !gets[n] && !takes_part(nations, country_of(model, line, n));
        given += gets[n];
    }
    qsort(scratch, count, sizeof *scratch, compare_remainders);
    for (uint32_t n = 0; given < total; n++, given++) {
        gets[scratch[n].member]++;
        if (nations) {
            take_part(nations, country_of(model, line, scratch[n].member));
        }
    }
}

int match_split_compare(const void *a, const void *b)
{
    const struct match_award *x = a, *y = b;
#define BY(field) if (x->field != y->field) { return x->field < y->field ? -1 : 1; }
    BY(demand)
    BY(line)
    BY(offer)
#undef BY
    return 0;
}

/* Gives a line's parts to its members in turn. */
static uint32_t award_line(const struct match_model *model, const struct match_split_part *parts, uint32_t part_count, const int64_t *gets,
                           struct match_award *awards)
{
    uint32_t line = parts[0].line, count = 0, member = 0;
    const struct match_member *members = model->members + model->first_member[line];
    int64_t left = gets[0];
    for (uint32_t n = 0; n < part_count; n++) {
        const struct match_choice *choice = &model->choices[parts[n].choice];
        uint32_t group = match_model_group(model, choice->offer, model->class_of[line]);
        int64_t freight = model->group_freight[model->first_group[choice->offer] + group];
        for (int64_t rest = parts[n].quantity; rest > 0;) {
            while (!left) {
                left = gets[++member];
            }
            int64_t part = rest < left ? rest : left;
            awards[count++] = (struct match_award){members[member].demand, members[member].line, choice->offer, choice->tier, part,
                                                   choice->unit_price, freight, 0};
            rest -= part;
            left -= part;
        }
    }
    return count;
}

/* Shares the one-off cost of each newly used offer among its awards. */
static int share_costs(const struct match_model *model, struct arena *arena, struct match_award *awards, uint32_t count, bool *carried)
{
    struct match_share *shares = arena_array(arena, count, sizeof *shares);
    uint32_t *scratch = arena_array(arena, count, sizeof *scratch), *from = arena_array(arena, count, sizeof *from);
    if (!shares || !scratch || !from) {
        return STATUS_NO_MEMORY;
    }
    *carried = true;
    for (uint32_t c = 0; c < model->choice_count; c++) {
        const struct match_choice *choice = &model->choices[c];
        uint32_t held = 0;
        for (uint32_t n = 0; n < count && choice->one_off; n++) {
            if (awards[n].offer == choice->offer && awards[n].tier == choice->tier) {
                const struct match_demand *demand = &model->lot->demands[awards[n].demand];
                shares[held] = (struct match_share){awards[n].quantity, demand->ceiling - awards[n].unit_price - awards[n].freight, 0};
                from[held++] = n;
            }
        }
        *carried = (!held || match_shares_compute(choice->one_off, shares, held, scratch)) && *carried;
        for (uint32_t n = 0; n < held && *carried; n++) {
            awards[from[n]].one_off = shares[n].share;
        }
    }
    return STATUS_OK;
}

/* Awards of the parts, without shares of one-off costs. */
static void split_parts(const struct match_model *model, const struct match_split_part *parts, uint32_t part_count, struct nations *nations,
                        struct remainder *scratch, int64_t *gets, struct match_award *awards, uint32_t *count)
{
    *count = 0;
    for (uint32_t first = 0, last; first < part_count; first = last) {
        int64_t total = 0;
        for (last = first; last < part_count && parts[last].line == parts[first].line; last++) {
            total += parts[last].quantity;
        }
        split_line(model, parts[first].line, total, nations, scratch, gets);
        *count += award_line(model, parts + first, last - first, gets, awards + *count);
    }
    qsort(awards, *count, sizeof *awards, match_split_compare);
}

/* The nations of commitments, and of what the parts give whatever becomes of the units left over. */
static int list_nations(const struct match_model *model, const struct match_split_part *parts, uint32_t part_count, struct arena *arena,
                        struct nations *nations)
{
    const struct match_lot *lot = model->lot;
    nations->list = arena_array(arena, (size_t)lot->demand_count + 1, sizeof *nations->list);
    nations->count = 0;
    if (!nations->list) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < lot->commitment_count; n++) {
        take_part(nations, lot->demands[lot->commitments[n].demand].country);
    }
    for (uint32_t first = 0, last; first < part_count; first = last) {
        uint32_t line = parts[first].line;
        int64_t total = 0;
        for (last = first; last < part_count && parts[last].line == line; last++) {
            total += parts[last].quantity;
        }
        for (uint32_t n = model->first_member[line]; n < model->first_member[line + 1]; n++) {
            if ((__int128)total * model->members[n].lacked >= model->quantity[line]) {
                take_part(nations, country_of(model, line, n - model->first_member[line]));
            }
        }
    }
    return STATUS_OK;
}

int match_split_list(const struct match_model *model, const struct match_split_part *parts, uint32_t part_count, struct arena *arena,
                     struct match_award **awards, uint32_t *count, bool *carried)
{
    size_t members = 0, widest = 0;
    for (uint32_t l = 0; l < model->line_count; l++) {
        size_t width = model->first_member[l + 1] - model->first_member[l];
        widest = width > widest ? width : widest;
        members += width;
    }
    struct remainder *scratch = arena_array(arena, widest, sizeof *scratch);
    int64_t *gets = arena_array(arena, widest, sizeof *gets), needed;
    uint32_t found;
    *awards = arena_array(arena, part_count + members, sizeof **awards);
    *count = 0;
    if (!scratch || !gets || !*awards) {
        return STATUS_NO_MEMORY;
    }
    split_parts(model, parts, part_count, NULL, scratch, gets, *awards, count);
    int status = widest > 1 ? match_split_nations(model, *awards, *count, arena, &found, &needed) : STATUS_OK;
    if (!status && widest > 1 && found < needed) {
        struct nations nations;
        status = list_nations(model, parts, part_count, arena, &nations);
        if (!status) {
            split_parts(model, parts, part_count, &nations, scratch, gets, *awards, count);
        }
    }
    return status ? status : share_costs(model, arena, *awards, *count, carried);
}

static int compare_parts(const void *a, const void *b)
{
    const struct match_split_part *x = a, *y = b; /* choices are by offer */
    if (x->line != y->line) {
        return x->line < y->line ? -1 : 1;
    }
    return (x->choice > y->choice) - (x->choice < y->choice);
}

int match_split_awards(const struct match_flow *flow, struct arena *arena, struct match_award **awards, uint32_t *count, bool *carried)
{
    const struct match_model *model = flow->model;
    size_t entries = 0;
    for (uint32_t l = 0; l < model->line_count; l++) {
        for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            entries++;
        }
    }
    struct match_split_part *parts = arena_array(arena, entries, sizeof *parts);
    uint32_t part_count = 0;
    if (!parts) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            parts[part_count++] = (struct match_split_part){l, flow->slot_choice[flow->entries[e].slot], flow->entries[e].quantity};
        }
    }
    qsort(parts, part_count, sizeof *parts, compare_parts);
    return match_split_list(model, parts, part_count, arena, awards, count, carried);
}

int match_split_nations(const struct match_model *model, const struct match_award *awards, uint32_t count, struct arena *arena,
                        uint32_t *nations, int64_t *needed)
{
    const struct match_lot *lot = model->lot;
    const char **seen = arena_array(arena, (size_t)count + lot->commitment_count, sizeof *seen);
    if (!seen) {
        return STATUS_NO_MEMORY;
    }
    *nations = 0;
    *needed = count ? lot->rules.min_nations : 0;
    for (uint32_t n = 0; count && n < count + lot->commitment_count; n++) {
        const struct match_demand *demand = &lot->demands[n < count ? awards[n].demand : lot->commitments[n - count].demand];
        uint32_t at = 0;
        while (at < *nations && strcmp(seen[at], demand->country) != 0) {
            at++;
        }
        if (at == *nations) {
            seen[(*nations)++] = demand->country;
        }
        if (n < count && demand->fund != MATCH_NONE && model->market->funds[demand->fund].min_nations > *needed) {
            *needed = model->market->funds[demand->fund].min_nations;
        }
    }
    return STATUS_OK;
}
