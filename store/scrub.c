/* SPDX-License-Identifier: EUPL-1.2 */
/* What was redacted leaves the file: a compact copy, made of the live rows alone, takes the file's place, and the old one is overwritten. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/status.h"
#include "store/inside.h"

#define COPY_FOLDER "store.scrub"
#define PATH_MOST 4096u
#define ZEROS ((size_t)1 << 20)

static int path_in(char path[PATH_MOST], const char *folder, const char *name)
{
    int length = snprintf(path, PATH_MOST, "%s/%s", folder, name);
    return length < 0 || length >= (int)PATH_MOST ? STATUS_TOO_LARGE : STATUS_OK;
}

/* The copy's folder and all that may lie in it. */
static void drop_copy(const char *copy)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "store.lock", JOURNAL_NAME};
    char path[PATH_MOST];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (path_in(path, copy, names[i]) == STATUS_OK) {
            unlink(path);
        }
    }
    rmdir(copy);
}

/* The copy is clean; it says so before it gets its place, so that the mark and the bytes go in one step. */
static int unmark(const char *copy, const struct store_options *options)
{
    struct store *store;
    struct store_txn *txn;
    int status = store_open(copy, options, &store);
    if (status != STATUS_OK) {
        return status;
    }
    status = store_begin_write(store, &txn);
    if (status == STATUS_OK) {
        status = tables_set_fact(txn, FACT_SCRUB, 0);
        if (status == STATUS_OK) {
            status = store_commit(txn);
        } else {
            store_abort(txn);
        }
    }
    store_close(store);
    return status;
}

static int overwrite(int fd)
{
    struct stat about;
    char *zeros = calloc(1, ZEROS);
    if (!zeros) {
        return ENOMEM;
    }
    int error = fstat(fd, &about) == 0 ? 0 : errno;
    for (off_t at = 0; !error && at < about.st_size;) {
        off_t left = about.st_size - at;
        ssize_t done = pwrite(fd, zeros, left < (off_t)ZEROS ? (size_t)left : ZEROS, at);
        if (done <= 0 && errno != EINTR) {
            error = done < 0 ? errno : EIO;
        }
        at += done > 0 ? done : 0;
    }
    free(zeros);
    return error ? error : fdatasync(fd) == 0 ? 0 : errno;
}

/* The old file is held open, so that it can be overwritten once nobody finds it by name. */
static int replace(struct store *store, const char *copy)
{
    char fresh[PATH_MOST], place[PATH_MOST];
    int status = path_in(fresh, copy, "data.mdb");
    status = status == STATUS_OK ? path_in(place, store->path, "data.mdb") : status;
    if (status != STATUS_OK) {
        return status;
    }
    int old = open(place, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    int error = old < 0 ? errno : 0;
    error = error ? error : rename(fresh, place) == 0 ? 0 : errno;
    error = error ? error : store_folder_sync(store->path);
    error = error ? error : overwrite(old);
    if (old >= 0) {
        close(old);
    }
    return store_status(store, error);
}

int store_scrub(const char *path, const struct store_options *options)
{
    char copy[PATH_MOST];
    struct store *store;
    struct store_options plain = *options;
    plain.create = false;
    plain.read_only = false;
    plain.keep = false; /* nothing is written often here, and the copy takes no journal along */
    int status = path_in(copy, path, COPY_FOLDER);
    status = status == STATUS_OK ? store_open(path, &plain, &store) : status;
    if (status != STATUS_OK) {
        return status;
    }
    drop_copy(copy); /* of an earlier attempt */
    status = store_status(store, journal_wipe(path));
    status = status == STATUS_OK ? store_backup(store, copy, NULL) : status;
    status = status == STATUS_OK ? unmark(copy, &plain) : status;
    status = status == STATUS_OK ? replace(store, copy) : status;
    drop_copy(copy);
    store_close(store);
    return status;
}
