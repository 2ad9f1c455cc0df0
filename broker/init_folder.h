/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_INIT_FOLDER_H
#define BROKER_INIT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/note.h"

/* The folder of an exchange: made, filled, copied into. For the tasks of init.h alone; one thread. */

/* Complains on standard error and returns the exit code that goes with status. */
int init_complain(int status, const char *what, const char *subject);

/* Makes a folder of mode 0700 with keys/ in it; an existing one must be empty. *made: there was none. On failure nothing is left of it.
 * STATUS_EXISTS, STATUS_IO, STATUS_DENIED. */
int init_folder_make(const char *directory, bool *made);

/*
 * Takes back a folder that init_folder_make() made or found empty, with all that was put into it since; made: the folder itself
 * goes too. What can't be removed stays.
 */
void init_folder_remove(const char *directory, bool made);

/* Flushes the folder that a file lies in. STATUS_IO. */
int init_folder_sync_of(const char *path);

/* Writes a new file, flushed. STATUS_EXISTS, STATUS_IO, STATUS_NO_SPACE. */
int init_folder_write(const char *path, const char *text, size_t length, unsigned mode);

/* Reads a file of less than size bytes. STATUS_NOT_FOUND, STATUS_TOO_LARGE, STATUS_IO. */
int init_folder_read(const char *path, char *text, size_t size, size_t *length);

/* The origin that a store's log goes by now. */
int init_folder_origin(const char *store, char origin[NOTE_NAME_MOST + 1]);

#endif
