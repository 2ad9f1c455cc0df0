/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_METRICS_H
#define BROKER_METRICS_H

#include <stdint.h>

#include "broker/exchange.h"

/*
 * The exchange's counters as log lines: totals alone, without party, lot, item or amount. And the alarm when the store or
 * its disk fills.
 */

struct metrics {
    uint64_t period;       /* milliseconds; 0: no lines but the alarm */
    uint64_t reported;     /* monotonic milliseconds */
    uint64_t space_looked;
    uint64_t answers_lost;
    int alarmed;           /* the alarm was told and has not ended */
};

void metrics_start(struct metrics *metrics, uint64_t period, uint64_t now);

/* Writes what is due at now. */
void metrics_report(struct metrics *metrics, struct exchange *exchange, uint64_t now);

#endif
