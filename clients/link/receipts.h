/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_RECEIPTS_H
#define CLIENTS_LINK_RECEIPTS_H

#include "clients/link/profile.h"
#include "proto/arena.h"
#include "proto/receipt.h"

/*
 * Receipts and the envelopes that they prove, kept in the profile's data folder under the submission's id. A receipt is
 * verified against the kept envelope and the pinned log key: no broker is needed. One thread at a time.
 */

#define RECEIPTS_ID_HEX 33u /* 16 bytes in hexadecimal, and the NUL */

/* Keeps both. STATUS_NO_SPACE, STATUS_IO. */
int receipts_keep(const struct profile *profile, const uint8_t id[16], const void *envelope, size_t envelope_size, const void *receipt,
                  size_t receipt_size);

/* The signed head within a receipt's text. STATUS_INVALID: it has none. */
int receipts_note(const char *text, size_t length, const char **note, size_t *note_length);

/*
 * Finds the kept envelope that a receipt speaks of. STATUS_INVALID: it is no receipt; STATUS_NOT_FOUND: no such submission is
 * kept here; STATUS_IO, STATUS_NO_MEMORY.
 */
int receipts_find_envelope(const struct profile *profile, const char *text, size_t length, struct arena *arena, uint8_t **envelope, size_t *size);

#endif
