/* SPDX-License-Identifier: EUPL-1.2 */
/* What LMDB's and the system's errors mean here. */
#include <errno.h>

#include <lmdb.h>

#include "proto/status.h"
#include "store/inside.h"

#define FULL_MARGIN ((uint64_t)1 << 20) /* a disk with less than this free above its floor is full: a batch may need more */

/* LMDB reports a short write as EIO, and so does a file system that ran full behind the page cache. */
static int status_of_io(struct store *store)
{
    uint64_t free_bytes = 0, all_bytes = 0;
    if (store->files->space(store->files->data, store->path, &free_bytes, &all_bytes) == 0 && free_bytes < store->floor + FULL_MARGIN) {
        return STATUS_NO_SPACE;
    }
    atomic_store(&store->failed, true);
    return STATUS_IO;
}

int store_status(struct store *store, int error)
{
    switch (error) {
    case MDB_SUCCESS:
        return STATUS_OK;
    case MDB_NOTFOUND:
    case ENOENT:
        return STATUS_NOT_FOUND;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
        return STATUS_NO_SPACE;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    case MDB_READERS_FULL:
    case MDB_MAP_RESIZED:
    case EBUSY:
    case EAGAIN:
        return STATUS_BUSY;
    case MDB_BAD_VALSIZE:
        return STATUS_TOO_LARGE;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_TXN:
    case MDB_CURSOR_FULL:
        return STATUS_CORRUPT;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_DENIED;
    default:
        /* EIO, MDB_PANIC (a head could not be written), and what nobody foresaw. */
        return status_of_io(store);
    }
}

int store_txn_status(struct store_txn *txn, int error)
{
    int status = store_status(txn->store, error);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND && !txn->broken) {
        txn->broken = status;
    }
    return status;
}

int store_room(struct store *store)
{
    uint64_t free_bytes = 0, all_bytes = 0;
    if (store->files->space(store->files->data, store->path, &free_bytes, &all_bytes) != 0) {
        return STATUS_IO;
    }
    return free_bytes < store->floor ? STATUS_NO_SPACE : STATUS_OK;
}
