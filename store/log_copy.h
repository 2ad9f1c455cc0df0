/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef STORE_LOG_COPY_H
#define STORE_LOG_COPY_H

#include "proto/backup.h"
#include "store/log.h"

/* The log of a store into a backup, and of a backup into a new store. What is copied out is final, so it may be done over many transactions. */

/*
 * Adds the entries from *position to below size, each batch with its head, until about budget plain bytes are added or all are; *position
 * moves on. size must be that of a head. STATUS_CORRUPT; the storage's; those of vault_add().
 */
int log_copy_out(struct store_txn *txn, uint64_t *position, uint64_t size, size_t budget, struct vault_writer *writer);

/*
 * Adds one record to a store that is being filled: an entry, or a head, which must be that of what stands before it. Signatures are
 * log_verify()'s to check. STATUS_CORRUPT: it does not fit; else as log_append().
 */
int log_copy_in(struct store_txn *txn, const struct backup_record *record);

#endif
