/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_KEYS_H
#define BROKER_DESK_KEYS_H

#include "broker/desk/noun.h"

/*
 * New keys of a party that was confirmed once, whether it announced them itself or came in again under a new invitation. They
 * are let in to ask for their own state, and nothing else, until they bind: 24 hours after their entry, which the party's
 * keys in force and all coordinators see, or at once where a second person has compared their fingerprint: a coordinator
 * other than who acted first. Keys of an invitation never bind before a coordinator has compared them. The keys in force can
 * cancel them until then, a coordinator can void them, and a suspension ends them.
 */

#define KEYS_WAIT DESK_DAY /* log time from the entry until new keys bind */

/* Whether new keys of the party have to wait: it was confirmed once. */
bool keys_are_to_wait(const Muster__PartyRecord *party);

/* In apply: keys begin to wait; by: who acted first. What stood waiting before is dropped. */
int keys_wait(const struct desk_entry *entry, Muster__PartyRecord *party, Muster__PartyKeys *keys, const char *by);

/* In apply: the waiting keys are the party's from now on, or are dropped. Change the record alone and the order of what is due. */
int keys_bind(const struct desk_entry *entry, Muster__PartyRecord *party);
int keys_forget(const struct desk_entry *entry, Muster__PartyRecord *party);

/*
 * Whether a coordinator's comparison of waiting keys binds them at once, because another than sender acted first. *same: the
 * sender would be both, and nothing is left that it can do.
 */
int keys_are_compared_by(struct store_txn *txn, struct arena *arena, const Muster__PartyRecord *party, const char *sender, bool *at_once,
                         bool *same);

/* Whether the keys that wait may bind at context's log time, in due's keys_bound; left NULL where none may. */
int keys_next_due(struct store_txn *txn, const struct desk_context *context, struct arena *arena, Muster__Submission *due);

/* The log time at which keys that wait may come to bind without another entry; UINT64_MAX: none may. */
int keys_next_deadline(struct store_txn *txn, const struct desk_context *context, uint64_t *time);

#endif
