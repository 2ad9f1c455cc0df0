/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/proof_dual.h"

#include <string.h>

#include "proto/status.h"

#define UNIT_BITS 50 /* the value of a unit and its ceiling, so its prices too, stay below 2^50 */
#define BITS_MOST 24
#define STEP_MOST (INT64_C(1) << 40)
#define CHARGE_BITS 56 /* what ties charge a unit stays below 2^57 */

int match_proof_point_init(const struct match_model *model, uint32_t ties, struct arena *arena, struct match_proof_point *point)
{
    *point = (struct match_proof_point){.price = arena_array(arena, model->line_count, sizeof *point->price),
                                        .entry = arena_array(arena, model->lump_count, sizeof *point->entry),
                                        .bonus = arena_array(arena, model->lump_count, sizeof *point->bonus),
                                        .multiplier = arena_array(arena, ties, sizeof *point->multiplier)};
    return point->price && point->entry && point->bonus && point->multiplier ? STATUS_OK : STATUS_NO_MEMORY;
}

void match_proof_point_copy(const struct match_proof_dual *dual, struct match_proof_point *to, const struct match_proof_point *from)
{
    memcpy(to->price, from->price, dual->model->line_count * sizeof *to->price);
    memcpy(to->entry, from->entry, dual->model->lump_count * sizeof *to->entry);
    memcpy(to->bonus, from->bonus, dual->model->lump_count * sizeof *to->bonus);
    memcpy(to->multiplier, from->multiplier, dual->ties->count * sizeof *to->multiplier);
    memcpy(to->cut, from->cut, sizeof to->cut);
}

/* The highest multiplier of each tie at which no charge can overflow. */
static void limit_multipliers(struct match_proof_dual *dual)
{
    const struct match_ties *ties = dual->ties;
    for (uint32_t t = 0; t < ties->count; t++) {
        const struct match_tie *tie = &ties->ties[t];
        __int128 most = 1;
        for (uint32_t c = 0; c < dual->model->choice_count; c++) {
            for (uint32_t p = dual->whole.first_pair[c]; p < dual->whole.first_pair[c + 1]; p++) {
                __int128 weight = match_tie_weight(ties, tie, &dual->model->choices[c], dual->whole.paid[p], tie->index);
                weight = weight < 0 ? -weight : weight;
                most = weight > most ? weight : most;
            }
        }
        __int128 room = ((__int128)1 << (CHARGE_BITS + MATCH_PROOF_TIE_BITS - dual->bits)) / most / ties->count;
        dual->multiplier_most[t] = room > INT64_C(1) << 60 ? INT64_C(1) << 60 : (int64_t)room;
    }
}

int match_proof_dual_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena, struct match_proof_dual *dual)
{
    *dual = (struct match_proof_dual){
        .model = model, .ties = ties, .bits = BITS_MOST, .net = arena_array(arena, model->choice_count, sizeof(__int128)),
        .best = arena_array(arena, model->lot->offer_count, sizeof(uint32_t)),
        .uses = arena_array(arena, (size_t)model->line_count * model->lot->offer_count, sizeof(struct match_use)),
        .use_first = arena_array(arena, (size_t)model->lot->offer_count + 1, sizeof(uint32_t)),
        .wanted = arena_array(arena, model->line_count, sizeof(int64_t)),
        .multiplier_most = arena_array(arena, ties->count, sizeof(int64_t)),
        .total_low = arena_array(arena, model->lot->offer_count, sizeof(int64_t)),
        .total_high = arena_array(arena, model->lot->offer_count, sizeof(int64_t)),
        .low = arena_array(arena, (size_t)model->line_count * model->lot->offer_count, sizeof(int64_t)),
        .high = arena_array(arena, (size_t)model->line_count * model->lot->offer_count, sizeof(int64_t))};
    if (!dual->net || !dual->best || !dual->uses || !dual->use_first || !dual->wanted || !dual->multiplier_most ||
        !dual->low || !dual->high || !dual->total_low || !dual->total_high) {
        return STATUS_NO_MEMORY;
    }
    match_proof_unrange(dual);
    int64_t highest = 1;
    for (uint32_t l = 0; l < model->line_count; l++) {
        highest = model->value[l] >> model->shift > highest ? model->value[l] >> model->shift : highest;
        highest = model->ceiling[l] > highest ? model->ceiling[l] : highest;
    }
    while (dual->bits > 0 && highest >> (UNIT_BITS - dual->bits) > 0) {
        dual->bits--;
    }
    int status = match_whole_init(model, arena, &dual->whole);
    status = status ? status : match_proof_point_init(model, ties->count, arena, &dual->point);
    if (!status) {
        limit_multipliers(dual);
    }
    return status;
}

