/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is kept: one LMDB environment with the log and the tables derived from it. Nothing above this folder knows LMDB.
 *
 * One thread of one process writes; any number of read transactions see a consistent state meanwhile and never wait. A
 * commit returns when its bytes are durable. What happens when the storage fails (RELIABILITY's measurements on Debian 12):
 *   - map or disk full: the transaction is refused with STATUS_NO_SPACE, reads and later, smaller writes go on. A full
 *     disk can show as EIO, so the file system is asked before the storage is blamed;
 *   - an I/O error: STATUS_IO, and every later begin_write too, since the kernel forgets what it failed to write: the
 *     process ends and a person looks;
 *   - at every start store_open() forces a sync before anything is written: a head that reached the disk in an attempt
 *     that reported failure must not be undone later.
 * store_keep() makes a transaction durable by one record of a journal beside LMDB's file, and leaves it to a later commit to put many of
 * them in their place: a commit writes some 25 pages all over the file and flushes twice, a record one piece of a file and flushes once.
 * LMDB's file stays what it was at its last commit, so whatever ends the process, a start finds both whole.
 * The folder is locked: a second opening for writing, by this process or another, is refused. Only this module may open
 * its files: closing the lock file anywhere else in the process would drop LMDB's lock.
 * Open after fork, never before. The folder must lie on a local file system.
 */

#define STORE_FORMAT 1u                              /* of the file; a newer one is refused */
#define STORE_MAP_DEFAULT ((uint64_t)64 << 30)       /* address space, reserved once; the file stays as small as what it holds */
#define STORE_MAP_LEAST ((uint64_t)1 << 20)
#define STORE_FLOOR_DEFAULT ((uint64_t)256 << 20)    /* bytes that must stay free on the disk */
#define STORE_READERS_MOST 126u                      /* read transactions at once, over all processes */
#define STORE_ALARM_PERCENT 70u                      /* of map or disk: tell the operator */
#define STORE_RESERVE_PERCENT 5u                     /* of map and disk: for entries of the exchange and coordinators */
#define STORE_RESERVE_MOST ((uint64_t)4 << 30)       /* bytes of a large disk that are kept so at most */

struct store;
struct store_txn;

/* What the store asks of the file system beside LMDB's own calls: a simulation or a test passes its own. */
enum store_call { STORE_CALL_SYNC, STORE_CALL_COMMIT, STORE_CALL_COPY };
struct store_files {
    /* Bytes free to this user and bytes in all on the file system of path; 0 or an errno. */
    int (*space)(void *data, const char *path, uint64_t *free_bytes, uint64_t *all_bytes);
    /* Asked before a call: 0: do it; an errno: don't, it failed so. */
    int (*before)(void *data, enum store_call call);
    /* Told the errno (0: success) of a call that was done; what it returns is taken instead: "done but reported failed". */
    int (*after)(void *data, enum store_call call, int error);
    void *data;
};

/* statvfs(), and no faults. */
extern const struct store_files store_files_system;

struct store_options {
    uint64_t map_size;  /* bytes, rounded up to whole pages; 0: STORE_MAP_DEFAULT */
    uint64_t floor;     /* bytes that must stay free; STORE_FLOOR_DEFAULT where default_floor */
    bool default_floor;
    bool read_only;     /* no lock, no write; the folder must exist and its lock file be writable to this user */
    bool keep;          /* with a journal: store_keep() is worth its name, for the thread that opens the store and for no other */
    bool create;        /* make folder and store where there is none; else STATUS_NOT_FOUND */
    const struct store_files *files; /* NULL: store_files_system; must outlive the store */
};

/*
 * Opens the store in folder path, syncs it, checks its format and clears dead readers. *store is closed with store_close().
 * Read only, it sees all that was acknowledged before: what lies in the journal is brought in by itself, or by whoever has the store open,
 * within two seconds (else STATUS_BUSY).
 * STATUS_NOT_FOUND (none there, also after a creation that was cut short), STATUS_BUSY (open elsewhere), STATUS_STALE (read only, and an
 * older version wrote it: open it for writing first), STATUS_NEWER, STATUS_CORRUPT (no store of ours, or a damaged one), STATUS_NO_SPACE,
 * STATUS_IO, STATUS_NO_MEMORY, STATUS_DENIED (permissions).
 */
int store_open(const char *path, const struct store_options *options, struct store **store);

/*
 * The process that last had the store in folder path open for writing, as it noted itself: where store_open() said STATUS_BUSY, the one that
 * has it open now. 0: none noted.
 */
long store_holder(const char *path);

/* Ends it; no transaction may be open. Takes NULL. */
void store_close(struct store *store);

/* True where the tables were written by an older apply than STORE_TABLES_VERSION's: call store_rebuild() before anything else. */
bool store_needs_rebuild(const struct store *store);

/* Begins the one write transaction (waits for another of this process). It belongs to the calling thread. STATUS_IO once storage has failed. */
int store_begin_write(struct store *store, struct store_txn **txn);

/*
 * Begins a read transaction on the state as it is now. Any thread may use it, one at a time; but where no room is left to put in its place what
 * was kept, it is a store_begin_look() of the thread that keeps. STATUS_BUSY: too many readers.
 */
int store_begin_read(struct store *store, struct store_txn **txn);

/*
 * Makes the transaction's changes durable and ends it, whatever is returned: after an error nothing of it remains.
 * STATUS_NO_SPACE (also: free space below the floor), STATUS_IO, STATUS_NO_MEMORY. On a read transaction: store_abort().
 */
int store_commit(struct store_txn *txn);

/*
 * Makes the transaction's changes durable as store_commit() does and with its errors, at the price of one flush of a few pages: they go
 * to the journal as one record, and to their place later. The thread that opened the store sees them at once in whatever it begins;
 * others, and other processes, once they are settled. Without the option keep, on another thread, for changes of more than some
 * megabytes, and where little room is left, it is store_commit().
 */
int store_keep(struct store_txn *txn);

/*
 * Puts what was kept in its place, so that everybody sees it. Done by itself when the journal is full, before store_begin_read() and
 * store_commit() of the keeping thread, and at store_close(). The errors of store_commit(); what was kept stays kept, and durable.
 */
int store_settle(struct store *store);

/*
 * A read transaction on the newest state that settles nothing: for short looks of the thread that keeps, between its write
 * transactions; ended before the next begins. store_begin_read() on any other.
 */
int store_begin_look(struct store *store, struct store_txn **txn);

/* Ends a transaction without its changes; takes NULL. */
void store_abort(struct store_txn *txn);

/* The store of a transaction. */
struct store *store_of(const struct store_txn *txn);

/* Forces what was committed to the disk (store_open() did so once). STATUS_IO, STATUS_NO_SPACE. */
int store_sync(struct store *store);

/* Frees the slots of readers whose process is gone: at start, at each child's death, each minute. *freed may be NULL. */
int store_check_readers(struct store *store, unsigned *freed);

struct store_space {
    uint64_t map_size, map_used;   /* bytes; used: pages that hold something */
    uint64_t disk_size, disk_free; /* bytes */
    unsigned readers;              /* slots in use */
    bool alarm;                    /* STORE_ALARM_PERCENT of map or disk reached */
    bool reserve;                  /* only STORE_RESERVE_PERCENT is left of either */
    bool full;                     /* the disk is below the floor */
};

/* How much room there is. May be called at any time on the writer's thread (a batch asks once, not for each submission). STATUS_IO. */
int store_space(struct store *store, struct store_space *space);

/*
 * Writes a compact copy of the store as it is now into the new folder to (mode 0700; it must not exist), flushes it, opens the copy
 * again and compares its hash with the original's snapshot (every page is read). Runs beside the writer. Keys never lie in a store.
 * *sha256 (32 bytes, may be NULL): tables_hash() of the copy. STATUS_EXISTS, STATUS_NO_SPACE, STATUS_CORRUPT, STATUS_IO, STATUS_NO_MEMORY.
 */
int store_backup(struct store *store, const char *to, uint8_t *sha256);

/* True once something was redacted whose bytes may still lie in the file's free pages: call store_scrub() before anything else. */
bool store_needs_scrub(const struct store *store);

/*
 * Puts a compact copy, which no dropped byte comes along with, in the place of the file of the store in folder path, and overwrites the
 * old file. The store must be closed; a kill or power cut at any point leaves the old file or the new one, and the mark until it is done. A
 * kill between the exchange of the two and the end of overwriting leaves the old blocks without a name, and what of them was not
 * overwritten yet stays on the disk until it is used again. (So does what a file system or disk that writes elsewhere keeps.)
 * STATUS_BUSY: it is open elsewhere; else as store_open() and store_backup().
 */
int store_scrub(const char *path, const struct store_options *options);

struct log_entry;

/* Applies one entry of the log to the tables; the same function live and in a rebuild. entry and its bytes hold during the call. */
typedef int store_apply(void *data, struct store_txn *txn, const struct log_entry *entry);

/*
 * Clears every DERIVED table and applies the whole log again, in one transaction: it is done or not done. Records STORE_TABLES_VERSION.
 * before and after (32 bytes each, may be NULL): tables_hash() before and after; equal where nothing was amiss. Errors of apply are passed on.
 */
int store_rebuild(struct store *store, store_apply *apply, void *data, uint8_t *before, uint8_t *after);

/* tables_hash() of the store as it is now. */
int store_dump_hash(struct store *store, uint8_t sha256[32]);

#endif
