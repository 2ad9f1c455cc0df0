/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/init_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/config.h"
#include "broker/desk/state.h"
#include "proto/status.h"
#include "store/store.h"

#define ORIGIN_ARENA_CAP ((size_t)64 << 20)

static int folder_status(int error)
{
    switch (error) {
    case EEXIST:
    case ENOTEMPTY:
        return STATUS_EXISTS;
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
        return STATUS_DENIED;
    case ENOSPC:
    case EDQUOT:
        return STATUS_NO_SPACE;
    default:
        return STATUS_IO;
    }
}

static int folder_is_empty(const char *directory, bool *empty)
{
    DIR *folder = opendir(directory);
    if (folder == NULL)
        return folder_status(errno);
    *empty = true;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            *empty = false;
    closedir(folder);
    return STATUS_OK;
}

int init_folder_make(const char *directory, bool *made)
{
    char keys[CONFIG_TEXT_MOST];
    bool empty = true;
    *made = false;
    int length = snprintf(keys, sizeof keys, "%s/keys", directory);
    if (length < 0 || (size_t)length >= sizeof keys)
        return STATUS_TOO_LARGE;
    *made = mkdir(directory, 0700) == 0;
    if (!*made) {
        if (errno != EEXIST)
            return folder_status(errno);
        int status = folder_is_empty(directory, &empty);
        if (status != STATUS_OK)
            return status;
        if (!empty)
            return STATUS_EXISTS;
    }
    int error = mkdir(keys, 0700) == 0 ? 0 : errno;
    if (error != 0 && *made)
        rmdir(directory);
    return error == 0 ? STATUS_OK : folder_status(error);
}

static int folder_remove_entry(const char *path, const struct stat *entry, int flag, struct FTW *place)
{
    (void)entry;
    (void)flag;
    if (place->level > 0)
        remove(path);
    return 0;
}

void init_folder_remove(const char *directory, bool made)
{
    nftw(directory, folder_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    if (made)
        rmdir(directory);
}

int init_folder_write(const char *path, const char *text, size_t length, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return folder_status(errno);
    int status = STATUS_OK;
    ssize_t written = write(fd, text, length);
    if (written != (ssize_t)length)
        status = written < 0 ? folder_status(errno) : STATUS_NO_SPACE;
    else if (fsync(fd) != 0)
        status = folder_status(errno);
    close(fd);
    if (status != STATUS_OK)
        unlink(path);
    return status;
}

int init_folder_read(const char *path, char *text, size_t size, size_t *length)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return folder_status(errno);
    *length = fread(text, 1, size, file);
    int status = ferror(file) != 0 ? STATUS_IO : *length == size ? STATUS_TOO_LARGE : STATUS_OK;
    fclose(file);
    return status;
}

int init_folder_sync_of(const char *path)
{
    char folder[CONFIG_TEXT_MOST];
    int length = snprintf(folder, sizeof folder, "%s", path);
    if (length < 0 || (size_t)length >= sizeof folder)
        return STATUS_TOO_LARGE;
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder ? 1 : 0] = '\0';
    int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return folder_status(errno);
    int status = fsync(fd) == 0 ? STATUS_OK : folder_status(errno);
    close(fd);
    return status;
}

int init_folder_origin(const char *path, char origin[NOTE_NAME_MOST + 1])
{
    struct store_options options = {.default_floor = true, .read_only = true};
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct arena arena;
    Muster__ExchangeState *state = NULL;
    arena_init(&arena, ORIGIN_ARENA_CAP);
    int status = store_open(path, &options, &store);
    if (status == STATUS_OK)
        status = store_begin_read(store, &txn);
    if (status == STATUS_OK)
        status = state_exchange(txn, &arena, &state);
    if (status == STATUS_OK)
        snprintf(origin, NOTE_NAME_MOST + 1, "%s", state->genesis->origin);
    store_abort(txn);
    store_close(store);
    arena_drop(&arena);
    return status;
}
