/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_TARGET_H
#define BROKER_MATCH_TARGET_H

#include "broker/match/search.h"

/*
 * A set of choices and lumps to go to: what a price search or a node of the tree proposes. The plan's flow is changed only where it
 * differs, so a near target costs little.
 */

struct match_target {
    uint32_t *choice;   /* by offer, or MATCH_NONE */
    uint8_t *in;        /* by lump */
    uint32_t *supplier; /* by lump */
};

int match_target_init(const struct match_model *model, struct arena *arena, struct match_target *target);

/* Offers and lumps in which the plan differs from a target. */
uint32_t match_target_distance(const struct match_search *search, const struct match_target *target);

/*
 * Makes search->trial the plan of a target. exact: trial is then the best flow for exactly these choices and lumps; false where there is
 * none. Otherwise lumps that can't be had are left out, others that gain are put in, and offers that stay short are closed.
 */
bool match_target_reach(struct match_search *search, const struct match_target *target, bool exact);

#endif
