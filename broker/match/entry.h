/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_ENTRY_H
#define BROKER_MATCH_ENTRY_H

#include "broker/match/flow.h"

/* The awards of a flow: each entry stands in the chain of its slot and in that of its line. A line has at most one a slot. */

/* Adds quantity units of a line to a slot. */
void match_entry_put(struct match_flow *flow, uint32_t line, uint32_t slot, int64_t quantity);

/* Changes an entry by quantity, and takes it out of its chains where nothing is left. */
void match_entry_add(struct match_flow *flow, uint32_t entry, int64_t quantity);

/* Recomputes the tight months of a slot after a change of what is used. */
void match_slot_tighten(struct match_flow *flow, uint32_t slot);

/* Room in a slot for units that come in at month while as many go out at until; until may be the number of months: none go out. */
int64_t match_slot_room(const struct match_flow *flow, uint32_t slot, uint32_t month, uint32_t until);

/* Books such a change. */
void match_slot_shift(struct match_flow *flow, uint32_t slot, uint32_t month, uint32_t until, int64_t quantity);

#endif
