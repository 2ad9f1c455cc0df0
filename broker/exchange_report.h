/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_REPORT_H
#define BROKER_EXCHANGE_REPORT_H

#include <stdint.h>

#include "broker/exchange.h"
#include "broker/verifier.h"

/*
 * The exchange's counters as log lines: totals alone, without party, lot, item or amount. The alarm when the store or its
 * disk fills; and what the verification of the log in the background finds.
 */

struct exchange_report {
    uint64_t period;       /* milliseconds; 0: no lines but the alarm */
    uint64_t reported;     /* monotonic milliseconds */
    uint64_t space_looked;
    uint64_t answers_lost;
    int alarmed;           /* the alarm was told and has not ended */
    struct verifier_progress verified; /* as it was told last */
};

void exchange_report_start(struct exchange_report *report, uint64_t period, uint64_t now);

/* Tells of a pass that has ended, or of what does not hold: then STATUS_CORRUPT, or what else ended it. verifier NULL: STATUS_OK. */
int exchange_report_verified(struct exchange_report *report, struct verifier *verifier);

/* Writes what is due at now. */
void exchange_report_write(struct exchange_report *report, struct exchange *exchange, uint64_t now);

#endif
