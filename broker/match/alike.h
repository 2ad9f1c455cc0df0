/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_ALIKE_H
#define BROKER_MATCH_ALIKE_H

#include "broker/match/market.h"
#include "broker/match/pairs.h"
#include "proto/arena.h"

/*
 * Which lines are alike, so that a plan must treat them alike. The model's rule: lines are alike when they share lot, month, ceiling,
 * priority, fund, certificates, requirements, excluded origins, and for every offer of the lot whether they may use it and at
 * what freight, have a minimum of 1 and no wish for a single supplier. Nation and quantity do not matter.
 */

struct match_alike_line {
    uint32_t demand;
    uint32_t line;
    int64_t lacked; /* quantity less commitments, at least 1 */
};

struct match_alike {
    const struct match_alike_line *lines; /* group by group; in a group by demand */
    const uint32_t *first;                /* group_count + 1 */
    uint32_t group_count;                 /* groups of two lines or more */
};

/* Finds the groups of one lot. Lines that lack nothing are left out. STATUS_NO_MEMORY. */
int match_alike_build(const struct match_lot *lot, const struct match_pairs *pairs, struct arena *arena,
                      struct match_alike *alike);

/*
 * Whether one fraction r fits a group: each line's gets[n] differs by less than one unit from r times what it lacked. gets: by position
 * in the group. Where none fits, *low gets too little beside *high (positions in the group).
 */
bool match_alike_is_fair(const struct match_alike_line *group, uint32_t count, const int64_t *gets, uint32_t *low,
                         uint32_t *high);

#endif
