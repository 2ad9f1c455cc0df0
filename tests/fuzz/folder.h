/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_FUZZ_FOLDER_H
#define TESTS_FUZZ_FOLDER_H

#include <stddef.h>

/*
 * Folders for targets that read files by name: in memory where the machine has such a place, made once a process and removed with it.
 * A failure ends the process. One thread.
 */

/* A new folder of mode 0700; its path lasts as long as the process. */
const char *folder_make(void);

/* Writes a file of a folder, in place: what reads it must neither replace nor remove it. name may hold one folder, which is made. */
void folder_put(const char *folder, const char *name, const void *bytes, size_t size);

#endif
