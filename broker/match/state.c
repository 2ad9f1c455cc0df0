/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/state.h"

#include <stdlib.h>
#include <string.h>

#include "broker/match/facts.h"
#include "proto/status.h"

int64_t match_state_lacks(const struct match_state *state, uint32_t demand, uint32_t line)
{
    const struct match_line *l = &state->lot->demands[demand].lines[line];
    return l->quantity - l->committed - state->taken[state->first_line[demand] + line];
}

int64_t match_state_gain(const struct match_state *state, uint32_t demand, uint32_t offer, uint32_t tier, int64_t freight)
{
    const struct match_lot *lot = state->lot;
    return lot->rules.weights[lot->demands[demand].priority - 1] * lot->reference -
           lot->offers[offer].tiers[tier].evaluated_price - freight;
}

static int compare_months(const void *left, const void *right)
{
    const int32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static int rank_months(struct match_state *state, struct arena *arena, uint32_t lines)
{
    int32_t *months = arena_array(arena, lines, sizeof *months);
    uint32_t *month_of = arena_array(arena, lines, sizeof *month_of), at = 0;
    if (!months || !month_of) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < state->lot->demand_count; d++) {
        for (uint32_t n = 0; n < state->lot->demands[d].line_count; n++) {
            months[at++] = state->lot->demands[d].lines[n].month;
        }
    }
    qsort(months, lines, sizeof *months, compare_months);
    for (uint32_t n = 0; n < lines; n++) {
        if (n == 0 || months[state->month_count - 1] != months[n]) {
            months[state->month_count++] = months[n];
        }
    }
    at = 0;
    for (uint32_t d = 0; d < state->lot->demand_count; d++) {
        for (uint32_t n = 0; n < state->lot->demands[d].line_count; n++) {
            const int32_t *found = bsearch(&state->lot->demands[d].lines[n].month, months, state->month_count, sizeof *months,
                                           compare_months);
            month_of[at++] = (uint32_t)(found - months);
        }
    }
    state->months = months;
    state->month_of = month_of;
    return STATUS_OK;
}

/* Awards by offer; what each demand and offer has. */
static int count_quantities(struct match_state *state, struct arena *arena, uint32_t lines)
{
    const struct match_lot *lot = state->lot;
    int64_t *taken = arena_array(arena, lines, sizeof *taken);
    int64_t *sold = arena_array(arena, lot->offer_count, sizeof *sold);
    int64_t *committed = arena_array(arena, lot->demand_count, sizeof *committed);
    int64_t *demand_taken = arena_array(arena, lot->demand_count, sizeof *demand_taken);
    uint32_t *demand_offer = arena_array(arena, lot->demand_count, sizeof *demand_offer);
    uint32_t *used_tier = arena_array(arena, lot->offer_count, sizeof *used_tier);
    uint32_t *committed_tier = arena_array(arena, lot->offer_count, sizeof *committed_tier);
    uint32_t *first_award = arena_array(arena, (size_t)lot->offer_count + 1, sizeof *first_award);
    uint32_t *award_of = arena_array(arena, state->plan->award_count, sizeof *award_of);
    uint32_t *fill = arena_array(arena, lot->offer_count, sizeof *fill);
    if (!taken || !sold || !committed || !demand_taken || !demand_offer || !used_tier || !committed_tier || !first_award ||
        !award_of || !fill) {
        return STATUS_NO_MEMORY;
    }
    match_facts_committed_tiers(lot, committed_tier);
    memcpy(used_tier, committed_tier, lot->offer_count * sizeof *used_tier);
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        demand_offer[d] = MATCH_NONE;
    }
    for (uint32_t n = 0; n < lot->commitment_count; n++) {
        const struct match_commitment *c = &lot->commitments[n];
        sold[c->offer] += c->quantity;
        committed[c->demand] += c->quantity;
        uint32_t *offer = &demand_offer[c->demand];
        *offer = *offer == MATCH_NONE || *offer == c->offer ? c->offer : MATCH_SEVERAL;
    }
    for (uint32_t n = 0; n < state->plan->award_count; n++) {
        const struct match_award *a = &state->plan->awards[n];
        taken[state->first_line[a->demand] + a->line] += a->quantity;
        demand_taken[a->demand] += a->quantity;
        sold[a->offer] += a->quantity;
        used_tier[a->offer] = a->tier;
        first_award[a->offer + 1]++;
        uint32_t *offer = &demand_offer[a->demand];
        *offer = *offer == MATCH_NONE || *offer == a->offer ? a->offer : MATCH_SEVERAL;
    }
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        first_award[o + 1] += first_award[o];
    }
    for (uint32_t n = 0; n < state->plan->award_count; n++) {
        uint32_t o = state->plan->awards[n].offer;
        award_of[first_award[o] + fill[o]++] = n;
    }
    state->taken = taken;
    state->sold = sold;
    state->demand_committed = committed;
    state->demand_taken = demand_taken;
    state->demand_offer = demand_offer;
    state->used_tier = used_tier;
    state->committed_tier = committed_tier;
    state->first_award = first_award;
    state->award_of = award_of;
    return STATUS_OK;
}

