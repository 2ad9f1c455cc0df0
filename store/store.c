/* SPDX-License-Identifier: EUPL-1.2 */
/* Opening and closing: the folder, its lock, LMDB's environment and its tables, the format. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/status.h"
#include "store/inside.h"

#define LOCK_NAME "store.lock"
#define DATA_NAME "data.mdb"
#define NEW_NAME "store.new" /* folder in which a store is made before it gets its place */
#define HOLDER_TEXT 32u      /* bytes of a process's number in the lock file */
#define LAG_TRIES 100u       /* times that a reader looks again for what the keeper of the store has not settled yet */
#define LAG_PAUSE 20000u     /* microseconds between */
#define FACT_FORMAT "format"
#define FACT_TABLES "tables"

/* Every store that this process has open: LMDB loses its lock when one is opened twice. */
static pthread_mutex_t open_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct store *open_stores;

static int register_open(struct store *store)
{
    struct stat about;
    if (stat(store->path, &about) != 0) {
        return store_status(store, errno);
    }
    store->device = about.st_dev;
    store->inode = about.st_ino;
    int status = STATUS_OK;
    pthread_mutex_lock(&open_mutex);
    for (const struct store *other = open_stores; other; other = other->next_open) {
        if (other->device == store->device && other->inode == store->inode) {
            status = STATUS_BUSY;
        }
    }
    if (status == STATUS_OK) {
        store->next_open = open_stores;
        open_stores = store;
    }
    pthread_mutex_unlock(&open_mutex);
    return status;
}

static void unregister_open(const struct store *store)
{
    pthread_mutex_lock(&open_mutex);
    for (struct store **link = &open_stores; *link; link = &(*link)->next_open) {
        if (*link == store) {
            *link = store->next_open;
            break;
        }
    }
    pthread_mutex_unlock(&open_mutex);
}

/* The path of a file in the store's folder, to be freed; NULL: no memory. */
static char *inside(const struct store *store, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", store->path, name) < 0 ? NULL : path;
}

/* Makes the folder where asked; *fresh: it holds no store yet. */
static int prepare_folder(struct store *store, const struct store_options *options, bool *fresh)
{
    if (options->create && !options->read_only && mkdir(store->path, 0700) != 0 && errno != EEXIST) {
        return store_status(store, errno);
    }
    char *data = inside(store, DATA_NAME);
    if (!data) {
        return STATUS_NO_MEMORY;
    }
    struct stat about;
    *fresh = stat(data, &about) != 0;
    int error = *fresh ? errno : 0;
    free(data);
    if (*fresh && (error != ENOENT || !options->create || options->read_only)) {
        return store_status(store, error);
    }
    return STATUS_OK;
}

/* For whoever finds the lock taken; that it can't be written takes nothing from the lock. */
static void note_holder(int fd)
{
    char text[HOLDER_TEXT];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length) {
        errno = 0;
    }
}

static int lock_folder(struct store *store)
{
    char *name = inside(store, LOCK_NAME);
    if (!name) {
        return STATUS_NO_MEMORY;
    }
    store->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int error = store->lock_fd < 0 || flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0 ? errno : 0;
    free(name);
    if (!error) {
        note_holder(store->lock_fd);
    }
    return error == EWOULDBLOCK ? STATUS_BUSY : store_status(store, error);
}

long store_holder(const char *path)
{
    char text[HOLDER_TEXT] = "";
    struct store of = {.path = (char *)(uintptr_t)path};
    char *name = inside(&of, LOCK_NAME);
    int fd = name ? open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    free(name);
    if (fd < 0) {
        return 0;
    }
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    close(fd);
    long pid = length > 0 ? strtol(text, NULL, 10) : 0;
    return pid > 0 ? pid : 0;
}

static int open_environment(struct store *store, const struct store_options *options, unsigned flags)
{
    uint64_t map = options->map_size ? options->map_size : STORE_MAP_DEFAULT;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    map = map < STORE_MAP_LEAST ? STORE_MAP_LEAST : map;
    if (map > SIZE_MAX / 2) {
        return STATUS_TOO_LARGE;
    }
    map = (map + page - 1) / page * page;
    int error = mdb_env_create(&store->env);
    error = error ? error : mdb_env_set_mapsize(store->env, (size_t)map);
    error = error ? error : mdb_env_set_maxreaders(store->env, STORE_READERS_MOST);
    error = error ? error : mdb_env_set_maxdbs(store->env, TABLE_COUNT);
    error = error ? error : mdb_env_open(store->env, store->path, MDB_NOTLS | flags, 0600);
    if (!error) {
        damage_map_add(store);
    }
    return store_status(store, error);
}

