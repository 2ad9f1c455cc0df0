/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_SETTLE_H
#define BROKER_MATCH_SETTLE_H

#include <stdbool.h>

#include "broker/match/market.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * What a bundle means for each nation and how it stands to its rules: per nation what it wanted, gets and pays (unit price, freight and
 * one-off shares, to the cent), what it would pay alone, what joining saves it; and every rule of the bundle with its figure.
 */

/*
 * Fills in nations (by country, those with awards) and rules of every lot of a plan. alone: with stand-alone cost and saving, which plans
 * once more for each nation; else these are 0. The rules are nations, sme_share, european_share, supplier_share (the largest) and one
 * for each fund with a balance that the new awards draw on (what it pays in the whole plan, its balance); none where there is no bundle.
 * A share's figure is 100 * numerator / denominator percent, exact unless the bundle's value is above 9 * 10^16 cents.
 * threads: at most, for the stand-alone plans; the figures do not depend on it. STATUS_NO_MEMORY.
 */
int match_settle_plan(const struct match_market *market, const struct match_plan *plan, bool alone, uint32_t threads,
                      struct arena *arena);

#endif