/* What ties charge a unit of each pair of a choice comes off its profit, rounded down. */
static void charge_ties(struct match_proof_dual *dual, uint32_t choice)
{
    const struct match_model *model = dual->model;
    struct match_whole *whole = &dual->whole;
    __int128 shared = 0;
    for (uint32_t t = 0; t < dual->ties->count; t++) {
        const struct match_tie *tie = &dual->ties->ties[t];
        if (tie->kind != MATCH_TIE_FUND) {
            shared += (__int128)dual->point.multiplier[t] * match_tie_weight(dual->ties, tie, &model->choices[choice], 0, 0);
        }
    }
    for (uint32_t p = whole->first_pair[choice]; p < whole->first_pair[choice + 1]; p++) {
        uint32_t fund = model->lot->demands[model->members[model->first_member[whole->line[p]]].demand].fund;
        __int128 charge = shared;
        for (uint32_t t = 0; t < dual->ties->count && fund != MATCH_NONE; t++) {
            const struct match_tie *tie = &dual->ties->ties[t];
            charge += tie->kind == MATCH_TIE_FUND && tie->index == fund ? (__int128)dual->point.multiplier[t] * whole->paid[p] : 0;
        }
        whole->profit[p] -= (int64_t)(charge >> (MATCH_PROOF_TIE_BITS - dual->bits));
    }
}

int64_t match_proof_headroom(const struct match_proof_dual *dual, uint32_t pair)
{
    return dual->model->ceiling[dual->whole.line[pair]] - dual->whole.paid[pair];
}

static void set_profits(struct match_proof_dual *dual, uint32_t choice)
{
    const struct match_model *model = dual->model;
    struct match_whole *whole = &dual->whole;
    for (uint32_t p = whole->first_pair[choice]; p < whole->first_pair[choice + 1]; p++) {
        uint32_t line = whole->line[p], lump = model->lump_of[line];
        bool single = lump != MATCH_NONE && model->lumps[lump].single;
        whole->profit[p] = whole->gain[p] * (INT64_C(1) << dual->bits) + (single ? dual->point.bonus[lump] : -dual->point.price[line]);
        for (uint32_t n = 0; n < dual->cut_count; n++) {
            const struct match_proof_cut *cut = &dual->cuts[n];
            if (!cut->counts && cut->choice == choice) {
                __int128 carried = (__int128)dual->point.cut[n] * match_proof_headroom(dual, p);
                whole->profit[p] -= (int64_t)(-carried >> (MATCH_PROOF_TIE_BITS - dual->bits)); /* up */
            } else if (cut->counts) {
                whole->profit[p] += cut->counts[line] ? dual->point.cut[n] : 0;
            }
        }
    }
    if (dual->ties->count) {
        charge_ties(dual, choice);
    }
}

/* Whether a lump must, may or must not come to an offer. */
static enum match_whole_state item_state(const struct match_model *model, const struct match_limits *limits, uint32_t lump, uint32_t offer)
{
    enum match_lump_state state = (enum match_lump_state)limits->lump_state[lump];
    uint32_t only = limits->only[lump];
    if (state == MATCH_LUMP_OUT || (only != MATCH_NONE && only != offer) ||
        limits->pair_barred[(size_t)lump * model->lot->offer_count + offer]) {
        return MATCH_WHOLE_OUT;
    }
    return state == MATCH_LUMP_IN && only == offer ? MATCH_WHOLE_IN : MATCH_WHOLE_OPEN;
}

