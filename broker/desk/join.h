/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_JOIN_H
#define BROKER_DESK_JOIN_H

#include "broker/desk/noun.h"

/* Notes that the three keys are a party's, so that none of them is ever registered again. Errors of storage. */
int join_register_keys(struct store_txn *txn, const Muster__PartyKeys *keys, const char *party);

/* In check: a fault for each of the three that anybody has, or ever had. Errors of storage. */
int join_check_unused(struct desk_work *work, const Muster__PartyKeys *keys);

#endif
