/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/block.h"

/* One step: units of one demand from one tier of one offer. */
struct step {
    const struct match_state *state;
    uint32_t demand, offer, tier;
    int64_t freight;
    int64_t gain;      /* of one unit */
    int64_t quantity;  /* of the demand */
    int64_t together;  /* of it and the lines alike to it, who must get as much in proportion */
    int64_t displaced; /* loss of objective where units worth less make room */
    bool unequal;      /* the room does not do for the lines alike to it */
};

static bool is_new(const struct step *step)
{
    return step->state->used_tier[step->offer] == MATCH_NONE;
}

static const struct match_tier *tier_of(const struct step *step)
{
    return &step->state->lot->offers[step->offer].tiers[step->tier];
}

/* Units that the offer can still make for a month. */
static int64_t room_at(const struct step *step, uint32_t rank)
{
    const struct match_state *state = step->state;
    if (!is_new(step)) {
        return state->room[(size_t)step->offer * state->month_count + rank];
    }
    int64_t output = match_tier_output(tier_of(step), state->market->as_of_month, state->months[rank]);
    int64_t most = state->lot->offers[step->offer].max_quantity;
    return output < most ? output : most;
}

/* Fills in what the step moves; room_matters: only as much as the offer can still make. */
static void measure(struct step *step, bool room_matters)
{
    const struct match_state *state = step->state;
    step->quantity = step->together = step->displaced = 0;
    step->unequal = false;
    for (uint32_t n = 0; n < state->lot->demands[step->demand].line_count; n++) {
        uint32_t line = state->first_line[step->demand] + n;
        int64_t lacks = match_state_lacks(state, step->demand, n);
        if (lacks == 0) {
            continue;
        }
        int64_t room = room_matters ? room_at(step, state->month_of[line]) - step->together : INT64_MAX;
        bool bound = state->group_of[line] != MATCH_NONE && state->nations != state->needed;
        int64_t group = bound ? state->group_lacks[state->group_of[line]] : lacks;
        if (room <= 0) {
            continue;
        }
        if (group <= room) {
            step->quantity += lacks;
            step->together += group;
        } else {
            int64_t own = bound ? (int64_t)((__int128)room * lacks / group) : room;
            step->unequal = step->unequal || (bound && own == 0);
            step->quantity += own > 0 ? own : lacks < room ? lacks : room;
            step->together += room;
        }
    }
}

/* Looks for one award of the offer worth less than the demand's unit, due no later, that may shrink; takes its place. */
static bool displace(struct step *step)
{
    const struct match_state *state = step->state;
    const struct match_lot *lot = state->lot;
    int64_t best = 0;
    for (uint32_t n = state->first_award[step->offer]; n < state->first_award[step->offer + 1]; n++) {
        const struct match_award *a = &state->plan->awards[state->award_of[n]];
        uint32_t line = state->first_line[a->demand] + a->line;
        int64_t gain = match_state_gain(state, a->demand, a->offer, a->tier, a->freight);
        int64_t spare = state->demand_committed[a->demand] + state->demand_taken[a->demand] - lot->demands[a->demand].min_quantity;
        if (a->demand == step->demand || gain >= step->gain || state->group_of[line] != MATCH_NONE || spare <= 0) {
            continue;
        }
        int64_t most = a->quantity < spare ? a->quantity : spare;
        for (uint32_t l = 0; l < lot->demands[step->demand].line_count; l++) {
            uint32_t own = state->first_line[step->demand] + l;
            int64_t lacks = match_state_lacks(state, step->demand, l);
            if (lacks == 0 || state->month_of[own] < state->month_of[line] || state->group_of[own] != MATCH_NONE) {
                continue;
            }
            int64_t quantity = lacks < most ? lacks : most;
            if (quantity * (step->gain - gain) > best) {
                best = quantity * (step->gain - gain);
                step->quantity = step->together = quantity;
                step->displaced = quantity * gain;
            }
        }
    }
    return best > 0;
}