/* What every used offer could still make for each month: output less what is owed, the least of that month and all later ones. */
static int measure_room(struct match_state *state, struct arena *arena)
{
    const struct match_lot *lot = state->lot;
    size_t months = state->month_count;
    int64_t *room = arena_array(arena, lot->offer_count * months, sizeof *room);
    if (!room) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < state->plan->award_count; n++) {
        const struct match_award *a = &state->plan->awards[n];
        room[a->offer * months + state->month_of[state->first_line[a->demand] + a->line]] += a->quantity;
    }
    for (uint32_t n = 0; n < lot->commitment_count; n++) {
        const struct match_commitment *c = &lot->commitments[n];
        room[c->offer * months + state->month_of[state->first_line[c->demand] + c->line]] += c->quantity;
    }
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        if (state->used_tier[o] == MATCH_NONE) {
            continue;
        }
        const struct match_tier *tier = &lot->offers[o].tiers[state->used_tier[o]];
        int64_t owed = 0, least = lot->offers[o].max_quantity - state->sold[o];
        for (size_t m = 0; m < months; m++) {
            owed += room[o * months + m];
            room[o * months + m] = match_tier_output(tier, state->market->as_of_month, state->months[m]) - owed;
        }
        for (size_t m = months; m-- > 0;) {
            least = room[o * months + m] < least ? room[o * months + m] : least;
            room[o * months + m] = least > 0 ? least : 0;
        }
    }
    state->room = room;
    return STATUS_OK;
}

/* A demand and its country, to be sorted by country. */
struct citizen {
    const char *country;
    uint32_t demand;
};

static int compare_citizens(const void *left, const void *right)
{
    const struct citizen *a = left, *b = right;
    int order = strcmp(a->country, b->country);
    return order ? order : (a->demand > b->demand) - (a->demand < b->demand);
}

static int number_nations(struct match_state *state, struct arena *arena)
{
    uint32_t count = state->lot->demand_count;
    struct citizen *citizens = arena_array(arena, count, sizeof *citizens);
    uint32_t *nation_of = arena_array(arena, count, sizeof *nation_of);
    if (!citizens || !nation_of) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < count; d++) {
        citizens[d] = (struct citizen){state->lot->demands[d].country, d};
    }
    qsort(citizens, count, sizeof *citizens, compare_citizens);
    for (uint32_t n = 0, nation = 0; n < count; n++) {
        nation += n > 0 && strcmp(citizens[n - 1].country, citizens[n].country) != 0;
        nation_of[citizens[n].demand] = nation;
    }
    state->nation_of = nation_of;
    return STATUS_OK;
}

