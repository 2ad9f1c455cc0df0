/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_JOIN_H
#define BROKER_DESK_JOIN_H

#include "broker/desk/state.h"

/* Notes that the three keys are a party's, so that none of them is ever registered again. Errors of storage. */
int join_register_keys(struct store_txn *txn, const Muster__PartyKeys *keys, const char *party);

#endif
