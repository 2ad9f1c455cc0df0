/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_SEAM_H
#define PROTO_SEAM_H

#include <stddef.h>
#include <stdint.h>

/*
 * The narrow tables of functions behind which randomness and the clock sit. A program uses the real ones below; a
 * simulation passes its own, driven by a seed, so that any run can be replayed. Nothing in the project calls
 * randombytes_buf(), time() or clock_gettime() directly for a value that enters a message, a key or the log.
 */

struct seam_random {
    /* Fills length bytes; can't fail (a system without randomness is no place to run). */
    void (*fill)(void *data, void *bytes, size_t length);
    void *data;
};

struct seam_clock {
    uint64_t (*wall)(void *data);      /* milliseconds since 1970 UTC */
    uint64_t (*monotonic)(void *data); /* milliseconds since some moment, never falling */
    void *data;
};

/* libsodium's generator, which the system seeds. Thread-safe once seam_start() returned. */
extern const struct seam_random seam_random_system;

/*
 * The same generator, asked for a few hundred bytes at a time on each thread: for ids and nonces, which are shown to others anyway and of which a
 * busy process takes several a message. What was handed out is wiped. Not for keys: what will be handed out next lies in plain memory.
 */
extern const struct seam_random seam_random_nonces;

/* CLOCK_REALTIME and CLOCK_MONOTONIC. Thread-safe. */
extern const struct seam_clock seam_clock_system;

/* Prepares libsodium; call once at a program's start (again is harmless). STATUS_OK or STATUS_IO where it can't start. */
int seam_start(void);

#endif