static void count_value(struct match_state *state, bool *has_nation, int64_t *supplier_value, uint32_t demand, uint32_t offer,
                        int64_t value)
{
    const struct match_offer *o = &state->lot->offers[offer];
    state->value += value;
    state->sme_value += state->market->suppliers[o->supplier].sme ? value : 0;
    state->european_value += (__int128)value * o->european_content;
    supplier_value[offer] += value;
    state->nations += !has_nation[state->nation_of[demand]];
    has_nation[state->nation_of[demand]] = true;
}

static int measure_bundle(struct match_state *state, struct arena *arena)
{
    const struct match_lot *lot = state->lot;
    bool *has_nation = arena_array(arena, lot->demand_count, sizeof *has_nation);
    int64_t *offer_value = arena_array(arena, lot->offer_count, sizeof *offer_value);
    int64_t *supplier_value = arena_array(arena, lot->offer_count, sizeof *supplier_value);
    if (!has_nation || !offer_value || !supplier_value || number_nations(state, arena)) {
        return STATUS_NO_MEMORY;
    }
    state->needed = lot->rules.min_nations;
    state->has_share_rules = lot->rules.sme_min_share > 0 || lot->rules.european_min_share > 0 ||
                             lot->rules.european_max_share < 100 || lot->rules.supplier_max_share < 100;
    for (uint32_t n = 0; n < state->plan->award_count; n++) {
        const struct match_award *a = &state->plan->awards[n];
        uint32_t fund = lot->demands[a->demand].fund;
        count_value(state, has_nation, offer_value, a->demand, a->offer, a->unit_price * a->quantity);
        if (fund != MATCH_NONE && state->market->funds[fund].min_nations > state->needed) {
            state->needed = state->market->funds[fund].min_nations;
        }
    }
    for (uint32_t n = 0; n < lot->commitment_count; n++) {
        const struct match_commitment *c = &lot->commitments[n];
        count_value(state, has_nation, offer_value, c->demand, c->offer, c->unit_price * c->quantity);
    }
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        for (uint32_t other = 0; other < lot->offer_count && offer_value[o]; other++) {
            supplier_value[other] += lot->offers[other].supplier == lot->offers[o].supplier ? offer_value[o] : 0;
        }
    }
    state->has_nation = has_nation;
    state->supplier_value = supplier_value;
    return STATUS_OK;
}

static int mark_groups(struct match_state *state, struct arena *arena, uint32_t lines)
{
    uint32_t *group_of = arena_array(arena, lines, sizeof *group_of);
    if (!group_of || match_alike_build(state->lot, &state->pairs, arena, &state->alike)) {
        return STATUS_NO_MEMORY;
    }
    int64_t *lacks = arena_array(arena, state->alike.group_count, sizeof *lacks);
    if (!lacks) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < lines; n++) {
        group_of[n] = MATCH_NONE;
    }
    for (uint32_t g = 0; g < state->alike.group_count; g++) {
        for (uint32_t n = state->alike.first[g]; n < state->alike.first[g + 1]; n++) {
            const struct match_alike_line *line = &state->alike.lines[n];
            group_of[state->first_line[line->demand] + line->line] = g;
            lacks[g] += match_state_lacks(state, line->demand, line->line);
        }
    }
    state->group_of = group_of;
    state->group_lacks = lacks;
    return STATUS_OK;
}

int match_state_open(const struct match_market *market, const struct match_lot *lot, const struct match_lot_plan *plan,
                     struct arena *arena, struct match_state *state)
{
    *state = (struct match_state){.market = market, .lot = lot, .plan = plan};
    uint32_t *first_line = arena_array(arena, (size_t)lot->demand_count + 1, sizeof *first_line);
    if (!first_line || match_pairs_build(market, lot, arena, &state->pairs)) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        first_line[d + 1] = first_line[d] + lot->demands[d].line_count;
    }
    state->first_line = first_line;
    uint32_t lines = first_line[lot->demand_count];
    int status = rank_months(state, arena, lines);
    status = status ? status : count_quantities(state, arena, lines);
    status = status ? status : measure_room(state, arena);
    status = status ? status : measure_bundle(state, arena);
    return status ? status : mark_groups(state, arena, lines);
}
