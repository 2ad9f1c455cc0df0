/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_EXPLAIN_H
#define BROKER_MATCH_EXPLAIN_H

#include <stdbool.h>

#include "broker/match/market.h"
#include "broker/match/plan.h"
#include "proto/arena.h"

/*
 * Explanations that are true. For every uncovered demand and every offer without a new award: the first reason that holds, a sentence
 * with the figures, and changes that were tried, each by planning its lot again with that one thing changed, the reference value
 * computed anew and other lots' spending of funds held. A reason that is no fact is verified the same way, and stated only if the
 * changed lot gives the demand more. A figure in a change ("a ceiling of EUR 3,410.00") is one that was planned with; where many
 * figures could be tried, the least is found by halving and is exact to the cent or unit only where the text gives no "about".
 *
 * The texts hold figures of others (ceilings, prices, who got it): they are for the coordinator. What a party may be told of them is the
 * caller's to cut.
 */

struct match_explain_options {
    const char *currency; /* of the base, for sentences */
    uint32_t threads;     /* 0 counts as 1; the result is the same for any number */
    /* Asked before each re-plan, from any thread; true for good once it is true. NULL: never. */
    bool (*stop)(void *context);
    void *context; /* of both */
    /* Told from any thread how many demands and offers are explained, of how many. NULL: nobody is. */
    void (*progress)(void *context, size_t explained, size_t count);
};

/*
 * Fills in reason, text and tried of uncovered, and unused, of every lot of a plan whose reasons are there. Everything lies in arena.
 * Where it was stopped, a demand that is not explained keeps the reason that it had, without text, and such an offer is not in unused: nothing
 * is stated of it that was not verified. STATUS_NO_MEMORY.
 */
int match_explain_plan(const struct match_market *market, const struct match_explain_options *options, struct arena *arena,
                       struct match_plan *plan);

#endif
