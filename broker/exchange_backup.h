/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_BACKUP_H
#define BROKER_EXCHANGE_BACKUP_H

#include "broker/exchange_request.h"

/*
 * A backup that a coordinator takes over its own connection, part by part. An export entry opens it, so it is known who took one; it
 * holds the log up to the head of that entry's batch, sealed to the recovery key, so neither the coordinator nor its machine can read
 * it. One is under way at a time, in memory alone: after a restart it is begun anew. Any helper thread may answer; they take turns.
 */

struct exchange_backups;

/* recovery: the public key, or NULL where the folder has none: every backup is refused with what to do. STATUS_NO_MEMORY. */
int backups_new(const uint8_t recovery[32], struct exchange_backups **backups);

/* The public half of the recovery key of an exchange's folder. STATUS_NOT_FOUND, STATUS_INVALID, STATUS_IO. */
int backups_read_key(const char *directory, uint8_t recovery[32]);
int backups_write_key(const char *directory, const uint8_t recovery[32]);

/*
 * Answers a VERB_BACKUP of a coordinator. The last part is given again where it is asked for again. STATUS_OK (also where it was
 * refused), or a failure of storage or memory.
 */
int backups_answer(struct exchange_backups *backups, struct store_txn *txn, struct exchange_request *request, const Muster__Party *asker);

void backups_free(struct exchange_backups *backups);

#endif
