/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_LOTS_H
#define BROKER_DESK_LOTS_H

#include "broker/desk/state.h"

/* Lots that are tied: they have demands that draw on one fund with a balance, so they are planned together. */

struct lots_tie {
    const char *fund;
    const char *item;
};
struct lots_ties {
    struct lots_tie *list;
    size_t count;
};

/* Every (fund with a balance, lot) with a demand that draws on it. Empty, without a walk over demands, where no fund has a balance. */
int lots_ties(struct store_txn *txn, struct arena *arena, struct lots_ties *ties);

/*
 * The lots that are tied to item, itself first; only lots among may (by item), which item must be. list has room for may->count.
 */
size_t lots_tied(const struct lots_ties *ties, const struct state_lots *may, const char *item, const char **list);

/* Whether a lot has anything to plan: a demand of a confirmed party that was not withdrawn, or a commitment. */
int lots_has_demand(struct store_txn *txn, const char *item, struct arena *arena, bool *has);

#endif