/* What the node says of a choice: lumps, and ranges. False where it can't be kept. */
static bool set_limits(struct match_proof_dual *dual, const struct match_limits *limits, uint32_t choice)
{
    const struct match_model *model = dual->model;
    struct match_whole *whole = &dual->whole;
    uint32_t offer = model->choices[choice].offer;
    for (uint32_t n = whole->first_item[choice]; n < whole->first_item[choice + 1]; n++) {
        uint32_t lump = whole->items[n].lump;
        whole->state[n] = (uint8_t)item_state(model, limits, lump, offer);
        whole->charge[n] = dual->point.entry[lump] + (__int128)dual->point.bonus[lump] * model->lumps[lump].least;
    }
    for (uint32_t p = whole->first_pair[choice]; p < whole->first_pair[choice + 1]; p++) {
        uint32_t lump = model->lump_of[whole->line[p]];
        bool other = lump != MATCH_NONE && !model->lumps[lump].single && limits->lump_state[lump] == MATCH_LUMP_OUT;
        whole->low[p] = 0;
        whole->high[p] = other ? 0 : model->quantity[whole->line[p]];
    }
    for (uint32_t d = 0; d < model->lump_count; d++) { /* a lump that only this offer may have, at a choice that can't have it */
        if (limits->only[d] == offer && limits->lump_state[d] == MATCH_LUMP_IN && model->lumps[d].single &&
            model->lump_barred[(size_t)d * model->choice_count + choice]) {
            return false;
        }
    }
    whole->total_low = dual->ranged ? dual->total_low[offer] : 0;
    whole->total_high = dual->ranged ? dual->total_high[offer] : INT64_MAX;
    for (uint32_t p = whole->first_pair[choice]; dual->ranged && p < whole->first_pair[choice + 1]; p++) {
        size_t at = (size_t)offer * model->line_count + whole->line[p];
        whole->low[p] = dual->low[at];
        whole->high[p] = dual->high[at] < whole->high[p] ? dual->high[at] : whole->high[p];
        if (whole->low[p] > whole->high[p]) {
            return false;
        }
    }
    for (uint32_t l = 0; dual->ranged && l < model->line_count; l++) {
        if (dual->low[(size_t)offer * model->line_count + l] > 0 && match_whole_pair(whole, choice, l) == MATCH_NONE) {
            return false;
        }
    }
    return true;
}

/* The part of the demands, ties and cuts. */
static __int128 outside_offers(struct match_proof_dual *dual, const struct match_limits *limits)
{
    const struct match_model *model = dual->model;
    const struct match_proof_point *point = &dual->point;
    __int128 sum = 0, ties = 0;
    for (uint32_t l = 0; l < model->line_count; l++) {
        sum += model->lump_of[l] == MATCH_NONE && point->price[l] > 0 ? (__int128)point->price[l] * model->quantity[l] : 0;
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        enum match_lump_state state = (enum match_lump_state)limits->lump_state[d];
        if (!model->lumps[d].single) {
            sum += match_lump_pays(model, d, state, point->price, dual->wanted);
        } else if (state == MATCH_LUMP_IN || (state == MATCH_LUMP_FREE && point->entry[d] > 0)) {
            sum += point->entry[d];
        }
    }
    for (uint32_t t = 0; t < dual->ties->count; t++) {
        ties += (__int128)point->multiplier[t] * dual->ties->ties[t].right;
    }
    for (uint32_t n = 0; n < dual->cut_count; n++) {
        sum -= dual->cuts[n].counts ? (__int128)point->cut[n] * dual->cuts[n].least : 0;
    }
    return sum + (dual->ties->count ? (ties >> (MATCH_PROOF_TIE_BITS - dual->bits)) + 1 : 0);
}

/* Net worth of a choice under the node; MATCH_NET_NEVER where it can't be used. */
static __int128 value_choice(struct match_proof_dual *dual, const struct match_limits *limits, uint32_t choice)
{
    __int128 value;
    if (limits->barred[choice] || !set_limits(dual, limits, choice) || !match_whole_value(&dual->whole, choice, &value)) {
        return MATCH_NET_NEVER;
    }
    for (uint32_t n = 0; n < dual->cut_count; n++) {
        if (!dual->cuts[n].counts && dual->cuts[n].choice == choice) { /* down */
            value -= (__int128)dual->point.cut[n] * dual->model->choices[choice].one_off >> (MATCH_PROOF_TIE_BITS - dual->bits);
        }
    }
    return value - ((__int128)dual->model->choices[choice].fixed << dual->bits);
}

static void keep_uses(struct match_proof_dual *dual, uint32_t offer, uint32_t choice)
{
    const struct match_whole *whole = &dual->whole;
    uint32_t first = whole->first_pair[choice], at = dual->use_first[offer];
    for (uint32_t n = 0; n < whole->first_pair[choice + 1] - first && whole->found; n++) {
        uint32_t item = whole->item_of[first + n];
        bool comes = item != MATCH_NONE && whole->comes[item] && whole->items[item].first == first + n;
        if (whole->quantity[n] || comes) {
            dual->uses[at++] = (struct match_use){whole->line[first + n], whole->quantity[n]};
        }
    }
    dual->use_first[offer + 1] = at;
}

/* Whether the node's ranges ask for units of an offer. */
static bool asked_for(const struct match_proof_dual *dual, uint32_t offer)
{
    if (dual->ranged && dual->total_low[offer] > 0) {
        return true;
    }
    for (uint32_t l = 0; dual->ranged && l < dual->model->line_count; l++) {
        if (dual->low[(size_t)offer * dual->model->line_count + l] > 0) {
            return true;
        }
    }
    return false;
}

