/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_FINISH_H
#define BROKER_MATCH_FINISH_H

#include "broker/match/plan.h"
#include "broker/match/repair.h"
#include "broker/match/search.h"

/*
 * From the search's plan to awards that keep every rule: ties are mended, nations brought in, alike lines split in proportion, one-off
 * costs shared, and all of it verified. What can't be made valid becomes no bundle: a mistake here costs quality, never validity.
 */

/*
 * Finishes the plan of a search. rights: by tie, most that its sum may be (the rows' own, or a lot's part of a fund). market: the same
 * as the search's. awards lie in arena; out->bound is left alone. STATUS_NO_MEMORY.
 */
int match_finish_lot(struct match_search *search, uint32_t lot, const __int128 *rights, struct arena *arena,
                     struct match_lot_plan *out);

#endif