/*
 * LMDB maps what its head says the file holds. Where the file was cut short, reading the rest would be a SIGBUS; filled up with
 * zeros it is a page that LMDB finds damaged. (Pages at the end that were never written may rightly be missing.)
 */
static int fill_up(struct store *store)
{
    MDB_envinfo about;
    MDB_stat stat_of;
    struct stat file;
    int fd = -1;
    int error = mdb_env_info(store->env, &about);
    error = error ? error : mdb_env_stat(store->env, &stat_of);
    error = error ? error : mdb_env_get_fd(store->env, &fd);
    if (error) {
        return store_status(store, error);
    }
    off_t whole = (off_t)((about.me_last_pgno + 1) * stat_of.ms_psize);
    if (fstat(fd, &file) != 0 || (file.st_size < whole && ftruncate(fd, whole) != 0)) {
        return store_status(store, errno);
    }
    return STATUS_OK;
}

/* Opens one table, made where the store is writable. */
static int open_table(struct store_txn *txn, enum table table, bool make)
{
    int error = mdb_dbi_open(txn->txn, tables_name(table), make ? MDB_CREATE : 0, &txn->store->tables[table]);
    return error == EINVAL ? STATUS_CORRUPT : store_txn_status(txn, error);
}

/*
 * Reads the format before anything is touched. A store of our own has the META table and a format before it gets its place; an
 * environment without them is somebody else's.
 */
static int check_format(struct store *store)
{
    struct store_txn *txn;
    uint64_t format = 0;
    int status = store_begin_read(store, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    status = open_table(txn, TABLE_META, false);
    status = status == STATUS_OK ? tables_fact(txn, FACT_FORMAT, &format) : status;
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !format)) {
        status = STATUS_CORRUPT;
    } else if (status == STATUS_OK && format > STORE_FORMAT) {
        status = STATUS_NEWER;
    }
    store_abort(txn);
    return status;
}

