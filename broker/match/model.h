/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_MODEL_H
#define BROKER_MATCH_MODEL_H

#include "broker/match/market.h"
#include "broker/match/pairs.h"
#include "proto/arena.h"

/*
 * One lot compiled for the search: what is open of it, in arrays.
 *
 * Lines: what deliveries still lack. Alike lines (equal treatment) have equal columns in every respect that the objective
 * or a capacity sees, so they are one line here and are split in proportion at the end.
 * Choices: the pairs (offer, tier) that may be used, each with what it can still make by each month. An offer with commitments has
 * one choice, without fixed cost, with the rest of its capacity.
 * Lumps: demands with a minimum above one unit, or with the wish for a single supplier; all other demands are mere lines.
 *
 * Prices a unit are scaled by 2^shift, so that multipliers and line prices have room below a cent. Sums of price and quantity are
 * kept in 128 bits: a lot's total is below 2^62 before scaling.
 */

#define MATCH_NO_GROUP UINT16_MAX
#define MATCH_BARRED (INT64_C(1) << 61) /* cost of a unit where a pair is barred */

struct match_member {
    uint32_t demand;
    uint32_t line;
    int64_t lacked;
};

struct match_choice {
    uint32_t offer;
    uint32_t tier;
    int64_t unit_price;
    int64_t evaluated_price;
    int64_t one_off;         /* to be carried by the new awards; 0 for an offer with commitments */
    int64_t fixed;           /* one_off and overhead */
    int64_t least;           /* fewest new units, at least 1 */
    int64_t most;            /* most new units in all */
    const int64_t *capacity; /* by month: most new units due in it or before; never falls */
};

struct match_lump {
    uint32_t demand;
    uint32_t first_line;
    uint32_t line_count;
    int64_t least; /* fewest new units if any; at least 1 */
    int64_t total;
    bool single;
    uint32_t supplier; /* the offer that its commitments bind it to, or MATCH_NONE */
};

struct match_model {
    const struct match_market *market;
    const struct match_lot *lot;
    struct match_pairs pairs;
    int shift;

    uint32_t line_count;
    const int64_t *quantity;
    const int64_t *value;   /* of a unit: weight * R, scaled */
    const int64_t *ceiling; /* cents */
    const uint32_t *class_of;
    const uint32_t *month;   /* rank among months[] */
    const uint32_t *lump_of; /* or MATCH_NONE */
    const uint32_t *first_member; /* line_count + 1 */
    const struct match_member *members;

    uint32_t month_count;
    const int32_t *months;

    uint32_t choice_count;
    const struct match_choice *choices;  /* by offer, tier */
    const uint32_t *first_choice;        /* by offer; offer_count + 1 */

    /*
     * Offers that any bundle takes at least. Where no supplier may have more than s percent of a bundle's value, which every unit adds to,
     * there are ceil(100 / s) suppliers, and an offer is of one. 0: says nothing.
     */
    uint32_t offers_least;

    uint32_t lump_count;
    const struct match_lump *lumps;
    const uint8_t *lump_barred; /* lump * choice_count + choice: the choice alone can't give the lump what it needs as a whole */

    /* Classes that an offer serves at the same freight and on the same fund are one group of that offer. */
    const uint16_t *group_of;    /* offer * class_count + class */
    const uint32_t *first_group; /* by offer; offer_count + 1 */
    const int64_t *group_freight;
    const uint32_t *group_fund;
    const uint32_t *first_cost;  /* by choice; choice_count + 1: where its costs by group start in match_terms.cost */
};

/* Compiles a lot in the arena. STATUS_NO_MEMORY. */
int match_model_build(const struct match_market *market, const struct match_lot *lot, struct arena *arena,
                      struct match_model *model);

/* Group of a class at an offer, or MATCH_NO_GROUP. */
static inline uint16_t match_model_group(const struct match_model *model, uint32_t offer, uint32_t class_index)
{
    return model->group_of[(size_t)offer * model->pairs.class_count + class_index];
}

#endif