void match_proof_unrange(struct match_proof_dual *dual)
{
    uint32_t lines = dual->model->line_count;
    dual->ranged = false;
    for (uint32_t o = 0; o < dual->model->lot->offer_count; o++) {
        dual->total_low[o] = 0;
        dual->total_high[o] = INT64_MAX;
        for (uint32_t l = 0; l < lines; l++) {
            dual->low[(size_t)o * lines + l] = 0;
            dual->high[(size_t)o * lines + l] = dual->model->quantity[l];
        }
    }
}

static bool must_open(const struct match_proof_dual *dual, const struct match_limits *limits, uint32_t offer)
{
    if (limits->forced[offer] || asked_for(dual, offer)) {
        return true;
    }
    for (uint32_t d = 0; d < dual->model->lump_count; d++) {
        if (limits->only[d] == offer && limits->lump_state[d] == MATCH_LUMP_IN && dual->model->lumps[d].single) {
            return true;
        }
    }
    return false;
}

void match_proof_evaluate(struct match_proof_dual *dual, const struct match_limits *limits)
{
    const struct match_model *model = dual->model;
    bool possible = true;
    dual->evaluations++;
    dual->bound = outside_offers(dual, limits);
    dual->use_first[0] = 0;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        bool forced = must_open(dual, limits, o);
        __int128 best = forced ? MATCH_NET_NEVER : 0;
        dual->best[o] = MATCH_NONE;
        dual->use_first[o + 1] = dual->use_first[o];
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            set_profits(dual, c);
            dual->net[c] = value_choice(dual, limits, c);
            if (dual->net[c] > best) {
                best = dual->net[c];
                dual->best[o] = c;
                keep_uses(dual, o, c);
            }
        }
        possible = possible && best != MATCH_NET_NEVER;
        dual->bound += best == MATCH_NET_NEVER ? 0 : best;
    }
    dual->bound = possible ? dual->bound : MATCH_NET_NEVER;
}

static __int128 block_worth(const struct match_proof_dual *dual, uint32_t offer)
{
    return dual->best[offer] == MATCH_NONE ? 0 : dual->net[dual->best[offer]];
}

static bool fix_choices(struct match_proof_dual *dual, struct match_limits *limits, __int128 cutoff)
{
    const struct match_model *model = dual->model;
    bool fixed = false;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        __int128 rest = dual->bound - block_worth(dual, o);
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            if (!limits->barred[c] && (dual->net[c] == MATCH_NET_NEVER || rest + dual->net[c] < cutoff)) {
                limits->barred[c] = 1;
                fixed = true;
            }
        }
        if (!limits->forced[o] && rest < cutoff) {
            limits->forced[o] = 1;
            fixed = true;
        }
    }
    return fixed;
}

/* The most that an offer makes with a lump in, or without it. */
static __int128 worth_with(struct match_proof_dual *dual, struct match_limits *limits, uint32_t offer, uint32_t lump, bool with)
{
    const struct match_model *model = dual->model;
    uint8_t *barred = &limits->pair_barred[(size_t)lump * model->lot->offer_count + offer], was = *barred;
    uint32_t only = limits->only[lump];
    uint8_t state = limits->lump_state[lump];
    __int128 best = with || must_open(dual, limits, offer) ? MATCH_NET_NEVER : 0;
    if (with) {
        limits->only[lump] = offer;
        limits->lump_state[lump] = MATCH_LUMP_IN;
    } else {
        *barred = 1;
    }
    for (uint32_t c = model->first_choice[offer]; c < model->first_choice[offer + 1]; c++) {
        if (with && model->lump_barred[(size_t)lump * model->choice_count + c]) {
            continue;
        }
        __int128 net = value_choice(dual, limits, c);
        best = net > best ? net : best;
    }
    *barred = was;
    limits->only[lump] = only;
    limits->lump_state[lump] = state;
    return best;
}

static bool takes_lump(const struct match_proof_dual *dual, uint32_t offer, uint32_t lump)
{
    for (uint32_t n = dual->use_first[offer]; n < dual->use_first[offer + 1]; n++) {
        if (dual->model->lump_of[dual->uses[n].line] == lump) {
            return true;
        }
    }
    return false;
}

