/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_FOLDER_H
#define CLIENTS_MUSTER_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A folder that a command writes its files to. It is made before the exchange is asked, so that one that can't be made costs nothing
 * there; where nothing came of it, what was made is taken away again.
 */

struct folder {
    const char *path;
    size_t kept; /* bytes of path that name a folder that was there before; its whole length: nothing was made */
};

/* Makes the folder and those above it that are missing. path must outlive it. Exit code; failures are told, and leave nothing behind. */
int folder_make(struct folder *folder, const char *path);

/* Takes away what was made, with the files in it. A folder that was there before stays as it is. */
void folder_undo(const struct folder *folder);

#endif
