/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_HEAD_H
#define CLIENTS_LINK_HEAD_H

#include "clients/link/link.h"
#include "proto/log.pb-c.h"
#include "proto/tlog.h"

/*
 * The highest head of the log that this profile has verified, kept in its state folder. A head is kept only if it is proved to
 * extend the one before, so a broker that went back in time, or shows two parties two histories, is found out: both heads are
 * then saved in the profile's folder `forks` and the caller says so. The first head of all is taken on the pinned log key
 * alone. Commands that run side by side take turns by a lock beside the file.
 */

struct head {
    struct tlog_head head; /* size 0: none yet */
    uint8_t signature[64];
};

/* Reads the kept head; none is size 0. STATUS_FORGED, STATUS_INVALID: the file was altered; STATUS_IO, STATUS_NO_MEMORY. */
int head_load(const struct profile *profile, struct head *head);

/* The kept head as the signed note that it came as, in arena; *size 0: none. Its signature is not checked here. STATUS_IO, STATUS_NO_MEMORY. */
int head_read_note(const struct profile *profile, struct arena *arena, uint8_t **note, size_t *size);

/* Fills the submission's field from the kept head. The bytes belong to head. */
void head_fill(struct head *head, Muster__Head *field);

/*
 * Takes a signed head that the exchange showed, and the proof (whole hashes) that it extends the head of size `base`, and keeps it
 * where it is higher. An equal one must be the same. STATUS_OK; STATUS_FORGED: not signed by the log's key, so it proves nothing;
 * STATUS_CORRUPT: signed, and not an extension: a fork, both are saved; STATUS_STALE: lower than the kept one; STATUS_BUSY: the kept
 * head is not of size base (another command advanced it meanwhile), so the proof says nothing of it: head_prove(); STATUS_IO,
 * STATUS_NO_SPACE, STATUS_NO_MEMORY.
 */
int head_accept(const struct profile *profile, uint64_t base, const char *note, size_t note_length, const uint8_t *proof, size_t proof_size);

/*
 * The same with a proof that it asks for itself: also of a lower head, which must be a prefix of the kept one. STATUS_OK, STATUS_CORRUPT,
 * STATUS_FORGED, STATUS_DENIED: no proof was given; else as link_ask().
 */
int head_prove(struct link *link, const char *note, size_t note_length, struct arena *arena);

/* Asks for the newest head and its proof, and keeps it. time (may be NULL) gets the exchange's log time. Errors of both. */
int head_update(struct link *link, struct arena *arena, uint64_t *time);

#endif
