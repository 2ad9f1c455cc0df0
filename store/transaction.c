/* SPDX-License-Identifier: EUPL-1.2 */
/* Transactions, flushing, readers and room. */
#include <errno.h>
#include <stdlib.h>

#include "proto/status.h"
#include "store/inside.h"

static int begin(struct store *store, bool write, struct store_txn **txn)
{
    *txn = NULL;
    if (write && store->read_only) {
        return STATUS_DENIED;
    }
    if (write && atomic_load(&store->failed)) {
        return STATUS_IO;
    }
    struct store_txn *made = calloc(1, sizeof *made);
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    made->store = store;
    made->write = write;
    if (write && store->journal) {
        journal_begin(store->journal);
    }
    if (write && store->kept && keep_is_keeper(store)) {
        made->txn = store->kept;
        *txn = made;
        return STATUS_OK;
    }
    int error = mdb_txn_begin(store->env, NULL, write ? 0 : MDB_RDONLY, &made->txn);
    if (error) {
        free(made);
        return store_status(store, error);
    }
    *txn = made;
    return STATUS_OK;
}

int store_begin_write(struct store *store, struct store_txn **txn)
{
    *txn = NULL;
    int status = keep_is_keeper(store) ? keep_restore(store) : STATUS_OK;
    return status == STATUS_OK ? begin(store, true, txn) : status;
}

int store_begin_read(struct store *store, struct store_txn **txn)
{
    *txn = NULL;
    /* After a failure nothing is put anywhere; what is in its place can be read. */
    int status = keep_is_keeper(store) && !atomic_load(&store->failed) ? store_settle(store) : STATUS_OK;
    /* Reading goes on without room to write: this thread sees what was kept where it is. */
    if (status == STATUS_NO_SPACE) {
        return store_begin_look(store, txn);
    }
    return status == STATUS_OK ? begin(store, false, txn) : status;
}

int store_begin_look(struct store *store, struct store_txn **txn)
{
    *txn = NULL;
    int status = keep_is_keeper(store) ? keep_restore(store) : STATUS_OK;
    if (status != STATUS_OK || !keep_is_keeper(store) || !store->kept) {
        return status == STATUS_OK ? begin(store, false, txn) : status;
    }
    struct store_txn *made = calloc(1, sizeof *made);
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    *made = (struct store_txn){.store = store, .txn = store->kept, .borrowed = true};
    *txn = made;
    return STATUS_OK;
}

struct store *store_of(const struct store_txn *txn)
{
    return txn->store;
}

/* Whether a write transaction goes on from what was kept. */
static bool is_kept(const struct store_txn *txn)
{
    return txn->write && keep_is_keeper(txn->store) && txn->txn == txn->store->kept;
}

/* What was kept went with it, and has to be made again. */
static void lose(struct store *store)
{
    store->kept = NULL;
    store->lost = true;
}

/* What was read within it is not to be taken for what stands. */
static void note_undone(const struct store_txn *txn)
{
    if (txn->write && txn->generation) {
        atomic_fetch_add(&txn->store->undone, 1);
    }
}

void store_abort(struct store_txn *txn)
{
    if (!txn) {
        return;
    }
    bool kept = is_kept(txn);
    note_undone(txn);
    if (!txn->borrowed && !(kept && !txn->generation)) {
        mdb_txn_abort(txn->txn);
        if (kept) {
            lose(txn->store);
        }
    }
    free(txn);
}

/*
 * The commit itself, between the two questions to the seam. "Done, but reported as failed" is an I/O error whatever the disk's room is:
 * nobody knows what stands.
 */
static int commit_now(struct store *store, MDB_txn *txn)
{
    const struct store_files *files = store->files;
    int error = files->before(files->data, STORE_CALL_COMMIT);
    if (error) {
        mdb_txn_abort(txn);
        return store_status(store, error);
    }
    error = mdb_txn_commit(txn);
    int told = files->after(files->data, STORE_CALL_COMMIT, error);
    if (told && !error) {
        atomic_store(&store->failed, true);
        return STATUS_IO;
    }
    return store_status(store, told);
}

/* With all that was kept before. */
static int commit_all(struct store_txn *txn)
{
    struct store *store = txn->store;
    bool kept = is_kept(txn);
    int status = keep_mark(txn);
    if (status != STATUS_OK) {
        store_abort(txn);
        return status;
    }
    status = commit_now(store, txn->txn);
    if (status != STATUS_OK || !keep_is_keeper(store)) {
        note_undone(txn);
    }
    free(txn);
    if (status == STATUS_OK) {
        keep_done(store);
    } else if (kept) {
        lose(store);
    }
    return status;
}

int store_commit(struct store_txn *txn)
{
    if (!txn->write) {
        store_abort(txn);
        return STATUS_OK;
    }
    int status = txn->broken ? txn->broken : store_room(txn->store);
    if (status != STATUS_OK) {
        store_abort(txn);
        return status;
    }
    return commit_all(txn);
}

