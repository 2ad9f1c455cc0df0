/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_EXACT_H
#define BROKER_MATCH_EXACT_H

#include "broker/match/search.h"

/*
 * Proves a small lot's plan the best there is, or finds the best one: branch and cut over the lot's integer program (exact_program.h) with the
 * dual simplex of tableau.h. It begins with the plan that the search found, and with all that its bound has ruled out; every bound that closes
 * a node is evaluated in whole numbers. Where proof.h sees suppliers' whole answers, this sees single units: what the money of a fund, the
 * cover of a one-off cost or a share rule leaves over is settled here.
 */

/* Whether a lot is small enough. */
bool match_exact_fits(const struct match_search *search);

/*
 * Improves search->best, and its bound; both meet where the search came to its end within search->exact_most. STATUS_NO_MEMORY.
 */
int match_exact_run(struct match_search *search);

#endif
