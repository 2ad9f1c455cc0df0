/* SPDX-License-Identifier: EUPL-1.2 */
/* A copy of one snapshot, key by key into a fresh store: compact, every page of the original read, and no deleted byte comes along. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/status.h"
#include "store/inside.h"

#define COPY_BATCH ((size_t)32 << 20) /* bytes put in one transaction of the copy: bounds memory */

struct copy {
    struct store *from;
    MDB_env *env;
    MDB_txn *txn;
    size_t put; /* bytes in txn */
};

static int copy_open(struct copy *copy, const char *to)
{
    MDB_envinfo about;
    mdb_env_info(copy->from->env, &about);
    int error = mdb_env_create(&copy->env);
    error = error ? error : mdb_env_set_mapsize(copy->env, about.me_mapsize);
    error = error ? error : mdb_env_set_maxdbs(copy->env, TABLE_COUNT);
    /* Not flushed at each commit: nothing of it counts before the one flush at the end. */
    return error ? error : mdb_env_open(copy->env, to, MDB_NOSYNC | MDB_NOLOCK, 0600);
}

static int copy_commit(struct copy *copy)
{
    int error = copy->txn ? mdb_txn_commit(copy->txn) : 0;
    copy->txn = NULL;
    copy->put = 0;
    return error;
}

static int copy_table(struct copy *copy, struct store_txn *from, enum table table)
{
    MDB_cursor *cursor;
    MDB_dbi target;
    MDB_val key, value;
    int error = mdb_txn_begin(copy->env, NULL, 0, &copy->txn);
    error = error ? error : mdb_dbi_open(copy->txn, tables_name(table), MDB_CREATE, &target);
    error = error ? error : copy_commit(copy);
    error = error ? error : mdb_cursor_open(from->txn, copy->from->tables[table], &cursor);
    if (error) {
        return error;
    }
    while (!(error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        error = copy->txn ? 0 : mdb_txn_begin(copy->env, NULL, 0, &copy->txn);
        error = error ? error : mdb_put(copy->txn, target, &key, &value, MDB_APPEND);
        copy->put += key.mv_size + value.mv_size;
        if (!error && copy->put >= COPY_BATCH) {
            error = copy_commit(copy);
        }
        if (error) {
            break;
        }
    }
    mdb_cursor_close(cursor);
    return error == MDB_NOTFOUND ? copy_commit(copy) : error;
}

static int copy_all(struct copy *copy, struct store_txn *from, const char *to)
{
    const struct store_files *files = copy->from->files;
    int error = files->before(files->data, STORE_CALL_COPY);
    error = error ? error : copy_open(copy, to);
    for (enum table table = 0; table < TABLE_COUNT && !error; table++) {
        error = copy_table(copy, from, table);
    }
    error = error ? error : mdb_env_sync(copy->env, 1);
    mdb_txn_abort(copy->txn);
    if (copy->env) {
        mdb_env_close(copy->env);
    }
    error = error ? error : store_folder_sync(to);
    return files->after(files->data, STORE_CALL_COPY, error);
}

/* Takes no memory: what failed for want of it leaves nothing behind either. */
static void unlink_in(const char *folder, const char *name)
{
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        unlinkat(fd, name, 0);
        close(fd);
    }
}

/* Opens the copy as any reader would and hashes all of it. */
static int copy_check(const char *to, const uint8_t expected[32])
{
    const struct store_options options = {.read_only = true};
    struct store *store;
    uint8_t sha256[32];
    int status = store_open(to, &options, &store);
    if (status == STATUS_OK) {
        status = store_dump_hash(store, sha256);
        store_close(store);
    }
    unlink_in(to, "lock.mdb");
    if (status == STATUS_OK && memcmp(sha256, expected, sizeof sha256) != 0) {
        status = STATUS_CORRUPT;
    }
    return status;
}

/* The status of an error of the copy's own disk: only room is told apart. The original goes on. */
static int copy_status(const struct store *store, const char *to, int error)
{
    uint64_t free_bytes = 0, all_bytes = 0;
    switch (error) {
    case 0:
        return STATUS_OK;
    case ENOSPC:
    case EDQUOT:
    case MDB_MAP_FULL:
        return STATUS_NO_SPACE;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    case EEXIST:
        return STATUS_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_DENIED;
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    default:
        /* As in the store itself: a full disk shows as EIO. */
        return store->files->space(store->files->data, to, &free_bytes, &all_bytes) == 0 && free_bytes < COPY_BATCH ? STATUS_NO_SPACE
                                                                                                                    : STATUS_IO;
    }
}

int store_backup(struct store *store, const char *to, uint8_t *sha256)
{
    struct store_txn *txn;
    struct copy copy = {.from = store};
    uint8_t hash[32];
    if (mkdir(to, 0700) != 0) {
        return copy_status(store, to, errno);
    }
    int status = store_begin_read(store, &txn);
    if (status == STATUS_OK) {
        status = copy_status(store, to, copy_all(&copy, txn, to));
        status = status == STATUS_OK ? tables_hash(txn, hash, NULL) : status;
        store_abort(txn);
    }
    status = status == STATUS_OK ? copy_check(to, hash) : status;
    if (status != STATUS_OK) {
        unlink_in(to, "data.mdb");
        rmdir(to);
        return status;
    }
    if (sha256) {
        memcpy(sha256, hash, sizeof hash);
    }
    return STATUS_OK;
}
