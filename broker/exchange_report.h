/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_REPORT_H
#define BROKER_EXCHANGE_REPORT_H

#include <stdint.h>

#include "broker/exchange.h"

/*
 * The exchange's counters as log lines: totals alone, without party, lot, item or amount. And the alarm when the store or
 * its disk fills.
 */

struct exchange_report {
    uint64_t period;       /* milliseconds; 0: no lines but the alarm */
    uint64_t reported;     /* monotonic milliseconds */
    uint64_t space_looked;
    uint64_t answers_lost;
    int alarmed;           /* the alarm was told and has not ended */
};

void exchange_report_start(struct exchange_report *report, uint64_t period, uint64_t now);

/* Writes what is due at now. */
void exchange_report_write(struct exchange_report *report, struct exchange *exchange, uint64_t now);

#endif
