/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_REASONS_H
#define BROKER_MATCH_REASONS_H

#include "broker/match/market.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * Why a demand is not covered: for each the first reason of the model's list that holds. The first four are facts (facts.h). For the
 * others the plan is taken up again with one thing changed (no rule on nations; no share rules or equal treatment; more money in
 * the demand's fund; no minimum or single supplier; more output), all else held: a reason is stated where the changed
 * scenario then has a valid plan of higher objective that gives the demand more. Such a plan is the present one with units added
 * from one offer, perhaps in the place of units worth less; for a lot that a rule left without a bundle it is a new plan of the lot.
 * Where no single change helps, nothing but the last reason is left: its value does not carry the price or another contract, or several things
 * stand in its way at once.
 */

/* Fills in uncovered of every lot of a plan. STATUS_NO_MEMORY. */
int match_reasons_plan(const struct match_market *market, struct arena *arena, struct match_plan *plan);

/* The money that each fund (by fund of the market) has left under a plan; INT64_MAX where it has no balance, never below 0. */
void match_reasons_money(const struct match_market *market, const struct match_plan *plan, int64_t *left);

#endif
