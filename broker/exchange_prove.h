/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_PROVE_H
#define BROKER_EXCHANGE_PROVE_H

#include "broker/exchange_write.h"

/*
 * The receipts of a batch, made from what its write transaction knows, so that they are packed and boxed while the disk still
 * flushes it: nobody is answered before the commit has succeeded, and where it fails they are thrown away. All receipts of
 * a batch rest on one head, so its nodes are read once.
 */

/*
 * After the head was signed and before the commit, writer's thread: the proofs of every request that this transaction accepted, in its
 * arena. An export is left out: what it hands over is read after the commit. STATUS_OK, STATUS_NO_MEMORY, or the storage's.
 */
int prove_batch(struct exchange_write *write, struct exchange_request **requests, size_t count);

/* Fills in and boxes the answer of a request that has its proofs. Any thread. */
void prove_seal(const struct exchange *exchange, struct exchange_request *request);

/* Throws away what was made for a transaction that was not kept. */
void prove_forget(struct exchange *exchange, struct exchange_request **requests, size_t count);

#endif
