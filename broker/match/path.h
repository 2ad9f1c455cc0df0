/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_PATH_H
#define BROKER_MATCH_PATH_H

#include "broker/match/flow.h"

/* Shortest paths of a flow: what match_flow_open and its like are made of. Each leaves flow and prices optimal or returns false. */

/*
 * Finds places for units of an active line that are not counted as unserved: pushes others aside, or drops what is worth least. Where
 * flow->hoping, gives up once flow->hope has gone: it falls by what the line's price falls by, a unit.
 */
bool match_path_push_line(struct match_flow *flow, uint32_t line, int64_t quantity);

/* Gives a lump that is in, with units missing, what it needs or gains by. False, too, as soon as it can't gain more than floor. */
bool match_path_push_lump(struct match_flow *flow, uint32_t lump, __int128 floor);

/*
 * Fills places of a slot. month below the number of months: quantity units that were counted there as used have gone;
 * month equal to it: up to quantity units of free output, as far as that gains, in any case up to the minimum order.
 */
bool match_path_fill(struct match_flow *flow, uint32_t slot, uint32_t month, int64_t quantity);

#endif
