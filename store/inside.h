/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <lmdb.h>

#include "store/journal.h"
#include "store/seen.h"
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
    uint64_t last;      /* number of the journal's last record when it was opened: a view that is read only lags where it is not settled */
    struct journal *journal; /* of store_keep(); NULL: everything is committed */
    pthread_t keeper;   /* the thread that keeps; what follows is its own */
    MDB_txn *kept;      /* the write transaction that stays open over what was kept and is not in its place; NULL: nothing is */
    bool lost;          /* it ended before its time: it is to be made again from the journal */
    uint64_t free_seen; /* bytes free as store_space() found them, for the transaction that begins with it; 0: to be asked anew */
    uint64_t settled;   /* number of the last record of the journal that is in its place */
    struct seen seen;
    atomic_uint_fast64_t undone; /* transactions whose writes were undone, or that another thread than the keeper's made */
    MDB_dbi tables[TABLE_COUNT];
};

struct store_txn {
    struct store *store;
    MDB_txn *txn;
    bool write;
    bool borrowed;       /* txn is the store's: it outlives this */
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

#define FACT_SCRUB "scrub"     /* 1: dropped bytes lie in the file's free pages */

/* A change for the journal's record at hand. value may be NULL where length is 0. */
enum keep_change { KEEP_PUT = 1, KEEP_DELETE, KEEP_CLEAR };
void keep_note(struct store_txn *txn, enum keep_change change, enum table table, const struct store_key *key, const void *value, size_t length);

/*
 * Puts in its place what the journal of a store that was opened holds, *done where there was something; keep: goes on with it. Read
 * only: looks alone, and says in the store whether it lags.
 */
int keep_open(struct store *store, bool keep, bool *done);

/* Whether this is the thread that keeps. */
bool keep_is_keeper(const struct store *store);

/* Makes what was kept again from the journal where it was lost. STATUS_OK where it was not. The keeper's thread. */
int keep_restore(struct store *store);

/* Whether the record at hand is to go to the journal, by the room in map, disk and file; else all is to be committed. STATUS_NO_SPACE: below the floor. */
int keep_has_room(struct store *store, bool *room);

/* Before a commit: the store says up to which record it has the journal. After it: the journal begins anew. */
int keep_mark(struct store_txn *txn);
void keep_done(struct store *store);

#endif
