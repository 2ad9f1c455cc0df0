/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_INIT_BACKUP_H
#define BROKER_INIT_BACKUP_H

#include "broker/config.h"

/*
 * Backups from the shell. A backup is the log in a vault (proto/vault.h, proto/backup.h) that only the recovery key opens, which was made
 * with the exchange and is kept offline. Each function complains on standard error itself, naming the byte or entry that is wrong, and
 * returns an exit code. One thread.
 */

/* Makes a recovery key: its secret half in the new file `secret`, mode 0600, its public half in the exchange's folder. */
int backup_make_key(const char *directory, const char *secret);

/* Writes a backup into the new file `to`: flushed, read back from the disk and hashed again before it gets its name. While musterd runs, too. */
int init_backup(const struct config *config, const char *to);

/* Reads all of a backup and says what is in it. recovery: the file of the recovery key. */
int init_check_backup(const char *backup, const char *recovery);

/*
 * Fills a new store in folder store_path from a backup, tables and all. directory gets the public half of the recovery key, so that the
 * next backup is sealed to it. What is left of a failure is the caller's to remove.
 */
int backup_bring_back(const char *backup, const char *recovery, const char *directory, const char *store_path);

#endif
