/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <lmdb.h>

#include "store/store.h"
#include "store/tables.h"

/* What the files of this folder share and nothing above it may know. */

struct store {
    MDB_env *env;
    char *path;
    int lock_fd;     /* flock()ed while open for writing; -1: read only */
    dev_t device;    /* of the folder, so that it is not opened twice in one process */
    ino_t inode;
    struct store *next_open;
    const struct store_files *files;
    uint64_t floor;
    bool read_only;
    bool needs_rebuild;
    uintptr_t map;   /* where the file is mapped, as far as damage_map_add() found it */
    bool needs_scrub;
    atomic_bool failed; /* an I/O error happened: nothing is written any more */
    MDB_dbi tables[TABLE_COUNT];
};

struct store_txn {
    struct store *store;
    MDB_txn *txn;
    bool write;
    int broken;          /* first status that makes a commit impossible */
    uint64_t generation; /* raised by every write, so that cursors find their place again */
};

/* The status of LMDB's or the system's error; a full disk that shows as EIO is told from a failing one, which marks the store as failed. */
int store_status(struct store *store, int error);

/* The same within a transaction: remembers what makes it unusable. */
int store_txn_status(struct store_txn *txn, int error);

/* Free bytes are above the floor. STATUS_OK, STATUS_NO_SPACE, STATUS_IO. */
int store_room(struct store *store);

/* Faults in a store's map are told from others while it is open (store/damage.h). */
void damage_map_add(struct store *store);
void damage_map_remove(const struct store *store);

/* Flushes a folder's entries. 0 or an errno. */
int store_folder_sync(const char *path);

/* True for what is neither log nor made from it. */
bool tables_kept(enum table table);

/* Puts a row behind all others of its table. STATUS_INVALID where its key is not the greatest. */
int tables_append(struct store_txn *txn, enum table table, const struct store_key *key, const void *value, size_t length);

/* Deletes every row of a table, which stays. */
int tables_clear(struct store_txn *txn, enum table table);

/* Small facts in the META table. A number that is not there is 0. */
int tables_fact(struct store_txn *txn, const char *name, uint64_t *number);
int tables_set_fact(struct store_txn *txn, const char *name, uint64_t number);

#define FACT_SCRUB "scrub" /* 1: dropped bytes lie in the file's free pages */

#endif
