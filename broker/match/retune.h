/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_RETUNE_H
#define BROKER_MATCH_RETUNE_H

#include "broker/match/flow.h"

/*
 * Makes an optimal flow optimal again after a change of its terms, with the same choices and lumps.
 *
 * The rents stay as they are, the price of a line becomes what its best place offers at the new costs: so no arc has a negative reduced
 * cost. Awards that are no longer at a best place are taken off: their units look for one, and what they leave are places that wait for a
 * unit. A push may end in such a place; what still waits at the end is filled. Few awards move where the terms change little, so this is
 * several times as fast as a flow from nothing. (Successive shortest paths from any prices that leave no reduced cost negative:
 * Ahuja, Magnanti, Orlin 1993, Network Flows, section 9.7.)
 */

/* False where the entries run out or a place stays without a unit: the flow is then spoilt, as after match_flow_open. */
bool match_flow_retune(struct match_flow *flow);

#endif
