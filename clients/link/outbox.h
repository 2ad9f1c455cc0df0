/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_OUTBOX_H
#define CLIENTS_LINK_OUTBOX_H

#include <stdbool.h>

#include "clients/link/profile.h"
#include "proto/arena.h"
#include "proto/log.pb-c.h"

/*
 * Submissions whose outcome is not known: each is kept under its id before it is first sent, and leaves with its receipt or
 * refusal. What stays was never answered (the same bytes are sent again, so it counts once) or was answered "expired" (only
 * then are the same changes signed anew, under a new id). Only a person's `outbox send` sends them. One thread at a time.
 */

#define OUTBOX_ID_HEX 33u
#define OUTBOX_MOST 10000u /* entries; more is a sign that nobody looks */

struct outbox_entry {
    char id[OUTBOX_ID_HEX];
    bool expired;                    /* the exchange said so */
    uint8_t *envelope;
    size_t size;
    Muster__Submission *submission;  /* unpacked; NULL where the file was altered */
};

/* Keeps an envelope before it is sent. STATUS_NO_SPACE, STATUS_IO. */
int outbox_keep(const struct profile *profile, const uint8_t id[16], const void *envelope, size_t size);

/* Notes that the exchange called it expired. */
int outbox_expire(const struct profile *profile, const uint8_t id[16]);

/* Drops one; one that is not there is no error. STATUS_IO. */
int outbox_drop(const struct profile *profile, const uint8_t id[16]);

/* All entries in the order of their ids, in arena. STATUS_TOO_LARGE, STATUS_IO, STATUS_NO_MEMORY. */
int outbox_list(const struct profile *profile, struct arena *arena, struct outbox_entry **entries, size_t *count);

/* How many digits of an entry's id, 8 at least, tell it from all others of a list. */
int outbox_digits(const struct outbox_entry *entries, size_t count, size_t at);

/* The one whose id begins with text (at least 4 digits). STATUS_NOT_FOUND; STATUS_EXISTS: several begin so; STATUS_INVALID: no id. */
int outbox_find(const struct profile *profile, const char *text, struct arena *arena, struct outbox_entry *entry);

#endif
