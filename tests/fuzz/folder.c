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

void folder_put(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[512];
    const char *slash = strchr(name, '/');
    if (slash != NULL) {
        snprintf(path, sizeof path, "%s/%.*s", folder, (int)(slash - name), name);
        fuzz_require(mkdir(path, 0700) == 0 || errno == EEXIST);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (bytes == NULL) {
        fuzz_require(unlink(path) == 0 || errno == ENOENT);
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_require(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && close(fd) == 0);
}
