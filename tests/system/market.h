/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SYSTEM_MARKET_H
#define TESTS_SYSTEM_MARKET_H

#include "tests/system/party.h"

/*
 * The smallest market that gives a bundle: one item, two agencies that need it, one supplier that has it. For tests of the
 * daemon that need something to plan.
 */

struct market {
    struct party hq;
    struct party nl;
    struct party de;
    struct party supplier;
};

/* Joins the parties and submits the item. */
int market_open(struct harness *harness, struct market *market);
void market_close(struct market *market);

/* One demand of quantity for the item, due in 2028-06, at most 100.00 each. */
int market_demand(struct party *agency, const char *id, uint64_t quantity, Muster__Answer **answer);

/* One offer: from 1 unit at 50.00, 1000 a month from 2027-06. */
int market_offer(struct party *supplier, const char *id, Muster__Answer **answer);

#endif
