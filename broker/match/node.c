/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/node.h"

#include <string.h>

#define SUPPLIER_WEIGHT 1.2F
#define SPLIT_LEAST 0.02F /* a lump with less of it elsewhere counts as with one offer */
#define LUMP_LEAST 0.1F /* of a lump's share in choosing, against an offer's: of the smallest, and by how much more of the largest */
#define LUMP_WEIGHT 2.0F
#define LUMPS_FIRST 0.05F /* a lump or supplier as open as this is split before any offer */

static __int128 positive(__int128 value)
{
    return value > 0 ? value : 0;
}

static void fix_offers(const struct match_search *search, struct match_limits *limits, __int128 bound, __int128 cutoff)
{
    const struct match_model *model = &search->model;
    const struct match_dual *dual = &search->dual;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        __int128 best = dual->best[o] == MATCH_NONE ? 0 : dual->net[dual->best[o]];
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            if (dual->net[c] == MATCH_NET_NEVER || bound - best + dual->net[c] < cutoff) {
                limits->barred[c] = 1;
            }
        }
        if (!limits->forced[o] && bound - best < cutoff) {
            limits->forced[o] = 1;
        }
    }
}

void match_node_fix(const struct match_search *search, struct match_limits *limits, __int128 cutoff)
{
    const struct match_model *model = &search->model;
    const struct match_dual *dual = &search->dual;
    __int128 bound = dual->bound;
    fix_offers(search, limits, bound, cutoff);
    for (uint32_t d = 0; d < model->lump_count; d++) {
        if (limits->lump_state[d] != MATCH_LUMP_FREE) {
            continue;
        }
        __int128 in = match_lump_pays(model, d, MATCH_LUMP_IN, dual->price, search->probe.wanted), pays = positive(in);
        if (bound - pays < cutoff) {
            limits->lump_state[d] = MATCH_LUMP_IN;
        } else if (bound - pays + in < cutoff) {
            limits->lump_state[d] = MATCH_LUMP_OUT;
        }
    }
}

static float unsettled(float share)
{
    return share < 0.5F ? share : 1.0F - share;
}

/* Choices of an offer that are left. */
static uint32_t choices_left(const struct match_model *model, const struct match_limits *limits, uint32_t offer)
{
    uint32_t count = 0;
    for (uint32_t c = model->first_choice[offer]; c < model->first_choice[offer + 1]; c++) {
        count += !limits->barred[c];
    }
    return count;
}

/* Considers an offer: used or not; and where it is used, which tier. */
static void consider_offer(const struct match_search *search, const struct match_limits *limits, uint32_t offer, float *best,
                           struct match_split_on *on)
{
    const struct match_model *model = &search->model;
    uint32_t left = choices_left(model, limits, offer), most = MATCH_NONE;
    float used = 0;
    for (uint32_t c = model->first_choice[offer]; c < model->first_choice[offer + 1]; c++) {
        if (!limits->barred[c]) {
            used += search->ascent.used[c];
            most = most == MATCH_NONE || search->ascent.used[c] > search->ascent.used[most] ? c : most;
        }
    }
    if (!left || (limits->forced[offer] && left == 1)) {
        return;
    }
    if (!limits->forced[offer]) {
        float score = unsettled(used > 1 ? 1 : used);
        if (score > *best) {
            *best = score;
            *on = (struct match_split_on){MATCH_SPLIT_OFFER, offer, MATCH_NONE};
        }
    }
    if (left > 1) {
        float score = unsettled(search->ascent.used[most]) * (limits->forced[offer] ? 1.0F : 0.7F);
        if (score > *best && (limits->forced[offer] || used > 0.5F)) {
            *best = score;
            *on = (struct match_split_on){MATCH_SPLIT_CHOICE, most, MATCH_NONE};
        }
    }
}

bool match_node_supplies(const struct match_search *search, const struct match_limits *limits, uint32_t lump, uint32_t offer)
{
    const struct match_model *model = &search->model;
    bool possible = false;
    for (uint32_t c = model->first_choice[offer]; c < model->first_choice[offer + 1]; c++) {
        possible = possible || (!limits->barred[c] && !model->lump_barred[(size_t)lump * model->choice_count + c]);
    }
    return possible && !limits->pair_barred[(size_t)lump * model->lot->offer_count + offer] &&
           (limits->only[lump] == MATCH_NONE || limits->only[lump] == offer) &&
           match_pairs_freight(&model->pairs, model->lumps[lump].demand, offer) != MATCH_NO_FREIGHT;
}

/* A supplier for a lump that is in, or may be: the open offers first. */
static uint32_t supplier_left(const struct match_search *search, const struct match_limits *limits, uint32_t lump)
{
    const struct match_model *model = &search->model;
    uint32_t best = MATCH_NONE;
    float most = -1;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        float used = 0;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            used += limits->barred[c] ? 0 : search->ascent.used[c];
        }
        if (used > most && match_node_supplies(search, limits, lump, o)) {
            most = used;
            best = o;
        }
    }
    return best;
}

/*
 * How much hangs on a lump: its worth against the greatest. A large lump that is half in is what keeps a bound from its plan.
 */
static float lump_weight(const struct match_search *search, uint32_t lump)
{
    const struct match_model *model = &search->model;
    double most = 1, own = (double)model->lumps[lump].total * (double)model->value[model->lumps[lump].first_line];
    for (uint32_t d = 0; d < model->lump_count; d++) {
        double worth = (double)model->lumps[d].total * (double)model->value[model->lumps[d].first_line];
        most = worth > most ? worth : most;
    }
    return LUMP_LEAST + (float)(own / most) * LUMP_WEIGHT;
}

