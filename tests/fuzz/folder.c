/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/fuzz/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/target.h"

#define FOLDERS_MOST 4u
#define FILES_MOST 24u

/* Files that were written, open as long as the process: a run that writes one again makes two short calls. */
static struct file {
    char path[128];
    int fd;
    size_t size;
} files[FILES_MOST];
static unsigned file_count;

static char made[FOLDERS_MOST][64];
static unsigned count;
static pid_t owner;

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    remove(path);
    return 0;
}

static void remove_all(void)
{
    for (unsigned n = 0; n < count && getpid() == owner; n++)
        nftw(made[n], remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *folder_make(void)
{
    fuzz_require(count < FOLDERS_MOST);
    snprintf(made[count], sizeof made[count], "%s/muster-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    fuzz_require(mkdtemp(made[count]) != NULL);
    owner = getpid();
    if (count == 0)
        atexit(remove_all);
    return made[count++];
}

/* The open file of a name, made with its folder where it is not open yet. */
static struct file *file_of(const char *folder, const char *name)
{
    char path[sizeof files[0].path];
    struct file *file = NULL;
    fuzz_require(snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path);
    for (unsigned n = 0; n < file_count; n++)
        if (strcmp(files[n].path, path) == 0)
            return &files[n];
    fuzz_require(file_count < FILES_MOST);
    file = &files[file_count++];
    const char *slash = strchr(name, '/');
    if (slash != NULL) {
        snprintf(file->path, sizeof file->path, "%s/%.*s", folder, (int)(slash - name), name);
        fuzz_require(mkdir(file->path, 0700) == 0 || errno == EEXIST);
    }
    memcpy(file->path, path, sizeof path);
    file->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_require(file->fd >= 0);
    return file;
}

void folder_put(const char *folder, const char *name, const void *bytes, size_t size)
{
    struct file *file = file_of(folder, name);
    fuzz_require(pwrite(file->fd, bytes, size, 0) == (ssize_t)size && (size >= file->size || ftruncate(file->fd, (off_t)size) == 0));
    file->size = size;
}