/* The room was there when it was kept. */
int store_settle(struct store *store)
{
    struct store_txn *txn = NULL;
    int status = keep_is_keeper(store) ? keep_restore(store) : STATUS_OK;
    if (status != STATUS_OK || !keep_is_keeper(store) || !store->kept) {
        return status;
    }
    status = begin(store, true, &txn);
    return status == STATUS_OK ? commit_all(txn) : status;
}

/* The record, between the same two questions. */
static int write_record(struct store *store)
{
    const struct store_files *files = store->files;
    int error = files->before(files->data, STORE_CALL_COMMIT);
    if (!error) {
        error = files->after(files->data, STORE_CALL_COMMIT, journal_write(store->journal));
    }
    return error;
}

int store_keep(struct store_txn *txn)
{
    struct store *store = txn->store;
    bool room = false;
    if (!txn->write || txn->broken || !keep_is_keeper(store)) {
        return store_commit(txn);
    }
    if (!txn->generation) {
        store_abort(txn);
        return STATUS_OK;
    }
    int status = keep_has_room(store, &room);
    if (status != STATUS_OK) {
        store_abort(txn);
        return status;
    }
    if (!room) {
        return commit_all(txn);
    }
    uint64_t number = journal_number(store->journal);
    int error = write_record(store);
    /* A file system that writes elsewhere may have no room for it: a commit may, and uses up the record's number. */
    if (error == ENOSPC || error == EDQUOT) {
        status = commit_all(txn);
        if (status != STATUS_OK) {
            journal_withdraw(store->journal, number);
        }
        return status;
    }
    if (error) {
        atomic_store(&store->failed, true);
        store_abort(txn);
        return STATUS_IO;
    }
    store->kept = txn->txn;
    free(txn);
    return STATUS_OK;
}

int store_sync(struct store *store)
{
    const struct store_files *files = store->files;
    int error = files->before(files->data, STORE_CALL_SYNC);
    if (!error) {
        error = files->after(files->data, STORE_CALL_SYNC, mdb_env_sync(store->env, 1));
    }
    return store_status(store, error);
}

int store_check_readers(struct store *store, unsigned *freed)
{
    int dead = 0;
    int error = mdb_reader_check(store->env, &dead);
    if (freed) {
        *freed = dead > 0 ? (unsigned)dead : 0;
    }
    return store_status(store, error);
}

/* Pages that deletions gave back: LMDB's table 0 lists them, each row a count and as many page numbers. */
static int free_pages(struct store *store, uint64_t *pages)
{
    struct store_txn *txn;
    MDB_cursor *cursor;
    MDB_val key, value;
    *pages = 0;
    int status = store_begin_read(store, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    int error = mdb_cursor_open(txn->txn, 0, &cursor);
    if (!error) {
        while (!(error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
            *pages += value.mv_size >= sizeof(size_t) ? value.mv_size / sizeof(size_t) - 1 : 0;
        }
        mdb_cursor_close(cursor);
    }
    status = error == MDB_NOTFOUND ? STATUS_OK : store_txn_status(txn, error);
    store_abort(txn);
    return status;
}

static bool reached(uint64_t used, uint64_t all, unsigned percent)
{
    return used >= all / 100 * percent;
}

int store_space(struct store *store, struct store_space *space)
{
    MDB_envinfo about;
    MDB_stat stat;
    uint64_t unused = 0;
    int status = STATUS_OK;
    *space = (struct store_space){0};
    if (store->files->space(store->files->data, store->path, &space->disk_free, &space->disk_size) != 0) {
        return STATUS_IO;
    }
    if (keep_is_keeper(store)) {
        store->free_seen = space->disk_free;
    }
    mdb_env_info(store->env, &about);
    mdb_env_stat(store->env, &stat);
    space->map_size = about.me_mapsize;
    space->map_used = ((uint64_t)about.me_last_pgno + 1) * stat.ms_psize;
    space->readers = about.me_numreaders;
    /* The file never shrinks: what lies free in it counts only once it has grown large, since the list may be long. */
    if (reached(space->map_used, space->map_size, STORE_ALARM_PERCENT)) {
        status = free_pages(store, &unused);
        space->map_used -= unused * stat.ms_psize;
    }
    uint64_t disk_used = space->disk_size - space->disk_free;
    uint64_t reserve = space->disk_size / 100 * STORE_RESERVE_PERCENT;
    reserve = reserve > STORE_RESERVE_MOST ? STORE_RESERVE_MOST : reserve;
    space->full = space->disk_free < store->floor;
    space->alarm = reached(space->map_used, space->map_size, STORE_ALARM_PERCENT) ||
                   reached(disk_used, space->disk_size, STORE_ALARM_PERCENT) || space->full;
    space->reserve = reached(space->map_used, space->map_size, 100 - STORE_RESERVE_PERCENT) || space->full ||
                     space->disk_free < reserve;
    return status;
}