/* Considers single-supplier lumps that the averages split among offers: the offer with most of it, or others. */
static void consider_suppliers(const struct match_search *search, const struct match_limits *limits, float *best,
                               struct match_split_on *on)
{
    const struct match_model *model = &search->model;
    uint32_t offers = model->lot->offer_count;
    for (uint32_t d = 0; d < model->lump_count && search->ascent.keeps_pairs; d++) {
        if (!model->lumps[d].single || limits->only[d] != MATCH_NONE || limits->lump_state[d] == MATCH_LUMP_OUT) {
            continue;
        }
        const float *used = search->ascent.pair_used + (size_t)d * offers;
        float most = 0, all = 0;
        uint32_t offer = MATCH_NONE;
        for (uint32_t o = 0; o < offers; o++) {
            all += used[o];
            if (used[o] > most) {
                most = used[o];
                offer = o;
            }
        }
        float score = (all - most < most ? all - most : most) * SUPPLIER_WEIGHT * lump_weight(search, d);
        if (offer != MATCH_NONE && score > *best && score > SPLIT_LEAST) {
            *best = score;
            *on = (struct match_split_on){MATCH_SPLIT_SUPPLIER, d, offer};
        }
    }
}

float match_node_choose(const struct match_search *search, const struct match_limits *limits, struct match_split_on *on)
{
    const struct match_model *model = &search->model;
    float best = -1;
    for (uint32_t d = 0; d < model->lump_count; d++) {
        float score = unsettled(search->ascent.lump_used[d]) * lump_weight(search, d);
        if (limits->lump_state[d] == MATCH_LUMP_FREE && score > best) {
            best = score;
            *on = (struct match_split_on){MATCH_SPLIT_LUMP, d, MATCH_NONE};
        }
    }
    consider_suppliers(search, limits, &best, on);
    if (best >= LUMPS_FIRST) {
        return best;
    }
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        consider_offer(search, limits, o, &best, on);
    }
    if (best >= 0) {
        return best;
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        if (limits->lump_state[d] == MATCH_LUMP_IN && model->lumps[d].single && limits->only[d] == MATCH_NONE) {
            uint32_t offer = supplier_left(search, limits, d);
            if (offer != MATCH_NONE) {
                *on = (struct match_split_on){MATCH_SPLIT_SUPPLIER, d, offer};
                return 0;
            }
        }
    }
    return -1;
}

static void bar_others(const struct match_model *model, struct match_limits *limits, uint32_t offer, uint32_t but)
{
    for (uint32_t c = model->first_choice[offer]; c < model->first_choice[offer + 1]; c++) {
        limits->barred[c] = c == but ? limits->barred[c] : 1;
    }
}

void match_node_apply(const struct match_search *search, struct match_limits *limits, const struct match_split_on *on, int child,
                      struct match_undo *undo)
{
    const struct match_model *model = &search->model;
    *undo = (struct match_undo){.kind = on->kind, .index = on->index, .offer = on->offer};
    uint32_t offer = on->kind == MATCH_SPLIT_CHOICE ? model->choices[on->index].offer : on->index;
    switch (on->kind) {
    case MATCH_SPLIT_OFFER:
    case MATCH_SPLIT_CHOICE:
        undo->offer = offer;
        undo->state = limits->forced[offer];
        memcpy(undo->barred, limits->barred + model->first_choice[offer], model->first_choice[offer + 1] - model->first_choice[offer]);
        if (on->kind == MATCH_SPLIT_CHOICE && child) {
            limits->barred[on->index] = 1;
        } else if (on->kind == MATCH_SPLIT_CHOICE) {
            bar_others(model, limits, offer, on->index);
            limits->forced[offer] = 1;
        } else if (child) {
            bar_others(model, limits, offer, MATCH_NONE);
        } else {
            limits->forced[offer] = 1;
        }
        break;
    case MATCH_SPLIT_LUMP:
        undo->state = limits->lump_state[on->index];
        limits->lump_state[on->index] = child ? MATCH_LUMP_OUT : MATCH_LUMP_IN;
        break;
    case MATCH_SPLIT_SUPPLIER:
        undo->only = limits->only[on->index];
        undo->state = limits->lump_state[on->index];
        limits->only[on->index] = child == MATCH_CHILD_OUT ? undo->only : (uint32_t)child;
        limits->lump_state[on->index] = child == MATCH_CHILD_OUT ? MATCH_LUMP_OUT : MATCH_LUMP_IN;
        break;
    }
}

void match_node_undo(const struct match_search *search, struct match_limits *limits, const struct match_undo *undo)
{
    const struct match_model *model = &search->model;
    switch (undo->kind) {
    case MATCH_SPLIT_OFFER:
    case MATCH_SPLIT_CHOICE:
        limits->forced[undo->offer] = undo->state;
        memcpy(limits->barred + model->first_choice[undo->offer], undo->barred,
               model->first_choice[undo->offer + 1] - model->first_choice[undo->offer]);
        break;
    case MATCH_SPLIT_LUMP:
        limits->lump_state[undo->index] = undo->state;
        break;
    case MATCH_SPLIT_SUPPLIER:
        limits->only[undo->index] = undo->only;
        limits->lump_state[undo->index] = undo->state;
        break;
    }
}
