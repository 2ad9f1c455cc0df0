/* SPDX-License-Identifier: EUPL-1.2 */
/* The real file system behind store_files. */
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/inside.h"

static int system_space(void *data, const char *path, uint64_t *free_bytes, uint64_t *all_bytes)
{
    struct statvfs about;
    (void)data;
    if (statvfs(path, &about) != 0) {
        return errno;
    }
    *free_bytes = (uint64_t)about.f_bavail * about.f_frsize;
    *all_bytes = (uint64_t)about.f_blocks * about.f_frsize;
    return 0;
}

static int system_before(void *data, enum store_call call)
{
    (void)data;
    (void)call;
    return 0;
}

static int system_after(void *data, enum store_call call, int error)
{
    (void)data;
    (void)call;
    return error;
}

const struct store_files store_files_system = {.space = system_space, .before = system_before, .after = system_after};

int store_folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    int error = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    return error;
}
