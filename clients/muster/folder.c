/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/link/files.h"
#include "clients/muster/complain.h"
#include "proto/status.h"

static bool is_folder(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        return false;
    }
    errno = S_ISDIR(about.st_mode) ? 0 : ENOTDIR;
    return errno == 0;
}

/* The longest part of a path, ending where a name ends, that is a folder; 0: none. */
static size_t find_kept(const char *path)
{
    char part[FILES_PATH_MOST];
    for (size_t length = strlen(path); length > 0; length--) {
        bool ends = path[length] == '\0' || path[length] == '/';
        if (ends && length < sizeof part) {
            memcpy(part, path, length);
            part[length] = '\0';
            if (is_folder(part)) {
                return length;
            }
        }
    }
    return 0;
}

int folder_make(struct folder *folder, const char *path)
{
    *folder = (struct folder){.path = path, .kept = find_kept(path)};
    if (files_make_folder(path) == STATUS_OK && is_folder(path)) {
        return EXIT_CODE_DONE;
    }
    int why = errno;
    folder_undo(folder);
    errno = why;
    return complain_file("make the folder", path);
}

static void remove_files(const char *path)
{
    DIR *list = opendir(path);
    for (struct dirent *entry; list && (entry = readdir(list)) != NULL;) {
        unlinkat(dirfd(list), entry->d_name, 0);
    }
    if (list) {
        closedir(list);
    }
}

void folder_undo(const struct folder *folder)
{
    char part[FILES_PATH_MOST];
    size_t length = strlen(folder->path);
    if (length >= sizeof part || length <= folder->kept) {
        return;
    }
    memcpy(part, folder->path, length + 1);
    remove_files(part);
    for (; length > folder->kept; length--) {
        if (part[length] == '\0' || part[length] == '/') {
            part[length] = '\0';
            rmdir(part);
        }
    }
}
