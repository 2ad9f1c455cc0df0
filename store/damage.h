/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef STORE_DAMAGE_H
#define STORE_DAMAGE_H

#include <stdint.h>

/*
 * A store's file is a map of pages that point to each other, without checksums. A page that a disk changed can lead the library that reads it
 * anywhere: outside the file, into its own assertions. Such an end is not a fault of the program, and a new start won't help: so it is told
 * apart from one, by where the address or the code lies.
 */

#define STORE_DAMAGE_ANYWHERE UINT64_MAX

/*
 * What to do then: tells a person and ends the process with _exit(). Called on the thread that read, from a signal's handler; the thread was
 * inside the storage library and holds no lock of the C library. at: byte of the file near which it was led astray; STORE_DAMAGE_ANYWHERE:
 * not known.
 */
typedef void store_damaged(uint64_t at);

/* From now on a fault of memory that a store's pages led to ends in told. Once, before threads start. */
void store_watch_damage(store_damaged *told);

#endif
