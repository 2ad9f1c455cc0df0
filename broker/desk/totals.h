/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_TOTALS_H
#define BROKER_DESK_TOTALS_H

#include "broker/desk/noun.h"

/*
 * In check of demands: whether each lot that the submission touches keeps a total that the matching core can plan. Without this, one
 * absurd figure would keep a whole lot from being planned for all others. Adds a fault for each lot that would not.
 */
int totals_check(struct desk_work *work);

#endif
