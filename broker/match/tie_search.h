/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_TIE_SEARCH_H
#define BROKER_MATCH_TIE_SEARCH_H

#include "broker/match/search.h"

/*
 * Local search where rows tie awards together: a set of choices and lumps is judged by what it is worth under the rows (tied.h), each
 * set at multipliers of its own.
 *
 * Line prices and multipliers of the set at hand bound what every change of it can add (screen.h); a change that may add something is
 * first valued at these multipliers, which can only flatter it, and only then at its own.
 */

/*
 * Improves search->flow and keeps every plan made of it that is better. tries: changes to value; solves: changes to value at their own
 * multipliers. The flow is left with the multipliers of its own. STATUS_NO_MEMORY.
 */
int match_tie_improve(struct match_search *search, uint32_t tries, uint32_t solves);

/*
 * For a lot without any plan yet: starts from many offers at once, whatever they cost to take up, so that the rows can be kept, and takes
 * back those that do not pay. STATUS_NO_MEMORY.
 */
int match_tie_seed(struct match_search *search, uint32_t tries);

/* Judges search->trial, made under the multipliers in force, and takes it over if it is worth more under the rows than cut cents. */
int match_tie_take_over(struct match_search *search, double cut, bool *taken);

#endif
