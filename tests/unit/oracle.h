/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_ORACLE_H
#define TESTS_UNIT_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/match/market.h"

/* A brute-force twin of the planner: on a tiny lot every choice of tiers and quantities is tried, each judged by the verifier. */

#define ORACLE_LINES_MOST 5u
#define ORACLE_OFFERS_MOST 3u

/*
 * The best objective of any valid plan of a market of one lot; 0 where only the empty plan is valid. valid: how often a better plan was found.
 * False where the lot is not tiny (lines, offers, more than `most` plans) or has commitments.
 */
bool oracle_best(const struct match_market *market, uint64_t most, int64_t *best, uint32_t *valid);

#endif