/* Bars pairs of single-supplier lumps and offers, and finds those that must be. */
static bool fix_pairs(struct match_proof_dual *dual, struct match_limits *limits, __int128 cutoff)
{
    const struct match_model *model = dual->model;
    bool fixed = false;
    for (uint32_t d = 0; d < model->lump_count; d++) {
        if (!model->lumps[d].single || limits->lump_state[d] == MATCH_LUMP_OUT || (limits->only[d] != MATCH_NONE && limits->lump_state[d] == MATCH_LUMP_IN)) {
            continue;
        }
        for (uint32_t o = 0; o < model->lot->offer_count; o++) {
            uint8_t *barred = &limits->pair_barred[(size_t)d * model->lot->offer_count + o];
            if (*barred || (limits->only[d] != MATCH_NONE && limits->only[d] != o) ||
                match_pairs_freight(&model->pairs, model->lumps[d].demand, o) == MATCH_NO_FREIGHT) {
                continue;
            }
            bool takes = takes_lump(dual, o, d);
            __int128 rest = dual->bound - block_worth(dual, o), other = worth_with(dual, limits, o, d, !takes);
            if (other != MATCH_NET_NEVER && rest + other >= cutoff) {
                continue;
            }
            if (takes) {
                limits->only[d] = o;
                limits->lump_state[d] = MATCH_LUMP_IN;
            } else {
                *barred = 1;
            }
            fixed = true;
            if (takes) {
                break;
            }
        }
    }
    return fixed;
}

bool match_proof_fix(struct match_proof_dual *dual, struct match_limits *limits, __int128 cutoff)
{
    const struct match_model *model = dual->model;
    if (dual->bound == MATCH_NET_NEVER) {
        return false;
    }
    bool fixed = fix_choices(dual, limits, cutoff);
    for (uint32_t d = 0; d < model->lump_count; d++) {
        if (limits->lump_state[d] != MATCH_LUMP_FREE || model->lumps[d].single) {
            continue;
        }
        __int128 in = match_lump_pays(model, d, MATCH_LUMP_IN, dual->point.price, dual->wanted), pays = in > 0 ? in : 0;
        if (dual->bound - pays < cutoff) {
            limits->lump_state[d] = MATCH_LUMP_IN;
            fixed = true;
        } else if (dual->bound - pays + in < cutoff) {
            limits->lump_state[d] = MATCH_LUMP_OUT;
            fixed = true;
        }
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        if (limits->lump_state[d] == MATCH_LUMP_FREE && model->lumps[d].single && dual->bound - dual->point.entry[d] < cutoff) {
            limits->lump_state[d] = MATCH_LUMP_IN;
            fixed = true;
        }
    }
    return fix_pairs(dual, limits, cutoff) || fixed;
}

/* The most that an offer makes with so many units in all. */
static __int128 worth_within(struct match_proof_dual *dual, const struct match_limits *limits, uint32_t offer, int64_t low, int64_t high)
{
    int64_t was_low = dual->total_low[offer], was_high = dual->total_high[offer];
    dual->total_low[offer] = low;
    dual->total_high[offer] = high;
    __int128 best = low > 0 || must_open(dual, limits, offer) ? MATCH_NET_NEVER : 0;
    for (uint32_t c = dual->model->first_choice[offer]; c < dual->model->first_choice[offer + 1]; c++) {
        __int128 net = value_choice(dual, limits, c);
        best = net > best ? net : best;
    }
    dual->total_low[offer] = was_low;
    dual->total_high[offer] = was_high;
    return best;
}

bool match_proof_narrow(struct match_proof_dual *dual, const struct match_limits *limits, __int128 cutoff)
{
    const struct match_model *model = dual->model;
    bool narrowed = false;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        __int128 rest = dual->bound - block_worth(dual, o);
        int64_t made = 0;
        for (uint32_t n = dual->use_first[o]; n < dual->use_first[o + 1]; n++) {
            made += dual->uses[n].quantity;
        }
        for (int64_t step = 1; made > 0 && made + step <= dual->total_high[o] && step < STEP_MOST; step *= 2) {
            __int128 worth = worth_within(dual, limits, o, made + step, dual->total_high[o]);
            if (worth == MATCH_NET_NEVER || rest + worth < cutoff) {
                dual->total_high[o] = made + step - 1;
                narrowed = true;
                break;
            }
        }
        for (int64_t step = 1; made - step >= dual->total_low[o]; step *= 2) {
            __int128 worth = worth_within(dual, limits, o, dual->total_low[o], made - step);
            if (worth == MATCH_NET_NEVER || rest + worth < cutoff) {
                dual->total_low[o] = made - step + 1;
                narrowed = true;
                break;
            }
        }
    }
    dual->ranged = dual->ranged || narrowed;
    return narrowed;
}
