/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_INIT_H
#define BROKER_INIT_H

#include "broker/config.h"

/*
 * What an operator does to an exchange from the shell, one function a task: make one, look at it, rebuild its tables, verify
 * its log, bring a backup back (making one: init_backup.h). Each prints to standard output what a person needs, complains on standard error, and
 * returns an exit code. All but backup and check need the daemon stopped: the store's lock sees to it.
 */

struct init_options {
    const char *directory;    /* new, or empty */
    const char *coordinator;  /* file of the first coordinator's public keys (proto/introduction.h) */
    const char *origin;       /* name of the log: "muster.example/log" */
    const char *address;      /* tcp://HOST:PORT that the front listens on and invitations name */
    const char *recovery;     /* --init: where the new recovery key goes (NULL: recovery.key in directory); --restore: the file of it */
    const char *test_clock;   /* file:PATH, or NULL; for tests */
};

/* A new exchange: keys, store with its genesis, musterd.conf, exchange.pub. */
int init_create(const struct init_options *options);

/* Reads the configuration, the keys and the store's first facts without changing anything. */
int init_check(const struct config *config);

/* Makes the tables again from the log. Says whether they were what the log makes. */
int init_rebuild(const struct config *config);

/* Hashes the whole log again, and says the first position that does not hold. */
int init_verify(const struct config *config);

/* Lets in the coordinator whose public keys file holds (proto/introduction.h), as an entry that every party sees. */
int init_admit_coordinator(const struct config *config, const char *file);

/* New signing, box and front keys of the exchange, and exchange.keys, by which its parties come to trust them. */
int init_new_keys(const struct config *config);

/*
 * Brings a backup back as a new exchange in directory: new keys, a new origin (so that it can't pass for the same history) and
 * the same log, whose next entry names the old origin and its last head.
 */
int init_restore(const char *backup, const struct init_options *options);

#endif