static unsigned block_of_rules(const struct step *step)
{
    const struct match_state *state = step->state;
    const struct match_rules *rules = &state->lot->rules;
    if (!state->has_share_rules) {
        return step->unequal ? MATCH_BLOCK_RULES : 0;
    }
    const struct match_offer *offer = &state->lot->offers[step->offer];
    __int128 added = (__int128)tier_of(step)->unit_price * step->together;
    __int128 value = state->value + added;
    __int128 sme = state->sme_value + (state->market->suppliers[offer->supplier].sme ? added : 0);
    __int128 european = state->european_value + added * offer->european_content;
    bool fits = sme * 100 >= value * rules->sme_min_share && european >= value * rules->european_min_share &&
                european <= value * rules->european_max_share &&
                (state->supplier_value[step->offer] + added) * 100 <= value * rules->supplier_max_share;
    return fits && !step->unequal ? 0 : MATCH_BLOCK_RULES;
}

static unsigned block_of_nations(const struct step *step)
{
    const struct match_state *state = step->state;
    uint32_t fund = state->lot->demands[step->demand].fund;
    int64_t nations = state->nations + !state->has_nation[state->nation_of[step->demand]];
    int64_t needed = state->needed;
    if (fund != MATCH_NONE && state->market->funds[fund].min_nations > needed) {
        needed = state->market->funds[fund].min_nations;
    }
    return nations < needed ? MATCH_BLOCK_NATIONS : 0;
}

static unsigned block_of_minimum(const struct step *step)
{
    const struct match_state *state = step->state;
    const struct match_demand *demand = &state->lot->demands[step->demand];
    int64_t total = state->demand_committed[step->demand] + state->demand_taken[step->demand] + step->quantity;
    uint32_t drawn = state->demand_offer[step->demand];
    bool fits = total >= demand->min_quantity;
    fits = fits && !(demand->single_supplier && drawn != MATCH_NONE && drawn != step->offer);
    fits = fits && state->sold[step->offer] + step->together >= tier_of(step)->min_quantity;
    return fits ? 0 : MATCH_BLOCK_MINIMUM;
}

static unsigned block_of_fund(const struct step *step, const int64_t *money)
{
    const struct match_state *state = step->state;
    uint32_t fund = state->lot->demands[step->demand].fund;
    if (fund == MATCH_NONE || money[fund] == INT64_MAX) {
        return 0;
    }
    __int128 price = tier_of(step)->unit_price + step->freight;
    __int128 headroom = state->lot->demands[step->demand].ceiling - price;
    int64_t one_off = state->committed_tier[step->offer] == MATCH_NONE ? tier_of(step)->one_off : 0;
    __int128 share = step->together * headroom; /* the most that can fall to it of the one-off cost */
    __int128 pays = price * step->together + (share < one_off ? share : one_off);
    return pays <= money[fund] ? 0 : MATCH_BLOCK_FUND;
}

static unsigned block_of_value(const struct step *step)
{
    const struct match_state *state = step->state;
    __int128 gain = (__int128)step->together * step->gain - step->displaced;
    if (!is_new(step)) {
        return gain > 0 ? 0 : MATCH_BLOCK_VALUE;
    }
    __int128 headroom = state->lot->demands[step->demand].ceiling - tier_of(step)->unit_price - step->freight;
    bool carries = headroom * step->together >= tier_of(step)->one_off;
    return carries && gain > (__int128)tier_of(step)->one_off + state->lot->rules.contract_overhead ? 0 : MATCH_BLOCK_VALUE;
}

static unsigned blocks_of(const struct step *step, const int64_t *money)
{
    return block_of_rules(step) | block_of_nations(step) | block_of_minimum(step) | block_of_fund(step, money) |
           block_of_value(step);
}

void match_block_find(const struct match_state *state, const int64_t *money, uint32_t demand, uint32_t offer, uint32_t tier,
                      int64_t freight, unsigned *with_room, unsigned *with_output)
{
    struct step step = {.state = state, .demand = demand, .offer = offer, .tier = tier, .freight = freight};
    step.gain = match_state_gain(state, demand, offer, tier, freight);
    if (step.gain <= 0) {
        *with_room = *with_output = MATCH_BLOCK_VALUE;
        return;
    }
    measure(&step, false);
    *with_output = blocks_of(&step, money);
    if (*with_output & MATCH_BLOCK_VALUE || (*with_output & (*with_output - 1)) != 0) {
        *with_room = *with_output | MATCH_BLOCK_CAPACITY; /* less room puts nothing out of the way */
        return;
    }
    measure(&step, true);
    if (step.quantity > 0 || (!is_new(&step) && displace(&step))) {
        *with_room = blocks_of(&step, money);
    } else {
        *with_room = *with_output | MATCH_BLOCK_CAPACITY;
    }
}
