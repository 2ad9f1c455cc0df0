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

#endif
