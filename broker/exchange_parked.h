/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_PARKED_H
#define BROKER_EXCHANGE_PARKED_H

#include "broker/exchange_request.h"

/*
 * Who waits: watches until there is news for them or their time is over, compares until the planner has answered. A parked
 * request keeps its arena, so their number is limited, and one party may have PARKED_EACH of them. Writer's thread.
 */

#define PARKED_EACH 8u
#define PARKED_WATCH_MOST 60u     /* seconds */
#define PARKED_COMPARE_SECONDS 300u

/* Whether an opened request is a watch without news that may wait: then its stage is REQUEST_PARKED. */
int parked_consider(struct exchange *exchange, uint64_t log_time, struct exchange_request *request);

/* Takes a parked request over. A compare that repeats one that waits takes its place, a watch too many that of its party's
 * oldest; where there is no room it is answered with OUTCOME_BUSY. */
void parked_add(struct exchange *exchange, struct exchange_request *request, const struct exchange_sink *sink);

/* Answers those for whom there is news or whose time is over. */
int parked_look(struct exchange *exchange, const struct exchange_sink *sink);

/* The compare that waits longest for the planner, or NULL. It stays parked. */
struct exchange_request *parked_next_compare(struct exchange *exchange);

/* Answers one parked request, whose answer is filled in, and frees it. */
void parked_release(struct exchange *exchange, struct exchange_request *request, const struct exchange_sink *sink);

/* Frees them all, unanswered. */
void parked_drop_all(struct exchange *exchange);

#endif
