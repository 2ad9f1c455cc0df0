/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_CHUNK_H
#define BROKER_MATCH_CHUNK_H

#include "broker/match/control.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * A lot of thousands of lines, planned in chunks.
 *
 * The search's work grows faster than its lot. A market this thick loses next to nothing when it is dealt out: demands by priority, month and
 * quantity, offers by price and size, each in turn to one chunk after the other, so that all chunks have nearly the same supply and
 * demand. Alike lines stay together. Every rule that holds in each chunk holds in all of them together: output and lumps are a demand's
 * and an offer's own, shares are linear, nations only add up, money is divided. The chunks' prices, put together, are the start for the
 * bound of the whole lot, which knows nothing of chunks.
 */

/* Whether a lot is to be planned so: large, and without commitments, which tie demands to offers. */
bool match_chunk_fits(const struct match_lot *lot);

/* Plans the lot; awards lie in arena. STATUS_NO_MEMORY. */
int match_chunk_plan(const struct match_market *market, uint32_t lot, struct match_control *control, struct arena *arena,
                     struct match_lot_plan *out);

#endif
