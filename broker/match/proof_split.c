/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/proof_tree.h"

#include <math.h>

#define LOOKS 5          /* at better answers, a trial */
#define TRIALS 2         /* of a candidate, before what it costs on average is known */
#define TRIAL_PIVOTS 100
#define SOLVE_PIVOTS 4000
#define SUPPLIER_WEIGHT 0.7 /* splits by supplier make many children */

static float unsettled(float share)
{
    float rest = 1.0F - share;
    return share < rest ? share : rest > 0 ? rest : 0;
}

static struct match_proof_trial *trial_of(struct match_proof *proof, const struct match_split_on *on)
{
    const struct match_model *model = &proof->search->model;
    uint32_t offers = model->lot->offer_count, lumps = model->lump_count;
    switch (on->kind) {
    case MATCH_SPLIT_OFFER:
        return &proof->trials[on->index];
    case MATCH_SPLIT_LUMP:
        return &proof->trials[offers + on->index];
    case MATCH_SPLIT_SUPPLIER:
        return &proof->trials[offers + lumps + on->index];
    case MATCH_SPLIT_CHOICE:
        break;
    }
    return &proof->trials[offers + 2 * lumps + on->index];
}

static void add_candidate(struct match_proof *proof, enum match_split_kind kind, uint32_t index, uint32_t offer, float open)
{
    if (open <= (float)MATCH_PROOF_WHOLE) {
        return;
    }
    float weight = kind == MATCH_SPLIT_SUPPLIER ? open / 2 : open;
    uint32_t at = proof->candidate_count < MATCH_PROOF_CANDIDATES ? proof->candidate_count++ : MATCH_PROOF_CANDIDATES;
    while (at && proof->weight[at - 1] < weight) { /* the most open first */
        if (at < MATCH_PROOF_CANDIDATES) {
            proof->weight[at] = proof->weight[at - 1];
            proof->candidates[at] = proof->candidates[at - 1];
        }
        at--;
    }
    if (at < MATCH_PROOF_CANDIDATES) {
        proof->weight[at] = weight;
        proof->candidates[at] = (struct match_split_on){kind, index, offer};
    }
}

static void collect_offers(struct match_proof *proof)
{
    const struct match_model *model = &proof->search->model;
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        float used = 0, most = 0;
        uint32_t choice = MATCH_NONE;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            float own = (float)proof->master.used[c];
            used += own;
            if (own > most) {
                most = own;
                choice = c;
            }
        }
        add_candidate(proof, MATCH_SPLIT_OFFER, o, MATCH_NONE, unsettled(used));
        if (choice != MATCH_NONE && used > 0.5F && unsettled(most / used) > (float)MATCH_PROOF_WHOLE) {
            add_candidate(proof, MATCH_SPLIT_CHOICE, choice, MATCH_NONE, unsettled(most / used));
        }
    }
}

static void collect_lumps(struct match_proof *proof)
{
    const struct match_model *model = &proof->search->model;
    uint32_t offers = model->lot->offer_count;
    for (uint32_t d = 0; d < model->lump_count; d++) {
        add_candidate(proof, MATCH_SPLIT_LUMP, d, MATCH_NONE, unsettled(proof->master.lump_used[d]));
        float most = 0, all = 0;
        uint32_t offer = MATCH_NONE;
        for (uint32_t o = 0; o < offers && model->lumps[d].single; o++) {
            float used = proof->master.pair_used[(size_t)d * offers + o];
            all += used;
            if (used > most) {
                most = used;
                offer = o;
            }
        }
        if (offer != MATCH_NONE) {
            add_candidate(proof, MATCH_SPLIT_SUPPLIER, d, offer, all - most < most ? all - most : most);
        }
    }
}

/* What the program's value loses where a split's child is gone into, by the answers at hand. */
static float lost_in_child(struct match_proof *proof, const struct match_split_on *on, int child, double value)
{
    struct match_undo undo;
    uint8_t *barred = NULL;
    if (on->kind == MATCH_SPLIT_SUPPLIER && child) {
        barred = &proof->limits.pair_barred[(size_t)on->index * proof->search->model.lot->offer_count + on->offer];
        *barred = 1;
    } else {
        match_node_apply(proof->search, &proof->limits, on, on->kind == MATCH_SPLIT_SUPPLIER ? (int)on->offer : child, &undo);
    }
    match_proof_master_set(&proof->master, &proof->limits);
    match_proof_master_solve(&proof->master);
    for (int look = 0; look < LOOKS && value - match_proof_master_value(&proof->master) > 0; look++) {
        match_proof_master_point(&proof->master, &proof->dual.point);
        match_proof_evaluate(&proof->dual, &proof->limits);
        if (proof->dual.bound < match_proof_cutoff(proof) || !match_proof_learn(proof, false)) {
            break;
        }
        match_proof_master_solve(&proof->master);
    }
    double lost = (value - match_proof_master_value(&proof->master)) / proof->master.unit;
    if (barred) {
        *barred = 0;
    } else {
        match_node_undo(proof->search, &proof->limits, &undo);
    }
    return lost > 1 ? 1 : lost > 0 ? (float)lost : 0;
}

