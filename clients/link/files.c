/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/status.h"

#define READ_STEP 65536u
#define NAMES_MOST 100000u /* entries of one folder */

int files_path(char *path, const char *first, ...)
{
    size_t length = 0;
    va_list parts;
    va_start(parts, first);
    int status = STATUS_OK;
    for (const char *part = first; part; part = va_arg(parts, const char *)) {
        int written = snprintf(path + length, FILES_PATH_MOST - length, "%s%s", length ? "/" : "", part);
        if (written < 0 || (size_t)written >= FILES_PATH_MOST - length) {
            status = STATUS_TOO_LARGE;
            break;
        }
        length += (size_t)written;
    }
    va_end(parts);
    return status;
}

int files_make_folder(const char *path)
{
    char copy[FILES_PATH_MOST];
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy) {
        errno = ENAMETOOLONG;
        return STATUS_IO;
    }
    for (char *at = copy + 1; *at; at++) {
        if (*at == '/') {
            *at = '\0';
            if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
                return STATUS_IO;
            }
            *at = '/';
        }
    }
    return mkdir(copy, 0700) == 0 || errno == EEXIST ? STATUS_OK : STATUS_IO;
}

/* Reads to the end, growing outside the arena so that its cap is spent once. */
static int read_all(int fd, size_t most, struct arena *arena, uint8_t **bytes, size_t *size)
{
    uint8_t *buffer = NULL;
    size_t length = 0, capacity = 0;
    int status = STATUS_OK;
    for (;;) {
        if (length == capacity) {
            capacity = capacity * 2 + READ_STEP;
            uint8_t *larger = realloc(buffer, capacity);
            if (!larger) {
                status = STATUS_NO_MEMORY;
                break;
            }
            buffer = larger;
        }
        ssize_t got = read(fd, buffer + length, capacity - length);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            status = STATUS_IO;
            break;
        }
        length += (size_t)got;
        if (length > most) {
            status = STATUS_TOO_LARGE;
            break;
        }
    }
    if (status == STATUS_OK) {
        *bytes = (uint8_t *)arena_copy(arena, buffer, length);
        *size = length;
        status = *bytes ? STATUS_OK : STATUS_NO_MEMORY;
    }
    int kept = errno;
    free(buffer);
    errno = kept;
    return status;
}

int files_read(const char *path, size_t most, struct arena *arena, uint8_t **bytes, size_t *size)
{
    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, most, arena, bytes, size);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO;
    }
    int status = read_all(fd, most, arena, bytes, size);
    int kept = errno;
    close(fd);
    errno = kept;
    return status;
}

static int sync_folder_of(const char *path)
{
    char folder[FILES_PATH_MOST];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash) {
        snprintf(folder, sizeof folder, ".");
    } else if (slash == folder) {
        slash[1] = '\0';
    } else {
        *slash = '\0';
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return STATUS_IO;
    }
    int status = fsync(fd) == 0 || errno == EINVAL ? STATUS_OK : STATUS_IO;
    close(fd);
    return status;
}

static int fill(int fd, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return errno == ENOSPC || errno == EDQUOT ? STATUS_NO_SPACE : STATUS_IO;
        }
        at += written;
        size -= (size_t)written;
    }
    return fsync(fd) == 0 || errno == EINVAL ? STATUS_OK : STATUS_IO;
}

int files_write(const char *path, const void *bytes, size_t size, unsigned mode, bool replace)
{
    char beside[FILES_PATH_MOST];
    if (snprintf(beside, sizeof beside, "%s.XXXXXX", path) >= (int)sizeof beside) {
        errno = ENAMETOOLONG;
        return STATUS_IO;
    }
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOSPC || errno == EDQUOT ? STATUS_NO_SPACE : STATUS_IO;
    }
    int status = fchmod(fd, mode) == 0 ? fill(fd, bytes, size) : STATUS_IO;
    if (close(fd) != 0 && status == STATUS_OK) {
        status = STATUS_IO;
    }
    if (status == STATUS_OK && !replace && link(beside, path) != 0) {
        status = errno == EEXIST ? STATUS_EXISTS : STATUS_IO;
    } else if (status == STATUS_OK && replace && rename(beside, path) != 0) {
        status = STATUS_IO;
    }
    int kept = errno;
    if (status != STATUS_OK || !replace) {
        unlink(beside);
    }
    if (status == STATUS_OK) {
        return sync_folder_of(path);
    }
    errno = kept;
    return status;
}

int files_remove(const char *path)
{
    if (unlink(path) != 0) {
        return errno == ENOENT ? STATUS_OK : STATUS_IO;
    }
    return sync_folder_of(path);
}

bool files_exist(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

static int by_bytes(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

int files_each(const char *folder, struct arena *arena, int (*each)(void *data, const char *name), void *data)
{
    DIR *stream = opendir(folder);
    if (!stream) {
        return errno == ENOENT || errno == ENOTDIR ? STATUS_OK : STATUS_IO;
    }
    char **names = NULL;
    size_t count = 0, capacity = 0;
    int status = STATUS_OK;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 64;
            char **larger = capacity > NAMES_MOST ? NULL : arena_array(arena, capacity, sizeof *larger);
            if (!larger) {
                status = STATUS_NO_MEMORY;
                goto done;
            }
            if (count) {
                memcpy(larger, names, count * sizeof *names);
            }
            names = larger;
        }
        names[count] = arena_string(arena, entry->d_name);
        if (!names[count]) {
            status = STATUS_NO_MEMORY;
            goto done;
        }
        count++;
    }
    if (count) {
        qsort(names, count, sizeof *names, by_bytes);
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = each(data, names[i]);
    }
done:
    closedir(stream);
    return status;
}
