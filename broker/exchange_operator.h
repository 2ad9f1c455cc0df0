/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_OPERATOR_H
#define BROKER_EXCHANGE_OPERATOR_H

#include "broker/exchange.h"
#include "proto/fingerprint.h"
#include "proto/introduction.h"
#include "proto/new_keys.h"

/*
 * What the operator of the host does to an exchange whose daemon is stopped, each as one entry that its parties see. The store's
 * lock keeps a running daemon and these apart. Writer's thread.
 */

/* The exchange's address, origin and public keys as its state has them: with these keys a daemon starts. */
int exchange_public(struct exchange *exchange, struct introduction_exchange *public_keys);

/*
 * Lets a coordinator in: a new one, or one that is known, under new keys; those that it had end. fingerprint gets all eight groups
 * of its keys, to be compared with what its own program shows. STATUS_EXISTS: these keys, or one of them, were registered before;
 * STATUS_DENIED: a party of that name is no coordinator; else failures of storage and memory.
 */
int exchange_admit(struct exchange *exchange, const struct introduction_coordinator *coordinator, char fingerprint[FINGERPRINT_TEXT_SIZE],
                   uint64_t *position);

/*
 * Writes the exchange's new keys, signed by the log key, the signing key in force and the new one (pair). keys has the new public
 * halves of box and front filled in; the rest is filled in here. From then on a daemon starts with the new keys alone.
 * sign_only: fills keys in and writes nothing.
 */
int exchange_rekey(struct exchange *exchange, const struct key_pair *signing, struct new_keys_exchange *keys, bool sign_only,
                   uint64_t *position);

#endif
