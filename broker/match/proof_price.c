/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/proof_tree.h"

#define ROUNDS 4   /* of fixing and solving again, a node */
#define KEPT 0.5   /* of the best prices known, in those asked at */

__int128 match_proof_cutoff(const struct match_proof *proof)
{
    return ((__int128)proof->search->best.objective + 1) << proof->dual.bits;
}

void match_proof_look(struct match_proof *proof)
{
    match_proof_evaluate(&proof->dual, &proof->limits);
    if (proof->center_bound == MATCH_NET_NEVER || proof->dual.bound < proof->center_bound) {
        proof->center_bound = proof->dual.bound;
        match_proof_point_copy(&proof->dual, &proof->center, &proof->dual.point);
    }
}

static int64_t between(int64_t a, int64_t b)
{
    return (int64_t)((double)a * KEPT + (double)b * (1 - KEPT));
}

/* Moves the point in dual toward the center. */
static void smooth(struct match_proof *proof)
{
    const struct match_model *model = &proof->search->model;
    struct match_proof_point *point = &proof->dual.point, *center = &proof->center;
    for (uint32_t l = 0; l < model->line_count; l++) {
        point->price[l] = between(center->price[l], point->price[l]);
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        point->entry[d] = (point->entry[d] + center->entry[d]) / 2;
        point->bonus[d] = between(center->bonus[d], point->bonus[d]);
        if (proof->limits.lump_state[d] != MATCH_LUMP_IN && point->entry[d] < 0) {
            point->entry[d] = 0;
        }
    }
    for (uint32_t t = 0; t < proof->search->ties.count; t++) {
        point->multiplier[t] = between(center->multiplier[t], point->multiplier[t]);
    }
    for (uint32_t n = 0; n < proof->dual.cut_count; n++) {
        point->cut[n] = between(center->cut[n], point->cut[n]);
    }
}

bool match_proof_learn(struct match_proof *proof, bool all)
{
    bool added = false;
    for (uint32_t o = 0; o < proof->search->model.lot->offer_count; o++) {
        uint32_t first = proof->dual.use_first[o], count = proof->dual.use_first[o + 1] - first;
        if (proof->dual.best[o] != MATCH_NONE && count) {
            added = match_proof_master_add(&proof->master, proof->dual.best[o], proof->dual.uses + first, count, all) || added;
        }
    }
    return added;
}

/* Asks for answers until none gains, or the node is closed. True where it is closed. */
static bool price_node(struct match_proof *proof, uint32_t steps)
{
    bool smoothed = true;
    for (uint32_t step = 0; step < steps; step++) {
        match_proof_master_solve(&proof->master); /* where it does not end, its prices are as good as any */
        match_proof_master_point(&proof->master, &proof->dual.point);
        if (smoothed) {
            smooth(proof);
        }
        __int128 before = proof->center_bound;
        match_proof_look(proof);
        if (proof->dual.bound == MATCH_NET_NEVER || proof->center_bound < match_proof_cutoff(proof)) {
            return true;
        }
        bool added = match_proof_learn(proof, false);
        if (!added && !smoothed) {
            return false;
        }
        smoothed = added || proof->center_bound < before;
    }
    return false;
}

bool match_proof_price(struct match_proof *proof, uint32_t steps)
{
    for (int round = 0; round < ROUNDS; round++) {
        match_proof_master_set(&proof->master, &proof->limits);
        if (price_node(proof, steps)) {
            return true;
        }
        match_proof_point_copy(&proof->dual, &proof->dual.point, &proof->center);
        match_proof_look(proof);
        if (proof->dual.bound == MATCH_NET_NEVER || proof->center_bound < match_proof_cutoff(proof)) {
            return true;
        }
        bool fixed = match_proof_fix(&proof->dual, &proof->limits, match_proof_cutoff(proof));
        if (fixed) {
            match_proof_master_set(&proof->master, &proof->limits);
        }
        match_proof_master_read(&proof->master);
        if (!fixed || !proof->master.short_of_answers) {
            return false;
        }
    }
    return false;
}