/* Opens all tables; a fresh store gets them, its format and its tables' version. */
static int open_tables(struct store *store, bool fresh)
{
    struct store_txn *txn;
    uint64_t version = 0, scrub = 0;
    bool lacking = false;
    int status = store->read_only ? store_begin_read(store, &txn) : store_begin_write(store, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    for (enum table table = 0; table < TABLE_COUNT && status == STATUS_OK; table++) {
        status = open_table(txn, table, false);
        if (status == STATUS_NOT_FOUND && !fresh && table <= TABLE_LOG_HEADS) {
            status = STATUS_CORRUPT; /* every format had these: an empty log in their place would hide what was lost */
        } else if (status == STATUS_NOT_FOUND) {
            lacking = true;
            status = store->read_only ? STATUS_STALE : open_table(txn, table, true);
        }
    }
    if (status == STATUS_OK && fresh) {
        status = tables_set_fact(txn, FACT_FORMAT, STORE_FORMAT);
        status = status == STATUS_OK ? tables_set_fact(txn, FACT_TABLES, STORE_TABLES_VERSION) : status;
    }
    if (status == STATUS_OK) {
        status = tables_fact(txn, FACT_TABLES, &version);
    }
    if (status == STATUS_OK) {
        status = tables_fact(txn, FACT_SCRUB, &scrub);
    }
    store->needs_scrub = scrub != 0;
    if (status == STATUS_OK && version > STORE_TABLES_VERSION) {
        status = STATUS_NEWER;
    }
    store->needs_rebuild = !fresh && (lacking || version < STORE_TABLES_VERSION);
    /* Handles opened in a read transaction live on only if it is committed, not aborted. */
    if (status == STATUS_OK && store->read_only) {
        int error = mdb_txn_commit(txn->txn);
        free(txn);
        return store_status(store, error);
    }
    if (status == STATUS_OK) {
        return store_commit(txn);
    }
    store_abort(txn);
    return status;
}

/* Also where the folder was only just made: its own entry must last too. */
static int sync_folders(struct store *store)
{
    char *above = inside(store, "..");
    if (!above) {
        return STATUS_NO_MEMORY;
    }
    int error = store_folder_sync(store->path);
    error = error ? error : store_folder_sync(above);
    free(above);
    return error == EACCES ? STATUS_OK : store_status(store, error);
}

/* Removes what an earlier making left, or this one. */
static void clear_new(const struct store *fresh)
{
    char *data = inside(fresh, DATA_NAME);
    if (data) {
        unlink(data);
        free(data);
    }
    rmdir(fresh->path);
}

/*
 * A store that is made: whole in a folder of its own, then put in its place by one rename. LMDB's own beginning, two pages in one
 * write, is nothing to open any more when a power cut leaves half of it.
 */
static int make_fresh(struct store *store, const struct store_options *options)
{
    struct store fresh = {.path = inside(store, NEW_NAME), .lock_fd = -1, .files = store->files, .floor = store->floor};
    char *data = fresh.path ? inside(&fresh, DATA_NAME) : NULL, *place = inside(store, DATA_NAME);
    int status = data && place ? STATUS_OK : STATUS_NO_MEMORY;
    if (status != STATUS_OK) {
        goto end;
    }
    clear_new(&fresh);
    if (mkdir(fresh.path, 0700) != 0) {
        status = store_status(store, errno);
        goto end;
    }
    status = open_environment(&fresh, options, MDB_NOLOCK);
    status = status == STATUS_OK ? open_tables(&fresh, true) : status;
    status = status == STATUS_OK ? store_sync(&fresh) : status;
    if (fresh.env) {
        damage_map_remove(&fresh);
        mdb_env_close(fresh.env);
    }
    if (status == STATUS_OK && rename(data, place) != 0) {
        status = store_status(store, errno);
    }
    clear_new(&fresh);
    status = status == STATUS_OK ? sync_folders(store) : status;
end:
    free(data);
    free(place);
    free(fresh.path);
    return status;
}

static int open_all(struct store *store, const struct store_options *options)
{
    bool fresh = false;
    int status = prepare_folder(store, options, &fresh);
    status = status == STATUS_OK ? register_open(store) : status;
    if (status != STATUS_OK) {
        return status;
    }
    status = store->read_only ? STATUS_OK : lock_folder(store);
    status = status == STATUS_OK && fresh ? make_fresh(store, options) : status;
    status = status == STATUS_OK ? open_environment(store, options, store->read_only ? MDB_RDONLY : 0) : status;
    status = status == STATUS_OK ? store_check_readers(store, NULL) : status;
    if (status == STATUS_OK && !store->read_only) {
        status = fill_up(store);
        status = status == STATUS_OK ? store_sync(store) : status;
    }
    status = status == STATUS_OK ? check_format(store) : status;
    status = status == STATUS_OK ? open_tables(store, false) : status;
    bool done = false;
    status = status == STATUS_OK ? keep_open(store, options->keep, &done) : status;
    /* What it brought may change what the store says of itself. */
    return status == STATUS_OK && done ? open_tables(store, false) : status;
}

static int open_once(const char *path, const struct store_options *options, struct store **store)
{
    *store = NULL;
    struct store *made = calloc(1, sizeof *made);
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    made->lock_fd = -1;
    made->files = options->files ? options->files : &store_files_system;
    made->floor = options->default_floor ? STORE_FLOOR_DEFAULT : options->floor;
    made->read_only = options->read_only;
    made->path = strdup(path);
    int status = made->path ? open_all(made, options) : STATUS_NO_MEMORY;
    if (status != STATUS_OK) {
        store_close(made);
        return status;
    }
    *store = made;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (!store) {
        return;
    }
    /* What can't be put in its place now stands in the journal. */
    if (keep_is_keeper(store)) {
        store_settle(store);
    }
    mdb_txn_abort(store->kept);
    journal_close(store->journal);
    if (store->env) {
        damage_map_remove(store);
        mdb_env_close(store->env);
    }
    if (store->lock_fd >= 0) {
        close(store->lock_fd);
    }
    unregister_open(store);
    free(store->path);
    free(store);
}

/* Brings in what is left in the journal. STATUS_BUSY: somebody has the store open, and will. */
static int bring_in(const char *path, const struct store_options *options)
{
    struct store *store;
    struct store_options writing = *options;
    writing.read_only = false;
    int status = open_once(path, &writing, &store);
    store_close(store);
    return status;
}

/* A reader sees no journal, but all that was acknowledged before it came: whoever keeps settles soon. */
int store_open(const char *path, const struct store_options *options, struct store **store)
{
    int status = open_once(path, options, store);
    uint64_t last = status == STATUS_OK && options->read_only ? (*store)->last : 0;
    for (unsigned tries = 0; status == STATUS_OK && (*store)->settled < last; tries++) {
        store_close(*store);
        *store = NULL;
        status = bring_in(path, options);
        if (status == STATUS_BUSY) {
            status = tries < LAG_TRIES ? STATUS_OK : STATUS_BUSY;
            usleep(LAG_PAUSE);
        }
        status = status == STATUS_OK ? open_once(path, options, store) : status;
    }
    return status;
}

bool store_needs_rebuild(const struct store *store)
{
    return store->needs_rebuild;
}

bool store_needs_scrub(const struct store *store)
{
    return store->needs_scrub;
}