/* Tries the candidates that little is known of, and chooses the split whose children lose most, as a product. */
bool match_proof_choose(struct match_proof *proof, struct match_proof_split *split)
{
    proof->candidate_count = 0;
    collect_offers(proof);
    collect_lumps(proof);
    double best = -1, value = match_proof_master_value(&proof->master);
    double enough = value / proof->master.unit - ldexp((double)match_proof_cutoff(proof), -proof->dual.bits) / proof->master.unit;
    proof->master.simplex.step_most = TRIAL_PIVOTS;
    for (uint32_t n = 0; n < proof->candidate_count; n++) {
        struct match_split_on *on = &proof->candidates[n];
        struct match_proof_trial *trial = trial_of(proof, on);
        if (trial->count < TRIALS) {
            for (int child = 0; child < 2; child++) {
                trial->lost[child] += (lost_in_child(proof, on, child, value) - trial->lost[child]) / (float)(trial->count + 1);
            }
            trial->count++;
        }
        double a = trial->lost[0] < enough ? trial->lost[0] : enough, b = trial->lost[1] < enough ? trial->lost[1] : enough;
        double score = (a + 1e-9) * (b + 1e-9) * (on->kind == MATCH_SPLIT_SUPPLIER ? SUPPLIER_WEIGHT : 1) + 1e-22 * proof->weight[n];
        if (score > best) {
            best = score;
            split->on = *on;
            split->score = score;
        }
    }
    proof->master.simplex.step_most = SOLVE_PIVOTS;
    match_proof_master_set(&proof->master, &proof->limits);
    return best >= 0;
}

bool match_proof_choose_units(const struct match_proof *proof, struct match_proof_split *split)
{
    const struct match_model *model = &proof->search->model;
    uint32_t offers = model->lot->offer_count;
    double best = MATCH_PROOF_WHOLE * 10;
    split->range = false;
    for (uint32_t o = 0; o < offers; o++) { /* shares hang on these alone: with whole ones the rest is a flow, and whole */
        double units = match_proof_total(proof, o), part = units - floor(units);
        part = part < 0.5 ? part : 1 - part;
        if (part > best) {
            best = part;
            *split = (struct match_proof_split){.range = true, .line = MATCH_NONE, .offer = o, .units = units};
        }
    }
    if (split->range) {
        return true;
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        for (uint32_t o = 0; o < offers; o++) {
            double units = proof->master.served[(size_t)l * offers + o], part = units - floor(units);
            part = part < 0.5 ? part : 1 - part;
            if (part > best) {
                best = part;
                *split = (struct match_proof_split){.range = true, .line = l, .offer = o, .units = units};
            }
        }
    }
    return split->range;
}

bool match_proof_choose_free(struct match_proof *proof, struct match_proof_split *split)
{
    const struct match_model *model = &proof->search->model;
    const struct match_limits *limits = &proof->limits;
    *split = (struct match_proof_split){.range = false};
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        uint32_t left = 0, first = MATCH_NONE;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            left += !limits->barred[c];
            first = !limits->barred[c] && (first == MATCH_NONE || proof->master.used[c] > 0.5) ? c : first;
        }
        if (left > 1 || (left && !limits->forced[o])) {
            split->on = limits->forced[o] ? (struct match_split_on){MATCH_SPLIT_CHOICE, first, MATCH_NONE}
                                          : (struct match_split_on){MATCH_SPLIT_OFFER, o, MATCH_NONE};
            return true;
        }
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        if (limits->lump_state[d] == MATCH_LUMP_FREE) {
            split->on = (struct match_split_on){MATCH_SPLIT_LUMP, d, MATCH_NONE};
            return true;
        }
        for (uint32_t o = 0; o < model->lot->offer_count && model->lumps[d].single && limits->lump_state[d] == MATCH_LUMP_IN; o++) {
            if (limits->only[d] == MATCH_NONE && match_node_supplies(proof->search, limits, d, o)) {
                split->on = (struct match_split_on){MATCH_SPLIT_SUPPLIER, d, o};
                return true;
            }
        }
    }
    return false;
}
