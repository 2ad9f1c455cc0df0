/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_CHOOSE_H
#define BROKER_MATCH_CHOOSE_H

#include "broker/match/hold.h"

/*
 * Which of its plans each lot takes, so that all together keep within the funds: a multiple-choice knapsack with a row a fund.
 *
 * Prices of money are moved until the lots' choices at them spend about what there is (Lagrangian relaxation; Sinha, Zoltners 1979, Oper. Res.
 * 27(3), doi 10.1287/opre.27.3.503). From there lots change plans one by one: first those that lose least for what is overdrawn, then those
 * that gain with what is left.
 */

/* Adds the plan that a lot holds to its options, where there is room. STATUS_NO_MEMORY. */
int match_choose_add(struct match_joint *joint, uint32_t lot);

/* Chooses for all lots; what is chosen may still overdraw a fund where the options don't allow better. STATUS_NO_MEMORY. */
int match_choose_plans(struct match_joint *joint, struct arena *arena);

#endif
