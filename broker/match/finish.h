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
 * Finishes search->flow within search->rights and keeps the result in search->best where it is better. thorough: where the rows can't be
 * mended as the choices are, raises their multipliers and searches on. Flow and multipliers are left as they were.
 * STATUS_NO_MEMORY.
 */
int match_finish_keep(struct match_search *search, bool thorough);

/*
 * Finishes the mix that search->tied has just solved for search->flow, within search->rights, and keeps the result where it is better. What funds pay
 * of one-off costs is then known and kept free in search->repair.right; the mix is solved again for it, and flow and multipliers are
 * those of the last. STATUS_NO_MEMORY.
 */
int match_finish_mix(struct match_search *search);

/*
 * Finishes given awards of the choices and lumps that are open in search->flow, in whole units, within search->rights, and keeps the result where
 * it is better. What funds pay of one-off costs is found on the way. STATUS_NO_MEMORY.
 */
struct match_part;
int match_finish_parts(struct match_search *search, const struct match_part *parts, uint32_t count);

/*
 * Takes a list of awards, by line and offer, as it is, and keeps it as the plan where it is valid and better. *lacks: nations that it is short of.
 * STATUS_NO_MEMORY.
 */
struct match_split_part;
int match_finish_list(struct match_search *search, const struct match_split_part *parts, uint32_t count, int64_t *lacks);

#endif
