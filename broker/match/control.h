/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_CONTROL_H
#define BROKER_MATCH_CONTROL_H

#include <pthread.h>
#include <stdatomic.h>

#include "broker/match/match.h"

/* What all lots of one call share: the caller's options, whether he has said stop, and the sums of the passes. Safe for all workers. */

enum match_pass_index { MATCH_PASS_BUILD, MATCH_PASS_PRICES, MATCH_PASS_FIRST, MATCH_PASS_SCREEN, MATCH_PASS_BRANCH, MATCH_PASS_FINISH,
                        MATCH_PASS_COUNT };

struct match_control {
    const struct match_options *options; /* never NULL */
    atomic_bool stopped;
    pthread_mutex_t lock; /* of all below, and around the caller's functions */
    struct match_progress progress;
    struct match_counters counters;
};

void match_control_init(struct match_control *control, const struct match_options *options, uint32_t lot_count);

/* Asks the caller whether to stop, with the progress so far. control may be NULL: no. Remembers a yes. */
bool match_control_asks(struct match_control *control);

/* Counts a lot as done. */
void match_control_lot_done(struct match_control *control, int64_t objective, int64_t bound);

/* Counts a lot as bounded; then count of such lots as done, with their plans' objectives. */
void match_control_lot_bounded(struct match_control *control, int64_t bound);
void match_control_lots_planned(struct match_control *control, uint32_t count, int64_t objective);

/* Time of the caller's clock, 0 without one. */
uint64_t match_control_time(const struct match_control *control);

/* Adds one run of a pass that began at since. */
void match_control_count(struct match_control *control, enum match_pass_index pass, uint64_t since, uint64_t tries, uint64_t successes);

/* Hands the counters to the caller, if he wants them. */
void match_control_report(struct match_control *control);

#endif
