/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_SHRINK_H
#define BROKER_MATCH_SHRINK_H

#include "broker/match/market.h"
#include "proto/arena.h"

/*
 * A lot with other quantities on its lines: a smaller question about the same lot. Lines that are left without quantity, and demands
 * that are left without lines, go; commitments stay and are renumbered. The reference value is the whole lot's.
 */
struct match_shrunk {
    struct match_lot lot;
    const uint32_t *demand_of; /* by demand of the small lot: its number in the whole one */
    const uint32_t *line_of;   /* by small line: its number within the demand of the whole lot */
    const uint32_t *first_line; /* by demand of the small lot */
};

/*
 * Makes it. quantity: by line of the whole lot in order of demand and line, the quantity it shall have, at least what is committed of
 * it; 0 leaves it out. The small lot may have no demands. STATUS_NO_MEMORY.
 */
int match_shrink_lot(const struct match_lot *lot, const int64_t *quantity, struct arena *arena, struct match_shrunk *shrunk);

#endif
