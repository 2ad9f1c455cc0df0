/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_FILES_H
#define CLIENTS_LINK_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"

/*
 * Small files of the client: read whole under a limit, written so that a power cut leaves the old or the new file, and
 * folders that nobody else may read. Paths are made by the caller. Thread-safe on different paths.
 */

#define FILES_PATH_MOST 1024u

/* Joins parts with '/' into path (FILES_PATH_MOST bytes); the last argument is NULL. STATUS_TOO_LARGE. */
int files_path(char *path, const char *first, ...) __attribute__((sentinel));

/* Makes a folder and its parents, mode 0700. STATUS_IO (errno stands). */
int files_make_folder(const char *path);

/*
 * Reads a file of at most `most` bytes into arena, a NUL behind it that does not count. "-" is standard input.
 * STATUS_NOT_FOUND, STATUS_TOO_LARGE, STATUS_IO (errno stands), STATUS_NO_MEMORY.
 */
int files_read(const char *path, size_t most, struct arena *arena, uint8_t **bytes, size_t *size);

/*
 * Writes a file in one step: a new file beside it, flushed, then renamed, then the folder flushed. mode: 0600 for what is
 * the party's own, 0644 for what people pass on. replace false: an existing file is kept and STATUS_EXISTS returned.
 * STATUS_NO_SPACE, STATUS_IO (errno stands).
 */
int files_write(const char *path, const void *bytes, size_t size, unsigned mode, bool replace);

/* Removes a file and flushes its folder; one that is not there is no error. STATUS_IO. */
int files_remove(const char *path);

/* Whether path is there. */
bool files_exist(const char *path);

/* Calls each with the name of every entry of a folder in bytewise order, but those that begin with a dot; a missing folder has none. Stops at the first status that is not 0. */
int files_each(const char *folder, struct arena *arena, int (*each)(void *data, const char *name), void *data);

#endif
