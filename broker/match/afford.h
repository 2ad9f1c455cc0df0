/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_AFFORD_H
#define BROKER_MATCH_AFFORD_H

#include "broker/match/bound.h"
#include "broker/match/ties.h"

/*
 * Demands that their fund can't pay for. A demand with a minimum is served by at least that or not at all, but a relaxation serves a part
 * of it with what money there is, and then promises far too much: at the least that its minimum can cost, from whoever serves it cheapest,
 * one that costs more than the fund has can be left out for good.
 */

/* Marks these as out in the limits. rights of the ties: what may be spent. STATUS_NO_MEMORY. */
int match_afford_bar(const struct match_model *model, const struct match_ties *ties, struct arena *arena, struct match_limits *limits);

#endif
