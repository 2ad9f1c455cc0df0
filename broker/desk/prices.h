/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_PRICES_H
#define BROKER_DESK_PRICES_H

#include "broker/desk/state.h"
#include "proto/log.pb-c.h"

/*
 * Which lots a submission of demands or offers changes prices in: a changed ceiling, price, one-off cost, freight or
 * currency, a withdrawal, and a new object where the party had one in the lot before. The tables must be as they
 * stood before the submission.
 */
struct prices_lots {
    const char **items; /* none twice */
    size_t count;
};

int prices_lots(struct store_txn *txn, const Muster__Submission *submission, const char *party, struct arena *arena, struct prices_lots *lots);

#endif
