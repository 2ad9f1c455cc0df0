/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_MESSAGE_H
#define BROKER_MATCH_MESSAGE_H

#include "broker/match/market.h"
#include "broker/match/plan.h"
#include "proto/arena.h"
#include "proto/market.pb-c.h"

/*
 * A plan between the core's structs and the contract's message. The planner packs what it made; the exchange unpacks what it is
 * handed against its own market and verifies it (verify.h) before it writes it.
 */

#define MATCH_ENGINE "muster-1" /* version of the engine, carried by every plan */

/* The plan as a message in arena; texts are shared with plan and market. STATUS_NO_MEMORY. */
int match_message_pack(const struct match_market *market, const struct match_plan *plan, struct arena *arena,
                       Muster__Plan **message);

/* The same for one lot. */
int match_message_pack_lot(const struct match_market *market, uint32_t lot, const struct match_lot_plan *plan,
                           struct arena *arena, Muster__LotPlan **message);

/*
 * A message as a plan over this market: every lot of the market once, in any order. Awards and uncovered demands are resolved and
 * sorted; explanations, nations and rules are carried over. Nothing is verified but that names exist and months are the demand's.
 * STATUS_INVALID where a name or month is unknown or a lot is missing or twice; STATUS_NO_MEMORY.
 */
int match_message_unpack(const struct match_market *market, const Muster__Plan *message, struct arena *arena,
                         struct match_plan **plan);

#endif
